/**
 * Where others point who build in the same world: the newest word of each, shown without jerks.
 * Knows neither the session nor the picture.
 */
import { type PersonCard, quantise } from "./protocol/generated";
import { positionM } from "./replica/quantise";
import type { PointerView, Vec3 } from "./scene/view";

/** Time (s) in which two thirds of the way to a new place are gone: news come ten times a second. */
const FOLLOW_S = 0.07;
/** Farther than this (metres) at once is a leap. */
const LEAP_M = 15;
/** Nearer than this (metres) it has arrived. */
const ARRIVED_M = 0.001;
/** Places farther along an axis (metres) are outside of every world. */
const WORLD_M = 10_000;

export class Pointers {
  readonly #pointers = new Map<number, { to: Vec3; at: Vec3 }>();

  /** Somebody points at a place, in steps of the wire; null: nowhere. */
  hear(person: number, steps: readonly number[] | null): void {
    const [x, y, z] = steps ?? [];
    if (x === undefined || y === undefined || z === undefined) {
      this.#pointers.delete(person);
      return;
    }
    const to: Vec3 = [positionM(x), positionM(y), positionM(z)];
    const before = this.#pointers.get(person);
    const isNear = before !== undefined && apartM(before.at, to) < LEAP_M;
    this.#pointers.set(person, { to, at: isNear ? before.at : [...to] });
  }

  clear(): void {
    this.#pointers.clear();
  }

  /** Where each is shown right now. */
  now(): { person: number; position: Vec3 }[] {
    return [...this.#pointers].map(([person, { at }]) => ({ person, position: [...at] }));
  }

  /** What is to be shown after `dtS` seconds; those whom nobody knows are left out. */
  show(dtS: number, cards: ReadonlyMap<number, PersonCard>): PointerView[] {
    const share = 1 - Math.exp(-Math.max(0, dtS) / FOLLOW_S);
    const views: PointerView[] = [];
    for (const [person, { to, at }] of this.#pointers) {
      const left = apartM(at, to);
      for (const axis of [0, 1, 2] as const) {
        at[axis] = left < ARRIVED_M ? to[axis] : at[axis] + (to[axis] - at[axis]) * share;
      }
      const card = cards.get(person);
      if (card === undefined) continue;
      views.push({ person, position: at, name: card.name, colour: colourOf(card) });
    }
    return views;
  }
}

/** The colour in which others see what a person has chosen and where they point. */
export function colourOf(card: PersonCard | undefined): string {
  return `rgb(${(card?.look.accent ?? [255, 255, 255]).join(",")})`;
}

/** A place (metres) as steps of the wire; null: it is in no world. */
export function stepsOf(point: Readonly<Vec3> | null): number[] | null {
  if (!point?.every((metres) => Math.abs(metres) <= WORLD_M)) return null;
  return point.map((metres) => Math.round(metres * quantise.positionStepsPerM) + 0);
}

function apartM(a: Readonly<Vec3>, b: Readonly<Vec3>): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
