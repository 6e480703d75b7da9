import { signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import { makeBench } from "./bench";
import type { WorldEdits } from "./edits";
import type { WorldDocument } from "./protocol/document";
import type { PersonCard } from "./protocol/generated";
import type { Vec3 } from "./scene/view";
import type { Stage } from "./stage";
import { Store } from "./ui/store";

const WORLD: WorldDocument = { version: 1, name: "w", title: "W", objects: [] };

function table() {
  const edits = {
    document: signal<WorldDocument | null>(WORLD),
    number: signal<number | null>(3),
    chosen: signal<ReadonlyMap<number, readonly number[]>>(new Map()),
  };
  const asked: unknown[] = [];
  const scene = {
    pick: (x: number, y: number, except: ReadonlySet<number>) => {
      asked.push([x, y, [...except]]);
      return null;
    },
    highlight: (...said: unknown[]) => asked.push(said),
    nameMissing: () => undefined,
    showHomes: () => undefined,
    ghost: (...said: unknown[]) => asked.push(said),
  };
  const canvas = { getBoundingClientRect: () => ({ left: 100, top: 50, width: 400, height: 200 }) };
  const stage = {
    scene,
    canvas,
    shown: { own: [1, 0, 1] },
    frame: (...said: unknown[]) => asked.push(["frame", ...said]),
    takeOff: () => asked.push("off"),
    land: () => asked.push("land"),
  };
  const store = new Store();
  const bench = makeBench({
    world: "w",
    document: WORLD,
    edits: edits as unknown as WorldEdits,
    stage: stage as unknown as Stage,
    store,
    obstruct: ([, y]: Vec3, _direction, maxM) => (y > 0 ? y : maxM),
    choose: (objects) => asked.push(["choose", ...objects]),
    enter: () => undefined,
    endDraft: () => undefined,
    point: (at) => asked.push(["point", at]),
    close: () => asked.push("closed"),
  });
  return { bench, edits, store, asked };
}

describe("what a builder is given", () => {
  it("tells points of the window as points of the picture", () => {
    const { bench, asked } = table();
    bench.pick(300, 150, new Set([4]));
    bench.pick(100, 50, new Set());
    expect(asked).toEqual([
      [0, 0, [4]],
      [-1, 1, []],
    ]);
  });

  it("is the newest document, and the last one after the world was left", () => {
    const { bench, edits } = table();
    const next = { ...WORLD, title: "Next" };
    edits.document.value = next;
    expect(bench.document.value).toBe(next);
    edits.document.value = null;
    expect(bench.document.value).toBe(next);
  });

  it("tells by name what others have chosen", () => {
    const { bench, edits, store } = table();
    const card = (person: number, name: string): [number, PersonCard] => [
      person,
      { person, name, look: { body: [0, 0, 0], accent: [0, 0, 0] }, present: true },
    ];
    store.people.value = new Map([card(1, "Ana"), card(2, "Bo"), card(3, "Ana")]);
    edits.chosen.value = new Map([
      [1, [7]],
      [2, [8, 9]],
      [3, [10]],
    ]);
    expect([...bench.others.value]).toEqual([
      ["Ana", [7, 10]],
      ["Bo", [8, 9]],
    ]);
  });

  it("knows the ground below, looks where it is told, and tidies up", () => {
    const { bench, asked } = table();
    expect([bench.freeBelow([0, 2.5, 0]), bench.freeBelow([0, -1, 0])]).toEqual([2.5, null]);
    bench.frame([-4, 0, 1], 2);
    expect(asked).toEqual([["frame", [-4, 0, 1], 2]]);
    bench.close();
    expect(asked.slice(1)).toEqual([
      "land",
      ["chosen", [], "#ffb13d", null],
      [null, "#6fd3ff"],
      ["choose"],
      "closed",
    ]);
  });
});
