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

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{
    limits::{CROWDS, KEY_BYTES_MAX, USERS_MAX, WORLDS_MAX},
    settings::{Budget, Budgets},
    totals::{Total, Totals},
    window::{Period, Windows},
};
use crate::{
    gateway::meter::{Attempt, Meter, OverBudget, Planned},
    hearing::head,
};

const SWEEP_MS: u64 = 60_000;

/// Milliseconds since 1970: the time, which whoever has a clock gives.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Keeps all budgets. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    core: Arc<Core>,
}

struct Core {
    budgets: Budgets,
    clock: Clock,
    books: Mutex<Books>,
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

#[derive(Debug, Default)]
struct Books {
    accounts: BTreeMap<Payer, Account>,
    users: usize,
    worlds: usize,
    /// When it was last looked for those who have ended.
    swept_ms: u64,
    changed: BTreeSet<Payer>,
    totals: Totals,
}

impl Ledger {
    /// Nothing was spent.
    pub fn new(budgets: Budgets, clock: Clock) -> Self {
        Self::from_kept(budgets, clock, [])
    }

    /// Goes on from what was kept: the last of each payer.
    pub fn from_kept(budgets: Budgets, clock: Clock, kept: impl IntoIterator<Item = Kept>) -> Self {
        let mut books = Books::default();
        let now_ms = clock();
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
        Self { core: Arc::new(Core { budgets, clock, books: Mutex::new(books) }) }
    }

    /// The meter of one turn of a conversation. All its attempts are on the budgets of this user
    /// (by their key), of this world and of the installation.
    pub fn meter(&self, user: &str, world: &str, companion: &str) -> Arc<dyn Meter> {
        Arc::new(TurnMeter {
            core: Arc::clone(&self.core),
            user: head(user, KEY_BYTES_MAX).to_owned(),
            world: head(world, KEY_BYTES_MAX).to_owned(),
            companion: companion.to_owned(),
            holds: Mutex::default(),
        })
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

    /// What somebody has spent in the present hour, day and month, if it is known.
    pub fn account(&self, payer: &Payer) -> Option<Account> {
        let mut account = *self.core.books().accounts.get(payer)?;
        account.windows.turn((self.core.clock)());
        Some(account)
    }

    /// What was answered in each world by each model since the start, for metrics.
    pub fn totals(&self) -> Vec<Total> {
        self.core.books().totals.snapshot()
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("budgets", &self.core.budgets).finish_non_exhaustive()
    }
}

impl Core {
    fn books(&self) -> MutexGuard<'_, Books> {
        // They are whole after each change.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn budget(&self, payer: &Payer) -> &Budget {
        match payer {
            Payer::Installation => &self.budgets.installation,
            Payer::World(_) | Payer::OtherWorlds => &self.budgets.world,
            Payer::User(_) | Payer::OtherUsers(_) => &self.budgets.user,
        }
    }
}

impl Books {
    /// Where a payer's account is: their own, unless there are too many. Nobody who has one loses it
    /// while anything of it counts, so a flood of newcomers resets no budget; they share some.
    fn place(&mut self, payer: Payer, now_ms: u64) -> Payer {
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

    fn account(&mut self, payer: &Payer) -> &mut Account {
        self.accounts.entry(payer.clone()).or_default()
    }
}

/// Which of the shared accounts somebody has; the same one after a restart.
fn crowd_of(key: &str) -> u16 {
    let digest = blake3::hash(key.as_bytes());
    let [low, high, ..] = *digest.as_bytes();
    u16::from_le_bytes([low, high]) % CROWDS as u16
}

impl Account {
    /// Whether there is room for so much more.
    fn has_room(&self, budget: &Budget, microdollars: u64, tokens: u64) -> bool {
        Period::ALL.into_iter().all(|period| {
            let spent = self.windows.of(period);
            let (microdollars_max, tokens_max) = budget.of(period);
            let fits = |spent: u64, held: u64, more: u64, max: Option<u64>| {
                max.is_none_or(|max| spent.saturating_add(held).saturating_add(more) <= max)
            };
            fits(spent.microdollars, self.held_microdollars, microdollars, microdollars_max)
                && fits(spent.tokens, self.held_tokens, tokens, tokens_max)
        })
    }

