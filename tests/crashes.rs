//! Servers that are killed while people build in them: what was told to be kept is there, nothing is
//! there by half, and what is served is what the log says.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, RandomState},
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    task::JoinSet,
};
use vivarium_contract::{editing::Role, saving::SavedPose};
use vivarium_host::{
    building::upkeep::SnapshotLimits, config::ServerConfig, kept::Kept, server::Server,
    worlds::WorldSource,
};
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::{load, operation::PLACEHOLDERS, scene::Scene};
use vivarium_store::{
    adapters::sqlite::{self, SqliteStore},
    port::{Grant, WorldStore},
};

use crate::{
    building::{Builder, account, document, height_m, names, post_at},
    harness::{socket::worlds, until},
    versions::{kept_and_replayed, ok},
};

/// Tells the process of a test that it is the server.
const SERVES: &str = "VIVARIUM_BUILDING_SERVES";
/// Set to how many rounds there are.
const ROUNDS: &str = "VIVARIUM_CRASH_ROUNDS";
/// Set to what decides when servers are killed, to see the same again.
const SEED: &str = "VIVARIUM_CRASH_SEED";
/// When a server is killed: so long after people begin to build, milliseconds.
const KILLED_AFTER_MS: std::ops::RangeInclusive<u32> = 50..=1_500;
pub const CLIENTS: u8 = 5;
/// Ends the name of the second thing of a batch.
const HALF: &str = "-half";

/// A number out of the environment.
fn set<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_told_that_a_change_is_kept_finds_it_after_a_crash() -> anyhow::Result<()> {
    if let Some(data) = std::env::var_os(SERVES) {
        return serve(Path::new(&data)).await;
    }
    let rounds: u32 = set(ROUNDS).unwrap_or(10);
    let seed: u64 = set(SEED).unwrap_or_else(|| RandomState::new().hash_one(0));
    println!("the same again: {SEED}={seed}");
    let mut chances = ChaCha8Rng::seed_from_u64(seed);
    let data = tempfile::tempdir()?;
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut snapshots = BTreeSet::new();
    let mut kept = None;
    for round in 0..rounds {
        let place = || format!("round {round} of {SEED}={seed}");
        let (mut process, address) = start(data.path()).await?;
        check(address, &told, kept.as_ref()).await.with_context(place)?;
        let is_over = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            clients.spawn(keep_building(address, round, client, is_over.clone()));
        }
        // The moment of the kill is the point of the test; it differs from round to round.
        let (first, last) = KILLED_AFTER_MS.into_inner();
        let moment = first + chances.next_u32() % (last - first + 1);
        tokio::time::sleep(Duration::from_millis(moment.into())).await;
        process.kill().await?;
        is_over.store(true, Ordering::Release);
        while let Some(more) = clients.join_next().await {
            told.extend(more?);
        }
        let mut store = SqliteStore::open(data.path())?;
        // Killed so early, it may have kept nothing yet.
        if told.is_empty() && store.load("here")?.is_none() {
            continue;
        }
        let (stored, replayed) = kept_and_replayed(&mut store).with_context(place)?;
        snapshots.insert(stored.revision);
        kept = Some(replayed);
    }
    let (mut process, address) = start(data.path()).await?;
    check(address, &told, kept.as_ref()).await?;
    process.kill().await?;
    ensure!(snapshots.len() > rounds as usize / 2, "snapshots were made at {snapshots:?} only");
    ensure!(told.len() > rounds as usize * 5, "only {} changes were kept", told.len());
    Ok(())
}

/// That test as a server of its own.
async fn serve(data: &Path) -> anyhow::Result<()> {
    // Snapshots are made all the time, so that many a kill falls into one.
    let snapshots = SnapshotLimits {
        batches: 7,
        bytes: u64::MAX,
        every: Duration::from_millis(20),
        looks: None,
    };
    let config = ServerConfig { data: data.to_owned(), snapshots, ..ServerConfig::on_free_port() };
    let mut kept = Kept::open(data)?;
    let sources = restored(&mut kept)?;
    let mut store = kept.into_store();
    for client in 0..CLIENTS {
        let (account, name) = (account(client + 1), String::new());
        store.grant(&Grant { account, world: None, role: Role::Builder, name })?;
    }
    let server = Server::start_kept(config, sources, store).await?;
    println!("\naddress {}", server.address());
    std::future::pending().await
}

/// The worlds as they were left.
fn restored(kept: &mut Kept) -> anyhow::Result<Vec<WorldSource>> {
    let sources = worlds().into_iter().map(|source| kept.restored(source));
    Ok(sources.collect::<Result<_, _>>()?)
}

pub async fn start(data: &Path) -> anyhow::Result<(Child, SocketAddr)> {
    start_below(&[], data).await
}

/// As [`start`], by the words of a command that becomes the server.
pub async fn start_below(command: &[&str], data: &Path) -> anyhow::Result<(Child, SocketAddr)> {
    let test = "crashes::whoever_was_told_that_a_change_is_kept_finds_it_after_a_crash";
    let server = std::env::current_exe()?.display().to_string();
    let words = command.iter().copied().chain([server.as_str(), "--exact", test, "--nocapture"]);
    let words: Vec<&str> = words.collect();
    let mut process = Command::new(words[0])
        .args(&words[1..])
        .env(SERVES, data)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(process.stdout.take().context("its output")?).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(address) = line.strip_prefix("address ") {
            return Ok((process, address.parse()?));
        }
    }
    anyhow::bail!("the server did not start")
}

