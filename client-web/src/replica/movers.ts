/**
 * Scripted platforms at fractional ticks, and what stands on them.
 *
 * Platforms are shown where they are at the own avatar's tick, so that it stands on them; others
 * are shown in the past. Whoever stands on a platform is therefore carried along to where the
 * platform is shown, or they would float beside it.
 */
import { placeOf } from "../document/apply";
import { offsetM } from "../predict/mover";
import { type Collider, idAt, type Mover, type WorldDocument } from "../protocol/document";
import type { ObjectView, Quat, Vec3 } from "../scene/view";

/** Slack (metres) around a platform within which something counts as standing on it. */
const MARGIN_M = 0.35;
const ABOVE_M_MAX = 0.6;
/** Seconds in which somebody who steps on is drawn along fully. */
const EASE_S = 0.3;

interface Platform {
  object: number;
  mover: Mover;
  position: Vec3;
  rotation: Quat;
  /** Box around the colliders, relative to the position. */
  least: Vec3;
  greatest: Vec3;
}

function rotate(by: readonly number[], v: readonly number[]): Vec3 {
  const [x, y, z, w] = by as Quat;
  const [a, b, c] = v as Vec3;
  const tx = 2 * (y * c - z * b);
  const ty = 2 * (z * a - x * c);
  const tz = 2 * (x * b - y * a);
  return [a + w * tx + y * tz - z * ty, b + w * ty + z * tx - x * tz, c + w * tz + x * ty - y * tx];
}

/** Half of the extent of a collider along its own axes. */
function halfExtent(collider: Collider): Vec3 {
  const shape = collider.shape;
  if ("box" in shape) return shape.box.size_m.map((size) => size / 2) as Vec3;
  if ("ball" in shape) return [shape.ball.radius_m, shape.ball.radius_m, shape.ball.radius_m];
  if ("capsule" in shape) {
    return [shape.capsule.radius_m, shape.capsule.height_m / 2, shape.capsule.radius_m];
  }
  if ("cylinder" in shape) {
    return [shape.cylinder.radius_m, shape.cylinder.height_m / 2, shape.cylinder.radius_m];
  }
  const points =
    "hull" in shape ? shape.hull.points_m : "mesh" in shape ? shape.mesh.vertices_m : [];
  const reach = (axis: number): number =>
    points.reduce((most, point) => Math.max(most, Math.abs(point[axis] ?? 0)), 0);
  return [reach(0), reach(1), reach(2)];
}

function platformOf(document: WorldDocument, index: number): Platform | null {
  const described = document.objects[index];
  if (described === undefined) return null;
  const base = document.blueprints?.[described.blueprint ?? ""];
  const mover = described.properties?.mover ?? base?.mover;
  if (mover === undefined) return null;
  const rotation: Quat = described.rotation ?? [0, 0, 0, 1];
  const scale = described.scale ?? [1, 1, 1];
  const least: Vec3 = [0, 0, 0];
  const greatest: Vec3 = [0, 0, 0];
  for (const collider of described.properties?.colliders ?? base?.colliders ?? []) {
    const half = halfExtent(collider);
    const middle = collider.offset_m ?? [0, 0, 0];
    for (let corner = 0; corner < 8; corner += 1) {
      const local = [0, 1, 2].map((axis) => {
        const side = (corner & (1 << axis)) === 0 ? -1 : 1;
        return ((middle[axis] ?? 0) + side * (half[axis] ?? 0)) * (scale[axis] ?? 1);
      });
      const turned = rotate(rotation, local);
      for (let axis = 0; axis < 3; axis += 1) {
        least[axis] = Math.min(least[axis] ?? 0, turned[axis] ?? 0);
        greatest[axis] = Math.max(greatest[axis] ?? 0, turned[axis] ?? 0);
      }
    }
  }
  const position = described.position_m ?? [0, 0, 0];
  return { object: idAt(document, index), mover, position, rotation, least, greatest };
}

function positionAt(platform: Platform, tick: number): Vec3 {
  const whole = Math.max(0, Math.floor(tick));
  const share = Math.max(0, tick - whole);
  const from = offsetM(platform.mover, whole);
  const to = offsetM(platform.mover, whole + 1);
  const at = (axis: 0 | 1 | 2): number =>
    platform.position[axis] + from[axis] + (to[axis] - from[axis]) * share;
  return [at(0), at(1), at(2)];
}

export class Movers {
  /** By ascending ids. */
  #platforms: Platform[];
  /** How far each entity is drawn along, 0 to 1, and by which platform. */
  #carried = new Map<number, { platform: Platform; share: number }>();
  #shownTick = 0;
  #stepS = 0;

  constructor(document: WorldDocument) {
    this.#platforms = document.objects
      .map((_, index) => platformOf(document, index))
      .filter((platform) => platform !== null);
  }

  /** Takes over what is now in the document of these objects. */
  edit(document: WorldDocument, changed: ReadonlySet<number>): void {
    const fresh = [...changed]
      .map((id) => ({ id, index: placeOf(document, id) }))
      .filter(({ id, index }) => idAt(document, index) === id)
      .map(({ index }) => platformOf(document, index))
      .filter((platform) => platform !== null);
    this.#platforms = this.#platforms
      .filter(({ object }) => !changed.has(object))
      .concat(fresh)
      .sort((a, b) => a.object - b.object);
    // Who stood on one that is now another is carried by that one.
    const platforms = new Map(this.#platforms.map((platform) => [platform.object, platform]));
    for (const [entity, carried] of this.#carried) {
      const { object } = carried.platform;
      if (!changed.has(object)) continue;
      const platform = platforms.get(object);
      if (platform === undefined) this.#carried.delete(entity);
      else this.#carried.set(entity, { platform, share: carried.share });
    }
  }

  /** Platforms at `shownTick`. */
  show(shownTick: number, stepS: number): ObjectView[] {
    this.#shownTick = shownTick;
    this.#stepS = stepS;
    return this.#platforms.map((platform) => ({
      object: platform.object,
      position: positionAt(platform, shownTick),
      rotation: platform.rotation,
    }));
  }

  /** By how much an entity is carried along whose lowest point was at `foot` at `pastTick`. */
  carry(entity: number, foot: Vec3, pastTick: number): Vec3 {
    if (this.#platforms.length === 0) return [0, 0, 0];
    const under = this.#under(foot, pastTick);
    const before = this.#carried.get(entity);
    const platform = under ?? before?.platform;
    if (platform === undefined) return [0, 0, 0];
    const step = (under === null ? -1 : 1) * (this.#stepS / EASE_S);
    const share = Math.max(0, Math.min(1, (before?.share ?? 0) + step));
    if (share === 0) this.#carried.delete(entity);
    else this.#carried.set(entity, { platform, share });
    const past = positionAt(platform, pastTick);
    const shown = positionAt(platform, this.#shownTick);
    return [
      (shown[0] - past[0]) * share,
      (shown[1] - past[1]) * share,
      (shown[2] - past[2]) * share,
    ];
  }

  #under(foot: Vec3, pastTick: number): Platform | null {
    for (const platform of this.#platforms) {
      const at = positionAt(platform, pastTick);
      const x = foot[0] - at[0];
      const y = foot[1] - at[1] - platform.greatest[1];
      const z = foot[2] - at[2];
      const on =
        x > platform.least[0] - MARGIN_M &&
        x < platform.greatest[0] + MARGIN_M &&
        z > platform.least[2] - MARGIN_M &&
        z < platform.greatest[2] + MARGIN_M &&
        y > -MARGIN_M &&
        y < ABOVE_M_MAX;
      if (on) return platform;
    }
    return null;
  }
}
