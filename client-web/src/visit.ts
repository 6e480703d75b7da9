/**
 * One stay in one world: from `Entered` until the next one, or the end.
 *
 * Owns the replica, both clocks, the own avatar and what people do (gestures, speech). Turns frames
 * and inputs into a `WorldView`. Invariant: exactly one input is made for each tick of the input
 * clock. It knows neither the session nor the scene, and time is an argument.
 */
import { InputClock, PlayoutClock } from "./net/clock";
import { InputLog } from "./net/inputs";
import { SnapshotStats } from "./net/stats";
import type { Predictor } from "./predict/predictor";
import type { WorldDocument } from "./protocol/document";
import {
  buttons,
  decodeFrame,
  type Emote,
  type Frame,
  field,
  flags,
  type Input,
  type OwnState,
  type PersonCard,
  type ServerMessage,
} from "./protocol/generated";
import { Gestures, Speech } from "./replica/expression";
import {
  flagsOf,
  pitchOf,
  positionOf,
  rotationOf,
  type Sighting,
  sightings,
  trackedOf,
  yawOf,
} from "./replica/interpolate";
import { Movers } from "./replica/movers";
import { OwnAvatar } from "./replica/own";
import { looseBodiesNear } from "./replica/proxies";
import { pitchRad, yawRad } from "./replica/quantise";
import { Replica } from "./replica/replica";
import type { AvatarView, ObjectView, Vec3 } from "./scene/view";

/** What the controls say at one moment. */
export type Wish = Pick<Input, "moveX" | "moveZ" | "yaw" | "pitch" | "buttons">;

export type Entered = Extract<ServerMessage, { kind: "entered" }>;

/** More ticks than this at once mean that the page slept: the input clock starts anew. */
const TICKS_AT_ONCE_MAX = 45;
/** Assumed before it is measured. */
const ROUND_TRIP_MS = 100;
/** Longer gaps between looks at the controls come from loading, not from slow drawing. */
const GAP_MS_MAX = 250;
/** The share of the longest gap that is kept at each look. */
const GAP_KEEP = 0.98;
/** Half of the capsule's height. */
const FOOT_M = 0.85;

const STILL: Wish = { moveX: 0, moveZ: 0, yaw: 0, pitch: 0, buttons: 0 };

/** Everything that is shown, without the camera. */
export interface Shown {
  avatars: AvatarView[];
  objects: ObjectView[];
  /** Centre of the own capsule. */
  own: Vec3;
}

/** What became of a frame's bytes. */
export type Heard = "fine" | "unreadable";

export class Visit {
  readonly entered: Entered;
  readonly stats = new SnapshotStats();
  readonly gestures = new Gestures();
  readonly speech = new Speech();
  readonly #replica = new Replica();
  readonly #playout: PlayoutClock;
  readonly #inputs = new InputLog();
  #clock: InputClock | null = null;
  #document: WorldDocument | null = null;
  #predictor: Predictor | null = null;
  #own: OwnAvatar | null = null;
  #movers: Movers | null = null;
  #wish: Wish = STILL;
  /** How long the page is busy with a picture: inputs cannot go out more often than that. */
  #gapMs = 0;
  #wantedAtMs = Number.POSITIVE_INFINITY;
  /** Buttons that were down at any moment since the last tick. */
  #pressed = 0;
  /** The input clock has begun, and no input was made yet. */
  #beginning = false;
  #playoutTick: number | null = null;
  #shownTick = 0;
  #shownAtS = 0;

  constructor(entered: Entered) {
    this.entered = entered;
    this.#playout = new PlayoutClock(entered.ticksPerS);
  }

  /** The world is loaded: prediction begins with the next frame. */
  ready(document: WorldDocument, predictor: Predictor): void {
    this.#document = document;
    this.#predictor = predictor;
    this.#own = new OwnAvatar(predictor);
    this.#movers = new Movers(document);
    this.#clock = null;
  }

  get document(): WorldDocument | null {
    return this.#document;
  }

  /** Whether there is something to show. */
  get placed(): boolean {
    return this.#own?.placed ?? false;
  }

  /** Where the server has the own avatar look, radians; null before it is in sight. */
  get arrivalYaw(): number | null {
    const record = this.#replica.newest?.entities.get(this.entered.avatar);
    return record === undefined ? null : yawRad(record.fields[field.rotation] ?? 0);
  }

