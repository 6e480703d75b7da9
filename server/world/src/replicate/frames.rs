//! The packets of one client for one tick: its own part first, then blocks by urgency, as many as
//! the budget allows.

use bytes::Bytes;
use vivarium_protocol::{
    ids::PersonId,
    limits::DATAGRAM_BYTES_MAX,
    snapshot::packet::{self, Closing, OwnNote, PacketHead},
};

use super::{
    blocks::{Block, Blocks, Wanted},
    chunks::Chunks,
    client::{Client, Farewell, Sub},
};
use crate::{
    history::{Audience, History, Own, Sees},
    interest::{Groups, Leaf, Tiers},
    limits::{FAREWELLS_MAX, LOOK_TICKS},
};

/// A leaf in which something changed within the history: what decides whether it is told. Kept apart
/// from the leaf itself, since it is looked at for each client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hot {
    leaf: u32,
    leaf_id: u32,
    changed: u32,
    phase: u32,
    is_open: bool,
}

impl Hot {
    fn new(index: u32, leaf: &Leaf) -> Self {
        let is_open = leaf.audience == Audience::Everyone;
        Self { leaf: index, leaf_id: leaf.id, changed: leaf.changed, phase: leaf.phase, is_open }
    }

    /// Those of all leaves.
    pub fn all(groups: &Groups, tick: u32) -> impl Iterator<Item = Self> {
        let hot = groups.iter().filter(move |(_, leaf)| leaf.changed + HOT_TICKS > tick);
        hot.map(|(index, leaf)| Self::new(index, leaf))
    }
}

/// A block that is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pick {
    leaf: u32,
    wanted: Wanted,
    /// If it was made already.
    block: Option<Block>,
    tier: u8,
    waited: u32,
    /// Bytes that it will take, about.
    cost: usize,
}

/// Memory that is used again for each client.
#[derive(Default)]
pub(super) struct Scratch {
    picks: Vec<Pick>,
    packet: Vec<u8>,
}

/// What is the same for all clients in a tick.
pub(super) struct Frames<'a> {
    pub tick: u32,
    pub tick_s: f32,
    /// Pressure on everyone: the world itself is late.
    pub overload: u8,
    pub history: &'a History,
    pub groups: &'a Groups,
    pub tiers: &'a Tiers,
    /// Leaves in which something changed within the history.
    pub hot: &'a [Hot],
    pub blocks: &'a mut Blocks,
    pub chunks: &'a mut Chunks,
    pub scratch: &'a mut Scratch,
    /// Of the client whose packets are being made.
    pub patience: u32,
}

/// Whom the packets are for.
pub(super) struct Viewer<'a> {
    pub person: PersonId,
    pub own: &'a Own,
    pub sees: &'a Sees,
}

impl Viewer<'_> {
    fn may_see(&self, audience: Audience) -> bool {
        audience == Audience::Everyone || self.sees.may_see(self.person, audience)
    }
}

// Ticks of waiting that a leaf has ahead when the client knows nothing of it.
const NEW_AHEAD_TICKS: u32 = 8;
// Seconds after which something is sent although nothing happens.
const HEARTBEAT_S: f32 = 0.5;
// Ticks between two packets that only say that inputs come too early or too late.
const FEEDBACK_TICKS: u32 = 4;
// Ticks that inputs may wait without the client having to mend its clock.
const LEAD_TICKS_GOOD: std::ops::RangeInclusive<i8> = 1..=8;
// What an entry of a packet needs beside the bytes of its block.
const ENTRY_BYTES: usize = packet::ENTRY_HEAD_BYTES_MAX;
// The head of a packet, and what says that leaves are closed.
const HEAD_BYTES: usize = 64;
const FAREWELLS_PER_PACKET_MAX: usize = 64;

/// Bytes that are due.
#[derive(Default)]
struct Due {
    all: usize,
    /// What builds on what the client has: without what fills a newcomer's view.
    changes: usize,
    /// Of these, near ones.
    near: usize,
}

