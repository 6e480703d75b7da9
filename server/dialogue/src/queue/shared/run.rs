//! One job in a worker: from its beginning, or from where another worker was cut off.

use std::time::Duration;

use futures_util::StreamExt;
use redis::{RedisError, streams::StreamRangeReply};
use tokio::time::{Instant, sleep, timeout};

use super::{
    Queue, millis, pause, seconds,
    worker::{Found, Inner},
};
use crate::{
    gateway::{Begun, GatewayError, backoff, limits::RATE_WAIT_MAX},
    provider::Piece,
    queue::{
        JobId, Noted, State,
        limits::{BATCH_MAX, DEAD_KEPT, DEAD_MAX},
        record::{JobRecord, PieceRecord},
    },
    service::noted::NotedMeter,
};

/// It is another's by now, or over.
#[derive(Debug)]
struct Lost;

/// A job that was begun.
struct Begin {
    ask: String,
    deliveries: u32,
    left: Duration,
}

/// How a job ends.
struct End {
    state: State,
    reason: &'static str,
    model: String,
    is_dead: bool,
}

/// Does a job that was found.
pub(super) async fn run(inner: &Inner, found: &Found) {
    let token = format!("{}:{:016x}", inner.consumer, fastrand::u64(..));
    let Some(begin) = begin(inner, found, &token).await else { return };
    if inner.is_ending() {
        let id = found.id.to_string();
        if let Err(error) = inner.queue.step::<()>("give_back", &[&id, &token]).await {
            tracing::debug!(%error, "a job is not given back");
        }
        return;
    }
    let running = inner.register(found.id, &token);
    let until = Instant::now() + begin.left;
    let deliveries = begin.deliveries;
    let mut run = Run { inner, id: found.id, token: &token, sent: Vec::new(), base: 0, written: 0 };
    let answered = async {
        if timeout(begin.left, run.answer(begin, until)).await.is_err() {
            run.time_is_over().await;
        }
    };
    tokio::select! {
        biased;
        () = running.lost() => {
            tracing::debug!(id = %found.id, deliveries, "a job is another's, or nobody's");
        }
        () = answered => {}
    }
}

/// Begins it; none: it is over, or another's, or Redis does not say.
async fn begin(inner: &Inner, found: &Found, token: &str) -> Option<Begin> {
    let (id, max) = (found.id.to_string(), inner.manner.deliveries_max.to_string());
    let (dead_max, dead_kept) = (DEAD_MAX.to_string(), seconds(DEAD_KEPT));
    let args = [&id, &found.entry, token, &max, &dead_max, &dead_kept];
    match inner.queue.step::<Option<Vec<String>>>("begin", &args).await {
        Ok(told) => {
            let mut told = told?.into_iter();
            let (ask, deliveries, left) = (told.next()?, told.next()?, told.next()?);
            let left = Duration::from_millis(left.parse().ok()?);
            Some(Begin { ask, deliveries: deliveries.parse().ok()?, left })
        }
        Err(error) => {
            // Whoever looks for jobs whose worker is silent finds it.
            tracing::warn!(%error, "a job is not begun");
            None
        }
    }
}

struct Run<'a> {
    inner: &'a Inner,
    id: JobId,
    token: &'a str,
    /// Batches that this run has made: Redis may lose the last ones.
    sent: Vec<String>,
    /// Batches that were there before.
    base: usize,
    /// Batches that are there.
    written: usize,
}

