//! An answer comes, whoever fails.

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::json;
use vivarium_dialogue::{
    gateway::GatewayError,
    provider::{Finish, GO_ON, ProviderError},
};

use crate::{
    asking::{Book, gateway, request, settings, told},
    upstream::{Step, Upstream, answer, begun, http, whole},
};

const KINDS: [&str; 2] = ["openai", "anthropic"];

fn broken() -> Vec<Step> {
    http("500 Internal Server Error", "", "no")
}

#[tokio::test]
async fn a_failure_before_the_first_word_leaves_no_trace() {
    let one = Upstream::serving(vec![broken(), answer(&whole("openai", &["Good evening."]))]).await;
    let two = Upstream::saying("anthropic", &["Bonsoir."]).await;
    let gateway = gateway(settings(KINDS, [one.port, two.port], ""));
    let book = Book::open();
    let told = told(gateway.stream(request("Hello"), None, book.clone())).await;
    assert_eq!((told.text.as_str(), told.finish), ("Good evening.", Some(Finish::Stop)));
    assert_eq!(book.outcomes(), ["one: server", "one: done"]);
    assert_eq!(two.came().len(), 0);
}

#[tokio::test]
async fn whoever_fails_again_is_left_for_the_next() {
    let one = Upstream::serving(vec![broken()]).await;
    let two = Upstream::saying("anthropic", &["Bonsoir."]).await;
    let gateway = gateway(settings(KINDS, [one.port, two.port], ""));
    let book = Book::open();
    let told = told(gateway.stream(request("Hello"), None, book.clone())).await;
    assert_eq!(told.text, "Bonsoir.");
    assert_eq!(book.outcomes(), ["one: server", "one: server", "two: done"]);
}

#[tokio::test]
async fn a_bad_request_is_never_sent_twice_to_the_same() {
    let one = Upstream::serving(vec![http("400 Bad Request", "", "no tools here")]).await;
    let two = Upstream::saying("openai", &["Bonsoir."]).await;
    let gateway = gateway(settings(["openai"; 2], [one.port, two.port], ""));
    let book = Book::open();
    let told = told(gateway.stream(request("Hello"), None, book.clone())).await;
    assert_eq!(told.text, "Bonsoir.");
    assert_eq!(book.outcomes(), ["one: bad_request", "two: done"]);
    assert_eq!(one.came().len(), 1);
}

#[tokio::test]
async fn who_wants_fewer_requests_gets_none_until_then() {
    let limited = http("429 Too Many Requests", "retry-after: 60\r\n", "");
    let one = Upstream::serving(vec![limited]).await;
    let two = Upstream::saying("openai", &["Bonsoir."]).await;
    let gateway = gateway(settings(["openai"; 2], [one.port, two.port], ""));
    for _ in 0..3 {
        let book = Book::open();
        let told = told(gateway.stream(request("Hello"), None, book)).await;
        assert_eq!(told.text, "Bonsoir.");
    }
    assert_eq!(one.came().len(), 1);
    assert!(!gateway.health()["one"].is_open(std::time::Instant::now()));
}

#[tokio::test]
async fn when_nobody_can_be_asked_that_is_said_at_once() {
    let limited = || vec![http("429 Too Many Requests", "retry-after: 60\r\n", "")];
    let (one, two) = (Upstream::serving(limited()).await, Upstream::serving(limited()).await);
    let gateway = gateway(settings(["openai"; 2], [one.port, two.port], ""));
    let first = told(gateway.stream(request("Hello"), None, Book::open())).await;
    let Some(GatewayError::Failed { attempts: 2, last }) = first.error else { panic!("{first:?}") };
    assert_eq!(last.kind(), "rate_limited");
    let second = told(gateway.stream(request("Hello"), None, Book::open())).await;
    let Some(GatewayError::Unavailable { again_in }) = second.error else { panic!("{second:?}") };
    assert!((50..=60).contains(&again_in.as_secs()), "{again_in:?}");
    assert_eq!(one.came().len() + two.came().len(), 2);
}

#[tokio::test]
async fn a_broken_answer_is_gone_on_with_by_the_next() {
    for (first, second) in [("openai", "anthropic"), ("anthropic", "openai")] {
        let one = Upstream::serving(vec![answer(&begun(first, &["I keep the ", "lamp "]))]).await;
        let two = Upstream::saying(second, &["I keep the la", "mp lit for you."]).await;
        let gateway = gateway(settings([first, second], [one.port, two.port], ""));
        let book = Book::open();
        let told = told(gateway.stream(request("Hello"), None, book.clone())).await;
        assert_eq!(told.text, "I keep the lamp lit for you.");
        assert_eq!(told.finish, Some(Finish::Stop));
        assert_eq!(book.outcomes(), ["one: cut", "two: done"]);
        let messages = two.came()[0].body["messages"].as_array().unwrap().clone();
        let end = if second == "anthropic" {
            vec![json!({ "role": "assistant", "content": "I keep the lamp" })]
        } else {
            vec![
                json!({ "role": "assistant", "content": "I keep the lamp " }),
                json!({ "role": "user", "content": GO_ON }),
            ]
        };
        assert!(messages.ends_with(&end), "{messages:?}");
        let [cut, done] = &book.attempts()[..] else { panic!() };
        assert!(cut.is_estimated && !done.is_estimated);
        let usage = told.usage.unwrap();
        assert_eq!(usage.output_tokens, cut.usage.output_tokens + 7);
    }
}

