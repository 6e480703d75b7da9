//! What a companion knows of somebody, for them alone: to be read, set right and deleted.
//!
//! Invariant: whatever is changed here is changed while no turn of the two is under way, in memory and
//! in the store, and no turn that comes later brings it back.

use std::time::Duration;

use serde::Serialize;
use tokio::{sync::OwnedMutexGuard, time::timeout};
use vivarium_contract::companion::Bond;

use super::{
    Acquaintance, Dialogue, Speaker,
    door::Identity,
    keeping::{self, KeepingError},
};
use crate::{
    bond::Stage,
    memory::{Item, MemoryError, MemoryId, embed::Hashed},
};

/// How long somebody waits until a turn has ended.
const TURN_WAIT: Duration = Duration::from_secs(3);
/// Memories that one look gives.
pub const TOLD_MAX: usize = 500;

/// What kind of a memory it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something that happened.
    Episode,
    /// Something that holds, or held.
    Fact,
}

/// A memory as it is told to whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Its number.
    pub id: MemoryId,
    /// What kind it is.
    pub kind: Kind,
    /// Of a fact, what is known: `lives_in`, `pet:dog`. Of an episode none.
    pub relation: Option<String>,
    /// Of a fact its value, of an episode what happened.
    pub text: String,
    /// Since when, in milliseconds since 1970.
    pub at_ms: u64,
    /// From 0 to 100.
    pub importance: u8,
    /// When it was set right; none: it holds.
    pub until_ms: Option<u64>,
}

/// What a companion knows of somebody.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Knowledge {
    /// What it thinks of them.
    pub bond: Bond,
    /// How close they are.
    pub stage: Stage,
    /// The newest first, at most [`TOLD_MAX`].
    pub memories: Vec<Told>,
}

