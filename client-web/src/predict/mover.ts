/** Where a mover is at a tick: `shared/scene/src/mover.rs`, operation by operation. */
import type { Mover } from "../protocol/document";
import { type Vec3, vec3 } from "./geometry";

const f = Math.fround;

/** Offset (metres) from the object's position at the end of `tick`. */
export function offsetM(mover: Mover, tick: number): Vec3 {
  const restTicks = mover.rest_ticks ?? 0;
  const legs = mover.waypoints_m.length - 1;
  if (legs === 0) return vec3(mover.waypoints_m[0]);
  const step = restTicks + mover.leg_ticks;
  const period = 2 * legs * step;
  const phase = ((tick % period) + ((mover.offset_ticks ?? 0) % period)) % period;
  const stop = Math.floor(phase / step);
  const within = phase % step;
  const out = stop < legs;
  const from = vec3(mover.waypoints_m[out ? stop : 2 * legs - stop]);
  if (within < restTicks) return from;
  const to = vec3(mover.waypoints_m[out ? stop + 1 : 2 * legs - stop - 1]);
  const t = f(f(within - restTicks) / f(mover.leg_ticks));
  const eased = f(f(t * t) * f(3 - f(2 * t)));
  const at = (axis: 0 | 1 | 2) => f(from[axis] + f(f(to[axis] - from[axis]) * eased));
  return [at(0), at(1), at(2)];
}
