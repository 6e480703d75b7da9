/**
 * The geometry that avatars move in: `shared/motion/src/{query_world,build}.rs`.
 *
 * Invariant: colliders are inserted in the same order as on the server (statics in document order,
 * movers, proxy slots), the world is stepped exactly once, and from then on only poses, shapes and
 * groups of the slots change. The capsule is created after that step, so that it is not in the tree.
 * `edit` takes up that order again for what has changed.
 */
import type * as Rapier from "@dimforge/rapier3d-deterministic/rapier.js";
import { placeOf } from "../document/apply";
import {
  AVATAR_GROUP,
  documentDefaults as defaults,
  idAt,
  type Mover,
  type Properties,
  type WorldDocument,
} from "../protocol/document";
import { constants as c } from "./constants";
import {
  add,
  isZero,
  length,
  multiply,
  normalise,
  type Quat,
  quat,
  rotate,
  scale,
  subtract,
  type Vec3,
  vec3,
} from "./geometry";
import { offsetM } from "./mover";
import { boundingRadiusM, buildShape, type RapierModule } from "./shapes";

const f = Math.fround;

/** Groups inside the query world. */
export const STATIC = 1;
export const MOVER = 2;
export const PROXY = 4;

const NOBODY = 0;
const EVERYBODY = 0xffffffff;

/** A loose body near the avatar. */
export type LooseBody = {
  /** Id of the object. */
  object: number;
  /** Metres. */
  position: readonly number[];
  /** Unit quaternion x, y, z, w. */
  rotation: readonly number[];
};

type Part = { shape: Rapier.Shape; offset: Vec3; rotation: Quat; radius: number };

/** `base`: where it is without the mover's offset; `cover`: the box as which it is in the tree. */
type MoverPart = {
  collider: Rapier.Collider;
  shape: Rapier.Shape;
  base: Vec3;
  turned: Quat;
  radius: number;
  cover: { middle: Vec3; half: Vec3 };
};

type MoverSlot = { object: number; mover: Mover; parts: MoverPart[]; offset: Vec3; delta: Vec3 };

/** What a slide did. */
export type Movement = { translation: Vec3; grounded: boolean };

function member(group: number): number {
  return ((group << 16) | 0xffff) >>> 0;
}

function meeting(groups: number): number {
  return ((AVATAR_GROUP << 16) | groups) >>> 0;
}

function xyz(v: Vec3): Rapier.Vector {
  return { x: v[0], y: v[1], z: v[2] };
}

function xyzw(q: Quat): Rapier.Rotation {
  return { x: q[0], y: q[1], z: q[2], w: q[3] };
}

/** The properties of an object, with what it does not say taken from its blueprint. */
function resolved(document: WorldDocument, index: number): Properties {
  const object = document.objects[index];
  const base = object.blueprint === undefined ? undefined : document.blueprints?.[object.blueprint];
  return { ...base, ...object.properties };
}

type Role = "static" | "mover" | "loose";

function role(properties: Properties): Role {
  const kind = properties.body?.kind;
  if (kind === "dynamic") return "loose";
  return kind === "kinematic" && properties.mover !== undefined ? "mover" : "static";
}

export class QueryWorld {
  readonly dtS: number;
  #gravityMps2: number;
  readonly #rapier: RapierModule;
  readonly #world: Rapier.World;
  /** By object. */
  readonly #statics = new Map<number, Rapier.Collider[]>();
  /** By ascending ids of their objects. */
  #movers: MoverSlot[] = [];
  /** Index of the mover by collider handle. */
  readonly #moverOf = new Map<number, number>();
  readonly #proxySlots: Rapier.Collider[] = [];
  readonly #loose = new Map<number, Part[]>();
  readonly #capsuleShape: Rapier.Capsule;
  #capsule: Rapier.Collider;
  readonly #standing: Rapier.KinematicCharacterController;
  readonly #airborne: Rapier.KinematicCharacterController;
  #proxiesUsed = 0;

  constructor(rapier: RapierModule, document: WorldDocument) {
    this.#rapier = rapier;
    const settings = { ...defaults.settings, ...document.settings };
    this.dtS = f(1 / Math.max(1, settings.ticks_per_s));
    this.#gravityMps2 = f(settings.gravity_mps2[1]);
    this.#world = new rapier.World({ x: 0, y: 0, z: 0 });
    this.#world.timestep = this.dtS;
    const all = document.objects.map((_, index) => index);
    for (const index of all) this.#addStatic(document, index);
    for (const index of all) this.#addMover(document, index);
    this.#addProxySlots();
    for (const index of all) this.#addLoose(document, index);
    this.#world.step();
    this.#capsuleShape = new rapier.Capsule(c.CAPSULE_HALF_SEGMENT_M, c.CAPSULE_RADIUS_M);
    this.#capsule = this.#uncover();
    this.#standing = this.#controller(true);
    this.#airborne = this.#controller(false);
    this.beginTick(0);
  }

