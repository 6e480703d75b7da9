//! The roads to a session. Each fills the seam of [`crate::transport`] and passes the same
//! conformance suite.

pub mod memory;
pub mod quic;
pub mod websocket;

#[cfg(test)]
mod conformance;
