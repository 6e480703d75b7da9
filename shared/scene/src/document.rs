//! The world document as it is stored: versioned JSON.
//!
//! Lengths are metres, y is up, rotations are unit quaternions `[x, y, z, w]`, colours are
//! `"#rrggbb"` (sRGB). Unknown fields are refused, so that a typing error cannot pass unseen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vivarium_protocol::ids::ObjectId;

/// Version of the format that this crate reads and writes.
pub const DOCUMENT_VERSION: u32 = 1;

/// A whole world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldDocument {
    /// [`DOCUMENT_VERSION`].
    pub version: u32,
    /// Name in addresses: lower-case letters, digits and hyphens.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// One or two sentences for people.
    #[serde(default)]
    pub description: String,
    /// How the simulation runs.
    #[serde(default)]
    pub settings: Settings,
    /// Sky, fog and sun.
    #[serde(default)]
    pub environment: Environment,
    /// Materials by name.
    #[serde(default)]
    pub materials: BTreeMap<String, Material>,
    /// Blueprints by name.
    #[serde(default)]
    pub blueprints: BTreeMap<String, Properties>,
    /// Objects, by ascending ids.
    pub objects: Vec<Object>,
    /// The first id that no object has or had; absent: the one after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_id: Option<u32>,
}

/// How the simulation runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Simulation ticks per second.
    pub ticks_per_s: u16,
    /// Physics steps in each tick.
    pub substeps: u8,
    /// Metres per second squared.
    pub gravity_mps2: [f32; 3],
    /// Whatever falls below this height (metres) comes back to where it started.
    pub floor_m: f32,
    /// How far (metres) speech carries.
    pub earshot_m: f32,
    /// How far (metres) moving things are told in full detail; farther ones are told less often.
    pub sight_m: f32,
    /// Seed of the world's random generator.
    pub seed: u32,
    /// Whether loose bodies stand still where they are; everything else goes on.
    #[serde(skip_serializing_if = "is_false")]
    pub physics_paused: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ticks_per_s: 30,
            substeps: 2,
            gravity_mps2: [0.0, -9.81, 0.0],
            floor_m: -20.0,
            earshot_m: 40.0,
            sight_m: 80.0,
            seed: 1,
            physics_paused: false,
        }
    }
}

/// Sky, fog and sun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Environment {
    /// Sky straight above.
    pub zenith: String,
    /// Sky at the horizon.
    pub horizon: String,
    /// Light from below.
    pub ground: String,
    /// Colour of the fog.
    pub fog: String,
    /// Distance (metres) at which the fog begins.
    pub fog_near_m: f32,
    /// Distance (metres) at which the fog hides everything.
    pub fog_far_m: f32,
    /// Colour of the sun.
    pub sun: String,
    /// Strength of the sun, 1 = plain daylight.
    pub sun_intensity: f32,
    /// Direction towards the sun; need not be of unit length.
    pub sun_direction: [f32; 3],
    /// Strength of the light from the sky, 1 = plain daylight.
    pub sky_intensity: f32,
    /// A picture of the whole sky (equirectangular) instead of the colours, its path relative to
    /// `assets/`: Radiance HDR, or PNG, JPEG, WebP or KTX2, which are shown as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sky: Option<String>,
}

impl Default for Environment {
    fn default() -> Self {
        Self {
            zenith: "#4f8fd0".into(),
            horizon: "#dcebf5".into(),
            ground: "#8a7f6a".into(),
            fog: "#dcebf5".into(),
            fog_near_m: 60.0,
            fog_far_m: 220.0,
            sun: "#fff2d8".into(),
            sun_intensity: 1.0,
            sun_direction: [0.5, 0.8, 0.3],
            sky_intensity: 1.0,
            sky: None,
        }
    }
}

/// How a surface looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// Colour.
    pub colour: String,
    /// 0 = mirror, 1 = matt.
    #[serde(default = "one")]
    pub roughness: f32,
    /// 0 = no metal, 1 = metal.
    #[serde(default)]
    pub metalness: f32,
    /// Light of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emissive: Option<String>,
    /// 0 = invisible, 1 = solid.
    #[serde(default = "one")]
    pub opacity: f32,
    /// A procedural pattern drawn over the colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Pattern>,
    /// A picture that multiplies the colour, repeated over the surface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
}

