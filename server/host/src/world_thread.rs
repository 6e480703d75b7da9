//! The one place where a simulation and tokio meet: through a bounded inbox on one side, and
//! outboxes that never wait on the other.
//!
//! A world runs on an OS thread of its own, where it is built, since it is not `Send`. A panic ends
//! that world alone: its people are told, and it is restarted from its document.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::Receiver,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use vivarium_contract::{
    Digest, Phase, TickReport, WorldInput, WorldOutput, WorldSpec, saving::SavedPose,
};
use vivarium_protocol::close::CloseReason;
use vivarium_store::keeper::Keeper;
use vivarium_world::{Simulation, WorldError};

use crate::{
    building::{roles::Roles, saver::Saver},
    clock::{Load, Schedule},
    limits::{
        CHECKPOINT_TICKS, EARLY_EDITS_PAUSE, FORWARD_FOR, RESTART_PAUSE_MAX, RESTART_PAUSE_MIN,
    },
    metrics::WorldMeters,
    minds::Minds,
    recording::{Record, Recorder},
    residents::Residents,
    routing::ToWorld,
    worlds::{World, Worlds},
};

/// What can be ticked: the simulation, and in tests a stand-in that fails on purpose.
pub trait Ticking: Sized + 'static {
    /// Builds the world of a document.
    fn build(spec: &WorldSpec) -> Result<Self, WorldError>;
    /// The tick that ended last; 0 before the first.
    fn tick_number(&self) -> u32;
    /// Does edits on behalf of the coming tick; see [`Simulation::edit`].
    fn edit(&mut self, inputs: Vec<WorldInput>, outputs: &mut Vec<WorldOutput>) -> bool;
    /// Advances by one tick; see [`Simulation::tick`].
    fn tick(
        &mut self,
        inputs: Vec<WorldInput>,
        outputs: &mut Vec<WorldOutput>,
        probe: &mut dyn FnMut(Phase),
    ) -> TickReport;
    /// Where loose things are.
    fn poses(&self) -> Vec<SavedPose> {
        Vec::new()
    }
    /// The state in one number.
    fn digest(&mut self) -> Digest;
}

impl Ticking for Simulation {
    fn build(spec: &WorldSpec) -> Result<Self, WorldError> {
        Self::new(spec)
    }

    fn tick_number(&self) -> u32 {
        Simulation::tick_number(self)
    }

    fn edit(&mut self, inputs: Vec<WorldInput>, outputs: &mut Vec<WorldOutput>) -> bool {
        Simulation::edit(self, inputs, outputs)
    }

    fn tick(
        &mut self,
        inputs: Vec<WorldInput>,
        outputs: &mut Vec<WorldOutput>,
        probe: &mut dyn FnMut(Phase),
    ) -> TickReport {
        Simulation::tick(self, inputs, outputs, probe)
    }

    fn poses(&self) -> Vec<SavedPose> {
        Simulation::poses(self)
    }

    fn digest(&mut self) -> Digest {
        Simulation::digest(self)
    }
}

/// Where a world ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldEnd {
    /// Name in addresses.
    pub name: String,
    /// The last tick.
    pub tick: u32,
    /// The state after it.
    pub digest: Digest,
}

/// What was done for a tick before it was due.
#[derive(Debug, Default)]
struct Begun {
    /// Its inputs so far, if they are recorded.
    inputs: Vec<WorldInput>,
    spent: Duration,
}

/// Tells whoever starts a world how that went.
pub type Ready = oneshot::Sender<Result<(), WorldError>>;

/// Everything that a world's thread works with.
#[derive(Debug)]
pub struct WorldThread {
    /// The world.
    pub world: Arc<World>,
    /// All worlds.
    pub worlds: Arc<Worlds>,
    /// The inbox.
    pub messages: Receiver<ToWorld>,
    /// What is measured.
    pub meters: WorldMeters,
    /// Keeps changes.
    pub keeper: Keeper,
    /// Who may do what, which some changes say.
    pub roles: Arc<Roles>,
    /// Who is asked what companions say.
    pub minds: Minds,
    /// Where inputs are written, if they are, and the number of the world there.
    pub recorder: Option<(u16, Recorder)>,
    /// Set when the world is to end.
    pub stop: Arc<AtomicBool>,
}

impl WorldThread {
    /// Starts the thread. `ready` is answered once the world has ticked, or cannot be built, and
    /// dropped when it fails before.
    pub fn spawn<W: Ticking>(self, ready: Ready) -> std::io::Result<JoinHandle<Option<WorldEnd>>> {
        // Names of threads are cut after 15 bytes.
        let name = format!("world-{}", self.world.name());
        std::thread::Builder::new().name(name).spawn(move || self.run::<W>(ready))
    }

