/**
 * What this end knows of the world: the state of all entities in sight, for the last 64 frames.
 *
 * Invariant: a table equals the server's quantised state at its tick. A frame whose baseline is not
 * here is refused and full frames are asked for (acknowledging 0) until one comes. Tables and
 * records are never changed once made: what did not change is shared between frames.
 */
import {
  type EntityKind,
  FIELD_COUNT,
  type FieldDelta,
  type Frame,
  limits,
} from "../protocol/generated";

/** Quantised state of one entity at one tick. */
export interface EntityRecord {
  readonly entity: number;
  readonly kind: EntityKind;
  /** `FIELD_COUNT` integers; see `field`. */
  readonly fields: readonly number[];
}

/** Everything in sight at the end of `tick`. */
export interface EntityTable {
  readonly tick: number;
  readonly entities: ReadonlyMap<number, EntityRecord>;
}

/** What became of a frame. */
export type Applied = "applied" | "repeated" | "unknownBaseline" | "malformed";

const ZEROS: readonly number[] = new Array<number>(FIELD_COUNT).fill(0);
const NOTHING: ReadonlyMap<number, EntityRecord> = new Map();

/** `from` with the change added, wrapping at 32 bits; null when the change is malformed. */
export function changed(from: readonly number[], delta: FieldDelta): number[] | null {
  const { mask, values } = delta;
  if (mask >>> FIELD_COUNT !== 0) return null;
  const fields = from.slice();
  let next = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) {
    const index = 31 - Math.clz32(rest & -rest);
    const value = values[next];
    if (value === undefined) return null;
    fields[index] = ((fields[index] ?? 0) + value) | 0;
    next += 1;
  }
  return next === values.length ? fields : null;
}

export class Replica {
  /** Newest last. */
  #tables: EntityTable[] = [];
  #awaitingFull = true;

  /** What to acknowledge: the newest known tick, or 0 to ask for a full frame. */
  get ack(): number {
    return this.#awaitingFull ? 0 : (this.newest?.tick ?? 0);
  }

  get newest(): EntityTable | null {
    return this.#tables.at(-1) ?? null;
  }

  /** Adds what a frame tells, or refuses it. Frames may come in any order and more than once. */
  apply(frame: Frame): Applied {
    if (this.#find(frame.tick) !== null) return "repeated";
    const base = frame.baseline === 0 ? NOTHING : this.#find(frame.baseline)?.entities;
    if (base === undefined) {
      this.#awaitingFull = true;
      return "unknownBaseline";
    }
    const entities = new Map(base);
    for (const entity of frame.gone) entities.delete(entity);
    for (const { entity, kind, state } of frame.come) {
      const fields = changed(ZEROS, state);
      if (fields === null) return this.#refuse();
      entities.set(entity, { entity, kind, fields });
    }
    for (const { entity, delta } of frame.changed) {
      const known = entities.get(entity);
      const fields = known === undefined ? null : changed(known.fields, delta);
      if (known === undefined || fields === null) return this.#refuse();
      entities.set(entity, { entity, kind: known.kind, fields });
    }
    this.#insert({ tick: frame.tick, entities });
    this.#awaitingFull = false;
    return "applied";
  }

  /** The newest table at or before `tick`, and the one after it. */
  around(tick: number): { before: EntityTable | null; after: EntityTable | null } {
    let after: EntityTable | null = null;
    for (let index = this.#tables.length - 1; index >= 0; index -= 1) {
      const table = this.#tables[index] ?? null;
      if (table === null || table.tick <= tick) return { before: table, after };
      after = table;
    }
    return { before: null, after };
  }

  /** The table before the newest one, for extrapolation. */
  get previous(): EntityTable | null {
    return this.#tables.at(-2) ?? null;
  }

  #find(tick: number): EntityTable | null {
    for (let index = this.#tables.length - 1; index >= 0; index -= 1) {
      const table = this.#tables[index];
      if (table === undefined || table.tick < tick) return null;
      if (table.tick === tick) return table;
    }
    return null;
  }

  #insert(table: EntityTable): void {
    let at = this.#tables.length;
    while (at > 0 && (this.#tables[at - 1]?.tick ?? 0) > table.tick) at -= 1;
    this.#tables.splice(at, 0, table);
    if (this.#tables.length > limits.baselineTicksMax) this.#tables.shift();
  }

  #refuse(): Applied {
    this.#awaitingFull = true;
    return "malformed";
  }
}
