//! What of a world must last, and what of the minds of companions.

use serde::{Deserialize, Serialize};
use vivarium_protocol::ids::ObjectId;

use crate::editing::Role;

/// Where a loose thing is, and how it moves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedPose {
    /// Which.
    pub object: ObjectId,
    /// Metres.
    pub position_m: [f32; 3],
    /// Unit quaternion x, y, z, w.
    pub rotation: [f32; 4],
    /// Metres per second.
    pub linear_mps: [f32; 3],
    /// Radians per second.
    pub angular_radps: [f32; 3],
}

/// What somebody may do in a world from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedGrant {
    /// Who.
    pub account: String,
    /// As people knew them.
    pub name: String,
    /// What; visitors are as good as unknown.
    pub role: Role,
}

/// Operations that were done together, as they are kept. Both texts are JSON lists of operations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedBatch {
    /// Ascends by one from batch to batch of a world; the first is 1.
    pub revision: u64,
    /// When, in milliseconds since 1970 (UTC).
    pub at_ms: u64,
    /// Who: an account, a space and the name as people knew it; or what a tool said.
    pub author: String,
    /// What was done.
    pub operations: String,
    /// What undoes it, in the order in which it must be done.
    pub inverses: String,
    /// What the operations say of roles in this world: kept together with them, or neither is. A
    /// store gives batches back without it, since it stands in the operations.
    pub grants: Vec<SavedGrant>,
    /// The draft that it publishes: all that is kept of it goes when the batch is kept. A store gives
    /// batches back without it.
    pub ends_draft: Option<String>,
}

/// What a mind has to keep of a turn, at most of one person. All texts and bytes are of the mind's own
/// making; whoever keeps them does not look into them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MindTurn {
    /// Name of the mind. One of which nothing is kept yet is known from then on.
    pub mind: String,
    /// How it is now with everybody; none: as before.
    pub state: Option<Vec<u8>>,
    /// Of whom the rest is; none: it says nothing of anybody.
    pub person: Option<String>,
    /// How it stands with that person now; none: as before.
    pub tie: Option<Vec<u8>>,
    /// Memories that are new or have changed, by their numbers. The last of a number counts.
    pub remembered: Vec<(u64, Vec<u8>)>,
    /// Numbers of those that go, before the others come.
    pub forgotten: Vec<u64>,
}
