//! Materials, textures and images of a model: those that something is drawn with.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    source::Source,
    values::{entry, extension, name, needed, whole},
};
use crate::{
    address::{Address, Format},
    intake::Refusal,
    limits::{MATERIAL_DEPTH_MAX, MODEL_BYTES_MAX, MODEL_PIXELS_MAX},
    picture::{self, Picture},
};

/// What a material has in glTF 2.0, besides names and extensions.
const FIELDS: [&str; 8] = [
    "alphaCutoff",
    "alphaMode",
    "doubleSided",
    "emissiveFactor",
    "emissiveTexture",
    "normalTexture",
    "occlusionTexture",
    "pbrMetallicRoughness",
];
const EXTENSIONS: &str = "KHR_materials_";
const TRANSFORM: &str = "KHR_texture_transform";

/// What a surface is drawn with.
#[derive(Default)]
pub(super) struct Looks {
    /// As they are written; textures are those of `textures`.
    pub materials: Vec<Value>,
    /// Image and sampler.
    pub textures: Vec<(usize, Option<Value>)>,
    pub images: Vec<Picture>,
    /// How images were changed.
    pub notes: Vec<String>,
    by_material: BTreeMap<usize, usize>,
    by_json: BTreeMap<String, usize>,
    by_image: BTreeMap<usize, usize>,
    by_content: BTreeMap<Address, usize>,
}

impl Looks {
    /// The material of the source, as one of ours.
    pub fn material(&mut self, source: &Source, index: usize) -> Result<usize, Refusal> {
        if let Some(known) = self.by_material.get(&index) {
            return Ok(*known);
        }
        let material = entry(&source.json, "materials", index)?;
        let mut out = Map::new();
        let name = name(material);
        if !name.is_empty() {
            out.insert("name".into(), json!(name));
        }
        for field in FIELDS {
            if let Some(value) = material.get(field) {
                out.insert(field.into(), self.named(source, field, value, 0)?);
            }
        }
        let extensions = material.get("extensions").and_then(Value::as_object);
        let mut kept = Map::new();
        for (name, value) in extensions.into_iter().flatten() {
            if name.starts_with(EXTENSIONS) && name != "KHR_materials_variants" {
                kept.insert(name.clone(), self.copied(source, value, 0)?);
            }
        }
        if !kept.is_empty() {
            out.insert("extensions".into(), kept.into());
        }
        let out = Value::from(out);
        let next = self.materials.len();
        let ours = *self.by_json.entry(out.to_string()).or_insert(next);
        if ours == next {
            self.materials.push(out);
        }
        self.by_material.insert(index, ours);
        Ok(ours)
    }

    /// Values of a material; what names a texture names one of ours.
    fn copied(&mut self, source: &Source, value: &Value, depth: usize) -> Result<Value, Refusal> {
        if depth > MATERIAL_DEPTH_MAX {
            return Err(Refusal::malformed("a material of the model is nested too deeply"));
        }
        let Value::Object(fields) = value else { return Ok(value.clone()) };
        let mut out = Map::new();
        for (name, value) in fields {
            match name.as_str() {
                "extras" | "extensions" => {}
                _ => drop(out.insert(name.clone(), self.named(source, name, value, depth + 1)?)),
            }
        }
        Ok(out.into())
    }

    /// A value by its name, which may be that of a texture.
    fn named(
        &mut self,
        source: &Source,
        name: &str,
        value: &Value,
        depth: usize,
    ) -> Result<Value, Refusal> {
        match name.ends_with("Texture") && value.get("index").is_some() {
            true => self.named_texture(source, value),
            false => self.copied(source, value, depth),
        }
    }

    fn named_texture(&mut self, source: &Source, value: &Value) -> Result<Value, Refusal> {
        let texture = self.texture(source, needed(value, "index")?)?;
        let mut out = Map::new();
        out.insert("index".into(), json!(texture));
        for field in ["texCoord", "scale", "strength"] {
            if let Some(value) = value.get(field) {
                out.insert(field.into(), value.clone());
            }
        }
        if let Some(transform) = extension(value, TRANSFORM) {
            let transform = self.copied(source, transform, 0)?;
            out.insert("extensions".into(), json!({ TRANSFORM: transform }));
        }
        Ok(out.into())
    }

