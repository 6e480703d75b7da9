//! What others see of an avatar, and what its own person is told.

use bevy_ecs::prelude::*;
use vivarium_protocol::{
    intent::{Input, buttons},
    snapshot::{block::Identity, fields::avatar, schema::Facet},
};

use super::{Avatar, Inputs, tracked::Tracked};
use crate::{
    authority::Person,
    history::{Audience, History, Member, Own, placed},
    tick::Clock,
};

/// Quantises the avatars of this tick, once for all clients.
pub(crate) fn show_avatars(
    clock: Res<Clock>,
    mut avatars: Query<(&Person, &Member, &Avatar, &Inputs, &mut Tracked, &mut Own)>,
    mut history: ResMut<History>,
) {
    for (person, member, avatar, inputs, mut tracked, mut own) in &mut avatars {
        let state = &avatar.state;
        let input = inputs.held();
        let mut fields = placed(state.position_m);
        fields[avatar::YAW] = i32::from(input.yaw);
        fields[avatar::PITCH] = i32::from(input.pitch);
        fields[avatar::STANCE] = stance(avatar, input);
        let fields = &fields[..Facet::Avatar.field_count()];
        history.note(*member, clock.tick, state.position_m, fields);
        show_tracked(&mut tracked, person, &mut history, clock.tick, state.position_m);
        *own = Own {
            state: state.to_own(avatar.teleports),
            on_time: inputs.on_time(),
            lead_ticks: inputs.lead_ticks(clock.tick),
            is_steering: inputs.is_steering(clock.tick),
        };
    }
}

/// Head and hands are a member of their own, which is there while they are tracked.
fn show_tracked(
    tracked: &mut Tracked,
    person: &Person,
    history: &mut History,
    tick: u32,
    position_m: [f32; 3],
) {
    match (tracked.fields(), tracked.member) {
        (Some(fields), member) => {
            let member = member.unwrap_or_else(|| {
                let identity = Identity { facet: Facet::Tracked, subject: person.card.person.0 };
                history.add(identity, Audience::Everyone)
            });
            tracked.member = Some(member);
            history.note(member, tick, position_m, &fields);
        }
        (None, Some(member)) => {
            history.remove(member);
            tracked.member = None;
        }
        (None, None) => {}
    }
}

fn stance(avatar: &Avatar, input: Input) -> i32 {
    let moves = input.move_x != 0 || input.move_z != 0;
    let grounded = if avatar.state.grounded { avatar::GROUNDED } else { 0 };
    let runs = moves && input.buttons & buttons::RUN != 0;
    grounded | if runs { avatar::RUNNING } else { 0 }
}