  free(): void {
    this.#world.free();
  }

  get gravityMps2(): number {
    return this.#gravityMps2;
  }

  /**
   * Takes over what is now in the document of these objects, which may be new, changed or gone, and
   * the settings, but for the rate of ticks. `beginTick` must follow, and `setProxies` if bodies are
   * near.
   */
  edit(document: WorldDocument, changed: Iterable<number>): void {
    this.#gravityMps2 = f({ ...defaults.settings, ...document.settings }.gravity_mps2[1]);
    const ids = [...new Set(changed)].sort((a, b) => a - b);
    if (ids.length === 0) return;
    // First, so that its place among the colliders is free again, as on the server, which has none.
    this.#world.removeCollider(this.#capsule, false);
    for (const id of ids) this.#remove(id);
    this.#cover();
    const present = ids
      .map((id) => placeOf(document, id))
      .filter((index, at) => index < document.objects.length && idAt(document, index) === ids[at]);
    for (const index of present) this.#addStatic(document, index);
    for (const index of present) this.#addMover(document, index);
    for (const index of present) this.#addLoose(document, index);
    this.#movers.sort((a, b) => a.object - b.object);
    this.#world.step();
    this.#capsule = this.#uncover();
  }

  /** Puts movers where they are at the end of `tick`. */
  beginTick(tick: number): void {
    for (const slot of this.#movers) {
      const before = offsetM(slot.mover, Math.max(0, tick - 1));
      slot.offset = offsetM(slot.mover, tick);
      slot.delta = subtract(slot.offset, before);
      for (const part of slot.parts) {
        part.collider.setTranslation(xyz(add(part.base, slot.offset)));
      }
    }
  }

  /** Puts loose bodies into the slots, the nearest first; what exceeds the slots is left out. */
  setProxies(bodies: readonly LooseBody[]): void {
    let used = 0;
    for (const proxy of bodies.slice(0, c.PROXY_SLOTS)) {
      const parts = this.#loose.get(proxy.object);
      if (parts === undefined) continue;
      const position = vec3(proxy.position);
      const given = quat(proxy.rotation);
      const finite = [...position, ...given].every(Number.isFinite);
      if (!finite || used + parts.length > c.PROXY_COLLIDER_SLOTS) continue;
      const rotation = normalise(given);
      for (const part of parts) {
        const slot = this.#proxySlots[used];
        slot.setShape(part.shape);
        slot.setTranslation(xyz(add(position, rotate(rotation, part.offset))));
        slot.setRotation(xyzw(normalise(multiply(rotation, part.rotation))));
        slot.setCollisionGroups(member(PROXY));
        used += 1;
      }
    }
    for (let index = used; index < this.#proxiesUsed; index += 1) {
      this.#proxySlots[index].setCollisionGroups(NOBODY);
    }
    this.#proxiesUsed = used;
  }

  /** Distance (metres) along the unit vector `direction` to the first static or mover. */
  castRay(origin: readonly number[], direction: readonly number[], maxM: number): number {
    const ray = new this.#rapier.Ray(xyz(vec3(origin)), xyz(vec3(direction)));
    const hit = this.#world.castRay(ray, maxM, true, undefined, meeting(STATIC | MOVER));
    return hit === null ? maxM : hit.timeOfImpact;
  }

