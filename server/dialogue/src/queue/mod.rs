//! What models are asked, as jobs: by this process, or by workers that share a Redis.
//!
//! ```text
//! Job ─▶ Words ─┬─ local: the gateway of this process ──────────────────────────▶ Reply
//!               └─ shared: Redis ─▶ worker ─▶ its gateway ─▶ pieces in Redis ─▶ Reply
//! ```
//!
//! A job is a request to a model, not a turn of a mind: what companions know, what they may do and
//! what is safe to say stays with whoever asks. Workers keep nothing.
//!
//! Invariants: the same key is the same job, whose answer is asked for once and given to all who ask.
//! Everything that waits is bounded, and ends in time. A job whose askers are gone is ended. What was
//! given is never given again, whichever worker goes on with it.

use std::{fmt, str::FromStr, sync::Arc};

use futures_util::future::BoxFuture;

use crate::{
    gateway::{GatewayError, Reply, Tier},
    provider::{Request, RequestError},
};

pub mod limits;
pub mod local;
mod noted;
mod record;
pub mod shared;
pub mod status;

pub use self::status::{State, Status};
use self::{limits::KEY_BYTES_MAX, noted::Noted};

/// Where words come from. Cheap to share.
pub trait Words: fmt::Debug + Send + Sync {
    /// Asks for the answer to a job. Nothing is asked before the reply is polled; dropping it tells
    /// that nobody waits any more.
    fn stream(&self, job: Job) -> Reply;

    /// How a job is; none: it is not known, or was over for too long.
    fn status(&self, id: JobId) -> BoxFuture<'_, Result<Option<Status>, QueueError>>;
}

/// The same words for all who hold it.
pub type SharedWords = Arc<dyn Words>;

/// The queue cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue of answers {0}")]
pub struct QueueError(pub(crate) &'static str);

/// What a model is asked, and on whose behalf.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The same key is the same job. Nobody may be able to guess it, since its id follows from it.
    pub key: String,
    /// What is asked.
    pub request: Request,
    /// How good the model must be; none: as what was said last wants.
    pub wanted: Option<Tier>,
    /// Whose budget it is, by their key.
    pub user: String,
    /// In which world.
    pub world: String,
    /// By which companion.
    pub companion: String,
}

impl Job {
    /// Its id.
    pub fn id(&self) -> JobId {
        JobId::of(&self.key)
    }

    fn check(&self) -> Result<(), GatewayError> {
        if self.key.len() > KEY_BYTES_MAX {
            let (what, max) = ("bytes of a job's key", KEY_BYTES_MAX);
            return Err(RequestError::TooMany { what, max }.into());
        }
        Ok(self.request.check()?)
    }
}

/// Names a job: 128 bits that nobody guesses who was not told them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId([u8; 16]);

impl JobId {
    /// Of the job with this key.
    pub fn of(key: &str) -> Self {
        let mut hash = blake3::Hasher::new_derive_key("vivarium dialogue job");
        hash.update(key.as_bytes());
        let mut id = [0; 16];
        hash.finalize_xof().fill(&mut id);
        Self(id)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobId({self})")
    }
}

/// It is not the id of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a job has 32 hexadecimal digits")]
pub struct NoJobId;

impl FromStr for JobId {
    type Err = NoJobId;

    fn from_str(text: &str) -> Result<Self, NoJobId> {
        let is_plain = |it: u8| it.is_ascii_digit() || (b'a'..=b'f').contains(&it);
        if text.len() != 32 || !text.bytes().all(is_plain) {
            return Err(NoJobId);
        }
        let id = u128::from_str_radix(text, 16).map_err(|_| NoJobId)?;
        Ok(Self(id.to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_keys_and_are_read_as_they_are_written() {
        let id = JobId::of("one");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_ne!(id, JobId::of("other"));
        let long = "0".repeat(33);
        for wrong in
            ["", "0", "+0000000000000000000000000000000", &long, &id.to_string().to_uppercase()]
        {
            assert_eq!(wrong.parse::<JobId>(), Err(NoJobId), "{wrong}");
        }
    }
}
