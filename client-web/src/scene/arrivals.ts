/**
 * Boxes in the place of models that are on their way, with how far they are, or that cannot be had.
 *
 * Owns one group per object; whoever draws the object takes it away.
 */
import {
  BoxGeometry,
  EdgesGeometry,
  Group,
  LineBasicMaterial,
  LineSegments,
  Sprite,
  SpriteMaterial,
} from "three";
import { drawSign } from "./lettering";
import type { PlacedObject } from "./resolve";
import type { Vec3 } from "./view";

const COLOUR = "#2f6fb0";
const MISSING_COLOUR = "#b03a2e";
/** Steps in which the percentage is told: each makes a new picture of letters. */
const STEP = 0.05;
const LETTERS_M = 0.22;
/** Boxes for models that cannot be had; each costs two draw calls. */
const MISSED_MAX = 100;
const NAME_CHARS_MAX = 40;

interface Arrival {
  group: Group;
  frame: LineSegments;
  letters: Sprite | null;
  told: string;
  /** Null: its model is on its way. */
  missed: PlacedObject | null;
}

export class Arrivals {
  readonly root = new Group();
  readonly #all = new Map<number, Arrival>();
  #nameOf: ((object: PlacedObject) => string) | null = null;

  /** Shows that a model is on its way; from 0 to 1. */
  show(object: PlacedObject, done01: number): void {
    const percent = Math.floor(done01 / STEP) * STEP * 100;
    this.#tell(object, `${Math.round(percent)} %`, COLOUR, false);
  }

  /** Shows that a model cannot be had. */
  miss(object: PlacedObject): void {
    if (!this.#all.has(object.id) && this.#all.size >= MISSED_MAX) return;
    const name = this.#nameOf?.(object).slice(0, NAME_CHARS_MAX) ?? "";
    this.#tell(object, `${name} ?`.trim(), MISSING_COLOUR, true);
  }

  /** Tells what is missing by its name; null: by a sign alone. */
  name(nameOf: ((object: PlacedObject) => string) | null): void {
    this.#nameOf = nameOf;
    for (const { missed } of this.#all.values()) if (missed !== null) this.miss(missed);
  }

  /** What is told of an object; null: nothing. */
  of(id: number): string | null {
    return this.#all.get(id)?.told ?? null;
  }

  end(id: number): void {
    const arrival = this.#all.get(id);
    if (arrival === undefined) return;
    this.#all.delete(id);
    this.root.remove(arrival.group);
    arrival.frame.geometry.dispose();
    (arrival.frame.material as LineBasicMaterial).dispose();
    if (arrival.letters !== null) disposeLetters(arrival.letters);
  }

  dispose(): void {
    for (const id of [...this.#all.keys()]) this.end(id);
  }

  #tell(object: PlacedObject, text: string, colour: string, isMissed: boolean): void {
    const arrival = this.#all.get(object.id) ?? this.#make(object);
    arrival.missed = isMissed ? object : null;
    arrival.group.position.fromArray(object.position);
    arrival.group.quaternion.fromArray(object.rotation);
    if (arrival.told === text) return;
    if (arrival.letters !== null) {
      arrival.group.remove(arrival.letters);
      disposeLetters(arrival.letters);
    }
    (arrival.frame.material as LineBasicMaterial).color.set(colour);
    arrival.letters = letters(text, colour);
    arrival.letters.position.copy(arrival.frame.position);
    arrival.group.add(arrival.letters);
    arrival.told = text;
  }

  #make(object: PlacedObject): Arrival {
    const { size, offset } = roomOf(object);
    const edges = new EdgesGeometry(new BoxGeometry(...size));
    const frame = new LineSegments(
      edges,
      new LineBasicMaterial({ transparent: true, opacity: 0.8 }),
    );
    frame.position.fromArray(offset);
    const group = new Group();
    group.add(frame);
    this.root.add(group);
    const arrival: Arrival = { group, frame, letters: null, told: "", missed: null };
    this.#all.set(object.id, arrival);
    return arrival;
  }
}

/** Letters that face whoever looks at them. */
function letters(text: string, colour: string): Sprite {
  const { texture, aspect, capitals } = drawSign(text, colour);
  const sprite = new Sprite(new SpriteMaterial({ map: texture, transparent: true }));
  const height = LETTERS_M * capitals;
  sprite.scale.set(height * aspect, height, 1);
  return sprite;
}

function disposeLetters({ material }: Sprite): void {
  material.map?.dispose();
  material.dispose();
}

/** How much room an object will take, as far as its colliders tell; else a cube of a metre. */
export function roomOf({ properties, scale }: PlacedObject): { size: Vec3; offset: Vec3 } {
  for (const { shape, offset_m } of properties.colliders ?? []) {
    if (!("box" in shape)) continue;
    const of = (values: readonly number[] | undefined, absent: number): Vec3 => [
      (values?.[0] ?? absent) * scale[0],
      (values?.[1] ?? absent) * scale[1],
      (values?.[2] ?? absent) * scale[2],
    ];
    return { size: of(shape.box.size_m, 1), offset: of(offset_m, 0) };
  }
  return { size: [1, 1, 1], offset: [0, 0.5, 0] };
}