/// A picture on a surface.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// PNG, JPEG, WebP or KTX2, its path relative to `assets/`.
    pub path: String,
    /// Width and height of one repetition, metres.
    pub size_m: [f32; 2],
}

/// A procedural pattern, so that no texture need be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Square tiles with joints, one metre each.
    Tiles,
    /// Long boards.
    Planks,
    /// Soft noise.
    Noise,
    /// A chequerboard of one-metre squares.
    Checks,
}

fn one() -> f32 {
    1.0
}

/// One object: a blueprint, or properties of its own, or a blueprint with some overridden.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// What it is known by, for as long as there is the world; absent: its place in the list, from
    /// 0 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ObjectId>,
    /// The object above it in the outline. It says nothing of where the object is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ObjectId>,
    /// Kept from changes by mistake.
    #[serde(default, skip_serializing_if = "is_false")]
    pub locked: bool,
    /// For people and for references (spawn points); unique where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Name of the blueprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blueprint: Option<String>,
    /// Metres.
    #[serde(default)]
    pub position_m: [f32; 3],
    /// Unit quaternion x, y, z, w.
    #[serde(default = "no_rotation", skip_serializing_if = "is_no_rotation")]
    pub rotation: [f32; 4],
    /// Factors along the object's own axes; uneven ones only for boxes, hulls and meshes.
    #[serde(default = "ones", skip_serializing_if = "is_ones")]
    pub scale: [f32; 3],
    /// What overrides the blueprint, property by property.
    #[serde(default, skip_serializing_if = "Properties::is_empty")]
    pub properties: Properties,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

fn no_rotation() -> [f32; 4] {
    [0.0, 0.0, 0.0, 1.0]
}

fn is_no_rotation(rotation: &[f32; 4]) -> bool {
    *rotation == no_rotation()
}

fn ones() -> [f32; 3] {
    [1.0; 3]
}

fn is_ones(scale: &[f32; 3]) -> bool {
    *scale == ones()
}

/// What an object can be. Every property may be absent; an absent one comes from the blueprint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Properties {
    /// What is drawn; several parts make a compound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visuals: Option<Vec<Visual>>,
    /// What things bump into; several make a compound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colliders: Option<Vec<Collider>>,
    /// How it moves. Absent with colliders present: static.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// The path of a kinematic body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mover: Option<Mover>,
    /// A hinge between this dynamic body and the world.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hinge: Option<Hinge>,
    /// A lamp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub light: Option<Light>,
    /// People may appear here, facing the object's -z.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spawn: Option<Spawn>,
    /// A door to another world.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portal: Option<Portal>,
    /// A region that notices what is inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<Sensor>,
    /// Something to hear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sound: Option<Sound>,
    /// What it does by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<Script>,
    /// Somebody who lives here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub companion: Option<Companion>,
}

impl Properties {
    /// Whether nothing is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These properties, with what is absent taken from `base`.
    pub fn over(&self, base: &Self) -> Self {
        fn pick<T: Clone>(own: &Option<T>, base: &Option<T>) -> Option<T> {
            own.clone().or_else(|| base.clone())
        }
        Self {
            visuals: pick(&self.visuals, &base.visuals),
            colliders: pick(&self.colliders, &base.colliders),
            body: pick(&self.body, &base.body),
            mover: pick(&self.mover, &base.mover),
            hinge: pick(&self.hinge, &base.hinge),
            light: pick(&self.light, &base.light),
            spawn: pick(&self.spawn, &base.spawn),
            portal: pick(&self.portal, &base.portal),
            sensor: pick(&self.sensor, &base.sensor),
            sound: pick(&self.sound, &base.sound),
            script: pick(&self.script, &base.script),
            companion: pick(&self.companion, &base.companion),
        }
    }
}

/// One drawn part of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visual {
    /// What is drawn.
    pub shape: VisualShape,
    /// Name of the material; models bring their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub material: Option<String>,
    /// Metres from the object's origin.
    #[serde(default)]
    pub offset_m: [f32; 3],
    /// Unit quaternion relative to the object.
    #[serde(default = "no_rotation", skip_serializing_if = "is_no_rotation")]
    pub rotation: [f32; 4],
}

