//! Names and colours.

use std::collections::BTreeSet;

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
    authority::{Claim, Granted, Person, Wish, everyone},
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
        person.rename(name);
        person.card.look = wish.wish().look;
        let card = person.card.clone();
        let to = everyone(people.iter());
        outbox.notice(to, &ServerMessage::Changed { card });
    }
}

/// `wanted`, with a number behind it when somebody else has that name already.
pub(super) fn unique_name<'a>(
    wanted: &str,
    person: PersonId,
    people: impl Iterator<Item = &'a Person>,
) -> String {
    let others: Vec<&str> =
        people.filter(|other| other.card.person != person).map(Person::name_key).collect();
    let wanted_key = text::name_key(wanted);
    if !others.contains(&wanted_key.as_str()) {
        return wanted.to_owned();
    }
    // Asked for once per number, which may be as many as there are people.
    let taken: BTreeSet<&str> = others.into_iter().collect();
    for digits in 1.. {
        let room = NAME_CHARS_MAX - 1 - digits as usize;
        let stem: String = wanted.chars().take(room).collect();
        let stem = stem.trim_end();
        let stem_key = text::name_key(stem);
        let first = 10_u32.pow(digits - 1).max(2);
        let number = (first..10_u32.pow(digits))
            .find(|number| !taken.contains(format!("{stem_key} {number}").as_str()));
        if let Some(number) = number {
            return format!("{stem} {number}");
        }
    }
    unreachable!("there are more numbers than people, so one name is free")
}

#[cfg(test)]
mod tests {
    use vivarium_protocol::{limits::PEOPLE_PER_WORLD_MAX, notice::PersonCard};

    use super::*;

    fn someone(id: u32, name: String) -> Person {
        let look = Look { body: [0; 3], accent: [0; 3] };
        Person::new(PersonCard { person: PersonId(id), name, look, present: true })
    }

    #[test]
    fn a_full_world_of_people_who_want_one_name_has_as_many_names() {
        let long = "x".repeat(NAME_CHARS_MAX);
        let short_of_two = format!("{} 2", &long[2..]);
        for (wanted, second) in [("Guest", "Guest 2"), (&long, &short_of_two)] {
            let mut people: Vec<Person> = Vec::new();
            for id in 0..PEOPLE_PER_WORLD_MAX as u32 {
                let name = unique_name(wanted, PersonId(id), people.iter());
                assert_eq!(text::name(&name).as_ref(), Ok(&name), "a name that may be shown");
                people.push(someone(id, name));
            }
            let keys: BTreeSet<&str> = people.iter().map(Person::name_key).collect();
            assert_eq!(keys.len(), PEOPLE_PER_WORLD_MAX);
            assert_eq!(people[1].card.name, second);
            assert_eq!(unique_name(wanted, PersonId(0), people.iter()), wanted, "one's own");
        }
    }

    #[test]
    fn a_name_that_only_looks_new_gets_a_number() {
        let people = [someone(1, "Ana".into())];
        for alike in ["ANA", "A\u{200D}na", "\u{FF21}na"] {
            let name = unique_name(alike, PersonId(2), people.iter());
            assert_eq!(name, format!("{alike} 2"));
        }
        assert_eq!(unique_name("\u{C1}na", PersonId(2), people.iter()), "\u{C1}na");
    }
}
