//! Models: glTF 2.0, alone, as text or zipped with its files.
//!
//! ```text
//! source     glb, gltf, zip -> JSON, buffers, images
//! accessors  what JSON and buffers say -> plain numbers, or a refusal
//! reading    JSON -> what is drawn: nodes, meshes, materials, images, nothing else
//! mesh       one primitive: triangles, equal corners joined, in the order that cards like
//! textures   images -> packed for graphics cards, where there is an encoder
//! writing    what is drawn -> glb: packed (meshopt) to be kept, or plain for other programs
//! ```
//!
//! A model is written anew from what was understood, so nothing that was not looked at is kept.

mod accessors;
mod material;
mod mesh;
mod reading;
mod source;
mod textures;
mod values;
mod writing;

use bytes::Bytes;

pub(crate) use self::source::Source;
use crate::{
    address::Format,
    encoder::Asked,
    intake::{Details, Kind, Refusal, Sound},
    picture,
};
use mesh::Packing;

pub(crate) fn take_in(source: Source, encoder: Option<Asked<'_>>) -> Result<Sound, Refusal> {
    let mut read = reading::read(&source, Packing::Packed)?;
    let packed = textures::pack(&mut read.model.looks, encoder);
    let bytes = writing::glb(&read.model, Packing::Packed)?;
    let details = Details::Model {
        triangles: read.triangles,
        vertices: read.model.vertices(),
        bounds_m: read.bounds_m,
        texture_bytes: read.model.looks.card_bytes(),
        packed_images: packed.count,
    };
    let mut notes = read.notes;
    notes.extend(packed.note);
    Ok(Sound { format: Format::Glb, kind: Kind::Model, bytes: bytes.into(), details, notes })
}

/// The same model in plain glTF 2.0, without extensions for packing, for other programs. Images in
/// KTX2, which few of them read, become PNGs.
pub fn unpacked(glb: &Bytes) -> Result<Vec<u8>, Refusal> {
    let mut read = reading::read(&Source::of_glb(glb)?, Packing::Plain)?;
    for image in &mut read.model.looks.images {
        if image.format == Format::Ktx2 {
            image.bytes = picture::ktx2::as_png(&image.bytes)?;
            image.format = Format::Png;
        }
    }
    writing::glb(&read.model, Packing::Plain)
}
