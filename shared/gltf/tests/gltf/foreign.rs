//! Files of others, as the drafts of Khronos have them.

use std::f64::consts::FRAC_1_SQRT_2;

use serde_json::{Value, json};
use vivarium_gltf::{Imported, import};
use vivarium_scene::document::{BodyKind, ColliderShape, Groups, Object, VisualShape};

use crate::files::together;

/// A square of two triangles, one metre wide, around the origin; positions and indices.
fn square() -> Vec<u8> {
    let corners = [[-0.5f32, 0.0, -0.5], [-0.5, 0.0, 0.5], [0.5, 0.0, 0.5], [0.5, 0.0, -0.5]];
    let indices = [0u16, 1, 2, 0, 2, 3];
    let corners = corners.iter().flatten().flat_map(|part| part.to_le_bytes());
    corners.chain(indices.iter().flat_map(|index| index.to_le_bytes())).collect()
}

/// A file with one mesh, the square.
pub fn file(rest: &Value) -> Vec<u8> {
    let mut json = json!({
        "asset": { "version": "2.0" },
        "buffers": [{ "byteLength": 60 }],
        "bufferViews": [{ "buffer": 0, "byteLength": 48 },
            { "buffer": 0, "byteOffset": 48, "byteLength": 12 }],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "type": "VEC3", "count": 4,
              "min": [-0.5, 0, -0.5], "max": [0.5, 0, 0.5] },
            { "bufferView": 1, "componentType": 5123, "type": "SCALAR", "count": 6 }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 }, "indices": 1 }] }],
    });
    for (name, value) in rest.as_object().unwrap() {
        json[name] = value.clone();
    }
    together(&json, &square())
}

/// Physics as an engine would write it: a floor, a crate on it, a region, lamps, a way in.
pub fn yard() -> Value {
    json!({
        "extensionsUsed": ["KHR_physics_rigid_bodies", "KHR_implicit_shapes", "KHR_lights_punctual",
            "OMI_spawn_point"],
        "scene": 0,
        "scenes": [{ "name": "Yard", "nodes": [0, 1, 3, 4, 5, 6, 8] }],
        "extensions": {
            "KHR_implicit_shapes": { "shapes": [
                { "type": "box", "box": { "size": [1, 2, 1] } },
                { "type": "capsule", "capsule":
                    { "height": 1, "radiusBottom": 0.25, "radiusTop": 0.25 } },
                { "type": "sphere", "sphere": { "radius": 3 } }] },
            "KHR_physics_rigid_bodies": {
                "physicsMaterials": [{ "staticFriction": 0.9, "dynamicFriction": 0.8,
                    "restitution": 0.25 }],
                "collisionFilters": [{ "collisionSystems": ["crates"],
                    "notCollideWithSystems": ["ghosts"] }] },
            "KHR_lights_punctual": { "lights": [
                { "type": "point", "color": [1, 0, 0], "intensity": 20, "range": 7 },
                { "type": "spot", "intensity": 5, "spot": {} },
                { "type": "directional", "intensity": 3.1 }] },
        },
        "nodes": [
            { "name": "floor", "mesh": 0, "scale": [20, 1, 20], "extensions":
                { "KHR_physics_rigid_bodies": { "collider": { "geometry": { "node": 0 } } } } },
            { "name": "crate", "translation": [0, 3, 0], "rotation": [0, 0.6, 0, 0.8],
              "scale": [2, 1, 1], "children": [2], "extensions": { "KHR_physics_rigid_bodies": {
                "motion": { "mass": 40, "gravityFactor": 0.5 },
                "collider": { "geometry": { "shape": 0 }, "physicsMaterial": 0,
                    "collisionFilter": 0 } } } },
            { "mesh": 0, "translation": [0, 1, 0], "extensions": {
                "KHR_lights_punctual": { "light": 0 },
                "KHR_physics_rigid_bodies": { "collider": { "geometry": { "shape": 1 } } } } },
            { "name": "region", "translation": [5, 1, 0], "extensions": {
                "KHR_physics_rigid_bodies": { "trigger": { "geometry": { "shape": 2 } } } } },
            { "name": "way in", "translation": [1, 0, 4], "extensions":
                { "OMI_spawn_point": { "title": "Gate", "team": "red" } } },
            { "name": "spot", "translation": [0, 4, 0], "extensions":
                { "KHR_lights_punctual": { "light": 1 } } },
            { "name": "hill", "translation": [9, 0, 0], "children": [7] },
            { "mesh": 0, "scale": [3, 3, 3] },
            { "rotation": [-FRAC_1_SQRT_2, 0, 0, FRAC_1_SQRT_2], "extensions":
                { "KHR_lights_punctual": { "light": 2 } } },
        ],
    })
}

