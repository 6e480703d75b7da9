/**
 * Building with the hands of a headset.
 *
 * Owns what the hands hold. The trigger chooses what the ray meets and holds it, both grips together
 * scale what is chosen, and the buttons take back and repeat. At most one thing is done at a time,
 * and all of it goes the way of the mouse: one drag is one stroke.
 */
import { effect } from "@preact/signals";
import type { Builder } from "../builder/builder";
import { Carrying } from "../builder/carrying";
import { carriedAll } from "../builder/operations";
import { b } from "../builder/texts/words";
import { NO_TURN, type Vec3 } from "../builder/vectors";
import type { Hit, Pose } from "../builder/workbench";
import type { Hand, Side } from "../scene/headset";
import { distanceAlong, distanceToPlane, placeAlong } from "./aim";
import {
  axesOf,
  type Grab,
  grown,
  hasMoved,
  held,
  isNear,
  type Pull,
  pulled,
  takeHold,
} from "./grab";
import type { Hands } from "./hands";

/** Rays look for what they meet in every so many pictures, one hand after the other. */
const LOOK_EVERY = 6;
/** How far rays are drawn that meet nothing, metres. */
const IDLE_M = 4;
const STEP_S_MAX = 0.1;
/** A stick that is held less is not meant. */
const STICK_DEAD = 0.25;

type Gesture =
  | { kind: "hold"; side: Side; grab: Grab; pull: Pull; carrying: Carrying | null; shown: Pose }
  | { kind: "scale"; beganM: number; from: Pose; carrying: Carrying; factor: number };

/** What a hand did a picture ago, and what its ray met. */
interface Before {
  trigger: boolean;
  lower: boolean;
  upper: boolean;
  hit: Hit | null;
}

/** What a ray leads to. */
interface Target {
  object: number | null;
  distanceM: number;
  hit: Hit | null;
}

