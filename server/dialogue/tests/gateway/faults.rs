//! What a provider may do wrong, and what it is called.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use serde_json::json;
use tokio::sync::Notify;
use vivarium_dialogue::{
    gateway::meter::Outcome,
    provider::{Finish, ProviderError, Request, limits::EVENT_BYTES_MAX},
};

use crate::{
    asking::{Book, IMPATIENT, Told, gateway, request, settings, told},
    upstream::{Step, Upstream, answer, begun, chunked, hanging, http, whole},
};

const KINDS: [&str; 2] = ["openai", "anthropic"];
const EVENTS: &str = "content-type: text/event-stream\r\n";

/// Asks a provider of this kind, and no other; how each attempt ended.
async fn attempts(kind: &str, script: Vec<Step>) -> (Told, Vec<Outcome>) {
    impatient_attempts(kind, script, "").await
}

async fn impatient_attempts(kind: &str, script: Vec<Step>, timeouts: &str) -> (Told, Vec<Outcome>) {
    let upstream = Upstream::serving(vec![script]).await;
    let gateway = gateway(settings([kind, kind], [upstream.port, dead_port().await], timeouts));
    let book = Book::allowing(1);
    let told = told(gateway.stream(request("Good evening"), None, book.clone())).await;
    let outcomes = book.attempts().into_iter().map(|it| it.outcome);
    (told, outcomes.collect())
}

/// The error of the only attempt.
async fn error(kind: &str, script: Vec<Step>) -> ProviderError {
    let (told, outcomes) = attempts(kind, script).await;
    assert_eq!(told.text, "", "nothing is given of an answer that fails before its first word");
    match &outcomes[..] {
        [Outcome::Failed(error)] => error.clone(),
        other => panic!("{other:?}"),
    }
}

/// A port on which nobody listens.
async fn dead_port() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn statuses_say_what_they_mean() {
    let body = r#"{"error":{"message":"no","type":"x"}}"#;
    for kind in KINDS {
        let limited = error(kind, http("429 Too Many Requests", "retry-after: 7\r\n", body)).await;
        let retry_after = Some(Duration::from_secs(7));
        assert_eq!(limited, ProviderError::RateLimited { retry_after });
        let busy = error(kind, http("529 Overloaded", "retry-after: 2\r\n", body)).await;
        let retry_after = Some(Duration::from_secs(2));
        assert_eq!(busy, ProviderError::Overloaded { retry_after });
        let bad = error(kind, http("400 Bad Request", "", body)).await;
        assert_eq!(bad, ProviderError::BadRequest { status: 400, told: "no".into() });
        let broken = error(kind, http("500 Internal Server Error", "", "oh\u{7}\nno")).await;
        let told = "500 Internal Server Error: oh no".into();
        assert_eq!(broken, ProviderError::Server { told });
        let locked = error(kind, http("401 Unauthorized", "", body)).await;
        assert_eq!(locked, ProviderError::Unauthorised { status: 401 });
    }
}

#[tokio::test]
async fn a_retry_after_may_be_a_date() {
    let date = "retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    let limited = error("openai", http("429 Too Many Requests", date, "")).await;
    assert_eq!(limited, ProviderError::RateLimited { retry_after: Some(Duration::ZERO) });
}

#[tokio::test]
async fn an_error_that_goes_on_for_ever_is_read_in_part() {
    let mut script = http("500 Internal Server Error", "", &"no ".repeat(100_000));
    script.push(Step::Hang);
    let ProviderError::Server { told } = error("openai", script).await else { panic!() };
    assert!(told.len() <= 340, "{}", told.len());
}

#[tokio::test]
async fn nonsense_is_an_error_and_never_a_panic() {
    for kind in KINDS {
        for nonsense in [
            &b"data: {\n\n"[..],
            b"data: []\n\n",
            b"data: {\"type\":3,\"choices\":7}\n\n",
            b"data: \xff\xfe\n\n",
            b"data: {\"type\":\"content_block_delta\",\"choices\":[{\"delta\":{\"content\":1}}]}\n\n",
        ] {
            let error = error(kind, answer(nonsense)).await;
            assert!(matches!(error, ProviderError::Malformed(_)), "{kind}: {error}");
        }
    }
}

