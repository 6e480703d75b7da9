//! What a companion was asked to do, one deed after the other.
//!
//! Every deed ends: it is done, fails for a reason, takes too long, or is overruled by another ask.
//! What became of it is told to the mind with the next ask. Following somebody lasts until told
//! otherwise.

use std::collections::VecDeque;

use bevy_ecs::{prelude::*, system::SystemParam};
use vivarium_contract::companion::{
    ACTIONS_MAX, Action, ActionFailure, Being, Event, HAPPENED_MAX, Happened, Mood,
};
use vivarium_protocol::{
    ids::{ObjectId, PersonId},
    intent::Emote,
    notice::ServerMessage,
};

use super::{
    Companion, Companions,
    body::{Goal, Legs, Pace, Progress},
    hands::{Flung, Hands, Things},
    mood::Feelings,
    surroundings::{Surroundings, apart_flat_m, apart_m, feet_m},
};
use crate::{
    authority::Person,
    avatar::Avatar,
    chat::{self, Earshot},
    edit::Current,
    limits::{DEED_S_MAX, HOLD_S_MAX, STAY_S},
    object::Objects,
    physics::Physics,
    tick::{Clock, Outbox},
};

/// Ticks between two looks at a deed.
const LOOK_TICKS: u32 = 3;
/// How near (metres, seen from above) a thing must be to be picked up, from edge to middle.
const REACH_M: f32 = 0.75;
/// How near (metres) it goes to a thing.
const BESIDE_M: f32 = 0.55;
/// Farther away than this (metres), it runs after whom it follows.
const RUN_M: f32 = 5.0;
/// Speed (metres per second) of what it throws, along the ground and upwards.
const THROW_MPS: [f32; 2] = [6.5, 3.0];
/// Seconds after which it looks again for a way to whom it follows.
const RETRY_S: u32 = 3;
/// Seconds for which it looks where it was asked to.
const GAZE_S: u32 = 6;

/// What a companion does because it was asked to.
#[derive(Component, Default)]
pub(crate) struct Deeds {
    /// With whoever asked for each.
    asked: VecDeque<(Action, PersonId)>,
    /// Since which tick it is at the first.
    since: u32,
    /// Whom it follows, and who asked for it.
    follows: Option<(PersonId, PersonId)>,
    /// When it looks again for a way to whom it follows.
    follows_again_at: u32,
    /// Until which tick it stays where it is.
    pub stays_until: u32,
    /// Until which tick it looks where it was asked to.
    gazes_until: u32,
    happened: VecDeque<(u32, Event)>,
}

impl Deeds {
    /// Something to do after the others; what is too much is not done.
    pub fn ask(&mut self, action: Action, asked_by: PersonId, tick: u32) {
        if self.asked.len() >= ACTIONS_MAX {
            let reason = ActionFailure::Overruled;
            return self.note(tick, Event::Failed { action, reason, asked_by });
        }
        if self.asked.is_empty() {
            self.since = tick;
        }
        self.asked.push_back((action, asked_by));
    }

    /// Nothing of what was asked before counts any more.
    pub fn overrule(&mut self, tick: u32) {
        for (action, asked_by) in std::mem::take(&mut self.asked) {
            let reason = ActionFailure::Overruled;
            self.note(tick, Event::Failed { action, reason, asked_by });
        }
    }

    /// It is as if nothing had been asked.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Something happened to it.
    pub fn note(&mut self, tick: u32, event: Event) {
        if self.happened.len() >= HAPPENED_MAX {
            self.happened.pop_front();
        }
        self.happened.push_back((tick, event));
    }

    /// What happened lately, oldest first.
    pub fn happened(&self, clock: &Clock) -> Vec<Happened> {
        let ago_s = |tick| (clock.tick.saturating_sub(tick) as f32 * clock.tick_s) as u16;
        let told = self.happened.iter();
        told.map(|(tick, event)| Happened { event: event.clone(), ago_s: ago_s(*tick) }).collect()
    }

    /// What it is doing.
    pub fn doing(&self) -> Option<Action> {
        let asked = self.asked.front().map(|(action, _)| *action);
        asked.or(self.follows.map(|(person, _)| Action::Follow { person }))
    }

