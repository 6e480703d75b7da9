//! Whoever waits for a job: hands it in, and reads what comes.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use redis::{aio::ConnectionManager, streams::StreamReadReply};
use tokio::{
    runtime::Handle,
    time::{Instant, sleep, timeout},
};

use super::{Core, Queue, millis, pause, seconds, status_kept};
use crate::{
    gateway::{GatewayError, limits::PATIENCE_MAX},
    provider::{Piece, RequestError},
    queue::{
        Job, JobId, State,
        limits::{BATCHES_MAX, BLOCK, JOB_BYTES_MAX, PIECES_KEPT},
        record::{JobRecord, PieceRecord},
    },
    redis::ANSWER_MAX,
};

/// After the end of a job's time, until its failure must have been told.
const MARGIN: Duration = Duration::from_secs(2);
/// How often it is tried to tell that nobody waits any more.
const LEAVE_TRIES: u32 = 3;

/// Somebody who waits for a job. The last who goes ends it.
pub(super) struct Asking {
    core: Arc<Core>,
    job: Option<Box<Job>>,
    id: JobId,
    /// Names whoever asks among those who ask for the same.
    token: String,
    stage: Stage,
    connection: Option<ConnectionManager>,
    /// Entry of the job's stream that was read last, and how many were.
    last: (String, usize),
    ready: VecDeque<Result<Piece, GatewayError>>,
    /// When it was handed in.
    asked: Instant,
    /// Since when Redis does not answer, and how often it did not.
    silent: Option<(Instant, u32)>,
    runtime: Option<Handle>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Unasked,
    Reading,
    Ended,
}

impl Asking {
    pub(super) fn new(core: Arc<Core>, job: Job) -> Self {
        let id = job.id();
        Self {
            core,
            job: Some(Box::new(job)),
            id,
            token: format!("{:016x}", fastrand::u64(..)),
            stage: Stage::Unasked,
            connection: None,
            last: ("0-0".to_owned(), 0),
            ready: VecDeque::new(),
            asked: Instant::now(),
            silent: None,
            runtime: None,
        }
    }

