//! Asks models for whoever has put jobs into a Redis.
//!
//! ```text
//! find: of a silent worker, or new ─▶ run ─▶ done, failed, or tried again later
//! beat: what runs here is alive; what is due again goes into the queue
//! ```
//!
//! Invariants: no more jobs run than the worker has turns, and it takes none that it has no turn for.
//! One that is ended in order leaves no job behind; the jobs of one that is killed are found by others
//! once it was silent for a while.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use redis::{RedisError, aio::ConnectionManager, streams::StreamReadReply};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use super::{GROUP, Queue, millis, pause, run, status_kept};
use crate::{
    budget::Ledger,
    gateway::Gateway,
    queue::{
        JobId,
        limits::{BEAT, BLOCK, DELIVERIES_MAX, GRACE, LOOK, SILENCE_MAX, SWEEP, WORKER_KEPT},
    },
    redis::{ANSWER_MAX, Redis},
    service::noted::Notes,
};

/// Jobs that are looked for at once among those that are due again.
const DUE_MAX: &str = "64";

/// How a worker works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Jobs that run at once.
    pub concurrency: usize,
    /// After so long without a sign of life the jobs of others are taken over.
    pub silence_max: Duration,
    /// How often a job is begun before it is given up.
    pub deliveries_max: u32,
    /// How long answers may run on when the worker is to end.
    pub grace: Duration,
}

impl Manner {
    /// With so many jobs at once.
    pub fn with(concurrency: usize) -> Self {
        Self { concurrency, silence_max: SILENCE_MAX, deliveries_max: DELIVERIES_MAX, grace: GRACE }
    }
}

/// Asks models for others.
pub struct Worker {
    inner: Arc<Inner>,
    ending: watch::Sender<bool>,
}

pub(super) struct Inner {
    pub queue: Queue,
    pub gateway: Gateway,
    pub ledger: Ledger,
    pub notes: Arc<dyn Notes>,
    pub manner: Manner,
    /// Its name among workers, of this process alone.
    pub consumer: String,
    running: Mutex<BTreeMap<JobId, (String, Arc<Notify>)>>,
    is_ending: watch::Receiver<bool>,
}

/// A job that this worker is to do.
pub(super) struct Found {
    pub entry: String,
    pub id: JobId,
    _turn: OwnedSemaphorePermit,
}

impl Worker {
    /// With a gateway, budgets in a ledger, and who counts attempts.
    pub fn new(
        redis: Redis,
        gateway: Gateway,
        (ledger, notes): (Ledger, Arc<dyn Notes>),
        manner: Manner,
    ) -> Self {
        let (ending, is_ending) = watch::channel(false);
        let inner = Inner {
            queue: Queue::new(redis),
            gateway,
            ledger,
            notes,
            manner,
            consumer: format!("{:016x}", fastrand::u64(..)),
            running: Mutex::default(),
            is_ending,
        };
        Self { inner: Arc::new(inner), ending }
    }

    /// Works until it is to end, and then as long as its answers take, at most [`Manner::grace`].
    /// Dropping it is like killing it.
    pub async fn serve(self, ended: impl Future<Output = ()>) {
        let Self { inner, ending } = self;
        let (found, mut finds) = mpsc::channel(1);
        let (mut finding, mut beating, mut runs) = (JoinSet::new(), JoinSet::new(), JoinSet::new());
        finding.spawn(find(Arc::clone(&inner), found));
        beating.spawn(beat(Arc::clone(&inner)));
        let does = |found: Found| {
            let inner = Arc::clone(&inner);
            async move { run::run(&inner, &found).await }
        };
        tokio::pin!(ended);
        loop {
            tokio::select! {
                () = &mut ended => break,
                Some(found) = finds.recv() => drop(runs.spawn(does(found))),
                Some(_) = runs.join_next() => {}
            }
        }
        tracing::info!(running = runs.len(), "the worker takes no more jobs");
        ending.send_replace(true);
        // What was found meanwhile is given back.
        let found_last = async {
            while let Some(found) = finds.recv().await {
                runs.spawn(does(found));
            }
        };
        if timeout(BLOCK + ANSWER_MAX, found_last).await.is_err() {
            tracing::debug!("Redis does not answer: what it gives last is found by others");
        }
        let rest = async { while runs.join_next().await.is_some() {} };
        if timeout(inner.manner.grace, rest).await.is_err() {
            inner.give_back().await;
            runs.shutdown().await;
        }
        beating.shutdown().await;
        if timeout(BLOCK + ANSWER_MAX, inner.ledger.settled()).await.is_err() {
            tracing::warn!("Redis has not been told of all that was spent: it counts as the most");
        }
        if let Err(error) = inner.queue.step::<()>("sweep", &[&inner.consumer, "0"]).await {
            tracing::debug!(%error, "the worker is forgotten later");
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { consumer, manner, .. } = &*self.inner;
        f.debug_struct("Worker")
            .field("consumer", consumer)
            .field("manner", manner)
            .finish_non_exhaustive()
    }
}

/// A job that runs, as long as this is held.
pub(super) struct Running<'a> {
    inner: &'a Inner,
    id: JobId,
    token: &'a str,
    lost: Arc<Notify>,
}

impl Running<'_> {
    /// Until it is no longer this run's.
    pub async fn lost(&self) {
        self.lost.notified().await;
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut running = self.inner.running();
        // The same worker may have begun it anew.
        if running.get(&self.id).is_some_and(|(token, _)| token == self.token) {
            running.remove(&self.id);
        }
    }
}

