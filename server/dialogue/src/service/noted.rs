//! What is told of answers to whoever counts them: never who asked, nor what was said.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use vivarium_contract::companion::MindWord;

use crate::gateway::meter::{Attempt, Meter, OverBudget, Planned};

/// How a message was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answered {
    /// With the words of a model.
    Model,
    /// With words that a model has said before.
    Cache,
    /// By the companion itself.
    Alone,
    /// With half an answer.
    Broken,
    /// Not: whoever asked has said as much as they may.
    OverLimit,
    /// Not: too many ask at once.
    Busy,
    /// Not: the companion talks with others alone.
    TooYoung,
    /// Not: nobody knows the mind.
    Unknown,
    /// Nobody waited for it any more.
    Gone,
}

impl Answered {
    /// As the last word of an answer says, which a model was asked for, or not.
    pub(super) fn of(end: &MindWord, was_asked: bool) -> Self {
        match end {
            MindWord::Done { is_reduced: true } => Self::Alone,
            MindWord::Failed { .. } => Self::Broken,
            _ if was_asked => Self::Model,
            _ => Self::Cache,
        }
    }

    /// A word for metrics, of a few that never change.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Cache => "cache",
            Self::Alone => "alone",
            Self::Broken => "broken",
            Self::OverLimit => "over_limit",
            Self::Busy => "busy",
            Self::TooYoung => "too_young",
            Self::Unknown => "unknown",
            Self::Gone => "gone",
        }
    }
}

/// What looked at a message, or at an answer, and found something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Screen {
    /// Somebody is not old enough for a companion.
    Age,
    /// Somebody may be in danger.
    Crisis,
    /// Somebody tries to give orders to a model.
    Injection,
    /// A model said what may not be said, and was stopped.
    Output,
}

impl Screen {
    /// A word for metrics, of a few that never change.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Crisis => "crisis",
            Self::Injection => "injection",
            Self::Output => "output",
        }
    }
}

/// Counts. Must not wait. Worlds are those that drafts are of.
pub trait Notes: Send + Sync {
    /// A message was answered in a world, or not.
    fn answered(&self, world: &str, how: Answered);
    /// A model was asked.
    fn attempted(&self, planned: &Planned, attempt: &Attempt);
    /// Something was found.
    fn screened(&self, screen: Screen);
}

/// Counts nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unnoted;

impl Notes for Unnoted {
    fn answered(&self, _: &str, _: Answered) {}

    fn attempted(&self, _: &Planned, _: &Attempt) {}

    fn screened(&self, _: Screen) {}
}

/// One message: counted once, however it ends, and by the time that anybody reads the end of it.
pub(super) struct Told<'a> {
    notes: &'a dyn Notes,
    world: &'a str,
    is_counted: bool,
}

impl<'a> Told<'a> {
    /// It has come. If nothing is said of it until it is dropped, nobody waited for it any more.
    pub fn new(notes: &'a dyn Notes, world: &'a str) -> Self {
        Self { notes, world, is_counted: false }
    }

    /// It was answered like this.
    pub fn is(&mut self, how: Answered) {
        if !std::mem::replace(&mut self.is_counted, true) {
            self.notes.answered(self.world, how);
        }
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.is(Answered::Gone);
    }
}

/// A meter whose attempts are noted.
pub(crate) struct NotedMeter {
    meter: Arc<dyn Meter>,
    notes: Arc<dyn Notes>,
}

impl NotedMeter {
    /// Before another meter.
    pub fn new(meter: Arc<dyn Meter>, notes: Arc<dyn Notes>) -> Arc<Self> {
        Arc::new(Self { meter, notes })
    }
}

impl Meter for NotedMeter {
    fn reserve<'a>(&'a self, planned: &'a Planned) -> BoxFuture<'a, Result<(), OverBudget>> {
        self.meter.reserve(planned)
    }

    fn settle(&self, planned: &Planned, attempt: &Attempt) {
        self.meter.settle(planned, attempt);
        self.notes.attempted(planned, attempt);
    }
}
