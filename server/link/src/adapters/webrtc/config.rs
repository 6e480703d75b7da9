//! Settings and named maxima of the WebRTC road.

use std::{net::IpAddr, time::Duration};

use super::pieces::PIECE_BYTES_MAX;
use crate::limits::Rate;

/// Bytes of the largest datagram that is taken from the network; larger ones are dropped.
pub const DATAGRAM_BYTES_MAX: usize = 2048;
/// Datagrams that wait for one peer's protocol stack; the newest is dropped beyond. The receive
/// window of a peer fits.
pub const DATAGRAMS_WAITING_MAX: usize = 256;
/// Bytes that a peer may send before it is connected; more are dropped. The library keeps records
/// that come before their keys without a limit of its own.
pub const HANDSHAKE_BYTES_MAX: u64 = 256 * 1024;
/// Source addresses that one peer may use at once; the longest unused is forgotten beyond.
pub const PATHS_PER_PEER_MAX: usize = 8;
/// Bytes of the largest offer.
pub const OFFER_BYTES_MAX: usize = 32 * 1024;
/// Lines of the largest offer.
pub const OFFER_LINES_MAX: usize = 1_000;
/// Media sections of the largest offer: one for data, the others for voices.
pub const OFFER_SECTIONS_MAX: usize = 33;
/// Messages of the latest lane that wait for the application; the oldest is dropped beyond.
pub const LATEST_WAITING_MAX: usize = 64;
/// Bytes of the largest latest-lane message towards a client: fits one packet of every path.
pub const LATEST_BYTES_MAX: usize = 1_150;
/// Bytes that a client may have under way to the server, which bounds the memory it can claim.
pub const RECEIVE_WINDOW_BYTES: u32 = 128 * 1024;
/// Bytes of the kernel's receive buffer for all peers together.
pub const SOCKET_BUFFER_BYTES: usize = 1024 * 1024;

/// A STUN or TURN server, for clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceServer {
    /// Such as `stun:host:3478` or `turn:host:3478?transport=udp`.
    pub urls: Vec<String>,
    /// Of a TURN server; empty for STUN.
    pub username: String,
    /// Of a TURN server; empty for STUN.
    pub credential: String,
}

/// Everything that an endpoint can be told. The defaults suit a public server.
#[derive(Clone, Debug, PartialEq)]
pub struct WebRtcConfig {
    /// Addresses at which clients reach the port. Empty: those of the local interfaces, or the
    /// bound address itself when it is a concrete one. Behind a one-to-one NAT: the public one.
    pub advertised_addresses: Vec<IpAddr>,
    /// Handed out to clients, which need them behind strict NATs and firewalls. The server
    /// itself uses none: it has to be reachable at its port, and a relay of its own would need
    /// a socket per peer, because TURN tells its clients apart by their address.
    pub ice_servers: Vec<IceServer>,
    /// Connections, pending ones included; offers beyond are refused.
    pub peers_max: usize,
    /// Connections that have been answered but not connected; offers beyond are refused.
    pub pending_max: usize,
    /// Of these, those of one network.
    pub pending_per_prefix_max: u32,
    /// Offers of one network (IPv4: /24, IPv6: /64); more are refused.
    pub offers_per_prefix: Rate,
    /// From the answer until both channels are open.
    pub handshake_timeout: Duration,
    /// Bytes of the reliable lane that wait for one client; senders wait beyond.
    pub reliable_send_buffer_bytes: usize,
    /// Bytes of the latest lane that wait for one client; messages are dropped beyond, so that
    /// what arrives is new.
    pub latest_send_buffer_bytes: usize,
    /// Bytes of the largest message of a client; a larger one ends the connection.
    pub message_bytes_max_in: usize,
    /// Without a sign of life for this long, a connection counts as disconnected.
    pub ice_disconnected_timeout: Duration,
    /// After this much longer without a sign of life, a connection is lost.
    pub ice_failed_timeout: Duration,
    /// How often a sign of life is asked for.
    pub ice_keepalive_interval: Duration,
    /// For what is still waiting when a connection is closed.
    pub close_timeout: Duration,
}

impl Default for WebRtcConfig {
    fn default() -> Self {
        Self {
            advertised_addresses: Vec::new(),
            ice_servers: Vec::new(),
            peers_max: 2_000,
            pending_max: 128,
            pending_per_prefix_max: 16,
            offers_per_prefix: Rate { per_s: 5, burst: 30 },
            handshake_timeout: Duration::from_secs(10),
            reliable_send_buffer_bytes: 4 * PIECE_BYTES_MAX,
            latest_send_buffer_bytes: 16 * 1024,
            message_bytes_max_in: 64 * 1024,
            ice_disconnected_timeout: Duration::from_secs(2),
            ice_failed_timeout: Duration::from_secs(3),
            ice_keepalive_interval: Duration::from_secs(1),
            close_timeout: Duration::from_millis(500),
        }
    }
}
