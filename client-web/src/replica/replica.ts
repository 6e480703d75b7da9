/**
 * What this client knows of the world: a track for each facet of each entity, fed by the leaves that
 * the view decodes.
 *
 * Invariant: a track is fed by the leaf that told of it last, its owner. Who left a leaf for another stays where
 * it was until that one tells of it, for a short while; who is gone stays until the tick in which it
 * went is shown.
 */
import { type Ack, facets, type PacketHead, SLOTS } from "../protocol/generated";
import { Left } from "../protocol/snapshot/block";
import type { Closing } from "../protocol/snapshot/packet";
import { NOBODY, type Snapshot } from "../protocol/snapshot/snapshot";
import { Figure, type Moment } from "./figure";
import { Track } from "./track";
import { type Applied, type Listener, View } from "./view";

/** How long (s) something that moved to another leaf is shown while that one does not tell of it. */
const LINGER_S = 2;
/** Assumed of a leaf whose pace is not known yet: ticks. */
const INTERVAL_UNKNOWN = 8;
/** Share by which a pace that became faster is believed, each time. */
const FASTER_SHARE = 0.25;
/** A pace that became slower must be this much slower to be one. */
const SLOWER_FACTOR = 1.25;
/**
 * Gaps (ticks) longer than any pace are rests, and so are irregular ones: a pace is believed after so
 * many alike, more when it is one that only a server under much pressure has.
 */
const INTERVAL_MAX = 60;
const INTERVAL_USUAL_MAX = 16;
const SLOWER_SPANS = 2;
const MUCH_SLOWER_SPANS = 3;
const ALIKE_FACTOR = 2;
/** Packets between two looks for tracks that nobody showed any more. */
const SWEEP_PACKETS = 64;

/** What is known of one leaf, beside its members. */
class LeafFeed {
  /** Who is in each slot. */
  readonly figures: (Figure | null)[] = new Array<Figure | null>(SLOTS).fill(null);
  /** Ticks between two tellings while something changes; null: not known yet. */
  interval: number | null = null;
  tick = 0;
  /** Whether every packet since the telling before had come. */
  unbroken = false;
  #gaps = 0;
  #changed = false;
  /** Ticks since the telling before when that measures the pace; else 0. */
  #spanTicks = 0;
  /** How many gaps in a row were longer than the pace, and the shortest and longest of them. */
  #slower = 0;
  #leastTicks = 0;
  #mostTicks = 0;

  /** Another tick is told. */
  begin(tick: number, gaps: number): void {
    this.unbroken = gaps === this.#gaps;
    // Between two changes there was no rest; then only lost packets can make the gap longer.
    this.#spanTicks = this.tick > 0 && this.#changed && this.unbroken ? tick - this.tick : 0;
    this.tick = tick;
    this.#gaps = gaps;
    this.#changed = false;
  }

  /** Something changed in this tick. */
  changed(): void {
    if (this.#changed) return;
    this.#changed = true;
    const span = this.#spanTicks;
    if (span === 0) return;
    const { interval } = this;
    if (interval === null && span <= INTERVAL_UNKNOWN) this.interval = span;
    else if (interval !== null && span <= interval * SLOWER_FACTOR) {
      this.#slower = 0;
      if (span < interval) this.interval = faster(interval, span);
    } else this.#slowDown(span);
  }

  /**
   * One long gap may be a rest between two movements, and so may several of different lengths: what
   * falls asleep, or turns once, changes in a single tick.
   */
  #slowDown(span: number): void {
    const least = this.#slower === 0 ? span : Math.min(this.#leastTicks, span);
    const most = this.#slower === 0 ? span : Math.max(this.#mostTicks, span);
    const alike = span <= INTERVAL_MAX && most <= ALIKE_FACTOR * least;
    this.#slower = alike ? this.#slower + 1 : 1;
    this.#leastTicks = alike ? least : span;
    this.#mostTicks = alike ? most : span;
    const enough = least <= INTERVAL_USUAL_MAX ? SLOWER_SPANS : MUCH_SLOWER_SPANS;
    if (!alike || this.#slower < enough) return;
    this.interval = least;
    this.#slower = 0;
  }
}

/** What is told much sooner than it was is believed at once, else bit by bit. */
function faster(interval: number, span: number): number {
  if (2 * span < interval && interval > INTERVAL_UNKNOWN) return span;
  return Math.max(span, interval * (1 - FASTER_SHARE) + span * FASTER_SHARE - 0.05);
}

function keyOf(facet: number, subject: number): number {
  return subject * 4 + facet;
}

export class Replica implements Listener {
  readonly #view = new View(this);
  readonly #lingerTicks: number;
  readonly #leaves = new Map<number, LeafFeed>();
  readonly #figures = new Map<number, Figure>();
  #newestNumber = 0;
  /** How often packets were missing before one that came. */
  #gaps = 0;
  /** The tick of the packet before which one was missing last. */
  #lostTick = 0;
  #packets = 0;

  constructor(ticksPerS: number) {
    this.#lingerTicks = LINGER_S * ticksPerS;
  }

  /** What to acknowledge. */
  get ack(): Ack {
    return this.#view.ack;
  }

  /** The newest tick that a packet told of. */
  get newestTick(): number {
    return this.#view.tick;
  }

