//! Who is being answered just now, so that others who ask the same wait for that answer.
//!
//! Invariant: each slot has one leader at most. However a leader ends (with an answer, with none, or
//! because whoever asked went away), those who wait for it are woken.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::tier2::Slot;

/// All leaders. There are never more than answers under way.
#[derive(Debug, Default)]
pub(super) struct Flights {
    leaders: Mutex<HashMap<Slot, watch::Receiver<()>>>,
}

/// What somebody does who asks.
pub(super) enum Role {
    /// Gets the answer.
    Lead(Leading),
    /// Waits until another has got it, or not.
    Wait(Waiting),
}

/// Ends when dropped.
pub(super) struct Leading {
    flights: Arc<Flights>,
    slot: Slot,
    /// Closed when it is dropped.
    _ended: watch::Sender<()>,
}

/// Waits for a leader.
pub(super) struct Waiting(watch::Receiver<()>);

impl Flights {
    /// Leads, unless another does.
    pub(super) fn join(self: &Arc<Self>, slot: Slot) -> Role {
        let mut leaders = self.leaders();
        if let Some(leader) = leaders.get(&slot) {
            return Role::Wait(Waiting(leader.clone()));
        }
        let (sender, receiver) = watch::channel(());
        leaders.insert(slot, receiver);
        Role::Lead(Leading { flights: Arc::clone(self), slot, _ended: sender })
    }

    pub(super) fn count(&self) -> usize {
        self.leaders().len()
    }

    fn leaders(&self) -> MutexGuard<'_, HashMap<Slot, watch::Receiver<()>>> {
        self.leaders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Until the leader has ended.
    pub(super) async fn ended(mut self) {
        // Nothing is ever sent: it ends when the other end is gone.
        while self.0.changed().await.is_ok() {}
    }
}

impl Drop for Leading {
    fn drop(&mut self) {
        self.flights.leaders().remove(&self.slot);
    }
}
