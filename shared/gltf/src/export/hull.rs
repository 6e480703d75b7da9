//! Triangles around points, to be looked at: what people bump into is the hull that rapier builds.
//!
//! Incremental: a point outside takes away the faces that it sees, and is joined with their rim
//! (de Berg et al., Computational Geometry, 11.2).

use std::collections::BTreeSet;

use glam::DVec3;

/// How far out of a face, relative to the extent of all points, a point must be to be outside.
const OUTSIDE: f64 = 1e-7;

struct Face {
    corners: [usize; 3],
    normal: DVec3,
    distance: f64,
}

impl Face {
    fn new(points: &[DVec3], corners: [usize; 3]) -> Self {
        let [a, b, c] = corners.map(|corner| points[corner]);
        let normal = (b - a).cross(c - a).normalize_or_zero();
        Self { corners, normal, distance: normal.dot(a) }
    }

    fn height(&self, point: DVec3) -> f64 {
        self.normal.dot(point) - self.distance
    }

    fn edges(&self) -> [(usize, usize); 3] {
        let [a, b, c] = self.corners;
        [(a, b), (b, c), (c, a)]
    }
}

/// Corners of triangles, counter-clockwise from outside; none for points that span nothing.
pub fn triangles(points_m: &[[f32; 3]]) -> Vec<[u32; 3]> {
    let points: Vec<DVec3> =
        points_m.iter().map(|point| DVec3::from_array(point.map(f64::from))).collect();
    let Some((mut faces, extent)) = first(&points) else { return Vec::new() };
    for (at, point) in points.iter().enumerate() {
        let sees = |face: &Face| face.height(*point) > OUTSIDE * extent;
        let edges: BTreeSet<(usize, usize)> =
            faces.iter().filter(|face| sees(face)).flat_map(Face::edges).collect();
        if edges.is_empty() {
            continue;
        }
        faces.retain(|face| !sees(face));
        let rim = edges.iter().filter(|(a, b)| !edges.contains(&(*b, *a)));
        faces.extend(rim.map(|(a, b)| Face::new(&points, [*a, *b, at])));
    }
    let solid = faces.into_iter().filter(|face| face.normal != DVec3::ZERO);
    solid.map(|face| face.corners.map(|corner| corner as u32)).collect()
}

/// The faces of a large tetrahedron, and the extent of all points.
fn first(points: &[DVec3]) -> Option<(Vec<Face>, f64)> {
    let farthest = |from: &dyn Fn(DVec3) -> f64| {
        let distances = points.iter().map(|point| from(*point)).enumerate();
        distances.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(at, _)| at)
    };
    let a = farthest(&|point| -point.x)?;
    let b = farthest(&|point| point.distance(points[a]))?;
    let extent = points[a].distance(points[b]);
    let along = (points[b] - points[a]).try_normalize()?;
    let c = farthest(&|point| (point - points[a]).cross(along).length())?;
    let across = (points[b] - points[a]).cross(points[c] - points[a]).try_normalize()?;
    let d = farthest(&|point| (point - points[a]).dot(across).abs())?;
    let height = (points[d] - points[a]).dot(across);
    if height.abs() <= OUTSIDE * extent {
        return None;
    }
    // Seen from outside, every face runs counter-clockwise.
    let (b, c) = if height > 0.0 { (c, b) } else { (b, c) };
    let corners = [[a, b, c], [a, c, d], [c, b, d], [b, a, d]];
    Some((corners.map(|corners| Face::new(points, corners)).into_iter().collect(), extent))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The volume within triangles that face outwards.
    fn volume(points: &[[f32; 3]]) -> f64 {
        let corner = |at: u32| DVec3::from_array(points[at as usize].map(f64::from));
        let part = |[a, b, c]: [u32; 3]| corner(a).dot(corner(b).cross(corner(c))) / 6.0;
        triangles(points).into_iter().map(part).sum()
    }

    #[test]
    fn a_box_with_points_inside_and_on_its_faces_is_a_box() {
        let mut points = vec![[0.5, 0.5, 0.5], [0.0, 0.5, 0.5], [0.5, 0.5, 1.0], [0.5, 0.0, 0.0]];
        points.extend((0..8u8).map(|at| [0, 1, 2].map(|axis| f32::from(at >> axis & 1))));
        assert!((volume(&points) - 1.0).abs() < 1e-9, "{}", volume(&points));
        points.reverse();
        assert!((volume(&points) - 1.0).abs() < 1e-9, "{}", volume(&points));
    }

    #[test]
    fn many_points_of_a_ball_are_nearly_a_ball() {
        let golden = std::f64::consts::PI * (3.0 - 5.0f64.sqrt());
        let points: Vec<[f32; 3]> = (0..1024)
            .map(|at| {
                let y = 1.0 - 2.0 * (f64::from(at) + 0.5) / 1024.0;
                let (sin, cos) = (golden * f64::from(at)).sin_cos();
                let around = (1.0 - y * y).sqrt();
                [around * cos, y, around * sin].map(|part| part as f32)
            })
            .collect();
        let ball = 4.0 / 3.0 * std::f64::consts::PI;
        assert!((volume(&points) / ball - 1.0).abs() < 0.02, "{}", volume(&points));
        assert_eq!(triangles(&points).len(), 2 * 1024 - 4, "every point is a corner (Euler)");
    }

    #[test]
    fn flat_points_have_no_hull() {
        assert_eq!(triangles(&[[0.0; 3]; 9]), Vec::<[u32; 3]>::new());
        let flat = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 1.0]];
        assert_eq!(triangles(&flat), Vec::<[u32; 3]>::new());
    }
}
