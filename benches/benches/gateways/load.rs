//! Asks somebody, at a rate or as often as it goes, and writes down how long it took.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use futures_util::StreamExt;
use tokio::{sync::Semaphore, task::JoinSet};
use vivarium_dialogue::{
    budget::{Clock, Ledger},
    gateway::{Gateway, Reply, Settings, Tier, meter::Unmetered},
    provider::{Finish, Piece, Request, Turn},
    queue::{
        Job, SharedWords,
        local::Local,
        shared::{
            Patience, Shared,
            worker::{Manner, Worker},
        },
    },
    redis::Redis,
    service::noted::Unnoted,
};

use crate::{peers::Target, upstream::PIECES};

/// Answers that are waited for at once; what comes beyond them counts as not answered.
const UNDER_WAY_MAX: usize = 512;
/// How long one answer is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// Who is asked.
#[derive(Clone)]
pub enum Asker {
    /// Over HTTP.
    Http {
        /// Keeps its connections.
        client: reqwest::Client,
        /// Where, and with what.
        target: Arc<Target>,
    },
    /// The gateway of the dialogue service.
    Own(Gateway),
    /// The same behind a queue, as a server uses it.
    Queued {
        /// The queue.
        words: SharedWords,
        /// Of jobs so far: each has a key of its own.
        jobs: Arc<AtomicU64>,
    },
}

impl Asker {
    /// Over HTTP.
    pub fn http(target: Target) -> anyhow::Result<Self> {
        // Whoever has made one for HTTPS was quicker, and it is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().tcp_nodelay(true).timeout(ANSWER_MAX).build()?;
        Ok(Self::Http { client, target: Arc::new(target) })
    }

    /// The gateway by itself.
    pub fn own(upstream: u16) -> anyhow::Result<Self> {
        Ok(Self::Own(gateway(upstream)?))
    }

    /// The gateway behind the queue of one process.
    pub fn queued(upstream: u16) -> anyhow::Result<Self> {
        let gateway = gateway(upstream)?;
        let words = Local::new(gateway.clone(), ledger(&gateway), clock());
        Ok(Self::Queued { words: Arc::new(words), jobs: Arc::default() })
    }

    /// The gateway behind the queue in Redis, with a worker in this process. It works as long as the
    /// process.
    pub fn shared(upstream: u16, redis: Redis) -> anyhow::Result<Self> {
        let gateway = gateway(upstream)?;
        let words = Shared::new(redis.clone(), Patience::of(gateway.settings()));
        let (ledger, manner) = (ledger(&gateway), Manner::with(UNDER_WAY_MAX));
        let worker = Worker::new(redis, gateway, (ledger, Arc::new(Unnoted)), manner);
        tokio::spawn(worker.serve(std::future::pending()));
        Ok(Self::Queued { words: Arc::new(words), jobs: Arc::default() })
    }

    /// One answer, whole.
    async fn ask(&self) -> anyhow::Result<()> {
        match self {
            Self::Http { client, target } => over_http(client, target).await,
            Self::Own(gateway) => {
                whole(gateway.stream(request(), Some(Tier::Large), Arc::new(Unmetered))).await
            }
            Self::Queued { words, jobs } => {
                let key = jobs.fetch_add(1, Ordering::Relaxed).to_string();
                let [user, world, companion] = ["ana", "plaza", "lys"].map(str::to_owned);
                let wanted = Some(Tier::Large);
                let job = Job { key, request: request(), wanted, user, world, companion };
                whole(words.stream(job)).await
            }
        }
    }

    /// One answer, and how long it took.
    async fn timed(&self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.ask().await?;
        Ok(began.elapsed())
    }
}

fn clock() -> Clock {
    Arc::new(|| 1_796_000_000_000)
}

fn ledger(gateway: &Gateway) -> Ledger {
    Ledger::new(gateway.settings().limits.budgets, clock())
}

/// With one model at the upstream.
fn gateway(upstream: u16) -> anyhow::Result<Gateway> {
    let settings = format!(
        "[providers.one]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:{upstream}/v1\"\n\
             [[models]]\nname = \"plain\"\nprovider = \"one\"\ntier = \"large\"\n\
             context_tokens = 8000\ninput_microdollars_per_million = 1000000\n\
             output_microdollars_per_million = 1000000\n\
             [concurrency]\nanswers_max = {UNDER_WAY_MAX}\nwaiting_max = {UNDER_WAY_MAX}\n"
    );
    Ok(Gateway::new(Settings::parse(&settings)?, |_| None)?)
}

