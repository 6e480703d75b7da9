//! What a companion says, and to whom: one answer at a time.
//!
//! ```text
//! heard -> asked (the mind is told, words come in pieces) -> said
//! ```
//!
//! What it says by itself, later, waits until nothing else is said and whoever it is for is near.
//!
//! Invariants: one ask is in flight; its generation is in every word, and words of another one are
//! void. Every answer that was begun is ended, with a reason, within [`ASK_S_MAX`]. What is said is
//! cleaned and bounded here, whatever the mind sends.

use std::{cell::OnceCell, collections::VecDeque};

use bevy_ecs::prelude::*;
use vivarium_contract::{
    WorldOutput,
    companion::{ACTIONS_MAX, Action, DialogueAsk, MindFailure, MindWord, SPEECH_BYTES_MAX},
};
use vivarium_protocol::{
    ids::{ObjectId, PersonId},
    notice::{ServerMessage, SpeechEnd},
    text,
};

use super::{
    Companion, Companions, deeds::Deeds, hands::Hands, mood::Feelings, perceive::Sights,
    surroundings::apart_m,
};
use crate::{
    authority::Person,
    avatar::Avatar,
    chat::{Ears, Earshot},
    limits::{
        ASK_S_MAX, ASKS_PER_TICK, HEARD_WAITING_MAX, SAID_LATER_MAX, SAID_LATER_S_MAX,
        SILENCE_S_MAX, TALK_S, WORDS_WAITING_MAX,
    },
    tick::{Clock, Outbox},
};

/// Whoever goes farther away (metres) than this ends the conversation.
const LEFT_M: f32 = 25.0;

/// What a companion hears and says.
#[derive(Component, Default)]
pub(crate) struct Speech {
    /// What was said to it and waits, oldest first.
    heard: VecDeque<(PersonId, String)>,
    /// Who should not be answered any more.
    hushed: Vec<PersonId>,
    answer: Option<Answer>,
    /// Of the newest ask, and of the newest answer.
    generation: u32,
    line: u32,
    /// With whom it talks, and until which tick it takes what they say for itself.
    talk: Option<(PersonId, u32)>,
    /// What the mind has said for the answer, in order.
    words: VecDeque<MindWord>,
    /// Whether the answer is another mind's.
    is_broken_off: bool,
    /// What it says by itself, oldest first.
    later: VecDeque<Promised>,
}

/// Something that a companion says when nobody waits for it.
struct Promised {
    person: PersonId,
    text: String,
    /// It is forgotten in this tick.
    until: u32,
}

/// An answer that is not ended yet.
struct Answer {
    person: PersonId,
    line: u32,
    since: u32,
    /// When the mind said something last.
    heard_of: u32,
    said_bytes: usize,
    actions: usize,
    /// Whether the conversation ends with it.
    is_last: bool,
    /// Whether its person was forgotten meanwhile.
    is_forgotten: bool,
}

impl Speech {
    /// Somebody says something to it; whether it listens. Of each, only the newest waits; when too
    /// many others wait already, it does not.
    pub fn hear(&mut self, person: PersonId, text: String) -> bool {
        self.heard.retain(|(waiting, _)| *waiting != person);
        let has_room = self.heard.len() < HEARD_WAITING_MAX;
        if has_room {
            self.heard.push_back((person, text));
        }
        has_room
    }

    /// Says something to somebody as soon as it can. For each, only the newest waits; when too many
    /// wait, the oldest goes.
    pub fn promise(&mut self, person: PersonId, text: String, clock: &Clock) {
        self.later.retain(|waiting| waiting.person != person);
        if self.later.len() >= SAID_LATER_MAX {
            self.later.pop_front();
        }
        let until = clock.tick.saturating_add((SAID_LATER_S_MAX as f32 / clock.tick_s) as u32);
        self.later.push_back(Promised { person, text, until });
    }

    /// Somebody does not want to be answered any more.
    pub fn hush(&mut self, person: PersonId) {
        self.heard.retain(|(waiting, _)| *waiting != person);
        self.later.retain(|waiting| waiting.person != person);
        if self.answer.as_ref().is_some_and(|answer| answer.person == person) {
            self.hushed.push(person);
        }
    }

