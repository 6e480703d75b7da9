//! Runs a recording again, without sockets and without a clock.

use std::{
    io::{Read, Write},
    sync::Arc,
};

use vivarium_contract::{CLIENT_BYTES_PER_S, Digest, WorldInput, WorldSpec};
use vivarium_scene::load::{self, DocumentError};
use vivarium_world::WorldError;

use crate::{
    limits::RECORDED_WORLDS_MAX,
    recording::{ReadError, Record, Records},
    world_thread::{Ticking, WorldEnd},
};

/// Why a replay failed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The recording cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A document in it is wrong.
    #[error("the document of world {world}: {error}")]
    Document {
        /// Number of the world.
        world: u16,
        /// What is wrong.
        error: DocumentError,
    },
    /// A world cannot be built.
    #[error("world {world}: {error}")]
    World {
        /// Number of the world.
        world: u16,
        /// What is wrong.
        error: WorldError,
    },
    /// A record speaks of a world or tick that cannot be.
    #[error("the recording contradicts itself: {0}")]
    Contradiction(String),
    /// The replay went another way than what was recorded.
    #[error(
        "world {name} differs at tick {tick}: the recording says {recorded}, the replay {replayed}; \
         the last tick known to be equal is {equal}"
    )]
    Differs {
        /// Name of the world.
        name: String,
        /// The checkpoint.
        tick: u32,
        /// State as it was recorded.
        recorded: Digest,
        /// State as it was replayed.
        replayed: Digest,
        /// The checkpoint before it.
        equal: u32,
    },
}

/// Where a replay ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The worlds, in the order of the recording.
    pub worlds: Vec<WorldEnd>,
    /// Whether the recording has its end.
    pub is_complete: bool,
    /// Checkpoints that were compared.
    pub checkpoints: u32,
}

/// The states of several worlds in one number.
pub fn combined(worlds: &[WorldEnd]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    for world in worlds {
        hasher.update(&world.digest.0);
    }
    Digest(*hasher.finalize().as_bytes())
}

/// Prints one line per world, and the combined digest as the last line.
pub fn print(worlds: &[WorldEnd], out: &mut impl Write) -> std::io::Result<()> {
    for world in worlds {
        writeln!(out, "world {} tick {} digest {}", world.name, world.tick, world.digest)?;
    }
    writeln!(out, "digest {}", combined(worlds))?;
    out.flush()
}

struct Track<W> {
    json: Vec<u8>,
    running: Option<Running<W>>,
}

struct Running<W> {
    spec: WorldSpec,
    simulation: W,
    /// Inputs of the tick after the last one that was run.
    inputs: Vec<WorldInput>,
    inputs_tick: u32,
    equal: u32,
}

/// Runs every record; `progress` is told the position in bytes after each.
pub fn replay<W: Ticking, R: Read>(
    mut records: Records<R>,
    mut progress: impl FnMut(u64),
) -> Result<Replayed, ReplayError> {
    let mut tracks: Vec<Track<W>> = Vec::new();
    let mut is_complete = false;
    let mut checkpoints = 0;
    while let Some(record) = records.read()? {
        match record {
            Record::Document { world, part } => take_document(&mut tracks, world, &part)?,
            Record::Inputs { world, tick, inputs } => {
                let running = running(&mut tracks, world)?;
                running.take_inputs(world, tick, inputs)?;
            }
            Record::Checkpoint { world, tick, digest } => {
                running(&mut tracks, world)?.check(world, tick, digest)?;
                checkpoints += 1;
            }
            Record::Restarted { world } => {
                let track = running(&mut tracks, world)?;
                *track = Running::start(world, track.spec.clone())?;
            }
            Record::Complete => {
                is_complete = true;
                break;
            }
        }
        progress(records.position());
    }
    let mut worlds = Vec::new();
    for world in 0..tracks.len() {
        let running = running(&mut tracks, world as u16)?;
        running.run_pending();
        worlds.push(WorldEnd {
            name: running.spec.document.name.clone(),
            tick: running.simulation.tick_number(),
            digest: running.simulation.digest(),
        });
    }
    Ok(Replayed { worlds, is_complete, checkpoints })
}