fn imported(json: &Value) -> Imported {
    import(&file(json), &|_| panic!("files of others name no models")).unwrap()
}

fn named<'a>(imported: &'a Imported, name: &str) -> &'a Object {
    let mut objects = imported.document.objects.iter();
    objects.find(|object| object.name.as_deref() == Some(name)).unwrap_or_else(|| {
        panic!("there is no {name}: {:#?}", imported.document.objects);
    })
}

fn near(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4)
}

#[test]
fn bodies_and_colliders_are_what_the_drafts_say() {
    let yard = imported(&yard());
    assert_eq!(yard.document.title, "Yard");
    let floor = named(&yard, "floor");
    assert_eq!((&floor.properties.body, floor.scale), (&None, [1.0; 3]));
    let [collider] = floor.properties.colliders.as_deref().unwrap() else { panic!("one collider") };
    let ColliderShape::Mesh { vertices_m, triangles } = &collider.shape else { panic!("a mesh") };
    assert_eq!(vertices_m[2], [10.0, 0.0, 10.0], "the scale of the node is in the shape");
    assert_eq!(triangles, &[[0, 1, 2], [0, 2, 3]]);

    let body = named(&yard, "crate");
    assert!(
        near(&body.position_m, &[0.0, 3.0, 0.0]) && near(&body.rotation, &[0.0, 0.6, 0.0, 0.8])
    );
    let motion = body.properties.body.as_ref().unwrap();
    assert_eq!((motion.kind, motion.gravity_scale), (BodyKind::Dynamic, 0.5));
    let [own, child] = body.properties.colliders.as_deref().unwrap() else { panic!("two") };
    assert_eq!(own.shape, ColliderShape::Box { size_m: [2.0, 2.0, 1.0] });
    assert_eq!((own.friction, own.restitution), (0.8, 0.25));
    assert_eq!(own.groups, Groups { members: 2, meets: !4 });
    assert!(matches!(child.shape, ColliderShape::Capsule { height_m, .. } if height_m > 1.4));
    assert!(near(&child.offset_m, &[0.0, 1.0, 0.0]));
    assert_eq!(child.groups, Groups::default());
    let volume = 4.0 + std::f32::consts::PI * 0.25 * (1.0 + 4.0 / 3.0 * 0.5);
    let mass = own.density_kgpm3 * volume;
    assert!((mass - 40.0).abs() < 0.01, "{mass} kg: the capsule is as thick as its node is wide");
    let light = body.properties.light.as_ref().unwrap();
    assert_eq!((light.colour.as_str(), light.intensity_cd, light.range_m), ("#ff0000", 20.0, 7.0));
    assert!(near(&light.offset_m, &[0.0, 1.0, 0.0]));
}

#[test]
fn regions_lamps_and_ways_in_are_objects() {
    let yard = imported(&yard());
    let region = named(&yard, "region");
    assert_eq!(region.properties.sensor.as_ref().unwrap().size_m, [6.0; 3]);
    let gate = named(&yard, "Gate");
    assert_eq!(gate.position_m, [1.0, 0.0, 4.0]);
    assert!(gate.properties.spawn.is_some());
    let spot = named(&yard, "spot").properties.light.as_ref().unwrap();
    assert_eq!((spot.colour.as_str(), spot.range_m), ("#ffffff", 10.0));
    let environment = &yard.document.environment;
    assert!((environment.sun_intensity - 1.0).abs() < 1e-4);
    assert!(near(&environment.sun_direction, &[0.0, 1.0, 0.0]), "it shines down");
    let told: Vec<&str> = yard.warnings.iter().map(String::as_str).collect();
    assert_eq!(
        told,
        [
            "some colliders are simpler or larger here than in the file",
            "spot lights shine in all directions here",
            "triggers are boxes here: others became the boxes around them",
        ]
    );
}

