/**
 * The receiving end: what this client knows of each leaf, at the ticks that may be built on.
 * `shared/protocol/src/snapshot/view.rs`.
 *
 * Invariant: a complete snapshot equals the server's quantised state of its leaf at its tick, at the
 * level of detail that it was told in. Packets may come in any order, more than once, or never: what
 * cannot be built on is passed over and not acknowledged, and the server tells it otherwise.
 */
import { DecodeError } from "../protocol/codec";
import {
  type Ack,
  FIELDS_MAX,
  limits,
  type OwnState,
  type PacketHead,
  SLOTS,
} from "../protocol/generated";
import { BlockDecoder, BlockHead, type Ground } from "../protocol/snapshot/block";
import { Acks, type Closing, PacketReader } from "../protocol/snapshot/packet";
import { NOBODY, Snapshot } from "../protocol/snapshot/snapshot";

/**
 * What became of a packet. `whole`: all that it told is known now; it is acknowledged. `inPart`:
 * something of it builds on what is not known here. `old`: it was applied before, or is of a past
 * era. `early`: it tells of a time before this stay.
 */
export type Applied = "whole" | "inPart" | "old" | "early";

/** Hears what packets tell, in the order of their entries. */
export interface Listener {
  /**
   * Slots from `lo` to `hi` of a leaf are as `next` says. `left` tells of the members that `base`
   * had: see `Left`.
   */
  told(
    leaf: number,
    next: Snapshot,
    lo: number,
    hi: number,
    base: Snapshot | null,
    left: Uint8Array,
  ): void;
  /** A leaf will not be told of again. */
  closed(leaf: number, closing: Closing, tick: number): void;
  /** Everything is forgotten, and will be told anew. */
  forgot(): void;
}

/** Unused snapshots that are kept: as many as are ever needed between two packets. */
const SPARE_MAX = 64;

function malformed(what: string): never {
  throw new DecodeError("malformed", `not a valid message: ${what}`);
}

export class View {
  readonly #listener: Listener | null;
  /** Oldest first. Only the last ones may have parts missing. */
  readonly #leaves = new Map<number, Snapshot[]>();
  /** A late block must not open them again. */
  readonly #closed = new Set<number>();
  readonly #acks = new Acks();
  readonly #spare: Snapshot[] = [];
  readonly #reader = new PacketReader();
  readonly #head = new BlockHead();
  readonly #decoder = new BlockDecoder();
  readonly #ground: Ground = { base: null, earlier0: null, earlier1: null };
  /** The era of what is known, and the newest packet that was looked at. */
  #era = 0;
  #newestNumber = 0;
  #newestTick = 0;
  #own: OwnState | null = null;
  #ownTick = 0;

  constructor(listener: Listener | null = null) {
    this.#listener = listener;
  }

  /** What to tell the server. */
  get ack(): Ack {
    return this.#acks.ack;
  }

  /** The newest tick that a packet told of. */
  get tick(): number {
    return this.#newestTick;
  }

  /** The own avatar as told last. */
  get own(): OwnState | null {
    return this.#own;
  }

  /** Forgets everything: what is acknowledged then asks for all to be told anew. */
  clear(): void {
    this.#leaves.clear();
    this.#closed.clear();
    this.#acks.clear();
    this.#era = 0;
    this.#newestNumber = 0;
    this.#own = null;
    this.#ownTick = 0;
    this.#listener?.forgot();
  }

