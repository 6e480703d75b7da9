//! What is shared in Redis, against a real `redis-server` of each story's own.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod answers;
mod books;
mod ledger;
mod messages;
mod server;

use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestCaseResult, TestRunner},
};
use server::RedisServer;
use vivarium_dialogue::redis::{ConnectError, Redis};

/// Has many lists of steps by chance compared, all on one Redis.
fn on_one_redis<S: Strategy>(
    cases: u32,
    steps: &S,
    compare: impl AsyncFn(&Redis, S::Value) -> TestCaseResult,
) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_server, redis) = runtime.block_on(async {
        let server = RedisServer::start().await;
        let redis = server.connect().await;
        (server, redis)
    });
    let config = Config { failure_persistence: None, ..Config::with_cases(cases) };
    TestRunner::new(config).run(steps, |steps| runtime.block_on(compare(&redis, steps))).unwrap();
}

async fn set(redis: &Redis, value: &str) -> redis::RedisResult<()> {
    redis::cmd("SET").arg("vivarium:test").arg(value).query_async(&mut redis.connection()).await
}

#[tokio::test]
async fn a_connection_is_made_anew_after_a_restart() {
    let mut server = RedisServer::start().await;
    let redis = server.connect().await;
    set(&redis, "one").await.unwrap();
    server.kill().await;
    assert!(set(&redis, "two").await.is_err());
    server.start_again().await;
    server.until(async || set(&redis, "three").await.is_ok()).await;
}

#[tokio::test]
async fn an_address_that_is_none_is_told_without_what_was_in_it() {
    let error = Redis::connect("http://somebody:secret@nowhere").await.unwrap_err();
    assert!(matches!(error, ConnectError::Address(_)), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
    let error = Redis::connect("redis://127.0.0.1:1").await.unwrap_err();
    assert!(matches!(error, ConnectError::Silent(_)), "{error}");
}
