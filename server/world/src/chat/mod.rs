//! Lets people hear and see what those near them say and gesture. Keeps nothing.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use vivarium_contract::{Intent, Phase};
use vivarium_protocol::{
    ids::PersonId,
    intent::Emote,
    notice::{Denial, ServerMessage},
    text::{self, TextError},
};

use crate::{
    authority::{Claim, Granted, Person, TakeIntent, Wish},
    avatar::Avatar,
    edit::Current,
    tick::{In, Outbox, Step, Take},
};

/// Something to say, cleaned.
pub(crate) struct Say(pub String);

impl Wish for Say {
    fn claim(intent: Intent) -> Claim<Self> {
        match intent {
            Intent::Say { text } => match text::chat(&text) {
                Ok(text) => Claim::Allowed(Self(text)),
                Err(TextError::Empty) => Claim::Denied(Denial::EmptyText),
                Err(TextError::TooLong) => Claim::Denied(Denial::TextTooLong),
            },
            other => Claim::Other(other),
        }
    }
}

/// A gesture to make.
pub(crate) struct Gesture(pub Emote);

impl Wish for Gesture {
    fn claim(intent: Intent) -> Claim<Self> {
        match intent {
            Intent::Emote { emote } => Claim::Allowed(Self(emote)),
            other => Claim::Other(other),
        }
    }
}

/// How far (metres) speech and gestures carry.
#[derive(Resource)]
pub(crate) struct Earshot {
    pub radius_m: f32,
}

/// Lets people hear and see those near them.
pub(crate) struct ChatPlugin {
    pub earshot_m: f32,
}

impl Plugin for ChatPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(Earshot { radius_m: self.earshot_m })
            .take_intent::<Say>()
            .take_intent::<Gesture>()
            .add_systems(In(Phase::Ingest), follow.in_set(Take::Follow))
            .add_systems(In(Phase::Simulate), (hear_say, see_gesture).chain().in_set(Step::Social));
    }
}

fn follow(current: Res<Current>, mut earshot: ResMut<Earshot>) {
    earshot.radius_m = current.0.head().settings.earshot_m;
}

fn hear_say(
    said: Res<Granted<Say>>,
    earshot: Res<Earshot>,
    people: Query<(&Person, &Avatar)>,
    mut outbox: ResMut<Outbox>,
) {
    for say in said.iter() {
        let near = near(&people, say.avatar(), earshot.radius_m);
        let text = say.wish().0.clone();
        outbox.notice(near, &ServerMessage::Heard { person: say.person(), text });
    }
}

pub(crate) fn see_gesture(
    made: Res<Granted<Gesture>>,
    earshot: Res<Earshot>,
    people: Query<(&Person, &Avatar)>,
    mut outbox: ResMut<Outbox>,
) {
    for gesture in made.iter() {
        let near = near(&people, gesture.avatar(), earshot.radius_m);
        let emote = gesture.wish().0;
        outbox.notice(near, &ServerMessage::Emoted { person: gesture.person(), emote });
    }
}

/// Everyone within `radius_m` of `centre`, in the order of ids; `centre` too.
fn near(people: &Query<(&Person, &Avatar)>, centre: Entity, radius_m: f32) -> Vec<PersonId> {
    let Ok((_, speaker)) = people.get(centre) else { return Vec::new() };
    around(people, speaker.state.position_m, radius_m)
}

/// Everyone within `radius_m` of a place, in the order of ids.
pub(crate) fn around(
    people: &Query<(&Person, &Avatar)>,
    from: [f32; 3],
    radius_m: f32,
) -> Vec<PersonId> {
    let mut near: Vec<PersonId> = people
        .iter()
        .filter(|(_, avatar)| is_within(from, avatar.state.position_m, radius_m))
        .map(|(person, _)| person.card.person)
        .collect();
    near.sort_unstable();
    near
}

/// Everyone, the disconnected too, and where they are, for whoever says much in a tick.
pub(crate) struct Ears(Vec<(PersonId, [f32; 3])>);

impl Ears {
    /// As they are now.
    pub fn of(people: &Query<(&Person, &Avatar)>) -> Self {
        let all = people.iter();
        let mut all: Vec<(PersonId, [f32; 3])> =
            all.map(|(person, avatar)| (person.card.person, avatar.state.position_m)).collect();
        all.sort_unstable_by_key(|(person, _)| *person);
        Self(all)
    }

    /// The same as [`around`].
    pub fn around(&self, from: [f32; 3], radius_m: f32) -> Vec<PersonId> {
        let near = self.0.iter().filter(|(_, to)| is_within(from, *to, radius_m));
        near.map(|(person, _)| *person).collect()
    }
}

fn is_within(from: [f32; 3], to: [f32; 3], radius_m: f32) -> bool {
    let apart_m2 = (0..3).map(|i| (to[i] - from[i]) * (to[i] - from[i])).sum::<f32>();
    apart_m2 <= radius_m * radius_m
}
