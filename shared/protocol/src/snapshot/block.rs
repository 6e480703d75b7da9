//! One leaf between two ticks: who left, who came, who changed.
//!
//! A leaf has 64 slots, each of which holds one member or none. A block tells the state of the slots
//! from `lo` to `hi`; one that would be too long for a datagram is cut into parts, and all of them
//! together tell the leaf. Each part decodes alone, given the states that it builds on.
//!
//! ```text
//! age + 64 if cut   8 bits; age 0: builds on nothing
//! gap0 + 64 * level 8 bits; gap0 is 0 when there is no first earlier state
//! gap1              8 bits, only when gap0 is not 0; 0 when there is no second earlier state
//! lo, hi            8 bits each, only when cut
//! slots lo to hi    range coded: [left, moved | change], [came, member]
//! ```

use super::{
    member::{Known, Models, Numbers, Times, code_change, code_comer},
    range::{Bit, Coder, Decoder, Encoder},
    schema::{FIELDS_MAX, Facet},
};
use crate::limits::{BASELINE_TICKS_MAX, BLOCK_BYTES_MAX};

/// Slots of a leaf.
pub const SLOTS: usize = 64;

/// Which facet of what: a person's number for [`Facet::Avatar`] and [`Facet::Tracked`], an object's
/// for [`Facet::Object`] and [`Facet::Companion`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Which facet.
    pub facet: Facet,
    /// Of whom or of what.
    pub subject: u32,
}

/// What an encoder must know of a leaf. Slots are bits and indices, lowest first.
pub trait Source {
    /// Slots that had a member at the baseline.
    fn base(&self) -> u64;
    /// Of these, the slots whose member is still the same.
    fn stays(&self) -> u64;
    /// Slots that have a member now that was not there at the baseline.
    fn comes(&self) -> u64;
    /// Whether the member that left a slot is now in another leaf of the same audience.
    fn moved(&self, slot: usize) -> bool;
    /// Who is in a slot now.
    fn identity(&self, slot: usize) -> Identity;
    /// What the other end has of a member that stays. `room` is for states that must be rounded
    /// first.
    fn known<'a>(&'a self, slot: usize, room: &'a mut [[i32; FIELDS_MAX]; 3]) -> Known<'a>;
    /// The state now, at the level of detail of the block.
    fn now(&self, slot: usize, fields: &mut [i32]);
}

/// The first bytes of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// What the block builds on; `age` 0: nothing.
    pub times: Times,
    /// First slot that is told.
    pub lo: u8,
    /// One after the last slot that is told.
    pub hi: u8,
}

const CUT: u8 = 64;
const GAP_MAX: u32 = BASELINE_TICKS_MAX as u32 - 1;

impl Head {
    fn write(&self, bytes: &mut Vec<u8>) {
        let Times { age, gaps, level } = self.times;
        let cut = self.lo != 0 || usize::from(self.hi) != SLOTS;
        bytes.push(age.min(GAP_MAX) as u8 | if cut { CUT } else { 0 });
        bytes.push(gaps[0].min(GAP_MAX) as u8 | level << 6);
        if gaps[0] != 0 {
            bytes.push(gaps[1].min(GAP_MAX) as u8);
        }
        if cut {
            bytes.extend_from_slice(&[self.lo, self.hi]);
        }
    }

    /// Reads the first bytes of a part and gives those that follow.
    pub fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&[age, gap], mut rest) = bytes.split_first_chunk::<2>()?;
        let mut times =
            Times { age: u32::from(age & 63), gaps: [u32::from(gap & 63), 0], level: gap >> 6 };
        if times.gaps[0] != 0 {
            let (&gap, after) = rest.split_first()?;
            (times.gaps[1], rest) = (u32::from(gap), after);
        }
        let (mut lo, mut hi) = (0, SLOTS as u8);
        if age & CUT != 0 {
            let (range, after) = rest.split_first_chunk::<2>()?;
            ([lo, hi], rest) = (*range, after);
        }
        let sound = age & 0x80 == 0
            && times.gaps[1] <= GAP_MAX
            && (times.age != 0 || times.gaps[0] == 0)
            && lo < hi
            && usize::from(hi) <= SLOTS;
        sound.then_some((Self { times, lo, hi }, rest))
    }

    /// The slots that are told.
    pub fn slots(&self) -> u64 {
        slots(self.lo, self.hi)
    }
}

