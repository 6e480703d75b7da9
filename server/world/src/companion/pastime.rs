//! What companions do when nobody has asked them for anything.
//!
//! Every few seconds each one weighs what it could do (a utility for each pastime, from traits, mood,
//! and who and what is near, and a little chance) and does what it likes best. Whoever is spoken to
//! turns to the speaker instead.

use bevy_ecs::{prelude::*, system::SystemParam};
use vivarium_contract::companion::{Being, Emotion, Mood, Traits};
use vivarium_protocol::{
    ids::{ObjectId, PersonId},
    intent::Emote,
    notice::ServerMessage,
};

use super::{
    Companion, Companions,
    body::{Goal, Legs, Pace, Progress},
    deeds::Deeds,
    manner::Manner,
    mood::Feelings,
    speech::Speech,
    surroundings::{Surroundings, apart_flat_m, apart_m, feet_m},
    ways::Ways,
};
use crate::{
    authority::Person,
    avatar::Avatar,
    chat::{self, Earshot},
    limits::{COMPANION_THINK_TICKS, IDLE_WALKERS_MAX},
    tick::{Chance, Clock, Outbox},
};

/// Seconds for which a pastime lasts: least, and what chance adds at most.
const LASTS_S: [f32; 2] = [4.0, 8.0];
/// Who is nearer (metres) is in company.
const COMPANY_M: f32 = 14.0;
/// Strangers who come nearer (metres) than this are kept at a distance by those who are shy.
const SHY_M: f32 = 1.4;
/// Whoever is afraid keeps everybody so much farther (metres) away.
const AFRAID_M: f32 = 4.0;
/// Friends whom it likes so much are not gone to at leisure.
const DEAR: i8 = 40;
/// How far (metres) it strolls at once.
const STROLL_M: f32 = 9.0;

/// What one does to pass the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Doing {
    /// Stands and looks ahead.
    #[default]
    Stand,
    /// Looks at somebody.
    Watch(PersonId),
    /// Waves to somebody.
    Greet(PersonId),
    /// Walks about.
    Stroll,
    /// Goes to somebody.
    Visit(PersonId),
    /// Goes to another companion.
    Meet(ObjectId),
    /// Keeps away from somebody.
    Avoid(PersonId),
    /// Sits down.
    Sit,
    /// Makes a gesture for itself.
    Play,
    /// Goes home.
    GoHome,
}

/// How a companion passes its time.
#[derive(Component, Default)]
pub(crate) struct Pastime {
    doing: Doing,
    until: u32,
    /// Whom it greeted last.
    greeted: Option<PersonId>,
}

/// What matters for what one likes to do.
struct Weighing<'a> {
    traits: &'a Traits,
    mood: Mood,
    /// Who is nearest, and how far (metres).
    near: Option<(PersonId, f32)>,
    /// The nearest companion, and how far (metres).
    other: Option<(ObjectId, f32)>,
    /// How much it likes that person, from -1 to 1.
    warmth: f32,
    /// Whether it has greeted that person.
    has_greeted: bool,
    /// How far it is from home, as a part of its range.
    away: f32,
    /// Whether it may walk about: not when many do.
    may_walk: bool,
}