/// What is drawn. Cylinders, capsules and cones stand along y; origins are at the centre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the names carry the units")]
pub enum VisualShape {
    Box {
        size_m: [f32; 3],
    },
    Ball {
        radius_m: f32,
    },
    Cylinder {
        radius_m: f32,
        height_m: f32,
    },
    /// `height_m` is the whole height, caps included.
    Capsule {
        radius_m: f32,
        height_m: f32,
    },
    Cone {
        radius_m: f32,
        height_m: f32,
    },
    /// A binary glTF, its path relative to `assets/`.
    Model {
        path: String,
    },
    /// The object's own heightfield, hull or mesh colliders.
    Collider {},
    /// A still water surface.
    Water {
        size_m: [f32; 2],
    },
    /// A line of text facing +z; `height_m` is the height of a capital letter.
    Text {
        text: String,
        height_m: f32,
    },
}

/// One collision shape of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collider {
    /// The shape.
    pub shape: ColliderShape,
    /// Metres from the object's origin.
    #[serde(default)]
    pub offset_m: [f32; 3],
    /// Unit quaternion relative to the object.
    #[serde(default = "no_rotation", skip_serializing_if = "is_no_rotation")]
    pub rotation: [f32; 4],
    /// Coefficient of friction.
    #[serde(default = "friction")]
    pub friction: f32,
    /// Coefficient of restitution: 0 = no bounce.
    #[serde(default)]
    pub restitution: f32,
    /// Kilograms per cubic metre, for dynamic bodies.
    #[serde(default = "density")]
    pub density_kgpm3: f32,
    /// What this collider is and what it meets.
    #[serde(default)]
    pub groups: Groups,
}

fn friction() -> f32 {
    0.6
}

fn density() -> f32 {
    200.0
}

/// Collision groups as bit sets: two colliders meet when each is a member of a group that the
/// other filters for. Bit 15 of `members` is the avatars'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Groups {
    /// Groups that this collider is in.
    pub members: u16,
    /// Groups that it meets.
    pub meets: u16,
}

/// The group of avatars in [`Groups`].
pub const AVATAR_GROUP: u16 = 1 << 15;

impl Default for Groups {
    fn default() -> Self {
        Self { members: 1, meets: u16::MAX }
    }
}

/// A collision shape. Cylinders and capsules stand along y; origins are at the centre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ColliderShape {
    /// A cuboid.
    Box {
        /// Whole edge lengths.
        size_m: [f32; 3],
    },
    /// A ball.
    Ball {
        /// Radius.
        radius_m: f32,
    },
    /// A capsule.
    Capsule {
        /// Radius of the caps.
        radius_m: f32,
        /// Whole height, caps included.
        height_m: f32,
    },
    /// A cylinder.
    Cylinder {
        /// Radius.
        radius_m: f32,
        /// Whole height.
        height_m: f32,
    },
    /// The convex hull of points.
    Hull {
        /// At least four, not in one plane.
        points_m: Vec<[f32; 3]>,
    },
    /// Triangles; only for static objects.
    Mesh {
        /// Corners.
        vertices_m: Vec<[f32; 3]>,
        /// Three corner indices per triangle, counter-clockwise from outside.
        triangles: Vec<[u32; 3]>,
    },
    /// Terrain; only for static objects. Rows run along z, columns along x, centred on the origin.
    Heightfield {
        /// Points along z.
        rows: u32,
        /// Points along x.
        columns: u32,
        /// Whole extent along x and z.
        size_m: [f32; 2],
        /// Heights in column-major order: index = column * rows + row.
        heights_m: Vec<f32>,
    },
}

/// How an object moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Static, dynamic or kinematic.
    pub kind: BodyKind,
    /// Linear damping, 1/s.
    #[serde(default)]
    pub linear_damping: f32,
    /// Angular damping, 1/s.
    #[serde(default)]
    pub angular_damping: f32,
    /// Factor on the world's gravity.
    #[serde(default = "one")]
    pub gravity_scale: f32,
    /// Continuous collision detection, for small fast things.
    #[serde(default)]
    pub continuous: bool,
}

/// Static, dynamic or kinematic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    /// Never moves.
    Static,
    /// Moved by forces.
    Dynamic,
    /// Moved by its [`Mover`]; without one it stands still.
    Kinematic,
}