impl Run<'_> {
    async fn answer(&mut self, begin: Begin, until: Instant) {
        if let Err(Lost) = self.try_answer(begin, until).await {
            tracing::debug!(id = %self.id, "a job was ended, or taken over");
        }
    }

    async fn try_answer(&mut self, begin: Begin, until: Instant) -> Result<(), Lost> {
        let Ok(record) = serde_json::from_str::<JobRecord>(&begin.ask) else {
            let told = "the job cannot be read: is the worker of an older version?".to_owned();
            return self
                .fail(GatewayError::Elsewhere { told, is_passing: true }, String::new(), true)
                .await;
        };
        let begun = self.begun().await?;
        let Inner { gateway, ledger, notes, .. } = self.inner;
        let meter = ledger.meter(&record.user, &record.world, &record.companion);
        let meter = NotedMeter::new(meter, notes.clone());
        let noted = Noted::new(meter, || {});
        let (request, wanted) = record.request();
        let reply = gateway.resume(request, wanted, noted.clone(), begun);
        let mut chunks = reply.ready_chunks(BATCH_MAX);
        while let Some(chunk) = chunks.next().await {
            let (mut batch, mut end, mut failure) = (Vec::new(), None, None);
            for piece in chunk {
                match piece {
                    Err(error) => failure = Some(error),
                    Ok(piece) => {
                        if let Piece::Finished(_) = piece {
                            let model = noted.model().unwrap_or_default();
                            let state = State::Done;
                            end = Some(End { state, reason: "", model, is_dead: false });
                        }
                        PieceRecord::push(&mut batch, PieceRecord::of(Ok(piece)));
                    }
                }
            }
            if !batch.is_empty() {
                self.put(&batch, end).await?;
            }
            if let Some(error) = failure {
                let model = noted.model().unwrap_or_default();
                return self.failed(error, model, begin.deliveries, until).await;
            }
        }
        Ok(())
    }

    /// What another worker has given of the answer.
    async fn begun(&mut self) -> Result<Begun, Lost> {
        let mut read = redis::cmd("XRANGE");
        read.arg(Queue::pieces(self.id)).arg("-").arg("+");
        let mut failures = 0;
        let told: StreamRangeReply = loop {
            match read.query_async(&mut self.inner.queue.redis.connection()).await {
                Ok(told) => break told,
                Err(error) => self.pause(&error, &mut failures).await,
            }
        };
        let mut begun = Begun::default();
        self.base = told.ids.len();
        self.written = self.base;
        for entry in told.ids {
            let batch: Option<String> = entry.get("pieces");
            let batch = batch.and_then(|it| serde_json::from_str::<Vec<PieceRecord>>(&it).ok());
            let pieces = batch.ok_or(Lost)?.into_iter().map(PieceRecord::piece);
            pieces.flatten().for_each(|piece| begun.add(&piece));
        }
        Ok(begun)
    }

    /// There is no answer this time: another time, or never.
    async fn failed(
        &mut self,
        error: GatewayError,
        model: String,
        deliveries: u32,
        until: Instant,
    ) -> Result<(), Lost> {
        let Inner { manner, gateway, .. } = self.inner;
        if !error.is_passing() {
            return self.fail(error, model, false).await;
        }
        let retries = gateway.settings().retries;
        let [first, longest] =
            [retries.first_wait_ms, retries.wait_ms_max].map(Duration::from_millis);
        let mut wait = backoff::wait(first, longest, deliveries, fastrand::f64());
        if let GatewayError::Unavailable { again_in } = &error {
            wait += *again_in;
        }
        let has_time = wait <= RATE_WAIT_MAX && Instant::now() + wait < until;
        if deliveries >= manner.deliveries_max || !has_time {
            return self.fail(error, model, true).await;
        }
        tracing::info!(id = %self.id, %error, wait_ms = wait.as_millis(), "a job is tried again");
        let (id, wait) = (self.id.to_string(), millis(wait));
        let mut failures = 0;
        loop {
            match self.inner.queue.step::<()>("delay", &[&id, self.token, &wait]).await {
                Ok(()) => return Ok(()),
                Err(error) => self.pause(&error, &mut failures).await,
            }
        }
    }

    async fn fail(
        &mut self,
        error: GatewayError,
        model: String,
        is_dead: bool,
    ) -> Result<(), Lost> {
        tracing::info!(id = %self.id, %error, is_dead, "a job has failed");
        let end = End { state: State::Failed, reason: error.kind(), model, is_dead };
        self.put(&[PieceRecord::of(Err(error))], Some(end)).await
    }

    /// Says so, once: whoever asked finds out by themselves, at the latest.
    async fn time_is_over(&mut self) {
        let failed = self.fail(GatewayError::TimedOut, String::new(), false);
        if timeout(crate::redis::ANSWER_MAX, failed).await.is_err() {
            tracing::debug!("a job is over, and Redis does not answer");
        }
    }

    /// Writes a batch, with those before it that Redis has lost, until they are there.
    async fn put(&mut self, batch: &[PieceRecord], end: Option<End>) -> Result<(), Lost> {
        self.sent.push(serde_json::to_string(batch).map_err(|_| Lost)?);
        let all = self.base + self.sent.len();
        let mut failures = 0;
        while self.written < all {
            let end = end.as_ref().filter(|_| self.written + 1 == all);
            match self.write(end).await {
                Ok(count) => {
                    let count = usize::try_from(count).map_err(|_| Lost)?;
                    if !(self.base..=all).contains(&count) {
                        return Err(Lost);
                    }
                    self.written = count;
                    failures = 0;
                }
                Err(error) => self.pause(&error, &mut failures).await,
            }
        }
        Ok(())
    }

    /// Writes the next batch; gives how many are there, or less than none if it is another's.
    async fn write(&self, end: Option<&End>) -> Result<i64, RedisError> {
        let batch = &self.sent[self.written - self.base];
        let (id, written) = (self.id.to_string(), self.written.to_string());
        let queue = &self.inner.queue;
        let Some(End { state, reason, model, is_dead }) = end else {
            return queue.step("say", &[&id, self.token, &written, batch]).await;
        };
        let state = if *state == State::Done { "done" } else { "failed" };
        let dead_max = if *is_dead { DEAD_MAX } else { 0 }.to_string();
        let dead_kept = seconds(DEAD_KEPT);
        let args = [&id, self.token, &written, batch, state, reason, model, &dead_max, &dead_kept];
        queue.step("finish", &args).await
    }

    async fn pause(&self, error: &RedisError, failures: &mut u32) {
        *failures += 1;
        if *failures == 1 {
            tracing::warn!(id = %self.id, %error, "Redis does not take what a worker says");
        }
        sleep(pause(*failures)).await;
    }
}
