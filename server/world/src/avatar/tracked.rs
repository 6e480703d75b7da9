//! Head and hands of people in headsets: checked for reach, then shown to others.

use bevy_ecs::prelude::*;
use vivarium_protocol::{
    intent::{TrackedPose, TrackedPoses},
    limits::TRACKED_REACH_MM_MAX,
    notice::Denial,
    quantise,
    snapshot::{
        fields::tracked::{self, STRIDE},
        schema::Facet,
    },
};

use super::Latest;
use crate::{
    authority::{Denials, Granted},
    history::Member,
};

/// Where (millimetres above the feet) the arms begin: reach is measured from here.
const SPINE_TOP_MM: i32 = 1_300;

/// The last accepted poses, quantised for others.
#[derive(Component, Default)]
pub(crate) struct Tracked {
    poses: [Option<[i32; STRIDE]>; 3],
    denied: bool,
    /// As others see them, while there are any.
    pub member: Option<Member>,
}

impl Tracked {
    /// The poses as fields; nothing when none is tracked.
    pub fn fields(&self) -> Option<[i32; FIELDS]> {
        let mut fields = [0; FIELDS];
        let bits = [tracked::HEAD, tracked::LEFT, tracked::RIGHT];
        let places = fields.chunks_exact_mut(STRIDE);
        let all = self.poses.iter().zip(bits).zip(places).fold(0, |all, ((pose, bit), place)| {
            let Some(pose) = pose else { return all };
            place.copy_from_slice(pose);
            all | bit
        });
        fields[tracked::POSES] = all;
        (all != 0).then_some(fields)
    }
}

const FIELDS: usize = Facet::Tracked.field_count();

/// A pose in the units of the wire's fields, unless it is out of reach or not a rotation.
fn checked(pose: TrackedPose) -> Option<[i32; STRIDE]> {
    let [x, y, z] = pose.position_mm.map(i32::from);
    let squared = |mm: i32| i64::from(mm) * i64::from(mm);
    if squared(x) + squared(y - SPINE_TOP_MM) + squared(z) > squared(TRACKED_REACH_MM_MAX) {
        return None;
    }
    let rotation = pose.rotation.map(f32::from);
    let length = rotation.iter().map(|c| c * c).sum::<f32>().sqrt();
    // Anything near unit length (32767) is a rounded rotation; the rest is nonsense.
    if !(16_000.0..=49_000.0).contains(&length) {
        return None;
    }
    let [largest, a, b, c] = quantise::rotation(rotation.map(|c| c / length));
    Some([x, y, z, largest, a, b, c])
}

/// Takes in the poses of this tick; the last message of a person counts.
pub(super) fn take_tracked(
    latest: Res<Granted<Latest>>,
    mut people: Query<&mut Tracked>,
    mut denials: ResMut<Denials>,
) {
    for latest in latest.iter() {
        let Ok(mut tracked) = people.get_mut(latest.avatar()) else { continue };
        let TrackedPoses { head, left, right } = latest.wish().tracked.unwrap_or_default();
        let wanted = [head, left, right];
        let poses = wanted.map(|pose| pose.and_then(checked));
        let denied = wanted.iter().zip(&poses).any(|(w, p)| w.is_some() && p.is_none());
        // Said once, not thirty times a second.
        if denied && !tracked.denied {
            denials.add(latest.person(), Denial::OutOfReach);
        }
        tracked.denied = denied;
        tracked.poses = poses;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPRIGHT: [i16; 4] = [0, 0, 0, i16::MAX];

    #[test]
    fn a_hand_within_reach_is_shown_and_one_beyond_is_not() {
        let near = TrackedPose { position_mm: [400, 1_100, -500], rotation: UPRIGHT };
        assert_eq!(checked(near), Some([400, 1_100, -500, 3, 0, 0, 0]));
        let far = TrackedPose { position_mm: [i16::MAX, i16::MIN, i16::MAX], rotation: UPRIGHT };
        assert_eq!(checked(far), None);
    }

    #[test]
    fn what_is_not_a_rotation_is_refused() {
        for rotation in [[0; 4], [1, 1, 1, 1], [i16::MIN; 4]] {
            assert_eq!(checked(TrackedPose { position_mm: [0, 1_600, 0], rotation }), None);
        }
    }
}
