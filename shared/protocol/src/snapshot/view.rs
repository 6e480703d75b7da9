//! The receiving end: what a client knows of each leaf, at the ticks that may be built on.
//!
//! Invariant: a complete [`Snapshot`] equals the server's quantised state of its leaf at its tick, at
//! the level of detail that it was told in. Packets may come in any order, more than once, or never:
//! what cannot be built on is passed over and not acknowledged, and the server tells it otherwise.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    block::{self, Base, Head, Identity, SLOTS, Sink},
    member::Known,
    packet::{self, Ack, Closing, Entry, OwnNote, OwnState, PacketHead},
    schema::FIELDS_MAX,
};
use crate::{
    limits::{BASELINE_TICKS_MAX, LEAVES_MAX, OVERTAKEN_TICKS_MAX},
    wire::DecodeError,
};

/// One member of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who it is.
    pub identity: Identity,
    /// Where its fields begin.
    at: u16,
}

const NOBODY: u8 = u8::MAX;

/// A leaf at one tick.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The tick whose end this is.
    pub tick: u32,
    /// Slots of which something is known; all, once every part has come.
    told: u64,
    /// Where the member of each slot is in `members`.
    slots: [u8; SLOTS],
    members: Vec<Member>,
    fields: Vec<i32>,
}

impl Snapshot {
    /// Whether every part has come.
    pub fn is_complete(&self) -> bool {
        self.told == u64::MAX
    }

    /// Who is in the leaf, with their fields.
    pub fn members(&self) -> impl Iterator<Item = (Identity, &[i32])> {
        self.members.iter().map(|member| (member.identity, self.fields_of(member)))
    }

    fn fields_of(&self, member: &Member) -> &[i32] {
        let at = usize::from(member.at);
        &self.fields[at..at + member.identity.facet.field_count()]
    }

    fn find(&self, slot: usize) -> Option<(Identity, &[i32])> {
        let member = self.members.get(usize::from(self.slots[slot]))?;
        Some((member.identity, self.fields_of(member)))
    }

    fn clear(&mut self, tick: u32) {
        self.tick = tick;
        self.told = 0;
        self.slots = [NOBODY; SLOTS];
        self.members.clear();
        self.fields.clear();
    }
}

/// Puts the members of a part in.
struct Filling<'a>(&'a mut Snapshot);

impl Sink for Filling<'_> {
    fn left(&mut self, _: Identity, _: bool) {}

    fn member(&mut self, slot: usize, identity: Identity, fields: &[i32]) {
        let at = self.0.fields.len() as u16;
        self.0.fields.extend_from_slice(fields);
        self.0.slots[slot] = self.0.members.len() as u8;
        self.0.members.push(Member { identity, at });
    }
}

/// The states that a part builds on.
struct Ground<'a> {
    base: &'a Snapshot,
    earlier: [Option<&'a Snapshot>; 2],
}

impl Base for Ground<'_> {
    fn known(&self, slot: usize) -> Option<(Identity, Known<'_>)> {
        let (identity, base) = self.base.find(slot)?;
        let earlier = self.earlier.map(|snapshot| {
            let (then, fields) = snapshot?.find(slot)?;
            (then == identity).then_some(fields)
        });
        Some((identity, Known { base, earlier }))
    }
}

/// One leaf, oldest state first; of some, parts may be missing.
#[derive(Debug, Default)]
pub struct Leaf {
    snapshots: VecDeque<Snapshot>,
}

impl Leaf {
    /// The newest state of which everything is known.
    pub fn newest(&self) -> Option<&Snapshot> {
        self.snapshots.iter().rev().find(|snapshot| snapshot.is_complete())
    }

