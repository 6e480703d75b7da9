//! Takes the edits that a world has made to the store, and back what could not be kept.

use std::{collections::VecDeque, sync::Arc, sync::atomic::Ordering};

use vivarium_contract::{
    WorldInput, WorldSpec,
    editing::{EditDone, Operations},
    saving::SavedBatch,
};
use vivarium_scene::operation::Operation;
use vivarium_store::keeper::Keeper;

use super::locked;
use crate::{
    kept::{self, KeptError},
    worlds::{World, WorldSource, Worlds, now_ms},
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
    me: usize,
    worlds: Arc<Worlds>,
    keeper: Keeper,
    source: WorldSource,
    /// Of the last edit that is kept or on its way.
    revision: u64,
    pending: VecDeque<Pending>,
}

impl Saver {
    /// For the world of index `me`.
    pub fn new(me: usize, worlds: Arc<Worlds>, keeper: Keeper) -> Self {
        let source = worlds.0[me].source.clone();
        let revision = source.revision;
        Self { me, worlds, keeper, source, revision, pending: VecDeque::new() }
    }

    fn world(&self) -> &World {
        &self.worlds.0[self.me]
    }

    /// What the world is built from.
    pub fn spec(&self) -> WorldSpec {
        self.source.spec()
    }

    /// The world has failed: it goes on from what is on the disk.
    pub fn recall(&mut self) -> Result<(), KeptError> {
        let name = self.world().name().to_owned();
        // After everything that waits: what is on its way is in it.
        let stored = self.keeper.ask(move |store| store.load(&name));
        let stored = stored.ok_or(KeptError::Ended)??;
        self.source = kept::as_left(self.world().source.clone(), stored.as_ref())?;
        self.revision = self.source.revision;
        self.pending.clear();
        self.world().building.restart(&self.source);
        Ok(())
    }

    /// Takes back what could not be kept. Comes before all other inputs of a tick.
    pub fn sweep(&mut self, inputs: &mut Vec<WorldInput>) {
        let building = &self.worlds.0[self.me].building;
        let saved = building.saved.load(Ordering::Acquire);
        let failed = std::mem::take(&mut *locked(&building.failed));
        // Those after one that failed fail as well; what was taken back already is not here.
        let first = self.pending.iter().position(|pending| failed.contains(&pending.number));
        if let Some(first) = first {
            let number = self.pending[first].number;
            let lost: Vec<Pending> = self.pending.drain(first..).collect();
            self.revision -= lost.len() as u64;
            let operations: Vec<Operation> =
                lost.iter().rev().flat_map(|lost| lost.inverses.0.iter().cloned()).collect();
            tracing::warn!(world = self.world().name(), edits = lost.len(), "edits are taken back");
            inputs.push(WorldInput::TakeBack { number, operations: operations.into() });
        }
        while self.pending.front().is_some_and(|pending| pending.number <= saved) {
            self.pending.pop_front();
        }
    }

    /// An edit was made: it goes to the disk.
    pub fn take(&mut self, done: EditDone) {
        self.world().building.replica.push(&done);
        if done.ask.is_none() {
            // It takes back what is not on the disk.
            return;
        }
        let name = self.world().name().to_owned();
        if self.revision == 0 {
            let (name, json) = (name.clone(), self.world().source.json.clone());
            // When there is no room for it, the edit is not kept either.
            self.keeper.tell(move |store| {
                if let Err(error) = kept::begin(store, &name, &json) {
                    tracing::error!(%error, world = name, "a world cannot be kept");
                }
            });
        }
        self.revision += 1;
        let revision = self.revision;
        let batch = SavedBatch {
            revision,
            at_ms: now_ms(),
            author: done.account.clone(),
            operations: done.operations_json.clone(),
            inverses: done.inverses.to_json(),
        };
        self.pending.push_back(Pending { number: done.number, inverses: done.inverses.clone() });
        let (me, worlds) = (self.me, self.worlds.clone());
        let answer = Box::new(move |result| {
            worlds.0[me].building.settled(&done, revision, result);
        });
        self.keeper.save(&name, batch, answer);
    }
}
