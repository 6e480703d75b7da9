//! The blocks of this tick, each made once and shared by all clients that build on the same states.

use bevy_ecs::prelude::*;
use vivarium_protocol::{
    limits::BASELINE_TICKS_MAX,
    snapshot::{
        block::{BlockEncoder, Identity, Part, Source},
        member::{Known, Times},
        schema::FIELDS_MAX,
    },
};

use crate::{history::History, interest::Leaf, limits::BLOCKS_PER_LEAF_MAX};

/// What a block builds on, and how exact it is. Small enough to be compared at once, since that is
/// done for each client and leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted(u32);

const TICKS_BITS: u32 = BASELINE_TICKS_MAX.trailing_zeros();
const TICKS_MASK: u32 = (1 << TICKS_BITS) - 1;

impl Wanted {
    /// Of times within the history; `base_level` is that of the states that the block builds on.
    pub fn new(times: Times, base_level: u8) -> Self {
        let Times { age, gaps, level } = times;
        let ticks = (age << TICKS_BITS | gaps[0]) << TICKS_BITS | gaps[1];
        Self((ticks << 2 | u32::from(level)) << 2 | u32::from(base_level))
    }

    /// Builds on nothing.
    pub fn full(level: u8) -> Self {
        Self::new(Times { age: 0, gaps: [0; 2], level }, 0)
    }

    /// As [`Wanted::new`] was given them.
    pub fn times(self) -> Times {
        let ticks = self.0 >> 4;
        Times {
            age: ticks >> (2 * TICKS_BITS),
            gaps: [ticks >> TICKS_BITS & TICKS_MASK, ticks & TICKS_MASK],
            level: (self.0 >> 2 & 3) as u8,
        }
    }

    /// Level of detail of the states that the block builds on.
    pub fn base_level(self) -> u8 {
        (self.0 & 3) as u8
    }

    /// Whether the block builds on something.
    pub fn is_change(self) -> bool {
        self.0 >> (4 + 2 * TICKS_BITS) != 0
    }
}

/// A block: some of [`Blocks::parts`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    first: u32,
    count: u32,
    /// Bytes of all parts.
    pub bytes: u32,
}

// What a member takes that is told in full, about.
const COMER_BYTES: usize = 10;

/// Memory of the encoder, and the blocks of this tick by leaf.
#[derive(Resource, Default)]
pub(crate) struct Blocks {
    encoder: BlockEncoder,
    bytes: Vec<u8>,
    parts: Vec<Part>,
    memo: Vec<Vec<(Wanted, Block)>>,
    used: Vec<u32>,
    /// Bytes of the newest change of each leaf, to foretell how long another one will be.
    change_bytes: Vec<u32>,
    /// Blocks that were encoded in this tick.
    pub encoded: u32,
    /// How often one of them was wanted.
    pub wanted: u32,
}

impl Blocks {
    /// Forgets the blocks of the last tick.
    pub fn start(&mut self, leaves: usize) {
        for leaf in self.used.drain(..) {
            self.memo[leaf as usize].clear();
        }
        if self.memo.len() < leaves {
            self.memo.resize_with(leaves, Vec::new);
            self.change_bytes.resize(leaves, 0);
        }
        self.bytes.clear();
        self.parts.clear();
        (self.encoded, self.wanted) = (0, 0);
    }

    /// The block of a leaf, if it was made already.
    #[inline]
    pub fn find(&self, leaf: u32, wanted: Wanted) -> Option<Block> {
        let memo = &self.memo[leaf as usize];
        memo.iter().find(|(made, _)| *made == wanted).map(|(_, block)| *block)
    }

    /// About how many bytes a block will have that was not made yet.
    pub fn expected_bytes(&self, (index, leaf): (u32, &Leaf), wanted: Wanted) -> usize {
        if wanted.is_change() {
            self.change_bytes[index as usize] as usize
        } else {
            leaf.len() * COMER_BYTES
        }
    }

    /// The block of a leaf that builds on what is wanted, and on what it builds in truth. Where
    /// acknowledgements differ so much that too many blocks were wanted of a leaf in this tick,
    /// it is one of those that there are, on states that the client also has, or one that builds
    /// on nothing.
    pub fn get(
        &mut self,
        history: &History,
        (index, leaf): (u32, &Leaf),
        wanted: Wanted,
        tick: u32,
        client_has: impl Fn(Wanted) -> bool,
    ) -> (Wanted, Block) {
        if let Some(made) = self.find(index, wanted) {
            return (wanted, made);
        }
        let memo = &self.memo[index as usize];
        let level = wanted.times().level;
        let is_full = memo.len() >= BLOCKS_PER_LEAF_MAX && wanted.is_change();
        let instead = memo.iter().filter(|(made, _)| {
            is_full && made.is_change() && made.times().level == level && client_has(*made)
        });
        if let Some(made) = instead.min_by_key(|(made, _)| made.times().age) {
            return *made;
        }
        let wanted = if is_full { Wanted::full(level) } else { wanted };
        let made = self.find(index, wanted);
        (wanted, made.unwrap_or_else(|| self.make(history, (index, leaf), wanted, tick)))
    }

