import { describe, expect, it } from "vitest";
import { buttons } from "../protocol/generated";
import type { PoseView } from "../scene/view";
import { restingHand } from "./fakeHands";
import type { Uses } from "./hands";
import { Room } from "./room";
import { Steering, TURN_RAD } from "./steering";

function begin() {
  const uses: Uses = { left: false, right: false, buttons: false };
  const head: PoseView = { position: [0, 1.6, 0], rotation: [0, 0, 0, 1] };
  const [left, right, room] = [restingHand("left"), restingHand("right"), new Room()];
  const steering = new Steering();
  const read = () => ({ ...steering.read(head, left, right, uses, room) });
  return { uses, head, left, right, room, read };
}

describe("the left stick", () => {
  it("walks to where the person looks, and the avatar looks there too", () => {
    const { left, room, read } = begin();
    room.yaw = Math.PI / 2;
    left.stickUp = 1;
    const state = read();
    expect([state.moveX, state.moveZ]).toEqual([-127, 0]);
    expect(state.yaw).toBe(0x4000);
    expect(state.cameraYaw).toBeCloseTo(Math.PI / 2);
    expect(state.buttons).toBe(0);
  });

  it("runs while it is pressed, and does nothing near its middle", () => {
    const { left, read } = begin();
    left.stickUp = 0.1;
    expect(read().moveZ).toBe(0);
    left.stickUp = 1;
    left.stick = true;
    expect(read()).toMatchObject({ moveZ: -127, buttons: buttons.run });
  });

  it("leaves the avatar alone while the hand holds something", () => {
    const { left, uses, read } = begin();
    left.stickUp = 1;
    uses.left = true;
    expect(read().moveZ).toBe(0);
  });
});

describe("the right stick", () => {
  it("turns by one step, and again when it was let go of", () => {
    const { right, room, read } = begin();
    right.stickRight = 0.9;
    for (let picture = 0; picture < 5; picture += 1) read();
    expect(room.yaw).toBeCloseTo(-TURN_RAD);
    right.stickRight = 0.5;
    read();
    right.stickRight = 1;
    read();
    expect(room.yaw).toBeCloseTo(-TURN_RAD);
    right.stickRight = 0;
    read();
    right.stickRight = -1;
    read();
    expect(room.yaw).toBeCloseTo(0);
  });

  it("does not turn the person while the hand holds something", () => {
    const { right, uses, room, read } = begin();
    uses.right = true;
    right.stickRight = 1;
    read();
    expect(room.yaw).toBe(0);
  });
});

describe("the lower buttons", () => {
  it("jump, unless they are for building", () => {
    const { left, uses, read } = begin();
    left.lower = true;
    expect(read().buttons).toBe(buttons.jump);
    uses.buttons = true;
    expect(read().buttons).toBe(0);
  });
});
