//! The state of a world in one number: everything that the next tick depends on and that can be
//! read out, as bits, in the order of ids.

use bevy_ecs::prelude::*;
use vivarium_contract::Digest;

use super::{Chance, Clock};
use crate::{
    authority::{People, Person},
    avatar::{Avatar, Inputs},
    edit::EditNumber,
    object::Objects,
    physics::Physics,
};

pub(crate) fn of(world: &mut World) -> Digest {
    let mut hash = blake3::Hasher::new();
    hash.update(&world.resource::<Clock>().tick.to_le_bytes());
    hash.update(&world.resource::<Chance>().word_position().to_le_bytes());

    hash.update(&world.resource::<EditNumber>().0.to_le_bytes());
    let physics = world.resource::<Physics>();
    for moving in &world.resource::<Objects>().dynamic {
        let body = &physics.world.bodies[moving.body];
        let pose = body.position();
        let (linear, angular) = (body.linvel(), body.angvel());
        write(&mut hash, &pose.translation.to_array());
        write(&mut hash, &pose.rotation.to_array());
        write(&mut hash, &linear.to_array());
        write(&mut hash, &angular.to_array());
        hash.update(&[u8::from(body.is_sleeping())]);
    }

    for (person, entity) in world.resource::<People>().iter() {
        let (Some(avatar), Some(card), Some(inputs)) =
            (world.get::<Avatar>(entity), world.get::<Person>(entity), world.get::<Inputs>(entity))
        else {
            continue;
        };
        hash.update(&person.0.to_le_bytes());
        hash.update(card.card.name.as_bytes());
        hash.update(&card.card.look.body);
        hash.update(&card.card.look.accent);
        hash.update(&[u8::from(card.card.present)]);
        write(&mut hash, &avatar.state.position_m);
        write(&mut hash, &avatar.state.velocity_mps);
        hash.update(&[
            u8::from(avatar.state.grounded),
            u8::from(avatar.state.jump_held),
            avatar.state.airborne_ticks,
            avatar.teleports,
        ]);
        let input = inputs.held();
        hash.update(&[input.move_x as u8, input.move_z as u8, input.pitch as u8, input.buttons]);
        hash.update(&input.yaw.to_le_bytes());
    }
    crate::companion::digest(world, &mut hash);
    Digest(*hash.finalize().as_bytes())
}

fn write(hash: &mut blake3::Hasher, numbers: &[f32]) {
    for number in numbers {
        hash.update(&number.to_bits().to_le_bytes());
    }
}
