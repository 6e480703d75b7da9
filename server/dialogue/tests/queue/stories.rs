//! What is true of jobs, whoever does them.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::StreamExt;
use vivarium_dialogue::{
    budget::{Clock, Ledger},
    gateway::{Gateway, GatewayError},
    provider::{Ask, Finish, Piece, Pieces, Provider, RequestError},
    queue::{SharedWords, State, local::Local},
};

use crate::{
    asking::settings,
    desk::{Desk, PLACES, job, status, told, until},
    upstream::{Upstream, answer, begun, hanging, whole},
};

const KINDS: [&str; 2] = ["openai"; 2];

#[tokio::test]
async fn an_answer_comes_whole_and_its_state_is_told_without_it() {
    for place in PLACES {
        let upstream = Upstream::saying("openai", &["Good ", "evening."]).await;
        let desk = Desk::open(place, settings(KINDS, [upstream.port; 2], "")).await;
        assert_eq!(status(&desk.words, "a").await, None);
        let told = told(desk.words.stream(job("a", "Hello"))).await;
        assert_eq!((told.text.as_str(), told.finish), ("Good evening.", Some(Finish::Stop)));
        assert_eq!(told.usage.unwrap().output_tokens, 7);
        let status = until(&desk.words, "a", State::Done).await;
        assert_eq!(status.model.as_deref(), Some("one-model"));
        assert_eq!((status.reason, status.deliveries), (None, 1));
        let times = [status.started_at_ms, status.first_words_at_ms, status.ended_at_ms];
        assert!(times.iter().all(Option::is_some), "{place:?}: {times:?}");
    }
}

#[tokio::test]
async fn the_same_key_is_asked_once_and_answered_to_all() {
    for place in PLACES {
        let upstream = Upstream::saying("openai", &["Good ", "evening."]).await;
        let desk = Desk::open(place, settings(KINDS, [upstream.port; 2], "")).await;
        let ask = || told(desk.words.stream(job("a", "Hello")));
        let (one, other) = tokio::join!(ask(), ask());
        assert_eq!((one.text.as_str(), &one.text), ("Good evening.", &other.text), "{place:?}");
        assert_eq!(upstream.came().len(), 1, "{place:?}");
        let next = told(desk.words.stream(job("b", "Hello"))).await;
        assert_eq!((next.text.as_str(), upstream.came().len()), ("Good evening.", 2));
    }
}

#[tokio::test]
async fn nothing_is_asked_before_somebody_listens() {
    for place in PLACES {
        let upstream = Upstream::saying("openai", &["Good evening."]).await;
        let desk = Desk::open(place, settings(KINDS, [upstream.port; 2], "")).await;
        drop(desk.words.stream(job("a", "Hello")));
        assert_eq!(status(&desk.words, "a").await, None);
        assert_eq!(upstream.came().len(), 0);
    }
}

#[tokio::test]
async fn who_goes_away_ends_the_request() {
    for place in PLACES {
        let mut upstream = Upstream::serving(vec![hanging(&begun("openai", &["Good eve"]))]).await;
        let desk = Desk::open(place, settings(KINDS, [upstream.port; 2], "")).await;
        let mut reply = desk.words.stream(job("a", "Hello"));
        assert_eq!(reply.next().await, Some(Ok(Piece::Text("Good eve".into()))));
        until(&desk.words, "a", State::Streaming).await;
        drop(reply);
        upstream.until_left(1).await;
        let status = until(&desk.words, "a", State::Failed).await;
        assert_eq!(status.reason.as_deref(), Some("cancelled"), "{place:?}");
    }
}

