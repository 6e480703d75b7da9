//! Keeps what was spent on answers: every few seconds while it changes, and at the end.
//!
//! Invariant: what is kept of a payer is never older than what was kept before. What was held when
//! it was written counts as spent, so a crash forgets at most what was begun since.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::time::{MissedTickBehavior, interval};
use vivarium_dialogue::{
    budget::{self, Payer},
    service::Dialogue,
};
use vivarium_store::{
    keeper::Keeper,
    port::{StoreError, spending::Spending},
};

use super::meters::DialogueMeters;
use crate::limits::SPENDING_EVERY;

/// Why what was spent cannot be found out.
#[derive(Debug, thiserror::Error)]
pub enum BooksError {
    /// The store does not say it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store has ended.
    #[error("the store has ended")]
    Ended,
    /// It is not what was written.
    #[error("what was spent cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// What was spent, on its way to the disk.
#[derive(Debug)]
pub struct Books {
    dialogue: Arc<Dialogue>,
    keeper: Keeper,
    meters: Arc<DialogueMeters>,
    /// The newest of each payer that is not on the disk.
    unsaved: Mutex<BTreeMap<String, Spending>>,
}

/// What was spent before. What counts no more by `now_ms` goes.
pub fn load(keeper: &Keeper, now_ms: u64) -> Result<Vec<budget::Kept>, BooksError> {
    let kept = keeper.ask(|store| store.spending().load_spending()).ok_or(BooksError::Ended)??;
    let (mut spent, mut over) = (Vec::new(), Vec::new());
    for Spending { payer, windows } in kept {
        let Some(bytes) = windows else { continue };
        let kept = budget::Kept {
            payer: serde_json::from_str::<Payer>(&payer)?,
            windows: serde_json::from_slice(&bytes)?,
        };
        if kept.windows.is_over(now_ms) {
            over.push(Spending { payer, windows: None });
        } else {
            spent.push(kept);
        }
    }
    if !over.is_empty() {
        let forgotten = keeper.ask(move |store| store.spending().save_spending(&over));
        forgotten.ok_or(BooksError::Ended)??;
    }
    Ok(spent)
}

impl Books {
    /// Of a service.
    pub fn new(dialogue: Arc<Dialogue>, keeper: Keeper, meters: Arc<DialogueMeters>) -> Self {
        Self { dialogue, keeper, meters, unsaved: Mutex::default() }
    }

    /// Whose books they are.
    pub fn dialogue(&self) -> &Dialogue {
        &self.dialogue
    }

    /// Writes what has changed, and waits for the disk. What cannot be written is tried again the
    /// next time.
    pub fn save(&self) {
        // One after the other, so that nothing older is written over what is newer.
        let mut unsaved = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
        for kept in self.dialogue.ledger().take_changes() {
            match written(&kept) {
                Ok(spending) => {
                    unsaved.insert(spending.payer.clone(), spending);
                }
                Err(error) => tracing::error!(%error, "what was spent cannot be written down"),
            }
        }
        if unsaved.is_empty() {
            return;
        }
        let changes: Vec<Spending> = unsaved.values().cloned().collect();
        match self.keeper.ask(move |store| store.spending().save_spending(&changes)) {
            Some(Ok(())) => unsaved.clear(),
            Some(Err(error)) => tracing::warn!(%error, "what was spent is not kept yet"),
            None => tracing::debug!("the store has ended"),
        }
        self.meters.unsaved.set(i64::try_from(unsaved.len()).unwrap_or(i64::MAX));
    }

    /// Writes what has changed once in a while, until the task is aborted.
    pub async fn keep(self: Arc<Self>) {
        let mut every = interval(SPENDING_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            let books = self.clone();
            if tokio::task::spawn_blocking(move || books.save()).await.is_err() {
                tracing::error!("what was spent could not be kept");
            }
        }
    }
}

fn written(kept: &budget::Kept) -> serde_json::Result<Spending> {
    Ok(Spending {
        payer: serde_json::to_string(&kept.payer)?,
        windows: Some(serde_json::to_vec(&kept.windows)?),
    })
}
