//! Files that want to do harm, or are broken: each is refused, with the place.

use serde_json::{Value, json};
use vivarium_gltf::{ImportError, import, limits};

use crate::{
    files::{apart, exported, together},
    foreign::{file, yard},
    returned::everything,
};

fn refused(bytes: &[u8]) -> ImportError {
    import(bytes, &|_| true).expect_err("it must be refused")
}

/// What is told of the yard after somebody has spoiled it.
fn spoiled(spoil: impl FnOnce(&mut Value)) -> String {
    let mut yard = yard();
    spoil(&mut yard);
    refused(&file(&yard)).to_string()
}

fn assert_told(told: &str, words: &str) {
    assert!(told.contains(words), "{words:?} is not in {told:?}");
}

#[test]
fn what_is_no_glb_is_refused() {
    let good = file(&yard());
    import(&good, &|_| true).unwrap();
    assert_told(&refused(b"").to_string(), "no glTF binary");
    assert_told(&refused(b"{\"asset\":{}}").to_string(), "no glTF binary");
    assert_told(&refused(b"glTF\x02\0\0\0").to_string(), "ends too early");
    assert_told(&refused(&good[..good.len() - 4]).to_string(), "ends too early");
    let longer = [good.as_slice(), b"PK\x03\x04"].concat();
    assert_told(&refused(&longer).to_string(), "goes on after its end");
    for at in 0..good.len().min(2_000) {
        let _ = import(&good[..at], &|_| true).unwrap_err();
    }
}

#[test]
fn nodes_in_circles_are_refused() {
    assert_told(&spoiled(|yard| yard["nodes"][7]["children"] = json!([6])), "scenes: ");
    let told = spoiled(|yard| yard["nodes"][7]["children"] = json!([2]));
    assert_told(&told, "nodes[7]: a child of it is below another");
    // A circle that no scene shows, which a collider names.
    let told = spoiled(|yard| {
        let nodes = yard["nodes"].as_array_mut().unwrap();
        nodes.push(json!({ "children": [10], "mesh": 0 }));
        nodes.push(json!({ "children": [9] }));
        nodes[0]["extensions"]["KHR_physics_rigid_bodies"]["collider"]["geometry"]["node"] =
            json!(9);
    });
    assert_told(&told, "too many nodes are below each other");
    let told = spoiled(|yard| {
        let nodes = yard["nodes"].as_array_mut().unwrap();
        let first = nodes.len();
        for at in 0..300 {
            nodes.push(json!({ "children": [first + at + 1] }));
        }
        nodes.push(json!({}));
        yard["scenes"][0]["nodes"] = json!([first]);
    });
    assert_told(&told, "nodes above a node");
}

#[test]
fn indices_that_name_nothing_are_refused() {
    assert_told(&spoiled(|yard| yard["nodes"][0]["mesh"] = json!(9)), "nodes[0].mesh");
    let light = |yard: &mut Value, index: Value| {
        yard["nodes"][5]["extensions"]["KHR_lights_punctual"]["light"] = index;
    };
    assert_told(&spoiled(|yard| light(yard, json!(9))), "nodes[5]: there is no lights[9]");
    assert_told(&spoiled(|yard| light(yard, json!(-1))), "nodes[5]: there is no lights[-1]");
    let collider = |yard: &mut Value, name: &str, index: Value| {
        yard["nodes"][1]["extensions"]["KHR_physics_rigid_bodies"]["collider"][name] = index;
    };
    let told = spoiled(|yard| collider(yard, "physicsMaterial", json!(1)));
    assert_told(&told, "collider.physicsMaterial: 1 is not one of the 1");
    let told = spoiled(|yard| collider(yard, "collisionFilter", json!("x")));
    assert_told(&told, "a whole number is needed");
    let told = spoiled(|yard| collider(yard, "geometry", json!({ "shape": 77 })));
    assert_told(&told, "geometry.shape: 77 is not one of the 3");
    let told = spoiled(|yard| collider(yard, "geometry", json!({ "node": 77 })));
    assert_told(&told, "77 is not one of the 9");
    let told = spoiled(|yard| collider(yard, "geometry", json!({})));
    assert_told(&told, "needs a shape, a mesh or a node");
}

