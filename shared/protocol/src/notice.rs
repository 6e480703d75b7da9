//! What the server tells a client on the reliable lane.

use serde::{Deserialize, Serialize};

use crate::{
    close::CloseReason,
    ids::{ObjectId, PersonId},
    intent::{Emote, Look},
    limits::RESUME_TOKEN_BYTES,
};

/// Who somebody is, as everyone in the world may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonCard {
    /// The person.
    pub person: PersonId,
    /// Display name, unique in the world.
    pub name: String,
    /// Colours.
    pub look: Look,
    /// False while the connection is lost and the avatar waits.
    pub present: bool,
}

/// Why a wish was not granted, while the session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Denial {
    /// The text was empty after cleaning.
    EmptyText,
    /// The text was longer than allowed.
    TextTooLong,
    /// Too many of these in a short time; wait a moment.
    TooFast,
    /// A tracked pose was out of reach or not a rotation, or a place was outside of the world; it was
    /// ignored.
    OutOfReach,
    /// Only those who may build in this world may do that.
    NotAllowed,
    /// Who was spoken to is not there, or too far away to hear it.
    NotNear,
}

/// How what a companion had to say has ended. The order is part of the protocol: only append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpeechEnd {
    /// It has said it.
    Done,
    /// It has said what it knows by itself: no language model could be asked.
    Reduced,
    /// It was interrupted.
    Interrupted,
    /// No answer came in time.
    TimedOut,
    /// Too many ask at once.
    Busy,
    /// Whoever spoke has said as much as they may for now.
    OverLimit {
        /// Seconds until they may say more.
        free_in_s: u32,
    },
    /// Something broke.
    Broken,
    /// Nobody is there any more to answer: its mind was deleted.
    Gone,
}

/// A message of the server on the reliable lane. The order is part of the protocol: only append,
/// and never change `Closed`, which every version must be able to read. Those for which
/// [`ServerMessage::is_numbered`] holds are counted by both ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerMessage {
    /// The session is refused or closed; nothing follows.
    Closed {
        /// Why.
        reason: CloseReason,
        /// For people, in English; clients translate by `reason`.
        detail: String,
    },
    /// The handshake succeeded.
    Accepted {
        /// Who the client is on this server.
        person: PersonId,
        /// To come back to the same session with, within `resume_window_s`. A new one each time;
        /// the one before it is void as soon as the client has said anything.
        resume: [u8; RESUME_TOKEN_BYTES],
        /// Seconds for which the avatar waits after the connection is lost.
        resume_window_s: u16,
        /// Whether an earlier session goes on. Otherwise a new one begins, at 0 on both sides.
        resumed: bool,
        /// Numbered messages of the client that were taken in: it sends those after them again.
        taken: u32,
        /// Numbered messages of the server before the next one.
        told: u32,
    },
    /// The person is in a world now. Sent on entry, on return, and after each portal.
    Entered {
        /// Name of the world, as in addresses.
        world: String,
        /// Where to get the world document, relative to the page's origin.
        document_url: String,
        /// Simulation ticks per second.
        ticks_per_s: u16,
        /// Physics steps in each tick.
        substeps: u8,
        /// The tick in which the person entered.
        tick: u32,
        /// Everyone in the world, the person included.
        people: Vec<PersonCard>,
        /// Number of the last edit of the world before this message; `Edited` tells those after it.
        edits: u32,
    },
    /// Somebody came.
    Joined {
        /// Who.
        card: PersonCard,
    },
    /// Somebody changed name, colours or presence.
    Changed {
        /// As it is now.
        card: PersonCard,
    },
    /// Somebody left.
    Left {
        /// Who.
        person: PersonId,
    },
    /// Somebody said something.
    Heard {
        /// Who.
        person: PersonId,
        /// What.
        text: String,
    },
    /// Somebody made a gesture.
    Emoted {
        /// Who.
        person: PersonId,
        /// Which.
        emote: Emote,
    },
    /// The answer to `Ping`.
    Pong {
        /// As it was sent.
        nonce: u32,
    },
    /// A wish was not granted; the session goes on.
    Denied {
        /// Why.
        denial: Denial,
    },
    /// A sensor of the world found itself entered or left; drives its sound and light.
    Sensed {
        /// The sensor's object.
        object: ObjectId,
        /// How many avatars and bodies are inside now.
        inside: u16,
    },
    /// How many numbered messages of the client were taken in since the session began: it need not
    /// keep them any longer.
    Taken {
        /// All of them, this connection's and earlier ones'.
        count: u32,
    },
    /// The world was changed. Edits are numbered one by one since the world was started.
    Edited {
        /// Of this edit.
        number: u32,
        /// Who did it, as people know them; empty: the server took back what could not be kept.
        author: String,
        /// A JSON list of operations, to be done in order. None: they are too many to be told, and
        /// the document is to be fetched anew.
        operations: Option<String>,
    },
    /// Somebody who builds has chosen objects, to change them or no longer.
    Selected {
        /// Who.
        person: PersonId,
        /// All of them.
        objects: Vec<ObjectId>,
    },
    /// Somebody who builds points somewhere else, or nowhere any more.
    Pointed {
        /// Who.
        person: PersonId,
        /// Steps as of positions in packets; none: nowhere.
        at: Option<[i32; 3]>,
    },
    /// A companion begins to answer somebody.
    Thinks {
        /// Which, by its object.
        companion: ObjectId,
        /// Number of this answer among its own.
        line: u32,
        /// To whom.
        to: PersonId,
    },
    /// A companion says the next piece of an answer.
    Says {
        /// Which, by its object.
        companion: ObjectId,
        /// Of the answer.
        line: u32,
        /// Follows on the pieces before.
        text: String,
    },
    /// Nothing follows in an answer.
    Said {
        /// Which, by its object.
        companion: ObjectId,
        /// Of the answer.
        line: u32,
        /// How it ended.
        end: SpeechEnd,
    },
    /// A companion made a gesture.
    Gestured {
        /// Which, by its object.
        companion: ObjectId,
        /// What.
        emote: Emote,
    },
}

impl ServerMessage {
    /// Whether it counts among those that arrive exactly once, whatever happens to connections.
    pub fn is_numbered(&self) -> bool {
        match self {
            Self::Entered { .. }
            | Self::Joined { .. }
            | Self::Changed { .. }
            | Self::Left { .. }
            | Self::Heard { .. }
            | Self::Emoted { .. }
            | Self::Denied { .. }
            | Self::Sensed { .. }
            | Self::Edited { .. }
            | Self::Selected { .. }
            | Self::Pointed { .. }
            | Self::Thinks { .. }
            | Self::Says { .. }
            | Self::Said { .. }
            | Self::Gestured { .. } => true,
            Self::Closed { .. }
            | Self::Accepted { .. }
            | Self::Pong { .. }
            | Self::Taken { .. } => false,
        }
    }
}