impl Due {
    fn add(&mut self, pick: &Pick, is_change: bool) {
        let cost = pick.cost;
        self.all += cost;
        if is_change {
            self.changes += cost;
            self.near += if pick.tier == 0 { cost } else { 0 };
        }
    }
}

impl Frames<'_> {
    /// Makes the packets; `send` gets each with whether it is the first of this tick.
    pub fn of(
        &mut self,
        client: &mut Client,
        viewer: &Viewer<'_>,
        mut send: impl FnMut(bool, Bytes),
    ) {
        client.give_up(self.tick);
        if client.farewells.len() > FAREWELLS_MAX {
            client.forget();
        }
        self.patience = client.patience();
        self.forget_closed(client);
        if !client.looked || (self.tick + viewer.person.0).is_multiple_of(LOOK_TICKS) {
            client.looked = true;
            self.look(client, viewer);
        }
        let room = client.budget.begin(self.tick, self.tick_s);
        self.pick(client, viewer, room);
        let owes_own = client.owes_own(&viewer.own.state, self.tick);
        if !self.has_something_to_say(client, viewer.own, owes_own) {
            return;
        }
        self.write(client, viewer.own, owes_own, &mut send);
    }

    fn forget_closed(&self, client: &mut Client) {
        client.subs.resize(self.groups.capacity(), Sub::default());
        for closed in &self.groups.closed {
            let sub = std::mem::take(&mut client.subs[closed.leaf as usize]);
            say_farewell(client, sub, closed.closing);
        }
    }

    /// Looks how far away every leaf is, and which wait although nothing changes in them.
    fn look(&self, client: &mut Client, viewer: &Viewer<'_>) {
        client.backlog.clear();
        for (index, leaf) in self.groups.iter() {
            let sub = client.subs[index as usize];
            if !viewer.may_see(leaf.audience) {
                if sub.leaf_id == leaf.id {
                    client.subs[index as usize] = Sub::default();
                    say_farewell(client, sub, Closing::Gone);
                }
                continue;
            }
            let sub = self.subscribed(client, viewer, index, leaf);
            let before = Some(sub.tier);
            sub.tier = self.tier(viewer, leaf, before);
            let is_hot = leaf.changed + HOT_TICKS > self.tick;
            if !is_hot && !sub.is_settled(leaf.changed, Tiers::level(sub.tier)) {
                client.backlog.push(index);
            }
        }
    }

    fn tier(&self, viewer: &Viewer<'_>, leaf: &Leaf, before: Option<u8>) -> u8 {
        let distance_m2 = leaf.bounds.distance_m2(viewer.own.state.position_m);
        self.tiers.at(distance_m2, before)
    }

    /// What the client has of a leaf; of one that is new to it, nothing.
    fn subscribed<'c>(
        &self,
        client: &'c mut Client,
        viewer: &Viewer<'_>,
        index: u32,
        leaf: &Leaf,
    ) -> &'c mut Sub {
        let sub = &mut client.subs[index as usize];
        if sub.leaf_id != leaf.id {
            let tier = self.tier(viewer, leaf, None);
            *sub = Sub::new(leaf.id, tier, self.tick);
        }
        sub
    }

    /// Finds the blocks that are due. When they do not fit, the most urgent come first; the very
    /// first goes out while there is any room, so none can wait for ever.
    fn pick(&mut self, client: &mut Client, viewer: &Viewer<'_>, room: usize) {
        self.scratch.picks.clear();
        let pressure = client.budget.pressure().max(self.overload);
        let mut due = Due::default();
        for hot in self.hot {
            self.consider(client, viewer, hot, pressure, &mut due);
        }
        let backlog = std::mem::take(&mut client.backlog);
        for index in &backlog {
            let Some(leaf) = self.groups.get(*index) else { continue };
            // What has become hot since the last look was considered above.
            if leaf.changed + HOT_TICKS <= self.tick {
                self.consider(client, viewer, &Hot::new(*index, leaf), pressure, &mut due);
            }
        }
        client.backlog = backlog;
        client.budget.press(due.changes, due.near, room);
        let (all, picks) = (due.all, &mut self.scratch.picks);
        let packet = client.packet_bytes_max - HEAD_BYTES - FAREWELLS_PER_PACKET_MAX * ENTRY_BYTES;
        let is_reliable = client.packet_bytes_max > DATAGRAM_BYTES_MAX;
        if all <= room && (!is_reliable || all <= packet) {
            return;
        }
        let urgency = |pick: &Pick| Tiers::urgency(pick.tier, pressure, pick.waited as f32);
        picks.sort_unstable_by(|a, b| urgency(b).total_cmp(&urgency(a)).then(a.leaf.cmp(&b.leaf)));
        let mut bytes = 0;
        let fit = picks.iter().take_while(|pick| {
            let goes = bytes < room && (!is_reliable || bytes + pick.cost <= packet);
            bytes += pick.cost;
            goes
        });
        let fit = fit.count();
        picks.truncate(fit);
    }

    fn consider(
        &mut self,
        client: &mut Client,
        viewer: &Viewer<'_>,
        hot: &Hot,
        pressure: u8,
        due: &mut Due,
    ) {
        let known = client.subs[hot.leaf as usize];
        let sub = if known.leaf_id == hot.leaf_id && hot.is_open {
            known
        } else {
            let Some(leaf) = self.groups.get(hot.leaf) else { return };
            if !viewer.may_see(leaf.audience) {
                return;
            }
            *self.subscribed(client, viewer, hot.leaf, leaf)
        };
        let level = Tiers::level(sub.tier);
        if sub.is_settled(hot.changed, level) {
            return;
        }
        let waited = self.tick - sub.told;
        let interval = Tiers::interval(sub.tier, pressure);
        let wanted = sub.wanted(self.tick, level);
        let is_change = wanted.is_change();
        let is_due = if sub.number == 0 {
            true
        } else if !is_change || hot.changed <= sub.told {
            // It is on the way, unless it was lost.
            waited >= self.patience
        } else {
            // All who have the interval get it in the same tick, so that they share the bytes.
            interval == 1
                || (self.tick + hot.phase).is_multiple_of(interval)
                || waited >= 2 * interval
        };
        if !is_due {
            return;
        }
        let block = self.blocks.find(hot.leaf, wanted);
        let bytes = match (block, self.groups.get(hot.leaf)) {
            (Some(block), _) => block.bytes as usize,
            (None, Some(leaf)) => self.blocks.expected_bytes((hot.leaf, leaf), wanted),
            (None, None) => return,
        };
        let cost = bytes + ENTRY_BYTES;
        let waited = waited + if sub.newest == 0 { NEW_AHEAD_TICKS } else { 0 };
        let pick = Pick { leaf: hot.leaf, wanted, block, tier: sub.tier, waited, cost };
        due.add(&pick, is_change);
        self.scratch.picks.push(pick);
    }

    fn has_something_to_say(&self, client: &Client, own: &Own, owes_own: bool) -> bool {
        let quiet_ticks = self.tick - client.packet_told;
        let patience = self.patience;
        let farewell =
            |farewell: &Farewell| farewell.packet == 0 || self.tick >= farewell.told + patience;
        let is_off = !own.on_time || !LEAD_TICKS_GOOD.contains(&own.lead_ticks);
        let must_mend = own.is_steering && is_off;
        owes_own
            || !self.scratch.picks.is_empty()
            || client.farewells.iter().any(farewell)
            // Once after the last change, so that the client sees that it was the last.
            || self.tick == client.near_told + 1
            || (must_mend && quiet_ticks >= FEEDBACK_TICKS)
            || quiet_ticks as f32 * self.tick_s >= HEARTBEAT_S
    }

    fn write(
        &mut self,
        client: &mut Client,
        own: &Own,
        owes_own: bool,
        send: &mut impl FnMut(bool, Bytes),
    ) {
        let mut first = true;
        let mut note = match owes_own {
            true => OwnNote::State(own.state),
            false if client.has_own() => OwnNote::Same,
            false => OwnNote::Untold,
        };
        self.begin_packet(client, own, note);
        self.write_farewells(client);
        for index in 0..self.scratch.picks.len() {
            let pick = self.scratch.picks[index];
            let (told, block) = match pick.block {
                Some(block) => (pick.wanted, block),
                None => {
                    let Some(leaf) = self.groups.get(pick.leaf) else { continue };
                    let (sub, tick) = (client.subs[pick.leaf as usize], self.tick);
                    let has = |wanted| sub.has(wanted, tick);
                    self.blocks.get(self.history, (pick.leaf, leaf), pick.wanted, tick, has)
                }
            };
            self.blocks.wanted += 1;
            let leaf_number = self.number(client, pick.leaf, told);
            if pick.tier == 0 {
                client.near_told = self.tick;
            }
            let level = told.times().level;
            for part in self.blocks.parts(block) {
                let bytes = self.blocks.bytes(*part);
                let packet = &mut self.scratch.packet;
                if packet.len() + ENTRY_BYTES + bytes.len() > client.packet_bytes_max {
                    client.budget.spend(packet.len());
                    send(first, self.chunks.put(packet));
                    client.note_packet(self.tick, first && owes_own, packet.len());
                    (first, note) = (false, OwnNote::Untold);
                    begin(packet, client, self.tick, own, note);
                }
                packet::write_block_head(packet, leaf_number, bytes.len());
                packet.extend_from_slice(bytes);
                client.note_part(pick.leaf, level, part);
            }
        }
        client.budget.spend(self.scratch.packet.len());
        send(first, self.chunks.put(&self.scratch.packet));
        client.note_packet(self.tick, first && owes_own, self.scratch.packet.len());
    }

    /// The number of a leaf that is told now; one that is told for the first time is given one.
    fn number(&self, client: &mut Client, leaf: u32, told: Wanted) -> u32 {
        if client.subs[leaf as usize].number == 0 {
            client.subs[leaf as usize].number = client.next_leaf_number();
        }
        let sub = &mut client.subs[leaf as usize];
        sub.told(told, self.tick);
        sub.number
    }

    fn begin_packet(&mut self, client: &Client, own: &Own, note: OwnNote) {
        begin(&mut self.scratch.packet, client, self.tick, own, note);
    }

    fn write_farewells(&mut self, client: &mut Client) {
        let (number, patience) = (client.next_number(), client.patience());
        let due = client
            .farewells
            .iter_mut()
            .filter(|farewell| farewell.packet == 0 || self.tick >= farewell.told + patience);
        for farewell in due.take(FAREWELLS_PER_PACKET_MAX) {
            packet::write_closed(&mut self.scratch.packet, farewell.number, farewell.closing);
            (farewell.packet, farewell.told) = (number, self.tick);
        }
    }
}

/// Ticks for which a leaf stays on everyone's list after its last change.
const HOT_TICKS: u32 = vivarium_protocol::limits::BASELINE_TICKS_MAX as u32;

fn say_farewell(client: &mut Client, sub: Sub, closing: Closing) {
    if sub.number != 0 {
        let farewell = Farewell { number: sub.number, closing, packet: 0, told: 0 };
        client.farewells.push(farewell);
    }
}

fn begin(bytes: &mut Vec<u8>, client: &Client, tick: u32, own: &Own, note: OwnNote) {
    bytes.clear();
    let head = PacketHead {
        number: client.next_number(),
        era: client.era(),
        tick,
        on_time: own.on_time,
        lead_ticks: own.lead_ticks,
        own: note,
    };
    packet::write_head(bytes, &head);
}
