//! What one client knows, and the next frame for it.

use std::collections::VecDeque;

use bevy_ecs::prelude::*;
use vivarium_protocol::{
    frame::{Change, Comer, FIELD_COUNT, FieldDelta, Frame, OwnState},
    ids::EntityId,
    limits::{BASELINE_TICKS_MAX, ENTITIES_PER_FRAME_MAX, FRAME_BYTES_MAX},
};

use crate::{history::Entities, limits::UNACKED_FRAMES_MAX};

/// An entity as the client has it after a frame: with the fields of `tick`.
#[derive(Clone, Copy)]
struct Known {
    slot: u32,
    entity: EntityId,
    tick: u32,
}

struct Sent {
    tick: u32,
    known: Vec<Known>,
}

/// Frames sent to one client, oldest first. The first is the baseline once it is acknowledged.
#[derive(Component, Default)]
pub(crate) struct Client {
    sent: VecDeque<Sent>,
    baseline: Option<u32>,
    spare: Vec<Vec<Known>>,
}

// What one entry costs at most, for the budget: id and mask of five bytes each, a kind, and
// values of at most five bytes.
const ENTRY_BYTES_MAX: usize = 18;
const VALUE_BYTES_MAX: usize = 5;
// Tick, baseline, own state and three lengths.
const FRAME_HEAD_BYTES_MAX: usize = 64;

// With more entities to take leave of than this, everything is told anew.
const GONE_PER_FRAME_MAX: usize = ENTITIES_PER_FRAME_MAX / 2;

enum Part {
    Come(Comer),
    Change(Change),
}

struct Candidate {
    part: Part,
    slot: u32,
    /// How the client has it now, if at all.
    before: Option<Known>,
    /// Nearer and longer waiting ones go first.
    urgency: f32,
}

impl Candidate {
    fn bytes_max(&self) -> usize {
        let values = match &self.part {
            Part::Come(comer) => comer.state.values.len(),
            Part::Change(change) => change.delta.values.len(),
        };
        ENTRY_BYTES_MAX + (values + usize::from(self.replaces())) * VALUE_BYTES_MAX
    }

    /// Whether the client must first forget what it has of the entity.
    fn replaces(&self) -> bool {
        matches!(self.part, Part::Come(_)) && self.before.is_some()
    }
}

impl Client {
    /// The client knows nothing any more: the next frame is a full one.
    pub fn forget(&mut self) {
        self.sent.clear();
        self.baseline = None;
    }

    /// The client has applied the frame of `tick`; 0 asks for a full frame.
    pub fn acknowledge(&mut self, tick: u32) {
        if tick == 0 {
            // Before the first acknowledgement this says nothing new.
            if self.baseline.is_some() {
                self.forget();
            }
            return;
        }
        if let Some(index) = self.sent.iter().position(|sent| sent.tick == tick) {
            self.spare.extend(self.sent.drain(..index).map(|sent| sent.known));
            self.spare.truncate(4);
            self.baseline = Some(tick);
        }
    }

    /// The frame of this tick: what changed in `sight` (slots, ascending) since the baseline.
    pub fn frame(&mut self, tick: u32, entities: &Entities, sight: &[u32], own: OwnState) -> Frame {
        let oldest = tick.saturating_sub(BASELINE_TICKS_MAX as u32 - 1);
        if self.sent.len() >= UNACKED_FRAMES_MAX || self.baseline.is_some_and(|b| b < oldest) {
            self.forget();
        }
        let mut known = self.spare.pop().unwrap_or_default();
        known.clear();
        let base: &[Known] = match (self.baseline, self.sent.front()) {
            (Some(_), Some(sent)) => &sent.known,
            _ => &[],
        };
        let mut frame = Frame {
            tick,
            baseline: self.baseline.unwrap_or(0),
            own: Some(own),
            gone: Vec::new(),
            come: Vec::new(),
            changed: Vec::new(),
        };
        let mut candidates = Vec::new();
        let mut base = base.iter().copied().peekable();
        for &slot in sight {
            while let Some(gone) = base.next_if(|known| known.slot < slot) {
                frame.gone.push(gone.entity);
            }
            let before = base.next_if(|known| known.slot == slot);
            let same = before.filter(|known| known.entity == entities.entity(slot));
            if let (Some(other), None) = (before, same) {
                frame.gone.push(other.entity);
            }
            // What lies too far back for the history is told anew, in full.
            let usable = same.filter(|known| known.tick >= oldest);
            match candidate(entities, slot, usable, tick) {
                None => known.push(Known { slot, entity: entities.entity(slot), tick }),
                Some(part) => candidates.push(Candidate {
                    urgency: urgency(entities, slot, same, tick, own),
                    part,
                    slot,
                    before: same,
                }),
            }
        }
        frame.gone.extend(base.map(|known| known.entity));
        if frame.gone.len() > GONE_PER_FRAME_MAX {
            // Cheaper for both ends than a long farewell, and always within the limit.
            self.forget();
            return self.frame(tick, entities, sight, own);
        }
        let fit = most_urgent_first(&mut candidates, frame.gone.len());
        for (index, candidate) in candidates.into_iter().enumerate() {
            if index >= fit {
                // Not told now: the client keeps what it had.
                known.extend(candidate.before);
                continue;
            }
            let entity = entities.entity(candidate.slot);
            known.push(Known { slot: candidate.slot, entity, tick });
            match candidate.part {
                Part::Come(comer) => {
                    // What the client has of it is too old to build on: it is replaced.
                    frame.gone.extend(candidate.before.map(|known| known.entity));
                    frame.come.push(comer);
                }
                Part::Change(change) => frame.changed.push(change),
            }
        }
        known.sort_unstable_by_key(|known| known.slot);
        self.sent.push_back(Sent { tick, known });
        frame
    }
}

