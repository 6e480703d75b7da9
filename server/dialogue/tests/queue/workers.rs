//! Workers that share a Redis, and what becomes of jobs when either dies.

use std::{process::Stdio, sync::Arc, time::Duration};

use futures_util::{StreamExt, future::join_all};
use tokio::{process::Command, sync::Notify};
use vivarium_dialogue::{
    gateway::GatewayError,
    provider::Piece,
    queue::{
        SharedWords, State,
        shared::{Patience, Shared, worker::Manner},
    },
    redis::Redis,
};

use crate::{
    asking::settings,
    desk::{Running, job, status, told, until},
    server::RedisServer,
    upstream::{Step, Upstream, answer, begun, hanging, http, whole},
};

const KINDS: [&str; 2] = ["openai"; 2];

fn patient() -> Patience {
    let wait_max = Duration::from_secs(30);
    Patience { wait_max, whole_max: Duration::from_secs(50), ..Patience::default() }
}

/// Finds out soon that another is silent.
fn quick(concurrency: usize) -> Manner {
    Manner { silence_max: Duration::from_millis(600), ..Manner::with(concurrency) }
}

fn words(redis: &Redis, patience: Patience) -> SharedWords {
    Arc::new(Shared::new(redis.clone(), patience))
}

async fn ask<T: redis::FromRedisValue>(redis: &Redis, words: &[&str]) -> T {
    let mut command = redis::cmd(words[0]);
    for word in &words[1..] {
        command.arg(*word);
    }
    command.query_async(&mut redis.connection()).await.unwrap()
}

/// Jobs that wait or run.
async fn jobs(redis: &Redis) -> usize {
    ask(redis, &["XLEN", "vivarium:dialogue:jobs"]).await
}

