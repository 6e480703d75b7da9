//! What a bot notices of what it knows: how many people there are, where their middle is, and how
//! old what it knows of those near it is.
//!
//! Bots are many on one machine: everything is looked over only once in a while, and on each tick
//! only what is new of the few that are watched.

use std::time::Instant;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use vivarium_protocol::{
    ids::PersonId,
    quantise,
    snapshot::{
        fields::avatar,
        schema::Facet,
        view::{Leaf, Snapshot, View},
    },
};

use crate::{
    clock::WorldClock,
    measure::Tally,
    staleness::{Seen, WATCHED_MAX, Watch, apart},
};

/// How far (metres) people count as near.
pub const NEAR_M: f32 = 20.0;
/// Ticks from one time that a bot looks over everybody to the next.
const SURVEY_TICKS: u32 = 15;
/// Looks that are made up for after a pause.
const LOOKS_MISSED_MAX: u32 = 64;

/// What one bot notices.
#[derive(Debug)]
pub struct Sight {
    person: PersonId,
    middle_m: Option<[f32; 2]>,
    survey_in_ticks: u32,
    people: Vec<PersonId>,
    near: Vec<Seen>,
    watch: Watch,
    random: ChaCha8Rng,
}

impl Sight {
    /// For the bot that is `person`. The seed decides whom it watches.
    pub fn new(person: PersonId, seed: u64) -> Self {
        Self {
            person,
            middle_m: None,
            survey_in_ticks: 0,
            people: Vec::new(),
            near: Vec::new(),
            watch: Watch::default(),
            random: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// The middle of the others, seen from above: metres along x and z.
    pub fn middle_m(&self) -> Option<[f32; 2]> {
        self.middle_m
    }

    /// A tick of the bot's clock, or several of which only the last found it awake.
    pub fn look(
        &mut self,
        now: Instant,
        ticks: u32,
        view: &View,
        clock: &WorldClock,
        tally: &mut Tally,
    ) {
        for missed in (1..ticks.min(LOOKS_MISSED_MAX)).rev() {
            if let Some(at) = now.checked_sub(clock.tick() * missed) {
                self.watch.look(at);
            }
        }
        let (known, numbers) = (self.watch.oldest_tick(), self.watch.numbers());
        for snapshot in newest(view).filter(|snapshot| snapshot.tick > known) {
            for seen in avatars(snapshot).filter(|seen| numbers >> (seen.person.0 % 64) & 1 == 1) {
                self.watch.see(seen, clock, &mut tally.staleness);
            }
        }
        self.watch.look(now);
        if self.survey_in_ticks > 0 {
            self.survey_in_ticks -= 1;
        } else {
            self.survey_in_ticks = SURVEY_TICKS - 1;
            self.survey(view, tally);
        }
    }

    /// The bot leaves the world that it has looked at.
    pub fn leave(&mut self, clock: &WorldClock, tally: &mut Tally) {
        self.watch.end(clock, &mut tally.staleness);
        self.middle_m = None;
        self.survey_in_ticks = 0;
    }

    fn survey(&mut self, view: &View, tally: &mut Tally) {
        let Some(own) = view.own() else { return };
        let here = own.position_m.map(quantise::position);
        let near_steps = NEAR_M * quantise::POSITION_STEPS_PER_M;
        self.people.clear();
        self.near.clear();
        let mut sum_m = [0.0_f32; 2];
        for seen in newest(view).flat_map(avatars) {
            self.people.push(seen.person);
            if seen.person == self.person {
                continue;
            }
            sum_m[0] += quantise::position_m(seen.position[0]);
            sum_m[1] += quantise::position_m(seen.position[2]);
            if apart(here, seen.position) <= near_steps {
                self.near.push(seen);
            }
        }
        let others = self.people.iter().filter(|person| **person != self.person).count();
        self.middle_m = (others > 0).then(|| sum_m.map(|sum| sum / others as f32));
        // Who goes from one leaf to another may be in both for a moment.
        self.people.sort_unstable();
        self.people.dedup();
        if !self.people.is_empty() {
            tally.entities.record(self.people.len() as u64);
        }
        for index in 0..self.near.len().min(WATCHED_MAX) {
            let left = self.near.len() - index;
            self.near.swap(index, index + self.random.next_u32() as usize % left);
        }
        let people = &self.people;
        self.watch.keep(|person| people.binary_search(&person).is_ok());
        self.watch.choose(self.near.iter().copied());
    }
}

/// People of whom a newer state came with the packets of a tick.
pub fn told_of(view: &View, tick: u32) -> u64 {
    newest(view)
        .filter(|snapshot| snapshot.tick == tick)
        .flat_map(Snapshot::members)
        .filter(|(identity, _)| identity.facet == Facet::Avatar)
        .count() as u64
}

fn newest(view: &View) -> impl Iterator<Item = &Snapshot> {
    view.leaves().filter_map(|(_, leaf)| Leaf::newest(leaf))
}

fn avatars(snapshot: &Snapshot) -> impl Iterator<Item = Seen> {
    snapshot.members().filter(|(identity, _)| identity.facet == Facet::Avatar).map(
        |(identity, fields)| {
            let position = std::array::from_fn(|axis| fields[avatar::POSITION + axis]);
            Seen { person: PersonId(identity.subject), tick: snapshot.tick, position }
        },
    )
}
