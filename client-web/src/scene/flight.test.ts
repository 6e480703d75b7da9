import { expect, test } from "vitest";
import { CameraRig } from "./camera";
import { distanceFor, Flight } from "./flight";
import type { CameraView, Vec3 } from "./view";

test("a ball is seen whole, in narrow pictures from farther away", () => {
  const upright = Math.PI / 3;
  const wide = distanceFor(2, upright, 16 / 9);
  // The ball touches the edge of the picture at r / sin(angle).
  expect(wide).toBeGreaterThan(2 / Math.sin(upright / 2));
  expect(distanceFor(2, upright, 0.5)).toBeGreaterThan(wide * 1.5);
  expect(distanceFor(100_000, upright, 1)).toBe(800);
});

test("panning to the right moves the camera to the left, whichever way it looks", () => {
  const flight = new Flight([0, 0, 0], 10);
  flight.pan(100, 0, 0.001, 0, 0);
  expect(flight.pivot[0]).toBeCloseTo(-1, 9);
  const turned = new Flight([0, 0, 0], 10);
  turned.pan(100, 0, 0.001, Math.PI / 2, 0);
  expect(turned.pivot[2]).toBeCloseTo(1, 9);
  const down = new Flight([0, 0, 0], 10);
  down.pan(0, 100, 0.001, 0, 0);
  expect(down.pivot[1]).toBeCloseTo(1, 9);
});

test("zoom and way stay within what there is", () => {
  const flight = new Flight([9_999, 0, 0], 10);
  flight.zoom(0.0001);
  expect(flight.distanceM).toBe(0.6);
  flight.zoom(1e9);
  expect(flight.distanceM).toBe(800);
  flight.move([1, 0, 0], 60);
  expect(flight.pivot[0]).toBe(10_000);
});

test("the rig flies to what is framed through what is in the way, and back to the avatar", () => {
  const rig = new CameraRig(false);
  const view = (orbit: Flight | null): CameraView => ({
    mode: "third",
    yaw: 0,
    pitch: 0,
    distanceM: 5,
    target: [0, 1, 0],
    obstruct: (_from: Vec3, _to: Vec3, _maxM: number) => 1,
    orbit,
  });
  rig.update(view(null), 1 / 60);
  const flight = new Flight([20, 3, 0], 30);
  rig.update(view(flight), 1 / 60);
  // A flight, not a cut.
  expect(rig.position[0]).toBeLessThan(10);
  for (let frame = 0; frame < 300; frame++) rig.update(view(flight), 1 / 60);
  expect(rig.position[0]).toBeCloseTo(20, 2);
  expect(rig.position[1]).toBeCloseTo(3, 2);
  expect(rig.position[2]).toBeCloseTo(30, 2);
  rig.update(view(null), 1 / 60);
  expect(rig.position[0]).toBeCloseTo(0, 6);
  expect(rig.position[2]).toBeLessThan(5.1);
});
