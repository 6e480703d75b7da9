/** What a ray out of a hand points at. Takes no memory, since it is asked before each picture. Pure. */
import type { Vec3 } from "../builder/vectors";
import type { Hit } from "../builder/workbench";
import type { Pointing } from "../scene/headset";

/** So near to a ray (metres) is what shows nothing of itself. */
const MARK_M = 0.25;
/** Almost along a surface there is no telling where a ray meets it. */
const GRAZING = 0.02;

/** The point of a ray that is so far away, metres. */
export function pointAt({ position, direction }: Pointing, distanceM: number): Vec3 {
  return [
    position[0] + direction[0] * distanceM,
    position[1] + direction[1] * distanceM,
    position[2] + direction[2] * distanceM,
  ];
}

/** How far along a ray (metres) it is nearest to a point; negative: the point is behind. */
export function distanceAlong({ position, direction }: Pointing, point: Vec3): number {
  let along = 0;
  for (let axis = 0; axis < 3; axis += 1) {
    along += ((point[axis] ?? 0) - (position[axis] ?? 0)) * (direction[axis] ?? 0);
  }
  return along;
}

/**
 * How far (metres) it is along a ray to the plane of a surface that was met a moment ago; null: the
 * ray no longer leads there.
 */
export function distanceToPlane(ray: Pointing, { point, normal }: Hit): number | null {
  const { position, direction } = ray;
  let slope = 0;
  let height = 0;
  for (let axis = 0; axis < 3; axis += 1) {
    const across = normal[axis] ?? 0;
    slope += (direction[axis] ?? 0) * across;
    height += ((point[axis] ?? 0) - (position[axis] ?? 0)) * across;
  }
  if (Math.abs(slope) < GRAZING) return null;
  const distanceM = height / slope;
  return distanceM > 0 ? distanceM : null;
}

/** The nearest of some places that a ray passes closely, nearer than `maxM`; null: none. */
export function placeAlong(
  ray: Pointing,
  ids: readonly number[],
  placeOf: (id: number) => Vec3 | null,
  maxM: number,
): { id: number; distanceM: number } | null {
  let nearest: { id: number; distanceM: number } | null = null;
  for (const id of ids) {
    const place = placeOf(id);
    if (place === null) continue;
    const distanceM = distanceAlong(ray, place);
    if (distanceM <= 0 || distanceM >= (nearest?.distanceM ?? maxM)) continue;
    const [x, y, z] = pointAt(ray, distanceM);
    const asideM = Math.hypot(place[0] - x, place[1] - y, place[2] - z);
    if (asideM <= MARK_M) nearest = { id, distanceM };
  }
  return nearest;
}
