//! Who may see what, and how often: leaves of people and things that are near each other, and for
//! each person the tier of every leaf.
//!
//! Knows no capability: it reads what [`crate::history`] keeps of all members.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use vivarium_contract::Phase;

use crate::{
    edit::{Changed, Current},
    history::History,
    tick::{Clock, In, Take, Watch},
};

mod groups;
mod leaf;
mod tier;

pub(crate) use groups::Groups;
pub(crate) use leaf::{Leaf, bits};
pub(crate) use tier::Tiers;

/// Keeps the leaves.
pub(crate) struct InterestPlugin {
    /// How far (metres) people see everything in full.
    pub sight_m: f32,
}

impl Plugin for InterestPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(Tiers::of(self.sight_m))
            .init_resource::<Groups>()
            .add_systems(In(Phase::Ingest), follow.in_set(Take::Follow))
            .add_systems(In(Phase::Interest), group.in_set(Watch::Look));
    }
}

fn follow(current: Res<Current>, changed: Res<Changed>, mut tiers: ResMut<Tiers>) {
    if changed.settings {
        *tiers = Tiers::of(current.0.head().settings.sight_m);
    }
}

fn group(clock: Res<Clock>, mut history: ResMut<History>, mut groups: ResMut<Groups>) {
    groups.update(&mut history, clock.tick);
}
