import { describe, expect, it } from "vitest";
import type { Object as SceneObject, WorldDocument } from "../protocol/document";
import { PLACEHOLDERS } from "../protocol/operation";
import {
  carried,
  carriedAll,
  deleteAll,
  duplicateAll,
  freeKey,
  placeOf,
  rename,
  reparentAll,
  reshaped,
  setProperty,
} from "./operations";
import { Scenery } from "./scenery";
import { fromDegrees, NO_TURN, type Quat, toDegrees, type Vec3 } from "./vectors";
import type { Pose } from "./workbench";

function scenery(objects: SceneObject[], more: Partial<WorldDocument> = {}): Scenery {
  return new Scenery({ version: 1, name: "test", title: "Test", objects, ...more });
}

const pose = (position: Vec3, rotation: Quat = NO_TURN, scale: Vec3 = [1, 1, 1]): Pose => ({
  position,
  rotation,
  scale,
});

function near(actual: readonly number[], wanted: readonly number[]): void {
  expect(actual).toHaveLength(wanted.length);
  actual.forEach((value, index) => {
    expect(value).toBeCloseTo(wanted[index] ?? Number.NaN, 5);
  });
}

/** A family: 1 above 2 above 3; 4 beside it. */
const FAMILY: SceneObject[] = [
  { id: 1, name: "house" },
  { id: 2, parent: 1, position_m: [1, 0, 0] },
  { id: 3, parent: 2, name: "lamp 2" },
  { id: 4, name: "lamp" },
];

describe("rotations in degrees", () => {
  it("come back as they were given", () => {
    for (const degrees of [
      [0, 0, 0],
      [30, -120, 45],
      [-89, 179, -179],
      [10, 180, 0],
    ] as Vec3[]) {
      near(toDegrees(fromDegrees(degrees)), degrees);
    }
  });

  it("turn about y as a compass does", () => {
    near(fromDegrees([0, 90, 0]), [0, Math.SQRT1_2, 0, Math.SQRT1_2]);
  });

  it("looking straight up, count everything as turn", () => {
    near(toDegrees(fromDegrees([90, 40, 0])), [90, 40, 0]);
  });
});

describe("carrying", () => {
  it("turns things about the middle of the selection", () => {
    const from = pose([10, 0, 0]);
    const to = pose([10, 0, 0], fromDegrees([0, 90, 0]));
    const moved = carried(pose([12, 1, 0]), from, to, true);
    near(moved.position, [10, 1, -2]);
    near(toDegrees(moved.rotation), [0, 90, 0]);
  });

  it("grows evenly by the axis that was pulled most", () => {
    const grown = carried(
      pose([2, 0, 0]),
      pose([0, 0, 0]),
      pose([0, 0, 0], NO_TURN, [1, 3, 1]),
      true,
    );
    near(grown.scale, [3, 3, 3]);
    near(grown.position, [6, 0, 0]);
  });

  it("grows along its own axes when it may", () => {
    const from = pose([0, 0, 0], fromDegrees([0, 45, 0]));
    const to = { ...from, scale: [2, 1, 1] as Vec3 };
    const grown = carried({ ...from, scale: [1, 5, 1] }, from, to, false);
    near(grown.scale, [2, 5, 1]);
    near(grown.rotation, from.rotation);
  });

  it("takes along what is below, and leaves what is locked", () => {
    const locked = FAMILY.map((one) => (one.id === 3 ? { ...one, locked: true } : one));
    const poses = carriedAll(scenery(locked), [1], pose([0, 0, 0]), pose([0, 2, 0]));
    expect([...poses.keys()]).toEqual([1, 2]);
    near(poses.get(2)?.position ?? [], [1, 2, 0]);
  });

  it("lets round things grow only evenly", () => {
    const round = scenery([
      { id: 1, properties: { visuals: [{ shape: { ball: { radius_m: 1 } } }] } },
      { id: 2, properties: { visuals: [{ shape: { box: { size_m: [1, 1, 1] } } }] } },
    ]);
    const wide = pose([0, 0, 0], NO_TURN, [2, 1, 1]);
    near(carriedAll(round, [1], pose([0, 0, 0]), wide).get(1)?.scale ?? [], [2, 2, 2]);
    near(carriedAll(round, [2], pose([0, 0, 0]), wide).get(2)?.scale ?? [], [2, 1, 1]);
  });
});

