//! Colliders from `KHR_implicit_shapes` and meshes. The scale of a node is worked into the shape.

use glam::{DMat4, DVec3};
use serde_json::{Value, json};
use vivarium_scene::{document::ColliderShape, limits::SIZE_M_MIN};

use super::{
    ImportError,
    accessors::{Meshes, Triangles},
};
use crate::{
    SHAPES,
    limits::{DEPTH_MAX, HULL_DIRECTIONS},
    links::List,
    pose::{Pose, decomposed, of_node},
    source::Source,
    values::{entry_place, extension, index, list, number, numbers},
};

/// Thickness of what has none, metres.
const PLANE_M: f32 = 0.1;
/// Extent of a plane without end, metres.
const ENDLESS_M: f32 = 1_000.0;

/// A shape where it is.
#[derive(Clone, Debug)]
pub struct Placed {
    pub shape: ColliderShape,
    pub pose: Pose,
    /// Cubic metres, roughly for what is no primitive.
    pub volume_m3: f32,
    /// Whether a round shape was stretched unevenly, or its ends differ.
    pub is_rough: bool,
}

/// What `geometry` says, seen from its body by `matrix`; surfaces only where `is_static`.
pub fn read(
    source: &Source,
    meshes: &mut Meshes<'_>,
    geometry: &Value,
    matrix: DMat4,
    is_static: bool,
    place: &str,
) -> Result<Placed, ImportError> {
    let shapes = extension(&source.json, SHAPES).unwrap_or(&Value::Null);
    let shapes = list(shapes, "shapes");
    if let Some(at) = index(geometry, "shape", shapes.len(), place)? {
        return implicit(&shapes[at], matrix, &format!("{SHAPES}.shapes[{at}]"));
    }
    let mut triangles = Triangles::default();
    let nodes = List::Nodes.of(&source.json).len();
    let count = List::Meshes.of(&source.json).len();
    if let Some(mesh) = index(geometry, "mesh", count, place)? {
        add(&mut triangles, meshes.triangles(mesh)?, matrix);
    } else if let Some(node) = index(geometry, "node", nodes, place)? {
        collect(source, meshes, node, matrix, &mut triangles)?;
    } else {
        return Err(ImportError::new(place, "a geometry needs a shape, a mesh or a node"));
    }
    let is_hull = geometry.get("convexHull") == Some(&Value::Bool(true));
    let pose = Pose::IDENTITY;
    if is_hull || !is_static || triangles.triangles.is_empty() {
        let volume_m3 = volume_m3(&triangles);
        let points_m = few(triangles.corners);
        return Ok(Placed {
            shape: ColliderShape::Hull { points_m },
            pose,
            volume_m3,
            is_rough: !is_hull,
        });
    }
    let Triangles { corners: vertices_m, triangles } = triangles;
    let shape = ColliderShape::Mesh { vertices_m, triangles };
    Ok(Placed { shape, pose, volume_m3: 0.0, is_rough: false })
}

/// The meshes of a node and of what is below it. The node itself stands where the collider does.
fn collect(
    source: &Source,
    meshes: &mut Meshes<'_>,
    node: usize,
    matrix: DMat4,
    into: &mut Triangles,
) -> Result<(), ImportError> {
    let mut open = vec![(node, matrix, 0)];
    // A node that no scene shows was not looked at yet: a circle must end, too.
    let mut left = List::Nodes.of(&source.json).len();
    while let Some((node, matrix, depth)) = open.pop() {
        let place = entry_place(List::Nodes, node);
        meshes.count(&place)?;
        left = left.checked_sub(1).filter(|_| depth <= DEPTH_MAX).ok_or_else(|| {
            ImportError::new(place.clone(), "too many nodes are below each other")
        })?;
        let entry = source.entry(List::Nodes, node);
        if let Some(mesh) = entry.get("mesh").and_then(Value::as_u64) {
            add(into, meshes.triangles(mesh as usize)?, matrix);
        }
        for child in list(entry, "children").iter().filter_map(Value::as_u64) {
            let child = child as usize;
            let place = entry_place(List::Nodes, child);
            let below = of_node(source.entry(List::Nodes, child), &place)?;
            open.push((child, matrix * below, depth + 1));
        }
    }
    Ok(())
}

/// Adds triangles as they are seen through a matrix; a mirror turns them round.
pub fn add(into: &mut Triangles, from: Triangles, matrix: DMat4) {
    let first = into.corners.len() as u32;
    let seen = |corner: [f32; 3]| {
        let corner = DVec3::from_array(corner.map(f64::from));
        matrix.transform_point3(corner).as_vec3().to_array()
    };
    into.corners.extend(from.corners.into_iter().map(seen));
    let is_mirror = matrix.determinant() < 0.0;
    into.triangles.extend(from.triangles.into_iter().map(|triangle| {
        let [a, b, c] = triangle.map(|corner| corner + first);
        if is_mirror { [b, a, c] } else { [a, b, c] }
    }));
}

