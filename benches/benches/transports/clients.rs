//! The clients, in a process of their own.

use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::Semaphore,
    task::JoinSet,
};
use vivarium_bots::road::{Came, LATEST, RELIABLE, Road, Server, Transport};
use vivarium_protocol::{
    intent::{ClientLatest, ClientMessage, Hello, Look},
    snapshot::packet::Ack,
    wire,
};

use crate::{Lane, PER_S};

/// Handshakes at once.
const CONNECTING_MAX: usize = 16;
/// Reliable messages after which a client says that it has them.
const TAKEN_EVERY: u32 = 32;

/// The other process. It ends with this.
pub struct Clients {
    _child: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
    began: Instant,
}

impl Clients {
    pub fn start(transport: Transport, roads: &Server, count: usize) -> Result<Self> {
        let name = transport.to_possible_value().context("a name")?.get_name().to_owned();
        let hashes = roads.certificate_hashes.iter().flatten();
        let mut child = Command::new(std::env::current_exe()?)
            .arg("clients")
            .args([&name, &roads.authority, &roads.websocket_url, &roads.webtransport_url])
            .arg(roads.udp.map_or_else(String::new, |udp| udp.to_string()))
            .arg(hashes.map(|byte| format!("{byte:02x}")).collect::<String>())
            .arg(count.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let to = child.stdin.take().context("its input")?;
        let from = BufReader::new(child.stdout.take().context("its output")?).lines();
        Ok(Self { _child: child, to, from, began: Instant::now() })
    }

    /// Waits until all are in; gives how long that took.
    pub async fn connected(&mut self) -> Result<Duration> {
        let ready = self.from.next_line().await?;
        if ready.as_deref() != Some("ready") {
            bail!("the clients did not get in: {ready:?}");
        }
        Ok(self.began.elapsed())
    }

    /// Messages that have arrived so far.
    pub async fn arrived(&mut self, lane: Lane) -> Result<u64> {
        self.to.write_all(format!("{lane:?}\n").as_bytes()).await?;
        let answer = self.from.next_line().await?.context("the clients have ended")?;
        Ok(answer.parse()?)
    }
}

#[derive(Default)]
struct Arrived {
    latest: AtomicU64,
    reliable: AtomicU64,
}

/// The other process's whole life.
pub async fn run(arguments: &[&str]) -> Result<()> {
    let [transport, authority, websocket, webtransport, udp, hash, count] = arguments else {
        bail!("started by hand");
    };
    let transport =
        Transport::from_str(transport, false).map_err(|error| anyhow::anyhow!(error))?;
    let mut digest = [0; 32];
    for (index, byte) in digest.iter_mut().enumerate().filter(|_| !hash.is_empty()) {
        *byte = u8::from_str_radix(&hash[2 * index..2 * index + 2], 16)?;
    }
    let roads = Arc::new(Server {
        authority: (*authority).to_owned(),
        local: [127, 0, 0, 1].into(),
        websocket_url: (*websocket).to_owned(),
        webtransport_url: (*webtransport).to_owned(),
        udp: if udp.is_empty() { None } else { Some(udp.parse()?) },
        webrtc: None,
        certificate_hashes: vec![digest],
    });
    let arrived = Arc::new(Arrived::default());
    let connecting = Arc::new(Semaphore::new(CONNECTING_MAX));
    let mut coming = JoinSet::new();
    for _ in 0..count.parse()? {
        let (roads, arrived, connecting) = (roads.clone(), arrived.clone(), connecting.clone());
        coming.spawn(async move {
            let permit = connecting.acquire().await?;
            let mut road = Road::connect(transport, &roads).await?;
            road.send(RELIABLE, &wire::encode_hello(&hello())).await?;
            drop(permit);
            tokio::spawn(live(road, arrived));
            anyhow::Ok(())
        });
    }
    while let Some(came) = coming.join_next().await {
        came??;
    }
    println!("ready");
    let mut questions = BufReader::new(tokio::io::stdin()).lines();
    while let Some(question) = questions.next_line().await? {
        let count = if question == "Latest" { &arrived.latest } else { &arrived.reliable };
        println!("{}", count.load(Relaxed));
    }
    Ok(())
}

fn hello() -> Hello {
    let look = Look { body: [0; 3], accent: [0; 3] };
    Hello { world: String::new(), name: "Ana".into(), look, ticket: None, resume: None, key: None }
}

/// Counts what comes, and acknowledges 20 times a second.
async fn live(mut road: Road, arrived: Arc<Arrived>) {
    let latest = ClientLatest {
        ack: Ack { newest: 70_000, before: [u32::MAX, 0] },
        first_tick: 0,
        inputs: Vec::new(),
        tracked: None,
    };
    let latest = wire::encode(&latest);
    // Not before the handshake is over, which a bare server knows nothing of.
    let start = tokio::time::Instant::now() + Duration::from_secs(1);
    let mut ticks = tokio::time::interval_at(start, Duration::from_millis(1_000 / PER_S));
    let mut taken = 0;
    loop {
        tokio::select! {
            came = road.receive() => match came {
                Came::Message(RELIABLE, bytes) => {
                    arrived.reliable.fetch_add(1, Relaxed);
                    // `Accepted` and `Taken`, which have no number, are far shorter.
                    taken += u32::from(bytes.len() >= 300);
                    if taken > 0 && taken % TAKEN_EVERY == 0 {
                        let taken = wire::encode(&ClientMessage::Taken { count: taken });
                        let _ = road.send(RELIABLE, &taken).await;
                    }
                }
                Came::Message(..) => {
                    arrived.latest.fetch_add(1, Relaxed);
                }
                Came::Nonsense => {}
                Came::End => return,
            },
            // A connection that has ended tells so above.
            _ = ticks.tick() => drop(road.send(LATEST, &latest).await),
        }
    }
}
