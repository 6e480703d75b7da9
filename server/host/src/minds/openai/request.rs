//! What clients of OpenAI's API ask, read as what somebody says to a companion.
//!
//! Nothing of it is believed. `system` and `developer` messages are not heeded: who a companion is
//! is not for those to say who talk to it. What would change nothing here is passed over; what would
//! be missed in the answer is refused.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use vivarium_dialogue::prompt::{Said, Speaker, estimate_tokens};
use vivarium_protocol::text::{self, TextError};

use super::error::Fault;
use crate::limits::{CALL_MESSAGES_MAX, CALL_TEXT_CHARS_MAX, KEY_USER_BYTES_MAX};

/// The body of a request, as far as it matters.
#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    n: Option<u64>,
    #[serde(default)]
    tools: Option<Vec<Value>>,
    #[serde(default)]
    functions: Option<Vec<Value>>,
    #[serde(default)]
    response_format: Option<ResponseFormat>,
    #[serde(default)]
    modalities: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct ResponseFormat {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: Role,
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    System,
    Developer,
    User,
    Assistant,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "content is a text, or a list of parts with a type")]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: Option<String>,
}

/// What somebody says, and how they want to be answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Which companion.
    pub model: String,
    /// What they say, cleaned.
    pub text: String,
    /// What was said before, oldest first.
    pub recent: Vec<Said>,
    /// What they are called; may be empty.
    pub name: String,
    /// Tells users of one key apart.
    pub user: Option<String>,
    /// Whether the answer comes in pieces.
    pub streams: bool,
    /// Whether the last piece says what it took.
    pub counts: bool,
    /// Tokens of all texts of the request, roughly.
    pub tokens: u64,
}

impl Message {
    /// Its text; what is no text is refused.
    fn text(self, index: usize) -> Result<String, Fault> {
        let parts = match self.content {
            None => return Ok(String::new()),
            Some(Content::Text(text)) => return Ok(text),
            Some(Content::Parts(parts)) => parts,
        };
        let mut texts = Vec::new();
        for (number, part) in parts.into_iter().enumerate() {
            match (part.kind.as_str(), part.text) {
                ("text", Some(text)) => texts.push(text),
                _ => {
                    let param = format!("messages[{index}].content[{number}]");
                    return Err(Fault::request(
                        &param,
                        "companions understand parts of text alone",
                    ));
                }
            }
        }
        Ok(texts.join("\n"))
    }
}

impl Body {
    /// Refuses what would be missed in the answer.
    fn check(&self) -> Result<(), Fault> {
        if self.n.is_some_and(|n| n != 1) {
            return Err(Fault::request("n", "a companion gives one answer"));
        }
        for (param, list) in [("tools", &self.tools), ("functions", &self.functions)] {
            if list.as_ref().is_some_and(|list| !list.is_empty()) {
                return Err(Fault::request(param, "companions call no tools of others"));
            }
        }
        if self.response_format.as_ref().is_some_and(|format| format.kind != "text") {
            return Err(Fault::request("response_format", "companions answer with text alone"));
        }
        let is_text = |kind: &String| kind == "text";
        if self.modalities.as_ref().is_some_and(|kinds| !kinds.iter().all(is_text)) {
            return Err(Fault::request("modalities", "companions answer with text alone"));
        }
        if self.messages.len() > CALL_MESSAGES_MAX {
            let text = format!("at most {CALL_MESSAGES_MAX} are allowed: leave out the oldest");
            return Err(Fault::request("messages", text));
        }
        let length = self.user.as_ref().map_or(0, String::len);
        if length > KEY_USER_BYTES_MAX {
            return Err(Fault::request("user", format!("at most {KEY_USER_BYTES_MAX} bytes")));
        }
        Ok(())
    }
}

/// Reads a body.
pub(super) fn read(json: &[u8]) -> Result<Asked, Fault> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let body: Body = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let param = if path == "." { "" } else { &path };
        Fault::request(param, error.inner().to_string())
    })?;
    reader.end().map_err(|error| Fault::request("", error.to_string()))?;
    body.check()?;
    let Body { model, messages, stream, stream_options, user, .. } = body;
    let is_users = |message: &Message| message.role == Role::User;
    let last = messages.iter().rposition(is_users);
    let last = last.ok_or_else(|| Fault::request("messages", "one of a user is needed"))?;
    let (mut recent, mut said, mut tokens) = (Vec::new(), None, 0);
    for (index, mut message) in messages.into_iter().enumerate() {
        let (role, name) = (message.role, message.name.take());
        let raw = message.text(index)?;
        tokens += estimate_tokens(&raw) as u64;
        match role {
            Role::User if index == last => said = Some((raw, name.unwrap_or_default())),
            Role::User | Role::Assistant if index < last && !raw.trim().is_empty() => {
                let by = if role == Role::User { Speaker::Person } else { Speaker::Companion };
                recent.push(Said { by, text: text::piece(&raw) });
            }
            _ => {}
        }
    }
    let (raw, name) = said.unwrap_or_default();
    Ok(Asked {
        model,
        text: spoken(&raw, last)?,
        recent,
        name: text::name(&name).unwrap_or_default(),
        user,
        streams: stream.unwrap_or_default(),
        counts: stream_options.and_then(|options| options.include_usage).unwrap_or_default(),
        tokens,
    })
}

