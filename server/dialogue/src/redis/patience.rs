//! How long Redis is waited for where somebody waits for a companion, and what is told of it when it
//! does not answer.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use redis::RedisResult;
use tokio::time::{Instant, timeout};

/// How long it may take.
pub const WAIT_MAX: Duration = Duration::from_millis(500);
/// For how long it is not asked after it did not answer.
const LEFT_ALONE: Duration = Duration::from_secs(1);
/// Between two lines of the log that say so.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// Redis has not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away {
    /// Whether it may have done what it was asked for all the same.
    pub may_have_done: bool,
}

/// Asks one thing of Redis, and leaves it alone for a moment when it does not answer.
#[derive(Debug)]
pub(super) struct Patience {
    /// What goes on without it, for the log.
    meanwhile: &'static str,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    asked_from: Option<Instant>,
    told_from: Option<Instant>,
}

impl Patience {
    pub(super) fn new(meanwhile: &'static str) -> Self {
        Self { meanwhile, state: Mutex::default() }
    }

    pub(super) async fn ask<T>(
        &self,
        answer: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, Away> {
        if self.change(|state, now| state.asked_from.is_some_and(|from| now < from)) {
            return Err(Away { may_have_done: false });
        }
        let (told, may_have_done) = match timeout(WAIT_MAX, answer).await {
            Ok(Ok(answer)) => {
                self.change(|state, _| state.asked_from = None);
                return Ok(answer);
            }
            Ok(Err(error)) => (error.to_string(), !error.is_connection_refusal()),
            Err(_) => (format!("no answer within {} ms", WAIT_MAX.as_millis()), true),
        };
        self.missed(&told);
        self.change(|state, now| state.asked_from = Some(now + LEFT_ALONE));
        Err(Away { may_have_done })
    }

    /// Tells the log, once a minute at most.
    pub(super) fn missed(&self, error: &str) {
        let is_told = self.change(|state, now| {
            let is_told = state.told_from.is_none_or(|from| now >= from);
            if is_told {
                state.told_from = Some(now + TOLD_EVERY);
            }
            is_told
        });
        if is_told {
            tracing::warn!(error, meanwhile = self.meanwhile, "Redis does not answer");
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State, Instant) -> T) -> T {
        // It is whole after each change.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner), Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_that_does_not_answer_is_left_alone_for_a_moment() {
        let patience = Patience::new("nothing");
        assert_eq!(patience.ask(ready(Ok(1))).await, Ok(1));
        let began = Instant::now();
        let lost = Err(Away { may_have_done: true });
        assert_eq!(patience.ask(pending::<RedisResult<u8>>()).await, lost);
        assert_eq!(began.elapsed(), WAIT_MAX);
        let unasked = Err(Away { may_have_done: false });
        assert_eq!(patience.ask(ready(Ok(1))).await, unasked);
        tokio::time::advance(LEFT_ALONE).await;
        assert_eq!(patience.ask(ready(Ok(2))).await, Ok(2));
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(patience.ask(ready(Err::<u8, _>(refused.into()))).await, unasked);
    }
}
