//! What bodies feel: a blow of something that flew at them.
//!
//! Before physics it is noted what flies at whom; after it, whether it was stopped there. So what a
//! companion walks into, or holds, is no blow.

use bevy_ecs::prelude::*;
use rapier3d::{
    parry::partitioning::{Bvh, BvhBuildStrategy},
    prelude::*,
};
use vivarium_contract::companion::{Appraisal, Being, Emotion, Event};
use vivarium_motion::consts::{CAPSULE_HALF_SEGMENT_M, CAPSULE_RADIUS_M};
use vivarium_protocol::ids::ObjectId;

use super::{
    Companion, Companions, body::Legs, deeds::Deeds, hands::Flung, mood::Feelings, perceive,
    surroundings::Surroundings,
};
use crate::{
    authority::People, avatar::Avatar, edit::Current, object::Objects, physics::Physics,
    tick::Clock,
};

/// What flies slower than this (metres per second) is no blow.
const BLOW_MPS: f32 = 2.5;
/// What has lost less than this part of its speed has missed.
const STOPPED: f32 = 0.25;
/// Ticks between two blows that count.
const BLOW_TICKS_MIN: u32 = 12;
/// Mass (kilograms) that a blow has to move.
const BODY_KG: f32 = 60.0;
/// How fast (metres per second) a blow makes a body stagger at most.
const STAGGER_MPS_MAX: f32 = 3.0;

/// What flies at whom in this tick.
#[derive(Resource, Default)]
pub(super) struct Threats {
    coming: Vec<Threat>,
}

struct Threat {
    companion: ObjectId,
    thing: ObjectId,
    body: RigidBodyHandle,
    velocity: Vector,
}

/// Notes what flies at whom.
pub(super) fn brace(
    clock: Res<Clock>,
    objects: Res<Objects>,
    physics: Res<Physics>,
    surroundings: Res<Surroundings>,
    mut threats: ResMut<Threats>,
) {
    threats.coming.clear();
    if surroundings.companions.is_empty() || physics.is_paused() {
        return;
    }
    let mut bodies = None;
    for (handle, body) in physics.world.active_bodies() {
        let velocity = body.linvel();
        let speed = velocity.length();
        if !body.is_dynamic() || speed < BLOW_MPS {
            continue;
        }
        let Some(loose) = objects.of_body(handle) else { continue };
        if surroundings.held.contains(&loose.object) {
            continue;
        }
        let at = body.translation();
        let colliders =
            body.colliders().iter().filter_map(|part| physics.world.colliders.get(*part));
        let Some(bounds) =
            colliders.map(Collider::compute_aabb).reduce(|one, more| one.merged(&more))
        else {
            continue;
        };
        let reach_m =
            bounds.half_extents().max_element() + CAPSULE_RADIUS_M + speed * clock.tick_s + 0.05;
        let bodies = bodies.get_or_insert_with(|| Bodies::of(&surroundings.companions));
        for index in bodies.near(at, reach_m) {
            let (companion, middle_m) = surroundings.companions[index as usize];
            if flies_at(middle_m, at, velocity, reach_m) {
                let thing = loose.object;
                threats.coming.push(Threat { companion, thing, body: handle, velocity });
            }
        }
    }
}

/// Whether what is at a place, and may reach so far (metres), flies at somebody.
fn flies_at(middle_m: [f32; 3], at: Vector, velocity: Vector, reach_m: f32) -> bool {
    let mut nearest = Vector::from_array(middle_m);
    let rise_m = at.y - nearest.y;
    nearest.y += rise_m.clamp(-CAPSULE_HALF_SEGMENT_M, CAPSULE_HALF_SEGMENT_M);
    let towards = nearest - at;
    towards.length() <= reach_m && towards.dot(velocity) > 0.0
}

/// Companions by where they are, for a tick in which something flies.
struct Bodies(Bvh);

impl Bodies {
    fn of(companions: &[(ObjectId, [f32; 3])]) -> Self {
        let half = Vector::new(0.0, CAPSULE_HALF_SEGMENT_M, 0.0);
        let middles = companions.iter().map(|(_, middle_m)| Vector::from_array(*middle_m));
        let bounds = middles.map(|middle| Aabb::from_half_extents(middle, half));
        Self(Bvh::from_iter(BvhBuildStrategy::Binned, bounds.enumerate()))
    }

