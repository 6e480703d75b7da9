//! The main physics world: everything that has a collider, stepped by rapier.
//!
//! Owns bodies, colliders and joints. Avatars are kinematic capsules here: [`crate::avatar`] moves
//! them through the query world of `vivarium-motion` and tells this world where they go.

use std::collections::BTreeMap;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use rapier3d::prelude::*;
use vivarium_contract::Phase;
use vivarium_motion::consts::{CAPSULE_HALF_SEGMENT_M, CAPSULE_RADIUS_M};
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::document::{AVATAR_GROUP, Mover, WorldDocument};

use crate::{
    WorldError,
    edit::{Changed, Current},
    tick::{Clock, In, Report, Step, Take},
};

mod build;

/// Rapier's world and how often it is stepped.
#[derive(Resource)]
pub(crate) struct Physics {
    pub world: PhysicsWorld,
    substeps: u8,
    /// Whether loose bodies are held where they are.
    is_paused: bool,
    parts: BTreeMap<ObjectId, Parts>,
    movers: BTreeMap<ObjectId, MovingBody>,
}

/// What there is of an object.
#[derive(Default)]
pub(crate) struct Parts {
    /// What moves.
    pub body: Option<RigidBodyHandle>,
    /// Whether it moves by itself.
    pub is_loose: bool,
    /// Finds out what is in it.
    pub sensor: Option<ColliderHandle>,
    /// Colliders without a body.
    fixed: Vec<ColliderHandle>,
    /// What the body hangs on.
    anchor: Option<RigidBodyHandle>,
}

impl Parts {
    /// Whether it hangs on something.
    pub fn is_hinged(&self) -> bool {
        self.anchor.is_some()
    }
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

    /// What there is of an object.
    pub fn parts(&self, object: ObjectId) -> Option<&Parts> {
        self.parts.get(&object)
    }

    /// What there is of all objects, by ascending ids.
    pub fn all_parts(&self) -> impl Iterator<Item = (ObjectId, &Parts)> {
        self.parts.iter().map(|(object, parts)| (*object, parts))
    }

    /// Whether there are platforms.
    pub fn has_movers(&self) -> bool {
        !self.movers.is_empty()
    }

    /// Whether loose bodies are held where they are. They still are dynamic ones, for sensors and
    /// whoever asks what moves; but nothing moves them, and they fall asleep as others do.
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Holds all loose bodies where they are, or lets them go on from rest.
    fn pause(&mut self, is_paused: bool) {
        if std::mem::replace(&mut self.is_paused, is_paused) == is_paused {
            return;
        }
        let axes = if is_paused { LockedAxes::all() } else { LockedAxes::empty() };
        let loose = self.parts.values().filter(|parts| parts.is_loose);
        for body in loose.filter_map(|parts| parts.body) {
            let body = &mut self.world.bodies[body];
            body.set_linvel(Vector::ZERO, false);
            body.set_angvel(Vector::ZERO, false);
            body.set_locked_axes(axes, !is_paused);
        }
    }

    /// Dynamic bodies that are awake.
    pub fn awake(&self) -> usize {
        self.world.active_bodies().filter(|(_, body)| body.is_dynamic()).count()
    }
}

/// Builds all bodies of a document; fails on geometry that rapier cannot use.
pub(crate) fn prepare(app: &mut App, document: &WorldDocument) -> Result<(), WorldError> {
    app.insert_resource(build::build(document)?);
    Ok(())
}

/// Steps the bodies that [`prepare`] built.
pub(crate) struct PhysicsPlugin;

impl Plugin for PhysicsPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(In(Phase::Ingest), follow.in_set(Take::Follow))
            .add_systems(In(Phase::Simulate), step.in_set(Step::Physics));
    }
}

/// Builds what was edited anew.
pub(crate) fn follow(current: Res<Current>, changed: Res<Changed>, mut physics: ResMut<Physics>) {
    if changed.settings {
        let settings = &current.0.head().settings;
        physics.world.gravity = Vector::from_array(settings.gravity_mps2);
        physics.pause(settings.physics_paused);
        if !settings.physics_paused {
            physics.world.wake_up_all(true);
        }
    }
    for id in &changed.bodies {
        physics.remove(*id);
        let Some(object) = current.0.object(*id) else { continue };
        let properties = current.0.resolved(object);
        if let Err(reason) = physics.add(*id, object, &properties) {
            // Shapes were tried when the edit was checked.
            tracing::error!(object = id.0, reason, "an edited object cannot be built");
            physics.remove(*id);
        }
    }
}

fn step(clock: Res<Clock>, mut physics: ResMut<Physics>, mut report: ResMut<Report>) {
    let physics = &mut *physics;
    let count = physics.substeps;
    for substep in 1..=count {
        let part = f32::from(substep) / f32::from(count);
        for moving in physics.movers.values() {
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
