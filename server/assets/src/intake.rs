//! Takes in what somebody uploads.
//!
//! Whatever the bytes say, this ends within bounded time and memory, and never panics. What comes
//! out holds nothing that was not looked at: a file that is two things at once comes out as one of
//! them, or not at all.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    address::{Address, Format},
    encoder::Asked,
    limits::{IMAGE_BYTES_MAX, MODEL_BYTES_MAX, NOTES_MAX, SOUND_BYTES_MAX},
    model, picture, sound,
};

/// Why something is not taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is larger than is allowed, or would be.
    #[error("{0}")]
    TooLarge(String),
    /// It is of a kind that is of no use here.
    #[error("{0}")]
    Unsupported(String),
    /// It is not a sound file of its kind.
    #[error("{0}")]
    Malformed(String),
}

impl Refusal {
    pub(crate) fn too_large(text: impl Into<String>) -> Self {
        Self::TooLarge(text.into())
    }

    pub(crate) fn unsupported(text: impl Into<String>) -> Self {
        Self::Unsupported(text.into())
    }

    pub(crate) fn malformed(text: impl Into<String>) -> Self {
        Self::Malformed(text.into())
    }
}

/// What an asset is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something to place.
    Model,
    /// Something for a surface.
    Image,
    /// Something to hear.
    Sound,
    /// A picture of the whole sky.
    Sky,
}

/// What is known of an asset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Details {
    /// Of a model.
    Model {
        /// As often as they are drawn.
        triangles: u64,
        /// As they are kept.
        vertices: u64,
        /// Smallest and largest corner, metres.
        bounds_m: [[f32; 3]; 2],
        /// Bytes that its textures take on a graphics card, without smaller copies.
        texture_bytes: u64,
        /// Images that are packed for graphics cards (KTX2), and stay so there.
        #[serde(default)]
        packed_images: usize,
    },
    /// Of an image or of a picture of the sky, in pixels.
    Picture {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// Of a sound.
    Sound {
        /// Length.
        seconds: f64,
    },
}

/// What is to be kept of an upload.
#[derive(Clone, Debug, PartialEq)]
pub struct TakenIn {
    /// Its name.
    pub address: Address,
    /// What it is for.
    pub kind: Kind,
    /// As they are to be kept.
    pub bytes: Bytes,
    /// What is known of it.
    pub details: Details,
    /// What was changed, in words for people.
    pub notes: Vec<String>,
}

/// An upload that was looked at, before it has a name.
pub(crate) struct Sound {
    pub format: Format,
    pub kind: Kind,
    pub bytes: Bytes,
    pub details: Details,
    pub notes: Vec<String>,
}

/// What bytes claim to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    Glb,
    Gltf,
    Zip,
    Picture(Format),
    Sky,
    Ktx2,
    Ogg,
    Mp3,
    Wav,
}

/// Looks at an upload, whose kind is recognised by its first bytes. Textures of models are packed for
/// graphics cards where there is an encoder, for which is asked when there is something to pack.
pub fn take_in(bytes: &Bytes, encoder: Option<Asked<'_>>) -> Result<TakenIn, Refusal> {
    let claim = claim_of(bytes)?;
    let bytes_max = match claim {
        Claim::Glb | Claim::Gltf | Claim::Zip => MODEL_BYTES_MAX,
        Claim::Picture(_) | Claim::Sky | Claim::Ktx2 => IMAGE_BYTES_MAX,
        Claim::Ogg | Claim::Mp3 | Claim::Wav => SOUND_BYTES_MAX,
    };
    if bytes.len() > bytes_max {
        let text = format!(
            "the file has {:.1} MiB: at most {} MiB are allowed of its kind",
            bytes.len() as f64 / f64::from(1 << 20),
            bytes_max >> 20
        );
        return Err(Refusal::TooLarge(text));
    }
    let Sound { format, kind, bytes, details, mut notes } = match claim {
        Claim::Glb => model::take_in(model::Source::of_glb(bytes)?, encoder)?,
        Claim::Gltf => model::take_in(model::Source::of_gltf(bytes)?, encoder)?,
        Claim::Zip => model::take_in(model::Source::of_zip(bytes)?, encoder)?,
        Claim::Picture(format) => picture::take_in(bytes, format)?,
        Claim::Sky => picture::sky(bytes)?,
        Claim::Ktx2 => picture::ktx2::take_in(bytes)?,
        Claim::Ogg => sound::ogg(bytes)?,
        Claim::Mp3 => sound::mp3(bytes)?,
        Claim::Wav => sound::wav(bytes)?,
    };
    notes.truncate(NOTES_MAX);
    Ok(TakenIn { address: Address::of(&bytes, format), kind, bytes, details, notes })
}

fn claim_of(bytes: &[u8]) -> Result<Claim, Refusal> {
    let text = bytes.trim_ascii_start();
    Ok(match bytes {
        [b'g', b'l', b'T', b'F', ..] => Claim::Glb,
        [b'P', b'K', 3, 4, ..] => Claim::Zip,
        [0x89, b'P', b'N', b'G', ..] => Claim::Picture(Format::Png),
        [0xff, 0xd8, 0xff, ..] => Claim::Picture(Format::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => {
            Claim::Picture(Format::WebP)
        }
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Claim::Wav,
        [0xab, b'K', b'T', b'X', b' ', b'2', b'0', 0xbb, ..] => Claim::Ktx2,
        [b'#', b'?', b'R', b'A', b'D', b'I', b'A', b'N', b'C', b'E', ..]
        | [b'#', b'?', b'R', b'G', b'B', b'E', ..] => Claim::Sky,
        [b'O', b'g', b'g', b'S', ..] => Claim::Ogg,
        [b'I', b'D', b'3', ..] => Claim::Mp3,
        [0xff, second, ..] if second & 0xe6 == 0xe2 => Claim::Mp3,
        _ if text.first() == Some(&b'{') => Claim::Gltf,
        [] => return Err(Refusal::malformed("the file is empty")),
        _ => {
            return Err(Refusal::unsupported(
                "the file is of no kind that is known here: glb, gltf (zipped with what belongs to \
                 it), png, jpg, webp, ktx2, hdr, ogg, mp3 or wav",
            ));
        }
    })
}
