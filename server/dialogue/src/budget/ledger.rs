//! What answers cost: held before they are asked for, booked when it is known.
//!
//! ```text
//! reserve: booked + held + worst case ≤ each budget of user, world, installation? ─▶ held
//! settle:  held − worst case, booked + what it took                 (whatever became of it)
//! ```
//!
//! Invariants: when an attempt is allowed, nothing that was booked and is held exceeds a budget, in
//! any of its hours, days and months. Every hold ends once: when it is settled, or, if that is never
//! said, when the conversation's meter is dropped, as if it had cost the most. When nothing is under
//! way nothing is held. What was spent leaves as plain data ([`Ledger::take_changes`]) and comes back
//! by [`Ledger::from_kept`]; what is held then counts as spent, so that a crash forgets nothing.
//!
//! An attempt is booked in the hour in which it ends. If it takes more than was reserved, it is
//! booked as it was, and the next one is refused.
//!
//! With a Redis, `redis::ledger` has the books that count, and those here have what this process spends
//! of them: when Redis is away, they go on from there, and Redis is told afterwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{
    limits::{CROWDS, KEY_BYTES_MAX, USERS_MAX, WORLDS_MAX},
    meter::{Hold, TurnMeter},
    settings::{Budget, Budgets, LimitSettings, WhenRedisIsAway},
    totals::{Total, Totals},
    window::{Period, Windows},
};
use crate::{
    gateway::meter::Meter,
    hearing::head,
    redis::{Redis, ledger::SharedBooks},
};

const SWEEP_MS: u64 = 60_000;

/// Milliseconds since 1970: the time, which whoever has a clock gives.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Keeps all budgets. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    core: Arc<Core>,
}

pub(super) struct Core {
    budgets: Budgets,
    pub(super) clock: Clock,
    books: Mutex<Books>,
    /// Those that count, if several servers share them.
    pub(super) shared: Option<Shared>,
}

/// Books that several servers share.
pub(super) struct Shared {
    pub(super) books: SharedBooks,
    pub(super) when_away: WhenRedisIsAway,
}

/// Whose budget it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Payer {
    /// Everybody's together.
    Installation,
    /// A world's.
    World(String),
    /// That of all worlds beyond [`WORLDS_MAX`].
    OtherWorlds,
    /// A user's, by their key.
    User(String),
    /// One that some users beyond [`USERS_MAX`] share.
    OtherUsers(u16),
}

/// What somebody has spent, to be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Who.
    pub payer: Payer,
    /// What, with what was held at that time.
    pub windows: Windows,
}

/// What somebody has spent, and what is held of theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Booked.
    pub windows: Windows,
    /// Millionths of a dollar that attempts under way may cost.
    pub held_microdollars: u64,
    /// Tokens that they may take.
    pub held_tokens: u64,
}

/// Millionths of a dollar, and tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Millionths of a dollar.
    pub microdollars: u64,
    /// Tokens.
    pub tokens: u64,
}

#[derive(Debug, Default)]
pub(super) struct Books {
    accounts: BTreeMap<Payer, Account>,
    users: usize,
    worlds: usize,
    /// When it was last looked for those who have ended.
    swept_ms: u64,
    pub(super) changed: BTreeSet<Payer>,
    pub(super) totals: Totals,
}

impl Ledger {
    /// Nothing was spent.
    pub fn new(budgets: Budgets, clock: Clock) -> Self {
        Self::from_kept(budgets, clock, [])
    }

    /// Goes on from what was kept: the last of each payer.
    pub fn from_kept(budgets: Budgets, clock: Clock, kept: impl IntoIterator<Item = Kept>) -> Self {
        let books = Books::from_kept(kept, clock());
        Self::with_books(budgets, clock, books, None)
    }

    /// With the budgets of the settings, shared with all who have the same Redis, if there is one: then
    /// within a runtime, in which it settles.
    pub fn with_redis(
        limits: &LimitSettings,
        clock: Clock,
        redis: Option<Redis>,
        kept: impl IntoIterator<Item = Kept>,
    ) -> Self {
        let shared = redis.map(|redis| Shared {
            books: SharedBooks::new(&limits.budgets, redis),
            when_away: limits.when_redis_is_away,
        });
        let books = Books::from_kept(kept, clock());
        Self::with_books(limits.budgets, clock, books, shared)
    }

    fn with_books(budgets: Budgets, clock: Clock, books: Books, shared: Option<Shared>) -> Self {
        Self { core: Arc::new(Core { budgets, clock, books: Mutex::new(books), shared }) }
    }

    /// The meter of one turn of a conversation. All its attempts are on the budgets of this user
    /// (by their key), of this world and of the installation.
    pub fn meter(&self, user: &str, world: &str, companion: &str) -> Arc<dyn Meter> {
        let (user, world) = (head(user, KEY_BYTES_MAX), head(world, KEY_BYTES_MAX));
        Arc::new(TurnMeter::new(Arc::clone(&self.core), user, world, companion))
    }

    /// What was spent by whom since this was asked last, to be kept. Later ones replace earlier ones
    /// of the same payer.
    pub fn take_changes(&self) -> Vec<Kept> {
        let mut books = self.core.books();
        let changed = std::mem::take(&mut books.changed);
        let kept = changed.into_iter().filter_map(|payer| {
            let Account { mut windows, held_microdollars, held_tokens } =
                *books.accounts.get(&payer)?;
            windows.book(held_microdollars, held_tokens);
            Some(Kept { payer, windows })
        });
        kept.collect()
    }

    /// What somebody has spent by this process in the present hour, day and month, if it is known.
    pub fn account(&self, payer: &Payer) -> Option<Account> {
        let mut account = *self.core.books().accounts.get(payer)?;
        account.windows.turn((self.core.clock)());
        Some(account)
    }

