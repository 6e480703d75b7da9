//! Who is here.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use vivarium_protocol::{ids::PersonId, notice::PersonCard, text};

/// Everyone in the world, in the order of their ids.
#[derive(Resource, Default)]
pub(crate) struct People(BTreeMap<PersonId, Entity>);

impl People {
    /// The avatar of a person who is here.
    pub fn get(&self, person: PersonId) -> Option<Entity> {
        self.0.get(&person).copied()
    }

    /// Everyone and their avatar.
    pub fn iter(&self) -> impl Iterator<Item = (PersonId, Entity)> {
        self.0.iter().map(|(person, avatar)| (*person, *avatar))
    }

    /// How many are here.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Somebody is here now.
    pub fn add(&mut self, person: PersonId, avatar: Entity) {
        self.0.insert(person, avatar);
    }

    /// Somebody is not here any more; gives the avatar.
    pub fn remove(&mut self, person: PersonId) -> Option<Entity> {
        self.0.remove(&person)
    }
}

/// Who an avatar is.
#[derive(Component)]
pub(crate) struct Person {
    pub card: PersonCard,
    /// What the name is compared by; made once, since everybody's is asked for each newcomer.
    name_key: String,
}

impl Person {
    /// As others will know them.
    pub fn new(card: PersonCard) -> Self {
        let name_key = text::name_key(&card.name);
        Self { card, name_key }
    }

    /// What the name is compared by.
    pub fn name_key(&self) -> &str {
        &self.name_key
    }

    /// Is called otherwise from now on.
    pub fn rename(&mut self, name: String) {
        self.name_key = text::name_key(&name);
        self.card.name = name;
    }
}

/// Everyone, in the order of ids. Those whose connection is lost are told things too: the messages
/// wait for their return.
pub(crate) fn everyone<'a>(people: impl Iterator<Item = &'a Person>) -> Vec<PersonId> {
    let mut all: Vec<PersonId> = people.map(|person| person.card.person).collect();
    all.sort_unstable();
    all
}
