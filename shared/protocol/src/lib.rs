//! Words on the wire between a Vivarium server and its clients.
//!
//! Owns every type that crosses a connection, its encoding, its limits and the protocol version.
//! Invariant: bytes of a stranger either decode into a value that respects [`limits`] or give a
//! [`wire::DecodeError`]; nothing here panics on them, performs IO, or knows the ECS.

pub mod close;
pub mod ids;
pub mod intent;
pub mod limits;
pub mod notice;
pub mod quantise;
pub mod snapshot;
pub mod text;
pub mod wire;

/// Version of everything in this crate. Both ends must name the same one in the handshake.
pub const PROTOCOL_VERSION: u16 = 6;