/// What must be told of an entity; nothing when the client has it as it is.
fn candidate(entities: &Entities, slot: u32, base: Option<Known>, tick: u32) -> Option<Part> {
    let entity = entities.entity(slot);
    let now = entities.fields(slot, tick);
    let Some(base) = base else {
        let state = FieldDelta::between(&[0; FIELD_COUNT], now);
        return Some(Part::Come(Comer { entity, kind: entities.kind(slot), state }));
    };
    if !entities.changed_since(slot, base.tick) {
        return None;
    }
    let delta = FieldDelta::between(entities.fields(slot, base.tick), now);
    (!delta.is_empty()).then_some(Part::Change(Change { entity, delta }))
}

/// Grows with the time since the client was told, shrinks with the distance.
fn urgency(entities: &Entities, slot: u32, before: Option<Known>, tick: u32, own: OwnState) -> f32 {
    let waited_ticks = match before {
        Some(known) => tick.saturating_sub(known.tick),
        None => BASELINE_TICKS_MAX as u32,
    };
    let position = entities.position_m(slot);
    let apart_m2 = (0..3).map(|i| (position[i] - own.position_m[i]).powi(2)).sum::<f32>();
    (waited_ticks as f32 + 1.0) / (1.0 + apart_m2.sqrt())
}

/// How many of the candidates fit into a frame; when not all do, the most urgent come first.
fn most_urgent_first(candidates: &mut [Candidate], gone: usize) -> usize {
    let head_bytes = FRAME_HEAD_BYTES_MAX + gone * VALUE_BYTES_MAX;
    let count_max = ENTITIES_PER_FRAME_MAX.saturating_sub(gone);
    // What is replaced is named twice.
    let named = |candidate: &Candidate| 1 + usize::from(candidate.replaces());
    let bytes_max: usize = head_bytes + candidates.iter().map(Candidate::bytes_max).sum::<usize>();
    if bytes_max <= FRAME_BYTES_MAX && candidates.iter().map(named).sum::<usize>() <= count_max {
        return candidates.len();
    }
    candidates.sort_by(|a, b| b.urgency.total_cmp(&a.urgency).then(a.slot.cmp(&b.slot)));
    let (mut bytes, mut count) = (head_bytes, 0);
    candidates
        .iter()
        .take_while(|candidate| {
            bytes += candidate.bytes_max();
            count += named(candidate);
            bytes <= FRAME_BYTES_MAX && count <= count_max
        })
        .count()
}

#[cfg(test)]
mod tests {
    use vivarium_motion::AvatarState;
    use vivarium_protocol::{
        frame::EntityKind,
        ids::ObjectId,
        wire::{decode_frame, encode},
    };

    use super::*;
    use crate::history::placed;

    #[test]
    fn a_frame_that_replaces_everything_is_one_that_clients_take() {
        let (tick, count) = (100, 1_500);
        let mut entities = Entities::default();
        let known: Vec<Known> = (0..count)
            .map(|index| {
                let kind = EntityKind::Object { object: ObjectId(index) };
                let replicated = entities.add(kind, 1);
                let position_m = [1.0 + index as f32, 1.0, 1.0];
                entities.note(replicated.slot, tick, position_m, placed(position_m));
                Known { slot: replicated.slot, entity: replicated.entity, tick: 1 }
            })
            .collect();
        let mut client = Client { baseline: Some(tick - 1), ..Client::default() };
        client.sent.push_back(Sent { tick: tick - 1, known });
        let sight: Vec<u32> = (0..count).collect();
        let own = AvatarState::at([0.0; 3]).to_own(true, 0, 0);

        let frame = client.frame(tick, &entities, &sight, own);
        assert_eq!(frame.come.len(), frame.gone.len(), "each takes the place of an old one");
        assert_eq!(frame.come.len() + frame.gone.len(), ENTITIES_PER_FRAME_MAX);
        assert_eq!(decode_frame(&encode(&frame)), Ok(frame));
    }
}
