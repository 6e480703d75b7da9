//! Budgets beside a gateway whose providers fail, break off, and are left in the middle.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::StreamExt;
use vivarium_dialogue::{
    budget::{Ledger, Payer},
    gateway::{Gateway, GatewayError},
    provider::{Provider, ProviderError},
};

use crate::{
    asking::{request, settings, told},
    puppet::{
        Beat::{End, Fail, Say, Wait},
        Puppet,
    },
};

const NOON_MS: u64 = 1_794_744_000_000;

fn gateway(puppet: &Arc<Puppet>, more: &str) -> (Gateway, Ledger) {
    let providers =
        ["one", "two"].map(|name| (name.to_owned(), Arc::clone(puppet) as Arc<dyn Provider>));
    let settings = settings(["openai"; 2], [1; 2], more);
    let ledger = Ledger::new(settings.limits.budgets, Arc::new(|| NOON_MS));
    (Gateway::with_providers(settings, BTreeMap::from(providers)).unwrap(), ledger)
}

/// Held and booked, and whether the totals say the same.
fn balance(ledger: &Ledger) -> (u64, u64) {
    let account = ledger.account(&Payer::Installation).unwrap_or_default();
    let booked = account.windows.month.microdollars;
    let totals: u64 = ledger.totals().iter().map(|it| it.microdollars).sum();
    assert_eq!(totals, booked);
    (account.held_microdollars, booked)
}

#[tokio::test(start_paused = true)]
async fn nothing_is_held_once_an_answer_has_ended_however_it_did() {
    let scripts = [
        (true, vec![vec![Say("Hello."), End]]),
        (false, vec![vec![Fail(ProviderError::Overloaded { retry_after: None })]]),
        (true, vec![vec![Say("Hel"), Fail(ProviderError::Cut)], vec![Say("lo."), End]]),
        (true, vec![vec![Say("Hel"), Fail(ProviderError::Cut)]]),
        (true, vec![vec![End]]),
        (true, vec![vec![Say("and "), Wait(Duration::from_secs(60)), End]]),
    ];
    for (costs, script) in scripts {
        let puppet = Puppet::playing(script.clone());
        let (gateway, ledger) = gateway(&puppet, "[hedging]\nafter_ms = 300\n");
        let meter = ledger.meter("ana", "plaza", "lys");
        told(gateway.stream(request("Hello"), None, meter)).await;
        let (held, booked) = balance(&ledger);
        assert_eq!(held, 0, "{script:?}");
        assert_eq!(booked > 0, costs, "{script:?}: {booked}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_pays_for_what_was_asked_and_holds_nothing() {
    let puppet = Puppet::playing(vec![vec![Say("Hel"), Wait(Duration::from_secs(1)), End]]);
    let (gateway, ledger) = gateway(&puppet, "");
    let mut reply = gateway.stream(request("Hello"), None, ledger.meter("ana", "plaza", "lys"));
    reply.next().await.unwrap().unwrap();
    let (held, booked) = balance(&ledger);
    assert!(held > 200 && booked == 0, "{held} {booked}");
    drop(reply);
    let (now_held, booked) = balance(&ledger);
    assert!(now_held == 0 && (1..held).contains(&booked), "{now_held} {booked}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_no_budget_has_room_for_is_not_asked_for() {
    let puppet = Puppet::playing(vec![vec![Say("Hello."), End]]);
    let (gateway, ledger) = gateway(&puppet, "[limits.budgets.user]\nusd_per_day = 0.000500\n");
    let ask = async |who: &str| {
        told(gateway.stream(request("Hello"), None, ledger.meter(who, "plaza", "lys"))).await
    };
    let mut answers = 0;
    while ask("ana").await.error.is_none() {
        answers += 1;
        assert!(answers < 100);
    }
    assert!(answers > 0);
    assert_eq!(ask("ana").await.error, Some(GatewayError::OverBudget));
    assert_eq!(puppet.asked().len(), answers);
    assert_eq!(ask("bo").await.text, "Hello.");
    let spent = ledger.account(&Payer::User("ana".into())).unwrap();
    assert!(spent.windows.day.microdollars <= 500 && spent.held_microdollars == 0);
}
