//! The meter of one turn of a conversation: what it holds of budgets, here and in Redis.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{
    FutureExt,
    future::{self, BoxFuture},
};

use super::{
    ledger::{Amount, Books, Core, Payer, Shared},
    settings::WhenRedisIsAway,
};
use crate::{
    gateway::meter::{Attempt, Meter, OverBudget, Planned},
    redis::ledger::{Settlement, SharedBooks, Whose},
};

/// One turn of a conversation.
pub(super) struct TurnMeter {
    core: Arc<Core>,
    whose: Whose,
    companion: String,
    /// Attempts under way: a few, since only two are asked at once.
    holds: Mutex<Vec<Hold>>,
}

/// What an attempt under way can cost.
#[derive(Debug)]
pub(super) struct Hold {
    planned: Planned,
    pub(super) most: Amount,
    /// Of user, world and installation those that there are.
    payers: Vec<Payer>,
    /// Its name in Redis.
    shared: Option<String>,
}

/// Whether the books of this process are asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Needed,
    /// Redis has found it already.
    Found,
}

impl TurnMeter {
    pub(super) fn new(core: Arc<Core>, user: &str, world: &str, companion: &str) -> Self {
        let whose = Whose { user: user.to_owned(), world: world.to_owned() };
        Self { core, whose, companion: companion.to_owned(), holds: Mutex::default() }
    }

    fn holds(&self) -> MutexGuard<'_, Vec<Hold>> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds what it can cost in the books of this process.
    fn hold(
        &self,
        planned: &Planned,
        room: Room,
        shared: Option<String>,
    ) -> Result<(), OverBudget> {
        let now_ms = (self.core.clock)();
        let mut holds = self.holds();
        let mut books = self.core.books();
        let Whose { user, world } = &self.whose;
        let user = (!user.is_empty()).then(|| Payer::User(user.clone()));
        let world = (!world.is_empty()).then(|| Payer::World(world.clone()));
        let payers = [user, world, Some(Payer::Installation)].into_iter().flatten();
        let payers: Vec<Payer> = payers.map(|payer| books.place(payer, now_ms)).collect();
        let most = most(planned);
        for payer in &payers {
            let account = books.account(payer);
            account.windows.turn(now_ms);
            if room == Room::Needed && !account.has_room(self.core.budget(payer), most) {
                return Err(self.refuse(&mut books, planned, payer.kind()));
            }
        }
        let hold = Hold { planned: planned.clone(), most, payers, shared };
        for payer in &hold.payers {
            books.account(payer).hold(&hold);
            books.changed.insert(payer.clone());
        }
        holds.push(hold);
        Ok(())
    }

    fn refuse(&self, books: &mut Books, planned: &Planned, whose: &str) -> OverBudget {
        let (world, companion, model) = (&self.whose.world, &self.companion, &planned.model);
        books.totals.refused(world, model);
        tracing::debug!(world, companion, model, whose, "a budget has no room for an answer");
        OverBudget
    }

    /// Holds it in the books that all servers share; in those of this process, if they are away and
    /// the settings say so.
    async fn hold_shared(&self, shared: &Shared, planned: &Planned) -> Result<(), OverBudget> {
        let now_ms = (self.core.clock)();
        let books = &shared.books;
        let mut asked = Asked { books, whose: &self.whose, id: Some(books.id()), now_ms };
        let id = asked.id.clone().unwrap_or_default();
        match books.reserve(&id, &self.whose, most(planned), now_ms).await {
            Ok(Ok(())) => {
                asked.id = None;
                self.hold(planned, Room::Found, Some(id))
            }
            Ok(Err(no_room)) => {
                asked.id = None;
                Err(self.refuse(&mut self.core.books(), planned, no_room.name()))
            }
            Err(away) => {
                if !away.may_have_done {
                    asked.id = None;
                }
                if shared.when_away == WhenRedisIsAway::Refuse {
                    return Err(self.refuse(&mut self.core.books(), planned, "unknown"));
                }
                self.hold(planned, Room::Needed, Some(id))?;
                asked.id = None;
                Ok(())
            }
        }
    }

    /// Books what a hold has come to, here and in Redis.
    fn end(&self, books: &mut Books, hold: &Hold, took: Amount) {
        let now_ms = (self.core.clock)();
        for payer in &hold.payers {
            books.account(payer).settle(hold, took, now_ms);
            books.changed.insert(payer.clone());
        }
        if let (Some(shared), Some(id)) = (&self.core.shared, &hold.shared) {
            let (id, whose) = (id.clone(), self.whose.clone());
            shared.books.settle(Settlement { id, whose, amount: took, now_ms });
        }
    }
}

impl Meter for TurnMeter {
    fn reserve<'a>(&'a self, planned: &'a Planned) -> BoxFuture<'a, Result<(), OverBudget>> {
        match &self.core.shared {
            Some(shared) => self.hold_shared(shared, planned).boxed(),
            None => future::ready(self.hold(planned, Room::Needed, None)).boxed(),
        }
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
        self.end(&mut books, &hold, Amount { microdollars: attempt.cost_microdollars, tokens });
        books.totals.settled(&self.whose.world, &planned.model, attempt);
    }
}

impl Drop for TurnMeter {
    /// What nobody settled is booked as if it had cost the most.
    fn drop(&mut self) {
        for hold in std::mem::take(&mut *self.holds()) {
            let mut books = self.core.books();
            self.end(&mut books, &hold, hold.most);
            books.totals.unsettled(&self.whose.world, &hold.planned);
        }
    }
}

fn most(planned: &Planned) -> Amount {
    let tokens = planned.input_tokens.saturating_add(planned.output_tokens_max);
    Amount { microdollars: planned.cost_microdollars_max, tokens }
}

/// What Redis was asked to hold. If nobody waits for its answer any more, nothing is to be held.
struct Asked<'a> {
    books: &'a SharedBooks,
    whose: &'a Whose,
    id: Option<String>,
    now_ms: u64,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        let (whose, amount, now_ms) = (self.whose.clone(), Amount::default(), self.now_ms);
        // It may get there after this.
        self.books.settle(Settlement { id, whose, amount, now_ms });
    }
}
