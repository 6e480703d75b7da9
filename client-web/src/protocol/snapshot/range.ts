/**
 * The reading end of the adaptive binary range coder: `shared/protocol/src/snapshot/range.rs`,
 * operation by operation. Invariant: it gives some decision for whatever bytes, and `overran` when
 * they were too few.
 */

/** Beliefs of which each decision is made, and which learn from it. */
export class Bits {
  /** Probability of a 1 in 1/65536. */
  readonly one: Uint16Array;
  /** As how many decisions the belief counts. */
  readonly seen: Uint8Array;
  /** Most that it comes to count. */
  readonly limit: Uint8Array;
  readonly #fresh: { one: Uint16Array; seen: Uint8Array };

  /** `learned`: probability, count and limit of each, one after another. */
  constructor(learned: readonly number[]) {
    const column = (which: number): number[] => learned.filter((_, at) => at % 3 === which);
    const certain = (one: number): number => Math.max(IMPOSSIBLE, Math.min(CERTAIN, one));
    this.one = Uint16Array.from(column(0), certain);
    this.seen = Uint8Array.from(column(1));
    this.limit = Uint8Array.from(column(2));
    this.#fresh = { one: this.one.slice(), seen: this.seen.slice() };
  }

  /** So many of which nothing is known. */
  static even(count: number): Bits {
    return new Bits(Array.from({ length: count }, () => [1 << 15, 0, 60]).flat());
  }

  /** Forgets what was learned. */
  reset(): void {
    this.one.set(this.#fresh.one);
    this.seen.set(this.#fresh.seen);
  }
}

/** Nothing is more certain than this, in 1/65536. */
const CERTAIN = 65_536 - 64;
const IMPOSSIBLE = 64;
/** By how much a decision moves a belief that counts as `index` decisions, in 1/32768. */
const RATES = Int32Array.from({ length: 256 }, (_, seen) => Math.floor(65_536 / (2 * seen + 3)));
/** The span is kept at least this wide. */
const SPAN_MIN = 1 << 24;

const SPAN = 0;
const CODE = 1;

export class RangeDecoder {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  /** The span, and how far into it the number that was written lies: unsigned, 32 bits. */
  readonly #state = new Uint32Array(2);

  /** Starts reading `bytes` from `at` to `end`. */
  start(bytes: Uint8Array, at: number, end: number): void {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
    this.#state[SPAN] = 0xffff_ffff;
    let code = 0;
    for (let index = 0; index < 4; index += 1) code = (code << 8) | this.#next();
    this.#state[CODE] = code;
  }

  /** Whether more was read than an encoder ever leaves out. */
  get overran(): boolean {
    return this.#at > this.#end + 4;
  }

  /** One decision. */
  bit(bits: Bits, index: number): 0 | 1 {
    const state = this.#state;
    const one = bits.one[index] as number;
    const seen = bits.seen[index] as number;
    const span = state[SPAN] as number;
    const code = state[CODE] as number;
    const part = (span >>> 15) * (one >> 1);
    const rate = RATES[seen] as number;
    if (seen < (bits.limit[index] as number)) bits.seen[index] = seen + 1;
    if (code < part) {
      bits.one[index] = one + (((CERTAIN - one) * rate) >> 15);
      state[SPAN] = part;
      if (part < SPAN_MIN) this.#widen();
      return 1;
    }
    bits.one[index] = one + (((IMPOSSIBLE - one) * rate) >> 15);
    state[CODE] = code - part;
    state[SPAN] = span - part;
    if (span - part < SPAN_MIN) this.#widen();
    return 0;
  }

  /** `bits` (at most 16) bits, all as likely. */
  even(bits: number): number {
    const state = this.#state;
    const span = (state[SPAN] as number) >>> bits;
    const code = state[CODE] as number;
    const value = Math.min(Math.floor(code / span), (1 << bits) - 1);
    state[SPAN] = span;
    state[CODE] = code - value * span;
    if (span < SPAN_MIN) this.#widen();
    return value;
  }

  #next(): number {
    const byte = this.#at < this.#end ? (this.#bytes[this.#at] as number) : 0;
    this.#at += 1;
    return byte;
  }

  #widen(): void {
    const state = this.#state;
    let span = state[SPAN] as number;
    let code = state[CODE] as number;
    // A span of nothing, which only bytes of a stranger can bring about, stays one.
    for (let step = 0; step < 4 && span < SPAN_MIN; step += 1) {
      span = (span << 8) >>> 0;
      code = (code << 8) | this.#next();
    }
    state[SPAN] = span;
    state[CODE] = code;
  }
}
