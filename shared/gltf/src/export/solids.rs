//! Triangles of primitive solids, for programs that do not know them by name.

use std::f64::consts::{FRAC_PI_2, TAU};

use glam::Vec3;

/// Corners around whatever is round.
const SEGMENTS: usize = 32;

/// A mesh in metres; without indices: points alone.
#[derive(Debug, Default)]
pub struct Solid {
    pub positions: Vec<[f32; 3]>,
    pub normals: Vec<[f32; 3]>,
    pub indices: Vec<u32>,
}

/// A box around the origin.
pub fn cuboid(size_m: [f32; 3]) -> Solid {
    let mut solid = Solid::default();
    for axis in 0..3 {
        let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
        for side in [-1.0, 1.0] {
            let first = solid.positions.len() as u32;
            for (along_u, along_v) in [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
                let mut point = [0.0; 3];
                point[axis] = 0.5 * side * size_m[axis];
                // Seen from outside the corners run counter-clockwise on both sides.
                point[u] = 0.5 * side * along_u * size_m[u];
                point[v] = 0.5 * along_v * size_m[v];
                let mut normal = [0.0; 3];
                normal[axis] = side;
                solid.positions.push(point);
                solid.normals.push(normal);
            }
            solid.indices.extend([0, 1, 2, 0, 2, 3].map(|corner| first + corner));
        }
    }
    solid
}

/// A ball around the origin.
pub fn ball(radius_m: f32) -> Solid {
    turned(&arc(0.0, f64::from(radius_m), -FRAC_PI_2, FRAC_PI_2))
}

/// A capsule along y; `height_m` is the whole height.
pub fn capsule(radius_m: f32, height_m: f32) -> Solid {
    let radius = f64::from(radius_m);
    let straight = (f64::from(height_m) * 0.5 - radius).max(0.0);
    let mut outline = arc(-straight, radius, -FRAC_PI_2, 0.0);
    outline.extend(arc(straight, radius, 0.0, FRAC_PI_2));
    turned(&outline)
}

/// A cylinder along y.
pub fn cylinder(radius_m: f32, height_m: f32) -> Solid {
    let (radius, half) = (f64::from(radius_m), f64::from(height_m) * 0.5);
    let point = |radius, y, nr, ny| Point { radius, y, nr, ny };
    turned(&[
        point(0.0, -half, 0.0, -1.0),
        point(radius, -half, 0.0, -1.0),
        point(radius, -half, 1.0, 0.0),
        point(radius, half, 1.0, 0.0),
        point(radius, half, 0.0, 1.0),
        point(0.0, half, 0.0, 1.0),
    ])
}

/// A cone along y, its tip up.
pub fn cone(radius_m: f32, height_m: f32) -> Solid {
    let (radius, height) = (f64::from(radius_m), f64::from(height_m));
    let slant = radius.hypot(height);
    let (nr, ny) = (height / slant, radius / slant);
    let half = height * 0.5;
    let point = |radius, y, nr, ny| Point { radius, y, nr, ny };
    turned(&[
        point(0.0, -half, 0.0, -1.0),
        point(radius, -half, 0.0, -1.0),
        point(radius, -half, nr, ny),
        point(0.0, half, nr, ny),
    ])
}

/// A level rectangle, facing up.
pub fn plane([x, z]: [f32; 2]) -> Solid {
    let (x, z) = (x * 0.5, z * 0.5);
    Solid {
        positions: vec![[-x, 0.0, z], [x, 0.0, z], [x, 0.0, -z], [-x, 0.0, -z]],
        normals: vec![[0.0, 1.0, 0.0]; 4],
        indices: vec![0, 1, 2, 0, 2, 3],
    }
}

