//! What is replicated, and how it is quantised: facets made of components made of fields.
//!
//! A facet is what one interest group sees of an entity; its fields are integers in the units that
//! its components name. Both ends use this table; a change of it is a change of the protocol.

use serde::{Deserialize, Serialize};

/// Which part of an entity a member of a leaf is. The order is part of the protocol: only append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Facet {
    /// Where a person's avatar is, and how it stands.
    Avatar = 0,
    /// Where a dynamic object is.
    Object = 1,
    /// Head and hands of a person in a headset, relative to the avatar.
    Tracked = 2,
    /// Where a companion is, how it stands, and what it feels.
    Companion = 3,
}

impl Facet {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Avatar, Self::Object, Self::Tracked, Self::Companion];

    /// The facet of a number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
    }

    /// Its components.
    pub const fn schema(self) -> &'static Schema {
        match self {
            Self::Avatar => &AVATAR,
            Self::Object => &OBJECT,
            Self::Tracked => &TRACKED,
            Self::Companion => &COMPANION,
        }
    }

    /// How many fields it has.
    #[inline]
    pub const fn field_count(self) -> usize {
        // Counted when this is compiled: it is asked for each member of each block.
        const COUNTS: [usize; Facet::ALL.len()] = [
            AVATAR.field_count(),
            OBJECT.field_count(),
            TRACKED.field_count(),
            COMPANION.field_count(),
        ];
        COUNTS[self as usize]
    }

    /// The facet whose habits it shares: what is learned of how the one changes counts for both.
    #[inline]
    pub const fn habits(self) -> Self {
        match self {
            // Both walk.
            Self::Companion => Self::Avatar,
            own => own,
        }
    }
}

/// The kinds of quantities that the codec knows how to predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Three coordinates that go on as they went.
    Position,
    /// A unit quaternion in smallest-three form: the index of the largest component (0 to 3), then
    /// the three others, signed.
    Rotation,
    /// One angle that wraps around at `2^bits`.
    Heading,
    /// One number on its own.
    Number,
    /// A set of bits.
    Flags,
}

impl Coding {
    /// Fields of one such quantity.
    pub const fn field_count(self) -> usize {
        match self {
            Self::Position => 3,
            Self::Rotation => 4,
            Self::Heading | Self::Number | Self::Flags => 1,
        }
    }
}

/// Levels of detail: 0 is everything, each further one is coarser.
pub const LEVELS: usize = 4;

/// A replicated component: how it is quantised. All of them go on the latest lane; what must arrive
/// is a notice instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// For people.
    pub name: &'static str,
    /// What kind of quantity.
    pub coding: Coding,
    /// Unit of one step, for people.
    pub unit: &'static str,
    /// Smallest value (steps) of a field.
    pub min: i32,
    /// Largest value (steps) of a field.
    pub max: i32,
    /// Bits that hold every value of a field from `min` to `max`.
    pub bits: u8,
    /// Low bits that are rounded away at each level.
    pub coarse_bits: [u8; LEVELS],
}

/// The components of a facet, whose fields follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// For people.
    pub name: &'static str,
    /// In the order of their fields.
    pub components: &'static [Component],
}

impl Schema {
    /// Fields of all components.
    pub const fn field_count(&self) -> usize {
        let (mut count, mut index) = (0, 0);
        while index < self.components.len() {
            count += self.components[index].coding.field_count();
            index += 1;
        }
        count
    }
}

/// Most fields that a facet has.
pub const FIELDS_MAX: usize = 22;

const POSITION: Component = Component {
    name: "position",
    coding: Coding::Position,
    unit: "1/512 m",
    min: -(1 << 25),
    max: 1 << 25,
    bits: 27,
    coarse_bits: [0, 0, 2, 4],
};

const YAW: Component = Component {
    name: "yaw",
    coding: Coding::Heading,
    unit: "1/65536 turn",
    min: 0,
    max: 0xffff,
    bits: 16,
    coarse_bits: [0, 0, 6, 8],
};

const PITCH: Component = Component {
    name: "pitch",
    coding: Coding::Number,
    unit: "1/127 quarter turn",
    min: -128,
    max: 127,
    bits: 8,
    coarse_bits: [0, 0, 2, 4],
};

