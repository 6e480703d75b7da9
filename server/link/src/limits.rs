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
    /// Showing what is chosen to be changed; beyond it each is denied with `TooFast`.
    pub select: Rate,
    /// Showing where one points; beyond it each is dropped, since a newer one follows.
    pub point: Rate,
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
            select: Rate { per_s: 10, burst: 20 },
            point: Rate { per_s: 15, burst: 30 },
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
    /// Between two reports of the way to a client.
    pub path_interval: Duration,
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
            path_interval: Duration::from_secs(1),
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

/// Bidirectional streams that a QUIC client may have open: its reliable lane, and the request of
/// WebTransport.
pub const QUIC_BIDI_STREAMS_MAX: u32 = 4;
/// Unidirectional streams that a QUIC client may have open: HTTP/3 takes three.
pub const QUIC_UNI_STREAMS_MAX: u32 = 8;
/// Bytes of one stream that a QUIC client may send ahead of what was read.
pub const QUIC_STREAM_WINDOW_BYTES: u32 = 16 * 1024;
/// Bytes of all its streams that a QUIC client may send ahead of what was read.
pub const QUIC_CONNECTION_WINDOW_BYTES: u32 = 32 * 1024;
/// Bytes of streams that wait in a QUIC connection to be acknowledged; writing waits beyond.
pub const QUIC_SEND_WINDOW_BYTES: u64 = 256 * 1024;
/// Bytes of TLS messages that may come out of order.
pub const QUIC_CRYPTO_BUFFER_BYTES: usize = 16 * 1024;
/// Bytes of datagrams that wait to be taken in; of more the oldest are dropped.
pub const QUIC_DATAGRAMS_RECEIVED_BYTES: usize = 16 * 1024;
/// Bytes of datagrams that wait for the path; of more the oldest are dropped, so that the newest
/// frame wins. The packets of two ticks at the largest budget fit.
pub const QUIC_DATAGRAMS_SENT_BYTES: usize = 16 * 1024;
/// Packets that a client which knows the extension receives before it acknowledges.
pub const QUIC_PACKETS_PER_ACK: u32 = 8;
/// How long it may wait with that.
pub const QUIC_ACK_DELAY_MAX: Duration = Duration::from_millis(25);
/// Handshakes that wait for the endpoint to look at them; more are refused.
pub const QUIC_INCOMING_MAX: usize = 1_024;
/// Bytes that are kept of one handshake that nobody has looked at yet.
pub const QUIC_INCOMING_BYTES_MAX: u64 = 8 * 1024;
/// Bytes that are kept of all of them.
pub const QUIC_INCOMING_BYTES_TOTAL_MAX: u64 = 4 * 1024 * 1024;
/// Bytes that a QUIC connection reads ahead of its stream at first.
pub const QUIC_READ_BUFFER_BYTES: usize = 512;
/// How long a client has to acknowledge the last words.
pub const QUIC_LAST_WORDS_MAX: Duration = Duration::from_millis(500);
/// Networks whose handshakes are counted; beyond, newcomers from others are ignored for a moment.
pub const PREFIXES_MAX: usize = 16 * 1024;

/// What bounds a QUIC endpoint. The defaults suit a public server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuicLimits {
    /// From the first packet to the first byte of the reliable lane.
    pub handshake_timeout: Duration,
    /// Handshakes that are under way; more are refused.
    pub pending_handshakes_max: u32,
    /// While so many are under way, others must show first that they receive what they are sent, which
    /// takes a round trip. 0: everyone must, unless they bring a token of an earlier visit. Without
    /// that quinn answers a borrowed address with up to a datagram more than three times what came.
    pub handshakes_before_retry: u32,
    /// Handshakes of one network (IPv4: /24, IPv6: /64) that have shown that their address is their
    /// own, and as many that have not. Of these others must show it, of those others are ignored.
    pub handshakes_per_prefix: Rate,
    /// Handshakes of one network that are under way; more are refused.
    pub pending_handshakes_per_prefix_max: u32,
    /// Without a packet for this long a connection is over.
    pub idle_timeout: Duration,
    /// After silence for this long the client is asked for a packet.
    pub keep_alive_interval: Duration,
}

impl Default for QuicLimits {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(5),
            pending_handshakes_max: 512,
            handshakes_before_retry: 0,
            handshakes_per_prefix: Rate { per_s: 20, burst: 200 },
            pending_handshakes_per_prefix_max: 64,
            idle_timeout: Duration::from_secs(15),
            keep_alive_interval: Duration::from_secs(4),
        }
    }
}
