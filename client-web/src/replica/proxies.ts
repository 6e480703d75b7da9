/**
 * Loose bodies near the own avatar, where they probably are at the tick that is being predicted.
 *
 * The server pushes them; here they are obstacles. They are known as of the newest snapshot and
 * extended straight on, which is right for rolling balls and never worse than leaving them behind.
 */
import { field, flags } from "../protocol/generated";
import type { Quat, Vec3 } from "../scene/view";
import { positionOf, rotationOf, type Sighting, velocityOf } from "./interpolate";
import { positionM } from "./quantise";
import type { Replica } from "./replica";

const NEAR_M = 3;
const BODIES_MAX = 8;
/** Extending farther than this guesses more than it knows. */
const EXTEND_TICKS_MAX = 12;

export interface LooseBody {
  object: number;
  position: Vec3;
  rotation: Quat;
}

/** The nearest bodies within reach of `centre` (metres) at `tick`. */
export function looseBodiesNear(
  replica: Replica,
  centre: Vec3,
  tick: number,
  ticksPerS: number,
): LooseBody[] {
  const newest = replica.newest;
  if (newest === null) return [];
  const previous = replica.previous;
  const ahead = Math.max(0, Math.min(EXTEND_TICKS_MAX, tick - newest.tick)) / ticksPerS;
  const near: { distance: number; body: LooseBody }[] = [];
  for (const record of newest.entities.values()) {
    if (record.kind.kind !== "object") continue;
    const distance = Math.hypot(
      positionM(record.fields[0] ?? 0) - centre[0],
      positionM(record.fields[1] ?? 0) - centre[1],
      positionM(record.fields[2] ?? 0) - centre[2],
    );
    if (distance > NEAR_M) continue;
    const from = previous?.entities.get(record.entity) ?? record;
    const spanTicks = previous === null ? 1 : newest.tick - previous.tick;
    const sighting: Sighting = { from, to: record, share: 1, spanTicks };
    const asleep = ((record.fields[field.flags] ?? 0) & flags.asleep) !== 0;
    const velocity: Vec3 = asleep ? [0, 0, 0] : velocityOf(sighting, ticksPerS);
    const at = positionOf(sighting);
    near.push({
      distance,
      body: {
        object: record.kind.object,
        position: [
          at[0] + velocity[0] * ahead,
          at[1] + velocity[1] * ahead,
          at[2] + velocity[2] * ahead,
        ],
        rotation: rotationOf(sighting),
      },
    });
  }
  return near
    .sort((a, b) => a.distance - b.distance)
    .slice(0, BODIES_MAX)
    .map(({ body }) => body);
}
