//! A small server of snapshots: leaves with a history, and one client that is told of them. It makes
//! the golden packets with the block encoder that the real server uses.
//!
//! Invariant: it names a state as known only when every part of it was acknowledged and no younger
//! state was named instead of it before.

use std::collections::{BTreeMap, BTreeSet};

use vivarium_protocol::{
    limits::{BASELINE_TICKS_MAX, DATAGRAM_BYTES_MAX},
    snapshot::{
        block::{BlockEncoder, Identity, SLOTS, Source},
        member::{Known, Times},
        packet::{self, Ack, Closing, ENTRY_HEAD_BYTES_MAX, OwnNote, OwnState, PacketHead},
        schema::FIELDS_MAX,
    },
};

/// Fields of one member; those beyond its facet's count are 0.
pub type Fields = [i32; FIELDS_MAX];

/// Who is in the slots of a leaf, and how.
pub type Slots = Vec<Option<(Identity, Fields)>>;

/// The leaves of a world at its newest ticks.
#[derive(Debug, Default)]
pub struct Model {
    leaves: BTreeMap<u32, Slots>,
    history: BTreeMap<(u32, u32), Slots>,
    tick: u32,
}

impl Model {
    /// Puts a member into a leaf, or changes it there; it leaves any other leaf.
    pub fn put(&mut self, leaf: u32, identity: Identity, fields: &[i32]) {
        let mut all = [0; FIELDS_MAX];
        all[..fields.len()].copy_from_slice(fields);
        if self.leaf_of(identity) != Some(leaf) {
            self.remove(identity);
        }
        let slots = self.leaves.entry(leaf).or_insert_with(|| vec![None; SLOTS]);
        let at = |slots: &Slots, wanted: Option<Identity>| {
            slots.iter().position(|slot| slot.map(|(identity, _)| identity) == wanted)
        };
        let slot = at(slots, Some(identity)).or_else(|| at(slots, None));
        slots[slot.expect("no script fills a leaf")] = Some((identity, all));
    }

    /// Takes a member out of the world.
    pub fn remove(&mut self, identity: Identity) {
        for slots in self.leaves.values_mut() {
            for slot in slots.iter_mut() {
                if slot.is_some_and(|(there, _)| there == identity) {
                    *slot = None;
                }
            }
        }
    }

    /// Forgets a leaf.
    pub fn close(&mut self, leaf: u32) {
        self.leaves.remove(&leaf);
    }

    /// Whether somebody was ever in a leaf.
    pub fn has(&self, leaf: u32) -> bool {
        self.leaves.contains_key(&leaf)
    }

    /// Ends a tick: from now on it is history.
    pub fn end(&mut self, tick: u32) {
        self.tick = tick;
        for (leaf, slots) in &self.leaves {
            self.history.insert((*leaf, tick), slots.clone());
        }
        let oldest = tick.saturating_sub(BASELINE_TICKS_MAX as u32);
        self.history.retain(|(_, then), _| *then >= oldest);
    }

    fn leaf_of(&self, identity: Identity) -> Option<u32> {
        let holds = |slots: &&Slots| slots.iter().flatten().any(|(there, _)| *there == identity);
        self.leaves.iter().find(|(_, slots)| holds(slots)).map(|(leaf, _)| *leaf)
    }

    /// A leaf at a tick, as it was told at a level of detail.
    fn told(&self, leaf: u32, tick: u32, level: u8) -> Option<Slots> {
        let mut slots = self.history.get(&(leaf, tick))?.clone();
        for (identity, fields) in slots.iter_mut().flatten() {
            coarsen(*identity, level, fields);
        }
        Some(slots)
    }
}

fn coarsen(identity: Identity, level: u8, fields: &mut Fields) {
    let count = identity.facet.field_count();
    identity.facet.schema().coarsen(level, &mut fields[..count]);
}

/// A leaf between two ticks.
struct Between<'a> {
    model: &'a Model,
    base: Slots,
    earlier: [Option<Slots>; 2],
    now: Slots,
}

