//! What minds say to their bodies, as it comes in. It is done when the companion speaks.

use bevy_ecs::prelude::*;
use vivarium_contract::{WorldInput, companion::Traits};
use vivarium_protocol::ids::PersonId;

use super::{Companion, Companions, speech::Speech};
use crate::{
    authority::People,
    tick::{Clock, Inbox},
};

/// Takes out of the inbox what minds say.
pub(super) fn take_words(
    mut inbox: ResMut<Inbox>,
    clock: Res<Clock>,
    companions: Res<Companions>,
    people: Res<People>,
    mut bodies: Query<(&mut Companion, &mut Speech)>,
) {
    let is_mind = |input: &mut WorldInput| {
        matches!(
            input,
            WorldInput::Mind { .. }
                | WorldInput::Traits { .. }
                | WorldInput::Bond { .. }
                | WorldInput::Word { .. }
                | WorldInput::Forgotten { .. }
        )
    };
    for input in inbox.0.extract_if(.., is_mind) {
        let (WorldInput::Mind { companion, .. }
        | WorldInput::Traits { companion, .. }
        | WorldInput::Bond { companion, .. }
        | WorldInput::Word { companion, .. }
        | WorldInput::Forgotten { companion, .. }) = &input
        else {
            continue;
        };
        let entity = companions.get(*companion);
        let body = entity.and_then(|entity| bodies.get_mut(entity).ok());
        let Some((mut companion, mut speech)) = body else { continue };
        match input {
            WorldInput::Mind { generation, word, .. } => speech.take(generation, word),
            WorldInput::Word { person, text, .. } => speech.promise(person, text, &clock),
            WorldInput::Forgotten { person, .. } => {
                speech.forget(person);
                let is_other = |other: PersonId| person.is_some_and(|person| person != other);
                companion.bonds.retain(|other, _| is_other(*other));
            }
            // Whatever the host says, they are within their bounds.
            WorldInput::Traits { traits, .. } => companion.traits = Traits::from(traits.values()),
            // What an answer has said meanwhile is newer.
            WorldInput::Bond { person, bond, .. } if people.get(person).is_some() => {
                companion.bonds.retain(|person, _| people.get(*person).is_some());
                companion.bonds.entry(person).or_insert(bond);
            }
            _ => {}
        }
    }
}
