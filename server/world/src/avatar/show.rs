//! What others see of an avatar, and what its own person is told.

use bevy_ecs::prelude::*;
use vivarium_protocol::{
    frame::{field, flags},
    intent::{Input, buttons},
};

use super::{Avatar, Inputs, tracked::Tracked};
use crate::{
    history::{Entities, Own, Replicated, placed},
    tick::Clock,
};

/// Quantises the avatars of this tick, once for all clients.
pub(super) fn show_avatars(
    clock: Res<Clock>,
    mut avatars: Query<(&Replicated, &Avatar, &Inputs, &Tracked, &mut Own)>,
    mut entities: ResMut<Entities>,
) {
    for (replicated, avatar, inputs, tracked, mut own) in &mut avatars {
        let state = &avatar.state;
        let input = inputs.held();
        let mut fields = placed(state.position_m);
        fields[field::ROTATION] = i32::from(input.yaw);
        fields[field::ROTATION + 1] = i32::from(input.pitch);
        fields[field::FLAGS] = flags_of(avatar, input) | tracked.write(&mut fields);
        entities.note(replicated.slot, clock.tick, state.position_m, fields);
        let lead_ticks = inputs.lead_ticks(clock.tick);
        own.0 = state.to_own(inputs.on_time(), lead_ticks, avatar.teleports);
    }
}

fn flags_of(avatar: &Avatar, input: Input) -> i32 {
    let moves = input.move_x != 0 || input.move_z != 0;
    let grounded = if avatar.state.grounded { flags::GROUNDED } else { 0 };
    let runs = moves && input.buttons & buttons::RUN != 0;
    grounded | if runs { flags::RUNNING } else { 0 }
}
