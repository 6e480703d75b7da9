//! The quantised state of every replicated member over the last ticks, in arrays.
//!
//! Written once per tick by the capabilities, for all clients; read by [`crate::interest`] and
//! [`crate::replicate`]. A member is one [`Facet`] of an entity, seen by one [`Audience`]: what not
//! everyone may see is a member of its own, so that hidden fields never lie beside open ones.
//! Invariant: what does not change costs nothing, and [`History::at`] gives the state at the end of
//! any of the last [`BASELINE_TICKS_MAX`] ticks that the member has seen. Knows no capability.

use bevy_ecs::prelude::*;
use vivarium_protocol::{
    ids::PersonId,
    limits::BASELINE_TICKS_MAX,
    quantise,
    snapshot::{
        block::Identity,
        packet::OwnState,
        schema::{FIELDS_MAX, Facet},
    },
};

/// Something that is replicated: an index into [`History`], valid until it is removed.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member(pub u32);

/// What only its own person is told of an avatar; where that person looks from, too.
#[derive(Component, Clone, Copy)]
pub(crate) struct Own {
    /// As told.
    pub state: OwnState,
    /// Whether this tick's input had come.
    pub on_time: bool,
    /// Ticks from this one to the newest input that waits.
    pub lead_ticks: i8,
    /// Whether inputs come at all.
    pub is_steering: bool,
}

/// Who may see a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Audience {
    /// Everyone in the world.
    Everyone,
    /// Those who belong to a group: a team, a private space.
    #[cfg_attr(not(test), expect(dead_code, reason = "private spaces and teams come to live here"))]
    Group(u32),
    /// One person.
    #[cfg_attr(not(test), expect(dead_code, reason = "what companions tell one person alone"))]
    Only(PersonId),
}

/// Which audiences a person belongs to, beside everyone and the person alone.
#[derive(Component, Default)]
pub(crate) struct Sees {
    /// Numbers of [`Audience::Group`]s.
    pub groups: Vec<u32>,
}

impl Sees {
    /// Whether `person` may see what is for `audience`.
    pub fn may_see(&self, person: PersonId, audience: Audience) -> bool {
        match audience {
            Audience::Everyone => true,
            Audience::Group(group) => self.groups.contains(&group),
            Audience::Only(only) => only == person,
        }
    }
}

/// Where a member is among the leaves of [`crate::interest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub leaf: u32,
    pub slot: u8,
}

#[derive(Clone, Debug)]
struct Record {
    identity: Identity,
    audience: Audience,
    place: Option<Place>,
    position_m: [f32; 3],
    ring: u32,
    /// Tick in which the fields changed last; 0 before they were first noted.
    written: u32,
    alive: bool,
}

/// The states of all members of one facet in each of the last ticks. Those of one tick lie
/// together, since blocks that build on the same ticks read the states of many members.
struct Rings {
    fields: Vec<i32>,
    stride: usize,
    /// Members for which there is room.
    capacity: usize,
    free: Vec<u32>,
}

// Room for members of a facet at first; it doubles when it is used up.
const CAPACITY_MIN: usize = 64;

impl Rings {
    fn new(facet: Facet) -> Self {
        Self { fields: Vec::new(), stride: facet.field_count(), capacity: 0, free: Vec::new() }
    }

    /// A ring for a new member.
    fn take(&mut self) -> u32 {
        if self.free.is_empty() {
            let capacity = (self.capacity * 2).max(CAPACITY_MIN);
            let mut fields = vec![0; capacity * BASELINE_TICKS_MAX * self.stride];
            let (before, after) = (self.capacity * self.stride, capacity * self.stride);
            for tick in 0..BASELINE_TICKS_MAX {
                fields[tick * after..tick * after + before]
                    .copy_from_slice(&self.fields[tick * before..(tick + 1) * before]);
            }
            // The lowest is taken first.
            self.free.extend((self.capacity as u32..capacity as u32).rev());
            (self.fields, self.capacity) = (fields, capacity);
        }
        self.free.pop().expect("there is room now")
    }

    /// Where the fields of a ring at a tick begin.
    fn at(&self, ring: u32, tick: u32) -> usize {
        let place = tick as usize % BASELINE_TICKS_MAX;
        (place * self.capacity + ring as usize) * self.stride
    }
}

/// All replicated members.
#[derive(Resource)]
pub(crate) struct History {
    records: Vec<Record>,
    rings: [Rings; Facet::ALL.len()],
    free: Vec<u32>,
    alive: usize,
    /// Members whose fields changed in this tick, or that are new.
    pub touched: Vec<Member>,
    /// Members that went in this tick, and where they were.
    pub gone: Vec<(Member, Option<Place>)>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            rings: Facet::ALL.map(Rings::new),
            free: Vec::new(),
            alive: 0,
            touched: Vec::new(),
            gone: Vec::new(),
        }
    }
}

