//! The most that is taken in. What exceeds a limit is refused with a text that names it, or made
//! smaller where the text says so.

use std::time::Duration;

/// Bytes of an uploaded model, with everything that belongs to it.
pub const MODEL_BYTES_MAX: usize = 64 << 20;
/// Bytes of an uploaded image or picture of the sky.
pub const IMAGE_BYTES_MAX: usize = 32 << 20;
/// Bytes of an uploaded sound.
pub const SOUND_BYTES_MAX: usize = 16 << 20;
/// Bytes of the largest upload of any kind.
pub const UPLOAD_BYTES_MAX: usize = MODEL_BYTES_MAX;
/// Width and height of an image as it is uploaded, pixels.
pub const IMAGE_SIDE_PX_MAX: u32 = 8192;
/// Bytes that decoding one image may take.
pub const IMAGE_DECODED_BYTES_MAX: u64 = 256 << 20;
/// Width and height of an image as it is kept: larger ones are made smaller.
pub const TEXTURE_SIDE_PX_MAX: u32 = 2048;
/// Width of a picture of the sky as it is kept: larger ones are made smaller.
pub const SKY_SIDE_PX_MAX: u32 = 4096;
/// Quality of JPEGs that had to be made smaller or turned.
pub const JPEG_QUALITY: u8 = 90;
/// Length of a sound, seconds.
pub const SOUND_S_MAX: f64 = 600.0;

/// Files in a zipped glTF.
pub const ZIP_FILES_MAX: usize = 512;
/// Bytes of all files in a zipped glTF, unpacked.
pub const ZIP_UNPACKED_BYTES_MAX: usize = 2 * MODEL_BYTES_MAX;
/// Bytes of the JSON of a model.
pub const MODEL_JSON_BYTES_MAX: usize = 16 << 20;
/// Nodes of a model.
pub const MODEL_NODES_MAX: usize = 10_000;
/// Nodes above a node.
pub const MODEL_DEPTH_MAX: usize = 64;
/// Meshes of a model, counted as often as they are drawn.
pub const MODEL_PARTS_MAX: usize = 4096;
/// Triangles of a model, counted as often as they are drawn.
pub const MODEL_TRIANGLES_MAX: u64 = 2_000_000;
/// Corners of a model.
pub const MODEL_VERTICES_MAX: usize = 2_000_000;
/// Bytes of all lists of a model that came packed, unpacked.
pub const MODEL_UNPACKED_BYTES_MAX: usize = 256 << 20;
/// Images of a model.
pub const MODEL_IMAGES_MAX: usize = 128;
/// Pixels of all images of a model, as they are kept.
pub const MODEL_PIXELS_MAX: u64 = 128 << 20;
/// Values nested in each other in the JSON of a material.
pub const MATERIAL_DEPTH_MAX: usize = 16;

/// Time for packing all textures of a model for graphics cards; what is not done by then stays as it
/// is.
pub const PACKING_MODEL_MAX: Duration = Duration::from_secs(20);
/// Time for packing one texture.
pub const PACKING_IMAGE_MAX: Duration = Duration::from_secs(12);
/// Age of a folder with a texture from which on nobody works in it any more.
pub const PACKING_FOLDER_MAX: Duration = Duration::from_secs(600);
/// Memory of the program that packs textures, as addresses.
pub const PACKING_MEMORY_BYTES_MAX: u64 = 2 << 30;
/// Pixels of a texture that is packed: smaller ones cost nothing, and are often palettes.
pub const PACKED_PIXELS_MIN: u64 = 128 * 128;
/// Bytes of a packed texture for each of the original: cards win fourfold, and the way there must not
/// pay for it.
pub const PACKED_GROWTH_MAX: usize = 3;
/// How far values of a packed texture may be from the original, in the root of the mean square, of
/// 255.
pub const PACKED_ERROR_MAX: f64 = 12.0;

/// Notes on what was done with an upload.
pub const NOTES_MAX: usize = 16;