#[test]
fn bytes_that_are_not_there_are_refused() {
    let spoil = |spoil: fn(&mut Value)| {
        let (mut json, bin) = apart(&file(&yard()));
        spoil(&mut json);
        refused(&together(&json, &bin)).to_string()
    };
    let told = spoil(|json| json["bufferViews"][0]["byteLength"] = json!(4_000_000_000u64));
    assert_told(&told, "bufferViews[0]: the file does not have these bytes");
    let told = spoil(|json| json["bufferViews"][0]["byteOffset"] = json!(u64::MAX));
    assert_told(&told, "bufferViews[0]");
    let told = spoil(|json| json["accessors"][0]["count"] = json!(5));
    assert_told(&told, "accessors[0]: the file does not have these values");
    let told = spoil(|json| json["accessors"][0]["count"] = json!(u64::MAX));
    assert_told(&told, "accessors[0]: more than");
    let told = spoil(|json| json["accessors"][1]["byteOffset"] = json!(u64::MAX));
    assert_told(&told, "the file does not have these values");
    let told = spoil(|json| json["accessors"][0]["count"] = json!(1));
    assert_told(&told, "meshes[0]: there are only 1 corners");
    let told = spoil(|json| json["buffers"][0]["byteLength"] = json!(61));
    assert_told(&told, "buffers[0]: the file ends too early");
    let told = spoil(|json| json["buffers"][0]["uri"] = json!("file:///etc/passwd"));
    assert_told(&told, "everything must be in one file");
}

