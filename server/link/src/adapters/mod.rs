//! The roads to a session. Each fills the seam of [`crate::transport`] and passes the same
//! conformance suite.

mod framing;
pub mod memory;
pub mod quic;
pub mod webrtc;
pub mod websocket;

#[cfg(test)]
mod conformance;
