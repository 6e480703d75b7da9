//! Worlds that are changed while they run: from a request to the disk and back.
//!
//! ```text
//! api ── inbox ──▶ world ── Edited ──▶ saver ──▶ keeper (store)
//!  ▲                           │                    │ on the disk, or not
//!  └────────── answer ─────────┼────────────────────┤
//!                              ▼                    ▼
//!                       replica (for newcomers)   TakeBack before the next edit or tick
//! ```
//!
//! Invariant: whoever asked is answered with success only when the change is on the disk; everyone
//! sees it at once, and sees it go when it could not be kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};

use tokio::sync::{Notify, oneshot};
use vivarium_contract::{
    WorldInput,
    editing::{Change, EditRefusal, Editor},
};
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::operation::Operation;
use vivarium_store::{keeper::SaveError, port::StoreError};

use crate::{limits::ASKS_MAX, worlds::WorldSource};

pub mod api;
pub mod inbox;
pub mod past;
pub mod people;
pub mod replica;
pub mod roles;
pub mod saver;
pub mod table;
pub mod upkeep;
pub mod versions;

use inbox::EditInbox;
use replica::Replica;

/// A change that is on the disk.
#[derive(Clone, Debug, PartialEq)]
pub struct EditKept {
    /// Number of the edit since the world was started.
    pub number: u32,
    /// Of the world in the store.
    pub revision: u64,
    /// Placeholders and the ids that were given in their place.
    pub created: Vec<(ObjectId, ObjectId)>,
    /// What an undo or redo left out, and why.
    pub skipped: Vec<(Operation, String)>,
}

/// Why a change was not made, or not kept.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EditError {
    /// The world did not make it.
    #[error(transparent)]
    Refused(Box<EditRefusal>),
    /// It was made, could not be kept, and was taken back.
    #[error("the change could not be kept, and was taken back: {0}")]
    NotKept(SaveError),
    /// It was made, and nobody knows whether it is kept.
    #[error(
        "the world stops, and it is not known whether the change is kept: {0}; look once the \
         server was started again"
    )]
    InDoubt(SaveError),
}

/// What a change will be answered with.
pub type Answered = oneshot::Receiver<Result<EditKept, EditError>>;

/// Why nobody can ask for a change now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAsk {
    /// Too many wait.
    TooMany,
    /// The world takes none for a while.
    Frozen,
    /// The world takes what waits too slowly.
    Behind,
    /// The world has stopped: see [`Building::is_broken`].
    Broken,
}

#[derive(Debug)]
struct Ask {
    answer: oneshot::Sender<Result<EditKept, EditError>>,
    ends_draft: Option<String>,
}

#[derive(Debug, Default)]
struct Asks {
    waiting: BTreeMap<u32, Ask>,
    is_frozen: bool,
}

/// As long as it is there, nobody can ask for a change.
#[derive(Debug)]
pub struct Frozen<'a>(&'a Building);

impl Frozen<'_> {
    /// It stays so.
    pub fn for_good(self) {
        std::mem::forget(self);
    }

    /// Waits until whoever asked before is answered.
    pub async fn all_answered(&self) {
        let mut told = pin!(self.0.all_answered.notified());
        loop {
            told.as_mut().enable();
            if locked(&self.0.asks).waiting.is_empty() {
                return;
            }
            told.as_mut().await;
            told.set(self.0.all_answered.notified());
        }
    }
}

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        locked(&self.0.asks).is_frozen = false;
    }
}

/// What is shared of a world that can be changed: between its thread, the writer of the store, and
/// those who ask.
#[derive(Debug)]
pub struct Building {
    /// The document as it is now.
    pub replica: Replica,
    /// Changes that the world has not taken yet.
    pub inbox: EditInbox,
    asks: Mutex<Asks>,
    /// Told while it is frozen, when nobody waits any more.
    all_answered: Notify,
    next_ask: AtomicU32,
    failed: Mutex<BTreeSet<u32>>,
    saved: AtomicU32,
    is_broken: AtomicBool,
    /// Of the last batch that is on the disk.
    revision: AtomicU64,
    since_snapshot: Mutex<LogSize>,
}

