/** Where others point who build: a ball in each person's colour, with their name, seen through walls. */
import {
  BackSide,
  Group,
  Mesh,
  MeshBasicMaterial,
  SphereGeometry,
  type Sprite,
  type Vector3,
} from "three";
import { dropName, nameSprite, sizeName } from "./outlines";
import type { PointerView } from "./view";

/** Radius: least one in the world (metres), and share of the distance to the eye. */
const RADIUS_M = 0.03;
const RADIUS_SHARE = 0.007;
/** The dark rim around it, in radii: so that it is seen on any ground. */
const RIM = 1.35;

const THROUGH = { depthTest: false, transparent: true, fog: false, toneMapped: false } as const;

interface Pointer {
  name: string;
  colour: string;
  ball: Group;
  paint: MeshBasicMaterial;
  label: Sprite;
}

export class PointerBalls {
  readonly root = new Group();
  #sphere = new SphereGeometry(1, 20, 14);
  #rim = new MeshBasicMaterial({ color: "#141a22", side: BackSide, ...THROUGH });
  #pointers = new Map<number, Pointer>();

  /** Before each picture. */
  update(views: readonly PointerView[], eye: Vector3): void {
    if (views.length === 0 && this.#pointers.size === 0) return;
    const seen = new Set(views.map(({ person }) => person));
    for (const person of [...this.#pointers.keys()]) {
      if (!seen.has(person)) this.#drop(person);
    }
    for (const view of views) {
      const { ball, label } = this.#pointerOf(view);
      ball.position.fromArray(view.position);
      const radiusM = Math.max(RADIUS_M, RADIUS_SHARE * eye.distanceTo(ball.position));
      ball.scale.setScalar(radiusM);
      label.position.copy(ball.position);
      label.position.y += radiusM * 2;
      sizeName(label, eye);
    }
  }

  dispose(): void {
    for (const person of [...this.#pointers.keys()]) this.#drop(person);
    this.#sphere.dispose();
    this.#rim.dispose();
  }

  #pointerOf({ person, name, colour }: PointerView): Pointer {
    const before = this.#pointers.get(person);
    if (before?.name === name && before.colour === colour) return before;
    this.#drop(person);
    const paint = new MeshBasicMaterial({ color: colour, ...THROUGH });
    const ball = new Group();
    const rim = new Mesh(this.#sphere, this.#rim);
    rim.scale.setScalar(RIM);
    rim.renderOrder = 11;
    const dot = new Mesh(this.#sphere, paint);
    dot.renderOrder = 12;
    ball.add(rim, dot);
    const label = nameSprite(name, colour);
    const pointer = { name, colour, ball, paint, label };
    this.root.add(ball, label);
    this.#pointers.set(person, pointer);
    return pointer;
  }

  #drop(person: number): void {
    const pointer = this.#pointers.get(person);
    if (!pointer) return;
    this.root.remove(pointer.ball, pointer.label);
    pointer.paint.dispose();
    dropName(pointer.label);
    this.#pointers.delete(person);
  }
}
