//! An answer that was given before: from what was said to the last piece, and its two halves.

#![expect(clippy::unwrap_used, reason = "a bench that cannot unwrap has failed")]

use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::{StreamExt, stream};
use tokio::runtime::{Builder, Runtime};
use vivarium_dialogue::{
    cache::{Ask, Cache, CacheKey, CacheSettings, Cacheable, Said},
    gateway::{Reply, Tier},
    hearing::language::Language,
    provider::{Finish, Piece},
};

const TEXT: &str = "Hello Lys, how are you today?";
const NOW_MS: u64 = 1_794_744_000_000;

fn said() -> Said<'static> {
    Said { text: TEXT, person: "Ana", companion: "Lys", is_personal: false, is_flagged: false }
}

fn key() -> CacheKey {
    CacheKey::of(&Ask {
        tier: Tier::Small,
        persona: "lys 3",
        memory: "0",
        mood: "calm",
        stage: "stranger",
        language: Language::En,
        text: TEXT,
    })
}

/// Thirty pieces, as a model gives them.
fn made() -> Reply {
    let words = (0..30).map(|_| Ok(Piece::Text("and a word ".into())));
    stream::iter(words.chain([Ok(Piece::Finished(Finish::Stop))])).boxed()
}

/// A reply to its end.
fn pieces(runtime: &Runtime, cache: &Cache, cacheable: Cacheable, seed: u64) -> usize {
    runtime.block_on(cache.reply(cacheable, key(), seed, NOW_MS, made).count())
}

fn answers(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let cache = Cache::new(&CacheSettings::default(), None);
    let cacheable = Cacheable::of(&said()).unwrap();
    for _ in 0..3 {
        pieces(&runtime, &cache, cacheable.clone(), 0);
    }
    criterion.bench_function("answers/decide_and_key", |bench| {
        bench.iter(|| (Cacheable::of(&said()).unwrap(), key()));
    });
    let mut seed = 0;
    criterion.bench_function("answers/memory_hit", |bench| {
        bench.iter(|| {
            seed += 1;
            pieces(&runtime, &cache, cacheable.clone(), seed)
        });
    });
    let counts = cache.counts();
    assert!(counts.misses == 3 && counts.hits > 100, "{counts:?}");
}

criterion_group!(benches, answers);
criterion_main!(benches);
