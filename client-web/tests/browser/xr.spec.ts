/** Somebody puts on a headset, builds and walks in it, and takes it off again. */
import type { WorldDocument } from "../../src/protocol/document";
import type { Operation } from "../../src/protocol/operation";
import { giveHeadset, Wearer } from "./headset";
import { expect, test, type Visitor } from "./world";

type Vec3 = [number, number, number];

const NEAR_M = 0.02;
/** Whoever only looks on leaves the machine to the headset, which draws every picture twice. */
const SMALL = { viewport: { width: 320, height: 180 } };

function apartM(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, axis) => value - (b[axis] ?? 0)));
}

/** Does operations with the key of a visitor's device, and gives the object that they make. */
async function build({ page }: Visitor, address: string, list: readonly Operation[]) {
  const key = await page.evaluate(() => localStorage.getItem("vivarium.device") ?? "");
  const answer = await page.request.post(`${address}/api/worlds/plaza/operations`, {
    headers: { authorization: `Bearer ${key}` },
    data: { operations: list, name: "Ada" },
  });
  const { objects } = (await answer.json()) as { objects: Record<string, number> };
  return Object.values(objects)[0] ?? -1;
}

/** An object as the server has it. */
async function kept({ page }: Visitor, address: string, id: number) {
  const document: WorldDocument = await (
    await page.request.get(`${address}/worlds/plaza.json`)
  ).json();
  const object = document.objects.find((one) => one.id === id);
  return {
    position: object?.position_m ?? [0, 0, 0],
    rotation: object?.rotation ?? [0, 0, 0, 1],
    scale: object?.scale ?? [1, 1, 1],
  };
}

/** From the room of somebody in a headset, who has not walked about in it, to the world. */
async function outOf(visitor: Visitor): Promise<(place: Vec3) => Vec3> {
  const { own, camera } = await visitor.look((state) => state);
  const [x, y, z] = own?.position ?? [0, 0, 0];
  const [sin, cos] = [Math.sin(camera?.yaw ?? 0), Math.cos(camera?.yaw ?? 0)];
  return ([right, up, back]) => [
    x + right * cos + back * sin,
    y - 0.85 + up,
    z + back * cos - right * sin,
  ];
}

const canvasOf = ({ page }: Visitor) =>
  page.locator(".world-canvas").evaluate((canvas) => {
    const { width, height, clientWidth, clientHeight } = canvas as HTMLCanvasElement;
    return { width, height, clientWidth, clientHeight };
  });

const cameraOf = (visitor: Visitor) => visitor.look(({ camera }) => camera);

async function wear(visitor: Visitor): Promise<Wearer> {
  await visitor.page.getByRole("button", { name: "Enter VR" }).click();
  await expect.poll(async () => (await cameraOf(visitor))?.mode).toBe("first");
  return new Wearer(visitor.page);
}

/** Takes the headset off; its picture lies over the page's buttons. */
async function takeOff({ page }: Visitor): Promise<void> {
  await page.getByRole("button", { name: "Leave VR" }).press("Enter");
  await expect(page.getByRole("button", { name: "Enter VR" })).toBeVisible();
}

const HAND: Vec3 = [0.25, 1.3, -0.35];
const CRATE: Vec3 = [0, 1.2, -2.5];
const AT_CRATE: Vec3 = [CRATE[0] - HAND[0], CRATE[1] - HAND[1], CRATE[2] - HAND[2]];

const crateAt = (position_m: Vec3): Operation => ({
  create: {
    object: 2 ** 31,
    value: {
      name: "crate",
      position_m,
      properties: { visuals: [{ shape: { box: { size_m: [0.6, 0.6, 0.6] } } }] },
    },
  },
});

