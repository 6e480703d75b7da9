//! Who is spoken to: a companion that somebody addresses, names, talks to already, or stands before
//! alone.

use bevy_ecs::prelude::*;
use vivarium_contract::{
    Intent,
    companion::{Appraisal, Event},
};
use vivarium_protocol::{
    ids::{ObjectId, PersonId},
    intent::Emote,
    notice::{Denial, ServerMessage},
    text::{self, TextError},
};

use super::{
    Companion, Companions,
    deeds::Deeds,
    mood::Feelings,
    speech::Speech,
    surroundings::{Surroundings, apart_m},
};
use crate::{
    authority::{Claim, Denials, Granted, Person, Wish},
    avatar::Avatar,
    chat::{self, Earshot, Gesture, Say},
    tick::{Clock, Outbox},
};

/// How far (metres) one may be from a companion that is spoken to.
const ADDRESS_M: f32 = 12.0;
/// Whoever talks to a companion already goes on within this distance, metres.
const TALK_M: f32 = 7.0;
/// Whoever stands this near (metres) to a companion, and to nobody else, means it.
const BEFORE_M: f32 = 3.0;
/// Others who are nearer (metres) than this to the speaker may be meant instead.
const ALONE_M: f32 = 8.0;
/// How far (metres) away gestures are taken for oneself.
const GESTURE_M: f32 = 6.0;

/// Something to say to a companion, cleaned.
pub(crate) struct Address {
    companion: ObjectId,
    text: String,
}

impl Wish for Address {
    fn claim(intent: Intent) -> Claim<Self> {
        match intent {
            Intent::Address { companion, text } => match text::chat(&text) {
                Ok(text) => Claim::Allowed(Self { companion, text }),
                Err(TextError::Empty) => Claim::Denied(Denial::EmptyText),
                Err(TextError::TooLong) => Claim::Denied(Denial::TextTooLong),
            },
            other => Claim::Other(other),
        }
    }
}

/// A companion that should not go on.
pub(crate) struct Hush(ObjectId);

impl Wish for Hush {
    fn claim(intent: Intent) -> Claim<Self> {
        match intent {
            Intent::Hush { companion } => Claim::Allowed(Self(companion)),
            other => Claim::Other(other),
        }
    }
}

/// What was said and gestured in this tick, and where.
#[derive(bevy_ecs::system::SystemParam)]
pub(super) struct Told<'w> {
    clock: Res<'w, Clock>,
    earshot: Res<'w, Earshot>,
    surroundings: Res<'w, Surroundings>,
    said: Res<'w, Granted<Say>>,
    addressed: Res<'w, Granted<Address>>,
    hushed: Res<'w, Granted<Hush>>,
    gestures: Res<'w, Granted<Gesture>>,
}

/// The parts of a companion that listen.
type Listener =
    (&'static Companion, &'static mut Speech, &'static mut Deeds, &'static mut Feelings);

