/**
 * Time in server ticks, on this side of the wire.
 *
 * `PlayoutClock` is the past that others are shown in: late enough that the next snapshot has
 * nearly always come. `InputClock` is the future that own inputs are made for: early enough that
 * they reach the server before their tick. Both run smoothly: they change their rate, and jump only
 * when they are hopelessly off. Neither reads a clock; the local time (ms) is an argument.
 */

/** Ticks (fractional) beyond which a clock jumps instead of changing its rate. */
const JUMP_TICKS = 15;

/** Late snapshots raise the buffer at once; quiet lets it shrink by this share of a ms each ms. */
const BUFFER_SHRINK_RATE = 0.02;
/** The buffer beyond the worst recent lateness, in snapshot intervals. */
const BUFFER_INTERVALS = 1.25;
const BUFFER_MS_MAX = 600;
/** Longer pauses (ticks) between snapshots are those of a world in which nothing happens. */
const INTERVAL_TICKS_MAX = 4;
/** How quickly the estimate of the fastest way follows a slower one (drift, a longer route). */
const TRANSIT_RISE_RATE = 0.005;
/** How far the rate of playing out may differ from 1. */
const PLAYOUT_RATE_SPAN = 0.25;
/** Share of the error that is worked off each second. */
const PLAYOUT_PULL_PER_S = 2;

export class PlayoutClock {
  readonly #tickMs: number;
  /** Arrival minus server time of the fastest recent snapshot: the origin of server time here. */
  #transitMs: number | null = null;
  #lastArrivalMs = 0;
  #intervalMs: number;
  #lateMs = 0;
  #newestTick = 0;
  #tick = 0;
  #lastAdvanceMs: number | null = null;

  constructor(ticksPerS: number) {
    this.#tickMs = 1_000 / ticksPerS;
    this.#intervalMs = this.#tickMs;
  }

