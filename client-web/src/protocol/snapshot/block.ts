/**
 * One leaf between two ticks, as it is read: `shared/protocol/src/snapshot/block.rs`.
 *
 * Invariant: whatever the bytes are, reading ends after at most 64 members, and either fills the
 * snapshot or says that the bytes are no part of a block.
 */
import { limits, SLOTS, schemas } from "../generated";
import { habits } from "./beliefs";
import { MemberReader, type Times } from "./member";
import { Numbers } from "./models";
import { Bits, RangeDecoder } from "./range";
import { NOBODY, type Snapshot } from "./snapshot";

const CUT = 64;
const GAP_MAX = limits.baselineTicksMax - 1;

/** Models of what happens to slots, then those of the bits of a facet's number. */
function beliefs(came: readonly number[]): Bits {
  const even = [1 << 15, 0, 60];
  return new Bits([...habits.seldom, ...habits.mostly, ...came, ...even, ...even, ...even]);
}

const LEFT = 0;
const MOVED = 1;
const CAME = 2;
const FACET = 3;

/** What became of the member that a slot had at the baseline. */
export const Left = { no: 0, gone: 1, moved: 2 } as const;

/** The first bytes of a part; filled anew for each. */
export class BlockHead implements Times {
  age = 0;
  gap0 = 0;
  gap1 = 0;
  level = 0;
  /** First slot that is told. */
  lo = 0;
  /** One after the last slot that is told. */
  hi = 0;
  /** Where the range-coded bytes begin. */
  body = 0;

  /** Reads from `at`; false when the bytes are no head. */
  read(bytes: Uint8Array, at: number, end: number): boolean {
    let next = at + 2;
    if (next > end) return false;
    const age = bytes[at] as number;
    const gap = bytes[at + 1] as number;
    this.age = age & 63;
    this.gap0 = gap & 63;
    this.level = gap >> 6;
    this.gap1 = 0;
    if (this.gap0 !== 0) {
      if (next + 1 > end) return false;
      this.gap1 = bytes[next] as number;
      next += 1;
    }
    this.lo = 0;
    this.hi = SLOTS;
    if ((age & CUT) !== 0) {
      if (next + 2 > end) return false;
      this.lo = bytes[next] as number;
      this.hi = bytes[next + 1] as number;
      next += 2;
    }
    this.body = next;
    return (
      (age & 0x80) === 0 &&
      this.gap1 <= GAP_MAX &&
      (this.age !== 0 || this.gap0 === 0) &&
      this.lo < this.hi &&
      this.hi <= SLOTS
    );
  }

  /** The slots 0 to 31 that are told, as bits. */
  get slotsLow(): number {
    return below(this.hi) & ~below(this.lo);
  }

  /** The slots 32 to 63. */
  get slotsHigh(): number {
    return below(this.hi - 32) & ~below(this.lo - 32);
  }
}

function below(slot: number): number {
  if (slot <= 0) return 0;
  return slot >= 32 ? -1 : (1 << slot) - 1;
}

/** The states that a part builds on. */
export interface Ground {
  base: Snapshot | null;
  earlier0: Snapshot | null;
  earlier1: Snapshot | null;
}

/** Reads parts. Keeps its memory from one to the next. */
export class BlockDecoder {
  /** What became of the baseline's members in the slots of the newest part: see `Left`. */
  readonly left = new Uint8Array(SLOTS);
  readonly #coder = new RangeDecoder();
  /** Beliefs of what happens to slots, when nothing is built on and when something is. */
  readonly #anew = beliefs(habits.mostly);
  readonly #onward = beliefs(habits.seldom);
  #slots = this.#anew;
  readonly #subjects = new Numbers();
  readonly #members = new MemberReader();
  /** Where the newest member of each facet is in the snapshot, or -1. */
  readonly #like = new Int32Array(schemas.length);
  #lastSubject = 0;

  /** Adds the members that a part tells to `next`; false when the bytes are no part of a block. */
  decode(
    head: BlockHead,
    bytes: Uint8Array,
    end: number,
    { base, earlier0, earlier1 }: Ground,
    next: Snapshot,
  ): boolean {
    const coder = this.#coder;
    const slots = head.age === 0 ? this.#anew : this.#onward;
    this.#slots = slots;
    coder.start(bytes, head.body, end);
    slots.reset();
    this.#subjects.reset();
    this.#members.reset();
    this.#like.fill(-1);
    this.#lastSubject = 0;
    this.left.fill(Left.no);
    for (let slot = head.lo; slot < head.hi; slot += 1) {
      const facet = base === null ? NOBODY : (base.facet[slot] as number);
      if (base !== null && facet !== NOBODY) {
        if (coder.bit(slots, LEFT) === 0) {
          this.#change(head, slot, facet, base, earlier0, earlier1, next);
          continue;
        }
        this.left[slot] = coder.bit(slots, MOVED) === 1 ? Left.moved : Left.gone;
      }
      if (coder.bit(slots, CAME) === 1 && !this.#comer(head, slot, next)) return false;
    }
    return !coder.overran;
  }

  #change(
    head: BlockHead,
    slot: number,
    facet: number,
    base: Snapshot,
    earlier0: Snapshot | null,
    earlier1: Snapshot | null,
    next: Snapshot,
  ): void {
    const subject = base.subject[slot] as number;
    next.reserve();
    const members = this.#members;
    members.know(base.fields, base.at[slot] as number);
    if (earlier0?.holds(slot, facet, subject) === true) {
      members.knowFirst(earlier0.fields, earlier0.at[slot] as number);
    }
    if (earlier1?.holds(slot, facet, subject) === true) {
      members.knowSecond(earlier1.fields, earlier1.at[slot] as number);
    }
    members.change(this.#coder, facet, head, next.fields, next.used);
    this.#like[facet] = next.used;
    next.put(slot, facet, subject);
  }

  /** False when there is no such facet. */
  #comer(head: BlockHead, slot: number, next: Snapshot): boolean {
    const coder = this.#coder;
    const high = coder.bit(this.#slots, FACET);
    const facet = (high << 1) | coder.bit(this.#slots, FACET + 1 + high);
    if (facet >= schemas.length) return false;
    this.#lastSubject = (this.#lastSubject + this.#subjects.read(coder)) >>> 0;
    next.reserve();
    const like = this.#like[facet] as number;
    this.#members.comer(coder, facet, head.level, like, next.fields, next.used);
    this.#like[facet] = next.used;
    next.put(slot, facet, this.#lastSubject);
    return true;
  }
}