test("a world is built in a headset, and another page sees it", async ({ server, visitor }) => {
  const { address } = server;
  const ada = await visitor();
  const bo = await visitor(SMALL);
  await giveHeadset(ada.page.context());
  await ada.enterInvited(address, "Ada", await server.invitation);
  await bo.enter(address, "Bo");
  await expect(bo.page.getByRole("button", { name: "Enter VR" })).toBeHidden();
  await ada.page.getByRole("button", { name: "Build", exact: true }).click();
  await expect(ada.page.getByRole("toolbar", { name: "Building tools" })).toBeVisible();
  const wearer = await wear(ada);
  const out = await outOf(ada);
  const began = out(CRATE).map((value) => Math.round(value * 4) / 4) as Vec3;
  const crate = await build(ada, address, [crateAt(began)]);
  const seenByBo = () => bo.page.evaluate((id) => window.vivarium.shownAt(id), crate);
  await expect.poll(seenByBo).not.toBeNull();

  // The trigger takes hold of what the ray meets: others see that Ada has chosen it.
  await wearer.hold("right", HAND, AT_CRATE);
  await wearer.press("right", "trigger", true);
  await expect
    .poll(() => bo.look(({ chosen }) => chosen.flatMap(({ objects }) => objects)))
    .toEqual([crate]);
  await ada.page.screenshot({ path: test.info().outputPath("held.png") });

  // It goes with the hand, and stays where it is let go of.
  await wearer.hold("right", [HAND[0] + 0.4, HAND[1], HAND[2]], AT_CRATE);
  await wearer.hold("right", [HAND[0] + 1, HAND[1] + 0.5, HAND[2]], AT_CRATE);
  await wearer.press("right", "trigger", false);
  const moved = out([CRATE[0] + 1, CRATE[1] + 0.5, CRATE[2]]).map(
    (value) => Math.round(value * 4) / 4,
  );
  const { position } = await expect
    .poll(async () => apartM((await kept(ada, address, crate)).position, moved))
    .toBeLessThan(0.3)
    .then(() => kept(ada, address, crate));
  expect(apartM(position, began)).toBeGreaterThan(0.9);
  for (const value of position) expect(value * 4).toBeCloseTo(Math.round(value * 4), 3);
  await expect
    .poll(async () => apartM((await seenByBo())?.position ?? [0, 0, 0], position))
    .toBeLessThan(NEAR_M);

  // The wrist turns it, in the builder's steps of 15 degrees.
  const there: Vec3 = [HAND[0] + 1, HAND[1] + 0.5, HAND[2]];
  await wearer.hold("right", there, AT_CRATE);
  await wearer.press("right", "trigger", true);
  await wearer.hold("right", there, AT_CRATE, 32);
  await wearer.press("right", "trigger", false);
  const turnDeg = async () => {
    const { rotation } = await kept(ada, address, crate);
    return (2 * Math.acos(Math.min(1, Math.abs(rotation[3] ?? 1))) * 180) / Math.PI;
  };
  await expect.poll(turnDeg).toBeGreaterThan(29.9);
  expect(await turnDeg()).toBeLessThan(30.1);

  // Both grips scale it with the way between the hands.
  const scaleOf = async () => (await kept(ada, address, crate)).scale[0] ?? 0;
  await wearer.hold("left", [-0.2, 1.2, -0.3], [0, 0, -1]);
  await wearer.hold("right", [0.2, 1.2, -0.3], [0, 0, -1]);
  await wearer.press("left", "squeeze", true);
  await wearer.press("right", "squeeze", true);
  await wearer.hold("right", [0.5, 1.2, -0.3], [0, 0, -1]);
  await wearer.hold("right", [0.6, 1.2, -0.3], [0, 0, -1]);
  await wearer.press("left", "squeeze", false);
  await wearer.press("right", "squeeze", false);
  await expect.poll(scaleOf).toBe(2);
  await ada.page.screenshot({ path: test.info().outputPath("scaled.png") });

  // Each of it is one step to take back, and to do again.
  await wearer.click("right", "a-button");
  await expect.poll(scaleOf).toBe(1);
  await wearer.click("left", "x-button");
  await expect.poll(turnDeg).toBeLessThan(0.1);
  await wearer.click("right", "a-button");
  await expect
    .poll(async () => apartM((await kept(ada, address, crate)).position, began))
    .toBeLessThan(1e-4);
  await wearer.click("right", "b-button");
  await expect
    .poll(async () => apartM((await seenByBo())?.position ?? [0, 0, 0], position))
    .toBeLessThan(NEAR_M);

  // The right stick ends building and begins it anew.
  const tools = ada.page.getByRole("toolbar", { name: "Building tools" });
  await wearer.click("right", "thumbstick");
  await expect(tools).toBeHidden();
  await wearer.click("right", "thumbstick");
  await expect(tools).toBeVisible();
  await wearer.pictures(10);
  await ada.page.screenshot({ path: test.info().outputPath("begun.png") });

  await takeOff(ada);
  await expect(tools).toBeVisible();
});

