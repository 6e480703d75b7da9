//! The lists and bytes of a glTF as it grows. What is equal is written once.

use std::collections::{BTreeMap, BTreeSet};

use gltf::binary::Header;
use serde_json::{Map, Value, json};

use super::{ExportError, solids::Solid};
use crate::{
    LIGHTS, PHYSICS, SHAPES,
    limits::{FILE_BYTES_MAX, JSON_BYTES_MAX},
    links::List,
};

/// Code of 32-bit floats (glTF 2.0, 3.6.2.2).
const F32: u32 = 5126;
/// Code of whole numbers of 32 bits.
const U32: u32 = 5125;
/// Target of views of corners.
const ARRAY: u32 = 34962;
/// Target of views of indices.
const ELEMENTS: u32 = 34963;

/// See the module.
#[derive(Default)]
pub struct Writer {
    lists: BTreeMap<List, Vec<Value>>,
    bin: Vec<u8>,
    shapes: Once,
    surfaces: Once,
    filters: Once,
    joints: Once,
    lights: BTreeMap<String, usize>,
    /// Parts of meshes, without material, by what they show.
    drawn: BTreeMap<String, Value>,
    meshes: BTreeMap<(String, Option<usize>), usize>,
    /// Nodes that no scene shows, by their meshes.
    hidden: BTreeMap<usize, usize>,
    used: BTreeSet<String>,
    required: BTreeSet<String>,
}

/// A list in which nothing stands twice.
#[derive(Default)]
struct Once {
    entries: Vec<Value>,
    known: BTreeMap<String, usize>,
}

impl Once {
    fn add(&mut self, entry: Value) -> usize {
        let key = entry.to_string();
        *self.known.entry(key).or_insert_with(|| {
            self.entries.push(entry);
            self.entries.len() - 1
        })
    }
}

impl Writer {
    /// Says that an extension is used.
    pub fn uses(&mut self, extension: &str) {
        self.used.insert(extension.into());
    }

    /// Says that the file is nothing without an extension.
    pub fn requires(&mut self, extension: &str) {
        self.uses(extension);
        self.required.insert(extension.into());
    }

    /// How many entries a list has.
    pub fn count(&self, list: List) -> usize {
        self.lists.get(&list).map_or(0, Vec::len)
    }

    /// Adds an entry.
    pub fn push(&mut self, list: List, entry: Value) -> usize {
        let entries = self.lists.entry(list).or_default();
        entries.push(entry);
        entries.len() - 1
    }

    /// A list, to be changed.
    pub fn list(&mut self, list: List) -> &mut Vec<Value> {
        self.lists.entry(list).or_default()
    }

    /// A collision shape.
    pub fn shape(&mut self, shape: Value) -> usize {
        self.uses(SHAPES);
        self.shapes.add(shape)
    }

    /// What a surface is like to touch.
    pub fn surface(&mut self, surface: Value) -> usize {
        self.surfaces.add(surface)
    }

    /// What meets what.
    pub fn filter(&mut self, filter: Value) -> usize {
        self.filters.add(filter)
    }

    /// How two bodies hang together.
    pub fn joint(&mut self, joint: Value) -> usize {
        self.joints.add(joint)
    }

    /// A lamp.
    pub fn light(&mut self, light: Value) -> usize {
        self.uses(LIGHTS);
        let key = light.to_string();
        if let Some(known) = self.lights.get(&key) {
            return *known;
        }
        let index = self.push(List::Lights, light);
        self.lights.insert(key, index);
        index
    }

    /// A mesh that shows one thing, which `key` names, with one material.
    pub fn mesh(
        &mut self,
        key: &str,
        material: Option<usize>,
        make: impl FnOnce() -> Solid,
    ) -> usize {
        let whole = (key.to_owned(), material);
        if let Some(known) = self.meshes.get(&whole) {
            return *known;
        }
        let mut part = match self.drawn.get(key) {
            Some(part) => part.clone(),
            None => {
                let part = self.solid(&make());
                self.drawn.insert(key.to_owned(), part.clone());
                part
            }
        };
        if let Some(material) = material {
            part["material"] = json!(material);
        }
        let index = self.push(List::Meshes, json!({ "primitives": [part] }));
        self.meshes.insert(whole, index);
        index
    }

    /// A node with a mesh that no scene shows.
    pub fn hidden(&mut self, mesh: usize) -> usize {
        if let Some(known) = self.hidden.get(&mesh) {
            return *known;
        }
        let node = self.push(List::Nodes, json!({ "mesh": mesh }));
        self.hidden.insert(mesh, node);
        node
    }

    /// Appends bytes, and gives where they begin.
    pub fn append(&mut self, bytes: &[u8]) -> usize {
        self.bin.resize(self.bin.len().next_multiple_of(4), 0);
        let start = self.bin.len();
        self.bin.extend_from_slice(bytes);
        start
    }

