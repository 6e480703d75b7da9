//! What a client knows of a world: frames applied to the baselines that they name.
//!
//! Invariant: after [`Replica::apply`] succeeded, [`Replica::newest`] holds exactly the entities and
//! quantised fields that the server had for this client at the frame's tick. After an error nothing
//! has changed.

use std::collections::VecDeque;

use vivarium_protocol::{
    frame::{EntityKind, FIELD_COUNT, Fields, Frame},
    ids::EntityId,
    limits::BASELINE_TICKS_MAX,
};

/// One entity as the client knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub entity: EntityId,
    /// What it is.
    pub kind: EntityKind,
    /// Its quantised state.
    pub fields: Fields,
}

/// Everything the client knew at one tick.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The tick whose end this is.
    pub tick: u32,
    /// Entities in the order of their ids.
    pub entities: Vec<Known>,
}

impl Snapshot {
    /// The entity of that id, if it is known.
    pub fn get(&self, entity: EntityId) -> Option<&Known> {
        self.entities
            .binary_search_by_key(&entity, |it| it.entity)
            .ok()
            .map(|at| &self.entities[at])
    }
}

/// Why a frame could not be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaError {
    /// The frame is not newer than what is known; a client may pass over it.
    Stale,
    /// The frame's baseline was never received, or is older than clients need to remember.
    UnknownBaseline,
    /// An entity is changed or gone that the baseline does not have.
    UnknownEntity,
    /// An entity comes that the baseline has, or one is named twice.
    DuplicateEntity,
    /// A change has bits beyond the fields, or not as many values as bits.
    MalformedDelta,
}

/// The frames that may serve as baselines, oldest first.
#[derive(Debug, Default)]
pub struct Replica {
    snapshots: VecDeque<Snapshot>,
    /// Tables that are used again, so that a frame allocates nothing in the long run.
    spare: Vec<Vec<Known>>,
    gone: Vec<EntityId>,
}

impl Replica {
    /// What is known now.
    pub fn newest(&self) -> Option<&Snapshot> {
        self.snapshots.back()
    }

    /// Forgets everything, as on entering another world.
    pub fn clear(&mut self) {
        while let Some(snapshot) = self.snapshots.pop_front() {
            self.recycle(snapshot);
        }
    }

    /// Applies a frame to its baseline.
    pub fn apply(&mut self, frame: &Frame) -> Result<(), ReplicaError> {
        if self.newest().is_some_and(|newest| frame.tick <= newest.tick) {
            return Err(ReplicaError::Stale);
        }
        let mut entities = self.spare.pop().unwrap_or_default();
        entities.clear();
        match self.build(frame, &mut entities) {
            Ok(()) => {
                self.forget(frame);
                self.snapshots.push_back(Snapshot { tick: frame.tick, entities });
                Ok(())
            }
            Err(error) => {
                self.spare.push(entities);
                Err(error)
            }
        }
    }

    fn build(&mut self, frame: &Frame, entities: &mut Vec<Known>) -> Result<(), ReplicaError> {
        if frame.baseline != 0 {
            let age = frame.tick.saturating_sub(frame.baseline);
            let found = self.snapshots.binary_search_by_key(&frame.baseline, |it| it.tick);
            let base = found.ok().filter(|_| age as usize <= BASELINE_TICKS_MAX);
            let base = &self.snapshots[base.ok_or(ReplicaError::UnknownBaseline)?];
            entities.extend_from_slice(&base.entities);
        }
        for change in &frame.changed {
            let at = entities
                .binary_search_by_key(&change.entity, |it| it.entity)
                .map_err(|_| ReplicaError::UnknownEntity)?;
            if !change.delta.apply(&mut entities[at].fields) {
                return Err(ReplicaError::MalformedDelta);
            }
        }
        if !frame.gone.is_empty() {
            self.gone.clear();
            self.gone.extend_from_slice(&frame.gone);
            self.gone.sort_unstable();
            let before = entities.len();
            let gone = &self.gone;
            entities.retain(|it| gone.binary_search(&it.entity).is_err());
            if before - entities.len() != frame.gone.len() {
                return Err(ReplicaError::UnknownEntity);
            }
        }
        if !frame.come.is_empty() {
            for comer in &frame.come {
                let mut fields = [0; FIELD_COUNT];
                if !comer.state.apply(&mut fields) {
                    return Err(ReplicaError::MalformedDelta);
                }
                entities.push(Known { entity: comer.entity, kind: comer.kind, fields });
            }
            entities.sort_unstable_by_key(|it| it.entity);
            if entities.windows(2).any(|pair| pair[0].entity == pair[1].entity) {
                return Err(ReplicaError::DuplicateEntity);
            }
        }
        Ok(())
    }

    /// Drops what can no longer be a baseline: frames beyond the limit of the protocol, and frames
    /// older than this one's baseline, since acknowledgements never go back.
    fn forget(&mut self, frame: &Frame) {
        let oldest = frame.tick.saturating_sub(BASELINE_TICKS_MAX as u32).max(frame.baseline);
        while self.snapshots.front().is_some_and(|it| it.tick < oldest) {
            if let Some(snapshot) = self.snapshots.pop_front() {
                self.recycle(snapshot);
            }
        }
    }

    fn recycle(&mut self, snapshot: Snapshot) {
        // As many spare tables as are ever needed between two frames.
        if self.spare.len() < 4 {
            self.spare.push(snapshot.entities);
        }
    }
}
