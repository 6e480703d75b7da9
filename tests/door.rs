//! Companions talked to from elsewhere: keys on the command line, and OpenAI's own client.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, ensure};
use clap::Parser;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command as Process},
};
use vivarium_host::{
    config::{Cli, Command, KeyCommand, KeyPlaceConfig, ServerConfig},
    keys::{DIALOGUE, NewKey, api::Listed, command},
    server::Server,
};

use crate::harness::{until, within};

const PACKAGES: &str = "../client-web/node_modules";

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Where a server has everything, and the command line finds it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> anyhow::Result<Self> {
        Ok(Self(tempfile::tempdir()?))
    }

    /// A server with the plaza, and the models that these settings name.
    async fn server(&self, dialogue: Option<&str>) -> anyhow::Result<Server> {
        let mut config = ServerConfig::on_free_port();
        config.assets = here("../assets");
        config.data = self.0.path().join("data");
        config.worlds = vec!["plaza".into()];
        if let Some(settings) = dialogue {
            let path = self.0.path().join("dialogue.toml");
            std::fs::write(&path, settings)?;
            config.dialogue = Some(path);
        }
        Ok(Server::start(config).await?)
    }

    /// As `vivarium key list --data ...` reads it.
    fn keys(&self) -> anyhow::Result<KeyPlaceConfig> {
        let data = self.0.path().join("data").display().to_string();
        let cli = Cli::try_parse_from(["vivarium", "key", "list", "--data", &data])?;
        match cli.command {
            Command::Key(KeyCommand::List(place)) => Ok(place),
            other => anyhow::bail!("{other:?}"),
        }
    }

    /// A new key: its id, and the key.
    async fn key(&self, tier: &str) -> anyhow::Result<(String, String)> {
        let new = NewKey { name: "a bot".into(), scope: DIALOGUE.into(), tier: tier.into() };
        let made = command::create(&self.keys()?, new).await?;
        Ok((made.listed.id, made.key))
    }

    async fn listed(&self) -> anyhow::Result<Vec<Listed>> {
        Ok(command::list(&self.keys()?).await?)
    }
}

