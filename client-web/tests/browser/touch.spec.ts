/** Somebody builds on a tablet, with fingers alone. */
import type { Page } from "@playwright/test";
import { expect, test, type Visitor } from "./world";

test.use({ isSmall: true });

const TABLET = {
  viewport: { width: 820, height: 1180 },
  hasTouch: true,
  isMobile: true,
  permissions: ["clipboard-read", "clipboard-write"],
};

const tool = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/** What the toolbar has under "More". */
async function more(page: Page, name: string): Promise<void> {
  await tool(page, "More").tap();
  await page.getByRole("dialog", { name: "More" }).getByRole("button", { name }).tap();
}

/** Takes a piece of the library, taps where it shall stand, and gives its number. */
async function put({ page }: Visitor, piece: string, x: number, y: number): Promise<number> {
  const count = () => page.evaluate(() => window.vivarium.objectCount);
  const before = await count();
  await tool(page, "Library").tap();
  await tool(page, piece).tap();
  await page.touchscreen.tap(x, y);
  await expect.poll(count).toBe(before + 1);
  const { origin } = new URL(page.url());
  const document = await (await page.request.get(`${origin}/worlds/plaza.json`)).json();
  return document.objects.at(-1).id as number;
}

async function placeOf(visitor: Visitor, object: number): Promise<{ x: number; y: number }> {
  const at = await visitor.page.evaluate((id) => window.vivarium.projected(id), object);
  expect(at).not.toBeNull();
  return at as { x: number; y: number };
}

const shown = (visitor: Visitor, object: number) =>
  visitor.page.evaluate((id) => window.vivarium.shownAt(id)?.position ?? null, object);

/** The outline says what is chosen. */
async function expectChosen({ page }: Visitor, object: number, count: string): Promise<void> {
  await tool(page, "Outline").tap();
  await expect(page.locator(`[role=treeitem][data-object="${object}"]`)).toHaveAttribute(
    "aria-selected",
    "true",
  );
  await expect(page.getByRole("status").filter({ hasText: count })).toBeVisible();
  await tool(page, "Outline").tap();
}

/** Drags with one finger. */
async function drag(page: Page, from: { x: number; y: number }, byX: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", x: number): Promise<unknown> =>
    session.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: type === "touchEnd" ? [] : [{ x, y: from.y }],
    });
  await touch("touchStart", from.x);
  for (let step = 1; step <= 5; step += 1) await touch("touchMove", from.x + (byX * step) / 5);
  await touch("touchEnd", from.x + byX);
  await session.detach();
}

test("somebody builds on a tablet with fingers alone", async ({ server, visitor }) => {
  const ada = await visitor(TABLET);
  const { page } = ada;
  await ada.enterInvited(server.address, "Ada", await server.invitation);
  await ada.openBuilder();
  // All tools are in sight, and large enough for a finger.
  for (const button of await page.getByRole("toolbar").getByRole("button").all()) {
    const box = await button.boundingBox();
    expect(box).not.toBeNull();
    expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(40);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(820);
  }

  const box = await put(ada, "Box", 250, 860);
  const ball = await put(ada, "Ball", 570, 860);
  const { x, y } = await placeOf(ada, box);
  await page.touchscreen.tap(x, y);
  await expectChosen(ada, box, "1 object selected");
  await ada.shoot("touch-chosen");

  // The handle that points to the right, drawn on; and back by the button.
  await more(page, "Frame the selection, or the world");
  await expect.poll(async () => Math.abs((await placeOf(ada, box)).x - 410)).toBeLessThan(10);
  const before = await shown(ada, box);
  const middle = await placeOf(ada, box);
  await drag(page, { x: middle.x + 110, y: middle.y }, 120);
  await expect.poll(() => shown(ada, box)).not.toEqual(before);
  await ada.shoot("touch-moved");
  await tool(page, "Undo").tap();
  await expect.poll(() => shown(ada, box)).toEqual(before);

  // Back to the avatar's view; both at once, and copies of both.
  await more(page, "Free camera");
  await tool(page, "Select several").tap();
  await expect
    .poll(() => page.evaluate((id) => window.vivarium.projected(id), ball))
    .not.toBeNull();
  const second = await placeOf(ada, ball);
  await page.touchscreen.tap(second.x, second.y);
  await expectChosen(ada, ball, "2 objects selected");
  const count = await ada.look(({ objectCount }) => objectCount);
  await more(page, "Copy");
  await more(page, "Paste");
  await expect.poll(() => ada.look(({ objectCount }) => objectCount)).toBe(count + 2);
  await tool(page, "More").tap();
  await ada.shoot("touch-copied");
});
