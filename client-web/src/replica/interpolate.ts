/**
 * What lies between two samples of a track, in metres, radians and quaternions.
 *
 * Reads sightings, never changes what they point to. A leap too far to be a movement is shown as a
 * leap; headings and poses hold beyond the newest sample, where going on would overshoot.
 */
import { avatarFields, objectFields, trackedFields } from "../protocol/generated";
import type { PoseView, Quat, Vec3 } from "../scene/view";
import { pitchRad, positionM, rotationQuaternion, yawRad } from "./quantise";
import type { Sighting } from "./track";

/** Farther than this between two samples is a leap: metres, and metres for each tick between. */
const LEAP_M = 0.75;
const LEAP_M_PER_TICK = 1;

function from(sighting: Sighting, index: number): number {
  return sighting.fields[sighting.from + index] as number;
}

function to(sighting: Sighting, index: number): number {
  return sighting.fields[sighting.to + index] as number;
}

/** The field of the nearer sample, for what cannot be between: bits. */
function nearer(sighting: Sighting, index: number): number {
  return sighting.share < 0.5 ? from(sighting, index) : to(sighting, index);
}

function mix(start: number, end: number, share: number): number {
  return start + (end - start) * share;
}

/** Makes a leap of the position (fields 0 to 2) a leap: nothing is shown on its way. */
export function leap(sighting: Sighting): void {
  if (sighting.from === sighting.to || sighting.share === 1) return;
  let squared = 0;
  for (let axis = 0; axis < 3; axis += 1) {
    squared += positionM(to(sighting, axis) - from(sighting, axis)) ** 2;
  }
  if (squared > (LEAP_M + LEAP_M_PER_TICK * sighting.spanTicks) ** 2) {
    sighting.share = sighting.share < 1 ? 0 : 1;
  }
}

/** Metres, of an avatar or object: both begin with their position. */
export function positionOf(sighting: Sighting, into: Vec3 = [0, 0, 0]): Vec3 {
  for (let axis = 0; axis < 3; axis += 1) {
    into[axis] = positionM(mix(from(sighting, axis), to(sighting, axis), sighting.share));
  }
  return into;
}

/** Metres per second. */
export function velocityOf(sighting: Sighting, ticksPerS: number): Vec3 {
  const along = (axis: number): number =>
    (positionM(to(sighting, axis) - from(sighting, axis)) * ticksPerS) / sighting.spanTicks;
  return [along(0), along(1), along(2)];
}

/** Unit quaternion of an object. */
export function rotationOf(sighting: Sighting): Quat {
  return mixRotation(
    packedRotation(sighting.fields, sighting.from + objectFields.rotation),
    packedRotation(sighting.fields, sighting.to + objectFields.rotation),
    sighting.share,
  );
}

function packedRotation(fields: Int32Array, at: number): Quat {
  return rotationQuaternion(
    fields[at] as number,
    fields[at + 1] as number,
    fields[at + 2] as number,
    fields[at + 3] as number,
  );
}

/** The way between two rotations along the shorter arc; normalised linear, for small angles. */
export function mixRotation(start: Quat, end: Quat, share: number): Quat {
  const dot = start[0] * end[0] + start[1] * end[1] + start[2] * end[2] + start[3] * end[3];
  const sign = dot < 0 ? -1 : 1;
  const mixed: Quat = [
    mix(start[0], end[0] * sign, share),
    mix(start[1], end[1] * sign, share),
    mix(start[2], end[2] * sign, share),
    mix(start[3], end[3] * sign, share),
  ];
  const length = Math.hypot(...mixed);
  // Opposite rotations have no way between them that is shorter than others.
  if (length < 1e-6) return end;
  return [mixed[0] / length, mixed[1] / length, mixed[2] / length, mixed[3] / length];
}

/** Whether an object's body sleeps, as of the newer sample. */
export function asleep(sighting: Sighting): boolean {
  return (to(sighting, objectFields.rest) & objectFields.asleep) !== 0;
}

/** Heading of an avatar in radians, along the shorter way round. */
export function yawOf(sighting: Sighting): number {
  const start = from(sighting, avatarFields.yaw);
  const way = ((to(sighting, avatarFields.yaw) - start + 0x8000) & 0xffff) - 0x8000;
  // A heading beyond the newest sample overshoots visibly when a turn ends: hold it.
  return yawRad(start) + way * (yawRad(0x8000) / 0x8000) * Math.min(sighting.share, 1);
}

/** Elevation of an avatar's head in radians. */
export function pitchOf(sighting: Sighting): number {
  const share = Math.min(sighting.share, 1);
  return pitchRad(mix(from(sighting, avatarFields.pitch), to(sighting, avatarFields.pitch), share));
}

/** Bits of an avatar's stance: see `avatarFields`. */
export function stanceOf(sighting: Sighting): number {
  return nearer(sighting, avatarFields.stance);
}

const POSE_BITS = [trackedFields.head, trackedFields.left, trackedFields.right] as const;

/** Head and hands of a person in a headset; null when nothing is tracked. */
export function trackedOf(
  sighting: Sighting,
): { head: PoseView | null; left: PoseView | null; right: PoseView | null } | null {
  const bits = nearer(sighting, trackedFields.poses);
  const pose = (which: 0 | 1 | 2): PoseView | null => {
    const bit = POSE_BITS[which];
    if ((bits & bit) === 0) return null;
    const at = which * trackedFields.stride;
    // A pose that was not tracked in one of the two is all zeros there.
    const inFrom = (from(sighting, trackedFields.poses) & bit) !== 0;
    const inTo = (to(sighting, trackedFields.poses) & bit) !== 0;
    const start = (inFrom ? sighting.from : sighting.to) + at;
    const end = (inTo ? sighting.to : sighting.from) + at;
    const share = Math.min(sighting.share, 1);
    const { fields } = sighting;
    const metres = (axis: number): number =>
      mix(fields[start + axis] as number, fields[end + axis] as number, share) / 1_000;
    return {
      position: [metres(0), metres(1), metres(2)],
      rotation: mixRotation(
        packedRotation(fields, start + 3),
        packedRotation(fields, end + 3),
        share,
      ),
    };
  };
  return bits === 0 ? null : { head: pose(0), left: pose(1), right: pose(2) };
}
