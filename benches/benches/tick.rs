//! What a tick costs: by walking avatars, and by awake bodies.
//!
//! Every avatar is a client that acknowledges its frames after three ticks, so interest and
//! encoding are part of the figure.

use std::{collections::VecDeque, hint::black_box, sync::Arc};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use serde_json::json;
use vivarium_contract::{Intent, WorldInput, WorldSpec};
use vivarium_protocol::{
    ids::PersonId,
    intent::{ClientLatest, Input, Look},
};
use vivarium_world::Simulation;

const ACK_TICKS: usize = 3;

struct Crowd {
    world: Simulation,
    people: u32,
    acked: VecDeque<u32>,
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
    WorldSpec { document: Arc::new(document), document_url: String::new() }
}

impl Crowd {
    /// Within 30 m of each other, so that everyone sees everyone.
    fn of(people: u32, bodies: &[serde_json::Value]) -> Self {
        let spec = floor(30.0, bodies);
        let world = Simulation::new(&spec).expect("the bench's own world can be built");
        let mut crowd = Self { world, people, acked: VecDeque::from([0; ACK_TICKS]) };
        let look = Look { body: [200, 80, 40], accent: [20, 40, 60] };
        let enter = (1..=people).map(|id| WorldInput::Enter {
            person: PersonId(id),
            name: format!("walker {id}"),
            look,
            spawn: None,
        });
        crowd.world.tick(enter.collect(), &mut Vec::new(), &mut |_| {});
        for _ in 0..40 {
            crowd.tick();
        }
        crowd
    }

    /// Everyone walks in a square of their own, and turns now and then.
    fn tick(&mut self) {
        let tick = self.world.tick_number() + 1;
        let ack = self.acked.pop_front().unwrap_or(0);
        let inputs = (1..=self.people).map(|id| {
            let turn = (tick / 40 + id) % 4;
            let (move_x, move_z) = [(127, 20), (-20, 127), (-127, -20), (20, -127)][turn as usize];
            let input = Input { move_x, move_z, yaw: (turn * 16_384) as u16, ..Input::default() };
            let latest = ClientLatest { ack, first_tick: tick, inputs: vec![input], tracked: None };
            WorldInput::Intent { person: PersonId(id), intent: Intent::Latest(latest) }
        });
        let mut outputs = Vec::new();
        self.world.tick(inputs.collect(), &mut outputs, &mut |_| {});
        self.acked.push_back(tick);
        black_box(outputs);
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

/// Balls that fall into a pile and roll apart, measured while they do.
fn bodies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tick with awake bodies");
    group.sample_size(20);
    for count in [200, 2_000] {
        let pile: Vec<_> = (0..count)
            .map(|index| {
                let (layer, place) = (index / 100, index % 100);
                let (x, z) = ((place % 10) as f32 * 0.62, (place / 10) as f32 * 0.62);
                json!({
                    "position_m": [x, 0.6 + layer as f32 * 0.7, z],
                    "properties": {
                        "body": { "kind": "dynamic" },
                        "colliders": [{ "shape": { "ball": { "radius_m": 0.3 } }, "restitution": 0.3 }]
                    }
                })
            })
            .collect();
        group.bench_function(BenchmarkId::from_parameter(count), |bench| {
            bench.iter_custom(|rounds| {
                let mut spent = std::time::Duration::ZERO;
                let mut left = rounds;
                while left > 0 {
                    // A pile falls and rolls for three seconds; then a new one is built.
                    let mut crowd = Crowd::of(1, &pile);
                    for _ in 0..left.min(90) {
                        let start = std::time::Instant::now();
                        crowd.tick();
                        spent += start.elapsed();
                    }
                    left = left.saturating_sub(90);
                }
                spent
            });
        });
    }
    group.finish();
}

criterion_group!(benches, avatars, bodies);
criterion_main!(benches);
