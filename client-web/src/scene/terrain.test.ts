import { expect, test } from "vitest";
import { type TerrainColours, terrainSolid } from "./terrain";

const colours: TerrainColours = {
  low: [0.2, 0.5, 0.1],
  high: [0.4, 0.5, 0.2],
  rock: [0.4, 0.4, 0.4],
  shore: [0.8, 0.7, 0.5],
  waterM: null,
};

/** 3 points along z, 2 along x, over 4 m x 6 m. */
const field = { rows: 3, columns: 2, size_m: [4, 6], heights_m: [1, 2, 3, 10, 20, 30] };

function corner(positions: number[], index: number): number[] {
  return positions.slice(index * 3, index * 3 + 3);
}

test("rows run along z and columns along x, from the negative corner", () => {
  const { positions } = terrainSolid(field, 1, colours);
  expect(corner(positions, 0)).toEqual([-2, 1, -3]);
  expect(corner(positions, 1)).toEqual([-2, 2, 0]);
  expect(corner(positions, 2)).toEqual([-2, 3, 3]);
  expect(corner(positions, 3)).toEqual([2, 10, -3]);
  expect(corner(positions, 5)).toEqual([2, 30, 3]);
});

test("cells are split along the diagonal that the collider uses", () => {
  const { indices } = terrainSolid(field, 1, colours);
  // (row 0, column 0), (row 1, column 0), (row 0, column 1), then the other half.
  expect(indices.slice(0, 6)).toEqual([0, 1, 3, 1, 4, 3]);
  expect(indices).toHaveLength(2 * 2 * 3);
});

test("every triangle faces up", () => {
  const { positions, indices } = terrainSolid(field, 1, colours);
  for (let i = 0; i < indices.length; i += 3) {
    const [a, b, c] = indices.slice(i, i + 3).map((index) => corner(positions, index));
    if (!a || !b || !c) throw new Error("a triangle has three corners");
    const d = (p: number[], q: number[], k: number) => (p[k] ?? 0) - (q[k] ?? 0);
    const up = d(b, a, 2) * d(c, a, 0) - d(b, a, 0) * d(c, a, 2);
    expect(up).toBeGreaterThan(0);
  }
});

test("a scaled object has a scaled field", () => {
  const { positions } = terrainSolid(field, 2, colours);
  expect(corner(positions, 5)).toEqual([4, 60, 6]);
});

test("ground beside water is shore, far above it is not", () => {
  const flat = { rows: 2, columns: 2, size_m: [2, 2], heights_m: [5, 5, 5, 5] };
  const dry = terrainSolid(flat, 1, { ...colours, waterM: 0 }).colours ?? [];
  const wet = terrainSolid(flat, 1, { ...colours, waterM: 4.95 }).colours ?? [];
  expect(wet[0] ?? 0).toBeGreaterThan((dry[0] ?? 0) * 1.5);
});
