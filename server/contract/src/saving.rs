//! What of a world must last.

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
