/**
 * One stay in one world: from `Entered` until the next one, or the end.
 *
 * Owns the replica, both clocks, the own avatar and what people do (gestures, speech). Turns packets
 * and inputs into a `WorldView`. Invariant: exactly one input is made for each tick of the input
 * clock. It knows neither the session nor the scene, and time is an argument.
 */
import { type Company, entityOf } from "./companions/company";
import type { Changes } from "./document/apply";
import { InputClock, PlayoutClock } from "./net/clock";
import { InputLog } from "./net/inputs";
import { PacketStats } from "./net/stats";
import type { Predictor } from "./predict/predictor";
import { DecodeError } from "./protocol/codec";
import type { WorldDocument } from "./protocol/document";
import {
  avatarFields,
  buttons,
  type Emote,
  facets,
  type Input,
  type OwnState,
  type PacketHead,
  type PersonCard,
  type ServerMessage,
  type TrackedPoses,
} from "./protocol/generated";
import { Gestures, Speech } from "./replica/expression";
import { bearingOf } from "./replica/feeling";
import type { Figure } from "./replica/figure";
import { pitchOf, rotationOf, stanceOf, trackedOf, yawOf } from "./replica/interpolate";
import { Movers } from "./replica/movers";
import { OwnAvatar } from "./replica/own";
import { looseBodiesNear } from "./replica/proxies";
import { pitchRad, yawRad } from "./replica/quantise";
import { Replica } from "./replica/replica";
import type { Applied } from "./replica/view";
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

/** When for so long nothing that comes can be built on, everything is asked for anew. */
const STUCK_MS_MAX = 1_000;

const STILL: Wish = { moveX: 0, moveZ: 0, yaw: 0, pitch: 0, buttons: 0 };

/** Everything that is shown, without the camera. */
export interface Shown {
  avatars: AvatarView[];
  objects: ObjectView[];
  /** Centre of the own capsule. */
  own: Vec3;
}

/** What became of a packet's bytes. */
export type Heard = "fine" | "unreadable";

export class Visit {
  readonly entered: Entered;
  readonly #person: number;
  readonly stats = new PacketStats();
  readonly gestures = new Gestures();
  readonly speech = new Speech();
  readonly #replica: Replica;
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
  /** Who knows head and hands of a person in a headset; null: none is worn. */
  tracked: { poses(): TrackedPoses | null } | null = null;
  /** The input clock has begun, and no input was made yet. */
  #beginning = false;
  #playoutTick: number | null = null;
  #shownTick = 0;
  #shownAtS = 0;
  /** Since when packets came that could not be built on; null: they can. */
  #stuckSinceMs: number | null = null;
  /** The newest tick by which the input clock was steered. */
  #timedTick = 0;

  /** `person` is the one whose visit it is. */
  constructor(entered: Entered, person: number) {
    this.entered = entered;
    this.#person = person;
    this.#replica = new Replica(entered.ticksPerS);
    this.#playout = new PlayoutClock(entered.ticksPerS);
  }

  /** The world is loaded: prediction begins with the next packet. */
  ready(document: WorldDocument, predictor: Predictor): void {
    this.#document = document;
    this.#predictor = predictor;
    this.#own = new OwnAvatar(predictor);
    this.#movers = new Movers(document);
    this.#clock = null;
  }

