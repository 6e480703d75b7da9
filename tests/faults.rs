//! Providers of a whole server that fail in every way they can: the world goes on, whoever speaks is
//! answered once or told why not, and the books balance.

use std::sync::Arc;

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use tokio::sync::Notify;
use vivarium_dialogue::budget::{Ledger, Payer, settings::LimitSettings};
use vivarium_host::server::Server;
use vivarium_protocol::{
    intent::ClientMessage,
    notice::{ServerMessage, SpeechEnd},
};

use crate::{
    harness::{
        socket::{Client, get},
        until,
    },
    minds::{NIA, server},
    workers::{
        redis_server::RedisServer,
        upstream::{Step, Upstream, answer, begun, hanging, http, whole},
    },
};

/// Tokens of a whole answer of [`Upstream`]; each costs a microdollar.
const WHOLE_TOKENS: u64 = 47;
/// Ticks in which nothing else may be said after an answer.
const QUIET_TICKS: u32 = 20;
const QUESTION: &str = "Would you tell me the story of the lighthouse?";

/// Faults without a word and without an error, after which what was asked may have to be paid.
const BEGUN: [&str; 2] = ["a cut without a word", "silence"];

/// What a provider does instead of answering, and whether words came before.
fn faults() -> Vec<(&'static str, Vec<Step>, bool)> {
    let some = begun("openai", &["Once upon a time "]);
    vec![
        (
            "429",
            http("429 Too Many Requests", "retry-after: 30\r\ncontent-length: 0\r\n", ""),
            false,
        ),
        ("500", http("500 Internal Server Error", "content-length: 4\r\n", "oops"), false),
        ("malformed events", answer(b"data: {\"choices\": [{]}\n\n"), false),
        ("another format", http("200 OK", "content-type: text/html\r\n", "<h1>hi</h1>"), false),
        ("a cut without a word", answer(b""), false),
        ("nothing", Vec::new(), false),
        ("silence", hanging(b""), false),
        ("a stall", hanging(&some), true),
        ("a cut", answer(&some), true),
        ("malformed later", answer(&[&some[..], b"data: {]\n\n"].concat()), true),
    ]
}

/// Two providers, the second of which is asked when the first has failed.
fn settings(ports: &[u16], more: &str) -> String {
    let mut text = "[memory]\nextraction = false\n\
        [timeouts]\nconnect_ms = 3_000\nfirst_token_ms = 2_000\nstall_ms = 1_500\n\
        [retries]\nper_model = 0\n"
        .to_owned();
    for (name, port) in ["one", "two"].into_iter().zip(ports) {
        text += &format!(
            "[providers.{name}]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:{port}/v1\"\n\
             [[models]]\nname = \"{name}\"\nprovider = \"{name}\"\ntier = \"large\"\n\
             context_tokens = 8192\ninput_microdollars_per_million = 1_000_000\n\
             output_microdollars_per_million = 1_000_000\n"
        );
    }
    text + more
}

/// A server with these settings, and with Redis or without.
async fn with(settings: &str, redis: Option<String>) -> anyhow::Result<Server> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("dialogue.toml");
    std::fs::write(&file, settings)?;
    server(|config| {
        config.dialogue = Some(file);
        config.redis = redis;
    })
    .await
}

/// The sum of a metric over all worlds and models, whose names hold `part`.
async fn metric(server: &Server, name: &str, part: &str) -> anyhow::Result<f64> {
    let (_, text) = get(server, "/metrics").await?;
    let of_it = text.lines().filter(|it| it.starts_with(name) && it.contains(part));
    of_it.map(|line| Ok(line.rsplit(' ').next().context("a value")?.parse::<f64>()?)).sum()
}

async fn microdollars(server: &Server, name: &str, part: &str) -> anyhow::Result<u64> {
    Ok((metric(server, name, part).await? * 1e6).round() as u64)
}

/// What was said to somebody who asked, how it ended, and the ticks that passed meanwhile.
struct Answer {
    said: String,
    end: SpeechEnd,
    ticks: u32,
}

impl Client {
    async fn asks(&mut self, text: &str) -> anyhow::Result<Answer> {
        let before = self.framed().await?.tick;
        let (said, end) = self.talk(text).await?;
        Ok(Answer { said: said.concat(), end, ticks: self.framed().await?.tick - before })
    }

    /// Nothing more is said.
    async fn hears_nothing_more(&mut self) -> anyhow::Result<()> {
        let tick = self.framed().await?.tick;
        // What was told before it came before it.
        while self.framed().await?.tick < tick + QUIET_TICKS {}
        self.send(&ClientMessage::Ping { nonce: 1 }).await?;
        loop {
            match self.told().await? {
                ServerMessage::Pong { .. } => return Ok(()),
                ServerMessage::Says { .. } | ServerMessage::Said { .. } => {
                    anyhow::bail!("it is answered once more")
                }
                _ => {}
            }
        }
    }
}

