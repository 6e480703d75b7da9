//! The one writer: takes batches from all worlds and writes those that wait in one transaction, and
//! turns from all minds and writes those in another.
//!
//! Invariant: a batch or turn is answered once, and with success only when it is on the disk. Turns
//! take no place from batches, and no batch fails because of a turn. After a failure that leaves in
//! doubt what is on the disk nothing is written any more, and nothing is tried again: all that comes
//! later gets the same error. A panic is such a failure.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};

use vivarium_contract::saving::{MindTurn, SavedBatch};

use crate::{
    limits::{
        BATCH_BYTES_MAX, BATCHES_PER_GROUP_MAX, BATCHES_QUEUED_MAX, TURNS_PER_GROUP_MAX,
        TURNS_QUEUED_MAX,
    },
    port::{StoreError, WorldStore, minds::check_turn},
};

/// Is told what became of a batch or turn, on the writer's thread: must not wait.
pub type Answer = Box<dyn FnOnce(Result<(), SaveError>) + Send>;

/// Why a batch or turn was not kept. Nothing of it is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// Too many wait already.
    #[error("too many changes wait to be written: try again in a moment")]
    Busy,
    /// It is larger than a batch may be.
    #[error("a batch of {bytes} bytes is too large: at most {BATCH_BYTES_MAX} are allowed")]
    TooLarge {
        /// Its operations and inverses.
        bytes: usize,
    },
    /// The writer has ended.
    #[error("the server is shutting down")]
    Ended,
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Something that is to be written, and who waits for it.
type Waiting<T> = (T, Answer);

/// Something else to do with the database.
type Act = Box<dyn FnOnce(&mut dyn WorldStore) + Send>;

enum Request {
    Save { world: String, batch: SavedBatch, answer: Answer },
    Turn { turn: MindTurn, answer: Answer },
    Act(Act),
    End(SyncSender<()>),
}

/// Hands batches and turns to the writer. Clones share it; it ends when the last one is gone.
#[derive(Clone, Debug)]
pub struct Keeper {
    requests: SyncSender<Request>,
    /// How many turns wait.
    turns: Arc<AtomicUsize>,
}

impl Keeper {
    /// Starts the writer.
    pub fn start(store: Box<dyn WorldStore>) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (requests, waiting) = sync_channel(BATCHES_QUEUED_MAX + TURNS_QUEUED_MAX);
        let turns = Arc::new(AtomicUsize::new(0));
        let counted = turns.clone();
        let writer = std::thread::Builder::new()
            .name("keeper".into())
            .spawn(move || Writer { store: Some(store), broken: None }.run(&waiting, &counted))?;
        Ok((Self { requests, turns }, writer))
    }

    /// Has a batch written, without waiting for it.
    pub fn save(&self, world: &str, batch: SavedBatch, answer: Answer) {
        let bytes = batch.operations.len().max(batch.inverses.len());
        if bytes > BATCH_BYTES_MAX {
            return answer(Err(SaveError::TooLarge { bytes }));
        }
        self.send(Request::Save { world: world.to_owned(), batch, answer });
    }

    /// Has a turn written, without waiting for it. Turns of a mind are written in the order in which
    /// they come; later ones do not wait for one that fails, so what it said must be said again.
    pub fn save_turn(&self, turn: MindTurn, answer: Answer) {
        if let Err(error) = check_turn(&turn) {
            return answer(Err(error.into()));
        }
        let one_more = |count| (count < TURNS_QUEUED_MAX).then_some(count + 1);
        if self.turns.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).is_err() {
            return answer(Err(SaveError::Busy));
        }
        self.send(Request::Turn { turn, answer });
    }

    fn send(&self, request: Request) {
        let (request, error) = match self.requests.try_send(request) {
            Ok(()) => return,
            Err(TrySendError::Full(request)) => (request, SaveError::Busy),
            Err(TrySendError::Disconnected(request)) => (request, SaveError::Ended),
        };
        match request {
            Request::Save { answer, .. } => answer(Err(error)),
            Request::Turn { answer, .. } => {
                self.turns.fetch_sub(1, Ordering::AcqRel);
                answer(Err(error));
            }
            Request::Act(_) | Request::End(_) => {}
        }
    }

    /// Does something else with the database, after everything that waits, and does not wait for it.
    /// Whether there was room for it.
    pub fn tell(&self, act: impl FnOnce(&mut dyn WorldStore) + Send + 'static) -> bool {
        self.requests.try_send(Request::Act(Box::new(act))).is_ok()
    }

    /// Writes what waits and closes the database; waits for that. Whatever comes later is refused.
    pub fn end(&self) {
        let (answer, answered) = sync_channel(1);
        if self.requests.send(Request::End(answer)).is_ok() {
            let _ = answered.recv();
        }
    }

    /// Does something else with the database, after everything that waits, and waits for it. None:
    /// the writer has ended.
    pub fn ask<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut dyn WorldStore) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = sync_channel(1);
        let act: Act = Box::new(move |store| {
            // Nobody waits any more when this fails.
            let _ = answer.send(act(store));
        });
        self.requests.send(Request::Act(act)).ok()?;
        answered.recv().ok()
    }
}

