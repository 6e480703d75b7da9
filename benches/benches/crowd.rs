//! The crowd: many clients that all see each other, and a large world in which nothing happens.
//!
//! Prints, for each scenario, what the phases Interest and Encode (which assembles all frames) took
//! per snapshot tick on one thread, and what each client was sent. Criterion cannot time phases, so
//! this is a plain program: `cargo bench -p vivarium-benches --bench crowd`.
//!
//! - 20 ticks per second, 1,000 avatars in about 100 x 60 m, all of them in everyone's near tier.
//! - *walkers*: half walk straight ahead at 3 m/s and turn by a quarter every 3 s, each at a time of
//!   his own; half walk in circles of 5 to 12 m, and turn with every input.
//! - *riders*: 750 of the 1,000 stand on 30 platforms that go about at 3 m/s, straight on for 2 to 4 s
//!   and around corners: as hard to predict as walkers, without needing a client to walk them. So 250
//!   and 1,000 clients can be compared while exactly the same moves.
//! - Acknowledgements arrive 2 or 3 ticks after the packet was made, or, *spread*, after 1 to 5.
//! - The link is memory and loses nothing; clients are given no budget that would hold anything back.

mod acks;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use vivarium_contract::{Intent, Phase, Road, WorldInput, WorldSpec};
use vivarium_protocol::{
    ids::PersonId,
    intent::{ClientLatest, Input, Look},
};
use vivarium_world::Simulation;

use acks::Acks;

const TICKS_PER_S: u32 = 20;
const WARM_UP_TICKS: u32 = 60;
const MEASURED_TICKS: u32 = 140;
const BYTES_PER_S: u32 = 4_000_000;
const AVATARS: u32 = 1_000;
const PLATFORMS: u32 = 30;

const LOOK: Look = Look { body: [200, 80, 40], accent: [20, 40, 60] };

/// How old acknowledgements are when they arrive.
#[derive(Clone, Copy)]
enum Ages {
    TwoOrThree,
    Spread,
}

impl Ages {
    fn acks(self, clients: u32) -> Acks {
        Acks::delayed((0..clients as usize).map(|client| match self {
            Self::TwoOrThree => 2 + client % 2,
            Self::Spread => 1 + client % 5,
        }))
    }

    fn name(self) -> &'static str {
        match self {
            Self::TwoOrThree => "2-3",
            Self::Spread => "1-5",
        }
    }
}

/// A running world, its clients `0..clients`, who are the people `1..=clients`, and what each of
/// them holds down.
struct Scene {
    world: Simulation,
    clients: u32,
    acks: Acks,
    steer: fn(client: u32, tick: u32) -> Input,
}

/// What the measured ticks cost.
struct Costs {
    interest: Vec<Duration>,
    encode: Vec<Duration>,
    whole: Vec<Duration>,
    frame_bytes: u64,
    packets: u64,
    blocks_encoded: u64,
    blocks_sent: u64,
    leaves: u32,
    clients: u32,
}

impl Scene {
    fn new(objects: &[Value], clients: u32, ages: Ages, steer: fn(u32, u32) -> Input) -> Self {
        let document = json!({
            "version": 1, "name": "crowd", "title": "Crowd",
            "settings": { "ticks_per_s": TICKS_PER_S, "sight_m": 400.0 },
            "objects": objects
        });
        let document = vivarium_scene::load::from_json(document.to_string().as_bytes())
            .expect("the bench's own document is valid");
        let spec = WorldSpec {
            document: Arc::new(document),
            document_url: String::new(),
            client_bytes_per_s_max: BYTES_PER_S,
        };
        let world = Simulation::new(&spec).expect("the bench's own world can be built");
        Self { world, clients, acks: ages.acks(clients), steer }
    }

    fn enter(&mut self, people: impl Iterator<Item = (u32, Option<String>)>) {
        let enter = people.map(|(id, spawn)| WorldInput::Enter {
            person: PersonId(id),
            name: format!("walker {id}"),
            look: LOOK,
            spawn,
            road: Road::Reliable,
        });
        self.world.tick(enter.collect(), &mut Vec::new(), &mut |_| {});
    }