#[tokio::test]
async fn jobs_wait_for_a_worker_and_are_begun_in_their_order() {
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let upstream = Upstream::saying("openai", &["Yes."]).await;
    let words = words(&redis, patient());
    let mut asked = Vec::new();
    for (nth, text) in ["one", "two", "three"].into_iter().enumerate() {
        asked.push(tokio::spawn(told(words.stream(job(text, text)))));
        server.until(async || jobs(&redis).await == nth + 1).await;
    }
    assert_eq!(status(&words, "one").await.unwrap().state, State::Queued);
    let _worker = Running::start(redis.clone(), settings(KINDS, [upstream.port; 2], ""), quick(1));
    for told in join_all(asked).await {
        assert_eq!(told.unwrap().text, "Yes.");
    }
    let came: Vec<String> = upstream
        .came()
        .iter()
        .map(|it| it.body["messages"][1]["content"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(came, ["one", "two", "three"]);
    // Nothing is left of them but states and answers, and those end by themselves.
    assert_eq!(jobs(&redis).await, 0);
    let keys: Vec<String> = ask(&redis, &["KEYS", "*"]).await;
    for key in keys {
        let life_s: i64 = ask(&redis, &["TTL", &key]).await;
        assert!(key.starts_with("vivarium:dialogue:") && life_s > 0, "{key}: {life_s} s");
        let asked: i64 = match key.contains(":status:") {
            true => ask(&redis, &["HEXISTS", &key, "ask"]).await,
            false => 0,
        };
        assert_eq!(asked, 0, "what was asked is not kept");
    }
}

#[tokio::test]
async fn a_full_queue_refuses_and_loses_nothing() {
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let upstream = Upstream::saying("openai", &["Yes."]).await;
    let words = words(&redis, Patience { jobs_max: 2, ..patient() });
    let one = tokio::spawn(told(words.stream(job("one", "Hello"))));
    let two = tokio::spawn(told(words.stream(job("two", "Hello"))));
    server.until(async || jobs(&redis).await == 2).await;
    let three = told(words.stream(job("three", "Hello"))).await;
    assert_eq!(three.error, Some(GatewayError::Busy));
    assert_eq!(status(&words, "three").await, None);
    let _worker = Running::start(redis, settings(KINDS, [upstream.port; 2], ""), quick(2));
    assert_eq!((one.await.unwrap().text, two.await.unwrap().text), ("Yes.".into(), "Yes.".into()));
    assert_eq!(told(words.stream(job("three", "Hello"))).await.text, "Yes.");
}

#[tokio::test]
async fn without_a_worker_whoever_asks_is_refused_in_time() {
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let wait_max = Duration::from_millis(200);
    let words = words(&redis, Patience { wait_max, ..patient() });
    assert_eq!(told(words.stream(job("a", "Hello"))).await.error, Some(GatewayError::Busy));
    assert_eq!(jobs(&redis).await, 0);
}

#[tokio::test]
async fn what_fails_in_passing_is_tried_again_later() {
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let mut scripts = vec![http("500 Internal Server Error", "", "no"); 4];
    scripts.push(answer(&whole("openai", &["At last."])));
    let upstream = Upstream::serving(scripts).await;
    let words = words(&redis, patient());
    let _worker = Running::start(redis, settings(KINDS, [upstream.port; 2], ""), quick(1));
    let told = told(words.stream(job("a", "Hello"))).await;
    assert_eq!(told.text, "At last.", "{told:?}");
    let status = until(&words, "a", State::Done).await;
    assert_eq!((status.deliveries, upstream.came().len()), (2, 5));
}

#[tokio::test]
async fn what_fails_again_and_again_is_a_dead_letter() {
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let upstream = Upstream::serving(vec![http("500 Internal Server Error", "", "no")]).await;
    let words = words(&redis, patient());
    let manner = Manner { deliveries_max: 2, ..quick(1) };
    let _worker = Running::start(redis.clone(), settings(KINDS, [upstream.port; 2], ""), manner);
    let told = told(words.stream(job("a", "Hello"))).await;
    // Whoever asks may try it another time.
    let is_passing = matches!(told.error, Some(GatewayError::Elsewhere { is_passing: true, .. }));
    assert!(is_passing && told.text.is_empty(), "{told:?}");
    let status = until(&words, "a", State::Failed).await;
    assert_eq!(status.deliveries, 2, "{status:?}");
    let dead: redis::streams::StreamRangeReply =
        ask(&redis, &["XRANGE", "vivarium:dialogue:dead", "-", "+"]).await;
    let [letter] = &dead.ids[..] else { panic!("{dead:?}") };
    assert_eq!(letter.get::<String>("id"), Some(job("a", "").id().to_string()));
    assert_eq!(letter.get::<String>("reason"), status.reason);
    let life_s: i64 = ask(&redis, &["TTL", "vivarium:dialogue:dead"]).await;
    assert!(life_s > 0);
}

#[tokio::test]
async fn a_worker_that_dies_in_the_middle_is_replaced_and_nothing_is_said_twice() {
    for kind in ["openai", "anthropic"] {
        let server = RedisServer::start().await;
        let redis = server.connect().await;
        let upstream = Upstream::serving(vec![
            hanging(&begun(kind, &["Once upon a time ", "there was "])),
            // As models do that are asked to go on: some words are said again.
            answer(&whole(kind, &["a time there was ", "a lamp."])),
        ])
        .await;
        let words = words(&redis, patient());
        let settings = || settings([kind; 2], [upstream.port; 2], "");
        let first = Running::start(redis.clone(), settings(), quick(1));
        let mut reply = words.stream(job("a", "Hello"));
        let mut text = String::new();
        while text != "Once upon a time there was " {
            let Some(Ok(Piece::Text(more))) = reply.next().await else { panic!("{text}") };
            text += &more;
        }
        first.kill().await;
        let _second = Running::start(redis.clone(), settings(), quick(1));
        let rest = told(reply).await;
        assert_eq!(text + &rest.text, "Once upon a time there was a lamp.", "{rest:?}");
        assert_eq!((rest.error, upstream.came().len()), (None, 2));
        let asked = upstream.came()[1].body["messages"].to_string();
        assert!(asked.contains("Once upon a time there was"), "{asked}");
        let status = until(&words, "a", State::Done).await;
        assert_eq!(status.deliveries, 2);
    }
}

/// Tells the process of a test that it is a worker: the address of Redis, and the port of a provider.
const WORKS: &str = "VIVARIUM_QUEUE_WORKS";

/// Is a worker until it is killed.
async fn work(told: &str) {
    let (url, port) = told.rsplit_once(' ').unwrap();
    let (redis, port) = (Redis::connect(url).await.unwrap(), port.parse().unwrap());
    let worker = Running::start(redis, settings(KINDS, [port; 2], ""), quick(1));
    std::future::pending::<()>().await;
    worker.end().await;
}

#[tokio::test]
async fn a_process_that_is_killed_in_the_middle_is_replaced_by_another() {
    if let Ok(told) = std::env::var(WORKS) {
        return work(&told).await;
    }
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let upstream = Upstream::serving(vec![
        hanging(&begun("openai", &["Once upon a time ", "there was "])),
        answer(&whole("openai", &["Once upon a time there was ", "a lamp."])),
    ])
    .await;
    let words = words(&redis, patient());
    let start = || {
        let test = "workers::a_process_that_is_killed_in_the_middle_is_replaced_by_another";
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test])
            .env(WORKS, format!("{} {}", server.url(), upstream.port))
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    };
    let mut first = start();
    let mut reply = words.stream(job("a", "Hello"));
    let mut text = String::new();
    while text != "Once upon a time there was " {
        let Some(Ok(Piece::Text(more))) = reply.next().await else { panic!("{text}") };
        text += &more;
    }
    first.kill().await.unwrap();
    let _second = start();
    let rest = told(reply).await;
    assert_eq!(text + &rest.text, "Once upon a time there was a lamp.", "{rest:?}");
    assert_eq!((rest.error, upstream.came().len()), (None, 2));
    assert_eq!(until(&words, "a", State::Done).await.deliveries, 2);
}

