//! What others see of a companion.

use bevy_ecs::prelude::*;
use vivarium_protocol::{
    intent::buttons,
    snapshot::{fields::companion, schema::Facet},
};

use super::{Companion, body::Legs, hands::Hands, mood::Feelings};
use crate::{
    avatar::Avatar,
    history::{History, Member, placed},
    tick::Clock,
};

/// Quantises the companions of this tick, once for all clients.
pub(super) fn show_companions(
    clock: Res<Clock>,
    companions: Query<(&Member, &Avatar, &Legs, &Hands, &Feelings), With<Companion>>,
    mut history: ResMut<History>,
) {
    for (member, avatar, legs, hands, feelings) in &companions {
        let mut fields = placed(avatar.state.position_m);
        fields[companion::YAW] = i32::from(legs.input.yaw);
        fields[companion::PITCH] = i32::from(legs.input.pitch);
        let carries = if hands.held().is_some() { companion::CARRYING } else { 0 };
        fields[companion::FEELING] = feelings.mood().emotion as i32 | carries;
        let is_moving = legs.input.move_x != 0 || legs.input.move_z != 0;
        let runs = is_moving && legs.input.buttons & buttons::RUN != 0;
        let stance = [
            (avatar.state.grounded, companion::GROUNDED),
            (runs, companion::RUNNING),
            (legs.sits, companion::SITTING),
        ];
        fields[companion::STANCE] = stance.iter().filter(|(is, _)| *is).map(|(_, bit)| bit).sum();
        let fields = &fields[..Facet::Companion.field_count()];
        history.note(*member, clock.tick, avatar.state.position_m, fields);
    }
}
