//! The scenario *crowd* in Vivarium, in `bevy_replicon`, in `naia` and without any replication.
//!
//! N walking avatars, all mutually visible, N clients, 20 snapshots per second, a link in memory
//! that delivers at once and loses nothing, acknowledgements that arrive one to five ticks later.
//! Each case runs in a process of its own. The table goes to standard output, the figures as JSON to
//! a file, progress to standard error. `make bench-peers` builds and runs this.

mod measure;
mod naia;
mod plain;
mod replicon;
mod table;
mod vivarium;
mod walk;

use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};
use clap::{Parser, ValueEnum};

use measure::{Figures, Span};
use replicon::{Layout, Replicon};

/// Runs the crowd scenario in several replication libraries and prints a table.
#[derive(Parser)]
struct Arguments {
    /// Avatars, and clients.
    #[arg(long, value_delimiter = ',', default_value = "100,300,1000")]
    people: Vec<usize>,
    /// Which libraries.
    #[arg(long, value_delimiter = ',', value_enum, default_values_t = Library::value_variants().to_vec())]
    libraries: Vec<Library>,
    /// Where to write the figures.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Runs the one case that is asked for in this process, and prints its figures as JSON.
    #[arg(long, hide = true)]
    one: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Library {
    Plain,
    Vivarium,
    Replicon,
    RepliconParted,
    Naia,
}

impl Library {
    /// How long a case runs: long enough for turns to even out, and where a tick takes seconds,
    /// short enough to be waited for.
    fn span(self, people: usize) -> Span {
        let (warm_up, measured) = match (self, people) {
            (Self::Naia, 600..) => (6, 6),
            (Self::Naia, 200..) => (20, 30),
            (Self::Replicon | Self::RepliconParted, 600..) => (12, 20),
            (_, 600..) => (60, 100),
            _ => (60, 200),
        };
        Span { warm_up, measured }
    }

    fn run(self, people: usize) -> Result<Figures> {
        let span = self.span(people);
        match self {
            Self::Plain => measure::run(people, span, |crowd| Ok(plain::Plain::start(crowd))),
            Self::Vivarium => measure::run(people, span, vivarium::Vivarium::start),
            Self::Replicon => {
                measure::run(people, span, |crowd| Ok(Replicon::start(crowd, Layout::Whole)))
            }
            Self::RepliconParted => {
                measure::run(people, span, |crowd| Ok(Replicon::start(crowd, Layout::Parted)))
            }
            Self::Naia => measure::run(people, span, naia::Naia::start),
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// A library with the version that is locked.
fn versioned(package: &str) -> String {
    let after =
        include_str!("../Cargo.lock").split(&format!("name = \"{package}\"\nversion = \"")).nth(1);
    let version = after.and_then(|rest| rest.split('"').next()).unwrap_or("?");
    format!("{package} {version}")
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let cases: Vec<(usize, Library)> = arguments
        .people
        .iter()
        .flat_map(|people| arguments.libraries.iter().map(|library| (*people, *library)))
        .collect();
    if arguments.one {
        let (people, library) = *cases.first().context("one case is asked for")?;
        println!("{}", serde_json::to_string(&library.run(people)?)?);
        return Ok(());
    }
    let mut all = Vec::new();
    for (index, (people, library)) in cases.iter().enumerate() {
        eprintln!("[{}/{}] {} with {people} x {people}", index + 1, cases.len(), library.name());
        all.push(apart(*people, *library)?);
    }
    println!("{}", table::markdown(&all));
    if let Some(path) = arguments.json {
        std::fs::write(&path, serde_json::to_string_pretty(&all)?)
            .with_context(|| format!("{} can be written", path.display()))?;
        eprintln!("figures: {}", path.display());
    }
    Ok(())
}

/// Runs a case in a process of its own, so that its peak memory is its own too.
fn apart(people: usize, library: Library) -> Result<Figures> {
    let this = std::env::current_exe().context("this program knows where it is")?;
    let output = Command::new(this)
        .args(["--one", "--people", &people.to_string(), "--libraries", &library.name()])
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("this program can start itself")?;
    ensure!(output.status.success(), "{} with {people} failed", library.name());
    serde_json::from_slice(&output.stdout).context("a case prints its figures")
}
