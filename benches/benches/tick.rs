//! What a tick costs: by walking avatars, by awake bodies, by companions, and by what they are asked.
//!
//! Every avatar is a client that acknowledges its packets after three ticks, so interest and
//! encoding are part of the figure.

mod acks;

use std::{hint::black_box, sync::Arc};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use serde_json::json;
use vivarium_contract::{
    Intent, Road, TickReport, WorldInput, WorldOutput, WorldSpec,
    companion::{Action, MindWord},
};
use vivarium_protocol::{
    ids::{ObjectId, PersonId},
    intent::{ClientLatest, Input, Look},
};
use vivarium_world::Simulation;

use acks::Acks;

const ACK_TICKS: usize = 3;
/// Enough for everything that is due, so that nothing waits.
const BYTES_PER_S: u32 = 1_000_000;

struct Crowd {
    world: Simulation,
    people: u32,
    acks: Acks,
}

fn floor(spread_m: f32, bodies: &[serde_json::Value]) -> WorldSpec {
    let mut objects = vec![
        json!({ "position_m": [0.0, -0.5, 0.0],
            "properties": { "colliders": [{ "shape": { "box": { "size_m": [400.0, 1.0, 400.0] } } }] } }),
        json!({ "properties": { "spawn": { "radius_m": spread_m } } }),
    ];
    objects.extend_from_slice(bodies);
    let document = json!({ "version": 1, "name": "bench", "title": "Bench", "objects": objects });
    let document = vivarium_scene::load::from_json(document.to_string().as_bytes())
        .expect("the bench's own document is valid");
    WorldSpec {
        document: Arc::new(document),
        document_url: String::new(),
        client_bytes_per_s_max: BYTES_PER_S,
    }
}

impl Crowd {
    /// Within 30 m of each other, so that everyone sees everyone.
    fn of(people: u32, bodies: &[serde_json::Value]) -> Self {
        Self::within(30.0, people, bodies)
    }

    fn within(spread_m: f32, people: u32, bodies: &[serde_json::Value]) -> Self {
        let spec = floor(spread_m, bodies);
        let world = Simulation::new(&spec).expect("the bench's own world can be built");
        let acks = Acks::delayed((0..people).map(|_| ACK_TICKS));
        let mut crowd = Self { world, people, acks };
        let look = Look { body: [200, 80, 40], accent: [20, 40, 60] };
        let enter = (1..=people).map(|id| WorldInput::Enter {
            person: PersonId(id),
            name: format!("walker {id}"),
            look,
            spawn: None,
            road: Road::Reliable,
        });
        crowd.world.tick(enter.collect(), &mut Vec::new(), &mut |_| {});
        for _ in 0..40 {
            crowd.tick();
        }
        crowd
    }

    /// Everyone walks in a square of their own, and turns now and then.
    fn tick(&mut self) -> TickReport {
        let tick = self.world.tick_number() + 1;
        self.acks.start_tick();
        let inputs = (1..=self.people).map(|id| {
            let ack = self.acks.of(id as usize - 1);
            let turn = (tick / 40 + id) % 4;
            let (move_x, move_z) = [(127, 20), (-20, 127), (-127, -20), (20, -127)][turn as usize];
            let input = Input { move_x, move_z, yaw: (turn * 16_384) as u16, ..Input::default() };
            let latest = ClientLatest { ack, first_tick: tick, inputs: vec![input], tracked: None };
            WorldInput::Intent { person: PersonId(id), intent: Intent::Latest(latest) }
        });
        let mut outputs = Vec::new();
        let report = self.world.tick(inputs.collect(), &mut outputs, &mut |_| {});
        for output in &outputs {
            self.acks.hear(output, |person| person.0 as usize - 1);
        }
        black_box(outputs);
        report
    }
}

fn avatars(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tick with walking avatars");
    group.sample_size(20);
    for people in [10, 100, 1_000] {
        let mut crowd = Crowd::of(people, &[]);
        group.bench_function(BenchmarkId::from_parameter(people), |bench| {
            bench.iter(|| crowd.tick());
        });
    }
    group.finish();
}

/// Balls in a tray with two sweeping paddles that let none of them sleep.
fn bodies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tick with awake bodies");
    group.sample_size(20);
    for count in [200, 2_000] {
        let mut crowd = Crowd::of(1, &tray(count));
        let report = crowd.tick();
        println!("{} of {count} bodies are awake", report.awake_bodies);
        group.bench_function(BenchmarkId::from_parameter(count), |bench| {
            bench.iter(|| {
                let report = crowd.tick();
                assert!(report.awake_bodies * 10 >= count * 9, "{} awake", report.awake_bodies);
            });
        });
    }
    group.finish();
}

/// Companions who pass their time, and some who follow a walker through the others; against the same
/// walker without them.
fn companions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tick with companions");
    group.sample_size(20);
    for (idle, active) in [(0, 0), (1_000, 0), (1_000, 100)] {
        let mut crowd = Crowd::within(0.0, 1, &residents(idle, active));
        crowd.lead(idle, active);
        let bytes: u64 = (0..90).map(|_| crowd.tick().frame_bytes).sum();
        println!("{idle} idle, {active} active: {} B of what is seen per tick", bytes / 90);
        group.bench_function(format!("{idle} idle, {active} active"), |bench| {
            bench.iter(|| crowd.tick());
        });
    }
    group.finish();
}

