//! Recordings: everything that went into the worlds, so that a run can be had again.
//!
//! Format: the magic, the version (`u16`, little-endian), then records, each a length (`u32`,
//! little-endian) and that many bytes, encoded as on the wire. A recording that was not cut short
//! ends with [`Record::Complete`]. Worlds never wait for the disk: when it is too slow, or fails,
//! the recording ends there and the worlds go on.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};

use serde::{Deserialize, Serialize};
use vivarium_contract::{Digest, WorldInput};
use vivarium_protocol::wire;

use crate::{
    limits::{
        DOCUMENT_PART_BYTES_MAX, INPUTS_PER_RECORD_MAX, RECORD_BYTES_MAX, RECORDS_QUEUED_MAX,
    },
    worlds::WorldSource,
};

const MAGIC: [u8; 8] = *b"VIVAREC\n";
const VERSION: u16 = 6;

/// One thing that a recording tells. The order is part of the format: only append.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// A piece of a world's document (JSON). Worlds are numbered from 0, in order.
    Document {
        /// Which world.
        world: u16,
        /// The next bytes of its document.
        part: Vec<u8>,
    },
    /// What went into one tick; several records of one tick go on from each other.
    Inputs {
        /// Which world.
        world: u16,
        /// Which tick.
        tick: u32,
        /// In order.
        inputs: Vec<WorldInput>,
    },
    /// The state after a tick.
    Checkpoint {
        /// Which world.
        world: u16,
        /// Which tick.
        tick: u32,
        /// The state.
        digest: Digest,
    },
    /// The world failed, and starts again from its document.
    Restarted {
        /// Which world.
        world: u16,
    },
    /// Nothing follows, and nothing is missing.
    Complete,
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("cannot read the recording")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("this file is not a Vivarium recording")]
    NotARecording,
    /// It is of another version.
    #[error("the recording is of version {theirs}; this program reads version {VERSION}")]
    Version {
        /// Version in the file.
        theirs: u16,
    },
    /// A record makes no sense.
    #[error("the recording is damaged at byte {at}: {reason}")]
    Damaged {
        /// Where the record begins.
        at: u64,
        /// What is wrong.
        reason: String,
    },
}

/// Hands records to the writer without waiting. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Recorder {
    queue: SyncSender<Vec<u8>>,
    broken: Arc<AtomicBool>,
}

impl Recorder {
    /// The records of one tick's inputs; none when there were none.
    pub fn encode_inputs(&self, world: u16, tick: u32, inputs: &[WorldInput]) -> Vec<Vec<u8>> {
        if self.broken.load(Ordering::Relaxed) {
            return Vec::new();
        }
        inputs
            .chunks(INPUTS_PER_RECORD_MAX)
            .map(|part| wire::encode(&Record::Inputs { world, tick, inputs: part.to_vec() }))
            .collect()
    }

    /// Writes a record.
    pub fn write(&self, record: &Record) {
        self.write_encoded(wire::encode(record));
    }

    /// Writes an encoded record. When the writer is too far behind, the recording ends here: a
    /// hole would make everything after it worthless.
    pub fn write_encoded(&self, record: Vec<u8>) {
        if self.broken.load(Ordering::Relaxed) {
            return;
        }
        if let Err(TrySendError::Full(_)) = self.queue.try_send(record)
            && !self.broken.swap(true, Ordering::Relaxed)
        {
            tracing::error!("the disk is too slow for the recording, which ends here, incomplete");
        }
    }
}

/// A recording that is being written.
#[derive(Debug)]
pub struct Recording {
    recorder: Recorder,
    writer: JoinHandle<()>,
}

