//! Budgets that hold, whatever becomes of the attempts on them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use proptest::prelude::*;

use super::{
    Clock, Ledger, Payer,
    ledger::Account,
    settings::{Budget, Budgets},
    window::Period,
};
use crate::{
    gateway::meter::{Attempt, Meter, Outcome, OverBudget, Planned},
    provider::{ProviderError, Usage},
};

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// A noon, in the middle of a month.
const NOON_MS: u64 = 20_772 * DAY_MS + 12 * HOUR_MS;

/// A time that passes when it is told to.
fn clock() -> (Arc<AtomicU64>, Clock) {
    let now = Arc::new(AtomicU64::new(NOON_MS));
    let clock = Arc::clone(&now);
    (now, Arc::new(move || clock.load(Ordering::Relaxed)))
}

fn budget(text: &str) -> Budgets {
    toml::from_str(text).unwrap()
}

fn planned(microdollars: u64) -> Planned {
    Planned {
        model: "small".into(),
        provider: "home".into(),
        input_tokens: 100,
        output_tokens_max: 50,
        cost_microdollars_max: microdollars,
    }
}

fn attempt(microdollars: u64, outcome: Outcome) -> Attempt {
    Attempt {
        usage: Usage { input_tokens: 90, output_tokens: 10 },
        is_estimated: false,
        cost_microdollars: microdollars,
        first_token: None,
        took: Duration::from_millis(5),
        outcome,
    }
}

/// As a ledger on its own answers, at once.
fn reserve(meter: &dyn Meter, microdollars: u64) -> Result<(), OverBudget> {
    meter.reserve(&planned(microdollars)).now_or_never().expect("it waits for nobody")
}

/// Spent in the hour, the day and the month, and held.
fn told(ledger: &Ledger, payer: &Payer) -> ([u64; 3], u64) {
    let account = ledger.account(payer).unwrap_or_default();
    (Period::ALL.map(|it| account.windows.of(it).microdollars), account.held_microdollars)
}

fn user(key: &str) -> Payer {
    Payer::User(key.into())
}

#[test]
fn what_an_answer_can_cost_is_held_and_what_it_cost_is_booked() {
    let (_, clock) = clock();
    let ledger = Ledger::new(budget("user.usd_per_day = \"0.000100\""), clock);
    let meter = ledger.meter("ana", "plaza", "lys");
    assert_eq!(reserve(&*meter, 60), Ok(()));
    assert_eq!(told(&ledger, &user("ana")), ([0; 3], 60));
    assert_eq!(reserve(&*meter, 41), Err(OverBudget), "60 are held");
    assert_eq!(reserve(&*meter, 40), Ok(()), "all of it, to the last millionth");
    meter.settle(&planned(60), &attempt(17, Outcome::Done));
    meter.settle(&planned(40), &attempt(0, Outcome::Failed(ProviderError::Cut)));
    assert_eq!(told(&ledger, &user("ana")), ([17; 3], 0));
    assert_eq!(told(&ledger, &Payer::Installation), ([17; 3], 0));
    // Others have budgets of their own.
    assert_eq!(reserve(&*ledger.meter("bo", "plaza", "lys"), 100), Ok(()));
    assert_eq!(reserve(&*meter, 84), Err(OverBudget));
    assert_eq!(reserve(&*meter, 83), Ok(()));
}

#[test]
fn the_narrowest_of_the_three_counts_and_a_refusal_holds_nothing() {
    let (_, clock) = clock();
    let budgets = "user.tokens_per_hour = 400\nworld.usd_per_hour = 0.0002\n\
                   installation.usd_per_month = 0.0003";
    let ledger = Ledger::new(budget(budgets), clock);
    let reserve = |who: &str, world: &str, cost| {
        let meter = ledger.meter(who, world, "lys");
        let told = reserve(&*meter, cost);
        if told.is_ok() {
            meter.settle(&planned(cost), &attempt(cost, Outcome::Done));
        }
        told
    };
    // 150 tokens are held each time, and 100 are booked.
    assert_eq!([0; 3].map(|cost| reserve("ana", "plaza", cost)), [Ok(()); 3]);
    assert_eq!(reserve("ana", "plaza", 0), Err(OverBudget), "her tokens");
    assert_eq!(reserve("bo", "plaza", 200), Ok(()));
    assert_eq!(reserve("cy", "plaza", 1), Err(OverBudget), "the plaza's money");
    assert_eq!(reserve("cy", "garden", 101), Err(OverBudget), "everybody's");
    assert_eq!(reserve("cy", "garden", 100), Ok(()));
    for payer in [user("ana"), user("cy"), Payer::World("plaza".into()), Payer::Installation] {
        assert_eq!(told(&ledger, &payer).1, 0, "{payer:?}");
    }
    let totals = ledger.totals();
    let totals: Vec<_> = totals
        .iter()
        .map(|it| (it.world.as_str(), it.messages, it.refusals, it.input_tokens, it.microdollars))
        .collect();
    assert_eq!(totals, [("garden", 1, 1, 90, 100), ("plaza", 4, 2, 360, 200)]);
}

