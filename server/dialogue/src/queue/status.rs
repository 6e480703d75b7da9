//! How a job is. Nothing of what was asked or answered is in it.

use serde::Serialize;

/// How far a job is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits.
    #[default]
    Queued,
    /// Somebody asks for an answer.
    Running,
    /// Words have come.
    Streaming,
    /// The answer is whole.
    Done,
    /// There is no answer, or no whole one.
    Failed,
}

impl State {
    /// Whether nothing follows.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        Some(match text {
            "queued" => Self::Queued,
            "running" => Self::Running,
            "streaming" => Self::Streaming,
            "done" => Self::Done,
            "failed" => Self::Failed,
            _ => return None,
        })
    }
}

/// How a job is. Times are milliseconds since 1970 (UTC).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Status {
    /// How far it is.
    pub state: State,
    /// Why it failed: a word of a few that never change.
    pub reason: Option<String>,
    /// Which model has answered, by its name in the settings.
    pub model: Option<String>,
    /// How often it was begun.
    pub deliveries: u32,
    /// When it came.
    pub queued_at_ms: u64,
    /// When it was begun first.
    pub started_at_ms: Option<u64>,
    /// When its first words came.
    pub first_words_at_ms: Option<u64>,
    /// When it was over.
    pub ended_at_ms: Option<u64>,
}