/// What somebody changes at once: the name of what they build, and all of it.
pub fn change(round: u32, client: u8, number: u32) -> (String, Value) {
    let name = format!("{round}-{client}-{number}");
    let mut operations = post_at(f32::from(client), &name);
    let half = json!({ "create": { "object": PLACEHOLDERS + 1, "value": {
        "name": format!("{name}{HALF}") } } });
    // What everybody changes as well: the order of all changes decides how it is.
    let place = json!({ "place": { "object": 3, "position_m": [number, 1, client],
        "rotation": [0, 0, 0, 1], "scale": [1, 1, 1] } });
    let title = json!({ "title": { "title": name, "description": "" } });
    let colour = format!("#{client:02x}{:02x}{:02x}", round % 256, number % 256);
    let paint = json!({ "material": { "name": "paint", "value": { "colour": colour } } });
    operations.as_array_mut().expect("a list").extend([place, title, paint, half]);
    (name, operations)
}

/// Builds until the server is gone; gives what was kept, as it was told.
async fn keep_building(
    address: SocketAddr,
    round: u32,
    client: u8,
    is_over: Arc<AtomicBool>,
) -> BTreeSet<String> {
    let builder = Builder { address, key: format!("{:064x}", client + 1) };
    let mut told = BTreeSet::new();
    // Each at a pace of its own, so that something is being written most of the time.
    let pace = Duration::from_millis(100 + 25 * u64::from(client));
    let mut every = tokio::time::interval(pace);
    for number in 0.. {
        every.tick().await;
        if is_over.load(Ordering::Acquire) {
            break;
        }
        let (name, operations) = change(round, client, number);
        match builder.operations(operations).await {
            Ok((200, _)) => {
                told.insert(name);
            }
            Ok((status, answer)) => panic!("{status}: {answer}"),
            // The server was killed.
            Err(_) => break,
        }
    }
    told
}

/// Whether all that was told is there, nothing by half, and the whole world as the log has it.
pub async fn check(
    address: SocketAddr,
    told: &BTreeSet<String>,
    kept: Option<&Scene>,
) -> anyhow::Result<()> {
    let (document, _) = document(address).await?;
    let names = names(&document);
    let (halves, found): (BTreeSet<&str>, BTreeSet<&str>) = names
        .iter()
        .map(String::as_str)
        .filter(|name| name.contains('-'))
        .partition(|name| name.ends_with(HALF));
    for name in told {
        ensure!(found.contains(name.as_str()), "{name} was kept and is lost");
    }
    let halves: BTreeSet<&str> = halves.iter().filter_map(|half| half.strip_suffix(HALF)).collect();
    let alone: Vec<_> = found.symmetric_difference(&halves).collect();
    ensure!(alone.is_empty(), "half batches: {alone:?}");
    let served = Scene::new(load::from_json(document.to_string().as_bytes())?);
    if let Some(kept) = kept {
        ensure!(served == *kept, "what is served is not what the log says: {document}");
    }
    Ok(())
}

/// Where an object was left, as whoever opens the folder finds it.
fn left(data: &Path, object: u32) -> anyhow::Result<Option<SavedPose>> {
    let sources = restored(&mut Kept::open(data)?)?;
    let here = sources.into_iter().find(|source| source.document.name == "here");
    let poses = here.context("the world")?.poses;
    Ok(poses.into_iter().find(|pose| pose.object == ObjectId(object)))
}

#[tokio::test]
async fn what_was_falling_when_the_server_was_killed_falls_on_from_where_it_was_kept()
-> anyhow::Result<()> {
    const TOP_M: f32 = 30.0;
    let folder = tempfile::tempdir()?;
    let (data, copies) = (folder.path().join("data"), folder.path().join("copies"));
    let (mut process, address) = start(&data).await?;
    let ana = Builder { address, key: format!("{:064x}", 1) };
    let falling = json!([{ "create": { "object": PLACEHOLDERS, "value": {
        "position_m": [0.0, TOP_M, 5.0], "properties": {
            "body": { "kind": "dynamic", "gravity_scale": 0.03 },
            "colliders": [{ "shape": { "ball": { "radius_m": 0.4 } } }] } } } }]);
    ok(ana.operations(falling)).await?;
    // Nobody ends this server in an orderly way: what it keeps now and then is all that there is.
    let found = tokio::time::timeout(Duration::from_secs(60), async {
        let mut every = tokio::time::interval(Duration::from_millis(100));
        for number in 0.. {
            every.tick().await;
            let copy = copies.join(number.to_string());
            std::fs::create_dir_all(&copy)?;
            sqlite::back_up(&data, &copy.join(sqlite::FILE))?;
            if let Some(pose) = left(&copy, 4)?
                && pose.position_m[1] < TOP_M - 0.5
            {
                return Ok(pose);
            }
        }
        anyhow::bail!("it fell for ever")
    });
    let seen = found.await??;
    process.kill().await?;
    let kept = left(&data, 4)?.context("it was kept before the kill")?;
    let y_m = kept.position_m[1];
    ensure!(y_m <= seen.position_m[1] && y_m > 1.0, "{kept:?}");
    ensure!(kept.linear_mps[1] < 0.0, "it was falling: {kept:?}");

    let mut store = Kept::open(&data)?;
    let sources = restored(&mut store)?;
    let config = ServerConfig { data, ..ServerConfig::on_free_port() };
    let server = Server::start_kept(config, sources, store.into_store()).await?;
    let now_m = height_m(&server, 4).await?;
    ensure!(now_m <= y_m + 0.01, "it is at {now_m} m and was left at {y_m} m");
    until("it falls on", async || Ok(height_m(&server, 4).await? <= y_m - 0.1)).await?;
    server.shutdown().await;
    Ok(())
}