    /// Whether it has something to do, or was told to stay.
    pub fn is_busy(&self, tick: u32) -> bool {
        self.doing().is_some() || tick < self.stays_until
    }

    /// Whether it looks where it was asked to.
    pub fn is_gazing(&self, tick: u32) -> bool {
        tick < self.gazes_until
    }
}

/// What became of a deed.
enum Outcome {
    GoesOn,
    Done,
    Failed(ActionFailure),
}

impl From<Result<(), ActionFailure>> for Outcome {
    fn from(result: Result<(), ActionFailure>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Done)
    }
}

/// The world around a deed.
#[derive(SystemParam)]
pub(super) struct Around<'w> {
    clock: Res<'w, Clock>,
    surroundings: ResMut<'w, Surroundings>,
    current: Res<'w, Current>,
    objects: Res<'w, Objects>,
    physics: ResMut<'w, Physics>,
    outbox: ResMut<'w, Outbox>,
    earshot: Res<'w, Earshot>,
    flung: ResMut<'w, Flung>,
}

impl Around<'_> {
    fn place(&self, being: Being) -> Option<[f32; 3]> {
        self.surroundings.place(being, &self.current, &self.objects, &self.physics)
    }

    fn things(&mut self) -> Things<'_> {
        Things { current: &self.current, objects: &self.objects, physics: &mut self.physics }
    }

    fn ticks(&self, seconds: u32) -> u32 {
        (seconds as f32 / self.clock.tick_s) as u32
    }
}

/// The parts of a companion that do things.
pub(super) type Doer = (
    &'static Companion,
    &'static Avatar,
    &'static mut Legs,
    &'static mut Deeds,
    &'static mut Hands,
    &'static Feelings,
);

/// One companion at its deeds.
struct Acting<'a> {
    companion: &'a Companion,
    mood: Mood,
    at_m: [f32; 3],
    legs: &'a mut Legs,
    deeds: &'a mut Deeds,
    hands: &'a mut Hands,
}

/// Gets on with what was asked for.
pub(super) fn act(
    mut around: Around,
    companions: Res<Companions>,
    people: Query<(&Person, &Avatar)>,
    mut doers: Query<Doer>,
) {
    let tick = around.clock.tick;
    for (object, entity) in companions.iter() {
        if !object.0.wrapping_add(tick).is_multiple_of(LOOK_TICKS) {
            continue;
        }
        let Ok((companion, avatar, mut legs, mut deeds, mut hands, feelings)) =
            doers.get_mut(entity)
        else {
            continue;
        };
        // Nobody holds something for ever: it would never come to rest.
        if deeds.asked.is_empty() && hands.has_held_for(tick) > around.ticks(HOLD_S_MAX) {
            hands.release([0.0; 3], &mut around.things());
        }
        if deeds.doing().is_none() {
            continue;
        }
        let at_m = avatar.state.position_m;
        let mut acting = Acting {
            companion,
            mood: feelings.mood(),
            at_m,
            legs: &mut legs,
            deeds: &mut deeds,
            hands: &mut hands,
        };
        match acting.deeds.asked.front().copied() {
            None => acting.keep_following(&around),
            Some((action, asked_by)) => {
                let outcome = acting.get_on(action, asked_by, &mut around);
                acting.end(action, asked_by, outcome, &around);
                // One that sits is seen to sit.
                if let Action::Gesture { emote } = action
                    && emote != Emote::Sit
                {
                    let near = chat::around(&people, at_m, around.earshot.radius_m);
                    let notice = ServerMessage::Gestured { companion: object, emote };
                    around.outbox.notice(near, &notice);
                }
            }
        }
    }
}

