//! `vivarium-bots`: walks many protocol clients through a world and prints what they saw.

use std::{process::ExitCode, time::Duration};

use anyhow::Result;
use clap::Parser;
use vivarium_bots::{
    road::Transport,
    run::{Settings, run},
    walk::Behaviour,
};

/// Walks many protocol clients through a world and prints what they saw.
///
/// The exit status is 1 when any bot failed to join, was cut off, or met a message that it could
/// not decode.
#[derive(Debug, Parser)]
#[command(name = "vivarium-bots", version)]
struct Arguments {
    /// Address of the server
    #[arg(long, value_name = "http://HOST:PORT", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// World to enter; the server's first when not given
    #[arg(long, value_name = "NAME", default_value = "")]
    world: String,
    /// Number of bots
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    count: u32,
    /// How they connect
    #[arg(long, value_enum, default_value_t = Transport::Websocket, conflicts_with = "mix")]
    transport: Transport,
    /// All transports, by turns
    #[arg(long)]
    mix: bool,
    /// How long they walk after the last has joined
    #[arg(long, value_name = "S", default_value_t = 10)]
    seconds: u64,
    /// What they do
    #[arg(long, value_enum, default_value_t = Behaviour::Wander)]
    behaviour: Behaviour,
    /// Seed of their minds: the same seed gives the same decisions
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads that drive the bots
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    /// Print one JSON object instead of a table; rates are those of one bot, on average
    #[arg(long)]
    json: bool,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let settings = Settings {
        url: arguments.url,
        transports: match arguments.mix {
            true => Transport::ALL.into(),
            false => vec![arguments.transport],
        },
        world: arguments.world,
        count: arguments.count,
        duration: Duration::from_secs(arguments.seconds),
        behaviour: arguments.behaviour,
        seed: arguments.seed,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(usize::from(arguments.threads))
        .enable_all()
        .build()?;
    let tally = runtime.block_on(run(&settings))?;
    let report = tally.report();
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{report}");
    }
    Ok(if tally.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
