// Written by tools/protocol-gen from shared/scene/src/document.rs. Do not edit: change the Rust
// types, then run `cargo run -p vivarium-protocol-gen`.

/** Version of the format. */
export const DOCUMENT_VERSION = 1;

/** The group of avatars in `Groups`. */
export const AVATAR_GROUP = 32768;

/** A whole world. */
export type WorldDocument = {
  /** `DOCUMENT_VERSION`. */
  version: number;
  /** Name in addresses: lower-case letters, digits and hyphens. */
  name: string;
  /** Name for people. */
  title: string;
  /** One or two sentences for people. */
  description?: string;
  /** How the simulation runs. */
  settings?: Settings;
  /** Sky, fog and sun. */
  environment?: Environment;
  /** Materials by name. */
  materials?: Record<string, Material>;
  /** Blueprints by name. */
  blueprints?: Record<string, Properties>;
  /** Objects, by ascending ids. */
  objects: Object[];
  /** The first id that no object has or had; absent: the one after the last. */
  next_id?: number;
};

/** How the simulation runs. */
export type Settings = {
  /** Simulation ticks per second. */
  ticks_per_s?: number;
  /** Physics steps in each tick. */
  substeps?: number;
  /** Metres per second squared. */
  gravity_mps2?: [number, number, number];
  /** Whatever falls below this height (metres) comes back to where it started. */
  floor_m?: number;
  /** How far (metres) speech carries. */
  earshot_m?: number;
  /** How far (metres) moving things are told in full detail; farther ones are told less often. */
  sight_m?: number;
  /** Seed of the world's random generator. */
  seed?: number;
  /** Whether loose bodies stand still where they are; everything else goes on. */
  physics_paused?: boolean;
};

/** Sky, fog and sun. */
export type Environment = {
  /** Sky straight above. */
  zenith?: string;
  /** Sky at the horizon. */
  horizon?: string;
  /** Light from below. */
  ground?: string;
  /** Colour of the fog. */
  fog?: string;
  /** Distance (metres) at which the fog begins. */
  fog_near_m?: number;
  /** Distance (metres) at which the fog hides everything. */
  fog_far_m?: number;
  /** Colour of the sun. */
  sun?: string;
  /** Strength of the sun, 1 = plain daylight. */
  sun_intensity?: number;
  /** Direction towards the sun; need not be of unit length. */
  sun_direction?: [number, number, number];
  /** Strength of the light from the sky, 1 = plain daylight. */
  sky_intensity?: number;
  /**
   * A picture of the whole sky (equirectangular) instead of the colours, its path relative to
   * `assets/`: Radiance HDR, or PNG, JPEG, WebP or KTX2, which are shown as they are.
   */
  sky?: string;
};

/** How a surface looks. */
export type Material = {
  /** Colour. */
  colour: string;
  /** 0 = mirror, 1 = matt. */
  roughness?: number;
  /** 0 = no metal, 1 = metal. */
  metalness?: number;
  /** Light of its own. */
  emissive?: string;
  /** 0 = invisible, 1 = solid. */
  opacity?: number;
  /** A procedural pattern drawn over the colour. */
  pattern?: Pattern;
  /** A picture that multiplies the colour, repeated over the surface. */
  image?: Image;
};

/** A picture on a surface. */
export type Image = {
  /** PNG, JPEG, WebP or KTX2, its path relative to `assets/`. */
  path: string;
  /** Width and height of one repetition, metres. */
  size_m: [number, number];
};

/**
 * A procedural pattern, so that no texture need be loaded.
 * - `tiles`: Square tiles with joints, one metre each.
 * - `planks`: Long boards.
 * - `noise`: Soft noise.
 * - `checks`: A chequerboard of one-metre squares.
 */
export type Pattern = "tiles" | "planks" | "noise" | "checks";

/** One object: a blueprint, or properties of its own, or a blueprint with some overridden. */
export type Object = {
  /**
   * What it is known by, for as long as there is the world; absent: its place in the list, from 0
   * on.
   */
  id?: number;
  /** The object above it in the outline. It says nothing of where the object is. */
  parent?: number;
  /** Kept from changes by mistake. */
  locked?: boolean;
  /** For people and for references (spawn points); unique where given. */
  name?: string;
  /** Name of the blueprint. */
  blueprint?: string;
  /** Metres. */
  position_m?: [number, number, number];
  /** Unit quaternion x, y, z, w. */
  rotation?: [number, number, number, number];
  /** Factors along the object's own axes; uneven ones only for boxes, hulls and meshes. */
  scale?: [number, number, number];
  /** What overrides the blueprint, property by property. */
  properties?: Properties;
};

