/**
 * What sticks and buttons of controllers want of the avatar, as the controls of the page tell it.
 *
 * Owns whether the stick that turns has come back since the last turn. Pure.
 */
import type { ControlState } from "../input/controls";
import { toPitch8, toWorld, toYaw16, withoutDeadZone } from "../input/vectors";
import { buttons } from "../protocol/generated";
import type { Hand } from "../scene/headset";
import type { PoseView } from "../scene/view";
import type { Uses } from "./hands";
import { elevationOfTurn, type Room } from "./room";

const DEAD_ZONE = 0.16;
/** One turn to the side, radians: at once, since turning slowly makes people sick. */
export const TURN_RAD = Math.PI / 6;
/** How far the stick is held for a turn, and how far it comes back before the next one. */
const TURN_AT = 0.7;
const TURN_AGAIN_AT = 0.4;

export class Steering {
  #isTurned = false;
  readonly #state: ControlState = {
    moveX: 0,
    moveZ: 0,
    yaw: 0,
    pitch: 0,
    buttons: 0,
    cameraYaw: 0,
    cameraPitch: 0,
    cameraMode: "first",
    distanceM: 0,
  };

  /** Turns the room when that is wanted. What it gives is good until the next reading. */
  read(head: PoseView, left: Hand, right: Hand, uses: Uses, room: Room): ControlState {
    if (!uses.right) this.#turn(head, right, room);
    const state = this.#state;
    const heading = room.headingOf(head);
    const pitch = elevationOfTurn(head.rotation);
    state.cameraYaw = heading;
    state.cameraPitch = pitch;
    // The avatar looks where the person does.
    state.yaw = toYaw16(heading);
    state.pitch = toPitch8(pitch);
    this.#walk(uses.left ? null : left, heading);
    const jumps = !uses.buttons && (left.lower || right.lower);
    state.buttons = (jumps ? buttons.jump : 0) | (left.stick ? buttons.run : 0);
    return state;
  }

  #walk(left: Hand | null, heading: number): void {
    const state = this.#state;
    state.moveX = 0;
    state.moveZ = 0;
    if (left === null || (left.stickRight === 0 && left.stickUp === 0)) return;
    const { x, y } = withoutDeadZone(left.stickRight, left.stickUp, DEAD_ZONE);
    if (x === 0 && y === 0) return;
    const { moveX, moveZ } = toWorld({ right: x, ahead: y }, heading);
    state.moveX = moveX;
    state.moveZ = moveZ;
  }

  #turn(head: PoseView, { stickRight }: Hand, room: Room): void {
    const farM = Math.abs(stickRight);
    if (farM < TURN_AGAIN_AT) this.#isTurned = false;
    if (farM < TURN_AT || this.#isTurned) return;
    this.#isTurned = true;
    room.turn(head, stickRight > 0 ? -TURN_RAD : TURN_RAD);
  }
}
