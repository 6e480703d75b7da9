//! What a world needs and a file of somebody else may lack: a ground to stand on, and a place where
//! people appear.

use glam::{DMat4, DVec3};
use serde_json::Value;
use vivarium_scene::{
    document::{BodyKind, ColliderShape, Properties, Spawn},
    limits::{MESH_TRIANGLES_MAX, MESH_VERTICES_MAX},
};

use super::{
    ImportError, Role, World,
    accessors::{Meshes, Triangles, corners},
    foreign::{object, put, solid},
    shapes,
};
use crate::{
    limits::GROUND_CORNERS_MAX,
    links::List,
    pose::Pose,
    values::{entry_place, list, numbers},
};

/// Extent of a ground that is made where nothing says how large it should be, metres.
const GROUND_M: f64 = 40.0;
/// Farthest extent of a ground, metres.
const GROUND_M_MAX: f64 = 2_000.0;
/// Thickness of a ground, metres.
const THICK_M: f64 = 1.0;
/// How far below everything what falls comes back, metres.
const DEPTH_M: f64 = 20.0;
/// How high above the ground people appear, metres.
const ABOVE_M: f64 = 0.05;

/// Adds what is missing, with a warning for each.
pub fn add(world: &mut World<'_>) -> Result<(), ImportError> {
    let bounds = bounds(world)?;
    let (low, high) = bounds.unwrap_or((DVec3::ZERO, DVec3::ZERO));
    let floor = (low.y - DEPTH_M).min(-DEPTH_M);
    world.document.settings.floor_m = floor.max(-9_999.0) as f32;
    let resolved = || world.document.objects.iter().map(|it| &it.properties);
    let is_ground = |it: &Properties| {
        let kind = it.body.as_ref().map_or(BodyKind::Static, |body| body.kind);
        it.colliders.is_some() && kind == BodyKind::Static
    };
    let has_ground = resolved().any(is_ground);
    let has_spawn = resolved().any(|it| it.spawn.is_some());
    let mut seen = None;
    if !has_ground {
        seen = Some(ground(world, low, high)?);
    }
    if !has_spawn {
        world.warn("the file has no place where people appear: one was made in its middle");
        let middle = (low + high) * 0.5;
        let height = seen.as_ref().and_then(|seen| height(seen, middle.x, middle.z));
        let place = DVec3::new(middle.x, height.unwrap_or(high.y) + ABOVE_M, middle.z);
        let spawn = Some(Spawn { radius_m: 0.0, only_by_name: false });
        let properties = Properties { spawn, ..Properties::default() };
        let pose = Pose { place, ..Pose::IDENTITY };
        put(world, vec![object(None, pose, properties)])?;
    }
    Ok(())
}

/// Makes a ground: what is drawn where it is little enough, a plate below it otherwise.
fn ground(world: &mut World<'_>, low: DVec3, high: DVec3) -> Result<Triangles, ImportError> {
    let triangles = drawn(world)?;
    let fits = (1..=MESH_TRIANGLES_MAX).contains(&triangles.triangles.len())
        && triangles.corners.len() <= MESH_VERTICES_MAX;
    if fits {
        world.warn("the file has no colliders: people walk on what is drawn");
        let shape = ColliderShape::Mesh {
            vertices_m: triangles.corners.clone(),
            triangles: triangles.triangles.clone(),
        };
        let colliders = Some(vec![solid(shape)]);
        let properties = Properties { colliders, ..Properties::default() };
        put(world, vec![object(None, Pose::IDENTITY, properties)])?;
        return Ok(triangles);
    }
    world.warn("the file has no ground: a plate was made below what is drawn");
    let extent = |axis: usize| {
        let size = high[axis] - low[axis] + GROUND_M;
        size.min(GROUND_M_MAX) as f32
    };
    let size_m = [extent(0), THICK_M as f32, extent(2)];
    let colliders = Some(vec![solid(ColliderShape::Box { size_m })]);
    let properties = Properties { colliders, ..Properties::default() };
    let middle = (low + high) * 0.5;
    let place = DVec3::new(middle.x, low.y - 0.5 * THICK_M, middle.z);
    put(world, vec![object(None, Pose { place, ..Pose::IDENTITY }, properties)])?;
    Ok(Triangles::default())
}

/// Meshes that are drawn, and where.
fn shown(world: &World<'_>) -> Vec<(DMat4, usize)> {
    let foreign = world.source.order.iter().filter(|node| world.roles[**node] == Role::Foreign);
    let meshes = foreign.filter_map(|node| {
        let mesh = world.source.entry(List::Nodes, *node).get("mesh").and_then(Value::as_u64)?;
        Some((world.matrices[*node], mesh as usize))
    });
    meshes.collect()
}

