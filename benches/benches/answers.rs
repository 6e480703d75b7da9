//! An answer that was given before: from what was said to the last piece, and its two halves.

#![expect(clippy::unwrap_used, reason = "a bench that cannot unwrap has failed")]

use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::{FutureExt, StreamExt, stream};
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

/// A reply to its end, without waiting: all of it is there.
fn pieces(cache: &Cache, cacheable: Cacheable, key: CacheKey, seed: u64) -> usize {
    cache.reply(cacheable, key, seed, NOW_MS, made).count().now_or_never().unwrap()
}

fn answers(criterion: &mut Criterion) {
    let cache = Cache::new(&CacheSettings::default(), None);
    let cacheable = Cacheable::of(&said()).unwrap();
    for _ in 0..3 {
        pieces(&cache, cacheable.clone(), key(), 0);
    }
    criterion.bench_function("answers/decide_and_key", |bench| {
        bench.iter(|| (Cacheable::of(&said()).unwrap(), key()));
    });
    let mut seed = 0;
    criterion.bench_function("answers/memory_hit", |bench| {
        bench.iter(|| {
            seed += 1;
            pieces(&cache, cacheable.clone(), key(), seed)
        });
    });
    let counts = cache.counts();
    assert!(counts.misses == 3 && counts.hits > 100, "{counts:?}");
}

criterion_group!(benches, answers);
criterion_main!(benches);
