//! Models cut out of a file: the meshes that are asked for, where they stand, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use glam::DMat4;
use serde_json::{Map, Value, json};

use super::ImportError;
use crate::{
    export::glb,
    limits::{MODELS_BYTES_MAX, MODELS_MAX},
    links::{List, strip, visit},
    source::Source,
    values::{list, needed},
};

/// A mesh of the file, and where it stands in the model.
pub type Drawn = (DMat4, usize);

/// Models that were cut out, by temporary paths that nothing else in the world has.
#[derive(Default)]
pub struct Cut {
    pub models: Vec<(String, Vec<u8>)>,
    /// Paths that the world uses for other models.
    pub taken: BTreeSet<String>,
    known: BTreeMap<String, usize>,
    bytes: usize,
    next: usize,
}

impl Cut {
    /// The path of a model of these meshes.
    pub fn model(&mut self, source: &Source, drawn: &[Drawn]) -> Result<String, ImportError> {
        let key = key(drawn);
        if let Some(known) = self.known.get(&key) {
            return Ok(self.models[*known].0.clone());
        }
        if self.models.len() == MODELS_MAX {
            let reason = format!("it would be more than {MODELS_MAX} models: join some");
            return Err(ImportError::new("meshes", reason));
        }
        let bytes = cut(source, drawn)?;
        self.bytes += bytes.len();
        if self.bytes > MODELS_BYTES_MAX {
            let reason = format!("its models take more than {} MiB", MODELS_BYTES_MAX >> 20);
            return Err(ImportError::new("meshes", reason));
        }
        let path = self.free_path();
        self.known.insert(key, self.models.len());
        self.models.push((path.clone(), bytes));
        Ok(path)
    }

    fn free_path(&mut self) -> String {
        loop {
            let path = format!("imported/{}.glb", self.next);
            self.next += 1;
            // Only as many are taken as the world has.
            if !self.taken.contains(&path) {
                return path;
            }
        }
    }
}

/// What makes two models equal: the same meshes at the same places, but for rounding.
fn key(drawn: &[Drawn]) -> String {
    let rounded = |value: f64| (value * 1e4).round() as i64;
    let part =
        |(matrix, mesh): &Drawn| format!("{mesh} {:?};", matrix.to_cols_array().map(rounded));
    drawn.iter().map(part).collect()
}

fn cut(source: &Source, drawn: &[Drawn]) -> Result<Vec<u8>, ImportError> {
    let mut cutting = Cutting { source, lists: BTreeMap::new(), places: BTreeMap::new() };
    let mut nodes = Vec::new();
    for (matrix, mesh) in drawn {
        let mesh = cutting.take(List::Meshes, *mesh);
        let matrix = matrix.to_cols_array().map(|value| value as f32);
        nodes.push(if DMat4::from_cols_array(&matrix.map(f64::from)) == DMat4::IDENTITY {
            json!({ "mesh": mesh })
        } else {
            json!({ "mesh": mesh, "matrix": matrix })
        });
    }
    let all: Vec<usize> = (0..nodes.len()).collect();
    let mut json = Map::new();
    json.insert("asset".into(), json!({ "version": "2.0", "generator": "Vivarium" }));
    json.insert("scene".into(), json!(0));
    json.insert("scenes".into(), json!([{ "nodes": all }]));
    json.insert("nodes".into(), Value::Array(nodes));
    let mut bin = Vec::new();
    for (list, mut entries) in cutting.lists {
        if list == List::BufferViews {
            for entry in &mut entries {
                pack(source, entry, &mut bin)?;
            }
        }
        json.insert(list.name().into(), Value::Array(entries));
    }
    if !bin.is_empty() {
        json.insert("buffers".into(), json!([{ "byteLength": bin.len() }]));
    }
    for name in ["extensionsUsed", "extensionsRequired"] {
        let drawn = |name: &&Value| {
            let name = name.as_str().unwrap_or_default();
            name.contains("_materials_") || name.contains("_texture_") || name.contains("_mesh_")
        };
        let names: Vec<&Value> = list(&source.json, name).iter().filter(drawn).collect();
        if !names.is_empty() {
            json.insert(name.into(), json!(names));
        }
    }
    glb(&Value::Object(json), bin).map_err(|error| ImportError::new("meshes", error.to_string()))
}

/// Copies the bytes of a view, which names those of the file.
fn pack(source: &Source, view: &mut Value, bin: &mut Vec<u8>) -> Result<(), ImportError> {
    let start = view.get("byteOffset").and_then(Value::as_u64).unwrap_or(0) as usize;
    let length = needed(view, "byteLength", "bufferViews")?;
    let bytes = start.checked_add(length).and_then(|end| source.bin.get(start..end));
    let missing = || ImportError::new("bufferViews", "the file does not have these bytes");
    bin.resize(bin.len().next_multiple_of(4), 0);
    view["buffer"] = json!(0);
    view["byteOffset"] = json!(bin.len());
    bin.extend_from_slice(bytes.ok_or_else(missing)?);
    Ok(())
}

struct Cutting<'a> {
    source: &'a Source,
    lists: BTreeMap<List, Vec<Value>>,
    /// New indices of what was taken.
    places: BTreeMap<(List, usize), usize>,
}

impl Cutting<'_> {
    /// Takes an entry and what it names. Lists name one another in one direction alone, so this
    /// goes no deeper than there are lists.
    fn take(&mut self, list: List, index: usize) -> usize {
        if let Some(known) = self.places.get(&(list, index)) {
            return *known;
        }
        let mut entry = self.source.entry(list, index).clone();
        strip(list, &mut entry);
        visit(list, &mut entry, &mut |target, named| {
            let own = named.as_u64().unwrap_or(0) as usize;
            *named = json!(self.take(target, own));
        });
        let entries = self.lists.entry(list).or_default();
        entries.push(entry);
        let place = entries.len() - 1;
        self.places.insert((list, index), place);
        place
    }
}