    #[cold]
    fn make(
        &mut self,
        history: &History,
        (index, leaf): (u32, &Leaf),
        wanted: Wanted,
        tick: u32,
    ) -> Block {
        let memo = &mut self.memo[index as usize];
        if memo.is_empty() {
            self.used.push(index);
        }
        self.encoded += 1;
        let (first, start) = (self.parts.len(), self.bytes.len());
        let view = LeafNow::new(history, leaf, wanted, tick);
        self.encoder.encode(wanted.times(), &view, &mut self.bytes, &mut self.parts);
        let block = Block {
            first: first as u32,
            count: (self.parts.len() - first) as u32,
            bytes: (self.bytes.len() - start) as u32,
        };
        if wanted.is_change() {
            self.change_bytes[index as usize] = block.bytes;
        }
        memo.push((wanted, block));
        block
    }

    /// The parts of a block.
    pub fn parts(&self, block: Block) -> &[Part] {
        &self.parts[block.first as usize..(block.first + block.count) as usize]
    }

    /// The bytes of a part.
    pub fn bytes(&self, part: Part) -> &[u8] {
        &self.bytes[part.start as usize..part.end as usize]
    }
}

/// A leaf as one kind of block sees it.
struct LeafNow<'a> {
    history: &'a History,
    leaf: &'a Leaf,
    tick: u32,
    /// The baseline and the earlier ticks, where there are such.
    base: u32,
    earlier: [Option<u32>; 2],
    wanted: Wanted,
    base_slots: u64,
    stays: u64,
}

impl<'a> LeafNow<'a> {
    fn new(history: &'a History, leaf: &'a Leaf, wanted: Wanted, tick: u32) -> Self {
        let Times { age, gaps, .. } = wanted.times();
        let base = tick - age;
        let back = |tick: Option<u32>, gap| tick.filter(|_| gap != 0).map(|tick| tick - gap);
        let first = back(Some(base), gaps[0]);
        let earlier = [first, back(first, gaps[1])];
        let base_slots = if age == 0 { 0 } else { leaf.occupied_at(base) };
        let mut stays = 0;
        for slot in crate::interest::bits(base_slots & leaf.occupied) {
            stays |= u64::from(leaf.there_since(slot, base)) << slot;
        }
        Self { history, leaf, tick, base, earlier, wanted, base_slots, stays }
    }
}

impl Source for LeafNow<'_> {
    fn base(&self) -> u64 {
        self.base_slots
    }

    fn stays(&self) -> u64 {
        self.stays
    }

    fn comes(&self) -> u64 {
        self.leaf.occupied & !self.stays
    }

    fn moved(&self, slot: usize) -> bool {
        self.leaf.has_moved(slot)
    }

    fn identity(&self, slot: usize) -> Identity {
        self.history.identity(self.leaf.member(slot))
    }

    fn known<'b>(&'b self, slot: usize, room: &'b mut [[i32; FIELDS_MAX]; 3]) -> Known<'b> {
        let member = self.leaf.member(slot);
        let earlier =
            self.earlier.map(|tick| tick.filter(|tick| self.leaf.there_since(slot, *tick)));
        let base_level = self.wanted.base_level();
        if base_level == 0 {
            return Known {
                base: self.history.at(member, self.base),
                earlier: earlier.map(|tick| tick.map(|tick| self.history.at(member, tick))),
            };
        }
        let schema = self.history.identity(member).facet.schema();
        let count = schema.field_count();
        for (room, tick) in room.iter_mut().zip([Some(self.base), earlier[0], earlier[1]]) {
            let Some(tick) = tick else { continue };
            room[..count].copy_from_slice(self.history.at(member, tick));
            schema.coarsen(base_level, &mut room[..count]);
        }
        let [base, first, second] = &*room;
        Known {
            base: &base[..count],
            earlier: [earlier[0].map(|_| &first[..count]), earlier[1].map(|_| &second[..count])],
        }
    }

    fn now(&self, slot: usize, fields: &mut [i32]) {
        let member = self.leaf.member(slot);
        fields.copy_from_slice(self.history.at(member, self.tick));
        let level = self.wanted.times().level;
        if level > 0 {
            self.history.identity(member).facet.schema().coarsen(level, fields);
        }
    }
}