fn implicit(shape: &Value, matrix: DMat4, place: &str) -> Result<Placed, ImportError> {
    let (pose, scale) = decomposed(matrix);
    let scale = scale.abs().as_vec3().to_array();
    let kind = shape.get("type").and_then(Value::as_str).unwrap_or_default();
    let nothing = json!({});
    let size = shape.get(kind).unwrap_or(&nothing);
    let at_least = |value: f32| value.max(SIZE_M_MIN);
    let wide = scale[0].max(scale[2]);
    let round = || -> Result<(f32, f32, bool), ImportError> {
        let bottom = number(size, "radiusBottom", place)?.unwrap_or(0.25);
        let top = number(size, "radiusTop", place)?.unwrap_or(0.25);
        let height = number(size, "height", place)?.unwrap_or(0.5);
        let is_rough = bottom != top || scale[0] != scale[2];
        Ok((at_least(bottom.max(top) * wide), height * scale[1], is_rough))
    };
    let mut offset = DVec3::ZERO;
    let (shape, is_rough) = match kind {
        "box" => {
            let size = numbers::<3>(size, "size", place)?.unwrap_or([1.0; 3]);
            let size_m = [0, 1, 2].map(|axis| at_least(size[axis] * scale[axis]));
            (ColliderShape::Box { size_m }, false)
        }
        "sphere" => {
            let radius = number(size, "radius", place)?.unwrap_or(0.5);
            let radius_m = at_least(radius * wide.max(scale[1]));
            (ColliderShape::Ball { radius_m }, scale[0] != scale[1] || scale[1] != scale[2])
        }
        "capsule" => {
            let (radius_m, straight, is_rough) = round()?;
            let height_m = at_least(straight + 2.0 * radius_m).max(2.0 * radius_m);
            (ColliderShape::Capsule { radius_m, height_m }, is_rough)
        }
        "cylinder" => {
            let (radius_m, height, is_rough) = round()?;
            (ColliderShape::Cylinder { radius_m, height_m: at_least(height) }, is_rough)
        }
        "plane" => {
            let extent = |name, axis: usize| -> Result<f32, ImportError> {
                let extent = number(size, name, place)?;
                Ok(extent.map_or(ENDLESS_M, |extent| at_least(extent * scale[axis])))
            };
            offset.y = -0.5 * f64::from(PLANE_M);
            let size_m = [extent("sizeX", 0)?, PLANE_M, extent("sizeZ", 2)?];
            (ColliderShape::Box { size_m }, false)
        }
        _ => {
            let short: String = kind.chars().take(32).collect();
            return Err(ImportError::new(place, format!("shapes of type {short:?} are unknown")));
        }
    };
    let volume_m3 = crate::export::volume_m3(&shape).unwrap_or(0.0);
    let pose = Pose { place: pose.place + pose.rotation * offset, ..pose };
    Ok(Placed { shape, pose, volume_m3, is_rough })
}

/// Of many points those that lie outermost, in directions spread over a ball (Fibonacci).
fn few(points: Vec<[f32; 3]>) -> Vec<[f32; 3]> {
    if points.len() <= HULL_DIRECTIONS {
        return points;
    }
    let golden = std::f64::consts::PI * (3.0 - 5.0f64.sqrt());
    let mut outermost: Vec<usize> = (0..HULL_DIRECTIONS)
        .map(|at| {
            let y = 1.0 - 2.0 * (at as f64 + 0.5) / HULL_DIRECTIONS as f64;
            let (sin, cos) = (golden * at as f64).sin_cos();
            let around = (1.0 - y * y).sqrt();
            let direction = DVec3::new(around * cos, y, around * sin).as_vec3();
            let reach = |point: &[f32; 3]| direction.dot(glam::Vec3::from_array(*point));
            let best =
                points.iter().enumerate().max_by(|(_, a), (_, b)| reach(a).total_cmp(&reach(b)));
            best.map_or(0, |(index, _)| index)
        })
        .collect();
    outermost.sort_unstable();
    outermost.dedup();
    outermost.into_iter().map(|index| points[index]).collect()
}

/// The volume that triangles enclose, or, of points, half of that of the box around them.
fn volume_m3(triangles: &Triangles) -> f32 {
    let corner = |index: u32| DVec3::from_array(triangles.corners[index as usize].map(f64::from));
    let part = |[a, b, c]: &[u32; 3]| corner(*a).dot(corner(*b).cross(corner(*c))) / 6.0;
    let enclosed = triangles.triangles.iter().map(part).sum::<f64>().abs();
    if enclosed > 0.0 {
        return enclosed as f32;
    }
    let all = || triangles.corners.iter().map(|corner| glam::Vec3::from_array(*corner));
    let low = all().reduce(glam::Vec3::min).unwrap_or_default();
    let high = all().reduce(glam::Vec3::max).unwrap_or_default();
    0.5 * (high - low).element_product()
}
