//! QUIC, and WebTransport over it: one UDP port and one endpoint for both.
//!
//! Native clients come with ALPN `vivarium/1` and speak at once; browsers come with `h3` and a
//! WebTransport request for [`PATH`]. From there on both are the same: the client opens one
//! bidirectional stream, which is the reliable lane (frames of a length in 4 bytes, little-endian,
//! and that many bytes), and datagrams are the latest lane.
//!
//! Invariants: nothing expensive is done for an address that has used up its network's budget, and
//! nothing is kept for one that has not shown that it receives what is sent to it; every window and buffer of a connection has a maximum that [`limits`](crate::limits) names.

mod endpoint;
mod transport;

pub use self::{
    endpoint::{QuicEndpoint, QuicHost, QuicStats},
    transport::{Kind, QuicTransport},
};

/// What native clients name in their TLS handshake.
pub const ALPN: &[u8] = b"vivarium/1";
/// What browsers name.
pub const ALPN_HTTP3: &[u8] = b"h3";
/// Path of the WebTransport request.
pub const PATH: &str = "/connect";
/// Name of native QUIC in metrics.
pub const NAME: &str = "quic";
/// Name of WebTransport in metrics.
pub const NAME_WEBTRANSPORT: &str = "webtransport";

#[cfg(test)]
pub(crate) mod tests;
