//! Whole worlds as glTF, and glTF as worlds.
//!
//! Owns what a world document is in glTF 2.0 with the extensions that Khronos and the Open
//! Metaverse Interoperability Group have for bodies, lamps and spawn points, and what a file of
//! somebody else is as a world. Bytes in, bytes out: nothing here knows files, accounts or uploads.
//!
//! Two invariants:
//! - a world that was written and is read again is equal to what it was, whatever glTF cannot say
//!   (it stands in `extras.vivarium`); what another program has changed meanwhile wins;
//! - bytes of a stranger cause an [`ImportError`], and what comes of them passes
//!   [`vivarium_scene::load::validate`].
//!
//! ```text
//! links      which field of which entry is an index into which list
//! sound      whether a glb holds together, whatever it is for
//! source     glb -> JSON whose indices, lists and bytes are sound
//! export/    document and models -> glb
//! import/    glb -> document and models
//! ```

mod colour;
mod export;
mod import;
mod links;
mod pose;
mod source;
mod values;

pub mod limits;
pub mod sound;

pub use export::{ExportError, export};
pub use import::{ImportError, Imported, import};

/// The extension of lamps.
const LIGHTS: &str = "KHR_lights_punctual";
/// The extension of shapes that need no mesh.
const SHAPES: &str = "KHR_implicit_shapes";
/// The extension of bodies and colliders.
const PHYSICS: &str = "KHR_physics_rigid_bodies";
/// The extension of places where people appear.
const SPAWN: &str = "OMI_spawn_point";
/// Where, in `extras`, our own stands.
const OWN: &str = "vivarium";
/// Illuminance (lux) of the sun that a world calls 1: what the page draws it with.
const SUN_LUX: f32 = 3.1;
