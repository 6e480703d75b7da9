//! Jobs and pieces of answers as Redis has them: JSON of shapes of their own.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Job;
use crate::{
    gateway::{GatewayError, Tier},
    provider::{Finish, Piece, Request, Tool, ToolCall, ToolResult, Turn, Usage},
};

/// A job, but for its key.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct JobRecord {
    system: String,
    turns: Vec<TurnRecord>,
    tools: Vec<ToolRecord>,
    output_tokens_max: u32,
    #[serde(default)]
    tool_choice: Option<String>,
    wanted: Option<TierRecord>,
    pub user: String,
    pub world: String,
    pub companion: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TurnRecord {
    User(String),
    Model { text: String, calls: Vec<CallRecord> },
    Results(Vec<ResultRecord>),
}

#[derive(Debug, Serialize, Deserialize)]
struct ToolRecord {
    name: String,
    description: String,
    schema: Value,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct CallRecord {
    id: String,
    name: String,
    arguments: Value,
}

#[derive(Debug, Serialize, Deserialize)]
struct ResultRecord {
    id: String,
    text: String,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TierRecord {
    Small,
    Medium,
    Large,
}

/// A piece of an answer, or why there is no more of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PieceRecord {
    Text(String),
    Call(CallRecord),
    Usage { input_tokens: u64, output_tokens: u64 },
    Finished(Finish),
    Failed(FailureRecord),
}

/// Why an answer failed, as far as whoever asks can do something with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FailureRecord {
    NoRoom {
        input_tokens: u64,
    },
    Busy,
    OverBudget,
    Unavailable {
        again_in_ms: u64,
    },
    TimedOut,
    Other {
        told: String,
        #[serde(default)]
        is_passing: bool,
    },
}

impl JobRecord {
    pub fn of(job: &Job) -> Self {
        let Request { system, turns, tools, output_tokens_max, tool_choice } = job.request.clone();
        Self {
            system,
            turns: turns.into_iter().map(TurnRecord::of).collect(),
            tools: tools.into_iter().map(ToolRecord::of).collect(),
            output_tokens_max,
            tool_choice,
            wanted: job.wanted.map(TierRecord::of),
            user: job.user.clone(),
            world: job.world.clone(),
            companion: job.companion.clone(),
        }
    }

    pub fn request(self) -> (Request, Option<Tier>) {
        let request = Request {
            system: self.system,
            turns: self.turns.into_iter().map(TurnRecord::turn).collect(),
            tools: self.tools.into_iter().map(ToolRecord::tool).collect(),
            output_tokens_max: self.output_tokens_max,
            tool_choice: self.tool_choice,
        };
        (request, self.wanted.map(TierRecord::tier))
    }
}

impl TurnRecord {
    fn of(turn: Turn) -> Self {
        match turn {
            Turn::User(text) => Self::User(text),
            Turn::Model { text, calls } => {
                Self::Model { text, calls: calls.into_iter().map(CallRecord::of).collect() }
            }
            Turn::Results(results) => {
                let results = results.into_iter();
                Self::Results(results.map(|it| ResultRecord { id: it.id, text: it.text }).collect())
            }
        }
    }

    fn turn(self) -> Turn {
        match self {
            Self::User(text) => Turn::User(text),
            Self::Model { text, calls } => {
                Turn::Model { text, calls: calls.into_iter().map(CallRecord::call).collect() }
            }
            Self::Results(results) => {
                let results = results.into_iter();
                Turn::Results(results.map(|it| ToolResult { id: it.id, text: it.text }).collect())
            }
        }
    }
}

impl ToolRecord {
    fn of(Tool { name, description, schema }: Tool) -> Self {
        Self { name, description, schema }
    }

    fn tool(self) -> Tool {
        Tool { name: self.name, description: self.description, schema: self.schema }
    }
}

impl CallRecord {
    fn of(ToolCall { id, name, arguments }: ToolCall) -> Self {
        Self { id, name, arguments }
    }

    fn call(self) -> ToolCall {
        ToolCall { id: self.id, name: self.name, arguments: self.arguments }
    }
}

impl TierRecord {
    fn of(tier: Tier) -> Self {
        match tier {
            Tier::Small => Self::Small,
            Tier::Medium => Self::Medium,
            Tier::Large => Self::Large,
        }
    }

