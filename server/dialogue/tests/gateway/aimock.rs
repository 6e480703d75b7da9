//! The same against `@copilotkit/aimock`, which others wrote after what providers really send: as
//! OpenAI and as Anthropic, with its own faults.
//!
//! It is among the client's packages. Where they are not installed, these stories fail.

use std::{path::Path, process::Stdio};

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};
use vivarium_dialogue::{
    gateway::{embeddings::EmbeddingError, meter::Unmetered},
    provider::{Finish, Request, ToolResult, Turn},
};

use crate::asking::{Book, IMPATIENT, Told, gateway, request, settings, told};

const PROGRAM: &str = "../../client-web/node_modules/@copilotkit/aimock/dist/aimock-cli.js";
const KINDS: [[&str; 2]; 2] = [["openai", "anthropic"], ["anthropic", "openai"]];

/// A running aimock; it ends with its story.
struct Aimock {
    port: u16,
    _process: Child,
    _folder: tempfile::TempDir,
}

impl Aimock {
    async fn start() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = here.join(PROGRAM);
        assert!(
            program.exists(),
            "{} is not there: run `npm ci` in client-web, as `make test` does",
            program.display()
        );
        let files = here.join("tests/gateway/aimock");
        let fixtures = files.join("fixtures.json").display().to_string();
        let config = std::fs::read_to_string(files.join("aimock.json")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config_path = folder.path().join("aimock.json");
        std::fs::write(&config_path, config.replace("FIXTURES", &fixtures)).unwrap();
        let mut process = Command::new("node")
            .arg(program)
            .arg("--config")
            .arg(config_path)
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node must be installed, as for building the client");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next_line().await.unwrap().expect("aimock ended before it listened");
            if let Some((_, url)) = line.split_once("listening on ") {
                break url.trim().rsplit(':').next().unwrap().parse().unwrap();
            }
        };
        Self { port, _process: process, _folder: folder }
    }

    /// What somebody is told, and how the attempts ended.
    async fn told(&self, kinds: [&str; 2], text: &str) -> (Told, Vec<String>) {
        let timeouts = if text == "late" { IMPATIENT } else { "" };
        let gateway = gateway(settings(kinds, [self.port; 2], timeouts));
        let book = Book::open();
        let told = told(gateway.stream(request(text), None, book.clone())).await;
        (told, book.outcomes())
    }
}

#[tokio::test]
async fn answers_and_calls_are_understood() {
    let aimock = Aimock::start().await;
    for kinds in KINDS {
        let (told, outcomes) = aimock.told(kinds, "hello").await;
        assert_eq!(told.text, "Bonsoir, Zoë. The lamp is lit 🌊.", "{told:?}");
        assert_eq!((told.finish, told.error), (Some(Finish::Stop), None));
        assert!(told.usage.unwrap().output_tokens > 0);
        assert_eq!(outcomes, ["one: done"]);

        let (told, _) = aimock.told(kinds, "wave").await;
        let [call] = &told.calls[..] else { panic!("{told:?}") };
        assert_eq!(call.name, "wave");
        assert_eq!(call.arguments, json!({ "to": "Zoë", "times": [1, 2] }));
        assert_eq!(told.finish, Some(Finish::ToolCalls));
    }
}

#[tokio::test]
async fn a_tool_that_is_to_be_called_is_called() {
    let aimock = Aimock::start().await;
    for kinds in KINDS {
        let gateway = gateway(settings(kinds, [aimock.port; 2], ""));
        let request = Request { tool_choice: Some("wave".into()), ..request("wave") };
        let told = told(gateway.stream(request, None, Book::open())).await;
        assert_eq!(told.calls[0].name, "wave", "{told:?}");
    }
}

#[tokio::test]
async fn vectors_are_understood_and_what_is_none_is_refused() {
    let aimock = Aimock::start().await;
    let memory = "[memory]\nembedding = { model = \"meaning\", provider = \"one\" }\n";
    let gateway = gateway(settings(KINDS[0], [aimock.port; 2], memory));
    let embeddings = gateway.embeddings().unwrap();
    let vectors = embeddings.of(&["hives on a roof", "more hives"], &Unmetered).await.unwrap();
    let [Some(one), Some(other)] = &vectors[..] else { panic!("{vectors:?}") };
    assert!(one.cosine(other).unwrap() > 0.99);
    let nothing = embeddings.of(&["nothing"], &Unmetered).await.unwrap();
    assert_eq!(nothing, [None]);
    let limited = embeddings.of(&["limited"], &Unmetered).await;
    assert!(matches!(limited, Err(EmbeddingError::Provider(_))), "{limited:?}");
    assert_eq!(embeddings.query("hives again", &Unmetered).await, None, "it is left alone");
}

#[tokio::test]
async fn a_conversation_with_calls_and_results_is_taken() {
    let aimock = Aimock::start().await;
    for kinds in KINDS {
        let gateway = gateway(settings(kinds, [aimock.port; 2], ""));
        let (first, _) = aimock.told(kinds, "wave").await;
        let results =
            first.calls.iter().map(|it| ToolResult { id: it.id.clone(), text: "done".into() });
        let results = results.collect();
        let mut request = request("wave");
        request.turns.push(Turn::Model { text: "I wave.".into(), calls: first.calls });
        request.turns.push(Turn::Results(results));
        request.turns.push(Turn::User("hello again".into()));
        let told = told(gateway.stream(request, None, Book::open())).await;
        assert_eq!(told.text, "Bonsoir, Zoë. The lamp is lit 🌊.", "{told:?}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_told_as_such() {
    let aimock = Aimock::start().await;
    let settings = settings(KINDS[0], [aimock.port; 2], "");
    let gateway = vivarium_dialogue::gateway::Gateway::new(settings, |_| Some("sk-wrong".into()));
    let book = Book::open();
    told(gateway.unwrap().stream(request("hello"), None, book.clone())).await;
    assert_eq!(book.outcomes(), ["one: unauthorised", "two: unauthorised"]);
}

#[tokio::test]
async fn whoever_is_limited_overloaded_late_garbled_or_gone_is_left_for_the_next() {
    let aimock = Aimock::start().await;
    for kinds in KINDS {
        for (text, answer, first, tries) in [
            ("limited", "I am here.", "one: rate_limited", 1),
            ("overloaded", "I am here.", "one: overloaded", 2),
            ("late", "In time.", "one: timed_out", 2),
            ("garbled", "Clear.", "one: malformed", 2),
            ("gone", "Still here.", "one: unreachable", 2),
        ] {
            let (told, outcomes) = aimock.told(kinds, text).await;
            assert_eq!(told.text, answer, "{text}: {told:?}");
            let mut expected = vec![first; tries];
            expected.push("two: done");
            assert_eq!(outcomes, expected, "{text}");
        }
    }
}

#[tokio::test]
async fn a_story_that_breaks_is_told_once_and_to_its_end() {
    let aimock = Aimock::start().await;
    for kinds in KINDS {
        let (told, outcomes) = aimock.told(kinds, "story").await;
        assert_eq!(told.text, "Once the sea was so still that it forgot the tide.", "{told:?}");
        assert_eq!(told.finish, Some(Finish::Stop));
        assert_eq!(outcomes, ["one: cut", "two: done"]);
    }
}
