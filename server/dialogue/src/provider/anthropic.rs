//! Messages as Anthropic streams them.
//!
//! Format: <https://docs.anthropic.com/en/api/messages-streaming>. Events say in `data` what they
//! are; kinds that are not known are passed over, as the format asks for.

use http::{HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};
use sse_stream::Sse;

use super::{
    Ask, Continuation, Finish, GO_ON, Piece, ProviderError, Turn, Usage,
    calls::{CallPiece, Calls},
    wire::{Dialect, Flow, Key, Reader},
};

/// The version of the interface that is spoken.
const VERSION: &str = "2023-06-01";

/// Messages.
#[derive(Clone, Copy, Debug)]
pub struct Anthropic;

impl Dialect for Anthropic {
    fn path(&self) -> &'static str {
        "messages"
    }

    fn head(&self, key: Option<&Key>) -> HeaderMap {
        let mut head = HeaderMap::new();
        head.insert("anthropic-version", HeaderValue::from_static(VERSION));
        if let Some(mut key) = key.and_then(|it| HeaderValue::from_str(it.secret()).ok()) {
            key.set_sensitive(true);
            head.insert("x-api-key", key);
        }
        head
    }

    fn body(&self, ask: &Ask) -> Value {
        let mut body = json!({
            "model": ask.model,
            "messages": messages(ask),
            "max_tokens": ask.output_tokens_max,
            "stream": true,
        });
        if !ask.request.system.is_empty() {
            body["system"] = json!(ask.request.system);
        }
        if let Some(temperature) = ask.temperature {
            // Here it goes to 1, elsewhere to 2.
            body["temperature"] = json!(temperature.min(1.0));
        }
        let tools = ask.request.tools.iter().map(|tool| {
            json!({
                "name": tool.name, "description": tool.description, "input_schema": tool.schema,
            })
        });
        let tools: Vec<Value> = tools.collect();
        if !tools.is_empty() {
            body["tools"] = Value::Array(tools);
        }
        if let Some(name) = &ask.request.tool_choice {
            body["tool_choice"] = json!({ "type": "tool", "name": name });
        }
        body
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Events::default())
    }
}

fn messages(ask: &Ask) -> Vec<Value> {
    let mut messages = Vec::with_capacity(ask.request.turns.len() + 2);
    for turn in &ask.request.turns {
        messages.push(match turn {
            Turn::User(text) => json!({ "role": "user", "content": text }),
            Turn::Model { text, calls } => {
                let mut blocks = Vec::with_capacity(calls.len() + 1);
                // An empty text is refused.
                if !text.trim().is_empty() {
                    blocks.push(json!({ "type": "text", "text": text }));
                }
                blocks.extend(calls.iter().map(|call| {
                    json!({
                        "type": "tool_use", "id": call.id, "name": call.name,
                        "input": call.arguments,
                    })
                }));
                json!({ "role": "assistant", "content": blocks })
            }
            Turn::Results(results) => {
                let blocks = results.iter().map(|result| {
                    json!({
                        "type": "tool_result", "tool_use_id": result.id, "content": result.text,
                    })
                });
                json!({ "role": "user", "content": blocks.collect::<Vec<_>>() })
            }
        });
    }
    if let Some((said, continuation)) = &ask.said {
        // A last turn that ends with white space is refused.
        messages.push(json!({ "role": "assistant", "content": said.trim_end() }));
        if *continuation == Continuation::Asked {
            messages.push(json!({ "role": "user", "content": GO_ON }));
        }
    }
    messages
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart {
        message: Begun,
    },
    ContentBlockStart {
        index: u64,
        content_block: Block,
    },
    ContentBlockDelta {
        index: u64,
        delta: Delta,
    },
    ContentBlockStop,
    MessageDelta {
        delta: Ending,
        usage: Option<Tokens>,
    },
    MessageStop,
    Error {
        error: Told,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Begun {
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        #[serde(default)]
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "input_json_delta")]
    Input { partial_json: String },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Ending {
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
struct Told {
    #[serde(rename = "type", default)]
    name: String,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Tokens {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
}

/// Reads events.
#[derive(Debug, Default)]
struct Events {
    calls: Calls,
    usage: Usage,
    finish: Option<Finish>,
}

impl Reader for Events {
    fn take(&mut self, event: &Sse, out: &mut Vec<Piece>) -> Result<Flow, ProviderError> {
        let Some(data) = event.data.as_deref() else { return Ok(Flow::More) };
        let event: Event = serde_json::from_str(data)
            .map_err(|error| ProviderError::Malformed(format!("an event: {error}")))?;
        match event {
            Event::MessageStart { message } => self.count(message.usage, out),
            Event::ContentBlockStart { index, content_block } => match content_block {
                Block::Text { text } if !text.is_empty() => out.push(Piece::Text(text)),
                Block::ToolUse { id, name } => self.calls.take(&CallPiece {
                    index: Some(index),
                    id: Some(&id),
                    name: Some(&name),
                    arguments: "",
                })?,
                Block::Text { .. } | Block::Other => {}
            },
            Event::ContentBlockDelta { index, delta } => match delta {
                Delta::Text { text } if !text.is_empty() => out.push(Piece::Text(text)),
                Delta::Input { partial_json } => self.calls.take(&CallPiece {
                    index: Some(index),
                    arguments: &partial_json,
                    ..CallPiece::default()
                })?,
                Delta::Text { .. } | Delta::Other => {}
            },
            Event::MessageDelta { delta, usage } => {
                self.count(usage, out);
                if let Some(reason) = delta.stop_reason {
                    self.stop(&reason, out)?;
                }
            }
            Event::MessageStop => {
                self.end(out)?;
                return Ok(Flow::Done);
            }
            Event::Error { error } => {
                return Err(ProviderError::of_name(&error.name, &error.message));
            }
            Event::ContentBlockStop | Event::Other => {}
        }
        Ok(Flow::More)
    }

    fn end(&mut self, out: &mut Vec<Piece>) -> Result<(), ProviderError> {
        let finish = self.finish.ok_or(ProviderError::Cut)?;
        out.push(Piece::Finished(finish));
        Ok(())
    }
}

impl Events {
    fn count(&mut self, tokens: Option<Tokens>, out: &mut Vec<Piece>) {
        let Some(tokens) = tokens else { return };
        if let Some(input) = tokens.input_tokens {
            let cached = [tokens.cache_creation_input_tokens, tokens.cache_read_input_tokens];
            let cached = cached.into_iter().flatten();
            self.usage.input_tokens = cached.fold(input, u64::saturating_add);
        }
        if let Some(output) = tokens.output_tokens {
            self.usage.output_tokens = output;
        }
        out.push(Piece::Usage(self.usage));
    }

    fn stop(&mut self, reason: &str, out: &mut Vec<Piece>) -> Result<(), ProviderError> {
        let finish = match reason {
            "max_tokens" | "model_context_window_exceeded" => Finish::Length,
            "tool_use" => Finish::ToolCalls,
            "refusal" => Finish::Filtered,
            _ => Finish::Stop,
        };
        self.finish = Some(finish);
        if finish == Finish::Length && self.calls.is_under_way() {
            // The last call was cut in its middle: none of those that are not whole count.
            self.calls = Calls::default();
            return Ok(());
        }
        out.extend(self.calls.finish()?.into_iter().map(Piece::ToolCall));
        Ok(())
    }
}
