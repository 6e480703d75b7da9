//! From state to bytes: one delta frame per client.
//!
//! Owns what is known about each client's knowledge. Invariant: after a client has applied a frame,
//! its entities equal the quantised state that [`Client`] remembers for that frame. Knows no
//! capability: it reads [`crate::history`] and [`crate::interest`].

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use bytes::Bytes;
use vivarium_contract::{Phase, WorldOutput};
use vivarium_protocol::wire;

use crate::{
    authority::Person,
    history::{Entities, Own},
    interest::Sight,
    tick::{Clock, Deliver, In, Outbox, Report},
};

mod client;

pub(crate) use client::Client;

/// Encodes what each client may see.
pub(crate) struct ReplicatePlugin;

impl Plugin for ReplicatePlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(In(Phase::Encode), encode_frames.in_set(Deliver::Frames));
    }
}

fn encode_frames(
    clock: Res<Clock>,
    entities: Res<Entities>,
    mut people: Query<(&Person, &Own, &Sight, &mut Client)>,
    mut outbox: ResMut<Outbox>,
    mut report: ResMut<Report>,
) {
    report.0.entities = entities.len() as u32;
    for (person, own, sight, mut client) in &mut people {
        if !person.card.present {
            continue;
        }
        let frame = client.frame(clock.tick, &entities, &sight.slots, own.0);
        let bytes = Bytes::from(wire::encode(&frame));
        report.0.frame_bytes += bytes.len() as u64;
        outbox.push(WorldOutput::Frame { person: person.card.person, bytes });
    }
}