    fn texture(&mut self, source: &Source, index: usize) -> Result<usize, Refusal> {
        let texture = entry(&source.json, "textures", index)?;
        let of = |name| extension(texture, name).map(|inner| needed(inner, "source")).transpose();
        let image = match (of("KHR_texture_basisu")?, of("EXT_texture_webp")?) {
            (Some(image), _) | (None, Some(image)) => image,
            (None, None) => needed(texture, "source")?,
        };
        let image = self.image(source, image)?;
        let sampler = match whole(texture, "sampler")? {
            Some(index) => {
                let sampler = entry(&source.json, "samplers", index)?;
                let fields = ["magFilter", "minFilter", "wrapS", "wrapT"].iter();
                let fields = fields
                    .filter_map(|name| Some(((*name).to_owned(), sampler.get(name)?.clone())));
                Some(Value::from(fields.collect::<Map<_, _>>()))
            }
            None => None,
        };
        let wanted = (image, sampler);
        if let Some(known) = self.textures.iter().position(|texture| *texture == wanted) {
            return Ok(known);
        }
        self.textures.push(wanted);
        Ok(self.textures.len() - 1)
    }

    fn image(&mut self, source: &Source, index: usize) -> Result<usize, Refusal> {
        if let Some(known) = self.by_image.get(&index) {
            return Ok(*known);
        }
        let bytes = source.image(index)?;
        let format = match &bytes[..] {
            [0x89, b'P', b'N', b'G', ..] => Format::Png,
            [0xff, 0xd8, 0xff, ..] => Format::Jpeg,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Format::WebP,
            [0xab, b'K', b'T', b'X', ..] => Format::Ktx2,
            _ => {
                return Err(Refusal::unsupported(format!(
                    "image {index} of the model is no PNG, JPEG, WebP or KTX2"
                )));
            }
        };
        let of_this = |refusal: Refusal| match refusal {
            Refusal::TooLarge(text) => Refusal::TooLarge(format!("image {index}: {text}")),
            Refusal::Unsupported(text) => Refusal::Unsupported(format!("image {index}: {text}")),
            Refusal::Malformed(text) => Refusal::Malformed(format!("image {index}: {text}")),
        };
        let picture = match format {
            Format::Ktx2 => picture::ktx2::clean(&bytes).map_err(of_this)?,
            _ => picture::clean(&bytes, format).map_err(of_this)?,
        };
        if let Some((width, height)) = picture.was {
            self.notes.push(format!(
                "image {index} made smaller, from {width} x {height} to {} x {} pixels",
                picture.width, picture.height
            ));
        }
        let next = self.images.len();
        let address = Address::of(&picture.bytes, picture.format);
        let ours = *self.by_content.entry(address).or_insert(next);
        if ours == next {
            self.images.push(picture);
        }
        self.by_image.insert(index, ours);
        if self.pixels() > MODEL_PIXELS_MAX {
            let text = format!(
                "the images of the model are too large together: at most {} million pixels are \
                 allowed",
                MODEL_PIXELS_MAX >> 20
            );
            return Err(Refusal::TooLarge(text));
        }
        if self.image_bytes() > MODEL_BYTES_MAX {
            let text = format!(
                "the images of the model are too large together: at most {} MiB are allowed",
                MODEL_BYTES_MAX >> 20
            );
            return Err(Refusal::TooLarge(text));
        }
        Ok(ours)
    }

    /// Bytes of all images, as they are kept.
    pub fn image_bytes(&self) -> usize {
        self.images.iter().map(|image| image.bytes.len()).sum()
    }

    /// Bytes that all images take on a graphics card, without smaller copies.
    pub fn card_bytes(&self) -> u64 {
        self.images.iter().map(Picture::card_bytes).sum()
    }

    /// Of all images.
    fn pixels(&self) -> u64 {
        self.images.iter().map(|image| u64::from(image.width) * u64::from(image.height)).sum()
    }
}