    /// Somebody is to be told nothing of what was found for them before; none: nobody is.
    pub fn forget(&mut self, person: Option<PersonId>) {
        let is_meant = |other| person.is_none_or(|person| person == other);
        self.later.retain(|waiting| !is_meant(waiting.person));
        if let Some(answer) = self.answer.as_mut().filter(|answer| is_meant(answer.person)) {
            answer.is_forgotten = true;
        }
    }

    /// A word of the mind. What comes too late, or is too much for a tick, is void.
    pub fn take(&mut self, generation: u32, word: MindWord) {
        let is_awaited = self.answer.is_some() && generation == self.generation;
        let is_end = matches!(word, MindWord::Done { .. } | MindWord::Failed { .. });
        if is_awaited && (is_end || self.words.len() < WORDS_WAITING_MAX) {
            self.words.push_back(word);
        }
    }

    /// It has another mind from now on: what the one before was saying ends, and what it was going to
    /// say is never said.
    pub fn break_off(&mut self) {
        self.words.clear();
        self.later.clear();
        self.is_broken_off = self.answer.is_some();
    }

    /// With whom it talks.
    pub fn talks_to(&self, tick: u32) -> Option<PersonId> {
        let answering = self.answer.as_ref().map(|answer| answer.person);
        answering.or(self.talk.filter(|(_, until)| tick < *until).map(|(person, _)| person))
    }

    /// For the digest.
    pub fn numbers(&self) -> [u32; 4] {
        let since = self.answer.as_ref().map_or(0, |answer| answer.since);
        [self.generation, self.line, since, self.later.len() as u32]
    }
}

/// The parts of a companion that speak.
pub(crate) type Speaker = (
    &'static mut Companion,
    &'static Avatar,
    &'static Hands,
    &'static mut Speech,
    &'static mut Deeds,
    &'static mut Feelings,
);

/// Companions ask their minds, and say what those say.
pub(crate) fn speak(
    sights: Sights,
    earshot: Res<Earshot>,
    companions: Res<Companions>,
    people: Query<(&Person, &Avatar)>,
    mut speakers: Query<Speaker>,
    mut outbox: ResMut<Outbox>,
) {
    let mut asks_left = ASKS_PER_TICK;
    // Nobody moves while they speak.
    let ears = OnceCell::new();
    for (object, entity) in companions.in_turn(sights.clock.tick) {
        let Ok((_, avatar, _, speech, _, _)) = speakers.get(entity) else { continue };
        let is_quiet = speech.answer.is_none() && speech.heard.is_empty();
        if is_quiet && speech.later.is_empty() {
            continue;
        }
        let at_m = avatar.state.position_m;
        let near = || ears.get_or_init(|| Ears::of(&people)).around(at_m, earshot.radius_m);
        let mut mouth = Mouth { object, near: &near, outbox: &mut outbox };
        let Ok((mut companion, _, _, mut speech, mut deeds, mut feelings)) =
            speakers.get_mut(entity)
        else {
            continue;
        };
        speech.interrupt(at_m, &sights, &mut mouth);
        speech.keep_promise(at_m, earshot.radius_m, &sights, &mut mouth);
        speech.go_on(&sights, &mut companion, &mut deeds, &mut feelings, &mut mouth);
        if speech.answer.is_some() || asks_left == 0 {
            continue;
        }
        let Some((person, text)) = speech.heard.pop_front() else { continue };
        if sights.has_left(person, at_m) {
            // Whoever is still in the world reads that nobody answers any more.
            if sights.people.get(person).is_some() {
                speech.begin(person, sights.clock.tick, &mut mouth);
                speech.end(SpeechEnd::Interrupted, sights.clock.tick, 0, &mut mouth);
            }
            continue;
        }
        let Some(person_name) = sights.name(person).map(str::to_owned) else { continue };
        asks_left -= 1;
        let Ok((companion, _, hands, speech, deeds, feelings)) = speakers.get(entity) else {
            continue;
        };
        let others = |other| {
            let (companion, ..) = speakers.get(companions.get(other)?).ok()?;
            Some(companion)
        };
        let perception = sights.perceive(companion, at_m, &text, (deeds, hands, feelings), &others);
        let ask = DialogueAsk {
            companion: object,
            mind: companion.mind.clone(),
            name: companion.name.clone(),
            generation: speech.generation.wrapping_add(1),
            person,
            person_name,
            text,
            perception,
        };
        let Ok((_, _, _, mut speech, mut deeds, _)) = speakers.get_mut(entity) else { continue };
        // What was asked before is over, unless it is what goes on until told otherwise.
        deeds.overrule(sights.clock.tick);
        speech.ask(ask, &sights, &mut mouth);
    }
}

