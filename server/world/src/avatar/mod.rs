//! People and their avatars: coming and going, names and looks, walking, portals.
//!
//! The server owns where everyone is: a client's inputs are wishes for single ticks, and exactly
//! one is used per tick, so nothing that a client sends can make it faster than the others.

use std::collections::BTreeSet;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use rapier3d::prelude::RigidBodyHandle;
use vivarium_contract::Phase;
use vivarium_motion::{AvatarState, QueryWorld};
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::document::{Object, Properties, WorldDocument};

use crate::{
    WorldError,
    authority::TakeIntent,
    edit::{Changed, Current},
    name_of,
    tick::{In, Step, Take, Watch},
};

mod coming;
mod inputs;
mod look;
mod near;
mod portal;
mod show;
mod tracked;
mod walk;

pub(crate) use coming::{come_and_go, heading, turned};
pub(crate) use inputs::{Inputs, Latest};
pub(crate) use portal::step_through;
pub(crate) use show::show_avatars;
pub(crate) use walk::{Walking, walk};

/// Where an avatar is, and the capsule that stands for it in the main physics world.
#[derive(Component)]
pub(crate) struct Avatar {
    pub state: AvatarState,
    pub teleports: u8,
    pub capsule: RigidBodyHandle,
}

/// The world that avatars walk in; see `vivarium-motion`.
#[derive(Resource)]
pub(crate) struct Ground(pub QueryWorld);

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
        .init_resource::<near::Near>()
        .insert_resource(walk::FloorHeight { height_m: document.settings.floor_m });
    Ok(())
}

/// What people stand on, and where they appear and go, follows edits.
pub(crate) fn follow(
    current: Res<Current>,
    changed: Res<Changed>,
    mut ground: ResMut<Ground>,
    mut doors: ResMut<portal::Doors>,
    mut spawns: ResMut<coming::Spawns>,
    mut floor: ResMut<walk::FloorHeight>,
) {
    if changed.is_empty() {
        return;
    }
    let scene = &current.0;
    let now = |ids: &BTreeSet<ObjectId>| -> Vec<(ObjectId, Option<(&Object, Properties)>)> {
        let now = |id| scene.object(id).map(|object| (object, scene.resolved(object)));
        ids.iter().map(|id| (*id, now(*id))).collect()
    };
    for (id, now) in &now(&changed.roles) {
        let now = now.as_ref().map(|(object, properties)| (*object, properties));
        doors.follow(*id, now);
        spawns.follow(*id, now);
    }
    let settings = &scene.head().settings;
    floor.height_m = settings.floor_m;
    let bodies = now(&changed.bodies);
    let bodies: Vec<vivarium_motion::Changed<'_>> = bodies
        .iter()
        .map(|(id, now)| (*id, now.as_ref().map(|(object, properties)| (*object, properties))))
        .collect();
    ground.0.edit(&bodies, settings);
}

/// Lets people be in the world that [`prepare`] made ready.
pub(crate) struct AvatarPlugin;

impl Plugin for AvatarPlugin {
    fn build(&self, app: &mut App) {
        app.take_intent::<Latest>()
            .take_intent::<look::SetLook>()
            .add_systems(
                In(Phase::Ingest),
                follow.in_set(Take::Follow).after(crate::object::follow),
            )
            .add_systems(In(Phase::Ingest), coming::come_and_go.in_set(Take::People))
            .add_systems(
                In(Phase::Simulate),
                (inputs::take_inputs, tracked::take_tracked, look::set_look)
                    .chain()
                    .in_set(Step::Before),
            )
            .add_systems(In(Phase::Simulate), walk::walk.in_set(Step::Move))
            .add_systems(
                In(Phase::Simulate),
                (walk::bring_back_fallen, portal::step_through)
                    .chain()
                    .in_set(Step::React)
                    .after(crate::object::sense),
            )
            .add_systems(
                In(Phase::Interest),
                show::show_avatars.in_set(Watch::Note).after(crate::object::show_objects),
            );
    }
}
