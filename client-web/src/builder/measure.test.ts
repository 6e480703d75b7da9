import { expect, test } from "vitest";
import { caught, Measure, measured } from "./measure";
import type { Vec3 } from "./vectors";

const screenOf = ([x, y]: Vec3) => ({ x: 100 * x, y: 100 * y });

test("distances are told in all and along each axis", () => {
  expect(measured([1, 1, 1], [-1, 3, 2])).toEqual({ distanceM: 3, alongM: [2, 2, 1] });
});

test("a point catches on the corner that is shown next to it, and only there", () => {
  const bounds = { min: [0, 0, 0] as Vec3, max: [1, 1, 0] as Vec3 };
  expect(caught([0.9, 0.95, 0], bounds, screenOf)).toEqual([1, 1, 0]);
  expect(caught([0.5, 0.5, 0], bounds, screenOf)).toEqual([0.5, 0.5, 0]);
  expect(caught([0.9, 0.95, 0], null, screenOf)).toEqual([0.9, 0.95, 0]);
});

test("a third point begins anew", () => {
  const measure = new Measure();
  measure.put([0, 0, 0]);
  measure.put([1, 0, 0]);
  expect([measure.from.value, measure.to.value]).toEqual([
    [0, 0, 0],
    [1, 0, 0],
  ]);
  measure.put([2, 0, 0]);
  expect([measure.from.value, measure.to.value]).toEqual([[2, 0, 0], null]);
});
