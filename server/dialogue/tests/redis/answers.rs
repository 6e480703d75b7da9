//! Answers that several servers share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream};
use vivarium_dialogue::{
    cache::{Ask, Cache, CacheKey, CacheSettings, Cacheable, Said, Slot},
    gateway::Tier,
    hearing::language::Language,
    provider::{Finish, Piece},
    redis::{Redis, answers::SharedAnswers},
};

use crate::server::RedisServer;

const TEXT: &str = "How are you?";
const NOW_MS: u64 = 1_794_744_000_000;

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

/// One server's cache, and how often a model was asked.
struct Server {
    cache: Cache,
    asked: Arc<AtomicUsize>,
}

impl Server {
    fn new(redis: &Redis) -> Self {
        let settings = CacheSettings { time_to_live_s: 60, ..CacheSettings::default() };
        let cache = Cache::new(&settings, Some(SharedAnswers::tier2(redis.clone())));
        Self { cache, asked: Arc::default() }
    }

    /// What is answered: a model would say this.
    async fn ask(&self, words: &str, now_ms: u64) -> String {
        let said = Said {
            text: TEXT,
            person: "Ana",
            companion: "Lys",
            is_personal: false,
            is_flagged: false,
        };
        let cacheable = Cacheable::of(&said).unwrap();
        let (words, asked) = (words.to_owned(), Arc::clone(&self.asked));
        let make = move || {
            asked.fetch_add(1, Ordering::Relaxed);
            let pieces = [Piece::Text(words), Piece::Finished(Finish::Stop)];
            stream::iter(pieces.map(Ok)).boxed()
        };
        let reply = self.cache.reply(cacheable, key(), 0, now_ms, make);
        let texts = reply.filter_map(async |piece| match piece {
            Ok(Piece::Text(text)) => Some(text),
            _ => None,
        });
        texts.collect().await
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn what_one_server_was_answered_another_gives_until_it_is_too_old() {
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let (one, two) = (Server::new(&redis), Server::new(&server.connect().await));
    assert_eq!(one.ask("I am fine.", NOW_MS).await, "I am fine.");
    assert_eq!(two.ask("I am tired.", NOW_MS).await, "I am fine.");
    assert_eq!((one.asked(), two.asked()), (1, 0));
    assert_eq!(two.cache.counts().tier2_hits, 1);
    let name = Slot { key: key(), variant: 0 }.name();
    let ask = redis::cmd("PTTL").arg(&name).to_owned();
    let ms: i64 = ask.query_async(&mut redis.connection()).await.unwrap();
    assert!((1..=60_000).contains(&ms), "{ms}");
    // By its own time, it is too old a minute later.
    let three = Server::new(&redis);
    assert_eq!(three.ask("I am new.", NOW_MS + 60_000).await, "I am new.");
    assert_eq!(Server::new(&redis).ask("No.", NOW_MS + 60_001).await, "I am new.");
}

#[tokio::test]
async fn what_is_no_answer_is_not_given_and_is_written_over() {
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let name = Slot { key: key(), variant: 0 }.name();
    let huge = "x".repeat(1 << 20);
    for words in [
        vec!["SET", name.as_str(), "garbage"],
        vec!["SET", name.as_str(), huge.as_str()],
        vec!["SET", name.as_str(), "{\"made_ms\":1,\"pieces\":[]}"],
        vec!["LPUSH", name.as_str(), "garbage"],
    ] {
        let mut connection = redis.connection();
        redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await.unwrap();
        let ask = redis::cmd(words[0]).arg(&words[1..]).to_owned();
        ask.query_async::<redis::Value>(&mut connection).await.unwrap();
        let one = Server::new(&redis);
        assert_eq!(one.ask("I am fine.", NOW_MS).await, "I am fine.");
        assert_eq!(one.asked(), 1, "{words:?}");
        assert_eq!(Server::new(&redis).ask("No.", NOW_MS).await, "I am fine.", "{words:?}");
    }
}

#[tokio::test]
async fn nobody_waits_for_a_redis_that_is_away() {
    let mut server = RedisServer::start().await;
    let one = Server::new(&server.connect().await);
    server.kill().await;
    let told = tokio::time::timeout(Duration::from_secs(10), one.ask("I am fine.", NOW_MS)).await;
    assert_eq!(told.as_deref(), Ok("I am fine."));
    assert!(one.cache.counts().tier2_errors > 0);
}
