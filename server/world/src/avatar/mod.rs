//! People and their avatars: coming and going, names and looks, walking, portals.
//!
//! The server owns where everyone is: a client's inputs are wishes for single ticks, and exactly
//! one is used per tick, so nothing that a client sends can make it faster than the others.

use std::collections::BTreeMap;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use rapier3d::prelude::RigidBodyHandle;
use vivarium_contract::Phase;
use vivarium_motion::{AvatarState, QueryWorld};
use vivarium_protocol::{
    frame::{OwnState, flags},
    ids::PersonId,
    intent::{Input, buttons},
    notice::PersonCard,
};
use vivarium_scene::document::WorldDocument;

use crate::{
    WorldError,
    authority::TakeIntent,
    name_of,
    tick::{In, Report, Step},
};

mod coming;
mod inputs;
mod look;
mod portal;
mod tracked;
mod walk;

pub(crate) use coming::come_and_go;
pub(crate) use inputs::{Inputs, Latest};
pub(crate) use tracked::Tracked;

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
}

/// Who an avatar is.
#[derive(Component)]
pub(crate) struct Person {
    pub card: PersonCard,
}

/// Where an avatar is, and the capsule that stands for it in the main physics world.
#[derive(Component)]
pub(crate) struct Avatar {
    pub state: AvatarState,
    pub teleports: u8,
    capsule: RigidBodyHandle,
}

impl Avatar {
    /// What the client needs for its prediction.
    pub fn own_state(&self, inputs: &Inputs, tick: u32) -> OwnState {
        self.state.to_own(inputs.on_time(), inputs.lead_ticks(tick), self.teleports)
    }

    /// The flags that others see.
    pub fn flags(&self, input: Input) -> i32 {
        let moves = input.move_x != 0 || input.move_z != 0;
        let mut bits = 0;
        if self.state.grounded {
            bits |= flags::GROUNDED;
        }
        if moves && input.buttons & buttons::RUN != 0 {
            bits |= flags::RUNNING;
        }
        bits
    }
}

/// The world that avatars walk in; see `vivarium-motion`.
#[derive(Resource)]
struct Ground(QueryWorld);

/// Builds what avatars walk on, and finds the document's portals and spawn points.
pub(crate) fn prepare(app: &mut App, document: &WorldDocument) -> Result<(), WorldError> {
    let ground = QueryWorld::new(document).map_err(|error| WorldError {
        object: error.object as u32,
        name: name_of(document, error.object),
        reason: format!("colliders[{}]: {}", error.collider, error.reason),
    })?;
    app.insert_resource(Ground(ground))
        .insert_resource(portal::Doors::of(document))
        .insert_resource(coming::Spawns::of(document))
        .insert_resource(walk::FloorHeight { height_m: document.settings.floor_m });
    Ok(())
}

/// Lets people be in the world that [`prepare`] made ready.
pub(crate) struct AvatarPlugin;

impl Plugin for AvatarPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<People>()
            .take_intent::<Latest>()
            .take_intent::<look::SetLook>()
            .add_systems(In(Phase::Ingest), come_and_go)
            .add_systems(
                In(Phase::Simulate),
                (inputs::take_inputs, tracked::take_tracked, look::set_look)
                    .chain()
                    .in_set(Step::Before)
                    .after(crate::replicate::take_acknowledgements),
            )
            .add_systems(In(Phase::Simulate), walk::walk.in_set(Step::Move))
            .add_systems(
                In(Phase::Simulate),
                (walk::bring_back_fallen, portal::step_through)
                    .chain()
                    .in_set(Step::React)
                    .after(crate::object::sense),
            )
            .add_systems(In(Phase::Encode), count_people.before(crate::authority::tell_denials));
    }
}

fn count_people(people: Res<People>, mut report: ResMut<Report>) {
    report.0.people = people.0.len() as u32;
}
