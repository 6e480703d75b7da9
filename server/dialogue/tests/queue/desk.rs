//! Where the stories hand in their jobs.

use std::{sync::Arc, time::Duration};

use tokio::{sync::oneshot, task::JoinHandle};
use vivarium_dialogue::{
    budget::{Clock, Ledger},
    gateway::{Reply, Settings, settings::Concurrency},
    queue::{
        Job, SharedWords, State, Status,
        local::Local,
        shared::{
            Patience, Shared,
            worker::{Manner, Worker},
        },
    },
    redis::Redis,
    service::noted::Unnoted,
};

use crate::{
    asking::{self, Told, request},
    server::RedisServer,
};

/// Which adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Local,
    Shared,
}

pub const PLACES: [Place; 2] = [Place::Local, Place::Shared];

/// Words, and whoever finds them.
pub struct Desk {
    pub words: SharedWords,
    _worker: Option<(RedisServer, Running)>,
}

impl Desk {
    pub async fn open(place: Place, settings: Settings) -> Self {
        match place {
            Place::Local => {
                let ledger = ledger(&settings);
                let words = Local::new(asking::gateway(settings), ledger, clock());
                Self { words: Arc::new(words), _worker: None }
            }
            Place::Shared => {
                let server = RedisServer::start().await;
                let redis = server.connect().await;
                let mut patience = Patience::of(&settings);
                if settings.concurrency == Concurrency::default() {
                    // The machine may be busy; a story about waiting says so itself.
                    patience.wait_max = Duration::from_secs(30);
                }
                let words = Shared::new(redis.clone(), patience);
                let manner = Manner::with(settings.concurrency.answers_max);
                let worker = Running::start(redis, settings, manner);
                Self { words: Arc::new(words), _worker: Some((server, worker)) }
            }
        }
    }
}

/// A worker that runs; it is as if killed with its story.
pub struct Running {
    task: JoinHandle<()>,
    end: Option<oneshot::Sender<()>>,
}

impl Running {
    pub fn start(redis: Redis, settings: Settings, manner: Manner) -> Self {
        let ledger = ledger(&settings);
        let worker =
            Worker::new(redis, asking::gateway(settings), (ledger, Arc::new(Unnoted)), manner);
        let (end, ended) = oneshot::channel::<()>();
        let task = tokio::spawn(worker.serve(async move { drop(ended.await) }));
        Self { task, end: Some(end) }
    }

    /// As `SIGKILL` does it.
    pub async fn kill(mut self) {
        self.task.abort();
        drop((&mut self.task).await);
    }

    /// As `SIGTERM` does it.
    pub async fn end(mut self) {
        drop(self.end.take());
        (&mut self.task).await.unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn clock() -> Clock {
    Arc::new(|| 1_794_744_000_000)
}

fn ledger(settings: &Settings) -> Ledger {
    Ledger::new(settings.limits.budgets, clock())
}

/// Somebody says `text`, in the job of this key.
pub fn job(key: &str, text: &str) -> Job {
    Job {
        key: key.into(),
        request: request(text),
        wanted: None,
        user: "ana".into(),
        world: "plaza".into(),
        companion: "lys".into(),
    }
}

/// The whole of what comes.
pub async fn told(reply: Reply) -> Told {
    let told = tokio::time::timeout(Duration::from_secs(60), asking::told(reply)).await;
    told.expect("every answer has an end")
}

/// How a job is.
pub async fn status(words: &SharedWords, key: &str) -> Option<Status> {
    words.status(job(key, "").id()).await.unwrap()
}

/// Waits until a job is so far.
pub async fn until(words: &SharedWords, key: &str, state: State) -> Status {
    for _ in 0..2_000 {
        match status(words, key).await {
            Some(status) if status.state == state => return status,
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    panic!("{key} is {:?}, not {state:?}", status(words, key).await)
}
