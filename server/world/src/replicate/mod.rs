//! From state to bytes: blocks that clients share, and packets for each of them.
//!
//! ```text
//! history, leaves -> blocks (one per leaf and what it builds on) -> packets (one client's choice)
//! ```
//!
//! Invariant: a client that has applied a packet has of each leaf in it exactly what the history
//! says, at the level of detail of its tier. Knows no capability: it reads [`crate::history`] and
//! [`crate::interest`]. In the long run nothing here needs new memory.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use vivarium_contract::{Phase, WorldInput, WorldOutput, WorldSpec};

use crate::{
    authority::Person,
    history::{History, Own, Sees},
    interest::{Groups, Tiers},
    limits::PRESSURE_MAX,
    tick::{Clock, Deliver, In, Inbox, Outbox, Report, Take},
};

mod blocks;
mod budget;
mod chunks;
mod client;
mod frames;

use blocks::Blocks;
use chunks::Chunks;
pub(crate) use client::Client;
use frames::{Frames, Hot, Scratch, Viewer};

#[cfg(test)]
mod tests;

/// Encodes what each client may see.
pub(crate) struct ReplicatePlugin {
    pub delivery: Delivery,
}

impl Plugin for ReplicatePlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(self.delivery)
            .init_resource::<Blocks>()
            .init_resource::<Chunks>()
            .init_resource::<Overload>()
            .add_systems(In(Phase::Ingest), take_overload.in_set(Take::Pace))
            .add_systems(In(Phase::Encode), send_frames.in_set(Deliver::Frames));
    }
}

/// What all clients of this world have in common.
#[derive(Resource, Clone, Copy)]
pub(crate) struct Delivery {
    first_packet: u32,
    bytes_per_s_max: u32,
}

impl Delivery {
    /// Worlds count their packets from different numbers on, so that an acknowledgement which was
    /// on its way while somebody stepped through a portal names no packet of the new world.
    pub fn of(spec: &WorldSpec) -> Self {
        let name = spec.document.name.bytes();
        let hash = name
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self { first_packet: hash >> 8 << 7, bytes_per_s_max: spec.client_bytes_per_s_max }
    }

    /// Somebody who knows nothing yet.
    pub fn client(&self, packet_bytes_max: usize) -> Client {
        Client::new(self.first_packet, packet_bytes_max, self.bytes_per_s_max)
    }
}

/// The step in which far tiers are slowed down for everyone, because ticks run late.
#[derive(Resource, Default)]
struct Overload(u8);

fn take_overload(mut inbox: ResMut<Inbox>, mut overload: ResMut<Overload>) {
    inbox.0.retain(|input| match input {
        WorldInput::Overload { level } => {
            overload.0 = (*level).min(PRESSURE_MAX);
            false
        }
        _ => true,
    });
}

/// Memory of [`send_frames`].
#[derive(Default)]
struct Memory {
    scratch: Scratch,
    hot: Vec<Hot>,
}

#[expect(clippy::too_many_arguments, reason = "a system names everything that it touches")]
fn send_frames(
    clock: Res<Clock>,
    overload: Res<Overload>,
    history: Res<History>,
    groups: Res<Groups>,
    tiers: Res<Tiers>,
    mut blocks: ResMut<Blocks>,
    mut chunks: ResMut<Chunks>,
    mut memory: Local<Memory>,
    mut people: Query<(&Person, &Own, &Sees, &mut Client)>,
    mut outbox: ResMut<Outbox>,
    mut report: ResMut<Report>,
) {
    let Memory { scratch, hot } = &mut *memory;
    let (blocks, report, tick) = (&mut *blocks, &mut report.0, clock.tick);
    blocks.start(groups.capacity());
    hot.clear();
    hot.extend(Hot::all(&groups, tick));
    let mut frames = Frames {
        tick,
        tick_s: clock.tick_s,
        overload: overload.0,
        history: &history,
        groups: &groups,
        tiers: &tiers,
        hot,
        blocks,
        chunks: &mut chunks,
        scratch,
        patience: 0,
    };
    for (person, own, sees, mut client) in &mut people {
        if !person.card.present {
            continue;
        }
        let viewer = Viewer { person: person.card.person, own, sees };
        let client = &mut *client;
        frames.of(client, &viewer, |first, bytes| {
            report.frame_bytes += bytes.len() as u64;
            report.packets += 1;
            outbox.push(WorldOutput::Frame { person: viewer.person, first, bytes });
        });
        let pressure = client.budget.pressure().max(overload.0);
        report.pressed[usize::from(pressure)] += 1;
    }
    report.entities = history.len() as u32;
    report.leaves = groups.iter().count() as u32;
    report.overload = overload.0;
    report.blocks_encoded = frames.blocks.encoded;
    report.blocks_sent = frames.blocks.wanted;
}
