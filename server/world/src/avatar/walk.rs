//! The step of every avatar: one input, one move through the query world, pushes passed on to the
//! loose bodies of the main world.

use bevy_ecs::prelude::*;
use rapier3d::prelude::*;
use vivarium_motion::{
    AvatarState, Hit, Owner,
    consts::{AVATAR_MASS_KG, CAPSULE_HEIGHT_M},
};

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
pub(super) struct FloorHeight {
    pub height_m: f32,
}

/// Moves all avatars, in the order of ids.
pub(super) fn walk(
    clock: Res<Clock>,
    people: Res<People>,
    objects: Res<Objects>,
    mut ground: ResMut<Ground>,
    mut physics: ResMut<Physics>,
    mut avatars: Query<(&Inputs, &mut Avatar)>,
    mut near: Local<Near>,
) {
    near.note(&physics, &objects);
    // What stands still feels neither pushes nor weight.
    let is_paused = physics.is_paused();
    let ground = &mut ground.0;
    ground.begin_tick(clock.tick);
    let capsule = ground.capsule().clone();
    for (_, entity) in people.iter() {
        let Ok((inputs, mut avatar)) = avatars.get_mut(entity) else { continue };
        let proxies = near.find(&physics, &objects, avatar.state.position_m);
        ground.set_proxies(proxies);
        let standing = avatar.state.grounded;
        let step = ground.step(&avatar.state, &inputs.held());
        avatar.state = step.state;
        if !is_paused {
            push(&mut physics, &capsule, step.hits, standing, clock.tick_s);
        }
        if avatar.state.grounded && !proxies.is_empty() && !is_paused {
            let below = ground.cast_down_ray(avatar.state.position_m, WEIGHT_RAY_M);
            bear_weight(&mut physics, &objects, &avatar.state, below, clock.tick_s);
        }
        physics.world.bodies[avatar.capsule]
            .set_next_kinematic_translation(Vector::from_array(avatar.state.position_m));
    }
}

/// Passes on to loose bodies what an avatar could not walk because of them.
fn push(physics: &mut Physics, capsule: &SharedShape, hits: &[Hit], standing: bool, tick_s: f32) {
    let of_loose = |hit: &&Hit| matches!(hit.owner, Owner::Proxy(_));
    if !hits.iter().any(|hit| of_loose(&hit)) {
        return;
    }
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
        &*capsule.0,
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