    fn tier(self) -> Tier {
        match self {
            Self::Small => Tier::Small,
            Self::Medium => Tier::Medium,
            Self::Large => Tier::Large,
        }
    }
}

impl PieceRecord {
    pub fn of(piece: Result<Piece, GatewayError>) -> Self {
        match piece {
            Ok(Piece::Text(text)) => Self::Text(text),
            Ok(Piece::ToolCall(call)) => Self::Call(CallRecord::of(call)),
            Ok(Piece::Usage(Usage { input_tokens, output_tokens })) => {
                Self::Usage { input_tokens, output_tokens }
            }
            Ok(Piece::Finished(finish)) => Self::Finished(finish),
            Err(error) => Self::Failed(FailureRecord::of(&error)),
        }
    }

    pub fn piece(self) -> Result<Piece, GatewayError> {
        Ok(match self {
            Self::Text(text) => Piece::Text(text),
            Self::Call(call) => Piece::ToolCall(call.call()),
            Self::Usage { input_tokens, output_tokens } => {
                Piece::Usage(Usage { input_tokens, output_tokens })
            }
            Self::Finished(finish) => Piece::Finished(finish),
            Self::Failed(failure) => return Err(failure.error()),
        })
    }

    /// Puts a text behind the text before it.
    pub fn push(records: &mut Vec<Self>, next: Self) {
        match (records.last_mut(), next) {
            (Some(Self::Text(before)), Self::Text(text)) => before.push_str(&text),
            (_, next) => records.push(next),
        }
    }
}

impl FailureRecord {
    fn of(error: &GatewayError) -> Self {
        match error {
            GatewayError::NoRoom { input_tokens } => Self::NoRoom { input_tokens: *input_tokens },
            GatewayError::Busy => Self::Busy,
            GatewayError::OverBudget => Self::OverBudget,
            GatewayError::Unavailable { again_in } => Self::Unavailable {
                again_in_ms: u64::try_from(again_in.as_millis()).unwrap_or(u64::MAX),
            },
            GatewayError::TimedOut => Self::TimedOut,
            other => Self::Other { told: other.to_string(), is_passing: other.is_passing() },
        }
    }

    fn error(self) -> GatewayError {
        match self {
            Self::NoRoom { input_tokens } => GatewayError::NoRoom { input_tokens },
            Self::Busy => GatewayError::Busy,
            Self::OverBudget => GatewayError::OverBudget,
            Self::Unavailable { again_in_ms } => {
                GatewayError::Unavailable { again_in: Duration::from_millis(again_in_ms) }
            }
            Self::TimedOut => GatewayError::TimedOut,
            Self::Other { told, is_passing } => GatewayError::Elsewhere { told, is_passing },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_comes_back_as_it_was() {
        let call =
            ToolCall { id: "1".into(), name: "wave".into(), arguments: json!({ "to": "Ana" }) };
        let request = Request {
            system: "You are Lys.".into(),
            turns: vec![
                Turn::User("wave".into()),
                Turn::Model { text: "I wave.".into(), calls: vec![call] },
                Turn::Results(vec![ToolResult { id: "1".into(), text: "done".into() }]),
            ],
            tools: vec![Tool {
                name: "wave".into(),
                description: "Wave.".into(),
                schema: json!({ "type": "object" }),
            }],
            output_tokens_max: 7,
            tool_choice: Some("wave".into()),
        };
        let job = Job {
            key: "k".into(),
            request: request.clone(),
            wanted: Some(Tier::Medium),
            user: "u".into(),
            world: "w".into(),
            companion: "c".into(),
        };
        let text = serde_json::to_string(&JobRecord::of(&job)).unwrap();
        let back: JobRecord = serde_json::from_str(&text).unwrap();
        assert_eq!(back.user, "u");
        assert_eq!(back.request(), (request, Some(Tier::Medium)));
    }

    #[test]
    fn texts_of_a_batch_become_one_and_failures_stay_what_they_are() {
        let mut records = Vec::new();
        for piece in [
            Ok(Piece::Text("Good ".into())),
            Ok(Piece::Text("evening.".into())),
            Err(GatewayError::OverBudget),
        ] {
            PieceRecord::push(&mut records, PieceRecord::of(piece));
        }
        let pieces: Vec<_> = records.into_iter().map(PieceRecord::piece).collect();
        assert_eq!(
            pieces,
            [Ok(Piece::Text("Good evening.".into())), Err(GatewayError::OverBudget)]
        );
    }
}
