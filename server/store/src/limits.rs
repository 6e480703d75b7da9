//! Named maxima of the store. What happens on overflow is written where it happens.

use std::time::Duration;

/// Batches that wait to be written; later ones are refused with `Busy`.
pub const BATCHES_QUEUED_MAX: usize = 1_024;
/// Batches that are written in one transaction.
pub const BATCHES_PER_GROUP_MAX: usize = 256;
/// Bytes of the operations of one batch, and of its inverses.
pub const BATCH_BYTES_MAX: usize = 16 * 1_024 * 1_024;
/// Invitations of one world, or of all worlds, that wait to be redeemed.
pub const INVITATIONS_PER_WORLD_MAX: usize = 200;
/// Batches that one look into a history gives.
pub const HISTORY_BATCHES_MAX: u32 = 1_000;
/// Versions of one world; more are refused.
pub const VERSIONS_MAX: u64 = 100;
/// Bytes of the documents of all versions of one world; more are refused.
pub const VERSIONS_BYTES_MAX: u64 = 128 * 1_024 * 1_024;
/// How long a writer waits for another process, such as a backup, that holds the database.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a machine with a database may not confirm what it is sent before the connection counts as
/// lost, unless the address of the database says otherwise (`tcp_user_timeout`).
pub const SILENCE_MAX: Duration = Duration::from_secs(10);
