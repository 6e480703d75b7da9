//! Worlds for the measurements.

use serde_json::{Value, json};
use vivarium_host::worlds::WorldSource;

/// A world of so many objects: nine in ten are fixed boxes, the tenth is a loose one.
pub fn yard(objects: u32, ticks_per_s: u16) -> anyhow::Result<WorldSource> {
    let mut all = vec![
        json!({ "name": "ground", "position_m": [0, -0.5, 0], "properties": { "colliders": [
            { "shape": { "box": { "size_m": [800, 1, 800] } } }] } }),
        json!({ "name": "gate", "properties": { "spawn": {} } }),
    ];
    for number in all.len() as u32..objects {
        let (x, z) = (number % 100, number / 100);
        let blueprint = if number.is_multiple_of(10) { "crate" } else { "block" };
        all.push(json!({
            "blueprint": blueprint,
            "position_m": [x as f32 * 4.0 - 200.0, 0.5, z as f32 * 4.0 - 200.0],
        }));
    }
    let cube = json!([{ "shape": { "box": { "size_m": [1, 1, 1] } } }]);
    let document = json!({
        "version": 1, "name": "yard", "title": "Yard",
        "settings": { "ticks_per_s": ticks_per_s },
        "blueprints": {
            "block": { "colliders": cube, "visuals": cube },
            "crate": { "colliders": cube, "visuals": cube, "body": { "kind": "dynamic" } },
        },
        "objects": all,
    });
    Ok(WorldSource::from_json(document.to_string().into())?)
}

/// One operation that moves an object.
pub fn place(object: u32, x: f32) -> Value {
    json!([{ "place": { "object": object, "position_m": [x, 5.0, 0.0],
        "rotation": [0, 0, 0, 1], "scale": [1, 1, 1] } }])
}