#[tokio::test]
async fn a_job_whose_workers_all_die_is_given_up() {
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let upstream = Upstream::serving(vec![vec![Step::Hang]]).await;
    let words = words(&redis, patient());
    let manner = Manner { deliveries_max: 2, ..quick(1) };
    let start = || Running::start(redis.clone(), settings(KINDS, [upstream.port; 2], ""), manner);
    let asked = tokio::spawn(told(words.stream(job("a", "Hello"))));
    for nth in 1..=2 {
        let worker = start();
        server.until(async || upstream.came().len() == nth).await;
        worker.kill().await;
    }
    let _last = start();
    let told = asked.await.unwrap();
    assert!(matches!(told.error, Some(GatewayError::Elsewhere { .. })), "{told:?}");
    let status = status(&words, "a").await.unwrap();
    assert_eq!((status.reason.as_deref(), status.deliveries), (Some("gave_up"), 2));
    assert_eq!(upstream.came().len(), 2);
}

#[tokio::test]
async fn a_worker_that_is_to_end_finishes_or_gives_back() {
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let opened = Arc::new(Notify::new());
    let mut late = answer(&begun("openai", &["Once upon "]));
    late.push(Step::Gate(Arc::clone(&opened)));
    late.push(Step::Bytes(whole("openai", &["a time."])));
    let upstream = Upstream::serving(vec![
        late,
        hanging(&begun("openai", &["Once upon "])),
        answer(&whole("openai", &["a time."])),
    ])
    .await;
    let words = words(&redis, patient());
    let start =
        |manner| Running::start(redis.clone(), settings(KINDS, [upstream.port; 2], ""), manner);
    // It finishes what it has begun.
    let worker = start(Manner::with(1));
    let mut reply = words.stream(job("a", "Hello"));
    assert!(reply.next().await.unwrap().is_ok());
    let (ended, rest) = tokio::join!(worker.end(), async {
        opened.notify_one();
        told(reply).await
    });
    assert_eq!((ended, rest.text.as_str()), ((), "a time."));
    // It gives back what takes too long: nobody waits until it was silent for long.
    let never = Duration::from_secs(3_600);
    let manner = Manner { silence_max: never, grace: Duration::ZERO, ..Manner::with(1) };
    let worker = start(manner);
    let mut reply = words.stream(job("b", "Hello"));
    assert!(reply.next().await.unwrap().is_ok());
    worker.end().await;
    let _next = start(manner);
    assert_eq!(told(reply).await.text, "a time.");
    assert_eq!(until(&words, "b", State::Done).await.deliveries, 1);
}