fn take_document<W>(
    tracks: &mut Vec<Track<W>>,
    world: u16,
    part: &[u8],
) -> Result<(), ReplayError> {
    let index = usize::from(world);
    if index == tracks.len() && index < RECORDED_WORLDS_MAX {
        tracks.push(Track { json: Vec::new(), running: None });
    }
    let contradiction =
        || ReplayError::Contradiction(format!("a document of world {world} is out of place"));
    let track = tracks.get_mut(index).ok_or_else(contradiction)?;
    if track.running.is_some()
        || track.json.len() + part.len() > vivarium_scene::limits::DOCUMENT_BYTES_MAX
    {
        return Err(contradiction());
    }
    track.json.extend_from_slice(part);
    Ok(())
}

/// The world of a number, which is built when it is first needed.
fn running<W: Ticking>(
    tracks: &mut [Track<W>],
    world: u16,
) -> Result<&mut Running<W>, ReplayError> {
    let track = tracks
        .get_mut(usize::from(world))
        .ok_or_else(|| ReplayError::Contradiction(format!("world {world} has no document")))?;
    if track.running.is_none() {
        let document =
            load::from_json(&track.json).map_err(|error| ReplayError::Document { world, error })?;
        let document_url = format!("/worlds/{}.json", document.name);
        let spec = WorldSpec {
            document: Arc::new(document),
            document_url,
            client_bytes_per_s_max: CLIENT_BYTES_PER_S,
        };
        track.running = Some(Running::start(world, spec)?);
    }
    Ok(track.running.as_mut().expect("it was started above"))
}

impl<W: Ticking> Running<W> {
    fn start(world: u16, spec: WorldSpec) -> Result<Self, ReplayError> {
        let simulation = W::build(&spec).map_err(|error| ReplayError::World { world, error })?;
        Ok(Self { spec, simulation, inputs: Vec::new(), inputs_tick: 0, equal: 0 })
    }

    fn take_inputs(
        &mut self,
        world: u16,
        tick: u32,
        inputs: Vec<WorldInput>,
    ) -> Result<(), ReplayError> {
        if self.inputs_tick != tick || tick == 0 {
            self.run_pending();
            self.run_to(world, tick.saturating_sub(1))?;
            if self.simulation.tick_number() + 1 != tick {
                return Err(went_back(world, tick));
            }
            self.inputs_tick = tick;
        }
        self.inputs.extend(inputs);
        Ok(())
    }

    /// Runs the tick for which there are inputs.
    fn run_pending(&mut self) {
        if self.inputs_tick == self.simulation.tick_number() + 1 {
            let inputs = std::mem::take(&mut self.inputs);
            self.simulation.tick(inputs, &mut Vec::new(), &mut |_| {});
        }
    }

    /// Runs ticks without inputs.
    fn run_to(&mut self, world: u16, tick: u32) -> Result<(), ReplayError> {
        if tick < self.simulation.tick_number() {
            return Err(went_back(world, tick));
        }
        let mut outputs = Vec::new();
        while self.simulation.tick_number() < tick {
            self.simulation.tick(Vec::new(), &mut outputs, &mut |_| {});
            outputs.clear();
        }
        Ok(())
    }

    fn check(&mut self, world: u16, tick: u32, recorded: Digest) -> Result<(), ReplayError> {
        self.run_pending();
        self.run_to(world, tick)?;
        let replayed = self.simulation.digest();
        if replayed != recorded {
            let name = self.spec.document.name.clone();
            return Err(ReplayError::Differs { name, tick, recorded, replayed, equal: self.equal });
        }
        self.equal = tick;
        Ok(())
    }
}

fn went_back(world: u16, tick: u32) -> ReplayError {
    ReplayError::Contradiction(format!("world {world} goes back to tick {tick}"))
}

#[cfg(test)]
mod tests;
