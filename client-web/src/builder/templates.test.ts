import { describe, expect, it } from "vitest";
import type { WorldDocument } from "../protocol/document";
import { PLACEHOLDERS } from "../protocol/operation";
import { centreOf } from "./bounds";
import { drawingOfAll } from "./drawing";
import { boundsOfGroup, membersOf, placeGroup, standing } from "./groups";
import { boundsOfPiece, groupOf, type PieceWords, placePiece, templatePieces } from "./pieces";
import { Scenery } from "./scenery";
import { TEMPLATE_NAMES, templateOf } from "./templates";
import { fromDegrees, NO_TURN } from "./vectors";

const WORDS: PieceWords = {
  text: "Hi",
  world: "garden",
  title: "Hill Garden",
  template: (name) => `My ${name}`,
};

const world = (more: Partial<WorldDocument> = {}): Scenery =>
  new Scenery({ version: 1, name: "plaza", title: "Plaza", objects: [], ...more });

const HERE = { position: [10, 2, -4], rotation: [...NO_TURN], scale: [1, 1, 1] } as const;
const here = () => structuredClone(HERE) as unknown as Parameters<typeof placePiece>[2];

describe("templates", () => {
  it.each(TEMPLATE_NAMES)("%s stands about its foot, is painted, and can be drawn", (name) => {
    const copied = templateOf(name, { name, world: "garden", title: "Garden" });
    const bounds = boundsOfGroup(copied);
    expect(bounds.min[1]).toBeGreaterThan(-0.2);
    expect(bounds.min[1]).toBeLessThan(0.01);
    const [x, , z] = centreOf(bounds);
    expect(Math.abs(x)).toBeLessThan(1);
    expect(Math.abs(z)).toBeLessThan(1);
    const painted = copied.objects.flatMap(({ properties }) => properties?.visuals ?? []);
    for (const { material } of painted) expect(Object.keys(copied.materials)).toContain(material);
    const loose = copied.objects.filter(({ properties }) => properties?.body);
    for (const { properties } of loose) expect(properties?.colliders?.length).toBeGreaterThan(0);
    const drawing = drawingOfAll(membersOf(copied), copied.materials);
    expect(drawing?.faces.length).toBeGreaterThan(5);
  });

  it("come as one change, under one name, with what they are painted with", () => {
    const operations = placePiece(world(), { kind: "template", name: "doorway" }, here(), WORDS);
    const [first, ...others] = operations.flatMap((operation) =>
      "create" in operation ? [operation.create] : [],
    );
    expect(first?.object).toBe(PLACEHOLDERS);
    expect(first?.value.name).toBe("My doorway");
    expect(first?.value.position_m).toEqual([10, 2, -4]);
    for (const { value } of others) expect(value.parent).toBe(PLACEHOLDERS);
    expect(others.map(({ value }) => value.properties?.portal?.world)).toContain("garden");
    expect(JSON.stringify(operations)).toContain("Hill Garden");
    const materials = operations.flatMap((operation) =>
      "material" in operation ? [operation.material] : [],
    );
    // The server tells materials with what was absent: the same one is not brought twice.
    const known = Object.fromEntries(materials.map(({ name, value }) => [name, value]));
    const again = placePiece(
      world({ materials: known as NonNullable<WorldDocument["materials"]> }),
      { kind: "template", name: "doorway" },
      here(),
      WORDS,
    );
    expect(again.some((operation) => "material" in operation)).toBe(false);
  });

  it("turn about their foot as they are placed", () => {
    const copied = templateOf("bench", { name: "bench", world: "x", title: "x" });
    const pose = { ...here(), rotation: fromDegrees([0, 90, 0]) };
    const creates = placeGroup(world(), copied, pose).flatMap((operation) =>
      "create" in operation ? [operation.create.value] : [],
    );
    // The lamp stood to the right, and is behind now.
    expect(creates[1]?.position_m?.map((value) => Math.round(value * 10) / 10)).toEqual([
      9.9, 2, -5.4,
    ]);
    expect(creates[1]?.rotation?.[1]).toBeCloseTo(Math.SQRT1_2, 5);
  });

  it("take the room that they need where they are put", () => {
    for (const piece of templatePieces()) {
      const group = groupOf(piece, WORDS);
      expect(group).not.toBeNull();
      if (group !== null)
        expect(boundsOfPiece(world(), piece, WORDS)).toEqual(boundsOfGroup(group));
    }
  });

  it("made of what stands somewhere, stand about the origin", () => {
    const copied = templateOf("pool", { name: "pool", world: "x", title: "x" });
    const moved = {
      ...copied,
      objects: copied.objects.map((object) => ({
        ...object,
        position_m: (object.position_m ?? [0, 0, 0]).map((value) => value + 7) as [
          number,
          number,
          number,
        ],
      })),
    };
    expect(boundsOfGroup(standing(moved)).min[1]).toBeCloseTo(0, 5);
    expect(centreOf(boundsOfGroup(standing(moved)))[0]).toBeCloseTo(0, 5);
  });
});