impl Between<'_> {
    fn bits(&self, holds: impl Fn(usize) -> bool) -> u64 {
        (0..SLOTS).filter(|slot| holds(*slot)).fold(0, |bits, slot| bits | 1 << slot)
    }

    fn same(&self, slot: usize) -> bool {
        match (&self.base[slot], &self.now[slot]) {
            (Some((before, _)), Some((now, _))) => before == now,
            _ => false,
        }
    }

    fn is_rest(&self) -> bool {
        self.base == self.now
    }
}

impl Source for Between<'_> {
    fn base(&self) -> u64 {
        self.bits(|slot| self.base[slot].is_some())
    }

    fn stays(&self) -> u64 {
        self.bits(|slot| self.same(slot))
    }

    fn comes(&self) -> u64 {
        self.bits(|slot| self.now[slot].is_some() && !self.same(slot))
    }

    fn moved(&self, slot: usize) -> bool {
        self.base[slot].is_some_and(|(identity, _)| self.model.leaf_of(identity).is_some())
    }

    fn identity(&self, slot: usize) -> Identity {
        self.now[slot].expect("it is asked for who is there").0
    }

    fn known<'a>(&'a self, slot: usize, _: &'a mut [Fields; 3]) -> Known<'a> {
        fn fields(slots: &Slots, slot: usize, identity: Identity) -> Option<&[i32]> {
            let (there, fields) = slots[slot].as_ref()?;
            (*there == identity).then(|| &fields[..identity.facet.field_count()])
        }
        let identity = self.identity(slot);
        Known {
            base: fields(&self.base, slot, identity).expect("it is asked for who stays"),
            earlier: [0, 1].map(|index| fields(self.earlier[index].as_ref()?, slot, identity)),
        }
    }

    fn now(&self, slot: usize, fields: &mut [i32]) {
        let (_, now) = self.now[slot].expect("it is asked for who is there");
        let count = fields.len();
        fields.copy_from_slice(&now[..count]);
    }
}

/// What a client was told of one leaf.
#[derive(Debug, Default)]
struct Told {
    /// By tick: the level of detail, and the packets that hold its parts.
    ticks: BTreeMap<u32, (u8, BTreeSet<u32>)>,
    /// The oldest tick that a block built on: the client may have forgotten all before.
    floor: u32,
}

/// One client, as the server sees it.
#[derive(Debug, Default)]
pub struct Client {
    /// Bytes that a packet may have.
    pub bytes_max: usize,
    /// Counts how often everything was forgotten.
    pub era: u8,
    number: u32,
    leaves: BTreeMap<u32, Told>,
    acked: BTreeSet<u32>,
    own: Option<(OwnState, Vec<u32>)>,
    encoder: BlockEncoder,
    sent_tick: u32,
}

/// What to tell of one leaf.
#[derive(Clone, Copy, Debug)]
pub enum Tell {
    /// What changed, at a level of detail.
    Leaf(u32, u8),
    /// The same, even when nothing changed.
    Anyway(u32, u8),
    /// That it is closed.
    Close(u32, Closing),
}

impl Client {
    /// A client behind a transport of datagrams.
    pub fn new() -> Self {
        Self { bytes_max: DATAGRAM_BYTES_MAX, ..Self::default() }
    }

    /// Takes an acknowledgement in.
    pub fn hear(&mut self, ack: Ack) {
        let least = ack.newest.saturating_sub(Ack::BEFORE);
        self.acked.extend((least..=ack.newest).filter(|number| ack.names(*number)));
    }

    /// Forgets what the client knows.
    pub fn forget(&mut self) {
        self.era = self.era.wrapping_add(1);
        self.leaves.clear();
        self.own = None;
    }

    /// The packets of a tick; none when there is nothing to tell, unless it was long ago.
    pub fn tell(&mut self, model: &Model, own: OwnState, leaves: &[Tell]) -> Vec<Vec<u8>> {
        let mut entries = Vec::new();
        for tell in leaves {
            match *tell {
                Tell::Leaf(leaf, level) => self.blocks(model, leaf, level, false, &mut entries),
                Tell::Anyway(leaf, level) => self.blocks(model, leaf, level, true, &mut entries),
                Tell::Close(leaf, closing) => {
                    let mut bytes = Vec::new();
                    packet::write_closed(&mut bytes, leaf, closing);
                    self.leaves.remove(&leaf);
                    entries.push((None, bytes));
                }
            }
        }
        let same = self.own.as_ref().is_some_and(|(told, packets)| {
            *told == own && packets.iter().any(|number| self.acked.contains(number))
        });
        if same && entries.is_empty() && model.tick < self.sent_tick + QUIET_TICKS {
            return Vec::new();
        }
        self.sent_tick = model.tick;
        self.packets(model.tick, if same { OwnNote::Same } else { OwnNote::State(own) }, entries)
    }

