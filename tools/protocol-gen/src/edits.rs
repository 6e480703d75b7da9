//! Documents before and after operations, as Rust does them: the page must come to the same.

use serde_json::{Value, json};
use vivarium_scene::{load, operation::Operation, scene::Scene};

use crate::{Output, json};

const PATH: &str = "tests/golden/edits.json";

fn yard() -> Value {
    json!({
        "version": 1, "name": "yard", "title": "Yard",
        "materials": { "oak": { "colour": "#8a6a40" }, "tin": { "colour": "#cccccc" } },
        "blueprints": {
            "crate": {
                "visuals": [{ "shape": { "box": { "size_m": [1, 1, 1] } }, "material": "oak" }],
                "colliders": [{ "shape": { "box": { "size_m": [1, 1, 1] } } }],
                "body": { "kind": "dynamic" },
            },
            "lamp": { "light": { "colour": "#ffffff", "intensity_cd": 9, "range_m": 5 } },
        },
        "objects": [
            { "name": "gate", "properties": { "spawn": {} } },
            { "name": "box", "blueprint": "crate", "position_m": [0, 1, 0] },
            { "parent": 1, "blueprint": "lamp" },
            { "id": 7, "name": "wall", "scale": [2, 2, 2], "properties": {
                "colliders": [{ "shape": { "ball": { "radius_m": 1 } } }] } },
        ],
    })
}

/// Operations of all kinds, each list done in order.
fn edits() -> Vec<Value> {
    vec![
        json!([{ "create": { "object": 8, "value": { "name": "post", "position_m": [1, 2, 3] } } }]),
        // As it is, but for its name and its lock.
        json!([
            { "lock": { "object": 7, "locked": true } },
            { "duplicate": { "object": 9, "of": 7 } },
            { "duplicate": { "object": 8, "of": 2 } },
            { "delete": { "object": 2 } },
        ]),
        // It comes back where it was.
        json!([
            { "delete": { "object": 3 } },
            { "create": { "object": 3, "value": { "name": "back" } } },
        ]),
        json!([{ "place": { "object": 7, "position_m": [4, 5, 6], "rotation": [0, 1, 0, 0],
            "scale": [1, 1, 1] } }]),
        json!([{ "reparent": { "object": 2, "parent": null } },
            { "reparent": { "object": 1, "parent": 2 } }]),
        json!([{ "rename": { "object": 1, "name": null } },
            { "rename": { "object": 7, "name": "box" } }]),
        json!([{ "lock": { "object": 1, "locked": true } },
            { "lock": { "object": 7, "locked": false } }]),
        json!([{ "rebase": { "object": 2, "blueprint": null } },
            { "rebase": { "object": 1, "blueprint": "lamp" } }]),
        json!([
            { "set": { "object": 1, "property": { "body": { "kind": "static" } } } },
            { "set": { "object": 1, "property": { "sensor": { "size_m": [1, 1, 1] } } } },
            { "set": { "object": 1, "property": { "body": null } } },
        ]),
        json!([
            { "material": { "name": "glass", "value": { "colour": "#ddeeff", "opacity": 0.5 } } },
            { "material": { "name": "tin", "value": null } },
        ]),
        json!([
            { "blueprint": { "name": "bench", "value": {} } },
            { "rebase": { "object": 2, "blueprint": "bench" } },
            { "blueprint": { "name": "lamp", "value": null } },
        ]),
        json!([{ "set_blueprint": { "name": "crate", "property": { "visuals": null } } }]),
        json!([
            { "set": { "object": 7, "property": { "script": { "module": "scripts/door.wasm",
                "settings": { "keys": 3, "locked": true, "sign": "Knock" } } } } },
            { "set_blueprint": { "name": "lamp", "property": { "script": {
                "module": "scripts/flicker.wasm", "enabled": false, "settings": {} } } } },
            { "set_blueprint": { "name": "lamp", "property": { "script": null } } },
            { "create": { "object": 9, "value": { "name": "host", "properties": { "companion": {
                "mind": "host", "name": "Mira", "body": "#336699", "accent": "#ffcc00" } } } } },
            { "set": { "object": 9, "property": { "companion": null } } },
        ]),
        json!([{ "settings": { "gravity_mps2": [0, -1.5, 0] } }]),
        json!([{ "environment": { "fog": "#102030" } }]),
        json!([{ "title": { "title": "Court", "description": "Small." } }]),
        // It is no part of the document.
        json!([{ "permission": { "account": "0123456789abcdef0123456789abcdef", "name": "Bo",
            "from": "visitor", "to": "builder" } }]),
    ]
}

/// One case for each list, and one with what undoes it.
pub fn output() -> Output {
    let document = yard().to_string();
    let document = load::from_json(document.as_bytes()).expect("the yard is valid");
    let mut cases = Vec::new();
    for edit in edits() {
        // Ids of documents without them are places; id 3 is free, since 7 was given.
        let mut scene = Scene::new(document.clone());
        if edit[0]["delete"]["object"] == json!(3) {
            let create = json!([{ "create": { "object": 3, "value": { "name": "back" } } }]);
            scene.apply_all(parse(&create)).expect("the id is free");
        }
        let before = scene.document();
        let inverses = scene.apply_all(parse(&edit)).expect("each edit is possible");
        let after = scene.document();
        let (before, after) = (value(&before), value(&after));
        cases.push(json!({ "document": before, "operations": edit, "result": after }));
        let undone = value(&inverses);
        scene.apply_all(inverses).expect("what was done can be undone");
        let result = value(&scene.document());
        cases.push(json!({ "document": after, "operations": undone, "result": result }));
    }
    Output::text(PATH, json::pretty(&json!({ "cases": cases })))
}

/// By way of text: there a number is written as short as its 32 bits allow.
fn value(written: &impl serde::Serialize) -> Value {
    let text = serde_json::to_string(written).expect("documents can be written");
    serde_json::from_str(&text).expect("what was written can be read")
}

fn parse(edit: &Value) -> Vec<Operation> {
    serde_json::from_value(edit.clone()).expect("operations")
}
