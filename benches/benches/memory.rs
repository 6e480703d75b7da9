//! What remembering costs a companion: finding what matters among ten thousand memories.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use vivarium_contract::companion::{Bond, Emotion};
use vivarium_dialogue::memory::{
    Episode, MEMORIES_MAX, Memory, PERSON,
    embed::{Embedder, Hashed},
};

/// As many memories as there may be.
fn full() -> Memory {
    let mut memory = Memory::default();
    for number in 0..MEMORIES_MAX as u64 {
        let episode = Episode {
            text: format!("day {number}: we spoke of thing {} by the canal", number % 97),
            at_ms: number * 60_000,
            importance: (number % 90) as u8,
            emotion: Emotion::Calm,
            about: PERSON.to_owned(),
        };
        if let Err(error) = memory.add_episode(episode, &Hashed) {
            panic!("{error}");
        }
    }
    memory
}

fn memory(criterion: &mut Criterion) {
    let full = full();
    let query = Hashed.embed("what did we say of thing 42?");
    criterion.bench_function("memory/embed", |bencher| {
        bencher.iter(|| Hashed.embed(black_box("what did we say of thing 42?")));
    });
    criterion.bench_function("memory/recall among 10,000", |bencher| {
        bencher.iter(|| full.recall(black_box(&query), &Bond::default(), 1_000_000_000, 12).len());
    });
}

criterion_group!(benches, memory);
criterion_main!(benches);
