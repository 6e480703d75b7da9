//! The first message of a connection, before it belongs to a session.

use std::time::Instant;

use bytes::Bytes;
use vivarium_protocol::{
    close::CloseReason,
    intent::Hello,
    limits::CLIENT_RELIABLE_BYTES_MAX,
    notice::ServerMessage,
    wire::{self, DecodeError},
};

use crate::{limits::LinkLimits, transport::Lane};

/// Waits for the handshake, for a time.
#[derive(Clone, Copy, Debug)]
pub struct Greeting {
    deadline: Instant,
}

/// Why a connection is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For programs.
    pub reason: CloseReason,
    /// For people.
    pub detail: String,
}

impl Greeting {
    /// A connection that begins now.
    pub fn new(now: Instant, limits: &LinkLimits) -> Self {
        Self { deadline: now + limits.handshake_timeout }
    }

    /// When it must be over.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Reads the first message.
    pub fn read(lane: Lane, bytes: &[u8]) -> Result<Hello, Refusal> {
        if lane != Lane::Reliable {
            let detail = "the first message of a session belongs on the reliable lane";
            return Err(Refusal { reason: CloseReason::WrongLane, detail: detail.into() });
        }
        if bytes.len() > CLIENT_RELIABLE_BYTES_MAX {
            let size = bytes.len();
            let detail = format!("a message of {size} bytes exceeds {CLIENT_RELIABLE_BYTES_MAX}");
            return Err(Refusal { reason: CloseReason::Oversized, detail });
        }
        wire::decode_hello(bytes).map_err(|error| {
            let (reason, detail) = reason_of(&error);
            Refusal { reason, detail }
        })
    }
}

impl Refusal {
    /// The encoded `Closed` that tells it.
    pub fn message(&self) -> Bytes {
        closed(self.reason, self.detail.clone())
    }
}

impl From<CloseReason> for Refusal {
    fn from(reason: CloseReason) -> Self {
        Self { reason, detail: reason.text().into() }
    }
}

/// What a client is told about bytes that do not decode.
pub(super) fn reason_of(error: &DecodeError) -> (CloseReason, String) {
    let reason = match error {
        DecodeError::TooLarge { .. } => CloseReason::Oversized,
        DecodeError::Malformed(_) | DecodeError::TrailingBytes(_) => CloseReason::Malformed,
        DecodeError::NotVivarium => CloseReason::NotVivarium,
        DecodeError::Version { .. } => CloseReason::VersionMismatch,
    };
    let detail = match error {
        DecodeError::Version { .. } => format!("{}: {error}", reason.text()),
        _ => error.to_string(),
    };
    (reason, detail)
}

/// An encoded `Closed`.
pub(super) fn closed(reason: CloseReason, detail: String) -> Bytes {
    wire::encode(&ServerMessage::Closed { reason, detail }).into()
}