    fn at(&self, tick: u32) -> Option<&Snapshot> {
        let index = self.snapshots.binary_search_by_key(&tick, |snapshot| snapshot.tick).ok()?;
        self.snapshots.get(index).filter(|snapshot| snapshot.is_complete())
    }
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Applied {
    /// All that it told is known now; it is acknowledged.
    Whole,
    /// Something of it builds on what is not known here; it is not acknowledged.
    InPart,
    /// It was applied before, or is of a past era.
    Old,
}

/// What one client knows.
#[derive(Debug, Default)]
pub struct View {
    leaves: BTreeMap<u32, Leaf>,
    /// Leaves that were closed: a late block must not open them again. Numbers only grow, so the
    /// lowest can be forgotten first.
    closed: BTreeSet<u32>,
    ack: Ack,
    /// The era of what is known, and the newest packet that was looked at.
    era: u8,
    newest_number: u32,
    newest_tick: u32,
    own: Option<(u32, OwnState)>,
    spare: Vec<Snapshot>,
}

impl View {
    /// What to tell the server.
    pub fn ack(&self) -> Ack {
        self.ack
    }

    /// The newest tick that a packet told of.
    pub fn tick(&self) -> u32 {
        self.newest_tick
    }

    /// The client's own avatar at the newest tick.
    pub fn own(&self) -> Option<OwnState> {
        self.own.map(|(_, own)| own)
    }

    /// The leaves by the client's numbers.
    pub fn leaves(&self) -> impl Iterator<Item = (u32, &Leaf)> {
        self.leaves.iter().map(|(number, leaf)| (*number, leaf))
    }

    /// Everything that is seen: for each facet the newest state, with its tick.
    pub fn members(&self) -> BTreeMap<Identity, (u32, &[i32])> {
        let mut all = BTreeMap::new();
        for snapshot in self.leaves.values().filter_map(Leaf::newest) {
            for (identity, fields) in snapshot.members() {
                let seen = all.entry(identity).or_insert((snapshot.tick, fields));
                if seen.0 < snapshot.tick {
                    *seen = (snapshot.tick, fields);
                }
            }
        }
        all
    }

    /// Forgets everything, as on entering another world.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes a packet in. After an error the packet counts as not received.
    pub fn apply(&mut self, bytes: &[u8]) -> Result<(PacketHead, Applied), DecodeError> {
        let (head, entries) = packet::read(bytes)?;
        if head.number == 0 {
            return Err(DecodeError::Malformed("packet number 0".to_owned()));
        }
        if head.era != self.era {
            if head.number < self.newest_number {
                return Ok((head, Applied::Old));
            }
            self.clear();
            self.era = head.era;
        }
        self.newest_number = self.newest_number.max(head.number);
        if self.ack.names(head.number) {
            return Ok((head, Applied::Old));
        }
        let mut whole = true;
        for entry in entries {
            match entry? {
                Entry::Block { leaf, bytes } => whole &= self.block(head.tick, leaf, bytes)?,
                Entry::Closed { leaf, closing } => self.close(leaf, closing),
            }
        }
        match head.own {
            OwnNote::State(own) if self.own.is_none_or(|(tick, _)| tick < head.tick) => {
                self.own = Some((head.tick, own));
            }
            OwnNote::State(_) | OwnNote::Untold => {}
            OwnNote::Same => whole &= self.own.is_some(),
        }
        self.newest_tick = self.newest_tick.max(head.tick);
        if !whole {
            return Ok((head, Applied::InPart));
        }
        self.ack.add(head.number);
        Ok((head, Applied::Whole))
    }

    fn close(&mut self, number: u32, _: Closing) {
        if let Some(leaf) = self.leaves.remove(&number) {
            leaf.snapshots.into_iter().for_each(|snapshot| recycle(&mut self.spare, snapshot));
        }
        self.closed.insert(number);
        if self.closed.len() > LEAVES_MAX {
            self.closed.pop_first();
        }
    }

