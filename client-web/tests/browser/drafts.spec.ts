/** A draft is built in beside its world and published into it; another one is discarded. */
import type { Operation } from "../../src/protocol/operation";
import { expect, test, type Visitor } from "./world";

test.use({ isSmall: true });

/** Asks the server with the key of a visitor's device, as the builder does. */
async function ask<T>(visitor: Visitor, path: string, data: unknown): Promise<T> {
  const key = await visitor.page.evaluate(() => localStorage.getItem("vivarium.device") ?? "");
  const { origin } = new URL(visitor.page.url());
  const headers = { authorization: `Bearer ${key}` };
  const response = await visitor.page.request.post(`${origin}/api/worlds/plaza/${path}`, {
    headers,
    data,
  });
  expect(response.status(), path).toBe(200);
  return (await response.json()) as T;
}

async function openHistory({ page }: Visitor): Promise<void> {
  const history = page.getByRole("button", { name: "History", exact: true });
  if ((await history.getAttribute("aria-expanded")) !== "true") await history.click();
}

/** Waits until the builder is there in a draft, and gives the draft's name. */
async function inDraft(visitor: Visitor, title: string): Promise<string> {
  const banner = visitor.page.getByRole("region", { name: "Draft of Plaza:" });
  await expect(banner.getByText(title)).toBeVisible();
  return (await visitor.look(({ world }) => world)) ?? "";
}

/** Waits until somebody builds on in the plaza, and was told why. */
async function backInPlaza(visitor: Visitor, told: string | RegExp): Promise<void> {
  const { page } = visitor;
  await expect(page.locator(".chat-log").getByText(told)).toBeAttached();
  expect(await visitor.look(({ world }) => world)).toBe("plaza");
  await expect(page.getByRole("toolbar", { name: "Building tools" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Draft of Plaza:" })).toBeHidden();
}

const named = (visitor: Visitor) => visitor.look(({ objectNames }) => objectNames[2]);
const count = (visitor: Visitor) => visitor.look(({ objectCount }) => objectCount);

test("a draft is published with a choice about conflicts, and another one is discarded", async ({
  server,
  visitor,
}) => {
  const ada = await visitor({ viewport: { width: 960, height: 540 } });
  const small = { viewport: { width: 480, height: 270 } };
  const bo = await visitor(small);
  const vi = await visitor(small);
  await ada.enterInvited(server.address, "Ada", await server.invitation);
  const invitation = { role: "builder", expires_in_s: 60 };
  const invited = await ask<{ invitation: string }>(ada, "invitations", invitation);
  await Promise.all([
    bo.enterInvited(server.address, "Bo", invited.invitation),
    vi.enter(server.address, "Vi"),
  ]);
  const before = await count(vi);

  // Ada begins a draft by the keyboard, and is in it, building.
  await ada.openBuilder();
  await openHistory(ada);
  await ada.page.getByLabel("Title of a draft").fill("New lamps");
  await ada.page.keyboard.press("Enter");
  const draft = await inDraft(ada, "New lamps");
  expect(draft).toMatch(/^plaza-draft-/);

  await ada.shoot("draft-banner");

  // She puts a box there, and gives the gate another name.
  await ada.page.getByRole("button", { name: "Box", exact: true }).click();
  await ada.page.mouse.click(480, 420);
  await expect.poll(() => count(ada)).toBe(before + 1);
  await ada.page.getByRole("button", { name: "Outline", exact: true }).click();
  await ada.page.getByLabel("Search objects").fill("gate");
  await ada.page.getByRole("treeitem", { name: /^gate / }).click();
  const name = ada.page.getByLabel("Name", { exact: true });
  await name.fill("lamp gate");
  await name.press("Enter");
  await expect.poll(() => named(ada)).toBe("lamp gate");

  // Bo has another one for it in the world, and lays a stone there. Vi sees Bo's work alone.
  const stone: Operation = {
    create: {
      object: 2 ** 31,
      value: {
        name: "stone",
        position_m: [0, 0.2, 20],
        properties: { visuals: [{ shape: { box: { size_m: [1, 0.4, 1] } } }] },
      },
    },
  };
  const renamed: Operation = { rename: { object: 2, name: "sea gate" } };
  await ask(bo, "operations", { operations: [renamed, stone], name: "Bo" });
  await expect.poll(() => named(vi)).toBe("sea gate");
  const [x, , z] = await vi.standStill();
  await vi.walkTo(x, z - 2);
  expect(await count(vi)).toBe(before + 1);
  expect(await vi.look(({ others }) => others.map((other) => other.name))).toEqual(["Bo"]);

  // What publishing would do, and the conflict, which has to be settled first.
  await ada.page.getByRole("button", { name: "Publish…" }).click();
  const question = ada.page.getByRole("alertdialog");
  await expect(question.getByText("1 thing was changed both here and in the world:")).toBeVisible();
  await expect(question.getByRole("button", { name: /^lamp gate/ })).toHaveCount(2);
  await ada.shoot("draft-question");
  const publish = question.getByRole("button", { name: "Publish" });
  await expect(publish).toBeDisabled();
  await question.getByLabel("Take what the draft has").check();
  await publish.click();
  await backInPlaza(ada, "The draft is published. You can undo it.");
  for (const person of [ada, bo, vi]) {
    await expect.poll(() => named(person)).toBe("lamp gate");
    expect(await count(person)).toBe(before + 2);
  }
  await vi.page.close();

  // Bo begins another one. Ada comes in, and discards it: both are back, and Bo is told.
  await bo.openBuilder();
  await openHistory(bo);
  await bo.page.getByLabel("Title of a draft").fill("A market");
  await bo.page.keyboard.press("Enter");
  await inDraft(bo, "A market");
  await openHistory(ada);
  await ada.page.getByRole("button", { name: "Open the draft “A market”" }).click();
  await inDraft(ada, "A market");
  await ada.page.getByRole("button", { name: "Discard…" }).click();
  await expect(question.getByRole("button", { name: "Cancel" })).toBeFocused();
  await ada.page.keyboard.press("Escape");
  await expect(question).toBeHidden();
  await ada.page.getByRole("button", { name: "Discard…" }).click();
  await question.getByRole("button", { name: "Discard" }).click();
  await Promise.all([
    backInPlaza(ada, "The draft is discarded."),
    backInPlaza(bo, /^The draft “A market” has ended/),
  ]);
  for (const person of [ada, bo]) expect(await count(person)).toBe(before + 2);
});