  /** Moves the capsule and lets it slide along what it meets. */
  slide(position: Vec3, wanted: Vec3, standing: boolean, meets: number): Movement {
    const controller = standing ? this.#standing : this.#airborne;
    this.#capsule.setTranslation(xyz(position));
    controller.computeColliderMovement(this.#capsule, xyz(wanted), undefined, meeting(meets));
    const { x, y, z } = controller.computedMovement();
    return { translation: [x, y, z], grounded: controller.computedGrounded() };
  }

  /** Lowers the capsule; which mover it meets first, and the upward part of the normal there. */
  castDown(
    position: Vec3,
    maxM: number,
    meets: number,
  ): { mover: number | null; normalY: number } | null {
    const hit = this.#world.castShape(
      xyz(position),
      { x: 0, y: 0, z: 0, w: 1 },
      { x: 0, y: -1, z: 0 },
      this.#capsuleShape,
      c.OFFSET_M,
      maxM,
      false,
      undefined,
      meeting(meets),
    );
    if (hit === null) return null;
    return { mover: this.#moverOf.get(hit.collider.handle) ?? null, normalY: hit.normal1.y };
  }

  /** The upward part of the normal of what lies straight below, at most `maxM` away. */
  normalBelow(position: Vec3, maxM: number): number | null {
    const ray = new this.#rapier.Ray(xyz(position), { x: 0, y: -1, z: 0 });
    const groups = meeting(STATIC | MOVER | PROXY);
    const hit = this.#world.castRayAndGetNormal(ray, maxM, true, undefined, groups);
    return hit === null ? null : hit.normal.y;
  }

  /** How far (metres) a mover goes in this tick. */
  moverDelta(index: number): Vec3 {
    return this.#movers[index].delta;
  }

  /** Whether a mover that moves in this tick may touch an avatar at `position`. */
  movingNear(position: Vec3): boolean {
    return this.#movers.some((slot) => !isZero(slot.delta) && isNear(slot, position));
  }

  /** The mover that carries an avatar; see the Rust twin for `shifted`. */
  ridden(position: Vec3, shifted: boolean): number | null {
    for (const [index, slot] of this.#movers.entries()) {
      const place = shifted ? add(position, slot.delta) : position;
      if (!isNear(slot, place)) continue;
      const hit = this.castDown(place, c.RIDE_M, MOVER);
      if (hit !== null && hit.mover === index && hit.normalY >= c.RIDE_NORMAL_Y_MIN) return index;
    }
    return null;
  }

  #parts(document: WorldDocument, index: number, properties: Properties): Part[] {
    const factors = vec3(document.objects[index].scale ?? defaults.object.scale);
    const met = (properties.colliders ?? []).filter((collider) => {
      const groups = { ...defaults.groups, ...collider.groups };
      return groups.members !== 0 && (groups.meets & AVATAR_GROUP) !== 0;
    });
    return met.map((collider) => ({
      shape: buildShape(this.#rapier, collider, factors),
      offset: scale(vec3(collider.offset_m ?? defaults.collider.offset_m), factors),
      rotation: normalise(quat(collider.rotation ?? defaults.collider.rotation)),
      radius: boundingRadiusM(collider, factors),
    }));
  }

  #addStatic(document: WorldDocument, index: number): void {
    const properties = resolved(document, index);
    if (role(properties) !== "static") return;
    const colliders = this.#parts(document, index, properties).map((part) => {
      const { place, turned } = placed(document, index, part);
      const described = new this.#rapier.ColliderDesc(part.shape)
        .setTranslation(...place)
        .setCollisionGroups(member(STATIC));
      const collider = this.#world.createCollider(described);
      // Not in the description: only the setter normalises the quaternion, as the Rust side does.
      collider.setRotation(xyzw(normalise(turned)));
      return collider;
    });
    if (colliders.length > 0) this.#statics.set(idAt(document, index), colliders);
  }

  #addMover(document: WorldDocument, index: number): void {
    const properties = resolved(document, index);
    const mover = properties.mover;
    if (mover === undefined || role(properties) !== "mover") return;
    const parts = this.#parts(document, index, properties).map((part): MoverPart => {
      const { shape, radius } = part;
      const { place, turned } = placed(document, index, part);
      const cover = coveringBox(mover, place, radius);
      const described = new this.#rapier.ColliderDesc(new this.#rapier.Cuboid(...cover.half))
        .setTranslation(...cover.middle)
        .setCollisionGroups(NOBODY);
      const collider = this.#world.createCollider(described);
      return { collider, shape, base: place, turned: normalise(turned), radius, cover };
    });
    const object = idAt(document, index);
    this.#movers.push({ object, mover, parts, offset: [0, 0, 0], delta: [0, 0, 0] });
  }

  #addLoose(document: WorldDocument, index: number): void {
    const properties = resolved(document, index);
    if (role(properties) !== "loose") return;
    this.#loose.set(idAt(document, index), this.#parts(document, index, properties));
  }

  /** Takes everything of an object away. Shapes live in the colliders and go with them. */
  #remove(object: number): void {
    for (const collider of this.#statics.get(object) ?? []) {
      this.#world.removeCollider(collider, false);
    }
    this.#statics.delete(object);
    const mover = this.#movers.find((slot) => slot.object === object);
    for (const { collider } of mover?.parts ?? []) this.#world.removeCollider(collider, false);
    this.#movers = this.#movers.filter((slot) => slot !== mover);
    this.#loose.delete(object);
  }

  /** Puts movers and slots back to the boxes as which they were inserted. */
  #cover(): void {
    const put = (collider: Rapier.Collider, middle: Vec3, half: Vec3): void => {
      collider.setShape(new this.#rapier.Cuboid(...half));
      collider.setTranslation(xyz(middle));
      collider.setRotation({ x: 0, y: 0, z: 0, w: 1 });
      collider.setCollisionGroups(NOBODY);
    };
    for (const { parts } of this.#movers) {
      for (const { collider, cover } of parts) put(collider, cover.middle, cover.half);
    }
    const half = c.COORDINATE_M_MAX;
    for (const slot of this.#proxySlots) {
      // By way of other groups, so that all slots count as changed, as on the server.
      slot.setCollisionGroups(EVERYBODY);
      put(slot, [0, 0, 0], [half, half, half]);
    }
    this.#proxiesUsed = 0;
  }

  /** After the step: movers get their shapes, and there is a capsule that is not in the tree. */
  #uncover(): Rapier.Collider {
    this.#moverOf.clear();
    for (const [index, { parts }] of this.#movers.entries()) {
      for (const { collider, shape, base, turned } of parts) {
        this.#moverOf.set(collider.handle, index);
        collider.setShape(shape);
        collider.setTranslation(xyz(base));
        collider.setRotation(xyzw(turned));
        collider.setCollisionGroups(member(MOVER));
      }
    }
    return this.#world.createCollider(new this.#rapier.ColliderDesc(this.#capsuleShape));
  }

  /** Slots hang on a dynamic body, so that steps are not walked up onto loose things. */
  #addProxySlots(): void {
    const body = this.#world.createRigidBody(this.#rapier.RigidBodyDesc.dynamic());
    const half = c.COORDINATE_M_MAX;
    for (let index = 0; index < c.PROXY_COLLIDER_SLOTS; index += 1) {
      const described = new this.#rapier.ColliderDesc(new this.#rapier.Cuboid(half, half, half))
        .setDensity(0)
        .setCollisionGroups(NOBODY);
      this.#proxySlots.push(this.#world.createCollider(described, body));
    }
  }

  /** Every setting is given: the defaults of the two builds differ. */
  #controller(standing: boolean): Rapier.KinematicCharacterController {
    const controller = this.#world.createCharacterController(c.OFFSET_M);
    controller.setSlideEnabled(true);
    controller.setMaxSlopeClimbAngle(c.SLOPE_MAX_RAD);
    controller.setMinSlopeSlideAngle(c.SLOPE_MAX_RAD);
    controller.setNormalNudgeFactor(c.NORMAL_NUDGE);
    if (standing) {
      controller.enableAutostep(c.STEP_HEIGHT_M, c.STEP_WIDTH_M, false);
      controller.enableSnapToGround(c.SNAP_M);
    } else {
      controller.disableAutostep();
      controller.disableSnapToGround();
    }
    return controller;
  }
}

