//! A world with visitors, without sockets: inputs go in as data, notices and packets come out.

pub mod changes;
#[path = "../../server/store/tests/store/database.rs"]
pub mod database;
pub mod relay;
pub mod socket;
pub mod traveller;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::Context;
use bytes::Bytes;
use vivarium_contract::{Digest, Intent, Road, TickReport, WorldInput, WorldOutput, WorldSpec};
use vivarium_protocol::{
    ids::PersonId,
    intent::{ClientLatest, Input, Look, TrackedPoses},
    notice::ServerMessage,
    snapshot::{
        packet::{self, Ack, OwnNote, OwnState},
        view::{Applied, View},
    },
    wire,
};
use vivarium_scene::document::WorldDocument;
use vivarium_world::Simulation;

/// What one visitor is sent at most.
pub const BYTES_PER_S: u32 = 200_000;

pub const LOOK: Look = Look { body: [200, 80, 40], accent: [20, 40, 60] };

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// What something comes to, if it comes to an end.
pub async fn within<T>(
    what: &str,
    act: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let ended = tokio::time::timeout(DEADLINE, act).await;
    ended.with_context(|| format!("it did not come to this in {DEADLINE:?}: {what}"))?
}

/// Asks again and again until something is so.
pub async fn until(
    what: &str,
    mut is_so: impl AsyncFnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let asked = async {
        while !is_so().await? {
            tokio::task::yield_now().await;
        }
        Ok(())
    };
    within(what, asked).await
}

/// What one visitor has been told, on a road that loses nothing.
#[derive(Default)]
pub struct Visitor {
    pub notices: Vec<ServerMessage>,
    pub own: Option<OwnState>,
    /// Packets of the last tick.
    pub packets: Vec<Bytes>,
    /// All packets so far.
    pub packets_told: usize,
    /// Not looked at yet: most stories ask few visitors what they know.
    waiting: Vec<Bytes>,
    view: View,
}

impl Visitor {
    /// What the visitor knows now.
    pub fn view(&mut self) -> &View {
        for bytes in self.waiting.drain(..) {
            let (head, applied) = self.view.apply(&bytes).expect("packets decode");
            assert_eq!(applied, Applied::Whole, "packet {} of tick {}", head.number, head.tick);
        }
        &self.view
    }

    fn take_packet(&mut self, bytes: Bytes) {
        let (head, _) = packet::read(&bytes).expect("packets have heads");
        if let OwnNote::State(own) = head.own {
            self.own = Some(own);
        }
        self.packets_told += 1;
        self.packets.push(bytes.clone());
        self.waiting.push(bytes);
    }

    fn take_notice(&mut self, notice: ServerMessage) {
        if matches!(notice, ServerMessage::Entered { .. }) {
            self.view.clear();
            self.waiting.clear();
        }
        self.notices.push(notice);
    }
}

/// A world and its visitors.
pub struct Scenario {
    pub world: Simulation,
    pub visitors: BTreeMap<PersonId, Visitor>,
    pub travels: Vec<WorldOutput>,
    pub report: TickReport,
    inbox: Vec<WorldInput>,
}

/// A document from JSON; a test with a broken document is itself broken.
pub fn document(json: &serde_json::Value) -> WorldDocument {
    vivarium_scene::load::from_json(json.to_string().as_bytes()).expect("a valid document")
}