    /// Indices of those who may be within a distance (metres) of a place, in order.
    fn near(&self, at: Vector, reach_m: f32) -> Vec<u32> {
        // A little more, so that nobody at the very edge is left out.
        let reach = Aabb::from_half_extents(at, Vector::splat(reach_m + 0.01));
        let mut found: Vec<u32> = self.0.intersect_aabb(&reach).collect();
        found.sort_unstable();
        found
    }
}

/// What was stopped has hit.
pub(super) fn feel(
    clock: Res<Clock>,
    threats: Res<Threats>,
    physics: Res<Physics>,
    (current, flung, people): (Res<Current>, Res<Flung>, Res<People>),
    companions: Res<Companions>,
    mut bodies: Query<(&mut Companion, &mut Avatar, &mut Legs, &mut Deeds, &mut Feelings)>,
    mut felt: Local<std::collections::BTreeMap<ObjectId, u32>>,
) {
    felt.retain(|_, tick| clock.tick.saturating_sub(*tick) < BLOW_TICKS_MIN);
    for threat in &threats.coming {
        if felt.contains_key(&threat.companion) {
            continue;
        }
        let Some(body) = physics.world.bodies.get(threat.body) else { continue };
        let fallen = physics.world.gravity * clock.tick_s;
        let lost = threat.velocity + fallen - body.linvel();
        let speed_mps = lost.dot(threat.velocity.normalize_or_zero());
        if speed_mps < threat.velocity.length() * STOPPED {
            continue;
        }
        let Some(entity) = companions.get(threat.companion) else { continue };
        let Ok((mut companion, mut avatar, mut legs, mut deeds, mut feelings)) =
            bodies.get_mut(entity)
        else {
            continue;
        };
        felt.insert(threat.companion, clock.tick);
        let push = lost * (body.mass() / BODY_KG);
        let push = push.clamp_length_max(STAGGER_MPS_MAX);
        for (axis, part) in [(0, push.x), (2, push.z)] {
            avatar.state.velocity_mps[axis] += part;
        }
        legs.disturb();
        legs.sits = false;
        let by = perceive::name_of(&current, threat.thing);
        let thrown_by = flung.by(threat.thing, clock.tick);
        deeds.note(clock.tick, Event::Hit { by, speed_mps, thrown_by });
        if let Some(person) = thrown_by.filter(|person| people.get(*person).is_some()) {
            companion.resent(person);
            legs.gaze = Some(Being::Person(person));
        }
        let how_bad = (speed_mps * 6.0).clamp(12.0, 60.0) as i8;
        let surprised = (speed_mps < BLOW_MPS * 1.6).then_some(Emotion::Surprise);
        let blow = Appraisal { valence: -how_bad, arousal: how_bad, emotion: surprised };
        feelings.feel(&blow, &companion.traits);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place() -> impl Strategy<Value = [f32; 3]> {
        [-9.0..9.0_f32, -3.0..3.0_f32, -9.0..9.0_f32]
    }

    proptest! {
        #[test]
        fn whoever_is_flown_at_is_among_those_who_are_near(
            places in prop::collection::vec(place(), 0..60),
            at in place(),
            velocity in place(),
            reach_m in 0.1..4.0_f32,
        ) {
            let [at, velocity] = [at, velocity].map(Vector::from_array);
            let companions: Vec<(ObjectId, [f32; 3])> =
                (1..).map(ObjectId).zip(places).collect();
            let is_flown_at =
                |index: &u32| flies_at(companions[*index as usize].1, at, velocity, reach_m);
            let near = Bodies::of(&companions).near(at, reach_m);
            let found: Vec<u32> = near.iter().copied().filter(is_flown_at).collect();
            let all: Vec<u32> = (0..companions.len() as u32).filter(is_flown_at).collect();
            prop_assert_eq!(found, all);
            let far = |middle_m: [f32; 3]| {
                (Vector::from_array(middle_m) - at).length() > 2.0 * reach_m + 2.0
            };
            prop_assert!(!near.iter().any(|index| far(companions[*index as usize].1)));
        }
    }
}
