//! What a companion perceives, summed up for its mind: whom and what it sees, what happened to it, what
//! it holds, does and feels.

use std::cmp::Ordering;

use bevy_ecs::{prelude::*, system::SystemParam};
use vivarium_contract::companion::{Being, Held, Perception, SEEN_MAX, Seen};
use vivarium_protocol::{
    ids::{ObjectId, PersonId},
    text,
};

use super::{
    Companion,
    deeds::Deeds,
    hands,
    hands::Hands,
    mood::Feelings,
    named::{self, Named},
    surroundings::{Surroundings, apart_m},
};
use crate::{
    authority::{People, Person},
    edit::Current,
    limits::COMPANION_SIGHT_M,
    object::Objects,
    physics::Physics,
    tick::Clock,
};

/// How people call an object: by its name, or its blueprint's.
pub(super) fn name_of(current: &Current, object: ObjectId) -> String {
    named::called(current.0.object(object))
}

/// Tells of companions who they are.
pub(super) type Others<'a> = &'a dyn Fn(ObjectId) -> Option<&'a Companion>;

/// The world as companions see it.
#[derive(SystemParam)]
pub(crate) struct Sights<'w, 's> {
    pub clock: Res<'w, Clock>,
    pub surroundings: Res<'w, Surroundings>,
    pub people: Res<'w, People>,
    current: Res<'w, Current>,
    objects: Res<'w, Objects>,
    physics: Res<'w, Physics>,
    named: Res<'w, Named>,
    persons: Query<'w, 's, &'static Person>,
}

impl Sights<'_, '_> {
    /// What somebody is called.
    pub fn name(&self, person: PersonId) -> Option<&str> {
        Some(&self.person(person)?.card.name)
    }

    fn person(&self, person: PersonId) -> Option<&Person> {
        self.persons.get(self.people.get(person)?).ok()
    }

    /// What a companion at a place perceives when it hears `heard`. What is spoken of is never left
    /// out for what is nearer.
    pub fn perceive(
        &self,
        companion: &Companion,
        at_m: [f32; 3],
        heard: &str,
        rest: (&Deeds, &Hands, &Feelings),
        others: Others<'_>,
    ) -> Perception {
        let (deeds, hands, feelings) = rest;
        Perception {
            seen: self.seen(companion, at_m, &text::name_key(heard), others),
            happened: deeds.happened(&self.clock),
            holds: hands.held().map(|object| {
                let name = name_of(&self.current, object);
                Held { object, name }
            }),
            doing: deeds.doing(),
            mood: feelings.mood(),
        }
    }

    fn seen(
        &self,
        companion: &Companion,
        at_m: [f32; 3],
        heard_key: &str,
        others: Others<'_>,
    ) -> Vec<Seen> {
        let mut seen: Vec<Sight> = Vec::new();
        let mut see = |being, distance_m: f32, is_meant| {
            if distance_m <= COMPANION_SIGHT_M {
                seen.push(Sight { is_meant, distance_m, order: seen.len(), being });
            }
        };
        for (person, place_m) in &self.surroundings.people {
            let Some(known) = self.person(*person) else { continue };
            let is_meant = named::is_meant(known.name_key(), heard_key);
            see(Being::Person(*person), apart_m(at_m, *place_m), is_meant);
        }
        for (other, place_m) in &self.surroundings.companions {
            let Some(known) = others(*other).filter(|_| *other != companion.object) else {
                continue;
            };
            let is_meant = named::is_meant(&known.name_key, heard_key);
            see(Being::Companion(*other), apart_m(at_m, *place_m), is_meant);
        }
        let meant = self.named.meant(heard_key);
        let mut objects = self.named.near(at_m, COMPANION_SIGHT_M, &self.physics);
        objects.retain(|(id, _)| self.surroundings.companion(*id).is_none());
        objects.sort_unstable_by_key(|(id, _)| *id);
        for (id, distance_m) in objects {
            see(Being::Object(id), distance_m, meant.binary_search(&id).is_ok());
        }
        if seen.len() > SEEN_MAX {
            seen.select_nth_unstable_by(SEEN_MAX, Sight::cmp_by_weight);
            seen.truncate(SEEN_MAX);
        }
        seen.sort_unstable_by(Sight::cmp_by_distance);
        seen.into_iter().filter_map(|sight| self.told(&sight, others)).collect()
    }

    /// What a mind is told of what is seen.
    fn told(&self, sight: &Sight, others: Others<'_>) -> Option<Seen> {
        let Sight { being, distance_m, .. } = *sight;
        let (name, is_portable) = match being {
            Being::Person(person) => (self.name(person)?.to_owned(), false),
            Being::Companion(other) => (others(other)?.name.clone(), false),
            Being::Object(id) => {
                let portable = hands::portable(id, &self.current, &self.objects, &self.physics);
                (name_of(&self.current, id), portable.is_some())
            }
        };
        Some(Seen { being, name, distance_m, is_portable })
    }
}

/// Somebody or something in sight.
struct Sight {
    is_meant: bool,
    distance_m: f32,
    /// What comes before what, when nothing else decides.
    order: usize,
    being: Being,
}

impl Sight {
    /// What is spoken of comes first, then what is near.
    fn cmp_by_weight(&self, other: &Self) -> Ordering {
        let meant = other.is_meant.cmp(&self.is_meant);
        let nearer = self.distance_m.total_cmp(&other.distance_m);
        meant.then(nearer).then(self.order.cmp(&other.order))
    }

    /// What is near comes first, then what is spoken of.
    fn cmp_by_distance(&self, other: &Self) -> Ordering {
        self.distance_m.total_cmp(&other.distance_m).then_with(|| self.cmp_by_weight(other))
    }
}
