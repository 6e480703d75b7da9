import { describe, expect, it } from "vitest";
import type { Vec3 } from "../builder/vectors";
import { distanceAlong, distanceToPlane, placeAlong, pointAt } from "./aim";
import { restingHand } from "./fakeHands";

const RAY = { ...restingHand("right"), position: [0, 1, 0] as Vec3 };

describe("a ray", () => {
  it("has points, and is nearest to others somewhere", () => {
    expect(pointAt(RAY, 2)).toEqual([0, 1, -2]);
    expect(distanceAlong(RAY, [5, 7, -3])).toBe(3);
    expect(distanceAlong(RAY, [0, 0, 1])).toBe(-1);
  });

  it("goes on along the surface that it met, until that lies behind it", () => {
    const wall = { object: 1, point: [0, 1, -4] as Vec3, normal: [0, 0, 1] as Vec3 };
    const aside = Math.SQRT1_2;
    expect(distanceToPlane(RAY, wall)).toBe(4);
    const slanted = { ...RAY, direction: [aside, 0, -aside] as Vec3 };
    expect(distanceToPlane(slanted, wall)).toBeCloseTo(4 * Math.SQRT2);
    expect(distanceToPlane({ ...RAY, direction: [0, 0, 1] }, wall)).toBeNull();
    expect(distanceToPlane({ ...RAY, direction: [1, 0, 0] }, wall)).toBeNull();
  });

  it("leads to the nearest of the marks that it passes closely", () => {
    const places: Vec3[] = [
      [0, 1.1, -5],
      [0, 1.5, -2],
      [0.2, 1, -4],
      [0, 1, 3],
    ];
    const placeOf = (id: number): Vec3 | null => places[id] ?? null;
    expect(placeAlong(RAY, [0, 1, 2, 3], placeOf, 100)).toEqual({ id: 2, distanceM: 4 });
    expect(placeAlong(RAY, [0, 1, 2, 3], placeOf, 3.5)).toBeNull();
    expect(placeAlong(RAY, [0, 9], placeOf, 100)?.id).toBe(0);
  });
});
