//! What a client may ask for. Everything here is a wish: the server decides.

use serde::{Deserialize, Serialize};

use crate::{
    ids::ObjectId,
    limits::{DEVICE_KEY_BYTES, RESUME_TOKEN_BYTES, TICKET_BYTES},
    snapshot::packet::Ack,
};

/// The four bytes that open every session, before the version.
pub const MAGIC: [u8; 4] = *b"VIVA";

/// First message of a session, after [`MAGIC`] and the version (`u16`, little-endian).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// World to enter. Empty: the server's first world.
    pub world: String,
    /// Wanted display name; cleaned by the server.
    pub name: String,
    /// Wanted colours.
    pub look: Look,
    /// From `POST /api/tickets`: says who comes, once. A return needs none.
    pub ticket: Option<[u8; TICKET_BYTES]>,
    /// An earlier session that is to go on, on whichever transport.
    pub resume: Option<Resume>,
    /// The secret by which this device is known, if it is to be more than a visitor.
    pub key: Option<[u8; DEVICE_KEY_BYTES]>,
}

/// What a client says to go on with a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// The newest token that the client was given.
    pub token: [u8; RESUME_TOKEN_BYTES],
    /// Numbered messages of the server that the client has taken in: those after them come again.
    /// None: the client knows nothing any more and wants to be told anew.
    pub taken: Option<u32>,
}

/// Colours of an avatar, sRGB, 0-255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Colour of the body.
    pub body: [u8; 3],
    /// Colour of the details.
    pub accent: [u8; 3],
}

/// A gesture that everyone nearby sees. The order is part of the protocol: only append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Emote {
    Wave,
    Clap,
    Dance,
    Point,
    Nod,
    Shrug,
    Cheer,
    Sit,
}

/// A message of a client on the reliable lane, after the handshake. Those for which
/// [`ClientMessage::is_numbered`] holds are counted by both ends, so that a session that resumes
/// neither loses nor repeats one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientMessage {
    /// Say something to everyone in earshot.
    Say {
        /// At most `CHAT_CHARS_MAX` characters after cleaning.
        text: String,
    },
    /// Make a gesture.
    Emote {
        /// Which one.
        emote: Emote,
    },
    /// Change name and colours.
    SetLook {
        /// Wanted display name.
        name: String,
        /// Wanted colours.
        look: Look,
    },
    /// Answered at once with `Pong`, for measuring the round trip.
    Ping {
        /// Returned unchanged.
        nonce: u32,
    },
    /// Leave for good: the avatar goes at once, the token is void.
    Bye,
    /// How many numbered messages of the server were taken in since the session began: it need
    /// not keep them any longer.
    Taken {
        /// All of them, this connection's and earlier ones'.
        count: u32,
    },
    /// Show others what is chosen to be changed.
    Select {
        /// All of them, at most `SELECTED_OBJECTS_MAX`.
        objects: Vec<ObjectId>,
    },
    /// Show others who build where one points. Not numbered: the next one says it anew.
    Point {
        /// Steps as of positions in packets; none: nowhere.
        at: Option<[i32; 3]>,
    },
    /// Say something to a companion; everyone in earshot hears it. What the companion is saying ends
    /// there.
    Address {
        /// Which, by its object.
        companion: ObjectId,
        /// At most `CHAT_CHARS_MAX` characters after cleaning.
        text: String,
    },
    /// Ask a companion not to go on with what it is saying to oneself.
    Hush {
        /// Which, by its object.
        companion: ObjectId,
    },
}

impl ClientMessage {
    /// Whether it counts among those that arrive exactly once, whatever happens to connections.
    pub fn is_numbered(&self) -> bool {
        match self {
            Self::Say { .. }
            | Self::Emote { .. }
            | Self::SetLook { .. }
            | Self::Select { .. }
            | Self::Address { .. }
            | Self::Hush { .. } => true,
            Self::Ping { .. } | Self::Bye | Self::Taken { .. } | Self::Point { .. } => false,
        }
    }
}

/// What a person holds down during one tick. Directions are in world space, so that no end
/// needs trigonometry (whose results differ between Rust and JavaScript).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Wanted direction along world x, in 1/127 of full deflection. -128 counts as -127.
    pub move_x: i8,
    /// Wanted direction along world z, in 1/127 of full deflection.
    pub move_z: i8,
    /// Where the avatar faces: heading about +y in 1/65536 of a turn, 0 = -z, growing to the left.
    pub yaw: u16,
    /// Where the head looks: elevation in 1/127 of a quarter turn, up positive.
    pub pitch: i8,
    /// Bit set of [`buttons`].
    pub buttons: u8,
}

/// Bits of [`Input::buttons`]. Unknown bits are ignored.
pub mod buttons {
    /// Jump while held (a new jump needs a new press).
    pub const JUMP: u8 = 1;
    /// Run instead of walk.
    pub const RUN: u8 = 2;
}

/// One pose of a headset or controller, relative to the avatar's feet and heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackedPose {
    /// Millimetres from the avatar's feet, in the avatar's frame (x right, y up, z back).
    pub position_mm: [i16; 3],
    /// Unit quaternion x, y, z, w times 32767; the server normalises it.
    pub rotation: [i16; 4],
}

/// Head and hands of a person in a headset. Absent ones are not tracked now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackedPoses {
    /// The headset.
    pub head: Option<TrackedPose>,
    /// Left hand or controller.
    pub left: Option<TrackedPose>,
    /// Right hand or controller.
    pub right: Option<TrackedPose>,
}

/// A message of a client on the latest lane: newer ones replace older ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientLatest {
    /// The packets that were applied. One that could not be must not be named.
    pub ack: Ack,
    /// Server tick for which the first of `inputs` is meant; the others follow one by one.
    pub first_tick: u32,
    /// At most `INPUTS_PER_MESSAGE_MAX`, oldest first; earlier ones are repeats in case of loss.
    pub inputs: Vec<Input>,
    /// Tracked head and hands, when in a headset.
    pub tracked: Option<TrackedPoses>,
}
