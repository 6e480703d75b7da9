/** What people bump into, made from the room that an object takes. Pure. */
import type { Collider, Properties } from "../protocol/document";
import type { Changing } from "./blueprints";
import { centreOf, ownBounds, sizeOf } from "./bounds";
import { tidy, type Vec3 } from "./vectors";
import type { Bounds } from "./workbench";

export const COLLIDER_SHAPES = ["box", "ball", "cylinder", "capsule"] as const;
export type ColliderKind = (typeof COLLIDER_SHAPES)[number];

/** What is flat has a thickness all the same. */
const THIN_M = 0.01;
/** What shows nothing of itself takes as much. */
const NOTHING_M = 1;

/** The room that an object takes about its origin, unscaled: as it is drawn, or bumped into. */
export function roomOf({ visuals, ...others }: Properties): Bounds {
  const room = ownBounds(visuals?.length ? { visuals } : others);
  if (sizeOf(room).some((size) => size > 0)) return room;
  const half = NOTHING_M / 2;
  return { min: [-half, -half, -half], max: [half, half, half] };
}

/** The simple shape that a collider has; null: points or triangles. */
export function kindOfCollider({ shape }: Collider): ColliderKind | null {
  return COLLIDER_SHAPES.find((kind) => kind in shape) ?? null;
}

/** A collider of a simple shape that fills some room. What it is made of stays as in `like`. */
export function filling(room: Bounds, kind: ColliderKind, like?: Collider): Collider {
  const size = sizeOf(room).map((side) => Math.max(THIN_M, tidy(side))) as Vec3;
  const [x, y, z] = size;
  const radius_m = tidy(Math.max(x, z) / 2);
  const shapes: Readonly<Record<ColliderKind, Collider["shape"]>> = {
    box: { box: { size_m: size } },
    ball: { ball: { radius_m: tidy(Math.max(...size) / 2) } },
    cylinder: { cylinder: { radius_m, height_m: y } },
    // The caps are part of its height.
    capsule: { capsule: { radius_m, height_m: Math.max(y, 2 * radius_m) } },
  };
  const { offset_m: _, rotation: __, ...matter } = like ?? {};
  const offset_m = centreOf(room).map(tidy) as Vec3;
  const isOff = offset_m.some((along) => along !== 0);
  return { ...matter, shape: shapes[kind], ...(isOff ? { offset_m } : {}) };
}

/** The first path of something that is to move: up two metres and down again. */
const UP_M = 2;
const LEG_S = 3;
const REST_S = 1;

/**
 * What changes when an object is to be of another kind. What moves needs something to bump into, a
 * path goes with what it moves, and a hinge with what is loose.
 */
export function becoming(
  properties: Properties,
  kind: "static" | "dynamic" | "kinematic",
  room: Bounds,
  ticksPerS: number,
): Changing {
  const changing: Changing = {};
  if (kind !== "static" && !properties.colliders?.length) {
    changing.colliders = [filling(room, "box")];
  }
  if (kind !== "dynamic" && properties.hinge != null) changing.hinge = null;
  if (kind !== "kinematic" && properties.mover != null) changing.mover = null;
  changing.body = { ...properties.body, kind };
  if (kind === "kinematic" && properties.mover == null) {
    changing.mover = {
      waypoints_m: [
        [0, 0, 0],
        [0, UP_M, 0],
      ],
      leg_ticks: LEG_S * ticksPerS,
      rest_ticks: REST_S * ticksPerS,
    };
  }
  return changing;
}
