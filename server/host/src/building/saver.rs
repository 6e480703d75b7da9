//! Takes the edits that a world has made to the store, and back what could not be kept.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use vivarium_contract::{
    WorldInput, WorldSpec,
    editing::{EditDone, Operations},
    saving::{SavedBatch, SavedPose},
};
use vivarium_scene::operation::Operation;
use vivarium_store::{
    keeper::{Keeper, SaveError},
    port::StoreError,
};

use super::{EditKept, locked, roles::Roles, table::granted};
use crate::{
    kept::{self, KeptError},
    worlds::{World, WorldSource, now_ms},
};

/// An edit that is on its way to the disk.
#[derive(Debug)]
struct Pending {
    number: u32,
    inverses: Operations,
}

/// Owned by a world's thread.
#[derive(Debug)]
pub struct Saver {
    world: Arc<World>,
    keeper: Keeper,
    roles: Arc<Roles>,
    source: WorldSource,
    /// Of the last edit that is kept or on its way.
    revision: u64,
    pending: VecDeque<Pending>,
    /// Whether the world has ticked.
    is_opened: bool,
    /// Whether the store knows the world; written by the store's writer.
    is_begun: Arc<AtomicBool>,
    /// Why the last one could not be kept, or the world not be begun; likewise.
    failure: Arc<Mutex<Option<SaveError>>>,
}

impl Saver {
    /// For a world.
    pub fn new(world: Arc<World>, keeper: Keeper, roles: Arc<Roles>) -> Self {
        let source = world.source.clone();
        let (revision, is_draft) = (source.revision, world.is_draft());
        Self {
            world,
            keeper,
            roles,
            source,
            revision,
            pending: VecDeque::new(),
            is_opened: false,
            is_begun: Arc::new(AtomicBool::new(is_draft)),
            failure: Arc::default(),
        }
    }

    /// What the world is built from.
    pub fn spec(&self) -> WorldSpec {
        self.source.spec()
    }

    /// How fast the world is to tick.
    pub fn ticks_per_s(&self) -> u16 {
        self.source.document.settings.ticks_per_s
    }

    /// The world has failed: it goes on from what is on the disk.
    pub fn recall(&mut self) -> Result<(), KeptError> {
        let name = self.world.name().to_owned();
        // After everything that waits: what is on its way is in it.
        let left = self.keeper.ask(move |store| kept::left(store, &name));
        let (stored, poses) = left.ok_or(KeptError::Ended)??;
        let original = self.world.source.clone();
        self.source = kept::as_left(original, stored.as_ref(), poses)?;
        self.is_opened = false;
        self.revision = self.source.revision;
        self.pending.clear();
        self.world.building.restart(&self.source);
        Ok(())
    }

    /// Takes back what could not be kept, and in the first tick puts loose things where they were.
    /// Comes before all other inputs of a tick.
    pub fn sweep(&mut self, inputs: &mut Vec<WorldInput>) {
        if !std::mem::replace(&mut self.is_opened, true) && !self.source.poses.is_empty() {
            inputs.push(WorldInput::Poses { poses: std::mem::take(&mut self.source.poses) });
        }
        let building = &self.world.building;
        let saved = building.saved();
        let failed = std::mem::take(&mut *locked(&building.failed));
        // Those after one that failed fail as well; what was taken back already is not here.
        let first = self.pending.iter().position(|pending| failed.contains(&pending.number));
        if let Some(first) = first {
            let number = self.pending[first].number;
            let lost: Vec<Pending> = self.pending.drain(first..).collect();
            self.revision -= lost.len() as u64;
            let operations: Vec<Operation> =
                lost.iter().rev().flat_map(|lost| lost.inverses.0.iter().cloned()).collect();
            tracing::warn!(world = self.world.name(), edits = lost.len(), "edits are taken back");
            inputs.push(WorldInput::TakeBack { number, operations: operations.into() });
        }
        while self.pending.front().is_some_and(|pending| pending.number <= saved) {
            self.pending.pop_front();
        }
    }

