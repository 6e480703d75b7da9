//! Bodies, colliders and triggers, as the drafts `KHR_implicit_shapes` and
//! `KHR_physics_rigid_bodies` of Khronos have them.

use std::f32::consts::PI;

use glam::{DQuat, DVec3};
use serde_json::{Map, Value, json};
use vivarium_scene::document::{
    BodyKind, Collider, ColliderShape, Groups, Hinge, Properties, Sensor,
};

use super::{
    hull,
    solids::{bare, terrain},
    writer::Writer,
};
use crate::{PHYSICS, pose::Pose};

/// How a collision group is called in a file, but for the avatars'.
pub const GROUP: &str = "group ";
/// The group of avatars.
pub const AVATARS: &str = "avatars";

/// How a node moves; none: it does not, or it is no body.
pub fn motion(properties: &Properties, scale: [f32; 3], is_below_body: bool) -> Option<Value> {
    let colliders = properties.colliders.as_deref().unwrap_or_default();
    let kind = properties.body.as_ref().map_or(BodyKind::Static, |body| body.kind);
    match (kind, &properties.body) {
        (BodyKind::Dynamic, Some(body)) => {
            let mut motion = Map::new();
            if let Some(mass) = mass_kg(colliders, scale) {
                motion.insert("mass".into(), json!(mass));
            }
            if body.gravity_scale != 1.0 {
                motion.insert("gravityFactor".into(), json!(body.gravity_scale));
            }
            Some(Value::Object(motion))
        }
        (BodyKind::Kinematic, _) => Some(json!({ "isKinematic": true })),
        // Without a motion of its own it would be a part of the body above it in the outline.
        _ if is_below_body && (!colliders.is_empty() || properties.sensor.is_some()) => {
            Some(json!({ "isKinematic": true }))
        }
        _ => None,
    }
}

/// What all colliders weigh; none where a hull would have to be built to know.
fn mass_kg(colliders: &[Collider], scale: [f32; 3]) -> Option<f32> {
    let mut sum = 0.0;
    for collider in colliders {
        sum += volume_m3(&collider.shape)? * collider.density_kgpm3;
    }
    let mass = sum * scale[0] * scale[1] * scale[2];
    (mass > 0.0 && mass.is_finite()).then_some(mass)
}

/// The volume of a primitive.
pub fn volume_m3(shape: &ColliderShape) -> Option<f32> {
    let ball = |radius: f32| 4.0 / 3.0 * PI * radius.powi(3);
    match shape {
        ColliderShape::Box { size_m } => Some(size_m.iter().product()),
        ColliderShape::Ball { radius_m } => Some(ball(*radius_m)),
        ColliderShape::Capsule { radius_m, height_m } => {
            let straight = (height_m - 2.0 * radius_m).max(0.0);
            Some(ball(*radius_m) + PI * radius_m * radius_m * straight)
        }
        ColliderShape::Cylinder { radius_m, height_m } => Some(PI * radius_m * radius_m * height_m),
        ColliderShape::Hull { .. }
        | ColliderShape::Mesh { .. }
        | ColliderShape::Heightfield { .. } => None,
    }
}

/// What a node with a collider says of it.
pub fn collider(writer: &mut Writer, collider: &Collider) -> Value {
    writer.uses(PHYSICS);
    let surface = writer.surface(json!({
        "staticFriction": collider.friction,
        "dynamicFriction": collider.friction,
        "restitution": collider.restitution,
    }));
    let geometry = geometry(writer, &collider.shape);
    let mut out = json!({ "geometry": geometry, "physicsMaterial": surface });
    if collider.groups != Groups::default() {
        out["collisionFilter"] = json!(writer.filter(filter(collider.groups)));
    }
    out
}

/// A region that notices what is inside.
pub fn trigger(writer: &mut Writer, sensor: &Sensor) -> Value {
    writer.uses(PHYSICS);
    let shape = writer.shape(json!({ "type": "box", "box": { "size": sensor.size_m } }));
    json!({ "geometry": { "shape": shape } })
}

