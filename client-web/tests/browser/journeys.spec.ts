/** One person, several worlds and a bad network. */
import { Relay } from "./relay";
import { expect, portalOf, test } from "./world";

test("a portal leads to the garden and back, without a page load", async ({ address, visitor }) => {
  const ada = await visitor();
  await ada.enter(address, "Ada");
  await ada.walkToEntrance();
  // Round the fountain, up to the terrace, through the arch.
  await ada.walkTo(0, 8, 0.8, true);
  await ada.roundFountain([0, -19]);
  // Nothing loose lies on this way: every prediction must have been right.
  expect(await ada.look((state) => state.mispredictions)).toBe(0);
  const [x, , z] = await portalOf(address, "plaza");
  await ada.walkTo(x, z, 0.2);
  await ada.arrive("garden");
  await expect(ada.page.getByRole("heading", { level: 1 })).toHaveText("Garden");
  expect(new URL(ada.page.url()).searchParams.get("world")).toBe("garden");

  const [backX, , backZ] = await portalOf(address, "garden");
  await ada.walkTo(backX, backZ, 0.2);
  await ada.arrive("plaza");
  expect(ada.loads).toBe(1);
});

/** In vain, before the network is mended. */
const TRIES = 3;

test("a network that is cut for several tries leads back to the same avatar", async ({
  address,
  visitor,
}) => {
  const relay = await Relay.start(address);
  try {
    const ada = await visitor();
    const grace = await visitor();
    // The relay carries TCP.
    await ada.enter(relay.address, "Ada", "plaza", "websocket");
    await grace.enter(address, "Grace");
    await ada.walkToEntrance();
    const avatar = await ada.look((state) => state.person);
    const place = await ada.standStill();

    relay.cut();
    await expect(ada.page.locator(".banner")).toBeVisible();
    await expect.poll(() => grace.look((state) => state.others[0]?.present)).toBe(false);
    await expect.poll(() => relay.refused).toBeGreaterThanOrEqual(TRIES);
    relay.mend();

    await expect.poll(() => ada.look((state) => state.session)).toBe("present");
    await expect(ada.page.locator(".banner")).toBeHidden();
    await ada.arrive("plaza");
    expect(await ada.look((state) => state.person)).toBe(avatar);
    const now = await ada.standStill();
    expect(Math.hypot(now[0] - place[0], now[2] - place[2])).toBeLessThan(0.05);
    await expect.poll(() => grace.look((state) => state.others[0]?.present)).toBe(true);
    expect(await grace.look((state) => state.others.length)).toBe(1);
    // And the world goes on: she can walk again.
    await ada.walkTo(place[0], place[2] - 2);
    expect(ada.loads).toBe(1);
    // The browser itself reports what could not be reached while the network was gone.
    ada.errors.splice(0);
  } finally {
    await relay.stop();
  }
});

test("a reload leads back to the same avatar", async ({ address, visitor }) => {
  const ada = await visitor();
  await ada.enter(address, "Ada");
  await ada.walkToEntrance();
  const avatar = await ada.look((state) => state.person);
  const place = await ada.standStill();
  await ada.page.reload();
  await ada.arrive("plaza");
  expect(await ada.look((state) => state.person)).toBe(avatar);
  const now = await ada.standStill();
  expect(Math.hypot(now[0] - place[0], now[2] - place[2])).toBeLessThan(0.05);
});

test("who leaves comes out at the entrance, and the avatar is gone", async ({
  address,
  visitor,
}) => {
  const ada = await visitor();
  const grace = await visitor();
  await ada.enter(address, "Ada");
  await grace.enter(address, "Grace");
  await ada.page.getByRole("button", { name: "Settings" }).click();
  await ada.page.getByRole("button", { name: "Leave the world" }).click();
  await expect(ada.page.getByRole("button", { name: /^Enter / })).toBeVisible();
  expect(await ada.look((state) => state.session)).toBe("idle");
  await expect.poll(() => grace.look((state) => state.others.length)).toBe(0);
  // Back in, without a page load.
  await ada.page.getByRole("button", { name: /^Enter / }).click();
  await ada.arrive("plaza");
  expect(ada.loads).toBe(1);
});

test("a world that is not there is explained at the entrance", async ({ address, visitor }) => {
  const ada = await visitor();
  await ada.page.route("**/api/worlds", (route) =>
    route.fulfill({
      json: [{ name: "nowhere", title: "Nowhere", description: "Gone.", people: 0 }],
    }),
  );
  await ada.page.goto(address);
  await ada.page.getByLabel("Your name").fill("Ada");
  await ada.page.getByRole("button", { name: "Enter Nowhere" }).click();
  await expect(ada.page.getByRole("alert")).toHaveText(
    "There is no such world here. Choose another one.",
  );
  await expect(ada.page.getByLabel("Your name")).toHaveValue("Ada");
});
