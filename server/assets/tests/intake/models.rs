//! Models.

use std::io::{Cursor, Write};

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};
use vivarium_assets::{
    intake::{Details, Kind, take_in},
    model::unpacked,
};

use crate::{
    refused,
    sample::{glb, json_of, png, shipped, shipped_models, square, square_with},
    taken,
};

fn triangles(bytes: &[u8]) -> u64 {
    match taken(bytes).details {
        Details::Model { triangles, .. } => triangles,
        other => panic!("{other:?}"),
    }
}

#[test]
fn our_own_models_become_smaller_and_stay_what_they_are() {
    for name in shipped_models() {
        let original = shipped(&format!("models/{name}"));
        let kept = taken(&original);
        assert_eq!(kept.kind, Kind::Model);
        assert!(kept.bytes.len() < original.len(), "{name}: {} B", kept.bytes.len());
        let again = taken(&kept.bytes);
        assert_eq!(again.details, kept.details, "{name}");
        let plain = unpacked(&kept.bytes).unwrap();
        assert_eq!(triangles(&plain), triangles(&original), "{name}");
        assert_eq!(json_of(&plain).get("extensionsRequired"), None, "{name}");
    }
}

#[test]
fn equal_corners_are_joined_and_the_size_is_told() {
    let (json, bin) = square();
    let kept = taken(&glb(&json, &bin));
    let wanted = Details::Model {
        triangles: 2,
        vertices: 4,
        bounds_m: [[1.0, 0.0, 0.0], [3.0, 1.0, 0.0]],
        texture_bytes: 0,
        packed_images: 0,
    };
    assert_eq!(kept.details, wanted);
    assert_eq!(kept.address.format().ending(), "glb");
}

#[test]
fn only_what_is_drawn_is_kept() {
    let (mut json, mut bin) = square();
    json["nodes"].as_array_mut().unwrap().push(json!({ "name": "not in the scene", "mesh": 1 }));
    json["meshes"].as_array_mut().unwrap().push(json!({
        "primitives": [{ "attributes": { "POSITION": 0 }, "material": 0 }]
    }));
    json["materials"] = json!([{ "name": "unused" }]);
    json["extras"] = json!({ "note": "hidden words" });
    bin.extend([7; 400]);
    json["buffers"][0]["byteLength"] = json!(72 + 400);
    let kept = taken(&glb(&json, &bin));
    let text = json_of(&kept.bytes).to_string();
    assert!(!text.contains("unused") && !text.contains("hidden") && !text.contains("not in"));
    assert!(kept.bytes.len() < 1200, "{} B", kept.bytes.len());
}

#[test]
fn equal_meshes_images_and_materials_are_kept_once() {
    let image = png(16, 16);
    let bytes = square_with(&image, "image/png");
    let mut json = json_of(&bytes);
    let bin = bytes[bytes.len() - (72 + image.len()).next_multiple_of(4)..].to_vec();
    for list in ["meshes", "materials", "textures", "images"] {
        let copy = json[list][0].clone();
        json[list].as_array_mut().unwrap().push(copy);
    }
    json["meshes"][1]["primitives"][0]["material"] = json!(1);
    json["materials"][1]["pbrMetallicRoughness"]["baseColorTexture"]["index"] = json!(1);
    json["textures"][1]["source"] = json!(1);
    json["nodes"] = json!([{ "mesh": 0 }, { "mesh": 1, "translation": [5.0, 0.0, 0.0] }]);
    json["scenes"][0]["nodes"] = json!([0, 1]);
    let kept = json_of(&taken(&glb(&json, &bin)).bytes);
    for list in ["meshes", "materials", "textures", "images"] {
        assert_eq!(kept[list].as_array().unwrap().len(), 1, "{list}");
    }
    assert_eq!(kept["nodes"].as_array().unwrap().len(), 2);
    assert!(!kept.to_string().contains("address"), "what others wrote in is not kept");
}

#[test]
fn textures_that_are_too_large_are_made_smaller() {
    let kept = taken(&square_with(&png(4096, 64), "image/png"));
    assert_eq!(kept.notes, ["image 0 made smaller, from 4096 x 64 to 2048 x 32 pixels"]);
    let Details::Model { texture_bytes, .. } = kept.details else { panic!() };
    assert_eq!(texture_bytes, 2048 * 32 * 4);
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_gltf_comes_zipped_with_its_files() {
    let image = png(8, 8);
    let mut json = json_of(&square_with(&image, "image/png"));
    json["images"] = json!([{ "uri": "../textures/fine%20wood.png" }]);
    json["bufferViews"] = json!([{ "buffer": 0, "byteLength": 72 }]);
    json["buffers"] = json!([{ "byteLength": 72, "uri": "square.bin" }]);
    let text = json.to_string();
    let (_, bin) = square();
    let whole: [(&str, &[u8]); 4] = [
        ("chair/model/square.gltf", text.as_bytes()),
        ("chair/model/square.bin", &bin),
        ("chair/textures/fine wood.png", &image),
        ("__MACOSX/chair/model/._square.gltf", b"x"),
    ];
    assert_eq!(triangles(&zipped(&whole)), 2);
    refused(&zipped(&whole[..2]), "needs the file \"../textures/fine wood.png\"");
    refused(text.as_bytes(), "upload it zipped with what belongs to it");
    refused(&zipped(&[("a.txt", b"x")]), "there is no model in the zip");
    let two = [("a.glb", b"x".as_slice()), ("b.glb", b"y")];
    refused(&zipped(&two), "more than one model");
}

#[test]
fn a_zip_that_unpacks_without_end_is_refused() {
    let large = vec![0; 50 << 20];
    let files = [("a.gltf", large.as_slice()), ("b.bin", &large), ("c.bin", &large)];
    let bomb = zipped(&files);
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    refused(&bomb, "when it is unpacked");
}

/// The square, changed.
fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let (mut json, bin) = square();
    change(&mut json);
    glb(&json, &bin)
}

