import { describe, expect, it } from "vitest";
import { multiply, NO_TURN, type Quat, toDegrees, turned, type Vec3 } from "../builder/vectors";
import type { Pose } from "../builder/workbench";
import type { Pointing } from "../scene/headset";
import {
  about,
  axesOf,
  grown,
  hasMoved,
  held,
  isNear,
  nearestAxis,
  onGrid,
  pulled,
  rollOf,
  takeHold,
} from "./grab";

const X: Vec3 = [1, 0, 0];
const Y: Vec3 = [0, 1, 0];
const Z: Vec3 = [0, 0, 1];
const NONE = { gridM: null, angleDeg: null };
const BOX: Pose = { position: [0, 1.2, -3], rotation: [...NO_TURN], scale: [1, 1, 1] };

/** A hand at a place: turned to the left, raised, and rolled to the left, degrees. */
function hand(position: Vec3, turn = 0, raise = 0, roll = 0): Pointing {
  const rotation = multiply(multiply(about(Y, turn), about(X, raise)), about(Z, roll));
  return { position, rotation, direction: turned([0, 0, -1], rotation) };
}

function near(a: readonly number[], b: readonly number[]): void {
  a.forEach((value, index) => void expect(value).toBeCloseTo(b[index] ?? Number.NaN, 5));
}

const HAND = hand([0, 1, 0]);
/** The ray meets the near face of the box. */
const DISTANCE_M = 2.5;
const PULL = { distanceM: DISTANCE_M, spinDeg: 0 };
const freely = () => takeHold(HAND, DISTANCE_M, BOX, axesOf(NO_TURN), false);
const stepwise = () => takeHold(HAND, DISTANCE_M, BOX, axesOf(NO_TURN), true);

describe("what is held in one hand", () => {
  it("stays where it is as long as the hand does", () => {
    expect(held(freely(), HAND, PULL, NONE)).toEqual(BOX);
    expect(hasMoved(freely(), HAND, PULL)).toBe(false);
    expect(hasMoved(freely(), hand([0.005, 1, 0], 1, 1, 1), PULL)).toBe(false);
  });

  it("goes with the hand, and along with the ray at the same distance", () => {
    near(held(freely(), hand([0.5, 1.3, 0.1]), PULL, NONE).position, [0.5, 1.5, -2.9]);
    const aside = held(freely(), hand([0, 1, 0], 90), PULL, NONE);
    near(aside.position, [-2.5, 1.2, -0.5]);
    // Pointing elsewhere does not turn it.
    near(aside.rotation, NO_TURN);
    expect(hasMoved(freely(), hand([0, 1, 0], 4), PULL)).toBe(true);
    expect(hasMoved(freely(), hand([0.03, 1, 0]), PULL)).toBe(true);
  });

  it("turns with the wrist about the ray", () => {
    const down = hand([0, 2, 0], 0, -40);
    const grab = takeHold(down, 2, BOX, axesOf(NO_TURN), false);
    const to = held(grab, hand([0, 2, 0], 0, -40, 50), PULL, NONE);
    near(turned(grab.axis, to.rotation), grab.axis);
    expect(2 * Math.acos(to.rotation[3]) * (180 / Math.PI)).toBeCloseTo(50, 4);
    // As the hand itself has turned.
    const straight = held(freely(), hand([0, 1, 0], 0, 0, 30), PULL, NONE);
    near(straight.rotation, about(Z, 30));
    expect(hasMoved(freely(), hand([0, 1, 0], 0, 0, -5), PULL)).toBe(true);
  });

  it("turns with the wrist of a hand that points straight down, and not by itself", () => {
    const down = hand([0, 2, 0], 0, -89.8);
    const grab = takeHold(down, 2, BOX, axesOf(NO_TURN), false);
    const moved = (turn: Quat): Pointing => {
      const rotation = multiply(turn, down.rotation);
      return { position: [0, 2, 0], rotation, direction: turned([0, 0, -1], rotation) };
    };
    const pull = { distanceM: 2, spinDeg: 0 };
    // No hand is quite still, and seen from above it leans by a right angle then.
    const shaking = moved(about(Z, 0.5));
    expect(Math.abs(rollOf(shaking) - rollOf(down))).toBeGreaterThan(45);
    expect(hasMoved(grab, shaking, pull)).toBe(false);
    near(held(grab, moved(about(grab.axis, 30)), pull, NONE).rotation, about(grab.axis, 30));
    expect(hasMoved(grab, moved(about(Y, -5)), pull)).toBe(true);
  });

  it("is pushed, pulled and turned by the stick", () => {
    const farther = pulled(PULL, 0, 1, 0.5);
    expect(farther.distanceM).toBeCloseTo(4);
    near(held(freely(), HAND, farther, NONE).position, [0, 1.2, -4.5]);
    let closer = PULL;
    for (let picture = 0; picture < 200; picture += 1) closer = pulled(closer, 0.1, -1, 0.05);
    expect(closer).toEqual({ distanceM: 0.2, spinDeg: 0 });
    expect(pulled({ distanceM: 0.1, spinDeg: 0 }, 0, -1, 0.5).distanceM).toBe(0.1);
    expect(pulled({ distanceM: 190, spinDeg: 0 }, 0, 1, 1).distanceM).toBe(200);
    const left = pulled(PULL, -1, 0.2, 0.5);
    expect(left).toEqual({ distanceM: DISTANCE_M, spinDeg: 45 });
    near(toDegrees(held(freely(), HAND, left, NONE).rotation), [0, 45, 0]);
    expect(hasMoved(freely(), HAND, left)).toBe(true);
  });

  it("keeps to the builder's steps", () => {
    const steps = { gridM: 0.5, angleDeg: 15 };
    const to = held(stepwise(), hand([0.4, 1.1, 0], 0, 0, 20), PULL, steps);
    // Aside onto the grid; up by too little, it stays as high as it is.
    expect(to.position).toEqual([0.5, 1.2, -3]);
    near(toDegrees(to.rotation), [0, 0, 15]);
    const spun = held(stepwise(), HAND, { distanceM: DISTANCE_M, spinDeg: 40 }, steps);
    near(toDegrees(spun.rotation), [0, 45, 0]);
  });

  it("turns in steps about the axis along which the hand points most", () => {
    const steps = { gridM: null, angleDeg: 15 };
    const down = hand([0, 3, -2], 20, -70);
    const grab = takeHold(down, 1.8, BOX, axesOf(NO_TURN), true);
    const to = held(grab, hand([0, 3, -2], 20, -70, 46), { distanceM: 1.8, spinDeg: 0 }, steps);
    near(toDegrees(to.rotation), [0, 45, 0]);
  });
});

