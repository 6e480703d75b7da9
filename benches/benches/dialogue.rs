//! What limits, budgets and answers to small talk take, in one process and shared in Redis: a
//! `redis-server` of the bench's own, without writing to the disk.

#![expect(clippy::unwrap_used, reason = "a bench that cannot unwrap has failed")]

use std::{sync::Arc, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::{StreamExt, stream};
use tokio::runtime::{Builder, Runtime};
use vivarium_dialogue::{
    budget::{Clock, Ledger, LimitSettings, Membership, Messages, settings::MessagesPerHour},
    cache::{Ask, Cache, CacheKey, CacheSettings, Cacheable, Said},
    gateway::{
        Reply, Tier,
        meter::{Attempt, Outcome, Planned},
    },
    hearing::language::Language,
    provider::{Finish, Piece, Usage},
    redis::{Redis, answers::SharedAnswers},
};

#[path = "support/redis.rs"]
mod redis_server;

const TEXT: &str = "Hello Lys, how are you today?";
const NOW_MS: u64 = 1_794_744_000_000;

fn cacheable() -> Cacheable {
    let (person, companion) = ("Ana", "Lys");
    let said = Said { text: TEXT, person, companion, is_personal: false, is_flagged: false };
    Cacheable::of(&said).unwrap()
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

fn answers(criterion: &mut Criterion, runtime: &Runtime, redis: &Redis) {
    let tell = async |cache: &Cache, seed| {
        cache.reply(cacheable(), key(), seed, NOW_MS, made).count().await
    };
    criterion.bench_function("dialogue/is_small_talk_and_key", |bench| {
        bench.iter(|| (cacheable(), key()));
    });
    let settings = CacheSettings::default();
    let cache = Cache::new(&settings, Some(SharedAnswers::tier2(redis.clone())));
    for seed in 0..3 {
        runtime.block_on(tell(&cache, seed));
    }
    let mut seed = 0;
    criterion.bench_function("dialogue/answer_in_memory", |bench| {
        bench.iter(|| {
            seed += 1;
            runtime.block_on(tell(&cache, seed))
        });
    });
    assert_eq!(cache.counts().misses, 3);
    // One that keeps nothing in memory.
    let settings = CacheSettings { bytes_max: 0, ..settings };
    let cache = Cache::new(&settings, Some(SharedAnswers::tier2(redis.clone())));
    criterion.bench_function("dialogue/answer_in_redis", |bench| {
        bench.iter(|| runtime.block_on(tell(&cache, 0)));
    });
    let counts = cache.counts();
    assert!(counts.misses == 0 && counts.tier2_hits > 100, "{counts:?}");
}

fn messages(criterion: &mut Criterion, runtime: &Runtime, redis: &Redis) {
    let per_hour = MessagesPerHour { free: 100, ..MessagesPerHour::default() };
    for (name, redis) in [("own", None), ("redis", Some(redis.clone()))] {
        let messages = Messages::new(per_hour, redis);
        let mut asked = 0u64;
        criterion.bench_function(&format!("dialogue/message_{name}"), |bench| {
            bench.iter(|| {
                // A hundred people, each of whom says something every minute.
                asked += 1;
                let user = format!("user {}", asked % 100);
                let take = messages.take(&user, Membership::Free, NOW_MS + asked * 600);
                runtime.block_on(take).unwrap()
            });
        });
    }
}

fn budgets(criterion: &mut Criterion, runtime: &Runtime, redis: &Redis) {
    let planned = Planned {
        model: "small".into(),
        provider: "home".into(),
        input_tokens: 2_000,
        output_tokens_max: 400,
        cost_microdollars_max: 900,
    };
    let attempt = Attempt {
        usage: Usage { input_tokens: 1_800, output_tokens: 90 },
        is_estimated: false,
        cost_microdollars: 400,
        first_token: None,
        took: Duration::from_millis(900),
        outcome: Outcome::Done,
    };
    let clock: Clock = Arc::new(|| NOW_MS);
    let limits = LimitSettings::default();
    for (name, redis) in [("own", None), ("redis", Some(redis.clone()))] {
        let ledger =
            runtime.block_on(async { Ledger::with_redis(&limits, Arc::clone(&clock), redis, []) });
        criterion.bench_function(&format!("dialogue/reserve_and_settle_{name}"), |bench| {
            bench.iter(|| {
                runtime.block_on(async {
                    let meter = ledger.meter("ana", "plaza", "lys");
                    meter.reserve(&planned).await.unwrap();
                    meter.settle(&planned, &attempt);
                    // Nobody waits for that otherwise.
                    ledger.settled().await;
                });
            });
        });
    }
}

fn dialogue(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (_server, redis) = runtime.block_on(redis_server::start());
    answers(criterion, &runtime, &redis);
    messages(criterion, &runtime, &redis);
    budgets(criterion, &runtime, &redis);
}

criterion_group!(benches, dialogue);
criterion_main!(benches);
