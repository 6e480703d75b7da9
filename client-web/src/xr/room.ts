/**
 * Where the room in which a person stands lies in the world.
 *
 * Invariant: the room turns about the person, and the avatar's feet are where the room says that
 * the person began: whoever walks about in the room is beside their avatar by as much. Pure; knows
 * neither headset nor scene.
 */
import { headingOf } from "../input/vectors";
import { approach } from "../scene/camera";
import type { PoseView, Quat, Vec3 } from "../scene/view";

/** Steps and stairs lift the room softly: the rest shrinks to 1/e in this time. */
const LIFT_S = 0.08;
/** More than this at once is no step, metres. */
const LIFT_M_MAX = 0.8;
/** Looking more steeply than this, the top of the head tells the heading. */
const STEEP = 0.9;

/** Where somebody looks along the ground, radians. */
export function headingOfTurn([x, y, z, w]: Quat): number {
  const aheadY = 2 * (w * x - y * z);
  if (Math.abs(aheadY) < STEEP) {
    return headingOf(-2 * (x * z + w * y), 2 * (x * x + y * y) - 1);
  }
  const sign = aheadY > 0 ? -1 : 1;
  return headingOf(sign * 2 * (x * y - w * z), sign * 2 * (y * z + w * x));
}

/** How far up somebody looks, radians. */
export function elevationOfTurn([x, y, z, w]: Quat): number {
  return Math.asin(Math.max(-1, Math.min(1, 2 * (w * x - y * z))));
}

export class Room {
  /** Heading of the room, radians. */
  yaw = 0;
  /** Where the middle of its floor is in the world, metres. Changed in place. */
  readonly origin: Vec3 = [0, 0, 0];
  /** Where the avatar's feet are shown. */
  readonly feet: Vec3 = [0, 0, 0];
  /** The point of its floor that lies under the avatar. */
  #x = 0;
  #z = 0;
  #isPlaced = false;

  /** Puts the person onto the avatar's feet, looking to a heading. */
  face(head: PoseView, yaw: number): void {
    this.yaw = yaw - headingOfTurn(head.rotation);
    this.#x = head.position[0];
    this.#z = head.position[2];
    this.#move();
  }

  /** Turns the room about the person; `by` radians, to the left when positive. */
  turn(head: PoseView, by: number): void {
    const [headX, , headZ] = head.position;
    // As seen from the room, the avatar goes round the person the other way.
    const [sin, cos] = [Math.sin(-by), Math.cos(-by)];
    const [x, z] = [this.#x - headX, this.#z - headZ];
    this.#x = headX + x * cos + z * sin;
    this.#z = headZ - x * sin + z * cos;
    this.yaw += by;
    this.#move();
  }

  /** The avatar's feet are there now. */
  stand([x, y, z]: Vec3, dtS: number): void {
    const up = y - this.feet[1];
    const isStep = this.#isPlaced && Math.abs(up) < LIFT_M_MAX;
    this.feet[0] = x;
    this.feet[1] = isStep ? this.feet[1] + up * approach(dtS, LIFT_S) : y;
    this.feet[2] = z;
    this.#isPlaced = true;
    this.#move();
  }

  /** Where somebody looks in the world, radians. */
  headingOf(head: PoseView): number {
    return this.yaw + headingOfTurn(head.rotation);
  }

  /** Writes a pose of the room as it is in the world. */
  carry({ position, rotation }: PoseView, into: PoseView): void {
    const [sin, cos] = [Math.sin(this.yaw), Math.cos(this.yaw)];
    const [sinHalf, cosHalf] = [Math.sin(this.yaw / 2), Math.cos(this.yaw / 2)];
    const [x, y, z] = position;
    into.position[0] = this.origin[0] + x * cos + z * sin;
    into.position[1] = this.origin[1] + y;
    into.position[2] = this.origin[2] + z * cos - x * sin;
    const [a, b, c, w] = rotation;
    into.rotation[0] = a * cosHalf + c * sinHalf;
    into.rotation[1] = b * cosHalf + w * sinHalf;
    into.rotation[2] = c * cosHalf - a * sinHalf;
    into.rotation[3] = w * cosHalf - b * sinHalf;
  }

  #move(): void {
    const [sin, cos] = [Math.sin(this.yaw), Math.cos(this.yaw)];
    this.origin[0] = this.feet[0] - (this.#x * cos + this.#z * sin);
    this.origin[1] = this.feet[1];
    this.origin[2] = this.feet[2] - (this.#z * cos - this.#x * sin);
  }
}
