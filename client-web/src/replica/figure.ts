/**
 * One facet of one entity as it is shown: its track at the right moment, without visible corrections.
 *
 * What is told seldom is shown later by that much, so that it is always between two samples; the
 * delay changes by running a little slower or faster. Invariant: news never move the picture in the
 * moment they come, unless they are a leap.
 */
import { facets } from "../protocol/generated";
import type { Vec3 } from "../scene/view";
import { leap, positionOf } from "./interpolate";
import type { Sighting, Track } from "./track";

/** By how much of a tick the delay may grow and shrink in each tick. */
const DELAY_GROW_RATE = 0.5;
const DELAY_SHRINK_RATE = 0.25;
/** Time (s) in which a correction fades to a third, unless the pace of its telling is slower. */
const FADE_S = 0.1;
/** Corrections beyond this are shown at once: metres. */
const PRETEND_M_MAX = 2;
/** Below this a correction is none: metres. */
const NOTHING_M = 0.0005;

/** The moment of a picture. */
export interface Moment {
  /** The (fractional) tick at which what is told in every tick is shown. */
  tick: number;
  /** Ticks between two packets, as far as the buffer of `tick` allows for them. */
  intervalTicks: number;
  /** The newest tick that a packet told of. */
  newestTick: number;
  /** The tick of the packet before which one was missing last. */
  lostTick: number;
  /** Since the picture before. */
  stepS: number;
  stepTicks: number;
}

export class Figure {
  readonly track: Track;
  /** Whoever feeds the track; null: nobody now. */
  owner: object | null = null;
  readonly sighting: Sighting;
  /** Metres, of avatars and objects, with what is left of corrections. */
  readonly position: Vec3 = [0, 0, 0];
  /** The (fractional) tick that is shown. */
  tick = 0;
  readonly #moves: boolean;
  readonly #error: Vec3 = [0, 0, 0];
  /** Where the track had it in the last picture. */
  readonly #before: Vec3 = [0, 0, 0];
  readonly #again: Vec3 = [0, 0, 0];
  #delay: number | null = null;
  #revision = -1;
  #guessed = false;
  #shown = false;

  constructor(track: Track) {
    this.track = track;
    this.#moves = track.facet !== facets.tracked;
    this.sighting = { fields: track.fields, from: 0, to: 0, share: 1, spanTicks: 1 };
  }

  /** Finds what to show; false when it is gone by then. */
  show(moment: Moment): boolean {
    const { track, sighting } = this;
    const wanted = Math.max(0, track.interval - moment.intervalTicks);
    this.#delay = steered(this.#delay, wanted, moment.stepTicks);
    const tick = moment.tick - this.#delay;
    if (track.goneTick !== null && tick >= track.goneTick) return false;
    const heldTick = this.#heldTick(moment);
    if (this.#moves) this.#absorb(heldTick, moment);
    this.tick = tick;
    track.look(tick, heldTick, sighting);
    this.#revision = track.revision;
    this.#guessed = track.isBeyond(tick);
    this.#shown = true;
    if (!this.#moves) return true;
    leap(sighting);
    positionOf(sighting, this.#before);
    for (let axis = 0; axis < 3; axis += 1) {
      this.position[axis] = (this.#before[axis] as number) + (this.#error[axis] as number);
    }
    return true;
  }

  /** Until when silence is rest: then it would have been told, also if that had been lost before. */
  #heldTick({ newestTick, lostTick }: Moment): number {
    const dueTick = newestTick - Math.ceil(this.track.interval);
    return this.owner !== null && dueTick >= lostTick ? dueTick + 1 : 0;
  }

  /** Takes what news changed about the last picture into the error, and lets that fade. */
  #absorb(heldTick: number, { stepS, stepTicks }: Moment): void {
    const error = this.#error;
    const keep = Math.exp(-Math.min(stepS / FADE_S, stepTicks / this.track.interval));
    let left = 0;
    for (let axis = 0; axis < 3; axis += 1) {
      error[axis] = (error[axis] as number) * keep;
      left += Math.abs(error[axis] as number);
    }
    if (left < NOTHING_M) error.fill(0);
    const changed = this.#guessed || this.#revision !== this.track.revision;
    if (!this.#shown || !changed) return;
    this.track.look(this.tick, heldTick, this.sighting);
    leap(this.sighting);
    const again = positionOf(this.sighting, this.#again);
    let squared = 0;
    for (let axis = 0; axis < 3; axis += 1) {
      squared += ((this.#before[axis] as number) - (again[axis] as number)) ** 2;
    }
    if (squared > PRETEND_M_MAX ** 2) {
      error.fill(0);
      return;
    }
    if (squared < NOTHING_M ** 2) return;
    for (let axis = 0; axis < 3; axis += 1) {
      error[axis] =
        (error[axis] as number) + (this.#before[axis] as number) - (again[axis] as number);
    }
  }
}

/** The delay after `stepTicks`, on its way to `wanted`; at once when it is the first. */
function steered(delay: number | null, wanted: number, stepTicks: number): number {
  if (delay === null) return wanted;
  const most = delay + DELAY_GROW_RATE * stepTicks;
  const least = delay - DELAY_SHRINK_RATE * stepTicks;
  return Math.max(least, Math.min(most, wanted));
}