    /// The next piece for whoever asked; `None` after the end.
    pub(super) async fn next(&mut self) -> Option<Result<Piece, GatewayError>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                if matches!(piece, Err(_) | Ok(Piece::Finished(_))) {
                    self.end();
                }
                return Some(piece);
            }
            let step = match self.stage {
                Stage::Unasked => self.hand_in().await,
                Stage::Reading => self.read().await,
                Stage::Ended => return None,
            };
            if let Err(error) = step {
                self.leave();
                return Some(Err(error));
            }
        }
    }

    /// All has come.
    fn end(&mut self) {
        self.stage = Stage::Ended;
        self.ready.clear();
        if let Some(connection) = self.connection.take() {
            self.core.give_back(connection);
        }
    }

    async fn hand_in(&mut self) -> Result<(), GatewayError> {
        let Some(job) = self.job.take() else { return Ok(()) };
        job.check()?;
        let ask = serde_json::to_string(&JobRecord::of(&job))
            .map_err(|_| GatewayError::Queue { told: "cannot take this job" })?;
        if ask.len() > JOB_BYTES_MAX {
            let (what, max) = ("bytes of a job", JOB_BYTES_MAX);
            return Err(RequestError::TooMany { what, max }.into());
        }
        self.asked = Instant::now();
        // From here on it may be there, whatever is answered.
        self.stage = Stage::Reading;
        self.runtime = Handle::try_current().ok();
        let wait_max = self.core.patience.wait_max.max(ANSWER_MAX);
        let taken = timeout(wait_max, self.submit(&ask)).await;
        match taken.as_deref() {
            Ok("taken") => Ok(()),
            Ok(_) => Err(GatewayError::Busy),
            Err(_) => Err(GatewayError::Queue { told: "does not answer" }),
        }
    }

    async fn submit(&self, ask: &str) -> String {
        let patience = self.core.patience;
        let life = millis(patience.whole_max.min(PATIENCE_MAX));
        let (jobs_max, kept) = (patience.jobs_max.to_string(), status_kept());
        let (id, pieces_kept) = (self.id.to_string(), seconds(PIECES_KEPT));
        let args = [&id, &self.token, ask, &life, &jobs_max, &kept, &pieces_kept];
        for failures in 1.. {
            match self.core.queue.step::<String>("submit", &args).await {
                Ok(told) => return told,
                // Nobody knows whether it arrived; the same job is not there twice.
                Err(error) => tracing::debug!(%error, "a job is handed in again"),
            }
            sleep(pause(failures)).await;
        }
        String::new()
    }

    async fn read(&mut self) -> Result<(), GatewayError> {
        let connection = match self.connection.take() {
            Some(connection) => Ok(connection),
            None => self.core.waiting().await,
        };
        let mut connection = match connection {
            Ok(connection) => connection,
            Err(error) => return self.failed(&error).await,
        };
        let waited = self.asked.elapsed();
        let block = BLOCK.min(self.core.patience.wait_max.saturating_sub(waited));
        let block = if block.is_zero() { BLOCK } else { block.max(Duration::from_millis(1)) };
        let mut read = redis::cmd("XREAD");
        read.arg("COUNT").arg(BATCHES_MAX).arg("BLOCK").arg(millis(block));
        read.arg("STREAMS").arg(Queue::pieces(self.id)).arg(&self.last.0);
        let told = read.query_async::<Option<StreamReadReply>>(&mut connection).await;
        // While one waits on it, it is nobody else's.
        self.connection = Some(connection);
        match told {
            Ok(Some(told)) => {
                self.silent = None;
                self.take(told)
            }
            Ok(None) => {
                self.silent = None;
                self.look().await
            }
            Err(error) => self.failed(&error).await,
        }
    }

    /// Redis has failed: it is tried again for a while.
    async fn failed(&mut self, error: &redis::RedisError) -> Result<(), GatewayError> {
        let (since, failures) = self.silent.unwrap_or((Instant::now(), 0));
        if since.elapsed() > self.core.patience.down_max {
            tracing::warn!(%error, "Redis does not answer those who wait for answers");
            return Err(GatewayError::Queue { told: "does not answer" });
        }
        self.silent = Some((since, failures + 1));
        sleep(pause(failures + 1)).await;
        Ok(())
    }

    fn take(&mut self, told: StreamReadReply) -> Result<(), GatewayError> {
        let unreadable = GatewayError::Queue { told: "has an answer that cannot be read" };
        for entry in told.keys.into_iter().flat_map(|it| it.ids) {
            let batch: Option<String> = entry.get("pieces");
            let batch = batch.and_then(|it| serde_json::from_str::<Vec<PieceRecord>>(&it).ok());
            let Some(batch) = batch else { return Err(unreadable) };
            self.ready.extend(batch.into_iter().map(PieceRecord::piece));
            self.last = (entry.id, self.last.1 + 1);
        }
        Ok(())
    }

    /// Nothing came: whether anything will.
    async fn look(&mut self) -> Result<(), GatewayError> {
        let id = self.id.to_string();
        let looked = self.core.queue.step::<Option<Vec<String>>>("look", &[&id]).await;
        let told = match looked {
            Ok(told) => told,
            Err(error) => return self.failed(&error).await,
        };
        let Some([state, reason, count]) = told.as_deref() else {
            return Err(GatewayError::Queue { told: "has lost the job" });
        };
        let has_all = count.parse::<usize>().is_ok_and(|count| self.last.1 >= count);
        let state = State::read(state).unwrap_or_default();
        if state.is_over() && has_all {
            return Err(of_reason(state, reason));
        }
        let (waited, patience) = (self.asked.elapsed(), self.core.patience);
        if state == State::Queued && waited >= patience.wait_max {
            match self.core.queue.step::<u32>("withdraw", &[&id]).await {
                Ok(0) => {}
                Ok(_) => return Err(GatewayError::Busy),
                Err(error) => return self.failed(&error).await,
            }
        }
        if waited > patience.whole_max + MARGIN {
            return Err(GatewayError::TimedOut);
        }
        Ok(())
    }

    /// Nobody waits here any more.
    fn leave(&mut self) {
        let is_asked = self.stage == Stage::Reading;
        self.stage = Stage::Ended;
        self.connection = None;
        let Some(runtime) = self.runtime.take().filter(|_| is_asked) else { return };
        let (queue, id, token) = (self.core.queue.clone(), self.id.to_string(), self.token.clone());
        runtime.spawn(async move {
            for failures in 1..=LEAVE_TRIES {
                match queue.step::<()>("leave", &[&id, &token]).await {
                    Ok(()) => return,
                    // It ends by its own time, at the latest.
                    Err(error) => tracing::debug!(%error, "a job cannot be ended"),
                }
                sleep(pause(failures)).await;
            }
        });
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Why there is nothing more of a job that is over.
fn of_reason(state: State, reason: &str) -> GatewayError {
    match (state, reason) {
        (State::Done, _) => GatewayError::Queue { told: "has given this answer already" },
        (_, "busy") => GatewayError::Busy,
        (_, "timed_out") => GatewayError::TimedOut,
        (_, "gave_up") => {
            let told = "it was begun too often, and never ended: see the dead letters";
            GatewayError::Elsewhere { told: told.into(), is_passing: false }
        }
        (_, reason) => {
            let is_passing = matches!(reason, "failed" | "broken" | "unavailable");
            GatewayError::Elsewhere { told: format!("no answer: {reason}"), is_passing }
        }
    }
}
