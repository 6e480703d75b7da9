/**
 * Operations for what a builder does. Pure: from the world as it is to a batch that the server may
 * take or refuse.
 */
import type { Collider, Properties, Object as SceneObject, Visual } from "../protocol/document";
import { type Operation, PLACEHOLDERS, type Property } from "../protocol/operation";
import { isSame } from "./same";
import { isRound, type Scenery } from "./scenery";
import {
  add,
  inverse,
  multiply,
  rounded,
  subtract,
  tidy,
  times,
  turned,
  unit,
  type Vec3,
} from "./vectors";
import type { Pose } from "./workbench";

export function createOne(value: SceneObject): Operation[] {
  return [{ create: { object: PLACEHOLDERS, value } }];
}

export function placeOf(object: number, pose: Pose): Operation {
  const { position, rotation, scale } = pose;
  return {
    place: {
      object,
      position_m: rounded(position),
      rotation: unit(rotation).map(tidy6) as Pose["rotation"],
      scale: scale.map((factor) => Math.max(0.001, tidy(factor))) as Vec3,
    },
  };
}

/** Fine enough that the length stays one. */
const tidy6 = (value: number): number => Math.round(value * 1e6) / 1e6 + 0;

/**
 * Where something comes when the handles go from one pose to another: it turns and grows about the
 * handles' old place. `isEven`: it may grow only evenly.
 */
export function carried(pose: Pose, from: Pose, to: Pose, isEven: boolean): Pose {
  const growth = times(to.scale, [1 / from.scale[0], 1 / from.scale[1], 1 / from.scale[2]]);
  const factor = isEven ? evenly(growth) : growth;
  const turn = unit(multiply(to.rotation, inverse(from.rotation)));
  const apart = turned(subtract(pose.position, from.position), inverse(from.rotation));
  return {
    position: add(to.position, turned(times(apart, factor), to.rotation)),
    rotation: unit(multiply(turn, pose.rotation)),
    scale: times(pose.scale, factor),
  };
}

/** One factor for all axes: the one that was changed most. */
function evenly(growth: Vec3): Vec3 {
  const most = growth.reduce((a, b) => (Math.abs(Math.log(b)) > Math.abs(Math.log(a)) ? b : a));
  return [most, most, most];
}

/** Poses of a whole selection when the handles go from one pose to another, without locked ones. */
export function carriedAll(
  scenery: Scenery,
  ids: readonly number[],
  from: Pose,
  to: Pose,
  began: ReadonlyMap<number, Pose> = new Map(),
): Map<number, Pose> {
  const all = scenery.families(ids).filter((id) => !scenery.isLocked(id));
  // Only one chosen object can grow unevenly: others may be turned another way.
  const lead = ids.length === 1 ? ids[0] : undefined;
  const poses = new Map<number, Pose>();
  for (const id of all) {
    const isEven = id !== lead || isRound(scenery.properties(id));
    poses.set(id, carried(began.get(id) ?? scenery.pose(id), from, to, isEven));
  }
  return poses;
}

export function placesOf(poses: ReadonlyMap<number, Pose>): Operation[] {
  return [...poses].map(([id, pose]) => placeOf(id, pose));
}

/** Everything chosen with what is below it, the lowest first. Locked ones and what holds them stay. */
export function deleteAll(scenery: Scenery, ids: readonly number[]): Operation[] {
  const all = scenery.families(ids);
  const stays = new Set<number>();
  for (const id of all) {
    if (!scenery.isLocked(id)) continue;
    let at: number | null = id;
    while (at !== null && !stays.has(at)) {
      stays.add(at);
      at = scenery.objects.get(at)?.parent ?? null;
    }
  }
  return all
    .filter((id) => !stays.has(id))
    .reverse()
    .map((object) => ({ delete: { object } }));
}

