//! Shipped worlds and models, and binary glTF taken apart and put together.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use vivarium_scene::{document::WorldDocument, load::from_json};

fn assets() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets")
}

/// A world that is shipped.
pub fn shipped(name: &str) -> WorldDocument {
    from_json(&fs::read(assets().join(format!("worlds/{name}.json"))).unwrap()).unwrap()
}

/// A model that is shipped.
pub fn model(path: &str) -> Option<Vec<u8>> {
    fs::read(assets().join(path)).ok()
}

/// A world as glTF, with the shipped models.
pub fn exported(document: &WorldDocument) -> Vec<u8> {
    vivarium_gltf::export(document, &mut |path| model(path)).unwrap()
}

/// The JSON and the bytes of a binary glTF.
pub fn apart(glb: &[u8]) -> (Value, Vec<u8>) {
    let glb = gltf::Glb::from_slice(glb).unwrap();
    let bin = glb.bin.map(|bin| bin.into_owned()).unwrap_or_default();
    (serde_json::from_slice(&glb.json).unwrap(), bin)
}

/// A binary glTF.
pub fn together(json: &Value, bin: &[u8]) -> Vec<u8> {
    let mut text = json.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let mut bin = bin.to_vec();
    bin.resize(bin.len().next_multiple_of(4), 0);
    let length = 12 + 8 + text.len() + if bin.is_empty() { 0 } else { 8 + bin.len() };
    let mut out = b"glTF".to_vec();
    let words = [2, length as u32, text.len() as u32];
    out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    out.extend_from_slice(b"JSON");
    out.extend(text);
    if !bin.is_empty() {
        out.extend((bin.len() as u32).to_le_bytes());
        out.extend_from_slice(b"BIN\0");
        out.extend(bin);
    }
    out
}

/// A node by its name.
pub fn node<'a>(json: &'a mut Value, name: &str) -> &'a mut Value {
    let nodes = json["nodes"].as_array_mut().unwrap();
    nodes.iter_mut().find(|node| node["name"] == json!(name)).unwrap()
}
