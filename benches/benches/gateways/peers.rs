//! Gateways of others, each a process of its own with the same upstream behind it.

use std::{net::TcpListener, path::Path, process::Stdio, time::Duration};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::Instant,
};

/// How long one may take to start.
const STARTS_MAX: Duration = Duration::from_secs(120);

/// Where somebody is asked over HTTP, and with what.
#[derive(Clone)]
pub struct Target {
    /// All of it.
    pub url: String,
    /// Beside the type of the body.
    pub headers: Vec<(&'static str, String)>,
    /// The same for all, but for the model's name.
    pub body: Value,
}

/// A running gateway; it ends with this, and so does what it has started.
pub struct Peer {
    /// How it is asked.
    pub target: Target,
    group: u32,
    _process: Child,
    _folder: tempfile::TempDir,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let group = format!("-{}", self.group);
        let _ = std::process::Command::new("kill").args(["-KILL", "--", &group]).status();
    }
}

fn target(port: u16, headers: Vec<(&'static str, String)>) -> Target {
    let body = json!({
        "model": "plain",
        "stream": true,
        "stream_options": { "include_usage": true },
        "max_tokens": 200,
        "messages": [
            { "role": "system", "content": "You are Lys, who keeps the lighthouse." },
            { "role": "user", "content": "Tell me of the sea." },
        ],
    });
    Target { url: format!("http://127.0.0.1:{port}/v1/chat/completions"), headers, body }
}

/// The upstream, with nobody between.
pub fn direct(port: u16) -> Target {
    target(port, Vec::new())
}

/// `litellm --num_workers 2`, which is as many as there are cores.
pub async fn litellm(program: &Path, upstream: u16) -> anyhow::Result<Peer> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("litellm.json");
    let settings = json!({
        "model_list": [{
            "model_name": "plain",
            "litellm_params": {
                "model": "openai/plain",
                "api_key": "none",
                "api_base": format!("http://127.0.0.1:{upstream}/v1"),
            },
        }],
        "litellm_settings": { "telemetry": false },
        "general_settings": { "master_key": "sk-bench" },
    });
    std::fs::write(&config, settings.to_string())?;
    let port = free_port()?;
    let mut command = Command::new(program);
    command.arg("--config").arg(config).args(["--host", "127.0.0.1", "--num_workers", "2"]);
    command.args(["--port", &port.to_string()]).env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
    command.env("LITELLM_LOG", "ERROR");
    let headers = vec![("authorization", "Bearer sk-bench".to_owned())];
    start(command, port, target(port, headers), folder).await
}

/// `@portkey-ai/gateway`, as it is installed.
pub async fn portkey(script: &Path, upstream: u16) -> anyhow::Result<Peer> {
    let port = free_port()?;
    let mut command = Command::new("node");
    command.arg(script).arg("--headless").arg(format!("--port={port}"));
    // Else it does not ask an upstream on the same machine.
    command.env("TRUSTED_CUSTOM_HOSTS", "127.0.0.1").env("NODE_ENV", "production");
    let headers = vec![
        ("authorization", "Bearer none".to_owned()),
        ("x-portkey-provider", "openai".to_owned()),
        ("x-portkey-custom-host", format!("http://127.0.0.1:{upstream}/v1")),
    ];
    start(command, port, target(port, headers), tempfile::tempdir()?).await
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

async fn start(
    mut command: Command,
    port: u16,
    target: Target,
    folder: tempfile::TempDir,
) -> anyhow::Result<Peer> {
    let mut process = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .context("it cannot be started")?;
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if process.try_wait()?.is_some() || began.elapsed() > STARTS_MAX {
            bail!("it does not listen");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let group = process.id().context("it has ended")?;
    Ok(Peer { target, group, _process: process, _folder: folder })
}
