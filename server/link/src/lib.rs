//! Sessions and the transports that carry them.
//!
//! Owns the rules of a session ([`session::Session`], which performs no IO and reads no clock), the
//! bounded queue towards each client ([`outbox::Outbox`]), and the adapters that carry both. A new
//! transport is a new file in [`adapters`]: the session and the driver do not change.
//!
//! Invariants: bytes of a stranger end in a close reason or a denial, never in a panic; nothing
//! here grows without a maximum that [`limits`] names; no session can hold up another one.

pub mod adapters;
pub mod driver;
pub mod limits;
pub mod outbox;
pub mod path;
pub mod prefix;
pub mod session;
pub mod stats;
pub mod transport;
