/**
 * One member of a block, as it is read: `shared/protocol/src/snapshot/member.rs`, operation by
 * operation. Fields are 32-bit integers, and sums of them wrap.
 *
 * Invariant: whatever is read, the fields it gives are within their components' ranges. No memory is
 * taken for a member: what the steps of one share lies in fields of the reader.
 */
import { type Component, schemas } from "../generated";
import { places, residuals, weights } from "./beliefs";
import { bitLength, Models, type Residuals } from "./models";
import {
  clamp,
  displacement,
  largestOf,
  limited,
  partField,
  quaternion,
  steadyTurn,
  steps,
  turnOn,
} from "./predict";
import type { RangeDecoder } from "./range";

/** Headings of walkers wrap around here. */
const HEADING_MAX = 0xffff;

/** When the states were that a block builds on. */
export interface Times {
  /** Ticks from the baseline to now; 0: the block builds on nothing. */
  age: number;
  /** Ticks from the first earlier state to the baseline, and from the second to the first. */
  gap0: number;
  gap1: number;
  /** Level of detail of what is coded. */
  level: number;
}

/** The values that the fields of a component may have at a level of detail: `Grid`. */
interface Grid {
  component: Component;
  bits: number;
  min: number;
  max: number;
}

function coarse(value: number, bits: number): number {
  return bits === 0 ? value : (((value + (1 << (bits - 1))) | 0) >> bits) << bits;
}

function gridOf(component: Component, level: number): Grid {
  const bits = component.coarseBits[level] as number;
  const [min, max] = [coarse(component.min, bits), coarse(component.max, bits)];
  return { component, bits, min, max };
}

/** By facet and level. */
const grids: readonly (readonly (readonly Grid[])[])[] = schemas.map(({ components }) =>
  [0, 1, 2, 3].map((level) => components.map((component) => gridOf(component, level))),
);
const counts: readonly number[] = schemas.map(({ fieldCount }) => fieldCount);
const habits: readonly number[] = schemas.map((schema) => schema.habits);

function round(grid: Grid, value: number): number {
  return clamp(coarse(value, grid.bits), grid.min, grid.max);
}

function fieldOf(grid: Grid, predicted: number, residual: number): number {
  return clamp((predicted + (residual << grid.bits)) | 0, grid.min, grid.max);
}

/** The magnitude as an unsigned number, also of the smallest. */
function magnitudeOf(value: number): number {
  return Math.abs(value | 0);
}

/** The index of the one with the largest magnitude, the first of several. */
function longest(ways: Int32Array): number {
  let index = 0;
  for (let other = 1; other < 3; other += 1) {
    if (Math.abs(ways[other] as number) > Math.abs(ways[index] as number)) index = other;
  }
  return index;
}

export class MemberReader {
  readonly #models = new Models();
  // What is known of the member: states, and where its fields begin in them. Where there is no
  // earlier state, the base stands in.
  #base: Int32Array = new Int32Array(0);
  #baseAt = 0;
  #first: Int32Array = new Int32Array(0);
  #firstAt = 0;
  #knowsFirst = false;
  #second: Int32Array = new Int32Array(0);
  #secondAt = 0;
  #knowsSecond = false;
  #now: Int32Array = new Int32Array(0);
  #nowAt = 0;
  #times: Times = { age: 0, gap0: 0, gap1: 0, level: 0 };
  #facet = 0;
  #count = 0;
  /** The largest residual of the last position. */
  #surprise = 0;
  /** How far the last position went, in 1/64 of how far it was expected to go. */
  #pace = 64;
  /** Whether the heading changed. */
  #turned = false;
  /** How far a walker's heading goes on turning. */
  #steady = 0;
  /** Whether the residual before went further (1) or less far (-1) than expected; 0: neither. */
  #further = 0;
  readonly #expected = new Int32Array(3);
  readonly #starts = new Int32Array(3);
  readonly #quaternion = new Int32Array(4);
  readonly #earlier = new Int32Array(4);
  readonly #predicted = new Int32Array(4);

  /** Forgets what was learned in the block before. */
  reset(): void {
    this.#models.reset();
  }

  /** Says what is known of the member that `change` reads next. */
  know(base: Int32Array, at: number): void {
    this.#base = base;
    this.#baseAt = at;
    this.#knowsFirst = false;
    this.#knowsSecond = false;
  }

  /** And at the first earlier state. */
  knowFirst(fields: Int32Array, at: number): void {
    this.#first = fields;
    this.#firstAt = at;
    this.#knowsFirst = true;
  }

  /** And at the second one. */
  knowSecond(fields: Int32Array, at: number): void {
    this.#second = fields;
    this.#secondAt = at;
    this.#knowsSecond = true;
  }