/// What OpenAI's client makes of a story of `client-web/tests/openai.mjs`.
async fn story(server: &Server, key: &str, story: &str) -> anyhow::Result<Value> {
    ensure!(
        here(PACKAGES).join("openai").exists(),
        "the package openai is not there: run `npm ci` in client-web, as `make test` does"
    );
    let mut process = Process::new("node");
    process
        .arg(here("../client-web/tests/openai.mjs"))
        .args([story, &format!("{}v1", server.url()), key])
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let output = within(story, async { Ok(process.output().await?) }).await?;
    ensure!(output.status.success(), "{story}: {}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Models that say what they are told to, by somebody else; it ends with its story.
struct Aimock {
    port: u16,
    _process: Child,
    _folder: tempfile::TempDir,
}

impl Aimock {
    async fn start() -> anyhow::Result<Self> {
        let program = here(PACKAGES).join("@copilotkit/aimock/dist/aimock-cli.js");
        ensure!(program.exists(), "aimock is not there: run `npm ci` in client-web");
        let folder = tempfile::tempdir()?;
        let fixtures = folder.path().join("fixtures.json");
        let long = "and then the tide came in again ".repeat(40);
        let said = json!({ "fixtures": [
            { "match": { "userMessage": "lighthouse" },
              "response": { "content": "Behind the harbour, on the rock." } },
            { "match": { "userMessage": "long story" }, "response": { "content": long },
              "latency": 50 } ] });
        std::fs::write(&fixtures, said.to_string())?;
        let config = folder.path().join("aimock.json");
        let settings = json!({ "strict": true, "llm": { "fixtures": fixtures, "chunkSize": 6 } });
        std::fs::write(&config, settings.to_string())?;
        let mut process = Process::new("node")
            .arg(program)
            .arg("--config")
            .arg(config)
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(process.stdout.take().context("a pipe")?).lines();
        let port = loop {
            let line = lines.next_line().await?.context("aimock ended before it listened")?;
            if let Some((_, url)) = line.split_once("listening on ") {
                let port = url.trim().rsplit(':').next().context("a port")?;
                break port.parse()?;
            }
        };
        Ok(Self { port, _process: process, _folder: folder })
    }

    fn settings(&self, more: &str) -> String {
        let port = self.port;
        format!(
            "[providers.home]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:{port}/v1\"\n\
             [[models]]\nname = \"small\"\nprovider = \"home\"\nid = \"m\"\ntier = \"small\"\n\
             context_tokens = 8192\n{more}"
        )
    }
}

fn content(completion: &Value) -> &str {
    completion["choices"][0]["message"]["content"].as_str().unwrap_or_default()
}

fn pieces(streamed: &Value) -> String {
    let pieces = streamed["pieces"].as_array().into_iter().flatten();
    pieces.filter_map(Value::as_str).collect()
}

#[tokio::test]
async fn programs_of_others_talk_to_her_who_answers_from_what_she_knows() -> anyhow::Result<()> {
    let place = Place::new()?;
    let (_, key) = place.key("registered").await?;
    let server = place.server(None).await?;
    let came = story(&server, &key, "reduced").await?;
    let models = came["models"].as_array().context("a list")?;
    ensure!(models.contains(&json!("guide")) && came["one"] == "guide", "{models:?}");

    let whole = &came["whole"];
    ensure!(whole["object"] == "chat.completion" && whole["model"] == "guide", "{whole}");
    ensure!(whole["choices"][0]["finish_reason"] == "stop" && !content(whole).is_empty());
    ensure!(whole["vivarium"]["is_reduced"] == true, "people are shown it, so are programs");
    let usage = &whole["usage"];
    ensure!(usage["completion_tokens"].as_u64() > Some(0), "{usage}");
    ensure!(whole["request"].as_str().is_some_and(|id| id.starts_with("req_")), "{whole}");
    ensure!(content(&came["again"]).contains("Bruno"), "{}", came["again"]);
    ensure!(!content(&came["other"]).contains("Bruno"), "{}", came["other"]);

    let streamed = &came["streamed"];
    ensure!(streamed["roles"] == json!(["assistant"]), "{streamed}");
    ensure!(streamed["finishes"] == json!(["stop"]) && !pieces(streamed).is_empty(), "{streamed}");
    ensure!(streamed["usage"]["total_tokens"].as_u64() > Some(0), "{streamed}");

    let errors = ["stranger", "missing", "unknown", "tools", "several", "elsewhere"];
    let told = errors.map(|error| {
        let error = &came[error];
        [&error["name"], &error["code"], &error["param"]].map(|word| word.as_str().unwrap_or("-"))
    });
    let expected = [
        ["AuthenticationError", "invalid_api_key", "-"],
        ["NotFoundError", "model_not_found", "model"],
        ["NotFoundError", "model_not_found", "model"],
        ["BadRequestError", "-", "tools"],
        ["BadRequestError", "-", "n"],
        ["NotFoundError", "unknown_url", "-"],
    ];
    ensure!(told == expected, "{told:?}");
    ensure!(came["missing"]["request"].as_str().is_some_and(|id| id.starts_with("req_")));

    let often = story(&server, &key, "often").await?;
    ensure!(often["name"] == "RateLimitError" && often["code"] == "rate_limit_exceeded");
    ensure!(often["wait"].as_str().is_some_and(|wait| wait.parse().is_ok_and(|s: u32| s > 0)));
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn models_find_her_words_for_programs_too_and_whoever_hangs_up_ends_it() -> anyhow::Result<()>
{
    let aimock = Aimock::start().await?;
    let place = Place::new()?;
    let (_, key) = place.key("premium").await?;
    let server = place.server(Some(&aimock.settings(""))).await?;
    let came = story(&server, &key, "modelled").await?;
    ensure!(content(&came["whole"]) == "Behind the harbour, on the rock.", "{came}");
    ensure!(came["whole"]["vivarium"]["is_reduced"] == false, "{came}");
    let streamed = &came["streamed"];
    ensure!(pieces(streamed) == "Behind the harbour, on the rock.", "{streamed}");
    ensure!(streamed["pieces"].as_array().map(Vec::len) > Some(1), "in pieces: {streamed}");

    // Each answer that goes on would keep the next one waiting for a long time.
    let came = story(&server, &key, "abandoned").await?;
    ensure!(came["aborted"] == json!(vec![true; 6]), "{came}");
    ensure!(content(&came["whole"]) == "Behind the harbour, on the rock.", "{came}");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_key_that_has_said_enough_waits_until_its_hour_is_over() -> anyhow::Result<()> {
    let aimock = Aimock::start().await?;
    let place = Place::new()?;
    let (_, key) = place.key("registered").await?;
    let more = "[limits.messages_per_hour]\nregistered = 1\n";
    let server = place.server(Some(&aimock.settings(more))).await?;
    let came = story(&server, &key, "limited").await?;
    ensure!(content(&came["first"]["came"]) == "Behind the harbour, on the rock.", "{came}");
    let second = &came["second"];
    ensure!(second["name"] == "RateLimitError" && second["status"] == 429, "{second}");
    let wait: u32 = second["wait"].as_str().context("when")?.parse()?;
    ensure!((3_500..=3_600).contains(&wait), "{wait} s");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn keys_are_made_listed_and_revoked_while_a_server_runs_and_while_none_does()
-> anyhow::Result<()> {
    let place = Place::new()?;
    let aimock = Aimock::start().await?;
    let (early, first) = place.key("premium").await?;
    let server = place.server(Some(&aimock.settings(""))).await?;
    let (late, second) = place.key("registered").await?;
    ensure!(first.starts_with("viv_") && first != second);
    for key in [&first, &second] {
        let came = story(&server, key, "revoked").await?;
        ensure!(came["came"]["data"].is_array(), "it counts without a restart: {came}");
    }
    until("the use of both is noted", async || {
        Ok(place.listed().await?.iter().all(|key| key.used_on.is_some()))
    })
    .await?;
    let tiers: Vec<_> = place.listed().await?.into_iter().map(|key| (key.id, key.tier)).collect();
    let mut expected = vec![(early.clone(), "premium".into()), (late.clone(), "registered".into())];
    expected.sort_unstable();
    ensure!(tiers == expected, "{tiers:?}");

    // An answer that is under way ends with its key.
    let mut socket = TcpStream::connect(server.address()).await?;
    let body = json!({ "model": "guide", "stream": true,
        "messages": [{ "role": "user", "content": "Tell me the long story, please." }] });
    let body = body.to_string();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {second}\r\n\
         origin: https://elsewhere.example\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).await?;
    let mut told = String::new();
    while !told.contains("\"content\":\"\"") {
        let mut part = [0; 4096];
        let count = socket.read(&mut part).await?;
        ensure!(count > 0, "{told}");
        told += &String::from_utf8_lossy(&part[..count]);
    }
    ensure!(!told.to_lowercase().contains("access-control"), "no page is let in: {told}");
    command::revoke(&place.keys()?, &late).await?;
    let gone = story(&server, &second, "revoked").await?;
    ensure!(gone["name"] == "AuthenticationError", "{gone}");
    within("the answer ends", async {
        while !told.contains("[DONE]") {
            let mut part = [0; 4096];
            let count = socket.read(&mut part).await?;
            ensure!(count > 0, "{told}");
            told += &String::from_utf8_lossy(&part[..count]);
        }
        Ok(())
    })
    .await?;
    ensure!(told.contains("\"finish_reason\":\"length\""), "it was cut short: {told}");
    server.shutdown().await;

    let missing = command::revoke(&place.keys()?, &late).await.unwrap_err().to_string();
    ensure!(missing.contains(&late), "{missing}");
    command::revoke(&place.keys()?, &early).await?;
    ensure!(place.listed().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn only_owners_of_everything_have_to_do_with_keys_and_nobody_without_one_talks()
-> anyhow::Result<()> {
    let place = Place::new()?;
    let server = place.server(None).await?;
    let url = |path: &str| format!("{}{path}", server.url());
    drop(rustls::crypto::ring::default_provider().install_default());
    let http = reqwest::Client::builder().no_proxy().build()?;
    let wanted = json!({ "scope": "dialogue" });
    for key in [None, Some("7".repeat(64)), Some("viv_key".to_owned())] {
        let asked = http.post(url("api/keys")).json(&wanted);
        let asked = match &key {
            Some(key) => asked.bearer_auth(key),
            None => asked,
        };
        let status = asked.send().await?.status().as_u16();
        ensure!(matches!(status, 401 | 403), "{key:?}: {status}");
    }
    let device = "7".repeat(64);
    let chat = http.post(url("v1/chat/completions")).bearer_auth(device).body("{");
    let answer = chat.send().await?;
    ensure!(answer.status() == 401, "before a byte of the body is read: {answer:?}");
    ensure!(answer.headers().contains_key("www-authenticate"));

    let (_, key) = place.key("registered").await?;
    for (body, status) in [("{".to_owned(), 400), ("x".repeat(256 * 1_024 + 1), 413)] {
        let asked = http.post(url("v1/chat/completions")).bearer_auth(&key).body(body);
        let answer = asked.send().await?;
        ensure!(answer.status() == status, "{answer:?}");
        let told: Value = answer.json().await?;
        ensure!(told["error"]["message"].is_string(), "{told}");
    }
    let preflight = http
        .request(reqwest::Method::OPTIONS, url("v1/chat/completions"))
        .header("origin", "https://elsewhere.example")
        .header("access-control-request-method", "POST")
        .send()
        .await?;
    ensure!(!preflight.headers().keys().any(|name| name.as_str().starts_with("access-control")));
    server.shutdown().await;
    Ok(())
}
