//! The step of every avatar: one input, one move through the query world, pushes passed on to the
//! loose bodies of the main world.

use bevy_ecs::prelude::*;
use rapier3d::prelude::*;
use vivarium_motion::{
    AvatarState, Hit, Owner, Proxy,
    consts::{AVATAR_MASS_KG, CAPSULE_HEIGHT_M, PROXY_SLOTS},
};
use vivarium_scene::document::AVATAR_GROUP;

use super::{Avatar, Ground, Inputs, coming::Spawns};
use crate::{
    authority::People,
    limits::BODY_REACH_M,
    object::Objects,
    physics::Physics,
    tick::{Chance, Clock},
};

/// How far (metres) below the feet a body may be that carries the avatar's weight.
const WEIGHT_REACH_M: f32 = 0.15;

/// Below this, nobody stays.
#[derive(Resource)]
pub(super) struct FloorHeight {
    pub height_m: f32,
}

/// Reused between ticks.
#[derive(Default)]
pub(super) struct Near {
    found: Vec<(f32, Proxy)>,
    proxies: Vec<Proxy>,
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
    let ground = &mut ground.0;
    ground.begin_tick(clock.tick);
    let capsule = ground.capsule().clone();
    for (_, entity) in people.iter() {
        let Ok((inputs, mut avatar)) = avatars.get_mut(entity) else { continue };
        near.find(&physics, &objects, avatar.state.position_m);
        ground.set_proxies(&near.proxies);
        let standing = avatar.state.grounded;
        let step = ground.step(&avatar.state, &inputs.held());
        avatar.state = step.state;
        push(&mut physics, &capsule, step.hits, standing, clock.tick_s);
        if avatar.state.grounded {
            bear_weight(&mut physics, &avatar.state, clock.tick_s);
        }
        physics.world.bodies[avatar.capsule]
            .set_next_kinematic_translation(Vector::from_array(avatar.state.position_m));
    }
}

impl Near {
    /// The loose bodies that an avatar may bump into in this tick, nearest first.
    fn find(&mut self, physics: &Physics, objects: &Objects, position_m: [f32; 3]) {
        self.found.clear();
        self.proxies.clear();
        let centre = Vector::from_array(position_m);
        let reach = Aabb::from_half_extents(centre, Vector::splat(BODY_REACH_M));
        let world = &physics.world;
        let filter = QueryFilter::only_dynamic().exclude_sensors();
        for (_, collider) in world
            .broad_phase
            .as_query_pipeline(
                world.narrow_phase.query_dispatcher(),
                &world.bodies,
                &world.colliders,
                filter,
            )
            .intersect_aabb_conservative(reach)
        {
            let loose = collider.parent().and_then(|body| objects.of_body(body));
            let Some(loose) = loose else { continue };
            if self.found.iter().any(|(_, proxy)| proxy.object == loose.object) {
                continue;
            }
            let pose = world.bodies[loose.body].position();
            let proxy = Proxy {
                object: loose.object,
                position_m: pose.translation.to_array(),
                rotation: pose.rotation.to_array(),
            };
            self.found.push((gap_m(&collider.compute_aabb(), centre), proxy));
        }
        // Ties are broken by id: the order of the tree must not matter.
        self.found.sort_unstable_by(|(a, one), (b, other)| {
            a.total_cmp(b).then(one.object.cmp(&other.object))
        });
        self.proxies.extend(self.found.iter().take(PROXY_SLOTS).map(|(_, proxy)| *proxy));
    }
}

/// Distance (metres) from a point to a box; 0 inside.
fn gap_m(bounds: &Aabb, point: Vector) -> f32 {
    (bounds.mins - point).max(point - bounds.maxs).max(Vector::ZERO).length()
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
/// without pressing down, so a seesaw would not know of them.
fn bear_weight(physics: &mut Physics, state: &AvatarState, tick_s: f32) {
    let down = Ray::new(Vector::from_array(state.position_m), Vector::NEG_Y);
    let reach_m = CAPSULE_HEIGHT_M / 2.0 + WEIGHT_REACH_M;
    let groups = InteractionGroups::new(
        Group::from_bits_retain(u32::from(AVATAR_GROUP)),
        Group::ALL,
        InteractionTestMode::And,
    );
    let world = &mut physics.world;
    // Statics are included, so that nothing below the ground is pressed on.
    let filter = QueryFilter::exclude_kinematic().exclude_sensors().groups(groups);
    let Some((collider, distance_m)) = world.cast_ray(&down, reach_m, true, filter) else {
        return;
    };
    let Some(body) = world.colliders.get(collider).and_then(Collider::parent) else { return };
    let weight_n = world.gravity * AVATAR_MASS_KG;
    let body = &mut world.bodies[body];
    if body.is_dynamic() {
        body.apply_impulse_at_point(weight_n * tick_s, down.point_at(distance_m), true);
    }
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