impl Inner {
    fn running(&self) -> MutexGuard<'_, BTreeMap<JobId, (String, Arc<Notify>)>> {
        // It is whole after each change.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn register<'a>(&'a self, id: JobId, token: &'a str) -> Running<'a> {
        let lost = Arc::new(Notify::new());
        self.running().insert(id, (token.to_owned(), Arc::clone(&lost)));
        Running { inner: self, id, token, lost }
    }

    pub fn is_ending(&self) -> bool {
        *self.is_ending.borrow()
    }

    /// What still runs is another's.
    async fn give_back(&self) {
        let running = self.running().clone();
        for (id, (token, lost)) in running {
            match self.queue.step::<()>("give_back", &[&id.to_string(), &token]).await {
                Ok(()) => tracing::info!(%id, "a job is given back"),
                Err(error) => tracing::warn!(%id, %error, "a job is not given back"),
            }
            lost.notify_one();
        }
    }

    /// Tells that what runs here is alive, and ends what is another's by now.
    async fn beat(&self) -> Result<(), RedisError> {
        let running = self.running().clone();
        let mut args = vec![self.consumer.clone(), status_kept()];
        for (id, (token, _)) in &running {
            args.extend([id.to_string(), token.clone()]);
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let lost: Vec<String> = self.queue.step("beat", &args).await?;
        for (_, notify) in lost.iter().filter_map(|id| running.get(&id.parse().ok()?)) {
            notify.notify_one();
        }
        Ok(())
    }

    /// A job of a worker that was silent for too long, if there is one.
    async fn claim(&self) -> Result<Option<(String, String)>, RedisError> {
        let silence = millis(self.manner.silence_max);
        let args = [&self.consumer, silence.as_str(), "1"];
        let claimed: Vec<String> = self.queue.step("claim", &args).await?;
        let mut claimed = claimed.into_iter();
        Ok(claimed.next().zip(claimed.next()))
    }

    /// A job that nobody has begun, if one comes soon.
    async fn read(
        &self,
        connection: &mut ConnectionManager,
        block: Duration,
    ) -> Result<Option<(String, String)>, RedisError> {
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg(GROUP).arg(&self.consumer);
        read.arg("COUNT").arg(1).arg("BLOCK").arg(millis(block));
        read.arg("STREAMS").arg(Queue::jobs()).arg(">");
        let told: Option<StreamReadReply> = read.query_async(connection).await?;
        let entry = told.and_then(|it| it.keys.into_iter().next()?.ids.into_iter().next());
        Ok(entry.and_then(|entry| Some((entry.id.clone(), entry.get::<String>("id")?))))
    }

    async fn make_group(&self) -> Result<(), RedisError> {
        let mut make = redis::cmd("XGROUP");
        make.arg("CREATE").arg(Queue::jobs()).arg(GROUP).arg("0").arg("MKSTREAM");
        match make.query_async(&mut self.queue.redis.connection()).await {
            // Another was quicker.
            Err(error) if error.code() == Some("BUSYGROUP") => Ok(()),
            made => made,
        }
    }
}

/// Finds jobs, one for each turn that is free.
async fn find(inner: Arc<Inner>, found: mpsc::Sender<Found>) {
    let turns = Arc::new(Semaphore::new(inner.manner.concurrency));
    let mut ending = inner.is_ending.clone();
    let mut connection = None;
    let (mut claimed, mut failures) = (None::<Instant>, 0);
    let claims_every = inner.manner.silence_max / 2;
    loop {
        let turn = tokio::select! {
            _ = ending.wait_for(|it| *it) => return,
            turn = Arc::clone(&turns).acquire_owned() => turn,
        };
        let Ok(turn) = turn else { return };
        let is_due = claimed.is_none_or(|it| it.elapsed() >= claims_every);
        let looked = match is_due {
            true => inner.claim().await,
            false => next(&inner, &mut connection, BLOCK.min(claims_every)).await,
        };
        match looked {
            Ok(None) if is_due => claimed = Some(Instant::now()),
            Ok(None) => {}
            Ok(Some((entry, id))) => {
                let Ok(id) = id.parse() else { continue };
                if found.send(Found { entry, id, _turn: turn }).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                failures += 1;
                if error.code() == Some("NOGROUP") && inner.make_group().await.is_ok() {
                    continue;
                }
                tracing::warn!(%error, "the worker finds no jobs");
                sleep(pause(failures)).await;
                continue;
            }
        }
        failures = 0;
    }
}

async fn next(
    inner: &Inner,
    connection: &mut Option<ConnectionManager>,
    block: Duration,
) -> Result<Option<(String, String)>, RedisError> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(inner.queue.redis.waiting(BLOCK).await?),
    };
    inner.read(connection, block).await
}

/// Says again and again that this worker is alive, and looks after the queue.
async fn beat(inner: Arc<Inner>) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let every = BEAT.min(inner.manner.silence_max / 4);
    let (mut beaten, mut swept) = (Instant::now(), Instant::now());
    loop {
        looks.tick().await;
        let looked = async {
            inner.queue.step::<u32>("move", &[DUE_MAX]).await?;
            if beaten.elapsed() >= every {
                beaten = Instant::now();
                inner.beat().await?;
            }
            if swept.elapsed() >= SWEEP {
                swept = Instant::now();
                inner.queue.step::<()>("sweep", &["", &millis(WORKER_KEPT)]).await?;
            }
            Ok::<_, RedisError>(())
        };
        if let Err(error) = looked.await {
            tracing::debug!(%error, "the worker cannot look after the queue");
        }
    }
}
