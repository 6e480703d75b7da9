//! Messages that several servers count together.

use proptest::{prelude::*, test_runner::TestCaseError};
use vivarium_dialogue::{
    budget::{Membership, Messages, TooMany, settings::MessagesPerHour},
    redis::{
        Redis,
        messages::{PREFIX, SharedMessages},
    },
};

use crate::{on_one_redis, server::RedisServer};

const FEW: MessagesPerHour = MessagesPerHour { free: 3, registered: 5, premium: 8 };

fn s(s: u64) -> u64 {
    1_794_744_000_000 + s * 1_000
}

async fn take(messages: &Messages, at_s: u64) -> Result<u32, u64> {
    messages.take("ana", Membership::Free, s(at_s)).await.map_err(|error| error.free_in_s)
}

#[tokio::test]
async fn what_was_said_at_one_server_counts_at_all_and_they_know_when_the_next_is_free() {
    let server = RedisServer::start().await;
    let one = Messages::new(FEW, Some(server.connect().await));
    let two = Messages::new(FEW, Some(server.connect().await));
    assert_eq!(take(&one, 0).await, Ok(2));
    assert_eq!(take(&two, 100).await, Ok(1));
    assert_eq!(take(&one, 200).await, Ok(0));
    assert_eq!(take(&two, 201).await, Err(3_399));
    assert_eq!(take(&one, 201).await, Err(3_399));
    assert_eq!(take(&two, 3_599).await, Err(1));
    assert_eq!(take(&two, 3_600).await, Ok(0));
    assert_eq!(take(&one, 3_601).await, Err(99));
    assert_eq!(one.take("bo", Membership::Free, s(3_601)).await, Ok(2));
    // Servers that are started anew forget nothing.
    let three = Messages::new(FEW, Some(server.connect().await));
    assert_eq!(take(&three, 3_602).await, Err(98));
}

#[tokio::test]
async fn while_redis_is_away_each_counts_on_its_own_and_nobody_gains_by_it() {
    let mut server = RedisServer::start().await;
    let one = Messages::new(FEW, Some(server.connect().await));
    let two = Messages::new(FEW, Some(server.connect().await));
    assert_eq!(take(&one, 0).await, Ok(2));
    assert_eq!(take(&one, 1).await, Ok(1));
    server.kill().await;
    assert_eq!(take(&one, 2).await, Ok(0));
    assert_eq!(take(&one, 3).await, Err(3_597));
    assert_eq!(take(&two, 4).await, Ok(2), "what others know of her is not known now");
    server.start_again().await;
    assert_eq!(take(&one, 5).await, Err(3_595), "what was said meanwhile counts here");
    server
        .until(async || {
            let asked = SharedMessages::new(server.connect().await);
            asked.take("ana", 3, s(6)).await == Ok(Ok(0))
        })
        .await;
}

#[tokio::test]
async fn what_is_no_list_of_times_is_not_believed() {
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let key = format!("{PREFIX}user:ana");
    let known = format!("{PREFIX}known");
    let later = (s(0) + 48 * 3_600_000).to_string();
    let later = later.as_str();
    let now = s(0).to_string();
    let full = vec![now.as_str(); 1_001];
    let table: [(&str, &str, &[&str]); 7] = [
        ("SET", &key, &["garbage"]),
        ("RPUSH", &key, &["garbage"; 3]),
        ("RPUSH", &key, &["nan"; 3]),
        ("RPUSH", &key, &["-1"; 3]),
        ("RPUSH", &key, &[later; 3]),
        ("RPUSH", &key, &full),
        ("SET", &known, &["garbage"]),
    ];
    let messages = SharedMessages::new(redis.clone());
    for (name, key, values) in table {
        let mut connection = redis.connection();
        redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await.unwrap();
        let ask = redis::cmd(name).arg(key).arg(values).to_owned();
        ask.query_async::<redis::Value>(&mut connection).await.unwrap();
        let told = messages.take("ana", 3, s(0)).await.unwrap();
        assert_eq!(told, Ok(2), "{name} {:?}", values.first());
        for key in [key, &known] {
            let ask = redis::cmd("PTTL").arg(key).to_owned();
            let ms: i64 = ask.query_async(&mut connection).await.unwrap();
            assert!(ms > 0, "{key} never ends");
        }
    }
}

/// Who asks, as what, and how much later (or earlier, by a clock that goes back).
type Asked = (u8, u8, i64);

async fn compare(redis: &Redis, asks: Vec<Asked>) -> Result<(), TestCaseError> {
    redis::cmd("FLUSHALL").query_async::<()>(&mut redis.connection()).await.unwrap();
    let alone = Messages::new(FEW, None);
    let shared = [SharedMessages::new(redis.clone()), SharedMessages::new(redis.clone())];
    let mut now_ms = s(0);
    for (place, (user, membership, later_ms)) in asks.into_iter().enumerate() {
        now_ms = now_ms.saturating_add_signed(later_ms);
        let membership = match membership {
            0 => Membership::Free,
            1 => Membership::Registered,
            _ => Membership::Premium,
        };
        let user = format!("user {user}");
        let expected = alone.take(&user, membership, now_ms).await;
        let found = shared[place % 2].take(&user, FEW.of(membership), now_ms).await;
        prop_assert_eq!(found, Ok(expected));
        if let Err(TooMany { free_in_s }) = expected {
            prop_assert!(free_in_s > 0);
        }
    }
    Ok(())
}

#[test]
fn two_on_one_redis_count_as_one_alone() {
    let asks = prop::collection::vec((0u8..3, 0u8..3, -300_000i64..1_500_000), 1..80);
    on_one_redis(64, &asks, async |redis, asks| compare(redis, asks).await);
}