impl Sights<'_, '_> {
    /// Whether somebody is not here any more, or too far from a place to be answered there.
    fn has_left(&self, person: PersonId, at_m: [f32; 3]) -> bool {
        let place = self.surroundings.person(person);
        place.is_none_or(|place_m| apart_m(place_m, at_m) > LEFT_M)
    }
}

/// Where words go.
struct Mouth<'a> {
    object: ObjectId,
    /// Who is near, in the order of ids.
    near: &'a dyn Fn() -> Vec<PersonId>,
    outbox: &'a mut Outbox,
}

impl Mouth<'_> {
    /// Tells those who are near, and whoever is answered.
    fn tell(&mut self, person: PersonId, message: &ServerMessage) {
        let mut near = (self.near)();
        if let Err(place) = near.binary_search(&person) {
            near.insert(place, person);
        }
        self.outbox.notice(near, message);
    }
}

impl Speech {
    /// The mind is asked.
    fn ask(&mut self, ask: DialogueAsk, sights: &Sights, mouth: &mut Mouth<'_>) {
        self.begin(ask.person, sights.clock.tick, mouth);
        mouth.outbox.push(WorldOutput::Ask(Box::new(ask)));
    }

    /// Says something by itself, if nothing else is said, nobody waits for an answer, and whoever it
    /// is for is in hearing.
    fn keep_promise(
        &mut self,
        at_m: [f32; 3],
        hearing_m: f32,
        sights: &Sights,
        mouth: &mut Mouth<'_>,
    ) {
        let tick = sights.clock.tick;
        self.later.retain(|waiting| tick < waiting.until);
        if self.answer.is_some() || !self.heard.is_empty() {
            return;
        }
        let talks_to = self.talks_to(tick);
        let is_free = |waiting: &Promised| {
            let place = sights.surroundings.person(waiting.person);
            place.is_some_and(|place_m| apart_m(place_m, at_m) <= hearing_m)
                && talks_to.is_none_or(|person| person == waiting.person)
        };
        let Some(place) = self.later.iter().position(is_free) else { return };
        let Some(Promised { person, text, .. }) = self.later.remove(place) else { return };
        self.begin(person, tick, mouth);
        self.words.push_back(MindWord::Says { text });
        self.words.push_back(MindWord::Done { is_reduced: false });
    }

    /// An answer begins.
    fn begin(&mut self, person: PersonId, tick: u32, mouth: &mut Mouth<'_>) {
        self.generation = self.generation.wrapping_add(1);
        self.line = self.line.wrapping_add(1);
        self.words.clear();
        self.answer = Some(Answer {
            person,
            line: self.line,
            since: tick,
            heard_of: tick,
            said_bytes: 0,
            actions: 0,
            is_last: false,
            is_forgotten: false,
        });
        let companion = mouth.object;
        mouth.tell(person, &ServerMessage::Thinks { companion, line: self.line, to: person });
    }