#[test]
fn what_is_drawn_comes_as_models_without_physics() {
    let yard = imported(&yard());
    let drawn = |name: &str| match named(&yard, name).properties.visuals.as_deref() {
        Some([visual]) => match &visual.shape {
            VisualShape::Model { path } => {
                let (_, bytes) = yard.models.iter().find(|(known, _)| known == path).unwrap();
                let read = gltf::Gltf::from_slice(bytes).unwrap();
                let node = read.default_scene().unwrap().nodes().next().unwrap();
                (path.clone(), node.transform().matrix(), node.extensions().is_some())
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{name} is drawn as {other:?}"),
    };
    let (_, floor, _) = drawn("floor");
    assert_eq!((floor[0][0], floor[3]), (20.0, [0.0, 0.0, 0.0, 1.0]));
    let (_, hill, has_extensions) = drawn("scenery");
    assert_eq!((hill[0][0], hill[3], has_extensions), (3.0, [9.0, 0.0, 0.0, 1.0], false));
    assert_eq!(yard.models.len(), 3);
    let paths: Vec<&str> = yard.models.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["imported/0.glb", "imported/1.glb", "imported/2.glb"]);
}

#[test]
fn a_plain_scene_is_walked_on_where_people_appear() {
    let plain = imported(&json!({
        "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0, "translation": [7, 2, 0], "scale": [30, 1, 30] }],
    }));
    let spawn = plain.document.objects.iter().find(|object| object.properties.spawn.is_some());
    assert!(near(&spawn.unwrap().position_m, &[7.0, 2.05, 0.0]), "{spawn:?}");
    let ground = plain.document.objects.iter().find_map(|it| it.properties.colliders.as_deref());
    assert!(matches!(ground.unwrap()[0].shape, ColliderShape::Mesh { .. }));
    assert_eq!(plain.warnings.len(), 2, "{:?}", plain.warnings);
    let empty = imported(&json!({ "scenes": [{ "nodes": [] }] }));
    assert_eq!(empty.document.objects.len(), 2, "a plate, and a place to appear on it");
}

#[test]
fn meshes_that_move_are_hulls() {
    let hulls = imported(&json!({
        "scenes": [{ "nodes": [0] }],
        "nodes": [
            { "name": "pile", "extensions": { "KHR_physics_rigid_bodies":
                { "motion": {}, "collider": { "geometry": { "node": 1 } } } } },
            { "mesh": 0, "children": [2] },
            { "mesh": 0, "translation": [0, 0.5, 0] },
        ],
    }));
    let pile = &named(&hulls, "pile").properties;
    let [collider] = pile.colliders.as_deref().unwrap() else { panic!("one collider") };
    let ColliderShape::Hull { points_m } = &collider.shape else { panic!("a hull") };
    assert_eq!(points_m.len(), 8);
    assert_eq!((points_m[0], points_m[4]), ([-0.5, 0.0, -0.5], [-0.5, 0.5, -0.5]));
    assert_eq!(pile.visuals, None, "a node that no scene shows is not drawn");
    assert!(hulls.warnings.iter().any(|warning| warning.contains("a plate was made")));
}

#[test]
fn a_door_hangs_in_its_hinge() {
    let joint = |locked: Value| {
        json!({
            "scenes": [{ "nodes": [0, 2] }],
            "extensions": {
                "KHR_implicit_shapes": { "shapes": [{ "type": "box" }] },
                "KHR_physics_rigid_bodies": { "physicsJoints": [{ "limits": [
                    { "linearAxes": [0, 1, 2], "min": 0, "max": 0 },
                    { "angularAxes": locked, "min": 0, "max": 0 },
                    { "angularAxes": [1], "min": -1.5, "max": 0.75 }] }] } },
            "nodes": [
                { "name": "door", "translation": [3, 1, 0], "children": [1], "extensions":
                    { "KHR_physics_rigid_bodies":
                        { "motion": {}, "collider": { "geometry": { "shape": 0 } } } } },
                { "translation": [-0.5, 0, 0], "extensions": { "KHR_physics_rigid_bodies":
                    { "joint": { "connectedNode": 2, "joint": 0 } } } },
                { "translation": [2.5, 1, 0] },
            ],
        })
    };
    let house = imported(&joint(json!([0, 2])));
    let hinge = named(&house, "door").properties.hinge.clone().unwrap();
    assert_eq!((hinge.anchor_m, hinge.axis), ([-0.5, 0.0, 0.0], [0.0, 1.0, 0.0]));
    assert!(near(&hinge.limits_deg.unwrap(), &[-1.5, 0.75].map(f32::to_degrees)));
    let ball = imported(&joint(json!([0])));
    assert_eq!(named(&ball, "door").properties.hinge, None);
    assert!(ball.warnings.iter().any(|warning| warning.contains("no hinge")));
}