/// The triangles of all scenery; nothing if they are too many.
fn drawn(world: &World<'_>) -> Result<Triangles, ImportError> {
    let mut sum = 0;
    for (_, mesh) in &world.scenery {
        sum += corners(world.source, *mesh)?;
        if sum > GROUND_CORNERS_MAX {
            return Ok(Triangles::default());
        }
    }
    let mut meshes = Meshes::new(world.source);
    let mut triangles = Triangles::default();
    for (matrix, mesh) in &world.scenery {
        // What is drawn may be packed in ways in which no collider may be.
        if let Ok(part) = meshes.triangles(*mesh) {
            shapes::add(&mut triangles, part, *matrix);
        }
    }
    Ok(triangles)
}

/// The box around everything that is drawn, as accessors tell it, and around what is bumped into.
fn bounds(world: &World<'_>) -> Result<Option<(DVec3, DVec3)>, ImportError> {
    let mut bounds: Option<(DVec3, DVec3)> = None;
    let mut add = |point: DVec3| {
        let (low, high) = bounds.unwrap_or((point, point));
        bounds = Some((low.min(point), high.max(point)));
    };
    for (matrix, mesh) in shown(world) {
        for part in list(world.source.entry(List::Meshes, mesh), "primitives") {
            let position = part.get("attributes").and_then(|all| all.get("POSITION"));
            let Some(at) = position.and_then(Value::as_u64) else { continue };
            let accessor = world.source.entry(List::Accessors, at as usize);
            let place = entry_place(List::Accessors, at as usize);
            let low = numbers::<3>(accessor, "min", &place)?;
            let (Some(low), Some(high)) = (low, numbers::<3>(accessor, "max", &place)?) else {
                continue;
            };
            for corner in 0..8 {
                let side = |axis: usize| if corner >> axis & 1 == 1 { high } else { low }[axis];
                let point = DVec3::from_array([0, 1, 2].map(|axis| f64::from(side(axis))));
                add(matrix.transform_point3(point));
            }
        }
    }
    for object in &world.document.objects {
        let pose = Pose::of(object.position_m, object.rotation);
        for collider in object.properties.colliders.iter().flatten() {
            let own = Pose::of(collider.offset_m, collider.rotation);
            let matrix = pose.matrix() * own.matrix();
            for point in outline(&collider.shape) {
                add(matrix.transform_point3(DVec3::from_array(point.map(f64::from))));
            }
        }
    }
    Ok(bounds)
}

/// Points between which a shape lies.
fn outline(shape: &ColliderShape) -> Vec<[f32; 3]> {
    let half = match shape {
        ColliderShape::Box { size_m } => size_m.map(|edge| edge * 0.5),
        ColliderShape::Ball { radius_m } => [*radius_m; 3],
        ColliderShape::Capsule { radius_m, height_m }
        | ColliderShape::Cylinder { radius_m, height_m } => [*radius_m, height_m * 0.5, *radius_m],
        ColliderShape::Hull { points_m } => return points_m.clone(),
        ColliderShape::Mesh { vertices_m, .. } => return vertices_m.clone(),
        ColliderShape::Heightfield { .. } => return Vec::new(),
    };
    let side = |corner: usize, axis: usize| {
        if corner >> axis & 1 == 1 { half[axis] } else { -half[axis] }
    };
    (0..8).map(|corner| [0, 1, 2].map(|axis| side(corner, axis))).collect()
}

/// The lowest of the surfaces over and under a place.
fn height(triangles: &Triangles, x: f64, z: f64) -> Option<f64> {
    let corner = |index: u32| {
        let [x, y, z] = triangles.corners[index as usize].map(f64::from);
        DVec3::new(x, y, z)
    };
    let at = DVec3::new(x, 0.0, z);
    let flat = |a: DVec3, b: DVec3| (b.x - a.x) * (at.z - a.z) - (b.z - a.z) * (at.x - a.x);
    let hit = |[a, b, c]: &[u32; 3]| {
        let (a, b, c) = (corner(*a), corner(*b), corner(*c));
        let (ab, bc, ca) = (flat(a, b), flat(b, c), flat(c, a));
        let area = ab + bc + ca;
        let sides = [ab, bc, ca];
        // A place on an edge is within both of its triangles.
        let is_within = sides.iter().all(|s| *s >= 0.0) || sides.iter().all(|s| *s <= 0.0);
        // Weights of the corners lie opposite to them.
        (is_within && area.abs() > 1e-9).then(|| (bc * a.y + ca * b.y + ab * c.y) / area)
    };
    triangles.triangles.iter().filter_map(hit).reduce(f64::min)
}
