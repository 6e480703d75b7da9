//! Writes the packets of a crowd, for `npm run bench:decode`: `crowd_stream FILE PEOPLE TICKS`.

use std::{env, fs};

use anyhow::{Context, Result};
use vivarium_protocol_gen::streams;

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let mut next = |what: &str| arguments.next().with_context(|| format!("{what} is missing"));
    let file = next("the file")?;
    let people = next("the number of people")?.parse()?;
    let ticks = next("the number of ticks")?.parse()?;
    let bytes = streams::crowd(people, ticks);
    fs::write(&file, &bytes).with_context(|| format!("writing {file}"))?;
    println!("{} bytes for {people} people and {ticks} ticks", bytes.len());
    Ok(())
}
