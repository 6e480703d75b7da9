//! What a written world is to programs that know nothing of us.

use std::{env, fs, path::PathBuf};

use crate::{
    files::{apart, exported, shipped},
    returned::everything,
};

#[test]
fn the_library_of_the_field_reads_what_is_written() {
    let worlds = [shipped("plaza"), shipped("garden"), everything()];
    for document in worlds {
        let bytes = exported(&document);
        let read = gltf::Gltf::from_slice_without_validation(&bytes).unwrap();
        let scene = read.default_scene().unwrap();
        let tops = document.objects.iter().filter(|object| object.parent.is_none()).count();
        assert_eq!(scene.nodes().count(), tops + 1, "all at the top of the outline, and the sun");
        for name in document.materials.keys() {
            assert!(read.materials().any(|it| it.name() == Some(name)), "{name} is missing");
        }
    }
}

#[test]
fn what_is_equal_is_written_once() {
    let (json, _) = apart(&exported(&shipped("garden")));
    let images = json["images"].as_array().map_or(0, Vec::len);
    let meshes = json["meshes"].as_array().unwrap();
    let nodes = json["nodes"].as_array().unwrap();
    let drawn = nodes.iter().filter(|node| node.get("mesh").is_some()).count();
    assert!(meshes.len() * 2 < drawn, "{} meshes, drawn {drawn} times, {images}", meshes.len());
}

/// The file that Khronos' validator looks at (`client-web/tests/gltf.test.ts`). Bytes are not
/// compared: sines of other machines end in other bits. `UPDATE_GOLDEN=1` writes it anew.
#[test]
fn the_golden_file_is_what_is_written() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/world.glb");
    let now = exported(&everything());
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &now).unwrap();
    }
    let without_bounds = |glb: &[u8]| {
        let (mut json, bin) = apart(glb);
        for accessor in json["accessors"].as_array_mut().unwrap() {
            accessor.as_object_mut().unwrap().retain(|name, _| name != "min" && name != "max");
        }
        (json, bin.len())
    };
    assert_eq!(without_bounds(&now), without_bounds(&fs::read(&path).unwrap()));
}
