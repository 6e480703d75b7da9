//! The pipeline of a tick, and what every phase may use.
//!
//! Five schedules run in a fixed order, one per [`Phase`], so that the host can time them while the
//! world itself has no clock. Each is single-threaded and refuses to run with an unordered conflict
//! between two of its systems. Nothing flows backwards inside a tick.

use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::{
    prelude::*,
    schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor},
};
use bytes::Bytes;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use vivarium_contract::{Phase, TickReport, WorldInput, WorldOutput, WorldSpec};
use vivarium_protocol::{ids::PersonId, notice::ServerMessage, wire};
use vivarium_scene::document::WorldDocument;

pub(crate) mod digest;

/// The schedule of one phase.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct In(pub Phase);

/// The order inside the ingest phase.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Take {
    /// How fast the world is.
    Pace,
    /// The world is changed.
    Edits,
    /// What was built from the document follows.
    Follow,
    /// People come and go.
    People,
    /// Their wishes are set aside.
    Wishes,
}

/// The order inside the interest phase.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Watch {
    /// Capabilities note what is to be seen of them.
    Note,
    /// It is found out who sees what.
    Look,
}

/// The order inside the encode phase.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Deliver {
    /// Reliable messages.
    Notices,
    /// Snapshots.
    Frames,
}

/// The order inside the simulate phase.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// What was permitted is taken in.
    Before,
    /// Movers and avatars move.
    Move,
    /// Loose bodies move.
    Physics,
    /// Sensors, portals and the floor react to where things are now.
    React,
    /// People hear and see each other.
    Social,
}

/// The world's time: ticks, and how long one lasts.
#[derive(Resource)]
pub(crate) struct Clock {
    /// The tick being simulated; between ticks, the one that ended last.
    pub tick: u32,
    /// Seconds of one tick.
    pub tick_s: f32,
}

/// The document that the world was built from, and where clients get it.
#[derive(Resource, Clone)]
pub(crate) struct Document {
    pub document: Arc<WorldDocument>,
    pub url: String,
}

/// What came in for this tick, in order of arrival; between ticks, for the coming one. Ingest empties
/// it.
#[derive(Resource, Default)]
pub(crate) struct Inbox(pub Vec<WorldInput>);

/// What leaves at the end of this tick, in order.
#[derive(Resource, Default)]
pub(crate) struct Outbox {
    outputs: Vec<WorldOutput>,
    notice_bytes: u64,
}

impl Outbox {
    /// Something leaves.
    pub fn push(&mut self, output: WorldOutput) {
        self.outputs.push(output);
    }

    /// A message for all of `to`, encoded once.
    pub fn notice(&mut self, to: Vec<PersonId>, message: &ServerMessage) {
        if to.is_empty() {
            return;
        }
        let bytes = Bytes::from(wire::encode(message));
        self.notice_bytes += bytes.len() as u64 * to.len() as u64;
        self.push(WorldOutput::Notice { to, bytes });
    }

    /// Takes out what need not wait for the end of the tick: edits that were made or refused. What
    /// people are told of them stays.
    pub fn take_answers(&mut self, outputs: &mut Vec<WorldOutput>) {
        outputs.extend(self.outputs.extract_if(.., |output| {
            matches!(output, WorldOutput::Edited(_) | WorldOutput::EditRefused { .. })
        }));
    }
}

/// What this tick found; the phases fill it in.
#[derive(Resource, Default)]
pub(crate) struct Report(pub TickReport);

/// The world's only source of chance.
#[derive(Resource)]
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    /// Begins with a seed.
    pub fn seeded(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number from 0 up to, but without, 1.
    pub fn unit(&mut self) -> f32 {
        // 24 bits fill the mantissa of an f32 evenly.
        (self.0.next_u32() >> 8) as f32 / 16_777_216.0
    }

    /// One of `count` indices; 0 when there is none.
    pub fn index(&mut self, count: usize) -> usize {
        if count == 0 { 0 } else { self.0.next_u32() as usize % count }
    }

    fn word_position(&self) -> u128 {
        self.0.get_word_pos()
    }
}

/// Prepares the schedules and the resources that every phase may use.
pub(crate) fn install(app: &mut App, spec: &WorldSpec) {
    let settings = &spec.document.settings;
    for phase in Phase::ALL {
        let mut schedule = Schedule::new(In(phase));
        schedule.set_executor(SingleThreadedExecutor::new());
        schedule.set_build_settings(ScheduleBuildSettings {
            ambiguity_detection: LogLevel::Error,
            ..Default::default()
        });
        match phase {
            Phase::Ingest => schedule.configure_sets(
                (Take::Pace, Take::Edits, Take::Follow, Take::People, Take::Wishes).chain(),
            ),
            Phase::Authorize => &mut schedule,
            Phase::Simulate => schedule.configure_sets(
                (Step::Before, Step::Move, Step::Physics, Step::React, Step::Social).chain(),
            ),
            Phase::Interest => schedule.configure_sets((Watch::Note, Watch::Look).chain()),
            Phase::Encode => schedule.configure_sets((Deliver::Notices, Deliver::Frames).chain()),
        };
        app.add_schedule(schedule);
    }
    app.insert_resource(Clock { tick: 0, tick_s: 1.0 / f32::from(settings.ticks_per_s) })
        .insert_resource(Document {
            document: spec.document.clone(),
            url: spec.document_url.clone(),
        })
        .insert_resource(Chance::seeded(u64::from(settings.seed)))
        .init_resource::<Inbox>()
        .init_resource::<Outbox>()
        .init_resource::<Report>();
}

/// Runs one tick.
pub(crate) fn advance(
    world: &mut World,
    inputs: Vec<WorldInput>,
    outputs: &mut Vec<WorldOutput>,
    probe: &mut dyn FnMut(Phase),
) -> TickReport {
    let tick = {
        let mut clock = world.resource_mut::<Clock>();
        clock.tick += 1;
        clock.tick
    };
    world.resource_mut::<Inbox>().0.extend(inputs);
    world.resource_mut::<Report>().0 = TickReport { tick, ..Default::default() };
    for phase in Phase::ALL {
        world.run_schedule(In(phase));
        probe(phase);
    }
    // Change detection compares ticks of systems; this keeps them from growing too old.
    world.clear_trackers();
    let mut outbox = world.resource_mut::<Outbox>();
    outputs.append(&mut outbox.outputs);
    let notice_bytes = std::mem::take(&mut outbox.notice_bytes);
    TickReport { notice_bytes, ..world.resource::<Report>().0 }
}