    /// The parts of a block as entries.
    fn blocks(
        &mut self,
        model: &Model,
        leaf: u32,
        level: u8,
        anyway: bool,
        entries: &mut Vec<(Option<u32>, Vec<u8>)>,
    ) {
        let tick = model.tick;
        let told = self.leaves.entry(leaf).or_default();
        let known: Vec<(u32, u8)> = told
            .ticks
            .iter()
            .rev()
            .filter(|(then, (_, packets))| {
                **then >= told.floor
                    && tick - **then < BASELINE_TICKS_MAX as u32
                    && packets.is_subset(&self.acked)
            })
            .map(|(then, (level, _))| (*then, *level))
            .take(3)
            .collect();
        let state = |index: usize| {
            known.get(index).and_then(|(then, level)| model.told(leaf, *then, *level))
        };
        let between = Between {
            model,
            base: state(0).unwrap_or_else(|| vec![None; SLOTS]),
            earlier: [state(1), state(2)],
            now: model.told(leaf, tick, level).expect("a leaf that is told of is there"),
        };
        if !known.is_empty() && between.is_rest() && !anyway {
            return;
        }
        let back = |newer: Option<&(u32, u8)>, older: Option<&(u32, u8)>| {
            older.zip(newer).map_or(0, |(older, newer)| newer.0 - older.0)
        };
        let times = Times {
            age: known.first().map_or(0, |(then, _)| tick - then),
            gaps: [back(known.first(), known.get(1)), back(known.get(1), known.get(2))],
            level,
        };
        let (mut bytes, mut parts) = (Vec::new(), Vec::new());
        self.encoder.encode(times, &between, &mut bytes, &mut parts);
        told.floor = told.floor.max(known.last().map_or(0, |(then, _)| *then));
        told.ticks.insert(tick, (level, BTreeSet::new()));
        told.ticks.retain(|then, _| tick - then < BASELINE_TICKS_MAX as u32);
        for part in parts {
            let part = &bytes[part.start as usize..part.end as usize];
            let mut entry = Vec::new();
            packet::write_block_head(&mut entry, leaf, part.len());
            entry.extend_from_slice(part);
            entries.push((Some(leaf), entry));
        }
    }

    /// Entries in packets. A packet that does not say all of the own avatar says nothing of it.
    fn packets(
        &mut self,
        tick: u32,
        own: OwnNote,
        entries: Vec<(Option<u32>, Vec<u8>)>,
    ) -> Vec<Vec<u8>> {
        let mut packets: Vec<Vec<u8>> = Vec::new();
        for (leaf, entry) in std::iter::once((None, Vec::new())).chain(entries) {
            let fits = packets.last().is_some_and(|packet| {
                packet.len() + entry.len() + ENTRY_HEAD_BYTES_MAX <= self.bytes_max
            });
            if !fits {
                self.number += 1;
                let own = if packets.is_empty() { own } else { OwnNote::Untold };
                let head = PacketHead {
                    number: self.number,
                    era: self.era,
                    tick,
                    on_time: true,
                    lead_ticks: 3,
                    own,
                };
                let mut bytes = Vec::new();
                packet::write_head(&mut bytes, &head);
                packets.push(bytes);
                if let OwnNote::State(state) = own {
                    match &mut self.own {
                        Some((told, numbers)) if *told == state => numbers.push(self.number),
                        told => *told = Some((state, vec![self.number])),
                    }
                }
            }
            if let Some(packet) = packets.last_mut() {
                packet.extend_from_slice(&entry);
            }
            if let Some(leaf) = leaf
                && let Some((_, numbers)) =
                    self.leaves.get_mut(&leaf).and_then(|told| told.ticks.get_mut(&tick))
            {
                numbers.insert(self.number);
            }
        }
        packets
    }
}

/// Something is sent every so many ticks, even when nothing happens.
const QUIET_TICKS: u32 = 15;
