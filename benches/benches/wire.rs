//! What encoding and decoding cost: messages one by one on the golden ones, and leaves of walkers.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde::Serialize;
use vivarium_protocol::{
    snapshot::{
        block::{self, Base, BlockEncoder, Head, Identity, Part, SLOTS, Sink, Source},
        member::{Known, Times},
        packet::{self, OwnNote, OwnState, PacketHead},
        schema::{FIELDS_MAX, Facet},
        view::{Applied, View},
    },
    wire::{self, DecodeError},
};

macro_rules! golden {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../tests/golden/frames/", $name, ".bin")).as_slice())
    };
}

/// Decodes `bytes`, and encodes what they mean.
fn both_ways<T: Serialize>(
    criterion: &mut Criterion,
    (name, bytes): (&str, &[u8]),
    decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
) {
    let value = match decode(bytes) {
        Ok(value) => value,
        Err(error) => panic!("{name}: {error}"),
    };
    let mut group = criterion.benchmark_group("wire");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_with_input(BenchmarkId::new("decode", name), bytes, |bencher, bytes| {
        bencher.iter(|| decode(black_box(bytes)));
    });
    group.bench_with_input(BenchmarkId::new("encode", name), &value, |bencher, value| {
        bencher.iter(|| wire::encode(black_box(value)));
    });
    group.finish();
}

fn messages(criterion: &mut Criterion) {
    both_ways(criterion, golden!("client_message_say"), wire::decode_client_message);
    both_ways(criterion, golden!("client_latest_full"), wire::decode_client_latest);
    both_ways(criterion, golden!("client_latest_one"), wire::decode_client_latest);
    both_ways(criterion, golden!("server_message_heard"), wire::decode_server_message);
    both_ways(criterion, golden!("server_message_entered"), wire::decode_server_message);
    both_ways(criterion, golden!("server_message_joined"), wire::decode_server_message);
}

const FIELDS: usize = Facet::Avatar.field_count();

/// A full leaf of people who walk in circles, as both ends of a block see it.
struct Walkers {
    base: Option<Vec<[i32; FIELDS]>>,
    earlier: [Option<Vec<[i32; FIELDS]>>; 2],
    now: Vec<[i32; FIELDS]>,
}

/// Everyone at the end of a tick: 3 m/s around circles of 3 to 9 m, 30 ticks per second.
fn walked(tick: u32) -> Vec<[i32; FIELDS]> {
    let walker = |index: usize| {
        let radius_m = 3.0 + index as f32 % 7.0;
        let angle = tick as f32 * 0.1 / radius_m + index as f32;
        let steps = |metres: f32| (metres * 512.0).round() as i32;
        let yaw = (angle / std::f32::consts::TAU).rem_euclid(1.0) * 65_536.0;
        let (x, z) = (angle.sin() * radius_m, angle.cos() * radius_m);
        let place = [(index % 8) as f32 * 4.0 + x, 0.87, (index / 8) as f32 * 4.0 + z];
        let [x, y, z] = place.map(steps);
        [x, y, z, yaw as i32 & 0xffff, 0, 1]
    };
    (0..SLOTS).map(walker).collect()
}

impl Walkers {
    fn at(tick: u32, times: Times) -> Self {
        let base = tick - times.age;
        let [first, second] = times.gaps;
        let known = |gap: u32, ago: u32| (gap != 0).then(|| walked(base - ago));
        Self {
            base: (times.age != 0).then(|| walked(base)),
            earlier: [known(first, first), known(second, first + second)],
            now: walked(tick),
        }
    }

    fn knows(&self, slot: usize) -> Option<Known<'_>> {
        let base = &self.base.as_ref()?[slot];
        let earlier = self.earlier.each_ref().map(|all| all.as_ref().map(|all| &all[slot][..]));
        Some(Known { base, earlier })
    }
}

fn walker(slot: usize) -> Identity {
    Identity { facet: Facet::Avatar, subject: slot as u32 + 1 }
}

impl Source for Walkers {
    fn base(&self) -> u64 {
        if self.base.is_some() { u64::MAX } else { 0 }
    }

    fn stays(&self) -> u64 {
        self.base()
    }

    fn comes(&self) -> u64 {
        !self.base()
    }

    fn moved(&self, _: usize) -> bool {
        false
    }

    fn identity(&self, slot: usize) -> Identity {
        walker(slot)
    }

    fn known<'a>(&'a self, slot: usize, _: &'a mut [[i32; FIELDS_MAX]; 3]) -> Known<'a> {
        self.knows(slot).expect("only those are asked for who stay")
    }

    fn now(&self, slot: usize, fields: &mut [i32]) {
        fields.copy_from_slice(&self.now[slot]);
    }
}

