//! A provider that does, byte by byte, what the story says.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
    task::JoinHandle,
};

/// What happens on one connection after its request.
#[derive(Clone, Debug)]
pub enum Step {
    /// Is sent.
    Bytes(Vec<u8>),
    /// Nothing happens until the other end goes away.
    Hang,
    /// Nothing happens until somebody opens it.
    Gate(Arc<Notify>),
    /// Another request comes on the same connection.
    Read,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Came {
    /// Of which connection, counted from 0.
    pub connection: usize,
    pub head: String,
    pub body: Value,
}

/// What is done about a request.
type Script = Arc<dyn Fn(&Came) -> Vec<Step> + Send + Sync>;

/// Serves scripts.
pub struct Upstream {
    pub port: u16,
    came: Arc<Mutex<Vec<Came>>>,
    left: watch::Receiver<usize>,
    server: JoinHandle<()>,
}

impl Upstream {
    /// Serves one script for each connection in turn; the last one again and again.
    pub async fn serving(scripts: Vec<Vec<Step>>) -> Self {
        Self::answering(move |came| scripts[came.connection.min(scripts.len() - 1)].clone()).await
    }

    /// Serves what is fit for the request.
    pub async fn answering(script: impl Fn(&Came) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let script: Script = Arc::new(script);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let came = Arc::new(Mutex::new(Vec::new()));
        let (leaving, left) = watch::channel(0);
        let requests = Arc::clone(&came);
        let server = tokio::spawn(async move {
            for nth in 0.. {
                let (connection, _) = listener.accept().await.unwrap();
                let (requests, leaving) = (Arc::clone(&requests), leaving.clone());
                tokio::spawn(serve((nth, connection), Arc::clone(&script), requests, leaving));
            }
        });
        Self { port, came, left, server }
    }

    /// An answer, whole, of each kind in turn.
    pub async fn saying(kind: &str, texts: &[&str]) -> Self {
        Self::serving(vec![answer(&whole(kind, texts))]).await
    }

    pub fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }

    /// Until so many connections on which the script hangs were given up.
    pub async fn until_left(&mut self, count: usize) {
        self.left.wait_for(|left| *left >= count).await.unwrap();
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(
    (nth, mut connection): (usize, TcpStream),
    script: Script,
    came: Arc<Mutex<Vec<Came>>>,
    leaving: watch::Sender<usize>,
) {
    let Some(request) = read(nth, &mut connection).await else { return };
    let steps = script(&request);
    came.lock().unwrap().push(request);
    for step in steps {
        match step {
            Step::Bytes(bytes) => {
                if connection.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Step::Gate(opened) => opened.notified().await,
            Step::Read => {
                let Some(request) = read(nth, &mut connection).await else { return };
                came.lock().unwrap().push(request);
            }
            Step::Hang => {
                let mut rest = [0; 64];
                while connection.read(&mut rest).await.is_ok_and(|it| it > 0) {}
                leaving.send_modify(|it| *it += 1);
                return;
            }
        }
    }
    drop(connection.shutdown().await);
}

async fn read(nth: usize, connection: &mut TcpStream) -> Option<Came> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
            let length = head.lines().find_map(|it| it.strip_prefix("content-length: "));
            let length: usize = length.unwrap().parse().unwrap();
            if bytes.len() >= end + 4 + length {
                let body = serde_json::from_slice(&bytes[end + 4..]).unwrap();
                return Some(Came { connection: nth, head, body });
            }
        }
        if connection.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// An answer with this status, these headers and this body, which ends with the connection.
pub fn http(status: &str, headers: &str, body: &str) -> Vec<Step> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\n\r\n");
    vec![Step::Bytes([head.as_bytes(), body.as_bytes()].concat())]
}

/// Events in one chunk, and the end of the body, after which the connection goes on.
pub fn chunked(events: &[u8]) -> (Step, Step) {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                transfer-encoding: chunked\r\n\r\n";
    let size = format!("{:x}\r\n", events.len());
    let beginning = [head.as_bytes(), size.as_bytes(), events, b"\r\n"].concat();
    (Step::Bytes(beginning), Step::Bytes(b"0\r\n\r\n".to_vec()))
}

/// Events, which end with the connection.
pub fn answer(events: &[u8]) -> Vec<Step> {
    let mut steps = http("200 OK", "content-type: text/event-stream; charset=utf-8\r\n", "");
    steps.push(Step::Bytes(events.to_vec()));
    steps
}

/// Events, after which nothing comes.
pub fn hanging(events: &[u8]) -> Vec<Step> {
    let mut steps = answer(events);
    steps.push(Step::Hang);
    steps
}

/// The beginning of an answer, with these texts.
pub fn begun(kind: &str, texts: &[&str]) -> Vec<u8> {
    let mut events = String::new();
    if kind == "anthropic" {
        let usage = json!({ "input_tokens": 40, "output_tokens": 1 });
        events += &named(json!({ "type": "message_start", "message": { "usage": usage } }));
        let block = json!({ "type": "text", "text": "" });
        events +=
            &named(json!({ "type": "content_block_start", "index": 0, "content_block": block }));
    }
    for text in texts {
        events += &if kind == "anthropic" {
            let delta = json!({ "type": "text_delta", "text": text });
            named(json!({ "type": "content_block_delta", "index": 0, "delta": delta }))
        } else {
            plain(json!({ "choices": [{ "index": 0, "delta": { "content": text } }] }))
        };
    }
    events.into_bytes()
}

/// A whole answer, with these texts; it takes 40 tokens and 7.
pub fn whole(kind: &str, texts: &[&str]) -> Vec<u8> {
    let mut events = begun(kind, texts);
    let end = if kind == "anthropic" {
        let delta = json!({ "stop_reason": "end_turn" });
        let usage = json!({ "output_tokens": 7 });
        named(json!({ "type": "content_block_stop", "index": 0 }))
            + &named(json!({ "type": "message_delta", "delta": delta, "usage": usage }))
            + &named(json!({ "type": "message_stop" }))
    } else {
        let usage = json!({ "prompt_tokens": 40, "completion_tokens": 7 });
        plain(json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] }))
            + &plain(json!({ "choices": [], "usage": usage }))
            + "data: [DONE]\n\n"
    };
    events.extend_from_slice(end.as_bytes());
    events
}

/// A call of a tool and nothing else, as OpenAI's kind tells it; it takes 40 tokens and 7.
pub fn calling(name: &str, arguments: &str) -> Vec<u8> {
    let call = json!({ "index": 0, "id": "c", "type": "function",
        "function": { "name": name, "arguments": arguments } });
    let delta = json!({ "tool_calls": [call] });
    let mut events = plain(json!({ "choices": [{ "index": 0, "delta": delta }] }));
    events.push_str(&String::from_utf8(whole("openai", &[])).unwrap());
    events.into_bytes()
}

fn plain(data: Value) -> String {
    format!("data: {data}\n\n")
}

fn named(data: Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
}
