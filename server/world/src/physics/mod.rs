//! The main physics world: everything that has a collider, stepped by rapier.
//!
//! Owns bodies, colliders and joints. Avatars are kinematic capsules here: [`crate::avatar`] moves
//! them through the query world of `vivarium-motion` and tells this world where they go.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use rapier3d::prelude::*;
use vivarium_contract::Phase;
use vivarium_motion::consts::{CAPSULE_HALF_SEGMENT_M, CAPSULE_RADIUS_M};
use vivarium_scene::document::{AVATAR_GROUP, Mover, WorldDocument};

use crate::{
    WorldError,
    tick::{Clock, In, Report, Step},
};

mod build;

pub(crate) use build::Built;

/// Rapier's world and how often it is stepped.
#[derive(Resource)]
pub(crate) struct Physics {
    pub world: PhysicsWorld,
    substeps: u8,
    movers: Vec<MovingBody>,
}

/// A kinematic body on its scripted path.
struct MovingBody {
    body: RigidBodyHandle,
    origin: Vector,
    mover: Mover,
}

impl Physics {
    /// The capsule of a new avatar: pushes loose bodies, meets neither statics (the query world
    /// does that) nor other avatars (nobody can bar anybody's way).
    pub fn add_capsule(&mut self, position_m: [f32; 3]) -> RigidBodyHandle {
        let body = RigidBodyBuilder::kinematic_position_based()
            .translation(Vector::from_array(position_m));
        let groups = InteractionGroups::new(
            Group::from_bits_truncate(u32::from(AVATAR_GROUP)),
            Group::from_bits_truncate(u32::from(!AVATAR_GROUP)),
            InteractionTestMode::And,
        );
        let capsule = ColliderBuilder::capsule_y(CAPSULE_HALF_SEGMENT_M, CAPSULE_RADIUS_M)
            .friction(0.5)
            .collision_groups(groups);
        let body = self.world.insert_body(body);
        self.world.insert_collider(capsule, Some(body));
        body
    }

    /// Takes an avatar's capsule away.
    pub fn remove_capsule(&mut self, body: RigidBodyHandle) {
        self.world.remove_body(body);
    }

    /// Dynamic bodies that are awake.
    pub fn awake(&self) -> usize {
        self.world.active_bodies().filter(|(_, body)| body.is_dynamic()).count()
    }
}

/// Builds all bodies of a document; fails on geometry that rapier cannot use.
pub(crate) fn prepare(app: &mut App, document: &WorldDocument) -> Result<(), WorldError> {
    let (physics, built) = build::build(document)?;
    app.insert_resource(physics).insert_resource(built);
    Ok(())
}

/// Steps the bodies that [`prepare`] built.
pub(crate) struct PhysicsPlugin;

impl Plugin for PhysicsPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(In(Phase::Simulate), step.in_set(Step::Physics));
    }
}

fn step(clock: Res<Clock>, mut physics: ResMut<Physics>, mut report: ResMut<Report>) {
    let physics = &mut *physics;
    let count = physics.substeps;
    for substep in 1..=count {
        let part = f32::from(substep) / f32::from(count);
        for moving in &physics.movers {
            let before = vivarium_scene::mover::offset_m(&moving.mover, clock.tick - 1);
            let after = vivarium_scene::mover::offset_m(&moving.mover, clock.tick);
            let before = Vector::from_array(before);
            let offset = before + (Vector::from_array(after) - before) * part;
            physics.world.bodies[moving.body]
                .set_next_kinematic_translation(moving.origin + offset);
        }
        physics.world.step();
    }
    report.0.awake_bodies = physics.awake() as u32;
}
