//! Budgets that all servers and workers share.
//!
//! ```text
//! reserve ─▶ one script: room on all three budgets? ─▶ held, with an id and an end
//! settle  ─▶ a queue ─▶ one script: what was held ends, what it took is booked
//!                        └─ again and again until Redis is back
//! ```
//!
//! Invariants: a budget is looked at and held in one step, whoever else asks. A hold ends once: when it
//! is settled, or, if its process has died or its settlement was lost, [`HOLD_MAX`] later with the next
//! one that is made, as the most that it can have cost. A settlement that is sent twice counts once.
//! What was asked while Redis was away comes after it. Whoever asks gives the time; clocks of servers
//! may differ by minutes.

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use redis::{RedisResult, Script, ScriptInvocation};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep},
};

use super::{
    Redis,
    patience::{Away, Patience},
};
use crate::{
    budget::{
        Payer,
        ledger::{Account, Amount, crowd_of},
        limits::{USERS_MAX, WORLDS_MAX},
        settings::{Budget, Budgets},
        window::{Period, Spent, Windows},
    },
    gateway::limits::PATIENCE_MAX,
};

/// With which its keys begin. The number changes when what is kept changes its form.
pub const PREFIX: &str = "vivarium:budget:1:";
/// How long something may be held: no answer takes longer.
pub const HOLD_MAX: Duration = PATIENCE_MAX;
/// Settlements that wait for Redis. Beyond that the newest are lost: what is held of them ends as if it
/// had cost the most.
pub const SETTLEMENTS_MAX: usize = 4_096;
/// Between two tries to settle.
const PAUSE: Duration = Duration::from_millis(250);
/// For how long a settlement is tried: the scripts know for an hour what was booked without it.
const TRIED_MAX: Duration = Duration::from_secs(50 * 60);
/// Numbers in Redis are exact as far as that.
const LARGEST: u64 = (1 << 53) - 1;

/// Budgets in Redis.
#[derive(Debug)]
pub struct SharedBooks {
    redis: Redis,
    patience: Patience,
    limits: Vec<String>,
    reserve: Script,
    /// With which the ids of this process begin.
    process: String,
    holds: AtomicU64,
    settlements: mpsc::Sender<(Instant, Settlement)>,
    waiting: watch::Sender<usize>,
}

/// On whose budgets it is, besides everybody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whose {
    /// A key, as `budget::ledger` has it.
    pub user: String,
    /// A name, likewise.
    pub world: String,
}

/// What an attempt took, to be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Of the hold.
    pub id: String,
    /// On whose budgets.
    pub whose: Whose,
    /// What it took.
    pub amount: Amount,
    /// When it ended.
    pub now_ms: u64,
}

/// What there was no room on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// On the user's budget.
    User,
    /// On the world's.
    World,
    /// On everybody's.
    Installation,
}

impl NoRoom {
    /// A word for logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::World => "world",
            Self::Installation => "installation",
        }
    }
}

impl SharedBooks {
    /// Keeps these budgets in this Redis. Settles in a task of the runtime in which this is called; it
    /// ends after the last settlement, once nobody has the books any more.
    pub fn new(budgets: &Budgets, redis: Redis) -> Self {
        let (settlements, waits) = mpsc::channel(SETTLEMENTS_MAX);
        let waiting = watch::Sender::new(0);
        let settle = Settle {
            redis: redis.clone(),
            script: script(include_str!("scripts/settle.lua")),
            patience: Patience::new("what answers cost is booked later"),
            waiting: waiting.clone(),
        };
        tokio::spawn(settle.run(waits));
        let lots = RandomState::new();
        Self {
            redis,
            patience: Patience::new("limits.when_redis_is_away says what becomes of budgets"),
            limits: limits(budgets),
            reserve: script(include_str!("scripts/reserve.lua")),
            process: format!("{:016x}{:016x}", lots.hash_one(0), lots.hash_one(1)),
            holds: AtomicU64::new(0),
            settlements,
            waiting,
        }
    }

    /// A name for a hold, which no other has.
    pub fn id(&self) -> String {
        format!("{}-{}", self.process, self.holds.fetch_add(1, Ordering::Relaxed))
    }

    /// Holds so much on three budgets, or says which of them has no room.
    pub async fn reserve(
        &self,
        id: &str,
        whose: &Whose,
        most: Amount,
        now_ms: u64,
    ) -> Result<Result<(), NoRoom>, Away> {
        let mut ask = invocation(&self.reserve, id, whose, most, now_ms);
        ask.arg(now_ms.saturating_add(HOLD_MAX.as_millis() as u64)).arg(&self.limits);
        let mut connection = self.redis.connection();
        Ok(match self.patience.ask(ask.invoke_async::<u8>(&mut connection)).await? {
            0 => Ok(()),
            1 => Err(NoRoom::User),
            2 => Err(NoRoom::World),
            _ => Err(NoRoom::Installation),
        })
    }

