/**
 * The past of one facet of one entity, and where it is between its samples.
 *
 * Invariant: samples are in the order of their ticks, and what lies between two of them is what the
 * server meant: a rest is kept as two equal samples, so that it is not smeared over the movement
 * that follows. A track knows neither leaves nor packets: the replica tells it what it needs.
 */
import { fieldCount } from "../protocol/snapshot/snapshot";

/** Samples that are kept at first, and at most: a longer past is never shown. */
const SAMPLES_FIRST = 4;
const SAMPLES_MAX = 64;
/** Beyond the newest sample by more than this (ticks), things hold still. */
const EXTRAPOLATE_TICKS_MAX = 3;
/** The same for what is told seldom, at most. */
const EXTRAPOLATE_SELDOM_TICKS_MAX = 8;
/** Gaps (ticks) over which nothing that moves is believed to have gone straight on. */
const GAP_TICKS_MAX = 16;
/** The same when packets were lost in between. */
const LOST_TICKS_MAX = 30;

/** What two samples say, and how far between them something is shown (0 to 1, or beyond). */
export interface Sighting {
  /** Fields of all samples. */
  fields: Int32Array;
  /** Where the fields of the two samples begin. */
  from: number;
  to: number;
  share: number;
  /** Ticks between the two. */
  spanTicks: number;
}

export class Track {
  readonly facet: number;
  /** Person or object. */
  readonly subject: number;
  /** From this tick on there is nothing to show; null: it is there. */
  goneTick: number | null = null;
  /** Ticks between two tellings of it while anything happens in its leaf. */
  interval = 1;
  /** Counts changes of what is known, so that whoever draws may notice. */
  revision = 0;
  readonly #stride: number;
  #ticks: Float64Array;
  #fields: Int32Array;
  /** Index of the oldest sample, and how many there are. */
  #first = 0;
  #count = 0;

  constructor(facet: number, subject: number) {
    this.facet = facet;
    this.subject = subject;
    this.#stride = fieldCount(facet);
    this.#ticks = new Float64Array(SAMPLES_FIRST);
    this.#fields = new Int32Array(SAMPLES_FIRST * this.#stride);
  }

  /** Tick of the newest sample; -1 without any. */
  get newestTick(): number {
    return this.#count === 0 ? -1 : (this.#ticks[this.#index(this.#count - 1)] as number);
  }

  /** Fields of all samples; those of the newest begin at `newest`. */
  get fields(): Int32Array {
    return this.#fields;
  }

  get newest(): number {
    return this.#index(this.#count - 1) * this.#stride;
  }

