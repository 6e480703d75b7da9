/**
 * Draws the document's procedural patterns as tileable grey textures that multiply the colour.
 * Pure; knows no three.js.
 */
import type { Pattern } from "../protocol/document";
import { hash } from "./terrain";

/** Metres that one repetition covers. */
export const PATTERN_PERIOD_M: Record<Pattern, number> = {
  tiles: 4,
  planks: 3,
  noise: 6,
  checks: 2,
};

/** Factors on the colour, 255 = 1 (linear), row by row, `size` squared. */
export function patternPixels(pattern: Pattern, size: number): Uint8Array {
  const pixels = new Uint8Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const tone = toneOf(pattern, (x + 0.5) / size, (y + 0.5) / size);
      pixels[y * size + x] = Math.round(255 * Math.min(Math.max(tone, 0), 1));
    }
  }
  return pixels;
}

function toneOf(pattern: Pattern, u: number, v: number): number {
  switch (pattern) {
    case "tiles":
      return tiles(u * PATTERN_PERIOD_M.tiles, v * PATTERN_PERIOD_M.tiles, u, v);
    case "planks":
      return planks(u, v);
    case "noise":
      return 0.62 + 0.34 * cloudNoise(u, v, 5, 4) + 0.2 * cloudNoise(u, v, 44, 3);
    case "checks":
      return checks(u * PATTERN_PERIOD_M.checks, v * PATTERN_PERIOD_M.checks, u, v);
  }
}

function tiles(x: number, y: number, u: number, v: number): number {
  const [tileX, tileY] = [Math.floor(x), Math.floor(y)];
  const edge = Math.min(x - tileX, 1 - (x - tileX), y - tileY, 1 - (y - tileY));
  const joint = smoothstep(0.008, 0.028, edge);
  const tile = 0.86 + 0.14 * hash(tileX + 7, tileY + 13);
  const grain = 0.94 + 0.06 * cloudNoise(u, v, 16, 3);
  return (0.5 + 0.5 * joint) * tile * grain;
}

const BOARDS = 12;

function planks(u: number, v: number): number {
  const board = Math.floor(v * BOARDS);
  const across = v * BOARDS - board;
  // Each board starts elsewhere, so that the butt joints are staggered.
  const along = (u + hash(board, 3)) % 1;
  const butt = Math.min(along, 1 - along) * 3;
  const joint =
    smoothstep(0.02, 0.09, Math.min(across, 1 - across)) * smoothstep(0.004, 0.014, butt);
  const wood = 0.84 + 0.16 * hash(board, 11);
  const grain = 0.88 + 0.12 * streaks(u, v, board);
  return (0.42 + 0.58 * joint) * wood * grain;
}

/** Long fibres: noise stretched along u. */
function streaks(u: number, v: number, board: number): number {
  return (
    0.6 * wrappedNoise(u * 6, v * 96, 6, 96, board) +
    0.4 * wrappedNoise(u * 18, v * 192, 18, 192, 5)
  );
}

function checks(x: number, y: number, u: number, v: number): number {
  const dark = (Math.floor(x) + Math.floor(y)) % 2 === 0;
  const grain = 0.96 + 0.04 * cloudNoise(u, v, 12, 3);
  return (dark ? 0.6 : 1) * grain;
}

/** Tileable fractal noise, 0-1. */
export function cloudNoise(u: number, v: number, cells: number, octaves: number): number {
  let sum = 0;
  let weight = 0.5;
  let total = 0;
  let count = cells;
  for (let octave = 0; octave < octaves; octave++) {
    sum += weight * wrappedNoise(u * count, v * count, count, count, octave * 31);
    total += weight;
    weight *= 0.55;
    count *= 2;
  }
  return sum / total;
}

function wrappedNoise(x: number, y: number, wrapX: number, wrapY: number, seed: number): number {
  const [ix, iy] = [Math.floor(x), Math.floor(y)];
  const fx = fade(x - ix);
  const fy = fade(y - iy);
  const at = (dx: number, dy: number) =>
    hash(((ix + dx) % wrapX) + seed * 101, ((iy + dy) % wrapY) + seed * 57);
  const top = at(0, 0) * (1 - fx) + at(1, 0) * fx;
  const bottom = at(0, 1) * (1 - fx) + at(1, 1) * fx;
  return top * (1 - fy) + bottom * fy;
}

function fade(t: number): number {
  return t * t * t * (t * (t * 6 - 15) + 10);
}

function smoothstep(from: number, to: number, value: number): number {
  const t = Math.min(Math.max((value - from) / (to - from), 0), 1);
  return t * t * (3 - 2 * t);
}