  /** The tick in which others are shown, fractional. */
  get playoutTick(): number {
    return this.#playoutTick ?? 0;
  }

  get newestTick(): number {
    return this.#replica.newest?.tick ?? 0;
  }

  get inputTick(): number {
    return this.#own?.tick ?? 0;
  }

  get bufferMs(): number {
    return this.#playout.bufferMs;
  }

  get mispredictions(): number {
    return this.#own?.mispredictions ?? 0;
  }

  get lateInputs(): number {
    return this.#own?.lateInputs ?? 0;
  }

  /** Takes in a frame. */
  hear(bytes: Uint8Array, roundTripMs: number | null, nowMs: number): Heard {
    let frame: Frame;
    try {
      frame = decodeFrame(bytes);
    } catch {
      return "unreadable";
    }
    // Nothing of an earlier stay can be of use here.
    if (frame.tick < this.entered.tick) return "fine";
    const newest = this.newestTick;
    const applied = this.#replica.apply(frame);
    if (applied === "malformed") return "unreadable";
    if (applied !== "applied") return "fine";
    this.#playout.sample(frame.tick, nowMs);
    this.stats.add(frame.tick, nowMs);
    if (frame.tick < newest) return "fine";
    this.#inputs.used(frame.tick);
    if (frame.own === null || this.#own === null) return "fine";
    this.#own.reconcile(frame.tick, frame.own);
    this.#keepTime(frame.tick, frame.own, roundTripMs ?? ROUND_TRIP_MS, nowMs);
    return "fine";
  }

  /** What the person wants now; short presses between two ticks are not lost. */
  want(wish: Wish, nowMs: number): void {
    const gapMs = Math.min(GAP_MS_MAX, nowMs - this.#wantedAtMs);
    this.#gapMs = Math.max(gapMs, this.#gapMs * GAP_KEEP);
    this.#wantedAtMs = nowMs;
    this.#wish = wish;
    this.#pressed |= wish.buttons;
  }

  /** The network is gone: inputs stop until a frame comes again. */
  pause(): void {
    this.#clock = null;
  }

  /**
   * Makes the inputs that are due and predicts with them. Gives the message for the server, or null
   * when there is nothing new.
   */
  step(nowMs: number): Uint8Array<ArrayBuffer> | null {
    if (this.#clock === null || this.#own === null) return null;
    const due = Math.floor(this.#clock.advance(nowMs));
    const first = this.#own.tick + 1;
    if (due - first > TICKS_AT_ONCE_MAX) {
      this.#clock = null;
      return null;
    }
    if (first > due) return null;
    for (let tick = first; tick <= due; tick += 1) {
      // A clock that has just begun is ahead by many ticks, which go by before any input can reach
      // the server: for those nothing can be wanted any more.
      const wish = this.#beginning && tick < due ? STILL : this.#takeWish();
      this.#setProxies(tick);
      this.#inputs.push(tick, wish);
      this.#own.step(tick, wish);
    }
    this.#beginning = false;
    return this.#inputs.message(this.#replica.ack, null);
  }

  /** Acknowledges frames while there are no inputs yet. */
  acknowledgement(): Uint8Array<ArrayBuffer> | null {
    return this.#clock === null ? new InputLog().message(this.#replica.ack, null) : null;
  }

  /** Everything at `nowMs`. `cards` are by avatar. */
  show(nowMs: number, cards: ReadonlyMap<number, PersonCard>): Shown {
    const timeS = nowMs / 1_000;
    const stepS = Math.max(0, Math.min(0.1, timeS - this.#shownAtS));
    this.#shownAtS = timeS;
    this.#playoutTick = this.#playout.advance(nowMs);
    const pastTick = this.#playoutTick ?? this.newestTick;
    const own = this.#showOwn(nowMs, pastTick);
    const shown: Shown = {
      avatars: [],
      objects: this.#movers?.show(this.#shownTick, pastTick, stepS) ?? [],
      own,
    };
    for (const sighting of sightings(this.#replica, pastTick)) {
      const { kind, entity } = sighting.to;
      if (kind.kind === "object") {
        shown.objects.push(this.#showObject(sighting, kind.object));
        continue;
      }
      const card = cards.get(entity);
      if (card === undefined || entity === this.entered.avatar) continue;
      shown.avatars.push(this.#showOther(sighting, card, timeS));
    }
    const card = cards.get(this.entered.avatar);
    if (card !== undefined) shown.avatars.push(this.#showSelf(card, own, timeS));
    return shown;
  }

  /** Somebody made a gesture. */
  gesture(person: number, emote: Emote, nowMs: number): void {
    this.gestures.begin(person, emote, nowMs / 1_000);
  }

  /** Free way (metres) of the camera. */
  obstruct(origin: Vec3, direction: Vec3, maxM: number): number {
    return this.#predictor?.castRay(origin, direction, maxM) ?? maxM;
  }

  /** Starts the input clock, steers it, or starts it anew when it is hopelessly off. */
  #keepTime(tick: number, own: OwnState, roundTripMs: number, nowMs: number): void {
    const clock = this.#clock;
    const server = this.#playout.serverTick(nowMs) ?? tick;
    const wayTicks = (roundTripMs * this.entered.ticksPerS) / 1_000;
    const behind = clock !== null && clock.advance(nowMs) < server + wayTicks / 2;
    const lost = clock?.sample(tick, own.leadTicks, own.onTime) === "lost";
    if (clock !== null && !behind && !lost) return;
    this.#beginning = true;
    this.#clock = InputClock.start(
      this.entered.ticksPerS,
      server,
      roundTripMs + this.#gapMs,
      nowMs,
    );
  }

  #takeWish(): Input {
    const { moveX, moveZ, yaw, pitch } = this.#wish;
    const pressed = this.#wish.buttons | this.#pressed;
    this.#pressed = 0;
    return { moveX, moveZ, yaw, pitch, buttons: pressed };
  }

  #setProxies(tick: number): void {
    if (this.#predictor === null || this.#own === null) return;
    const near = looseBodiesNear(this.#replica, this.#own.predicted, tick, this.entered.ticksPerS);
    this.#predictor.setProxies(near);
  }

  #showOwn(nowMs: number, pastTick: number): Vec3 {
    if (this.#own === null) return [0, 0, 0];
    if (this.#clock === null) {
      this.#shownTick = pastTick;
      return this.#own.show(1, nowMs / 1_000);
    }
    // The input clock may be ahead of the newest prediction by less than a tick.
    const share = Math.max(0, Math.min(1, this.#clock.advance(nowMs) - this.#own.tick));
    this.#shownTick = this.#own.tick - 1 + share;
    return this.#own.show(share, nowMs / 1_000);
  }

  #showObject(sighting: Sighting, object: number): ObjectView {
    const position = positionOf(sighting);
    const carried = this.#movers?.carry(sighting.to.entity, position) ?? [0, 0, 0];
    return { object, position: plus(position, carried), rotation: rotationOf(sighting) };
  }

  #showOther(sighting: Sighting, card: PersonCard, timeS: number): AvatarView {
    const bits = flagsOf(sighting);
    const position = positionOf(sighting);
    const foot: Vec3 = [position[0], position[1] - FOOT_M, position[2]];
    const carried = this.#movers?.carry(sighting.to.entity, foot) ?? [0, 0, 0];
    return {
      ...this.#described(card, position, timeS),
      self: false,
      position: plus(position, carried),
      yaw: yawOf(sighting),
      pitch: pitchOf(sighting),
      grounded: (bits & flags.grounded) !== 0,
      running: (bits & flags.running) !== 0,
      tracked: trackedOf(sighting),
    };
  }

  #showSelf(card: PersonCard, position: Vec3, timeS: number): AvatarView {
    const { moveX, moveZ } = this.#wish;
    return {
      ...this.#described(card, position, timeS),
      self: true,
      position,
      yaw: yawRad(this.#wish.yaw),
      pitch: pitchRad(this.#wish.pitch),
      grounded: this.#own?.grounded ?? true,
      running: (this.#wish.buttons & buttons.run) !== 0 && (moveX !== 0 || moveZ !== 0),
      tracked: null,
    };
  }

  #described(
    card: PersonCard,
    position: Vec3,
    timeS: number,
  ): Pick<AvatarView, "entity" | "name" | "look" | "present" | "emote" | "bubble"> {
    return {
      entity: card.avatar,
      name: card.name,
      look: card.look,
      present: card.present,
      emote: this.gestures.of(card.person, position, timeS),
      bubble: this.speech.of(card.person, timeS),
    };
  }
}

function plus(a: Vec3, b: Vec3): Vec3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}
