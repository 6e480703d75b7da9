//! Vectors by a provider: what is asked, what is refused, and what is when it is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use vivarium_dialogue::{
    budget::{Ledger, Payer},
    gateway::{Gateway, Settings, embeddings::EmbeddingError, meter::Unmetered},
    memory::embed::Vector,
};

use crate::{
    learning::{Guide, says},
    upstream::{Came, Step, Upstream, hanging, http},
};

/// As the settings name who makes vectors.
pub const SETTING: &str = "embedding = { model = \"meaning\", provider = \"vectors\" }\n";
const CONCEPTS: [&[&str]; 3] =
    [&["bee", "hive", "winged", "insect"], &["river", "canal", "boat"], &["tea", "coffee"]];

/// A vector by what a text is about.
fn meaning(text: &str) -> Vec<f32> {
    let text = text.to_lowercase();
    let about = |words: &&[&str]| words.iter().filter(|word| text.contains(**word)).count() as f32;
    let mut numbers: Vec<f32> = CONCEPTS.iter().map(about).collect();
    numbers.push(0.1);
    numbers
}

fn vectors_of(came: &Came, make: impl Fn(&str) -> Value) -> Vec<Step> {
    let texts = came.body["input"].as_array().unwrap().iter().map(|it| it.as_str().unwrap());
    let data: Vec<Value> = texts
        .enumerate()
        .map(|(index, text)| json!({ "index": index, "embedding": make(text) }))
        .collect();
    let usage = json!({ "prompt_tokens": 5, "total_tokens": 5 });
    let body = json!({ "data": data, "usage": usage }).to_string();
    http("200 OK", "content-type: application/json\r\n", &body)
}

/// Makes vectors by what texts are about.
pub async fn maker() -> Upstream {
    Upstream::answering(|came| vectors_of(came, |text| json!(meaning(text)))).await
}

fn gateway(port: u16, more: &str) -> Gateway {
    let settings = format!(
        "[providers.vectors]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:{port}/v1\"\n\
         key_env = \"KEY\"\n[[models]]\nname = \"m\"\nprovider = \"vectors\"\ntier = \"large\"\n\
         context_tokens = 8000\n{more}"
    );
    let key = |name: &str| (name == "KEY").then(|| "sk-secret".into());
    Gateway::new(Settings::parse(&settings).unwrap(), key).unwrap()
}

fn of_a_model(dimensions: &str) -> String {
    let rest = "input_microdollars_per_million = 1_000_000";
    format!(
        "[memory]\nembedding = {{ model = \"meaning\", provider = \"vectors\"{dimensions}, {rest} }}\n"
    )
}