    /// Whether the server ends, or this world alone.
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire) || self.world.heir().is_some()
    }

    fn run<W: Ticking>(self, ready: Ready) -> Option<WorldEnd> {
        let (worlds, minds) = (self.worlds.clone(), self.minds.clone());
        let mut residents = Residents::new(self.world.clone(), worlds, minds);
        let end = self.run_until_stopped::<W>(&mut residents, ready);
        match self.world.heir() {
            Some(heir) => {
                residents.hand_over(heir);
                self.forward(&residents, heir);
                None
            }
            None => end,
        }
    }

    /// Sends on what was sent to this world just before it ended.
    fn forward(&self, residents: &Residents, heir: &Arc<World>) {
        let until = Instant::now() + FORWARD_FOR;
        while Instant::now() < until && !self.stop.load(Ordering::Acquire) {
            if let Ok(message) = self.messages.recv_timeout(Duration::from_millis(50))
                && let Err(message) = residents.send_on(message, heir)
            {
                Residents::turn_away(message, CloseReason::WorldFull);
            }
        }
    }

    fn run_until_stopped<W: Ticking>(
        &self,
        residents: &mut Residents,
        ready: Ready,
    ) -> Option<WorldEnd> {
        let mut ready = Some(ready);
        let (keeper, roles) = (self.keeper.clone(), self.roles.clone());
        let mut saver = Saver::new(self.world.clone(), keeper, roles);
        let mut pause = RESTART_PAUSE_MIN;
        while !self.is_stopped() {
            let started = Instant::now();
            let ran = catch_unwind(AssertUnwindSafe(|| {
                let mut simulation = W::build(&saver.spec())?;
                let people = (&mut *residents, &mut saver);
                Ok(self.tick_until_stopped(&mut simulation, people, &mut ready))
            }));
            self.world.status.ended();
            match ran {
                Ok(Ok(end)) => {
                    if self.world.building.is_broken() {
                        let world = self.world.name();
                        tracing::error!(world, "the world stops: changes cannot be kept any more");
                        residents.close_all(CloseReason::ShuttingDown);
                        self.turn_everyone_away();
                    }
                    return Some(end);
                }
                Ok(Err(error)) => match ready.take() {
                    Some(ready) => {
                        let _ = ready.send(Err(error));
                        return None;
                    }
                    None => tracing::error!(world = self.world.name(), %error, "cannot restart"),
                },
                // It would fail at every start: whoever waits for it is told, and decides.
                Err(_) if ready.is_some() => return None,
                Err(_) => {
                    tracing::error!(
                        world = self.world.name(),
                        tick = self.world.status.tick(),
                        pause_s = pause.as_secs(),
                        "the world failed and will be restarted; please report the panic above"
                    );
                }
            }
            if started.elapsed() > RESTART_PAUSE_MAX {
                pause = RESTART_PAUSE_MIN;
            }
            self.meters.restarts.inc();
            if let Some((world, recorder)) = &self.recorder {
                recorder.write(&Record::Restarted { world: *world });
            }
            residents.close_all(CloseReason::WorldRestarting);
            self.rest(pause);
            pause = (pause * 2).min(RESTART_PAUSE_MAX);
            // Never from anything but what is kept: else that would be changed as if it were this.
            while let Err(error) = saver.recall() {
                tracing::error!(world = self.world.name(), %error, "what is kept is not found");
                if self.is_stopped() {
                    return None;
                }
                self.rest(pause);
            }
        }
        None
    }

    /// Waits before a restart, turning away whoever comes meanwhile.
    fn rest(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while Instant::now() < until && !self.is_stopped() {
            if let Ok(message) = self.messages.recv_timeout(Duration::from_millis(50)) {
                self.world.taken(1);
                Residents::turn_away(message, CloseReason::WorldRestarting);
            }
        }
    }

    /// The world has stopped for good; whoever comes is told so until the server ends.
    fn turn_everyone_away(&self) {
        self.world.building.forget_asks();
        while !self.is_stopped() {
            if let Ok(message) = self.messages.recv_timeout(Duration::from_millis(50)) {
                self.world.taken(1);
                Residents::turn_away(message, CloseReason::ShuttingDown);
            }
        }
    }

    fn tick_until_stopped<W: Ticking>(
        &self,
        simulation: &mut W,
        (residents, saver): (&mut Residents, &mut Saver),
        ready: &mut Option<Ready>,
    ) -> WorldEnd {
        let rate = saver.ticks_per_s();
        let mut schedule = Schedule::new(Instant::now(), rate);
        let mut load = Load::default();
        let mut overload = None;
        let mut outputs = Vec::new();
        while !self.is_stopped() && !self.world.building.is_broken() {
            // A tick that was begun is ended, even when the world is to stop: its edits are kept.
            let begun = self.edit_until(schedule.due(), simulation, saver, &mut outputs);
            let (began, early) = (Instant::now(), begun.spent);
            let people = (&mut *residents, &mut *saver);
            self.tick(simulation, people, (begun, overload.take()), &mut outputs);
            overload = load.note((early + began.elapsed()).as_secs_f64() * f64::from(rate));
            if let Some(ready) = ready.take() {
                // Nobody waits any more when the start was given up.
                let _ = ready.send(Ok(()));
            }
            let ended = schedule.end_tick(Instant::now());
            self.meters.late_ticks.inc_by(u64::from(ended.late));
            self.meters.dropped_ticks.inc_by(u64::from(ended.dropped));
        }
        if !self.world.building.is_broken() {
            saver.keep_poses(simulation.poses());
        }
        let end = WorldEnd {
            name: self.world.name().to_owned(),
            tick: simulation.tick_number(),
            digest: simulation.digest(),
        };
        self.checkpoint(simulation.tick_number(), end.digest);
        end
    }

    /// Sleeps until a tick is due, and does the edits that come meanwhile, so that they are on their
    /// way to the disk. They are inputs of that tick, and take no more of it than they would in it:
    /// once it has no room for more, or is late, they wait for it.
    fn edit_until<W: Ticking>(
        &self,
        due: Instant,
        simulation: &mut W,
        saver: &mut Saver,
        outputs: &mut Vec<WorldOutput>,
    ) -> Begun {
        let mut begun = Begun::default();
        let mut has_room = true;
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return begun;
            }
            if !has_room {
                std::thread::sleep(left);
                continue;
            }
            let edits = self.world.building.inbox.wait(left);
            if !edits.is_empty() {
                let began = Instant::now();
                let mut inputs = Vec::new();
                saver.sweep(&mut inputs);
                inputs.extend(edits);
                if self.recorder.is_some() {
                    begun.inputs.extend_from_slice(&inputs);
                }
                has_room = simulation.edit(inputs, outputs);
                self.keep(outputs, saver);
                begun.spent += began.elapsed();
                // Many who build at once are done together, as is what they have the disk write.
                let left = due.saturating_duration_since(Instant::now());
                std::thread::sleep(left.min(EARLY_EDITS_PAUSE));
            }
        }
    }

    fn tick<W: Ticking>(
        &self,
        simulation: &mut W,
        (residents, saver): (&mut Residents, &mut Saver),
        (begun, overload): (Begun, Option<u8>),
        outputs: &mut Vec<WorldOutput>,
    ) {
        // As if what was done early had been done just now.
        let began = Instant::now() - begun.spent;
        let mut inputs = Vec::new();
        saver.sweep(&mut inputs);
        inputs.extend(self.world.building.inbox.take());
        self.gather(residents, &mut inputs);
        inputs.extend(overload.map(|level| WorldInput::Overload { level }));
        let tick = simulation.tick_number() + 1;
        let records = self.recorder.as_ref().map(|(world, recorder)| {
            let mut records = recorder.encode_inputs(*world, tick, &begun.inputs);
            records.extend(recorder.encode_inputs(*world, tick, &inputs));
            records
        });
        let mut mark = Instant::now() - begun.spent;
        let mut probe = |phase: Phase| {
            let now = Instant::now();
            self.meters.phase(phase).observe((now - mark).as_secs_f64());
            mark = now;
        };
        let report = simulation.tick(inputs, outputs, &mut probe);
        // Only now: a tick that failed would fail in every replay.
        if let (Some((_, recorder)), Some(records)) = (&self.recorder, records) {
            records.into_iter().for_each(|record| recorder.write_encoded(record));
            if tick.is_multiple_of(CHECKPOINT_TICKS) {
                self.checkpoint(tick, simulation.digest());
            }
        }
        self.keep(outputs, saver);
        residents.deliver(outputs);
        let now = Instant::now();
        self.world.status.advanced(now, report.tick, report.people);
        self.meters.whole_tick.observe((now - began).as_secs_f64());
        self.meters.report(&report);
        let edits = self.world.building.inbox.depth() as i64;
        self.meters.inbox_depth.set(self.world.inbox_depth() + edits);
    }

    /// Takes what is to be kept out of what a tick made, before people are told of them.
    fn keep(&self, outputs: &mut Vec<WorldOutput>, saver: &mut Saver) {
        let is_edit = |output: &mut WorldOutput| {
            matches!(
                output,
                WorldOutput::Edited(_)
                    | WorldOutput::EditRefused { .. }
                    | WorldOutput::Done { .. }
                    | WorldOutput::Poses { .. }
            )
        };
        for output in outputs.extract_if(.., is_edit) {
            match output {
                WorldOutput::Edited(done) => saver.take(*done),
                WorldOutput::Poses { poses } => saver.keep_poses(poses),
                WorldOutput::EditRefused { ask, refusal } => {
                    self.world.building.refused(ask, refusal);
                }
                WorldOutput::Done { ask, number } => self.world.building.done(ask, number),
                _ => {}
            }
        }
    }

    fn gather(&self, residents: &mut Residents, inputs: &mut Vec<WorldInput>) {
        residents.sweep(inputs);
        // At most what waits now, so that senders cannot keep a tick from starting.
        let waiting = self.world.inbox_depth();
        let mut taken = 0;
        while taken < waiting {
            let Ok(message) = self.messages.try_recv() else { break };
            residents.take(message, inputs);
            taken += 1;
        }
        self.world.taken(taken as usize);
    }

    fn checkpoint(&self, tick: u32, digest: Digest) {
        if let Some((world, recorder)) = &self.recorder {
            recorder.write(&Record::Checkpoint { world: *world, tick, digest });
        }
    }
}
