//! Why a session ended, in a form that people and programs can read.

use serde::{Deserialize, Serialize};

/// Why the server refuses or closes a session. The order is part of the protocol: only append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CloseReason {
    /// The client said goodbye.
    Bye,
    /// The client speaks another protocol version.
    VersionMismatch,
    /// The first bytes were not a Vivarium handshake.
    NotVivarium,
    /// A message could not be decoded, or broke a rule of the protocol.
    Malformed,
    /// A message exceeded its byte limit.
    Oversized,
    /// A message came on a lane on which it is not allowed.
    WrongLane,
    /// No world of that name is open here.
    UnknownWorld,
    /// The world, or the server, has no room for another person.
    WorldFull,
    /// More messages came than the rate limit and its burst allow.
    TooManyMessages,
    /// The client did not read what was sent, and its queue ran full.
    TooSlow,
    /// Nothing was heard from the client for too long.
    Idle,
    /// The handshake was not completed in time.
    HandshakeTimeout,
    /// The same session was resumed elsewhere.
    ResumedElsewhere,
    /// The server is shutting down.
    ShuttingDown,
    /// The world ended because of a fault of the server and is being restarted.
    WorldRestarting,
    /// The ticket is unknown, used or too old, or there must be one and was none.
    BadTicket,
}

impl CloseReason {
    /// WebSocket close code (RFC 6455, 7.4.2: 4000-4999 are for private use).
    pub fn code(self) -> u16 {
        4_000 + self as u16
    }

    /// One sentence that says what was wrong and what to do.
    pub fn text(self) -> &'static str {
        match self {
            Self::Bye => "goodbye",
            Self::VersionMismatch => "the page is of another version than the server: reload it",
            Self::NotVivarium => "the first message is not a Vivarium handshake",
            Self::Malformed => "a message could not be understood",
            Self::Oversized => "a message was longer than allowed",
            Self::WrongLane => "a message came on the wrong lane",
            Self::UnknownWorld => "there is no such world here",
            Self::WorldFull => "this world is full: try again later",
            Self::TooManyMessages => "too many messages in a short time: slow down",
            Self::TooSlow => "the connection is too slow to keep up with the world",
            Self::Idle => "nothing was heard for too long",
            Self::HandshakeTimeout => "the handshake took too long",
            Self::ResumedElsewhere => "this visit goes on in another window",
            Self::ShuttingDown => "the server is shutting down",
            Self::WorldRestarting => "this world is being restarted: come back in a moment",
            Self::BadTicket => "the ticket is missing, used or too old: ask for a new one",
        }
    }

    /// Whether the same person may come back with the resume token.
    pub fn may_resume(self) -> bool {
        matches!(self, Self::TooSlow | Self::Idle | Self::WorldRestarting)
    }
}
