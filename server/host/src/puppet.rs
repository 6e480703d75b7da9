//! A stand-in for the simulation that does what people tell it, failing included.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use vivarium_contract::{
    Digest, Intent, Phase, Road, TickReport, WorldInput, WorldOutput, WorldSpec,
};
use vivarium_link::outbox::Outbox;
use vivarium_protocol::{
    close::CloseReason, ids::PersonId, intent::Look, notice::ServerMessage, wire,
};
use vivarium_world::WorldError;

use crate::{
    routing::ToWorld,
    world_thread::Ticking,
    worlds::{World, WorldSource, Worlds},
};

pub const LOOK: Look = Look { body: [1; 3], accent: [2; 3] };

/// Tells everyone everything. Understands these words: `fail` panics, `go NAME` is a portal to a
/// world, and nobody called `unwanted` is let in.
pub struct Puppet {
    name: String,
    tick: u32,
    people: BTreeMap<PersonId, String>,
    /// Of the coming tick.
    early: Vec<WorldInput>,
    history: blake3::Hasher,
}

impl Ticking for Puppet {
    fn build(spec: &WorldSpec) -> Result<Self, WorldError> {
        let name = spec.document.name.clone();
        let (people, early) = (BTreeMap::new(), Vec::new());
        Ok(Self { name, tick: 0, people, early, history: blake3::Hasher::new() })
    }

    fn tick_number(&self) -> u32 {
        self.tick
    }

    fn edit(&mut self, inputs: Vec<WorldInput>, _: &mut Vec<WorldOutput>) -> bool {
        self.early.extend(inputs);
        true
    }

    fn tick(
        &mut self,
        inputs: Vec<WorldInput>,
        outputs: &mut Vec<WorldOutput>,
        probe: &mut dyn FnMut(Phase),
    ) -> TickReport {
        self.tick += 1;
        for input in std::mem::take(&mut self.early).into_iter().chain(inputs) {
            self.history.update(&wire::encode(&(self.tick, &input)));
            self.take(input, outputs);
        }
        for person in self.people.keys() {
            let bytes = Bytes::from(format!("frame {} of {}", self.tick, self.name));
            outputs.push(WorldOutput::Frame { person: *person, first: true, bytes });
        }
        Phase::ALL.into_iter().for_each(probe);
        TickReport { tick: self.tick, people: self.people.len() as u32, ..TickReport::default() }
    }

    fn digest(&mut self) -> Digest {
        let mut hasher = self.history.clone();
        hasher.update(&self.tick.to_le_bytes());
        Digest(*hasher.finalize().as_bytes())
    }
}

impl Puppet {
    fn take(&mut self, input: WorldInput, outputs: &mut Vec<WorldOutput>) {
        match input {
            WorldInput::Enter { person, name, .. } if name == "unwanted" => {
                outputs.push(WorldOutput::Refused { person, reason: CloseReason::WorldFull });
            }
            WorldInput::Enter { person, name, spawn, .. } => {
                let place = spawn.unwrap_or_else(|| "anywhere".to_owned());
                self.people.insert(person, name.clone());
                self.tell(person, format!("{name} enters {} at {place}", self.name), outputs);
            }
            WorldInput::Leave { person } => {
                self.people.remove(&person);
                self.tell(person, "leaves".into(), outputs);
            }
            WorldInput::Overload { .. }
            | WorldInput::Path { .. }
            | WorldInput::Edit { .. }
            | WorldInput::Poses { .. }
            | WorldInput::Mind { .. }
            | WorldInput::Traits { .. }
            | WorldInput::Bond { .. }
            | WorldInput::Word { .. }
            | WorldInput::Forgotten { .. }
            | WorldInput::TakeBack { .. } => {}
            WorldInput::Presence { person, road, anew } => {
                let text = if road.is_some() { "is there" } else { "is away" };
                let text = if anew { format!("{text}, and knows nothing") } else { text.into() };
                self.tell(person, text, outputs);
            }
            WorldInput::Intent { person, intent: Intent::Say { text } } => {
                assert_ne!(text, "fail", "a fault, as somebody wished");
                if let Some(world) = text.strip_prefix("go ") {
                    let Some(name) = self.people.remove(&person) else { return };
                    let spawn = Some("gate".to_owned());
                    let world = world.to_owned();
                    outputs.push(WorldOutput::Travel { person, world, spawn, name, look: LOOK });
                } else {
                    self.tell(person, text, outputs);
                }
            }
            WorldInput::Intent { .. } => {}
        }
    }

    fn tell(&self, person: PersonId, text: String, outputs: &mut Vec<WorldOutput>) {
        let bytes = heard(person, &text);
        outputs.push(WorldOutput::Notice { to: self.people.keys().copied().collect(), bytes });
    }
}

/// What a puppet world says.
pub fn heard(person: PersonId, text: &str) -> Bytes {
    wire::encode(&ServerMessage::Heard { person, text: text.to_owned() }).into()
}

/// A small valid world.
pub fn source(name: &str) -> WorldSource {
    let json = format!(
        r##"{{"version": 1, "name": "{name}", "title": "{name}", "objects": [
            {{"name": "ground", "position_m": [0, -0.5, 0], "properties": {{
                "colliders": [{{"shape": {{"box": {{"size_m": [50, 1, 50]}}}}}}]}}}},
            {{"name": "gate", "position_m": [0, 0, 0], "properties": {{"spawn": {{}}}}}},
            {{"name": "ball", "position_m": [3, 5, 0], "properties": {{
                "body": {{"kind": "dynamic"}},
                "colliders": [{{"shape": {{"ball": {{"radius_m": 0.5}}}}}}]}}}}
        ]}}"##
    );
    WorldSource::from_json(json.into_bytes().into()).unwrap()
}

/// Worlds that nobody ticks, and their inboxes.
pub fn worlds(names: &[&str]) -> (Arc<Worlds>, Vec<std::sync::mpsc::Receiver<ToWorld>>) {
    let (worlds, inboxes) = names.iter().map(|name| World::new(source(name))).unzip();
    (Arc::new(Worlds::new(worlds)), inboxes)
}

/// What waits for a person; its first connection is attached.
pub fn outbox() -> Arc<Outbox> {
    let outbox = Outbox::new(10_000, Arc::default());
    outbox.attach(None, Road::Reliable);
    Arc::new(outbox)
}
