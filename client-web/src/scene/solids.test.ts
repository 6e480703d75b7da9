import { expect, test } from "vitest";
import {
  ballSolid,
  boxSolid,
  capsuleSolid,
  cylinderSolid,
  facetedSolid,
  type Solid,
} from "./solids";

/** Volume by the divergence theorem: right only if the mesh is closed and faces outwards. */
function volume(solid: Solid): number {
  const p = (vertex: number) => solid.positions.slice(vertex * 3, vertex * 3 + 3);
  let sum = 0;
  for (let i = 0; i < solid.indices.length; i += 3) {
    const [a, b, c] = solid.indices.slice(i, i + 3).map(p);
    if (!a || !b || !c) throw new Error("a triangle has three corners");
    const [ax = 0, ay = 0, az = 0] = a;
    const [bx = 0, by = 0, bz = 0] = b;
    const [cx = 0, cy = 0, cz = 0] = c;
    sum += ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx);
  }
  return sum / 6;
}

function extent(solid: Solid, axis: number): number {
  const values = solid.positions.filter((_, index) => index % 3 === axis);
  return Math.max(...values) - Math.min(...values);
}

test("a plain box is closed and has its size", () => {
  const box = boxSolid([2, 3, 4], false);
  expect(volume(box)).toBeCloseTo(24, 6);
});

test("bevels take little and leave the extents", () => {
  const box = boxSolid([2, 3, 4]);
  expect([0, 1, 2].map((axis) => extent(box, axis))).toEqual([2, 3, 4]);
  expect(volume(box)).toBeLessThan(24);
  expect(volume(box)).toBeGreaterThan(23.9);
});

test("round solids approach their volumes from inside", () => {
  const ball = volume(ballSolid(1, 48));
  expect(ball).toBeGreaterThan(4.1);
  expect(ball).toBeLessThan((4 / 3) * Math.PI);
  const capsule = capsuleSolid(0.5, 2, 48);
  expect(extent(capsule, 1)).toBeCloseTo(2, 9);
  expect(volume(capsule)).toBeCloseTo(Math.PI * 0.25 + (Math.PI / 6) * 1, 1);
  expect(volume(cylinderSolid(1, 1, 2, 64))).toBeCloseTo(2 * Math.PI, 1);
  expect(volume(cylinderSolid(1, 0, 3, 64))).toBeCloseTo(Math.PI, 1);
});

test("patterns are laid in metres from an edge", () => {
  const box = boxSolid([4, 1, 2], false);
  const us: number[] = [];
  for (let vertex = 0; vertex < 24; vertex++) {
    if (box.normals[vertex * 3 + 1] === 1) us.push(box.uvs[vertex * 2] ?? -1);
  }
  expect([Math.min(...us), Math.max(...us)]).toEqual([0, 4]);
});

test("faces without area are left out", () => {
  const points = [
    [0, 0, 0],
    [1, 0, 0],
    [0, 1, 0],
    [2, 0, 0],
  ];
  const solid = facetedSolid(points, [
    [0, 1, 2],
    [0, 1, 3],
  ]);
  expect(solid.indices).toEqual([0, 1, 2]);
  expect(solid.normals.slice(0, 3)).toEqual([0, 0, 1]);
});
