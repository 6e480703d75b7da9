/**
 * A world document made easy to look things up in: objects by id, who is below whom, what an object
 * is with its blueprint applied. Made anew for every edit; nothing here changes the document.
 */
import {
  documentDefaults,
  idAt,
  type Properties,
  type Object as SceneObject,
  type WorldDocument,
} from "../protocol/document";
import type { Quat, Vec3 } from "./vectors";
import type { Pose } from "./workbench";

export class Scenery {
  readonly document: WorldDocument;
  readonly objects = new Map<number, SceneObject>();
  /** Ids below an id, null: at the top; in the order of the document. */
  readonly below = new Map<number | null, number[]>();
  readonly names = new Map<string, number>();

  constructor(document: WorldDocument) {
    this.document = document;
    document.objects.forEach((object, index) => {
      const id = idAt(document, index);
      this.objects.set(id, object);
      if (object.name !== undefined && object.name !== null) this.names.set(object.name, id);
    });
    for (const [id, object] of this.objects) {
      const parent = object.parent ?? null;
      const at = parent !== null && this.objects.has(parent) ? parent : null;
      const siblings = this.below.get(at);
      if (siblings === undefined) this.below.set(at, [id]);
      else siblings.push(id);
    }
  }

  children(id: number | null): readonly number[] {
    return this.below.get(id) ?? [];
  }

  /** An object and everything below it, what is above first. */
  family(id: number): number[] {
    const found = [id];
    for (let index = 0; index < found.length; index += 1) {
      const next = found[index];
      if (next !== undefined) found.push(...this.children(next));
    }
    return found;
  }

  /** Objects with everything below them, each once, what is above first. */
  families(ids: Iterable<number>): number[] {
    const wanted = new Set(ids);
    const tops = [...wanted].filter((id) => this.objects.has(id) && !this.hasAbove(id, wanted));
    return tops.flatMap((id) => this.family(id));
  }

  /** Whether an object lies below one of `ids`. */
  hasAbove(id: number, ids: ReadonlySet<number>): boolean {
    const seen = new Set<number>();
    let above = this.objects.get(id)?.parent ?? null;
    while (above !== null && !seen.has(above)) {
      if (ids.has(above)) return true;
      seen.add(above);
      above = this.objects.get(above)?.parent ?? null;
    }
    return false;
  }

  /** Properties of an object with those of its blueprint below them. */
  properties(id: number): Properties {
    const object = this.objects.get(id);
    return object === undefined ? {} : propertiesOf(this.document, object);
  }

  pose(id: number): Pose {
    return poseOf(this.objects.get(id));
  }

  isLocked(id: number): boolean {
    return this.objects.get(id)?.locked === true;
  }

  /** Whether the object may be scaled differently along its axes. */
  scalesUnevenly(id: number): boolean {
    return !isRound(this.properties(id));
  }

  /** A name like `wanted` that no object has; `taken` are names to be given as well. */
  freeName(wanted: string, taken: ReadonlySet<string> = new Set()): string {
    const isFree = (name: string): boolean => !this.names.has(name) && !taken.has(name);
    if (isFree(wanted)) return wanted;
    const stem = wanted.replace(/ \d+$/, "").slice(0, 58);
    for (let count = 2; ; count += 1) {
      const name = `${stem} ${count}`;
      if (isFree(name)) return name;
    }
  }
}

export function poseOf(object: SceneObject | undefined): Pose {
  const { position_m, rotation, scale } = documentDefaults.object;
  return {
    position: [...(object?.position_m ?? position_m)] as Vec3,
    rotation: [...(object?.rotation ?? rotation)] as Quat,
    scale: [...(object?.scale ?? scale)] as Vec3,
  };
}

export function propertiesOf(document: WorldDocument, object: SceneObject): Properties {
  const base = object.blueprint ? document.blueprints?.[object.blueprint] : undefined;
  const own = Object.entries(object.properties ?? {}).filter(([, value]) => value != null);
  return { ...base, ...Object.fromEntries(own) };
}

/** Whether something of it has a round shape, which can only grow evenly. */
export function isRound(properties: Properties): boolean {
  const round = (shape: object): boolean =>
    "ball" in shape || "capsule" in shape || "cylinder" in shape || "cone" in shape;
  return (
    (properties.visuals ?? []).some(({ shape }) => round(shape)) ||
    (properties.colliders ?? []).some(({ shape }) => round(shape))
  );
}

/** Whether nothing is drawn of it: a spawn point, a sensor, a sound or a bare light. */
export function isUnseen(properties: Properties): boolean {
  return (properties.visuals ?? []).length === 0 && properties.portal == null;
}

/** What an object mainly is, for its icon and its name when it has none. */
export type Kind =
  | "spawn"
  | "companion"
  | "portal"
  | "light"
  | "sensor"
  | "sound"
  | "water"
  | "text"
  | "terrain"
  | "model"
  | "dynamic"
  | "kinematic"
  | "static";

export function kindOf(properties: Properties): Kind {
  const visuals = properties.visuals ?? [];
  if (properties.spawn) return "spawn";
  if (properties.companion) return "companion";
  if (properties.portal) return "portal";
  if (properties.body?.kind === "dynamic") return "dynamic";
  if (properties.body?.kind === "kinematic") return "kinematic";
  if (visuals.length === 0) {
    if (properties.light) return "light";
    if (properties.sensor) return "sensor";
    if (properties.sound) return "sound";
  }
  if (properties.light && visuals.length <= 2) return "light";
  if (visuals.some(({ shape }) => "water" in shape)) return "water";
  if (visuals.some(({ shape }) => "text" in shape)) return "text";
  if (visuals.some(({ shape }) => "collider" in shape)) return "terrain";
  if (visuals.some(({ shape }) => "model" in shape)) return "model";
  return "static";
}
