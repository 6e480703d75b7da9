//! Joints that are hinges between a body and the world; there are no others here.

use glam::{DMat4, DVec3};
use serde_json::Value;
use vivarium_scene::document::Hinge;

use super::{ImportError, bodies::root};
use crate::{
    PHYSICS,
    links::List,
    pose::{Pose, decomposed},
    source::Source,
    values::{index, list, number},
};

/// A joint as a node says it.
pub struct Joint {
    /// The two frames that are held in each other.
    pub nodes: [usize; 2],
    /// The axis of both about which they turn, if it is a hinge.
    hinge: Option<usize>,
    limits_deg: Option<[f32; 2]>,
}

/// Reads the `joint` of a node.
pub fn read(source: &Source, node: usize, said: &Value, place: &str) -> Result<Joint, ImportError> {
    let nodes = List::Nodes.of(&source.json).len();
    let missing = |name: &str| ImportError::new(place, format!("`{name}` is missing"));
    let other = index(said, "connectedNode", nodes, place)?;
    let other = other.ok_or_else(|| missing("connectedNode"))?;
    let joints = root(source, "physicsJoints");
    let at = index(said, "joint", joints.len(), place)?.ok_or_else(|| missing("joint"))?;
    let place = format!("{PHYSICS}.physicsJoints[{at}]");
    let mut still = [false; 3];
    let mut fixed = [false; 3];
    let mut turning: Option<(usize, [f32; 2])> = None;
    for limit in list(&joints[at], "limits") {
        let low = number(limit, "min", &place)?;
        let high = number(limit, "max", &place)?;
        let is_none = low.unwrap_or(0.0) == 0.0 && high == Some(0.0);
        let axes = |name| list(limit, name).iter().filter_map(Value::as_u64);
        for axis in axes("linearAxes").filter(|axis| *axis < 3 && is_none) {
            still[axis as usize] = true;
        }
        for axis in axes("angularAxes").filter(|axis| *axis < 3) {
            if is_none {
                fixed[axis as usize] = true;
            } else if let (Some(low), Some(high)) = (low, high) {
                turning = Some((axis as usize, [low, high].map(f32::to_degrees)));
            }
        }
    }
    let free: Vec<usize> = (0..3).filter(|axis| !fixed[*axis]).collect();
    let hinge = match free.as_slice() {
        [axis] if still == [true; 3] => Some(*axis),
        _ => None,
    };
    let within = |[low, high]: [f32; 2]| {
        let [low, high] = [low, high].map(|angle| angle.clamp(-180.0, 180.0));
        (low <= high).then_some([low, high])
    };
    let limits_deg = turning.filter(|(axis, _)| Some(*axis) == hinge);
    let limits_deg = limits_deg.and_then(|(_, limits)| within(limits));
    Ok(Joint { nodes: [node, other], hinge, limits_deg })
}

impl Joint {
    /// As a hinge of a body, whose frame is `matrix`; none: it is no hinge.
    pub fn hinge(&self, body: Pose, matrix: DMat4) -> Option<Hinge> {
        let (frame, _) = decomposed(matrix);
        let frame = frame.seen_from(body);
        let axis = frame.rotation * DVec3::AXES[self.hinge?];
        Some(Hinge {
            anchor_m: frame.position_m(),
            axis: axis.as_vec3().to_array(),
            limits_deg: self.limits_deg,
        })
    }
}
