//! The step of every avatar: one input, one move through the query world, pushes passed on to the
//! loose bodies of the main world.

use bevy_ecs::{prelude::*, system::SystemParam};
use rapier3d::{parry::shape::Capsule, prelude::*};
use vivarium_motion::{
    AvatarState, Hit, Owner,
    consts::{AVATAR_MASS_KG, CAPSULE_HALF_SEGMENT_M, CAPSULE_HEIGHT_M, CAPSULE_RADIUS_M},
};
use vivarium_protocol::{ids::ObjectId, intent::Input};

use super::{Avatar, Ground, Inputs, coming::Spawns, near::Near};
use crate::{
    authority::People,
    object::Objects,
    physics::Physics,
    tick::{Chance, Clock},
};

/// How far (metres) below an avatar's centre a body may be that carries its weight: a little below
/// the feet.
const WEIGHT_RAY_M: f32 = CAPSULE_HEIGHT_M / 2.0 + 0.15;

/// Below this, nobody stays.
#[derive(Resource)]
pub(crate) struct FloorHeight {
    pub height_m: f32,
}

/// What moves bodies of an avatar's size: those of people, then those of companions.
#[derive(SystemParam)]
pub(crate) struct Walking<'w> {
    clock: Res<'w, Clock>,
    objects: Res<'w, Objects>,
    ground: ResMut<'w, Ground>,
    physics: ResMut<'w, Physics>,
    near: ResMut<'w, Near>,
}

impl Walking<'_> {
    /// What is loose, and where.
    pub fn things(&self) -> (&Objects, &Physics) {
        (&self.objects, &self.physics)
    }

    /// Whether a body stands on a platform.
    pub fn rides(&self, avatar: &Avatar) -> bool {
        let state = &avatar.state;
        state.grounded
            && self.physics.has_movers()
            && self
                .ground
                .0
                .cast_down_ray(state.position_m, WEIGHT_RAY_M)
                .is_some_and(|(owner, _)| matches!(owner, Owner::Mover(_)))
    }

    /// Notes where everything is in this tick.
    fn begin(&mut self) {
        self.near.note(&self.physics, &self.objects);
        self.ground.0.begin_tick(self.clock.tick);
    }

    /// One step of one body. What it holds is not in its way.
    pub fn step(&mut self, avatar: &mut Avatar, input: &Input, held: Option<ObjectId>) {
        // What stands still feels neither pushes nor weight.
        let is_paused = self.physics.is_paused();
        let tick_s = self.clock.tick_s;
        let ground = &mut self.ground.0;
        let proxies = self.near.find(&self.physics, &self.objects, avatar.state.position_m, held);
        ground.set_proxies(proxies);
        let standing = avatar.state.grounded;
        let step = ground.step(&avatar.state, input);
        avatar.state = step.state;
        if !is_paused && step.hits.iter().any(|hit| matches!(hit.owner, Owner::Proxy(_))) {
            push(&mut self.physics, step.hits, standing, tick_s);
        }
        if avatar.state.grounded && !proxies.is_empty() && !is_paused {
            let below = ground.cast_down_ray(avatar.state.position_m, WEIGHT_RAY_M);
            bear_weight(&mut self.physics, &self.objects, &avatar.state, below, tick_s);
        }
        self.physics.world.bodies[avatar.capsule]
            .set_next_kinematic_translation(Vector::from_array(avatar.state.position_m));
    }
}

/// Moves the avatars of all people, in the order of ids.
pub(crate) fn walk(
    people: Res<People>,
    mut walking: Walking,
    mut avatars: Query<(&Inputs, &mut Avatar)>,
) {
    walking.begin();
    for (_, entity) in people.iter() {
        let Ok((inputs, mut avatar)) = avatars.get_mut(entity) else { continue };
        walking.step(&mut avatar, &inputs.held(), None);
    }
}

/// Passes on to loose bodies what an avatar could not walk because of them.
fn push(physics: &mut Physics, hits: &[Hit], standing: bool, tick_s: f32) {
    let of_loose = |hit: &&Hit| matches!(hit.owner, Owner::Proxy(_));
    let capsule = Capsule::new_y(CAPSULE_HALF_SEGMENT_M, CAPSULE_RADIUS_M);
    let world = &mut physics.world;
    let mut queries = world.broad_phase.as_query_pipeline_mut(
        world.narrow_phase.query_dispatcher(),
        &mut world.bodies,
        &mut world.colliders,
        QueryFilter::only_dynamic().exclude_sensors(),
    );
    vivarium_motion::controller(standing).solve_character_collision_impulses(
        tick_s,
        &mut queries,
        &capsule,
        AVATAR_MASS_KG,
        hits.iter().filter(of_loose).map(|hit| &hit.collision),
    );
}

/// Lets the body that an avatar stands on feel its weight: the controller holds standing avatars
/// without pressing down, so a seesaw would not know of them. Nothing below something else is
/// pressed on.
fn bear_weight(
    physics: &mut Physics,
    objects: &Objects,
    state: &AvatarState,
    below: Option<(Owner, f32)>,
    tick_s: f32,
) {
    let Some((Owner::Proxy(object), distance_m)) = below else { return };
    let Some(loose) = objects.loose(object) else { return };
    let weight_n = physics.world.gravity * AVATAR_MASS_KG;
    let point = Vector::from_array(state.position_m) + Vector::NEG_Y * distance_m;
    physics.world.bodies[loose.body].apply_impulse_at_point(weight_n * tick_s, point, true);
}

/// Brings those who fell out of the world back to where people appear.
pub(super) fn bring_back_fallen(
    floor: Res<FloorHeight>,
    people: Res<People>,
    spawns: Res<Spawns>,
    mut chance: ResMut<Chance>,
    mut physics: ResMut<Physics>,
    mut avatars: Query<(&mut Avatar, &mut Inputs)>,
) {
    for (_, entity) in people.iter() {
        let Ok((mut avatar, mut inputs)) = avatars.get_mut(entity) else { continue };
        let position = Vector::from_array(avatar.state.position_m);
        // Written so that a position that is not a number counts as fallen, too.
        if position.is_finite() && position.y >= floor.height_m {
            continue;
        }
        let (position_m, yaw) = spawns.choose(None, &mut chance);
        avatar.state = AvatarState::at(position_m);
        avatar.teleports = avatar.teleports.wrapping_add(1);
        inputs.face(yaw);
        physics.world.bodies[avatar.capsule]
            .set_position(Pose::from_translation(Vector::from_array(position_m)), true);
    }
}