describe("axes", () => {
  it("are those of the world, or of what is turned", () => {
    expect(nearestAxis([0.1, -0.9, 0.3], axesOf(NO_TURN))).toEqual([-0, -1, -0]);
    const local = axesOf(about(Y, 45));
    near(nearestAxis([1, 0, -0.9], local), turned(X, about(Y, 45)));
  });

  it("of a hand tell its roll, wherever it points", () => {
    for (const turn of [-120, 0, 75]) {
      for (const raise of [-60, 0, 50]) {
        expect(rollOf(hand([0, 0, 0], turn, raise, 33))).toBeCloseTo(33, 2);
      }
    }
  });
});

describe("a grid", () => {
  it("takes what is moved, axis by axis", () => {
    expect(onGrid([0.1, 0.43, 0], [0.6, 0.5, -1.13], 0.25)).toEqual([0.5, 0.43, -1.25]);
    expect(onGrid([0, 0, 0], [0.123456, 0, 0], null)).toEqual([0.12346, 0, 0]);
  });
});

describe("what is held in two hands", () => {
  it("grows with the way between them, in steps if there are some", () => {
    expect(grown(0.4, 0.8, true)).toBe(2);
    expect(grown(0.4, 0.63, true)).toBe(1.6);
    expect(grown(0.4, 0.62, false)).toBe(1.55);
    expect(grown(0.4, 0.001, true)).toBe(0.1);
    expect(grown(0.4, 0.001, false)).toBe(0.01);
    expect(grown(0, 5, false)).toBe(100);
  });
});

describe("a hand that trembles", () => {
  it("moves nothing", () => {
    const turn: Quat = about(Y, 0.1);
    expect(isNear(BOX, { ...BOX, position: [0.0002, 1.2, -3], rotation: turn })).toBe(true);
    expect(isNear(BOX, { ...BOX, position: [0.001, 1.2, -3] })).toBe(false);
    expect(isNear(BOX, { ...BOX, rotation: about(Y, 0.5) })).toBe(false);
  });
});
