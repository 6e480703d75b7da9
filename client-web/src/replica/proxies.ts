/**
 * Loose bodies near the own avatar, where they probably are at the tick that is being predicted.
 *
 * The server pushes them; here they are obstacles. They are known as of the newest snapshot and
 * extended straight on, which is right for rolling balls and never worse than leaving them behind.
 */
import { facets } from "../protocol/generated";
import type { Quat, Vec3 } from "../scene/view";
import { asleep, leap, positionOf, rotationOf, velocityOf } from "./interpolate";
import { positionM } from "./quantise";
import type { Replica } from "./replica";
import type { Sighting } from "./track";

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
  const ahead = Math.max(0, Math.min(EXTEND_TICKS_MAX, tick - replica.newestTick)) / ticksPerS;
  const near: { distance: number; body: LooseBody }[] = [];
  for (const { track } of replica.figures) {
    if (track.facet !== facets.object || track.goneTick !== null) continue;
    const away = (axis: 0 | 1 | 2): number =>
      positionM(track.fields[track.newest + axis] as number) - centre[axis];
    const distance = Math.hypot(away(0), away(1), away(2));
    if (distance > NEAR_M) continue;
    const sighting: Sighting = { fields: track.fields, from: 0, to: 0, share: 1, spanTicks: 1 };
    track.look(track.newestTick, Number.POSITIVE_INFINITY, sighting);
    leap(sighting);
    const velocity: Vec3 = asleep(sighting) ? [0, 0, 0] : velocityOf(sighting, ticksPerS);
    const at = positionOf(sighting);
    near.push({
      distance,
      body: {
        object: track.subject,
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
