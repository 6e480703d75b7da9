//! Triangles around points: those of the hull that people bump into, which rapier builds.

use rapier3d::{math::Vector, parry::shape::ConvexPolyhedron};

/// Corners in metres, and triangles of them, counter-clockwise from outside.
pub type Mesh = (Vec<[f32; 3]>, Vec<[u32; 3]>);

/// The hull of points; none for points that span nothing.
pub fn mesh(points_m: &[[f32; 3]]) -> Option<Mesh> {
    // Of fewer it does not even ask.
    if points_m.len() < 4 {
        return None;
    }
    let points: Vec<Vector> = points_m.iter().map(|[x, y, z]| Vector::new(*x, *y, *z)).collect();
    let (corners, triangles) = ConvexPolyhedron::from_convex_hull(&points)?.to_trimesh();
    Some((corners.iter().map(|corner| [corner.x, corner.y, corner.z]).collect(), triangles))
}

#[cfg(test)]
mod tests {
    use glam::DVec3;

    use super::*;

    /// The volume within triangles that face outwards.
    fn volume(points: &[[f32; 3]]) -> f64 {
        let (corners, triangles) = mesh(points).unwrap();
        let corner = |at: u32| DVec3::from_array(corners[at as usize].map(f64::from));
        let part = |[a, b, c]: [u32; 3]| corner(a).dot(corner(b).cross(corner(c))) / 6.0;
        triangles.into_iter().map(part).sum()
    }

    #[test]
    fn a_box_with_points_inside_and_on_its_faces_is_a_box() {
        let mut points = vec![[0.5, 0.5, 0.5], [0.0, 0.5, 0.5], [0.5, 0.5, 1.0], [0.5, 0.0, 0.0]];
        points.extend((0..8u8).map(|at| [0, 1, 2].map(|axis| f32::from(at >> axis & 1))));
        assert!((volume(&points) - 1.0).abs() < 1e-6, "{}", volume(&points));
        points.reverse();
        assert!((volume(&points) - 1.0).abs() < 1e-6, "{}", volume(&points));
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
    }

    #[test]
    fn points_that_span_nothing_have_no_hull_and_flat_ones_have_two_sides() {
        assert_eq!(mesh(&[[0.0; 3]; 9]), None);
        assert_eq!(mesh(&[[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), None);
        let flat = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 1.0]];
        let (_, triangles) = mesh(&flat).unwrap();
        assert_eq!((volume(&flat), triangles.len()), (0.0, 4));
    }
}
