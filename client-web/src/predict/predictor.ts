/**
 * Predicts the own avatar and corrects itself by the server's word.
 *
 * Invariant: after `reconcile(tick, own)` the state is what the server's state at `tick` becomes
 * under the inputs that were predicted since. Without loose bodies nearby a prediction is exact, so
 * a correction means that the server used another input than ours.
 */
import type { WorldDocument } from "../protocol/document";
import type { Input, OwnState } from "../protocol/generated";
import { type LooseBody, QueryWorld } from "./queryWorld";
import type { RapierModule } from "./shapes";
import { type AvatarState, bitsOf, stateAt, stateOf, step } from "./step";

/** Ticks that are remembered; what is older can no longer be replayed. */
const MEMORY_TICKS = 128;

type Memory = { tick: number; input: Input; state: AvatarState };

export class Predictor {
  readonly #rapier: RapierModule;
  #world: QueryWorld | null = null;
  #state: AvatarState = stateAt([0, 0, 0]);
  /** By tick modulo `MEMORY_TICKS`. */
  #memory: (Memory | undefined)[] = [];
  #newestTick = 0;
  #mispredictions = 0;
  #lastErrorM = 0;
  /** The server's count of teleports, as last heard. */
  #teleports: number | null = null;

  private constructor(rapier: RapierModule) {
    this.#rapier = rapier;
  }

  /** Loads the physics module, which is large: call it when a person has decided to enter. */
  static async create(): Promise<Predictor> {
    return new Predictor(await import("@dimforge/rapier3d-deterministic/rapier.js"));
  }

  /** Takes another world's geometry; everything about the avatar is forgotten. */
  load(document: WorldDocument): void {
    this.#world?.free();
    this.#world = null;
    this.#world = new QueryWorld(this.#rapier, document);
    this.#state = stateAt([0, 0, 0]);
    this.#memory = [];
    this.#newestTick = 0;
    this.#teleports = null;
  }

  /**
   * Takes over what changed in the world while people are inside; the avatar stays as it is. What
   * was predicted for ticks before is corrected by the server's word, as any other change.
   */
  edit(document: WorldDocument, changed: Iterable<number>): void {
    this.#world?.edit(document, changed);
    this.#world?.beginTick(this.#newestTick);
  }

  /** The state at the end of the newest predicted tick. */
  get state(): Readonly<AvatarState> {
    return this.#state;
  }

  /** States that the server contradicted, teleports aside, since the predictor was made. */
  get mispredictions(): number {
    return this.#mispredictions;
  }

  /** How far (metres) the last contradicted state was from the truth. */
  get lastErrorM(): number {
    return this.#lastErrorM;
  }

  /** Advances the avatar to the end of `tick`. Ticks that were predicted already are ignored. */
  predict(tick: number, input: Input): Readonly<AvatarState> {
    if (tick > this.#newestTick) this.#advance(tick, { ...input });
    return this.#state;
  }

  /**
   * Takes the server's word on the end of `tick`. Returns whether it differs from what was predicted
   * for that tick; a teleport or an unknown tick is taken over without counting as one.
   */
  reconcile(tick: number, own: OwnState): boolean {
    const truth = stateOf(own);
    const remembered = this.#remembered(tick);
    if (remembered !== undefined && sameBits(remembered.state, truth)) return false;
    const errorM =
      remembered === undefined ? 0 : distanceM(remembered.state.position, truth.position);
    const teleported = this.#teleports !== null && this.#teleports !== own.teleports;
    this.#teleports = own.teleports;

    this.#state = truth;
    const newest = this.#newestTick;
    this.#newestTick = tick;
    if (remembered !== undefined) remembered.state = truth;
    for (let next = tick + 1; next <= newest; next += 1) {
      const input = this.#remembered(next)?.input;
      if (input === undefined) {
        this.#memory = [];
        break;
      }
      this.#advance(next, input);
    }
    if (remembered === undefined || teleported) return false;
    this.#mispredictions += 1;
    this.#lastErrorM = errorM;
    return true;
  }

  /** Forgets all predictions: the avatar is at the end of `tick` as the server says. */
  rewind(tick: number, own: OwnState): void {
    this.#state = stateOf(own);
    this.#newestTick = tick;
    this.#memory = [];
    this.#teleports = own.teleports;
  }

  /** Loose bodies near the avatar, the nearest first, as obstacles of the next predictions. */
  setProxies(near: readonly LooseBody[]): void {
    this.#world?.setProxies(near);
  }

  /** Distance (metres) along the unit vector `direction` to the first thing that stands there. */
  castRay(origin: readonly number[], direction: readonly number[], maxM: number): number {
    return this.#world?.castRay(origin, direction, maxM) ?? maxM;
  }

  free(): void {
    this.#world?.free();
    this.#world = null;
  }

  #remembered(tick: number): Memory | undefined {
    const memory = this.#memory[tick % MEMORY_TICKS];
    return memory?.tick === tick ? memory : undefined;
  }

  #advance(tick: number, input: Input): void {
    if (this.#world === null) return;
    this.#world.beginTick(tick);
    this.#state = step(this.#world, this.#state, input);
    this.#newestTick = tick;
    this.#memory[tick % MEMORY_TICKS] = { tick, input, state: this.#state };
  }
}

function sameBits(a: AvatarState, b: AvatarState): boolean {
  const bits = bitsOf(b);
  return bitsOf(a).every((word, index) => word === bits[index]);
}

function distanceM(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
