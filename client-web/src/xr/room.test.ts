import { describe, expect, it } from "vitest";
import type { PoseView, Quat, Vec3 } from "../scene/view";
import { elevationOfTurn, headingOfTurn, Room } from "./room";

const about = (axis: 0 | 1 | 2, rad: number): Quat => {
  const turn: Quat = [0, 0, 0, Math.cos(rad / 2)];
  turn[axis] = Math.sin(rad / 2);
  return turn;
};
const head = (position: Vec3, rotation: Quat = [0, 0, 0, 1]): PoseView => ({ position, rotation });

/** Where something of the room is in the world. */
function seen(room: Room, pose: PoseView): PoseView {
  const into = head([0, 0, 0]);
  room.carry(pose, into);
  return into;
}

function near(a: readonly number[], b: readonly number[]): void {
  a.forEach((value, index) => void expect(value).toBeCloseTo(b[index] ?? Number.NaN, 6));
}

describe("where somebody looks", () => {
  it("is told along the ground, and up", () => {
    expect(headingOfTurn([0, 0, 0, 1])).toBeCloseTo(0);
    expect(headingOfTurn(about(1, 0.7))).toBeCloseTo(0.7);
    expect(elevationOfTurn(about(0, 0.4))).toBeCloseTo(0.4);
  });

  it("is told by the top of the head when they look at their feet or at the sky", () => {
    expect(headingOfTurn(about(0, -Math.PI / 2))).toBeCloseTo(0);
    expect(headingOfTurn(about(0, Math.PI / 2 - 0.01))).toBeCloseTo(0);
  });
});

describe("the room", () => {
  it("puts the person onto the feet of the avatar, looking where it does", () => {
    const room = new Room();
    const person = head([0.4, 1.6, -0.3], about(1, 0.5));
    room.stand([10, 2, -4], 0);
    room.face(person, 2);
    const eyes = seen(room, person);
    near(eyes.position, [10, 3.6, -4]);
    expect(headingOfTurn(eyes.rotation)).toBeCloseTo(2);
    expect(room.headingOf(person)).toBeCloseTo(2);
  });

  it("turns about the person, wherever they stand in it", () => {
    const room = new Room();
    const began = head([0, 1.6, 0]);
    room.stand([5, 0, 5], 0);
    room.face(began, 0.3);
    const person = head([1.2, 1.7, -0.8], about(1, -1));
    const before = seen(room, person);
    const heading = room.headingOf(person);
    room.turn(person, Math.PI / 6);
    near(seen(room, person).position, before.position);
    expect(room.headingOf(person) - heading).toBeCloseTo(Math.PI / 6);
    // And goes on following the avatar.
    room.stand([6, 0, 5], 0.1);
    near(seen(room, person).position, [
      before.position[0] + 1,
      before.position[1],
      before.position[2],
    ]);
  });

  it("rises softly on stairs, and at once when the avatar is somewhere else", () => {
    const room = new Room();
    room.stand([0, 1, 0], 0.01);
    expect(room.feet[1]).toBe(1);
    room.stand([0, 1.2, 0], 0.01);
    expect(room.feet[1]).toBeGreaterThan(1);
    expect(room.feet[1]).toBeLessThan(1.1);
    for (let picture = 0; picture < 100; picture += 1) room.stand([0, 1.2, 0], 0.01);
    expect(room.origin[1]).toBeCloseTo(1.2, 3);
    room.stand([0, 9, 0], 0.01);
    expect(room.origin[1]).toBe(9);
  });
});