    fn tick(&mut self, costs: &mut Costs) {
        let tick = self.world.tick_number() + 1;
        self.acks.start_tick();
        let inputs = (0..self.clients).map(|client| {
            let (ack, input) = (self.acks.of(client as usize), (self.steer)(client, tick));
            let latest = ClientLatest { ack, first_tick: tick, inputs: vec![input], tracked: None };
            WorldInput::Intent { person: PersonId(client + 1), intent: Intent::Latest(latest) }
        });
        let inputs = inputs.collect();
        let mut outputs = Vec::new();
        let began = Instant::now();
        let (mut last, mut interest, mut encode) = (began, Duration::ZERO, Duration::ZERO);
        let report = self.world.tick(inputs, &mut outputs, &mut |phase| {
            let now = Instant::now();
            match phase {
                Phase::Interest => interest = now - last,
                Phase::Encode => encode = now - last,
                Phase::Ingest | Phase::Authorize | Phase::Simulate => {}
            }
            last = now;
        });
        costs.whole.push(began.elapsed());
        costs.interest.push(interest);
        costs.encode.push(encode);
        costs.frame_bytes += report.frame_bytes;
        costs.packets += u64::from(report.packets);
        costs.blocks_encoded += u64::from(report.blocks_encoded);
        costs.blocks_sent += u64::from(report.blocks_sent);
        costs.leaves = report.leaves;
        for output in &outputs {
            self.acks.hear(output, |person| person.0 as usize - 1);
        }
    }

    fn run(&mut self, ticks: u32) -> Costs {
        let mut costs = Costs {
            interest: Vec::new(),
            encode: Vec::new(),
            whole: Vec::new(),
            frame_bytes: 0,
            packets: 0,
            blocks_encoded: 0,
            blocks_sent: 0,
            leaves: 0,
            clients: self.clients,
        };
        (0..ticks).for_each(|_| self.tick(&mut costs));
        costs
    }
}

/// Tiles, since on one box of hundreds of metres some of those who stand never come to rest.
fn ground() -> impl Iterator<Item = Value> {
    (0..100).map(|tile| {
        let (x, z) = ((tile % 10) as f32 * 40.0 - 180.0, (tile / 10) as f32 * 40.0 - 180.0);
        json!({ "position_m": [x, -0.5, z],
            "properties": { "colliders": [{ "shape": { "box": { "size_m": [40.0, 1.0, 40.0] } } }] } })
    })
}

/// What a walker holds down: his heading, and where he looks.
fn walk(client: u32, tick: u32) -> Input {
    let turns = if client.is_multiple_of(2) {
        ((tick + client * 7) / (3 * TICKS_PER_S) + client) as f32 / 4.0 + client as f32 * 0.618
    } else {
        let radius_m = 5.0 + (client % 8) as f32;
        let walked_m = tick as f32 * 3.0 / TICKS_PER_S as f32;
        walked_m / radius_m / std::f32::consts::TAU + client as f32 * 0.618
    };
    let (sin, cos) = (turns * std::f32::consts::TAU).sin_cos();
    Input {
        move_x: (-sin * 127.0).round() as i8,
        move_z: (-cos * 127.0).round() as i8,
        yaw: (turns.rem_euclid(1.0) * 65_536.0) as u32 as u16,
        ..Input::default()
    }
}

fn stand(_: u32, _: u32) -> Input {
    Input::default()
}

fn walkers(ages: Ages) -> Costs {
    let spawns = spawns_on_the_ground();
    let mut scene = Scene::new(&spawns, AVATARS, ages, walk);
    scene.enter((1..=AVATARS).map(|id| (id, Some(format!("place {}", id % 15)))));
    scene.run(WARM_UP_TICKS);
    scene.run(MEASURED_TICKS)
}

fn spawns_on_the_ground() -> Vec<Value> {
    let mut objects: Vec<Value> = ground().collect();
    objects.extend((0..15).map(|place| {
        let (column, row) = ((place % 5) as f32, (place / 5) as f32);
        json!({ "name": format!("place {place}"),
            "position_m": [column * 18.0 - 36.0, 0.0, row * 18.0 - 18.0],
            "properties": { "spawn": { "radius_m": 10.0 } } })
    }));
    objects
}

/// 250 walkers, and 750 people who ride and are clients or not.
fn walkers_and_riders(clients: u32, ages: Ages) -> Costs {
    let mut objects = spawns_on_the_ground();
    for platform in 0..PLATFORMS {
        let place = [(platform % 6) as f32 * 18.0 - 45.0, 2.0, (platform / 6) as f32 * 14.0 - 28.0];
        let leg_ticks = 40 + platform % 5 * 10;
        let leg_m = leg_ticks as f32 * 3.0 / TICKS_PER_S as f32;
        let turned = |x: f32, z: f32| {
            let (sin, cos) = (platform as f32 * 0.7).sin_cos();
            [x * cos - z * sin, 0.0, x * sin + z * cos]
        };
        objects.push(json!({
            "position_m": place,
            "properties": {
                "body": { "kind": "kinematic" },
                "mover": {
                    "waypoints_m": [turned(0.0, 0.0), turned(leg_m, 0.0), turned(leg_m, leg_m),
                        turned(0.0, leg_m), turned(0.0, 0.0)],
                    "leg_ticks": leg_ticks, "offset_ticks": platform * 17
                },
                "colliders": [{ "shape": { "box": { "size_m": [6.0, 0.2, 6.0] } } }]
            }
        }));
        objects.push(json!({
            "name": format!("platform {platform}"),
            "position_m": [place[0], place[1] + 0.2, place[2]],
            "properties": { "spawn": { "radius_m": 2.5 } }
        }));
    }
    let steer = |client, tick| if client < 250 { walk(client, tick) } else { Input::default() };
    let mut scene = Scene::new(&objects, clients, ages, steer);
    scene.enter((1..=AVATARS).map(|id| {
        let place = if id <= 250 {
            format!("place {}", id % 15)
        } else {
            format!("platform {}", id % PLATFORMS)
        };
        (id, Some(place))
    }));
    let absent = (clients + 1..=AVATARS).map(|id| WorldInput::Presence {
        person: PersonId(id),
        road: None,
        anew: false,
    });
    scene.world.tick(absent.collect(), &mut Vec::new(), &mut |_| {});
    scene.run(WARM_UP_TICKS);
    scene.run(MEASURED_TICKS)
}

