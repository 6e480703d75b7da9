import { expect, test } from "vitest";
import type { WorldDocument } from "../protocol/document";
import { placeObjects, surfaceOf } from "./resolve";

const document: WorldDocument = {
  version: 1,
  name: "test",
  title: "Test",
  materials: { stone: { colour: "#808080", pattern: "tiles" } },
  blueprints: {
    crate: {
      visuals: [{ shape: { box: { size_m: [1, 1, 1] } }, material: "stone" }],
      body: { kind: "dynamic" },
    },
  },
  objects: [
    { blueprint: "crate", position_m: [1, 2, 3] },
    { blueprint: "crate", properties: { body: { kind: "static" } } },
    {},
  ],
};

test("objects take from their blueprint what they do not say", () => {
  const [loose, fixed, empty] = placeObjects(document);
  expect(loose?.moving).toBe(true);
  expect(loose?.position).toEqual([1, 2, 3]);
  expect(loose?.properties.visuals).toHaveLength(1);
  expect(fixed?.moving).toBe(false);
  expect(fixed?.properties.visuals).toHaveLength(1);
  expect(empty?.properties).toEqual({});
  expect(empty?.rotation).toEqual([0, 0, 0, 1]);
  expect(empty?.scale).toEqual([1, 1, 1]);
});

test("materials are complete; an unknown one is plain", () => {
  const shape = { ball: { radius_m: 1 } };
  expect(surfaceOf(document, { shape, material: "stone" })).toEqual({
    colour: "#808080",
    roughness: 1,
    metalness: 0,
    emissive: null,
    opacity: 1,
    pattern: "tiles",
    image: null,
  });
  expect(surfaceOf(document, { shape, material: "none" }).pattern).toBeNull();
});
