import { expect, test } from "vitest";
import { duty, footPath, strideM, walk } from "./gait";
import { restPose } from "./pose";

test.each([1, 3, 6])("a standing foot keeps its place on the ground at %d m/s", (speed) => {
  const stride = strideM(speed);
  const places: number[] = [];
  for (let travelled = 0; travelled < stride * duty(speed); travelled += 0.01) {
    const foot = footPath(travelled / stride, speed);
    expect(foot.liftM).toBe(0);
    places.push(travelled + foot.alongM);
  }
  expect(Math.max(...places) - Math.min(...places)).toBeLessThan(1e-9);
});

test.each([1, 3, 6])("the path of a foot is closed and without jumps at %d m/s", (speed) => {
  const step = 1 / 2_000;
  for (let cycle = 0; cycle < 1; cycle += step) {
    const here = footPath(cycle, speed);
    const next = footPath(cycle + step, speed);
    expect(Math.abs(here.alongM - next.alongM)).toBeLessThan(0.01);
    expect(Math.abs(here.liftM - next.liftM)).toBeLessThan(0.01);
  }
});

test("runners have both feet off the ground for a moment, walkers never", () => {
  const flies = (speed: number) => {
    for (let cycle = 0; cycle < 1; cycle += 0.005) {
      if (footPath(cycle, speed).liftM > 0 && footPath(cycle + 0.5, speed).liftM > 0) return true;
    }
    return false;
  };
  expect(flies(6)).toBe(true);
  expect(flies(2)).toBe(false);
});

test("walking backwards moves standing feet forwards", () => {
  const ahead = restPose();
  const back = restPose();
  walk(ahead, 0.1, 2, 0, -1, 1, true);
  walk(back, 0.1, 2, 0, 1, 1, true);
  expect(ahead.leftFootZ).toBeCloseTo(-back.leftFootZ, 9);
});

test("without an amount nothing moves", () => {
  const pose = restPose();
  walk(pose, 0.3, 3, 0, -1, 0, true);
  expect(pose).toEqual(restPose());
});

test("whoever is low hardly bobs, and the feet stay where they are", () => {
  const usual = restPose();
  const low = restPose();
  walk(usual, 0.2, 2, 0, -1, 1, true);
  walk(low, 0.2, 2, 0, -1, 1, true, 0.45);
  expect(low.bodyY).toBeLessThan(usual.bodyY);
  expect(Math.abs(low.leftZ)).toBeLessThan(Math.abs(usual.leftZ));
  expect(low.leftFootZ).toBe(usual.leftFootZ);
});
