/** Measuring between two points, which catch on corners. Lengths in metres. */
import { signal } from "@preact/signals";
import { cornersOf } from "./bounds";
import { lengthOf, subtract, type Vec3 } from "./vectors";
import type { Bounds } from "./workbench";

/** So near (CSS pixels) a point catches on a corner. */
const CORNER_PX = 16;

export interface Measured {
  distanceM: number;
  /** Along each axis, without a sign. */
  alongM: Vec3;
}

export function measured(from: Vec3, to: Vec3): Measured {
  const [x, y, z] = subtract(to, from);
  return { distanceM: lengthOf([x, y, z]), alongM: [Math.abs(x), Math.abs(y), Math.abs(z)] };
}

/** The corner of a box that is shown next to a point, or the point itself. */
export function caught(
  point: Vec3,
  bounds: Bounds | null,
  screenOf: (point: Vec3) => { x: number; y: number } | null,
): Vec3 {
  const at = screenOf(point);
  if (at === null || bounds === null) return point;
  let nearest = point;
  let nearestPx = CORNER_PX;
  for (const corner of cornersOf(bounds)) {
    const there = screenOf(corner);
    if (there === null) continue;
    const apartPx = Math.hypot(there.x - at.x, there.y - at.y);
    if (apartPx >= nearestPx) continue;
    nearest = corner;
    nearestPx = apartPx;
  }
  return nearest;
}

/** The points that are measured between. */
export class Measure {
  readonly from = signal<Vec3 | null>(null);
  readonly to = signal<Vec3 | null>(null);

  /** The first point, the second, and then a first one again. */
  put(point: Vec3): void {
    if (this.from.peek() === null || this.to.peek() !== null) {
      this.from.value = point;
      this.to.value = null;
    } else this.to.value = point;
  }

  between(from: Vec3, to: Vec3): void {
    this.from.value = from;
    this.to.value = to;
  }

  clear(): void {
    this.from.value = null;
    this.to.value = null;
  }
}
