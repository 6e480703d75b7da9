//! Companions in the number that stands for a world's state.

use bevy_ecs::prelude::*;

use super::{
    Companion, Companions, body::Legs, deeds::Deeds, hands::Hands, mood::Feelings, speech::Speech,
};
use crate::avatar::Avatar;

/// Writes everything of companions that the next tick depends on and that can be read out.
pub(crate) fn digest(world: &World, hash: &mut blake3::Hasher) {
    for (object, entity) in world.resource::<Companions>().iter() {
        hash.update(&object.0.to_le_bytes());
        if let Some(avatar) = world.get::<Avatar>(entity) {
            for number in avatar.state.bits() {
                hash.update(&number.to_le_bytes());
            }
        }
        if let Some(legs) = world.get::<Legs>(entity) {
            let input = legs.input;
            hash.update(&input.yaw.to_le_bytes());
            hash.update(&[
                input.move_x as u8,
                input.move_z as u8,
                input.pitch as u8,
                input.buttons,
            ]);
        }
        if let Some(feelings) = world.get::<Feelings>(entity) {
            for number in feelings.bits() {
                hash.update(&number.to_bits().to_le_bytes());
            }
        }
        let held = world.get::<Hands>(entity).and_then(Hands::held);
        hash.update(&held.map_or(u32::MAX, |held| held.0).to_le_bytes());
        if let Some(speech) = world.get::<Speech>(entity) {
            for number in speech.numbers() {
                hash.update(&number.to_le_bytes());
            }
        }
        if let (Some(deeds), Some(companion)) =
            (world.get::<Deeds>(entity), world.get::<Companion>(entity))
        {
            hash.update(format!("{:?} {:?}", deeds.doing(), companion.traits).as_bytes());
            for known in &companion.bonds {
                hash.update(format!("{known:?}").as_bytes());
            }
        }
    }
}
