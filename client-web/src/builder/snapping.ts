/** Grids of length and angle, and standing on surfaces. */
import { standOff } from "./bounds";
import { add, rounded, scaled, tidy, type Vec3 } from "./vectors";
import type { Bounds } from "./workbench";

export const GRID_SIZES_M = [0.05, 0.1, 0.25, 0.5, 1, 2] as const;
export const ANGLES_DEG = [1, 5, 15, 30, 45, 90] as const;

/** The nearest line of a grid; no grid: the value. */
export function toGrid(value: number, stepM: number | null): number {
  return stepM === null || stepM <= 0 ? tidy(value) : tidy(Math.round(value / stepM) * stepM);
}

/**
 * Where the origin of something comes that is put onto a surface: on the grid along the surface,
 * and touching it from outside.
 */
export function ontoSurface(
  point: Vec3,
  normal: Vec3,
  bounds: Bounds,
  origin: Vec3,
  stepM: number | null,
): Vec3 {
  const off = standOff(bounds, origin, normal);
  const at = add(point, scaled(normal, off));
  // Along the axis that the surface faces, the surface decides and not the grid.
  const facing = facingAxis(normal);
  return rounded(at.map((value, axis) => (axis === facing ? value : toGrid(value, stepM))) as Vec3);
}

/** The axis that a surface faces most. */
export function facingAxis(normal: Vec3): 0 | 1 | 2 {
  const sizes = normal.map(Math.abs) as Vec3;
  if (sizes[1] >= sizes[0] && sizes[1] >= sizes[2]) return 1;
  return sizes[0] >= sizes[2] ? 0 : 2;
}

/** One step of the arrow keys, seen from the camera: along the world's axis nearest to it. */
export function nudge(
  key: "up" | "down" | "left" | "right",
  cameraYaw: number,
  stepM: number,
): Vec3 {
  const quarter = Math.round(cameraYaw / (Math.PI / 2));
  const turns = ["up", "left", "down", "right"].indexOf(key) + quarter;
  const around = ((turns % 4) + 4) % 4;
  const directions: readonly Vec3[] = [
    [0, 0, -stepM],
    [-stepM, 0, 0],
    [0, 0, stepM],
    [stepM, 0, 0],
  ];
  return directions[around] ?? [0, 0, 0];
}
