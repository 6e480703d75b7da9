//! Hands: what a companion picks up, carries, puts down and throws.
//!
//! What is held is still a loose body, without weight, that is put in front of its holder in every
//! tick: it pushes what is in its way, but for what never moves, before which it is held back. It can be
//! let go at any time, and is when it is edited.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use rapier3d::prelude::*;
use vivarium_contract::companion::ActionFailure;
use vivarium_motion::{
    QueryWorld,
    consts::{CAPSULE_HEIGHT_M, CAPSULE_RADIUS_M},
};
use vivarium_protocol::ids::{ObjectId, PersonId};

use super::{Companion, body::Legs};
use crate::{
    avatar::{Avatar, Ground},
    edit::Current,
    limits::{CARRIED_KG_MAX, CARRIED_RADIUS_M_MAX},
    object::Objects,
    physics::Physics,
};

/// Gap between a body and what it holds, metres.
const GAP_M: f32 = 0.08;
/// Ticks after which nobody has thrown what flies: 5 s at 30 a second.
const FLUNG_TICKS: u32 = 150;
/// How far above the middle of a body it holds things, metres.
const HOLD_UP_M: f32 = 0.12;

/// What a companion holds.
#[derive(Component, Default)]
pub(crate) struct Hands {
    held: Option<Held>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    object: ObjectId,
    radius_m: f32,
    since: u32,
}

impl Hands {
    /// What it holds.
    pub fn held(&self) -> Option<ObjectId> {
        self.held.map(|held| held.object)
    }

    /// Ticks for which it has held what it holds.
    pub fn has_held_for(&self, tick: u32) -> u32 {
        self.held.map_or(0, |held| tick.saturating_sub(held.since))
    }

    /// Holds nothing any more; the thing itself is not touched.
    pub fn let_go(&mut self) {
        self.held = None;
    }

    /// Takes a thing that is near.
    pub fn take(
        &mut self,
        object: ObjectId,
        tick: u32,
        things: &mut Things<'_>,
    ) -> Result<(), ActionFailure> {
        let radius_m = things.portable(object).ok_or(ActionFailure::NotPortable)?;
        let loose = things.objects.loose(object).ok_or(ActionFailure::Gone)?;
        let body = &mut things.physics.world.bodies[loose.body];
        body.set_gravity_scale(0.0, true);
        self.held = Some(Held { object, radius_m, since: tick });
        Ok(())
    }

    /// Lets go of what it holds, which flies off with this velocity (metres per second).
    pub fn release(&mut self, velocity_mps: [f32; 3], things: &mut Things<'_>) -> Option<ObjectId> {
        let held = self.held.take()?;
        set_free(held.object, things.current, things.physics);
        let loose = things.objects.loose(held.object)?;
        let body = &mut things.physics.world.bodies[loose.body];
        body.set_linvel(Vector::from_array(velocity_mps), true);
        Some(held.object)
    }
}

/// What was thrown a moment ago, and at whose wish.
#[derive(Resource, Default)]
pub(crate) struct Flung(BTreeMap<ObjectId, (PersonId, u32)>);

impl Flung {
    /// Somebody has a thing thrown. What was thrown too long ago is forgotten.
    pub fn note(&mut self, object: ObjectId, person: PersonId, tick: u32) {
        self.0.retain(|_, (_, since)| tick.saturating_sub(*since) <= FLUNG_TICKS);
        self.0.insert(object, (person, tick));
    }

    /// At whose wish a thing flies.
    pub fn by(&self, object: ObjectId, tick: u32) -> Option<PersonId> {
        let (person, since) = self.0.get(&object)?;
        (tick.saturating_sub(*since) <= FLUNG_TICKS).then_some(*person)
    }
}

/// The things of a world, for hands.
pub(crate) struct Things<'a> {
    pub current: &'a Current,
    pub objects: &'a Objects,
    pub physics: &'a mut Physics,
}

impl Things<'_> {
    /// The radius (metres) of a thing that can be picked up.
    pub fn portable(&self, object: ObjectId) -> Option<f32> {
        portable(object, self.current, self.objects, self.physics)
    }
}

/// The radius (metres) of a thing, if it can be picked up: loose, on no hinge, not locked, neither
/// too heavy nor too large, and not at rest by order.
pub(crate) fn portable(
    object: ObjectId,
    current: &Current,
    objects: &Objects,
    physics: &Physics,
) -> Option<f32> {
    let loose = objects.loose(object)?;
    if physics.is_paused() || current.0.object(object).is_none_or(|object| object.locked) {
        return None;
    }
    if physics.parts(object).is_none_or(|parts| parts.is_hinged()) {
        return None;
    }
    let body = &physics.world.bodies[loose.body];
    let colliders = body.colliders().iter().filter_map(|part| physics.world.colliders.get(*part));
    let bounds = colliders.map(Collider::compute_aabb).reduce(|one, more| one.merged(&more))?;
    let radius_m = bounds.half_extents().length();
    // A ball's box reaches out farther than the ball.
    let radius_m = bounds.half_extents().max_element().max(radius_m * 0.7);
    let fits = radius_m <= CARRIED_RADIUS_M_MAX && body.mass() <= CARRIED_KG_MAX;
    fits.then_some(radius_m)
}

/// A thing has its weight again.
pub(super) fn set_free(object: ObjectId, current: &Current, physics: &mut Physics) {
    let Some(handle) = physics.parts(object).and_then(|parts| parts.body) else { return };
    let given = current.0.object(object).map(|object| current.0.resolved(object));
    let scale = given.and_then(|given| given.body).map_or(1.0, |body| body.gravity_scale);
    physics.world.bodies[handle].set_gravity_scale(scale, true);
}

/// Where a companion holds a thing of this radius: in front of it, and no farther than there is room.
fn place(avatar: &Avatar, yaw: u16, radius_m: f32, ground: &QueryWorld) -> Vector {
    let turn = f32::from(yaw) / 65_536.0 * std::f32::consts::TAU;
    let ahead = Vector::new(-libm::sinf(turn), 0.0, -libm::cosf(turn));
    let lift_m = HOLD_UP_M.max(radius_m - CAPSULE_HEIGHT_M / 2.0 + 0.25);
    let chest = Vector::from_array(avatar.state.position_m) + Vector::Y * lift_m;
    let reach_m = CAPSULE_RADIUS_M + GAP_M + radius_m;
    let free_m = ground.cast_ray(chest.to_array(), ahead.to_array(), reach_m + radius_m);
    chest + ahead * (free_m - radius_m).clamp(0.0, reach_m)
}

/// What is held goes along.
pub(super) fn carry(
    objects: Res<Objects>,
    ground: Res<Ground>,
    mut physics: ResMut<Physics>,
    mut bodies: Query<(&Avatar, &Legs, &mut Hands), With<Companion>>,
) {
    // What stands still by order stays where it is, and comes back into the hand afterwards.
    if physics.is_paused() {
        return;
    }
    for (avatar, legs, mut hands) in &mut bodies {
        let Some(held) = hands.held else { continue };
        let Some(loose) = objects.loose(held.object) else {
            hands.let_go();
            continue;
        };
        let place = place(avatar, legs.input.yaw, held.radius_m, &ground.0);
        let body = &mut physics.world.bodies[loose.body];
        body.set_translation(place, true);
        body.set_linvel(Vector::from_array(avatar.state.velocity_mps), true);
        body.set_angvel(Vector::ZERO, true);
    }
}
