//! The command line as a client of a running server: operations and worlds as files, over HTTP.
//!
//! Invariant: what is told as done is on the server's disk. Operations that are more than one
//! request may bring are done in parts, each whole or not at all; how far it came is told, and when
//! that is not known, too.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use reqwest::{Client, Method, StatusCode, Url, redirect::Policy};
use serde::Deserialize;
use serde_json::json;
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::operation::{Operation, renumber};
use vivarium_store::port::StoreError;

use crate::{
    config::RemoteConfig,
    limits::{
        BUNDLE_BYTES_MAX, EDIT_BODY_BYTES_MAX, EDIT_OPERATIONS_MAX, REMOTE_ANSWER_BYTES_MAX,
        REMOTE_CONNECT_TIMEOUT, REMOTE_PAUSE, REMOTE_STALL_MAX, REMOTE_TRIES_MAX,
    },
    running::{self, Reach},
};

mod keys;
mod trust;

/// Why a running server did not do it.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// A server holds the data folder, and nobody knows where it is.
    #[error("{0}; it has not said how to reach it: stop it, or name it with --server")]
    Unknown(StoreError),
    /// A file of the key, the certificate or the running server.
    #[error("{path}: {reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The address is none.
    #[error("{0:?} is no address of a server: it must be as in https://world.example/")]
    Address(String),
    /// It does not answer, or is not the one that is trusted.
    #[error("the server at {url} cannot be reached: {reason}")]
    Unreachable {
        /// Where.
        url: Url,
        /// Why.
        reason: String,
    },
    /// It was asked for a change, and there is no word of what became of it.
    #[error("{0}; it may be done and kept: look into the history before you try again")]
    Unanswered(Box<RemoteError>),
    /// It does not do it. Nothing was done.
    #[error("{text}")]
    Refused {
        /// Its word for the reason.
        code: String,
        /// The reason.
        text: String,
    },
    /// One operation is more than a request may bring.
    #[error("operations[{index}]: {bytes} bytes are too many for a running server")]
    TooLarge {
        /// Which operation.
        index: usize,
        /// Of it, as JSON.
        bytes: usize,
    },
    /// The first parts were done and are kept. The others were not, but for the next when there is
    /// no word of it.
    #[error(
        "{error}; the {done} operations before operations[{done}] are done and kept (revision \
         {revision}){}",
        if matches!(**error, RemoteError::Unanswered(_)) { "" } else { ", it and those after it are not" }
    )]
    Partly {
        /// How many were done.
        done: usize,
        /// Of the last part that was done.
        revision: u64,
        /// Why it did not go on.
        error: Box<RemoteError>,
    },
    /// It says something that makes no sense.
    #[error("the server at {url} is not a Vivarium of this version: {reason}")]
    Strange {
        /// Where.
        url: Url,
        /// What is strange.
        reason: String,
    },
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Of the world, after it.
    pub revision: u64,
    /// In how many parts, each whole.
    pub parts: usize,
}

/// A server that runs.
#[derive(Debug)]
pub struct Remote {
    http: Client,
    url: Url,
    key: String,
}

/// What a change is answered with.
#[derive(Debug, Deserialize)]
struct Done {
    revision: u64,
    objects: BTreeMap<u32, u32>,
}

/// What a request is answered with that was not done.
#[derive(Debug, Deserialize)]
struct Told {
    error: String,
    text: String,
}

/// An error with what lies below it, which is where the reason is.
fn reason_of(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut below = std::error::Error::source(error);
    while let Some(error) = below {
        text = format!("{text}: {error}");
        below = error.source();
    }
    text
}

impl Remote {
    /// The server that the configuration names; none: it names none.
    pub fn named(config: &RemoteConfig) -> Result<Option<Self>, RemoteError> {
        let (Some(server), Some(file)) = (&config.server, &config.key_file) else {
            return Ok(None);
        };
        let key = std::fs::read_to_string(file)
            .map_err(|error| RemoteError::File { path: file.clone(), reason: error.to_string() })?;
        Self::new(server, key.trim(), config.certificate.as_deref(), Client::builder()).map(Some)
    }

