//! What encoding and decoding cost, message by message, on the golden messages.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde::Serialize;
use vivarium_protocol::{
    frame::{Change, FIELD_COUNT, FieldDelta, Frame},
    ids::EntityId,
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

/// `walkers` avatars, each a step further than in the baseline: position and heading differ.
fn walking(walkers: u32) -> Vec<u8> {
    let from = [0; FIELD_COUNT];
    let changed = (0..walkers).map(|entity| {
        let mut to = from;
        to[0] = 25 + (entity % 7) as i32;
        to[2] = -30 - (entity % 5) as i32;
        to[3] = 700;
        Change { entity: EntityId(entity + 1), delta: FieldDelta::between(&from, &to) }
    });
    wire::encode(&Frame {
        tick: 100_001,
        baseline: 99_998,
        own: None,
        gone: vec![],
        come: vec![],
        changed: changed.collect(),
    })
}

fn messages(criterion: &mut Criterion) {
    both_ways(criterion, golden!("client_message_say"), wire::decode_client_message);
    both_ways(criterion, golden!("client_latest_full"), wire::decode_client_latest);
    both_ways(criterion, golden!("client_latest_one"), wire::decode_client_latest);
    both_ways(criterion, golden!("server_message_heard"), wire::decode_server_message);
    both_ways(criterion, golden!("server_message_entered"), wire::decode_server_message);
    both_ways(criterion, golden!("server_message_joined"), wire::decode_server_message);
    both_ways(criterion, golden!("frame_extremes"), wire::decode_frame);
    both_ways(criterion, golden!("frame_crowd"), wire::decode_frame);
    for walkers in [10, 100, 1_000] {
        let bytes = walking(walkers);
        let name = format!("frame of {walkers} walkers");
        both_ways(criterion, (&name, &bytes), wire::decode_frame);
    }
}

fn deltas(criterion: &mut Criterion) {
    let from = [0; FIELD_COUNT];
    let mut to = from;
    (to[0], to[2], to[3]) = (25, -30, 700);
    let delta = FieldDelta::between(&from, &to);
    criterion.bench_function("delta/between", |bencher| {
        bencher.iter(|| FieldDelta::between(black_box(&from), black_box(&to)));
    });
    criterion.bench_function("delta/apply", |bencher| {
        bencher.iter(|| {
            let mut fields = from;
            let applied = black_box(&delta).apply(&mut fields);
            (applied, fields)
        });
    });
}

criterion_group!(benches, messages, deltas);
criterion_main!(benches);
