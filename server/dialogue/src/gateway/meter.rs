//! Tells of every attempt, before it and after it, so that budgets can be kept and things counted.
//!
//! Each attempt that was reserved is settled exactly once, however it ended: also when whoever asked
//! went away in its middle.

use std::time::Duration;

use futures_util::{
    FutureExt,
    future::{self, BoxFuture},
};

use crate::provider::{ProviderError, Usage};

/// Keeps a budget, or counts.
pub trait Meter: Send + Sync {
    /// Before an attempt: whether it may be made. Reserves what it can cost at most. Whoever no longer
    /// waits for it has nothing reserved.
    fn reserve<'a>(&'a self, planned: &'a Planned) -> BoxFuture<'a, Result<(), OverBudget>>;
    /// After an attempt that was reserved. Must not wait.
    fn settle(&self, planned: &Planned, attempt: &Attempt);
}

/// The budget does not allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the budget does not allow it")]
pub struct OverBudget;

/// Counts nothing and allows everything.
#[derive(Clone, Copy, Debug)]
pub struct Unmetered;

impl Meter for Unmetered {
    fn reserve<'a>(&'a self, _: &'a Planned) -> BoxFuture<'a, Result<(), OverBudget>> {
        future::ready(Ok(())).boxed()
    }

    fn settle(&self, _: &Planned, _: &Attempt) {}
}

/// An attempt that is about to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// By its name in the settings.
    pub model: String,
    /// By its name in the settings.
    pub provider: String,
    /// Estimated on the high side.
    pub input_tokens: u64,
    /// More than that are not answered.
    pub output_tokens_max: u64,
    /// What both cost.
    pub cost_microdollars_max: u64,
}

/// An attempt that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// What it took.
    pub usage: Usage,
    /// Whether that is an estimate, since the provider did not say.
    pub is_estimated: bool,
    /// What that costs.
    pub cost_microdollars: u64,
    /// Until the first word, if one came.
    pub first_token: Option<Duration>,
    /// How long it took in all.
    pub took: Duration,
    /// How it ended.
    pub outcome: Outcome,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With all of an answer.
    Done,
    /// With this. If a first word came, the answer broke in its middle.
    Failed(ProviderError),
    /// Another that was asked beside it was quicker.
    Outrun,
    /// Whoever asked went away, or the time for all of the answer was over.
    Cancelled,
}

impl Outcome {
    /// A word for metrics, of a few that never change.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed(error) => error.kind(),
            Self::Outrun => "outrun",
            Self::Cancelled => "cancelled",
        }
    }
}