    /// The server that holds a data folder, after that was found to be in use.
    pub fn running(data: &Path, in_use: StoreError) -> Result<Self, RemoteError> {
        let path = data.join(running::FILE);
        let found = running::find(data)
            .map_err(|error: io::Error| RemoteError::File { path, reason: error.to_string() })?;
        let Reach { url, key, certificate } = found.ok_or(RemoteError::Unknown(in_use))?;
        // It is on this machine.
        let client = Client::builder().no_proxy();
        Self::new(&url, &key, certificate.as_deref(), client)
    }

    fn new(
        url: &str,
        key: &str,
        certificate: Option<&Path>,
        client: reqwest::ClientBuilder,
    ) -> Result<Self, RemoteError> {
        let wrong = || RemoteError::Address(url.to_owned());
        let parsed = Url::parse(url).map_err(|_| wrong())?;
        if !["http", "https"].contains(&parsed.scheme()) || parsed.cannot_be_a_base() {
            return Err(wrong());
        }
        let client = match certificate {
            Some(certificate) => client.tls_backend_preconfigured(trust::of_file(certificate)?),
            None => {
                // Another may have been installed already: any does.
                drop(rustls::crypto::ring::default_provider().install_default());
                client
            }
        };
        let http = client
            // A key is for whom it was meant.
            .redirect(Policy::none())
            .connect_timeout(REMOTE_CONNECT_TIMEOUT)
            .read_timeout(REMOTE_STALL_MAX)
            .build()
            .map_err(|error| RemoteError::Unreachable {
                url: parsed.clone(),
                reason: reason_of(&error),
            })?;
        Ok(Self { http, url: parsed, key: key.to_owned() })
    }

    fn at(&self, path: &[&str]) -> Result<Url, RemoteError> {
        let mut url = self.url.clone();
        let wrong = || RemoteError::Address(self.url.to_string());
        url.path_segments_mut().map_err(|()| wrong())?.pop_if_empty().extend(path);
        Ok(url)
    }

    fn strange(&self, reason: impl ToString) -> RemoteError {
        RemoteError::Strange { url: self.url.clone(), reason: reason.to_string() }
    }

    /// Asks, and gives what is answered with success.
    async fn ask(
        &self,
        way: (Method, &[&str]),
        body: Vec<u8>,
        bytes_max: u64,
    ) -> Result<Vec<u8>, RemoteError> {
        let (method, path) = way;
        let is_change = method != Method::GET;
        let unreachable = |error: reqwest::Error| {
            let (url, reason) = (self.url.clone(), reason_of(&error));
            unanswered(RemoteError::Unreachable { url, reason }, is_change && !error.is_connect())
        };
        let request = self.http.request(method, self.at(path)?).bearer_auth(&self.key).body(body);
        let mut answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let mut bytes = Vec::new();
        while let Some(more) = answer.chunk().await.map_err(unreachable)? {
            bytes.extend_from_slice(&more);
            if bytes.len() as u64 > bytes_max {
                return Err(self.strange(format!("it answers with more than {bytes_max} bytes")));
            }
        }
        if status == StatusCode::OK {
            return Ok(bytes);
        }
        match serde_json::from_slice(&bytes) {
            Ok(Told { error: code, text }) => {
                let is_unknown = code == "unknown";
                Err(unanswered(RemoteError::Refused { code, text }, is_unknown))
            }
            // Of whatever stands before it.
            Err(_) => {
                let strange = self.strange(format!("it answers with {status}"));
                Err(unanswered(strange, is_change && status.is_server_error()))
            }
        }
    }

    /// Has a change done, waiting a little while others keep the server from it.
    async fn change(&self, world: &str, body: &[u8]) -> Result<Done, RemoteError> {
        let path = ["api", "worlds", world, "operations"];
        for _ in 1..REMOTE_TRIES_MAX {
            match self.ask((Method::POST, &path), body.to_vec(), REMOTE_ANSWER_BYTES_MAX).await {
                Err(RemoteError::Refused { code, .. }) if code == "too_many" => {
                    tokio::time::sleep(REMOTE_PAUSE).await;
                }
                answer => return self.done(&answer?),
            }
        }
        let last = self.ask((Method::POST, &path), body.to_vec(), REMOTE_ANSWER_BYTES_MAX).await;
        self.done(&last?)
    }

