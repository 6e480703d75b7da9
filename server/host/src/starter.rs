//! Starts the threads of worlds: of those of the configuration, and of drafts while the server runs.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::Receiver,
    },
    thread::JoinHandle,
};

use tokio::sync::oneshot;
use vivarium_store::keeper::Keeper;
use vivarium_world::WorldError;

use crate::{
    building::roles::Roles,
    metrics::Metrics,
    recording::Recorder,
    routing::ToWorld,
    world_thread::{Ready, Ticking, WorldEnd, WorldThread},
    worlds::{World, Worlds},
};

type Handle = JoinHandle<Option<WorldEnd>>;

/// Told once a world has ticked or cannot be built; dropped when it fails before.
pub type IsReady = oneshot::Receiver<Result<(), WorldError>>;

/// What the worlds of a server have in common.
#[derive(Debug)]
pub struct Starter {
    worlds: Arc<Worlds>,
    metrics: Arc<Metrics>,
    keeper: Keeper,
    roles: Arc<Roles>,
    stop: Arc<AtomicBool>,
    spawn: fn(WorldThread, Ready) -> io::Result<Handle>,
    threads: Mutex<Vec<(Arc<World>, Handle)>>,
}

impl Starter {
    /// For worlds that are ticked by `W`.
    pub fn new<W: Ticking>(
        worlds: Arc<Worlds>,
        metrics: Arc<Metrics>,
        keeper: Keeper,
        roles: Arc<Roles>,
    ) -> Self {
        let (stop, spawn) = (Arc::default(), WorldThread::spawn::<W>);
        Self { worlds, metrics, keeper, roles, stop, spawn, threads: Mutex::default() }
    }

    fn threads(&self) -> MutexGuard<'_, Vec<(Arc<World>, Handle)>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the thread of a world. It may be recorded, under a number.
    pub fn start(
        &self,
        world: Arc<World>,
        messages: Receiver<ToWorld>,
        recorder: Option<(u16, Recorder)>,
    ) -> io::Result<IsReady> {
        let (ready, is_ready) = oneshot::channel();
        let thread = WorldThread {
            world: world.clone(),
            worlds: self.worlds.clone(),
            messages,
            meters: self.metrics.world(world.name()),
            keeper: self.keeper.clone(),
            roles: self.roles.clone(),
            recorder,
            stop: self.stop.clone(),
        };
        let handle = (self.spawn)(thread, ready)?;
        let mut threads = self.threads();
        // Drafts that have ended leave nothing.
        threads.retain(|(world, thread)| world.heir().is_none() || !thread.is_finished());
        threads.push((world, handle));
        Ok(is_ready)
    }

    /// A draft that was started can be found from now on.
    pub fn open(&self, draft: Arc<World>) {
        self.worlds.open(draft);
    }

    /// A draft ends, and is not counted any more.
    pub fn close(&self, draft: &World) {
        self.worlds.close(draft);
        self.metrics.forget(draft.name());
    }

    /// All worlds are to end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Waits for the ends of worlds that were told to stop, in the order in which they were started.
    /// Those that failed, and drafts that had ended before, have none to tell.
    pub fn join(&self) -> Vec<WorldEnd> {
        let threads = std::mem::take(&mut *self.threads());
        threads.into_iter().filter_map(|(_, thread)| thread.join().ok()?).collect()
    }
}
