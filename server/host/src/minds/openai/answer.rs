//! An answer of a companion, as OpenAI's API tells it: whole, or in pieces.
//!
//! Whoever goes away ends it: what thinks is a task that ends with this.

use std::{convert::Infallible, pin::Pin, sync::Arc};

use axum::response::sse::Event;
use futures_util::{Stream, stream};
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, watch},
    task::AbortHandle,
    time::{Sleep, sleep},
};
use vivarium_contract::companion::{MindFailure, MindWord};
use vivarium_dialogue::{
    prompt::estimate_tokens,
    service::{
        Dialogue,
        door::{Call, Taken},
    },
};
use vivarium_protocol::text;

use super::error::Fault;
use crate::{
    keys::{Key, Permit},
    limits::{CALL_ANSWER_MAX, WORDS_AHEAD_MAX},
};

/// What comes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A piece.
    Text(String),
    /// All was said.
    Done { is_reduced: bool },
    /// Nothing follows. What was said before stands.
    Failed(Fault),
}

/// An answer that is under way.
pub(super) struct Answering {
    words: mpsc::Receiver<MindWord>,
    thinks: AbortHandle,
    revoked: watch::Receiver<bool>,
    over: Pin<Box<Sleep>>,
    model: String,
    taken: Arc<Taken>,
    _permit: Permit,
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.thinks.abort();
    }
}

impl Answering {
    /// Asks.
    pub fn begin(dialogue: Arc<Dialogue>, key: &Key, call: Call, permit: Permit) -> Self {
        let (told, words) = mpsc::channel(WORDS_AHEAD_MAX);
        let (model, taken) = (call.mind.clone(), call.taken.clone());
        let thinks = tokio::spawn(dialogue.answer_call(call, told)).abort_handle();
        let (revoked, over) = (key.revoked(), Box::pin(sleep(CALL_ANSWER_MAX)));
        Self { words, thinks, revoked, over, model, taken, _permit: permit }
    }

    /// What comes next.
    pub async fn next(&mut self) -> Heard {
        loop {
            let word = tokio::select! {
                biased;
                _ = self.revoked.wait_for(|is_revoked| *is_revoked) => {
                    return Heard::Failed(Fault::revoked());
                }
                () = &mut self.over => Some(MindWord::Failed { reason: MindFailure::TimedOut }),
                word = self.words.recv() => word,
            };
            match word {
                Some(MindWord::Says { text }) if text.is_empty() => {}
                Some(MindWord::Says { text }) => {
                    return Heard::Text(text::piece(&text));
                }
                Some(MindWord::Done { is_reduced }) => return Heard::Done { is_reduced },
                Some(MindWord::Failed { reason }) => {
                    return Heard::Failed(Fault::mind(reason, &self.model));
                }
                // There is nobody to feel or do it.
                Some(MindWord::Feels { .. } | MindWord::Does { .. } | MindWord::Bonds { .. }) => {}
                None => return Heard::Failed(Fault::mind(MindFailure::Broken, &self.model)),
            }
        }
    }
}

/// What an answer is told as.
pub(super) struct Telling {
    /// Of the answer.
    pub id: String,
    /// Seconds since 1970.
    pub created: u64,
    /// Which companion.
    pub model: String,
    /// Tokens of the request, roughly.
    pub asked_tokens: u64,
    /// Whether the last piece says what it took.
    pub counts: bool,
}

impl Telling {
    /// What models said that it took; else an estimate.
    fn usage(&self, answering: &Answering, said: &str) -> Value {
        let (prompt, completion) = match answering.taken.usage() {
            Some(usage) => (usage.input_tokens, usage.output_tokens),
            None => (self.asked_tokens, estimate_tokens(said) as u64),
        };
        json!({ "prompt_tokens": prompt, "completion_tokens": completion,
            "total_tokens": prompt.saturating_add(completion) })
    }

    fn object(&self, kind: &str, choices: Value) -> Value {
        json!({ "id": self.id, "object": kind, "created": self.created, "model": self.model,
            "choices": choices })
    }

    /// All of an answer, whose first piece was heard.
    pub async fn whole(&self, mut answering: Answering, first: Heard) -> Value {
        let (mut said, mut heard) = (String::new(), first);
        let (finish, is_reduced) = loop {
            match heard {
                Heard::Text(text) => said.push_str(&text),
                Heard::Done { is_reduced } => break ("stop", is_reduced),
                Heard::Failed(_) => break ("length", false),
            }
            heard = answering.next().await;
        };
        let usage = self.usage(&answering, &said);
        let message = json!({ "role": "assistant", "content": said, "refusal": null });
        let choice =
            json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": finish });
        let mut whole = self.object("chat.completion", json!([choice]));
        whole["usage"] = usage;
        whole["vivarium"] = json!({ "is_reduced": is_reduced });
        whole
    }

    fn chunk(&self, delta: Value, finish: Option<&str>) -> Value {
        let choice =
            json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish });
        let mut chunk = self.object("chat.completion.chunk", json!([choice]));
        if self.counts {
            chunk["usage"] = Value::Null;
        }
        chunk
    }

    /// The pieces of an answer, as they come, whose first was heard.
    pub fn pieces(
        self,
        answering: Answering,
        first: Heard,
    ) -> impl Stream<Item = Result<Event, Infallible>> + Send {
        let speaker = self.chunk(json!({ "role": "assistant", "content": "" }), None);
        let ready = vec![told(&speaker)];
        let flow =
            Flow { telling: self, answering, heard: Some(first), said: String::new(), ready };
        stream::unfold(flow, Flow::next)
    }
}

fn told(value: &Value) -> Event {
    Event::default().data(value.to_string())
}

/// An answer whose pieces are told.
struct Flow {
    telling: Telling,
    answering: Answering,
    /// What was heard and not told yet.
    heard: Option<Heard>,
    said: String,
    /// What is told next, the last first. Empty, with nothing heard: it is over.
    ready: Vec<Event>,
}

impl Flow {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.ready.pop() {
                return Some((Ok(event), self));
            }
            match self.heard.take()? {
                Heard::Text(text) => {
                    let event = told(&self.telling.chunk(json!({ "content": text }), None));
                    self.said.push_str(&text);
                    self.ready.push(event);
                    self.heard = Some(self.answering.next().await);
                }
                end => self.ready = self.last(end),
            }
        }
    }

    /// How it ends, the last first.
    fn last(&self, end: Heard) -> Vec<Event> {
        let (finish, is_reduced) = match end {
            Heard::Done { is_reduced } => ("stop", is_reduced),
            _ => ("length", false),
        };
        let mut chunk = self.telling.chunk(json!({}), Some(finish));
        chunk["vivarium"] = json!({ "is_reduced": is_reduced });
        let mut last = vec![told(&chunk)];
        if self.telling.counts {
            let mut counted = self.telling.object("chat.completion.chunk", json!([]));
            counted["usage"] = self.telling.usage(&self.answering, &self.said);
            last.push(told(&counted));
        }
        last.push(Event::default().data("[DONE]"));
        last.reverse();
        last
    }
}
