//! Worlds that come back as they were, and with what others changed of them.

use serde_json::{Value, json};
use vivarium_gltf::{Imported, import};
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::{
    document::{VisualShape, WorldDocument},
    load::from_json,
};

use crate::files::{apart, exported, node, shipped, together};

#[path = "../../../scene/tests/documents/sample.rs"]
mod sample;

/// One of everything, and some of it below other things, turned, stretched and numbered.
pub fn everything() -> WorldDocument {
    let mut json = sample::document();
    json["materials"]["glass"] = json!({ "colour": "#A0C8d0", "roughness": 0.1, "metalness": 0.3,
        "opacity": 0.4, "emissive": "#102030",
        "image": { "path": "images/frost.png", "size_m": [0.7, 1.3] } });
    json["environment"]["sky"] = json!("skies/dusk.hdr");
    json["environment"]["sun"] = json!("#ffd0a0");
    json["blueprints"]["lantern"] = json!({
        "light": { "colour": "#ffdf9e", "intensity_cd": 6.3, "range_m": 9, "offset_m": [0, 1.7, 0] },
        "visuals": [{ "shape": { "model": { "path": "models/oak.glb" } }, "offset_m": [0.1, 0, 0],
            "rotation": [0, 0.6, 0, 0.8] }] });
    let objects = json["objects"].as_array_mut().unwrap();
    for (id, object) in objects.iter_mut().enumerate() {
        object["id"] = json!(3 * id);
    }
    let turned = [0.1826, 0.3651, 0.5477, 0.7303];
    objects.push(json!({ "id": 40, "parent": 6, "locked": true, "blueprint": "lantern",
        "position_m": [12.345, -6.789, 3.3], "rotation": turned, "scale": [1.5, 1.5, 1.5] }));
    objects.push(json!({ "id": 41, "parent": 40, "blueprint": "crate", "name": "on the lantern",
        "position_m": [-100.1, 20, 7], "rotation": turned, "scale": [0.3, 2, 1],
        "properties": { "body": { "kind": "dynamic", "continuous": true, "gravity_scale": -0.5 },
            "colliders": [{ "shape": { "box": { "size_m": [1, 1, 1] } }, "offset_m": [0, 1, 0],
                "rotation": turned, "groups": { "members": 2, "meets": 32771 } }] } }));
    objects.push(json!({ "id": 43, "parent": 41, "properties": {
        "visuals": [{ "shape": { "box": { "size_m": [0.1, 0.2, 0.3] } }, "material": "glass" }],
        "colliders": [{ "shape": { "ball": { "radius_m": 0.25 } }, "friction": 0.33 }] } }));
    json["next_id"] = json!(77);
    from_json(json.to_string().as_bytes()).unwrap()
}

fn imported(glb: &[u8]) -> Imported {
    import(glb, &|_| true).unwrap()
}

/// Exports, lets somebody change the JSON, and imports.
fn edited(document: &WorldDocument, edit: impl FnOnce(&mut Value)) -> WorldDocument {
    let (mut json, bin) = apart(&exported(document));
    edit(&mut json);
    imported(&together(&json, &bin)).document
}

fn object(document: &WorldDocument, id: u32) -> usize {
    document.objects().position(|(found, _)| found == ObjectId(id)).unwrap()
}

#[test]
fn shipped_worlds_come_back_equal() {
    for name in ["plaza", "garden"] {
        let document = shipped(name);
        let back = imported(&exported(&document));
        assert_eq!(back.warnings, Vec::<String>::new());
        assert_eq!(back.models, Vec::new());
        assert_eq!(back.document, document);
    }
}

#[test]
fn everything_comes_back_equal() {
    let document = everything();
    let back = imported(&exported(&document));
    assert_eq!(back.warnings, Vec::<String>::new());
    assert_eq!(back.document, document);
    // And once more, so that nothing creeps.
    assert_eq!(exported(&back.document), exported(&document));
}

#[test]
fn extras_that_were_taken_out_of_their_texts_are_read_too() {
    let document = everything();
    let back = edited(&document, |json| {
        let out = |text: &mut Value| *text = serde_json::from_str(text.as_str().unwrap()).unwrap();
        out(&mut json["scenes"][0]["extras"]["vivarium"]["document"]);
        json["nodes"].as_array_mut().unwrap().iter_mut().for_each(|node| {
            node.pointer_mut("/extras/vivarium/object").into_iter().for_each(out);
        });
    });
    assert_eq!(back, document);
}

#[test]
fn models_that_are_not_known_come_along() {
    let document = shipped("garden");
    let knows = |path: &str| path == "models/oak.glb";
    let back = import(&exported(&document), &knows).unwrap();
    assert_eq!(back.warnings, Vec::<String>::new());
    let paths = |document: &WorldDocument| -> Vec<String> {
        let objects = document.objects.iter().map(|object| document.resolved(object));
        let visuals = objects.flat_map(|it| it.visuals.unwrap_or_default());
        let paths = visuals.filter_map(|visual| match visual.shape {
            VisualShape::Model { path } => Some(path),
            _ => None,
        });
        paths.collect()
    };
    let (before, after) = (paths(&document), paths(&back.document));
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before == after, knows(before), "{before} became {after}");
        assert!(knows(after) || back.models.iter().any(|(path, _)| path == after));
    }
    for (path, bytes) in &back.models {
        let read = gltf::Gltf::from_slice(bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(read.default_scene().unwrap().nodes().count() > 0, "{path} shows nothing");
        let (json, _) = apart(bytes);
        let text = json.to_string();
        assert!(!text.contains("KHR_physics") && !text.contains("extras"), "{path}: {text}");
    }
    let missing = import(&vivarium_gltf::export(&document, &mut |_| None).unwrap(), &|_| false);
    let missing = missing.unwrap();
    assert!(missing.warnings.iter().all(|warning| warning.contains("is neither here nor")));
    assert_eq!(missing.document, document);
}

