//! Where people and companions are in this tick, in arrays that every companion looks at.

use std::collections::BTreeSet;

use bevy_ecs::prelude::*;
use vivarium_contract::companion::Being;
use vivarium_motion::consts::CAPSULE_HEIGHT_M;
use vivarium_protocol::ids::{ObjectId, PersonId};

use super::{Companions, hands::Hands};
use crate::{
    authority::{People, Person},
    avatar::Avatar,
    edit::Current,
    object::Objects,
    physics::Physics,
};

/// Where everybody is.
#[derive(Resource, Default)]
pub(crate) struct Surroundings {
    /// Those who are here and connected, by ascending ids; the middle of their bodies, metres.
    pub people: Vec<(PersonId, [f32; 3])>,
    /// By ascending ids; the middle of their bodies, metres.
    pub companions: Vec<(ObjectId, [f32; 3])>,
    /// Things in somebody's hands.
    pub held: BTreeSet<ObjectId>,
}

impl Surroundings {
    /// Where somebody is.
    pub fn person(&self, person: PersonId) -> Option<[f32; 3]> {
        let at = self.people.binary_search_by_key(&person, |(person, _)| *person).ok()?;
        Some(self.people[at].1)
    }

    /// Where a companion is.
    pub fn companion(&self, object: ObjectId) -> Option<[f32; 3]> {
        let at = self.companions.binary_search_by_key(&object, |(object, _)| *object).ok()?;
        Some(self.companions[at].1)
    }

    /// Who of the people is nearest to a place, within a distance.
    pub fn nearest_person(&self, place_m: [f32; 3], within_m: f32) -> Option<(PersonId, f32)> {
        let all = self.people.iter().map(|(person, at_m)| (*person, apart_m(*at_m, place_m)));
        all.filter(|(_, apart_m)| *apart_m <= within_m)
            .min_by(|(_, one), (_, other)| one.total_cmp(other))
    }

    /// Where somebody or something is: the middle of a body, or the origin of a thing.
    pub fn place(
        &self,
        being: Being,
        current: &Current,
        objects: &Objects,
        physics: &Physics,
    ) -> Option<[f32; 3]> {
        match being {
            Being::Person(person) => self.person(person),
            Being::Companion(object) => self.companion(object),
            Being::Object(object) => match objects.loose(object) {
                Some(loose) => Some(physics.world.bodies[loose.body].translation().to_array()),
                None => current.0.object(object).map(|object| object.position_m),
            },
        }
    }
}

/// Notes where everybody is.
pub(super) fn look_around(
    people: Res<People>,
    companions: Res<Companions>,
    bodies: Query<(&Avatar, Option<&Person>, Option<&Hands>)>,
    mut surroundings: ResMut<Surroundings>,
) {
    let Surroundings { people: here, companions: living, held } = &mut *surroundings;
    here.clear();
    living.clear();
    held.clear();
    if companions.0.is_empty() {
        return;
    }
    here.extend(people.iter().filter_map(|(person, entity)| {
        let (avatar, someone, _) = bodies.get(entity).ok()?;
        someone?.card.present.then_some((person, avatar.state.position_m))
    }));
    for (object, entity) in companions.iter() {
        let Ok((avatar, _, hands)) = bodies.get(entity) else { continue };
        living.push((object, avatar.state.position_m));
        held.extend(hands.and_then(Hands::held));
    }
}

/// How far two places are apart, metres.
pub(crate) fn apart_m(one: [f32; 3], other: [f32; 3]) -> f32 {
    let [x, y, z] = [0, 1, 2].map(|axis| one[axis] - other[axis]);
    (x * x + y * y + z * z).sqrt()
}

/// How far two places are apart as seen from above, metres.
pub(crate) fn apart_flat_m(one: [f32; 3], other: [f32; 3]) -> f32 {
    let (x, z) = (one[0] - other[0], one[2] - other[2]);
    (x * x + z * z).sqrt()
}

/// Where the feet of a body are whose middle is there.
pub(crate) fn feet_m([x, y, z]: [f32; 3]) -> [f32; 3] {
    [x, y - CAPSULE_HEIGHT_M / 2.0, z]
}

/// Where the middle of a body is whose feet are there.
pub(crate) fn middle_m([x, y, z]: [f32; 3]) -> [f32; 3] {
    [x, y + CAPSULE_HEIGHT_M / 2.0, z]
}
