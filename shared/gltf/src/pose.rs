//! Where things are: rigid poses and the matrices of nodes, computed in 64 bits so that a way down
//! many nodes and back loses nothing that 32 bits can say.

use glam::{DMat3, DMat4, DQuat, DVec3};
use serde_json::{Map, Value, json};

use crate::{import::ImportError, values::wide_numbers};

/// How far (metres) a pose that came back may be off before it counts as moved, plus
/// [`MOVED_PART`] of its way from the origin along the nodes above it.
const MOVED_M: f64 = 1e-4;
const MOVED_PART: f64 = 2e-6;
/// How far a number of a unit quaternion, or a factor of a scale, may be off.
const TURNED: f64 = 1e-4;

/// A place and a rotation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    pub place: DVec3,
    pub rotation: DQuat,
}

impl Pose {
    pub const IDENTITY: Self = Self { place: DVec3::ZERO, rotation: DQuat::IDENTITY };

    pub fn of(position_m: [f32; 3], rotation: [f32; 4]) -> Self {
        let rotation = unit(DQuat::from_array(rotation.map(f64::from)));
        Self { place: DVec3::from_array(position_m.map(f64::from)), rotation }
    }

    pub fn matrix(self) -> DMat4 {
        DMat4::from_rotation_translation(self.rotation, self.place)
    }

    /// This pose as it is seen from another.
    pub fn seen_from(self, from: Self) -> Self {
        let back = from.rotation.inverse();
        Self {
            place: back * (self.place - from.place),
            rotation: (back * self.rotation).normalize(),
        }
    }

    /// This pose, seen from `frame`, as the world sees it.
    pub fn within(self, frame: Self) -> Self {
        Self {
            place: frame.place + frame.rotation * self.place,
            rotation: (frame.rotation * self.rotation).normalize(),
        }
    }

    /// Whether somebody has moved it here from there; `reach_m`: how far it is along the nodes
    /// above it, each of which may be turned a little by rounding.
    pub fn differs(self, before: Self, reach_m: f64) -> bool {
        let moved = (self.place - before.place).abs().max_element();
        let turned = |sign: f64| {
            let off = |(a, b): (f64, f64)| (a - sign * b).abs();
            let both = self.rotation.to_array().into_iter().zip(before.rotation.to_array());
            both.map(off).fold(0.0, f64::max)
        };
        moved > MOVED_M + MOVED_PART * reach_m || turned(1.0).min(turned(-1.0)) > TURNED
    }

    pub fn position_m(self) -> [f32; 3] {
        self.place.to_array().map(|value| value as f32)
    }

    pub fn rotation(self) -> [f32; 4] {
        self.rotation.to_array().map(|value| value as f32)
    }

    /// As fields of a node; what is nothing is left out.
    pub fn write(self, node: &mut Map<String, Value>) {
        if self.place != DVec3::ZERO {
            node.insert("translation".into(), json!(self.place.to_array()));
        }
        if self.rotation != DQuat::IDENTITY {
            node.insert("rotation".into(), json!(self.rotation.to_array()));
        }
    }
}

/// Whether somebody has stretched it.
pub fn stretched(scale: DVec3, before: DVec3) -> bool {
    ((scale - before) / before).abs().max_element() > TURNED
}

/// A matrix as a pose and a scale; a mirrored one has a negative scale along x. What leans is set
/// upright.
pub fn decomposed(matrix: DMat4) -> (Pose, DVec3) {
    let (scale, rotation, place) = matrix.to_scale_rotation_translation();
    let rotation = unit(rotation);
    (Pose { place, rotation }, scale)
}

/// Whether no axis of a matrix is (nearly) without length, so that it can be turned back.
pub fn has_volume(matrix: DMat4) -> bool {
    let determinant = DMat3::from_mat4(matrix).determinant().abs();
    determinant.is_finite() && determinant > 1e-12
}

/// The matrix of a node.
pub fn of_node(node: &Value, place: &str) -> Result<DMat4, ImportError> {
    if let Some(matrix) = wide_numbers::<16>(node, "matrix", place)? {
        return Ok(DMat4::from_cols_array(&matrix));
    }
    let translation = wide_numbers(node, "translation", place)?.unwrap_or([0.0; 3]);
    let rotation = wide_numbers(node, "rotation", place)?.unwrap_or([0.0, 0.0, 0.0, 1.0]);
    let scale = wide_numbers(node, "scale", place)?.unwrap_or([1.0; 3]);
    Ok(DMat4::from_scale_rotation_translation(
        DVec3::from_array(scale),
        unit(DQuat::from_array(rotation)),
        DVec3::from_array(translation),
    ))
}

/// What is no rotation turns nothing.
fn unit(rotation: DQuat) -> DQuat {
    let length = rotation.length();
    if length.is_finite() && length > 0.0 { rotation.normalize() } else { DQuat::IDENTITY }
}
