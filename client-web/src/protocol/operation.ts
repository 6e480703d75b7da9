// Written by tools/protocol-gen from shared/scene/src/operation.rs. Do not edit: change the Rust
// types, then run `cargo run -p vivarium-protocol-gen`.

import type {
  Body,
  Collider,
  Companion,
  Environment,
  Hinge,
  Light,
  Material,
  Mover,
  Portal,
  Properties,
  Object as SceneObject,
  Script,
  Sensor,
  Settings,
  Sound,
  Spawn,
  Visual,
} from "./document";

/** Ids from here on stand for new objects inside one batch. */
export const PLACEHOLDERS = 2147483648;

/**
 * One change.
 * - `create`: A new object, or one that was deleted comes back.
 * - `duplicate`: A new object that is as another one, but for its name, its lock, and what is below that one.
 * - `delete`: An object goes. It must have no children.
 * - `place`: An object is moved, turned and scaled.
 * - `reparent`: An object is put under another in the outline. Where it is does not change.
 * - `rename`: An object gets another name, or none.
 * - `lock`: An object is kept from changes by mistake, or given free.
 * - `rebase`: An object takes what it does not say itself from another blueprint, or from none.
 * - `set`: One property of an object changes; none: it is the blueprint's again.
 * - `material`: A material is made, changed, or taken away; one that is in use stays.
 * - `blueprint`: A blueprint is made, changed, or taken away; one that is in use stays. Its instances follow.
 * - `set_blueprint`: One property of a blueprint changes, and with it that of every instance that has none of its own.
 * - `settings`: How the simulation runs. Seed and rates count from the next start of the world.
 * - `environment`: Sky, fog and sun.
 * - `title`: What the world is called for people.
 * - `permission`: Somebody may do something else in this world from now on. The document stays as it is.
 */
export type Operation =
  | { create: { object: number; value: SceneObject } }
  | { duplicate: { object: number; of: number } }
  | { delete: { object: number } }
  | {
      place: {
        object: number;
        position_m: [number, number, number];
        rotation: [number, number, number, number];
        scale: [number, number, number];
      };
    }
  | { reparent: { object: number; parent?: number | null } }
  | { rename: { object: number; name?: string | null } }
  | { lock: { object: number; locked: boolean } }
  | { rebase: { object: number; blueprint?: string | null } }
  | { set: { object: number; property: Property } }
  | { material: { name: string; value?: Material | null } }
  | { blueprint: { name: string; value?: Properties | null } }
  | { set_blueprint: { name: string; property: Property } }
  | { settings: Settings }
  | { environment: Environment }
  | { title: { title: string; description: string } }
  | { permission: { account: string; name: string; from: Role; to: Role } };

/**
 * What somebody may do in a world.
 * - `visitor`: Look on and take part, but change nothing.
 * - `builder`: Change everything that is not locked.
 * - `owner`: Lock and unlock as well, and say who may build.
 */
export type Role = "visitor" | "builder" | "owner";

/**
 * One property; none: it is not given.
 */
export type Property =
  | { visuals: Visual[] | null }
  | { colliders: Collider[] | null }
  | { body: Body | null }
  | { mover: Mover | null }
  | { hinge: Hinge | null }
  | { light: Light | null }
  | { spawn: Spawn | null }
  | { portal: Portal | null }
  | { sensor: Sensor | null }
  | { sound: Sound | null }
  | { script: Script | null }
  | { companion: Companion | null };