  /** Reads a member that was known at the baseline into `now` from `at` on. */
  change(coder: RangeDecoder, facet: number, times: Times, now: Int32Array, at: number): void {
    const count = counts[facet] as number;
    this.#facet = habits[facet] as number;
    this.#count = count;
    this.#times = times;
    this.#now = now;
    this.#nowAt = at;
    const models = this.#models;
    const place = places.changed + this.#facet * places.changedClasses + this.#changedClass();
    models.changedBefore = models.decide(coder, place) === 1;
    if (!models.changedBefore) {
      for (let index = 0; index < count; index += 1) {
        now[at + index] = this.#base[this.#baseAt + index] as number;
      }
      return;
    }
    this.#surprise = 0;
    this.#pace = 64;
    this.#turned = false;
    const all = (grids[facet] as readonly (readonly Grid[])[])[times.level] as readonly Grid[];
    let field = 0;
    for (let index = 0; index < all.length; index += 1) {
      const grid = all[index] as Grid;
      switch (grid.component.coding) {
        case "position":
          this.#position(coder, grid, field);
          field += 3;
          break;
        case "rotation":
          this.#rotation(coder, grid, field);
          field += 4;
          break;
        case "heading":
          this.#heading(coder, grid, field);
          field += 1;
          break;
        case "number":
          this.#number(coder, grid, field);
          field += 1;
          break;
        case "flags":
          this.#flags(coder, grid, field);
          field += 1;
          break;
      }
    }
  }

  /** Reads a member that was not known; `like` in `now` is one that is probably similar, or -1. */
  comer(
    coder: RangeDecoder,
    facet: number,
    level: number,
    like: number,
    now: Int32Array,
    at: number,
  ): void {
    const models = this.#models;
    const all = (grids[facet] as readonly (readonly Grid[])[])[level] as readonly Grid[];
    let field = 0;
    for (const grid of all) {
      let row = 0;
      let count = 1;
      switch (grid.component.coding) {
        case "position":
          count = 3;
          break;
        case "rotation":
          now[at + field] = coder.even(2);
          field += 1;
          row = 2;
          count = 3;
          break;
        case "heading":
          // Any of them is as likely.
          now[at + field] = coder.even(grid.component.bits - grid.bits) << grid.bits;
          field += 1;
          count = 0;
          break;
        case "number":
          row = 5;
          break;
        case "flags":
          row = 6;
          break;
      }
      for (let step = 0; step < count; step += 1) {
        // The middle one of a position is its height.
        const ofClass = row === 0 && step === 1 ? 1 : row;
        const predicted = round(grid, like < 0 ? 0 : (now[like + field] as number));
        const residual = models.residual(coder, residuals.comer, ofClass, 0);
        now[at + field] = fieldOf(grid, predicted, residual);
        field += 1;
      }
    }
  }

  /** Whether a field of the first earlier state, from `field` on, is another than at the baseline. */
  #firstDiffers(field: number, count: number): boolean {
    for (let index = field; index < count; index += 1) {
      if (this.#first[this.#firstAt + index] !== this.#base[this.#baseAt + index]) return true;
    }
    return false;
  }

  #secondDiffers(): boolean {
    for (let index = 0; index < this.#count; index += 1) {
      if (this.#second[this.#secondAt + index] !== this.#base[this.#baseAt + index]) return true;
    }
    return false;
  }

