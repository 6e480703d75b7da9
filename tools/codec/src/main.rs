//! `vivarium-codec`: scores the snapshot codec on traces, and captures traces to score it on.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};
use vivarium_codec::{
    capture::capture,
    score::{LAG_MAX, Score, score},
    trace::Trace,
};

/// Scores the snapshot codec on traces, and captures traces to score it on.
#[derive(Debug, Parser)]
#[command(name = "vivarium-codec", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Encode every frame of a trace as one packet, decode it again, compare, and tell the size
    ///
    /// Frame t builds on frame t - LAG and on the frames 2 and 6 before that. A frame of the first
    /// LAG builds on frame 0, which is sent in full. All frames count. Times are averages over the
    /// frames, of the fastest of three passes.
    Score {
        /// The trace
        file: PathBuf,
        /// What the file holds
        #[arg(long, value_enum, default_value_t = Layout::Cubes901)]
        layout: Layout,
        /// Frames from the baseline to the frame that builds on it
        #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=LAG_MAX as i64))]
        lag: u16,
        /// Print one JSON object instead of a table
        #[arg(long)]
        json: bool,
        /// Also encode the plain differences to the same baselines by an adaptive order-0
        /// arithmetic coder, which learns through the whole trace
        #[arg(long)]
        reference: bool,
    },
    /// Write a trace of 901 cubes from a rapier world at 60 Hz
    Capture {
        /// Decides the world; the same seed gives the same trace
        #[arg(long)]
        seed: u64,
        /// How many frames
        #[arg(long, value_name = "M", value_parser = clap::value_parser!(u32).range(1..=100_000))]
        frames: u32,
        /// File to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Layout {
    /// 901 cubes of eight little-endian i32: index of the rotation's largest component, the three
    /// others (0 to 511), position in 1/512 m, interacting
    Cubes901,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Score { file, layout, lag, json, reference } => {
            let Layout::Cubes901 = layout;
            let bytes = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
            let trace = Trace::parse(&bytes).with_context(|| format!("{}", file.display()))?;
            let score = score(&trace, usize::from(lag), reference)?;
            if json {
                println!("{}", serde_json::to_string(&score)?);
            } else {
                print(&score);
            }
        }
        Command::Capture { seed, frames, out } => {
            let trace = capture(seed, frames as usize)?;
            fs::write(&out, trace.to_bytes())
                .with_context(|| format!("writing {}", out.display()))?;
        }
    }
    Ok(())
}

fn print(score: &Score) {
    println!("frames              {:>10}", score.frames);
    println!("bytes per frame     {:>10.1}", score.bytes_per_frame);
    println!("kbit/s at 60 Hz     {:>10.1}", score.kbps_at_60hz);
    println!("bits per changed    {:>10.2}", score.bits_per_changed);
    println!("encode, µs a frame  {:>10.1}", score.encode_us);
    println!("decode, µs a frame  {:>10.1}", score.decode_us);
    println!("lossless            {:>10}", score.lossless);
    if let (Some(order0), Some(ratio)) = (score.order0_bytes_per_frame, score.ratio) {
        println!("order-0, bytes      {order0:>10.1}");
        println!("ratio               {ratio:>10.3}");
    }
}