  /** Delay (ms) with which others are shown, the way of the snapshot not counted. */
  get bufferMs(): number {
    return Math.min(BUFFER_MS_MAX, this.#lateMs + this.#intervalMs * BUFFER_INTERVALS);
  }

  /** Ticks between two snapshots while something happens. */
  get intervalTicks(): number {
    return this.#intervalMs / this.#tickMs;
  }

  /** A snapshot of `tick` came at `nowMs`. */
  sample(tick: number, nowMs: number): void {
    const transit = nowMs - tick * this.#tickMs;
    if (
      this.#transitMs === null ||
      Math.abs(transit - this.#transitMs) > JUMP_TICKS * this.#tickMs
    ) {
      this.#transitMs = transit;
      this.#lateMs = 0;
      this.#newestTick = tick;
      this.#lastArrivalMs = nowMs;
      return;
    }
    const sinceMs = Math.max(0, nowMs - this.#lastArrivalMs);
    this.#lastArrivalMs = nowMs;
    if (tick > this.#newestTick) {
      const ticks = tick - this.#newestTick;
      if (ticks <= INTERVAL_TICKS_MAX) {
        this.#intervalMs += (ticks * this.#tickMs - this.#intervalMs) * 0.1;
      }
      this.#newestTick = tick;
    }
    this.#transitMs =
      transit < this.#transitMs
        ? transit
        : Math.min(transit, this.#transitMs + sinceMs * TRANSIT_RISE_RATE);
    const late = transit - this.#transitMs;
    this.#lateMs = Math.max(late, this.#lateMs - sinceMs * BUFFER_SHRINK_RATE);
  }

  /** The server's tick now, as well as this end can know: that of a snapshot arriving this moment. */
  serverTick(nowMs: number): number | null {
    return this.#transitMs === null ? null : (nowMs - this.#transitMs) / this.#tickMs;
  }

  /** The (fractional) tick to show at `nowMs`; null before the first snapshot. Never goes back. */
  advance(nowMs: number): number | null {
    const server = this.serverTick(nowMs);
    if (server === null) return null;
    const wanted = server - this.bufferMs / this.#tickMs;
    const sinceMs = this.#lastAdvanceMs === null ? 0 : Math.max(0, nowMs - this.#lastAdvanceMs);
    const first = this.#lastAdvanceMs === null;
    this.#lastAdvanceMs = nowMs;
    const plain = this.#tick + sinceMs / this.#tickMs;
    const error = wanted - plain;
    if (first || Math.abs(error) > JUMP_TICKS) {
      this.#tick = wanted;
      return this.#tick;
    }
    const pull = error * Math.min(1, (PLAYOUT_PULL_PER_S * sinceMs) / 1_000);
    const span = (PLAYOUT_RATE_SPAN * sinceMs) / this.#tickMs;
    this.#tick = plain + Math.max(-span, Math.min(span, pull));
    return this.#tick;
  }
}

/** How many ticks before their use inputs should reach the server, at the worst moment. */
const LEAD_TARGET_TICKS = 3;
const LEAD_TICKS_MIN = 2;
const LEAD_TICKS_MAX = 4;
/** Leads looked at before the clock is moved: few when inputs come late, many to gain closeness. */
const SAMPLES_TO_HURRY = 6;
const SAMPLES_TO_RELAX = 60;
/** The largest share by which the input clock runs fast or slow while it is corrected. */
const INPUT_RATE_SPAN = 0.1;
/** The same while inputs come too late to be used: being unheard is worse than being hurried. */
const LATE_RATE_SPAN = 0.6;
/** Inputs farther ahead than this are dropped by the server (`INPUT_LEAD_TICKS_MAX`), less a margin. */
const LEAD_JUMP_TICKS = 24;

export class InputClock {
  readonly #tickMs: number;
  #tick: number;
  #lastMs: number;
  /** Ticks still to gain (positive) or lose. */
  #correction = 0;
  #span = INPUT_RATE_SPAN;
  /** Leads told of ticks before this one were measured before the last correction took effect. */
  #settledTick = 0;
  #leadMin = Number.POSITIVE_INFINITY;
  #samples = 0;

  /** `tick` is the one to make an input for at `nowMs`. */
  constructor(ticksPerS: number, tick: number, nowMs: number) {
    this.#tickMs = 1_000 / ticksPerS;
    this.#tick = tick;
    this.#lastMs = nowMs;
    // Until the first input arrives the server speaks of those before, or of none.
    this.#settle();
  }

  /**
   * Where to begin when a snapshot of `tick` would come this moment. `delayMs` is the round trip and whatever
   * else keeps inputs from going out at once.
   */
  static start(ticksPerS: number, tick: number, delayMs: number, nowMs: number): InputClock {
    const way = (delayMs * ticksPerS) / 1_000;
    return new InputClock(ticksPerS, tick + way + LEAD_TARGET_TICKS, nowMs);
  }

  /** Ticks that the clock still means to gain or lose. */
  get correction(): number {
    return this.#correction;
  }

  /** The tick at the last look at the clock. */
  get tick(): number {
    return this.#tick;
  }

  /**
   * What the server said of `toldTick`: how many ticks ahead the newest input was,
   * and whether the input of that very tick had come. "lost": the clock is hopelessly off (the
   * server's numbers then say no more than that), and should be started anew.
   */
  sample(toldTick: number, leadTicks: number, onTime: boolean): "fine" | "lost" {
    if (toldTick < this.#settledTick || this.#correction !== 0) return "fine";
    const lead = onTime ? leadTicks : Math.min(leadTicks, 0);
    if (lead < -JUMP_TICKS || lead > LEAD_JUMP_TICKS) return "lost";
    this.#leadMin = Math.min(this.#leadMin, lead);
    this.#samples += 1;
    const hurry = this.#leadMin < LEAD_TICKS_MIN && this.#samples >= SAMPLES_TO_HURRY;
    const relax = this.#leadMin > LEAD_TICKS_MAX && this.#samples >= SAMPLES_TO_RELAX;
    if (hurry || relax) {
      this.#correction = LEAD_TARGET_TICKS - this.#leadMin;
      this.#span = this.#leadMin < 0 ? LATE_RATE_SPAN : INPUT_RATE_SPAN;
    }
    if (hurry || relax || this.#samples >= SAMPLES_TO_RELAX) {
      this.#samples = 0;
      this.#leadMin = Number.POSITIVE_INFINITY;
    }
    return "fine";
  }

  /** The (fractional) tick at `nowMs`: its whole part is the newest tick to make an input for. */
  advance(nowMs: number): number {
    const ticks = Math.max(0, nowMs - this.#lastMs) / this.#tickMs;
    this.#lastMs = nowMs;
    const span = ticks * this.#span;
    const step = Math.max(-span, Math.min(span, this.#correction));
    this.#correction -= step;
    this.#tick += ticks + step;
    if (step !== 0 && this.#correction === 0) this.#settle();
    return this.#tick;
  }

  #settle(): void {
    this.#correction = 0;
    this.#settledTick = Math.ceil(this.#tick) + 1;
    this.#samples = 0;
    this.#leadMin = Number.POSITIVE_INFINITY;
  }
}