    /// What was answered in each world by each model since the start, for metrics.
    pub fn totals(&self) -> Vec<Total> {
        self.core.books().totals.snapshot()
    }

    /// The books that several servers share, if they do.
    pub fn shared(&self) -> Option<&SharedBooks> {
        self.core.shared.as_ref().map(|shared| &shared.books)
    }

    /// Waits until Redis, if there is one, has been told all that was spent.
    pub async fn settled(&self) {
        if let Some(shared) = &self.core.shared {
            shared.books.settled().await;
        }
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("budgets", &self.core.budgets).finish_non_exhaustive()
    }
}

impl Core {
    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        // They are whole after each change.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn budget(&self, payer: &Payer) -> &Budget {
        match payer {
            Payer::Installation => &self.budgets.installation,
            Payer::World(_) | Payer::OtherWorlds => &self.budgets.world,
            Payer::User(_) | Payer::OtherUsers(_) => &self.budgets.user,
        }
    }
}

impl Books {
    /// As they were kept.
    fn from_kept(kept: impl IntoIterator<Item = Kept>, now_ms: u64) -> Self {
        let mut books = Self::default();
        // Those who have an account of their own come before those who share one.
        let mut kept: Vec<Kept> = kept.into_iter().collect();
        kept.sort_by(|one, other| one.payer.cmp(&other.payer));
        for Kept { payer, windows } in kept {
            if windows.is_over(now_ms) {
                continue;
            }
            let payer = books.place(payer, now_ms);
            books.account(&payer).windows.at_least(&windows);
        }
        books
    }

    /// Where a payer's account is: their own, unless there are too many. Nobody who has one loses it
    /// while anything of it counts, so a flood of newcomers resets no budget; they share some.
    pub(super) fn place(&mut self, payer: Payer, now_ms: u64) -> Payer {
        let (count, max, shared) = match &payer {
            Payer::User(key) => (self.users, USERS_MAX, Payer::OtherUsers(crowd_of(key))),
            Payer::World(_) => (self.worlds, WORLDS_MAX, Payer::OtherWorlds),
            Payer::Installation | Payer::OtherWorlds => return payer,
            // Data that was kept by a server with more of them.
            Payer::OtherUsers(crowd) => return Payer::OtherUsers(crowd % CROWDS as u16),
        };
        if self.accounts.contains_key(&payer) {
            return payer;
        }
        if count >= max {
            self.forget_ended(now_ms);
        }
        let is_user = matches!(payer, Payer::User(_));
        let count = if is_user { &mut self.users } else { &mut self.worlds };
        if *count >= max {
            return shared;
        }
        *count += 1;
        // What they may have spent while they shared one.
        let windows = self.accounts.get(&shared).map(|it| it.windows).unwrap_or_default();
        self.accounts.insert(payer.clone(), Account { windows, ..Account::default() });
        payer
    }

    /// Forgets those of whom nothing counts any more. Looks for them once a minute at most.
    fn forget_ended(&mut self, now_ms: u64) {
        if now_ms < self.swept_ms + SWEEP_MS {
            return;
        }
        self.swept_ms = now_ms;
        let Self { accounts, users, worlds, changed, .. } = self;
        accounts.retain(|payer, account| {
            let is_ended = account.held_microdollars == 0
                && account.held_tokens == 0
                && account.windows.is_over(now_ms)
                && !changed.contains(payer);
            if is_ended {
                match payer {
                    Payer::User(_) => *users -= 1,
                    Payer::World(_) => *worlds -= 1,
                    _ => {}
                }
            }
            !is_ended
        });
    }

    pub(super) fn account(&mut self, payer: &Payer) -> &mut Account {
        self.accounts.entry(payer.clone()).or_default()
    }
}

/// Which of the shared accounts somebody has; the same one after a restart, and for all servers.
pub(crate) fn crowd_of(key: &str) -> u16 {
    let digest = blake3::hash(key.as_bytes());
    let [low, high, ..] = *digest.as_bytes();
    u16::from_le_bytes([low, high]) % CROWDS as u16
}

impl Account {
    /// Whether there is room for so much more.
    pub(super) fn has_room(&self, budget: &Budget, more: Amount) -> bool {
        Period::ALL.into_iter().all(|period| {
            let spent = self.windows.of(period);
            let (microdollars_max, tokens_max) = budget.of(period);
            let fits = |spent: u64, held: u64, more: u64, max: Option<u64>| {
                max.is_none_or(|max| spent.saturating_add(held).saturating_add(more) <= max)
            };
            fits(spent.microdollars, self.held_microdollars, more.microdollars, microdollars_max)
                && fits(spent.tokens, self.held_tokens, more.tokens, tokens_max)
        })
    }

    pub(super) fn hold(&mut self, hold: &Hold) {
        self.held_microdollars = self.held_microdollars.saturating_add(hold.most.microdollars);
        self.held_tokens = self.held_tokens.saturating_add(hold.most.tokens);
    }

    pub(super) fn settle(&mut self, hold: &Hold, took: Amount, now_ms: u64) {
        self.held_microdollars = self.held_microdollars.saturating_sub(hold.most.microdollars);
        self.held_tokens = self.held_tokens.saturating_sub(hold.most.tokens);
        self.windows.turn(now_ms);
        self.windows.book(took.microdollars, took.tokens);
    }
}

impl Payer {
    /// A word for logs, of a few that never change.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Installation => "installation",
            Self::World(_) | Self::OtherWorlds => "world",
            Self::User(_) | Self::OtherUsers(_) => "user",
        }
    }
}