impl Weighing<'_> {
    /// What it could do, and how much it would like to, before chance.
    fn options(&self) -> [(Doing, f32); 10] {
        let part = |of: u8| f32::from(of) / 100.0;
        let traits = self.traits;
        let arousal = f32::from(self.mood.arousal) / 100.0;
        let valence = f32::from(self.mood.valence) / 100.0;
        let [social, open] = [part(traits.extraversion), part(traits.openness)];
        let shy = (1.0 - social) * (1.0 - part(traits.courage));
        let afraid = if self.mood.emotion == Emotion::Fear { 1.0 } else { 0.0 };
        let nobody = PersonId(0);
        let (person, apart_m) = self.near.unwrap_or((nobody, f32::INFINITY));
        // What cannot be done is liked by nobody.
        let near = |within_m: f32| if apart_m < within_m { 0.0 } else { -9.0 };
        let company = near(COMPANY_M);
        let (other, other_m) = self.other.unwrap_or((ObjectId(0), f32::INFINITY));
        let others = if (2.5..COMPANY_M).contains(&other_m) { 0.0 } else { -9.0 };
        let greets = if self.has_greeted { -9.0 } else { 0.0 };
        let walks = if self.may_walk { 0.0 } else { -9.0 };
        [
            (Doing::Stand, 0.35 - arousal * 0.2),
            (Doing::Watch(person), company + 0.2 + open * 0.35),
            (Doing::Greet(person), near(9.0) + greets + 0.25 + social * 0.8 + valence * 0.2),
            (Doing::Stroll, walks + 0.2 + open * 0.4 + arousal * 0.3),
            (Doing::Visit(person), walks + company + social * 0.65 + self.warmth * 0.4 - shy * 0.3),
            (Doing::Meet(other), walks + others + social * 0.55),
            (Doing::Avoid(person), near(SHY_M + afraid * AFRAID_M) + shy * 1.2 + afraid * 2.0),
            (Doing::Sit, 0.15 - arousal * 0.5 - valence.min(0.0) * 0.4 + (1.0 - social) * 0.2),
            (Doing::Play, part(traits.playfulness) * 0.35 + valence * 0.4 + arousal * 0.4 - 0.25),
            (Doing::GoHome, walks + self.away * 0.9 - 0.2),
        ]
    }

    /// What it likes best now. Chance is asked once for each option, whatever they are.
    fn choose(&self, chance: &mut Chance) -> Doing {
        let weighed = self.options().map(|(doing, liked)| (doing, liked + chance.unit() * 0.3));
        let best = weighed.into_iter().max_by(|(_, one), (_, other)| one.total_cmp(other));
        best.map_or(Doing::Stand, |(doing, _)| doing)
    }
}

/// The world around those who pass their time.
#[derive(SystemParam)]
pub(super) struct Idling<'w> {
    clock: Res<'w, Clock>,
    surroundings: Res<'w, Surroundings>,
    ways: Res<'w, Ways>,
    earshot: Res<'w, Earshot>,
    chance: ResMut<'w, Chance>,
    outbox: ResMut<'w, Outbox>,
}

/// What passes the time.
type Parts = (
    &'static Companion,
    &'static Avatar,
    &'static Feelings,
    &'static Deeds,
    &'static Speech,
    &'static mut Legs,
    &'static mut Pastime,
);

/// Companions without anything to do pass their time.
pub(super) fn idle(
    mut idling: Idling,
    companions: Res<Companions>,
    people: Query<(&Person, &Avatar)>,
    mut idlers: Query<Parts>,
) {
    let tick = idling.clock.tick;
    let walks = |legs: &Legs| legs.progress == Progress::Going;
    let mut walkers = idlers.iter().filter(|(.., legs, _)| walks(legs)).count();
    for (object, entity) in companions.iter() {
        if !object.0.wrapping_add(tick).is_multiple_of(COMPANION_THINK_TICKS) {
            continue;
        }
        let Ok((companion, avatar, feelings, deeds, speech, mut legs, mut pastime)) =
            idlers.get_mut(entity)
        else {
            continue;
        };
        let at_m = avatar.state.position_m;
        if let Some(person) = speech.talks_to(tick) {
            pastime.until = 0;
            if !deeds.is_busy(tick) {
                legs.stop();
            }
            if legs.progress != Progress::Going && !deeds.is_gazing(tick) {
                legs.gaze = Some(Being::Person(person));
            }
            continue;
        }
        if deeds.is_busy(tick) {
            pastime.until = 0;
            continue;
        }
        if tick >= pastime.until || legs.progress == Progress::NoWay {
            let mood = feelings.mood();
            let lasts_s = LASTS_S[0] + idling.chance.unit() * LASTS_S[1];
            let lasts_s = lasts_s * Manner::of(mood).patience();
            pastime.until = tick + (lasts_s / idling.clock.tick_s) as u32;
            walkers -= usize::from(walks(&legs));
            let weighing = Weighing {
                may_walk: walkers < IDLE_WALKERS_MAX,
                ..weigh(companion, at_m, mood, &pastime, &idling.surroundings)
            };
            pastime.doing = weighing.choose(&mut idling.chance);
            let idler = Idler { companion, at_m, mood };
            idler.begin(&mut pastime, &mut legs, &mut idling, &people);
            idler.go_on(&pastime, &mut legs, &idling);
            walkers += usize::from(walks(&legs));
        } else {
            let idler = Idler { companion, at_m, mood: feelings.mood() };
            idler.go_on(&pastime, &mut legs, &idling);
        }
    }
}

