//! Starts the threads of worlds: of those of the configuration, and of drafts while the server runs.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
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
    minds::Minds,
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
    minds: Minds,
    stop: Arc<AtomicBool>,
    spawn: fn(WorldThread, Ready) -> io::Result<Handle>,
    threads: Mutex<Vec<Started>>,
    /// How many drafts were started.
    drafts: AtomicU32,
}

#[derive(Debug)]
struct Started {
    world: Arc<World>,
    /// Under which it is measured.
    label: String,
    thread: Handle,
}

impl Starter {
    /// For worlds that are ticked by `W`.
    pub fn new<W: Ticking>(
        worlds: Arc<Worlds>,
        metrics: Arc<Metrics>,
        (keeper, roles): (Keeper, Arc<Roles>),
        minds: Minds,
    ) -> Self {
        let (stop, spawn) = (Arc::default(), WorldThread::spawn::<W>);
        let (threads, drafts) = (Mutex::default(), AtomicU32::new(0));
        Self { worlds, metrics, keeper, roles, minds, stop, spawn, threads, drafts }
    }

    fn threads(&self) -> MutexGuard<'_, Vec<Started>> {
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
        let label = match world.draft_of() {
            None => world.name().to_owned(),
            // Everybody may read what is measured, and nobody is to find out the name of a draft.
            Some(home) => {
                let number = self.drafts.fetch_add(1, Ordering::Relaxed) + 1;
                format!("{} (draft {number})", home.name())
            }
        };
        let thread = WorldThread {
            world: world.clone(),
            worlds: self.worlds.clone(),
            messages,
            meters: self.metrics.world(&label),
            keeper: self.keeper.clone(),
            roles: self.roles.clone(),
            minds: self.minds.clone(),
            recorder,
            stop: self.stop.clone(),
        };
        let thread = (self.spawn)(thread, ready)?;
        let mut threads = self.threads();
        // Drafts that have ended leave nothing.
        threads.retain(|one| one.world.heir().is_none() || !one.thread.is_finished());
        threads.push(Started { world, label, thread });
        Ok(is_ready)
    }

    /// A draft that was started can be found from now on.
    pub fn open(&self, draft: Arc<World>) {
        self.worlds.open(draft);
    }

    /// A draft ends, and is not counted any more.
    pub fn close(&self, draft: &World) {
        self.worlds.close(draft);
        if let Some(one) = self.threads().iter().find(|one| std::ptr::eq(&*one.world, draft)) {
            self.metrics.forget(&one.label);
        }
    }

    /// All worlds are to end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Waits for the ends of worlds that were told to stop, in the order in which they were started.
    /// Those that failed, and drafts that had ended before, have none to tell.
    pub fn join(&self) -> Vec<WorldEnd> {
        let threads = std::mem::take(&mut *self.threads());
        threads.into_iter().filter_map(|one| one.thread.join().ok()?).collect()
    }
}
