// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { Arrivals, roomOf } from "./arrivals";
import type { PlacedObject } from "./resolve";

const tree: PlacedObject = {
  id: 7,
  position: [1, 2, 3],
  rotation: [0, 0, 0, 1],
  scale: [2, 2, 2],
  moving: false,
  properties: {
    visuals: [{ shape: { model: { path: "uploads/x.glb" } } }],
    colliders: [{ shape: { box: { size_m: [1, 3, 1] } }, offset_m: [0, 1.5, 0] }],
  },
};

it("takes the room that the colliders tell", () => {
  expect(roomOf(tree)).toEqual({ size: [2, 6, 2], offset: [0, 3, 0] });
  expect(roomOf({ ...tree, properties: {} })).toEqual({ size: [1, 1, 1], offset: [0, 0.5, 0] });
});

it("shows how far a model is where it will stand, and goes when it is there", () => {
  const arrivals = new Arrivals();
  arrivals.show(tree, 0.427);
  expect(arrivals.of(7)).toBe("40 %");
  const [group] = arrivals.root.children;
  expect(group?.position.toArray()).toEqual([1, 2, 3]);
  arrivals.show({ ...tree, position: [4, 5, 6] }, 0.43);
  expect(arrivals.of(7)).toBe("40 %");
  expect(group?.position.toArray()).toEqual([4, 5, 6]);
  arrivals.miss(tree);
  expect(arrivals.of(7)).toBe("?");
  expect(arrivals.root.children).toHaveLength(1);
  // Whoever builds is told what it is that is missing.
  arrivals.name(({ id }) => `oak ${id}`);
  expect(arrivals.of(7)).toBe("oak 7 ?");
  arrivals.name(null);
  expect(arrivals.of(7)).toBe("?");
  arrivals.end(7);
  expect(arrivals.of(7)).toBeNull();
  expect(arrivals.root.children).toHaveLength(0);
});
