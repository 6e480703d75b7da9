//! The simulation: deterministic, without IO and without a clock.
//!
//! Owns one world's state and the pipeline that ticks it. Invariant: the same [`WorldSpec`] and the
//! same inputs in the same ticks give the same [`Digest`] on every machine. Nothing in here waits,
//! reads a clock, draws from a random generator other than the world's own seeded one, or iterates
//! a container whose order depends on hashing.

use bevy_app::App;
use vivarium_contract::{
    Digest, Phase, TickReport, WorldInput, WorldOutput, WorldSpec, saving::SavedPose,
};
use vivarium_scene::document::WorldDocument;

mod authority;
mod avatar;
mod chat;
mod companion;
mod edit;
mod history;
mod interest;
mod object;
mod physics;
mod replicate;
mod tick;

pub mod limits;

/// Why a world could not be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("object {object} ({name}): {reason}")]
pub struct WorldError {
    /// Index of the object in the document.
    pub object: u32,
    /// Its name, or its blueprint's.
    pub name: String,
    /// What is wrong.
    pub reason: String,
}

/// How people call an object of a document.
fn name_of(document: &WorldDocument, index: usize) -> String {
    let object = document.objects.get(index);
    object
        .and_then(|object| object.name.as_ref().or(object.blueprint.as_ref()))
        .map_or_else(|| "unnamed".to_owned(), Clone::clone)
}

/// One world, ticked by its owner. Not `Send`: build it on the thread that ticks it.
pub struct Simulation {
    app: App,
}

impl Simulation {
    /// Builds the world of a document.
    pub fn new(spec: &WorldSpec) -> Result<Self, WorldError> {
        let mut app = App::empty();
        tick::install(&mut app, spec);
        physics::prepare(&mut app, &spec.document)?;
        avatar::prepare(&mut app, &spec.document)?;
        app.add_plugins((
            physics::PhysicsPlugin,
            object::ObjectPlugin::of(&spec.document),
            authority::AuthorityPlugin,
            avatar::AvatarPlugin,
            edit::EditPlugin::of(spec),
            chat::ChatPlugin { earshot_m: spec.document.settings.earshot_m },
            interest::InterestPlugin { sight_m: spec.document.settings.sight_m },
            replicate::ReplicatePlugin { delivery: replicate::Delivery::of(spec) },
        ));
        app.finish();
        app.cleanup();
        Ok(Self { app })
    }

    /// The tick that ended last; 0 before the first.
    pub fn tick_number(&self) -> u32 {
        self.app.world().resource::<tick::Clock>().tick
    }

    /// Advances by one tick. `probe` is called at the end of each phase, so that the host can time
    /// them. What leaves the world is appended to `outputs`.
    pub fn tick(
        &mut self,
        inputs: Vec<WorldInput>,
        outputs: &mut Vec<WorldOutput>,
        probe: &mut dyn FnMut(Phase),
    ) -> TickReport {
        tick::advance(self.app.world_mut(), inputs, outputs, probe)
    }

    /// Does edits on behalf of the coming tick, before it; whether that tick has room for more. All of
    /// `inputs` are the first of that tick: it ends in the same state, and tells people the same, as
    /// if it had been given them. Edits that were made or refused are appended to `outputs` now, all
    /// else leaves with the tick.
    pub fn edit(&mut self, inputs: Vec<WorldInput>, outputs: &mut Vec<WorldOutput>) -> bool {
        let world = self.app.world_mut();
        world.resource_mut::<tick::Inbox>().0.extend(inputs);
        let has_room = edit::take_early(world);
        world.resource_mut::<tick::Outbox>().take_answers(outputs);
        has_room
    }

    /// Where loose things are. Those of edits that were done early follow with the tick.
    pub fn poses(&self) -> Vec<SavedPose> {
        let world = self.app.world();
        object::poses::now(world.resource(), world.resource())
    }

    /// The state in one number.
    pub fn digest(&mut self) -> Digest {
        tick::digest::of(self.app.world_mut())
    }
}
