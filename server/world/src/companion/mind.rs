//! What minds say to their bodies, as it comes in. It is done when the companion speaks.

use bevy_ecs::prelude::*;
use vivarium_contract::{WorldInput, companion::TRAIT_MAX};

use super::{Companion, Companions, speech::Speech};
use crate::{authority::People, tick::Inbox};

/// Takes out of the inbox what minds say.
pub(super) fn take_words(
    mut inbox: ResMut<Inbox>,
    companions: Res<Companions>,
    people: Res<People>,
    mut bodies: Query<(&mut Companion, &mut Speech)>,
) {
    let is_mind = |input: &mut WorldInput| {
        matches!(
            input,
            WorldInput::Mind { .. } | WorldInput::Traits { .. } | WorldInput::Bond { .. }
        )
    };
    // Most ticks have none, and then nothing is allocated.
    let words: Vec<WorldInput> = inbox.0.extract_if(.., is_mind).collect();
    for input in words {
        match input {
            WorldInput::Mind { companion, generation, word } => {
                let entity = companions.get(companion);
                let body = entity.and_then(|entity| bodies.get_mut(entity).ok());
                if let Some((_, mut speech)) = body {
                    speech.take(generation, word);
                }
            }
            WorldInput::Traits { companion, mut traits } => {
                let entity = companions.get(companion);
                let body = entity.and_then(|entity| bodies.get_mut(entity).ok());
                if let Some((mut companion, _)) = body {
                    for one in [
                        &mut traits.openness,
                        &mut traits.conscientiousness,
                        &mut traits.extraversion,
                        &mut traits.agreeableness,
                        &mut traits.neuroticism,
                        &mut traits.playfulness,
                        &mut traits.courage,
                    ] {
                        *one = (*one).min(TRAIT_MAX);
                    }
                    companion.traits = traits;
                }
            }
            WorldInput::Bond { companion, person, bond } => {
                let entity = companions.get(companion);
                let body = entity.and_then(|entity| bodies.get_mut(entity).ok());
                if let Some((mut companion, _)) = body
                    && people.get(person).is_some()
                {
                    companion.bonds.retain(|known, _| people.get(*known).is_some());
                    companion.bonds.insert(person, bond);
                }
            }
            _ => {}
        }
    }
}
