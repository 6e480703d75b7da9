/**
 * Where everything is between two snapshots, in the server's time.
 *
 * Reads tables of the replica, never changes them. Shortly after the newest snapshot it goes on as
 * things went, then holds; a leap too far to be a movement is shown as a leap.
 */
import { field, flags } from "../protocol/generated";
import type { PoseView, Quat, Vec3 } from "../scene/view";
import { pitchRad, positionM, rotationQuaternion, yawRad } from "./quantise";
import type { EntityRecord, EntityTable, Replica } from "./replica";

/** Beyond the newest snapshot by more than this, things hold still. */
const EXTRAPOLATE_TICKS_MAX = 3;
/** Farther than this between two snapshots is a leap: metres, and metres for each tick between. */
const LEAP_M = 0.75;
const LEAP_M_PER_TICK = 1;

/** What two snapshots say of one entity, and how far between them it is shown (0 to 1, beyond). */
export interface Sighting {
  from: EntityRecord;
  to: EntityRecord;
  share: number;
  /** Ticks between the two. */
  spanTicks: number;
}

/** Everything to be shown at a (fractional) tick. */
export function sightings(replica: Replica, tick: number): Sighting[] {
  const { before, after } = replica.around(tick);
  if (before !== null && after !== null) return between(before, after, tick);
  const edge = before ?? after;
  if (edge === null) return [];
  const previous = before === null ? null : replica.previous;
  if (previous === null) {
    return [...edge.entities.values()].map((to) => ({ from: to, to, share: 1, spanTicks: 1 }));
  }
  return beyond(previous, edge, Math.min(tick, edge.tick + EXTRAPOLATE_TICKS_MAX));
}

function between(before: EntityTable, after: EntityTable, tick: number): Sighting[] {
  const spanTicks = after.tick - before.tick;
  const share = (tick - before.tick) / spanTicks;
  const found: Sighting[] = [];
  for (const from of before.entities.values()) {
    // What is gone in the later snapshot is shown until then.
    const to = after.entities.get(from.entity) ?? from;
    found.push({ from, to, share: leaps(from, to, spanTicks) ? 0 : share, spanTicks });
  }
  for (const to of after.entities.values()) {
    if (!before.entities.has(to.entity)) found.push({ from: to, to, share: 1, spanTicks });
  }
  return found;
}

function beyond(previous: EntityTable, newest: EntityTable, tick: number): Sighting[] {
  const spanTicks = newest.tick - previous.tick;
  const share = (tick - previous.tick) / spanTicks;
  const found: Sighting[] = [];
  for (const to of newest.entities.values()) {
    const from = previous.entities.get(to.entity) ?? to;
    found.push({ from, to, share: leaps(from, to, spanTicks) ? 1 : share, spanTicks });
  }
  return found;
}

function leaps(from: EntityRecord, to: EntityRecord, spanTicks: number): boolean {
  if (from === to) return false;
  let squared = 0;
  for (let axis = 0; axis < 3; axis += 1) {
    squared += positionM(fieldOf(to, axis) - fieldOf(from, axis)) ** 2;
  }
  return squared > (LEAP_M + LEAP_M_PER_TICK * spanTicks) ** 2;
}

function fieldOf(record: EntityRecord, index: number): number {
  return record.fields[index] ?? 0;
}

/** The record that is nearer, for what cannot be between: flags. */
function nearer({ from, to, share }: Sighting): EntityRecord {
  return share < 0.5 ? from : to;
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** Metres. */
export function positionOf({ from, to, share }: Sighting): Vec3 {
  const at = (axis: number): number =>
    positionM(mix(fieldOf(from, field.position + axis), fieldOf(to, field.position + axis), share));
  return [at(0), at(1), at(2)];
}

/** Metres per second. */
export function velocityOf({ from, to, spanTicks }: Sighting, ticksPerS: number): Vec3 {
  const along = (axis: number): number =>
    (positionM(fieldOf(to, field.position + axis) - fieldOf(from, field.position + axis)) *
      ticksPerS) /
    spanTicks;
  return [along(0), along(1), along(2)];
}

/** Unit quaternion of an object. */
export function rotationOf({ from, to, share }: Sighting): Quat {
  return mixRotation(
    packedRotation(from, field.rotation),
    packedRotation(to, field.rotation),
    share,
  );
}

function packedRotation(record: EntityRecord, at: number): Quat {
  const [largest, a, b, c] = [0, 1, 2, 3].map((index) => fieldOf(record, at + index));
  return rotationQuaternion(largest ?? 0, a ?? 0, b ?? 0, c ?? 0);
}

/** The way between two rotations along the shorter arc; normalised linear, for small angles. */
export function mixRotation(from: Quat, to: Quat, share: number): Quat {
  const dot = from[0] * to[0] + from[1] * to[1] + from[2] * to[2] + from[3] * to[3];
  const sign = dot < 0 ? -1 : 1;
  const mixed: Quat = [
    mix(from[0], to[0] * sign, share),
    mix(from[1], to[1] * sign, share),
    mix(from[2], to[2] * sign, share),
    mix(from[3], to[3] * sign, share),
  ];
  const length = Math.hypot(...mixed);
  // Opposite rotations have no way between them that is shorter than others.
  if (length < 1e-6) return to;
  return [mixed[0] / length, mixed[1] / length, mixed[2] / length, mixed[3] / length];
}

/** Heading in radians, along the shorter way round. */
export function yawOf({ from, to, share }: Sighting): number {
  const start = fieldOf(from, field.rotation);
  const way = ((fieldOf(to, field.rotation) - start + 0x8000) & 0xffff) - 0x8000;
  // A heading beyond the newest snapshot overshoots visibly when a turn ends: hold it.
  return yawRad(start) + way * (yawRad(0x8000) / 0x8000) * Math.min(share, 1);
}

/** Elevation of the head in radians. */
export function pitchOf({ from, to, share }: Sighting): number {
  const at = field.rotation + 1;
  return pitchRad(mix(fieldOf(from, at), fieldOf(to, at), Math.min(share, 1)));
}

/** Bit set of `flags`. */
export function flagsOf(sighting: Sighting): number {
  return fieldOf(nearer(sighting), field.flags);
}

const TRACKED_BITS = [flags.trackedHead, flags.trackedLeft, flags.trackedRight] as const;

/** Head and hands of a person in a headset; null when nothing is tracked. */
export function trackedOf(
  sighting: Sighting,
): { head: PoseView | null; left: PoseView | null; right: PoseView | null } | null {
  const bits = flagsOf(sighting);
  const pose = (which: 0 | 1 | 2): PoseView | null => {
    if ((bits & TRACKED_BITS[which]) === 0) return null;
    const at = field.tracked + which * field.trackedStride;
    // A pose that was not tracked in one of the two is all zeros there.
    const both =
      fieldOf(sighting.from, field.flags) & fieldOf(sighting.to, field.flags) & TRACKED_BITS[which];
    const from = both === 0 ? nearer(sighting) : sighting.from;
    const to = both === 0 ? from : sighting.to;
    const share = Math.min(sighting.share, 1);
    const metres = (axis: number): number =>
      mix(fieldOf(from, at + axis), fieldOf(to, at + axis), share) / 1_000;
    return {
      position: [metres(0), metres(1), metres(2)],
      rotation: mixRotation(packedRotation(from, at + 3), packedRotation(to, at + 3), share),
    };
  };
  const tracked = { head: pose(0), left: pose(1), right: pose(2) };
  return tracked.head === null && tracked.left === null && tracked.right === null ? null : tracked;
}
