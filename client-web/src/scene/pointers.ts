/** Where others point who build: a pin in each person's colour, with their name, seen through walls. */
import {
  BackSide,
  Group,
  LatheGeometry,
  Mesh,
  MeshBasicMaterial,
  type Sprite,
  Vector2,
  type Vector3,
} from "three";
import { inkOn } from "./lettering";
import { dropName, nameSprite, sizeName } from "./outlines";
import type { PointerView } from "./view";

/** Radius of its head: least one in the world (metres), and share of the distance to the eye. */
const RADIUS_M = 0.04;
const RADIUS_SHARE = 0.012;
/** The middle of its head over the place that it stands on, in radii. */
const HEAD = 2.4;
/** The rim around it, in radii, dark or light: so that it is seen on any ground. */
const RIM = 1.3;
const ROUND = 20;

const THROUGH = { depthTest: false, transparent: true, fog: false, toneMapped: false } as const;

/** A pin of radius 1 that stands on its point. */
function pinShape(): LatheGeometry {
  // The sides touch the head.
  const from = Math.asin(1 / HEAD);
  const head = Array.from({ length: ROUND + 1 }, (_, index) => {
    const angle = -from + ((Math.PI / 2 + from) * index) / ROUND;
    return new Vector2(Math.cos(angle), HEAD + Math.sin(angle));
  });
  return new LatheGeometry([new Vector2(0, 0), ...head], ROUND);
}

interface Pointer {
  name: string;
  colour: string;
  pin: Group;
  paints: readonly MeshBasicMaterial[];
  label: Sprite;
}

export class PointerPins {
  readonly root = new Group();
  #shape = pinShape();
  #pointers = new Map<number, Pointer>();

  /** Before each picture. */
  update(views: readonly PointerView[], eye: Vector3): void {
    if (views.length === 0 && this.#pointers.size === 0) return;
    const seen = new Set(views.map(({ person }) => person));
    for (const person of [...this.#pointers.keys()]) {
      if (!seen.has(person)) this.#drop(person);
    }
    for (const view of views) {
      const { pin, label } = this.#pointerOf(view);
      pin.position.fromArray(view.position);
      const radiusM = Math.max(RADIUS_M, RADIUS_SHARE * eye.distanceTo(pin.position));
      pin.scale.setScalar(radiusM);
      label.position.copy(pin.position);
      label.position.y += radiusM * (HEAD + RIM);
      sizeName(label, eye);
    }
  }

  dispose(): void {
    for (const person of [...this.#pointers.keys()]) this.#drop(person);
    this.#shape.dispose();
  }

  #pointerOf({ person, name, colour }: PointerView): Pointer {
    const before = this.#pointers.get(person);
    if (before?.name === name && before.colour === colour) return before;
    this.#drop(person);
    const paint = new MeshBasicMaterial({ color: colour, ...THROUGH });
    const edge = new MeshBasicMaterial({ color: inkOn(colour), side: BackSide, ...THROUGH });
    const pin = new Group();
    const rim = new Mesh(this.#shape, edge);
    rim.scale.setScalar(RIM);
    rim.position.y = HEAD * (1 - RIM);
    rim.renderOrder = 11;
    const body = new Mesh(this.#shape, paint);
    body.renderOrder = 12;
    pin.add(rim, body);
    const label = nameSprite(name, colour);
    const pointer = { name, colour, pin, paints: [paint, edge], label };
    this.root.add(pin, label);
    this.#pointers.set(person, pointer);
    return pointer;
  }

  #drop(person: number): void {
    const pointer = this.#pointers.get(person);
    if (!pointer) return;
    this.root.remove(pointer.pin, pointer.label);
    for (const paint of pointer.paints) paint.dispose();
    dropName(pointer.label);
    this.#pointers.delete(person);
  }
}
