//! Words from workers that share a Redis with whoever asks.
//!
//! ```text
//! asker ── submit ─▶ jobs (stream) ─▶ worker ── begin, say, finish ─▶ job:ID (stream) ─▶ asker
//!                      ▲     ▲ given back, or its worker is silent        status:ID ─▶ status
//!                      └── later ◀── delay
//! ```
//!
//! All that changes more than one key is one step of `queue.lua`, so that neither a worker nor a Redis
//! that is killed leaves anything half done. Who may write is said by a token of each run: a worker
//! that was taken for dead writes nothing any more. Each batch of pieces names its place, so that one
//! that is sent again, since nobody knows whether it arrived, is there once.
//!
//! It wants one Redis, not a cluster of them.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use redis::{FromRedisValue, RedisError, Script, aio::ConnectionManager};

mod asking;
mod run;
pub mod worker;

use self::asking::Asking;
use super::{
    Job, JobId, QueueError, State, Status, Words,
    limits::{BLOCK, DOWN_MAX, JOBS_MAX, RETRY, STATUS_KEPT},
};
use crate::{
    gateway::{
        Reply, Settings, backoff,
        settings::{Concurrency, Timeouts},
    },
    redis::{PREFIX, Redis},
};

/// Connections on which nothing waits, kept for the next who asks.
const IDLE_MAX: usize = 32;

/// What whoever asks puts up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Jobs that are not over, in all of the queue; those beyond are refused.
    pub jobs_max: usize,
    /// How long a job waits to be begun before it is refused.
    pub wait_max: Duration,
    /// How long it may take in all.
    pub whole_max: Duration,
    /// How long Redis may not answer.
    pub down_max: Duration,
}

impl Patience {
    /// As the settings say.
    pub fn of(settings: &Settings) -> Self {
        Self::within(&settings.timeouts, &settings.concurrency)
    }

    fn within(timeouts: &Timeouts, concurrency: &Concurrency) -> Self {
        Self {
            jobs_max: JOBS_MAX,
            wait_max: Duration::from_millis(concurrency.wait_ms_max),
            whole_max: Duration::from_millis(timeouts.whole_ms),
            down_max: DOWN_MAX,
        }
    }
}

impl Default for Patience {
    /// As settings that say nothing.
    fn default() -> Self {
        Self::within(&Timeouts::default(), &Concurrency::default())
    }
}

/// Has workers ask models.
pub struct Shared {
    core: Arc<Core>,
}

struct Core {
    queue: Queue,
    patience: Patience,
    /// Connections of their own for those who wait, on which nobody does.
    idle: Mutex<Vec<ConnectionManager>>,
}

impl Shared {
    /// By way of a Redis.
    pub fn new(redis: Redis, patience: Patience) -> Self {
        let core = Core { queue: Queue::new(redis), patience, idle: Mutex::default() };
        Self { core: Arc::new(core) }
    }
}

impl Words for Shared {
    fn stream(&self, job: Job) -> Reply {
        let asking = Asking::new(Arc::clone(&self.core), job);
        stream::unfold(asking, |mut asking| async move {
            let piece = asking.next().await?;
            Some((piece, asking))
        })
        .fuse()
        .boxed()
    }

    fn status(&self, id: JobId) -> BoxFuture<'_, Result<Option<Status>, QueueError>> {
        async move {
            let status = self.core.queue.status(id).await;
            status.map_err(|error| {
                tracing::warn!(%error, "the state of a job is not found");
                QueueError("does not answer")
            })
        }
        .boxed()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("patience", &self.core.patience).finish_non_exhaustive()
    }
}

impl Core {
    fn idle(&self) -> MutexGuard<'_, Vec<ConnectionManager>> {
        // It is whole after each change.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection on which one may wait.
    async fn waiting(&self) -> Result<ConnectionManager, RedisError> {
        let idle = self.idle().pop();
        match idle {
            Some(connection) => Ok(connection),
            None => self.queue.redis.waiting(BLOCK).await,
        }
    }

    /// Takes back a connection on which nothing waits.
    fn give_back(&self, connection: ConnectionManager) {
        let mut idle = self.idle();
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }
}

/// The queue in Redis, step by step. Cheap to clone.
#[derive(Clone)]
struct Queue {
    redis: Redis,
    script: Arc<Script>,
}

/// Consumers of the jobs.
const GROUP: &str = "workers";

impl Queue {
    fn new(redis: Redis) -> Self {
        Self { redis, script: Arc::new(Script::new(include_str!("queue.lua"))) }
    }

    fn key(name: &str) -> String {
        format!("{PREFIX}dialogue:{name}")
    }

    fn jobs() -> String {
        Self::key("jobs")
    }

    fn pieces(id: JobId) -> String {
        Self::key(&format!("job:{id}"))
    }

    /// One step of `queue.lua`.
    async fn step<T: FromRedisValue>(&self, step: &str, args: &[&str]) -> Result<T, RedisError> {
        let mut call = self.script.prepare_invoke();
        call.key(Self::jobs()).key(Self::key("later")).key(Self::key("dead"));
        call.arg(step).arg(Self::key(""));
        for arg in args {
            call.arg(*arg);
        }
        call.invoke_async(&mut self.redis.connection()).await
    }

    async fn status(&self, id: JobId) -> Result<Option<Status>, RedisError> {
        let fields =
            ["state", "reason", "model", "deliveries", "queued", "started", "spoke", "ended"];
        let key = Self::key(&format!("status:{id}"));
        let mut ask = redis::cmd("HMGET");
        ask.arg(key).arg(&fields);
        let told: Vec<Option<String>> = ask.query_async(&mut self.redis.connection()).await?;
        let text = |place: usize| told.get(place).cloned().flatten();
        let number = |place: usize| text(place).and_then(|it| it.parse::<u64>().ok());
        let Some(state) = text(0).as_deref().and_then(State::read) else { return Ok(None) };
        Ok(Some(Status {
            state,
            reason: text(1),
            model: text(2),
            deliveries: text(3).and_then(|it| it.parse().ok()).unwrap_or_default(),
            queued_at_ms: number(4).unwrap_or_default(),
            started_at_ms: number(5),
            first_words_at_ms: number(6),
            ended_at_ms: number(7),
        }))
    }
}

/// How long something is kept, as Redis takes it.
fn seconds(time: Duration) -> String {
    time.as_secs().to_string()
}

/// How long something takes, as `queue.lua` takes it.
fn millis(time: Duration) -> String {
    time.as_millis().to_string()
}

/// Until something is tried again with a Redis that failed so often in a row.
fn pause(failures: u32) -> Duration {
    let [first, longest] = RETRY;
    backoff::wait(first, longest, failures, fastrand::f64())
}

/// How long states are kept, as Redis takes it.
fn status_kept() -> String {
    seconds(STATUS_KEPT)
}