  #changedClass(): number {
    const before = this.#models.changedBefore ? 8 : 0;
    const last = this.#base[this.#baseAt + this.#count - 1] as number;
    if (!this.#knowsFirst) return before + (last === 0 ? 7 : 6);
    const second = this.#knowsSecond && this.#secondDiffers() ? 1 : 0;
    if (this.#firstDiffers(0, this.#count)) return before + second + 2;
    return before + second + (last === 0 ? 0 : 4);
  }

  /** How far the heading of a field goes on turning, if it turned steadily. */
  #steadyTurn(field: number): number {
    if (!this.#knowsFirst || !this.#knowsSecond) return 0;
    const base = this.#base[this.#baseAt + field] as number;
    const first = this.#first[this.#firstAt + field] as number;
    const second = this.#second[this.#secondAt + field] as number;
    return steadyTurn(base, first, second, this.#times, HEADING_MAX);
  }

  /** Finds where a position goes and how it bends; gives speed and bend, in steps. */
  #motion(field: number, habit: boolean): number {
    const { age, gap0, gap1 } = this.#times;
    const expected = this.#expected;
    expected.fill(0);
    let speed = 0;
    let bend = 0;
    const bending = this.#starts;
    bending.fill(0);
    if (this.#knowsFirst) {
      for (let axis = 0; axis < 3; axis += 1) {
        const base = this.#base[this.#baseAt + field + axis] as number;
        const first = this.#first[this.#firstAt + field + axis] as number;
        const going = displacement(base, first, age, gap0);
        expected[axis] = going;
        speed += Math.abs(going);
        if (!this.#knowsSecond) continue;
        const second = this.#second[this.#secondAt + field + axis] as number;
        bending[axis] = going - displacement(base, second, age, gap0 + gap1);
        bend += Math.abs(bending[axis] as number);
      }
    }
    const speedSteps = steps(speed);
    let speedClass = clamp(bitLength(speedSteps) - 1, 0, 5);
    let ofClass = this.#knowsSecond ? Math.min(bitLength(steps(bend)), 4) : 3;
    let weight0 = 64;
    let weight1 = 0;
    if (habit) {
      // How rough the rounded speed makes the expectation, and whether it turned since.
      if (speedSteps > 0) {
        const rough = Math.floor((4 * Math.min(age, 64)) / Math.max(gap0, 1));
        speedClass = Math.min(1 + bitLength(rough), 5);
      }
      ofClass = this.#knowsFirst && this.#firstDiffers(field + 3, this.#count) ? 1 : 0;
      this.#steady = this.#steadyTurn(field + 3);
      if (this.#steady !== 0) {
        // Who turns steadily walks along an arc.
        const ahead = Math.min(age, 64) + gap0;
        for (let axis = 0; axis < 3; axis += 1) {
          const bent = ((bending[axis] as number) * ahead) / Math.max(gap1, 1);
          bending[axis] = limited(bent | 0);
        }
        weight1 = 64;
      }
    } else {
      const row = (speedClass * 5 + ofClass) * 2;
      weight0 = weights[row] as number;
      weight1 = weights[row + 1] as number;
    }
    for (let axis = 0; axis < 3; axis += 1) {
      const going = (expected[axis] as number) * weight0 + (bending[axis] as number) * weight1;
      expected[axis] = (going + (1 << 9)) >> 10;
    }
    return speedClass * 10 + ofClass;
  }

  #position(coder: RangeDecoder, grid: Grid, field: number): void {
    const habit = this.#facet === 0;
    const kind = habit ? residuals.walk : residuals.move;
    const rows = this.#motion(field, habit);
    let ofClass = rows % 10;
    const row = rows - ofClass;
    const expected = this.#expected;
    // The axis with the longest way comes first: how it went tells of the others.
    let axis = longest(expected);
    let went = 0;
    let meant = 0;
    let surprise = 0;
    let pace = 64;
    this.#further = 0;
    for (let step = 0; step < 3; step += 1) {
      const at = this.#nowAt + field + axis;
      const base = this.#base[this.#baseAt + field + axis] as number;
      const way = expected[axis] as number;
      const paced = way + ((clamp(way, -8_192, 8_192) * (pace - 64)) >> 6);
      const predicted = round(grid, (base + paced) | 0);
      const residual = this.#along(coder, kind, row + (step > 0 ? 5 : 0) + ofClass, paced);
      const now = fieldOf(grid, predicted, residual);
      this.#now[at] = now;
      surprise = Math.max(magnitudeOf(residual), surprise);
      ofClass = Math.min(bitLength(surprise), 4);
      went += Math.min(magnitudeOf(now - base), 8_192);
      meant += Math.min(Math.abs(way), 8_192);
      if (step === 0 && !habit && meant > 3) {
        pace = 64 + (((clamp(Math.trunc((went * 64) / meant), 0, 96) - 64) / 2) | 0);
      }
      axis = (axis + 1) % 3;
    }
    this.#surprise = surprise;
    this.#pace = meant > 3 ? clamp(Math.trunc((went * 64) / meant), 0, 96) : 64;
  }

  /** Finds the rotation that is expected; gives the class of how far it turns. */
  #turn(grid: Grid, field: number): number {
    const { min, max } = grid.component;
    const base = this.#quaternion;
    const predicted = this.#predicted;
    quaternion(this.#base, this.#baseAt + field, min, max, base);
    predicted.set(base);
    if (!this.#knowsFirst) return -1;
    let differs = false;
    for (let index = field; index < field + 4; index += 1) {
      if (this.#first[this.#firstAt + index] !== this.#base[this.#baseAt + index]) differs = true;
    }
    if (!differs) return -1;
    quaternion(this.#first, this.#firstAt + field, min, max, this.#earlier);
    const { age, gap0 } = this.#times;
    const times = Math.min(
      Math.trunc((Math.min(age, 64) * this.#pace) / clamp(gap0, 1, 64)),
      2_048,
    );
    turnOn(base, this.#earlier, times, predicted);
    let way = 0;
    for (let index = 0; index < 4; index += 1) {
      way += Math.abs((predicted[index] as number) - (base[index] as number));
    }
    return Math.min(bitLength(way >>> 6), 5);
  }

  #rotation(coder: RangeDecoder, grid: Grid, field: number): void {
    const { min, max } = grid.component;
    const turn = this.#turn(grid, field);
    const ofClass = Math.max(turn, 0);
    let largest = (this.#base[this.#baseAt + field] as number) & 3;
    if (turn >= 0) largest = largestOf(this.#predicted);
    const other = this.#models.decide(coder, places.largest + (ofClass > 0 ? 1 : 0));
    if (other === 1) largest = coder.even(2);
    this.#now[this.#nowAt + field] = largest;
    const expected = this.#expected;
    const starts = this.#starts;
    for (let index = 0, part = 0; index < 4; index += 1) {
      if (index === largest) continue;
      const start = partField(this.#quaternion, largest, index, min, max);
      starts[part] = start;
      expected[part] = partField(this.#predicted, largest, index, min, max) - start;
      part += 1;
    }
    let part = longest(expected);
    let surpriseClass = Math.min(bitLength(this.#surprise), 4);
    let surprise = 0;
    let pace = 64;
    this.#further = 0;
    for (let step = 0; step < 3; step += 1) {
      const way = expected[part] as number;
      const start = starts[part] as number;
      const paced = way + ((way * (pace - 64)) >> 6);
      const predicted = round(grid, start + paced);
      const row = ofClass * 10 + (step > 0 ? 5 : 0) + surpriseClass;
      const residual = this.#along(coder, residuals.turn, row, paced);
      const now = fieldOf(grid, predicted, residual);
      this.#now[this.#nowAt + field + 1 + part] = now;
      surprise = Math.max(magnitudeOf(residual), surprise);
      surpriseClass = Math.min(bitLength(surprise), 4);
      if (step === 0 && Math.abs(way) > 3) {
        const went = Math.trunc(((now - start) * 64) / way);
        pace = 64 + (((clamp(went, 0, 128) - 64) / 2) | 0);
      }
      part = (part + 1) % 3;
    }
  }

  #heading(coder: RangeDecoder, grid: Grid, field: number): void {
    const base = this.#base[this.#baseAt + field] as number;
    const turning = this.#knowsFirst && this.#first[this.#firstAt + field] !== base;
    const steady = this.#facet === 0 ? this.#steady : 0;
    const predicted = round(grid, (base + steady) & grid.component.max);
    const ofClass = Math.min(bitLength(this.#surprise), 3) + (turning ? 4 : 0);
    const residual = this.#models.residual(coder, residuals.heading, ofClass, turning ? 1 : 0);
    const now = (predicted + (residual << grid.bits)) & grid.component.max;
    this.#now[this.#nowAt + field] = now;
    this.#turned = residual !== 0;
  }

  #number(coder: RangeDecoder, grid: Grid, field: number): void {
    const base = this.#base[this.#baseAt + field] as number;
    const turning = this.#knowsFirst && this.#first[this.#firstAt + field] !== base;
    const ofClass = (this.#turned ? 1 : 0) + (turning ? 2 : 0);
    const residual = this.#models.residual(coder, residuals.number, ofClass, 0);
    this.#now[this.#nowAt + field] = fieldOf(grid, round(grid, base), residual);
  }

  #flags(coder: RangeDecoder, grid: Grid, field: number): void {
    const base = this.#base[this.#baseAt + field] as number;
    const surprise = Math.min((bitLength(this.#surprise) + 1) >> 1, 3);
    const count = Math.min(grid.component.bits, places.flagBits);
    let flags = 0;
    for (let bit = 0; bit < count; bit += 1) {
      const ofClass = ((base >> bit) & 1) * 4 + surprise;
      const row = this.#facet * places.flagClasses + ofClass;
      const place = places.flags + row * places.flagBits + bit;
      flags |= this.#models.decide(coder, place) << bit;
    }
    this.#now[this.#nowAt + field] = flags;
  }

  /** A residual whose sign is told relative to the way that is expected. */
  #along(coder: RangeDecoder, kind: Residuals, ofClass: number, way: number): number {
    const before = this.#further;
    const signClass = way === 0 ? 1 : before === 0 ? 0 : before > 0 ? 2 : 3;
    const turned = this.#models.residual(coder, kind, ofClass, signClass);
    if (way !== 0 && turned !== 0) this.#further = turned > 0 ? 1 : -1;
    return way < 0 ? -turned | 0 : turned;
  }
}