  /**
   * Takes a packet in, unless it tells of a time before `fromTick`. Throws `DecodeError`; after that
   * the packet counts as not received.
   */
  apply(bytes: Uint8Array, fromTick = 0): { head: PacketHead; applied: Applied } {
    const reader = this.#reader;
    const head = reader.begin(bytes);
    if (head.number === 0) malformed("packet number 0");
    if (head.tick < fromTick) return { head, applied: "early" };
    if (head.era !== this.#era) {
      if (head.number < this.#newestNumber) return { head, applied: "old" };
      this.clear();
      this.#era = head.era;
    }
    this.#newestNumber = Math.max(this.#newestNumber, head.number);
    if (this.#acks.names(head.number)) return { head, applied: "old" };
    let whole = true;
    while (reader.next()) {
      if (reader.closing !== null) this.#close(reader.leaf, reader.closing, head.tick);
      else if (!this.#block(head.tick, bytes)) whole = false;
    }
    switch (head.own.kind) {
      case "state":
        if (this.#own === null || this.#ownTick < head.tick) {
          this.#own = head.own.value;
          this.#ownTick = head.tick;
        }
        break;
      case "same":
        if (this.#own === null) whole = false;
        break;
      case "untold":
        break;
    }
    this.#newestTick = Math.max(this.#newestTick, head.tick);
    if (!whole) return { head, applied: "inPart" };
    this.#acks.add(head.number);
    return { head, applied: "whole" };
  }

  /** Calls `visit` with the newest complete snapshot of each leaf. */
  each(visit: (snapshot: Snapshot, leaf: number) => void): void {
    for (const [leaf, snapshots] of this.#leaves) {
      const newest = snapshots.findLast(({ complete }) => complete);
      if (newest !== undefined) visit(newest, leaf);
    }
  }

  #close(leaf: number, closing: Closing, tick: number): void {
    for (const snapshot of this.#leaves.get(leaf) ?? []) this.#recycle(snapshot);
    this.#leaves.delete(leaf);
    if (this.#closed.has(leaf)) return;
    this.#closed.add(leaf);
    if (this.#closed.size > limits.leavesMax) {
      const oldest = this.#closed.values().next().value;
      if (oldest !== undefined) this.#closed.delete(oldest);
    }
    this.#listener?.closed(leaf, closing, tick);
  }

  /** Whether the reader's block could be built on what is known. */
  #block(tick: number, bytes: Uint8Array): boolean {
    const { leaf, start, end } = this.#reader;
    const head = this.#head;
    if (!head.read(bytes, start, end)) malformed("a block that is not one");
    if (this.#closed.has(leaf)) return true;
    let snapshots = this.#leaves.get(leaf);
    if (snapshots === undefined) {
      if (this.#leaves.size >= limits.leavesMax) malformed("too many leaves");
      snapshots = [];
      this.#leaves.set(leaf, snapshots);
    }
    const newest = snapshots.at(-1)?.tick ?? 0;
    if (tick < newest - limits.baselineTicksMax) return false;
    // A part that was overtaken has its place among the newer ones: it may be built on.
    let place = snapshots.length;
    while (place > 0 && (snapshots[place - 1] as Snapshot).tick >= tick) place -= 1;
    const there = snapshots[place];
    const begun = there?.tick === tick ? there : null;
    if (begun !== null) {
      const [low, high] = [begun.toldLow & head.slotsLow, begun.toldHigh & head.slotsHigh];
      if ((low | high) !== 0) return low === head.slotsLow && high === head.slotsHigh;
      snapshots.splice(place, 1);
    }
    const oldest = this.#find(snapshots, tick, head);
    if (oldest === null) {
      if (begun !== null) snapshots.splice(place, 0, begun);
      return false;
    }
    const next = begun ?? this.#spare.pop() ?? new Snapshot();
    if (begun === null) next.clear(tick);
    if (!this.#decoder.decode(head, bytes, end, this.#ground, next)) {
      this.#recycle(next);
      malformed("a block that is not one");
    }
    next.toldLow |= head.slotsLow;
    next.toldHigh |= head.slotsHigh;
    // Who looks on was told of newer ones before: this one is no news.
    if (place === snapshots.length) {
      this.#listener?.told(leaf, next, head.lo, head.hi, this.#ground.base, this.#decoder.left);
    }
    snapshots.splice(place, 0, next);
    while ((snapshots[0] as Snapshot).tick < oldest) this.#recycle(snapshots.shift() as Snapshot);
    return true;
  }

  /**
   * Finds the states that a part builds on, for `#ground`. Gives the oldest tick that must be kept:
   * once a second earlier state was named, the server names none before it again, though what it
   * sent before may still come. Null when one of them is not known.
   */
  #find(snapshots: readonly Snapshot[], tick: number, head: BlockHead): number | null {
    const ground = this.#ground;
    ground.base = null;
    ground.earlier0 = null;
    ground.earlier1 = null;
    const window = Math.max(0, tick - limits.baselineTicksMax);
    if (head.age === 0 || head.age > tick) return window;
    const base = tick - head.age;
    ground.base = at(snapshots, base);
    if (ground.base === null) return null;
    if (head.gap0 === 0 || head.gap0 > base) return window;
    const first = base - head.gap0;
    ground.earlier0 = at(snapshots, first);
    if (ground.earlier0 === null) return null;
    if (head.gap1 === 0 || head.gap1 > first) return window;
    const second = first - head.gap1;
    ground.earlier1 = at(snapshots, second);
    if (ground.earlier1 === null) return null;
    return Math.max(second - limits.overtakenTicksMax, window);
  }

  #recycle(snapshot: Snapshot): void {
    const small = snapshot.fields.length <= SLOTS * FIELDS_MAX;
    if (small && this.#spare.length < SPARE_MAX) this.#spare.push(snapshot);
  }
}

/** The complete snapshot of a tick. */
function at(snapshots: readonly Snapshot[], tick: number): Snapshot | null {
  for (let index = snapshots.length - 1; index >= 0; index -= 1) {
    const snapshot = snapshots[index] as Snapshot;
    if (snapshot.tick <= tick) return snapshot.tick === tick && snapshot.complete ? snapshot : null;
  }
  return null;
}

/** Who is in a snapshot: calls `visit` with facet, subject, and where the fields begin. */
export function eachMember(
  snapshot: Snapshot,
  visit: (facet: number, subject: number, at: number) => void,
): void {
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const facet = snapshot.facet[slot] as number;
    if (facet !== NOBODY) {
      visit(facet, snapshot.subject[slot] as number, snapshot.at[slot] as number);
    }
  }
}
