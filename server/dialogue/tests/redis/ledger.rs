//! Budgets that several servers share: exact, whoever asks, dies, or loses Redis in the middle.

use std::sync::Arc;

use futures_util::{FutureExt, future::join_all};
use proptest::{prelude::*, test_runner::TestCaseError};
use vivarium_dialogue::{
    budget::{Ledger, Payer, limits::USERS_MAX},
    gateway::meter::{Meter, OverBudget},
    redis::{
        Redis,
        ledger::{HOLD_MAX, PREFIX},
    },
};

use crate::{
    books::{DAY_MS, HOUR_MS, Time, account, attempt, ledger, limits, planned, told, user},
    on_one_redis,
    server::RedisServer,
};

const EVERYBODY: Payer = Payer::Installation;
const HOLD_MS: u64 = HOLD_MAX.as_millis() as u64;

#[tokio::test]
async fn what_is_held_at_one_server_is_held_for_all_and_booked_when_it_is_known() {
    let server = RedisServer::start().await;
    let time = Time::noon();
    let budgets = "budgets.user.usd_per_day = \"0.000100\"";
    let one = ledger(&server.connect().await, budgets, &time);
    let two = ledger(&server.connect().await, budgets, &time);
    let (here, there) = (one.meter("ana", "plaza", "lys"), two.meter("ana", "garden", "lys"));
    assert_eq!(here.reserve(&planned(60)).await, Ok(()));
    assert_eq!(told(&two, &user("ana"), &time).await, ([0; 3], 60));
    assert_eq!(there.reserve(&planned(41)).await, Err(OverBudget), "60 are held");
    assert_eq!(there.reserve(&planned(40)).await, Ok(()), "all of it, to the last millionth");
    here.settle(&planned(60), &attempt(17));
    drop(there);
    one.settled().await;
    two.settled().await;
    // Who says nothing has spent the most.
    assert_eq!(told(&one, &user("ana"), &time).await, ([57; 3], 0));
    assert_eq!(told(&one, &EVERYBODY, &time).await, ([57; 3], 0));
    assert_eq!(told(&one, &Payer::World("garden".into()), &time).await, ([40; 3], 0));
    assert_eq!(one.meter("bo", "plaza", "lys").reserve(&planned(100)).await, Ok(()));
    assert_eq!(here.reserve(&planned(44)).await, Err(OverBudget));
    assert_eq!(here.reserve(&planned(43)).await, Ok(()));
}

#[tokio::test]
async fn what_redis_has_lost_is_booked_once_when_it_is_known() {
    let server = RedisServer::start().await;
    let time = Time::noon();
    let redis = server.connect().await;
    let ledger = ledger(&redis, "", &time);
    let meter = ledger.meter("ana", "plaza", "lys");
    meter.reserve(&planned(60)).await.unwrap();
    redis::cmd("FLUSHALL").query_async::<()>(&mut redis.connection()).await.unwrap();
    meter.settle(&planned(60), &attempt(17));
    ledger.settled().await;
    assert_eq!(told(&ledger, &user("ana"), &time).await, ([17; 3], 0));
    assert_eq!(told(&ledger, &EVERYBODY, &time).await, ([17; 3], 0));
}

#[tokio::test]
async fn what_is_on_no_budget_of_a_world_or_a_user_is_on_that_of_all() {
    let server = RedisServer::start().await;
    let time = Time::noon();
    let budgets = "budgets.world.usd_per_day = \"0.000010\"\n\
                   budgets.user.usd_per_day = \"0.000010\"";
    let shared = ledger(&server.connect().await, budgets, &time);
    let meter = shared.meter("", "", "lys");
    assert_eq!(meter.reserve(&planned(60)).await, Ok(()));
    assert_eq!(told(&shared, &EVERYBODY, &time).await, ([0; 3], 60));
    meter.settle(&planned(60), &attempt(17));
    shared.settled().await;
    assert_eq!(told(&shared, &EVERYBODY, &time).await, ([17; 3], 0));
    assert_eq!(shared.account(&user("")), None);
    assert_eq!(shared.account(&Payer::World(String::new())), None);
    let whole = shared.meter("ana", "", "lys").reserve(&planned(60)).await;
    assert_eq!(whole, Err(OverBudget), "that of the user counts");
}

