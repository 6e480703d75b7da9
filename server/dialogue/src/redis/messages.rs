//! Messages of each user in the last hour, counted by all servers together.
//!
//! The same as `budget::messages` counts by itself, in one script. Those beyond [`USERS_MAX`] share
//! lists. Whoever asks gives the time.

use redis::Script;

use super::{
    Redis,
    patience::{Away, Patience},
};
use crate::budget::{
    TooMany,
    ledger::crowd_of,
    limits::{MESSAGES_PER_HOUR_MAX, USERS_MAX},
};

/// With which its keys begin. The number changes when what is kept changes its form.
pub const PREFIX: &str = "vivarium:messages:1:";

/// Counts messages in Redis.
#[derive(Debug)]
pub struct SharedMessages {
    redis: Redis,
    patience: Patience,
    take: Script,
}

impl SharedMessages {
    /// In this one.
    pub fn new(redis: Redis) -> Self {
        let patience = Patience::new("each server counts messages on its own");
        Self { redis, patience, take: Script::new(include_str!("scripts/messages.lua")) }
    }

    /// Takes a message of somebody who may send so many in an hour. Gives how many more.
    pub async fn take(
        &self,
        user: &str,
        limit: u32,
        now_ms: u64,
    ) -> Result<Result<u32, TooMany>, Away> {
        let mut ask = self.take.key(PREFIX);
        ask.arg(now_ms).arg(limit).arg(user).arg(crowd_of(user));
        ask.arg(USERS_MAX).arg(MESSAGES_PER_HOUR_MAX);
        let mut connection = self.redis.connection();
        let told = self.patience.ask(ask.invoke_async::<(i64, i64)>(&mut connection)).await?;
        Ok(match told {
            (left, _) if left >= 0 => Ok(u32::try_from(left).unwrap_or(u32::MAX)),
            (_, free_in_ms) => {
                let free_in_ms = u64::try_from(free_in_ms).unwrap_or(0);
                Err(TooMany { free_in_s: free_in_ms.div_ceil(1_000).max(1) })
            }
        })
    }
}