describe("operations", () => {
  it("place with a quaternion of length one and without crumbs", () => {
    const operation = placeOf(5, pose([0.1 + 0.2, -0, 1e-9], [0, 3, 0, 4]));
    expect(operation).toEqual({
      place: {
        object: 5,
        position_m: [0.3, 0, 0],
        rotation: [0, 0.6, 0, 0.8],
        scale: [1, 1, 1],
      },
    });
  });

  it("delete children before their parents", () => {
    const objects = deleteAll(scenery(FAMILY), [1, 2]).map((operation) =>
      "delete" in operation ? operation.delete.object : null,
    );
    expect(objects).toEqual([3, 2, 1]);
  });

  it("delete nothing that is locked, nor what is above it", () => {
    const locked = FAMILY.map((one) => (one.id === 2 ? { ...one, locked: true } : one));
    expect(deleteAll(scenery(locked), [1, 4])).toEqual([
      { delete: { object: 4 } },
      { delete: { object: 3 } },
    ]);
  });

  it("duplicate a family as a family, with names that are free", () => {
    const operations = duplicateAll(scenery(FAMILY), [1, 4], [0, 0, 1]);
    expect(operations).toEqual([
      { create: { object: PLACEHOLDERS, value: { name: "house 2", position_m: [0, 0, 1] } } },
      {
        create: {
          object: PLACEHOLDERS + 1,
          value: { parent: PLACEHOLDERS, position_m: [1, 0, 1] },
        },
      },
      {
        create: {
          object: PLACEHOLDERS + 2,
          value: { parent: PLACEHOLDERS + 1, name: "lamp 3", position_m: [0, 0, 1] },
        },
      },
      { create: { object: PLACEHOLDERS + 3, value: { name: "lamp 4", position_m: [0, 0, 1] } } },
    ]);
  });

  it("keep the parent of what is duplicated alone", () => {
    const [copy] = duplicateAll(scenery(FAMILY), [2], [1, 0, 0]);
    expect(copy).toMatchObject({ create: { value: { parent: 1, position_m: [2, 0, 0] } } });
  });

  it("never put anything below itself", () => {
    expect(reparentAll(scenery(FAMILY), [1], 3)).toEqual([]);
    expect(reparentAll(scenery(FAMILY), [1], 1)).toEqual([]);
  });

  it("move the top of what is chosen, and only if it is elsewhere", () => {
    expect(reparentAll(scenery(FAMILY), [1, 2], 4)).toEqual([
      { reparent: { object: 1, parent: 4 } },
    ]);
    expect(reparentAll(scenery(FAMILY), [4], null)).toEqual([]);
    expect(reparentAll(scenery(FAMILY), [3], null)).toEqual([
      { reparent: { object: 3, parent: null } },
    ]);
  });

  it("take a name away when nothing is typed", () => {
    expect(rename(2, "  ")).toEqual({ rename: { object: 2, name: null } });
    expect(rename(2, " door ")).toEqual({ rename: { object: 2, name: "door" } });
  });

  it("give a property back to the blueprint", () => {
    expect(setProperty(3, "light", null)).toEqual({
      set: { object: 3, property: { light: null } },
    });
  });

  it("reshape what people bump into along with what they see", () => {
    const box = (x: number) => ({ box: { size_m: [x, 1, 1] as Vec3 } });
    const properties = {
      visuals: [{ shape: box(1) }, { shape: box(2) }],
      colliders: [{ shape: box(1), friction: 0.1 }],
    };
    expect(reshaped(3, properties, 0, box(5))).toEqual([
      { set: { object: 3, property: { visuals: [{ shape: box(5) }, { shape: box(2) }] } } },
      { set: { object: 3, property: { colliders: [{ shape: box(5), friction: 0.1 }] } } },
    ]);
    expect(reshaped(3, properties, 1, box(5))).toHaveLength(1);
  });

  it("find names that the server takes", () => {
    expect(freeKey("Brass (old)", new Set())).toBe("brass_old_");
    expect(freeKey("brass", new Set(["brass", "brass_2"]))).toBe("brass_3");
  });
});