#[tokio::test]
async fn another_type_of_content_is_named() {
    let page = http("200 OK", "content-type: text/html\r\n", "<p>Welcome to the hotel's Wi-Fi");
    let told = "it answers with text/html instead of text/event-stream".into();
    assert_eq!(error("openai", page).await, ProviderError::Malformed(told));
}

#[tokio::test]
async fn an_answer_without_anything_is_cut_or_empty() {
    for kind in KINDS {
        assert_eq!(error(kind, http("200 OK", EVENTS, "")).await, ProviderError::Cut);
        assert_eq!(error(kind, answer(&whole(kind, &[]))).await, ProviderError::Empty);
    }
}

#[tokio::test]
async fn silence_has_an_end() {
    let timed_out = ProviderError::TimedOut { after: Duration::from_millis(500) };
    let stalled = ProviderError::Stalled { after: Duration::from_millis(300) };
    let head = Step::Bytes(b"HTTP/1.1 200 OK\r\ncontent-".to_vec());
    for kind in KINDS {
        for (script, text, expected) in [
            (vec![Step::Hang], "", &timed_out),
            (vec![head.clone(), Step::Hang], "", &timed_out),
            (hanging(&begun(kind, &["Good eve"])), "Good eve", &stalled),
        ] {
            let (told, outcomes) = impatient_attempts(kind, script, IMPATIENT).await;
            assert_eq!(told.text, text);
            assert_eq!(outcomes, [Outcome::Failed(expected.clone())]);
        }
    }
}

#[tokio::test]
async fn a_line_without_an_end_does_not_fill_the_memory() {
    let long = format!("data: {}", "x".repeat(2 * EVENT_BYTES_MAX));
    let (what, max) = ("bytes of an event", EVENT_BYTES_MAX);
    for script in [answer(long.as_bytes()), answer("a: b\n".repeat(200_000).as_bytes())] {
        assert_eq!(error("openai", script).await, ProviderError::TooLarge { what, max });
    }
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let gateway = gateway(settings(["openai"; 2], [dead_port().await; 2], ""));
    let book = Book::allowing(1);
    told(gateway.stream(request("Good evening"), None, book.clone())).await;
    assert_eq!(book.outcomes(), ["one: unreachable"]);
}

#[tokio::test]
async fn a_key_goes_nowhere_but_to_its_provider() {
    let thief = Upstream::saying("openai", &["Thank you"]).await;
    let location = format!("location: http://127.0.0.1:{}/v1/chat/completions\r\n", thief.port);
    for status in ["302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let error = error("openai", http(status, &location, "")).await;
        assert!(matches!(error, ProviderError::BadRequest { .. }), "{error}");
    }
    assert_eq!(thief.came().len(), 0);
}

#[tokio::test]
async fn an_error_may_come_in_the_middle_of_an_answer() {
    let error_of = |kind: &str| {
        let error = json!({ "type": "overloaded_error", "message": "Overloaded" });
        let told = json!({ "type": "error", "error": error });
        let mut events = begun(kind, &[]);
        events.extend_from_slice(format!("event: error\ndata: {told}\n\n").as_bytes());
        events
    };
    for kind in KINDS {
        let error = error(kind, answer(&error_of(kind))).await;
        assert_eq!(error, ProviderError::Overloaded { retry_after: None });
    }
}

