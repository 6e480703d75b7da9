//! One interest group: up to 64 members that are near each other and have the same audience.

use std::collections::VecDeque;

use vivarium_protocol::{
    limits::BASELINE_TICKS_MAX,
    snapshot::block::{Identity, SLOTS},
};

use crate::history::{Audience, Member};

/// A box, metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub min: [f32; 3],
    pub max: [f32; 3],
}

impl Bounds {
    /// Holds nothing.
    pub const EMPTY: Self = Self { min: [f32::INFINITY; 3], max: [f32::NEG_INFINITY; 3] };
    /// Holds everything.
    pub const ALL: Self = Self { min: [f32::NEG_INFINITY; 3], max: [f32::INFINITY; 3] };

    /// Grows so that a point is inside.
    pub fn include(&mut self, point_m: [f32; 3]) {
        for (axis, at) in point_m.into_iter().enumerate() {
            self.min[axis] = self.min[axis].min(at);
            self.max[axis] = self.max[axis].max(at);
        }
    }

    /// Squared distance (m²) from a point to the box, 0 inside.
    pub fn distance_m2(&self, point_m: [f32; 3]) -> f32 {
        let mut squared = 0.0;
        for (axis, at) in point_m.into_iter().enumerate() {
            let outside = (self.min[axis] - at).max(at - self.max[axis]).max(0.0);
            squared += outside * outside;
        }
        squared
    }

    /// Whether a point is inside, or outside by less than the hysteresis of each axis.
    pub fn nearly_holds(&self, point_m: [f32; 3]) -> bool {
        (0..3).all(|axis| {
            let extent = self.max[axis] - self.min[axis];
            let margin = (extent * MARGIN_SHARE).clamp(MARGIN_M_MIN, MARGIN_M_MAX);
            // Written so that a coordinate that is not a number stays where it is.
            !(point_m[axis] < self.min[axis] - margin || point_m[axis] > self.max[axis] + margin)
        })
    }
}

// How far a member may stray from its leaf's region before it moves to another one.
const MARGIN_SHARE: f32 = 0.15;
const MARGIN_M_MIN: f32 = 0.75;
const MARGIN_M_MAX: f32 = 4.0;

/// A leaf of the tree.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// Never used for another leaf.
    pub id: u32,
    /// In which ticks it is told to those who are told it now and then.
    pub phase: u32,
    pub audience: Audience,
    /// The node of the tree that holds it.
    pub node: u32,
    /// What belongs to it, by the planes that cut the tree.
    pub region: Bounds,
    /// Where its members are.
    pub bounds: Bounds,
    /// Slots that have a member.
    pub occupied: u64,
    members: [Member; SLOTS],
    since: [u32; SLOTS],
    /// Who left which slot within the history, and when; oldest first.
    left: VecDeque<(u32, u8, Identity)>,
    /// Slots whose last member went to another leaf.
    moved: u64,
    /// `occupied` at the end of each of the last ticks, filled up to `noted`.
    masks: [u64; BASELINE_TICKS_MAX],
    noted: u32,
    /// Tick in which something changed last.
    pub changed: u32,
}

impl Leaf {
    /// Without members.
    pub fn new(id: u32, audience: Audience, node: u32, region: Bounds, tick: u32) -> Self {
        Self {
            id,
            phase: 0,
            audience,
            node,
            region,
            bounds: Bounds::EMPTY,
            occupied: 0,
            members: [Member(u32::MAX); SLOTS],
            since: [0; SLOTS],
            left: VecDeque::new(),
            moved: 0,
            masks: [0; BASELINE_TICKS_MAX],
            noted: tick,
            changed: tick,
        }
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.occupied.count_ones() as usize
    }

    /// The member of an occupied slot.
    pub fn member(&self, slot: usize) -> Member {
        self.members[slot]
    }

    /// Occupied slots and their members.
    pub fn members(&self) -> impl Iterator<Item = (u8, Member)> {
        bits(self.occupied).map(|slot| (slot as u8, self.members[slot]))
    }

    /// Slots whose member has been there since the end of `tick` or longer.
    pub fn there_since(&self, slot: usize, tick: u32) -> bool {
        self.since[slot] <= tick
    }

    /// Whether the member that left a slot last went to another leaf.
    pub fn has_moved(&self, slot: usize) -> bool {
        self.moved >> slot & 1 == 1
    }