#[test]
fn models_that_are_not_sound_are_refused_with_a_reason() {
    let mut longer = changed(|_| {});
    longer.extend(b"PK\x03\x04 a second file");
    refused(&longer, "goes on after its end");
    refused(&longer[..40], "ends too early");
    refused(b"glTF\x02\0\0\0\x0c\0\0\0", "ends too early");
    refused(b"{}", "only glTF 2.0");
    refused(&changed(|json| json["asset"]["version"] = json!("1.0")), "only glTF 2.0");
    refused(&changed(|json| json["nodes"][0]["children"] = json!([0])), "in two places");
    refused(&changed(|json| json["accessors"] = json!([])), "there is no accessors[0]");
    refused(&changed(|json| json["nodes"][0]["mesh"] = json!(7)), "not sound: nodes[0].mesh");
    refused(&changed(|json| json["accessors"][0]["count"] = json!(7)), "does not have");
    refused(
        &changed(|json| {
            json["accessors"][0].as_object_mut().unwrap().remove("bufferView");
            json["accessors"][0]["count"] = json!(4_000_000_000_u32);
        }),
        "not sound: accessors[0].bufferView",
    );
    refused(&changed(|json| json["bufferViews"][0]["byteOffset"] = json!(4)), "does not have");
    refused(
        &changed(|json| json["bufferViews"][0]["byteOffset"] = json!(u64::MAX)),
        "does not have",
    );
    refused(&changed(|json| json["buffers"][0]["byteLength"] = json!(4000)), "ends too early");
    refused(
        &changed(|json| json["extensionsRequired"] = json!(["KHR_draco_mesh_compression"])),
        "without Draco",
    );
    refused(
        &changed(|json| json["meshes"][0]["primitives"][0]["mode"] = json!(1)),
        "nothing to see",
    );
    refused(&changed(|json| json["scenes"][0]["nodes"] = json!([])), "nothing to see");
    refused(
        &changed(|json| json["nodes"][0]["scale"] = json!([3e38, 3e38, 3e38])),
        "beyond all numbers",
    );
}

#[test]
fn a_small_file_that_unpacks_one_list_again_and_again_is_refused() {
    const COUNT: usize = 5_000_000;
    let zeros = vec![[0_u8; 16]; COUNT];
    let packed = meshopt::encode_vertex_buffer_level(&zeros, 2, Some(0)).unwrap();
    assert!(packed.len() < 2 << 20, "{} B", packed.len());
    let view = json!({
        "buffer": 1, "byteLength": 16 * COUNT, "byteStride": 16,
        "extensions": { "EXT_meshopt_compression": {
            "buffer": 0, "byteLength": packed.len(), "byteStride": 16, "count": COUNT,
            "mode": "ATTRIBUTES"
        } }
    });
    let many = |value: fn(usize) -> Value| (0..8).map(value).collect::<Vec<_>>();
    let json = json!({
        "asset": { "version": "2.0" },
        "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0 }],
        "meshes": [{ "primitives": many(|i| json!({ "attributes": { "POSITION": i } })) }],
        "accessors": many(|i| json!({
            "bufferView": i, "componentType": 5126, "count": 3, "type": "VEC3",
            "min": [0, 0, 0], "max": [0, 0, 0]
        })),
        "bufferViews": vec![view; 8],
        "buffers": [{ "byteLength": packed.len() }, { "byteLength": 16 * COUNT }],
    });
    refused(&glb(&json, &packed), "at most 256 MiB are allowed when they are unpacked");
}

#[test]
fn a_corner_that_is_no_number_is_refused() {
    let (json, mut bin) = square();
    bin[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    refused(&glb(&json, &bin), "no numbers");
}

#[test]
fn a_model_that_draws_one_mesh_without_end_is_refused() {
    let many = changed(|json| {
        json["nodes"] = (0..9000).map(|_| json!({ "mesh": 0 })).collect();
        json["scenes"][0]["nodes"] = (0..9000).collect();
    });
    refused(&many, "draws too many parts");
    let more = changed(|json| json["nodes"] = (0..20_000).map(|_| json!({})).collect());
    refused(&more, "at most 10000 are allowed");
    let deep = changed(|json| {
        json["nodes"] = (0..100).map(|i| json!({ "children": [i + 1] })).collect();
        json["nodes"].as_array_mut().unwrap().push(json!({ "mesh": 0 }));
    });
    refused(&deep, "nested deeper");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is changed in a model, it is taken in or refused, and what is taken in is sound.
    #[test]
    fn damaged_models_do_no_harm(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = shipped("models/pin.glb");
        let kept = taken(&bytes);
        for mut bytes in [std::mem::take(&mut bytes), kept.bytes.to_vec()] {
            for (place, value) in &places {
                let at = place.index(bytes.len());
                bytes[at] = *value;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            if let Ok(kept) = take_in(&Bytes::from(bytes), None) && kept.kind == Kind::Model {
                prop_assert_eq!(&take_in(&kept.bytes, None).unwrap().details, &kept.details);
            }
        }
    }
}
