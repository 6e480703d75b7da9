//! The surfaces of shapes as triangles, counter-clockwise from outside.

use libm::{ceilf, cosf, sinf, sqrtf};
use rapier3d::{
    math::Vector,
    parry::{
        bounding_volume::Aabb,
        shape::{ConvexPolyhedron, TypedShape},
    },
    prelude::SharedShape,
};

/// A triangle in the shape's own frame, metres.
pub(super) type Triangle = [Vector; 3];

/// Fewest and most edges of a round thing.
const EDGES: (f32, f32) = (8.0, 128.0);
/// How far (metres) the edges of a round thing may be inside it, unless it has the most of them.
const SAG_M: f32 = 0.02;

/// Appends what of a shape may be within `near`, a box in the shape's own frame.
pub(super) fn triangles(shape: &SharedShape, near: &Aabb, into: &mut Vec<Triangle>) {
    match shape.as_typed_shape() {
        TypedShape::Cuboid(cuboid) => boxed(cuboid.half_extents, into),
        TypedShape::Ball(ball) => capped(ball.radius, 0.0, into),
        TypedShape::Capsule(capsule) => capped(capsule.radius, capsule.half_height(), into),
        TypedShape::Cylinder(cylinder) => {
            let (radius, half) = (cylinder.radius, cylinder.half_height);
            turned(&[(0.0, -half), (radius, -half), (radius, half), (0.0, half)], radius, into);
        }
        TypedShape::ConvexPolyhedron(hull) => faces(hull, into),
        TypedShape::TriMesh(mesh) => {
            let mut found: Vec<u32> = mesh.bvh().intersect_aabb(near).collect();
            found.sort_unstable();
            into.extend(found.into_iter().map(|at| {
                let triangle = mesh.triangle(at);
                [triangle.a, triangle.b, triangle.c]
            }));
        }
        TypedShape::HeightField(field) => {
            field.map_elements_in_local_aabb(near, &mut |_, triangle| {
                into.push([triangle.a, triangle.b, triangle.c]);
            });
        }
        // Documents have no others.
        _ => {}
    }
}

/// Whether a shape is full, so that nobody can stand in it.
pub(super) fn is_full(shape: &SharedShape) -> bool {
    shape.is_convex()
}

fn boxed(half: Vector, into: &mut Vec<Triangle>) {
    let corner = |at: usize| {
        let part = |bit: usize, half: f32| if at & bit == 0 { -half } else { half };
        Vector::new(part(1, half.x), part(2, half.y), part(4, half.z))
    };
    const FACES: [[usize; 4]; 6] =
        [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]];
    for [a, b, c, d] in FACES {
        into.push([corner(a), corner(b), corner(c)]);
        into.push([corner(a), corner(c), corner(d)]);
    }
}

/// How many edges a circle has.
fn edges(radius: f32) -> u32 {
    let half_turn = std::f32::consts::PI;
    let wanted = ceilf(half_turn * sqrtf(radius / (2.0 * SAG_M)));
    let even = wanted.clamp(EDGES.0, EDGES.1) as u32;
    even + even % 2
}

/// A ball that is pulled apart along y.
fn capped(radius: f32, half_segment: f32, into: &mut Vec<Triangle>) {
    let steps = edges(radius) / 2;
    let mut profile = Vec::with_capacity(steps as usize + 2);
    for step in 0..=steps {
        let angle = std::f32::consts::PI * step as f32 / steps as f32;
        let height = -radius * cosf(angle);
        let width = if step == 0 || step == steps { 0.0 } else { radius * sinf(angle) };
        let shift = if step * 2 < steps { -half_segment } else { half_segment };
        if step * 2 == steps {
            profile.push((width, height - half_segment));
        }
        profile.push((width, height + shift));
    }
    turned(&profile, radius, into);
}

/// What a line of widths and heights, from below, sweeps when it turns around y.
fn turned(profile: &[(f32, f32)], radius: f32, into: &mut Vec<Triangle>) {
    let count = edges(radius);
    let angle = |step: u32| 2.0 * std::f32::consts::PI * (step % count) as f32 / count as f32;
    for step in 0..count {
        let (from, to) = (angle(step), angle(step + 1));
        let at = |(width, height): (f32, f32), angle: f32| {
            Vector::new(width * cosf(angle), height, width * sinf(angle))
        };
        for pair in profile.windows(2) {
            let (low, high) = (pair[0], pair[1]);
            if high.0 > 0.0 {
                into.push([at(low, from), at(high, from), at(high, to)]);
            }
            if low.0 > 0.0 {
                into.push([at(low, from), at(high, to), at(low, to)]);
            }
        }
    }
}

fn faces(hull: &ConvexPolyhedron, into: &mut Vec<Triangle>) {
    let (points, around) = (hull.points(), hull.vertices_adj_to_face());
    for face in hull.faces() {
        let first = face.first_vertex_or_edge as usize;
        let count = face.num_vertices_or_edges as usize;
        let Some(corners) = around.get(first..first + count) else { continue };
        let corner = |at: usize| points.get(corners[at] as usize).copied();
        for at in 1..count.saturating_sub(1) {
            if let (Some(a), Some(b), Some(c)) = (corner(0), corner(at), corner(at + 1)) {
                // Of a thin hull, the order of corners is surer than that they turn the right way.
                let turns = (b - a).cross(c - a).dot(face.normal) >= 0.0;
                into.push(if turns { [a, b, c] } else { [a, c, b] });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Six times the volume that the triangles enclose: positive if they face outwards.
    fn volume(shape: &SharedShape) -> f32 {
        let all = Aabb::new(Vector::splat(-100.0), Vector::splat(100.0));
        let mut found = Vec::new();
        triangles(shape, &all, &mut found);
        found.iter().map(|[a, b, c]| a.dot(b.cross(*c))).sum::<f32>() / 6.0
    }

    #[test]
    fn shapes_are_closed_and_face_outwards() {
        let pi = std::f32::consts::PI;
        let points: Vec<Vector> = (0..8)
            .map(|at: u8| Vector::new((at & 1).into(), (at >> 1 & 1).into(), (at >> 2).into()))
            .collect();
        let hull = SharedShape::convex_hull(&points).unwrap();
        for (shape, full) in [
            (SharedShape::cuboid(1.0, 2.0, 3.0), 48.0),
            (SharedShape::cylinder(1.5, 1.0), 3.0 * pi),
            (SharedShape::ball(1.0), 4.0 / 3.0 * pi),
            (SharedShape::capsule_y(1.0, 1.0), (4.0 / 3.0 + 2.0) * pi),
            (hull, 1.0),
        ] {
            let share = volume(&shape) / full;
            assert!((0.93..=1.001).contains(&share), "{share} of {full}");
        }
    }
}