#[tokio::test]
async fn vectors_are_asked_for_in_one_go_paid_and_remembered() {
    let upstream = maker().await;
    let gateway = gateway(upstream.port, &of_a_model(", dimensions = 4"));
    let ledger = Ledger::new(gateway.settings().limits.budgets, Arc::new(|| 1));
    let embeddings = gateway.embeddings().unwrap();
    let texts: Vec<String> = (0..40).map(|number| format!("{number} bees")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let meter = ledger.meter("ana", "plaza", "nia");
    let vectors = embeddings.of(&texts, &*meter).await.unwrap();
    let bees = Vector::new("meaning", &meaning("bee")).unwrap();
    assert!(vectors.iter().all(|it| it.as_ref().unwrap().cosine(&bees).unwrap() > 0.99));
    let came = upstream.came();
    assert_eq!(came.len(), 2, "32 at once");
    assert!(came[0].head.starts_with("post /v1/embeddings "), "{}", came[0].head);
    assert!(came[0].head.contains("authorization: bearer sk-secret"));
    assert_eq!(came[0].body["model"], "meaning");
    assert_eq!(came[0].body["dimensions"], 4);
    assert!(embeddings.query("39 bees", &*meter).await.is_some());
    assert_eq!(upstream.came().len(), 2, "it was made before");
    let account = ledger.account(&Payer::User("ana".into())).unwrap();
    assert_eq!((account.windows.day.microdollars, account.held_microdollars), (10, 0));
    assert!(!format!("{embeddings:?}").contains("sk-secret"));
}

#[tokio::test]
async fn a_vector_that_cannot_be_compared_is_refused_and_not_asked_for_again() {
    let upstream = Upstream::answering(|came| {
        vectors_of(came, |text| match text {
            "zero" => json!([0.0, 0.0, 0.0, 0.0]),
            "endless" => json!([1e300, 1.0, 1.0, 1.0]),
            "short" => json!([1.0, 2.0]),
            "empty" => json!([]),
            "long" => json!(vec![1.0; 5_000]),
            _ => json!(meaning(text)),
        })
    })
    .await;
    let gateway = gateway(upstream.port, &of_a_model(""));
    let embeddings = gateway.embeddings().unwrap();
    let texts = ["bees", "zero", "endless", "short", "empty", "long", "boats"];
    for _ in 0..2 {
        let vectors = embeddings.of(&texts, &Unmetered).await.unwrap();
        let is_there: Vec<bool> = vectors.iter().map(Option::is_some).collect();
        assert_eq!(is_there, [true, false, false, false, false, false, true]);
    }
    assert_eq!(upstream.came().len(), 1);
}

#[tokio::test]
async fn what_is_no_answer_is_an_error_and_a_budget_that_is_over_asks_nobody() {
    let json = "content-type: application/json\r\n";
    for (status, body) in [
        ("200 OK", "no".to_owned()),
        ("200 OK", json!({ "data": [] }).to_string()),
        ("200 OK", json!({ "data": [{ "embedding": "AAA" }] }).to_string()),
        ("200 OK", format!("[{}", " ".repeat(5 << 20))),
        ("429 Too Many Requests", "slower".to_owned()),
        ("302 Found", String::new()),
    ] {
        let upstream = Upstream::serving(vec![http(status, json, &body)]).await;
        let gateway = gateway(upstream.port, &of_a_model(""));
        let answer = gateway.embeddings().unwrap().of(&["bees"], &Unmetered).await;
        assert!(matches!(answer, Err(EmbeddingError::Provider(_))), "{status} {answer:?}");
    }
    let upstream = maker().await;
    let budget = "[limits.budgets.user]\ntokens_per_day = 3\n";
    let gateway = gateway(upstream.port, &(of_a_model("") + budget));
    let ledger = Ledger::new(gateway.settings().limits.budgets, Arc::new(|| 1));
    let meter = ledger.meter("ana", "plaza", "nia");
    let embeddings = gateway.embeddings().unwrap();
    let answer = embeddings.of(&["a long text about bees"], &*meter).await;
    assert_eq!(answer, Err(EmbeddingError::OverBudget));
    assert_eq!(embeddings.query("a long text about bees", &*meter).await, None);
    assert_eq!(upstream.came().len(), 0);
}

#[tokio::test]
async fn who_fails_in_a_row_is_left_alone() {
    let upstream = Upstream::serving(vec![http("500 Internal Server Error", "", "no")]).await;
    let gateway = gateway(upstream.port, &of_a_model(""));
    let embeddings = gateway.embeddings().unwrap();
    for _ in 0..3 {
        let answer = embeddings.of(&["bees"], &Unmetered).await;
        assert!(matches!(answer, Err(EmbeddingError::Provider(_))), "{answer:?}");
    }
    let answer = embeddings.of(&["bees"], &Unmetered).await;
    assert_eq!(answer, Err(EmbeddingError::Unavailable));
    assert_eq!(upstream.came().len(), 3);
}

#[tokio::test]
async fn whoever_makes_vectors_may_go_away_and_answers_come_all_the_same() {
    let is_away = Arc::new(AtomicBool::new(false));
    let away = is_away.clone();
    let vectors = Upstream::answering(move |came| match away.load(Ordering::Relaxed) {
        true => hanging(b""),
        false => vectors_of(came, |text| json!(meaning(text))),
    })
    .await;
    let settings = format!("[memory]\nextraction = false\n{SETTING}");
    let guide = Guide::with(|_| says("I see."), vectors, &settings, &Arc::default()).await;
    let done = vivarium_contract::companion::MindWord::Done { is_reduced: false };
    let bees = "On my roof there are hives with forty thousand bees.";
    assert_eq!(guide.hears("ana", 1, bees).await, done);
    assert_eq!(guide.hears("ana", 1, "And how are those winged insects today?").await, done);
    is_away.store(true, Ordering::Relaxed);
    // Nothing is new to be remembered of a question, so nothing else waits.
    assert_eq!(guide.hears("ana", 1, "Are the bees in the hives well today?").await, done);
    let asked = guide.asked(None);
    assert!(asked[1].contains(bees) && asked[2].contains(bees), "{}", asked[2]);
}