#[test]
fn an_hour_begins_anew_and_what_is_held_goes_over_into_it() {
    let (now, clock) = clock();
    let ledger = Ledger::new(budget("installation.usd_per_hour = 0.0001"), clock);
    let meter = ledger.meter("ana", "plaza", "lys");
    for cost in [70, 30] {
        reserve(&*meter, cost).unwrap();
    }
    meter.settle(&planned(70), &attempt(70, Outcome::Done));
    now.fetch_add(HOUR_MS, Ordering::Relaxed);
    assert_eq!(told(&ledger, &Payer::Installation), ([0, 70, 70], 30));
    assert_eq!(reserve(&*meter, 71), Err(OverBudget));
    meter.settle(&planned(30), &attempt(30, Outcome::Cancelled));
    assert_eq!(told(&ledger, &Payer::Installation), ([30, 100, 100], 0));
}

#[test]
fn an_attempt_that_took_more_than_planned_is_booked_as_it_was() {
    let (_, clock) = clock();
    let ledger = Ledger::new(budget("user.usd_per_day = 0.0001"), clock);
    let meter = ledger.meter("ana", "plaza", "lys");
    reserve(&*meter, 90).unwrap();
    meter.settle(&planned(90), &attempt(150, Outcome::Done));
    assert_eq!(told(&ledger, &user("ana")), ([150; 3], 0));
    assert_eq!(reserve(&*meter, 0), Err(OverBudget));
}

#[test]
fn what_nobody_settles_is_booked_as_the_most_that_it_can_have_cost() {
    let (_, clock) = clock();
    let ledger = Ledger::new(Budgets::default(), clock);
    let meter = ledger.meter("ana", "plaza", "lys");
    reserve(&*meter, 90).unwrap();
    reserve(&*meter, 5).unwrap();
    meter.settle(&planned(5), &attempt(1, Outcome::Done));
    // Nothing of the kind is under way any more.
    meter.settle(&planned(5), &attempt(1, Outcome::Done));
    drop(meter);
    assert_eq!(told(&ledger, &user("ana")), ([91; 3], 0));
    assert_eq!(ledger.totals()[0].microdollars, 91);
}

#[test]
fn a_restart_resets_no_budget() {
    let (now, clock) = clock();
    let budgets = budget("user.usd_per_day = 0.0001");
    let ledger = Ledger::new(budgets, Arc::clone(&clock));
    let meter = ledger.meter("ana", "plaza", "lys");
    reserve(&*meter, 60).unwrap();
    meter.settle(&planned(60), &attempt(20, Outcome::Done));
    reserve(&*meter, 70).unwrap();
    let kept = serde_json::to_string(&ledger.take_changes()).unwrap();
    assert!(ledger.take_changes().is_empty());
    // The server is killed here: 70 may well have been spent.
    let again = |kept: &str| {
        let kept: Vec<_> = serde_json::from_str(kept).unwrap();
        Ledger::from_kept(budgets, Arc::clone(&clock), kept)
    };
    let ledger_2 = again(&kept);
    assert_eq!(told(&ledger_2, &user("ana")), ([90; 3], 0));
    assert_eq!(reserve(&*ledger_2.meter("ana", "plaza", "lys"), 11), Err(OverBudget));
    assert!(ledger_2.take_changes().is_empty(), "it is kept already");
    // In good order, it is known what was spent.
    meter.settle(&planned(70), &attempt(7, Outcome::Cancelled));
    let kept = serde_json::to_string(&ledger.take_changes()).unwrap();
    assert_eq!(told(&again(&kept), &user("ana")), ([27; 3], 0));
    now.fetch_add(DAY_MS, Ordering::Relaxed);
    assert_eq!(told(&again(&kept), &user("ana")), ([0, 0, 27], 0));
    now.fetch_add(40 * DAY_MS, Ordering::Relaxed);
    assert_eq!(again(&kept).account(&user("ana")), None);
}