  /** The world was changed: `document` is what it is now. */
  edit(document: WorldDocument, changes: Changes): void {
    if (this.#document === null) return;
    this.#document = document;
    const changed = changes.bodies;
    this.#movers?.edit(document, changed);
    // What is predicted goes on from where the avatar is; the server's word corrects it.
    if (changed.size > 0 || changes.settings) this.#predictor?.edit(document, changed);
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
    const track = this.#replica.find(facets.avatar, this.#person)?.track;
    return track === undefined
      ? null
      : yawRad(track.fields[track.newest + avatarFields.yaw] as number);
  }

  /** The tick in which others are shown, fractional. */
  get playoutTick(): number {
    return this.#playoutTick ?? 0;
  }

  get newestTick(): number {
    return this.#replica.newestTick;
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

  /** Takes in a packet. */
  hear(bytes: Uint8Array, roundTripMs: number | null, nowMs: number): Heard {
    const newest = this.newestTick;
    let told: { head: PacketHead; applied: Applied };
    try {
      // Nothing of an earlier stay can be of use here.
      told = this.#replica.apply(bytes, this.entered.tick);
    } catch (error) {
      if (error instanceof DecodeError) return "unreadable";
      throw error;
    }
    const { head, applied } = told;
    if (applied === "early" || applied === "old") return "fine";
    this.#notice(applied, nowMs);
    this.#playout.sample(head.tick, nowMs);
    this.stats.add(head.number, nowMs);
    if (head.tick < newest) return "fine";
    this.#inputs.used(head.tick);
    const state = head.own.kind === "untold" ? null : this.#replica.own;
    if (this.#own === null || state === null) return "fine";
    this.#own.reconcile(head.tick, state, head.onTime);
    if (head.tick > this.#timedTick) {
      this.#timedTick = head.tick;
      this.#keepTime(head, state, roundTripMs ?? ROUND_TRIP_MS, nowMs);
    }
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

  /** The network is gone: inputs stop until a packet comes again. */
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
    return this.#inputs.message(this.#replica.ack, this.tracked?.poses() ?? null);
  }

  /** Acknowledges packets while there are no inputs yet. */
  acknowledgement(): Uint8Array<ArrayBuffer> | null {
    return this.#clock === null ? new InputLog().message(this.#replica.ack, null) : null;
  }

  /** Everything at `nowMs`. `cards` are by person; without a company there are no companions. */
  show(
    nowMs: number,
    cards: ReadonlyMap<number, PersonCard>,
    company: Company | null = null,
  ): Shown {
    const timeS = nowMs / 1_000;
    const stepS = Math.max(0, Math.min(0.1, timeS - this.#shownAtS));
    this.#shownAtS = timeS;
    this.#playoutTick = this.#playout.advance(nowMs);
    const pastTick = this.#playoutTick ?? this.newestTick;
    const own = this.#showOwn(nowMs, pastTick);
    const objects = this.#movers?.show(this.#shownTick, stepS) ?? [];
    const shown: Shown = { avatars: [], objects, own };
    this.#replica.show({
      tick: pastTick,
      intervalTicks: this.#playout.intervalTicks,
      newestTick: this.newestTick,
      stepS,
      stepTicks: stepS * this.entered.ticksPerS,
    });
    for (const figure of this.#replica.figures) {
      const { facet, subject } = figure.track;
      if (facet === facets.object) {
        shown.objects.push(this.#showObject(figure));
        continue;
      }
      if (facet === facets.companion) {
        const avatar = company && this.#showCompanion(figure, company, timeS);
        if (avatar) shown.avatars.push(avatar);
        continue;
      }
      const card = facet === facets.avatar ? cards.get(subject) : undefined;
      if (card === undefined || subject === this.#person) continue;
      shown.avatars.push(this.#showOther(figure, card, timeS));
    }
    const card = cards.get(this.#person);
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

  /** Asks for everything anew when nothing that comes can be built on. */
  #notice(applied: Applied, nowMs: number): void {
    if (applied === "whole") {
      this.#stuckSinceMs = null;
      return;
    }
    this.#stuckSinceMs ??= nowMs;
    if (nowMs - this.#stuckSinceMs < STUCK_MS_MAX) return;
    this.#stuckSinceMs = null;
    this.#replica.forget();
  }

  /** Starts the input clock, steers it, or starts it anew when it is hopelessly off. */
  #keepTime(head: PacketHead, state: OwnState, roundTripMs: number, nowMs: number): void {
    const clock = this.#clock;
    const server = this.#playout.serverTick(nowMs) ?? head.tick;
    const wayTicks = (roundTripMs * this.entered.ticksPerS) / 1_000;
    const behind = clock !== null && clock.advance(nowMs) < server + wayTicks / 2;
    const lost = clock?.sample(head.tick, head.leadTicks, head.onTime) === "lost";
    if (clock !== null && !behind && !lost) return;
    this.#beginning = true;
    this.#clock = InputClock.start(
      this.entered.ticksPerS,
      server,
      roundTripMs + this.#gapMs,
      nowMs,
    );
    // A server that paused is behind what was predicted meanwhile: without going back, no input would
    // be made until it has caught up.
    if (this.#own !== null && this.#own.tick > this.#clock.tick) {
      this.#own.rewind(head.tick, state);
      this.#inputs.clear();
    }
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

  #showObject(figure: Figure): ObjectView {
    const { position } = figure;
    const carried = this.#movers?.carry(keyOf(figure), position, figure.tick) ?? [0, 0, 0];
    return {
      object: figure.track.subject,
      position: plus(position, carried),
      rotation: rotationOf(figure.sighting),
    };
  }

  #showOther(figure: Figure, card: PersonCard, timeS: number): AvatarView {
    const { position, sighting } = figure;
    const stance = stanceOf(sighting);
    const foot: Vec3 = [position[0], position[1] - FOOT_M, position[2]];
    const carried = this.#movers?.carry(keyOf(figure), foot, figure.tick) ?? [0, 0, 0];
    const tracked = this.#replica.find(facets.tracked, card.person);
    return {
      ...this.#described(card, position, timeS),
      self: false,
      position: plus(position, carried),
      yaw: yawOf(sighting),
      pitch: pitchOf(sighting),
      grounded: (stance & avatarFields.grounded) !== 0,
      running: (stance & avatarFields.running) !== 0,
      tracked: tracked === null ? null : trackedOf(tracked.sighting),
    };
  }

  /** Null when the document does not know it. */
  #showCompanion(figure: Figure, company: Company, timeS: number): AvatarView | null {
    const { position, sighting } = figure;
    const { subject } = figure.track;
    const card = company.cards.peek().get(subject);
    if (card === undefined) return null;
    const entity = entityOf(subject);
    const { emotion, carrying, grounded, running, sitting } = bearingOf(sighting);
    const { text, thinking, reduced, left01 } = company.bubbleOf(subject, timeS);
    const foot: Vec3 = [position[0], position[1] - FOOT_M, position[2]];
    const carried = this.#movers?.carry(keyOf(figure), foot, figure.tick) ?? [0, 0, 0];
    return {
      entity,
      name: card.name,
      look: card.look,
      self: false,
      present: true,
      position: plus(position, carried),
      yaw: yawOf(sighting),
      pitch: pitchOf(sighting),
      grounded,
      running,
      emote: this.gestures.of(entity, position, timeS),
      bubble: text,
      tracked: null,
      companion: { emotion, carrying, sitting, thinking, reduced, bubble01: left01 },
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
      entity: card.person,
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

/** Tells people, objects and companions apart for platforms. */
function keyOf({ track }: Figure): number {
  return track.subject * 4 + track.facet;
}
