//! `cargo xtask tidy`: checks that the repository keeps to its design.
//!
//! Owns the rules that neither compiler nor linter knows: which room may import which, how long a
//! file and a function may be, which names and words have no place here.

mod edges;
mod files;
mod rust;
mod typescript;

use std::{fmt, path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};

/// Something that must not be, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    /// Relative to the root of the repository.
    path: String,
    /// Counted from 1; 0 when the whole file or folder is meant.
    line: usize,
    what: String,
}

impl Violation {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tidy"] => tidy(),
        _ => bail!("usage: cargo xtask tidy"),
    }
}

fn tidy() -> Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let root = root.context("xtask lies in tools/xtask")?;
    let mut violations = edges::check(&edges::of_workspace(root)?);
    let sources = files::read(root)?;
    for source in &sources {
        violations.extend(files::check(source));
    }
    violations.sort();
    violations.dedup();
    for violation in &violations {
        println!("{violation}");
    }
    if violations.is_empty() {
        println!("tidy: {} source files keep to the design", sources.len());
        Ok(ExitCode::SUCCESS)
    } else {
        println!("tidy: {} violations", violations.len());
        Ok(ExitCode::FAILURE)
    }
}
