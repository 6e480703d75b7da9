//! A model as a binary glTF.
//!
//! Packed: values as small as they can be without a difference that one sees
//! (KHR_mesh_quantization) and coded (EXT_meshopt_compression); positions stay exact. Plain: numbers
//! as glTF 2.0 has them, for any program.

use std::{borrow::Cow, collections::BTreeMap};

use glam::{Mat4, Quat, Vec3};
use gltf::{Glb, binary::Header};
use serde_json::{Map, Value, json};

use super::{
    mesh::{Attribute, Packing, Primitive, steps},
    reading::{Model, Node},
};
use crate::{address::Format, intake::Refusal};

const MESHOPT: &str = "EXT_meshopt_compression";
const QUANTISED: &str = "KHR_mesh_quantization";
/// Codes of glTF 2.0: numbers, and what a view is for.
const I8: u32 = 5120;
const U8: u32 = 5121;
const U16: u32 = 5123;
const U32: u32 = 5125;
const F32: u32 = 5126;
const VERTICES: u32 = 34962;
const INDICES: u32 = 34963;
/// The version of the code of corners that EXT_meshopt_compression means.
const VERTEX_CODE: i32 = 0;
const VERTEX_EFFORT: i32 = 2;

pub(super) fn glb(model: &Model, packing: Packing) -> Result<Vec<u8>, Refusal> {
    let mut writer = Writer { packing, ..Writer::default() };
    let meshes: Vec<Value> = model
        .meshes
        .iter()
        .map(|primitives| {
            let primitives = primitives.iter().map(|primitive| writer.primitive(primitive));
            Ok(json!({ "primitives": primitives.collect::<Result<Vec<_>, Refusal>>()? }))
        })
        .collect::<Result<_, Refusal>>()?;
    let images: Vec<Value> = model
        .looks
        .images
        .iter()
        .map(|image| {
            let view = writer.plain_view(&image.bytes, None, None);
            json!({ "bufferView": view, "mimeType": image.format.media_type() })
        })
        .collect();
    let mut samplers: Vec<Value> = Vec::new();
    let textures: Vec<Value> = model
        .looks
        .textures
        .iter()
        .map(|(image, sampler)| {
            let mut texture = Map::new();
            if let Some(sampler) = sampler {
                let known = samplers.iter().position(|known| known == sampler);
                let index = known.unwrap_or_else(|| {
                    samplers.push(sampler.clone());
                    samplers.len() - 1
                });
                texture.insert("sampler".into(), json!(index));
            }
            let source = json!({ "source": image });
            match model.looks.images[*image].format {
                Format::WebP => writer.by_extension(&mut texture, "EXT_texture_webp", source),
                Format::Ktx2 => writer.by_extension(&mut texture, "KHR_texture_basisu", source),
                _ => drop(texture.insert("source".into(), json!(image))),
            }
            texture.into()
        })
        .collect();
    writer.note_extensions(&model.looks.materials);
    let nodes: Vec<Value> = model.nodes.iter().map(node).collect();
    let mut root = json!({
        "asset": { "version": "2.0", "generator": "Vivarium" },
        "scene": 0,
        "scenes": [{ "nodes": model.roots }],
        "nodes": nodes,
        "meshes": meshes,
    });
    let lists = [
        ("materials", model.looks.materials.clone()),
        ("textures", textures),
        ("samplers", samplers),
        ("images", images),
        ("accessors", std::mem::take(&mut writer.accessors)),
        ("bufferViews", std::mem::take(&mut writer.views)),
    ];
    for (name, list) in lists {
        if !list.is_empty() {
            root[name] = list.into();
        }
    }
    writer.finish(root)
}

fn node(node: &Node) -> Value {
    let mut out = Map::new();
    if !node.name.is_empty() {
        out.insert("name".into(), json!(node.name));
    }
    match node.parts {
        Some((translation, rotation, scale)) => {
            if translation != Vec3::ZERO {
                out.insert("translation".into(), json!(translation.to_array()));
            }
            if rotation != Quat::IDENTITY {
                out.insert("rotation".into(), json!(rotation.to_array()));
            }
            if scale != Vec3::ONE {
                out.insert("scale".into(), json!(scale.to_array()));
            }
        }
        None if node.local != Mat4::IDENTITY => {
            out.insert("matrix".into(), json!(node.local.to_cols_array()));
        }
        None => {}
    }
    if let Some(mesh) = node.mesh {
        out.insert("mesh".into(), json!(mesh));
    }
    if !node.children.is_empty() {
        out.insert("children".into(), json!(node.children));
    }
    out.into()
}

struct Writer {
    packing: Packing,
    bin: Vec<u8>,
    /// Bytes that packed views take once they are unpacked.
    unpacked: usize,
    views: Vec<Value>,
    accessors: Vec<Value>,
    by_content: BTreeMap<[u8; 32], usize>,
    used: BTreeMap<String, bool>,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            packing: Packing::Plain,
            bin: Vec::new(),
            unpacked: 0,
            views: Vec::new(),
            accessors: Vec::new(),
            by_content: BTreeMap::new(),
            used: BTreeMap::new(),
        }
    }
}

