//! Which field of which entry is an index into which list of a glTF.
//!
//! Owns the only place that knows: a model is put into a world by shifting every index, and cut out
//! of one by following them. What is not named here must not be kept of either.

use serde_json::{Map, Value};

/// A list of a glTF whose entries are named by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    Nodes,
    Meshes,
    Accessors,
    BufferViews,
    Materials,
    Textures,
    Images,
    Samplers,
    /// Those of `KHR_lights_punctual`.
    Lights,
}

impl List {
    /// All of them, those that name others before those that they name.
    pub const ALL: [Self; 9] = [
        Self::Nodes,
        Self::Lights,
        Self::Meshes,
        Self::Materials,
        Self::Textures,
        Self::Samplers,
        Self::Images,
        Self::Accessors,
        Self::BufferViews,
    ];

    /// Its name in the JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nodes => "nodes",
            Self::Meshes => "meshes",
            Self::Accessors => "accessors",
            Self::BufferViews => "bufferViews",
            Self::Materials => "materials",
            Self::Textures => "textures",
            Self::Images => "images",
            Self::Samplers => "samplers",
            Self::Lights => "lights",
        }
    }

    /// Its entries.
    pub fn of(self, json: &Value) -> &[Value] {
        let within = match self {
            Self::Lights => crate::values::extension(json, crate::LIGHTS),
            _ => Some(json),
        };
        within.map_or(&[], |within| crate::values::list(within, self.name()))
    }
}

impl List {
    /// Its entries, to be changed.
    pub fn of_mut(self, json: &mut Value) -> &mut [Value] {
        let Some(fields) = json.as_object_mut() else { return &mut [] };
        match self {
            Self::Lights => extension(fields, crate::LIGHTS)
                .map(|lights| parts(lights, self.name()))
                .unwrap_or_default(),
            _ => parts(fields, self.name()),
        }
    }
}

/// Formats of images that textures name by an extension.
const IMAGE_EXTENSIONS: [&str; 3] = ["EXT_texture_webp", "KHR_texture_basisu", "EXT_texture_avif"];
/// Extensions of nodes that can be followed.
const NODE_EXTENSIONS: [&str; 1] = [crate::LIGHTS];

/// Takes out of an entry what is not drawn or cannot be followed: bones, cameras, bodies, extras,
/// unknown extensions of nodes and of parts of meshes.
pub fn strip(list: List, entry: &mut Value) {
    let Some(fields) = entry.as_object_mut() else { return };
    fields.remove("extras");
    if list == List::Nodes {
        fields.remove("skin");
        fields.remove("camera");
        fields.remove("weights");
        if let Some(Value::Object(extensions)) = fields.get_mut("extensions") {
            extensions.retain(|name, _| NODE_EXTENSIONS.contains(&name.as_str()));
        }
        if fields.get("extensions").is_some_and(is_empty) {
            fields.remove("extensions");
        }
        if fields.get("children").is_some_and(is_empty) {
            fields.remove("children");
        }
    }
    if list == List::Meshes {
        for part in parts(fields, "primitives") {
            if let Some(part) = part.as_object_mut() {
                part.remove("extras");
                part.remove("extensions");
            }
        }
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

/// Calls `f` with every index in an entry of a list.
pub fn visit(list: List, entry: &mut Value, f: &mut dyn FnMut(List, &mut Value)) {
    let Some(fields) = entry.as_object_mut() else { return };
    match list {
        List::Nodes => {
            one(fields, "mesh", List::Meshes, f);
            parts(fields, "children").iter_mut().for_each(|child| f(List::Nodes, child));
            if let Some(light) = extension(fields, crate::LIGHTS) {
                one(light, "light", List::Lights, f);
            }
        }
        List::Meshes => {
            for part in parts(fields, "primitives") {
                let Some(part) = part.as_object_mut() else { continue };
                one(part, "indices", List::Accessors, f);
                one(part, "material", List::Materials, f);
                every(part.get_mut("attributes"), f);
                parts(part, "targets").iter_mut().for_each(|target| every(Some(target), f));
            }
        }
        List::Materials => textures(entry, f),
        List::Textures => {
            one(fields, "sampler", List::Samplers, f);
            one(fields, "source", List::Images, f);
            for name in IMAGE_EXTENSIONS {
                if let Some(format) = extension(fields, name) {
                    one(format, "source", List::Images, f);
                }
            }
        }
        List::Images => one(fields, "bufferView", List::BufferViews, f),
        List::Accessors => {
            one(fields, "bufferView", List::BufferViews, f);
            let Some(Value::Object(sparse)) = fields.get_mut("sparse") else { return };
            for name in ["indices", "values"] {
                if let Some(Value::Object(part)) = sparse.get_mut(name) {
                    one(part, "bufferView", List::BufferViews, f);
                }
            }
        }
        List::BufferViews | List::Samplers | List::Lights => {}
    }
}

/// Every `somethingTexture` below an object, extensions included.
fn textures(value: &mut Value, f: &mut dyn FnMut(List, &mut Value)) {
    let Some(fields) = value.as_object_mut() else { return };
    for (name, value) in fields.iter_mut() {
        textures(value, f);
        if let Value::Object(texture) = value
            && name.ends_with("Texture")
        {
            one(texture, "index", List::Textures, f);
        }
    }
}

fn one(
    fields: &mut Map<String, Value>,
    name: &str,
    list: List,
    f: &mut dyn FnMut(List, &mut Value),
) {
    if let Some(index) = fields.get_mut(name) {
        f(list, index);
    }
}

fn every(accessors: Option<&mut Value>, f: &mut dyn FnMut(List, &mut Value)) {
    let fields = accessors.and_then(Value::as_object_mut);
    fields.into_iter().flat_map(Map::values_mut).for_each(|index| f(List::Accessors, index));
}

fn parts<'a>(fields: &'a mut Map<String, Value>, name: &str) -> &'a mut [Value] {
    fields.get_mut(name).and_then(Value::as_array_mut).map(Vec::as_mut_slice).unwrap_or_default()
}

fn extension<'a>(
    fields: &'a mut Map<String, Value>,
    name: &str,
) -> Option<&'a mut Map<String, Value>> {
    fields.get_mut("extensions")?.get_mut(name)?.as_object_mut()
}
