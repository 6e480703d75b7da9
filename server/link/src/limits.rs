//! Named maxima of a connection. What happens on overflow is written where it happens.

use std::time::Duration;

use vivarium_protocol::limits::{
    CLIENT_LATEST_BYTES_MAX, CLIENT_RELIABLE_BYTES_MAX, SERVER_RELIABLE_BYTES_MAX,
};

/// Bytes of the largest client message, its lane byte included.
pub const CLIENT_MESSAGE_BYTES_MAX: usize =
    1 + if CLIENT_RELIABLE_BYTES_MAX > CLIENT_LATEST_BYTES_MAX {
        CLIENT_RELIABLE_BYTES_MAX
    } else {
        CLIENT_LATEST_BYTES_MAX
    };
/// Bytes that one WebSocket reads ahead. The default of the library is 128 KiB per connection.
pub const WEBSOCKET_READ_BUFFER_BYTES: usize = 4 * 1024;
/// Bytes that one WebSocket gathers before it writes to the socket.
pub const WEBSOCKET_WRITE_BUFFER_BYTES: usize = 16 * 1024;
/// Bytes that one WebSocket holds while the socket does not take them: beyond, the write fails.
pub const WEBSOCKET_WRITE_BUFFER_BYTES_MAX: usize =
    WEBSOCKET_WRITE_BUFFER_BYTES + 2 * SERVER_RELIABLE_BYTES_MAX;
/// Messages that one direction of an in-memory connection holds.
pub const MEMORY_MESSAGES_MAX: usize = 64;

/// How often something may happen: `per_s` on average, `burst` at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Events per second, on average.
    pub per_s: u32,
    /// Events at once, after a pause.
    pub burst: u32,
}

/// How often a client may send what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Messages of every kind; a client beyond it is closed with `TooManyMessages`.
    pub all: Rate,
    /// Latest-lane messages; those beyond it are dropped, as if the network had lost them.
    pub latest: Rate,
    /// Chat; beyond it each is denied with `TooFast`.
    pub chat: Rate,
    /// Emotes; beyond it each is denied with `TooFast`.
    pub emote: Rate,
    /// Changes of name and colours; beyond it each is denied with `TooFast`.
    pub look: Rate,
    /// Pings; beyond it each is denied with `TooFast`.
    pub ping: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            // Clients send about 30 latest messages per second, and what a network held back
            // for some seconds comes at once.
            all: Rate { per_s: 120, burst: 480 },
            latest: Rate { per_s: 90, burst: 270 },
            chat: Rate { per_s: 1, burst: 5 },
            emote: Rate { per_s: 2, burst: 6 },
            look: Rate { per_s: 1, burst: 4 },
            ping: Rate { per_s: 5, burst: 20 },
        }
    }
}

/// Everything that bounds one connection. The defaults suit a public server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkLimits {
    /// From the start of the session to its first message.
    pub handshake_timeout: Duration,
    /// Without a sign of life, an answer to a probe included, the session is closed with `Idle`.
    pub idle_timeout: Duration,
    /// Without a sign of life for this long, the transport is asked to probe the client.
    pub probe_interval: Duration,
    /// A write that does not end within this time closes the session with `TooSlow`.
    pub write_stall_max: Duration,
    /// Numbered messages of a client are confirmed within this time.
    pub taken_interval: Duration,
    /// For what is still queued, and for the client's answer, when a session is closed.
    pub close_timeout: Duration,
    /// Bytes of numbered messages that wait for one client or that it has not confirmed; more
    /// close it with `TooSlow`.
    pub reliable_queue_bytes_max: usize,
    /// How often a client may send what.
    pub rates: Rates,
}

impl Default for LinkLimits {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(15),
            probe_interval: Duration::from_secs(5),
            write_stall_max: Duration::from_secs(10),
            taken_interval: Duration::from_secs(1),
            close_timeout: Duration::from_secs(1),
            // The largest single message, and as much again for what comes behind it.
            reliable_queue_bytes_max: 2 * SERVER_RELIABLE_BYTES_MAX,
            rates: Rates::default(),
        }
    }
}
/// Signs of life without content that a connection may give before its handshake.
pub const GREETING_SIGNS_MAX: usize = 64;
/// Messages without a number that may wait for one connection; more close it with `TooSlow`.
pub const CONTROL_MESSAGES_MAX: usize = 256;
/// Packets of one tick that may wait for a client; more are dropped.
pub const WAITING_PACKETS_MAX: usize = 128;
