//! What several servers and workers share, in Redis.
//!
//! Redis may be slow, restart, or be away: whoever asks it is told so in time, and the connection is
//! made anew by itself. Invariant: every key begins with [`PREFIX`], and ends by itself.

use std::{fmt, time::Duration};

use redis::{
    Client, IntoConnectionInfo, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

pub mod answers;
pub mod ledger;
pub mod messages;
pub mod patience;

/// With which all keys begin.
pub const PREFIX: &str = "vivarium:";
/// How long an answer of Redis is waited for.
pub const ANSWER_MAX: Duration = Duration::from_secs(2);
/// How long it is tried to connect.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// Between two tries to connect, at most.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Why there is no Redis.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Its address cannot be used. It is not told again, since it may have a password in it.
    #[error("not an address of Redis, such as redis://127.0.0.1:6379: {0}")]
    Address(#[source] RedisError),
    /// It does not answer.
    #[error("Redis does not answer: {0}")]
    Silent(#[source] RedisError),
}

/// A Redis. Cheap to clone; all clones share one connection, which is made anew when it breaks.
#[derive(Clone)]
pub struct Redis {
    client: Client,
    connection: ConnectionManager,
}

impl Redis {
    /// Connects, and finds out whether it answers.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        let address = url.into_connection_info().map_err(ConnectError::Address)?;
        let client = Client::open(address).map_err(ConnectError::Address)?;
        let mut connection = ConnectionManager::new_with_config(client.clone(), config())
            .await
            .map_err(ConnectError::Silent)?;
        redis::cmd("PING")
            .query_async::<()>(&mut connection)
            .await
            .map_err(ConnectError::Silent)?;
        Ok(Self { client, connection })
    }

    /// The connection that all share: for commands that answer at once, never for those that wait.
    pub fn connection(&self) -> ConnectionManager {
        self.connection.clone()
    }

    /// A connection of one's own, for commands that wait (`XREAD` with `BLOCK`) for at most so long.
    pub async fn waiting(&self, waits_max: Duration) -> Result<ConnectionManager, RedisError> {
        let config = config().set_response_timeout(Some(waits_max + ANSWER_MAX));
        ConnectionManager::new_with_config(self.client.clone(), config).await
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its address may have a password in it.
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}

fn config() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT_MAX))
        .set_response_timeout(Some(ANSWER_MAX))
        .set_max_delay(PAUSE_MAX)
        .set_number_of_retries(2)
}