impl Base for Walkers {
    fn known(&self, slot: usize) -> Option<(Identity, Known<'_>)> {
        Some((walker(slot), self.knows(slot)?))
    }
}

/// Adds up what it is told, so that nothing is optimised away.
#[derive(Default)]
struct Sum(i64);

impl Sink for Sum {
    fn left(&mut self, _: Identity, _: bool) {}

    fn member(&mut self, _: usize, _: Identity, fields: &[i32]) {
        self.0 += fields.iter().map(|field| i64::from(*field)).sum::<i64>();
    }
}

fn leaves(criterion: &mut Criterion) {
    let kinds = [
        ("in full", Times::default()),
        ("3 ticks later", Times { age: 3, ..Times::default() }),
        ("3 ticks later, two known before", Times { age: 3, gaps: [1, 3], level: 0 }),
    ];
    let mut group = criterion.benchmark_group("leaf of 64 walkers");
    for (name, times) in kinds {
        let leaf = Walkers::at(1_000, times);
        let mut encoder = BlockEncoder::default();
        let (mut bytes, mut parts) = (Vec::new(), Vec::new());
        encoder.encode(times, &leaf, &mut bytes, &mut parts);
        println!("{name}: {} bytes in {} parts", bytes.len(), parts.len());
        let each = |part: &Part| bytes[part.start as usize..part.end as usize].to_vec();
        let told: Vec<Vec<u8>> = parts.iter().map(each).collect();
        group.throughput(Throughput::Elements(SLOTS as u64));
        group.bench_function(BenchmarkId::new("encode", name), |bencher| {
            bencher.iter(|| {
                bytes.clear();
                parts.clear();
                encoder.encode(times, black_box(&leaf), &mut bytes, &mut parts);
                bytes.len()
            });
        });
        group.bench_function(BenchmarkId::new("decode", name), |bencher| {
            bencher.iter(|| {
                let mut sum = Sum::default();
                for part in &told {
                    let (head, bytes) = Head::read(black_box(part)).expect("the encoder made it");
                    block::decode(head, bytes, &leaf, &mut sum).expect("the encoder made it");
                }
                sum.0
            });
        });
    }
    group.finish();
}

/// A packet in which `leaves` leaves of walkers are told.
fn packet_of(leaves: u32, number: u32, tick: u32, times: Times) -> Vec<u8> {
    let own = OwnNote::State(OwnState {
        position_m: [1.5, 0.87, -2.5],
        velocity_mps: [2.0, 0.0, -1.0],
        flags: 1,
        airborne_ticks: 0,
        teleports: 0,
    });
    let mut bytes = Vec::new();
    let head = PacketHead { number, era: 0, tick, on_time: true, lead_ticks: 2, own };
    packet::write_head(&mut bytes, &head);
    let (mut block, mut parts) = (Vec::new(), Vec::new());
    BlockEncoder::default().encode(times, &Walkers::at(tick, times), &mut block, &mut parts);
    for leaf in 0..leaves {
        for part in &parts {
            let part = &block[part.start as usize..part.end as usize];
            packet::write_block_head(&mut bytes, leaf, part.len());
            bytes.extend_from_slice(part);
        }
    }
    bytes
}

/// What a client does with a packet, from bytes to a view of everyone.
fn packets(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("packet");
    for leaves in [1, 4, 16] {
        let walk: Vec<Vec<u8>> = (0..WALK_TICKS)
            .map(|step| {
                // What the first ones could build on was never told.
                let age = if step < AGE { 0 } else { AGE };
                packet_of(leaves, step + 1, 1_000 + step, Times { age, ..Times::default() })
            })
            .collect();
        let walkers = leaves as usize * SLOTS;
        let (full, later) = (walk[0].len(), walk[WALK_TICKS as usize - 1].len());
        println!("{walkers} walkers: {full} bytes in full, {later} bytes {AGE} ticks later");
        group.throughput(Throughput::Elements(walkers as u64));
        group.bench_function(BenchmarkId::new("apply, walkers", walkers), |bencher| {
            let (mut view, mut step) = (View::default(), 0);
            bencher.iter(|| {
                if step == walk.len() {
                    view.clear();
                    step = 0;
                }
                let (_, applied) = view.apply(black_box(&walk[step])).expect("a packet of our own");
                assert_eq!(applied, Applied::Whole);
                step += 1;
            });
        });
    }
    group.finish();
}

/// Packets before the view starts again from nothing.
const WALK_TICKS: u32 = 300;
/// Ticks from the states that the packets build on.
const AGE: u32 = 3;

criterion_group!(benches, messages, leaves, packets);
criterion_main!(benches);
