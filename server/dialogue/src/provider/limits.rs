//! The most that is sent to a provider, taken from it, and waited for. What comes in excess is an
//! error that names the limit.

use std::time::Duration;

/// Bytes of all texts of a request, its tools included.
pub const PROMPT_BYTES_MAX: usize = 256 << 10;
/// Turns of a conversation in a request.
pub const TURNS_MAX: usize = 256;
/// Tools in a request.
pub const TOOLS_MAX: usize = 32;
/// Bytes of a tool's name: letters, digits, `_` and `-`.
pub const TOOL_NAME_BYTES_MAX: usize = 64;
/// Bytes of a tool's description and schema together.
pub const TOOL_BYTES_MAX: usize = 16 << 10;

/// Bytes of an answer's body, as it comes over the network.
pub const STREAM_BYTES_MAX: usize = 4 << 20;
/// Bytes from one event to the next, so that neither an event nor a line goes on for ever.
pub const EVENT_BYTES_MAX: usize = 256 << 10;
/// Bytes that are looked at in one go.
pub const CHUNK_BYTES_MAX: usize = 16 << 10;
/// Bytes of the text of one answer.
pub const TEXT_BYTES_MAX: usize = 64 << 10;
/// Calls of tools in one answer.
pub const CALLS_MAX: usize = 16;
/// Bytes of the arguments of one call.
pub const ARGUMENTS_BYTES_MAX: usize = 16 << 10;
/// Values nested in each other in the arguments of one call.
pub const ARGUMENTS_DEPTH_MAX: usize = 16;
/// Bytes that are read of an answer that tells of an error.
pub const REFUSAL_BYTES_MAX: usize = 16 << 10;
/// Characters that are kept of what a provider says of an error.
pub const REFUSAL_CHARS_MAX: usize = 300;

/// Texts of which vectors are asked for at once.
pub const EMBEDDED_TEXTS_MAX: usize = 32;
/// Bytes of an answer with vectors.
pub const EMBEDDINGS_BYTES_MAX: usize = 4 << 20;

/// How long a provider may tell us to stay away; longer is taken as this.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// How long an answer that tells of an error may take once its head is there.
pub const REFUSAL_READ_MAX: Duration = Duration::from_secs(2);
/// How long the end of a body may take once the answer in it is whole.
pub const REST_READ_MAX: Duration = Duration::from_secs(1);
