//! Asks over HTTP, and reads what comes, for every kind of provider.
//!
//! A [`Dialect`] knows what is sent and a [`Reader`] what is answered; both are without IO. Here are
//! the connection, the times, and the limits. A key goes to the address of the configuration and
//! nowhere else: redirections are not followed.

use std::{collections::VecDeque, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER},
};
use reqwest::{Client, Response, Url, redirect::Policy};
use serde_json::Value;
use sse_stream::Sse;
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    Ask, Piece, Pieces, Provider, ProviderError,
    error::{retry_after, shortened},
    events::events,
    limits::{REFUSAL_BYTES_MAX, REFUSAL_READ_MAX, REST_READ_MAX, TEXT_BYTES_MAX},
};

/// What is sent to a kind of provider, and who reads its answers.
pub trait Dialect: Send + Sync + 'static {
    /// Goes after the provider's address.
    fn path(&self) -> &'static str;
    /// Besides what every request has.
    fn head(&self, key: Option<&Key>) -> HeaderMap;
    /// As JSON.
    fn body(&self, ask: &Ask) -> Value;
    /// For one answer.
    fn reader(&self) -> Box<dyn Reader>;
}

/// Reads the events of one answer.
pub trait Reader: Send {
    /// Takes the next event, and gives the pieces in it.
    fn take(&mut self, event: &Sse, out: &mut Vec<Piece>) -> Result<Flow, ProviderError>;
    /// No event follows: gives the end, if the answer is whole.
    fn end(&mut self, out: &mut Vec<Piece>) -> Result<(), ProviderError>;
}

/// Whether there is more to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// There is.
    More,
    /// The answer is whole.
    Done,
}

/// A secret of the configuration. Nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// Of a secret that fits into a header of HTTP.
    pub fn new(secret: &str) -> Option<Self> {
        let secret = secret.trim();
        let is_plain = !secret.is_empty() && secret.bytes().all(|it| it.is_ascii_graphic());
        is_plain.then(|| Self(secret.to_owned()))
    }

    /// For the head of a request alone.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// A provider that is asked over HTTP.
#[derive(Clone)]
pub struct Upstream {
    client: Client,
    url: Url,
    head: HeaderMap,
    dialect: Arc<dyn Dialect>,
}

/// Why there is no way to a provider.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The address is none of HTTP.
    #[error("{0} is no address of HTTP")]
    Address(Url),
    /// No client can be made.
    #[error("no HTTP client can be made: {0}")]
    Client(reqwest::Error),
}

impl Upstream {
    /// The provider below `base`, such as `https://api.openai.com/v1`.
    pub fn new(
        base: &Url,
        key: Option<&Key>,
        connect_max: Duration,
        dialect: Arc<dyn Dialect>,
    ) -> Result<Self, UpstreamError> {
        let (client, url) = way(base, dialect.path(), connect_max)?;
        let mut head = dialect.head(key);
        head.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        head.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        Ok(Self { client, url, head, dialect })
    }
}

/// A client, and the address of `path` below `base`.
pub(super) fn way(
    base: &Url,
    path: &str,
    connect_max: Duration,
) -> Result<(Client, Url), UpstreamError> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| UpstreamError::Address(base.clone()))?
        .pop_if_empty()
        .extend(path.split('/'));
    // Another may have been installed already: any does.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = Client::builder()
        // A key is for whom it was meant.
        .redirect(Policy::none())
        .connect_timeout(connect_max);
    // What runs on this machine is not behind anybody's proxy.
    let client = if is_loopback(base) { client.no_proxy() } else { client };
    Ok((client.build().map_err(UpstreamError::Client)?, url))
}

/// Whether an address is of this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl Provider for Upstream {
    fn ask(&self, ask: Ask) -> Pieces {
        let reading = Reading {
            upstream: self.clone(),
            reader: self.dialect.reader(),
            ask,
            state: State::Unasked,
            ready: VecDeque::new(),
            text_bytes: 0,
            first_token_by: None,
        };
        stream::unfold(reading, |mut reading| async move {
            let piece = reading.next().await?;
            Some((piece, reading))
        })
        .fuse()
        .boxed()
    }
}

/// An answer that is being read.
struct Reading {
    upstream: Upstream,
    reader: Box<dyn Reader>,
    ask: Ask,
    state: State,
    ready: VecDeque<Piece>,
    text_bytes: usize,
    /// Until something for whoever asked has come.
    first_token_by: Option<Instant>,
}

type Events = stream::BoxStream<'static, Result<Sse, ProviderError>>;

