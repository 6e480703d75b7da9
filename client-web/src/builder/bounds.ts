/** How much room things take, from their shapes alone: for what is not in the picture yet. */
import type { Collider, Properties, Visual } from "../protocol/document";
import {
  add,
  dot,
  inverse,
  NO_TURN,
  type Quat,
  subtract,
  times,
  turned,
  type Vec3,
} from "./vectors";
import type { Bounds, Pose } from "./workbench";

/** What a model is taken for while nobody knows better, metres along each axis. */
const UNKNOWN_M = 1;

export function cornersOf({ min, max }: Bounds): Vec3[] {
  const corners: Vec3[] = [];
  for (const x of [min[0], max[0]]) {
    for (const y of [min[1], max[1]]) {
      for (const z of [min[2], max[2]]) corners.push([x, y, z]);
    }
  }
  return corners;
}

export function around(points: readonly Vec3[]): Bounds | null {
  const [first, ...others] = points;
  if (first === undefined) return null;
  const min: Vec3 = [...first];
  const max: Vec3 = [...first];
  for (const point of others) {
    for (const axis of [0, 1, 2] as const) {
      min[axis] = Math.min(min[axis], point[axis]);
      max[axis] = Math.max(max[axis], point[axis]);
    }
  }
  return { min, max };
}

export function joined(all: readonly Bounds[]): Bounds | null {
  return around(all.flatMap(({ min, max }) => [min, max]));
}

export const centreOf = ({ min, max }: Bounds): Vec3 => [
  (min[0] + max[0]) / 2,
  (min[1] + max[1]) / 2,
  (min[2] + max[2]) / 2,
];

export const sizeOf = ({ min, max }: Bounds): Vec3 => subtract(max, min);

function box(size: readonly number[]): Bounds {
  const half: Vec3 = [(size[0] ?? 0) / 2, (size[1] ?? 0) / 2, (size[2] ?? 0) / 2];
  return { min: [-half[0], -half[1], -half[2]], max: half };
}

/** The box of one shape about its own origin; null: not known from the shape. */
function boundsOfShape(shape: Visual["shape"] | Collider["shape"]): Bounds | null {
  if ("box" in shape) return box(shape.box.size_m);
  if ("ball" in shape) return box(Array.from({ length: 3 }, () => 2 * shape.ball.radius_m));
  for (const round of ["cylinder", "capsule", "cone"] as const) {
    const given = (shape as Partial<Record<string, { radius_m: number; height_m: number }>>)[round];
    if (given) return box([2 * given.radius_m, given.height_m, 2 * given.radius_m]);
  }
  if ("water" in shape) return box([shape.water.size_m[0], 0.02, shape.water.size_m[1]]);
  if ("text" in shape) {
    const { text, height_m } = shape.text;
    return box([Math.max(1, text.length) * height_m * 0.75, height_m * 1.4, 0.02]);
  }
  if ("hull" in shape) return around(shape.hull.points_m as Vec3[]);
  if ("mesh" in shape) return around(shape.mesh.vertices_m as Vec3[]);
  if ("heightfield" in shape) {
    const { size_m, heights_m } = shape.heightfield;
    const low = heights_m.reduce((a, b) => Math.min(a, b), 0);
    const high = heights_m.reduce((a, b) => Math.max(a, b), 0);
    return {
      min: [-size_m[0] / 2, low, -size_m[1] / 2],
      max: [size_m[0] / 2, high, size_m[1] / 2],
    };
  }
  return null;
}

function partBounds(part: Visual | Collider): Bounds | null {
  const bounds = boundsOfShape(part.shape);
  if (bounds === null) return null;
  const turn = (part.rotation ?? NO_TURN) as Quat;
  const offset = (part.offset_m ?? [0, 0, 0]) as Vec3;
  return around(cornersOf(bounds).map((corner) => add(turned(corner, turn), offset)));
}

/** The box of an object about its origin, unscaled. */
export function ownBounds(properties: Properties): Bounds {
  const parts = [...(properties.visuals ?? []), ...(properties.colliders ?? [])];
  const known = parts.map(partBounds).filter((bounds) => bounds !== null);
  if (properties.portal) known.push(box(properties.portal.size_m));
  if (properties.sensor && known.length === 0) known.push(box(properties.sensor.size_m));
  const all = joined(known);
  if (all !== null) return all;
  if (parts.length === 0) return { min: [0, 0, 0], max: [0, 0, 0] };
  const half = UNKNOWN_M / 2;
  return { min: [-half, 0, -half], max: [half, UNKNOWN_M, half] };
}

/** The upright box of an object that stands at a pose. */
export function boundsAt(properties: Properties, pose: Pose): Bounds {
  const corners = cornersOf(ownBounds(properties)).map((corner) =>
    add(turned(times(corner, pose.scale), pose.rotation), pose.position),
  );
  return around(corners) ?? { min: pose.position, max: pose.position };
}

/** An upright box of the world about the origin of an object that stands at a pose, unscaled. */
export function boundsWithin(bounds: Bounds, { position, rotation, scale }: Pose): Bounds {
  const smaller = scale.map((factor) => 1 / factor) as Vec3;
  const corners = cornersOf(bounds).map((corner) =>
    times(turned(subtract(corner, position), inverse(rotation)), smaller),
  );
  return around(corners) ?? bounds;
}

/**
 * How far along `normal` the origin must be from a surface for the box to touch it from outside.
 * `origin` is where the object's origin is in the frame of the box.
 */
export function standOff(bounds: Bounds, origin: Vec3, normal: Vec3): number {
  return Math.max(...cornersOf(bounds).map((corner) => -dot(subtract(corner, origin), normal)));
}