fn request() -> Request {
    Request {
        system: "You are Lys, who keeps the lighthouse.".into(),
        turns: vec![Turn::User("Tell me of the sea.".into())],
        tools: Vec::new(),
        output_tokens_max: 200,
        tool_choice: None,
    }
}

/// All of it is read; that its end is there shows that it is whole.
async fn over_http(client: &reqwest::Client, target: &Target) -> anyhow::Result<()> {
    let mut request = client.post(&target.url).json(&target.body);
    for (name, value) in &target.headers {
        request = request.header(*name, value);
    }
    let mut response = request.send().await?.error_for_status()?;
    let mut last = Vec::new();
    while let Some(bytes) = response.chunk().await? {
        last.extend_from_slice(&bytes);
        last.drain(..last.len().saturating_sub(64));
    }
    let end = String::from_utf8_lossy(&last);
    ensure!(end.trim_end().ends_with("[DONE]"), "an answer without its end: {end}");
    Ok(())
}

async fn whole(mut reply: Reply) -> anyhow::Result<()> {
    let (mut pieces, mut is_whole) = (0, false);
    while let Some(piece) = reply.next().await {
        match piece? {
            Piece::Text(_) => pieces += 1,
            Piece::Finished(how) => is_whole = how == Finish::Stop,
            Piece::ToolCall(_) | Piece::Usage(_) => {}
        }
    }
    ensure!((1..=PIECES).contains(&pieces) && is_whole, "{pieces} pieces, whole: {is_whole}");
    Ok(())
}

/// How long answers took, in order.
pub struct Figures {
    took: Vec<Duration>,
    /// Answers that did not come.
    pub failed: usize,
}

impl Figures {
    fn new(mut took: Vec<Duration>, failed: usize) -> Self {
        took.sort_unstable();
        Self { took, failed }
    }

    /// Answers that came.
    pub fn answered(&self) -> usize {
        self.took.len()
    }

    /// So large a share took no longer than that.
    pub fn at(&self, share: f64) -> Duration {
        let index = (self.took.len() as f64 * share) as usize;
        let last = self.took.len().saturating_sub(1);
        self.took.get(index.min(last)).copied().unwrap_or_default()
    }
}

/// So many answers per second, whether or not those before have come.
pub async fn at_rate(asker: &Asker, per_s: u32, span: Duration) -> anyhow::Result<Figures> {
    let room = Arc::new(Semaphore::new(UNDER_WAY_MAX));
    let (mut all, mut failed) = (JoinSet::new(), 0);
    let began = tokio::time::Instant::now();
    let count = (f64::from(per_s) * span.as_secs_f64()) as u32;
    for number in 0..count {
        let due = began + Duration::from_secs(1) * number / per_s;
        tokio::time::sleep_until(due).await;
        match room.clone().try_acquire_owned() {
            Ok(place) => {
                let asker = asker.clone();
                all.spawn(async move {
                    let took = asker.timed().await;
                    drop(place);
                    took
                });
            }
            Err(_) => failed += 1,
        }
    }
    let mut took = Vec::new();
    while let Some(ended) = all.join_next().await {
        match ended.context("whoever asked has ended")? {
            Ok(time) => took.push(time),
            Err(_) => failed += 1,
        }
    }
    Ok(Figures::new(took, failed))
}

/// So many ask at once, one answer after the other.
pub async fn at_once(asker: &Asker, count: usize, span: Duration) -> anyhow::Result<Figures> {
    let began = Instant::now();
    let mut all = JoinSet::new();
    for _ in 0..count {
        let asker = asker.clone();
        all.spawn(async move {
            let (mut took, mut failed) = (Vec::new(), 0);
            while began.elapsed() < span {
                match asker.timed().await {
                    Ok(time) => took.push(time),
                    Err(_) => failed += 1,
                }
            }
            (took, failed)
        });
    }
    let (mut took, mut failed) = (Vec::new(), 0);
    while let Some(ended) = all.join_next().await {
        let (more, without) = ended.context("whoever asked has ended")?;
        took.extend(more);
        failed += without;
    }
    Ok(Figures::new(took, failed))
}