/// Beside each other, each on a server of its own: most of the time is spent waiting.
async fn each<F: Future<Output = anyhow::Result<()>>>(
    story: impl Fn(&'static str, Vec<Step>, bool) -> F,
) -> anyhow::Result<()> {
    let told = |(name, script, has_words)| {
        let story = story(name, script, has_words);
        async move { story.await.context(name) }
    };
    try_join_all(faults().into_iter().map(told)).await.map(drop)
}

#[tokio::test]
async fn whatever_a_provider_does_the_next_one_answers_and_is_paid() -> anyhow::Result<()> {
    each(async |name, script, has_words| {
        let one = Upstream::serving(vec![script]).await;
        let beginning: &[&str] = if has_words { &[] } else { &["Once upon a time "] };
        let words = [beginning, &["there was ", "a lamp."]].concat();
        let two = Upstream::saying("openai", &words).await;
        let server = with(&settings(&[one.port, two.port], ""), None).await?;
        let mut ana = Client::enter(&server, "Ana").await?;
        let Answer { said, end, ticks } = ana.asks(QUESTION).await?;
        ensure!(said == "Once upon a time there was a lamp.", "{said}");
        ensure!(end == SpeechEnd::Done, "{end:?}");
        ensure!((one.came().len(), two.came().len()) == (1, 1), "each is asked once");
        let is_slow = ["silence", "a stall"].contains(&name);
        ensure!(!is_slow || ticks >= 30, "the world waited: {ticks} ticks");
        ana.hears_nothing_more().await?;
        let cost = microdollars(&server, "vivarium_dialogue_cost_dollars_total", "two").await?;
        ensure!(cost == WHOLE_TOKENS, "{cost}");
        let failed = microdollars(&server, "vivarium_dialogue_cost_dollars_total", "one").await?;
        let has_begun = has_words || BEGUN.contains(&name);
        ensure!((failed > 0) == has_begun, "{failed}");
        ensure!(microdollars(&server, "vivarium_dialogue_reserved_dollars", "").await? == 0);
        server.shutdown().await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn when_nobody_else_can_be_asked_she_says_what_she_can() -> anyhow::Result<()> {
    each(async |_, script, has_words| {
        let one = Upstream::serving(vec![script]).await;
        let server = with(&settings(&[one.port], ""), None).await?;
        let mut ana = Client::enter(&server, "Ana").await?;
        let Answer { said, end, .. } = ana.asks(QUESTION).await?;
        let (begins, ends) = match has_words {
            true => ("Once upon a time", SpeechEnd::Broken),
            false => ("", SpeechEnd::Reduced),
        };
        ensure!(!said.is_empty() && said.starts_with(begins) && end == ends, "{said} {end:?}");
        ensure!(microdollars(&server, "vivarium_dialogue_reserved_dollars", "").await? == 0);
        server.shutdown().await;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn redis_may_restart_in_the_middle_of_what_she_says() -> anyhow::Result<()> {
    let mut redis = RedisServer::start().await;
    let opened = Arc::new(Notify::new());
    let mut script = answer(&begun("openai", &["Once upon a time "]));
    script.push(Step::Gate(opened.clone()));
    script.push(Step::Bytes(whole("openai", &["there was ", "a lamp."])));
    let upstream = Upstream::serving(vec![script]).await;
    let settings = settings(&[upstream.port], "").replace("stall_ms = 1_500", "stall_ms = 20_000");
    let server = with(&settings, Some(redis.url())).await?;
    let mut ana = Client::enter(&server, "Ana").await?;
    let before = ana.framed().await?.tick;
    ana.send(&ClientMessage::Address { companion: NIA, text: QUESTION.into() }).await?;
    let mut said = String::new();
    while said.is_empty() {
        if let ServerMessage::Says { companion: NIA, text, .. } = ana.told().await? {
            said += &text;
        }
    }
    redis.kill().await;
    // The world does not wait for it.
    while ana.framed().await?.tick < before + 60 {}
    redis.start_again().await;
    opened.notify_one();
    let (rest, end) = ana.answered_by(NIA).await?;
    said += &rest.concat();
    ensure!(said == "Once upon a time there was a lamp.", "{said}");
    ensure!(end == SpeechEnd::Done && upstream.came().len() == 1, "{end:?}");
    ana.hears_nothing_more().await?;
    let now_ms = || 0;
    let limits = LimitSettings::default();
    let ledger = Ledger::with_redis(&limits, Arc::new(now_ms), Some(redis.connect().await), []);
    let books = ledger.shared().context("it is shared")?;
    until("all of it is booked", async || {
        let account = books.account(&Payer::Installation).await?.unwrap_or_default();
        let booked = account.windows.month.microdollars;
        Ok((account.held_microdollars, booked) == (0, WHOLE_TOKENS))
    })
    .await?;
    ensure!(
        microdollars(&server, "vivarium_dialogue_cost_dollars_total", "").await? == WHOLE_TOKENS
    );
    server.shutdown().await;
    Ok(())
}
