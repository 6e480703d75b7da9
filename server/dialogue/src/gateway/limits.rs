//! The most that the gateway takes on, and what its settings may say.

use std::time::Duration;

/// Bytes of the file with the settings.
pub const SETTINGS_BYTES_MAX: usize = 64 << 10;
/// Providers.
pub const PROVIDERS_MAX: usize = 16;
/// Models.
pub const MODELS_MAX: usize = 32;
/// Bytes of the name of a provider or model.
pub const NAME_BYTES_MAX: usize = 128;
/// Millionths of a dollar for a million tokens: 10,000 dollars.
pub const PRICE_MICRODOLLARS_MAX: u64 = 10_000_000_000;
/// Tokens that a model may have room for.
pub const CONTEXT_TOKENS_MAX: u32 = 10_000_000;
/// Tokens of one answer.
pub const OUTPUT_TOKENS_MAX: u32 = 16_384;
/// Requests under way at once.
pub const CONCURRENT_MAX: usize = 1024;
/// Requests that wait for their turn.
pub const WAITING_MAX: usize = 4096;
/// Any time of the settings.
pub const PATIENCE_MAX: Duration = Duration::from_secs(600);
/// Tries after the first, of one model for one request.
pub const RETRIES_MAX: u32 = 5;
/// Tries for one request, over all models.
pub const ATTEMPTS_MAX: u32 = 12;
/// How often one answer may break and be gone on with.
pub const BREAKS_MAX: u32 = 3;
/// How long a provider that wants fewer requests is waited for, where nobody else can be asked.
pub const RATE_WAIT_MAX: Duration = Duration::from_secs(3);

/// Failures in a row from which on a provider is left alone for a while.
pub const FAILURES_IN_A_ROW_MAX: u32 = 3;
/// How long it is left alone at first; twice as long each time that it fails again.
pub const COOL_DOWN: Duration = Duration::from_secs(2);
/// How long it is left alone at most, unless it asks for longer itself.
pub const COOL_DOWN_MAX: Duration = Duration::from_secs(120);
/// How long one that does not take its key is left alone.
pub const KEY_COOL_DOWN: Duration = Duration::from_secs(60);

/// How long whoever looks for something waits for its vector.
pub const QUERY_WAIT_MAX: Duration = Duration::from_millis(300);
/// How long vectors of what is remembered may take.
pub const EMBEDDING_WAIT_MAX: Duration = Duration::from_secs(10);
/// Bytes of the vectors that are remembered by their texts.
pub const EMBEDDED_BYTES_KEPT_MAX: u64 = 16 << 20;

/// Bytes of a message that are looked at for its score.
pub const SCORED_BYTES_MAX: usize = 4096;

/// Characters that an overlap has at least: fewer may well be what comes next.
pub const OVERLAP_CHARS_MIN: usize = 12;
/// Bytes of an overlap at most, unless it is all that was said.
pub const OVERLAP_BYTES_MAX: usize = 4096;
/// Characters that all that was said must have to count as an overlap.
pub const RESTART_CHARS_MIN: usize = 4;