    /// Has something booked, soon. Never waits.
    pub fn settle(&self, settlement: Settlement) {
        self.waiting.send_modify(|waiting| *waiting += 1);
        if self.settlements.try_send((Instant::now(), settlement)).is_err() {
            self.waiting.send_modify(|waiting| *waiting -= 1);
            self.patience.missed("too many settlements wait: some count as the most they can cost");
        }
    }

    /// Waits until all is booked that was to be.
    pub async fn settled(&self) {
        // Whoever has the books has the sender too.
        let _ = self.waiting.subscribe().wait_for(|waiting| *waiting == 0).await;
    }

    /// What somebody has spent in the last hour, day and month that Redis knows of, if any.
    pub async fn account(&self, payer: &Payer) -> RedisResult<Option<Account>> {
        let mut ask = redis::cmd("GET");
        ask.arg(key(payer));
        let text: Option<String> = ask.query_async(&mut self.redis.connection()).await?;
        Ok(text.and_then(|text| account(&text)))
    }
}

/// What [`SharedBooks::settle`] has gathered, one after the other.
struct Settle {
    redis: Redis,
    script: Script,
    patience: Patience,
    waiting: watch::Sender<usize>,
}

impl Settle {
    async fn run(self, mut waits: mpsc::Receiver<(Instant, Settlement)>) {
        while let Some((since, settlement)) = waits.recv().await {
            let Settlement { id, whose, amount, now_ms } = &settlement;
            let ask = invocation(&self.script, id, whose, *amount, *now_ms);
            // After that it counts as the most that it can cost.
            while since.elapsed() < TRIED_MAX {
                let asked = ask.invoke_async::<()>(&mut self.redis.connection()).await;
                let Err(error) = asked else { break };
                self.patience.missed(&error.to_string());
                if waits.is_closed() {
                    // Nobody is there who could wait for it.
                    break;
                }
                sleep(PAUSE).await;
            }
            self.waiting.send_modify(|waiting| *waiting -= 1);
        }
    }
}

fn script(code: &str) -> Script {
    Script::new(&[include_str!("scripts/accounts.lua"), code].join("\n"))
}

/// What both scripts are told first.
fn invocation<'a>(
    script: &'a Script,
    id: &str,
    whose: &Whose,
    amount: Amount,
    now_ms: u64,
) -> ScriptInvocation<'a> {
    let mut ask = script.key(PREFIX);
    ask.arg(now_ms);
    for period in Period::ALL {
        ask.arg(period.index(now_ms));
    }
    ask.arg(id).arg(&whose.user).arg(crowd_of(&whose.user)).arg(&whose.world);
    ask.arg(USERS_MAX).arg(WORLDS_MAX);
    ask.arg(amount.microdollars.min(LARGEST)).arg(amount.tokens.min(LARGEST));
    ask
}

/// Of user, world and installation, for hour, day and month, as the script takes them.
fn limits(budgets: &Budgets) -> Vec<String> {
    let all = [&budgets.user, &budgets.world, &budgets.installation];
    let of = |budget: &Budget| {
        Period::ALL.map(|period| {
            let (microdollars, tokens) = budget.of(period);
            [microdollars, tokens].map(|max| max.map_or_else(String::new, |max| max.to_string()))
        })
    };
    all.into_iter().flat_map(of).flatten().collect()
}

fn key(payer: &Payer) -> String {
    match payer {
        Payer::Installation => format!("{PREFIX}installation"),
        Payer::World(name) => format!("{PREFIX}world:{name}"),
        Payer::OtherWorlds => format!("{PREFIX}worlds:0"),
        Payer::User(key) => format!("{PREFIX}user:{key}"),
        Payer::OtherUsers(crowd) => format!("{PREFIX}users:{crowd}"),
    }
}

/// An account as the scripts write it.
fn account(text: &str) -> Option<Account> {
    let numbers: Vec<u64> = text.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [hour, day, month, held] =
        <[&[u64]; 4]>::try_from(numbers.chunks(3).collect::<Vec<_>>()).ok()?;
    let &[held_microdollars, held_tokens] = held else { return None };
    let spent = |numbers: &[u64]| match *numbers {
        [index, microdollars, tokens] => Some(Spent { index, microdollars, tokens }),
        _ => None,
    };
    let windows = Windows { hour: spent(hour)?, day: spent(day)?, month: spent(month)? };
    Some(Account { windows, held_microdollars, held_tokens })
}
