//! A small valid document that has one of everything.

use serde_json::{Value, json};

/// The document as JSON, to be spoiled by tests.
pub fn document() -> Value {
    json!({
        "version": 1,
        "name": "sample",
        "title": "Sample",
        "description": "One of everything.",
        "settings": { "ticks_per_s": 30, "substeps": 2, "gravity_mps2": [0, -9.81, 0], "floor_m": -20,
            "earshot_m": 40, "sight_m": 80, "seed": 1 },
        "environment": { "zenith": "#4f8fd0", "fog_near_m": 60, "fog_far_m": 220, "sun_intensity": 1,
            "sun_direction": [0.5, 0.8, 0.3] },
        "materials": {
            "stone": { "colour": "#c2a878", "roughness": 0.9, "metalness": 0, "opacity": 1,
                "emissive": "#000000", "pattern": "tiles" }
        },
        "blueprints": {
            "crate": {
                "visuals": [{ "shape": { "box": { "size_m": [1, 1, 1] } }, "material": "stone" }],
                "colliders": [{ "shape": { "box": { "size_m": [1, 1, 1] } }, "friction": 0.6,
                    "restitution": 0.1, "density_kgpm3": 200 }],
                "body": { "kind": "dynamic", "linear_damping": 0.1, "angular_damping": 0.1,
                    "gravity_scale": 1 }
            }
        },
        "objects": objects()
    })
}

fn objects() -> Value {
    json!([
        { "name": "entrance", "position_m": [0, 1, 0], "rotation": [0, 1, 0, 0],
          "properties": { "spawn": { "radius_m": 2 } } },
        { "name": "first crate", "blueprint": "crate", "position_m": [3, 0.5, 0], "scale": [1, 2, 1] },
        { "name": "ground", "properties": {
            "visuals": [
                { "shape": { "collider": {} }, "material": "stone" },
                { "shape": { "ball": { "radius_m": 1 } } },
                { "shape": { "cylinder": { "radius_m": 1, "height_m": 1 } } },
                { "shape": { "capsule": { "radius_m": 0.5, "height_m": 2 } } },
                { "shape": { "cone": { "radius_m": 1, "height_m": 1 } } },
                { "shape": { "model": { "path": "models/tree.glb" } } },
                { "shape": { "water": { "size_m": [4, 4] } } },
                { "shape": { "text": { "text": "Hello", "height_m": 0.2 } }, "offset_m": [0, 2, 0],
                  "rotation": [0, 0, 0, 1] }
            ],
            "colliders": [
                { "shape": { "heightfield": { "rows": 2, "columns": 3, "size_m": [20, 10],
                    "heights_m": [0, 0, 0.5, 0, 0, 0] } } },
                { "shape": { "mesh": { "vertices_m": [[0, 0, 0], [1, 0, 0], [0, 0, 1]],
                    "triangles": [[0, 2, 1]] } } },
                { "shape": { "hull": { "points_m": [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]] } } },
                { "shape": { "ball": { "radius_m": 1 } } },
                { "shape": { "capsule": { "radius_m": 0.5, "height_m": 2 } } },
                { "shape": { "cylinder": { "radius_m": 0.5, "height_m": 2 } }, "offset_m": [1, 0, 0],
                  "rotation": [0, 0, 0, 1], "groups": { "members": 1, "meets": 65535 } }
            ]
        } },
        { "name": "ferry", "properties": {
            "colliders": [{ "shape": { "box": { "size_m": [2, 0.2, 2] } } }],
            "body": { "kind": "kinematic" },
            "mover": { "waypoints_m": [[0, 0, 0], [4, 0, 0]], "leg_ticks": 60, "rest_ticks": 30 }
        } },
        { "name": "seesaw", "properties": {
            "colliders": [{ "shape": { "box": { "size_m": [4, 0.1, 1] } } }],
            "body": { "kind": "dynamic" },
            "hinge": { "anchor_m": [0, 0, 0], "axis": [0, 0, 1], "limits_deg": [-10, 10] }
        } },
        { "name": "gong", "properties": {
            "light": { "colour": "#ffffff", "intensity_cd": 10, "range_m": 8 },
            "portal": { "world": "elsewhere", "spawn": "gate", "size_m": [2, 3, 1] },
            "sensor": { "size_m": [1, 1, 1], "offset_m": [0, 1, 0] },
            "sound": { "path": "sounds/gong.wav", "volume": 0.5, "radius_m": 5, "plays": "on_enter" },
            "script": { "module": "scripts/gong.wasm", "enabled": false,
                "settings": { "hits": 3.25, "name": "Gong", "swings": true } }
        } },
        { "name": "host", "properties": {
            "companion": { "mind": "mira", "name": "Mira", "body": "#336699", "accent": "#ffcc00",
                "range_m": 25 }
        } }
    ])
}