    /// Slots that had a member at the end of `tick`, one of the last [`BASELINE_TICKS_MAX`].
    pub fn occupied_at(&self, tick: u32) -> u64 {
        if tick >= self.noted {
            self.occupied
        } else {
            self.masks[tick as usize % BASELINE_TICKS_MAX]
        }
    }

    /// Puts a member into a free slot. One in which it was before, within the history, will not do:
    /// clients would take it for having been there all the time.
    pub fn add(&mut self, member: Member, identity: Identity, tick: u32) -> Option<u8> {
        let was_in = |slot: usize| {
            self.left.iter().any(|(_, left, who)| usize::from(*left) == slot && *who == identity)
        };
        let slot = bits(!self.occupied).find(|slot| !was_in(*slot))?;
        self.keep_masks(tick);
        self.occupied |= 1 << slot;
        self.members[slot] = member;
        self.since[slot] = tick;
        self.changed = tick;
        Some(slot as u8)
    }

    /// Takes the member of a slot away.
    pub fn remove(&mut self, slot: u8, identity: Identity, moved: bool, tick: u32) {
        self.keep_masks(tick);
        let bit = 1_u64 << slot;
        self.occupied &= !bit;
        self.moved = if moved { self.moved | bit } else { self.moved & !bit };
        let oldest = tick.saturating_sub(BASELINE_TICKS_MAX as u32);
        while self.left.front().is_some_and(|(when, ..)| *when < oldest) {
            self.left.pop_front();
        }
        self.left.push_back((tick, slot, identity));
        self.changed = tick;
    }

    /// Before the first change in a tick: the ticks since the last one were all alike.
    fn keep_masks(&mut self, tick: u32) {
        let window = tick.saturating_sub(BASELINE_TICKS_MAX as u32);
        for between in self.noted.max(window)..tick {
            self.masks[between as usize % BASELINE_TICKS_MAX] = self.occupied;
        }
        self.noted = tick;
    }
}

/// The set bits, lowest first.
pub(crate) fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (mask != 0).then(|| {
            let bit = mask.trailing_zeros() as usize;
            mask &= mask - 1;
            bit
        })
    })
}

#[cfg(test)]
mod tests {
    use vivarium_protocol::snapshot::schema::Facet;

    use super::*;

    fn who(subject: u32) -> Identity {
        Identity { facet: Facet::Avatar, subject }
    }

    #[test]
    fn a_leaf_remembers_who_was_there_and_gives_nobody_the_own_slot_back() {
        let mut leaf = Leaf::new(1, Audience::Everyone, 0, Bounds::ALL, 10);
        assert_eq!(leaf.add(Member(7), who(7), 10), Some(0));
        assert_eq!(leaf.add(Member(8), who(8), 12), Some(1));
        leaf.remove(0, who(7), true, 15);
        assert_eq!(leaf.add(Member(7), who(7), 15), Some(2), "not slot 0 again so soon");
        assert_eq!(leaf.add(Member(9), who(9), 16), Some(0));
        let seen: Vec<u64> = [10, 11, 12, 14, 15, 16, 20].map(|t| leaf.occupied_at(t)).into();
        assert_eq!(seen, [1, 1, 3, 3, 6, 7, 7]);
        leaf.remove(0, who(9), true, 17);
        assert_eq!(leaf.add(Member(7), who(7), 18), Some(3), "nor after somebody else was in it");
        assert_eq!(leaf.add(Member(5), who(5), 18), Some(0));
        assert!(leaf.has_moved(0) && !leaf.there_since(0, 15) && leaf.there_since(0, 18));
    }

    #[test]
    fn a_box_knows_how_far_away_it_is() {
        let mut bounds = Bounds::EMPTY;
        bounds.include([0.0, 0.0, 0.0]);
        bounds.include([2.0, 1.0, 2.0]);
        assert_eq!(bounds.distance_m2([1.0, 0.5, 1.0]), 0.0);
        assert_eq!(bounds.distance_m2([5.0, 0.5, 6.0]), 25.0);
        assert!(bounds.nearly_holds([2.5, 0.0, 0.0]) && !bounds.nearly_holds([3.0, 0.0, 0.0]));
        assert!(Bounds::ALL.nearly_holds([f32::NAN; 3]));
    }
}
