//! What a companion perceives, summed up for its mind: whom and what it sees, what happened to it, what
//! it holds, does and feels.

use bevy_ecs::{prelude::*, system::SystemParam};
use vivarium_contract::companion::{Being, Held, Perception, SEEN_MAX, Seen};
use vivarium_protocol::{ids::ObjectId, text};

use super::{
    Companion,
    deeds::Deeds,
    hands,
    hands::Hands,
    mood::Feelings,
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
    let object = current.0.object(object);
    let name = object.and_then(|object| object.name.as_ref().or(object.blueprint.as_ref()));
    name.map_or_else(|| "thing".to_owned(), |name| name.replace('_', " "))
}

/// The world as companions see it.
#[derive(SystemParam)]
pub(crate) struct Sights<'w, 's> {
    pub clock: Res<'w, Clock>,
    pub surroundings: Res<'w, Surroundings>,
    pub people: Res<'w, People>,
    current: Res<'w, Current>,
    objects: Res<'w, Objects>,
    physics: Res<'w, Physics>,
    persons: Query<'w, 's, &'static Person>,
}

impl Sights<'_, '_> {
    /// What somebody is called.
    pub fn name(&self, person: vivarium_protocol::ids::PersonId) -> Option<&str> {
        let entity = self.people.get(person)?;
        Some(&self.persons.get(entity).ok()?.card.name)
    }

    /// What a companion at a place perceives when it hears `heard`. What is spoken of is never left
    /// out for what is nearer.
    pub fn perceive(
        &self,
        companion: &Companion,
        at_m: [f32; 3],
        heard: &str,
        rest: (&Deeds, &Hands, &Feelings),
        names: &dyn Fn(ObjectId) -> Option<String>,
    ) -> Perception {
        let (deeds, hands, feelings) = rest;
        Perception {
            seen: self.seen(companion, at_m, &text::name_key(heard), names),
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
        names: &dyn Fn(ObjectId) -> Option<String>,
    ) -> Vec<Seen> {
        let mut seen: Vec<(bool, Seen)> = Vec::new();
        let heard: Vec<&str> = heard_key.split(' ').collect();
        let mut see = |being, name: String, distance_m: f32, is_portable| {
            let is_meant = text::name_key(&name).split(' ').any(|word| {
                word.chars().count() > 2 && heard.iter().any(|heard| heard.contains(word))
            });
            seen.push((is_meant, Seen { being, name, distance_m, is_portable }));
        };
        for (person, place_m) in &self.surroundings.people {
            let distance_m = apart_m(at_m, *place_m);
            if distance_m <= COMPANION_SIGHT_M
                && let Some(name) = self.name(*person)
            {
                see(Being::Person(*person), name.to_owned(), distance_m, false);
            }
        }
        for (other, place_m) in &self.surroundings.companions {
            let distance_m = apart_m(at_m, *place_m);
            if *other != companion.object
                && distance_m <= COMPANION_SIGHT_M
                && let Some(name) = names(*other)
            {
                see(Being::Companion(*other), name, distance_m, false);
            }
        }
        for (id, object) in self.current.0.objects() {
            let being = Being::Object(id);
            let is_named = object.name.is_some() || object.blueprint.is_some();
            let is_companion = self.surroundings.companion(id).is_some();
            if !is_named || is_companion {
                continue;
            }
            let (current, objects) = (&self.current, &self.objects);
            let place = self.surroundings.place(being, current, objects, &self.physics);
            let Some(distance_m) = place.map(|place_m| apart_m(at_m, place_m)) else { continue };
            if distance_m <= COMPANION_SIGHT_M {
                let portable = hands::portable(id, current, objects, &self.physics);
                see(being, name_of(current, id), distance_m, portable.is_some());
            }
        }
        seen.sort_by(|(meant, one), (other_meant, other)| {
            other_meant.cmp(meant).then(one.distance_m.total_cmp(&other.distance_m))
        });
        seen.truncate(SEEN_MAX);
        let mut seen: Vec<Seen> = seen.into_iter().map(|(_, seen)| seen).collect();
        seen.sort_by(|one, other| one.distance_m.total_cmp(&other.distance_m));
        seen
    }
}
