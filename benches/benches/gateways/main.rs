//! Gateways before language models: what each adds to an answer, at a rate and at once.
//!
//! `make bench-gateways`. The upstream is a process of its own that answers at once with twenty
//! pieces; whoever asks is this process. Everything runs on the same machine in the same run, one
//! after the other, and the upstream alone is measured before and after.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use clap::Parser;

mod load;
mod peers;
#[path = "../support/redis.rs"]
mod redis_server;
mod upstream;

use load::{Asker, Figures};

/// Answers asked for at once, when it is measured how many there can be.
const AT_ONCE: usize = 32;

/// What is measured.
#[derive(Parser)]
struct Options {
    /// Answers per second; each is measured.
    #[arg(long, value_delimiter = ',', default_values_t = [50, 500])]
    rates: Vec<u32>,
    /// Of each case, seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// The program `litellm`; without it, it is left out.
    #[arg(long)]
    litellm: Option<PathBuf>,
    /// The script of `@portkey-ai/gateway`; without it, it is left out.
    #[arg(long)]
    portkey: Option<PathBuf>,
    /// Cargo gives it; it means nothing here.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some(upstream::ROLE) => runtime()?.block_on(upstream::serve()),
        _ => runtime()?.block_on(measure(&Options::parse())),
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

async fn measure(options: &Options) -> anyhow::Result<()> {
    let upstream = upstream::Child::start().await?;
    let span = Duration::from_secs(options.seconds);
    println!("| who answers | rate | median | p99 | p99.9 | not answered |");
    println!("|---|---:|---:|---:|---:|---:|");
    let direct = || Asker::http(peers::direct(upstream.port));
    case("the upstream alone", &direct()?, options, span).await?;
    case("`Gateway`, in this process", &Asker::own(upstream.port)?, options, span).await?;
    let queued = Asker::queued(upstream.port)?;
    case("the same behind its queue", &queued, options, span).await?;
    let (_server, redis) = redis_server::start().await;
    let shared = Asker::shared(upstream.port, redis)?;
    case("behind a queue in Redis, its worker in this process", &shared, options, span).await?;
    if let Some(program) = &options.litellm {
        let peer = peers::litellm(program, upstream.port).await.context("litellm")?;
        case("litellm", &Asker::http(peer.target.clone())?, options, span).await?;
    }
    if let Some(script) = &options.portkey {
        let peer = peers::portkey(script, upstream.port).await.context("portkey")?;
        case("@portkey-ai/gateway", &Asker::http(peer.target.clone())?, options, span).await?;
    }
    case("the upstream alone, again", &direct()?, options, span).await
}

/// One of them: warm, at each rate, and as many as it can.
async fn case(name: &str, asker: &Asker, options: &Options, span: Duration) -> anyhow::Result<()> {
    let warm = load::at_once(asker, AT_ONCE, Duration::from_secs(2)).await?;
    ensure!(warm.answered() > 0, "{name} answers nothing");
    for rate in &options.rates {
        print(name, &format!("{rate}/s"), &load::at_rate(asker, *rate, span).await?);
    }
    let figures = load::at_once(asker, AT_ONCE, span / 2).await?;
    let per_s = figures.answered() as f64 / (span / 2).as_secs_f64();
    print(name, &format!("{AT_ONCE} at once: {per_s:.0}/s"), &figures);
    Ok(())
}

fn print(name: &str, rate: &str, figures: &Figures) {
    let [median, p99, p999] =
        [0.5, 0.99, 0.999].map(|share| figures.at(share).as_secs_f64() * 1_000.0);
    let failed = figures.failed;
    println!("| {name} | {rate} | {median:.2} ms | {p99:.2} ms | {p999:.2} ms | {failed} |");
}