/// The path of a kinematic body: out along the waypoints and back again, for ever.
/// The pose is a function of the tick alone; see [`crate::mover`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mover {
    /// Offsets from the object's position, metres; the first is usually zero.
    pub waypoints_m: Vec<[f32; 3]>,
    /// Ticks from one waypoint to the next.
    pub leg_ticks: u32,
    /// Ticks of rest at each waypoint.
    #[serde(default)]
    pub rest_ticks: u32,
    /// Ticks by which this mover is ahead of others.
    #[serde(default)]
    pub offset_ticks: u32,
}

/// A hinge between a dynamic body and the world, through the body's origin plus `anchor_m`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hinge {
    /// Where the axis passes, metres from the object's origin.
    #[serde(default)]
    pub anchor_m: [f32; 3],
    /// Direction of the axis in the object's frame.
    pub axis: [f32; 3],
    /// Smallest and largest angle, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits_deg: Option<[f32; 2]>,
}

/// A lamp.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Light {
    /// Colour.
    pub colour: String,
    /// Strength in candela.
    pub intensity_cd: f32,
    /// How far it shines, metres.
    pub range_m: f32,
    /// Metres from the object's origin.
    #[serde(default)]
    pub offset_m: [f32; 3],
}

/// People may appear here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spawn {
    /// Within this distance, metres.
    #[serde(default)]
    pub radius_m: f32,
    /// Only for those who are sent here by name, such as through a portal: newcomers do not
    /// appear here.
    #[serde(default)]
    pub only_by_name: bool,
}

/// A door to another world: whoever steps into the box goes there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// Name of the other world.
    pub world: String,
    /// Name of the spawn object there; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spawn: Option<String>,
    /// Whole extent of the box.
    pub size_m: [f32; 3],
}

/// A region that notices what is inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensor {
    /// Whole extent of the box.
    pub size_m: [f32; 3],
    /// Metres from the object's origin.
    #[serde(default)]
    pub offset_m: [f32; 3],
}

/// Something to hear.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sound {
    /// Path relative to `assets/`.
    pub path: String,
    /// 0 = silent, 1 = as recorded.
    #[serde(default = "one")]
    pub volume: f32,
    /// Distance (metres) at which it is half as loud.
    pub radius_m: f32,
    /// When it plays.
    pub plays: Plays,
}

/// When a sound plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plays {
    /// For ever, in a loop.
    Always,
    /// Once, each time the object's sensor is entered.
    OnEnter,
}

/// What an object does by itself: a slot. Nothing runs it yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// A WebAssembly module, its path relative to `assets/`.
    pub module: String,
    /// Whether it is to run.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What the module is told of this object, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, Scalar>,
}

fn yes() -> bool {
    true
}

/// A single value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected true, false, a number or a text")]
pub enum Scalar {
    /// `true` or `false`.
    Flag(bool),
    /// Finite.
    Number(f64),
    /// Anything else.
    Text(String),
}

/// Somebody who lives in the world: a body of an avatar's size, whose feet stand at the object and
/// which faces the object's -z until it moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Companion {
    /// Whose mind it has: lower-case letters, digits and hyphens.
    pub mind: String,
    /// What people call it.
    pub name: String,
    /// Colour of its body.
    pub body: String,
    /// Colour of its details.
    pub accent: String,
    /// How far from the object it goes, metres.
    #[serde(default = "companion_range")]
    pub range_m: f32,
}

fn companion_range() -> f32 {
    40.0
}

/// How the path of a [`Script`]'s module ends.
pub const SCRIPT_ENDING: &str = ".wasm";

impl Object {
    /// Its id, as the object at `index` of its document.
    pub fn id_at(&self, index: usize) -> ObjectId {
        self.id.unwrap_or(ObjectId(index as u32))
    }
}

impl WorldDocument {
    /// All objects with their ids, which ascend.
    pub fn objects(&self) -> impl DoubleEndedIterator<Item = (ObjectId, &Object)> {
        self.objects.iter().enumerate().map(|(index, object)| (object.id_at(index), object))
    }

    /// The first id that no object has or had.
    pub fn next_object(&self) -> u32 {
        let after_last = self.objects().next_back().map_or(0, |(id, _)| id.0 + 1);
        self.next_id.unwrap_or(0).max(after_last)
    }

    /// The properties of an object, with what it does not say taken from its blueprint.
    pub fn resolved(&self, object: &Object) -> Properties {
        match object.blueprint.as_ref().and_then(|name| self.blueprints.get(name)) {
            Some(base) => object.properties.over(base),
            None => object.properties.clone(),
        }
    }
}
