//! Showing others who build where one points.
//!
//! What bounds it: of each person the newest place alone counts, [`POINT_EVERY_S`] apart; of all
//! people together at most [`POINTS_TOLD_PER_S`] are told, those that waited longest first; and only
//! those are told who build and whose connection is there. So one client gets at most 100 messages
//! of 22 B a second, however many point and how often they say so, and nothing gathers in the outbox
//! of one that is away: it is told of everyone once when it is back.

use bevy_ecs::prelude::*;
use vivarium_contract::Intent;
use vivarium_protocol::{
    ids::PersonId,
    notice::{Denial, ServerMessage},
    quantise::POSITION_STEPS_PER_M,
};
use vivarium_scene::limits::COORDINATE_M_MAX;

use super::select::Select;
use crate::{
    authority::{Claim, Granted, Person, Wish},
    limits::{POINT_EVERY_S, POINTS_TOLD_BURST, POINTS_TOLD_PER_S},
    tick::{Clock, Outbox},
};

/// Steps of the wire to the end of a world.
const STEPS_MAX: u32 = (COORDINATE_M_MAX * POSITION_STEPS_PER_M) as u32;

/// Where somebody points, steps of the wire; none: nowhere.
pub(super) struct Point(Option<[i32; 3]>);

impl Wish for Point {
    fn claim(intent: Intent) -> Claim<Self> {
        let Intent::Point { at } = intent else { return Claim::Other(intent) };
        let is_outside = |at: [i32; 3]| at.iter().any(|steps| steps.unsigned_abs() > STEPS_MAX);
        match at {
            Some(at) if is_outside(at) => Claim::Denied(Denial::OutOfReach),
            at => Claim::Allowed(Self(at)),
        }
    }
}

/// Where a person points, and what others know of it.
#[derive(Component, Default)]
pub(crate) struct Pointer {
    /// Whether the person has shown what only builders show: they are told of the others.
    builds: bool,
    /// Whether the person knows of all the others.
    knows: bool,
    at: Option<[i32; 3]>,
    told: Option<[i32; 3]>,
    told_tick: u32,
}

impl Pointer {
    /// The client knows nothing any more.
    pub fn forget(&mut self) {
        (self.knows, self.at) = (false, None);
    }
}

pub(super) fn show_pointers(
    pointed: Res<Granted<Point>>,
    selected: Res<Granted<Select>>,
    clock: Res<Clock>,
    mut people: Query<(&Person, &mut Pointer)>,
    mut outbox: ResMut<Outbox>,
    mut room: Local<f32>,
) {
    *room = (*room + POINTS_TOLD_PER_S * clock.tick_s).min(POINTS_TOLD_BURST);
    for select in selected.iter() {
        if let Ok((_, mut pointer)) = people.get_mut(select.avatar()) {
            pointer.builds = true;
        }
    }
    for point in pointed.iter() {
        if let Ok((_, mut pointer)) = people.get_mut(point.avatar()) {
            (pointer.builds, pointer.at) = (true, point.wish().0);
        }
    }
    let mut builders: Vec<(PersonId, bool, Mut<Pointer>)> = people
        .iter_mut()
        .filter(|(_, pointer)| pointer.builds)
        .map(|(person, pointer)| (person.card.person, person.card.present, pointer))
        .collect();
    for (_, is_present, pointer) in &mut builders {
        if !*is_present {
            pointer.forget();
        }
    }
    builders.sort_unstable_by_key(|(person, _, pointer)| (pointer.told_tick, *person));
    let every = ((POINT_EVERY_S / clock.tick_s) as u32).max(1);
    let knowing: Vec<PersonId> = builders
        .iter()
        .filter(|(_, _, pointer)| pointer.knows)
        .map(|(person, ..)| *person)
        .collect();
    for (person, _, pointer) in &mut builders {
        let is_due = pointer.at.is_none() || clock.tick >= pointer.told_tick + every;
        if pointer.at == pointer.told || !is_due || *room < 1.0 {
            continue;
        }
        (pointer.told, pointer.told_tick) = (pointer.at, clock.tick);
        let to: Vec<PersonId> = knowing.iter().copied().filter(|other| *other != *person).collect();
        if !to.is_empty() {
            *room -= 1.0;
            outbox.notice(to, &ServerMessage::Pointed { person: *person, at: pointer.at });
        }
    }
    let now: Vec<(PersonId, Option<[i32; 3]>)> =
        builders.iter().map(|(person, _, pointer)| (*person, pointer.told)).collect();
    for (person, is_present, pointer) in &mut builders {
        if !*is_present || std::mem::replace(&mut pointer.knows, true) {
            continue;
        }
        // Nowhere, too: before it was away it may have known of a place.
        for (other, at) in now.iter().filter(|(other, _)| other != person) {
            outbox.notice(vec![*person], &ServerMessage::Pointed { person: *other, at: *at });
        }
    }
}