test("somebody walks in a headset, and the page is as before when it is taken off", async ({
  server,
  visitor,
}) => {
  const { address } = server;
  const ada = await visitor();
  const bo = await visitor();
  await giveHeadset(ada.page.context());
  await ada.enterInvited(address, "Ada", await server.invitation);
  await bo.enter(address, "Bo");
  const before = { canvas: await canvasOf(ada), camera: await cameraOf(ada) };
  const wearer = await wear(ada);
  expect((await cameraOf(ada))?.yaw).toBeCloseTo(before.camera?.yaw ?? 0, 2);

  // The left stick walks to where Ada looks; the server has her there, and so has Bo.
  const from = await ada.standStill();
  await wearer.stick("left", 0, 1);
  await expect.poll(async () => apartM(await ada.position(), from)).toBeGreaterThan(1);
  await wearer.stick("left", 0, 0);
  const to = await ada.standStill();
  const heading = Math.atan2(-(to[0] - from[0]), -(to[2] - from[2]));
  expect(Math.cos(heading - (before.camera?.yaw ?? 0))).toBeGreaterThan(0.99);
  await expect
    .poll(async () => {
      const [ada] = await bo.look(({ others }) => others);
      return apartM(ada?.position ?? [0, 0, 0], to);
    })
    .toBeLessThan(0.1);

  // The right one turns by 30 degrees each time that it is moved aside.
  for (const step of [1, 2]) {
    await wearer.stick("right", 1, 0);
    await wearer.stick("right", 0, 0);
    const turned = (before.camera?.yaw ?? 0) - (step * Math.PI) / 6;
    await expect
      .poll(async () => Math.cos(((await cameraOf(ada))?.yaw ?? 0) - turned))
      .toBeGreaterThan(0.999);
  }
  await wearer.hold("left", [-0.35, 1.5, -0.4], [0, 0.6, -0.8]);
  await wearer.hold("right", [0.3, 1, -0.3], [0, 0, -1]);
  await ada.page.screenshot({ path: test.info().outputPath("walked.png") });
  // Others see where her head and hands are.
  const headUp = () => bo.look(({ others }) => others[0]?.tracked?.head?.position[1] ?? 0);
  await expect.poll(headUp).toBeCloseTo(await wearer.headUp(), 1);
  const hands = await bo.look(({ others }) => others[0]?.tracked ?? null);
  expect(apartM(hands?.left?.position ?? [0, 0, 0], [-0.35, 1.5, -0.4])).toBeLessThan(NEAR_M);
  expect(apartM(hands?.right?.position ?? [0, 0, 0], [0.3, 1, -0.3])).toBeLessThan(NEAR_M);
  const self = await ada.position();
  await bo.walkTo(self[0] - 1, self[2] + 2.5, 0.5);
  const [x, , z] = await bo.position();
  await bo.turnTo(Math.atan2(-(self[0] - x), -(self[2] - z)) + 0.3);
  await bo.page.screenshot({ path: test.info().outputPath("seen-by-bo.png") });

  // A door before her leads into another world, with the headset on.
  const doorway = (await outOf(ada))([0, 1.5, -2.5]);
  const portal = { world: "garden", size_m: [3, 3, 3] as Vec3 };
  await build(ada, address, [
    { create: { object: 2 ** 31, value: { position_m: doorway, properties: { portal } } } },
  ]);
  await wearer.stick("left", 0, 1);
  await expect.poll(() => ada.look(({ world }) => world)).toBe("garden");
  await wearer.stick("left", 0, 0);
  await ada.arrive("garden");
  await wearer.pictures();
  expect((await cameraOf(ada))?.mode).toBe("first");
  await ada.page.screenshot({ path: test.info().outputPath("garden.png") });

  await takeOff(ada);
  await expect.poll(() => canvasOf(ada)).toEqual(before.canvas);
  await expect.poll(async () => (await cameraOf(ada))?.mode).toBe("third");
  expect(await cameraOf(ada)).toMatchObject({ ...before.camera, yaw: expect.any(Number) });
  await ada.page.screenshot({ path: test.info().outputPath("after.png") });
  // And the keyboard walks again.
  const [ownX, , ownZ] = await ada.position();
  await ada.walkTo(ownX + 1.5, ownZ, 0.5);
});
