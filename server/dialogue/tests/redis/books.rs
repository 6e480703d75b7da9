//! What the stories of budgets have in common.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use vivarium_dialogue::{
    budget::{Clock, Ledger, LimitSettings, Payer, ledger::Account, window::Period},
    gateway::meter::{Attempt, Outcome, Planned},
    provider::Usage,
    redis::Redis,
};

pub const HOUR_MS: u64 = 3_600_000;
pub const DAY_MS: u64 = 24 * HOUR_MS;
/// A noon, in the middle of a month.
const NOON_MS: u64 = 20_772 * DAY_MS + 12 * HOUR_MS;

/// A time that passes when it is told to.
#[derive(Clone)]
pub struct Time(Arc<AtomicU64>);

impl Time {
    pub fn noon() -> Self {
        Self(Arc::new(AtomicU64::new(NOON_MS)))
    }

    pub fn now_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub fn pass(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }

    pub fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Arc::new(move || now.load(Ordering::Relaxed))
    }
}

pub fn limits(text: &str) -> LimitSettings {
    toml::from_str(text).unwrap()
}

/// One server's ledger.
pub fn ledger(redis: &Redis, text: &str, time: &Time) -> Ledger {
    Ledger::with_redis(&limits(text), time.clock(), Some(redis.clone()), [])
}

/// An attempt that costs so much at most, and 150 tokens.
pub fn planned(microdollars: u64) -> Planned {
    Planned {
        model: "small".into(),
        provider: "home".into(),
        input_tokens: 100,
        output_tokens_max: 50,
        cost_microdollars_max: microdollars,
    }
}

/// One that cost so much, and 100 tokens.
pub fn attempt(microdollars: u64) -> Attempt {
    Attempt {
        usage: Usage { input_tokens: 90, output_tokens: 10 },
        is_estimated: false,
        cost_microdollars: microdollars,
        first_token: None,
        took: Duration::from_millis(5),
        outcome: Outcome::Done,
    }
}

pub fn user(key: &str) -> Payer {
    Payer::User(key.into())
}

/// What Redis has of somebody, in the present hour, day and month.
pub async fn account(ledger: &Ledger, payer: &Payer, time: &Time) -> Account {
    let books = ledger.shared().expect("they share one");
    let mut account = books.account(payer).await.unwrap().unwrap_or_default();
    account.windows.turn(time.now_ms());
    account
}

/// Spent in the hour, the day and the month, and held, all in Redis.
pub async fn told(ledger: &Ledger, payer: &Payer, time: &Time) -> ([u64; 3], u64) {
    let account = account(ledger, payer, time).await;
    (Period::ALL.map(|it| account.windows.of(it).microdollars), account.held_microdollars)
}