fn weigh<'a>(
    companion: &'a Companion,
    at_m: [f32; 3],
    mood: Mood,
    pastime: &Pastime,
    surroundings: &Surroundings,
) -> Weighing<'a> {
    let near = surroundings.nearest_person(at_m, COMPANY_M);
    let others = surroundings.companions.iter().filter(|(other, _)| *other != companion.object);
    let other = others
        .map(|(other, place_m)| (*other, apart_m(*place_m, at_m)))
        .min_by(|(_, one), (_, other)| one.total_cmp(other));
    let warmth = near.map_or(0, |(person, _)| companion.bond(person).warmth);
    Weighing {
        traits: &companion.traits,
        mood,
        near,
        other,
        warmth: f32::from(warmth) / 100.0,
        has_greeted: near.is_some_and(|(person, _)| pastime.greeted == Some(person)),
        away: apart_flat_m(at_m, companion.home_m) / companion.range_m,
        may_walk: true,
    }
}

/// One companion that passes its time.
struct Idler<'a> {
    companion: &'a Companion,
    at_m: [f32; 3],
    mood: Mood,
}

impl Idler<'_> {
    fn begin(
        &self,
        pastime: &mut Pastime,
        legs: &mut Legs,
        idling: &mut Idling,
        people: &Query<(&Person, &Avatar)>,
    ) {
        legs.stop();
        legs.gaze = None;
        legs.sits = pastime.doing == Doing::Sit;
        let (object, manner) = (self.companion.object, Manner::of(self.mood));
        match pastime.doing {
            Doing::Greet(person) => {
                legs.gaze = Some(Being::Person(person));
                pastime.greeted = Some(person);
                gesture(object, self.at_m, manner.greets(), idling, people);
            }
            Doing::Play => gesture(object, self.at_m, manner.plays(), idling, people),
            Doing::Watch(person) => legs.gaze = Some(Being::Person(person)),
            Doing::Stroll => {
                let chance = [idling.chance.unit(), idling.chance.unit()];
                let place = idling.ways.somewhere(chance, feet_m(self.at_m), STROLL_M);
                if let Some(place_m) = place.filter(|place_m| self.companion.may_go(*place_m)) {
                    legs.go(Goal { place_m, within_m: 0.5, pace: Pace::Stroll });
                }
            }
            Doing::GoHome => {
                let place_m = feet_m(self.companion.home_m);
                legs.go(Goal { place_m, within_m: 0.6, pace: Pace::Stroll });
            }
            Doing::Stand | Doing::Visit(_) | Doing::Meet(_) | Doing::Avoid(_) | Doing::Sit => {}
        }
    }

    /// What moves on while others move.
    fn go_on(&self, pastime: &Pastime, legs: &mut Legs, idling: &Idling) {
        let surroundings = &idling.surroundings;
        match pastime.doing {
            Doing::Visit(person) => {
                let Some(place_m) = surroundings.person(person) else { return legs.stop() };
                let within_m = self.companion.polite_m(person, self.mood);
                let is_dear = self.companion.bond(person).warmth >= DEAR;
                let pace = if is_dear { Pace::Walk } else { Pace::Stroll };
                self.approach(Being::Person(person), Goal { place_m, within_m, pace }, legs);
            }
            Doing::Meet(other) => {
                let Some(place_m) = surroundings.companion(other) else { return legs.stop() };
                let goal = Goal { place_m, within_m: 1.7, pace: Pace::Stroll };
                self.approach(Being::Companion(other), goal, legs);
            }
            Doing::Avoid(person) => {
                let Some(place_m) = surroundings.person(person) else { return legs.stop() };
                self.avoid(person, place_m, legs);
            }
            _ => {}
        }
    }

    /// Goes to somebody; the middle of their body is the goal's place.
    fn approach(&self, being: Being, goal: Goal, legs: &mut Legs) {
        legs.gaze = Some(being);
        if self.companion.may_go(goal.place_m) {
            legs.go(Goal { place_m: feet_m(goal.place_m), ..goal });
        } else {
            legs.stop();
        }
    }

    fn avoid(&self, person: PersonId, place_m: [f32; 3], legs: &mut Legs) {
        legs.gaze = Some(Being::Person(person));
        let apart_m = apart_flat_m(self.at_m, place_m).max(0.05);
        let afraid_m = if self.mood.emotion == Emotion::Fear { AFRAID_M / 2.0 } else { 0.0 };
        if apart_m > SHY_M * 2.5 + afraid_m {
            return legs.stop();
        }
        let [x, y, z] = feet_m(self.at_m);
        let away = |here: f32, there: f32| (here - there) / apart_m * 2.0;
        let to_m = [x + away(self.at_m[0], place_m[0]), y, z + away(self.at_m[2], place_m[2])];
        if self.companion.may_go(to_m) {
            legs.go(Goal { place_m: to_m, within_m: 0.3, pace: Pace::Walk });
        }
    }
}

