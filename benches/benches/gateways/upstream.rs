//! An upstream that answers at once: a process of its own.

use std::{convert::Infallible, process::Stdio};

use anyhow::Context;
use axum::{
    Router,
    body::{Body, Bytes},
    http::header::CONTENT_TYPE,
    response::Response,
    routing::post,
    serve::ListenerExt,
};
use futures_util::stream;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

/// The argument with which this program is the upstream.
pub const ROLE: &str = "upstream";
/// Of an answer.
pub const PIECES: usize = 20;

/// Says its port, and answers until it is killed.
pub async fn serve() -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    let router = Router::new().route("/v1/chat/completions", post(answer));
    // Else it waits for whoever asks to say that they have read what came before.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    Ok(axum::serve(listener, router).await?)
}

/// Each piece is a chunk of its own, as from a model. The request is read, and not looked at.
async fn answer(_: Bytes) -> Response {
    let piece = |delta: serde_json::Value, finish: Option<&str>| {
        let event = serde_json::json!({
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1_796_000_000,
            "model": "plain",
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        });
        Ok::<_, Infallible>(Bytes::from(format!("data: {event}\n\n")))
    };
    let words = (0..PIECES)
        .map(|number| piece(serde_json::json!({ "content": format!("word {number} ") }), None));
    let usage = serde_json::json!({
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_796_000_000,
        "model": "plain",
        "choices": [],
        "usage": { "prompt_tokens": 40, "completion_tokens": 60, "total_tokens": 100 },
    });
    let end = [
        piece(serde_json::json!({}), Some("stop")),
        Ok(Bytes::from(format!("data: {usage}\n\ndata: [DONE]\n\n"))),
    ];
    let body = Body::from_stream(stream::iter(words.chain(end).collect::<Vec<_>>()));
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, "text/event-stream".parse().expect("a type"));
    response
}

/// The process; it ends with this.
pub struct Child {
    /// Where it listens.
    pub port: u16,
    _process: tokio::process::Child,
}

impl Child {
    /// Starts one.
    pub async fn start() -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(ROLE)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let said = process.stdout.take().context("its output")?;
        let line = BufReader::new(said).lines().next_line().await?.context("its port")?;
        Ok(Self { port: line.trim().parse()?, _process: process })
    }
}