#[tokio::test]
async fn workers_share_what_is_to_be_done() {
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let upstream = Upstream::serving(vec![hanging(&begun("openai", &["Hm"]))]).await;
    let words = words(&redis, patient());
    let start = || Running::start(redis.clone(), settings(KINDS, [upstream.port; 2], ""), quick(2));
    let _workers = [start(), start()];
    let asked =
        ["a", "b", "c", "d", "e"].map(|key| tokio::spawn(told(words.stream(job(key, "Hi")))));
    server.until(async || upstream.came().len() == 4).await;
    let consumers: redis::streams::StreamInfoConsumersReply =
        ask(&redis, &["XINFO", "CONSUMERS", "vivarium:dialogue:jobs", "workers"]).await;
    let pending: Vec<usize> = consumers.consumers.iter().map(|it| it.pending).collect();
    assert_eq!(pending, [2, 2]);
    asked.iter().for_each(|it| it.abort());
    server.until(async || jobs(&redis).await == 0).await;
}

#[tokio::test]
async fn redis_may_die_and_come_back_in_the_middle_of_an_answer() {
    let mut server = RedisServer::start().await;
    let redis = server.connect().await;
    let opened = Arc::new(Notify::new());
    let mut script = answer(&begun("openai", &["Once upon a time "]));
    script.push(Step::Gate(Arc::clone(&opened)));
    script.push(Step::Bytes(whole("openai", &["there was ", "a lamp."])));
    // Whoever is taken for dead meanwhile is replaced.
    let again = answer(&whole("openai", &["there was a lamp."]));
    let upstream = Upstream::serving(vec![script, again]).await;
    let words = words(&redis, Patience { down_max: Duration::from_secs(30), ..patient() });
    let _worker = Running::start(redis, settings(KINDS, [upstream.port; 2], ""), quick(1));
    let mut reply = words.stream(job("a", "Hello"));
    assert_eq!(reply.next().await, Some(Ok(Piece::Text("Once upon a time ".into()))));
    server.kill().await;
    opened.notify_one();
    server.start_again().await;
    let rest = told(reply).await;
    assert_eq!((rest.text.as_str(), rest.error), ("there was a lamp.", None));
    until(&words, "a", State::Done).await;
}

#[tokio::test]
async fn when_redis_stays_away_whoever_asks_is_told_in_time() {
    let mut server = RedisServer::start().await;
    let redis = server.connect().await;
    let upstream = Upstream::serving(vec![hanging(&begun("openai", &["Hm"]))]).await;
    let down_max = Duration::from_millis(300);
    let wait_max = Duration::from_secs(2);
    let words = words(&redis, Patience { down_max, wait_max, ..patient() });
    let _worker = Running::start(redis, settings(KINDS, [upstream.port; 2], ""), quick(1));
    let mut reply = words.stream(job("a", "Hello"));
    assert!(reply.next().await.unwrap().is_ok());
    server.kill().await;
    let away = Some(GatewayError::Queue { told: "does not answer" });
    assert_eq!(told(reply).await.error, away);
    assert_eq!(told(words.stream(job("b", "Hello"))).await.error, away);
    assert!(words.status(job("a", "").id()).await.is_err());
}