/// Why what is known cannot be told or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnowingError {
    /// Somebody is just being answered.
    #[error("the companion is just speaking: try again in a moment")]
    Busy,
    /// There is no memory of that number.
    #[error("there is no such memory")]
    NoMemory,
    /// It was set right before.
    #[error("this was set right already: change what holds now")]
    Ended,
    /// It cannot be remembered like this.
    #[error(transparent)]
    Unfit(#[from] MemoryError),
    /// The store did not do it.
    #[error("it could not be kept: {0}")]
    NotKept(#[from] KeepingError),
}

impl Knowledge {
    fn of(knows: &Acquaintance) -> Self {
        let tie = &knows.relationship.tie;
        let mut memories: Vec<Told> =
            knows.memory.items().map(|(id, item)| Told::of(id, item)).collect();
        memories.sort_by_key(|told| std::cmp::Reverse((told.at_ms, told.id)));
        memories.truncate(TOLD_MAX);
        Self { bond: tie.bond(), stage: tie.stage(), memories }
    }
}

impl Told {
    fn of(id: MemoryId, item: &Item) -> Self {
        let (kind, relation, text, until_ms) = match item {
            Item::Episode(episode) => (Kind::Episode, None, episode.text.clone(), None),
            Item::Fact(fact) => {
                (Kind::Fact, Some(fact.relation.clone()), fact.value.clone(), fact.valid_to_ms)
            }
        };
        let (at_ms, importance) = (item.at_ms(), item.importance());
        Self { id, kind, relation, text, at_ms, importance, until_ms }
    }
}

fn person(account: &str) -> Speaker {
    Speaker::Account(account.into())
}

impl Dialogue {
    /// Whether something is known of somebody, in memory or in the store. Strangers are to take no
    /// place from others.
    async fn is_met(&self, mind: &str, account: &str) -> Result<bool, KeepingError> {
        let key = (mind.to_owned(), Identity::Account(account.into()));
        if self.known().acquaintances.contains_key(&key) {
            return Ok(true);
        }
        Ok(self.keeping.person(mind, account).await?.is_some())
    }

    /// What is known of somebody, while no turn is under way; none: nothing.
    async fn hold(
        &self,
        mind: &str,
        account: &str,
    ) -> Result<Option<OwnedMutexGuard<Acquaintance>>, KnowingError> {
        if !self.is_met(mind, account).await? {
            return Ok(None);
        }
        let shared = self.acquaintance(mind, &person(account), self.next_turn());
        let held = timeout(TURN_WAIT, shared.lock_owned()).await;
        Ok(Some(held.map_err(|_| KnowingError::Busy)?))
    }

    /// As [`Dialogue::hold`], with all that is kept.
    async fn hold_loaded(
        &self,
        mind: &str,
        account: &str,
    ) -> Result<OwnedMutexGuard<Acquaintance>, KnowingError> {
        let held = self.hold(mind, account).await?;
        let mut held = held.ok_or(KnowingError::NoMemory)?;
        self.know(mind).await;
        self.load(mind, &person(account), &mut held).await;
        if !held.is_loaded {
            let text = "what is kept cannot be read now".to_owned();
            return Err(KeepingError(text).into());
        }
        Ok(held)
    }

    /// What a companion knows of somebody.
    pub async fn knows(&self, mind: &str, account: &str) -> Result<Knowledge, KnowingError> {
        let key = (mind.to_owned(), Identity::Account(account.into()));
        let is_in_mind = self.known().acquaintances.contains_key(&key);
        if is_in_mind {
            return Ok(Knowledge::of(&*self.hold_loaded(mind, account).await?));
        }
        let kept = self.keeping.person(mind, account).await?;
        Ok(Knowledge::of(&keeping::acquaintance(kept.unwrap_or_default())?))
    }

    /// Sets right what is remembered of somebody; gives the number of what holds now.
    pub async fn correct(
        &self,
        mind: &str,
        account: &str,
        id: MemoryId,
        text: &str,
    ) -> Result<MemoryId, KnowingError> {
        let mut held = self.hold_loaded(mind, account).await?;
        let now_ms = (self.clock)();
        let is_ended =
            matches!(held.memory.get(id), Some(Item::Fact(fact)) if fact.valid_to_ms.is_some());
        if is_ended {
            return Err(KnowingError::Ended);
        }
        let corrected = held.memory.set_right(id, text, now_ms, &Hashed)?;
        let corrected = corrected.ok_or(KnowingError::NoMemory)?;
        // What was said lately has the old words, and would be told to a model again.
        held.recent.clear();
        self.keep_change(mind, account, &mut held).await?;
        Ok(corrected)
    }

    /// Deletes a memory for good.
    pub async fn delete(
        &self,
        mind: &str,
        account: &str,
        id: MemoryId,
    ) -> Result<(), KnowingError> {
        let mut held = self.hold_loaded(mind, account).await?;
        if !held.memory.delete(id) {
            return Err(KnowingError::NoMemory);
        }
        held.recent.clear();
        // What waits to be kept is not to be written down first.
        for turn in &mut held.unkept {
            turn.remembered.retain(|(number, _)| *number != id.0);
        }
        self.keep_change(mind, account, &mut held).await
    }

    async fn keep_change(
        &self,
        mind: &str,
        account: &str,
        knows: &mut Acquaintance,
    ) -> Result<(), KnowingError> {
        let drift = self.known().drifts.get(mind).copied();
        let turn = keeping::turn(mind, account, drift.as_ref(), knows)?;
        knows.unkept.push_back(turn);
        Ok(self.keep_waiting(knows).await?)
    }

    /// Forgets somebody altogether.
    pub async fn forget(&self, mind: &str, account: &str) -> Result<(), KnowingError> {
        let Some(mut held) = self.hold(mind, account).await? else { return Ok(()) };
        self.keeping.forget(mind, account).await?;
        held.forget();
        self.later.forget(mind, Some(&person(account)));
        Ok(())
    }

    /// Ends a mind, with all that it knows of anybody. One of that name begins anew.
    pub async fn forget_mind(&self, mind: &str) -> Result<(), KnowingError> {
        let _closed = self.roster.close(mind);
        let all: Vec<_> = {
            let known = self.known();
            let of_it = known.acquaintances.iter().filter(|((of, _), _)| of == mind);
            of_it.map(|(_, (_, shared))| shared.clone()).collect()
        };
        let held = async {
            let mut held = Vec::with_capacity(all.len());
            for shared in all {
                held.push(shared.lock_owned().await);
            }
            held
        };
        let held = timeout(TURN_WAIT, held).await.map_err(|_| KnowingError::Busy)?;
        self.keeping.forget_mind(mind).await?;
        for mut knows in held {
            knows.forget();
        }
        self.later.forget(mind, None);
        self.known().drifts.remove(mind);
        self.roster.renew(mind).await;
        Ok(())
    }
}
