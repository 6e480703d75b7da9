import { describe, expect, it } from "vitest";
import { encodePacketHead, type OwnNote, type OwnState } from "../protocol/generated";
import { View } from "./view";

/** A part that builds on nothing and says of every slot that nobody came. */
const EMPTY = [0, 0, ...Array.from({ length: 12 }, () => 0xff)];
const UNTOLD: OwnNote = { kind: "untold" };

function packet(number: number, tick: number, entries: readonly number[], own = UNTOLD) {
  const head = { number, era: 0, tick, onTime: true, leadTicks: 0, own };
  return new Uint8Array([...encodePacketHead(head), ...entries]);
}

function block(leaf: number, part: readonly number[]): number[] {
  return [leaf * 2, part.length, ...part];
}

function ownAt(x: number): OwnNote {
  const value: OwnState = {
    positionM: [x, 0, 0],
    velocityMps: [0, 0, 0],
    flags: 0,
    airborneTicks: 0,
    teleports: 0,
  };
  return { kind: "state", value };
}

function leaves(view: View): number[] {
  const all: number[] = [];
  view.each((_, leaf) => all.push(leaf));
  return all;
}

describe("a view", () => {
  it("does not open a leaf again that was closed, when a block of it comes late", () => {
    const view = new View();
    view.apply(packet(1, 10, block(3, EMPTY)));
    expect(leaves(view)).toEqual([3]);
    view.apply(packet(3, 12, [3 * 2 + 1, 1]));
    expect(leaves(view)).toEqual([]);
    expect(view.apply(packet(2, 11, block(3, EMPTY))).applied).toBe("whole");
    expect(leaves(view)).toEqual([]);
  });

  it("passes over what tells of a time before this stay", () => {
    const view = new View();
    expect(view.apply(packet(9, 49, block(3, EMPTY), ownAt(1)), 50).applied).toBe("early");
    expect([leaves(view), view.own, view.ack.newest, view.tick]).toEqual([[], null, 0, 0]);
    expect(view.apply(packet(1, 50, block(3, EMPTY)), 50).applied).toBe("whole");
  });

  it("keeps the newest word on the own avatar when packets overtake each other", () => {
    const view = new View();
    view.apply(packet(2, 11, [], ownAt(2)));
    view.apply(packet(1, 10, [], ownAt(1)));
    expect(view.own?.positionM[0]).toBe(2);
  });

  it("keeps the parts that it has when another one builds on what is not known", () => {
    const view = new View();
    const [low, high] = [
      [64, 0, 0, 32, ...EMPTY.slice(2)],
      [64, 0, 32, 64, ...EMPTY.slice(2)],
    ];
    view.apply(packet(1, 10, block(3, low)));
    const strange = [64 | 5, 0, 32, 64, ...EMPTY.slice(2)];
    expect(view.apply(packet(2, 10, block(3, strange))).applied).toBe("inPart");
    expect(leaves(view)).toEqual([]);
    expect(view.apply(packet(3, 10, block(3, high))).applied).toBe("whole");
    expect(leaves(view)).toEqual([3]);
  });
});
