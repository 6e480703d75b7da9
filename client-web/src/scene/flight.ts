/**
 * The camera away from the avatar: about a point that goes where people want to look.
 *
 * Owns that point and how far the camera is from it; where it looks is the controls' affair.
 * Invariant: both stay within the limits below. Pure; knows no three.js.
 */
import { lookDirection } from "./camera";
import type { Orbit, Vec3 } from "./view";

const NEAREST_M = 0.6;
const FARTHEST_M = 800;
/** As far as objects may be, metres. */
const COORDINATE_M_MAX = 10_000;
/** Room that is left around what is framed. */
const ROOM = 1.15;
/** Distances to the pivot that the pivot goes in a second. */
const SPEED_PS = 0.9;
const SLOWEST_MPS = 1.5;

/** From how far a ball is seen whole with an upright angle of view, both in all, metres. */
export function distanceFor(radiusM: number, uprightRad: number, aspect: number): number {
  const half = uprightRad / 2;
  const narrower = Math.min(half, Math.atan(Math.tan(half) * aspect));
  return within((radiusM / Math.sin(narrower)) * ROOM, NEAREST_M, FARTHEST_M);
}

export class Flight implements Orbit {
  #pivot: Vec3;
  #distanceM: number;

  constructor(pivot: Vec3, distanceM: number) {
    this.#pivot = within3(pivot);
    this.#distanceM = within(distanceM, NEAREST_M, FARTHEST_M);
  }

  get pivot(): Vec3 {
    return this.#pivot;
  }

  get distanceM(): number {
    return this.#distanceM;
  }

  /** `factor` above 1 moves the camera away. */
  zoom(factor: number): void {
    this.#distanceM = within(this.#distanceM * factor, NEAREST_M, FARTHEST_M);
  }

  /** Goes in a direction of the world, at most 1 long, the faster the more is seen. */
  move([x, y, z]: Vec3, dtS: number): void {
    const way = Math.max(SLOWEST_MPS, this.#distanceM * SPEED_PS) * dtS;
    this.#go([x * way, y * way, z * way]);
  }

  /**
   * Draws the picture along by pixels to the right and down, so that what is at the pivot stays
   * under the pointer. `metresPerPx` is of things at one metre's distance.
   */
  pan(rightPx: number, downPx: number, metresPerPx: number, yaw: number, pitch: number): void {
    const scale = this.#distanceM * metresPerPx;
    const right: Vec3 = [Math.cos(yaw), 0, -Math.sin(yaw)];
    const up = lookDirection(yaw, pitch + Math.PI / 2);
    this.#go([
      (-right[0] * rightPx + up[0] * downPx) * scale,
      up[1] * downPx * scale,
      (-right[2] * rightPx + up[2] * downPx) * scale,
    ]);
  }

  #go([x, y, z]: Vec3): void {
    const [fromX, fromY, fromZ] = this.#pivot;
    this.#pivot = within3([fromX + x, fromY + y, fromZ + z]);
  }
}

function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

function within3([x, y, z]: Vec3): Vec3 {
  const one = (value: number): number => within(value, -COORDINATE_M_MAX, COORDINATE_M_MAX);
  return [one(x), one(y), one(z)];
}
