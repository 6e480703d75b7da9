//! The most that budgets keep, and what their settings may say.

/// Messages an hour that a member may have at most: all of them are remembered for an hour.
pub const MESSAGES_PER_HOUR_MAX: u32 = 1_000;
/// People whose messages of the last hour are known one by one.
pub const TALKERS_MAX: usize = 10_000;
/// Places for those who are not: each keeps the most that anybody in it has sent.
pub const CROWDS: usize = 1_024;
/// People who have a budget of their own; the others share [`CROWDS`] of them.
pub const USERS_MAX: usize = 100_000;
/// Worlds that have a budget of their own, and totals; the others share one.
pub const WORLDS_MAX: usize = 1_024;
/// Bytes of the key of somebody, or of the name of a world, that are looked at.
pub const KEY_BYTES_MAX: usize = 128;
/// Accounts that the settings may name as premium members.
pub const PREMIUM_MAX: usize = 10_000;
/// Dollars of one budget.
pub const DOLLARS_MAX: u64 = 1_000_000;
/// Tokens of one budget.
pub const TOKENS_MAX: u64 = 1_000_000_000_000;
