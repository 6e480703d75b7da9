//! A binary glTF that may be looked at: its JSON is as glTF 2.0 wants it, its nodes are trees, and
//! the bytes that it names are there. What its extensions say is not checked.

use std::{borrow::Cow, collections::BTreeMap};

use gltf::Glb;
use serde_json::Value;

use crate::{
    import::ImportError,
    limits::{ACCESSOR_VALUES_MAX, DEPTH_MAX, ENTRIES_MAX, FILE_BYTES_MAX, JSON_BYTES_MAX},
    links::{List, visit},
    sound::{self, Fault},
    values::{entry_place, index, list, needed, whole},
};

/// Extensions without which a file is not what it should be, and that are understood or carried on.
const EXTENSIONS: [&str; 19] = [
    "EXT_texture_webp",
    "KHR_implicit_shapes",
    "KHR_lights_punctual",
    "KHR_materials_anisotropy",
    "KHR_materials_clearcoat",
    "KHR_materials_dispersion",
    "KHR_materials_emissive_strength",
    "KHR_materials_ior",
    "KHR_materials_iridescence",
    "KHR_materials_sheen",
    "KHR_materials_specular",
    "KHR_materials_transmission",
    "KHR_materials_unlit",
    "KHR_materials_volume",
    "KHR_mesh_quantization",
    "KHR_physics_rigid_bodies",
    "KHR_texture_basisu",
    "KHR_texture_transform",
    "OMI_spawn_point",
];

/// See the module.
#[derive(Debug)]
pub struct Source {
    pub json: Value,
    pub bin: Vec<u8>,
    /// For each node the one above it.
    pub parents: Vec<Option<usize>>,
    /// Nodes that are seen, each after the one above it.
    pub order: Vec<usize>,
}

impl From<Fault> for ImportError {
    fn from(fault: Fault) -> Self {
        Self::new(fault.path, fault.reason)
    }
}

impl Source {
    /// Reads and checks a file.
    pub fn read(bytes: &[u8]) -> Result<Self, ImportError> {
        if bytes.len() > FILE_BYTES_MAX {
            let reason = format!("at most {} MiB are allowed", FILE_BYTES_MAX >> 20);
            return Err(ImportError::new(".", reason));
        }
        let Glb { json: text, bin, .. } = sound::split(bytes)?;
        if text.len() > JSON_BYTES_MAX {
            let reason = format!("at most {} MiB of JSON are allowed", JSON_BYTES_MAX >> 20);
            return Err(ImportError::new(".", reason));
        }
        let mut json: Value = serde_json::from_slice(&text)
            .map_err(|error| ImportError::new(".", format!("the glTF cannot be read: {error}")))?;
        check_head(&json)?;
        sound::validate(&text)?;
        check_links(&mut json)?;
        let bin = bin.map(Cow::into_owned).unwrap_or_default();
        let mut source = Self { json, bin, parents: Vec::new(), order: Vec::new() };
        source.check_bytes()?;
        source.find_parents()?;
        source.find_order()?;
        Ok(source)
    }

    /// An entry of a list; the index was checked.
    pub fn entry(&self, list: List, index: usize) -> &Value {
        list.of(&self.json).get(index).unwrap_or(&Value::Null)
    }

    /// The nodes that stand at the top of what is shown.
    pub fn roots(&self) -> Result<Vec<usize>, ImportError> {
        let scenes = list(&self.json, "scenes");
        let Some(shown) = index(&self.json, "scene", scenes.len(), ".")?
            .or(Some(0))
            .and_then(|shown| scenes.get(shown))
        else {
            // Without a scene, whatever stands at the top is shown.
            let tops = self.parents.iter().enumerate().filter(|(_, above)| above.is_none());
            return Ok(tops.map(|(node, _)| node).collect());
        };
        let nodes = list(shown, "nodes").iter();
        Ok(nodes.filter_map(Value::as_u64).map(|node| node as usize).collect())
    }

    /// The bytes of a view.
    pub fn view(&self, view: usize) -> Result<&[u8], ImportError> {
        let place = entry_place(List::BufferViews, view);
        let view = self.entry(List::BufferViews, view);
        let start = whole(view, "byteOffset", &place)?.unwrap_or(0);
        let length = needed(view, "byteLength", &place)?;
        let end = start.checked_add(length);
        end.and_then(|end| self.bin.get(start..end))
            .ok_or_else(|| ImportError::new(place, "the file does not have these bytes"))
    }