/** What an object can be. Every property may be absent; an absent one comes from the blueprint. */
export type Properties = {
  /** What is drawn; several parts make a compound. */
  visuals?: Visual[];
  /** What things bump into; several make a compound. */
  colliders?: Collider[];
  /** How it moves. Absent with colliders present: static. */
  body?: Body;
  /** The path of a kinematic body. */
  mover?: Mover;
  /** A hinge between this dynamic body and the world. */
  hinge?: Hinge;
  /** A lamp. */
  light?: Light;
  /** People may appear here, facing the object's -z. */
  spawn?: Spawn;
  /** A door to another world. */
  portal?: Portal;
  /** A region that notices what is inside. */
  sensor?: Sensor;
  /** Something to hear. */
  sound?: Sound;
  /** What it does by itself. */
  script?: Script;
  /** Somebody who lives here. */
  companion?: Companion;
};

/** One drawn part of an object. */
export type Visual = {
  /** What is drawn. */
  shape: VisualShape;
  /** Name of the material; models bring their own. */
  material?: string;
  /** Metres from the object's origin. */
  offset_m?: [number, number, number];
  /** Unit quaternion relative to the object. */
  rotation?: [number, number, number, number];
};

/**
 * What is drawn. Cylinders, capsules and cones stand along y; origins are at the centre.
 * - `capsule`: `height_m` is the whole height, caps included.
 * - `model`: A binary glTF, its path relative to `assets/`.
 * - `collider`: The object's own heightfield, hull or mesh colliders.
 * - `water`: A still water surface.
 * - `text`: A line of text facing +z; `height_m` is the height of a capital letter.
 */
export type VisualShape =
  | { box: { size_m: [number, number, number] } }
  | { ball: { radius_m: number } }
  | { cylinder: { radius_m: number; height_m: number } }
  | { capsule: { radius_m: number; height_m: number } }
  | { cone: { radius_m: number; height_m: number } }
  | { model: { path: string } }
  | { collider: Record<string, never> }
  | { water: { size_m: [number, number] } }
  | { text: { text: string; height_m: number } };

/** One collision shape of an object. */
export type Collider = {
  /** The shape. */
  shape: ColliderShape;
  /** Metres from the object's origin. */
  offset_m?: [number, number, number];
  /** Unit quaternion relative to the object. */
  rotation?: [number, number, number, number];
  /** Coefficient of friction. */
  friction?: number;
  /** Coefficient of restitution: 0 = no bounce. */
  restitution?: number;
  /** Kilograms per cubic metre, for dynamic bodies. */
  density_kgpm3?: number;
  /** What this collider is and what it meets. */
  groups?: Groups;
};

/**
 * Collision groups as bit sets: two colliders meet when each is a member of a group that the other
 * filters for. Bit 15 of `members` is the avatars'.
 */
export type Groups = {
  /** Groups that this collider is in. */
  members?: number;
  /** Groups that it meets. */
  meets?: number;
};

/**
 * A collision shape. Cylinders and capsules stand along y; origins are at the centre.
 * - `box`: A cuboid.
 * - `ball`: A ball.
 * - `capsule`: A capsule.
 * - `cylinder`: A cylinder.
 * - `hull`: The convex hull of points.
 * - `mesh`: Triangles; only for static objects.
 * - `heightfield`: Terrain; only for static objects. Rows run along z, columns along x, centred on the origin.
 */
export type ColliderShape =
  | { box: { size_m: [number, number, number] } }
  | { ball: { radius_m: number } }
  | { capsule: { radius_m: number; height_m: number } }
  | { cylinder: { radius_m: number; height_m: number } }
  | { hull: { points_m: [number, number, number][] } }
  | { mesh: { vertices_m: [number, number, number][]; triangles: [number, number, number][] } }
  | {
      heightfield: {
        rows: number;
        columns: number;
        size_m: [number, number];
        heights_m: number[];
      };
    };

/** How an object moves. */
export type Body = {
  /** Static, dynamic or kinematic. */
  kind: BodyKind;
  /** Linear damping, 1/s. */
  linear_damping?: number;
  /** Angular damping, 1/s. */
  angular_damping?: number;
  /** Factor on the world's gravity. */
  gravity_scale?: number;
  /** Continuous collision detection, for small fast things. */
  continuous?: boolean;
};

/**
 * Static, dynamic or kinematic.
 * - `static`: Never moves.
 * - `dynamic`: Moved by forces.
 * - `kinematic`: Moved by its `Mover`; without one it stands still.
 */
export type BodyKind = "static" | "dynamic" | "kinematic";

/**
 * The path of a kinematic body: out along the waypoints and back again, for ever. The pose is a
 * function of the tick alone; see `mover`.
 */
export type Mover = {
  /** Offsets from the object's position, metres; the first is usually zero. */
  waypoints_m: [number, number, number][];
  /** Ticks from one waypoint to the next. */
  leg_ticks: number;
  /** Ticks of rest at each waypoint. */
  rest_ticks?: number;
  /** Ticks by which this mover is ahead of others. */
  offset_ticks?: number;
};

