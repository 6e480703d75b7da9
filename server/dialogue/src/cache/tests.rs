//! Answers that are given again, waited for, lost and refused.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use tokio::time::{Instant, sleep};

use super::*;
use crate::{
    gateway::Tier,
    hearing::language::Language,
    provider::{Finish, ProviderError, Usage},
};

const NOW_MS: u64 = 1_794_744_000_000;
const DAY_MS: u64 = 86_400_000;

fn said(text: &str) -> Said<'_> {
    Said { text, person: "Ana", companion: "Lys", is_personal: false, is_flagged: false }
}

fn key(text: &str) -> CacheKey {
    CacheKey::of(&Ask {
        tier: Tier::Small,
        persona: "lys 3",
        memory: "0",
        mood: "calm",
        stage: "stranger",
        language: Language::En,
        text,
    })
}

/// Something that answers, and counts how often.
#[derive(Clone, Default)]
struct Model {
    asked: Arc<AtomicU64>,
}

const COST: Usage = Usage { input_tokens: 90, output_tokens: 4 };

impl Model {
    fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// "Answer ", a wait, and its number.
    fn answers(&self, wait_ms: u64) -> impl FnOnce() -> Reply + Send + 'static {
        let asked = Arc::clone(&self.asked);
        move || {
            let number = 1 + asked.fetch_add(1, Ordering::Relaxed);
            let late = async move {
                sleep(Duration::from_millis(wait_ms)).await;
                Ok(Piece::Text(format!("{number}.")))
            };
            let end = [Ok(Piece::Usage(COST)), Ok(Piece::Finished(Finish::Stop))];
            stream::iter([Ok(Piece::Text("Answer ".into()))])
                .chain(stream::once(late))
                .chain(stream::iter(end))
                .boxed()
        }
    }

    /// Half an answer, and an error.
    fn breaks(&self, wait_ms: u64) -> impl FnOnce() -> Reply + Send + 'static {
        let asked = Arc::clone(&self.asked);
        move || {
            asked.fetch_add(1, Ordering::Relaxed);
            let late = async move {
                sleep(Duration::from_millis(wait_ms)).await;
                Err(GatewayError::Broken { last: ProviderError::Cut })
            };
            stream::iter([Ok(Piece::Text("Ans".into()))]).chain(stream::once(late)).boxed()
        }
    }

    fn says(&self, pieces: Vec<Piece>) -> impl FnOnce() -> Reply + Send + 'static {
        let asked = Arc::clone(&self.asked);
        move || {
            asked.fetch_add(1, Ordering::Relaxed);
            stream::iter(pieces.into_iter().map(Ok)).boxed()
        }
    }
}

/// The whole of a reply: its words, what it took and how it ended.
async fn told(mut reply: Reply) -> String {
    let mut told = String::new();
    while let Some(piece) = reply.next().await {
        match piece {
            Ok(Piece::Text(text)) => told += &text,
            Ok(Piece::ToolCall(call)) => told += &format!("({})", call.name),
            Ok(Piece::Usage(usage)) => told += &format!(" {}", usage.input_tokens),
            Ok(Piece::Finished(finish)) => told += &format!(" {finish:?}"),
            Err(_) => told += " error",
        }
    }
    told
}

fn ask(
    cache: &Cache,
    seed: u64,
    now_ms: u64,
    make: impl FnOnce() -> Reply + Send + 'static,
) -> Reply {
    let cacheable = Cacheable::of(&said("hello")).unwrap();
    cache.reply(cacheable, key("hello"), seed, now_ms, make)
}

fn cache() -> Cache {
    Cache::new(&CacheSettings::default(), None)
}