impl Recording {
    /// Creates the file, which must not exist yet, and writes the worlds' documents: a recording
    /// is never written over.
    pub fn create(path: &Path, worlds: &[WorldSource]) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create_new(path)?);
        file.write_all(&MAGIC)?;
        file.write_all(&VERSION.to_le_bytes())?;
        for (world, source) in worlds.iter().enumerate() {
            for part in source.json.chunks(DOCUMENT_PART_BYTES_MAX) {
                let record = Record::Document { world: world as u16, part: part.to_vec() };
                write_record(&mut file, &wire::encode(&record))?;
            }
        }
        file.flush()?;
        let (queue, records) = sync_channel(RECORDS_QUEUED_MAX);
        let broken = Arc::new(AtomicBool::new(false));
        let recorder = Recorder { queue, broken: broken.clone() };
        let writer = std::thread::Builder::new().name("recording".into()).spawn(move || {
            if let Err(error) = write_all(&records, &mut file)
                && !broken.swap(true, Ordering::Relaxed)
            {
                tracing::error!(%error, "cannot write the recording, which ends here, incomplete");
            }
        })?;
        Ok(Self { recorder, writer })
    }

    /// For the threads of worlds.
    pub fn recorder(&self) -> Recorder {
        self.recorder.clone()
    }

    /// Writes the end, once all other recorders are gone; whether the recording is complete.
    pub fn finish(self) -> bool {
        let Self { recorder, writer } = self;
        // Here waiting is right: the worlds have ended.
        if !recorder.broken.load(Ordering::Relaxed) {
            let _ = recorder.queue.send(wire::encode(&Record::Complete));
        }
        let broken = recorder.broken.clone();
        drop(recorder);
        writer.join().is_ok() && !broken.load(Ordering::Relaxed)
    }
}

fn write_all(records: &Receiver<Vec<u8>>, file: &mut impl Write) -> io::Result<()> {
    loop {
        let record = match records.try_recv() {
            Ok(record) => record,
            Err(TryRecvError::Disconnected) => return file.flush(),
            Err(TryRecvError::Empty) => {
                // A crash of the process should lose little.
                file.flush()?;
                match records.recv() {
                    Ok(record) => record,
                    Err(_) => return Ok(()),
                }
            }
        };
        write_record(file, &record)?;
    }
}

fn write_record(file: &mut impl Write, record: &[u8]) -> io::Result<()> {
    let length = u32::try_from(record.len()).map_err(io::Error::other)?;
    file.write_all(&length.to_le_bytes())?;
    file.write_all(record)
}

/// Reads a recording record by record.
#[derive(Debug)]
pub struct Records<R> {
    reader: R,
    at: u64,
    bytes: Vec<u8>,
}

impl Records<BufReader<File>> {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        Self::new(BufReader::new(File::open(path)?))
    }
}

impl<R: Read> Records<R> {
    /// Reads the head of a recording.
    pub fn new(mut reader: R) -> Result<Self, ReadError> {
        let mut head = [0; MAGIC.len() + 2];
        let got = read_up_to(&mut reader, &mut head)?;
        if got < head.len() || head[..MAGIC.len()] != MAGIC {
            return Err(ReadError::NotARecording);
        }
        let theirs = u16::from_le_bytes([head[MAGIC.len()], head[MAGIC.len() + 1]]);
        if theirs != VERSION {
            return Err(ReadError::Version { theirs });
        }
        Ok(Self { reader, at: head.len() as u64, bytes: Vec::new() })
    }

    /// Bytes read so far.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// The next record; none where the file ends, be it after a whole record or within one.
    pub fn read(&mut self) -> Result<Option<Record>, ReadError> {
        let mut length = [0; 4];
        if read_up_to(&mut self.reader, &mut length)? < length.len() {
            return Ok(None);
        }
        let length = u32::from_le_bytes(length) as usize;
        let damaged = |reason: String| ReadError::Damaged { at: self.at, reason };
        if length > RECORD_BYTES_MAX {
            return Err(damaged(format!("a record of {length} bytes exceeds {RECORD_BYTES_MAX}")));
        }
        self.bytes.resize(length, 0);
        if read_up_to(&mut self.reader, &mut self.bytes)? < length {
            return Ok(None);
        }
        let record = wire::decode(&self.bytes, RECORD_BYTES_MAX)
            .map_err(|error| damaged(error.to_string()))?;
        self.at += 4 + length as u64;
        Ok(Some(record))
    }
}

/// Fills `bytes` as far as the reader has some.
fn read_up_to(reader: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < bytes.len() {
        match reader.read(&mut bytes[got..]) {
            Ok(0) => break,
            Ok(count) => got += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

#[cfg(test)]
mod tests;
