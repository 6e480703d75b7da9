import { expect, test } from "vitest";
import { CameraRig, lookDirection, settleDistance } from "./camera";
import type { CameraView, Vec3 } from "./view";

function view(change: Partial<CameraView> = {}): CameraView {
  return {
    mode: "third",
    yaw: 0,
    pitch: 0,
    distanceM: 5,
    target: [0, 1, 0],
    obstruct: (_origin, _direction, maxM) => maxM,
    ...change,
  };
}

test("yaw 0 looks to -z and grows to the left", () => {
  expect(lookDirection(0, 0).map((c) => c + 0)).toEqual([0, 0, -1]);
  expect(lookDirection(Math.PI / 2, 0)[0]).toBeCloseTo(-1, 9);
  expect(lookDirection(0, Math.PI / 2)[1]).toBeCloseTo(1, 9);
});

test("a free camera stands behind its target at the wanted distance", () => {
  const rig = new CameraRig(false);
  rig.update(view(), 1 / 60);
  expect(rig.position[2]).toBeCloseTo(5, 6);
  expect(rig.position[0]).toBeCloseTo(0, 6);
});

test("a wall pulls the camera in at once and lets it out slowly", () => {
  const rig = new CameraRig(false);
  let free = 100;
  const obstruct = (_origin: Vec3, _direction: Vec3, maxM: number) => Math.min(free, maxM);
  rig.update(view({ obstruct }), 1 / 60);
  free = 2;
  rig.update(view({ obstruct }), 1 / 60);
  expect(rig.position[2]).toBeLessThanOrEqual(2);
  free = 100;
  rig.update(view({ obstruct }), 1 / 60);
  expect(rig.position[2]).toBeLessThan(2.3);
  for (let frame = 0; frame < 240; frame++) rig.update(view({ obstruct }), 1 / 60);
  expect(rig.position[2]).toBeCloseTo(5, 1);
});

test("relaxing does not depend on the frame rate", () => {
  let slow = 1;
  let fast = 1;
  for (let frame = 0; frame < 10; frame++) slow = settleDistance(slow, 5, 1 / 30);
  for (let frame = 0; frame < 40; frame++) fast = settleDistance(fast, 5, 1 / 120);
  expect(slow).toBeCloseTo(fast, 9);
});

test("first person stands in the eyes", () => {
  const rig = new CameraRig(true);
  rig.update(view({ mode: "first", target: [3, 1, -2] }), 1 / 60);
  expect(rig.firstness).toBe(1);
  expect(rig.position[0]).toBeCloseTo(3, 6);
  expect(rig.position[1]).toBeGreaterThan(1.5);
  expect(rig.position[2]).toBeCloseTo(-2, 6);
});

test("a new place far away is a cut, not a flight", () => {
  const rig = new CameraRig(false);
  rig.update(view(), 1 / 60);
  rig.update(view({ target: [200, 1, 0] }), 1 / 60);
  expect(rig.position[0]).toBeCloseTo(200, 6);
});
