//! The most that waits, how often it is tried, and how long it is kept.

use std::time::Duration;

/// Jobs that are not over, in all of a queue.
pub const JOBS_MAX: usize = 1_000;
/// Bytes of a job as it is written down.
pub const JOB_BYTES_MAX: usize = 1 << 20;
/// Bytes of the key of a job.
pub const KEY_BYTES_MAX: usize = 128;
/// How often a job is begun before it is given up.
pub const DELIVERIES_MAX: u32 = 4;
/// Dead letters; the oldest go.
pub const DEAD_MAX: usize = 1_000;
/// How long dead letters are kept.
pub const DEAD_KEPT: Duration = Duration::from_secs(7 * 24 * 3_600);
/// How long the state of a job can be read.
pub const STATUS_KEPT: Duration = Duration::from_secs(3_600);
/// How long an answer is kept in Redis after its end.
pub const PIECES_KEPT: Duration = Duration::from_secs(60);
/// States that are kept in a process.
pub const STATUSES_MAX: u64 = 10_000;

/// Between two signs of life of a worker.
pub const BEAT: Duration = Duration::from_millis(500);
/// After so long without one its jobs are another's.
pub const SILENCE_MAX: Duration = Duration::from_secs(3);
/// How long a worker that is to end lets answers run on.
pub const GRACE: Duration = Duration::from_secs(10);
/// Between two looks at which jobs are due again.
pub const LOOK: Duration = Duration::from_millis(100);
/// How long Redis is waited for when it has nothing yet.
pub const BLOCK: Duration = Duration::from_millis(500);
/// How long a Redis that does not answer is waited for by whoever asks.
pub const DOWN_MAX: Duration = Duration::from_secs(10);
/// How long a worker that has said nothing is remembered.
pub const WORKER_KEPT: Duration = Duration::from_secs(600);
/// Between two looks for such workers.
pub const SWEEP: Duration = Duration::from_secs(60);
/// Before something is tried again with a Redis that failed: at first, and at most.
pub const RETRY: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(500)];
/// Batches of an answer that are read at once.
pub const BATCHES_MAX: usize = 64;
/// Pieces that are written as one batch.
pub const BATCH_MAX: usize = 64;
