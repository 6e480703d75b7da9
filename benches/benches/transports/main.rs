//! What a connection costs on each transport: a session of ours beside a bare loop on the same library.
//!
//! `cargo bench -p vivarium-benches --bench transports [-- TRANSPORT [CONNECTIONS [SECONDS]]]`
//!
//! The server is this process, the clients are another one, so that the time of this process is the
//! server's alone, the kernel's part included. Both servers get the same: every client is sent one
//! message of so many bytes 20 times a second, on one lane, and sends an acknowledgement of 12 bytes
//! as often. What is divided by is what arrived.

mod bare;
mod clients;
mod ours;
mod process;

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Result, anyhow, bail};
use bytes::Bytes;
use clap::ValueEnum;
use vivarium_bots::road::Transport;

use crate::{clients::Clients, process::cpu_time};

/// Messages per second to each client.
const PER_S: u64 = 20;
/// Bytes of the messages: a small frame, and one that fills a datagram.
const SIZES: [usize; 2] = [300, 1_100];

/// A lane of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    Latest,
    Reliable,
}

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Ours: adapter, driver, session, outbox.
    Session,
    /// A loop over the library, as tuned as ours.
    Bare,
    /// The same with the library's defaults where it is tuned: acknowledgements of QUIC.
    Untuned,
}

/// What the server is to send.
#[derive(Clone, Copy, Debug)]
struct Load {
    lane: Lane,
    bytes: usize,
}

impl Load {
    /// A message. Nothing in it can be read, which nobody tries.
    fn message(self) -> Bytes {
        Bytes::from(vec![0xA5; self.bytes])
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Runtime::new()?;
    match arguments.as_slice() {
        ["clients", rest @ ..] => runtime.block_on(clients::run(rest)),
        ["cost", kind, transport, lane, rest @ ..] if rest.len() == 3 => {
            let lane = if *lane == "Reliable" { Lane::Reliable } else { Lane::Latest };
            let load = Load { lane, bytes: rest[0].parse()? };
            let kind = match *kind {
                "Session" => Kind::Session,
                "Bare" => Kind::Bare,
                _ => Kind::Untuned,
            };
            let (count, seconds) = (rest[1].parse()?, rest[2].parse()?);
            let cost = cost_us(kind, named(transport)?, load, count, seconds);
            println!("{}", runtime.block_on(cost)?);
            Ok(())
        }
        ["idle", transport, count] => {
            let (per_s, kib) = runtime.block_on(idle(named(transport)?, count.parse()?))?;
            println!("{per_s:.0} | {kib:.0}");
            Ok(())
        }
        [] => measure(&Transport::ALL, &[200, 500], 4),
        [name, rest @ ..] if rest.len() < 3 => {
            let connections = rest.first().map_or(Ok(200), |text| text.parse())?;
            let seconds = rest.get(1).map_or(Ok(4), |text| text.parse())?;
            measure(&[named(name)?], &[connections], seconds)
        }
        _ => bail!("usage: transports [TRANSPORT] [CONNECTIONS] [SECONDS]"),
    }
}

fn named(transport: &str) -> Result<Transport> {
    Transport::from_str(transport, true).map_err(|error| anyhow!(error))
}

/// Each figure comes from a process of its own, so that nothing of another one is still under way.
fn alone(arguments: &[String]) -> Result<String> {
    let output = Command::new(std::env::current_exe()?)
        .args(arguments)
        .env("RUST_BACKTRACE", "0")
        .stderr(Stdio::inherit())
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn measure(transports: &[Transport], counts: &[usize], seconds: u64) -> Result<()> {
    let cost = |kind: Kind, transport: Transport, load: Load, count: usize| {
        let Load { lane, bytes } = load;
        let words = [format!("{kind:?}"), format!("{transport:?}"), format!("{lane:?}")];
        let numbers = [bytes.to_string(), count.to_string(), seconds.to_string()];
        let arguments = [&["cost".to_owned()][..], &words, &numbers].concat();
        anyhow::Ok(alone(&arguments)?.parse::<f64>().unwrap_or(f64::NAN))
    };
    println!("| transport | lane | clients | bytes | bare, µs | session, µs | ratio |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    for &transport in transports {
        for &count in counts {
            for lane in [Lane::Latest, Lane::Reliable] {
                for bytes in SIZES {
                    let load = Load { lane, bytes };
                    let bare = cost(Kind::Bare, transport, load, count)?;
                    let ours = cost(Kind::Session, transport, load, count)?;
                    println!(
                        "| {transport:?} | {lane:?} | {count} | {bytes} | {bare:.1} | {ours:.1} | {:.2} |",
                        ours / bare
                    );
                }
            }
        }
    }
    let load = Load { lane: Lane::Latest, bytes: SIZES[0] };
    let over_quic = [Transport::Quic, Transport::Webtransport];
    for &transport in transports.iter().filter(|transport| over_quic.contains(transport)) {
        let untuned = cost(Kind::Untuned, transport, load, counts[0])?;
        let tuned = cost(Kind::Bare, transport, load, counts[0])?;
        println!(
            "{transport:?}: {untuned:.1} µs with the acknowledgements that clients send by \
             themselves, {tuned:.1} µs with those that they are asked for"
        );
    }
    println!();
    println!("| transport | connections per second | idle, KiB each |");
    println!("|---|---:|---:|");
    for &transport in transports {
        let count = if transport == Transport::Webrtc { 200 } else { 1_000 };
        let line = alone(&["idle".to_owned(), format!("{transport:?}"), count.to_string()])?;
        println!("| {transport:?} | {line} |");
    }
    Ok(())
}

/// A server that sends, and where it is.
struct Serving {
    roads: vivarium_bots::road::Server,
    /// Ends it.
    task: tokio::task::AbortHandle,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(kind: Kind, transport: Transport, load: Option<Load>) -> Result<Serving> {
    match kind {
        Kind::Session => ours::serve(transport, load).await,
        Kind::Bare => bare::serve(transport, load, true).await,
        Kind::Untuned => bare::serve(transport, load, false).await,
    }
}

/// Microseconds of the server's time for each message that arrived.
async fn cost_us(
    kind: Kind,
    transport: Transport,
    load: Load,
    count: usize,
    seconds: u64,
) -> Result<f64> {
    let serving = serve(kind, transport, Some(load)).await?;
    let mut clients = Clients::start(transport, &serving.roads, count)?;
    clients.connected().await?;
    // Warm up: buffers grow, and windows open.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (time, arrived) = (cpu_time()?, clients.arrived(load.lane).await?);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let (time, arrived) = (cpu_time()? - time, clients.arrived(load.lane).await? - arrived);
    let wanted = count as u64 * PER_S * seconds;
    if arrived < wanted * 9 / 10 {
        eprintln!("{kind:?} {transport:?} {load:?}: only {arrived} of {wanted} arrived");
    }
    Ok(time.as_secs_f64() * 1e6 / arrived.max(1) as f64)
}

/// Connections per second, and KiB of each that does nothing.
async fn idle(transport: Transport, count: usize) -> Result<(f64, f64)> {
    let serving = serve(Kind::Session, transport, None).await?;
    // What the first ones need is needed once.
    let mut first = Clients::start(transport, &serving.roads, 20)?;
    first.connected().await?;
    let before = process::memory_bytes()?;
    let mut clients = Clients::start(transport, &serving.roads, count)?;
    let took = clients.connected().await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let bytes = process::memory_bytes()?.saturating_sub(before);
    Ok((count as f64 / took.as_secs_f64(), bytes as f64 / 1_024.0 / count as f64))
}
