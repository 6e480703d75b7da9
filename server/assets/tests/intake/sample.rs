//! Files for tests.

use std::path::PathBuf;

use serde_json::{Value, json};

pub fn shipped(path: &str) -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets").join(path);
    std::fs::read(&root).unwrap_or_else(|error| panic!("{}: {error}", root.display()))
}

pub fn shipped_models() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/models");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    let mut names: Vec<String> = files.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// The JSON of a binary glTF.
pub fn json_of(glb: &[u8]) -> Value {
    let length = u32::from_le_bytes(glb[12..16].try_into().unwrap()) as usize;
    serde_json::from_slice(&glb[20..20 + length]).unwrap()
}

/// A binary glTF.
pub fn glb(json: &Value, bin: &[u8]) -> Vec<u8> {
    let pad = |bytes: &[u8], with: u8| {
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len().next_multiple_of(4), with);
        bytes
    };
    let (json, bin) = (pad(json.to_string().as_bytes(), b' '), pad(bin, 0));
    let length = 12 + 8 + json.len() + 8 + bin.len();
    let mut out = b"glTF".to_vec();
    for word in [2, length as u32, json.len() as u32] {
        out.extend(word.to_le_bytes());
    }
    out.extend(b"JSON");
    out.extend(json);
    out.extend((bin.len() as u32).to_le_bytes());
    out.extend(b"BIN\0");
    out.extend(bin);
    out
}

/// A square of two triangles with six corners, of which four are different.
pub fn square() -> (Value, Vec<u8>) {
    let corners: [[f32; 3]; 6] = [
        [0.0, 0.0, 0.0],
        [2.0, 0.0, 0.0],
        [2.0, 1.0, 0.0],
        [0.0, 0.0, 0.0],
        [2.0, 1.0, 0.0],
        [0.0, 1.0, 0.0],
    ];
    let bin = corners.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    let json = json!({
        "asset": { "version": "2.0" },
        "scene": 0,
        "scenes": [{ "nodes": [0] }],
        "nodes": [{ "name": "square", "mesh": 0, "translation": [1.0, 0.0, 0.0] }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 } }] }],
        "accessors": [{
            "bufferView": 0, "componentType": 5126, "count": 6, "type": "VEC3",
            "min": [0.0, 0.0, 0.0], "max": [2.0, 1.0, 0.0]
        }],
        "bufferViews": [{ "buffer": 0, "byteLength": 72 }],
        "buffers": [{ "byteLength": 72 }]
    });
    (json, bin)
}

/// The same with an image as the colour of its material.
pub fn square_with(image: &[u8], media_type: &str) -> Vec<u8> {
    let (mut json, mut bin) = square();
    json["materials"] = json!([{
        "name": "wood",
        "pbrMetallicRoughness": { "baseColorTexture": { "index": 0 }, "metallicFactor": 0.0 },
        "extras": { "secret": "somebody's address" }
    }]);
    json["meshes"][0]["primitives"][0]["material"] = json!(0);
    json["textures"] = json!([{ "source": 0, "sampler": 0 }]);
    json["samplers"] = json!([{ "wrapS": 10497 }]);
    json["images"] = json!([{ "bufferView": 1, "mimeType": media_type }]);
    json["bufferViews"] = json!([
        { "buffer": 0, "byteLength": 72 },
        { "buffer": 0, "byteOffset": 72, "byteLength": image.len() }
    ]);
    json["buffers"][0]["byteLength"] = json!(72 + image.len());
    bin.extend(image);
    glb(&json, &bin)
}

/// An image of a gradient.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    use image::{ImageFormat, Rgb, RgbImage};
    let image = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, 128]));
    let mut out = std::io::Cursor::new(Vec::new());
    image.write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}
