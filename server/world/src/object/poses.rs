//! Where loose things are, so that they are there again when the world is opened the next time.

use bevy_ecs::prelude::*;
use rapier3d::prelude::*;
use vivarium_contract::{WorldInput, WorldOutput, saving::SavedPose};

use super::Objects;
use crate::{
    limits::POSES_EVERY_S,
    physics::Physics,
    tick::{Clock, Inbox, Outbox},
};

/// Puts loose things where they were left. Objects that are not loose, or not there, are passed over.
pub(crate) fn put_back(
    mut inbox: ResMut<Inbox>,
    mut objects: ResMut<Objects>,
    mut physics: ResMut<Physics>,
) {
    inbox.0.retain(|input| {
        let WorldInput::Poses { poses } = input else { return true };
        let is_paused = physics.is_paused();
        let speed = |parts: [f32; 3]| match is_paused {
            true => Vector::ZERO,
            false => Vector::from_array(parts),
        };
        for pose in poses {
            let Some(loose) = objects.loose(pose.object) else { continue };
            let numbers = pose.position_m.iter().chain(&pose.rotation);
            let numbers = numbers.chain(&pose.linear_mps).chain(&pose.angular_radps);
            if !numbers.copied().all(f32::is_finite) {
                continue;
            }
            let body = &mut physics.world.bodies[loose.body];
            body.set_position(vivarium_motion::shape::pose(pose.position_m, pose.rotation), true);
            body.set_linvel(speed(pose.linear_mps), true);
            body.set_angvel(speed(pose.angular_radps), true);
        }
        objects.generation = objects.generation.wrapping_add(1);
        false
    });
}

/// Tells where loose things are, every few seconds while some of them move.
pub(super) fn tell(
    clock: Res<Clock>,
    physics: Res<Physics>,
    objects: Res<Objects>,
    mut outbox: ResMut<Outbox>,
    mut has_moved: Local<bool>,
) {
    *has_moved |= physics.awake() > 0;
    let every = (POSES_EVERY_S / clock.tick_s) as u32;
    if !*has_moved || !clock.tick.is_multiple_of(every.max(1)) {
        return;
    }
    // Those that fell asleep meanwhile are told where.
    *has_moved = physics.awake() > 0;
    outbox.push(WorldOutput::Poses { poses: now(&objects, &physics) });
}

/// Where loose things are.
pub(crate) fn now(objects: &Objects, physics: &Physics) -> Vec<SavedPose> {
    let poses = objects.dynamic.iter().map(|loose| {
        let body = &physics.world.bodies[loose.body];
        SavedPose {
            object: loose.object,
            position_m: body.position().translation.to_array(),
            rotation: body.position().rotation.to_array(),
            linear_mps: body.linvel().to_array(),
            angular_radps: body.angvel().to_array(),
        }
    });
    poses.collect()
}