#[tokio::test]
async fn whoever_refuses_a_prefill_is_asked_to_go_on() {
    let one = Upstream::serving(vec![answer(&begun("openai", &["I keep the lamp"]))]).await;
    let refusal = http("400 Bad Request", "", r#"{"error":{"message":"no prefill"}}"#);
    let rest = answer(&whole("anthropic", &[" lit for you."]));
    let two = Upstream::serving(vec![refusal, rest]).await;
    let gateway = gateway(settings(KINDS, [one.port, two.port], ""));
    let book = Book::open();
    let told = told(gateway.stream(request("Hello"), None, book.clone())).await;
    assert_eq!(told.text, "I keep the lamp lit for you.");
    assert_eq!(book.outcomes(), ["one: cut", "two: bad_request", "two: done"]);
    let last = two.came()[1].body["messages"].as_array().unwrap().last().cloned();
    assert_eq!(last, Some(json!({ "role": "user", "content": GO_ON })));
}

/// Where the bytes of an answer end does not matter: in a character, a number, a line.
#[test]
fn an_answer_may_break_at_any_byte() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let texts = ["Ça va, ", "l'été ", "arrive… ", "🌊 doucement."];
    let mut runner = TestRunner::new(ProptestConfig::with_cases(40));
    let strategy = (0..KINDS.len(), 0..KINDS.len(), 0.0..1.0f64);
    let told = runner.run(&strategy, |(first, second, at)| {
        let (first, second) = (KINDS[first], KINDS[second]);
        let bytes = whole(first, &texts);
        let cut = (bytes.len() as f64 * at) as usize;
        runtime.block_on(async {
            let one = Upstream::serving(vec![answer(&bytes[..cut])]).await;
            let two = Upstream::saying(second, &texts).await;
            let gateway = gateway(settings([first, second], [one.port, two.port], ""));
            let told = told(gateway.stream(request("Hello"), None, Book::open())).await;
            prop_assert_eq!(told.text, texts.concat());
            prop_assert_eq!(told.finish, Some(Finish::Stop));
            Ok(())
        })
    });
    told.unwrap();
}

#[tokio::test]
async fn an_answer_that_breaks_for_everybody_is_told_as_broken() {
    let broken = || vec![answer(&begun("openai", &["I keep the lamp"]))];
    let (one, two) = (Upstream::serving(broken()).await, Upstream::serving(broken()).await);
    let gateway = gateway(settings(["openai"; 2], [one.port, two.port], ""));
    let told = told(gateway.stream(request("Hello"), None, Book::open())).await;
    assert_eq!(told.text, "I keep the lamp");
    assert_eq!(told.error, Some(GatewayError::Broken { last: ProviderError::Cut }));
    assert_eq!(one.came().len() + two.came().len(), 4);
}

#[tokio::test]
async fn a_call_that_breaks_in_its_middle_is_given_once_and_whole() {
    let call = |arguments: &str, finish: Option<&str>| {
        let function = json!({ "name": "wave", "arguments": arguments });
        let call = json!({ "index": 0, "id": "c1", "function": function });
        let choice = json!({ "delta": { "tool_calls": [call] }, "finish_reason": finish });
        format!("data: {}\n\n", json!({ "choices": [choice] }))
    };
    let said = String::from_utf8(begun("openai", &["I wave to you."])).unwrap();
    let cut = said.clone() + &call(r#"{"to":"#, None);
    let whole = said + &call(r#"{"to":"ana"}"#, Some("tool_calls"));
    let one = Upstream::serving(vec![answer(cut.as_bytes())]).await;
    let two = Upstream::serving(vec![answer(whole.as_bytes())]).await;
    let gateway = gateway(settings(["openai"; 2], [one.port, two.port], ""));
    let told = told(gateway.stream(request("Hello"), None, Book::open())).await;
    assert_eq!(told.text, "I wave to you.");
    let [call] = &told.calls[..] else { panic!("{told:?}") };
    assert_eq!((call.name.as_str(), &call.arguments), ("wave", &json!({ "to": "ana" })));
    assert_eq!(told.finish, Some(Finish::ToolCalls));
}

#[tokio::test]
async fn a_budget_ends_what_it_does_not_allow() {
    let one = Upstream::serving(vec![broken()]).await;
    let gateway = gateway(settings(["openai"; 2], [one.port; 2], ""));
    let book = Book::allowing(1);
    let told = told(gateway.stream(request("Hello"), None, book.clone())).await;
    assert_eq!(told.error, Some(GatewayError::OverBudget));
    assert_eq!(one.came().len(), 1);
    let planned = book.reserved.lock().unwrap()[0].clone();
    assert_eq!((planned.model.as_str(), planned.output_tokens_max), ("one-model", 200));
    assert_eq!(planned.cost_microdollars_max, planned.input_tokens + 200);
}

#[tokio::test]
async fn what_cannot_be_asked_is_not_sent() {
    let one = Upstream::saying("openai", &["Hi"]).await;
    let gateway = gateway(settings(["openai"; 2], [one.port; 2], ""));
    let long = request(&"word ".repeat(8_000));
    let told_long = told(gateway.stream(long, None, Book::open())).await;
    assert!(matches!(told_long.error, Some(GatewayError::NoRoom { .. })), "{told_long:?}");
    let mut nothing = request("");
    nothing.turns.clear();
    let told_nothing = told(gateway.stream(nothing, None, Book::open())).await;
    assert!(matches!(told_nothing.error, Some(GatewayError::Request(_))), "{told_nothing:?}");
    assert_eq!(one.came().len(), 0);
}
