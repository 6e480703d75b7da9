/**
 * Where the camera stands: behind the own avatar with a soft follow, in its eyes, or about a point.
 *
 * Invariant: in third person the camera is never farther from its pivot than what is free. It
 * comes in at once when something is in the way and goes out again slowly. Pure; knows no
 * three.js.
 */
import type { CameraView, Orbit, Vec3 } from "./view";

/** Eyes above the capsule's centre, metres. */
export const EYE_ABOVE_CENTRE_M = 0.62;
/** The pivot in third person above the capsule's centre, metres. */
const PIVOT_ABOVE_CENTRE_M = 0.55;
/** Kept free between the camera and what it would run into, metres. */
const MARGIN_M = 0.22;
const NEAREST_M = 0.35;

/** Share of the way to go in `dtS` when the rest shrinks to 1/e every `timeS`. */
export function approach(dtS: number, timeS: number): number {
  return timeS <= 0 ? 1 : 1 - Math.exp(-dtS / timeS);
}

/** Unit vector of a heading and an elevation, radians. */
export function lookDirection(yaw: number, pitch: number): Vec3 {
  const flat = Math.cos(pitch);
  return [-Math.sin(yaw) * flat, Math.sin(pitch), -Math.cos(yaw) * flat];
}

export class CameraRig {
  readonly position: Vec3 = [0, 0, 0];
  /** 0 in third person, 1 in first, between while changing. */
  firstness = 0;
  #pivot: Vec3 = [0, 0, 0];
  #distance = 0;
  /** The wanted distance, smoothed: a notch of the wheel is not a jump. */
  #zoom = 0;
  #started = false;
  #orbiting = false;
  #reducedMotion: boolean;

  constructor(reducedMotion: boolean) {
    this.#reducedMotion = reducedMotion;
  }

  /** Current distance behind the pivot, metres. */
  get distanceM(): number {
    return this.#distance * (1 - this.firstness);
  }

  update(view: CameraView, dtS: number): void {
    if (view.orbit) {
      this.#orbit(view, view.orbit, dtS);
      return;
    }
    if (this.#orbiting) {
      this.#orbiting = false;
      this.#started = false;
    }
    const target = view.target;
    const jump = Math.hypot(
      target[0] - this.#pivot[0],
      target[1] + PIVOT_ABOVE_CENTRE_M - this.#pivot[1],
      target[2] - this.#pivot[2],
    );
    const wantsFirst = view.mode === "first" ? 1 : 0;
    if (!this.#started || jump > 6) {
      this.#started = true;
      this.#pivot = [target[0], target[1] + PIVOT_ABOVE_CENTRE_M, target[2]];
      this.#distance = view.distanceM;
      this.#zoom = view.distanceM;
      this.firstness = wantsFirst;
    }
    this.#follow(target, dtS);
    this.firstness = this.#reducedMotion
      ? wantsFirst
      : moveTowards(this.firstness, wantsFirst, dtS / 0.22);

    const backwards = lookDirection(view.yaw, view.pitch).map((c) => -c) as Vec3;
    this.#zoom += (view.distanceM - this.#zoom) * (this.#reducedMotion ? 1 : approach(dtS, 0.1));
    const free = view.obstruct(this.#pivot, backwards, this.#zoom + MARGIN_M);
    const wanted = Math.max(NEAREST_M, Math.min(this.#zoom, free - MARGIN_M));
    this.#distance = settleDistance(this.#distance, wanted, dtS);

    const eased = this.firstness * this.firstness * (3 - 2 * this.firstness);
    const eye: Vec3 = [target[0], target[1] + EYE_ABOVE_CENTRE_M, target[2]];
    for (let k = 0; k < 3; k++) {
      const third = (this.#pivot[k] ?? 0) + (backwards[k] ?? 0) * this.#distance;
      this.position[k] = third + ((eye[k] ?? 0) - third) * eased;
    }
  }

  /** Flies to the point and stays about it, whatever is in between. */
  #orbit(view: CameraView, { pivot, distanceM }: Orbit, dtS: number): void {
    const isFirst = !this.#started;
    this.#started = true;
    this.#orbiting = true;
    this.firstness = 0;
    const share = isFirst || this.#reducedMotion ? 1 : approach(dtS, 0.09);
    this.#distance += (distanceM - this.#distance) * share;
    const ahead = lookDirection(view.yaw, view.pitch);
    for (const axis of [0, 1, 2] as const) {
      this.#pivot[axis] += (pivot[axis] - this.#pivot[axis]) * share;
      this.position[axis] = this.#pivot[axis] - ahead[axis] * this.#distance;
    }
  }

  /** Sideways nearly at once, up and down softly: steps and stairs do not shake the picture. */
  #follow(target: Vec3, dtS: number): void {
    const level = this.#reducedMotion ? 1 : approach(dtS, 0.045);
    const upright = this.#reducedMotion ? 1 : approach(dtS, 0.11);
    this.#pivot[0] += (target[0] - this.#pivot[0]) * level;
    this.#pivot[1] += (target[1] + PIVOT_ABOVE_CENTRE_M - this.#pivot[1]) * upright;
    this.#pivot[2] += (target[2] - this.#pivot[2]) * level;
  }
}

/** In at once, out slowly, never beyond what is wanted. */
export function settleDistance(current: number, wanted: number, dtS: number): number {
  if (wanted <= current) return wanted;
  return Math.min(wanted, current + (wanted - current) * approach(dtS, 0.35));
}

function moveTowards(value: number, goal: number, most: number): number {
  return value < goal ? Math.min(goal, value + most) : Math.max(goal, value - most);
}
