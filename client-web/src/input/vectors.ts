/**
 * The arithmetic of steering: headings, camera-relative directions and dead zones. Pure.
 *
 * Headings are radians about +y, 0 = -z, growing to the left, as everywhere in Vivarium.
 */

/** Full deflection of a direction on the wire. */
const FULL = 127;
const TURN = Math.PI * 2;

/** A wish to move as seen by the camera: `right` and `ahead` in -1..1. */
export interface Wish {
  right: number;
  ahead: number;
}

/** The wish in world space, each part in -127..127, never longer than full deflection. */
export function toWorld(wish: Wish, cameraYaw: number): { moveX: number; moveZ: number } {
  const length = Math.hypot(wish.right, wish.ahead);
  const scale = length > 1 ? 1 / length : 1;
  const right = wish.right * scale;
  const ahead = wish.ahead * scale;
  const [sin, cos] = [Math.sin(cameraYaw), Math.cos(cameraYaw)];
  return {
    moveX: whole((right * cos - ahead * sin) * FULL),
    moveZ: whole((-right * sin - ahead * cos) * FULL),
  };
}

/** Heading of a direction in the x-z plane. */
export function headingOf(x: number, z: number): number {
  return Math.atan2(-x, -z);
}

/** A heading in 1/65536 of a turn. */
export function toYaw16(yaw: number): number {
  return whole((yaw / TURN) * 65_536) & 0xffff;
}

/** An elevation in 1/127 of a quarter turn. */
export function toPitch8(pitch: number): number {
  return Math.min(FULL, Math.max(-FULL, whole((pitch / (Math.PI / 2)) * FULL)));
}

/** The difference between two headings, -pi to pi. */
export function turnBetween(from: number, to: number): number {
  const turns = (to - from + Math.PI) / TURN;
  return (turns - Math.floor(turns)) * TURN - Math.PI;
}

/** Turns `yaw` towards `goal` the short way; the rest shrinks to 1/e every `timeS`. */
export function turnTowards(yaw: number, goal: number, dtS: number, timeS: number): number {
  return yaw + turnBetween(yaw, goal) * (1 - Math.exp(-dtS / timeS));
}

/**
 * A stick without its dead zone: 0 inside, then growing from 0, so that there is no step at the
 * edge. Round, so that diagonals are not favoured.
 */
export function withoutDeadZone(x: number, y: number, zone: number): { x: number; y: number } {
  const length = Math.hypot(x, y);
  if (length <= zone || length === 0) return { x: 0, y: 0 };
  const scale = Math.min(1, (length - zone) / (1 - zone)) / length;
  return { x: x * scale, y: y * scale };
}

/** Rounds; never -0, which a codec might tell from 0. */
function whole(value: number): number {
  return Math.round(value) + 0;
}
