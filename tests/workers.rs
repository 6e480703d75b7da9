//! Workers that ask models for a server: killed in the middle of what somebody says.

use std::{path::Path, process::Stdio};

use anyhow::{Context, ensure};
use clap::Parser;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};
use vivarium_host::{config::WorkerConfig, minds::worker};
use vivarium_protocol::{intent::ClientMessage, notice::SpeechEnd};

use crate::{
    harness::{
        socket::{Client, get},
        until,
    },
    minds::{NIA, one_model, server},
};

#[path = "../server/dialogue/tests/redis/server.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "the stories of the queue kill Redis as well")]
pub mod redis_server;
#[path = "../server/dialogue/tests/gateway/upstream.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "the stories of the gateway know more faults")]
pub mod upstream;

use redis_server::RedisServer;
use upstream::{Upstream, answer, begun, hanging, whole};

/// Tells the process of a test that it is a worker: what its command line says.
const WORKS: &str = "VIVARIUM_STORY_WORKS";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    config: WorkerConfig,
}

/// Is what `vivarium dialogue-worker` is, until it is killed.
async fn work(line: &str) -> anyhow::Result<()> {
    let Line { config } = Line::parse_from(line.split('\n'));
    let is_ready = || println!("\nready");
    Ok(worker::serve(&config, is_ready, std::future::pending()).await?)
}

async fn start(redis: &RedisServer, settings: &Path) -> anyhow::Result<Child> {
    let test = "workers::one_that_is_killed_in_the_middle_of_a_sentence_is_replaced";
    let line = ["worker", "--redis", &redis.url(), "--dialogue", &settings.to_string_lossy()];
    let mut process = Command::new(std::env::current_exe()?)
        .args(["--exact", test, "--nocapture"])
        .env(WORKS, line.join("\n"))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(process.stdout.take().context("its output")?).lines();
    while let Some(line) = lines.next_line().await? {
        if line == "ready" {
            return Ok(process);
        }
    }
    anyhow::bail!("the worker did not start")
}

#[tokio::test]
async fn one_that_is_killed_in_the_middle_of_a_sentence_is_replaced() -> anyhow::Result<()> {
    if let Ok(line) = std::env::var(WORKS) {
        return work(&line).await;
    }
    let redis = RedisServer::start().await;
    let upstream = Upstream::serving(vec![
        hanging(&begun("openai", &["Once upon a time ", "there was "])),
        answer(&whole("openai", &["Once upon a time there was ", "a lamp."])),
    ])
    .await;
    let folder = tempfile::tempdir()?;
    let settings = folder.path().join("dialogue.toml");
    std::fs::write(&settings, one_model(upstream.port))?;
    let server = server(|config| config.redis = Some(redis.url())).await?;
    let mut first = start(&redis, &settings).await?;
    let mut ana = Client::enter(&server, "Ana").await?;
    let text = "Would you tell me the story of the lighthouse?".into();
    ana.send(&ClientMessage::Address { companion: NIA, text }).await?;

    let job = job(&redis).await?;
    let status = async || -> anyhow::Result<Value> {
        let (status, body) = get(&server, &format!("/api/dialogue/jobs/{job}")).await?;
        ensure!(status == 200, "{status}: {body}");
        Ok(serde_json::from_str(&body)?)
    };
    until("words come", async || Ok(status().await?["state"] == "streaming")).await?;
    first.kill().await?;
    let _second = start(&redis, &settings).await?;
    let (said, end) = ana.answered_by(NIA).await?;
    let said = said.concat();
    ensure!(said == "Once upon a time there was a lamp.", "{said}");
    ensure!(end == SpeechEnd::Done && upstream.came().len() == 2, "{end:?}");
    let status = status().await?;
    ensure!(status["state"] == "done" && status["deliveries"] == 2, "{status}");
    ensure!(status["model"] == "small" && !status.to_string().contains("lamp"), "{status}");
    for wrong in ["0", "ffffffffffffffffffffffffffffffff"] {
        ensure!(get(&server, &format!("/api/dialogue/jobs/{wrong}")).await?.0 == 404);
    }
    server.shutdown().await;
    Ok(())
}

/// The id of the only job whose answer has begun.
async fn job(redis: &RedisServer) -> anyhow::Result<String> {
    let redis = redis.connect().await;
    let mut found = None;
    until("an answer begins", async || {
        let mut keys = redis::cmd("KEYS");
        keys.arg("vivarium:dialogue:job:*");
        let keys: Vec<String> = keys.query_async(&mut redis.connection()).await?;
        let id = |key: &String| key.rsplit(':').next().map(str::to_owned);
        found = keys.first().and_then(id);
        Ok(found.is_some())
    })
    .await?;
    found.context("there is one")
}
