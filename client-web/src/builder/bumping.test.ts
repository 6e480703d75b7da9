import { describe, expect, it } from "vitest";
import type { Properties } from "../protocol/document";
import { boundsWithin } from "./bounds";
import { becoming, filling, kindOfCollider, roomOf } from "./bumping";

const table: Properties = {
  visuals: [
    { shape: { box: { size_m: [2, 0.1, 1] } }, offset_m: [0, 0.95, 0] },
    { shape: { box: { size_m: [0.1, 0.9, 0.1] } }, offset_m: [0, 0.45, 0] },
  ],
};

describe("colliders", () => {
  it("fill the room that an object takes as it is drawn", () => {
    const room = roomOf({ ...table, colliders: [{ shape: { ball: { radius_m: 9 } } }] });
    const like = { shape: { ball: { radius_m: 9 } }, friction: 0.1, offset_m: [5, 5, 5] as const };
    expect(filling(room, "box")).toEqual({
      shape: { box: { size_m: [2, 1, 1] } },
      offset_m: [0, 0.5, 0],
    });
    expect(filling(room, "cylinder", { ...like, offset_m: [5, 5, 5] })).toEqual({
      shape: { cylinder: { radius_m: 1, height_m: 1 } },
      offset_m: [0, 0.5, 0],
      friction: 0.1,
    });
    // A capsule is at least as high as both its caps.
    expect(filling(room, "capsule").shape).toEqual({ capsule: { radius_m: 1, height_m: 2 } });
    expect(filling(room, "ball").shape).toEqual({ ball: { radius_m: 1 } });
  });

  it("have some size where nothing is drawn, or something flat", () => {
    expect(filling(roomOf({ spawn: {} }), "box")).toEqual({
      shape: { box: { size_m: [1, 1, 1] } },
    });
    const flat = { min: [-1, 0, -1] as const, max: [1, 0, 1] as const };
    const { shape } = filling({ min: [...flat.min], max: [...flat.max] }, "box");
    expect(shape).toEqual({ box: { size_m: [2, 0.01, 2] } });
  });

  it("are told apart from points and triangles", () => {
    expect(kindOfCollider({ shape: { capsule: { radius_m: 1, height_m: 2 } } })).toBe("capsule");
    expect(kindOfCollider({ shape: { hull: { points_m: [] } } })).toBeNull();
  });

  it("fit a picture that stands somewhere, turned and scaled", () => {
    const half = Math.SQRT1_2;
    const pose = {
      position: [5, 0, 0] as [number, number, number],
      rotation: [0, half, 0, half] as [number, number, number, number],
      scale: [2, 2, 2] as [number, number, number],
    };
    const { min, max } = boundsWithin({ min: [4, 0, -2], max: [6, 4, 2] }, pose);
    [...min, ...max].forEach((value, index) => {
      expect(value).toBeCloseTo([-1, 0, -0.5, 1, 2, 0.5][index] ?? Number.NaN, 6);
    });
  });
});

describe("an object of another kind", () => {
  const room = roomOf(table);

  it("gets something to bump into before it is loose", () => {
    const changing = becoming(table, "dynamic", room, 30);
    expect(Object.keys(changing)).toEqual(["colliders", "body"]);
    expect(changing.colliders).toEqual([filling(room, "box")]);
    expect(becoming(table, "static", room, 30)).toEqual({ body: { kind: "static" } });
  });

  it("gets a path when it is to move along one, and loses it and its hinge with the rest", () => {
    const colliders = [filling(room, "box")];
    const loose: Properties = { colliders, body: { kind: "dynamic" }, hinge: { axis: [0, 1, 0] } };
    expect(becoming(loose, "kinematic", room, 60)).toEqual({
      hinge: null,
      body: { kind: "kinematic" },
      mover: {
        waypoints_m: [
          [0, 0, 0],
          [0, 2, 0],
        ],
        leg_ticks: 180,
        rest_ticks: 60,
      },
    });
    // The server checks after each: the hinge goes before the body is fixed.
    expect(Object.keys(becoming(loose, "static", room, 60))).toEqual(["hinge", "body"]);
    const mover = { waypoints_m: [[0, 0, 0] as [number, number, number]], leg_ticks: 9 };
    const moving: Properties = { colliders, body: { kind: "kinematic" }, mover };
    expect(becoming(moving, "static", room, 60)).toEqual({ body: { kind: "static" }, mover: null });
  });
});
