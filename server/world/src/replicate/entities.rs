//! The quantised state of every replicated entity over the last ticks, in arrays.

use bevy_ecs::prelude::*;
use vivarium_protocol::{
    frame::{EntityKind, FIELD_COUNT, Fields, field, flags},
    ids::EntityId,
    limits::BASELINE_TICKS_MAX,
    quantise,
};

use super::EntityIds;
use crate::{
    avatar::{Avatar, Inputs, Tracked},
    object::Objects,
    physics::Physics,
    tick::Clock,
};

/// Marks an avatar as replicated: its slot in [`Entities`].
#[derive(Component, Clone, Copy)]
pub(crate) struct Replicated {
    pub entity: EntityId,
    pub slot: u32,
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

    pub(super) fn entity(&self, slot: u32) -> EntityId {
        self.slots[slot as usize].entity
    }

    pub(super) fn kind(&self, slot: u32) -> EntityKind {
        self.slots[slot as usize].kind
    }

    pub(super) fn position_m(&self, slot: u32) -> [f32; 3] {
        self.slots[slot as usize].position_m
    }

    pub(super) fn changed_since(&self, slot: u32, tick: u32) -> bool {
        self.slots[slot as usize].changed > tick
    }

    /// Fields at the end of `tick`, which must be among the last [`BASELINE_TICKS_MAX`].
    pub(super) fn fields(&self, slot: u32, tick: u32) -> &Fields {
        &self.slots[slot as usize].history[tick as usize % BASELINE_TICKS_MAX]
    }

    fn note(&mut self, slot: u32, tick: u32, position_m: [f32; 3], fields: Fields) {
        let slot = &mut self.slots[slot as usize];
        let before = tick.wrapping_sub(1) as usize % BASELINE_TICKS_MAX;
        if slot.history[before] != fields {
            slot.changed = tick;
        }
        slot.history[tick as usize % BASELINE_TICKS_MAX] = fields;
        slot.position_m = position_m;
    }
}

/// Quantises the state of this tick, once for all clients.
pub(crate) fn note_state(
    clock: Res<Clock>,
    physics: Res<Physics>,
    objects: Res<Objects>,
    avatars: Query<(&Replicated, &Avatar, &Inputs, &Tracked)>,
    mut entities: ResMut<Entities>,
) {
    for moving in &objects.dynamic {
        let body = &physics.world.bodies[moving.body];
        let pose = body.position();
        let position_m = pose.translation.to_array();
        let mut fields = placed(position_m);
        fields[field::ROTATION..field::ROTATION + 4]
            .copy_from_slice(&quantise::rotation(pose.rotation.to_array()));
        fields[field::FLAGS] = if body.is_sleeping() { flags::ASLEEP } else { 0 };
        entities.note(moving.replicated.slot, clock.tick, position_m, fields);
    }
    for (replicated, avatar, inputs, tracked) in &avatars {
        let position_m = avatar.state.position_m;
        let input = inputs.held();
        let mut fields = placed(position_m);
        fields[field::ROTATION] = i32::from(input.yaw);
        fields[field::ROTATION + 1] = i32::from(input.pitch);
        fields[field::FLAGS] = avatar.flags(input) | tracked.write(&mut fields);
        entities.note(replicated.slot, clock.tick, position_m, fields);
    }
}

fn placed(position_m: [f32; 3]) -> Fields {
    let mut fields = [0; FIELD_COUNT];
    for (field, metres) in fields[field::POSITION..].iter_mut().zip(position_m) {
        *field = quantise::position(metres);
    }
    fields
}