    fn hold(&mut self, hold: &Hold) {
        self.held_microdollars = self.held_microdollars.saturating_add(hold.microdollars);
        self.held_tokens = self.held_tokens.saturating_add(hold.tokens);
    }

    fn settle(&mut self, hold: &Hold, microdollars: u64, tokens: u64, now_ms: u64) {
        self.held_microdollars = self.held_microdollars.saturating_sub(hold.microdollars);
        self.held_tokens = self.held_tokens.saturating_sub(hold.tokens);
        self.windows.turn(now_ms);
        self.windows.book(microdollars, tokens);
    }
}

/// One turn of a conversation.
struct TurnMeter {
    core: Arc<Core>,
    user: String,
    world: String,
    companion: String,
    /// Attempts under way: a few, since only two are asked at once.
    holds: Mutex<Vec<Hold>>,
}

/// What an attempt under way can cost.
#[derive(Debug)]
struct Hold {
    planned: Planned,
    microdollars: u64,
    tokens: u64,
    payers: [Payer; 3],
}

impl TurnMeter {
    fn holds(&self) -> MutexGuard<'_, Vec<Hold>> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, books: &mut Books, hold: &Hold, microdollars: u64, tokens: u64) {
        let now_ms = (self.core.clock)();
        for payer in &hold.payers {
            books.account(payer).settle(hold, microdollars, tokens, now_ms);
            books.changed.insert(payer.clone());
        }
    }
}

impl Meter for TurnMeter {
    fn reserve(&self, planned: &Planned) -> Result<(), OverBudget> {
        let now_ms = (self.core.clock)();
        let mut holds = self.holds();
        let mut books = self.core.books();
        let payers = [
            books.place(Payer::User(self.user.clone()), now_ms),
            books.place(Payer::World(self.world.clone()), now_ms),
            Payer::Installation,
        ];
        let microdollars = planned.cost_microdollars_max;
        let tokens = planned.input_tokens.saturating_add(planned.output_tokens_max);
        for payer in &payers {
            let account = books.account(payer);
            account.windows.turn(now_ms);
            if !account.has_room(self.core.budget(payer), microdollars, tokens) {
                books.totals.refused(&self.world, &planned.model);
                let (world, companion, model) = (&self.world, &self.companion, &planned.model);
                let whose = payer.kind();
                tracing::debug!(
                    world,
                    companion,
                    model,
                    whose,
                    "a budget has no room for an answer"
                );
                return Err(OverBudget);
            }
        }
        let hold = Hold { planned: planned.clone(), microdollars, tokens, payers };
        for payer in &hold.payers {
            books.account(payer).hold(&hold);
            books.changed.insert(payer.clone());
        }
        holds.push(hold);
        Ok(())
    }

    fn settle(&self, planned: &Planned, attempt: &Attempt) {
        let mut holds = self.holds();
        let Some(place) = holds.iter().position(|it| it.planned == *planned) else {
            // The gateway settles what it has reserved, and once.
            tracing::error!(model = planned.model, "an attempt was settled that was not reserved");
            return;
        };
        let hold = holds.swap_remove(place);
        let tokens = attempt.usage.input_tokens.saturating_add(attempt.usage.output_tokens);
        let mut books = self.core.books();
        self.end(&mut books, &hold, attempt.cost_microdollars, tokens);
        books.totals.settled(&self.world, &planned.model, attempt);
    }
}

impl Drop for TurnMeter {
    /// What nobody settled is booked as if it had cost the most.
    fn drop(&mut self) {
        for hold in std::mem::take(&mut *self.holds()) {
            let mut books = self.core.books();
            self.end(&mut books, &hold, hold.microdollars, hold.tokens);
            books.totals.unsettled(&self.world, &hold.planned);
        }
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