#[test]
fn people_beyond_the_bound_share_budgets_and_nobody_loses_theirs() {
    let (_, clock) = clock();
    let ledger = Ledger::new(budget("user.usd_per_day = 0.0001"), clock);
    let spend = |who: &str| {
        let meter = ledger.meter(who, "plaza", "lys");
        let told = reserve(&*meter, 100);
        if told.is_ok() {
            meter.settle(&planned(100), &attempt(100, Outcome::Done));
        }
        told
    };
    assert_eq!(spend("ana"), Ok(()));
    for other in 1..super::limits::USERS_MAX {
        reserve(&*ledger.meter(&format!("{other}"), "plaza", "lys"), 1).unwrap();
    }
    // All that there is for those who come now.
    let paid = (0..3_000).filter(|it| spend(&format!("late {it}")).is_ok()).count();
    assert!((900..=super::limits::CROWDS).contains(&paid), "{paid}");
    assert_eq!(spend("ana"), Err(OverBudget));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Reserve { turn: usize, cost: u64 },
    Settle { turn: usize, cost: u64, outcome: u8 },
    Drop { turn: usize },
    Pass { ms: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let turn = 0usize..6;
    prop_oneof![
        4 => (turn.clone(), 0u64..60).prop_map(|(turn, cost)| Step::Reserve { turn, cost }),
        3 => (turn.clone(), 0u64..80, 0u8..4)
            .prop_map(|(turn, cost, outcome)| Step::Settle { turn, cost, outcome }),
        1 => turn.prop_map(|turn| Step::Drop { turn }),
        1 => (0..DAY_MS / 4).prop_map(|ms| Step::Pass { ms }),
    ]
}

fn outcome(lot: u8) -> Outcome {
    match lot {
        0 => Outcome::Done,
        1 => Outcome::Failed(ProviderError::Cut),
        2 => Outcome::Outrun,
        _ => Outcome::Cancelled,
    }
}

/// Whether a budget is kept by an account, with what is held.
fn is_kept(account: Account, budget: &Budget) -> bool {
    Period::ALL.into_iter().all(|period| {
        let (spent, (microdollars_max, tokens_max)) =
            (account.windows.of(period), budget.of(period));
        microdollars_max.is_none_or(|it| spent.microdollars + account.held_microdollars <= it)
            && tokens_max.is_none_or(|it| spent.tokens + account.held_tokens <= it)
    })
}

const WHO: [(&str, &str); 6] = [
    ("ana", "plaza"),
    ("bo", "plaza"),
    ("cy", "garden"),
    ("ana", "garden"),
    ("ana", "plaza"),
    ("bo", "garden"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is reserved, fails, breaks, is dropped or goes over midnight: no budget is exceeded
    /// when something is allowed, and in the end everything that was spent is booked, and no more.
    #[test]
    fn budgets_balance_whatever_happens(steps in prop::collection::vec(step(), 1..120)) {
        let (now, clock) = clock();
        let budgets = budget(
            "user.usd_per_hour = 0.00012\nuser.tokens_per_day = 3000\nworld.usd_per_day = 0.0004\n\
             installation.usd_per_month = 0.0009\ninstallation.tokens_per_hour = 1500",
        );
        let ledger = Ledger::new(budgets, clock);
        let meter = |turn: usize| ledger.meter(WHO[turn].0, WHO[turn].1, "lys");
        let mut turns: Vec<(Arc<dyn Meter>, Vec<u64>)> =
            (0..WHO.len()).map(|turn| (meter(turn), Vec::new())).collect();
        let mut spent = 0;
        for step in steps {
            match step {
                Step::Reserve { turn, cost } => {
                    let before = told(&ledger, &Payer::Installation);
                    if reserve(&*turns[turn].0, cost).is_err() {
                        prop_assert_eq!(told(&ledger, &Payer::Installation), before);
                        continue;
                    }
                    turns[turn].1.push(cost);
                    let (who, world) = WHO[turn];
                    for (payer, budget) in [
                        (user(who), &budgets.user),
                        (Payer::World(world.into()), &budgets.world),
                        (Payer::Installation, &budgets.installation),
                    ] {
                        prop_assert!(is_kept(ledger.account(&payer).unwrap(), budget));
                    }
                }
                Step::Settle { turn, cost, outcome: lot } => {
                    let (meter, held) = &mut turns[turn];
                    let Some(hold) = held.pop() else { continue };
                    meter.settle(&planned(hold), &attempt(cost, outcome(lot)));
                    spent += cost;
                }
                Step::Drop { turn } => {
                    spent += turns[turn].1.iter().sum::<u64>();
                    turns[turn] = (meter(turn), Vec::new());
                }
                Step::Pass { ms } => {
                    now.fetch_add(ms, Ordering::Relaxed);
                }
            }
            let held: u64 = turns.iter().flat_map(|it| &it.1).sum();
            prop_assert_eq!(told(&ledger, &Payer::Installation).1, held);
        }
        spent += turns.iter().flat_map(|it| &it.1).sum::<u64>();
        drop(turns);
        for payer in [user("ana"), user("bo"), user("cy"), Payer::Installation] {
            let account = ledger.account(&payer).unwrap_or_default();
            prop_assert_eq!((account.held_microdollars, account.held_tokens), (0, 0));
        }
        let totals: u64 = ledger.totals().iter().map(|it| it.microdollars).sum();
        prop_assert_eq!(totals, spent);
    }
}

#[test]
fn budgets_hold_when_many_ask_at_once() {
    let (_, clock) = clock();
    let ledger = Ledger::new(budget("installation.usd_per_day = 0.001"), clock);
    let paid: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|who| {
                let ledger = &ledger;
                scope.spawn(move || {
                    let mut paid = 0;
                    for cost in (1..=9).cycle().take(400) {
                        let meter = ledger.meter(&who.to_string(), "plaza", "lys");
                        if reserve(&*meter, cost).is_err() {
                            continue;
                        }
                        match cost % 3 {
                            0 => paid += cost,
                            rest => {
                                meter.settle(&planned(cost), &attempt(rest, Outcome::Done));
                                paid += rest;
                            }
                        }
                    }
                    paid
                })
            })
            .collect();
        threads.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert_eq!(told(&ledger, &Payer::Installation), ([paid; 3], 0));
    assert!((991..=1_000).contains(&paid), "{paid}");
}