/** Copies of everything chosen with what is below it, moved by `offset`. */
export function duplicateAll(scenery: Scenery, ids: readonly number[], offset: Vec3): Operation[] {
  const all = scenery.families(ids);
  const copies = new Map(all.map((id, index) => [id, PLACEHOLDERS + index]));
  const names = new Set<string>();
  return all.flatMap((id) => {
    const object = scenery.objects.get(id);
    const copy = copies.get(id);
    if (object === undefined || copy === undefined) return [];
    const value = withoutId(object);
    value.position_m = rounded(add(scenery.pose(id).position, offset));
    const parent = value.parent === undefined ? undefined : copies.get(value.parent);
    if (parent !== undefined) value.parent = parent;
    if (value.name) {
      value.name = scenery.freeName(value.name, names);
      names.add(value.name);
    }
    return [{ create: { object: copy, value } }];
  });
}

/** A copy of an object that can be made anew. */
export function withoutId(object: SceneObject): SceneObject {
  const { id: _, locked: __, ...value } = structuredClone(object);
  for (const [key, given] of Object.entries(value)) {
    if (given === null) delete value[key as keyof typeof value];
  }
  return value;
}

/** Puts objects below another one, or at the top; never below themselves. */
export function reparentAll(
  scenery: Scenery,
  ids: readonly number[],
  parent: number | null,
): Operation[] {
  const moved = new Set(ids);
  if (parent !== null && (moved.has(parent) || scenery.hasAbove(parent, moved))) return [];
  return ids
    .filter((id) => !scenery.hasAbove(id, moved))
    .filter((id) => (scenery.objects.get(id)?.parent ?? null) !== parent)
    .map((object) => ({ reparent: { object, parent } }));
}

export function rename(object: number, name: string): Operation {
  const cleaned = name.trim();
  return { rename: { object, name: cleaned === "" ? null : cleaned } };
}

export function lockAll(ids: readonly number[], locked: boolean): Operation[] {
  return ids.map((object) => ({ lock: { object, locked } }));
}

/** One property of one object; null: it is the blueprint's again. */
export function setProperty<Key extends keyof Properties>(
  object: number,
  key: Key,
  value: Properties[Key] | null,
): Operation {
  return { set: { object, property: { [key]: value ?? null } as Property } };
}

/**
 * Draws one part in another shape. What people bump into there goes with it, as long as it has had
 * the same shape at the same place.
 */
export function reshaped(
  object: number,
  properties: Properties,
  part: number,
  shape: Visual["shape"],
): Operation[] {
  const visuals = properties.visuals ?? [];
  const before = visuals[part];
  if (before === undefined) return [];
  const next = visuals.map((visual, index) => (index === part ? { ...visual, shape } : visual));
  const fits = (collider: Collider): boolean =>
    isSame(collider.shape, before.shape) &&
    isSame(collider.offset_m ?? [0, 0, 0], before.offset_m ?? [0, 0, 0]);
  const colliders = properties.colliders ?? [];
  const found = colliders.findIndex(fits);
  const operations = [setProperty(object, "visuals", next)];
  if (found >= 0) {
    const bumped = colliders.map((collider, index) =>
      index === found ? { ...collider, shape: shape as Collider["shape"] } : collider,
    );
    operations.push(setProperty(object, "colliders", bumped));
  }
  return operations;
}

/** Draws an object with another material: all parts, or one. */
export function withMaterial(
  visuals: readonly Visual[],
  name: string,
  part: number | null,
): Visual[] {
  return visuals.map((visual, index) =>
    part === null || part === index ? { ...visual, material: name } : visual,
  );
}

/** A name for a material or a blueprint that is free among `taken`. */
export function freeKey(wanted: string, taken: ReadonlySet<string>): string {
  const key =
    wanted
      .toLowerCase()
      .replace(/[^a-z0-9_-]+/g, "_")
      .slice(0, 56) || "new";
  if (!taken.has(key)) return key;
  const stem = key.replace(/_\d+$/, "");
  for (let count = 2; ; count += 1) {
    const name = `${stem}_${count}`;
    if (!taken.has(name)) return name;
  }
}