const COMPANION: Schema = Schema {
    name: "companion",
    components: &[
        POSITION,
        YAW,
        PITCH,
        Component {
            name: "feeling",
            coding: Coding::Number,
            unit: "number of an emotion, and 16 while it carries something",
            min: 0,
            max: 31,
            bits: 5,
            coarse_bits: [0; LEVELS],
        },
        Component {
            name: "stance",
            coding: Coding::Flags,
            unit: "bits: 0 on the ground, 1 running, 2 sitting",
            min: 0,
            max: 7,
            bits: 3,
            coarse_bits: [0; LEVELS],
        },
    ],
};

const AVATAR: Schema = Schema {
    name: "avatar",
    components: &[
        POSITION,
        YAW,
        PITCH,
        Component {
            name: "stance",
            coding: Coding::Flags,
            unit: "bits: 0 on the ground, 1 running",
            min: 0,
            max: 3,
            bits: 2,
            coarse_bits: [0; LEVELS],
        },
    ],
};

const OBJECT: Schema = Schema {
    name: "object",
    components: &[
        POSITION,
        Component {
            name: "rotation",
            coding: Coding::Rotation,
            unit: "1/(511 sqrt 2)",
            min: -511,
            max: 511,
            bits: 10,
            coarse_bits: [0, 0, 2, 3],
        },
        Component {
            name: "rest",
            coding: Coding::Flags,
            unit: "bits: 0 asleep",
            min: 0,
            max: 1,
            bits: 1,
            coarse_bits: [0; LEVELS],
        },
    ],
};

const TRACKED_POSITION: Component = Component {
    name: "tracked position",
    coding: Coding::Position,
    unit: "mm from the feet",
    min: -32_768,
    max: 32_767,
    bits: 16,
    coarse_bits: [0, 0, 3, 5],
};

const TRACKED_ROTATION: Component = Component {
    name: "tracked rotation",
    coding: Coding::Rotation,
    unit: "1/(511 sqrt 2)",
    min: -511,
    max: 511,
    bits: 10,
    coarse_bits: [0, 0, 3, 4],
};

const TRACKED: Schema = Schema {
    name: "tracked",
    components: &[
        TRACKED_POSITION,
        TRACKED_ROTATION,
        TRACKED_POSITION,
        TRACKED_ROTATION,
        TRACKED_POSITION,
        TRACKED_ROTATION,
        Component {
            name: "tracked poses",
            coding: Coding::Flags,
            unit: "bits: 0 head, 1 left hand, 2 right hand",
            min: 0,
            max: 7,
            bits: 3,
            coarse_bits: [0; LEVELS],
        },
    ],
};

/// The value nearest to `value` that has its lowest `bits` bits clear.
pub const fn coarse(value: i32, bits: u8) -> i32 {
    if bits == 0 { value } else { (value.wrapping_add(1 << (bits - 1)) >> bits) << bits }
}

impl Schema {
    /// Rounds all fields to a level of detail. A heading may come to `2^bits`, which is 0.
    pub fn coarsen(&self, level: u8, fields: &mut [i32]) {
        let level = usize::from(level).min(LEVELS - 1);
        let mut at = 0;
        for component in self.components {
            let bits = component.coarse_bits[level];
            let count = component.coding.field_count();
            if bits > 0 {
                // The first field of a rotation is an index.
                let first = usize::from(component.coding == Coding::Rotation);
                for field in &mut fields[at + first..at + count] {
                    *field = coarse(*field, bits);
                }
                if component.coding == Coding::Heading {
                    fields[at] &= component.max;
                }
            }
            at += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_component_has_bits_for_its_range_and_no_facet_too_many_fields() {
        for facet in Facet::ALL {
            let schema = facet.schema();
            assert!(schema.field_count() <= FIELDS_MAX, "{}", schema.name);
            assert_eq!(Facet::from_number(facet as u32), Some(facet));
            for component in schema.components {
                let values = i64::from(component.max) - i64::from(component.min);
                assert!(values < 1 << component.bits, "{} of {}", component.name, schema.name);
            }
        }
        assert_eq!(Facet::from_number(Facet::ALL.len() as u32), None);
    }

    #[test]
    fn coarse_values_are_the_nearest_ones() {
        assert_eq!([-9, -8, 7, 8, 9].map(|value| coarse(value, 2)), [-8, -8, 8, 8, 8]);
        let mut fields = [1, 2, 3, 0xffff, 1, 3];
        Facet::Avatar.schema().coarsen(3, &mut fields);
        assert_eq!(fields, [0, 0, 0, 0, 0, 3]);
    }
}