#[tokio::test]
async fn what_a_server_held_that_was_killed_is_booked_once_as_the_most_it_can_have_cost() {
    let server = RedisServer::start().await;
    let time = Time::noon();
    let budgets = "budgets.installation.usd_per_hour = \"0.000100\"";
    let killed = ledger(&server.connect().await, budgets, &time);
    let other = ledger(&server.connect().await, budgets, &time);
    let dead = killed.meter("ana", "plaza", "lys");
    dead.reserve(&planned(60)).await.unwrap();
    let meter = other.meter("bo", "plaza", "lys");
    time.pass(HOLD_MS - 1);
    assert_eq!(meter.reserve(&planned(41)).await, Err(OverBudget));
    assert_eq!(told(&other, &EVERYBODY, &time).await, ([0; 3], 60));
    time.pass(1);
    assert_eq!(meter.reserve(&planned(41)).await, Err(OverBudget), "it counts as spent");
    assert_eq!(told(&other, &EVERYBODY, &time).await, ([60; 3], 0));
    assert_eq!(told(&other, &user("ana"), &time).await, ([60; 3], 0));
    assert_eq!(meter.reserve(&planned(40)).await, Ok(()));
    // It was only slow: what it says now comes too late.
    dead.settle(&planned(60), &attempt(1));
    killed.settled().await;
    assert_eq!(told(&other, &user("ana"), &time).await, ([60; 3], 0));
    assert_eq!(told(&other, &EVERYBODY, &time).await, ([60; 3], 40));
    let holds: u64 = redis::cmd("ZCARD")
        .arg(format!("{PREFIX}holds"))
        .query_async(&mut server.connect().await.connection())
        .await
        .unwrap();
    assert_eq!(holds, 1);
}

#[tokio::test]
async fn an_hour_begins_anew_and_what_is_held_goes_over_into_it() {
    let server = RedisServer::start().await;
    let time = Time::noon();
    let redis = server.connect().await;
    let ledger = ledger(&redis, "budgets.installation.usd_per_hour = 0.0001", &time);
    let meter = ledger.meter("ana", "plaza", "lys");
    time.pass(HOUR_MS - 1_000);
    for cost in [70, 30] {
        meter.reserve(&planned(cost)).await.unwrap();
    }
    meter.settle(&planned(70), &attempt(70));
    ledger.settled().await;
    time.pass(1_000);
    assert_eq!(told(&ledger, &EVERYBODY, &time).await, ([0, 70, 70], 30));
    assert_eq!(meter.reserve(&planned(71)).await, Err(OverBudget));
    meter.settle(&planned(30), &attempt(30));
    ledger.settled().await;
    assert_eq!(told(&ledger, &EVERYBODY, &time).await, ([30, 100, 100], 0));
    time.pass(DAY_MS);
    assert_eq!(told(&ledger, &EVERYBODY, &time).await, ([0, 0, 100], 0));
}

#[tokio::test]
async fn whoever_no_longer_waits_holds_nothing() {
    let server = RedisServer::start().await;
    let time = Time::noon();
    let ledger = ledger(&server.connect().await, "", &time);
    let meter = ledger.meter("ana", "plaza", "lys");
    assert_eq!(meter.reserve(&planned(60)).now_or_never(), None);
    ledger.settled().await;
    assert_eq!(told(&ledger, &EVERYBODY, &time).await, ([0; 3], 0));
    meter.reserve(&planned(5)).await.unwrap();
    assert_eq!(told(&ledger, &EVERYBODY, &time).await, ([0; 3], 5));
}

