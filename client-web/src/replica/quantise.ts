/**
 * From the steps of the wire to metres, radians and quaternions: the way back of
 * `shared/protocol/src/quantise.rs`, with the same rounding to 32 bits.
 */

import { quantise } from "../protocol/generated";

const ROTATION_SCALE = Math.fround(quantise.rotationSteps * Math.fround(Math.SQRT2));
const COMPONENT_MAX = Math.fround(Math.SQRT1_2);
const TURN = 2 * Math.PI;

/** Steps to metres. Exact: the step is a power of two. */
export function positionM(steps: number): number {
  return Math.fround(steps) / quantise.positionStepsPerM;
}

/** 1/65536 of a turn to radians, 0 to 2 pi. */
export function yawRad(steps: number): number {
  return ((steps & 0xffff) / 0x1_0000) * TURN;
}

/** 1/127 of a quarter turn to radians. */
export function pitchRad(steps: number): number {
  return (Math.max(-127, Math.min(127, steps)) / 127) * (Math.PI / 2);
}

/** Largest component and three others to a unit quaternion x, y, z, w; whatever the numbers are. */
export function rotationQuaternion(
  largestIndex: number,
  a: number,
  b: number,
  c: number,
): [number, number, number, number] {
  const largest = Math.max(0, Math.min(3, largestIndex));
  const f = Math.fround;
  const small = (packed: number): number =>
    Math.max(-COMPONENT_MAX, Math.min(COMPONENT_MAX, f(f(packed) / ROTATION_SCALE)));
  const others = [small(a), small(b), small(c)] as const;
  let rest = 1;
  for (const other of others) rest = f(rest - f(other * other));
  const quaternion: [number, number, number, number] = [0, 0, 0, 0];
  let next = 0;
  for (let index = 0; index < 4; index += 1) {
    if (index !== largest) {
      quaternion[index] = others[next] ?? 0;
      next += 1;
    }
  }
  quaternion[largest] = f(Math.sqrt(Math.max(rest, 0)));
  const length = f(Math.sqrt(quaternion.reduce((sum, part) => f(sum + f(part * part)), 0)));
  return [
    f(quaternion[0] / length),
    f(quaternion[1] / length),
    f(quaternion[2] / length),
    f(quaternion[3] / length),
  ];
}
