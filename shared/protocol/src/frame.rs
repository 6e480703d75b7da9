//! Snapshot frames: what changed for one client since a baseline that it has acknowledged.
//!
//! Invariant: a frame applied to its baseline gives exactly the server's quantised state of the
//! entities that it names; entities that it does not name are as they were in the baseline.

use serde::{Deserialize, Serialize};

use crate::ids::{EntityId, ObjectId, PersonId};

/// Quantised fields of an entity; see [`field`].
pub const FIELD_COUNT: usize = 29;

/// Quantised state of one entity, in the units of [`crate::quantise`].
pub type Fields = [i32; FIELD_COUNT];

/// Indices into [`Fields`].
pub mod field {
    /// Position x, y, z in 1/512 m.
    pub const POSITION: usize = 0;
    /// Objects: the rotation as largest component (0-3) and three others. Avatars: yaw, pitch, 0, 0.
    pub const ROTATION: usize = 3;
    /// Bit set of [`super::flags`].
    pub const FLAGS: usize = 7;
    /// First field of the tracked head; left and right hand follow. Zero when not tracked.
    pub const TRACKED: usize = 8;
    /// Fields of one tracked pose: position x, y, z in mm, then rotation as for objects.
    pub const TRACKED_STRIDE: usize = 7;
}

/// Bits of the flags field.
pub mod flags {
    /// Avatars: stands on something.
    pub const GROUNDED: i32 = 1;
    /// Avatars: is running.
    pub const RUNNING: i32 = 2;
    /// Avatars: the head pose is tracked; the left and right hands follow in the next two bits.
    pub const TRACKED_HEAD: i32 = 4;
    /// Avatars: the left hand is tracked.
    pub const TRACKED_LEFT: i32 = 8;
    /// Avatars: the right hand is tracked.
    pub const TRACKED_RIGHT: i32 = 16;
    /// Objects: the body is asleep and will not move until something wakes it.
    pub const ASLEEP: i32 = 1;
}

/// What an entity is. The order is part of the protocol: only append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EntityKind {
    /// The avatar of a person.
    Avatar {
        /// Whose.
        person: PersonId,
    },
    /// A dynamic object of the world document.
    Object {
        /// Which.
        object: ObjectId,
    },
}

/// A change of fields: each set bit of `mask` adds the next of `values` (wrapping) to that field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDelta {
    /// Bit i stands for field i; bits from `FIELD_COUNT` up are malformed.
    pub mask: u32,
    /// As many as `mask` has bits.
    pub values: Vec<i32>,
}

impl FieldDelta {
    /// What turns `from` into `to`.
    pub fn between(from: &Fields, to: &Fields) -> Self {
        let mut delta = Self::default();
        for (index, (from, to)) in from.iter().zip(to).enumerate() {
            if from != to {
                delta.mask |= 1 << index;
                delta.values.push(to.wrapping_sub(*from));
            }
        }
        delta
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.mask == 0
    }

    /// Adds the change to `fields`; false, with nothing changed, when the delta is malformed.
    #[must_use]
    pub fn apply(&self, fields: &mut Fields) -> bool {
        if self.mask >> FIELD_COUNT != 0 || self.mask.count_ones() as usize != self.values.len() {
            return false;
        }
        let mut values = self.values.iter();
        for (index, field) in fields.iter_mut().enumerate() {
            if self.mask & (1 << index) != 0
                && let Some(value) = values.next()
            {
                *field = field.wrapping_add(*value);
            }
        }
        true
    }
}

/// An entity that the client did not have in the baseline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comer {
    /// Its id.
    pub entity: EntityId,
    /// What it is.
    pub kind: EntityKind,
    /// Its state, as a change of all zeros.
    pub state: FieldDelta,
}

/// An entity of the baseline whose state is another now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its id.
    pub entity: EntityId,
    /// The change since the baseline.
    pub delta: FieldDelta,
}

/// The authoritative state of the client's own avatar, in full precision, for prediction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnState {
    /// Centre of the capsule, metres.
    pub position_m: [f32; 3],
    /// Metres per second, without what a platform adds.
    pub velocity_mps: [f32; 3],
    /// Bit set of [`own`].
    pub flags: u8,
    /// Ticks since the avatar last stood, saturating.
    pub airborne_ticks: u8,
    /// Whether the input of this very tick had arrived; if not, the one before was repeated.
    pub on_time: bool,
    /// Ticks between this tick and the newest input that the server holds; negative when late.
    pub lead_ticks: i8,
    /// Counts teleports (spawns, portals): when it changes, the client must not smooth.
    pub teleports: u8,
}

/// Bits of [`OwnState::flags`].
pub mod own {
    /// Stands on something.
    pub const GROUNDED: u8 = 1;
    /// The jump button was held in this tick.
    pub const JUMP_HELD: u8 = 2;
}

/// One snapshot for one client, on the latest lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// The tick whose end this is.
    pub tick: u32,
    /// The acknowledged frame that `changed` and `gone` refer to; 0: none, forget everything.
    pub baseline: u32,
    /// The client's own avatar, unless it has none now.
    pub own: Option<OwnState>,
    /// Entities of the baseline that are gone or out of sight.
    pub gone: Vec<EntityId>,
    /// Entities that are not in the baseline.
    pub come: Vec<Comer>,
    /// Entities whose state differs from the baseline.
    pub changed: Vec<Change>,
}
