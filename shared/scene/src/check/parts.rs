//! What is drawn and what is bumped into.

use super::{
    fault::{At, Checked},
    values::{all, asset, coordinate, count, each, position, rotation, size, sizes, text, within},
};
use crate::{
    document::{Collider, ColliderShape, Visual, VisualShape},
    limits::{
        DENSITY_KGPM3_MAX, FRICTION_MAX, HEIGHTFIELD_POINTS_MAX, HULL_POINTS_MAX,
        HULL_THICKNESS_M_MIN, MESH_TRIANGLES_MAX, MESH_VERTICES_MAX,
    },
};

pub(super) fn visual(at: At<'_>, visual: &Visual) -> Checked {
    let here = at.field("shape");
    match &visual.shape {
        VisualShape::Box { size_m } => sizes(here.field("box").field("size_m"), size_m)?,
        VisualShape::Ball { radius_m } => size(here.field("ball").field("radius_m"), *radius_m)?,
        VisualShape::Cylinder { radius_m, height_m } => {
            round(here.field("cylinder"), *radius_m, *height_m)?;
        }
        VisualShape::Capsule { radius_m, height_m } => {
            capsule(here.field("capsule"), *radius_m, *height_m)?;
        }
        VisualShape::Cone { radius_m, height_m } => {
            round(here.field("cone"), *radius_m, *height_m)?;
        }
        VisualShape::Model { path } => asset(here.field("model").field("path"), path, &[".glb"])?,
        VisualShape::Collider {} => {}
        VisualShape::Water { size_m } => sizes(here.field("water").field("size_m"), size_m)?,
        VisualShape::Text { text: words, height_m } => {
            let here = here.field("text");
            text(here.field("text"), words, 1)?;
            size(here.field("height_m"), *height_m)?;
        }
    }
    position(at.field("offset_m"), &visual.offset_m)?;
    rotation(at.field("rotation"), &visual.rotation)
}

pub(super) fn collider(at: At<'_>, collider: &Collider) -> Checked {
    shape(at.field("shape"), &collider.shape)?;
    position(at.field("offset_m"), &collider.offset_m)?;
    rotation(at.field("rotation"), &collider.rotation)?;
    within(at.field("friction"), collider.friction, 0.0, FRICTION_MAX)?;
    within(at.field("restitution"), collider.restitution, 0.0, 1.0)?;
    within(at.field("density_kgpm3"), collider.density_kgpm3, 0.001, DENSITY_KGPM3_MAX)
}

fn shape(at: At<'_>, shape: &ColliderShape) -> Checked {
    match shape {
        ColliderShape::Box { size_m } => sizes(at.field("box").field("size_m"), size_m),
        ColliderShape::Ball { radius_m } => size(at.field("ball").field("radius_m"), *radius_m),
        ColliderShape::Capsule { radius_m, height_m } => {
            capsule(at.field("capsule"), *radius_m, *height_m)
        }
        ColliderShape::Cylinder { radius_m, height_m } => {
            round(at.field("cylinder"), *radius_m, *height_m)
        }
        ColliderShape::Hull { points_m } => hull(at.field("hull").field("points_m"), points_m),
        ColliderShape::Mesh { vertices_m, triangles } => {
            mesh(at.field("mesh"), vertices_m, triangles)
        }
        ColliderShape::Heightfield { rows, columns, size_m, heights_m } => {
            let at = at.field("heightfield");
            for (name, points) in [("rows", *rows), ("columns", *columns)] {
                at.field(name).require(
                    (2..=HEIGHTFIELD_POINTS_MAX).contains(&points),
                    format_args!(
                        "{points} is not allowed: it must be from 2 to {HEIGHTFIELD_POINTS_MAX}"
                    ),
                )?;
            }
            sizes(at.field("size_m"), size_m)?;
            let heights = at.field("heights_m");
            let wanted = u64::from(*rows) * u64::from(*columns);
            heights.require(
                heights_m.len() as u64 == wanted,
                format_args!(
                    "{} heights are not allowed: {rows} rows by {columns} columns need {wanted}",
                    heights_m.len()
                ),
            )?;
            each(heights, heights_m, coordinate)
        }
    }
}

fn round(at: At<'_>, radius_m: f32, height_m: f32) -> Checked {
    size(at.field("radius_m"), radius_m)?;
    size(at.field("height_m"), height_m)
}

fn capsule(at: At<'_>, radius_m: f32, height_m: f32) -> Checked {
    round(at, radius_m, height_m)?;
    at.field("height_m").require(
        height_m >= 2.0 * radius_m,
        format_args!(
            "{height_m} is not allowed: a capsule is at least as high as both its caps, {}",
            2.0 * radius_m
        ),
    )
}

fn mesh(at: At<'_>, vertices_m: &[[f32; 3]], triangles: &[[u32; 3]]) -> Checked {
    count(at.field("vertices_m"), vertices_m.len(), 3, MESH_VERTICES_MAX)?;
    all(at.field("vertices_m"), vertices_m, position)?;
    count(at.field("triangles"), triangles.len(), 1, MESH_TRIANGLES_MAX)?;
    all(at.field("triangles"), triangles, |at, triangle| {
        triangle.iter().enumerate().try_for_each(|(index, corner)| {
            at.entry(index).require(
                (*corner as usize) < vertices_m.len(),
                format_args!("there is no vertex {corner}: there are {}", vertices_m.len()),
            )
        })?;
        let [a, b, c] = triangle;
        at.require(a != b && b != c && c != a, "a triangle needs three different corners")
    })
}

fn hull(at: At<'_>, points_m: &[[f32; 3]]) -> Checked {
    count(at, points_m.len(), 4, HULL_POINTS_MAX)?;
    all(at, points_m, position)?;
    at.require(
        thickness_m(points_m) >= f64::from(HULL_THICKNESS_M_MIN),
        format_args!(
            "the points of a hull must not lie within {HULL_THICKNESS_M_MIN} m of a plane"
        ),
    )
}

/// How far some point is from the plane of three far-apart ones: from a corner, the point farthest
/// from it, the one farthest from their line, and the one farthest from their plane.
fn thickness_m(points_m: &[[f32; 3]]) -> f64 {
    let points: Vec<[f64; 3]> = points_m.iter().map(|point| point.map(f64::from)).collect();
    let origin = points[0];
    let farthest = |measure: &dyn Fn([f64; 3]) -> f64| {
        points
            .iter()
            .map(|point| (measure(minus(*point, origin)), *point))
            .fold((0.0, origin), |best, next| if next.0 > best.0 { next } else { best })
    };
    let (reach, tip) = farthest(&norm);
    if reach == 0.0 {
        return 0.0;
    }
    let along = minus(tip, origin).map(|part| part / reach);
    let (width, side) = farthest(&|point| norm(cross(along, point)));
    if width == 0.0 {
        return 0.0;
    }
    let normal = cross(along, minus(side, origin));
    farthest(&|point| dot(normal, point).abs() / norm(normal)).0
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn norm(a: [f64; 3]) -> f64 {
    dot(a, a).sqrt()
}