/// The bits of slots from `lo` to `hi`.
pub fn slots(lo: u8, hi: u8) -> u64 {
    let below = |slot: u8| if slot >= 64 { u64::MAX } else { (1 << slot) - 1 };
    below(hi) & !below(lo)
}

/// What is learned within one part, beside what members are like.
struct Habits {
    left: Bit,
    moved: Bit,
    came: Bit,
    facet: [Bit; 3],
    subject: Numbers,
    models: Models,
    /// The last member of each facet, which the next one may be like.
    like: [Option<[i32; FIELDS_MAX]>; Facet::ALL.len()],
    last_subject: u32,
}

/// Most members stay, and few slots are taken anew from one tick to the next.
const SELDOM: Bit = Bit::prior(1 << 10, 6, 60);
/// Who leaves mostly goes to another leaf, and in a block that tells all most slots are taken.
const MOSTLY: Bit = Bit::prior(3 << 14, 0, 60);

impl Habits {
    fn fresh(age: u32) -> Self {
        Self {
            left: SELDOM,
            moved: MOSTLY,
            came: if age == 0 { MOSTLY } else { SELDOM },
            facet: [Bit::EVEN; 3],
            subject: Numbers::fresh(),
            models: Models::fresh(),
            like: [None; Facet::ALL.len()],
            last_subject: 0,
        }
    }

    fn identity<C: Coder>(&mut self, coder: &mut C, identity: Identity) -> Option<Identity> {
        let number = identity.facet as u32;
        let high = coder.bit(&mut self.facet[0], number & 2 != 0);
        let low = coder.bit(&mut self.facet[1 + usize::from(high)], number & 1 != 0);
        let facet = Facet::from_number(u32::from(high) << 1 | u32::from(low))?;
        let step = identity.subject.wrapping_sub(self.last_subject) as i32;
        let step = self.subject.code(coder, step);
        self.last_subject = self.last_subject.wrapping_add(step as u32);
        Some(Identity { facet, subject: self.last_subject })
    }

    fn remember(&mut self, facet: Facet, fields: &[i32]) {
        let like = self.like[facet as usize].get_or_insert([0; FIELDS_MAX]);
        like[..fields.len()].copy_from_slice(fields);
    }

    fn comer<C: Coder>(&mut self, coder: &mut C, level: u8, facet: Facet, now: &mut [i32]) {
        let like = self.like[facet as usize].as_ref().map(|like| &like[..facet.field_count()]);
        code_comer(coder, &mut self.models, facet, level, like, now);
        self.remember(facet, now);
    }
}

/// Makes blocks. Keeps its memory from one to the next.
#[derive(Debug, Default)]
pub struct BlockEncoder {
    coder: Encoder,
}

/// One part of a block: the bytes from `start` to `end` of what was written, and its slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// First slot that is told.
    pub lo: u8,
    /// One after the last slot that is told.
    pub hi: u8,
    /// Where its bytes begin.
    pub start: u32,
    /// Where its bytes end.
    pub end: u32,
}

// A decision of the range coder costs 10 bits at most, and no field needs more than this many
// bytes even when all of its decisions are surprises.
const FIELD_BYTES_MAX: usize = 24;

impl BlockEncoder {
    /// Appends a block to `bytes`, and its parts to `parts`. With `times.age` 0 the source's
    /// `base` must be empty.
    pub fn encode(
        &mut self,
        times: Times,
        source: &impl Source,
        bytes: &mut Vec<u8>,
        parts: &mut Vec<Part>,
    ) {
        let mut lo = 0;
        while usize::from(lo) < SLOTS {
            let hi = self.part(times, source, lo);
            let start = bytes.len() as u32;
            Head { times, lo, hi }.write(bytes);
            bytes.extend_from_slice(self.coder.finish());
            parts.push(Part { lo, hi, start, end: bytes.len() as u32 });
            lo = hi;
        }
    }