/// How much of a log came after a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSize {
    /// Batches.
    pub batches: u32,
    /// Their bytes.
    pub bytes: u64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Building {
    /// Of a world that was not changed yet.
    pub fn new(source: &WorldSource) -> Self {
        Self {
            replica: Replica::new(source),
            inbox: EditInbox::default(),
            asks: Mutex::default(),
            all_answered: Notify::new(),
            next_ask: AtomicU32::new(0),
            failed: Mutex::default(),
            saved: AtomicU32::new(0),
            is_broken: AtomicBool::new(false),
            revision: AtomicU64::new(source.revision),
            since_snapshot: Mutex::default(),
        }
    }

    /// Of the last batch that is on the disk.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// Number of the newest edit that is on the disk; all before it are.
    pub fn saved(&self) -> u32 {
        self.saved.load(Ordering::Acquire)
    }

    /// What came to the log since the last time that its size was taken, or the start.
    pub fn log_size(&self) -> LogSize {
        *locked(&self.since_snapshot)
    }

    /// Begins to count anew.
    fn take_log_size(&self) {
        *locked(&self.since_snapshot) = LogSize::default();
    }

    /// Asks the world for a change, without waiting for it; the draft of that name is to end with it.
    pub fn ask(
        &self,
        editor: Editor,
        change: Change,
        ends_draft: Option<String>,
    ) -> Result<Answered, NoAsk> {
        let mut asks = locked(&self.asks);
        if self.is_broken() {
            return Err(NoAsk::Broken);
        }
        if asks.is_frozen {
            return Err(NoAsk::Frozen);
        }
        if asks.waiting.len() >= ASKS_MAX {
            // Those whom nobody waits for any more make room.
            asks.waiting.retain(|_, ask| !ask.answer.is_closed());
            if asks.waiting.len() >= ASKS_MAX {
                return Err(NoAsk::TooMany);
            }
        }
        let ask = self.next_ask.fetch_add(1, Ordering::Relaxed);
        // Under the lock, so that whoever forgets all asks forgets all changes with them.
        if !self.inbox.put(WorldInput::Edit { ask, editor, change }) {
            return Err(NoAsk::Behind);
        }
        let (answer, answered) = oneshot::channel();
        asks.waiting.insert(ask, Ask { answer, ends_draft });
        Ok(answered)
    }

    /// Nobody is answered any more of those who have asked, and nothing of it is done.
    pub(crate) fn forget_asks(&self) {
        let mut asks = locked(&self.asks);
        self.inbox.take();
        asks.waiting.clear();
        self.tell_answered(&asks);
    }

    /// The draft that is to end with a change.
    fn ends_draft(&self, ask: u32) -> Option<String> {
        locked(&self.asks).waiting.get(&ask)?.ends_draft.clone()
    }

    /// Answers whoever asked, if they still wait.
    fn answer(&self, ask: u32, result: Result<EditKept, EditError>) {
        let mut asks = locked(&self.asks);
        if let Some(ask) = asks.waiting.remove(&ask) {
            let _ = ask.answer.send(result);
        }
        self.tell_answered(&asks);
    }

    fn tell_answered(&self, asks: &Asks) {
        if asks.is_frozen && asks.waiting.is_empty() {
            self.all_answered.notify_waiters();
        }
    }

    /// Lets nobody ask for changes until this is dropped; none: somebody else does that already.
    pub fn freeze(&self) -> Option<Frozen<'_>> {
        let mut asks = locked(&self.asks);
        match std::mem::replace(&mut asks.is_frozen, true) {
            true => None,
            false => Some(Frozen(self)),
        }
    }

    /// Whether it is frozen.
    fn is_frozen(&self) -> bool {
        locked(&self.asks).is_frozen
    }

    /// A change was not made.
    pub fn refused(&self, ask: u32, refusal: Box<EditRefusal>) {
        self.answer(ask, Err(EditError::Refused(refusal)));
    }

    /// Something was done of which nothing is to be kept.
    pub fn done(&self, ask: u32, number: u32) {
        let revision = self.revision();
        let kept = EditKept { number, revision, created: Vec::new(), skipped: Vec::new() };
        self.answer(ask, Ok(kept));
    }

    /// What became of an edit on its way to the disk; called by the store's writer.
    fn settled(&self, ask: u32, kept: EditKept, bytes: usize, result: Result<(), SaveError>) {
        let answer = match result {
            Ok(()) => {
                self.revision.fetch_max(kept.revision, Ordering::Release);
                let mut since = locked(&self.since_snapshot);
                since.batches = since.batches.saturating_add(1);
                since.bytes = since.bytes.saturating_add(bytes as u64);
                drop(since);
                self.saved.fetch_max(kept.number, Ordering::Release);
                Ok(kept)
            }
            Err(error) => {
                if matches!(&error, SaveError::Store(error) if error.is_final()) {
                    self.is_broken.store(true, Ordering::Release);
                }
                locked(&self.failed).insert(kept.number);
                Err(match error {
                    SaveError::Store(StoreError::Broken(_)) => EditError::InDoubt(error),
                    error => EditError::NotKept(error),
                })
            }
        };
        self.answer(ask, answer);
    }

    /// Whether nobody knows what is on the disk: the world must not go on.
    pub fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Acquire)
    }

    /// The world begins anew, from another document: nobody is answered any more.
    fn restart(&self, source: &WorldSource) {
        self.forget_asks();
        locked(&self.failed).clear();
        self.saved.store(0, Ordering::Release);
        self.revision.store(source.revision, Ordering::Release);
        self.replica.restart(source);
    }
}