/// A world of the product.
pub fn asset(name: &str) -> WorldDocument {
    let path = format!("{}/../assets/worlds/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).expect("the product's worlds are there");
    vivarium_scene::load::from_json(&bytes).expect("the product's worlds are valid")
}

/// A wide floor with one spawn point in the middle, and `more` objects.
pub fn floor_with(more: &[serde_json::Value]) -> WorldDocument {
    let mut objects = vec![
        serde_json::json!({
            "name": "ground", "position_m": [0.0, -0.5, 0.0],
            "properties": { "colliders": [{ "shape": { "box": { "size_m": [200.0, 1.0, 200.0] } } }] }
        }),
        serde_json::json!({ "properties": { "spawn": { "radius_m": 0.0 } } }),
    ];
    objects.extend_from_slice(more);
    document(&serde_json::json!({
        "version": 1, "name": "test", "title": "Test", "objects": objects
    }))
}

impl Scenario {
    pub fn of(document: WorldDocument) -> Self {
        let spec = WorldSpec {
            document: Arc::new(document),
            document_url: "/worlds/test.json".into(),
            client_bytes_per_s_max: BYTES_PER_S,
        };
        Self {
            world: Simulation::new(&spec).expect("a world that can be built"),
            visitors: BTreeMap::new(),
            travels: Vec::new(),
            report: TickReport::default(),
            inbox: Vec::new(),
        }
    }

    pub fn enter(&mut self, id: u32, name: &str) -> PersonId {
        self.enter_at(id, name, None)
    }

    pub fn enter_at(&mut self, id: u32, name: &str, spawn: Option<&str>) -> PersonId {
        self.enter_by(id, name, spawn, Road::Reliable)
    }

    pub fn enter_by(&mut self, id: u32, name: &str, spawn: Option<&str>, road: Road) -> PersonId {
        let person = PersonId(id);
        self.visitors.insert(person, Visitor::default());
        self.input(WorldInput::Enter {
            person,
            name: name.into(),
            look: LOOK,
            spawn: spawn.map(str::to_owned),
            road,
        });
        person
    }

    pub fn input(&mut self, input: WorldInput) {
        self.inbox.push(input);
    }

    pub fn wish(&mut self, person: PersonId, intent: Intent) {
        self.input(WorldInput::Intent { person, intent });
    }

    /// What a visitor knows now.
    pub fn view(&mut self, person: PersonId) -> &View {
        self.visitors.get_mut(&person).expect("a known visitor").view()
    }

    /// Sends one latest-lane message: `inputs` from `first_tick` on.
    pub fn latest(&mut self, person: PersonId, first_tick: u32, inputs: Vec<Input>) {
        let ack = self.view(person).ack();
        let latest = ClientLatest { ack, first_tick, inputs, tracked: None };
        self.wish(person, Intent::Latest(latest));
    }

    /// Acknowledges what has come.
    pub fn acknowledge(&mut self, person: PersonId) {
        self.latest(person, 0, vec![]);
    }

    /// Holds something down in the next tick, and acknowledges nothing.
    pub fn steer(&mut self, person: PersonId, input: Input) {
        let first_tick = self.world.tick_number() + 1;
        let ack = Ack::default();
        let latest = ClientLatest { ack, first_tick, inputs: vec![input], tracked: None };
        self.wish(person, Intent::Latest(latest));
    }

    pub fn tracked(&mut self, person: PersonId, tracked: TrackedPoses) {
        let ack = self.view(person).ack();
        let latest = ClientLatest { ack, first_tick: 0, inputs: vec![], tracked: Some(tracked) };
        self.wish(person, Intent::Latest(latest));
    }

    /// One tick; outputs go to their visitors.
    pub fn tick(&mut self) {
        let mut outputs = Vec::new();
        let inbox = std::mem::take(&mut self.inbox);
        self.visitors.values_mut().for_each(|visitor| visitor.packets.clear());
        self.report = self.world.tick(inbox, &mut outputs, &mut |_| {});
        for output in outputs {
            match output {
                WorldOutput::Frame { person, bytes, .. } => {
                    let visitor = self.visitors.get_mut(&person).expect("a known visitor");
                    visitor.take_packet(bytes);
                }
                WorldOutput::Notice { to, bytes } => {
                    let notice = wire::decode_server_message(&bytes).expect("notices decode");
                    for person in to {
                        let visitor = self.visitors.get_mut(&person).expect("a known visitor");
                        visitor.take_notice(notice.clone());
                    }
                }
                // Told every few seconds, and of no interest to visitors.
                WorldOutput::Poses { .. } => {}
                other => self.travels.push(other),
            }
        }
    }

    pub fn ticks(&mut self, count: u32) {
        for _ in 0..count {
            self.tick();
        }
    }

    /// Walks one input per tick for `count` ticks.
    pub fn walk(&mut self, person: PersonId, input: Input, count: u32) {
        for _ in 0..count {
            let tick = self.world.tick_number() + 1;
            self.latest(person, tick, vec![input]);
            self.tick();
        }
    }

    pub fn position(&self, person: PersonId) -> [f32; 3] {
        self.own(person).position_m
    }

    pub fn own(&self, person: PersonId) -> OwnState {
        self.visitors[&person].own.expect("a packet has come")
    }

    /// Takes the notices that came since the last call.
    pub fn told(&mut self, person: PersonId) -> Vec<ServerMessage> {
        std::mem::take(&mut self.visitors.get_mut(&person).expect("a known visitor").notices)
    }

    pub fn digest(&mut self) -> Digest {
        self.world.digest()
    }
}

/// Full deflection in world space.
pub fn towards(move_x: i8, move_z: i8) -> Input {
    Input { move_x, move_z, ..Input::default() }
}
