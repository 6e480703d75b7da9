//! A world as one binary glTF.
//!
//! ```text
//! writer     lists and bytes of the file; what is equal is written once
//! solids     triangles of boxes, balls, cylinders, capsules, cones, terrain
//! hull       triangles around points
//! models     referenced models, merged by shifting every index
//! physics    bodies, colliders, triggers
//! looks      materials, lamps, the sun, what is drawn
//! nodes      objects, the outline, and what only the world itself understands
//! ```
//!
//! Nodes of objects carry a place and a rotation, never a scale: a scale stands at their parts, so
//! that nothing leans whatever is above what in the outline.

mod hull;
mod looks;
mod models;
mod nodes;
mod physics;
pub(crate) mod solids;
mod writer;

pub(crate) use looks::{lamp, material, sun, sun_pose};
pub(crate) use physics::{AVATARS, GROUP, volume_m3};
pub(crate) use writer::glb;

use vivarium_scene::document::WorldDocument;

/// Why a world cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// A model that the world draws is no plain binary glTF.
    #[error("{path} cannot be written: {reason}")]
    Model {
        /// Its path in the document.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is more than one file may have.
    #[error("the world takes {bytes} bytes as glTF: at most {max} are allowed")]
    TooLarge {
        /// Bytes of the file, or of its JSON.
        bytes: usize,
        /// [`crate::limits::FILE_BYTES_MAX`] or [`crate::limits::JSON_BYTES_MAX`].
        max: usize,
    },
}

/// Writes a world, which must have passed validation. `model` gives a model by its path as plain
/// binary glTF (without packing or quantisation); what it does not have stays a name in the file.
pub fn export(
    document: &WorldDocument,
    model: &mut dyn FnMut(&str) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, ExportError> {
    let mut nodes = nodes::Nodes::new(document, model);
    for index in 0..document.objects.len() {
        nodes.object(index)?;
    }
    nodes.finish()
}
