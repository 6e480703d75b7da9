//! Chat completions as OpenAI streams them, and as Ollama, vLLM, llama.cpp, LiteLLM and others do.
//!
//! Format: <https://platform.openai.com/docs/api-reference/chat-streaming>. An event is a JSON object
//! in `data`, the last one `[DONE]`. Others leave out counts of tokens, indices of calls, or
//! `[DONE]`; an answer counts as whole once it has said why it ended.

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde::Deserialize;
use serde_json::{Value, json};
use sse_stream::Sse;

use super::{
    Ask, Continuation, Finish, GO_ON, Piece, ProviderError, Turn, Usage,
    calls::{CallPiece, Calls},
    wire::{Dialect, Flow, Key, Reader},
};

/// Chat completions.
#[derive(Clone, Copy, Debug)]
pub struct OpenAi {
    /// The field that limits tokens: OpenAI's own newer models know only the second of its names,
    /// most others only the first.
    pub limit_field: &'static str,
}

impl Dialect for OpenAi {
    fn path(&self) -> &'static str {
        "chat/completions"
    }

    fn head(&self, key: Option<&Key>) -> HeaderMap {
        let mut head = HeaderMap::new();
        let bearer =
            key.and_then(|it| HeaderValue::from_str(&format!("Bearer {}", it.secret())).ok());
        if let Some(mut bearer) = bearer {
            bearer.set_sensitive(true);
            head.insert(AUTHORIZATION, bearer);
        }
        head
    }

    fn body(&self, ask: &Ask) -> Value {
        let mut body = json!({
            "model": ask.model,
            "messages": messages(ask),
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        body[self.limit_field] = json!(ask.output_tokens_max);
        if let Some(temperature) = ask.temperature {
            body["temperature"] = json!(temperature);
        }
        let tools = ask.request.tools.iter().map(|tool| {
            json!({ "type": "function", "function": {
                "name": tool.name, "description": tool.description, "parameters": tool.schema,
            } })
        });
        let tools: Vec<Value> = tools.collect();
        if !tools.is_empty() {
            body["tools"] = Value::Array(tools);
        }
        if let Some(name) = &ask.request.tool_choice {
            body["tool_choice"] = json!({ "type": "function", "function": { "name": name } });
        }
        body
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Chunks::default())
    }
}

fn messages(ask: &Ask) -> Vec<Value> {
    let mut messages = Vec::with_capacity(ask.request.turns.len() + 3);
    if !ask.request.system.is_empty() {
        messages.push(json!({ "role": "system", "content": ask.request.system }));
    }
    for turn in &ask.request.turns {
        match turn {
            Turn::User(text) => messages.push(json!({ "role": "user", "content": text })),
            Turn::Model { text, calls } => {
                let calls = calls.iter().map(|call| {
                    json!({ "id": call.id, "type": "function", "function": {
                        "name": call.name, "arguments": call.arguments.to_string(),
                    } })
                });
                let calls: Vec<Value> = calls.collect();
                let mut message = json!({ "role": "assistant", "content": text });
                if !calls.is_empty() {
                    message["tool_calls"] = Value::Array(calls);
                }
                messages.push(message);
            }
            Turn::Results(results) => messages.extend(results.iter().map(|result| {
                json!({ "role": "tool", "tool_call_id": result.id, "content": result.text })
            })),
        }
    }
    if let Some((said, continuation)) = &ask.said {
        messages.push(json!({ "role": "assistant", "content": said }));
        if *continuation == Continuation::Asked {
            messages.push(json!({ "role": "user", "content": GO_ON }));
        }
    }
    messages
}

#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Tokens>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u64,
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
    tool_calls: Option<Vec<CallDelta>>,
}

#[derive(Deserialize)]
struct CallDelta {
    index: Option<u64>,
    id: Option<String>,
    function: Option<FunctionDelta>,
}

#[derive(Deserialize)]
struct FunctionDelta {
    name: Option<String>,
    arguments: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

/// Reads chunks.
#[derive(Debug, Default)]
struct Chunks {
    calls: Calls,
    finish: Option<Finish>,
}

impl Reader for Chunks {
    fn take(&mut self, event: &Sse, out: &mut Vec<Piece>) -> Result<Flow, ProviderError> {
        let Some(data) = event.data.as_deref() else { return Ok(Flow::More) };
        if data.trim() == "[DONE]" {
            // Some say nothing of why they end, but say that they do.
            self.finish.get_or_insert(Finish::Stop);
            out.extend(self.calls.finish()?.into_iter().map(Piece::ToolCall));
            self.end(out)?;
            return Ok(Flow::Done);
        }
        let chunk: Chunk = serde_json::from_str(data)
            .map_err(|error| ProviderError::Malformed(format!("a chunk: {error}")))?;
        if let Some(error) = chunk.error {
            return Err(of_error(&error));
        }
        for choice in chunk.choices.into_iter().flatten().filter(|it| it.index == 0) {
            self.take_choice(choice, out)?;
        }
        if let Some(usage) = chunk.usage {
            out.push(Piece::Usage(Usage {
                input_tokens: usage.prompt_tokens,
                output_tokens: usage.completion_tokens,
            }));
        }
        Ok(Flow::More)
    }

    fn end(&mut self, out: &mut Vec<Piece>) -> Result<(), ProviderError> {
        let finish = self.finish.ok_or(ProviderError::Cut)?;
        out.push(Piece::Finished(finish));
        Ok(())
    }
}

impl Chunks {
    fn take_choice(&mut self, choice: Choice, out: &mut Vec<Piece>) -> Result<(), ProviderError> {
        if let Some(delta) = choice.delta {
            if let Some(text) = delta.content.filter(|it| !it.is_empty()) {
                out.push(Piece::Text(text));
            }
            for call in delta.tool_calls.unwrap_or_default() {
                let function = call.function.as_ref();
                self.calls.take(&CallPiece {
                    index: call.index,
                    id: call.id.as_deref(),
                    name: function.and_then(|it| it.name.as_deref()),
                    arguments: function.and_then(|it| it.arguments.as_deref()).unwrap_or_default(),
                })?;
            }
        }
        // Some say in every chunk that there is no reason yet.
        let Some(reason) = choice.finish_reason.filter(|it| !it.is_empty()) else { return Ok(()) };
        let finish = match reason.as_str() {
            "length" => Finish::Length,
            "tool_calls" | "function_call" => Finish::ToolCalls,
            "content_filter" => Finish::Filtered,
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

fn of_error(error: &Value) -> ProviderError {
    let word = |field: &str| error.get(field).and_then(Value::as_str);
    let told = word("message").or(error.as_str()).unwrap_or("an error without a message");
    let name = word("type").or(word("code")).unwrap_or_default();
    match error.get("code").and_then(Value::as_u64) {
        Some(code @ 400..=599) => match http::StatusCode::from_u16(code as u16) {
            Ok(status) => ProviderError::of_status(status, None, told),
            Err(_) => ProviderError::of_name(name, told),
        },
        _ => ProviderError::of_name(name, told),
    }
}