    /// Encodes slots from `lo` on, as many as fit; gives the one after the last.
    fn part(&mut self, times: Times, source: &impl Source, lo: u8) -> u8 {
        self.coder.start();
        let coder = &mut self.coder;
        let mut habits = Habits::fresh(times.age);
        let mut buffer = [0; FIELDS_MAX];
        let mut room_for_known = [[0; FIELDS_MAX]; 3];
        let (base, stays, comes) = (source.base(), source.stays(), source.comes());
        for slot in usize::from(lo)..SLOTS {
            let bit = 1_u64 << slot;
            let told = (stays | comes) & bit != 0;
            let facet = if told { source.identity(slot).facet } else { Facet::Avatar };
            let room = if told { (facet.field_count() + 2) * FIELD_BYTES_MAX } else { 8 };
            if slot > usize::from(lo) && coder.len_max() + room > BLOCK_BYTES_MAX {
                return slot as u8;
            }
            let fields = &mut buffer[..facet.field_count()];
            if base & bit != 0 {
                let left = stays & bit == 0;
                coder.bit(&mut habits.left, left);
                if left {
                    coder.bit(&mut habits.moved, source.moved(slot));
                } else {
                    source.now(slot, fields);
                    let known = source.known(slot, &mut room_for_known);
                    code_change(coder, &mut habits.models, facet, times, known, fields);
                    habits.remember(facet, fields);
                    continue;
                }
            }
            if coder.bit(&mut habits.came, comes & bit != 0) {
                habits.identity(coder, source.identity(slot));
                source.now(slot, fields);
                habits.comer(coder, times.level, facet, fields);
            }
        }
        SLOTS as u8
    }
}

/// What a decoder must know of a leaf.
pub trait Base {
    /// Who was in a slot at the baseline, and what is known of it.
    fn known(&self, slot: usize) -> Option<(Identity, Known<'_>)>;
}

/// Takes in what a part tells.
pub trait Sink {
    /// A slot's member left.
    fn left(&mut self, identity: Identity, moved: bool);
    /// A slot has this member now.
    fn member(&mut self, slot: usize, identity: Identity, fields: &[i32]);
}

/// The bytes are not a part of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a block that is not one")]
pub struct MalformedBlock;

/// Reads what follows the head of a part. On an error the sink has been told a part of it.
pub fn decode(
    head: Head,
    bytes: &[u8],
    base: &impl Base,
    sink: &mut impl Sink,
) -> Result<(), MalformedBlock> {
    let mut coder = Decoder::new(bytes);
    let mut habits = Habits::fresh(head.times.age);
    let mut buffer = [0; FIELDS_MAX];
    for slot in usize::from(head.lo)..usize::from(head.hi) {
        let known = if head.times.age == 0 { None } else { base.known(slot) };
        if let Some((identity, known)) = known {
            if coder.bit(&mut habits.left, false) {
                sink.left(identity, coder.bit(&mut habits.moved, false));
            } else {
                let fields = &mut buffer[..identity.facet.field_count()];
                code_change(
                    &mut coder,
                    &mut habits.models,
                    identity.facet,
                    head.times,
                    known,
                    fields,
                );
                habits.remember(identity.facet, fields);
                sink.member(slot, identity, fields);
                continue;
            }
        }
        if coder.bit(&mut habits.came, false) {
            let nobody = Identity { facet: Facet::Avatar, subject: 0 };
            let identity = habits.identity(&mut coder, nobody).ok_or(MalformedBlock)?;
            let fields = &mut buffer[..identity.facet.field_count()];
            habits.comer(&mut coder, head.times.level, identity.facet, fields);
            sink.member(slot, identity, fields);
        }
    }
    if coder.overran() { Err(MalformedBlock) } else { Ok(()) }
}