  /** The own avatar as told last. */
  get own(): View["own"] {
    return this.#view.own;
  }

  /** Everything, as it was shown last. */
  get figures(): Iterable<Figure> {
    return this.#figures.values();
  }

  /** One facet of a person or object, as it was shown last. */
  find(facet: number, subject: number): Figure | null {
    return this.#figures.get(keyOf(facet, subject)) ?? null;
  }

  /**
   * Takes a packet in, unless it tells of a time before `fromTick`. Packets may come in any order and
   * more than once. Throws `DecodeError`.
   */
  apply(bytes: Uint8Array, fromTick = 0): { head: PacketHead; applied: Applied } {
    const told = this.#view.apply(bytes, fromTick);
    const { number } = told.head;
    if (number > this.#newestNumber) {
      // Too late for what this packet told, but right from the next on.
      if (number !== this.#newestNumber + 1) {
        this.#gaps += 1;
        this.#lostTick = told.head.tick;
      }
      this.#newestNumber = number;
    }
    this.#packets += 1;
    if (this.#packets % SWEEP_PACKETS === 0) this.#sweep();
    return told;
  }

  /** Forgets what may be built on: what is shown stays until it is told anew. */
  forget(): void {
    this.#view.clear();
  }

  /** Finds what to show at a moment, for `figures`. */
  show(moment: Omit<Moment, "lostTick">): void {
    const all = { ...moment, lostTick: this.#lostTick };
    for (const [key, figure] of this.#figures) {
      if (!figure.show(all)) this.#remove(key, figure);
    }
  }

  told(
    leaf: number,
    next: Snapshot,
    lo: number,
    hi: number,
    base: Snapshot | null,
    left: Uint8Array,
  ): void {
    let feed = this.#leaves.get(leaf);
    if (feed === undefined) {
      feed = new LeafFeed();
      this.#leaves.set(leaf, feed);
    }
    if (next.tick > feed.tick) feed.begin(next.tick, this.#gaps);
    let changed = false;
    for (let slot = lo; slot < hi; slot += 1) {
      const facet = next.facet[slot] as number;
      let figure = feed.figures[slot] as Figure | null;
      if (figure !== null && !next.holds(slot, figure.track.facet, figure.track.subject)) {
        const { facet: before, subject } = figure.track;
        const gone = left[slot] === Left.gone && base?.holds(slot, before, subject) === true;
        this.#depart(figure, feed, gone ? "gone" : "moved", next.tick);
        figure = null;
        changed = true;
      }
      if (facet === NOBODY) {
        feed.figures[slot] = null;
        continue;
      }
      figure ??= this.#figure(facet, next.subject[slot] as number);
      feed.figures[slot] = figure;
      if (this.#feed(figure, feed, next, slot)) changed = true;
    }
    if (changed) feed.changed();
  }

  closed(leaf: number, closing: Closing, tick: number): void {
    const feed = this.#leaves.get(leaf);
    if (feed === undefined) return;
    this.#empty(feed, closing, tick);
    this.#leaves.delete(leaf);
  }

  forgot(): void {
    for (const feed of this.#leaves.values()) this.#empty(feed, "moved", this.newestTick);
    this.#leaves.clear();
  }

  /** Whether what it shows changed. */
  #feed(figure: Figure, feed: LeafFeed, next: Snapshot, slot: number): boolean {
    const { track } = figure;
    if (next.tick < track.newestTick) return false;
    if (figure.owner !== feed) {
      figure.owner = feed;
      // It may have been removed while another leaf had it.
      this.#figures.set(keyOf(track.facet, track.subject), figure);
    }
    track.goneTick = null;
    track.interval = feed.interval ?? 1;
    const interval = Math.ceil(feed.interval ?? INTERVAL_UNKNOWN);
    return track.push(next.tick, next.fields, next.at[slot] as number, interval, feed.unbroken);
  }

  #figure(facet: number, subject: number): Figure {
    const key = keyOf(facet, subject);
    let figure = this.#figures.get(key);
    if (figure === undefined) {
      figure = new Figure(new Track(facet, subject));
      this.#figures.set(key, figure);
    }
    return figure;
  }

  /** A leaf has a member no more; another one may have told of it since. */
  #depart(figure: Figure, feed: LeafFeed, how: Closing, tick: number): void {
    if (figure.owner !== feed) return;
    figure.owner = null;
    figure.track.goneTick = how === "gone" ? tick : tick + this.#lingerTicks;
  }

  #empty(feed: LeafFeed, how: Closing, tick: number): void {
    for (const figure of feed.figures) {
      if (figure !== null) this.#depart(figure, feed, how, tick);
    }
  }

  #remove(key: number, figure: Figure): void {
    this.#figures.delete(key);
    figure.owner = null;
  }

  /** A hidden page shows nothing, and so removes nothing. */
  #sweep(): void {
    const longAgo = this.newestTick - this.#lingerTicks;
    for (const [key, figure] of this.#figures) {
      const { goneTick } = figure.track;
      if (goneTick !== null && goneTick < longAgo) this.#remove(key, figure);
    }
  }
}

/** Whether a figure is an object, which physics moves. */
export function isObject(figure: Figure): boolean {
  return figure.track.facet === facets.object;
}