export class BuilderHands {
  readonly #builder: Builder;
  readonly #hands: Hands;
  readonly #before: Readonly<Record<Side, Before>> = {
    left: { trigger: false, lower: false, upper: false, hit: null },
    right: { trigger: false, lower: false, upper: false, hit: null },
  };
  #gesture: Gesture | null = null;
  #pictures = 0;
  #lastMs: number | null = null;
  #ends: (() => void)[] = [];

  constructor(builder: Builder, hands: Hands) {
    this.#builder = builder;
    this.#hands = hands;
    hands.uses.buttons = true;
    // What is held down already was not meant for building.
    for (const hand of [hands.left, hands.right]) this.#remember(hand);
    this.#ends.push(
      hands.each((nowMs) => this.#picture(nowMs)),
      effect(() => hands.tell(builder.notice.value?.text ?? null)),
    );
    builder.say(b("handsHint"));
  }

  dispose(): void {
    this.#letGo();
    for (const end of this.#ends) end();
    const { uses } = this.#hands;
    uses.buttons = false;
    uses.left = false;
    uses.right = false;
    for (const side of ["left", "right"] as const) this.#hands.point(side, null, false);
    this.#hands.tell(null);
    this.#builder.ghost.value = null;
  }

  #picture(nowMs: number): void {
    const dtS = Math.min(STEP_S_MAX, (nowMs - (this.#lastMs ?? nowMs)) / 1_000);
    this.#lastMs = nowMs;
    this.#pictures += 1;
    const { left, right, uses } = this.#hands;
    this.#press(left);
    this.#press(right);
    this.#squeeze();
    const gesture = this.#gesture;
    if (gesture?.kind === "hold") this.#hold(gesture, dtS);
    else if (gesture?.kind === "scale") this.#scale(gesture);
    uses.left = this.#isHolding("left");
    uses.right = this.#isHolding("right");
    this.#show(left, 0);
    this.#show(right, LOOK_EVERY / 2);
    this.#remember(left);
    this.#remember(right);
  }

  #remember({ side, trigger, lower, upper }: Hand): void {
    const before = this.#before[side];
    before.trigger = trigger;
    before.lower = lower;
    before.upper = upper;
  }

  #isHolding(side: Side): boolean {
    return this.#gesture?.kind === "hold" && this.#gesture.side === side;
  }

  /** What buttons do that are pressed or let go of. */
  #press(hand: Hand): void {
    const before = this.#before[hand.side];
    if (hand.lower && !before.lower) this.#builder.run("undo");
    if (hand.upper && !before.upper) this.#builder.run("redo");
    if (hand.trigger === before.trigger) return;
    if (!hand.trigger) {
      if (this.#isHolding(hand.side)) this.#letGo();
    } else if (this.#gesture === null && hand.isThere) this.#choose(hand);
  }

  #choose(hand: Hand): void {
    const builder = this.#builder;
    const { object, distanceM, hit } = this.#lookAlong(hand);
    const piece = builder.placing.peek();
    if (piece !== null) {
      if (hit === null) return;
      builder.place(piece, hit);
      builder.placing.value = null;
      this.#hands.pulse(hand.side);
      return;
    }
    if (object === null) {
      if (!hand.squeeze) builder.selection.clear();
      return;
    }
    this.#hands.pulse(hand.side);
    if (hand.squeeze) {
      builder.selection.toggle(object);
      return;
    }
    if (!builder.selection.has(object)) builder.selection.choose([object]);
    this.#takeHold(hand, object, distanceM);
  }

  #takeHold(hand: Hand, object: number, distanceM: number): void {
    const builder = this.#builder;
    const from = builder.handles();
    if (from === null || builder.scenery.value.isLocked(object)) return;
    const isLocal = builder.space.peek() === "local";
    const axes = axesOf(isLocal ? from.rotation : NO_TURN);
    const grab = takeHold(hand, distanceM, from, axes, builder.snaps.peek());
    const pull = { distanceM, spinDeg: 0 };
    this.#gesture = { kind: "hold", side: hand.side, grab, pull, carrying: null, shown: from };
  }

  /** Both grips together: what is chosen grows with the way between the hands. */
  #squeeze(): void {
    const { left, right } = this.#hands;
    const both = left.squeeze && right.squeeze && left.isThere && right.isThere;
    if (both === (this.#gesture?.kind === "scale")) return;
    this.#letGo();
    const from = both ? this.#builder.handles() : null;
    if (from === null) return;
    const beganM = apart(left.position, right.position);
    this.#gesture = { kind: "scale", beganM, from, carrying: this.#carry(), factor: 1 };
    this.#hands.pulse("left");
    this.#hands.pulse("right");
  }

  #hold(gesture: Extract<Gesture, { kind: "hold" }>, dtS: number): void {
    const builder = this.#builder;
    const { grab, side } = gesture;
    const hand = this.#hands[side];
    // Out of sight it holds still.
    if (!hand.isThere) return;
    const { stickRight, stickUp } = hand;
    if (Math.max(Math.abs(stickRight), Math.abs(stickUp)) > STICK_DEAD) {
      gesture.pull = pulled(gesture.pull, stickRight, stickUp, dtS);
    }
    if (gesture.carrying === null) {
      if (!hasMoved(grab, hand, gesture.pull)) return;
      gesture.carrying = this.#carry();
    }
    const angleDeg = builder.snaps.peek() ? builder.angleDeg.peek() : null;
    const to = held(grab, hand, gesture.pull, { gridM: builder.gridStepM, angleDeg });
    if (isNear(to, gesture.shown)) return;
    gesture.shown = to;
    this.#carryTo(gesture.carrying, grab.from, to);
  }

  #scale(gesture: Extract<Gesture, { kind: "scale" }>): void {
    const { left, right } = this.#hands;
    const nowM = apart(left.position, right.position);
    const factor = grown(gesture.beganM, nowM, this.#builder.snaps.peek());
    if (factor === gesture.factor) return;
    gesture.factor = factor;
    const to: Pose = { ...gesture.from, scale: [factor, factor, factor] };
    this.#carryTo(gesture.carrying, gesture.from, to);
  }

  #carry(): Carrying {
    return new Carrying(this.#builder, () => {
      this.#gesture = null;
    });
  }

  #carryTo(carrying: Carrying, from: Pose, to: Pose): void {
    const { scenery, chosen } = this.#builder;
    carrying.show(carriedAll(scenery.value, chosen.value, from, to, carrying.began));
  }

  #letGo(): void {
    const gesture = this.#gesture;
    this.#gesture = null;
    gesture?.carrying?.end();
  }

  /** Draws the ray of a hand; `turn` says when it is its turn to look anew. */
  #show(hand: Hand, turn: number): void {
    const { side } = hand;
    if (!hand.isThere) {
      this.#hands.point(side, null, false);
      return;
    }
    const gesture = this.#gesture;
    if (gesture?.kind === "hold" && gesture.side === side) {
      this.#hands.point(side, gesture.pull.distanceM, true);
      return;
    }
    const before = this.#before[side];
    if (gesture !== null) before.hit = null;
    else if (this.#pictures % LOOK_EVERY === turn) this.#look(hand);
    const { hit } = before;
    const distanceM = hit === null ? null : distanceToPlane(hand, hit);
    this.#hands.point(side, distanceM ?? IDLE_M, distanceM !== null);
  }

  #look(hand: Hand): void {
    const builder = this.#builder;
    const { hit } = this.#lookAlong(hand);
    this.#before[hand.side].hit = hit;
    const piece = builder.placing.peek();
    // The hand that was used last shows where the piece would come.
    if (piece !== null && hit !== null) builder.ghostAt(piece, hit);
  }

  /** What a ray leads to: something that is drawn, or the mark of something that is not. */
  #lookAlong(hand: Hand): Target {
    const builder = this.#builder;
    const hidden = builder.hidden.peek();
    const hit = builder.bench.pickAlong(hand.position, hand.direction, hidden);
    const distanceM = hit === null ? Number.POSITIVE_INFINITY : distanceAlong(hand, hit.point);
    const unseen = builder.unseen.peek();
    const placeOf = (id: number): Vec3 | null =>
      hidden.has(id) ? null : builder.poseOf(id).position;
    const mark = placeAlong(hand, unseen, placeOf, distanceM);
    if (mark !== null) return { object: mark.id, distanceM: mark.distanceM, hit };
    return { object: hit?.object ?? null, distanceM, hit };
  }
}

function apart(a: Vec3, c: Vec3): number {
  return Math.hypot(a[0] - c[0], a[1] - c[1], a[2] - c[2]);
}
