//! What is seen: materials, lamps, the sun, and the shapes that are drawn.

use glam::{DQuat, DVec3};
use serde_json::{Value, json};
use vivarium_scene::document::{ColliderShape, Environment, Light, Material, VisualShape};

use super::{
    hull,
    solids::{ball, bare, capsule, cone, cuboid, cylinder, faceted, plane, terrain},
    writer::Writer,
};
use crate::{OWN, SUN_LUX, colour::factors, pose::Pose};

/// A material as glTF has it.
pub fn material(name: &str, material: &Material) -> Value {
    let mut base = factors(&material.colour);
    if let Some(parts) = base.as_array_mut() {
        parts.push(json!(material.opacity));
    }
    let mut out = json!({
        "name": name,
        "pbrMetallicRoughness": {
            "baseColorFactor": base,
            "metallicFactor": material.metalness,
            "roughnessFactor": material.roughness,
        },
        "extras": { (OWN): { "material": name } },
    });
    if let Some(emissive) = &material.emissive {
        out["emissiveFactor"] = factors(emissive);
    }
    if material.opacity < 1.0 {
        out["alphaMode"] = json!("BLEND");
    }
    out
}

/// Still water, where the world says nothing of its looks.
pub fn water() -> Value {
    json!({
        "name": "water",
        "pbrMetallicRoughness": {
            "baseColorFactor": [0.05, 0.2, 0.25, 0.7],
            "metallicFactor": 0.0,
            "roughnessFactor": 0.1,
        },
        "alphaMode": "BLEND",
        "extras": { (OWN): { "part": "water" } },
    })
}

/// A lamp as glTF has it.
pub fn lamp(light: &Light) -> Value {
    json!({
        "type": "point",
        "color": factors(&light.colour),
        "intensity": light.intensity_cd,
        "range": light.range_m,
    })
}

/// The sun as glTF has it.
pub fn sun(environment: &Environment) -> Value {
    json!({
        "type": "directional",
        "color": factors(&environment.sun),
        "intensity": environment.sun_intensity * SUN_LUX,
    })
}

/// A node from which the sun shines: lamps of glTF shine along -z.
pub fn sun_pose(environment: &Environment) -> Pose {
    let towards = DVec3::from_array(environment.sun_direction.map(f64::from));
    let towards = towards.try_normalize().unwrap_or(DVec3::Y);
    Pose { place: DVec3::ZERO, rotation: DQuat::from_rotation_arc(DVec3::Z, towards).normalize() }
}

/// A mesh for a drawn shape; none: glTF cannot say it, or it is drawn another way.
pub fn primitive(
    writer: &mut Writer,
    shape: &VisualShape,
    material: Option<usize>,
) -> Option<usize> {
    use VisualShape::{Collider, Model, Text};
    if matches!(shape, Model { .. } | Collider {} | Text { .. }) {
        return None;
    }
    let key = json!(shape).to_string();
    Some(writer.mesh(&key, material, || match shape {
        VisualShape::Box { size_m } => cuboid(*size_m),
        VisualShape::Ball { radius_m } => ball(*radius_m),
        VisualShape::Cylinder { radius_m, height_m } => cylinder(*radius_m, *height_m),
        VisualShape::Capsule { radius_m, height_m } => capsule(*radius_m, *height_m),
        VisualShape::Cone { radius_m, height_m } => cone(*radius_m, *height_m),
        VisualShape::Water { size_m } => plane(*size_m),
        Model { .. } | Collider {} | Text { .. } => unreachable!("these were sorted out above"),
    }))
}

/// A mesh for a collider that is shown; none: it is a primitive, which visuals show for themselves.
pub fn shown(writer: &mut Writer, shape: &ColliderShape, material: Option<usize>) -> Option<usize> {
    use ColliderShape::{Heightfield, Hull, Mesh};
    if !matches!(shape, Heightfield { .. } | Hull { .. } | Mesh { .. }) {
        return None;
    }
    let key = format!("shown {}", json!(shape));
    Some(writer.mesh(&key, material, || match shape {
        Mesh { vertices_m, triangles } => faceted(vertices_m, triangles),
        Heightfield { rows, columns, size_m, heights_m } => {
            terrain(*rows, *columns, *size_m, heights_m)
        }
        Hull { points_m } => match hull::mesh(points_m) {
            Some((corners_m, triangles)) => faceted(&corners_m, &triangles),
            // Too flat to have faces.
            None => bare(points_m, &[]),
        },
        _ => unreachable!("these were sorted out above"),
    }))
}