/// 10,000 boxes that rest on the ground, and 500 people who stand among them.
fn idle() -> Costs {
    let mut objects = spawns_on_the_ground();
    objects.extend((0..10_000).map(|index| {
        let (column, row) = ((index % 100) as f32, (index / 100) as f32);
        // North and south of the people, since somebody who stands on a box keeps it awake.
        let z = if row < 50.0 { row * 3.0 - 190.0 } else { row * 3.0 - 110.0 };
        json!({
            "position_m": [column * 3.0 - 150.0, 0.25, z],
            "properties": {
                "body": { "kind": "dynamic" },
                "colliders": [{ "shape": { "box": { "size_m": [0.5, 0.5, 0.5] } } }]
            }
        })
    }));
    let mut scene = Scene::new(&objects, 500, Ages::TwoOrThree, stand);
    scene.enter((1..=500).map(|id| (id, Some(format!("place {}", id % 15)))));
    // After two seconds of rest, bodies sleep.
    scene.run(120);
    scene.run(200)
}

impl Costs {
    fn print(&self, name: &str) {
        let ticks = self.whole.len() as f64;
        let per_client = |count: u64| count as f64 / f64::from(self.clients) / ticks;
        let both: Vec<Duration> =
            self.interest.iter().zip(&self.encode).map(|(a, b)| *a + *b).collect();
        println!(
            "{name:<34} {:>8.3} {:>8.3} {:>8.3} {:>8.3} {:>8.3} {:>8.3} {:>9.0} {:>7.2} {:>7} {:>8.0} {:>8.0}",
            quantile_ms(&both, 0.5),
            quantile_ms(&both, 0.1),
            quantile_ms(&both, 0.99),
            quantile_ms(&self.interest, 0.5),
            quantile_ms(&self.encode, 0.5),
            quantile_ms(&self.whole, 0.5),
            per_client(self.frame_bytes) * f64::from(TICKS_PER_S),
            per_client(self.packets),
            self.leaves,
            self.blocks_encoded as f64 / ticks,
            self.blocks_sent as f64 / ticks,
        );
    }

    fn median_ms(&self) -> f64 {
        let both: Vec<Duration> =
            self.interest.iter().zip(&self.encode).map(|(a, b)| *a + *b).collect();
        quantile_ms(&both, 0.5)
    }
}

fn quantile_ms(all: &[Duration], quantile: f64) -> f64 {
    let mut sorted = all.to_vec();
    sorted.sort_unstable();
    let index = ((sorted.len() - 1) as f64 * quantile).round() as usize;
    sorted[index].as_secs_f64() * 1_000.0
}

fn main() {
    println!(
        "per snapshot tick, ms: medians, and p10 and p99 of interest + encode; bytes per client and second"
    );
    println!(
        "{:<34} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>7} {:>7} {:>8} {:>8}",
        "",
        "both",
        "p10",
        "p99",
        "interest",
        "encode",
        "whole",
        "B/s",
        "packets",
        "leaves",
        "encoded",
        "sent"
    );
    for ages in [Ages::TwoOrThree, Ages::Spread] {
        let costs = walkers(ages);
        costs.print(&format!("1,000 x 1,000 walkers, acks {}", ages.name()));
        let updates = f64::from(AVATARS) * f64::from(costs.clients) * costs.whole.len() as f64;
        println!("{:<34} {:.2} B per avatar and update", "", costs.frame_bytes as f64 / updates);
    }
    for ages in [Ages::TwoOrThree, Ages::Spread] {
        let few = walkers_and_riders(250, ages);
        few.print(&format!("250 x 1,000 mixed, acks {}", ages.name()));
        let many = walkers_and_riders(1_000, ages);
        many.print(&format!("1,000 x 1,000 mixed, acks {}", ages.name()));
        println!(
            "{:<34} {:.2} times the cost for 4 times the clients",
            "",
            many.median_ms() / few.median_ms()
        );
    }
    idle().print("500 in an idle world of 10,000");
}
