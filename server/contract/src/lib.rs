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
    ids::{ObjectId, PersonId},
    intent::{ClientLatest, Emote, Look},
};
use vivarium_scene::document::WorldDocument;

use companion::{Bond, DialogueAsk, MindWord, Traits};
use editing::{Change, EditDone, EditRefusal, Editor, Operations};
use saving::SavedPose;

pub mod companion;
pub mod editing;
pub mod saving;

/// From what a world is built, on its own thread.
#[derive(Clone, Debug)]
pub struct WorldSpec {
    /// The checked document.
    pub document: Arc<WorldDocument>,
    /// Where clients get the document, relative to the page's origin.
    pub document_url: String,
    /// Bytes per second of frames that one client is sent at most.
    pub client_bytes_per_s_max: u32,
}

/// Bytes per second of frames that a client is sent at most, unless the operator says otherwise.
pub const CLIENT_BYTES_PER_S: u32 = 128 * 1024;

/// How frames reach a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Road {
    /// In order, without loss, with frames that wait replaced by newer ones: one packet per tick.
    Reliable,
    /// In datagrams: as many packets per tick as are needed, each decodable alone.
    Datagrams,
}

/// Something that happens to a world, applied at the start of a tick in the order of arrival; edits
/// also before it.
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
        /// How frames get there.
        road: Road,
    },
    /// A person goes for good.
    Leave {
        /// Who.
        person: PersonId,
    },
    /// A person's connection was lost (the avatar waits), came back, or became another one. The
    /// client goes on with what it knows.
    Presence {
        /// Who.
        person: PersonId,
        /// Whether the connection is there, and what it is like.
        road: Option<Road>,
        /// Whether the client knows nothing any more: answered with an `Entered` notice.
        anew: bool,
    },
    /// What a person's transport says of the way to the client.
    Path {
        /// Who.
        person: PersonId,
        /// Bytes per second that the way takes now; none: the transport knows of no limit.
        bytes_per_s: Option<u32>,
    },
    /// How far behind the world's ticks are: from 0, in time, to 4. Far things are told less often.
    Overload {
        /// In steps.
        level: u8,
    },
    /// A person wants something. Ignored when the person is not in this world.
    Intent {
        /// Who.
        person: PersonId,
        /// What.
        intent: Intent,
    },
    /// Somebody changes the world. Answered with [`WorldOutput::Edited`], [`WorldOutput::Done`] or
    /// [`WorldOutput::EditRefused`].
    Edit {
        /// Comes back with the answer.
        ask: u32,
        /// Who.
        editor: Editor,
        /// What.
        change: Change,
    },
    /// Loose things are put where they were left.
    Poses {
        /// All of them.
        poses: Vec<SavedPose>,
    },
    /// What a companion's mind says to its body, or asks of it.
    Mind {
        /// Whose, by its object.
        companion: ObjectId,
        /// Of the ask that it answers. A stale one is ignored.
        generation: u32,
        /// What.
        word: MindWord,
    },
    /// What a companion is like, from now on.
    Traits {
        /// Which, by its object.
        companion: ObjectId,
        /// All of them.
        traits: Traits,
    },
    /// Edits could not be kept: they are undone. Must come before every edit that is not among them.
    TakeBack {
        /// The first of them; all that came after it are undone as well.
        number: u32,
        /// What undoes them, in order.
        operations: Operations,
    },
    /// What a companion thinks of somebody who has come, unless it knows better already.
    Bond {
        /// Which, by its object.
        companion: ObjectId,
        /// Of whom.
        person: PersonId,
        /// All of it.
        bond: Bond,
    },
    /// What a companion says by itself to somebody, since it has thought about what they asked. It
    /// waits until both are free for it, for an hour at most.
    Word {
        /// Which, by its object.
        companion: ObjectId,
        /// To whom.
        person: PersonId,
        /// What.
        text: String,
    },
    /// A companion's mind knows somebody no longer: what it thinks of them and wanted to tell them is
    /// void.
    Forgotten {
        /// Which, by its object.
        companion: ObjectId,
        /// Who; none: it knows nobody any more.
        person: Option<PersonId>,
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
    /// Show what is chosen to be changed. Comes only from people who may build.
    Select {
        /// All of them.
        objects: Vec<ObjectId>,
    },
    /// Show where one points. Comes only from people who may build.
    Point {
        /// Steps of the wire; none: nowhere.
        at: Option<[i32; 3]>,
    },
    /// Say something to a companion.
    Address {
        /// Which, by its object.
        companion: ObjectId,
        /// As typed.
        text: String,
    },
    /// Ask a companion not to go on with what it is saying to oneself.
    Hush {
        /// Which, by its object.
        companion: ObjectId,
    },
}

/// Something that leaves a world at the end of a tick.
#[derive(Clone, Debug, PartialEq)]
pub enum WorldOutput {
    /// A snapshot for one person, on the latest lane: replaces one that still waits.
    Frame {
        /// For whom.
        person: PersonId,
        /// Whether it is the first of its tick: then it replaces what still waits.
        first: bool,
        /// An encoded packet.
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
    /// The world was changed. Everyone in it is told by a notice of its own.
    Edited(Box<EditDone>),
    /// Something was done that changes no document.
    Done {
        /// What was asked for.
        ask: u32,
        /// Number of the last edit.
        number: u32,
    },
    /// Where loose things are now; replaces what was told before.
    Poses {
        /// All of them.
        poses: Vec<SavedPose>,
    },
    /// A companion lives here now, with this mind; none: it is gone, and so is what it was asked.
    Lives {
        /// Which, by its object.
        companion: ObjectId,
        /// As the document names it.
        mind: Option<String>,
    },
    /// A companion was spoken to: its mind is asked. What it was asked before is void.
    Ask(Box<DialogueAsk>),
    /// Nobody waits for a companion's mind any more.
    Unask {
        /// Which, by its object.
        companion: ObjectId,
        /// Of the ask that is void.
        generation: u32,
    },
    /// A change was not made; nothing of it was done.
    EditRefused {
        /// Which.
        ask: u32,
        /// Why.
        refusal: Box<EditRefusal>,
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

/// Steps in which far tiers slow down, none included.
pub const PRESSURE_STEPS: usize = 5;

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
    /// Interest groups.
    pub leaves: u32,
    /// Bytes of frames made.
    pub frame_bytes: u64,
    /// Packets made.
    pub packets: u32,
    /// Blocks that were encoded.
    pub blocks_encoded: u32,
    /// How often one of them went to a client.
    pub blocks_sent: u32,
    /// The step in which far tiers are slowed down for everyone.
    pub overload: u8,
    /// Clients by the step in which far tiers are slowed down for them.
    pub pressed: [u32; PRESSURE_STEPS],
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
