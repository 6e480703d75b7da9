//! A second place for answers, which several servers may share and which outlives them.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::key::CacheKey;

/// Something that keeps bytes by keys for a while, such as Redis. It may forget, fail and be slow: it
/// is waited for a tenth of a second at most, and what it gives is not believed.
pub trait Tier2: Send + Sync {
    /// What is kept there.
    fn get(&self, slot: Slot) -> BoxFuture<'_, Result<Option<Bytes>, Tier2Error>>;
    /// Keeps something for so long, in the place of what was there.
    fn put(
        &self,
        slot: Slot,
        value: Bytes,
        time_to_live: Duration,
    ) -> BoxFuture<'_, Result<(), Tier2Error>>;
}

/// Why the second tier did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the second tier of the cache: {0}")]
pub struct Tier2Error(pub String);

/// The place of one of the answers to an ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// To what.
    pub key: CacheKey,
    /// Which of them, from 0 on.
    pub variant: u8,
}

impl Slot {
    /// A name for it among other things. Its number changes when what is kept changes its form.
    pub fn name(&self) -> String {
        format!("vivarium:answer:1:{}:{}", self.key, self.variant)
    }
}
