/** Two people build a world together while a visitor walks through it. */
import type { Response } from "@playwright/test";
import type { Operation } from "../../src/protocol/operation";
import { expect, test, type Visitor } from "./world";

test.use({ isSmall: true });

interface Told {
  status: number;
  answer: {
    number?: number;
    objects?: Record<string, number>;
    invitation?: string;
    error?: string;
  };
}

/** Asks the server with the key of a visitor's device, as the builder does. */
function ask(visitor: Visitor, path: string, body: unknown): Promise<Told> {
  return visitor.page.evaluate(
    async ([url, text]) => {
      const key = localStorage.getItem("vivarium.device") ?? "";
      const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
      const response = await fetch(url, { method: "POST", headers, body: text });
      return { status: response.status, answer: await response.json() };
    },
    [`/api/worlds/plaza/${path}`, JSON.stringify(body)] as [string, string],
  ) as Promise<Told>;
}

function operations(visitor: Visitor, list: readonly Operation[]): Promise<Told> {
  return ask(visitor, "operations", { operations: list, name: "Ada" });
}

/** What the visitors know of the world, once all know the same edits. */
async function agreed(visitors: readonly Visitor[]): Promise<{ edits: number; objects: number }> {
  const know = () =>
    Promise.all(
      visitors.map((visitor) =>
        visitor.look(({ edits, objectCount }) => ({ edits: edits ?? -1, objects: objectCount })),
      ),
    );
  await expect.poll(async () => new Set((await know()).map(({ edits }) => edits)).size).toBe(1);
  const [first, ...others] = await know();
  for (const other of others) expect(other).toEqual(first);
  return first as { edits: number; objects: number };
}

const shown = (visitor: Visitor, object: number) =>
  visitor.page.evaluate((id) => window.vivarium.shownAt(id)?.position ?? null, object);

/** Chooses an object in the outline, which is opened, by the keyboard alone. */
async function chooseInOutline({ page }: Visitor, object: number): Promise<void> {
  const outline = page.getByRole("button", { name: "Outline", exact: true });
  if ((await outline.getAttribute("aria-expanded")) !== "true") await outline.click();
  await page.getByRole("tree").focus();
  await page.keyboard.press("End");
  const row = page.locator(`[role=treeitem][data-object="${object}"]`);
  for (let above = 0; above < 3; above += 1) {
    if ((await row.getAttribute("aria-selected")) === "true") return;
    await page.keyboard.press("ArrowUp");
  }
  await expect(row).toHaveAttribute("aria-selected", "true");
}

/**
 * Ada drags a box with the mouse while Bo presses Delete on it: whatever comes of it, it is the same
 * for all.
 */
async function dragAgainstDelete(
  ada: Visitor,
  bo: Visitor,
  vi: Visitor,
  box: number,
): Promise<void> {
  await chooseInOutline(ada, box);
  const from = await ada.frame(box);
  await chooseInOutline(bo, box);
  await bo.frame(box);
  await chooseInOutline(bo, box);
  for (const person of [ada, bo]) {
    await expect
      .poll(() => person.look(({ chosen }) => chosen.flatMap(({ objects }) => objects)))
      .toEqual([box]);
  }
  const before = await shown(bo, box);
  const { mouse } = ada.page;
  await mouse.move(from.x, from.y);
  await mouse.down();
  await mouse.move(from.x + 60, from.y - 40, { steps: 4 });
  await expect.poll(() => shown(bo, box)).not.toEqual(before);
  await ada.shoot("building-drags");
  await bo.shoot("building-sees-it-dragged");

  const isAnswer = (response: Response): boolean => response.url().endsWith("/operations");
  const [answer] = await Promise.all([
    bo.page.waitForResponse(isAnswer),
    mouse.move(from.x + 160, from.y - 90, { steps: 8 }),
    bo.page.keyboard.press("Delete"),
  ]);
  expect([200, 409]).toContain(answer.status());
  await mouse.up();
  const all = [ada, bo, vi];
  await agreed(all);
  await expect
    .poll(async () => {
      const places = await Promise.all(all.map((person) => shown(person, box)));
      return new Set(places.map((place) => JSON.stringify(place))).size;
    })
    .toBe(1);
  expect((await shown(bo, box)) === null).toBe(answer.status() === 200);
  await ada.shoot("building-dragged");
  await bo.shoot("building-dragged-for-bo");
}

