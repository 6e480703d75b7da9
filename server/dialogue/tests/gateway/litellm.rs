//! The same against `litellm`, a gateway of others that answers by itself here (`mock_response`): as
//! whoever runs one before their models would have it.
//!
//! It is installed by `tools/make/python.sh`. Where it is not, this story fails.

use std::{net::TcpListener, path::Path, process::Stdio, time::Duration};

use tokio::{
    process::{Child, Command},
    time::Instant,
};
use vivarium_dialogue::{
    gateway::{Gateway, Settings},
    provider::Finish,
};

use crate::asking::{Book, Told, request, told};

const PROGRAM: &str = "../../target/python/bin/litellm";
const ANSWER: &str = "Bonsoir, Zoë. The lamp is lit 🌊.";
const KEY: &str = "sk-secret";
/// It is a large program, and the machine may be busy.
const STARTS_MAX: Duration = Duration::from_secs(120);

/// Models that litellm has, and what becomes of asking them.
const MODELS: [(&str, &str); 3] = [
    ("plain", ANSWER),
    ("limited", "litellm.RateLimitError"),
    ("broken", "litellm.InternalServerError"),
];

/// A running litellm; it ends with its story.
struct Litellm {
    port: u16,
    _process: Child,
    _folder: tempfile::TempDir,
}

impl Litellm {
    async fn start() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(PROGRAM);
        assert!(
            program.exists(),
            "{} is not there: run tools/make/python.sh, as `make test` does",
            program.display()
        );
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("litellm.json");
        std::fs::write(&config, serde_json::to_vec(&settings()).unwrap()).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = Command::new(program)
            .arg("--config")
            .arg(config)
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            // What models cost is known without asking anybody.
            .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let began = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(process.try_wait().unwrap().is_none(), "litellm ended before it listened");
            assert!(began.elapsed() < STARTS_MAX, "litellm does not listen");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self { port, _process: process, _folder: folder }
    }

    /// What somebody is told who asks one model, and else the plain one; and how the attempts ended.
    async fn told(&self, model: &str, key: &str) -> (Told, Vec<String>) {
        let gateway = Gateway::new(self.settings(model), |_| Some(key.to_owned())).unwrap();
        let book = Book::open();
        let told = told(gateway.stream(request("hello"), None, book.clone())).await;
        (told, book.outcomes())
    }

    fn settings(&self, model: &str) -> Settings {
        let provider = |name: &str| {
            let url = format!("http://127.0.0.1:{}/v1", self.port);
            format!(
                "[providers.{name}]\nkind = \"openai\"\nbase_url = \"{url}\"\nkey_env = \"KEY\"\n"
            )
        };
        let entry = |name: &str, provider: &str, price: u64| {
            format!(
                "[[models]]\nname = \"{name}\"\nprovider = \"{provider}\"\ntier = \"large\"\n\
                 context_tokens = 8000\ninput_microdollars_per_million = {price}\n\
                 output_microdollars_per_million = {price}\n"
            )
        };
        let mut text = [
            "[timeouts]\nconnect_ms = 5_000\nfirst_token_ms = 30_000\nstall_ms = 30_000\n",
            "whole_ms = 60_000\n[retries]\nper_model = 1\nfirst_wait_ms = 1\nwait_ms_max = 2\n",
        ]
        .concat();
        text += &provider("one");
        text += &entry(model, "one", 1_000_000);
        if model != "plain" {
            text += &provider("two");
            text += &entry("plain", "two", 2_000_000);
        }
        Settings::parse(&text).unwrap()
    }
}

/// Of litellm, whose YAML may be JSON.
fn settings() -> serde_json::Value {
    let models = MODELS.map(|(name, answer)| {
        serde_json::json!({
            "model_name": name,
            "litellm_params": {
                "model": "openai/gpt-4o-mini",
                "api_key": "none",
                "mock_response": answer,
            },
        })
    });
    serde_json::json!({
        "model_list": models,
        "litellm_settings": { "telemetry": false },
        "general_settings": { "master_key": KEY },
        "router_settings": { "num_retries": 0, "disable_cooldowns": true },
    })
}

#[tokio::test]
async fn a_gateway_of_others_is_understood_when_it_answers_and_when_it_refuses() {
    let litellm = Litellm::start().await;

    let (told, outcomes) = litellm.told("plain", KEY).await;
    assert_eq!(told.text, ANSWER, "{told:?}");
    assert_eq!((told.finish, told.error), (Some(Finish::Stop), None));
    assert!(told.usage.unwrap().output_tokens > 0);
    assert_eq!(outcomes, ["one: done"]);

    for (model, first, tries) in [("limited", "one: rate_limited", 1), ("broken", "one: server", 2)]
    {
        let (told, outcomes) = litellm.told(model, KEY).await;
        assert_eq!(told.text, ANSWER, "{model}: {told:?}");
        let mut expected = vec![first; tries];
        expected.push("two: done");
        assert_eq!(outcomes, expected, "{model}");
    }

    let (told, outcomes) = litellm.told("plain", "sk-wrong").await;
    assert!(told.error.is_some(), "{told:?}");
    // Without a database of its own it calls an unknown key a bad request. It is not asked again.
    assert_eq!(outcomes, ["one: bad_request"]);
}