/// What it costs to ask a companion something, by how many objects of the world have a name: the
/// whole tick, with one of them in a hundred in sight.
fn asks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tick with an ask");
    group.sample_size(20);
    for named in [190, 19_000] {
        let mut objects = residents(0, 1);
        objects.extend((0..named).map(|index| {
            let far_m = if index % 100 == 0 { 10.0 } else { 100.0 };
            let turn = index as f32 / named as f32 * std::f32::consts::TAU;
            json!({ "name": format!("lantern {index}"),
                "position_m": [turn.cos() * far_m, 1.0, turn.sin() * far_m] })
        }));
        let mut crowd = Crowd::within(0.0, 1, &objects);
        group.bench_function(format!("{named} named objects"), |bench| bench.iter(|| crowd.ask()));
    }
    group.finish();
}

/// Homes of idle ones on a grid, 4 m apart; those of active ones in the middle, where they hear the
/// walker.
fn residents(idle: u32, active: u32) -> Vec<serde_json::Value> {
    let home = |index: u32| {
        let (step_m, side, place) =
            if index < idle { (4.0, 33, index) } else { (1.2, 10, index - idle) };
        let at = |step: u32| (step as f32 - (side - 1) as f32 / 2.0) * step_m;
        json!({ "position_m": [at(place % side), 0, at(place / side)],
            "properties": { "companion": { "mind": "bench", "name": format!("Resident {index}"),
                "body": "#336699", "accent": "#ffcc00", "range_m": 200 } } })
    };
    (0..idle + active).map(home).collect()
}

impl Crowd {
    /// The only companion is asked something, and its mind says nothing.
    fn ask(&mut self) {
        let (person, companion) = (PersonId(1), ObjectId(2));
        let intent = Intent::Address { companion, text: "where is lantern 100?".into() };
        let mut outputs = Vec::new();
        self.world.tick(vec![WorldInput::Intent { person, intent }], &mut outputs, &mut |_| {});
        let asked = outputs.iter().find_map(|output| match output {
            WorldOutput::Ask(ask) => Some((ask.generation, ask.perception.seen.len())),
            _ => None,
        });
        let (generation, seen) = asked.expect("whoever is asked hears it");
        assert!(seen > 1, "lanterns are in sight");
        let word = MindWord::Done { is_reduced: false };
        let done = WorldInput::Mind { companion, generation, word };
        self.world.tick(vec![done], &mut Vec::new(), &mut |_| {});
    }

    /// The active ones follow the walker; the idle ones pass their time.
    fn lead(&mut self, idle: u32, active: u32) {
        let person = PersonId(1);
        for index in idle..idle + active {
            let companion = ObjectId(2 + index);
            let intent = Intent::Address { companion, text: "follow me".into() };
            let mut outputs = Vec::new();
            self.world.tick(vec![WorldInput::Intent { person, intent }], &mut outputs, &mut |_| {});
            let generation = outputs.iter().find_map(|output| match output {
                WorldOutput::Ask(ask) if ask.companion == companion => Some(ask.generation),
                _ => None,
            });
            let generation = generation.expect("whoever is to follow hears it");
            let action = Action::Follow { person };
            let words = [MindWord::Does { action }, MindWord::Done { is_reduced: false }];
            let inputs = words.map(|word| WorldInput::Mind { companion, generation, word });
            self.world.tick(inputs.into(), &mut Vec::new(), &mut |_| {});
        }
        // Until the ground is known, and those who follow are on their way.
        for _ in 0..600 {
            self.tick();
        }
    }
}

/// A tray that holds `count` balls in about two layers.
fn tray(count: u32) -> Vec<serde_json::Value> {
    let side = (count as f32 / 2.0).sqrt().ceil();
    let width_m = side * 0.65 + 1.0;
    let wall = |x: f32, z: f32, size_m: [f32; 3]| {
        json!({
            "position_m": [40.0 + x, 1.0, z],
            "properties": { "colliders": [{ "shape": { "box": { "size_m": size_m } } }] }
        })
    };
    let half_m = width_m / 2.0;
    let mut objects = vec![
        wall(half_m, 0.0, [0.5, 4.0, width_m]),
        wall(-half_m, 0.0, [0.5, 4.0, width_m]),
        wall(0.0, half_m, [width_m, 4.0, 0.5]),
        wall(0.0, -half_m, [width_m, 4.0, 0.5]),
    ];
    let reach_m = half_m - 0.8;
    for (offset_ticks, size_m, far) in [
        (0, [0.3, 0.3, width_m - 1.0], [reach_m, 0.0, 0.0]),
        (30, [width_m - 1.0, 0.3, 0.3], [0.0, 0.0, reach_m]),
    ] {
        objects.push(json!({
            "position_m": [40.0, 0.25, 0.0],
            "properties": {
                "body": { "kind": "kinematic" },
                "colliders": [{ "shape": { "box": { "size_m": size_m } } }],
                "mover": {
                    "waypoints_m": [far.map(|m: f32| -m), far],
                    "leg_ticks": 60, "offset_ticks": offset_ticks
                }
            }
        }));
    }
    let side = side as u32;
    objects.extend((0..count).map(|index| {
        let (layer, place) = (index / (side * side), index % (side * side));
        let at = |step: u32| (step as f32 - (side - 1) as f32 / 2.0) * 0.65;
        json!({
            "position_m": [40.0 + at(place % side), 1.0 + layer as f32 * 0.7, at(place / side)],
            "properties": {
                "body": { "kind": "dynamic" },
                "colliders": [{ "shape": { "ball": { "radius_m": 0.3 } } }]
            }
        })
    }));
    objects
}

criterion_group!(benches, avatars, bodies, companions, asks);
criterion_main!(benches);
