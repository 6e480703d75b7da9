//! Packs the images of a model for graphics cards, as far as that is of use.

use std::{collections::BTreeMap, time::Instant};

use serde_json::Value;

use super::material::Looks;
use crate::{
    address::Format,
    encoder::{Asked, EncodeError, Encoder},
    limits::{MODEL_BYTES_MAX, PACKED_GROWTH_MAX, PACKED_PIXELS_MIN},
    picture::{self, Picture, ktx2::Content},
};

/// `magFilter` of samplers that show pixels as squares (glTF 2.0, 5.26): packing would smear them.
const NEAREST: u64 = 9728;
/// Textures that are colours; all others are numbers (glTF 2.0, 3.9, and its extensions).
const COLOURS: [&str; 5] = [
    "baseColorTexture",
    "diffuseTransmissionColorTexture",
    "emissiveTexture",
    "sheenColorTexture",
    "specularColorTexture",
];

/// What was done with images.
pub(super) struct Packed {
    /// How many are packed now, with those that came so.
    pub count: usize,
    /// What of it is to be told.
    pub note: Option<String>,
}

/// Packs what gains by it, the largest first, until the time is over. What cannot be packed stays as
/// it is, which is no fault of whoever uploads it.
pub(super) fn pack(looks: &mut Looks, encoder: Option<Asked<'_>>) -> Packed {
    let note = encoder.and_then(|asked| pack_with(looks, asked));
    let count = looks.images.iter().filter(|image| image.format == Format::Ktx2).count();
    Packed { count, note }
}

fn pack_with(looks: &mut Looks, asked: Asked<'_>) -> Option<String> {
    let wanted = wanted(looks);
    if wanted.is_empty() {
        return None;
    }
    let Some(encoder) = asked() else {
        tracing::debug!("textures of an upload are not packed: others are being packed");
        return Some("textures not packed: the server was packing those of others".into());
    };
    let (end, all) = (encoder.begin(), wanted.len());
    let (mut done, mut fault) = (0, None);
    for (index, content) in wanted {
        if Instant::now() >= end {
            fault.get_or_insert(EncodeError::TooSlow);
            break;
        }
        match packed(&looks.images[index], content, &encoder, end) {
            Ok(Some(picture)) if has_room(looks, index, &picture) => {
                looks.images[index] = picture;
                done += 1;
            }
            Ok(_) => {}
            Err(EncodeError::Unlike) => {
                tracing::info!("a texture of an upload stays as it is: it would suffer by packing");
            }
            // The next one is smaller.
            Err(error @ EncodeError::TooSlow) => fault = Some(error),
            // The next one would fare no better.
            Err(error) => {
                fault = Some(error);
                break;
            }
        }
    }
    if let Some(error) = fault {
        let program = encoder.program().display();
        tracing::warn!(%error, %program, done, all, "textures of an upload are not packed");
        let text = format!("{done} of {all} textures packed for graphics cards (KTX2)");
        return Some(text + ": the others stay as they were");
    }
    let all = looks.images.len();
    (done > 0).then(|| format!("{done} of {all} images packed for graphics cards (KTX2)"))
}

/// Images that may gain by packing, the largest first.
fn wanted(looks: &Looks) -> Vec<(usize, Content)> {
    let mut wanted: Vec<(usize, Content)> = contents(looks)
        .into_iter()
        .filter_map(|(image, content)| Some((image, content?)))
        .filter(|(image, _)| gains(&looks.images[*image]))
        .collect();
    wanted.sort_by_key(|(image, _)| std::cmp::Reverse(looks.images[*image].card_bytes()));
    wanted
}

/// Whether all images are as small together as they must be, with this one instead.
fn has_room(looks: &Looks, index: usize, picture: &Picture) -> bool {
    let others = looks.image_bytes() - looks.images[index].bytes.len();
    others + picture.bytes.len() <= MODEL_BYTES_MAX
}

fn gains(image: &Picture) -> bool {
    let pixels = u64::from(image.width) * u64::from(image.height);
    image.format != Format::Ktx2 && pixels >= PACKED_PIXELS_MIN
}

/// None: it is better as it was.
fn packed(
    image: &Picture,
    content: Content,
    encoder: &Encoder,
    end: Instant,
) -> Result<Option<Picture>, EncodeError> {
    let pixels = picture::pixels(image).map_err(|error| EncodeError::Failed(error.to_string()))?;
    let packed = encoder.pack(&pixels, content, end)?;
    let is_smaller = packed.card_bytes() < image.card_bytes();
    let is_bearable = packed.bytes.len() <= PACKED_GROWTH_MAX * image.bytes.len();
    Ok((is_smaller && is_bearable).then_some(packed))
}

/// What images are, as materials use them; none where packing would do harm.
fn contents(looks: &Looks) -> BTreeMap<usize, Option<Content>> {
    let mut found = BTreeMap::new();
    let mut waiting: Vec<&Value> = looks.materials.iter().collect();
    while let Some(value) = waiting.pop() {
        let Value::Object(fields) = value else { continue };
        for (name, value) in fields {
            let texture = value.get("index").and_then(Value::as_u64);
            let texture = texture.filter(|_| name.ends_with("Texture"));
            let Some((image, sampler)) =
                texture.and_then(|texture| looks.textures.get(texture as usize))
            else {
                waiting.push(value);
                continue;
            };
            let filter = sampler.as_ref().and_then(|sampler| sampler.get("magFilter"));
            let content = match COLOURS.contains(&name.as_str()) {
                true => Content::Colour,
                false => Content::Data,
            };
            let content = (filter.and_then(Value::as_u64) != Some(NEAREST)).then_some(content);
            let known = found.entry(*image).or_insert(content);
            if *known != content {
                *known = None;
            }
        }
    }
    found
}