    /// Keeps where loose things are. When there is no room for it now, it is told again soon.
    pub fn keep_poses(&mut self, poses: Vec<SavedPose>) {
        if self.world.building.is_frozen() {
            return;
        }
        let world = &self.world;
        let (name, json) = (world.name().to_owned(), world.source.json.clone());
        let revision = self.revision;
        let is_begun = self.is_begun.clone();
        self.keeper.tell(move |store| {
            let poses = kept::write_poses(&json, revision, poses);
            let begins = revision == 0 && !is_begun.load(Ordering::Acquire);
            let begun = if begins { kept::begin(store, &name, &json) } else { Ok(()) };
            is_begun.fetch_or(begun.is_ok(), Ordering::Release);
            if let Err(error) = begun.and_then(|()| store.save_poses(&name, &poses)) {
                tracing::warn!(%error, world = name, "where loose things are could not be kept");
            }
        });
    }

    /// An edit was made: it goes to the disk.
    pub fn take(&mut self, done: EditDone) {
        let EditDone { ask, number, operations, .. } = done;
        let Some(ask) = ask else {
            // It takes back what is not on the disk.
            return self.world.building.replica.push(number, operations);
        };
        let name = self.world.name().to_owned();
        // The store has known a draft from its beginning, and may have forgotten it by now.
        if self.revision == 0 && !self.world.is_draft() {
            let (name, json) = (name.clone(), self.world.source.json.clone());
            let failure = self.failure.clone();
            // When there is no room for it, the edit is not kept either.
            self.keeper.tell(move |store| {
                if let Err(error) = kept::begin(store, &name, &json) {
                    tracing::error!(%error, world = name, "a world cannot be kept");
                    *locked(&failure) = Some(error.into());
                }
            });
        }
        self.revision += 1;
        let revision = self.revision;
        let batch = SavedBatch {
            revision,
            at_ms: now_ms(),
            author: format!("{} {}", done.account, done.name),
            operations: done.operations_json,
            inverses: done.inverses.to_json(),
            grants: granted(&operations.0),
            ends_draft: self.world.building.ends_draft(ask),
        };
        self.pending.push_back(Pending { number, inverses: done.inverses });
        let kept = EditKept { number, revision, created: done.created, skipped: done.skipped };
        let world = self.world.clone();
        let bytes = batch.operations.len() + batch.inverses.len();
        let (roles, grants) = (self.roles.clone(), batch.grants.clone());
        let failure = self.failure.clone();
        let answer = Box::new(move |result: Result<(), SaveError>| {
            let result = reasoned(result, &mut locked(&failure));
            if result.is_ok() {
                // First: whoever is answered finds it so.
                roles.kept(world.name(), &grants);
            }
            world.building.settled(ask, kept, bytes, result);
        });
        // Together: what is in the replica is on its way to the disk, and whoever has the answer
        // finds the edit in the replica.
        let replica = &self.world.building.replica;
        replica.push_after(number, operations, || self.keeper.save(&name, batch, answer));
    }
}

/// What whoever asked is told: what failed because of an earlier failure has the reason of that.
fn reasoned(
    result: Result<(), SaveError>,
    failure: &mut Option<SaveError>,
) -> Result<(), SaveError> {
    let error = match (result, &*failure) {
        (Ok(()), _) => {
            *failure = None;
            return Ok(());
        }
        (
            Err(SaveError::Store(StoreError::NoWorld(_) | StoreError::Gap { .. })),
            Some(reason @ SaveError::Store(_)),
        ) => reason.clone(),
        // The earlier one was too large, or too many waited: this one may be kept the next time.
        (Err(SaveError::Store(StoreError::Gap { .. })), Some(_)) => SaveError::Busy,
        (Err(error), _) => {
            *failure = Some(error.clone());
            error
        }
    };
    Err(error)
}
