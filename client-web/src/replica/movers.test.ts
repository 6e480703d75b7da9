import { describe, expect, it } from "vitest";
import { applyOperations, editable } from "../document/apply";
import type { WorldDocument } from "../protocol/document";
import type { Operation } from "../protocol/operation";
import { Movers } from "./movers";

/** A platform of 4 x 0.4 x 4 m that goes 30 m along x in 100 ticks and back. */
const WORLD: WorldDocument = {
  version: 1,
  name: "ferry",
  title: "Ferry",
  blueprints: {
    raft: {
      colliders: [{ shape: { box: { size_m: [4, 0.4, 4] } } }],
      body: { kind: "kinematic" },
      mover: {
        waypoints_m: [
          [0, 0, 0],
          [30, 0, 0],
        ],
        leg_ticks: 100,
      },
    },
  },
  objects: [{ position_m: [5, 0, 5] }, { blueprint: "raft", position_m: [10, 1, 0] }],
};

describe("platforms", () => {
  it("are where the script says, also between ticks", () => {
    const movers = new Movers(WORLD);
    const at = (tick: number): number => movers.show(tick, 0.016)[0]?.position[0] ?? 0;
    expect(at(0)).toBe(10);
    expect(at(50)).toBeCloseTo(25, 5);
    expect(at(50.5)).toBeCloseTo((at(50) + at(51)) / 2, 6);
    expect(at(100)).toBe(40);
    expect(at(200)).toBe(10);
    expect(movers.show(0, 0.016).map(({ object }) => object)).toEqual([1]);
  });

  it("carry whoever stood on them along to where they are shown", () => {
    const movers = new Movers(WORLD);
    const [past, shown] = [40, 50];
    const platform = movers.show(past, 1)[0]?.position ?? [0, 0, 0];
    const now = movers.show(shown, 1)[0]?.position ?? [0, 0, 0];
    const rider = movers.carry(7, [platform[0] + 1, 1.2, 0.5], past);
    expect(rider[0]).toBeCloseTo(now[0] - platform[0], 5);
    expect(rider.slice(1)).toEqual([0, 0]);
    // Somebody beside it, or high above it, stays where they are.
    expect(movers.carry(8, [platform[0] + 6, 1.2, 0], past)).toEqual([0, 0, 0]);
    expect(movers.carry(9, [platform[0], 3, 0], past)).toEqual([0, 0, 0]);
  });

  it("let go gently of who steps off", () => {
    const movers = new Movers(WORLD);
    movers.show(50, 0.1);
    for (let picture = 0; picture < 5; picture += 1) movers.carry(7, [21, 1.2, 0], 40);
    const on = movers.carry(7, [21, 1.2, 0], 40)[0];
    const off: number[] = [];
    for (let picture = 0; picture < 4; picture += 1) off.push(movers.carry(7, [21, 1.2, 9], 40)[0]);
    expect(on).toBeGreaterThan(3);
    expect(off[0]).toBeLessThan(on);
    expect(off[0]).toBeGreaterThan(0);
    expect(off[3]).toBe(0);
  });

  it("follow the document when it is edited", () => {
    const movers = new Movers(editable(WORLD));
    movers.show(50, 1);
    expect(movers.carry(7, [21, 1.2, 0], 40)[0]).toBeGreaterThan(3);
    const edit = (document: WorldDocument, ...operations: Operation[]): WorldDocument => {
      const edited = applyOperations(document, operations);
      movers.edit(edited.document, edited.changes.bodies);
      return edited.document;
    };
    const shown = (): [number, number][] =>
      movers.show(0, 1).map(({ object, position }) => [object, position[0]]);
    const raft = { blueprint: "raft", position_m: [50, 1, 0] as [number, number, number] };
    const two = edit(editable(WORLD), { create: { object: 4, value: raft } });
    expect(shown()).toEqual([
      [1, 10],
      [4, 50],
    ]);
    const still: Operation = { set: { object: 4, property: { body: { kind: "static" } } } };
    const away: Operation = { set_blueprint: { name: "raft", property: { mover: null } } };
    edit(two, still, away);
    expect(shown()).toEqual([]);
    movers.show(50, 1);
    expect(movers.carry(7, [21, 1.2, 0], 40)).toEqual([0, 0, 0]);
  });
});