fn panicked() -> StoreError {
    StoreError::Broken("the writer failed: please report the panic in the log".into())
}

struct Writer {
    /// None: it was closed, and whatever still comes is refused.
    store: Option<Box<dyn WorldStore>>,
    broken: Option<StoreError>,
}

impl Writer {
    fn run(mut self, waiting: &Receiver<Request>, turns_waiting: &AtomicUsize) {
        let (mut batches, mut turns) = (Vec::new(), Vec::new());
        while let Ok(first) = waiting.recv() {
            let mut next = Some(first);
            while let Some(request) = next.take() {
                match request {
                    Request::Save { world, batch, answer } => {
                        batches.push(((world, batch), answer));
                    }
                    Request::Turn { turn, answer } => {
                        turns_waiting.fetch_sub(1, Ordering::AcqRel);
                        turns.push((turn, answer));
                    }
                    Request::Act(act) => {
                        self.write_all(&mut batches, &mut turns);
                        self.act(act);
                    }
                    Request::End(answer) => {
                        self.write_all(&mut batches, &mut turns);
                        self.store = None;
                        let _ = answer.send(());
                    }
                }
                if batches.len() < BATCHES_PER_GROUP_MAX && turns.len() < TURNS_PER_GROUP_MAX {
                    next = waiting.try_recv().ok();
                }
            }
            self.write_all(&mut batches, &mut turns);
        }
    }

    /// Builders wait for their batches: those go first, and in a transaction of their own, so that
    /// no turn can make them fail.
    fn write_all(
        &mut self,
        batches: &mut Vec<Waiting<(String, SavedBatch)>>,
        turns: &mut Vec<Waiting<MindTurn>>,
    ) {
        self.write(batches, |store, batches| store.append(batches));
        self.write(turns, |store, turns| store.minds().keep_turns(turns));
    }

    /// Writes a group in one transaction. When that fails for a reason that lies in one of them, each
    /// is tried alone, so that no world or mind pays for another.
    fn write<T>(
        &mut self,
        group: &mut Vec<Waiting<T>>,
        keep: fn(&mut dyn WorldStore, &[T]) -> Result<(), StoreError>,
    ) {
        if group.is_empty() {
            return;
        }
        let (all, answers): (Vec<_>, Vec<_>) = group.drain(..).unzip();
        if self.store.is_none() {
            answers.into_iter().for_each(|answer| answer(Err(SaveError::Ended)));
            return;
        }
        let written = self.keep(&all, keep);
        match written {
            Err(error) if all.len() > 1 && error.is_of_one() => {
                for (one, answer) in all.iter().zip(answers) {
                    let written = self.keep(std::slice::from_ref(one), keep);
                    answer(written.map_err(SaveError::from));
                }
            }
            written => {
                for answer in answers {
                    answer(written.clone().map_err(SaveError::from));
                }
            }
        }
    }

    /// Whoever waits for something that panics is told as if the writer had ended.
    fn act(&mut self, act: Act) {
        let Some(store) = &mut self.store else { return };
        if catch_unwind(AssertUnwindSafe(|| act(&mut **store))).is_err() {
            tracing::error!("the writer failed: nothing is kept any more");
            self.broken.get_or_insert_with(panicked);
        }
    }

    fn keep<T>(
        &mut self,
        group: &[T],
        keep: fn(&mut dyn WorldStore, &[T]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let Some(store) = &mut self.store else { return Ok(()) };
        // A panic of an adapter leaves in doubt what it did, and must not leave anybody unanswered.
        let written = catch_unwind(AssertUnwindSafe(|| keep(&mut **store, group)));
        let written = written.unwrap_or_else(|_| Err(panicked()));
        if let Err(error) = &written {
            tracing::error!(%error, count = group.len(), "something could not be kept");
            if error.is_final() {
                self.broken = Some(error.clone());
            }
        }
        written
    }
}
