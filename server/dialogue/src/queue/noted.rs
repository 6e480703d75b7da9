//! Which model has answered, and when it was asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{FutureExt, future::BoxFuture};

use crate::gateway::meter::{Attempt, Meter, Outcome, OverBudget, Planned};

/// A meter that notes which model has answered, beside what another one keeps.
pub(super) struct Noted<F> {
    inner: Arc<dyn Meter>,
    /// Is told of each attempt that begins.
    began: F,
    model: Mutex<Option<String>>,
}

impl<F: Fn() + Send + Sync> Noted<F> {
    /// Before another meter.
    pub fn new(inner: Arc<dyn Meter>, began: F) -> Arc<Self> {
        Arc::new(Self { inner, began, model: Mutex::default() })
    }

    /// The model that has answered, or that was asked last.
    pub fn model(&self) -> Option<String> {
        self.noted().clone()
    }

    fn noted(&self) -> MutexGuard<'_, Option<String>> {
        // It is whole after each change.
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Fn() + Send + Sync> Meter for Noted<F> {
    fn reserve<'a>(&'a self, planned: &'a Planned) -> BoxFuture<'a, Result<(), OverBudget>> {
        async move {
            self.inner.reserve(planned).await?;
            (self.began)();
            Ok(())
        }
        .boxed()
    }

    fn settle(&self, planned: &Planned, attempt: &Attempt) {
        if attempt.outcome != Outcome::Outrun {
            *self.noted() = Some(planned.model.clone());
        }
        self.inner.settle(planned, attempt);
    }
}
