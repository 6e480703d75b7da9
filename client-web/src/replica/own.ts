/**
 * The own avatar as it is shown: predicted for whole ticks, drawn between them, and led gently to
 * where a correction says that it is.
 *
 * Invariant: a correction never moves the picture in the moment it comes, unless it is a teleport or
 * too large to pretend otherwise.
 */
import type { Predictor } from "../predict/predictor";
import type { Input, OwnState } from "../protocol/generated";
import type { Vec3 } from "../scene/view";

/** Time (s) in which a correction fades to a third. */
const FADE_S = 0.1;
/** Corrections beyond this are shown at once: metres. */
const PRETEND_M_MAX = 2;
/** Below this the rest of a correction is dropped. */
const NOTHING_M = 0.0005;

function difference(a: Vec3, b: Vec3): Vec3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function sum(a: Vec3, b: Vec3): Vec3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

export class OwnAvatar {
  readonly #predictor: Predictor;
  /** Positions at the end of the last two predicted ticks. */
  #before: Vec3 = [0, 0, 0];
  #now: Vec3 = [0, 0, 0];
  #newestTick = 0;
  /** What is shown minus what is predicted. */
  #error: Vec3 = [0, 0, 0];
  #teleports: number | null = null;
  #mispredictions = 0;
  #lateInputs = 0;
  #reconciledTick = 0;
  #shownAtS: number | null = null;

  constructor(predictor: Predictor) {
    this.#predictor = predictor;
  }

  /** The newest tick whose end is known or predicted. */
  get tick(): number {
    return this.#newestTick;
  }

  /** Predictions that the server contradicted although it had used every input in time. */
  get mispredictions(): number {
    return this.#mispredictions;
  }

  /** Packets that told of a tick whose input had not come in time. */
  get lateInputs(): number {
    return this.#lateInputs;
  }

  /** Centre of the capsule at the newest predicted tick, metres, as the rules say. */
  get predicted(): Vec3 {
    return this.#now;
  }

  get grounded(): boolean {
    return this.#predictor.state.grounded;
  }

  /** Whether the server has said where the avatar is. */
  get placed(): boolean {
    return this.#teleports !== null;
  }

  /** Predicts the end of `tick`. */
  step(tick: number, input: Input): void {
    this.#before = this.#now;
    this.#predictor.predict(tick, input);
    this.#now = [...this.#predictor.state.position];
    this.#newestTick = tick;
  }

  /** The server's word on the end of `tick`; `onTime`: that tick's input had reached it. */
  reconcile(tick: number, own: OwnState, onTime: boolean): void {
    const corrected = this.#predictor.reconcile(tick, own);
    // A late input is not the prediction's fault, nor is what happened in packets that never came.
    const known = onTime && tick === this.#reconciledTick + 1;
    this.#reconciledTick = tick;
    if (!onTime) this.#lateInputs += 1;
    const now: Vec3 = [...this.#predictor.state.position];
    const moved = difference(now, this.#now);
    // A page that slept is behind the server: prediction goes on from here.
    this.#newestTick = Math.max(this.#newestTick, tick);
    const leaped = this.#teleports !== own.teleports;
    this.#teleports = own.teleports;
    this.#now = now;
    if (corrected && known && !leaped) this.#mispredictions += 1;
    if (leaped || Math.hypot(...moved) > PRETEND_M_MAX) {
      this.#before = now;
      this.#error = [0, 0, 0];
      return;
    }
    this.#before = sum(this.#before, moved);
    this.#error = difference(this.#error, moved);
  }

  /**
   * Goes back to the end of `tick`, of which the server's word is `own`: what was predicted beyond it
   * is void, and predicted anew.
   */
  rewind(tick: number, own: OwnState): void {
    this.#predictor.rewind(tick, own);
    const now: Vec3 = [...this.#predictor.state.position];
    const shown = sum(this.#now, this.#error);
    this.#error = difference(shown, now);
    if (Math.hypot(...this.#error) > PRETEND_M_MAX) this.#error = [0, 0, 0];
    this.#before = now;
    this.#now = now;
    this.#newestTick = tick;
  }

  /** Where to show the avatar, `share` of the way from the tick before to the newest one. */
  show(share: number, timeS: number): Vec3 {
    const sinceS = this.#shownAtS === null ? 0 : Math.max(0, timeS - this.#shownAtS);
    this.#shownAtS = timeS;
    const keep = Math.exp(-sinceS / FADE_S);
    this.#error = [this.#error[0] * keep, this.#error[1] * keep, this.#error[2] * keep];
    if (Math.hypot(...this.#error) < NOTHING_M) this.#error = [0, 0, 0];
    const way = difference(this.#now, this.#before);
    const part: Vec3 = [way[0] * share, way[1] * share, way[2] * share];
    return sum(sum(this.#before, part), this.#error);
  }
}