  /** Whether the newest sample is another than the one before. */
  get moving(): boolean {
    if (this.#count < 2) return false;
    return !this.#same(this.#fields, this.newest, this.#index(this.#count - 2) * this.#stride);
  }

  /**
   * Adds the state at `tick`; older ones than the newest are passed over. It is told every `interval`
   * ticks while anything happens; `unbroken`: every packet since the last one came, so that silence
   * was rest. Gives whether the state is another than before.
   */
  push(tick: number, fields: Int32Array, at: number, interval: number, unbroken: boolean): boolean {
    const newestTick = this.newestTick;
    if (tick <= newestTick) return false;
    this.revision += 1;
    const known = this.#count > 0;
    const same = known && this.#same(fields, at, this.newest);
    if (same && this.#count > 1 && !this.moving) {
      this.#ticks[this.#index(this.#count - 1)] = tick;
      return false;
    }
    const gap = tick - newestTick;
    if (known && !same && gap > interval && this.#rested(gap, interval, unbroken)) {
      const rest = tick - interval;
      if (this.#count > 1 && !this.moving) this.#ticks[this.#index(this.#count - 1)] = rest;
      else this.#append(rest, this.#fields, this.newest);
    }
    this.#append(tick, fields, at);
    return known && !same;
  }

  /**
   * Finds what to show at a (fractional) tick. `heldTick`: until then nothing newer than the newest
   * sample would have been kept back, so that silence is rest.
   */
  look(tick: number, heldTick: number, into: Sighting): void {
    into.fields = this.#fields;
    let after = this.#count - 1;
    while (after > 0 && (this.#ticks[this.#index(after - 1)] as number) >= tick) after -= 1;
    const to = this.#index(after);
    into.to = to * this.#stride;
    if (after <= 0) {
      into.from = into.to;
      into.share = 1;
      into.spanTicks = 1;
      return;
    }
    const from = this.#index(after - 1);
    const fromTick = this.#ticks[from] as number;
    const toTick = this.#ticks[to] as number;
    into.from = from * this.#stride;
    into.spanTicks = toTick - fromTick;
    const beyond = tick > toTick && heldTick <= toTick;
    const most = beyond ? toTick + this.#goesOnTicks() : toTick;
    into.share = (Math.min(tick, most) - fromTick) / into.spanTicks;
  }

  /** How far (ticks) it is believed to go on: what is told seldom is missed for longer. */
  #goesOnTicks(): number {
    const most = Math.max(
      EXTRAPOLATE_TICKS_MAX,
      Math.min(this.interval, EXTRAPOLATE_SELDOM_TICKS_MAX),
    );
    if (this.#count < 3) return most;
    // Whoever brakes stops where that ends, and nothing is told of it: half of the time that it takes
    // at the speed of now is as far.
    const speed = this.#speed(this.#count - 1);
    const braked = this.#speed(this.#count - 2) - speed;
    return braked > 0 ? Math.min(most, speed / (2 * braked)) : most;
  }

  /** Steps per tick on the way to the `nth` oldest sample: every facet begins with a position. */
  #speed(nth: number): number {
    const [from, to] = [this.#index(nth - 1), this.#index(nth)];
    let squared = 0;
    for (let axis = 0; axis < 3; axis += 1) {
      const start = this.#fields[from * this.#stride + axis] as number;
      squared += ((this.#fields[to * this.#stride + axis] as number) - start) ** 2;
    }
    return Math.sqrt(squared) / ((this.#ticks[to] as number) - (this.#ticks[from] as number));
  }

  /** Whether `tick` lies after the newest sample. */
  isBeyond(tick: number): boolean {
    return tick > this.newestTick;
  }

  /** Whether it stood still until shortly before the state that comes after `gap` ticks. */
  #rested(gap: number, interval: number, unbroken: boolean): boolean {
    if (!this.moving) return true;
    return gap > Math.max(2 * interval + 2, unbroken ? GAP_TICKS_MAX : LOST_TICKS_MAX);
  }

  #same(fields: Int32Array, at: number, own: number): boolean {
    for (let index = 0; index < this.#stride; index += 1) {
      if (fields[at + index] !== this.#fields[own + index]) return false;
    }
    return true;
  }

  #append(tick: number, fields: Int32Array, at: number): void {
    if (this.#count === this.#ticks.length) {
      if (this.#count < SAMPLES_MAX) this.#grow();
      else {
        this.#first = (this.#first + 1) & (this.#count - 1);
        this.#count -= 1;
      }
    }
    const index = this.#index(this.#count);
    this.#count += 1;
    this.#ticks[index] = tick;
    const own = index * this.#stride;
    for (let field = 0; field < this.#stride; field += 1) {
      this.#fields[own + field] = fields[at + field] as number;
    }
  }

  /** Where the sample is that is the `nth` oldest. The room is a power of two. */
  #index(nth: number): number {
    return (this.#first + nth) & (this.#ticks.length - 1);
  }

  #grow(): void {
    const room = this.#count * 2;
    const ticks = new Float64Array(room);
    const fields = new Int32Array(room * this.#stride);
    for (let nth = 0; nth < this.#count; nth += 1) {
      const index = this.#index(nth);
      ticks[nth] = this.#ticks[index] as number;
      const at = index * this.#stride;
      fields.set(this.#fields.subarray(at, at + this.#stride), nth * this.#stride);
    }
    this.#first = 0;
    this.#ticks = ticks;
    this.#fields = fields;
  }
}