test("two people build together, and one deletes what the other drags", async ({
  server,
  visitor,
}) => {
  const wide = { viewport: { width: 960, height: 540 } };
  const ada = await visitor(wide);
  const bo = await visitor(wide);
  const vi = await visitor();
  await ada.enterInvited(server.address, "Ada", await server.invitation);
  const invited = await ask(ada, "invitations", { role: "builder", expires_in_s: 60 });
  await bo.enterInvited(server.address, "Bo", invited.answer.invitation ?? "");
  await vi.enter(server.address, "Vi");
  await expect(vi.page.getByRole("button", { name: "Build", exact: true })).toBeHidden();
  const all = [ada, bo, vi];
  const before = await agreed(all);
  // That somebody may build here is the first.
  expect(before.edits).toBe(1);

  // A box from the library, where Ada clicks.
  await ada.openBuilder();
  await ada.page.getByRole("button", { name: "Box", exact: true }).click();
  await ada.page.mouse.click(480, 420);
  await expect.poll(() => vi.look(({ objectCount }) => objectCount)).toBe(before.objects + 1);
  expect((await agreed(all)).edits).toBe(2);

  // The last row of the outline is the new one; Bo sees that Ada works on it.
  const [box] = await boxOf(ada, server.address);
  await expect
    .poll(() => bo.look(({ chosen }) => chosen.flatMap(({ objects }) => objects)))
    .toEqual([box]);

  // Ada undoes with the keyboard and does it again: Bo and Vi see both.
  await ada.focusWorld();
  await ada.page.keyboard.press("Control+z");
  await expect.poll(() => vi.look(({ objectCount }) => objectCount)).toBe(before.objects);
  await ada.page.keyboard.press("Control+Shift+z");
  await expect.poll(() => bo.look(({ objectCount }) => objectCount)).toBe(before.objects + 1);

  // So does Bo, and neither takes back what the other did.
  await bo.openBuilder();
  await bo.page.getByRole("button", { name: "Ball", exact: true }).click();
  await bo.page.mouse.click(480, 420);
  await expect.poll(() => vi.look(({ objectCount }) => objectCount)).toBe(before.objects + 2);
  await bo.focusWorld();
  await bo.page.keyboard.press("Control+z");
  await expect.poll(() => ada.look(({ objectCount }) => objectCount)).toBe(before.objects + 1);
  await bo.page.keyboard.press("Control+Shift+z");
  await expect.poll(() => ada.look(({ objectCount }) => objectCount)).toBe(before.objects + 2);
  expect(await shown(bo, box)).not.toBeNull();

  await dragAgainstDelete(ada, bo, vi, box);
  // The browser reports what was refused.
  for (const person of all) person.errors.splice(0);
});

test("a visitor walks on what is built, and finds it again", async ({ server, visitor }) => {
  const ada = await visitor();
  const vi = await visitor();
  await ada.enterInvited(server.address, "Ada", await server.invitation);
  await vi.enter(server.address, "Vi");
  const all = [ada, vi];
  await agreed(all);

  // Vi walks on a floor that Ada lays before her feet.
  const [x, y, z] = await vi.standStill();
  const floor: Operation = {
    create: {
      object: 2 ** 31,
      value: {
        name: "floor",
        position_m: [x + 4, y - 0.85 + 0.05, z],
        properties: {
          colliders: [{ shape: { box: { size_m: [6, 0.3, 6] } } }],
          visuals: [{ shape: { box: { size_m: [6, 0.3, 6] } } }],
        },
      },
    },
  };
  const laid = await operations(ada, [floor]);
  expect(laid.status).toBe(200);
  const slab = laid.answer.objects?.[`${2 ** 31}`] ?? -1;
  await expect.poll(() => shown(vi, slab)).not.toBeNull();
  await vi.walkTo(x + 4, z, 0.6);
  const [, onFloor] = await vi.standStill();
  expect(onFloor - y).toBeGreaterThan(0.15);
  expect(onFloor - y).toBeLessThan(0.25);
  // And falls when it goes.
  await operations(ada, [{ delete: { object: slab } }]);
  await expect.poll(async () => (await vi.position())[1] - y).toBeLessThan(0.05);

  // Whoever loads the page again finds the same world.
  await operations(ada, [{ title: { title: "Court", description: "Built together." } }]);
  const known = await agreed(all);
  const document = await documentOf(vi, server.address);
  await vi.page.reload();
  await vi.arrive("plaza");
  expect(await agreed(all)).toEqual(known);
  expect(await documentOf(vi, server.address)).toEqual(document);
  const answer = await ask(vi, "operations", { operations: [{ delete: { object: 0 } }] });
  expect(answer.status).toBe(403);
  // The browser reports what was refused.
  for (const person of all) person.errors.splice(0);
});

async function documentOf(
  visitor: Visitor,
  address: string,
): Promise<{ objects: { id: number }[] }> {
  return (await visitor.page.request.get(`${address}/worlds/plaza.json`)).json();
}

/** The newest objects of the world, the last one first. */
async function boxOf(visitor: Visitor, address: string): Promise<number[]> {
  const { objects } = await documentOf(visitor, address);
  return objects.map(({ id }) => id).reverse();
}
