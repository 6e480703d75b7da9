/**
 * Frames around objects that somebody has chosen, each in that person's colour and with their name.
 */
import {
  Box3,
  BoxGeometry,
  EdgesGeometry,
  Group,
  LineBasicMaterial,
  LineSegments,
  Sprite,
  SpriteMaterial,
  Vector3,
} from "three";
import { drawTag, type Lettering } from "./lettering";
import type { Bounds, Vec3 } from "./view";

/** What the frames are put around. */
export interface Framed {
  /** The box around an object; null: nothing is drawn of it. */
  boundsOf(object: number): Box3 | null;
  /** Where it is, if it is there. */
  placeOf(object: number): Vec3 | null;
}

/** Frames are drawn a little outside of what they go around, metres. */
const MARGIN_M = 0.03;
/** Half the edge (metres) of the frame around what is not drawn. */
const UNSEEN_M = 0.2;
/** Height of a capital: least one in the world (metres), and share of the distance to the eye. */
const NAME_CAPITAL_M = 0.06;
const NAME_CAPITAL_SHARE = 0.016;

interface Outline {
  ids: readonly number[];
  material: LineBasicMaterial;
  frames: LineSegments[];
  name: Sprite | null;
}

export class Outlines {
  readonly root = new Group();
  #edges = new EdgesGeometry(new BoxGeometry(1, 1, 1));
  #outlines = new Map<string, Outline>();
  #ghost: LineSegments<EdgesGeometry, LineBasicMaterial> | null = null;
  #box = new Box3();
  #size = new Vector3();

  /** Frames of one kind or person; no ids: none. `name` is written above the first. */
  set(key: string, ids: readonly number[], colour: string, name: string | null): void {
    this.#drop(key);
    if (ids.length === 0) return;
    const material = lineMaterial(colour);
    const frames = ids.map(() => {
      const frame = new LineSegments(this.#edges, material);
      frame.renderOrder = 9;
      frame.visible = false;
      this.root.add(frame);
      return frame;
    });
    this.#outlines.set(key, {
      ids,
      material,
      frames,
      name: name ? this.#nameOf(name, colour) : null,
    });
  }

  /** One frame that is around no object; null: none. */
  ghost(bounds: Bounds | null, colour: string): void {
    if (this.#ghost) {
      this.root.remove(this.#ghost);
      this.#ghost.material.dispose();
      this.#ghost = null;
    }
    if (!bounds) return;
    this.#ghost = new LineSegments(this.#edges, lineMaterial(colour));
    this.#ghost.renderOrder = 9;
    this.#box.min.fromArray(bounds.min);
    this.#box.max.fromArray(bounds.max);
    this.#box.getCenter(this.#ghost.position);
    this.#box.getSize(this.#ghost.scale);
    this.root.add(this.#ghost);
  }

  /** Before each picture: what is framed may have moved, and names keep their size. */
  update(framed: Framed, eye: Vector3): void {
    for (const { ids, frames, name } of this.#outlines.values()) {
      if (name) name.visible = false;
      ids.forEach((id, index) => {
        const frame = frames[index];
        const box = this.#boxOf(framed, id);
        if (!frame) return;
        frame.visible = box !== null;
        if (!box) return;
        box.getCenter(frame.position);
        box.getSize(frame.scale);
        if (!name || name.visible) return;
        name.visible = true;
        name.position.set(frame.position.x, box.max.y + 0.06, frame.position.z);
        sizeName(name, eye);
      });
    }
  }

  clear(): void {
    for (const key of [...this.#outlines.keys()]) this.#drop(key);
    this.ghost(null, "");
  }

  dispose(): void {
    this.clear();
    this.#edges.dispose();
  }

  #boxOf(framed: Framed, id: number): Box3 | null {
    const bounds = framed.boundsOf(id);
    if (bounds) return this.#box.copy(bounds).expandByScalar(MARGIN_M);
    const place = framed.placeOf(id);
    if (!place) return null;
    this.#size.setScalar(2 * UNSEEN_M);
    return this.#box.setFromCenterAndSize(new Vector3().fromArray(place), this.#size);
  }

  #nameOf(name: string, colour: string): Sprite {
    const sprite = nameSprite(name, colour);
    sprite.visible = false;
    this.root.add(sprite);
    return sprite;
  }

  #drop(key: string): void {
    const outline = this.#outlines.get(key);
    if (!outline) return;
    for (const frame of outline.frames) this.root.remove(frame);
    outline.material.dispose();
    if (outline.name) {
      this.root.remove(outline.name);
      dropName(outline.name);
    }
    this.#outlines.delete(key);
  }
}

/** A name that is seen through everything, standing on its place. */
export function nameSprite(name: string, colour: string): Sprite {
  const lettering = drawTag(name, colour);
  const sprite = new Sprite(
    new SpriteMaterial({
      map: lettering.texture,
      transparent: true,
      depthWrite: false,
      depthTest: false,
      fog: false,
      toneMapped: false,
    }),
  );
  sprite.userData = lettering;
  sprite.center.set(0.5, 0);
  sprite.renderOrder = 10;
  return sprite;
}

/** Names keep their size on the screen, but are never too small in the world. */
export function sizeName(name: Sprite, eye: Vector3): void {
  const capitalM = NAME_CAPITAL_SHARE * eye.distanceTo(name.position);
  const { aspect, capitals } = name.userData as Lettering;
  const height = Math.max(NAME_CAPITAL_M, capitalM) * capitals;
  name.scale.set(height * aspect, height, 1);
}

export function dropName(name: Sprite): void {
  name.material.map?.dispose();
  name.material.dispose();
}

/** Seen through everything: what is chosen may stand behind a wall. */
function lineMaterial(color: string): LineBasicMaterial {
  const through = { depthTest: false, transparent: true };
  return new LineBasicMaterial({ color, fog: false, toneMapped: false, ...through });
}