impl History {
    /// Members alive.
    pub fn len(&self) -> usize {
        self.alive
    }

    /// Takes a new member in. It is seen once its first state is noted.
    pub fn add(&mut self, identity: Identity, audience: Audience) -> Member {
        self.alive += 1;
        let ring = self.rings[identity.facet as usize].take();
        let record = Record {
            identity,
            audience,
            place: None,
            position_m: [0.0; 3],
            ring,
            written: 0,
            alive: true,
        };
        let index = match self.free.pop() {
            Some(index) => {
                self.records[index as usize] = record;
                index
            }
            None => {
                self.records.push(record);
                self.records.len() as u32 - 1
            }
        };
        Member(index)
    }

    /// Lets a member go.
    pub fn remove(&mut self, member: Member) {
        let record = &mut self.records[member.0 as usize];
        if record.alive {
            record.alive = false;
            self.alive -= 1;
            self.gone.push((member, record.place.take()));
        }
    }

    /// Forgets what went, and which changed: the tick is over for [`crate::interest`].
    pub fn settle(&mut self) {
        self.touched.clear();
        for (member, _) in self.gone.drain(..) {
            let record = &self.records[member.0 as usize];
            self.rings[record.identity.facet as usize].free.push(record.ring);
            self.free.push(member.0);
        }
    }

    pub fn identity(&self, member: Member) -> Identity {
        self.records[member.0 as usize].identity
    }

    pub fn audience(&self, member: Member) -> Audience {
        self.records[member.0 as usize].audience
    }

    pub fn position_m(&self, member: Member) -> [f32; 3] {
        self.records[member.0 as usize].position_m
    }

    pub fn place(&self, member: Member) -> Option<Place> {
        self.records[member.0 as usize].place
    }

    pub fn set_place(&mut self, member: Member, place: Place) {
        self.records[member.0 as usize].place = Some(place);
    }

    pub fn is_alive(&self, member: Member) -> bool {
        self.records[member.0 as usize].alive
    }

    /// Fields at the end of `tick`, which must be among the last [`BASELINE_TICKS_MAX`] and not
    /// before the member came.
    pub fn at(&self, member: Member, tick: u32) -> &[i32] {
        let record = &self.records[member.0 as usize];
        let rings = &self.rings[record.identity.facet as usize];
        let start = rings.at(record.ring, tick.min(record.written));
        &rings.fields[start..start + rings.stride]
    }

    /// Notes a member's state at the end of `tick`. Ticks without a note repeat the last one.
    pub fn note(&mut self, member: Member, tick: u32, position_m: [f32; 3], fields: &[i32]) {
        let record = &mut self.records[member.0 as usize];
        let rings = &mut self.rings[record.identity.facet as usize];
        let stride = rings.stride;
        if record.written != 0 {
            let last = rings.at(record.ring, record.written);
            if rings.fields[last..last + stride] == *fields {
                return;
            }
            // The ticks in between were like the last one noted.
            let window = tick.saturating_sub(BASELINE_TICKS_MAX as u32 - 1);
            for between in window.max(record.written + 1)..tick {
                let between = rings.at(record.ring, between);
                if between != last {
                    rings.fields.copy_within(last..last + stride, between);
                }
            }
        }
        let now = rings.at(record.ring, tick);
        rings.fields[now..now + stride].copy_from_slice(fields);
        record.written = tick;
        record.position_m = position_m;
        self.touched.push(member);
    }
}

/// Fields of something at a place (metres), the rest still zero: positions come first in every
/// facet that has one.
pub(crate) fn placed(position_m: [f32; 3]) -> [i32; FIELDS_MAX] {
    let mut fields = [0; FIELDS_MAX];
    for (field, metres) in fields.iter_mut().zip(position_m) {
        *field = quantise::position(metres);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_filled_with_what_was_before_them() {
        let mut history = History::default();
        let identity = Identity { facet: Facet::Avatar, subject: 1 };
        let member = history.add(identity, Audience::Everyone);
        let fields = |x: i32| [x, 0, 0, 0, 0, 0];
        history.note(member, 5, [0.0; 3], &fields(5));
        history.note(member, 9, [0.0; 3], &fields(9));
        let seen: Vec<i32> = (5..12).map(|tick| history.at(member, tick)[0]).collect();
        assert_eq!(seen, [5, 5, 5, 5, 9, 9, 9]);
        // A pause longer than the history, which comes around to the slot of the last note.
        history.note(member, 9 + 64, [0.0; 3], &fields(73));
        let seen: Vec<i32> = [10, 72, 73].map(|tick| history.at(member, tick)[0]).into();
        assert_eq!(seen, [9, 9, 73]);
        history.touched.clear();
        history.note(member, 80, [0.0; 3], &fields(73));
        assert!(history.touched.is_empty(), "nothing changed");
    }
}
