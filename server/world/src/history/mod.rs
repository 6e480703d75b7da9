//! The quantised state of every replicated entity over the last ticks, in arrays.
//!
//! Written once per tick by the capabilities, for all clients; read by [`crate::interest`] and
//! [`crate::replicate`]. Knows no capability.

use bevy_ecs::prelude::*;
use vivarium_protocol::{
    frame::{EntityKind, FIELD_COUNT, Fields, OwnState, field},
    ids::EntityId,
    limits::BASELINE_TICKS_MAX,
    quantise,
};

/// Marks something as replicated: its slot in [`Entities`].
#[derive(Component, Clone, Copy)]
pub(crate) struct Replicated {
    pub entity: EntityId,
    pub slot: u32,
}

/// What only its own person is told of an avatar; where that person looks from, too.
#[derive(Component)]
pub(crate) struct Own(pub OwnState);

/// Gives out ids that are never used again in this world.
#[derive(Default)]
struct EntityIds(u32);

impl EntityIds {
    fn next(&mut self) -> EntityId {
        self.0 += 1;
        EntityId(self.0)
    }
}

struct Slot {
    entity: EntityId,
    kind: EntityKind,
    position_m: [f32; 3],
    /// Tick in which the fields changed last.
    changed: u32,
    /// Tick in which the entity left; its slot rests until nobody's baseline can name it.
    left: Option<u32>,
    history: Box<[Fields; BASELINE_TICKS_MAX]>,
}

/// All replicated entities. A slot is an index that stays the same while the entity lives.
#[derive(Resource, Default)]
pub(crate) struct Entities {
    ids: EntityIds,
    slots: Vec<Slot>,
    alive: usize,
}

impl Entities {
    /// Entities alive.
    pub fn len(&self) -> usize {
        self.alive
    }

    /// Takes a new entity in.
    pub fn add(&mut self, kind: EntityKind, tick: u32) -> Replicated {
        let entity = self.ids.next();
        self.alive += 1;
        let rested =
            |slot: &Slot| slot.left.is_some_and(|left| tick > left + 2 * BASELINE_TICKS_MAX as u32);
        let slot = Slot {
            entity,
            kind,
            position_m: [0.0; 3],
            changed: tick,
            left: None,
            history: Box::new([[0; FIELD_COUNT]; BASELINE_TICKS_MAX]),
        };
        let index = match self.slots.iter().position(rested) {
            Some(index) => {
                self.slots[index] = slot;
                index
            }
            None => {
                self.slots.push(slot);
                self.slots.len() - 1
            }
        };
        Replicated { entity, slot: index as u32 }
    }

    /// Lets an entity go.
    pub fn remove(&mut self, replicated: Replicated, tick: u32) {
        let slot = &mut self.slots[replicated.slot as usize];
        if slot.entity == replicated.entity && slot.left.is_none() {
            slot.left = Some(tick);
            self.alive -= 1;
        }
    }

    /// Slots of living entities, ascending, with their positions (metres).
    pub fn positions(&self) -> impl Iterator<Item = (u32, [f32; 3])> {
        self.slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.left.is_none())
            .map(|(index, slot)| (index as u32, slot.position_m))
    }

    pub fn entity(&self, slot: u32) -> EntityId {
        self.slots[slot as usize].entity
    }

    pub fn kind(&self, slot: u32) -> EntityKind {
        self.slots[slot as usize].kind
    }

    pub fn position_m(&self, slot: u32) -> [f32; 3] {
        self.slots[slot as usize].position_m
    }

    pub fn changed_since(&self, slot: u32, tick: u32) -> bool {
        self.slots[slot as usize].changed > tick
    }

    /// Fields at the end of `tick`, which must be among the last [`BASELINE_TICKS_MAX`].
    pub fn fields(&self, slot: u32, tick: u32) -> &Fields {
        &self.slots[slot as usize].history[tick as usize % BASELINE_TICKS_MAX]
    }

    /// Notes an entity's state at the end of `tick`, which is the one after the last noted.
    pub fn note(&mut self, slot: u32, tick: u32, position_m: [f32; 3], fields: Fields) {
        let slot = &mut self.slots[slot as usize];
        let before = tick.wrapping_sub(1) as usize % BASELINE_TICKS_MAX;
        if slot.history[before] != fields {
            slot.changed = tick;
        }
        slot.history[tick as usize % BASELINE_TICKS_MAX] = fields;
        slot.position_m = position_m;
    }
}

/// Fields of something at a place (metres), the rest still zero.
pub(crate) fn placed(position_m: [f32; 3]) -> Fields {
    let mut fields = [0; FIELD_COUNT];
    for (field, metres) in fields[field::POSITION..].iter_mut().zip(position_m) {
        *field = quantise::position(metres);
    }
    fields
}
