import { Ray, Vector3 } from "three";
import { beforeEach, expect, test } from "vitest";
import { applyOperations, editable } from "../document/apply";
import type { WorldDocument } from "../protocol/document";
import { Homes } from "./homes";
import type { ScaledPose, Vec3 } from "./view";

const companion = { mind: "mira", name: "Mira", body: "#4aa3a2", accent: "#ffd166" };
const WORLD: WorldDocument = editable({
  version: 1,
  name: "w",
  title: "W",
  objects: [
    { name: "stone" },
    { position_m: [0, 0, -4], properties: { companion } },
    { position_m: [3, 0, -4], properties: { companion } },
  ],
});

const places = new Map<number, Vec3>();
const poseOf = (object: number): ScaledPose => ({
  position: places.get(object) ?? [0, 0, 0],
  rotation: [0, 0, 0, 1],
  scale: [1, 1, 1],
});
const ahead = (x: number) => new Ray(new Vector3(x, 1, 0), new Vector3(0, 0, -1));
const NONE = new Set<number>();
let homes: Homes;

beforeEach(() => {
  places.clear();
  places.set(1, [0, 0, -4]).set(2, [3, 0, -4]);
  homes = new Homes();
  homes.set(WORLD);
});

test("homes are there while building alone", () => {
  homes.update(poseOf);
  expect([homes.pick(ahead(0), NONE), homes.boundsOf(1)]).toEqual([null, null]);
  homes.show(true);
  homes.update(poseOf);
  expect(homes.pick(ahead(0), NONE)).toMatchObject({ object: 1 });
  expect(homes.pick(ahead(3), NONE)).toMatchObject({ object: 2 });
  expect(homes.pick(ahead(0), new Set([1]))).toBeNull();
  expect(homes.boundsOf(0)).toBeNull();
  homes.show(false);
  expect(homes.pick(ahead(0), NONE)).toBeNull();
});

test("a home stands where its object is shown, and goes with it", () => {
  homes.show(true);
  places.set(1, [-2, 1, -4]);
  homes.update(poseOf);
  expect(homes.pick(ahead(0), NONE)).toBeNull();
  expect(homes.boundsOf(1)?.min.toArray()).toEqual([-2.3, 1, -4.3]);
  const gone = applyOperations(WORLD, [{ delete: { object: 1 } }]);
  homes.edit(gone.document, gone.changes);
  homes.update(poseOf);
  expect(homes.boundsOf(1)).toBeNull();
  expect(homes.pick(ahead(3), NONE)).toMatchObject({ object: 2 });
});
