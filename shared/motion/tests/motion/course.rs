//! Worlds for tests, made of the same JSON that creators write.

use serde_json::{Value, json};
use vivarium_scene::document::WorldDocument;

/// A document of the given objects.
pub fn world(objects: Vec<Value>) -> WorldDocument {
    let document = json!({
        "version": 1,
        "name": "course",
        "title": "Course",
        "objects": objects,
    });
    serde_json::from_value(document).expect("the test's world is a valid document")
}

/// A static object with one collider.
pub fn solid(position: [f32; 3], shape: Value) -> Value {
    json!({ "position_m": position, "properties": { "colliders": [{ "shape": shape }] } })
}

pub fn cuboid(position: [f32; 3], size: [f32; 3]) -> Value {
    solid(position, json!({ "box": { "size_m": size } }))
}

/// Level ground whose surface is at y = 0.
pub fn ground() -> Value {
    cuboid([0.0, -0.5, 0.0], [160.0, 1.0, 160.0])
}

/// A ramp that rises along +x from (`x`, 0), `length` metres long.
pub fn ramp(x: f32, z: f32, degrees: f32, length: f32) -> Value {
    let angle = degrees.to_radians();
    let half = angle * 0.5;
    // The upper surface passes through (x, 0): the box lies half its thickness below it.
    let (sin, cos) = angle.sin_cos();
    let position = [x + cos * length * 0.5 + sin * 0.25, sin * length * 0.5 - cos * 0.25, z];
    json!({
        "position_m": position,
        "rotation": [0.0, 0.0, half.sin(), half.cos()],
        "properties": { "colliders": [{ "shape": { "box": { "size_m": [length, 0.5, 4.0] } } }] },
    })
}

/// A platform of 4 x 0.4 x 4 metres that moves along waypoints.
pub fn platform(position: [f32; 3], waypoints: &[[f32; 3]], leg_ticks: u32, rest: u32) -> Value {
    json!({
        "position_m": position,
        "properties": {
            "colliders": [{ "shape": { "box": { "size_m": [4.0, 0.4, 4.0] } } }],
            "body": { "kind": "kinematic" },
            "mover": { "waypoints_m": waypoints, "leg_ticks": leg_ticks, "rest_ticks": rest },
        },
    })
}

/// A loose body with one collider.
pub fn loose(position: [f32; 3], shape: Value) -> Value {
    json!({
        "position_m": position,
        "properties": {
            "colliders": [{ "shape": shape }],
            "body": { "kind": "dynamic" },
        },
    })
}

fn hill() -> Value {
    let points = 21u32;
    let mut heights = Vec::new();
    for column in 0..points {
        for row in 0..points {
            let (x, z) = (column as f32 / 10.0 - 1.0, row as f32 / 10.0 - 1.0);
            let bump = (1.0 - x * x) * (1.0 - z * z);
            let ripple = ((column * 7 + row * 13) % 5) as f32 * 0.06;
            heights.push((bump * 4.0 + ripple * bump) * 1.0);
        }
    }
    solid(
        [-30.0, -0.05, -30.0],
        json!({ "heightfield": {
            "rows": points, "columns": points, "size_m": [30.0, 30.0], "heights_m": heights,
        } }),
    )
}

fn stairs(objects: &mut Vec<Value>) {
    for step in 0..8 {
        let height = 0.25 * (step + 1) as f32;
        let x = 10.0 + 0.35 * step as f32;
        objects.push(cuboid([x, height * 0.5, 0.0], [0.35, height, 3.0]));
    }
    objects.push(cuboid([14.6, 1.0, 0.0], [4.0, 2.0, 3.0]));
}