/** Where a part of an object is in the world. */
function placed(document: WorldDocument, index: number, part: Part): { place: Vec3; turned: Quat } {
  const object = document.objects[index];
  const rotation = normalise(quat(object.rotation ?? defaults.object.rotation));
  const position = vec3(object.position_m ?? defaults.object.position_m);
  return {
    place: add(position, rotate(rotation, part.offset)),
    turned: multiply(rotation, part.rotation),
  };
}

/** Whether an avatar at `position` may touch a mover. */
function isNear(slot: MoverSlot, position: Vec3): boolean {
  return slot.parts.some((part) => {
    const gap = subtract(position, add(part.base, slot.offset));
    return length(gap) < f(part.radius + 1.5);
  });
}

/** Middle and half extents of a box that covers a part wherever its mover brings it. */
function coveringBox(mover: Mover, place: Vec3, radius: number): { middle: Vec3; half: Vec3 } {
  const low = vec3(mover.waypoints_m[0]);
  const high = vec3(mover.waypoints_m[0]);
  for (const waypoint of mover.waypoints_m) {
    for (const axis of [0, 1, 2] as const) {
      low[axis] = Math.min(low[axis], f(waypoint[axis]));
      high[axis] = Math.max(high[axis], f(waypoint[axis]));
    }
  }
  const margin = f(radius + 1);
  const middle: Vec3 = [0, 0, 0];
  const half: Vec3 = [0, 0, 0];
  for (const axis of [0, 1, 2] as const) {
    half[axis] = f(f(f(high[axis] - low[axis]) * 0.5) + margin);
    middle[axis] = f(place[axis] + f(f(high[axis] + low[axis]) * 0.5));
  }
  return { middle, half };
}