    fn solid(&mut self, solid: &Solid) -> Value {
        let positions = self.vectors(&solid.positions);
        let bounds = |pick: fn(f32, f32) -> f32| {
            let first = solid.positions.first().copied().unwrap_or_default();
            solid
                .positions
                .iter()
                .fold(first, |so_far, point| [0, 1, 2].map(|axis| pick(so_far[axis], point[axis])))
        };
        let accessor = &mut self.list(List::Accessors)[positions];
        accessor["min"] = json!(bounds(f32::min));
        accessor["max"] = json!(bounds(f32::max));
        let mut part = json!({ "attributes": { "POSITION": positions } });
        if !solid.normals.is_empty() {
            part["attributes"]["NORMAL"] = json!(self.vectors(&solid.normals));
        }
        if solid.indices.is_empty() {
            // Points, of which a hull is made.
            part["mode"] = json!(0);
            return part;
        }
        let bytes: Vec<u8> = solid.indices.iter().flat_map(|index| index.to_le_bytes()).collect();
        let start = self.append(&bytes);
        let view = json!({ "buffer": 0, "byteOffset": start, "byteLength": bytes.len(),
            "target": ELEMENTS });
        let view = self.push(List::BufferViews, view);
        let accessor = json!({ "bufferView": view, "componentType": U32, "type": "SCALAR",
            "count": solid.indices.len() });
        part["indices"] = json!(self.push(List::Accessors, accessor));
        part
    }

    fn vectors(&mut self, vectors: &[[f32; 3]]) -> usize {
        let bytes: Vec<u8> = vectors.iter().flatten().flat_map(|part| part.to_le_bytes()).collect();
        let start = self.append(&bytes);
        let view = json!({ "buffer": 0, "byteOffset": start, "byteLength": bytes.len(),
            "target": ARRAY });
        let view = self.push(List::BufferViews, view);
        let accessor = json!({ "bufferView": view, "componentType": F32, "type": "VEC3",
            "count": vectors.len() });
        self.push(List::Accessors, accessor)
    }

    /// The file, with one scene.
    pub fn finish(mut self, scene: Value) -> Result<Vec<u8>, ExportError> {
        let mut json = Map::new();
        json.insert("asset".into(), json!({ "version": "2.0", "generator": "Vivarium" }));
        json.insert("scene".into(), json!(0));
        json.insert("scenes".into(), json!([scene]));
        let mut extensions = Map::new();
        for (list, entries) in std::mem::take(&mut self.lists) {
            match list {
                _ if entries.is_empty() => {}
                List::Lights => {
                    extensions.insert(LIGHTS.into(), json!({ "lights": entries }));
                }
                _ => {
                    json.insert(list.name().into(), Value::Array(entries));
                }
            }
        }
        if !self.shapes.entries.is_empty() {
            extensions.insert(SHAPES.into(), json!({ "shapes": self.shapes.entries }));
        }
        let mut physics = Map::new();
        for (name, once) in [
            ("physicsMaterials", self.surfaces),
            ("collisionFilters", self.filters),
            ("physicsJoints", self.joints),
        ] {
            if !once.entries.is_empty() {
                physics.insert(name.into(), Value::Array(once.entries));
            }
        }
        if !physics.is_empty() {
            extensions.insert(PHYSICS.into(), Value::Object(physics));
        }
        if !extensions.is_empty() {
            json.insert("extensions".into(), Value::Object(extensions));
        }
        for (name, names) in [("extensionsUsed", self.used), ("extensionsRequired", self.required)]
        {
            if !names.is_empty() {
                json.insert(name.into(), json!(names));
            }
        }
        if !self.bin.is_empty() {
            json.insert("buffers".into(), json!([{ "byteLength": self.bin.len() }]));
        }
        glb(&Value::Object(json), self.bin)
    }
}

/// Puts JSON and bytes into a binary glTF (glTF 2.0, 4.4).
pub fn glb(json: &Value, mut bin: Vec<u8>) -> Result<Vec<u8>, ExportError> {
    let mut text = json.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    if text.len() > JSON_BYTES_MAX {
        return Err(ExportError::TooLarge { bytes: text.len(), max: JSON_BYTES_MAX });
    }
    bin.resize(bin.len().next_multiple_of(4), 0);
    let bin_chunk = if bin.is_empty() { 0 } else { 8 + bin.len() };
    let bytes = size_of::<Header>() + 8 + text.len() + bin_chunk;
    let length = u32::try_from(bytes).ok().filter(|_| bytes <= FILE_BYTES_MAX);
    let length = length.ok_or(ExportError::TooLarge { bytes, max: FILE_BYTES_MAX })?;
    let mut out = Vec::with_capacity(bytes);
    out.extend_from_slice(b"glTF");
    out.extend_from_slice(&2u32.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(b"JSON");
    out.extend_from_slice(&text);
    if !bin.is_empty() {
        out.extend_from_slice(&(bin.len() as u32).to_le_bytes());
        out.extend_from_slice(b"BIN\0");
        out.extend_from_slice(&bin);
    }
    Ok(out)
}
