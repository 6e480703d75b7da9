//! Where a mover is at a tick, with the very operations that the browser repeats.
//!
//! Only +, -, *, / on `f32` are used, in this order, so that JavaScript with `Math.fround` after
//! every operation gives the same bits (`client-web/src/predict/mover.ts`).

use crate::document::Mover;

/// Offset (metres) from the object's position at the end of `tick`.
pub fn offset_m(mover: &Mover, tick: u32) -> [f32; 3] {
    let legs = mover.waypoints_m.len() as u32 - 1;
    if legs == 0 {
        return mover.waypoints_m[0];
    }
    let step = mover.rest_ticks + mover.leg_ticks;
    // Out along the legs and back again; the document's limits keep this below 2^32.
    let phase =
        (tick % (2 * legs * step) + mover.offset_ticks % (2 * legs * step)) % (2 * legs * step);
    let stop = phase / step;
    let within = phase % step;
    let (from, to) =
        if stop < legs { (stop, stop + 1) } else { (2 * legs - stop, 2 * legs - stop - 1) };
    let from = mover.waypoints_m[from as usize];
    if within < mover.rest_ticks {
        return from;
    }
    let to = mover.waypoints_m[to as usize];
    let t = (within - mover.rest_ticks) as f32 / mover.leg_ticks as f32;
    // Smoothstep: starts and stops gently.
    let eased = t * t * (3.0 - 2.0 * t);
    let mut offset = [0.0; 3];
    for axis in 0..3 {
        offset[axis] = from[axis] + (to[axis] - from[axis]) * eased;
    }
    offset
}