impl Acting<'_> {
    /// A deed that is over makes room for the next.
    fn end(&mut self, action: Action, asked_by: PersonId, outcome: Outcome, around: &Around) {
        let tick = around.clock.tick;
        let took_too_long = tick.saturating_sub(self.deeds.since) > around.ticks(DEED_S_MAX);
        let event = match outcome {
            Outcome::GoesOn if took_too_long => {
                Event::Failed { action, reason: ActionFailure::TookTooLong, asked_by }
            }
            Outcome::GoesOn => return,
            Outcome::Done => Event::Did { action, asked_by },
            Outcome::Failed(reason) => Event::Failed { action, reason, asked_by },
        };
        self.deeds.asked.pop_front();
        self.deeds.since = tick;
        self.legs.stop();
        self.deeds.note(tick, event);
    }

    fn get_on(&mut self, action: Action, asked_by: PersonId, around: &mut Around) -> Outcome {
        let tick = around.clock.tick;
        match action {
            Action::WalkTo { target } => self.walk_to(target, around),
            Action::LookAt { target } => {
                let Some(_) = around.place(target) else {
                    return Outcome::Failed(ActionFailure::Gone);
                };
                self.legs.gaze = Some(target);
                self.deeds.gazes_until = tick + around.ticks(GAZE_S);
                Outcome::Done
            }
            Action::Gesture { emote } => {
                if emote == Emote::Sit {
                    self.deeds.follows = None;
                    self.deeds.stays_until = tick + around.ticks(STAY_S);
                    self.legs.stop();
                    self.legs.sits = true;
                }
                Outcome::Done
            }
            Action::Follow { person } => {
                if around.surroundings.person(person).is_none() {
                    return Outcome::Failed(ActionFailure::Gone);
                }
                self.deeds.follows = Some((person, asked_by));
                self.deeds.stays_until = 0;
                Outcome::Done
            }
            Action::Stay => {
                self.deeds.follows = None;
                self.deeds.stays_until = tick + around.ticks(STAY_S);
                Outcome::Done
            }
            Action::PickUp { object } => self.fetch(object, around),
            Action::Give { object, person } => self.give(object, person, around),
            Action::PutDown => self.let_go([0.0; 3], around),
            Action::Throw { target } => self.throw(target, asked_by, around),
            // It ends with the answer that asks for it.
            Action::End => Outcome::Done,
        }
    }

    /// Goes near a place; none: it is still on its way.
    fn reach(&mut self, place_m: [f32; 3], within_m: f32, pace: Pace) -> Option<Outcome> {
        if !self.companion.may_go(place_m) {
            return Some(Outcome::Failed(ActionFailure::OutOfRange));
        }
        let is_near = apart_flat_m(self.at_m, place_m) <= within_m;
        if is_near && (feet_m(self.at_m)[1] - place_m[1]).abs() < 1.9 {
            return None;
        }
        if self.legs.has_given_up(place_m) {
            return Some(Outcome::Failed(ActionFailure::NoWay));
        }
        self.legs.go(Goal { place_m, within_m: within_m * 0.9, pace });
        // As near as one can stand is near enough.
        (self.legs.progress != Progress::There).then_some(Outcome::GoesOn)
    }

    fn walk_to(&mut self, target: Being, around: &Around) -> Outcome {
        let Some(place_m) = around.place(target) else {
            return Outcome::Failed(ActionFailure::Gone);
        };
        let (place_m, within_m) = match target {
            Being::Person(person) => (feet_m(place_m), self.companion.polite_m(person, self.mood)),
            Being::Companion(_) => (feet_m(place_m), 1.6),
            Being::Object(_) => (place_m, 1.5),
        };
        self.deeds.follows = None;
        self.deeds.stays_until = 0;
        let reached = self.reach(place_m, within_m, Pace::Walk);
        reached.unwrap_or_else(|| {
            self.legs.gaze = Some(target);
            self.deeds.stays_until = around.clock.tick + around.ticks(GAZE_S);
            Outcome::Done
        })
    }

    /// Goes to a thing and picks it up.
    fn fetch(&mut self, object: ObjectId, around: &mut Around) -> Outcome {
        if self.hands.held() == Some(object) {
            return Outcome::Done;
        }
        let Some(place_m) = around.place(Being::Object(object)) else {
            return Outcome::Failed(ActionFailure::Gone);
        };
        let Some(radius_m) = around.things().portable(object) else {
            return Outcome::Failed(ActionFailure::NotPortable);
        };
        if around.surroundings.held.contains(&object) {
            return Outcome::Failed(ActionFailure::NotPortable);
        }
        let floor_m = [place_m[0], place_m[1] - radius_m, place_m[2]];
        let is_near = apart_flat_m(self.at_m, place_m) <= REACH_M + radius_m
            && (self.at_m[1] - place_m[1]).abs() < 1.6;
        if !is_near {
            let reached = self.reach(floor_m, BESIDE_M + radius_m, Pace::Walk);
            // Whoever stands as near as one can, and does not reach it, cannot have it.
            return reached.unwrap_or(Outcome::Failed(ActionFailure::NoWay));
        }
        self.legs.stop();
        if self.hands.held().is_some() {
            self.hands.release([0.0; 3], &mut around.things());
        }
        let tick = around.clock.tick;
        let taken = self.hands.take(object, tick, &mut around.things());
        if taken.is_ok() {
            around.surroundings.held.insert(object);
        }
        taken.into()
    }

    fn give(&mut self, object: ObjectId, person: PersonId, around: &mut Around) -> Outcome {
        let Some(place_m) = around.surroundings.person(person) else {
            return Outcome::Failed(ActionFailure::Gone);
        };
        match self.fetch(object, around) {
            Outcome::Done => {}
            other => return other,
        }
        let within_m = self.companion.polite_m(person, self.mood) + 0.2;
        if let Some(outcome) = self.reach(feet_m(place_m), within_m, Pace::Walk) {
            return outcome;
        }
        self.legs.gaze = Some(Being::Person(person));
        self.let_go([0.0; 3], around)
    }

    fn let_go(&mut self, velocity_mps: [f32; 3], around: &mut Around) -> Outcome {
        match self.hands.release(velocity_mps, &mut around.things()) {
            Some(_) => Outcome::Done,
            None => Outcome::Failed(ActionFailure::EmptyHanded),
        }
    }

    fn throw(&mut self, target: Being, asked_by: PersonId, around: &mut Around) -> Outcome {
        let Some(thing) = self.hands.held() else {
            return Outcome::Failed(ActionFailure::EmptyHanded);
        };
        let Some(place_m) = around.place(target) else {
            return Outcome::Failed(ActionFailure::Gone);
        };
        let apart_m = apart_flat_m(self.at_m, place_m).max(0.1);
        let (x, z) = (place_m[0] - self.at_m[0], place_m[2] - self.at_m[2]);
        self.legs.stop();
        self.legs.gaze = Some(target);
        let off = crate::avatar::heading(x, z).wrapping_sub(self.legs.input.yaw) as i16;
        if off.unsigned_abs() > 2_000 {
            // It turns round first.
            return Outcome::GoesOn;
        }
        // As far as it is, and no faster than it can.
        let along_mps = (apart_m * 1.6).min(THROW_MPS[0]);
        let velocity = [x / apart_m * along_mps, THROW_MPS[1], z / apart_m * along_mps];
        around.flung.note(thing, asked_by, around.clock.tick);
        self.let_go(velocity, around)
    }

    fn keep_following(&mut self, around: &Around) {
        let Some((person, asked_by)) = self.deeds.follows else { return };
        let Some(place_m) = around.surroundings.person(person) else {
            self.deeds.follows = None;
            self.legs.stop();
            let action = Action::Follow { person };
            let event = Event::Failed { action, reason: ActionFailure::Gone, asked_by };
            return self.deeds.note(around.clock.tick, event);
        };
        self.legs.gaze = Some(Being::Person(person));
        let apart_m = apart_m(self.at_m, place_m);
        let polite_m = self.companion.polite_m(person, self.mood);
        if self.legs.has_given_up(feet_m(place_m)) {
            self.legs.stop();
            self.deeds.follows_again_at = around.clock.tick + around.ticks(RETRY_S);
        }
        // It waits at the border of where it goes, and a while when there is no way.
        if around.clock.tick < self.deeds.follows_again_at
            || apart_m <= polite_m + 0.3
            || !self.companion.may_go(place_m)
        {
            return self.legs.stop();
        }
        let pace = if apart_m > RUN_M { Pace::Run } else { Pace::Walk };
        self.legs.go(Goal { place_m: feet_m(place_m), within_m: polite_m, pace });
    }
}
