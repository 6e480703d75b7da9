/**
 * A leaf at one tick: who is in its slots, with their fields. Memory is kept from one use to the
 * next, since snapshots come and go many times a second.
 */
import { FIELDS_MAX, SLOTS, schemas } from "../generated";

/** No member in a slot. */
export const NOBODY = -1;

export class Snapshot {
  /** The tick whose end this is. */
  tick = 0;
  /** Slots of which something is known, 32 in each; all, once every part has come. */
  toldLow = 0;
  toldHigh = 0;
  /** Facet of the member of each slot, or `NOBODY`. */
  readonly facet = new Int8Array(SLOTS).fill(NOBODY);
  /** Person or object of each slot, for what it is the facet of. */
  readonly subject = new Uint32Array(SLOTS);
  /** Where the fields of each slot begin. */
  readonly at = new Uint16Array(SLOTS);
  fields = new Int32Array(SLOTS * 6);
  /** How many of the fields are used. */
  used = 0;

  /** Whether every part has come. */
  get complete(): boolean {
    return (this.toldLow & this.toldHigh) === -1;
  }

  /** Starts anew. */
  clear(tick: number): void {
    this.tick = tick;
    this.toldLow = 0;
    this.toldHigh = 0;
    this.facet.fill(NOBODY);
    this.used = 0;
  }

  /** Makes room for one more member. */
  reserve(): void {
    if (this.used + FIELDS_MAX <= this.fields.length) return;
    const larger = new Int32Array(Math.min(SLOTS, 2 * Math.ceil(this.used / 6)) * FIELDS_MAX);
    larger.set(this.fields.subarray(0, this.used));
    this.fields = larger;
  }

  /** Adds a member whose fields were written at `used`. */
  put(slot: number, facet: number, subject: number): void {
    this.facet[slot] = facet;
    this.subject[slot] = subject;
    this.at[slot] = this.used;
    this.used += fieldCount(facet);
  }

  /** Whether a slot has this member. */
  holds(slot: number, facet: number, subject: number): boolean {
    return this.facet[slot] === facet && this.subject[slot] === subject;
  }
}

const counts = Uint8Array.from(schemas, (schema) => schema.fieldCount);

/** Fields of a facet. */
export function fieldCount(facet: number): number {
  return counts[facet] as number;
}