/// Terrain, with the diagonals that it collides with (parry's `HeightField::triangles_at`).
pub fn terrain(rows: u32, columns: u32, size_m: [f32; 2], heights_m: &[f32]) -> Solid {
    let mut solid = Solid::default();
    let part = |index: u32, count: u32| index as f32 / (count - 1) as f32 - 0.5;
    for column in 0..columns {
        for row in 0..rows {
            let height = heights_m[(column * rows + row) as usize];
            solid.positions.push([
                part(column, columns) * size_m[0],
                height,
                part(row, rows) * size_m[1],
            ]);
        }
    }
    let at = |row: u32, column: u32| column * rows + row;
    for column in 0..columns - 1 {
        for row in 0..rows - 1 {
            let (a, b) = (at(row, column), at(row + 1, column));
            let (c, d) = (at(row, column + 1), at(row + 1, column + 1));
            solid.indices.extend([a, b, c, b, d, c]);
        }
    }
    solid.normals = smooth(&solid.positions, &solid.indices);
    solid
}

/// Triangles as they are given, each with a face of its own.
pub fn faceted(vertices_m: &[[f32; 3]], triangles: &[[u32; 3]]) -> Solid {
    let mut solid = Solid::default();
    for corners in triangles {
        let points = corners.map(|corner| vertices_m[corner as usize]);
        let [a, b, c] = points.map(Vec3::from_array);
        let normal = unit((b - a).cross(c - a));
        let first = solid.positions.len() as u32;
        solid.positions.extend(points);
        solid.normals.extend([normal; 3]);
        solid.indices.extend([first, first + 1, first + 2]);
    }
    solid
}

/// Triangles or points to bump into, which nobody sees.
pub fn bare(vertices_m: &[[f32; 3]], triangles: &[[u32; 3]]) -> Solid {
    Solid {
        positions: vertices_m.to_vec(),
        normals: Vec::new(),
        indices: triangles.iter().flatten().copied().collect(),
    }
}

fn smooth(positions: &[[f32; 3]], indices: &[u32]) -> Vec<[f32; 3]> {
    let mut sums = vec![Vec3::ZERO; positions.len()];
    for corners in indices.chunks_exact(3) {
        let corners = [corners[0], corners[1], corners[2]].map(|corner| corner as usize);
        let [a, b, c] = corners.map(|corner| Vec3::from_array(positions[corner]));
        let normal = (b - a).cross(c - a);
        corners.into_iter().for_each(|corner| sums[corner] += normal);
    }
    sums.into_iter().map(unit).collect()
}

fn unit(vector: Vec3) -> [f32; 3] {
    vector.as_dvec3().try_normalize().unwrap_or(glam::DVec3::Y).as_vec3().to_array()
}

/// A point of an outline that is turned about y, from the bottom to the top.
struct Point {
    radius: f64,
    y: f64,
    nr: f64,
    ny: f64,
}

fn arc(y: f64, radius: f64, from: f64, to: f64) -> Vec<Point> {
    let steps = (((to - from) / TAU * SEGMENTS as f64).round() as usize).max(1);
    let point = |step: usize| {
        let angle = from + (to - from) * step as f64 / steps as f64;
        let (ny, nr) = angle.sin_cos();
        let nr = nr.max(0.0);
        // The poles lie on the axis, to the last bit.
        let nr = if nr < 1e-9 { 0.0 } else { nr };
        Point { radius: radius * nr, y: y + radius * ny, nr, ny }
    };
    (0..=steps).map(point).collect()
}

fn turned(outline: &[Point]) -> Solid {
    let mut solid = Solid::default();
    for point in outline {
        for segment in 0..=SEGMENTS {
            let (sin, cos) = (TAU * segment as f64 / SEGMENTS as f64).sin_cos();
            let around =
                |radius: f64, y: f64| [(radius * sin) as f32, y as f32, (radius * cos) as f32];
            solid.positions.push(around(point.radius, point.y));
            solid.normals.push(around(point.nr, point.ny));
        }
    }
    let width = SEGMENTS as u32 + 1;
    for (row, pair) in outline.windows(2).enumerate() {
        for segment in 0..SEGMENTS as u32 {
            let a = row as u32 * width + segment;
            if pair[0].radius > 0.0 {
                solid.indices.extend([a, a + 1, a + width]);
            }
            if pair[1].radius > 0.0 {
                solid.indices.extend([a + 1, a + width + 1, a + width]);
            }
        }
    }
    solid
}