    fn done(&self, answer: &[u8]) -> Result<Done, RemoteError> {
        serde_json::from_slice(answer).map_err(|error| unanswered(self.strange(error), true))
    }

    /// Does operations in order. What one request may bring is done whole or not at all.
    pub async fn apply(
        &self,
        world: &str,
        author: &str,
        mut operations: Vec<Operation>,
    ) -> Result<Applied, RemoteError> {
        let (mut at, mut most) = (0, EDIT_OPERATIONS_MAX);
        let mut applied = Applied { revision: 0, parts: 0 };
        while at < operations.len() {
            let done = match part(&operations[at..], most) {
                0 => Err(RemoteError::TooLarge { index: at, bytes: bytes_of(&operations[at]) }),
                count => {
                    let part = &operations[at..at + count];
                    let body = json!({ "operations": part, "name": author }).to_string();
                    match self.change(world, body.as_bytes()).await {
                        // It takes the world too long.
                        Err(RemoteError::Refused { code, .. })
                            if code == "too_large" && count > 1 =>
                        {
                            most = count / 2;
                            continue;
                        }
                        done => done.map(|done| (count, done)).map_err(|error| shifted(error, at)),
                    }
                }
            };
            match done {
                Ok((count, done)) => {
                    at += count;
                    applied = Applied { revision: done.revision, parts: applied.parts + 1 };
                    // What comes later names what was made by the ids that it has got.
                    let given =
                        |id: ObjectId| done.objects.get(&id.0).map_or(id, |id| ObjectId(*id));
                    renumber(&mut operations[at..], given);
                }
                Err(error) if at == 0 => return Err(error),
                Err(error) => {
                    let (done, revision) = (at, applied.revision);
                    return Err(RemoteError::Partly { done, revision, error: Box::new(error) });
                }
            }
        }
        Ok(applied)
    }

    /// A world as a file of that ending, `zip` or `glb`.
    pub async fn export(&self, world: &str, ending: &str) -> Result<Vec<u8>, RemoteError> {
        let file = format!("export.{ending}");
        let path = ["api", "worlds", world, &file];
        self.ask((Method::GET, &path), Vec::new(), BUNDLE_BYTES_MAX).await
    }

    /// The document of a world, as JSON.
    pub async fn document(&self, world: &str) -> Result<Vec<u8>, RemoteError> {
        let file = format!("{world}.json");
        self.ask((Method::GET, &["worlds", &file]), Vec::new(), BUNDLE_BYTES_MAX).await
    }
}

/// The error, or that nobody knows what became of what was asked for.
fn unanswered(error: RemoteError, is_so: bool) -> RemoteError {
    if is_so { RemoteError::Unanswered(Box::new(error)) } else { error }
}

/// Around the operations of a request.
const ENVELOPE_BYTES: usize = 4 * 1_024;

/// How many of the operations fit into one request.
fn part(operations: &[Operation], most: usize) -> usize {
    let mut room = EDIT_BODY_BYTES_MAX - ENVELOPE_BYTES;
    let fits = |operation: &&Operation| {
        let bytes = bytes_of(operation) + 1;
        let fits = bytes <= room;
        room = room.saturating_sub(bytes);
        fits
    };
    operations.iter().take(most).take_while(fits).count()
}

fn bytes_of(operation: &Operation) -> usize {
    serde_json::to_vec(operation).map_or(usize::MAX - 1, |json| json.len())
}

/// As if the operations of the part had been counted from the file's first.
fn shifted(error: RemoteError, by: usize) -> RemoteError {
    match error {
        RemoteError::Refused { code, text } => {
            let shifted = text.strip_prefix("operations[").and_then(|rest| {
                let (index, reason) = rest.split_once(']')?;
                let index: usize = index.parse().ok()?;
                Some(format!("operations[{}]{reason}", index + by))
            });
            RemoteError::Refused { code, text: shifted.unwrap_or(text) }
        }
        error => error,
    }
}
