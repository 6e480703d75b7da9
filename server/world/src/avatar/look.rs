//! Names and colours.

use bevy_ecs::prelude::*;
use vivarium_contract::Intent;
use vivarium_protocol::{
    ids::PersonId,
    intent::Look,
    limits::NAME_CHARS_MAX,
    notice::{Denial, ServerMessage},
    text::{self, TextError},
};

use crate::{
    authority::{Claim, Granted, Person, Wish, present},
    tick::Outbox,
};

/// A new name and new colours.
pub(crate) struct SetLook {
    name: String,
    look: Look,
}

impl Wish for SetLook {
    fn claim(intent: Intent) -> Claim<Self> {
        match intent {
            Intent::SetLook { name, look } => match text::name(&name) {
                Ok(name) => Claim::Allowed(Self { name, look }),
                Err(TextError::Empty) => Claim::Denied(Denial::EmptyText),
                Err(TextError::TooLong) => Claim::Denied(Denial::TextTooLong),
            },
            other => Claim::Other(other),
        }
    }
}

/// Gives people the names and colours that they wish.
pub(super) fn set_look(
    wishes: Res<Granted<SetLook>>,
    mut people: Query<&mut Person>,
    mut outbox: ResMut<Outbox>,
) {
    for wish in wishes.iter() {
        let name = unique_name(&wish.wish().name, wish.person(), people.iter());
        let Ok(mut person) = people.get_mut(wish.avatar()) else { continue };
        person.card.name = name;
        person.card.look = wish.wish().look;
        let card = person.card.clone();
        let to = present(people.iter());
        outbox.notice(to, &ServerMessage::Changed { card });
    }
}

/// `wanted`, with a number behind it when somebody else has that name already.
pub(super) fn unique_name<'a>(
    wanted: &str,
    person: PersonId,
    people: impl Iterator<Item = &'a Person>,
) -> String {
    let taken: Vec<String> = people
        .filter(|other| other.card.person != person)
        .map(|other| other.card.name.to_lowercase())
        .collect();
    let free = |name: &String| !taken.contains(&name.to_lowercase());
    std::iter::once(wanted.to_owned())
        .chain((2_u32..).map(|number| {
            let suffix = format!(" {number}");
            let room = NAME_CHARS_MAX - suffix.len();
            let stem: String = wanted.chars().take(room).collect();
            format!("{}{suffix}", stem.trim_end())
        }))
        .find(free)
        .expect("there are more numbers than people, so one name is free")
}