#[tokio::test]
async fn what_is_sent_is_what_the_providers_want() {
    for kind in KINDS {
        let upstream = Upstream::saying(kind, &["Good ", "evening."]).await;
        let settings = settings([kind, kind], [upstream.port; 2], "");
        let gateway = gateway(settings);
        let book = Book::open();
        let told = told(gateway.stream(request("Hello"), None, book.clone())).await;
        assert_eq!((told.text.as_str(), told.finish), ("Good evening.", Some(Finish::Stop)));
        let usage = told.usage.unwrap();
        assert_eq!((usage.input_tokens, usage.output_tokens), (40, 7));
        let attempt = &book.attempts()[0];
        assert!(!attempt.is_estimated && attempt.first_token.is_some());
        assert_eq!(attempt.cost_microdollars, 47);

        let came = &upstream.came()[0];
        assert_eq!(came.body["model"], "one-model");
        assert_eq!(came.body["stream"], true);
        assert_eq!(came.body["max_tokens"], 200);
        let last = came.body["messages"].as_array().unwrap().last().unwrap();
        assert_eq!(last, &json!({ "role": "user", "content": "Hello" }));
        if kind == "openai" {
            assert!(came.head.starts_with("post /v1/chat/completions "), "{}", came.head);
            assert!(came.head.contains("authorization: bearer sk-secret"));
            assert_eq!(came.body["messages"][0]["role"], "system");
            assert_eq!(came.body["tools"][0]["function"]["name"], "wave");
        } else {
            assert!(came.head.starts_with("post /v1/messages "), "{}", came.head);
            assert!(came.head.contains("x-api-key: sk-secret"));
            assert_eq!(came.body["system"], "You are Lys, who keeps the lighthouse.");
            assert_eq!(came.body["tools"][0]["name"], "wave");
        }
        assert!(!format!("{gateway:?}").contains("sk-secret"));
    }
}

#[tokio::test]
async fn a_tool_that_is_to_be_called_is_told_as_each_kind_wants_it() {
    for kind in KINDS {
        let upstream = Upstream::saying(kind, &["Good evening."]).await;
        let gateway = gateway(settings([kind, kind], [upstream.port; 2], ""));
        let request = Request { tool_choice: Some("wave".into()), ..request("Hello") };
        told(gateway.stream(request, None, Book::open())).await;
        let expected = match kind {
            "openai" => json!({ "type": "function", "function": { "name": "wave" } }),
            _ => json!({ "type": "tool", "name": "wave" }),
        };
        assert_eq!(upstream.came()[0].body["tool_choice"], expected);
    }
}

#[tokio::test]
async fn whoever_goes_away_ends_the_request() {
    for kind in KINDS {
        let mut upstream = Upstream::serving(vec![hanging(&begun(kind, &["Good eve"]))]).await;
        let gateway = gateway(settings([kind, kind], [upstream.port; 2], ""));
        let book = Book::open();
        let mut reply = gateway.stream(request("Hello"), None, book.clone());
        assert!(reply.next().await.unwrap().is_ok());
        assert_eq!(gateway.free_turns(), 15);
        drop(reply);
        upstream.until_left(1).await;
        assert_eq!(book.outcomes(), ["one: cancelled"]);
        assert!(book.attempts()[0].is_estimated);
        assert_eq!(gateway.free_turns(), 16);
    }
}

#[tokio::test]
async fn a_connection_is_used_again_even_if_its_answer_ends_late() {
    for kind in KINDS {
        let whole = whole(kind, &["Good evening."]);
        let (beginning, end) = chunked(&whole);
        let opened = Arc::new(Notify::new());
        let late = [beginning.clone(), Step::Gate(Arc::clone(&opened)), end.clone()];
        let again = [Step::Read, beginning, end, Step::Hang];
        let first = [&late[..], &again[..]].concat();
        let upstream = Upstream::serving(vec![first, answer(&whole)]).await;
        let gateway = gateway(settings([kind, kind], [upstream.port; 2], ""));
        let ask = async || told(gateway.stream(request("Hello"), None, Book::open())).await;
        assert_eq!(ask().await.text, "Good evening.");
        opened.notify_one();
        // The others are on connections of their own, until the end was read.
        for _ in 0..200 {
            assert_eq!(ask().await.text, "Good evening.");
            if upstream.came().last().is_some_and(|it| it.connection == 0) {
                break;
            }
        }
        assert_eq!(upstream.came().iter().filter(|it| it.connection == 0).count(), 2);
    }
}
