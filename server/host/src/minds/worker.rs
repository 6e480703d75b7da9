//! `vivarium dialogue-worker`: asks language models on behalf of servers that share a Redis with it.
//!
//! It has no worlds, no store and no memory. Invariant: no address of a Redis is told, since it may
//! have a password in it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{sync::oneshot, task::JoinHandle};
use vivarium_dialogue::{
    budget::Ledger,
    gateway::Gateway,
    queue::{
        limits::GRACE,
        shared::worker::{Manner, Worker},
    },
    redis::{ConnectError, Redis},
    service::noted::{Notes, Unnoted},
};

use super::thinking::{self, DialogueError};
use crate::{config::WorkerConfig, limits::WORKER_GRACE};

/// Why there is no worker.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// There is no Redis.
    #[error("--redis: {0}")]
    Redis(#[from] ConnectError),
    /// Models cannot be asked.
    #[error("--dialogue: {0}")]
    Dialogue(#[from] DialogueError),
}

/// Works as the command line says, until `ended`; tells by `is_ready` when it begins.
pub async fn serve(
    config: &WorkerConfig,
    is_ready: impl FnOnce(),
    ended: impl Future<Output = ()>,
) -> Result<(), WorkerError> {
    let mut settings = thinking::settings(&config.dialogue)?;
    if let Some(concurrency) = config.concurrency {
        settings.concurrency.answers_max = usize::from(concurrency);
    }
    let gateway = thinking::gateway(&config.dialogue, settings)?;
    let redis = Redis::connect(&config.redis).await?;
    let clock = Arc::new(thinking::now_ms);
    let limits = &gateway.settings().limits;
    let ledger = Ledger::with_redis(limits, clock, Some(redis.clone()), []);
    let worker = worker(redis, gateway, (ledger, Arc::new(Unnoted)), GRACE);
    is_ready();
    worker.serve(ended).await;
    Ok(())
}

/// A worker with as many turns as its gateway.
fn worker(
    redis: Redis,
    gateway: Gateway,
    books: (Ledger, Arc<dyn Notes>),
    grace: Duration,
) -> Worker {
    let concurrency = gateway.settings().concurrency.answers_max;
    Worker::new(redis, gateway, books, Manner { grace, ..Manner::with(concurrency) })
}

/// A worker in a server's process. It ends in order when it is told to, or when this is dropped.
#[derive(Debug)]
pub struct InProcess {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl InProcess {
    /// Begins, with the server's own books.
    pub fn start(redis: Redis, gateway: Gateway, books: (Ledger, Arc<dyn Notes>)) -> Self {
        let (end, ended) = oneshot::channel::<()>();
        let worker = worker(redis, gateway, books, WORKER_GRACE);
        let working = worker.serve(async move { drop(ended.await) });
        Self { end, task: tokio::spawn(working) }
    }

    /// Takes no more jobs, and waits for those that run.
    pub async fn end(self) {
        drop(self.end);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the worker has failed");
        }
    }
}

/// Where a server's words come from: what its command line says of it.
#[derive(Clone, Debug)]
pub struct WordsConfig {
    /// File with language models.
    pub dialogue: Option<PathBuf>,
    /// Address of a Redis, if workers are asked.
    pub redis: Option<String>,
    /// Whether the server works as well.
    pub works: bool,
}
