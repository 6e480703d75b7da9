//! The most that the cache keeps, and what its settings may say.

use std::time::Duration;

/// Different answers to the same thing: as many asks go to a model.
pub const VARIANTS: u8 = 3;
/// Bytes of all answers in memory.
pub const BYTES_MAX: u64 = 1 << 30;
/// How long an answer may be given again: a month.
pub const TIME_TO_LIVE_S_MAX: u64 = 31 * 24 * 60 * 60;
/// Texts that are asked at the start.
pub const WARM_UP_MAX: usize = 64;
/// Bytes of each.
pub const WARM_UP_TEXT_BYTES_MAX: usize = 200;
/// Failures in a row after which warming up is given up.
pub const WARM_UP_FAILURES_MAX: u32 = 3;
/// Bytes of an answer that is kept.
pub const ANSWER_BYTES_MAX: usize = 4 * 1024;
/// Pieces of an answer that is kept; those beyond are one with the last.
pub const PIECES_MAX: usize = 256;
/// Bytes of an answer in the second tier, as JSON.
pub const STORED_BYTES_MAX: usize = 6 * ANSWER_BYTES_MAX + 8 * PIECES_MAX;
/// How long somebody waits for an answer that another is given just now. Then they ask themselves.
pub const COALESCED_WAIT_MAX: Duration = Duration::from_secs(5);
/// How many others somebody waits for, one after another, who all got no answer.
pub const LEADERS_MAX: u32 = 2;
/// How long the second tier is waited for.
pub const TIER2_WAIT_MAX: Duration = Duration::from_millis(100);

/// Words of a text whose answer is kept.
pub const WORDS_MAX: usize = 10;
/// Bytes of such a text.
pub const TEXT_BYTES_MAX: usize = 200;
