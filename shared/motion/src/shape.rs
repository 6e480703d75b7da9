//! From a collider of the world document to a rapier shape.
//!
//! Owns the only reading of [`ColliderShape`] on the server: the physics world and the avatars'
//! query world are built from the same shapes. The browser's reading is
//! `client-web/src/predict/shapes.ts`.

use rapier3d::{
    math::{Pose, Rotation, Vector},
    parry::utils::Array2,
    prelude::{
        ColliderBuilder, Group, HeightFieldFlags, InteractionGroups, InteractionTestMode,
        SharedShape, TriMeshFlags,
    },
};
use vivarium_scene::document::{Collider, ColliderShape, Groups};

use crate::geometry;

/// Why a collider cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// A size or scale that is zero, negative, infinite or not a number.
    #[error("sizes and scales must be positive and finite")]
    Size,
    /// A capsule that is lower than it is wide.
    #[error("a capsule's height must be at least twice its radius")]
    FlatCapsule,
    /// A round shape with different factors along its axes.
    #[error("balls, capsules and cylinders allow only one scale along all axes")]
    UnevenScale,
    /// Points that span no volume.
    #[error("a hull needs at least four finite points that are not in one plane")]
    FlatHull,
    /// A mesh that cannot be built.
    #[error("a mesh needs at least one triangle, whose corners must exist and be finite")]
    Mesh,
    /// A heightfield that cannot be built.
    #[error("a heightfield needs at least 2 x 2 points and rows * columns finite heights")]
    Heightfield,
}

/// The shape of a collider whose object has the given scale. The scale works along the axes of the
/// shape itself, before the collider's own rotation.
pub fn build(collider: &Collider, scale: [f32; 3]) -> Result<SharedShape, ShapeError> {
    if !scale.iter().all(|factor| positive(*factor)) {
        return Err(ShapeError::Size);
    }
    match &collider.shape {
        ColliderShape::Box { size_m } => {
            let size = geometry::scale(*size_m, scale);
            if !size.iter().all(|edge| positive(*edge)) {
                return Err(ShapeError::Size);
            }
            Ok(SharedShape::cuboid(size[0] * 0.5, size[1] * 0.5, size[2] * 0.5))
        }
        ColliderShape::Ball { radius_m } => {
            let radius = radius_m * even(scale)?;
            if !positive(radius) {
                return Err(ShapeError::Size);
            }
            Ok(SharedShape::ball(radius))
        }
        ColliderShape::Capsule { radius_m, height_m } => {
            let factor = even(scale)?;
            let (radius, height) = (radius_m * factor, height_m * factor);
            if !positive(radius) || !positive(height) {
                return Err(ShapeError::Size);
            }
            let half_segment = height * 0.5 - radius;
            if half_segment < 0.0 {
                return Err(ShapeError::FlatCapsule);
            }
            Ok(SharedShape::capsule_y(half_segment, radius))
        }
        ColliderShape::Cylinder { radius_m, height_m } => {
            let factor = even(scale)?;
            let (radius, height) = (radius_m * factor, height_m * factor);
            if !positive(radius) || !positive(height) {
                return Err(ShapeError::Size);
            }
            Ok(SharedShape::cylinder(height * 0.5, radius))
        }
        ColliderShape::Hull { points_m } => {
            let points = scaled(points_m, scale).ok_or(ShapeError::FlatHull)?;
            if points.len() < 4 {
                return Err(ShapeError::FlatHull);
            }
            SharedShape::convex_hull(&points).ok_or(ShapeError::FlatHull)
        }
        ColliderShape::Mesh { vertices_m, triangles } => mesh(vertices_m, triangles, scale),
        ColliderShape::Heightfield { rows, columns, size_m, heights_m } => {
            heightfield(*rows, *columns, *size_m, heights_m, scale)
        }
    }
}

/// Where a collider is in its object's frame, the object having the given scale.
pub fn local_pose(collider: &Collider, scale: [f32; 3]) -> Pose {
    pose(geometry::scale(collider.offset_m, scale), collider.rotation)
}

/// A rapier pose; the rotation is brought to unit length.
pub fn pose(position_m: [f32; 3], rotation: [f32; 4]) -> Pose {
    let [x, y, z, w] = geometry::normalise(rotation);
    // The JavaScript glue normalises once more, so this does too.
    Pose::from_parts(Vector::from_array(position_m), Rotation::from_xyzw(x, y, z, w).normalize())
}

