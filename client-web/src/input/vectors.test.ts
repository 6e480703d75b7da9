import { expect, test } from "vitest";
import {
  headingOf,
  toPitch8,
  toWorld,
  toYaw16,
  turnBetween,
  turnTowards,
  withoutDeadZone,
} from "./vectors";

const ahead = { right: 0, ahead: 1 };
const right = { right: 1, ahead: 0 };

test("ahead is where the camera looks", () => {
  expect(toWorld(ahead, 0)).toEqual({ moveX: 0, moveZ: -127 });
  // Turned left by a quarter, ahead is -x.
  expect(toWorld(ahead, Math.PI / 2)).toEqual({ moveX: -127, moveZ: 0 });
  expect(toWorld(ahead, Math.PI)).toEqual({ moveX: 0, moveZ: 127 });
});

test("right is to the right of it", () => {
  expect(toWorld(right, 0)).toEqual({ moveX: 127, moveZ: 0 });
  expect(toWorld(right, Math.PI / 2)).toEqual({ moveX: 0, moveZ: -127 });
});

test("diagonals are not faster, and a light push is slower", () => {
  for (let yaw = -4; yaw < 4; yaw += 0.37) {
    const { moveX, moveZ } = toWorld({ right: 1, ahead: 1 }, yaw);
    expect(Math.hypot(moveX, moveZ)).toBeGreaterThan(125.5);
    expect(Math.hypot(moveX, moveZ)).toBeLessThan(128.5);
    expect(Math.max(Math.abs(moveX), Math.abs(moveZ))).toBeLessThanOrEqual(127);
  }
  expect(toWorld({ right: 0, ahead: 0.6 }, 0)).toEqual({ moveX: 0, moveZ: -76 });
});

test("no wish is exactly zero", () => {
  expect(Object.is(toWorld({ right: 0, ahead: 0 }, 1).moveX, 0)).toBe(true);
});

test("one walks where one faces", () => {
  for (let yaw = -3; yaw <= 3; yaw += 0.5) {
    const { moveX, moveZ } = toWorld(ahead, yaw);
    expect(Math.abs(turnBetween(headingOf(moveX, moveZ), yaw))).toBeLessThan(0.01);
  }
});

test("headings and elevations on the wire", () => {
  expect(toYaw16(0)).toBe(0);
  expect(toYaw16(Math.PI / 2)).toBe(16_384);
  expect(toYaw16(-Math.PI / 2)).toBe(49_152);
  expect(toYaw16(Math.PI * 6)).toBe(0);
  expect(toPitch8(Math.PI / 2)).toBe(127);
  expect(toPitch8(-9)).toBe(-127);
  expect(Object.is(toPitch8(-0.001), 0)).toBe(true);
});

test("turning takes the short way, whatever the frame rate", () => {
  expect(turnBetween(3, -3)).toBeCloseTo(2 * Math.PI - 6, 9);
  let slow = 3;
  let fast = 3;
  for (let i = 0; i < 3; i++) slow = turnTowards(slow, -3, 1 / 30, 0.1);
  for (let i = 0; i < 12; i++) fast = turnTowards(fast, -3, 1 / 120, 0.1);
  expect(slow).toBeGreaterThan(3);
  expect(slow).toBeCloseTo(fast, 9);
});

test("a stick is still inside its dead zone and full at its rim", () => {
  expect(withoutDeadZone(0.1, 0.05, 0.15)).toEqual({ x: 0, y: 0 });
  expect(withoutDeadZone(0, 0, 0)).toEqual({ x: 0, y: 0 });
  expect(withoutDeadZone(1, 0, 0.15).x).toBeCloseTo(1, 9);
  expect(withoutDeadZone(0.16, 0, 0.15).x).toBeLessThan(0.02);
  const corner = withoutDeadZone(1, 1, 0.15);
  expect(Math.hypot(corner.x, corner.y)).toBeCloseTo(1, 9);
});
