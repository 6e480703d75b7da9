//! How a kept world was: at a revision, or under the name of a version.
//!
//! Everything here waits for the disk and may take a while; the store's writer is asked for little
//! at a time. Invariant: what is given was kept.

use vivarium_contract::saving::SavedBatch;
use vivarium_scene::{load, operation::Operation, scene::Scene};
use vivarium_store::{
    keeper::Keeper,
    port::{StoreError, Version, WorldStore},
};

use crate::{
    kept::{self, KeptError},
    limits::{HISTORY_PAGE_BATCHES, HISTORY_WALK_BATCHES_MAX, HISTORY_WALK_BYTES_MAX},
    worlds::{World, WorldSource},
};

/// Why it is not known how a world was.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// The store did not say, or what it said is damaged.
    #[error(transparent)]
    Kept(#[from] KeptError),
    /// It has not come to that yet.
    #[error("there is no revision {revision} yet: the newest is {newest}")]
    Future {
        /// That was asked for.
        revision: u64,
        /// That is kept.
        newest: u64,
    },
    /// What led there was deleted.
    #[error(
        "revision {revision} is gone: the history begins at revision {oldest}, and no version has it"
    )]
    Gone {
        /// That was asked for.
        revision: u64,
        /// The first that is known.
        oldest: u64,
    },
    /// Too much lies between.
    #[error(
        "revision {0} is too far back: at most {HISTORY_WALK_BATCHES_MAX} changes of \
         {HISTORY_WALK_BYTES_MAX} bytes are gone through (a version with a name is found at once)"
    )]
    TooFar(u64),
    /// There is no such version.
    #[error("the world has no version {0}")]
    NoVersion(u64),
}

impl From<StoreError> for PastError {
    fn from(error: StoreError) -> Self {
        Self::Kept(error.into())
    }
}

/// A world whose past is asked for.
#[derive(Clone, Debug)]
pub struct Past {
    keeper: Keeper,
    /// As the server has opened it.
    source: WorldSource,
}

impl Past {
    /// Of a world that the server has opened like this.
    pub fn new(keeper: Keeper, source: WorldSource) -> Self {
        Self { keeper, source }
    }

    /// That of another world.
    pub fn of(&self, other: &World) -> Self {
        Self::new(self.keeper.clone(), other.source.clone())
    }

    fn name(&self) -> &str {
        &self.source.document.name
    }

    fn ask<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut dyn WorldStore, &str) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, PastError> {
        let name = self.name().to_owned();
        let asked = self.keeper.ask(move |store| act(store, &name));
        Ok(asked.ok_or(KeptError::Ended)??)
    }

    /// The world at its newest kept revision.
    pub fn newest(&self) -> Result<(Scene, u64), PastError> {
        let stored = self.ask(|store, name| store.load(name))?;
        match stored.filter(kept::is_changed) {
            Some(stored) => Ok(kept::replay(self.name(), &stored)?),
            None => Ok((Scene::new((*self.source.document).clone()), 0)),
        }
    }

    /// The world at a revision, if it is still known.
    pub fn at_revision(&self, revision: u64) -> Result<Scene, PastError> {
        match self.walk_back(revision) {
            Err(error @ (PastError::Gone { .. } | PastError::TooFar(_))) => {
                let versions = self.ask(|store, name| store.versions(name))?;
                match versions.iter().find(|version| version.revision == revision) {
                    Some(version) => Ok(self.at_version(version.id)?.0),
                    None => Err(error),
                }
            }
            walked => walked,
        }
    }

    fn walk_back(&self, revision: u64) -> Result<Scene, PastError> {
        let stored = self.ask(|store, name| store.load(name))?;
        let Some(mut stored) = stored.filter(kept::is_changed) else {
            return match revision {
                0 => Ok(Scene::new((*self.source.document).clone())),
                _ => Err(PastError::Future { revision, newest: 0 }),
            };
        };
        let newest = stored.batches.last().map_or(stored.revision, |batch| batch.revision);
        if revision > newest {
            return Err(PastError::Future { revision, newest });
        }
        // Either on from the snapshot, or back from it.
        let mut before = stored.revision + 1;
        stored.batches.retain(|batch| batch.revision <= revision);
        let (mut scene, _) = kept::replay(self.name(), &stored)?;
        drop(stored);
        let (mut batches_left, mut bytes_left) = (HISTORY_WALK_BATCHES_MAX, HISTORY_WALK_BYTES_MAX);
        while before > revision + 1 {
            let page =
                self.ask(move |store, name| store.history(name, before, HISTORY_PAGE_BATCHES))?;
            if page.first().is_none_or(|first| first.revision + 1 != before) {
                return Err(PastError::Gone { revision, oldest: before - 1 });
            }
            for batch in page.iter().take_while(|batch| batch.revision > revision) {
                batches_left = batches_left.saturating_sub(1);
                bytes_left = bytes_left.saturating_sub(batch.inverses.len());
                if batches_left == 0 || bytes_left == 0 {
                    return Err(PastError::TooFar(revision));
                }
                self.take_back(&mut scene, batch)?;
                before = batch.revision;
            }
        }
        Ok(scene)
    }

    fn take_back(&self, scene: &mut Scene, batch: &SavedBatch) -> Result<(), KeptError> {
        let damaged = |reason: String| kept::damaged(self.name(), batch.revision, reason);
        let inverses: Vec<Operation> =
            serde_json::from_str(&batch.inverses).map_err(|error| damaged(error.to_string()))?;
        scene.apply_all(inverses).map(drop).map_err(|error| damaged(error.to_string()))
    }

    /// The world as it was when a version was named.
    pub fn at_version(&self, id: u64) -> Result<(Scene, Version), PastError> {
        let found = self.ask(move |store, name| match store.version(name, id) {
            Err(StoreError::NoWorld(_)) => Ok(None),
            found => found,
        })?;
        let (version, document) = found.ok_or(PastError::NoVersion(id))?;
        let document = load::from_json(&document)
            .map_err(|error| kept::damaged(self.name(), version.revision, error))?;
        Ok((Scene::new(document), version))
    }

    /// All versions, the newest first, and the newest kept revision of a world that is at `newest`
    /// at least.
    pub fn versions(&self) -> Result<Vec<Version>, PastError> {
        self.ask(|store, name| match store.versions(name) {
            // It was never changed.
            Err(StoreError::NoWorld(_)) => Ok(Vec::new()),
            versions => versions,
        })
    }

    /// Keeps the world as it is at its newest kept revision.
    pub fn keep_version(&self, version: Version) -> Result<Version, PastError> {
        let (scene, revision) = self.newest()?;
        let document = match revision {
            0 => self.source.json.to_vec(),
            _ => kept::as_json(&scene),
        };
        let version = Version { revision, ..version };
        // The store has known a draft from its beginning, and may have forgotten it by now.
        let begins = revision == 0 && self.source.draft.is_none();
        self.ask(move |store, name| {
            if begins {
                kept::begin(store, name, &document)?;
            }
            let id = store.keep_version(name, &version, &document)?;
            Ok(Version { id, ..version })
        })
    }

    /// Forgets a version.
    pub fn delete_version(&self, id: u64) -> Result<(), PastError> {
        self.ask(move |store, name| store.delete_version(name, id))
    }
}