fn gesture(
    companion: ObjectId,
    at_m: [f32; 3],
    emote: Emote,
    idling: &mut Idling,
    people: &Query<(&Person, &Avatar)>,
) {
    let near = chat::around(people, at_m, idling.earshot.radius_m);
    idling.outbox.notice(near, &ServerMessage::Gestured { companion, emote });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weighing(traits: &Traits) -> Weighing<'_> {
        Weighing {
            traits,
            mood: Mood::default(),
            near: Some((PersonId(7), 6.0)),
            other: None,
            warmth: 0.0,
            has_greeted: true,
            away: 0.1,
            may_walk: true,
        }
    }

    fn chosen(traits: &Traits, seed: u64) -> Vec<Doing> {
        let mut chance = Chance::seeded(seed);
        (0..40).map(|_| weighing(traits).choose(&mut chance)).collect()
    }

    #[test]
    fn with_the_same_seed_others_choose_otherwise() {
        let merry = Traits { extraversion: 90, playfulness: 80, ..Traits::default() };
        let quiet = Traits { extraversion: 10, openness: 20, courage: 20, ..Traits::default() };
        assert_eq!(chosen(&merry, 5), chosen(&merry, 5));
        let visits = |traits: &Traits| {
            let all = chosen(traits, 5);
            all.iter().filter(|doing| matches!(doing, Doing::Visit(_))).count()
        };
        assert!(visits(&merry) > 20, "{:?}", chosen(&merry, 5));
        assert_eq!(visits(&quiet), 0, "{:?}", chosen(&quiet, 5));
    }

    #[test]
    fn moods_change_what_one_likes_to_do() {
        let traits = Traits { playfulness: 60, ..Traits::default() };
        let counted = |valence, arousal, emotion| {
            let mood = Mood { valence, arousal, emotion };
            let mut chance = Chance::seeded(5);
            let near = Some((PersonId(7), 4.0));
            let of = || Weighing { mood, near, may_walk: false, ..weighing(&traits) };
            let all: Vec<Doing> = (0..60).map(|_| of().choose(&mut chance)).collect();
            let count = |doing| all.iter().filter(|other| **other == doing).count();
            [Doing::Sit, Doing::Play, Doing::Avoid(PersonId(7))].map(count)
        };
        let [sits, plays, avoids] = counted(0, 0, Emotion::Calm);
        let [low_sits, low_plays, _] = counted(-60, -30, Emotion::Sadness);
        let [_, wild_plays, _] = counted(50, 80, Emotion::Excitement);
        let [.., afraid_avoids] = counted(-40, 40, Emotion::Fear);
        assert!(low_sits > sits && low_plays <= plays && wild_plays > plays);
        assert_eq!((avoids, afraid_avoids), (0, 60));
    }

    #[test]
    fn nobody_visits_or_watches_nobody() {
        for extraversion in [0, 50, 100] {
            let traits = Traits { extraversion, openness: 100, ..Traits::default() };
            let mut chance = Chance::seeded(3);
            for _ in 0..200 {
                let alone = Weighing { near: None, other: None, ..weighing(&traits) };
                let doing = alone.choose(&mut chance);
                let is_alone = !matches!(
                    doing,
                    Doing::Visit(_)
                        | Doing::Watch(_)
                        | Doing::Greet(_)
                        | Doing::Avoid(_)
                        | Doing::Meet(_)
                );
                assert!(is_alone, "{doing:?}");
            }
        }
    }
}
