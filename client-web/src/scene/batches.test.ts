import { Matrix4, Vector3 } from "three";
import { expect, test } from "vitest";
import { Assets } from "./assets";
import { geometryOf, Instances, StaticMerger } from "./batches";
import { MaterialLibrary } from "./materials";
import { QUALITY } from "./quality";
import type { Surface } from "./resolve";
import { boxSolid } from "./solids";

const paint = (colour: string, change: Partial<Surface> = {}): Surface => ({
  colour,
  roughness: 1,
  metalness: 0,
  emissive: null,
  opacity: 1,
  pattern: null,
  image: null,
  ...change,
});

const COLOURS = ["#ff0000", "#00ff00", "#0000ff", "#ffffff"];

function looseBoxes(count: number): Instances {
  const materials = new MaterialLibrary(QUALITY.low, 1, new Assets("/assets/", null));
  const instances = new Instances();
  for (let object = 0; object < count; object++) {
    const surface = paint(COLOURS[object % COLOURS.length] ?? "#000000");
    instances.add(
      `box|${materials.familyKey(surface)}`,
      () => ({
        geometry: geometryOf(boxSolid([1, 1, 1])),
        material: materials.get(surface, "instances"),
        castShadow: true,
        family: materials.familyKey(surface),
      }),
      new Matrix4().setPosition(0, 0.5, 0),
      surface.colour,
      object,
      true,
    );
  }
  return instances;
}

test("two hundred loose boxes of four colours are one draw call", () => {
  const meshes = looseBoxes(200).build();
  expect(meshes).toHaveLength(1);
  expect(meshes[0]?.count).toBe(200);
});

test("a moved object takes its parts along and leaves the others", () => {
  const instances = looseBoxes(3);
  const [mesh] = instances.build();
  if (!mesh) throw new Error("one mesh is built");
  const half = Math.SQRT1_2;
  // A quarter turn about z: the part above the origin comes to lie at its -x.
  instances.setPose(1, [10, 0, 0], [0, 0, half, half]);
  const at = (index: number) => {
    const matrix = new Matrix4();
    mesh.getMatrixAt(index, matrix);
    return new Vector3().setFromMatrixPosition(matrix).toArray();
  };
  expect(at(1)[0]).toBeCloseTo(9.5, 6);
  expect(at(1)[1]).toBeCloseTo(0, 6);
  expect(at(0)).toEqual([0, 0.5, 0]);
});

test("a pose that did not change uploads nothing", () => {
  const instances = looseBoxes(1);
  const [mesh] = instances.build();
  instances.setPose(0, [1, 2, 3], [0, 0, 0, 1]);
  const before = mesh?.instanceMatrix.version;
  instances.setPose(0, [1, 2, 3], [0, 0, 0, 1]);
  expect(mesh?.instanceMatrix.version).toBe(before);
  instances.setPose(0, [1, 2, 4], [0, 0, 0, 1]);
  expect(mesh?.instanceMatrix.version).toBe((before ?? 0) + 1);
});

test("statics merge by material, their colours in the vertices", () => {
  const materials = new MaterialLibrary(QUALITY.low, 1, new Assets("/assets/", null));
  const merger = new StaticMerger();
  const box = boxSolid([1, 1, 1], false);
  for (let i = 0; i < 50; i++) {
    const surface = paint(COLOURS[i % COLOURS.length] ?? "#000000");
    merger.add(materials, surface, box, new Matrix4().setPosition(i * 0.5, 0, 0), i);
  }
  merger.add(materials, paint("#ffffff", { opacity: 0.4 }), box, new Matrix4(), 50);
  const meshes = merger.build(materials);
  expect(meshes).toHaveLength(2);
  const solid = meshes.find((mesh) => mesh.castShadow);
  expect(solid?.geometry.getAttribute("position").count).toBe(50 * 24);
  const colour = solid?.geometry.getAttribute("color");
  expect([colour?.getX(0), colour?.getY(0), colour?.getX(24), colour?.getY(24)]).toEqual([
    1, 0, 0, 1,
  ]);
});

test("what is far apart is culled apart", () => {
  const materials = new MaterialLibrary(QUALITY.low, 1, new Assets("/assets/", null));
  const merger = new StaticMerger();
  const box = boxSolid([1, 1, 1], false);
  merger.add(materials, paint("#ffffff"), box, new Matrix4(), 0);
  merger.add(materials, paint("#ffffff"), box, new Matrix4().setPosition(500, 0, 0), 1);
  expect(merger.build(materials)).toHaveLength(2);
});