/// A hinge about the x axis of two frames that lie in each other.
pub fn joint(writer: &mut Writer, hinge: &Hinge) -> usize {
    writer.uses(PHYSICS);
    let mut limits = vec![
        json!({ "linearAxes": [0, 1, 2], "min": 0, "max": 0 }),
        json!({ "angularAxes": [1, 2], "min": 0, "max": 0 }),
    ];
    if let Some([low, high]) = hinge.limits_deg {
        let (low, high) = (low.to_radians(), high.to_radians());
        limits.push(json!({ "angularAxes": [0], "min": low, "max": high }));
    }
    writer.joint(json!({ "limits": limits }))
}

/// The frame of a hinge, seen from its body.
pub fn hinge_pose(hinge: &Hinge) -> Pose {
    let axis = DVec3::from_array(hinge.axis.map(f64::from)).try_normalize().unwrap_or(DVec3::X);
    let place = DVec3::from_array(hinge.anchor_m.map(f64::from));
    Pose { place, rotation: DQuat::from_rotation_arc(DVec3::X, axis).normalize() }
}

fn filter(groups: Groups) -> Value {
    let names = |bits: u16| -> Vec<String> {
        let name = |bit: u32| match bit {
            15 => AVATARS.to_owned(),
            _ => format!("{GROUP}{bit}"),
        };
        (0..16).filter(|bit| bits & (1 << bit) != 0).map(name).collect()
    };
    let mut filter = json!({});
    if groups.members != 0 {
        filter["collisionSystems"] = json!(names(groups.members));
    }
    // What is in no group meets nothing.
    let misses = if groups.members == 0 { u16::MAX } else { !groups.meets };
    if misses != 0 {
        // Shorter than all that it meets.
        filter["notCollideWithSystems"] = json!(names(misses));
    }
    filter
}

fn geometry(writer: &mut Writer, shape: &ColliderShape) -> Value {
    let round = |kind: &str, radius: f32, height: f32| {
        let size = json!({ "height": height, "radiusBottom": radius, "radiusTop": radius });
        json!({ "type": kind, (kind): size })
    };
    let shape = match shape {
        ColliderShape::Box { size_m } => json!({ "type": "box", "box": { "size": size_m } }),
        ColliderShape::Ball { radius_m } => {
            json!({ "type": "sphere", "sphere": { "radius": radius_m } })
        }
        // There the height is that between the centres of the caps.
        ColliderShape::Capsule { radius_m, height_m } => {
            round("capsule", *radius_m, (height_m - 2.0 * radius_m).max(0.0))
        }
        ColliderShape::Cylinder { radius_m, height_m } => round("cylinder", *radius_m, *height_m),
        ColliderShape::Hull { .. }
        | ColliderShape::Mesh { .. }
        | ColliderShape::Heightfield { .. } => return surface(writer, shape),
    };
    json!({ "shape": writer.shape(shape) })
}

/// A shape that needs a mesh: it hangs on a node that no scene shows.
fn surface(writer: &mut Writer, shape: &ColliderShape) -> Value {
    let key = format!("collider {}", json!(shape));
    let mesh = writer.mesh(&key, None, || match shape {
        ColliderShape::Hull { points_m } => match hull::mesh(points_m) {
            Some((corners_m, triangles)) => bare(&corners_m, &triangles),
            None => bare(points_m, &[]),
        },
        ColliderShape::Mesh { vertices_m, triangles } => bare(vertices_m, triangles),
        ColliderShape::Heightfield { rows, columns, size_m, heights_m } => {
            terrain(*rows, *columns, *size_m, heights_m)
        }
        _ => unreachable!("primitives need no mesh"),
    });
    let node = writer.hidden(mesh);
    let is_hull = matches!(shape, ColliderShape::Hull { .. });
    if is_hull { json!({ "node": node, "convexHull": true }) } else { json!({ "node": node }) }
}