/// Values as they are written.
struct Stored<'a> {
    bytes: Cow<'a, [u8]>,
    component: u32,
    is_normalised: bool,
    stride: usize,
    count: usize,
    width: usize,
}

impl Writer {
    fn primitive(&mut self, primitive: &Primitive) -> Result<Value, Refusal> {
        let mut attributes = Map::new();
        for (attribute, values) in &primitive.attributes {
            let stored = stored(*attribute, values, self.packing);
            if self.packing == Packing::Packed && stored.component != F32 {
                self.needs(QUANTISED);
            }
            let bounds = (*attribute == Attribute::Position).then(|| bounds(values));
            let accessor = self.accessor(&stored, bounds, VERTICES)?;
            attributes.insert(attribute.name().into(), json!(accessor));
        }
        let is_short = primitive.corners() <= usize::from(u16::MAX);
        let stride = if is_short { 2 } else { 4 };
        let bytes: Vec<u8> = primitive
            .indices
            .iter()
            .flat_map(|index| index.to_le_bytes().into_iter().take(stride))
            .collect();
        let stored = Stored {
            bytes: bytes.into(),
            component: if is_short { U16 } else { U32 },
            is_normalised: false,
            stride,
            count: primitive.indices.len(),
            width: 1,
        };
        let indices = self.accessor(&stored, None, INDICES)?;
        let mut out = json!({ "attributes": attributes, "indices": indices });
        if let Some(material) = primitive.material {
            out["material"] = json!(material);
        }
        Ok(out)
    }

    /// An accessor of its own view; equal ones are written once.
    fn accessor(
        &mut self,
        stored: &Stored<'_>,
        bounds: Option<([f32; 3], [f32; 3])>,
        target: u32,
    ) -> Result<usize, Refusal> {
        let mut hash = blake3::Hasher::new();
        hash.update(&stored.bytes);
        // Positions have bounds: the same values as normals do not do for them.
        let has_bounds = u32::from(bounds.is_some());
        let shape =
            [stored.component, target, stored.stride as u32, stored.width as u32, has_bounds];
        for part in shape {
            hash.update(&part.to_le_bytes());
        }
        let hash = *hash.finalize().as_bytes();
        if let Some(known) = self.by_content.get(&hash) {
            return Ok(*known);
        }
        let stride = (target == VERTICES).then_some(stored.stride);
        let view = match self.packing {
            Packing::Plain => self.plain_view(&stored.bytes, stride, Some(target)),
            Packing::Packed => self.packed_view(stored, stride, target)?,
        };
        let kind = ["SCALAR", "VEC2", "VEC3", "VEC4"][stored.width - 1];
        let mut accessor = json!({
            "bufferView": view,
            "componentType": stored.component,
            "count": stored.count,
            "type": kind,
        });
        if stored.is_normalised {
            accessor["normalized"] = json!(true);
        }
        if let Some((low, high)) = bounds {
            accessor["min"] = json!(low);
            accessor["max"] = json!(high);
        }
        self.accessors.push(accessor);
        self.by_content.insert(hash, self.accessors.len() - 1);
        Ok(self.accessors.len() - 1)
    }

    fn plain_view(&mut self, bytes: &[u8], stride: Option<usize>, target: Option<u32>) -> usize {
        let start = self.append(bytes);
        let mut view = json!({ "buffer": 0, "byteOffset": start, "byteLength": bytes.len() });
        if let Some(stride) = stride {
            view["byteStride"] = json!(stride);
        }
        if let Some(target) = target {
            view["target"] = json!(target);
        }
        self.views.push(view);
        self.views.len() - 1
    }

    fn packed_view(
        &mut self,
        stored: &Stored<'_>,
        stride: Option<usize>,
        target: u32,
    ) -> Result<usize, Refusal> {
        let (mode, packed) = match stride {
            Some(_) => ("ATTRIBUTES", packed_corners(&stored.bytes, stored.stride)),
            None => {
                let indices = stored.bytes.chunks_exact(stored.stride);
                let indices: Vec<u32> = indices
                    .map(|index| {
                        index.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
                    })
                    .collect();
                let count = indices.iter().max().map_or(0, |most| *most as usize + 1);
                ("TRIANGLES", meshopt::encode_index_buffer(&indices, count))
            }
        };
        let packed = packed
            .map_err(|error| Refusal::malformed(format!("the model cannot be packed: {error}")))?;
        let start = self.append(&packed);
        self.needs(MESHOPT);
        let length = stored.bytes.len();
        let mut view = json!({
            "buffer": 1,
            "byteOffset": self.unpacked,
            "byteLength": length,
            "target": target,
            "extensions": { MESHOPT: {
                "buffer": 0,
                "byteOffset": start,
                "byteLength": packed.len(),
                "byteStride": stored.stride,
                "count": stored.count,
                "mode": mode,
            } },
        });
        if let Some(stride) = stride {
            view["byteStride"] = json!(stride);
        }
        self.unpacked = (self.unpacked + length).next_multiple_of(4);
        self.views.push(view);
        Ok(self.views.len() - 1)
    }