    /// Ends an answer that nobody waits for any more, or that takes too long.
    fn interrupt(&mut self, at_m: [f32; 3], sights: &Sights, mouth: &mut Mouth<'_>) {
        let hushed = std::mem::take(&mut self.hushed);
        let is_broken_off = std::mem::take(&mut self.is_broken_off);
        let Some(answer) = &self.answer else { return };
        let clock = &sights.clock;
        let ticks = |seconds: u32| (seconds as f32 / clock.tick_s) as u32;
        let has_left = sights.has_left(answer.person, at_m);
        let says_more = self.heard.iter().any(|(person, _)| *person == answer.person);
        let is_silent = clock.tick.saturating_sub(answer.heard_of) > ticks(SILENCE_S_MAX);
        let is_late = clock.tick.saturating_sub(answer.since) > ticks(ASK_S_MAX)
            || (is_silent && self.words.is_empty());
        let is_hushed = hushed.contains(&answer.person);
        let end = if has_left || says_more || is_hushed || is_broken_off {
            SpeechEnd::Interrupted
        } else if is_late {
            SpeechEnd::TimedOut
        } else {
            return;
        };
        let (companion, generation) = (mouth.object, self.generation);
        mouth.outbox.push(WorldOutput::Unask { companion, generation });
        self.words.clear();
        self.end(end, clock.tick, ticks(TALK_S), mouth);
    }

    fn end(&mut self, end: SpeechEnd, tick: u32, talk_ticks: u32, mouth: &mut Mouth<'_>) {
        let Some(answer) = self.answer.take() else { return };
        let companion = mouth.object;
        self.talk = (!answer.is_last).then_some((answer.person, tick + talk_ticks));
        let said = ServerMessage::Said { companion, line: answer.line, end };
        mouth.tell(answer.person, &said);
    }

    /// Says and does what the mind has said.
    fn go_on(
        &mut self,
        sights: &Sights,
        companion: &mut Companion,
        deeds: &mut Deeds,
        feelings: &mut Feelings,
        mouth: &mut Mouth<'_>,
    ) {
        let tick = sights.clock.tick;
        let talk_ticks = (TALK_S as f32 / sights.clock.tick_s) as u32;
        let mut piece = String::new();
        let mut end = None;
        while let (Some(word), Some(answer)) = (self.words.pop_front(), &mut self.answer) {
            answer.heard_of = tick;
            match word {
                MindWord::Says { text } => {
                    let text = text::piece(&text);
                    let room = SPEECH_BYTES_MAX.saturating_sub(answer.said_bytes);
                    let text = &text[..text.floor_char_boundary(room)];
                    answer.said_bytes += text.len();
                    piece.push_str(text);
                }
                MindWord::Bonds { .. } if answer.is_forgotten => {}
                MindWord::Bonds { bond } => {
                    companion.bonds.retain(|person, _| sights.people.get(*person).is_some());
                    companion.bonds.insert(answer.person, bond);
                }
                MindWord::Feels { appraisal } => feelings.feel(&appraisal, &companion.traits),
                MindWord::Does { action: Action::End } => answer.is_last = true,
                MindWord::Does { action } => {
                    answer.actions += 1;
                    if answer.actions <= ACTIONS_MAX {
                        deeds.ask(action, answer.person, tick);
                    }
                }
                MindWord::Done { is_reduced: false } => end = Some(SpeechEnd::Done),
                MindWord::Done { is_reduced: true } => end = Some(SpeechEnd::Reduced),
                MindWord::Failed { reason } => end = Some(ending(reason)),
            }
            if end.is_some() {
                break;
            }
        }
        if let Some(answer) = &self.answer
            && !piece.is_empty()
        {
            let (companion, line) = (mouth.object, answer.line);
            let says = ServerMessage::Says { companion, line, text: piece };
            mouth.tell(answer.person, &says);
        }
        if let Some(end) = end {
            self.words.clear();
            self.end(end, tick, talk_ticks, mouth);
        }
    }
}

fn ending(reason: MindFailure) -> SpeechEnd {
    match reason {
        MindFailure::TimedOut => SpeechEnd::TimedOut,
        MindFailure::Busy => SpeechEnd::Busy,
        MindFailure::OverLimit { free_in_s } => SpeechEnd::OverLimit { free_in_s },
        MindFailure::Broken => SpeechEnd::Broken,
        MindFailure::Unknown => SpeechEnd::Gone,
    }
}