    /// Whether the block could be built on what is known.
    fn block(&mut self, tick: u32, number: u32, bytes: &[u8]) -> Result<bool, DecodeError> {
        let malformed = || DecodeError::Malformed("a block that is not one".to_owned());
        let (head, bytes) = Head::read(bytes).ok_or_else(malformed)?;
        if self.closed.contains(&number) {
            return Ok(true);
        }
        if self.leaves.len() >= LEAVES_MAX && !self.leaves.contains_key(&number) {
            return Err(DecodeError::Malformed("too many leaves".to_owned()));
        }
        let leaf = self.leaves.entry(number).or_default();
        let newest = leaf.snapshots.back().map_or(0, |newest| newest.tick);
        if tick < newest.saturating_sub(BASELINE_TICKS_MAX as u32) {
            return Ok(false);
        }
        // A part that was overtaken has its place among the newer ones: it may be built on.
        let place = leaf.snapshots.partition_point(|state| state.tick < tick);
        let begun = leaf.snapshots.get(place).filter(|state| state.tick == tick);
        let told = begun.map_or(0, |begun| begun.told);
        if told & head.slots() != 0 {
            return Ok(told & head.slots() == head.slots());
        }
        let begun = if told == 0 { None } else { leaf.snapshots.remove(place) };
        let mut next = begun.unwrap_or_else(|| {
            let mut next = self.spare.pop().unwrap_or_else(|| EMPTY.clone());
            next.clear(tick);
            next
        });
        let (base, earlier, oldest) = ticks(tick, &head);
        let ground = match base {
            None => Some(Ground { base: &EMPTY, earlier: [None; 2] }),
            Some(base) => leaf.at(base).map(|base| Ground {
                base,
                earlier: earlier.map(|tick| tick.and_then(|tick| leaf.at(tick))),
            }),
        };
        // A state that is named but not known would be predicted from otherwise than at the server.
        let ground = ground.filter(|ground| {
            ground
                .earlier
                .iter()
                .zip(&earlier)
                .all(|(state, tick)| state.is_some() == tick.is_some())
        });
        let Some(ground) = ground else {
            if next.told == 0 {
                recycle(&mut self.spare, next);
            } else {
                leaf.snapshots.insert(place, next);
            }
            return Ok(false);
        };
        let decoded = block::decode(head, bytes, &ground, &mut Filling(&mut next));
        next.told |= head.slots();
        if decoded.is_err() {
            recycle(&mut self.spare, next);
            return Err(malformed());
        }
        leaf.snapshots.insert(place, next);
        while leaf.snapshots.front().is_some_and(|state| state.tick < oldest) {
            if let Some(old) = leaf.snapshots.pop_front() {
                recycle(&mut self.spare, old);
            }
        }
        Ok(true)
    }
}

static EMPTY: Snapshot = Snapshot {
    tick: 0,
    told: u64::MAX,
    slots: [NOBODY; SLOTS],
    members: Vec::new(),
    fields: Vec::new(),
};

/// The ticks that a part builds on, and the oldest that must be kept: once a second earlier state
/// was named, the server names none before it again, though what it sent before may still come.
fn ticks(tick: u32, head: &Head) -> (Option<u32>, [Option<u32>; 2], u32) {
    let times = head.times;
    let back = |from: Option<u32>, gap: u32| from.filter(|_| gap != 0)?.checked_sub(gap);
    let base = back(Some(tick), times.age);
    let first = back(base, times.gaps[0]);
    let second = back(first, times.gaps[1]);
    let window = tick.saturating_sub(BASELINE_TICKS_MAX as u32);
    let needed = second.map_or(0, |second| second.saturating_sub(OVERTAKEN_TICKS_MAX as u32));
    (base, [first, second], needed.max(window))
}

fn recycle(spare: &mut Vec<Snapshot>, snapshot: Snapshot) {
    // As many as are ever needed between two packets.
    if spare.len() < 64 && snapshot.fields.capacity() <= SLOTS * FIELDS_MAX {
        spare.push(snapshot);
    }
}
