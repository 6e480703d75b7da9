//! Words from the gateway of this process, for a server that asks models itself.
//!
//! The gateway bounds how many are asked at once and how many wait. Here jobs have states, and those
//! with the same key are one.

use std::{fmt, sync::Arc};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use moka::sync::Cache;
use tokio::{sync::watch, task::AbortHandle};

use super::{
    Job, JobId, Noted, QueueError, State, Status, Words,
    limits::{STATUS_KEPT, STATUSES_MAX},
};
use crate::{
    budget::{Clock, Ledger},
    gateway::{Gateway, GatewayError, Reply},
    provider::Piece,
    service::noted::{NotedMeter, Notes, Unnoted},
};

/// Asks models in this process.
pub struct Local {
    core: Arc<Core>,
}

struct Core {
    gateway: Gateway,
    ledger: Ledger,
    notes: Arc<dyn Notes>,
    clock: Clock,
    jobs: Cache<JobId, Arc<watch::Sender<Log>>>,
}

/// One job, and what came of it.
#[derive(Debug, Default)]
struct Log {
    status: Status,
    /// As long as somebody reads them.
    pieces: Vec<Result<Piece, GatewayError>>,
    askers: usize,
    task: Option<AbortHandle>,
}

impl Local {
    /// With budgets in a ledger.
    pub fn new(gateway: Gateway, ledger: Ledger, clock: Clock) -> Self {
        let jobs = Cache::builder().max_capacity(STATUSES_MAX).time_to_live(STATUS_KEPT).build();
        let notes = Arc::new(Unnoted);
        Self { core: Arc::new(Core { gateway, ledger, notes, clock, jobs }) }
    }

    /// Tells of each attempt.
    pub fn noting(self, notes: Arc<dyn Notes>) -> Self {
        let Core { gateway, ledger, clock, jobs, .. } = &*self.core;
        let (gateway, ledger) = (gateway.clone(), ledger.clone());
        let (clock, jobs) = (clock.clone(), jobs.clone());
        Self { core: Arc::new(Core { gateway, ledger, notes, clock, jobs }) }
    }
}

impl Words for Local {
    fn stream(&self, job: Job) -> Reply {
        let begin = Reading::Unasked(Arc::clone(&self.core), Box::new(job));
        stream::unfold(begin, |reading| async move {
            let mut asking = match reading {
                Reading::Unasked(core, job) => match core.ask(*job) {
                    Ok(asking) => asking,
                    Err(error) => return Some((Err(error), Reading::Ended)),
                },
                Reading::Asking(asking) => asking,
                Reading::Ended => return None,
            };
            let piece = asking.next().await;
            let is_end = matches!(piece, Err(_) | Ok(Piece::Finished(_)));
            Some((piece, if is_end { Reading::Ended } else { Reading::Asking(asking) }))
        })
        .fuse()
        .boxed()
    }

    fn status(&self, id: JobId) -> BoxFuture<'_, Result<Option<Status>, QueueError>> {
        let status = self.core.jobs.get(&id).map(|log| log.borrow().status.clone());
        async move { Ok(status) }.boxed()
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local").field("gateway", &self.core.gateway).finish_non_exhaustive()
    }
}

enum Reading {
    Unasked(Arc<Core>, Box<Job>),
    Asking(Asking),
    Ended,
}

impl Core {
    fn ask(self: &Arc<Self>, job: Job) -> Result<Asking, GatewayError> {
        job.check()?;
        let now_ms = (self.clock)();
        let entry = self.jobs.entry(job.id()).or_insert_with(|| {
            let status = Status { queued_at_ms: now_ms, ..Status::default() };
            Arc::new(watch::Sender::new(Log { status, ..Log::default() }))
        });
        let is_new = entry.is_fresh();
        let log = entry.into_value();
        let mut is_gone = false;
        log.send_modify(|log| {
            is_gone = log.status.state.is_over() && log.pieces.is_empty();
            log.askers += 1;
        });
        let asking = Asking { clock: self.clock.clone(), log: Arc::clone(&log), next: 0 };
        if is_gone {
            return Err(GatewayError::Queue { told: "has given this answer already" });
        }
        if is_new {
            let running = Arc::clone(self).run(job, Arc::clone(&log));
            let task = tokio::spawn(running).abort_handle();
            log.send_modify(|log| log.task = Some(task));
        }
        Ok(asking)
    }

    async fn run(self: Arc<Self>, job: Job, log: Arc<watch::Sender<Log>>) {
        let _ending = Ending { clock: self.clock.clone(), log: Arc::clone(&log) };
        let meter = self.ledger.meter(&job.user, &job.world, &job.companion);
        let meter = NotedMeter::new(meter, self.notes.clone());
        let (begun, clock) = (Arc::clone(&log), self.clock.clone());
        let noted = Noted::new(meter, move || {
            begun.send_modify(|Log { status, .. }| {
                status.deliveries = 1;
                status.started_at_ms.get_or_insert_with(|| clock());
                if status.state == State::Queued {
                    status.state = State::Running;
                }
            });
        });
        let mut reply = self.gateway.stream(job.request, job.wanted, noted.clone());
        while let Some(piece) = reply.next().await {
            let now_ms = (self.clock)();
            log.send_modify(|Log { status, pieces, .. }| {
                match &piece {
                    Ok(Piece::Finished(_)) => status.end(State::Done, now_ms, None),
                    Ok(_) => {
                        status.state = State::Streaming;
                        status.first_words_at_ms.get_or_insert(now_ms);
                    }
                    Err(error) => status.end(State::Failed, now_ms, Some(error.kind())),
                }
                if status.state.is_over() {
                    status.model = noted.model();
                }
                pieces.push(piece);
            });
        }
    }
}

impl Status {
    fn end(&mut self, state: State, now_ms: u64, reason: Option<&str>) {
        self.state = state;
        self.ended_at_ms = Some(now_ms);
        self.reason = reason.map(str::to_owned);
    }
}

/// Ends a job that nobody works on any more, also if that was a fault of ours.
struct Ending {
    clock: Clock,
    log: Arc<watch::Sender<Log>>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.log.send_if_modified(|log| {
            let is_lost = !log.status.state.is_over();
            if is_lost {
                log.status.end(State::Failed, (self.clock)(), Some("queue"));
            }
            is_lost
        });
    }
}

/// Somebody who waits for a job.
struct Asking {
    clock: Clock,
    log: Arc<watch::Sender<Log>>,
    /// Piece that comes next.
    next: usize,
}

impl Asking {
    async fn next(&mut self) -> Result<Piece, GatewayError> {
        let mut log = self.log.subscribe();
        let next = self.next;
        let has_more = |log: &Log| log.pieces.len() > next || log.status.state.is_over();
        let log = log.wait_for(has_more).await;
        let log = log.map_err(|_| GatewayError::Queue { told: "has ended" })?;
        self.next += 1;
        let lost = || Err(GatewayError::Queue { told: "has lost the answer" });
        log.pieces.get(next).cloned().unwrap_or_else(lost)
    }
}

impl Drop for Asking {
    /// The last who goes ends the job.
    fn drop(&mut self) {
        self.log.send_modify(|log| {
            log.askers -= 1;
            if log.askers > 0 {
                return;
            }
            if !log.status.state.is_over() {
                log.task.take().iter().for_each(AbortHandle::abort);
                log.status.end(State::Failed, (self.clock)(), Some("cancelled"));
            }
            log.pieces = Vec::new();
        });
    }
}
