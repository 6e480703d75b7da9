import { describe, expect, it } from "vitest";
import { applyOperations, editable, propertiesOf } from "../document/apply";
import type { Properties, WorldDocument } from "../protocol/document";
import type { Operation } from "../protocol/operation";
import {
  blueprintKey,
  changeBlueprint,
  changeTogether,
  forBlueprint,
  instanceCount,
  makeBlueprint,
  putIntoBlueprint,
} from "./blueprints";
import { Scenery } from "./scenery";

const box = { box: { size_m: [1, 1, 1] as [number, number, number] } };

const WORLD: WorldDocument = editable({
  version: 1,
  name: "plaza",
  title: "Plaza",
  blueprints: {
    crate: { colliders: [{ shape: box }], body: { kind: "dynamic" } },
  },
  objects: [
    { properties: { spawn: {} } },
    {
      blueprint: "crate",
      properties: { light: { colour: "#ffffff", intensity_cd: 1, range_m: 2 } },
    },
    { blueprint: "crate" },
  ],
});
const scenery = new Scenery(WORLD);

/** What every object is after each operation. */
function steps(operations: readonly Operation[], from = WORLD): Properties[][] {
  let document = from;
  return operations.map((operation) => {
    document = applyOperations(document, [operation]).document;
    return document.objects.map((object) => propertiesOf(document, object));
  });
}

describe("blueprints", () => {
  it("are made of all that an object is, which stays the same at every step", () => {
    const operations = makeBlueprint(scenery, 1, "lit_crate");
    expect(operations.map((operation) => Object.keys(operation)[0])).toEqual([
      "blueprint",
      "rebase",
      "set",
    ]);
    const before = WORLD.objects.map((object) => propertiesOf(WORLD, object));
    for (const after of steps(operations)) expect(after).toEqual(before);
    const { document } = applyOperations(WORLD, operations);
    expect(document.objects[1]).toEqual({ id: 1, blueprint: "lit_crate", properties: {} });
  });

  it("take what one of their instances has of its own", () => {
    const light = scenery.properties(1).light ?? null;
    const operations = putIntoBlueprint(scenery, 1, "light");
    expect(operations).toEqual([
      { set_blueprint: { name: "crate", property: { light } } },
      { set: { object: 1, property: { light: null } } },
    ]);
    const after = steps(operations).at(-1);
    expect([after?.[1]?.light, after?.[2]?.light]).toEqual([light, light]);
    expect(putIntoBlueprint(scenery, 2, "light")).toEqual([]);
    expect(putIntoBlueprint(scenery, 0, "spawn")).toEqual([]);
  });

  it("are changed in the place of an object", () => {
    const set: Operation = { set: { object: 2, property: { body: { kind: "static" } } } };
    const other: Operation = { material: { name: "brass", value: { colour: "#c9a227" } } };
    expect(forBlueprint([other, set], "crate")).toEqual([
      other,
      { set_blueprint: { name: "crate", property: { body: { kind: "static" } } } },
    ]);
    expect(changeBlueprint(scenery, "crate", { body: null })).toEqual([
      { blueprint: { name: "crate", value: { colliders: [{ shape: box }] } } },
    ]);
    expect(instanceCount(scenery, "crate")).toBe(2);
  });

  it("get names that the server takes", () => {
    expect(["Forêt No 2", "  ", "lit-crate"].map(blueprintKey)).toEqual([
      "foret_no_2",
      "",
      "lit-crate",
    ]);
  });
});

describe("a path and the body that it moves", () => {
  /** As the server has it: nothing else has a path. */
  const fits = ({ body, mover }: Properties): boolean =>
    mover == null || body?.kind === "kinematic";
  const mover = { waypoints_m: [[0, 0, 0]] as [number, number, number][], leg_ticks: 30 };

  it("come and go in the order in which they may", () => {
    // Whatever order they are given in.
    const coming = changeTogether(2, { mover, body: { kind: "kinematic" } });
    for (const all of steps(coming)) expect(all.every(fits)).toBe(true);
    const { document } = applyOperations(WORLD, coming);
    const changed = { body: { kind: "kinematic" as const }, mover };
    expect(document.objects[2]).toEqual({ id: 2, blueprint: "crate", properties: changed });

    const going = changeTogether(2, { body: { kind: "static" }, mover: null });
    for (const all of steps(going, document)) expect(all.every(fits)).toBe(true);
    const gone = applyOperations(document, going).document;
    expect(gone.objects[2]?.properties).toEqual({ body: { kind: "static" } });
  });
});
