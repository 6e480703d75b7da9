/**
 * Where things will be: `shared/protocol/src/snapshot/predict.rs`, operation by operation. Integers
 * alone, so that both ends expect the same.
 */

const PARTS = 16;
const JUMP = 1 << 13;
const DISPLACEMENT_MAX = 1 << 19;

export function clamp(value: number, least: number, greatest: number): number {
  return value < least ? least : value > greatest ? greatest : value;
}

/** How far a coordinate goes in `age` ticks, in 1/16 steps, if it goes on as for `gap` ticks. */
export function displacement(base: number, earlier: number, age: number, gap: number): number {
  const went = (base - earlier) | 0;
  if ((went + JUMP) >>> 0 > 2 * JUMP) return 0;
  const way = (went * PARTS * Math.min(age, 64)) / clamp(gap, 1, 1 << 20);
  return clamp(way | 0, -DISPLACEMENT_MAX, DISPLACEMENT_MAX);
}

/** A displacement within what can be worked with. */
export function limited(displacement: number): number {
  return clamp(displacement, -DISPLACEMENT_MAX, DISPLACEMENT_MAX);
}

/** In 1/64 per tick, the shorter way around. */
function turnRate(to: number, from: number, gap: number, max: number): number {
  const half = (max >> 1) + 1;
  const way = (((to - from) & max) ^ half) - half;
  return ((way * 64) / clamp(gap, 1, 64)) | 0;
}

/** How far a heading turns in `age` ticks when it turned at about the same rate before; else 0. */
export function steadyTurn(
  base: number,
  first: number,
  second: number,
  { age, gap0, gap1 }: { readonly age: number; readonly gap0: number; readonly gap1: number },
  max: number,
): number {
  const now = turnRate(base, first, gap0, max);
  const before = turnRate(first, second, gap1, max);
  const alike = Math.abs(now) <= 2 * Math.abs(before) && Math.abs(before) <= 2 * Math.abs(now);
  if (now === 0 || now < 0 !== before < 0 || !alike) return 0;
  return ((now * Math.min(age, 64)) / 64) | 0;
}

/** Whole steps of parts. */
export function steps(parts: number): number {
  return (parts + PARTS / 2) >> 4;
}

const LENGTH = 11_563;
const LENGTH_SQUARED = 133_693_952;

/** Reads the fields of a rotation from `at` into a unit quaternion times `LENGTH`. */
export function quaternion(
  fields: Int32Array,
  at: number,
  min: number,
  max: number,
  into: Int32Array,
): void {
  const largest = (fields[at] as number) & 3;
  let squares = 0;
  let next = at + 1;
  for (let index = 0; index < 4; index += 1) {
    if (index === largest) continue;
    let field = clamp(fields[next] as number, min, max);
    if (min === 0) field = 2 * field - max;
    const part = clamp(field, -511, 511) * 16;
    into[index] = part;
    squares += part * part;
    next += 1;
  }
  into[largest] = Math.floor(Math.sqrt(Math.max(LENGTH_SQUARED - squares, 0)));
}

/** The field of the component `index` when that of index `largest` is left out: one of `three`. */
export function partField(
  parts: Int32Array,
  largest: number,
  index: number,
  min: number,
  max: number,
): number {
  const sign = (parts[largest] as number) < 0 ? -1 : 1;
  const part = (parts[index] as number) * sign;
  const field = min === 0 ? (part + max * 16 + 16) >> 5 : (part + 8) >> 4;
  return clamp(field, min, max);
}

/** The index of the component with the largest magnitude. */
export function largestOf(parts: Int32Array): number {
  let largest = 0;
  for (let index = 1; index < 4; index += 1) {
    if (Math.abs(parts[index] as number) > Math.abs(parts[largest] as number)) largest = index;
  }
  return largest;
}

/**
 * Writes to `into` the rotation that goes on as it went from `earlier` to `base`, for `times` (1/64)
 * as long.
 */
export function turnOn(
  base: Int32Array,
  earlier: Int32Array,
  times: number,
  into: Int32Array,
): void {
  let dot = 0;
  for (let index = 0; index < 4; index += 1) {
    dot += (base[index] as number) * (earlier[index] as number);
  }
  const sign = dot < 0 ? -1 : 1;
  const cosine = Math.min(Math.floor((dot * sign) / (LENGTH_SQUARED >> 14)), 16_384);
  const sineSquared = (((16_384 - cosine) * (16_384 + cosine)) / 16_384) | 0;
  const quarter = (sineSquared / 4) | 0;
  const once = ((quarter * times) / 64) | 0;
  const square = Math.min(((once * times) / 64) | 0, 4_096);
  const series = ((((square * square) / 4_096) | 0) * 2) / 15;
  const slope = 4_096 + ((square / 3) | 0) + (series | 0);
  const factor = ((times * slope) / 4_096) | 0;
  let squares = 0;
  for (let index = 0; index < 4; index += 1) {
    const now = base[index] as number;
    const across = ((now * cosine) >> 14) - (earlier[index] as number) * sign;
    const part = now + (((across * factor) / 64) | 0);
    into[index] = part;
    squares += part * part;
  }
  // Below 2^53, so that the square root in double precision is exact.
  const length = Math.floor(Math.sqrt(squares));
  if (length === 0) {
    into.set(base);
    return;
  }
  for (let index = 0; index < 4; index += 1) {
    const part = clamp(into[index] as number, -length, length);
    into[index] = Math.trunc((part * LENGTH) / length);
  }
}