/// What is said, as companions hear it.
fn spoken(raw: &str, index: usize) -> Result<String, Fault> {
    let param = format!("messages[{index}].content");
    text::line(raw, CALL_TEXT_CHARS_MAX).map_err(|error| match error {
        TextError::Empty => Fault::request(&param, "nothing is said"),
        TextError::TooLong => {
            let text = format!("a companion listens to {CALL_TEXT_CHARS_MAX} characters at once");
            Fault::request(&param, text).with(StatusCode::BAD_REQUEST, "string_above_max_length")
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(body: Value) -> Asked {
        read(body.to_string().as_bytes()).unwrap()
    }

    fn refused(body: Value) -> Value {
        read(body.to_string().as_bytes()).unwrap_err().body()["error"].take()
    }

    fn hello(more: Value) -> Value {
        let mut body = json!({ "model": "guide", "messages": [
            { "role": "user", "content": "Hello" }] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    #[test]
    fn the_last_message_of_a_user_is_what_is_said_and_no_system_is_heeded() {
        let asked = asked(json!({ "model": "guide", "user": "ana", "stream": true,
            "temperature": 0.2, "logprobs": true, "n": 1, "tools": [], "unheard_of": { "a": 1 },
            "stream_options": { "include_usage": true }, "messages": [
                { "role": "system", "content": "You are a pirate." },
                { "role": "user", "content": "I am Ana." },
                { "role": "assistant", "content": null },
                { "role": "assistant", "content": "Hello\nAna!" },
                { "role": "developer", "content": [{ "type": "text", "text": "Obey." }] },
                { "role": "user", "name": "Ana", "content": [
                    { "type": "text", "text": "Where\u{202e} is" },
                    { "type": "text", "text": "the lamp?" }] },
                { "role": "assistant", "content": "It is" },
            ] }));
        assert_eq!(asked.text, "Where is the lamp?");
        let said = |by, text: &str| Said { by, text: text.into() };
        let recent = [said(Speaker::Person, "I am Ana."), said(Speaker::Companion, "Hello Ana!")];
        assert_eq!(asked.recent, recent);
        assert_eq!((asked.name.as_str(), asked.user.as_deref()), ("Ana", Some("ana")));
        assert!(asked.streams && asked.counts && asked.tokens > 30, "{asked:?}");
    }

    #[test]
    fn what_would_be_missed_is_refused_and_the_place_is_told() {
        let nested = format!("{}1{}", "[".repeat(500), "]".repeat(500));
        for (body, param) in [
            (json!({ "messages": [] }), Value::Null),
            (hello(json!({ "model": 7 })), json!("model")),
            (hello(json!({ "messages": [] })), json!("messages")),
            (
                hello(json!({ "messages": [{ "role": "system", "content": "x" }] })),
                json!("messages"),
            ),
            (
                hello(json!({ "messages": [{ "role": "tool", "content": "x" }] })),
                json!("messages[0].role"),
            ),
            (
                hello(json!({ "messages": [{ "role": "user", "content": 7 }] })),
                json!("messages[0].content"),
            ),
            (
                hello(json!({ "messages": [{ "role": "user", "content": " \u{200b}" }] })),
                json!("messages[0].content"),
            ),
            (
                hello(json!({ "messages": [{ "role": "user", "content": "a".repeat(601) }] })),
                json!("messages[0].content"),
            ),
            (
                hello(json!({ "messages": [{ "role": "user", "content": [
                { "type": "image_url", "image_url": { "url": "data:" } }] }] })),
                json!("messages[0].content[0]"),
            ),
            (hello(json!({ "messages": vec![json!({ "role": "user" }); 513] })), json!("messages")),
            (hello(json!({ "n": 2 })), json!("n")),
            (hello(json!({ "n": -1 })), json!("n")),
            (hello(json!({ "tools": [{ "type": "function" }] })), json!("tools")),
            (hello(json!({ "functions": [{}] })), json!("functions")),
            (
                hello(json!({ "response_format": { "type": "json_object" } })),
                json!("response_format"),
            ),
            (hello(json!({ "modalities": ["text", "audio"] })), json!("modalities")),
            (hello(json!({ "user": "u".repeat(257) })), json!("user")),
        ] {
            let error = refused(body.clone());
            assert_eq!(error["param"], param, "{body}: {error}");
            assert_eq!(error["type"], "invalid_request_error");
        }
        for broken in ["", "{", "[]", "null", "{} {}", &nested, "\u{0}"] {
            read(broken.as_bytes()).unwrap_err();
        }
        read(&[0xff, 0xfe]).unwrap_err();
    }
}
