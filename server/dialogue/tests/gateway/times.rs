//! Waits, in a time that passes only as far as somebody waits.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::StreamExt;
use tokio::time::Instant;
use vivarium_dialogue::{
    gateway::{Gateway, GatewayError},
    provider::{Finish, Provider, ProviderError},
};

use crate::{
    asking::{Book, request, settings, told},
    puppet::{
        Beat::{End, Fail, Say, Wait},
        Puppet,
    },
};

const DOWN: ProviderError = ProviderError::Overloaded { retry_after: None };

fn between(one: &Arc<Puppet>, two: &Arc<Puppet>, more: &str) -> Gateway {
    let providers = [("one", one), ("two", two)]
        .map(|(name, puppet)| (name.to_owned(), Arc::clone(puppet) as Arc<dyn Provider>));
    let settings = settings(["openai"; 2], [1; 2], more);
    Gateway::with_providers(settings, BTreeMap::from(providers)).unwrap()
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[tokio::test(start_paused = true)]
async fn the_whole_of_an_answer_has_an_end() {
    let endless = Puppet::playing(vec![vec![
        Say("and "),
        Wait(ms(4_000)),
        Say("and "),
        Wait(ms(60_000)),
        End,
    ]]);
    let gateway = between(&endless, &endless, "");
    let (began, book) = (Instant::now(), Book::open());
    let told = told(gateway.stream(request("Hello"), None, book.clone())).await;
    assert_eq!((told.text.as_str(), told.error), ("and and ", Some(GatewayError::TimedOut)));
    assert_eq!(began.elapsed(), ms(20_000));
    assert_eq!(book.outcomes(), ["one: cancelled"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_one_is_asked_when_the_first_is_slow_and_the_quicker_one_is_heard() {
    let slow = Puppet::playing(vec![vec![Wait(ms(5_000)), Say("Late."), End]]);
    let quick = Puppet::playing(vec![vec![Wait(ms(100)), Say("Here."), End]]);
    let gateway = between(&slow, &quick, "[hedging]\nafter_ms = 300\n");
    let (began, book) = (Instant::now(), Book::open());
    let heard = told(gateway.stream(request("Hello"), None, book.clone())).await;
    assert_eq!(heard.text, "Here.");
    assert_eq!(began.elapsed(), ms(400));
    assert_eq!(book.outcomes(), ["one: outrun", "two: done"]);

    // Without the setting nobody is.
    let gateway = between(&slow, &quick, "");
    let told = told(gateway.stream(request("Hello"), None, Book::open())).await;
    assert_eq!(told.text, "Late.");
}

#[tokio::test(start_paused = true)]
async fn of_two_that_are_asked_one_may_fail() {
    let failing = Puppet::playing(vec![vec![Wait(ms(350)), Fail(DOWN)]]);
    let quick = Puppet::playing(vec![vec![Wait(ms(100)), Say("Here."), End]]);
    let hedging = "[hedging]\nafter_ms = 300\n";
    let told_one =
        told(between(&failing, &quick, hedging).stream(request("Hello"), None, Book::open()));
    assert_eq!(told_one.await.text, "Here.");
    let slow = Puppet::playing(vec![vec![Wait(ms(900)), Say("Late."), End]]);
    let told_other =
        told(between(&slow, &failing, hedging).stream(request("Hello"), None, Book::open()));
    assert_eq!(told_other.await.text, "Late.");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_the_only_one_is_waited_for_if_it_asks_for_little() {
    let wait = |seconds| {
        let retry_after = Some(Duration::from_secs(seconds));
        vec![Fail(ProviderError::RateLimited { retry_after })]
    };
    let one = Puppet::playing(vec![wait(2), vec![Say("Hello."), End]]);
    let two = Puppet::playing(vec![wait(50)]);
    let gateway = between(&one, &two, "");
    // The second is asked first, since the first has said that it wants to be left alone.
    let began = Instant::now();
    let told = told(gateway.stream(request("Hello"), None, Book::open())).await;
    assert_eq!((told.finish, one.asked().len(), two.asked().len()), (None, 1, 1));
    assert!(matches!(told.error, Some(GatewayError::Failed { attempts: 2, .. })));
    assert_eq!(began.elapsed(), ms(0));

    let alone = Puppet::playing(vec![wait(2), vec![Say("Hello."), End]]);
    let out = Puppet::playing(vec![vec![Fail(ProviderError::Unauthorised { status: 401 })]]);
    let gateway = between(&out, &alone, "");
    let told = crate::asking::told(gateway.stream(request("Hello"), None, Book::open())).await;
    assert_eq!(told.text, "Hello.");
    assert_eq!(began.elapsed(), ms(2_000));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_was_down_is_tried_again_after_a_while() {
    let one = Puppet::playing(vec![
        vec![Fail(DOWN)],
        vec![Fail(DOWN)],
        vec![Fail(DOWN)],
        vec![Say("Here again."), End],
    ]);
    let two = Puppet::playing(vec![vec![Say("For now."), End]]);
    let gateway = between(&one, &two, "");
    let mut heard = Vec::new();
    for _ in 0..4 {
        heard.push(told(gateway.stream(request("Hi"), None, Book::open())).await.text);
    }
    assert_eq!(heard, ["For now."; 4]);
    assert_eq!(one.asked().len(), 3);
    // It may be asked by then, but others come first for a while.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let told_soon = told(gateway.stream(request("Hi"), None, Book::open())).await;
    assert_eq!(told_soon.text, "For now.");
    tokio::time::sleep(Duration::from_secs(30)).await;
    let told_later = told(gateway.stream(request("Hi"), None, Book::open())).await;
    assert_eq!(told_later.text, "Here again.");
}

#[tokio::test(start_paused = true)]
async fn too_many_at_once_are_refused_at_once_or_after_a_wait() {
    let slow = || Puppet::playing(vec![vec![Say("Well, "), Wait(ms(1_000)), Say("yes."), End]]);
    let few = "[concurrency]\nanswers_max = 1\nwaiting_max = 1\nwait_ms_max = 500\n";
    let (one, two) = (slow(), slow());
    let gateway = between(&one, &two, few);
    let ask = || gateway.stream(request("Hello"), None, Book::open());
    let mut first = ask();
    assert!(first.next().await.unwrap().is_ok());
    let began = Instant::now();
    let (waits, refused) =
        tokio::join!(async { (told(ask()).await.error, began.elapsed()) }, async {
            (told(ask()).await.error, began.elapsed())
        },);
    assert_eq!(waits, (Some(GatewayError::Busy), ms(500)));
    assert_eq!(refused, (Some(GatewayError::Busy), ms(0)));
    drop(first);
    assert_eq!(told(ask()).await.finish, Some(Finish::Stop));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_before_the_reply_is_polled() {
    let one = Puppet::playing(vec![vec![Say("Hello."), End]]);
    let gateway = between(&one, &one, "");
    let reply = gateway.stream(request("Hello"), None, Book::open());
    assert_eq!(one.asked().len(), 0);
    told(reply).await;
    assert_eq!(one.asked().len(), 1);
}
