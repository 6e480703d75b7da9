/**
 * Builds the mesh of a heightfield: the very surface, with the same diagonals, that rapier's
 * heightfield collides with. Pure; knows no three.js.
 */
import type { Solid } from "./solids";

export interface Heightfield {
  /** Points along z. */
  rows: number;
  /** Points along x. */
  columns: number;
  /** Whole extent along x and z, metres. */
  size_m: readonly number[];
  /** Column-major: index = column * rows + row. */
  heights_m: readonly number[];
}

/** Linear RGB. */
type Rgb = readonly [number, number, number];

export interface TerrainColours {
  /** Flat ground. */
  low: Rgb;
  /** Flat ground high up. */
  high: Rgb;
  /** Steep ground. */
  rock: Rgb;
  /** Beside and under water. */
  shore: Rgb;
  /** Height of the water's surface in the field's own frame, metres. */
  waterM: number | null;
}

/**
 * Triangles of the cell (row i, column j): (i,j) (i+1,j) (i,j+1) and (i+1,j) (i+1,j+1) (i,j+1),
 * as in parry's `HeightField::triangles_at` without subdivision flags.
 */
export function terrainSolid(field: Heightfield, scale: number, colours: TerrainColours): Solid {
  const { rows, columns } = field;
  const [sizeX = 1, sizeZ = 1] = field.size_m;
  const stepX = (sizeX / (columns - 1)) * scale;
  const stepZ = (sizeZ / (rows - 1)) * scale;
  const height = (row: number, column: number) => {
    const r = Math.min(Math.max(row, 0), rows - 1);
    const c = Math.min(Math.max(column, 0), columns - 1);
    return (field.heights_m[c * rows + r] ?? 0) * scale;
  };
  let lowest = Infinity;
  let highest = -Infinity;
  for (const value of field.heights_m) {
    lowest = Math.min(lowest, value * scale);
    highest = Math.max(highest, value * scale);
  }
  const solid: Solid = { positions: [], normals: [], uvs: [], indices: [], colours: [] };
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      const x = (column / (columns - 1) - 0.5) * sizeX * scale;
      const z = (row / (rows - 1) - 0.5) * sizeZ * scale;
      const y = height(row, column);
      const slopeX = (height(row, column + 1) - height(row, column - 1)) / (2 * stepX);
      const slopeZ = (height(row + 1, column) - height(row - 1, column)) / (2 * stepZ);
      const length = Math.hypot(slopeX, 1, slopeZ);
      solid.positions.push(x, y, z);
      solid.normals.push(-slopeX / length, 1 / length, -slopeZ / length);
      solid.uvs.push(x, z);
      const around =
        (height(row - 2, column) +
          height(row + 2, column) +
          height(row, column - 2) +
          height(row, column + 2)) /
        4;
      // Hollows see less of the sky than ridges.
      const openness = 1 + clamp((y - around) / (stepX + stepZ), -0.5, 0.35) * 0.5;
      const rise = highest > lowest ? (y - lowest) / (highest - lowest) : 0;
      const colour = groundColour(colours, rise, 1 / length, y, speckle(column, row));
      solid.colours?.push(...colour.map((channel) => channel * openness));
    }
  }
  for (let column = 0; column + 1 < columns; column++) {
    for (let row = 0; row + 1 < rows; row++) {
      const p00 = column * rows + row;
      const p10 = p00 + 1;
      const p01 = p00 + rows;
      const p11 = p01 + 1;
      solid.indices.push(p00, p10, p01, p10, p11, p01);
    }
  }
  return solid;
}

/** `flatness` is the y of the normal, `rise` 0-1 within the field, `y` metres. */
function groundColour(
  colours: TerrainColours,
  rise: number,
  flatness: number,
  y: number,
  grain: number,
): Rgb {
  const wobble = (grain - 0.5) * 0.25;
  let colour = mix(colours.low, colours.high, smoothstep(0.3, 0.95, rise + wobble));
  colour = mix(colour, colours.rock, 1 - smoothstep(0.74, 0.88, flatness + wobble * 0.4));
  if (colours.waterM !== null) {
    const above = y - colours.waterM;
    colour = mix(colours.shore, colour, smoothstep(0.05, 0.6, above + wobble));
    // Water swallows light with depth.
    if (above < 0) colour = mix(colour, [0.05, 0.12, 0.12], Math.min(0.8, -above * 0.45));
  }
  // Lush and dry patches: dark ones lean to blue, light ones to yellow.
  const shade = 0.82 + grain * 0.3;
  return [colour[0] * shade * (0.9 + grain * 0.2), colour[1] * shade, colour[2] * shade];
}

/** Value noise of two octaves on the grid, 0-1, the same in every run. */
function speckle(x: number, y: number): number {
  return 0.65 * valueNoise(x / 5, y / 5) + 0.35 * valueNoise(x / 1.7, y / 1.7);
}

export function valueNoise(x: number, y: number): number {
  const [ix, iy] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [smooth(x - ix), smooth(y - iy)];
  const top = hash(ix, iy) * (1 - fx) + hash(ix + 1, iy) * fx;
  const bottom = hash(ix, iy + 1) * (1 - fx) + hash(ix + 1, iy + 1) * fx;
  return top * (1 - fy) + bottom * fy;
}

/** A number 0-1 from two integers. */
export function hash(x: number, y: number): number {
  let h = Math.imul(x, 374761393) ^ Math.imul(y, 668265263);
  h = Math.imul(h ^ (h >>> 13), 1274126177);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}

function smoothstep(from: number, to: number, value: number): number {
  return smooth(clamp((value - from) / (to - from), 0, 1));
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

function mix(a: Rgb, b: Rgb, t: number): Rgb {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}