#[test]
fn numbers_that_are_none_are_refused() {
    let told = spoiled(|yard| yard["nodes"][0]["scale"] = json!([1e300, 1, 1]));
    assert_told(&told, "number out of range");
    let (json, mut bin) = apart(&file(&yard()));
    bin[0..4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_told(&refused(&together(&json, &bin)).to_string(), "positions must be finite");
    let told = spoiled(|yard| yard["nodes"][4]["translation"] = json!([1e9, 0, 0]));
    assert_told(&told, "world.objects[");
    let told = spoiled(|yard| {
        yard["nodes"][6]["scale"] = json!([1e30, 1e30, 1e30]);
        yard["nodes"][7]["scale"] = json!([1e30, 1e30, 1e30]);
        yard["nodes"][7]["extensions"] =
            json!({ "KHR_physics_rigid_bodies": { "collider": { "geometry": { "shape": 0 } } } });
    });
    assert_told(&told, "nodes[7]: it is farther away than numbers go");
}

#[test]
fn what_would_be_huge_is_refused() {
    // One mesh that a hundred thousand colliders name costs nothing in the file.
    let told = spoiled(|yard| {
        let nodes = yard["nodes"].as_array_mut().unwrap();
        let first = nodes.len();
        let collider = json!({ "KHR_physics_rigid_bodies":
            { "collider": { "geometry": { "mesh": 0 } } } });
        nodes.extend((0..100_000).map(|_| json!({ "extensions": collider })));
        yard["scenes"][0]["nodes"] = (first..first + 100_000).collect();
    });
    assert_told(&told, "nodes: it would be more than 20000 objects");
    // So does one node with many below it.
    let told = spoiled(|yard| {
        let nodes = yard["nodes"].as_array_mut().unwrap();
        let first = nodes.len();
        let collider = json!({ "KHR_physics_rigid_bodies":
            { "collider": { "geometry": { "node": first } } } });
        nodes.push(json!({ "children": (first + 1..first + 2_001).collect::<Vec<_>>() }));
        nodes.extend((0..2_000).map(|_| json!({})));
        nodes.extend((0..2_000).map(|_| json!({ "extensions": collider })));
        yard["scenes"][0]["nodes"] = (first + 2_001..first + 4_001).collect();
    });
    assert_told(&told, "colliders of more than 1000000 nodes are not allowed");
    let told = spoiled(|yard| {
        yard["nodes"] = (0..=limits::ENTRIES_MAX).map(|_| json!({})).collect();
    });
    assert_told(&told, "nodes: 500001 entries are too many");
    let deep = "[".repeat(100_000);
    let json = json!({ "asset": { "version": "2.0" }, "extras": "DEEP" }).to_string();
    let json = json.replace("\"DEEP\"", &deep);
    let told = refused(&as_glb(json.into_bytes())).to_string();
    assert_told(&told, "recursion limit");
    let told = refused(&as_glb(vec![b' '; limits::JSON_BYTES_MAX + 4])).to_string();
    assert_told(&told, "MiB of JSON are allowed");
}

fn as_glb(mut text: Vec<u8>) -> Vec<u8> {
    text.resize(text.len().next_multiple_of(4), b' ');
    let mut out = b"glTF".to_vec();
    let words = [2, 20 + text.len() as u32, text.len() as u32];
    out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    out.extend_from_slice(b"JSON");
    out.extend(text);
    out
}

#[test]
fn unknown_needs_and_versions_are_refused() {
    let told = spoiled(|yard| yard["extensionsRequired"] = json!(["KHR_draco_mesh_compression"]));
    assert_told(&told, "is not known here: export it without that");
    assert_told(&spoiled(|yard| yard["asset"] = json!({ "version": "1.0" })), "only glTF 2.0");
    let told = spoiled(|yard| {
        yard["extensions"]["KHR_implicit_shapes"]["shapes"][0]["type"] = json!("teapot");
    });
    assert_told(&told, "shapes of type \"teapot\" are unknown");
}

#[test]
fn false_extras_of_ours_are_refused() {
    let spoil = |spoil: &dyn Fn(&mut Value)| {
        let (mut json, bin) = apart(&exported(&everything()));
        spoil(&mut json);
        refused(&together(&json, &bin)).to_string()
    };
    let document = |json: &mut Value, change: fn(&mut Value)| {
        within(&mut json["scenes"][0]["extras"]["vivarium"]["document"], change);
    };
    let told = spoil(&|json| {
        document(json, |it| it["objects"] = (0..1_000_000).map(|_| json!({})).collect());
    });
    assert_told(&told, "1000000 entries are too many: at most 0 are allowed");
    let told = spoil(&|json| document(json, |it| it["version"] = json!(2)));
    assert_told(&told, "world.version");
    let object = |json: &mut Value, change: fn(&mut Value)| {
        within(&mut json["nodes"][1]["extras"]["vivarium"]["object"], change);
    };
    let told = spoil(&|json| object(json, |it| it["secret"] = json!(1)));
    assert_told(&told, "nodes[1].extras.vivarium.object: unknown field `secret`");
    let told = spoil(&|json| json["nodes"][1]["extras"]["vivarium"]["id"] = json!(-5));
    assert_told(&told, "nodes[1].extras.vivarium.id");
    let told = spoil(&|json| {
        json["nodes"][1]["extras"]["vivarium"]["id"] = json!(u32::MAX);
        object(json, |it| it["id"] = json!(u32::MAX));
    });
    assert_told(&told, "world.objects[");
    let told = spoil(&|json| {
        object(json, |it| {
            it["properties"] =
                json!({ "visuals": [{ "shape": { "model": { "path": "../../etc/x.glb" } } }] });
        });
    });
    assert_told(&told, "a path must be");
}

/// Changes JSON that stands in a text.
fn within(text: &mut Value, change: fn(&mut Value)) {
    let mut inner: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    change(&mut inner);
    *text = json!(inner.to_string());
}