    fn check_bytes(&self) -> Result<(), ImportError> {
        let buffers = list(&self.json, "buffers");
        if buffers.len() > 1 || buffers.iter().any(|buffer| buffer.get("uri").is_some()) {
            let reason = "everything must be in one file: export it as glTF binary (.glb)";
            return Err(ImportError::new("buffers", reason));
        }
        let length = match buffers.first() {
            Some(buffer) => needed(buffer, "byteLength", "buffers[0]")?,
            None => 0,
        };
        if length > self.bin.len() {
            return Err(ImportError::new("buffers[0]", "the file ends too early"));
        }
        for at in 0..List::BufferViews.of(&self.json).len() {
            self.view(at)?;
        }
        for (at, accessor) in List::Accessors.of(&self.json).iter().enumerate() {
            let place = entry_place(List::Accessors, at);
            if needed(accessor, "count", &place)? > ACCESSOR_VALUES_MAX {
                let reason = format!("more than {ACCESSOR_VALUES_MAX} values are not allowed");
                return Err(ImportError::new(place, reason));
            }
        }
        Ok(())
    }

    fn find_parents(&mut self) -> Result<(), ImportError> {
        let nodes = List::Nodes.of(&self.json);
        let mut parents = vec![None; nodes.len()];
        for (above, node) in nodes.iter().enumerate() {
            for child in list(node, "children") {
                let place = || entry_place(List::Nodes, above);
                let child = child.as_u64().map(|child| child as usize);
                let slot = child.and_then(|child| parents.get_mut(child));
                let slot =
                    slot.ok_or_else(|| ImportError::new(place(), "a child of it does not exist"))?;
                if slot.replace(above).is_some() {
                    return Err(ImportError::new(place(), "a child of it is below another, too"));
                }
            }
        }
        self.parents = parents;
        Ok(())
    }

    /// Every node has one above it at most, so what is reached from the top has no circle in it;
    /// what is not reached is not shown.
    fn find_order(&mut self) -> Result<(), ImportError> {
        let nodes = List::Nodes.of(&self.json).len();
        let mut seen = vec![false; nodes];
        let mut order = Vec::new();
        let mut open: Vec<(usize, usize)> = Vec::new();
        for root in self.roots()?.into_iter().rev() {
            if self.parents.get(root).is_none_or(|above| above.is_some()) {
                let reason = "a scene names only nodes that are below no other";
                return Err(ImportError::new("scenes", reason));
            }
            open.push((root, 0));
        }
        while let Some((node, depth)) = open.pop() {
            let place = || entry_place(List::Nodes, node);
            if depth > DEPTH_MAX {
                let reason = format!("more than {DEPTH_MAX} nodes above a node are not allowed");
                return Err(ImportError::new(place(), reason));
            }
            if std::mem::replace(&mut seen[node], true) {
                return Err(ImportError::new(place(), "it is shown twice"));
            }
            order.push(node);
            let children = list(self.entry(List::Nodes, node), "children").iter().rev();
            open.extend(
                children.filter_map(Value::as_u64).map(|child| (child as usize, depth + 1)),
            );
        }
        self.order = order;
        Ok(())
    }
}

fn check_head(json: &Value) -> Result<(), ImportError> {
    let version = json.get("asset").and_then(|asset| asset.get("version")).and_then(Value::as_str);
    if !version.is_some_and(|version| version.starts_with("2.")) {
        return Err(ImportError::new("asset.version", "only glTF 2.0 can be used"));
    }
    for needed in list(json, "extensionsRequired") {
        let needed = needed.as_str().unwrap_or_default();
        if !EXTENSIONS.contains(&needed) {
            let short: String = needed.chars().take(64).collect();
            let reason = format!("{short:?} is not known here: export it without that");
            return Err(ImportError::new("extensionsRequired", reason));
        }
    }
    for which in List::ALL {
        let count = which.of(json).len();
        if count > ENTRIES_MAX {
            let reason = format!("{count} entries are too many: at most {ENTRIES_MAX} are allowed");
            return Err(ImportError::new(which.name(), reason));
        }
    }
    Ok(())
}

/// Indices within extensions, too, name something.
fn check_links(json: &mut Value) -> Result<(), ImportError> {
    let counts: BTreeMap<List, usize> =
        List::ALL.iter().map(|list| (*list, list.of(json).len())).collect();
    for list in List::ALL {
        for (at, entry) in list.of_mut(json).iter_mut().enumerate() {
            let mut wrong = None;
            visit(list, entry, &mut |target, index| {
                let count = counts.get(&target).copied().unwrap_or(0) as u64;
                if index.as_u64().is_none_or(|index| index >= count) {
                    wrong = Some(format!("there is no {}[{index}]", target.name()));
                }
            });
            if let Some(reason) = wrong {
                return Err(ImportError::new(entry_place(list, at), reason));
            }
        }
    }
    Ok(())
}
