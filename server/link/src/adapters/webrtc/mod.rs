//! WebRTC data channels for a server: all peers behind one UDP port, one request to connect.
//!
//! | file | what it owns |
//! |---|---|
//! | [`endpoint`] | the port, the places, the answer to an offer |
//! | [`connection`] | a peer's two lanes, from its answer to its end |
//! | [`sdp`] | what an offer may say; the addresses in our answer |
//! | [`hub`] | the shared socket and the sockets that the peers' stacks see |
//! | [`routes`] | whose datagram it is, and where a peer is reached |
//! | [`stun`] | the STUN messages that this takes |
//! | [`dtls`] | records that must not reach the library |
//! | [`peer`] | the settings of the library's connections, and their end |
//! | [`runtime`] | what the library may do to the outside world |
//! | [`pieces`] | the reliable lane in messages that browsers take |
//! | [`config`] | settings and maxima |
//! | [`transport`] | the seam of a session |
//!
//! Invariant: nothing but answers to signed requests leaves for an address that has not answered
//! a check. Absent: trickled candidates, ICE restarts (a client makes a new connection instead),
//! TURN of the server's own, video.

pub mod config;
pub mod connection;
pub mod dtls;
pub mod endpoint;
pub mod hub;
pub mod peer;
pub mod pieces;
pub mod routes;
pub mod runtime;
pub mod sdp;
pub mod stun;
pub mod transport;

#[cfg(test)]
pub(crate) mod tests;
