//! Those who live in a world: bodies that walk, look, carry and speak, and ask their minds for words.
//!
//! Owns everything about companions: who they are (from the document), what they do, feel and hold,
//! and what they say. Their minds are elsewhere, off the tick: a [`DialogueAsk`] leaves the world,
//! and the answer comes back as inputs ([`MindWord`]).
//!
//! Invariants: whatever a mind says moves its own body alone, and only as far as the document lets
//! it; it changes no document. Everything that it asks for is checked when it is done, not when it
//! is asked for. What a companion costs in a tick is bounded, whatever it is asked for.
//!
//! [`DialogueAsk`]: vivarium_contract::companion::DialogueAsk
//! [`MindWord`]: vivarium_contract::companion::MindWord

use std::collections::BTreeMap;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use vivarium_contract::{
    Phase,
    companion::{Bond, Mood, Traits},
};
use vivarium_protocol::ids::{ObjectId, PersonId};

use crate::{
    authority::TakeIntent,
    tick::{In, Step, Take, Watch},
};

mod body;
mod deeds;
mod digest;
mod feel;
mod hands;
mod hear;
mod home;
mod manner;
mod mind;
mod mood;
mod named;
mod nav;
mod pastime;
mod perceive;
mod show;
mod speech;
mod surroundings;
mod ways;

pub(crate) use digest::digest;
pub(crate) use speech::speak;

use manner::Manner;

/// By how much (of 100) it likes and trusts somebody less who had something thrown at it.
const STRUCK: i8 = 8;

/// Who a companion is.
#[derive(Component)]
pub(crate) struct Companion {
    /// By which everybody knows it.
    pub object: ObjectId,
    /// Whose mind it has.
    pub mind: String,
    /// What people call it.
    pub name: String,
    /// What its name is compared by.
    pub name_key: String,
    /// Where it lives: the middle of its body, metres.
    pub home_m: [f32; 3],
    /// Where it looks at home, 1/65536 turn.
    pub home_yaw: u16,
    /// How far from home it goes, metres.
    pub range_m: f32,
    /// What it is like.
    pub traits: Traits,
    /// What it thinks of those who are here, as far as it knows them.
    pub bonds: BTreeMap<PersonId, Bond>,
}

impl Companion {
    /// What it thinks of somebody.
    pub fn bond(&self, person: PersonId) -> Bond {
        self.bonds.get(&person).copied().unwrap_or_default()
    }

    /// Somebody had something thrown at it. The mind makes more of it when they speak.
    pub fn resent(&mut self, person: PersonId) {
        let mut bond = self.bond(person);
        bond.warmth = bond.warmth.saturating_sub(STRUCK).max(-100);
        bond.trust = bond.trust.saturating_sub(STRUCK).max(-100);
        self.bonds.insert(person, bond);
    }

    /// Whether it goes there.
    pub fn may_go(&self, place_m: [f32; 3]) -> bool {
        surroundings::apart_m(self.home_m, place_m) <= self.range_m
    }

    /// How near (metres) it comes to somebody while it feels so.
    pub fn polite_m(&self, person: PersonId, mood: Mood) -> f32 {
        Manner::of(mood).keeps_m(self.bond(person).warmth, &self.traits)
    }
}

/// All companions, by ascending ids of their objects.
#[derive(Resource, Default)]
pub(crate) struct Companions(BTreeMap<ObjectId, Entity>);

impl Companions {
    /// The body of one.
    pub fn get(&self, object: ObjectId) -> Option<Entity> {
        self.0.get(&object).copied()
    }

    /// All of them, beginning with others in each tick, so that nobody always comes last.
    pub fn in_turn(&self, tick: u32) -> impl Iterator<Item = (ObjectId, Entity)> {
        let first = tick as usize % self.0.len().max(1);
        self.iter().skip(first).chain(self.iter().take(first))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (ObjectId, Entity)> {
        self.0.iter().map(|(object, entity)| (*object, *entity))
    }
}

/// Lets companions live in a world.
pub(crate) struct CompanionPlugin;

impl Plugin for CompanionPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Companions>()
            .init_resource::<surroundings::Surroundings>()
            .init_resource::<ways::Ways>()
            .init_resource::<named::Named>()
            .init_resource::<feel::Threats>()
            .init_resource::<hands::Flung>()
            .take_intent::<hear::Address>()
            .take_intent::<hear::Hush>()
            .add_systems(
                In(Phase::Ingest),
                (home::follow, ways::follow, named::follow)
                    .chain()
                    .in_set(Take::Follow)
                    .after(crate::avatar::follow)
                    .after(crate::object::poses::put_back),
            )
            .add_systems(
                In(Phase::Ingest),
                mind::take_words.in_set(Take::People).after(crate::avatar::come_and_go),
            )
            .add_systems(
                In(Phase::Simulate),
                (surroundings::look_around, deeds::act, pastime::idle)
                    .chain()
                    .in_set(Step::Move)
                    .before(crate::avatar::walk),
            )
            .add_systems(
                In(Phase::Simulate),
                (ways::survey, body::go, hands::carry, feel::brace)
                    .chain()
                    .in_set(Step::Move)
                    .after(crate::avatar::walk),
            )
            .add_systems(
                In(Phase::Simulate),
                (feel::feel, mood::calm, body::bring_back_fallen)
                    .chain()
                    .in_set(Step::React)
                    .after(crate::avatar::step_through),
            )
            .add_systems(
                In(Phase::Simulate),
                (hear::hear, speech::speak)
                    .chain()
                    .in_set(Step::Social)
                    .after(crate::chat::see_gesture),
            )
            .add_systems(
                In(Phase::Interest),
                show::show_companions.in_set(Watch::Note).after(crate::avatar::show_avatars),
            );
        home::settle(app);
    }
}