/// Asks for one thing after another, and settles each; how much was spent.
async fn load(ledger: &Ledger, who: usize, count: usize) -> u64 {
    let mut paid = 0;
    for cost in (1..=9).cycle().take(count) {
        let meter = ledger.meter(&who.to_string(), "plaza", "lys");
        if meter.reserve(&planned(cost)).await.is_err() {
            // What is on its way may leave room again.
            ledger.settled().await;
            continue;
        }
        if cost % 3 == 0 {
            paid += cost;
        } else {
            meter.settle(&planned(cost), &attempt(cost % 3));
            paid += cost % 3;
        }
    }
    paid
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_never_exceed_a_budget_together_and_spend_it_to_the_last() {
    let server = RedisServer::start().await;
    let time = Time::noon();
    let budgets = "budgets.installation.usd_per_day = \"0.001\"";
    let one = ledger(&server.connect().await, budgets, &time);
    let two = ledger(&server.connect().await, budgets, &time);
    let all = (0..8).map(|who| load(if who % 2 == 0 { &one } else { &two }, who, 200));
    let paid: u64 = join_all(all).await.into_iter().sum();
    one.settled().await;
    two.settled().await;
    assert_eq!(told(&one, &EVERYBODY, &time).await, ([paid; 3], 0));
    assert!((991..=1_000).contains(&paid), "{paid}");
    let own = [&one, &two].map(|it| it.account(&EVERYBODY).unwrap().windows.day.microdollars);
    assert_eq!(own.iter().sum::<u64>(), paid, "each knows its own part");
}

#[tokio::test]
async fn nothing_is_lost_or_counted_twice_when_redis_is_killed_in_the_middle() {
    let mut server = RedisServer::start().await;
    let time = Time::noon();
    let ledgers =
        [ledger(&server.connect().await, "", &time), ledger(&server.connect().await, "", &time)];
    let meter = ledgers[0].meter("ana", "plaza", "lys");
    meter.reserve(&planned(1_000)).await.unwrap();
    let loads: Vec<_> = (0..6)
        .map(|who| {
            let ledger = ledgers[who % 2].clone();
            tokio::spawn(async move { load(&ledger, who, 300).await })
        })
        .collect();
    let books = ledgers[0].shared().unwrap();
    server
        .until(async || {
            books
                .account(&EVERYBODY)
                .await
                .is_ok_and(|it| it.is_some_and(|it| it.windows.day.microdollars > 200))
        })
        .await;
    server.kill().await;
    // What was held there is settled afterwards, and what is asked meanwhile is booked then.
    meter.settle(&planned(1_000), &attempt(10));
    meter.reserve(&planned(2_000)).await.unwrap();
    meter.settle(&planned(2_000), &attempt(20));
    server.start_again().await;
    let mut paid = 30;
    for load in loads {
        paid += load.await.unwrap();
    }
    for ledger in &ledgers {
        ledger.settled().await;
    }
    assert_eq!(told(&ledgers[0], &EVERYBODY, &time).await, ([paid; 3], 0));
    let ana = told(&ledgers[1], &user("ana"), &time).await;
    assert_eq!(ana, ([30; 3], 0));
}

#[tokio::test]
async fn while_redis_is_away_each_keeps_the_same_budgets_or_refuses() {
    let mut server = RedisServer::start().await;
    let time = Time::noon();
    let budgets = "budgets.user.usd_per_day = \"0.000100\"";
    let redis = server.connect().await;
    let own = ledger(&redis, budgets, &time);
    let strict = format!("when_redis_is_away = \"refuse\"\n{budgets}");
    let strict = ledger(&redis, &strict, &time);
    let meter = own.meter("ana", "plaza", "lys");
    meter.reserve(&planned(60)).await.unwrap();
    meter.settle(&planned(60), &attempt(60));
    own.settled().await;
    server.kill().await;
    assert_eq!(meter.reserve(&planned(41)).await, Err(OverBudget), "it has spent 60 itself");
    assert_eq!(meter.reserve(&planned(40)).await, Ok(()));
    let refused = strict.meter("bo", "plaza", "lys").reserve(&planned(0)).await;
    assert_eq!(refused, Err(OverBudget));
    drop(meter);
    server.start_again().await;
    own.settled().await;
    assert_eq!(told(&own, &user("ana"), &time).await, ([100; 3], 0));
    let strict = strict.meter("bo", "plaza", "lys");
    server.until(async || strict.reserve(&planned(1)).await.is_ok()).await;
}

async fn do_in(redis: &Redis, words: &[&str]) {
    let (name, rest) = words.split_first().unwrap();
    let mut ask = redis::cmd(name);
    rest.iter().for_each(|word| {
        ask.arg(word);
    });
    ask.query_async::<redis::Value>(&mut redis.connection()).await.unwrap();
}

#[tokio::test]
async fn what_is_no_account_begins_anew() {
    let server = RedisServer::start().await;
    let time = Time::noon();
    let redis = server.connect().await;
    let ledger = ledger(&redis, "budgets.installation.usd_per_month = 0.0001", &time);
    let meter = ledger.meter("ana", "plaza", "lys");
    let key = |of: &str| format!("{PREFIX}{of}");
    let (all, holds, known) = (key("installation"), key("holds"), key("known:user"));
    let far = "999999999 100 0 99999999 100 0 9999999 100 0 0 0";
    let huge = "1 99999999999999999999 1 1 1 1 1 1 1 1 1";
    let long = "1".repeat(1_000);
    let table: [&[&str]; 9] = [
        &["SET", &all, "garbage"],
        &["SET", &all, far],
        &["SET", &all, huge],
        &["SET", &all, "-1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1"],
        &["SET", &all, &long],
        &["LPUSH", &all, "1"],
        &["SET", &holds, "garbage"],
        &["SET", &known, "garbage"],
        &["ZADD", &holds, "1", "nobody"],
    ];
    for words in table {
        do_in(&redis, &["FLUSHALL"]).await;
        do_in(&redis, words).await;
        assert_eq!(meter.reserve(&planned(90)).await, Ok(()), "{words:?}");
        assert_eq!(meter.reserve(&planned(11)).await, Err(OverBudget), "{words:?}");
        do_in(&redis, &["DEL", &key("hold:nobody")]).await;
        meter.settle(&planned(90), &attempt(8));
        ledger.settled().await;
        assert_eq!(told(&ledger, &EVERYBODY, &time).await, ([8; 3], 0), "{words:?}");
    }
    // A hold that says nothing sound ends without being booked anywhere.
    do_in(&redis, &["ZADD", &holds, "1", "odd"]).await;
    let odd = key("hold:odd");
    do_in(&redis, &["HSET", &odd, "microdollars", "7", "tokens", "x", "user", "vivarium:a"]).await;
    assert_eq!(meter.reserve(&planned(92)).await, Ok(()));
    assert_eq!(told(&ledger, &EVERYBODY, &time).await, ([8; 3], 92));
}

#[tokio::test]
async fn all_keys_end_by_themselves_and_people_beyond_the_bound_share_budgets() {
    let server = RedisServer::start().await;
    let time = Time::noon();
    let redis = server.connect().await;
    let ledger = ledger(&redis, "budgets.user.usd_per_day = 0.0001", &time);
    let held = ledger.meter("ana", "plaza", "lys");
    held.reserve(&planned(100)).await.unwrap();
    let keys: Vec<String> =
        redis::cmd("KEYS").arg("*").query_async(&mut redis.connection()).await.unwrap();
    assert_eq!(keys.len(), 7, "{keys:?}");
    for key in keys {
        let ask = redis::cmd("PTTL").arg(&key).to_owned();
        let ms: i64 = ask.query_async(&mut redis.connection()).await.unwrap();
        assert!(key.starts_with(PREFIX) && ms > 0, "{key}: {ms}");
    }
    let known = format!("{PREFIX}known:user");
    let fill = "for n = 2, tonumber(ARGV[1]) do redis.call('ZADD', KEYS[1], ARGV[2], n) end";
    let later = (time.now_ms() + DAY_MS).to_string();
    do_in(&redis, &["EVAL", fill, "1", &known, &USERS_MAX.to_string(), &later]).await;
    let late = ledger.meter("late", "plaza", "lys");
    late.reserve(&planned(100)).await.unwrap();
    assert_eq!(told(&ledger, &user("late"), &time).await, ([0; 3], 0));
    assert_eq!(late.reserve(&planned(1)).await, Err(OverBudget));
    drop(late);
    ledger.settled().await;
    // Whoever knows her knows her still, and whoever gets room has what the crowd has spent.
    assert_eq!(held.reserve(&planned(1)).await, Err(OverBudget));
    time.pass(DAY_MS);
    let late = ledger.meter("late", "plaza", "lys");
    late.reserve(&planned(100)).await.unwrap();
    assert_eq!(told(&ledger, &user("late"), &time).await, ([0, 0, 100], 100));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Reserve { turn: usize, cost: u64 },
    Settle { turn: usize, cost: u64 },
    Drop { turn: usize },
    Pass { ms: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let turn = 0..WHO.len();
    prop_oneof![
        4 => (turn.clone(), 0u64..60).prop_map(|(turn, cost)| Step::Reserve { turn, cost }),
        3 => (turn.clone(), 0u64..80).prop_map(|(turn, cost)| Step::Settle { turn, cost }),
        1 => turn.prop_map(|turn| Step::Drop { turn }),
        1 => (0..DAY_MS / 4).prop_map(|ms| Step::Pass { ms }),
    ]
}

const WHO: [(&str, &str); 5] =
    [("ana", "plaza"), ("bo", "plaza"), ("cy", "garden"), ("ana", "garden"), ("bo", "garden")];
const BUDGETS: &str = "budgets.user.usd_per_hour = 0.00012\nbudgets.user.tokens_per_day = 3000\n\
    budgets.world.usd_per_day = 0.0004\nbudgets.installation.usd_per_month = 0.0009\n\
    budgets.installation.tokens_per_hour = 1500";

/// A turn of both, and what is held of it.
type Turn = (Arc<dyn Meter>, Arc<dyn Meter>, Vec<u64>);

/// Does the same with a ledger on its own and with two on one Redis. Holds that nobody settles for
/// long are another story: time passes while nothing is held.
async fn compare(redis: &Redis, steps: Vec<Step>) -> Result<(), TestCaseError> {
    do_in(redis, &["FLUSHALL"]).await;
    let time = Time::noon();
    let alone = Ledger::new(limits(BUDGETS).budgets, time.clock());
    let shared = [ledger(redis, BUDGETS, &time), ledger(redis, BUDGETS, &time)];
    let meters = |turn: usize| -> Turn {
        let (who, world) = WHO[turn];
        let other = shared[turn % 2].meter(who, world, "lys");
        (alone.meter(who, world, "lys"), other, Vec::new())
    };
    let mut turns: Vec<Turn> = (0..WHO.len()).map(meters).collect();
    for step in steps {
        match step {
            Step::Reserve { turn, cost } => {
                let (one, other, held) = &mut turns[turn];
                let (one, other) =
                    (one.reserve(&planned(cost)).await, other.reserve(&planned(cost)).await);
                prop_assert_eq!(one, other);
                held.extend(one.is_ok().then_some(cost));
            }
            Step::Settle { turn, cost } => {
                let (one, other, held) = &mut turns[turn];
                let Some(hold) = held.pop() else { continue };
                one.settle(&planned(hold), &attempt(cost));
                other.settle(&planned(hold), &attempt(cost));
            }
            Step::Drop { turn } => turns[turn] = meters(turn),
            Step::Pass { ms } => {
                let is_held = turns.iter().any(|it| !it.2.is_empty());
                time.pass(if is_held { ms % 1_000 } else { ms });
            }
        }
        for ledger in &shared {
            ledger.settled().await;
        }
        let payers = ["ana", "bo", "cy"].map(user).into_iter().chain([
            EVERYBODY,
            Payer::World("plaza".into()),
            Payer::World("garden".into()),
        ]);
        for payer in payers {
            let mut expected = alone.account(&payer).unwrap_or_default();
            expected.windows.turn(time.now_ms());
            let found = account(&shared[0], &payer, &time).await;
            prop_assert_eq!((&payer, found), (&payer, expected));
        }
    }
    // What is dropped now is not to be booked in the books of the next.
    drop(turns);
    for ledger in &shared {
        ledger.settled().await;
    }
    Ok(())
}

#[test]
fn two_on_one_redis_keep_the_books_of_one_alone() {
    let steps = prop::collection::vec(step(), 1..60);
    on_one_redis(48, &steps, async |redis, steps| compare(redis, steps).await);
}
