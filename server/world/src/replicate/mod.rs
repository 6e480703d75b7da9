//! From state to bytes: quantised history of all entities, and one delta frame per client.
//!
//! Owns what is known about each client's knowledge. Invariant: after a client has applied a frame,
//! its entities equal the quantised state that [`Client`] remembers for that frame.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use bytes::Bytes;
use vivarium_contract::{Phase, WorldOutput};
use vivarium_protocol::{
    ids::{EntityId, PersonId},
    notice::ServerMessage,
    wire,
};

use crate::{
    authority::Granted,
    avatar::{Avatar, Inputs, Latest, Person},
    interest::Sight,
    tick::{Clock, In, Outbox, Report, Step},
};

mod client;
mod entities;

pub(crate) use client::Client;
pub(crate) use entities::{Entities, Replicated, note_state};

/// Encodes what each client may see.
pub(crate) struct ReplicatePlugin;

impl Plugin for ReplicatePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Entities>()
            .add_systems(In(Phase::Simulate), take_acknowledgements.in_set(Step::Before))
            .add_systems(In(Phase::Interest), note_state)
            .add_systems(In(Phase::Encode), encode_frames);
    }
}

impl Outbox {
    /// Encodes a message once for all of `to`; returns the bytes that will be sent.
    pub fn notice(&mut self, to: Vec<PersonId>, message: &ServerMessage) -> u64 {
        if to.is_empty() {
            return 0;
        }
        let bytes = Bytes::from(wire::encode(message));
        let total = bytes.len() as u64 * to.len() as u64;
        self.0.push(WorldOutput::Notice { to, bytes });
        total
    }
}

pub(crate) fn take_acknowledgements(latest: Res<Granted<Latest>>, mut clients: Query<&mut Client>) {
    for latest in latest.iter() {
        if let Ok(mut client) = clients.get_mut(latest.avatar()) {
            client.acknowledge(latest.wish().ack);
        }
    }
}

pub(crate) fn encode_frames(
    clock: Res<Clock>,
    entities: Res<Entities>,
    mut people: Query<(&Person, &Avatar, &Inputs, &Sight, &mut Client)>,
    mut outbox: ResMut<Outbox>,
    mut report: ResMut<Report>,
) {
    report.0.entities = entities.len() as u32;
    for (person, avatar, inputs, sight, mut client) in &mut people {
        if !person.card.present {
            continue;
        }
        let own = avatar.own_state(inputs, clock.tick);
        let frame = client.frame(clock.tick, &entities, &sight.slots, own);
        let bytes = Bytes::from(wire::encode(&frame));
        report.0.frame_bytes += bytes.len() as u64;
        outbox.0.push(WorldOutput::Frame { person: person.card.person, bytes });
    }
}

/// Gives out ids that are never used again in this world.
#[derive(Default)]
pub(crate) struct EntityIds(u32);

impl EntityIds {
    fn next(&mut self) -> EntityId {
        self.0 += 1;
        EntityId(self.0)
    }
}
