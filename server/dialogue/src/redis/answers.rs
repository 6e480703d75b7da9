//! Answers to small talk, shared by all servers: the second tier of the cache.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use redis::RedisError;

use super::Redis;
use crate::cache::{Slot, Tier2, Tier2Error, limits::STORED_BYTES_MAX};

/// Keeps answers in Redis, each until it is too old.
#[derive(Clone, Debug)]
pub struct SharedAnswers {
    redis: Redis,
}

impl SharedAnswers {
    /// In this one.
    pub fn tier2(redis: Redis) -> Arc<dyn Tier2> {
        Arc::new(Self { redis })
    }
}

impl Tier2 for SharedAnswers {
    fn get(&self, slot: Slot) -> BoxFuture<'_, Result<Option<Bytes>, Tier2Error>> {
        async move {
            // One byte more than what is taken for an answer: whatever is there, no more comes.
            let mut ask = redis::cmd("GETRANGE");
            ask.arg(slot.name()).arg(0).arg(STORED_BYTES_MAX);
            let told = ask.query_async::<Vec<u8>>(&mut self.redis.connection()).await;
            let told = told.map_err(error)?;
            Ok((!told.is_empty()).then(|| told.into()))
        }
        .boxed()
    }

    fn put(
        &self,
        slot: Slot,
        value: Bytes,
        time_to_live: Duration,
    ) -> BoxFuture<'_, Result<(), Tier2Error>> {
        async move {
            let time_to_live_ms = u64::try_from(time_to_live.as_millis()).unwrap_or(u64::MAX);
            let mut ask = redis::cmd("SET");
            ask.arg(slot.name()).arg(&value[..]).arg("PX").arg(time_to_live_ms.max(1));
            ask.query_async(&mut self.redis.connection()).await.map_err(error)
        }
        .boxed()
    }
}

fn error(error: RedisError) -> Tier2Error {
    Tier2Error(error.to_string())
}
