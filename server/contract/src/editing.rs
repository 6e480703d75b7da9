//! Changes of a world while it runs: what is asked for, and what becomes of it.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use vivarium_protocol::ids::ObjectId;
pub use vivarium_scene::operation::Role;
use vivarium_scene::{document::Object, operation::Operation};

/// Operations, parsed where there is time for it. In recordings they are JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operations(pub Arc<Vec<Operation>>);

impl Operations {
    /// As JSON: a list.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&*self.0).expect("operations have only names as keys")
    }
}

impl From<Vec<Operation>> for Operations {
    fn from(operations: Vec<Operation>) -> Self {
        Self(Arc::new(operations))
    }
}

impl Serialize for Operations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_json())
    }
}

impl<'de> Deserialize<'de> for Operations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = String::deserialize(deserializer)?;
        let operations: Vec<Operation> = serde_json::from_str(&json).map_err(D::Error::custom)?;
        Ok(operations.into())
    }
}

/// Who changes something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Editor {
    /// Tells people apart; the same for a person in every session.
    pub account: String,
    /// As people know them.
    pub name: String,
    /// What they may do in this world.
    pub role: Role,
}

/// What is to be changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// All of these, or nothing.
    Do {
        /// In order.
        operations: Operations,
        /// The newest edit that the editor knows of: whatever others changed after it is not
        /// overwritten. None: it is.
        base: Option<u32>,
        /// Batches of one stroke, such as a drag, are undone together, and hold their objects for
        /// a moment.
        stroke: Option<u32>,
    },
    /// What the editor did last is undone, except for what others have changed since.
    Undo,
    /// What the editor undid last is done again, except for what others have changed since.
    Redo,
    /// As [`Change::Do`], for what was worked out from how the world was, such as the way back to an
    /// earlier state: deleted objects may come back under their ids, and nothing is overwritten that
    /// anybody has changed since, the editor included.
    Restore {
        /// In order.
        operations: Operations,
        /// The edit from which they go on.
        base: u32,
    },
    /// Loose things go back to where the document has them, at rest. The document stays as it is:
    /// answered with [`crate::WorldOutput::Done`].
    ResetPhysics,
}

/// A change that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct EditDone {
    /// Whose change it is; none: the server took back what could not be kept.
    pub ask: Option<u32>,
    /// Who did it.
    pub account: String,
    /// As people know them.
    pub name: String,
    /// Ascends by one from edit to edit since the world was started; the first is 1.
    pub number: u32,
    /// What was done, with the ids that new objects were given.
    pub operations: Operations,
    /// As JSON.
    pub operations_json: String,
    /// What undoes it, in order.
    pub inverses: Operations,
    /// Placeholders and the ids that were given in their place.
    pub created: Vec<(ObjectId, ObjectId)>,
    /// What an undo or redo left out, and why.
    pub skipped: Vec<(Operation, String)>,
}

/// Why a change was not made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EditRefusal {
    /// The editor may not do that.
    #[error("operations[{index}]: {reason}")]
    Forbidden {
        /// Which operation.
        index: usize,
        /// What would be needed.
        reason: &'static str,
    },
    /// Somebody else has changed the same thing meanwhile.
    #[error("operations[{index}]: {by} has changed that meanwhile")]
    Stale {
        /// Which operation.
        index: usize,
        /// Who.
        by: String,
        /// How the objects of all operations are now.
        copy: Copies,
    },
    /// Somebody else is dragging an object.
    #[error("operations[{index}]: {by} is just moving that")]
    Held {
        /// Which operation.
        index: usize,
        /// Who.
        by: String,
        /// How the objects of all operations are now.
        copy: Copies,
    },
    /// An operation cannot be done.
    #[error("operations[{index}]: {reason}")]
    Impossible {
        /// Which operation.
        index: usize,
        /// Why.
        reason: String,
        /// How the objects of all operations are now.
        copy: Copies,
    },
    /// The world would become too large.
    #[error("the world would have {bytes} bytes as a document: at most {bytes_max} are allowed")]
    TooLarge {
        /// Of its document, as JSON.
        bytes: usize,
        /// Allowed.
        bytes_max: usize,
    },
    /// It would take too long.
    #[error("that changes too much at once: it counts {cost}, at most {cost_max} are allowed")]
    TooMuch {
        /// In operations.
        cost: usize,
        /// Allowed.
        cost_max: usize,
    },
    /// There is nothing to undo or redo.
    #[error("there is nothing left to undo or redo")]
    Nothing,
    /// An undo or redo had nothing left that it might do.
    #[error("nothing was done: others have changed it since")]
    AllSkipped {
        /// What was left out, and why.
        skipped: Vec<(Operation, String)>,
    },
    /// Too many changes wait.
    #[error("too many changes wait: try again in a moment")]
    Busy,
}

/// How some objects are now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Copies {
    /// Number of the newest edit.
    pub number: u32,
    /// None: there is no such object.
    pub objects: Vec<(ObjectId, Option<Object>)>,
}