#[tokio::test(start_paused = true)]
async fn the_first_three_are_asked_and_later_ones_are_one_of_theirs() {
    let (cache, model) = (cache(), Model::default());
    for number in 1..=3 {
        let told = told(ask(&cache, 7, NOW_MS, model.answers(0))).await;
        assert_eq!(told, format!("Answer {number}. 90 Stop"));
    }
    for (seed, number) in [(0, 1), (1, 2), (2, 3), (3, 1), (u64::MAX, 1)] {
        let told = told(ask(&cache, seed, NOW_MS, model.answers(0))).await;
        assert_eq!(told, format!("Answer {number}. 0 Stop"), "nothing is paid for it");
    }
    let pieces = ask(&cache, 0, NOW_MS, model.answers(0)).collect::<Vec<_>>().await;
    assert_eq!(pieces.len(), 4, "in the pieces in which it came");
    assert_eq!(model.asked(), 3);
    let counts = cache.counts();
    assert_eq!((counts.hits, counts.misses, counts.coalesced), (6, 3, 0));
    // Another ask has answers of its own.
    let cacheable = Cacheable::of(&said("bye")).unwrap();
    let other = cache.reply(cacheable, key("bye"), 0, NOW_MS, model.answers(0));
    assert_eq!(told(other).await, "Answer 4. 90 Stop");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_before_a_reply_is_polled_and_pieces_come_as_they_are_made() {
    let (cache, model) = (cache(), Model::default());
    let mut reply = ask(&cache, 0, NOW_MS, model.answers(1_000));
    assert_eq!(model.asked(), 0);
    let began = Instant::now();
    assert_eq!(reply.next().await, Some(Ok(Piece::Text("Answer ".into()))));
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(told(reply).await, "1. 90 Stop");
    assert_eq!(began.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn equal_asks_wait_for_one_answer() {
    let (cache, model) = (cache(), Model::default());
    let asks = (0..50).map(|seed| told(ask(&cache, seed, NOW_MS, model.answers(1_000))));
    let answers = futures_util::future::join_all(asks).await;
    assert_eq!(model.asked(), 1);
    assert_eq!(answers[0], "Answer 1. 90 Stop");
    assert!(answers[1..].iter().all(|it| it == "Answer 1. 0 Stop"));
    assert_eq!(cache.counts().coalesced, 49);
    // Once there is an answer, nobody waits for another one.
    let slow = ask(&cache, 0, NOW_MS, model.answers(1_000));
    let (one, quick) = (told(slow), async {
        let began = Instant::now();
        (told(ask(&cache, 0, NOW_MS, model.answers(1_000))).await, began.elapsed())
    });
    let (one, quick) = tokio::join!(one, quick);
    assert_eq!((one.as_str(), quick.0.as_str()), ("Answer 2. 90 Stop", "Answer 1. 0 Stop"));
    assert_eq!(quick.1, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_one_that_fails_asks_and_errors_are_not_kept() {
    let (cache, model) = (cache(), Model::default());
    let failing = told(ask(&cache, 0, NOW_MS, model.breaks(500)));
    let asks = (0..10).map(|seed| told(ask(&cache, seed, NOW_MS, model.answers(500))));
    let (failed, answers) = tokio::join!(failing, futures_util::future::join_all(asks));
    assert_eq!(failed, "Ans error");
    assert_eq!(model.asked(), 2, "one of those who waited asked for all of them");
    assert!(answers.iter().all(|it| it.starts_with("Answer 2.")), "{answers:?}");
    let counts = cache.counts();
    assert_eq!((counts.misses, counts.not_kept, counts.coalesced), (2, 1, 9));
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_each_has_asked_and_none_waits_for_ever() {
    let (cache, model) = (cache(), Model::default());
    let began = Instant::now();
    let asks = (0..10).map(|seed| told(ask(&cache, seed, NOW_MS, model.breaks(500))));
    let answers = futures_util::future::join_all(asks).await;
    assert!(answers.iter().all(|it| it == "Ans error"), "{answers:?}");
    assert_eq!((model.asked(), began.elapsed()), (10, Duration::from_millis(1_500)));
    assert_eq!(cache.counts().not_kept, 10);
    assert_eq!(cache.core.flights.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_one_who_goes_away_gets_an_answer() {
    let (cache, model) = (cache(), Model::default());
    let mut leader = ask(&cache, 0, NOW_MS, model.answers(1_000));
    leader.next().await.unwrap().unwrap();
    let mut others = futures_util::future::join_all(
        (0..5).map(|seed| told(ask(&cache, seed, NOW_MS, model.answers(1_000)))),
    )
    .boxed();
    assert!((&mut others).now_or_never().is_none(), "they wait");
    assert_eq!(model.asked(), 1);
    drop(leader);
    let answers = others.await;
    assert!(answers.iter().all(|it| it.starts_with("Answer 2.")), "{answers:?}");
    assert_eq!(model.asked(), 2);
    assert_eq!(cache.core.flights.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_long_for_one_who_does_not_listen() {
    let (cache, model) = (cache(), Model::default());
    let mut leader = ask(&cache, 0, NOW_MS, model.answers(1_000));
    leader.next().await.unwrap().unwrap();
    let began = Instant::now();
    let told = told(ask(&cache, 0, NOW_MS, model.answers(1_000))).await;
    assert_eq!(told, "Answer 2. 90 Stop");
    assert_eq!(began.elapsed(), COALESCED_WAIT_MAX + Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_after_the_last_piece_leaves_the_answer() {
    let (cache, model) = (cache(), Model::default());
    let mut reply = ask(&cache, 0, NOW_MS, model.answers(0));
    while !matches!(reply.next().await, Some(Ok(Piece::Finished(_)))) {}
    drop(reply);
    assert!(cache.core.fresh(&Slot { key: key("hello"), variant: 0 }, NOW_MS).is_some());
}

#[tokio::test(start_paused = true)]
async fn what_is_too_old_is_asked_again() {
    let (cache, model) = (cache(), Model::default());
    for _ in 0..3 {
        told(ask(&cache, 0, NOW_MS, model.answers(0))).await;
    }
    let told_at = async |now_ms| told(ask(&cache, 0, now_ms, model.answers(0))).await;
    assert_eq!(told_at(NOW_MS + DAY_MS - 1).await, "Answer 1. 0 Stop");
    assert_eq!(told_at(NOW_MS + DAY_MS).await, "Answer 4. 90 Stop");
}

#[tokio::test(start_paused = true)]
async fn what_was_done_cut_short_or_says_a_name_is_not_kept() {
    let (cache, model) = (cache(), Model::default());
    let text = |it: &str| Piece::Text(it.into());
    let stop = Piece::Finished(Finish::Stop);
    for pieces in [
        vec![text("Hello, A"), text("na!"), stop.clone()],
        vec![text("Hel"), Piece::Finished(Finish::Length)],
        vec![text("Hel"), Piece::Finished(Finish::Filtered)],
        vec![text("Hel")],
        vec![stop],
    ] {
        told(ask(&cache, 0, NOW_MS, model.says(pieces))).await;
    }
    assert_eq!(model.asked(), 5);
    assert_eq!(told(ask(&cache, 0, NOW_MS, model.answers(0))).await, "Answer 6. 90 Stop");
    assert_eq!(cache.core.flights.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded() {
    let settings = CacheSettings { bytes_max: 20_000, ..CacheSettings::default() };
    let (cache, model) = (Cache::new(&settings, None), Model::default());
    for number in 0..500 {
        let cacheable = Cacheable::of(&said("hello")).unwrap();
        let key = key(&format!("hello {number}"));
        told(cache.reply(cacheable, key, 0, NOW_MS, model.answers(0))).await;
    }
    let weight = cache.weight();
    assert!((10_000..=20_000).contains(&weight), "{weight}");
}

/// A second tier that does as it is told.
#[derive(Default)]
struct Shelf {
    kept: Mutex<BTreeMap<Slot, (Bytes, Duration)>>,
    wait: Duration,
    fails: bool,
}

impl Tier2 for Shelf {
    fn get(&self, slot: Slot) -> BoxFuture<'_, Result<Option<Bytes>, Tier2Error>> {
        async move {
            sleep(self.wait).await;
            if self.fails {
                return Err(Tier2Error("gone".into()));
            }
            Ok(self.kept.lock().unwrap().get(&slot).map(|it| it.0.clone()))
        }
        .boxed()
    }

    fn put(
        &self,
        slot: Slot,
        value: Bytes,
        time_to_live: Duration,
    ) -> BoxFuture<'_, Result<(), Tier2Error>> {
        async move {
            sleep(self.wait).await;
            if self.fails {
                return Err(Tier2Error("gone".into()));
            }
            self.kept.lock().unwrap().insert(slot, (value, time_to_live));
            Ok(())
        }
        .boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn the_second_tier_has_every_answer_and_gives_it_to_another_server() {
    let (shelf, model) = (Arc::new(Shelf::default()), Model::default());
    let cache = || Cache::new(&CacheSettings::default(), Some(shelf.clone() as Arc<dyn Tier2>));
    let first = cache();
    for _ in 0..3 {
        told(ask(&first, 0, NOW_MS, model.answers(0))).await;
    }
    let slot = Slot { key: key("hello"), variant: 0 };
    let (value, time_to_live) = shelf.kept.lock().unwrap()[&slot].clone();
    assert_eq!(Answer::from_json(&value).unwrap().text(), "Answer 1.");
    assert_eq!(time_to_live, Duration::from_secs(86_400));
    let second = cache();
    for number in 1..=3 {
        let told = told(ask(&second, 0, NOW_MS + 5, model.answers(0))).await;
        assert_eq!(told, format!("Answer {number}. 0 Stop"));
    }
    assert_eq!(told(ask(&second, 1, NOW_MS + 5, model.answers(0))).await, "Answer 2. 0 Stop");
    let counts = second.counts();
    assert_eq!((counts.tier2_hits, counts.hits, counts.misses), (3, 1, 0));
    // What is too old there, or is nothing, is asked again.
    assert!(told(ask(&cache(), 0, NOW_MS + DAY_MS, model.answers(0))).await.contains(" 90 "));
    shelf.kept.lock().unwrap().insert(slot, (Bytes::from_static(b"{}"), Duration::ZERO));
    assert!(told(ask(&cache(), 0, NOW_MS, model.answers(0))).await.contains(" 90 "));
}

#[tokio::test(start_paused = true)]
async fn a_second_tier_that_is_slow_or_gone_keeps_nobody_from_an_answer() {
    for shelf in [
        Shelf { fails: true, ..Shelf::default() },
        Shelf { wait: Duration::from_secs(60), ..Shelf::default() },
    ] {
        let model = Model::default();
        let cache = Cache::new(&CacheSettings::default(), Some(Arc::new(shelf)));
        let began = Instant::now();
        assert_eq!(told(ask(&cache, 0, NOW_MS, model.answers(0))).await, "Answer 1. 90 Stop");
        assert!(began.elapsed() <= 2 * TIER2_WAIT_MAX);
        assert_eq!(cache.counts().tier2_errors, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn warming_up_asks_each_text_for_all_its_answers_and_gives_up_when_nobody_answers() {
    let (cache, model) = (cache(), Model::default());
    let texts = ["hello", "my cat is ill", "bye"].map(String::from);
    let reply = |text: &str| {
        let cacheable = Cacheable::of(&said(text)).ok()?;
        Some(cache.reply(cacheable, key(text), 0, NOW_MS, model.answers(0)))
    };
    let warmed = cache.warm_up(&texts, reply).await;
    assert_eq!((warmed, model.asked()), (WarmedUp { answered: 6, failed: 0 }, 6));
    assert_eq!(told(ask(&cache, 2, NOW_MS, model.answers(0))).await, "Answer 3. 0 Stop");

    let broken = Model::default();
    let failing = |text: &str| {
        let cacheable = Cacheable::of(&said(text)).ok()?;
        Some(cache.reply(cacheable, key("new"), 0, NOW_MS, broken.breaks(0)))
    };
    let warmed = cache.warm_up(&texts, failing).await;
    assert_eq!((warmed, broken.asked()), (WarmedUp { answered: 0, failed: 3 }, 3));
}