/// Companions hear what is said to them.
pub(super) fn hear(
    told: Told,
    companions: Res<Companions>,
    people: Query<(&Person, &Avatar)>,
    mut listeners: Query<Listener>,
    mut denials: ResMut<Denials>,
    mut outbox: ResMut<Outbox>,
) {
    let Told { clock, earshot, surroundings, .. } = &told;
    for address in told.addressed.iter() {
        let Address { companion, text } = address.wish();
        let (person, from_m) = (address.person(), place(&people, address.avatar()));
        let at_m = surroundings.companion(*companion);
        let is_near = at_m.is_some_and(|at_m| apart_m(at_m, from_m) <= ADDRESS_M);
        if !is_near {
            denials.add(person, Denial::NotNear);
            continue;
        }
        if !tell(*companion, person, text, &companions, &mut listeners) {
            denials.add(person, Denial::TooFast);
            continue;
        }
        let near = chat::around(&people, from_m, earshot.radius_m);
        outbox.notice(near, &ServerMessage::Heard { person, text: text.clone() });
    }
    for say in told.said.iter() {
        let (person, from_m) = (say.person(), place(&people, say.avatar()));
        let Say(text) = say.wish();
        let talks = |companion: ObjectId| {
            let entity = companions.get(companion)?;
            let (companion, speech, _, _) = listeners.get(entity).ok()?;
            let is_talking = speech.talks_to(clock.tick) == Some(person);
            Some((companion.name_key.clone(), is_talking))
        };
        if let Some(companion) = meant(text, person, from_m, surroundings, &talks)
            && !tell(companion, person, text, &companions, &mut listeners)
        {
            // People have heard it; whoever it was meant for does not listen.
            denials.add(person, Denial::TooFast);
        }
    }
    for hush in told.hushed.iter() {
        let Some(entity) = companions.get(hush.wish().0) else { continue };
        if let Ok((_, mut speech, _, _)) = listeners.get_mut(entity) {
            speech.hush(hush.person());
        }
    }
    for gesture in told.gestures.iter() {
        let from_m = place(&people, gesture.avatar());
        let Some((person, _)) = people.get(gesture.avatar()).ok() else { continue };
        let Gesture(emote) = gesture.wish();
        for (companion, at_m) in &surroundings.companions {
            if apart_m(*at_m, from_m) > GESTURE_M {
                continue;
            }
            let Some(entity) = companions.get(*companion) else { continue };
            let Ok((companion, _, mut deeds, mut feelings)) = listeners.get_mut(entity) else {
                continue;
            };
            let by = person.card.name.clone();
            deeds.note(clock.tick, Event::Gestured { by, emote: *emote });
            if matches!(emote, Emote::Wave | Emote::Clap | Emote::Cheer) {
                let kind = Appraisal { valence: 8, arousal: 5, emotion: None };
                feelings.feel(&kind, &companion.traits);
            }
        }
    }
}

fn place(people: &Query<(&Person, &Avatar)>, entity: Entity) -> [f32; 3] {
    people.get(entity).map_or([f32::INFINITY; 3], |(_, avatar)| avatar.state.position_m)
}

/// Tells a companion something; whether it listens.
fn tell(
    companion: ObjectId,
    person: PersonId,
    text: &str,
    companions: &Companions,
    listeners: &mut Query<Listener>,
) -> bool {
    let Some(entity) = companions.get(companion) else { return true };
    let Ok((_, mut speech, _, _)) = listeners.get_mut(entity) else { return true };
    speech.hear(person, text.to_owned())
}

/// To whom something was said that was said to nobody by name of a message: `talks` gives the key of
/// a companion's name, and whether it talks with that person already.
fn meant(
    text: &str,
    person: PersonId,
    from_m: [f32; 3],
    surroundings: &Surroundings,
    talks: &dyn Fn(ObjectId) -> Option<(String, bool)>,
) -> Option<ObjectId> {
    let heard = text::name_key(text);
    let is_alone = !surroundings
        .people
        .iter()
        .any(|(other, at_m)| *other != person && apart_m(*at_m, from_m) <= ALONE_M);
    // Named before talking before standing near; then the nearest.
    let mut best: Option<(u8, f32, ObjectId)> = None;
    for (companion, at_m) in &surroundings.companions {
        let distance_m = apart_m(*at_m, from_m);
        if distance_m > ADDRESS_M {
            continue;
        }
        let Some((name, is_talking)) = talks(*companion) else { continue };
        let rank = if names(&heard, &name) {
            0
        } else if is_talking && distance_m <= TALK_M {
            1
        } else if is_alone && distance_m <= BEFORE_M {
            2
        } else {
            continue;
        };
        let found = (rank, distance_m, *companion);
        if best.is_none_or(|(rank, distance_m, _)| (found.0, found.1) < (rank, distance_m)) {
            best = Some(found);
        }
    }
    best.map(|(_, _, companion)| companion)
}

/// Whether a name stands in a text, as words of its own.
fn names(heard: &str, name: &str) -> bool {
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    !name.is_empty()
        && heard.match_indices(name).any(|(at, _)| {
            is_edge(heard[..at].chars().next_back())
                && is_edge(heard[at + name.len()..].chars().next())
        })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_name_is_a_word_of_its_own() {
        for (heard, is_named) in [
            ("hello mira!", true),
            ("mira, come", true),
            ("mira", true),
            ("admirable", false),
            ("miracle", false),
            ("l'amie mira-belle", true),
            ("", false),
        ] {
            assert_eq!(names(heard, "mira"), is_named, "{heard:?}");
        }
    }
}