    /// At a multiple of four bytes.
    fn append(&mut self, bytes: &[u8]) -> usize {
        let start = self.bin.len().next_multiple_of(4);
        self.bin.resize(start, 0);
        self.bin.extend_from_slice(bytes);
        start
    }

    fn needs(&mut self, extension: &str) {
        self.used.insert(extension.to_owned(), true);
    }

    fn by_extension(&mut self, into: &mut Map<String, Value>, name: &str, value: Value) {
        self.needs(name);
        into.insert("extensions".into(), json!({ name: value }));
    }

    /// What materials use; without these extensions they are only drawn more simply.
    fn note_extensions(&mut self, values: &[Value]) {
        let mut waiting: Vec<&Value> = values.iter().collect();
        while let Some(value) = waiting.pop() {
            let Value::Object(fields) = value else { continue };
            if let Some(Value::Object(extensions)) = fields.get("extensions") {
                for name in extensions.keys() {
                    self.used.entry(name.clone()).or_insert(false);
                }
            }
            waiting.extend(fields.values());
        }
    }

    fn finish(mut self, mut root: Value) -> Result<Vec<u8>, Refusal> {
        let length = self.bin.len().next_multiple_of(4);
        self.bin.resize(length, 0);
        let mut buffers = vec![json!({ "byteLength": length })];
        if self.unpacked > 0 {
            buffers.push(json!({
                "byteLength": self.unpacked,
                "extensions": { MESHOPT: { "fallback": true } },
            }));
        }
        root["buffers"] = buffers.into();
        let needed: Vec<&String> =
            self.used.iter().filter(|(_, is_needed)| **is_needed).map(|(name, _)| name).collect();
        if !self.used.is_empty() {
            root["extensionsUsed"] = json!(self.used.keys().collect::<Vec<_>>());
        }
        if !needed.is_empty() {
            root["extensionsRequired"] = json!(needed);
        }
        let header = Header { magic: *b"glTF", version: 2, length: 0 };
        let json = root.to_string().into_bytes();
        let glb = Glb { header, json: json.into(), bin: Some(self.bin.into()) };
        glb.to_vec()
            .map_err(|error| Refusal::malformed(format!("the model cannot be written: {error}")))
    }
}

fn packed_corners(bytes: &[u8], stride: usize) -> Result<Vec<u8>, meshopt::Error> {
    fn pack<const N: usize>(bytes: &[u8]) -> Result<Vec<u8>, meshopt::Error> {
        let (corners, _) = bytes.as_chunks::<N>();
        meshopt::encode_vertex_buffer_level(corners, VERTEX_EFFORT, Some(VERTEX_CODE))
    }
    match stride {
        4 => pack::<4>(bytes),
        8 => pack::<8>(bytes),
        12 => pack::<12>(bytes),
        _ => pack::<16>(bytes),
    }
}

fn bounds(positions: &[f32]) -> ([f32; 3], [f32; 3]) {
    let corners = positions.chunks_exact(3).map(Vec3::from_slice);
    let (low, high) = corners.fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), corner| {
        (low.min(corner), high.max(corner))
    });
    (low.to_array(), high.to_array())
}

/// How an attribute is written (KHR_mesh_quantization, and glTF 2.0, 3.7.2.1).
fn stored<'a>(attribute: Attribute, values: &[f32], packing: Packing) -> Stored<'a> {
    let width = attribute.width();
    let count = values.len() / width;
    let steps = steps(attribute, values, packing);
    let whole = |value: &f32| (value * steps.unwrap_or(1.0)).round();
    let signed = |value: &f32| (whole(value) as i8).cast_unsigned();
    let (component, stride, bytes): (_, _, Vec<u8>) = match (steps, attribute) {
        (None, _) => {
            (F32, width * 4, values.iter().flat_map(|value| value.to_le_bytes()).collect())
        }
        (Some(_), Attribute::TexCoord0 | Attribute::TexCoord1) => {
            (U16, 4, values.iter().flat_map(|v| (whole(v) as u16).to_le_bytes()).collect())
        }
        (Some(_), Attribute::Colour) => (U8, 4, values.iter().map(|v| whole(v) as u8).collect()),
        (Some(_), _) if width == 3 => {
            let rows = values.chunks_exact(3);
            let rows = rows.flat_map(|v| [signed(&v[0]), signed(&v[1]), signed(&v[2]), 0]);
            (I8, 4, rows.collect())
        }
        (Some(_), _) => (I8, 4, values.iter().map(signed).collect()),
    };
    let is_normalised = component != F32;
    Stored { bytes: bytes.into(), component, is_normalised, stride, count, width }
}
