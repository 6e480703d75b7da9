//! Plain data at a world's door.
//!
//! Owns what goes into a world ([`WorldInput`]) and what comes out ([`WorldOutput`]). Inputs are
//! the only way in: a world built from the same [`WorldSpec`] and given the same inputs in the same
//! ticks ends in the same state, bit for bit. Nothing here does anything.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use vivarium_protocol::{
    close::CloseReason,
    ids::PersonId,
    intent::{ClientLatest, Emote, Look},
};
use vivarium_scene::document::WorldDocument;

/// From what a world is built, on its own thread.
#[derive(Clone, Debug)]
pub struct WorldSpec {
    /// The checked document.
    pub document: Arc<WorldDocument>,
    /// Where clients get the document, relative to the page's origin.
    pub document_url: String,
}

/// Something that happens to a world, applied at the start of a tick in the order of arrival.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum WorldInput {
    /// A person comes in. Answered with an `Entered` notice or [`WorldOutput::Refused`].
    Enter {
        /// Who; unique on this server.
        person: PersonId,
        /// Wanted name: cleaned, and made unique, by the world.
        name: String,
        /// Wanted colours.
        look: Look,
        /// Name of the spawn object; absent or unknown: any.
        spawn: Option<String>,
    },
    /// A person goes for good.
    Leave {
        /// Who.
        person: PersonId,
    },
    /// A person's connection was lost (the avatar waits) or came back. A return is answered with
    /// an `Entered` notice, and the client's baselines are forgotten.
    Presence {
        /// Who.
        person: PersonId,
        /// Whether the connection is there.
        present: bool,
    },
    /// A person wants something. Ignored when the person is not in this world.
    Intent {
        /// Who.
        person: PersonId,
        /// What.
        intent: Intent,
    },
}

/// A wish of a person, as it came from the wire: decoded, but not yet authorised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Intent {
    /// Say something.
    Say {
        /// As typed.
        text: String,
    },
    /// Make a gesture.
    Emote {
        /// Which.
        emote: Emote,
    },
    /// Change name and colours.
    SetLook {
        /// Wanted name.
        name: String,
        /// Wanted colours.
        look: Look,
    },
    /// Move, look about, acknowledge frames.
    Latest(ClientLatest),
}

/// Something that leaves a world at the end of a tick.
#[derive(Clone, Debug, PartialEq)]
pub enum WorldOutput {
    /// A snapshot for one person, on the latest lane: replaces one that still waits.
    Frame {
        /// For whom.
        person: PersonId,
        /// An encoded `Frame`.
        bytes: Bytes,
    },
    /// A reliable message, encoded once for all who get it.
    Notice {
        /// For whom.
        to: Vec<PersonId>,
        /// An encoded `ServerMessage`.
        bytes: Bytes,
    },
    /// A person stepped through a portal and has left this world.
    Travel {
        /// Who.
        person: PersonId,
        /// Name of the other world.
        world: String,
        /// Name of the spawn object there.
        spawn: Option<String>,
        /// Name as it was shown here.
        name: String,
        /// Colours as they were here.
        look: Look,
    },
    /// A person could not come in.
    Refused {
        /// Who.
        person: PersonId,
        /// Why.
        reason: CloseReason,
    },
}

/// Phases of a tick, in order; the host times them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Inputs are taken in.
    Ingest,
    /// Wishes become permissions or denials.
    Authorize,
    /// The world moves.
    Simulate,
    /// Who may see what.
    Interest,
    /// Frames and notices become bytes.
    Encode,
}

impl Phase {
    /// All, in order.
    pub const ALL: [Self; 5] =
        [Self::Ingest, Self::Authorize, Self::Simulate, Self::Interest, Self::Encode];

    /// Name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Authorize => "authorize",
            Self::Simulate => "simulate",
            Self::Interest => "interest",
            Self::Encode => "encode",
        }
    }
}

/// What a tick found, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TickReport {
    /// The tick that ended.
    pub tick: u32,
    /// People in the world.
    pub people: u32,
    /// Replicated entities.
    pub entities: u32,
    /// Dynamic bodies that are awake.
    pub awake_bodies: u32,
    /// Bytes of frames made.
    pub frame_bytes: u64,
    /// Bytes of notices made, counted once per recipient.
    pub notice_bytes: u64,
    /// Inputs that came too late, too early, or twice, and were dropped.
    pub inputs_dropped: u32,
    /// Wishes denied.
    pub denied: u32,
}

/// State of a world in one number: equal for equal inputs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest({self})")
    }
}