#[test]
fn temporary_paths_are_those_of_no_other_model() {
    let mut document = everything();
    let visuals = document.blueprints.get_mut("lantern").unwrap().visuals.as_mut().unwrap();
    let mut second = visuals[0].clone();
    second.shape = VisualShape::Model { path: "imported/0.glb".into() };
    visuals.push(second.clone());
    let glb = vivarium_gltf::export(&document, &mut |_| crate::files::model("models/oak.glb"));
    let back = import(&glb.unwrap(), &|path| path == "imported/0.glb").unwrap();
    let paths: Vec<&str> = back.models.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["imported/1.glb", "imported/2.glb"], "the oak, and the tree of the ground");
    let visuals = back.document.blueprints["lantern"].visuals.as_ref().unwrap();
    assert_eq!(visuals[1], second);
}

#[test]
fn what_is_moved_takes_along_what_is_below_it() {
    let document = everything();
    let back = edited(&document, |json| {
        let ground = node(json, "ground");
        ground["translation"] = json!([0, 5, 0]);
    });
    let before = &document.objects;
    for (at, object) in back.objects.iter().enumerate() {
        let is_below = [6, 40, 41, 43].contains(&object.id.unwrap().0);
        let rise = object.position_m[1] - before[at].position_m[1];
        assert!((rise - if is_below { 5.0 } else { 0.0 }).abs() < 1e-4, "{object:?}");
        assert_eq!(object.properties, before[at].properties);
        if !is_below {
            assert_eq!(object, &before[at]);
        }
    }
}

#[test]
fn what_is_turned_and_stretched_is_so_here() {
    let document = everything();
    let back = edited(&document, |json| {
        let gong = node(json, "gong");
        gong["rotation"] = json!([0.0, 0.6, 0.0, 0.8]);
        gong["scale"] = json!([2, 2, 2]);
    });
    let gong = &back.objects[object(&back, 15)];
    assert_eq!((gong.rotation, gong.scale), ([0.0, 0.6, 0.0, 0.8], [2.0; 3]));
    assert_eq!(gong.position_m, document.objects[object(&document, 15)].position_m);
}

#[test]
fn changed_looks_win() {
    let document = everything();
    let back = edited(&document, |json| {
        let materials = json["materials"].as_array_mut().unwrap();
        let glass = materials.iter_mut().find(|it| it["name"] == "glass").unwrap();
        glass["pbrMetallicRoughness"]["baseColorFactor"] = json!([1, 0, 0, 0.9]);
        glass["pbrMetallicRoughness"]["roughnessFactor"] = json!(0.75);
        for light in json["extensions"]["KHR_lights_punctual"]["lights"].as_array_mut().unwrap() {
            let intensity = light["intensity"].as_f64().unwrap();
            light["intensity"] = json!(2.0 * intensity);
            if light["type"] == "directional" {
                light["color"] = json!([0, 0, 1]);
            }
        }
        node(json, "sun")["rotation"] = json!([0, 0, 0, 1]);
    });
    let (glass, before) = (&back.materials["glass"], &document.materials["glass"]);
    assert_eq!((glass.colour.as_str(), glass.opacity, glass.roughness), ("#ff0000", 0.9, 0.75));
    assert_eq!((glass.metalness, &glass.emissive), (before.metalness, &before.emissive));
    assert_eq!(back.materials["stone"], document.materials["stone"]);
    // The lantern's lamp comes from its blueprint: only this one was changed.
    assert_eq!(back.blueprints, document.blueprints);
    let lantern = &back.objects[object(&back, 40)];
    assert_eq!(lantern.properties.light.as_ref().unwrap().intensity_cd, 12.6);
    assert_eq!(back.environment.sun, "#0000ff");
    assert!((back.environment.sun_intensity - 2.0).abs() < 1e-5);
    assert_eq!(back.environment.sun_direction, [0.0, 0.0, 1.0]);
}

#[test]
fn what_is_deleted_copied_and_added_is_followed() {
    let document = everything();
    let back = edited(&document, |json| {
        let gong = json["nodes"].as_array().unwrap().iter().position(|it| it["name"] == "gong");
        let ferry = node(json, "ferry").clone();
        let nodes = json["nodes"].as_array_mut().unwrap();
        let mut copy = ferry;
        copy["name"] = json!("ferry.001");
        copy["translation"] = json!([0, 0, 50]);
        copy.as_object_mut().unwrap().remove("children");
        nodes.push(copy);
        nodes.push(json!({ "name": "new", "mesh": 0, "translation": [1, 2, 3] }));
        let first = nodes.len() - 2;
        let tops = json["scenes"][0]["nodes"].as_array_mut().unwrap();
        tops.retain(|top| top.as_u64() != gong.map(|gong| gong as u64));
        tops.extend([json!(first), json!(first + 1)]);
    });
    assert!(back.objects().all(|(id, _)| id != ObjectId(15)), "the gong is gone");
    let copy = &back.objects[object(&back, 77)];
    let ferry = &document.objects[object(&document, 9)];
    assert_eq!((copy.position_m, &copy.name), ([0.0, 0.0, 50.0], &None));
    assert_eq!(copy.properties, ferry.properties);
    let added = back.objects.last().unwrap();
    assert_eq!((added.id, added.name.as_deref()), (Some(ObjectId(78)), Some("new")));
    assert_eq!(added.position_m, [1.0, 2.0, 3.0]);
    assert_eq!(back.next_id, Some(79));
}