#[tokio::test]
async fn one_of_two_who_goes_away_ends_nothing() {
    for place in PLACES {
        let opened = std::sync::Arc::new(tokio::sync::Notify::new());
        let mut script = answer(&begun("openai", &["Good eve"]));
        script.push(crate::upstream::Step::Gate(opened.clone()));
        script.push(crate::upstream::Step::Bytes(whole("openai", &["ning."])));
        let upstream = Upstream::serving(vec![script]).await;
        let desk = Desk::open(place, settings(KINDS, [upstream.port; 2], "")).await;
        let mut one = desk.words.stream(job("a", "Hello"));
        let mut other = desk.words.stream(job("a", "Hello"));
        assert!(one.next().await.unwrap().is_ok());
        assert!(other.next().await.unwrap().is_ok());
        drop(one);
        opened.notify_one();
        assert_eq!(told(other).await.text, "ning.", "{place:?}");
        assert_eq!(upstream.came().len(), 1);
    }
}

#[tokio::test]
async fn who_finds_no_turn_in_time_is_refused() {
    let crowded = "[concurrency]\nanswers_max = 1\nwaiting_max = 4\nwait_ms_max = 3_000\n";
    for place in PLACES {
        let upstream = Upstream::serving(vec![hanging(&begun("openai", &["Good eve"]))]).await;
        let desk = Desk::open(place, settings(KINDS, [upstream.port; 2], crowded)).await;
        let mut first = desk.words.stream(job("a", "Hello"));
        assert!(first.next().await.unwrap().is_ok());
        let second = told(desk.words.stream(job("b", "Hello"))).await;
        assert_eq!(second.error, Some(GatewayError::Busy), "{place:?}");
        let status = until(&desk.words, "b", State::Failed).await;
        assert_eq!(status.reason.as_deref(), Some("busy"));
        assert_eq!(upstream.came().len(), 1);
    }
}

#[tokio::test]
async fn what_fails_is_told_with_its_reason() {
    for place in PLACES {
        let upstream = Upstream::saying("openai", &["Good evening."]).await;
        let poor = "[limits.budgets.user]\nusd_per_day = 0.000001\n";
        let desk = Desk::open(place, settings(KINDS, [upstream.port; 2], poor)).await;
        let told = told(desk.words.stream(job("a", "Hello"))).await;
        assert_eq!(told.error, Some(GatewayError::OverBudget), "{place:?}");
        let status = until(&desk.words, "a", State::Failed).await;
        assert_eq!((status.reason.as_deref(), status.deliveries > 1), (Some("over_budget"), false));
        assert_eq!(upstream.came().len(), 0);
    }
}

/// Breaks when it is asked.
#[derive(Debug)]
struct Faulty;

impl Provider for Faulty {
    fn ask(&self, _: Ask) -> Pieces {
        panic!("a fault of ours")
    }
}

#[tokio::test]
async fn whoever_waits_for_what_breaks_is_told() {
    let providers = ["one", "two"].map(|name| (name.to_owned(), Arc::new(Faulty) as _));
    let gateway =
        Gateway::with_providers(settings(KINDS, [1; 2], ""), BTreeMap::from(providers)).unwrap();
    let clock: Clock = Arc::new(|| 1_794_744_000_000);
    let ledger = Ledger::new(gateway.settings().limits.budgets, clock.clone());
    let words: SharedWords = Arc::new(Local::new(gateway, ledger, clock));
    let told = told(words.stream(job("a", "Hello"))).await;
    assert!(matches!(told.error, Some(GatewayError::Queue { .. })), "{told:?}");
    assert_eq!(status(&words, "a").await.map(|it| it.state), Some(State::Failed));
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    for place in PLACES {
        let desk = Desk::open(place, settings(KINDS, [1; 2], "")).await;
        let mut wrong = job("a", "Hello");
        wrong.request.turns.clear();
        let error = told(desk.words.stream(wrong)).await.error;
        assert_eq!(error, Some(GatewayError::Request(RequestError::Beginning)), "{place:?}");
        let long = job(&"k".repeat(1_000), "Hello");
        let error = told(desk.words.stream(long)).await.error;
        assert!(matches!(error, Some(GatewayError::Request(RequestError::TooMany { .. }))));
    }
}
