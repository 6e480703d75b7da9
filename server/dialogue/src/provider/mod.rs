//! Language models, as something that is asked and answers in pieces.
//!
//! [`Provider`] is the port; [`openai`] and [`anthropic`] are its adapters. What a provider sends is
//! not believed: it is bounded (`limits.rs`), and what cannot be read is an error. An answer is
//! whole only if its last piece is [`Piece::Finished`]. Nothing is sent before an answer is polled,
//! and dropping it ends the request at once. Nothing here retries: that is the gateway's.

use std::{sync::Arc, time::Duration};

use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub mod anthropic;
mod calls;
pub mod embeddings;
pub mod error;
pub mod events;
pub mod limits;
pub mod openai;
mod request;
pub mod wire;

pub use self::{
    error::ProviderError,
    request::{RequestError, estimated_tokens},
};

/// Something that asks language models.
pub trait Provider: Send + Sync {
    /// Asks a model. The answer ends after [`Piece::Finished`] or the first error.
    fn ask(&self, ask: Ask) -> Pieces;
}

/// An answer on its way.
pub type Pieces = BoxStream<'static, Result<Piece, ProviderError>>;

/// What is asked, of anybody who can answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// Who the model is to be, and by which rules.
    pub system: String,
    /// What was said so far. Begins with a turn of the user's and ends with what is to be answered.
    pub turns: Vec<Turn>,
    /// What the model may call.
    pub tools: Vec<Tool>,
    /// The tool that the model is to call, by its name; none: it may do as it likes. Some providers
    /// pass over it.
    pub tool_choice: Option<String>,
    /// Tokens of the answer; a model's own limit counts as well.
    pub output_tokens_max: u32,
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// What somebody says to the model.
    User(String),
    /// What the model has said and called.
    Model {
        /// Said.
        text: String,
        /// Called; the next turn has the results.
        calls: Vec<ToolCall>,
    },
    /// What came of its calls.
    Results(Vec<ToolResult>),
}

/// What a model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Letters, digits, `_` and `-`.
    pub name: String,
    /// What it is for, for the model.
    pub description: String,
    /// Its arguments, as JSON Schema of an object.
    pub schema: Value,
}

/// A call of a tool. What it says is the model's word, and to be checked by whoever acts on it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    /// The provider's name of this call.
    pub id: String,
    /// Of the tool.
    pub name: String,
    /// A JSON object, of bounded size and depth.
    pub arguments: Value,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolResult {
    /// Of the call.
    pub id: String,
    /// For the model.
    pub text: String,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Goes after the texts before it; never empty.
    Text(String),
    /// A whole call of a tool.
    ToolCall(ToolCall),
    /// What the answer takes, as the provider counts it. A later one replaces it.
    Usage(Usage),
    /// The end. Nothing follows.
    Finished(Finish),
}

impl Piece {
    /// Whether it is something for whoever asked, rather than about the answer.
    pub fn is_content(&self) -> bool {
        matches!(self, Self::Text(_) | Self::ToolCall(_))
    }
}

/// Tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of the request.
    pub input_tokens: u64,
    /// Of the answer.
    pub output_tokens: u64,
}

/// Why an answer ended in good order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Finish {
    /// All was said.
    Stop,
    /// It would have been longer than it may be.
    Length,
    /// It waits for the results of its calls.
    ToolCalls,
    /// The provider holds the rest back.
    Filtered,
}

/// A request to one model.
#[derive(Clone, Debug)]
pub struct Ask {
    /// As the provider calls it.
    pub model: String,
    /// What is asked.
    pub request: Arc<Request>,
    /// Tokens of the answer.
    pub output_tokens_max: u32,
    /// From 0 to 2; the provider's own if nothing is given.
    pub temperature: Option<f32>,
    /// What another has answered already, and how the model is asked to go on from there.
    pub said: Option<(String, Continuation)>,
    /// How long to wait.
    pub patience: Patience,
}

/// How a model is asked to go on with an answer that another has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Continuation {
    /// The begun answer is the last turn, and the model goes on in it.
    Prefill,
    /// The begun answer is a turn, and the next one tells the model to go on.
    Asked,
}

/// What a model is told that is asked to go on.
pub const GO_ON: &str = "Your last message was cut off. Go on exactly where it ends, in the middle of \
                         a word if need be. Repeat nothing of it, and do not mention this.";

/// How long to wait for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the first word, from the beginning of the request.
    pub first_token: Duration,
    /// Between two bytes, from the first word on.
    pub stall: Duration,
}
