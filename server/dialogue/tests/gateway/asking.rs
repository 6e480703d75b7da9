//! What the stories ask, and what they are told.

use std::sync::{Arc, Mutex};

use futures_util::{
    FutureExt, StreamExt,
    future::{self, BoxFuture},
};
use serde_json::json;
use vivarium_dialogue::{
    gateway::{
        Gateway, GatewayError, Reply, Settings,
        meter::{Attempt, Meter, OverBudget, Planned},
    },
    provider::{Finish, Piece, Request, Tool, ToolCall, Turn, Usage},
};

/// Somebody says `text`.
pub fn request(text: &str) -> Request {
    Request {
        system: "You are Lys, who keeps the lighthouse.".into(),
        turns: vec![Turn::User(text.into())],
        tools: vec![Tool {
            name: "wave".into(),
            description: "Wave to somebody.".into(),
            schema: json!({ "type": "object", "properties": { "to": { "type": "string" } } }),
        }],
        tool_choice: None,
        output_tokens_max: 200,
    }
}

const PATIENT: &str =
    "connect_ms = 5_000\nfirst_token_ms = 5_000\nstall_ms = 5_000\nwhole_ms = 20_000";
/// Where a story waits until somebody loses patience.
pub const IMPATIENT: &str =
    "[timeouts]\nconnect_ms = 5_000\nfirst_token_ms = 500\nstall_ms = 300\nwhole_ms = 20_000\n";

/// Two providers with a model each, `one` before `two`, and quick to try again.
pub fn settings(kinds: [&str; 2], ports: [u16; 2], more: &str) -> Settings {
    let provider = |name: &str, kind: &str, port: u16| {
        format!(
            "[providers.{name}]\nkind = \"{kind}\"\nbase_url = \"http://127.0.0.1:{port}/v1\"\n\
             key_env = \"KEY\"\n"
        )
    };
    let model = |name: &str, price: u64| {
        format!(
            "[[models]]\nname = \"{name}-model\"\nprovider = \"{name}\"\ntier = \"large\"\n\
             context_tokens = 8000\ninput_microdollars_per_million = {price}\n\
             output_microdollars_per_million = {price}\n"
        )
    };
    let quick = "[retries]\nper_model = 1\nfirst_wait_ms = 1\nwait_ms_max = 2\n";
    let text = [
        // Patient, since the machine may be busy; what waits for a time in earnest says its own.
        if more.contains("[timeouts]") {
            String::new()
        } else {
            format!("[timeouts]\n{PATIENT}\n")
        },
        provider("one", kinds[0], ports[0]),
        provider("two", kinds[1], ports[1]),
        model("one", 1_000_000),
        model("two", 2_000_000),
        quick.into(),
        more.into(),
    ];
    Settings::parse(&text.concat()).unwrap()
}

/// A gateway whose key is `sk-secret`.
pub fn gateway(settings: Settings) -> Gateway {
    Gateway::new(settings, |name| (name == "KEY").then(|| "sk-secret".into())).unwrap()
}

/// Everything that came of a reply.
#[derive(Debug, Default, PartialEq)]
pub struct Told {
    pub text: String,
    pub calls: Vec<ToolCall>,
    pub usage: Option<Usage>,
    pub finish: Option<Finish>,
    pub error: Option<GatewayError>,
}

/// A reply to its end.
pub async fn told(mut reply: Reply) -> Told {
    let mut told = Told::default();
    while let Some(piece) = reply.next().await {
        assert!(told.finish.is_none() && told.error.is_none(), "nothing follows the end");
        match piece {
            Ok(Piece::Text(text)) => {
                assert!(!text.is_empty());
                told.text += &text;
            }
            Ok(Piece::ToolCall(call)) => told.calls.push(call),
            Ok(Piece::Usage(usage)) => told.usage = Some(usage),
            Ok(Piece::Finished(finish)) => told.finish = Some(finish),
            Err(error) => told.error = Some(error),
        }
    }
    assert!(reply.next().await.is_none());
    told
}

/// Writes down what was reserved and settled, and allows so many attempts.
#[derive(Debug)]
pub struct Book {
    pub allowed: usize,
    pub reserved: Mutex<Vec<Planned>>,
    pub settled: Mutex<Vec<(String, Attempt)>>,
}

impl Book {
    pub fn allowing(allowed: usize) -> Arc<Self> {
        Arc::new(Self { allowed, reserved: Mutex::default(), settled: Mutex::default() })
    }

    pub fn open() -> Arc<Self> {
        Self::allowing(usize::MAX)
    }

    /// Each attempt: its provider and how it ended, in the order of their ends.
    pub fn outcomes(&self) -> Vec<String> {
        let settled = self.settled.lock().unwrap();
        assert_eq!(settled.len(), self.reserved.lock().unwrap().len(), "each is settled once");
        settled.iter().map(|(who, it)| format!("{who}: {}", it.outcome.kind())).collect()
    }

    pub fn attempts(&self) -> Vec<Attempt> {
        self.settled.lock().unwrap().iter().map(|(_, it)| it.clone()).collect()
    }
}

impl Meter for Book {
    fn reserve<'a>(&'a self, planned: &'a Planned) -> BoxFuture<'a, Result<(), OverBudget>> {
        let mut reserved = self.reserved.lock().unwrap();
        let is_allowed = reserved.len() < self.allowed;
        if is_allowed {
            reserved.push(planned.clone());
        }
        future::ready(is_allowed.then_some(()).ok_or(OverBudget)).boxed()
    }

    fn settle(&self, planned: &Planned, attempt: &Attempt) {
        self.settled.lock().unwrap().push((planned.provider.clone(), attempt.clone()));
    }
}