enum State {
    Unasked,
    Open(Events),
    Ended,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<Piece, ProviderError>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Some(Ok(piece));
            }
            if let Err(error) = self.step().await? {
                self.state = State::Ended;
                return Some(Err(error));
            }
        }
    }

    /// Reads on; `None` at the end.
    async fn step(&mut self) -> Option<Result<(), ProviderError>> {
        match &mut self.state {
            State::Ended => None,
            State::Unasked => {
                let first_token = self.ask.patience.first_token;
                let by = Instant::now() + first_token;
                self.first_token_by = Some(by);
                let events = match timeout_at(by, open(&self.upstream, &self.ask)).await {
                    Ok(events) => events,
                    Err(_) => Err(ProviderError::TimedOut { after: first_token }),
                };
                Some(events.map(|events| self.state = State::Open(events)))
            }
            State::Open(events) => {
                let event = match self.first_token_by {
                    None => events.next().await,
                    Some(by) => match timeout_at(by, events.next()).await {
                        Ok(event) => event,
                        Err(_) => {
                            let after = self.ask.patience.first_token;
                            return Some(Err(ProviderError::TimedOut { after }));
                        }
                    },
                };
                Some(self.take(event))
            }
        }
    }

    fn take(&mut self, event: Option<Result<Sse, ProviderError>>) -> Result<(), ProviderError> {
        let mut pieces = Vec::new();
        let flow = match event {
            None => self.reader.end(&mut pieces).map(|()| Flow::Done),
            Some(event) => event.and_then(|event| self.reader.take(&event, &mut pieces)),
        };
        for piece in pieces {
            if let Piece::Text(text) = &piece {
                self.text_bytes += text.len();
                if self.text_bytes > TEXT_BYTES_MAX {
                    let what = "bytes of text";
                    return Err(ProviderError::TooLarge { what, max: TEXT_BYTES_MAX });
                }
            }
            if piece.is_content() {
                self.first_token_by = None;
            }
            self.ready.push_back(piece);
        }
        match flow {
            Ok(Flow::More) => Ok(()),
            Ok(Flow::Done) => {
                if let State::Open(events) = std::mem::replace(&mut self.state, State::Ended) {
                    // Once the body's end was read, the connection can be used again.
                    let rest = events.for_each(|_| std::future::ready(()));
                    tokio::spawn(async { drop(timeout(REST_READ_MAX, rest).await) });
                }
                Ok(())
            }
            Err(error) if self.ready.is_empty() => Err(error),
            Err(error) => {
                // What came before it counts.
                self.state = State::Open(stream::iter([Err(error)]).boxed());
                Ok(())
            }
        }
    }
}

/// Sends the request, and looks at the head of the answer.
async fn open(upstream: &Upstream, ask: &Ask) -> Result<Events, ProviderError> {
    let Upstream { client, url, head, dialect } = upstream;
    let body = dialect.body(ask).to_string();
    let request = client.post(url.clone()).headers(head.clone()).body(body);
    let response = request.send().await.map_err(unreachable)?;
    if !response.status().is_success() {
        return Err(refused(response).await);
    }
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let content_type = content_type.unwrap_or("nothing that it names").to_ascii_lowercase();
    if !content_type.starts_with("text/event-stream") {
        let content_type = shortened(&content_type);
        return Err(ProviderError::Malformed(format!(
            "it answers with {content_type} instead of text/event-stream"
        )));
    }
    Ok(events(body_of(response, ask.patience.stall)).boxed())
}

/// What an answer without success tells.
pub(super) async fn refused(response: Response) -> ProviderError {
    let status = response.status();
    let wait = response.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok());
    // The clock of the wall, since dates are of it.
    let wait = wait.and_then(|it| retry_after(it, std::time::SystemTime::now()));
    let told = refusal(response).await;
    ProviderError::of_status(status, wait, &told)
}

/// The bytes of an answer, as long as they keep coming.
fn body_of(
    response: Response,
    stall: Duration,
) -> impl Stream<Item = Result<Bytes, ProviderError>> + Send {
    stream::unfold(Some(response), move |response| async move {
        let mut response = response?;
        let chunk = match timeout(stall, response.chunk()).await {
            Ok(Ok(Some(chunk))) => return Some((Ok(chunk), Some(response))),
            Ok(Ok(None)) => return None,
            // The connection broke: as if it had ended there.
            Ok(Err(_)) => ProviderError::Cut,
            Err(_) => ProviderError::Stalled { after: stall },
        };
        Some((Err(chunk), None))
    })
}

/// The beginning of what is told of an error, as far as it comes soon.
async fn refusal(mut response: Response) -> String {
    let mut bytes = Vec::new();
    let read = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = REFUSAL_BYTES_MAX - bytes.len();
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if bytes.len() == REFUSAL_BYTES_MAX {
                break;
            }
        }
    };
    // What is there by then does.
    drop(timeout(REFUSAL_READ_MAX, read).await);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    message_in(&text).unwrap_or(text)
}

/// Most say it as `{"error": {"message": "…"}}`, some as `{"error": "…"}`.
fn message_in(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    let error = value.get("error")?;
    let message = error.get("message").unwrap_or(error).as_str()?;
    Some(message.to_owned())
}

/// Why nothing was answered at all; without the address, which may be nobody's business.
pub(super) fn unreachable(error: reqwest::Error) -> ProviderError {
    let error = error.without_url();
    let mut source: &dyn std::error::Error = &error;
    while let Some(inner) = source.source() {
        source = inner;
    }
    ProviderError::Unreachable(shortened(&source.to_string()))
}
