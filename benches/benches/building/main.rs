//! Building: how many changes a second are kept, how long one takes, and how long a large world
//! takes to open.
//!
//! `cargo bench -p vivarium-benches --bench building`. The server is the real one, in this process,
//! with SQLite in a temporary folder; builders speak HTTP over connections that they keep. Beside it,
//! in the same run, the bare loop: batches of the same size into SQLite, one transaction each.

use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::task::JoinSet;
use vivarium_contract::editing::Role;
use vivarium_host::{config::ServerConfig, kept::Kept, server::Server, worlds::WorldSource};
use vivarium_store::{adapters::sqlite::SqliteStore, port::Grant, port::WorldStore};

mod http;
mod worlds;

use http::Connection;

/// How long each case is measured.
const SPAN: Duration = Duration::from_secs(6);
/// Of the large world.
const OBJECTS: u32 = 10_000;
/// Of the one that is compared with it.
const SMALL: u32 = 100;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Criterion's flags, such as `--bench`, mean nothing here.
    bare()?;
    for ticks_per_s in [30, 60] {
        for builders in [1, 10, 100] {
            let case = keep(ticks_per_s, builders, None).await?;
            println!("{ticks_per_s} ticks/s, {builders} builders, one after the other: {case}");
        }
        let case = keep(ticks_per_s, 20, Some(10.0)).await?;
        println!("{ticks_per_s} ticks/s, 20 builders with 10 changes/s each: {case}");
    }
    open().await
}

/// Changes that were kept, and how long each took.
struct Case {
    per_s: f64,
    median_ms: f64,
    p99_ms: f64,
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { per_s, median_ms, p99_ms } = self;
        write!(f, "{per_s:.0} kept/s, {median_ms:.1} ms median, {p99_ms:.1} ms p99")
    }
}

fn case(mut took: Vec<Duration>, span: Duration) -> Case {
    took.sort_unstable();
    let at = |share: f64| {
        let index = ((took.len() as f64 * share) as usize).min(took.len().saturating_sub(1));
        took.get(index).map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
    };
    Case { per_s: took.len() as f64 / span.as_secs_f64(), median_ms: at(0.5), p99_ms: at(0.99) }
}

/// One transaction for each batch, as a loop.
fn bare() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut store = SqliteStore::open(folder.path())?;
    store.create("yard", b"{}")?;
    let (began, mut took) = (Instant::now(), Vec::new());
    while began.elapsed() < SPAN {
        let batch = vivarium_contract::saving::SavedBatch {
            revision: took.len() as u64 + 1,
            at_ms: 0,
            author: "bench".into(),
            operations: worlds::place(7, 1.0).to_string(),
            inverses: worlds::place(7, 0.0).to_string(),
            grants: Vec::new(),
            ends_draft: None,
        };
        let asked = Instant::now();
        store.append(&[("yard".to_owned(), batch)])?;
        took.push(asked.elapsed());
    }
    println!("bare SQLite, one transaction per change: {}", case(took, began.elapsed()));
    Ok(())
}

fn key(number: usize) -> [u8; 32] {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&(number as u64 + 1).to_le_bytes());
    key
}

async fn serve(
    source: WorldSource,
    builders: usize,
) -> anyhow::Result<(Server, tempfile::TempDir)> {
    let folder = tempfile::tempdir()?;
    let mut store = Kept::open(folder.path())?.into_store();
    for number in 0..builders {
        let account = vivarium_host::building::roles::account_of(&key(number));
        let name = String::new();
        store.grant(&Grant { account, world: None, role: Role::Builder, name })?;
    }
    let config = ServerConfig { data: folder.path().to_owned(), ..ServerConfig::on_free_port() };
    Ok((Server::start_kept(config, vec![source], store).await?, folder))
}

/// Builders who move a thing of their own, one change after the other, or at a rate.
async fn keep(ticks_per_s: u16, builders: usize, rate: Option<f64>) -> anyhow::Result<Case> {
    let (server, _folder) = serve(worlds::yard(200, ticks_per_s)?, builders).await?;
    let address = server.address();
    let began = Instant::now();
    let mut all = JoinSet::new();
    for number in 0..builders {
        all.spawn(async move {
            let mut connection = Connection::open(address, &key(number)).await?;
            let mut took = Vec::new();
            let mut due = Instant::now();
            while began.elapsed() < SPAN {
                let body = serde_json::json!({
                    "operations": worlds::place(10 + number as u32, took.len() as f32 * 0.01),
                });
                let asked = Instant::now();
                let status = connection.post("/api/worlds/yard/operations", &body).await?;
                match status {
                    200 => took.push(asked.elapsed()),
                    // More than an account may do: a moment later it may again.
                    429 => tokio::time::sleep(Duration::from_millis(5)).await,
                    other => anyhow::bail!("status {other}"),
                }
                if let Some(rate) = rate {
                    due += Duration::from_secs_f64(1.0 / rate);
                    tokio::time::sleep_until(due.into()).await;
                }
            }
            Ok(took)
        });
    }
    let mut took = Vec::new();
    while let Some(more) = all.join_next().await {
        took.extend(more??);
    }
    let case = case(took, began.elapsed());
    server.shutdown().await;
    Ok(case)
}

/// From nothing to the first tick of a large world, and the memory that it takes beyond that of a
/// small one.
async fn open() -> anyhow::Result<()> {
    // The first brings along what the process has only once.
    let (first, _) = opened(SMALL).await?;
    let (second, small) = opened(SMALL).await?;
    let (third, large) = opened(OBJECTS).await?;
    let more = large.bytes.saturating_sub(small.bytes) as f64;
    println!(
        "{OBJECTS} objects ({:.1} MB of JSON): {:.0} ms to read and check the document, {:.0} ms \
         from there to the first tick; {:.0} B of memory per object",
        large.json as f64 / 1e6,
        large.read.as_secs_f64() * 1e3,
        large.to_first_tick.as_secs_f64() * 1e3,
        more / f64::from(OBJECTS - SMALL),
    );
    // Until now, since the next would get the memory of the last.
    for (server, _folder) in [first, second, third] {
        server.shutdown().await;
    }
    Ok(())
}

struct Opened {
    json: usize,
    read: Duration,
    to_first_tick: Duration,
    /// By how much the process has grown.
    bytes: usize,
}

async fn opened(objects: u32) -> anyhow::Result<((Server, tempfile::TempDir), Opened)> {
    let before = memory_bytes()?;
    let began = Instant::now();
    let source = worlds::yard(objects, 30)?;
    let (json, read) = (source.json.len(), began.elapsed());
    let began = Instant::now();
    let server = serve(source, 1).await?;
    let to_first_tick = began.elapsed();
    let bytes = memory_bytes()?.saturating_sub(before);
    Ok((server, Opened { json, read, to_first_tick, bytes }))
}

/// Resident memory of this process.
fn memory_bytes() -> anyhow::Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kib: usize = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}
