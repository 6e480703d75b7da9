//! What a written world is to programs that know nothing of us.

use std::{env, fs, path::PathBuf};

use serde_json::json;

use crate::{
    files::{apart, exported, node, shipped},
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
        let hinges = document.objects.iter().filter(|it| document.resolved(it).hinge.is_some());
        let more = hinges.count() + 1;
        assert_eq!(scene.nodes().count(), tops + more, "the outline's top, hinges and the sun");
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
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/gltf/world.glb");
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

#[test]
fn a_hinge_is_a_joint_with_the_world() {
    let (mut json, _) = apart(&exported(&everything()));
    let seesaw = node(&mut json, "seesaw").clone();
    let hinge = seesaw["children"].as_array().unwrap().last().unwrap();
    let joint = &json["nodes"][hinge.as_u64().unwrap() as usize]["extensions"]["KHR_physics_rigid_bodies"]
        ["joint"];
    let joints = &json["extensions"]["KHR_physics_rigid_bodies"]["physicsJoints"];
    let limits = joints[joint["joint"].as_u64().unwrap() as usize]["limits"].as_array().unwrap();
    assert_eq!(limits[0], json!({ "linearAxes": [0, 1, 2], "min": 0, "max": 0 }));
    assert_eq!(limits[1], json!({ "angularAxes": [1, 2], "min": 0, "max": 0 }));
    assert!((limits[2]["max"].as_f64().unwrap() - 10.0f64.to_radians()).abs() < 1e-6);
    let fixed = joint["connectedNode"].clone();
    assert!(json["scenes"][0]["nodes"].as_array().unwrap().contains(&fixed));
}