/** A hinge between a dynamic body and the world, through the body's origin plus `anchor_m`. */
export type Hinge = {
  /** Where the axis passes, metres from the object's origin. */
  anchor_m?: [number, number, number];
  /** Direction of the axis in the object's frame. */
  axis: [number, number, number];
  /** Smallest and largest angle, degrees. */
  limits_deg?: [number, number];
};

/** A lamp. */
export type Light = {
  /** Colour. */
  colour: string;
  /** Strength in candela. */
  intensity_cd: number;
  /** How far it shines, metres. */
  range_m: number;
  /** Metres from the object's origin. */
  offset_m?: [number, number, number];
};

/** People may appear here. */
export type Spawn = {
  /** Within this distance, metres. */
  radius_m?: number;
  /**
   * Only for those who are sent here by name, such as through a portal: newcomers do not appear
   * here.
   */
  only_by_name?: boolean;
};

/** A door to another world: whoever steps into the box goes there. */
export type Portal = {
  /** Name of the other world. */
  world: string;
  /** Name of the spawn object there; absent: any. */
  spawn?: string;
  /** Whole extent of the box. */
  size_m: [number, number, number];
};

/** A region that notices what is inside. */
export type Sensor = {
  /** Whole extent of the box. */
  size_m: [number, number, number];
  /** Metres from the object's origin. */
  offset_m?: [number, number, number];
};

/** Something to hear. */
export type Sound = {
  /** Path relative to `assets/`. */
  path: string;
  /** 0 = silent, 1 = as recorded. */
  volume?: number;
  /** Distance (metres) at which it is half as loud. */
  radius_m: number;
  /** When it plays. */
  plays: Plays;
};

/**
 * When a sound plays.
 * - `always`: For ever, in a loop.
 * - `on_enter`: Once, each time the object's sensor is entered.
 */
export type Plays = "always" | "on_enter";

/** What an object does by itself: a slot. Nothing runs it yet. */
export type Script = {
  /** A WebAssembly module, its path relative to `assets/`. */
  module: string;
  /** Whether it is to run. */
  enabled?: boolean;
  /** What the module is told of this object, by name. */
  settings?: Record<string, Scalar>;
};

/** A single value. */
export type Scalar = boolean | number | string;

/**
 * Somebody who lives in the world: a body of an avatar's size, whose feet stand at the object and
 * which faces the object's -z until it moves.
 */
export type Companion = {
  /** Whose mind it has: lower-case letters, digits and hyphens. */
  mind: string;
  /** What people call it. */
  name: string;
  /** Colour of its body. */
  body: string;
  /** Colour of its details. */
  accent: string;
  /** How far from the object it goes, metres. */
  range_m?: number;
};

/** What an absent field means, by type. */
export const documentDefaults = {
  settings: {
    earshot_m: 40,
    floor_m: -20,
    gravity_mps2: [0, -9.81, 0],
    seed: 1,
    sight_m: 80,
    substeps: 2,
    ticks_per_s: 30,
  },
  environment: {
    fog: "#dcebf5",
    fog_far_m: 220,
    fog_near_m: 60,
    ground: "#8a7f6a",
    horizon: "#dcebf5",
    sky_intensity: 1,
    sun: "#fff2d8",
    sun_direction: [0.5, 0.8, 0.3],
    sun_intensity: 1,
    zenith: "#4f8fd0",
  },
  groups: {
    meets: 65535,
    members: 1,
  },
  material: {
    metalness: 0,
    opacity: 1,
    roughness: 1,
  },
  object: {
    position_m: [0, 0, 0],
    rotation: [0, 0, 0, 1],
    scale: [1, 1, 1],
  },
  visual: {
    offset_m: [0, 0, 0],
    rotation: [0, 0, 0, 1],
  },
  collider: {
    density_kgpm3: 200,
    friction: 0.6,
    offset_m: [0, 0, 0],
    restitution: 0,
    rotation: [0, 0, 0, 1],
  },
  body: {
    angular_damping: 0,
    continuous: false,
    gravity_scale: 1,
    linear_damping: 0,
  },
  mover: {
    offset_ticks: 0,
    rest_ticks: 0,
  },
  hinge: {
    anchor_m: [0, 0, 0],
  },
  light: {
    offset_m: [0, 0, 0],
  },
  spawn: {
    only_by_name: false,
    radius_m: 0,
  },
  sensor: {
    offset_m: [0, 0, 0],
  },
  sound: {
    volume: 1,
  },
  script: {
    enabled: true,
  },
  companion: {
    range_m: 40,
  },
} as const;

/** The id of the object at a place in the list of its document. */
export function idAt(document: WorldDocument, index: number): number {
  return document.objects[index]?.id ?? index;
}