/// Everything that an avatar can meet, for the golden recording.
pub fn course() -> WorldDocument {
    let mut objects = vec![ground(), hill()];
    stairs(&mut objects);
    for (index, degrees) in [15.0, 30.0, 45.0, 55.0, 65.0].into_iter().enumerate() {
        objects.push(ramp(5.0, -8.0 - 6.0 * index as f32, degrees, 6.0));
    }
    objects.push(cuboid([0.0, 1.5, 12.0], [10.0, 3.0, 0.3]));
    objects.push(cuboid([5.0, 1.5, 14.0], [0.3, 3.0, 4.0]));
    objects.push(cuboid([-6.0, 2.0, 8.0], [4.0, 0.4, 4.0]));
    objects.push(cuboid([-10.0, 0.3, 2.0], [2.0, 0.6, 2.0]));
    objects.push(solid(
        [20.0, 0.0, 20.0],
        json!({ "mesh": {
            "vertices_m": [
                [-4.0, -0.1, -4.0], [4.0, -0.1, -4.0], [4.0, -0.1, 4.0], [-4.0, -0.1, 4.0],
                [0.0, 2.0, 0.0], [1.5, 1.4, 1.5],
            ],
            "triangles": [[0, 4, 1], [1, 4, 5], [1, 5, 2], [2, 5, 3], [3, 5, 4], [3, 4, 0]],
        } }),
    ));
    objects.push(json!({
        "position_m": [10.0, 0.3, 24.0],
        "scale": [1.5, 0.5, 1.0],
        "properties": { "colliders": [{ "shape": { "hull": { "points_m": [
            [-1.0, -1.0, -1.0], [1.0, -1.0, -1.0], [0.0, -1.0, 1.5], [0.2, 0.7, 0.0],
            [-0.8, 0.4, -0.6], [0.9, 0.1, 0.3],
        ] } } }] },
    }));
    objects.push(solid(
        [3.0, 0.15, 22.0],
        json!({ "cylinder": { "radius_m": 1.5, "height_m": 0.3 } }),
    ));
    objects.push(solid(
        [-2.0, 1.0, 20.0],
        json!({ "cylinder": { "radius_m": 0.4, "height_m": 2.0 } }),
    ));
    objects
        .push(solid([-4.0, 0.6, 24.0], json!({ "capsule": { "radius_m": 0.5, "height_m": 1.6 } })));
    objects.push(solid([-8.0, 0.0, 22.0], json!({ "ball": { "radius_m": 1.2 } })));
    objects.push(json!({
        "position_m": [-14.0, 0.0, 20.0],
        "rotation": [0.0, 0.382_683_43, 0.0, 0.923_879_5],
        "scale": [2.0, 2.0, 2.0],
        "properties": { "colliders": [
            { "shape": { "box": { "size_m": [1.0, 0.2, 2.0] } }, "offset_m": [0.0, 0.1, 0.0] },
            {
                "shape": { "box": { "size_m": [1.0, 0.2, 2.0] } },
                "offset_m": [1.2, 0.3, 0.0],
                "rotation": [0.0, 0.0, 0.258_819_04, 0.965_925_8],
            },
        ] },
    }));
    objects.push(platform([-20.0, 0.1, 0.0], &[[0.0; 3], [0.0, 0.0, 14.0]], 150, 45));
    objects.push(platform([-26.0, 0.05, 0.0], &[[0.0; 3], [0.0, 4.0, 0.0]], 90, 60));
    objects.push(platform(
        [-32.0, 0.1, 4.0],
        &[[0.0; 3], [0.0, 1.5, 6.0], [-6.0, 1.5, 6.0]],
        75,
        20,
    ));
    // Avatars do not meet this one.
    objects.push(json!({
        "position_m": [0.0, 1.0, 3.0],
        "properties": { "colliders": [{
            "shape": { "box": { "size_m": [3.0, 2.0, 3.0] } },
            "groups": { "members": 1, "meets": 1 },
        }] },
    }));
    objects.push(loose([1.0, 0.5, -4.0], json!({ "box": { "size_m": [1.0, 1.0, 1.0] } })));
    objects.push(loose([-3.0, 0.3, -4.0], json!({ "ball": { "radius_m": 0.3 } })));
    objects.push(json!({
        "position_m": [-5.0, 0.5, -6.0],
        "properties": {
            "colliders": [
                { "shape": { "cylinder": { "radius_m": 0.3, "height_m": 1.0 } } },
                { "shape": { "box": { "size_m": [1.2, 0.2, 0.4] } }, "offset_m": [0.0, 0.5, 0.0] },
            ],
            "body": { "kind": "dynamic" },
        },
    }));
    world(objects)
}