/// Collision groups for rapier. Only 16 bits are used: of the upper ones the builds disagree.
pub fn groups(groups: Groups) -> InteractionGroups {
    InteractionGroups::new(
        Group::from_bits_retain(u32::from(groups.members)),
        Group::from_bits_retain(u32::from(groups.meets)),
        InteractionTestMode::And,
    )
}

/// A complete collider for the physics world, to be attached to the object's body.
pub fn builder(collider: &Collider, scale: [f32; 3]) -> Result<ColliderBuilder, ShapeError> {
    Ok(ColliderBuilder::new(build(collider, scale)?)
        .position(local_pose(collider, scale))
        .density(collider.density_kgpm3)
        .friction(collider.friction)
        .restitution(collider.restitution)
        .collision_groups(groups(collider.groups)))
}

/// A radius (metres) around the collider's own origin that holds all of its scaled shape.
/// Deliberately a little too large; the browser repeats the same operations.
pub fn bounding_radius_m(collider: &Collider, scale: [f32; 3]) -> f32 {
    let radius = match &collider.shape {
        ColliderShape::Box { size_m } => geometry::length(geometry::scale(*size_m, scale)) * 0.5,
        ColliderShape::Ball { radius_m } => radius_m * scale[0],
        ColliderShape::Capsule { height_m, .. } => height_m * scale[0],
        ColliderShape::Cylinder { radius_m, height_m } => (radius_m + height_m) * scale[0],
        ColliderShape::Hull { points_m } => farthest(points_m, scale),
        ColliderShape::Mesh { vertices_m, .. } => farthest(vertices_m, scale),
        ColliderShape::Heightfield { size_m, heights_m, .. } => {
            let mut highest = 0.0;
            for height in heights_m {
                if height.abs() > highest {
                    highest = height.abs();
                }
            }
            geometry::length(geometry::scale([size_m[0], highest, size_m[1]], scale))
        }
    };
    radius * 1.01 + 0.1
}

fn farthest(points: &[[f32; 3]], scale: [f32; 3]) -> f32 {
    let mut farthest = 0.0;
    for point in points {
        let distance = geometry::length(geometry::scale(*point, scale));
        if distance > farthest {
            farthest = distance;
        }
    }
    farthest
}

fn positive(value: f32) -> bool {
    value > 0.0 && value.is_finite()
}

fn even(scale: [f32; 3]) -> Result<f32, ShapeError> {
    if scale[0] == scale[1] && scale[1] == scale[2] {
        Ok(scale[0])
    } else {
        Err(ShapeError::UnevenScale)
    }
}

fn scaled(points: &[[f32; 3]], scale: [f32; 3]) -> Option<Vec<Vector>> {
    points
        .iter()
        .map(|point| {
            let point = geometry::scale(*point, scale);
            point.iter().all(|part| part.is_finite()).then(|| Vector::from_array(point))
        })
        .collect()
}

fn mesh(
    vertices_m: &[[f32; 3]],
    triangles: &[[u32; 3]],
    scale: [f32; 3],
) -> Result<SharedShape, ShapeError> {
    let vertices = scaled(vertices_m, scale).ok_or(ShapeError::Mesh)?;
    let known = |triangle: &[u32; 3]| triangle.iter().all(|at| (*at as usize) < vertices.len());
    if triangles.is_empty() || !triangles.iter().all(known) {
        return Err(ShapeError::Mesh);
    }
    // Without it, what slides over the mesh catches on edges between triangles.
    let flags = TriMeshFlags::FIX_INTERNAL_EDGES;
    SharedShape::trimesh_with_flags(vertices, triangles.to_vec(), flags)
        .map_err(|_| ShapeError::Mesh)
}

fn heightfield(
    rows: u32,
    columns: u32,
    size_m: [f32; 2],
    heights_m: &[f32],
    scale: [f32; 3],
) -> Result<SharedShape, ShapeError> {
    let count = (rows as usize).checked_mul(columns as usize);
    if rows < 2
        || columns < 2
        || count != Some(heights_m.len())
        || !heights_m.iter().all(|height| height.is_finite())
    {
        return Err(ShapeError::Heightfield);
    }
    let extent = geometry::scale([size_m[0], 1.0, size_m[1]], scale);
    if !extent.iter().all(|edge| positive(*edge)) {
        return Err(ShapeError::Size);
    }
    let heights = Array2::new(rows as usize, columns as usize, heights_m.to_vec());
    let flags = HeightFieldFlags::FIX_INTERNAL_EDGES;
    Ok(SharedShape::heightfield_with_flags(heights, Vector::from_array(extent), flags))
}
