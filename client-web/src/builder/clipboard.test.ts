import { describe, expect, it } from "vitest";
import type { Object as SceneObject, WorldDocument } from "../protocol/document";
import { PLACEHOLDERS } from "../protocol/operation";
import { copyText, footOf, PASTED_MAX, pasteAll, readCopied } from "./clipboard";
import { isSame } from "./same";
import { Scenery } from "./scenery";

function scenery(objects: SceneObject[], more: Partial<WorldDocument> = {}): Scenery {
  return new Scenery({ version: 1, name: "test", title: "Test", objects, ...more });
}

const BRASS = { colour: "#c9a227", metalness: 1 };
const BOX = { box: { size_m: [1, 1, 1] as [number, number, number] } };

const source = scenery(
  [
    { id: 5, name: "stand", position_m: [10, 1, 4], blueprint: "stand" },
    {
      id: 6,
      parent: 5,
      name: "bell",
      position_m: [12, 3, 4],
      properties: { visuals: [{ shape: BOX, material: "brass" }] },
    },
    { id: 7, parent: 6, position_m: [12, 4, 4] },
    { id: 8, name: "far away" },
  ],
  {
    materials: { brass: BRASS, wood: { colour: "#553311" }, unused: { colour: "#000000" } },
    blueprints: { stand: { visuals: [{ shape: BOX, material: "wood" }] } },
  },
);

function copied(ids: number[]) {
  const read = readCopied(copyText(source, ids));
  if (read === null) throw new Error("what was copied cannot be read");
  return read;
}

describe("copying", () => {
  it("takes what is below along, and every material and blueprint that is used", () => {
    const read = copied([5]);
    expect(read.objects).toEqual([
      { name: "stand", position_m: [10, 1, 4], blueprint: "stand" },
      {
        parent: 0,
        name: "bell",
        position_m: [12, 3, 4],
        properties: { visuals: [{ shape: BOX, material: "brass" }] },
      },
      { parent: 1, position_m: [12, 4, 4] },
    ]);
    expect(Object.keys(read.materials).sort()).toEqual(["brass", "wood"]);
    expect(Object.keys(read.blueprints)).toEqual(["stand"]);
    // A box of one metre stands on each of two origins, the third shows nothing.
    expect(footOf(read)).toEqual([11, 0.5, 4]);
  });

  it("forgets a parent that is not copied", () => {
    expect(copied([6]).objects[0]).not.toHaveProperty("parent");
  });
});

describe("pasting", () => {
  it("into an empty world brings everything along", () => {
    const operations = pasteAll(scenery([]), copied([5]), [1, 0, 0]);
    expect(operations.map((operation) => Object.keys(operation)[0])).toEqual([
      "material",
      "material",
      "blueprint",
      "create",
      "create",
      "create",
    ]);
    expect(operations[4]).toEqual({
      create: {
        object: PLACEHOLDERS + 1,
        value: {
          parent: PLACEHOLDERS,
          name: "bell",
          position_m: [13, 3, 4],
          properties: { visuals: [{ shape: BOX, material: "brass" }] },
        },
      },
    });
  });

  it("into its own world brings objects alone, with names that are free", () => {
    const operations = pasteAll(source, copied([6]), [0, 0, 0]);
    expect(operations).toMatchObject([
      { create: { value: { name: "bell 2" } } },
      { create: { value: { parent: PLACEHOLDERS } } },
    ]);
  });

  it("leaves another material of the same name alone", () => {
    const other = scenery([], { materials: { brass: { colour: "#ffffff" } } });
    const operations = pasteAll(other, copied([6]), [0, 0, 0]);
    expect(operations[0]).toEqual({ material: { name: "brass_2", value: BRASS } });
    expect(operations[1]).toMatchObject({
      create: { value: { properties: { visuals: [{ material: "brass_2" }] } } },
    });
  });

  it("repaints a blueprint that comes along", () => {
    const other = scenery([], { materials: { wood: { colour: "#ffffff" } } });
    const operations = pasteAll(other, copied([5]), [0, 0, 0]);
    expect(operations).toContainEqual({
      blueprint: { name: "stand", value: { visuals: [{ shape: BOX, material: "wood_2" }] } },
    });
  });
});

describe("text from elsewhere", () => {
  it("is not taken for objects", () => {
    const good = JSON.parse(copyText(source, [5])) as Record<string, unknown>;
    for (const text of [
      "",
      "hello",
      "vivarium objects",
      '{"kind":"vivarium objects"}',
      JSON.stringify({ ...good, version: 2 }),
      JSON.stringify({ ...good, objects: [] }),
      JSON.stringify({ ...good, objects: "all" }),
      JSON.stringify({ ...good, objects: [7] }),
      JSON.stringify({ ...good, objects: [{ parent: 0 }] }),
      JSON.stringify({ ...good, objects: [{ position_m: [1, 2, "3"] }] }),
      JSON.stringify({ ...good, objects: [{ properties: { visuals: 3 } }] }),
      JSON.stringify({ ...good, objects: Array.from({ length: PASTED_MAX + 1 }, () => ({})) }),
      JSON.stringify({ ...good, materials: { a: 1 } }),
    ]) {
      expect(readCopied(text), text.slice(0, 80)).toBeNull();
    }
    expect(readCopied(JSON.stringify(good))).not.toBeNull();
  });

  it("may say the same in another order", () => {
    expect(isSame({ a: 1, b: { c: [1], d: null } }, { b: { c: [1] }, a: 1 })).toBe(true);
    expect(isSame({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
  });
});
