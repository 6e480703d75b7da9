//! What is written can be read, as far as it goes.

use vivarium_protocol::ids::PersonId;

use super::*;
use crate::puppet::source;

fn leave(person: u32) -> WorldInput {
    WorldInput::Leave { person: PersonId(person) }
}

fn read_all(bytes: &[u8]) -> Result<Vec<Record>, ReadError> {
    let mut records = Records::new(bytes)?;
    let mut all = Vec::new();
    while let Some(record) = records.read()? {
        all.push(record);
    }
    Ok(all)
}

/// A recording of two worlds, as bytes.
fn recorded() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.recording");
    let recording = Recording::create(&path, &[source("plaza"), source("garden")]).unwrap();
    let recorder = recording.recorder();
    let many: Vec<WorldInput> = (0..INPUTS_PER_RECORD_MAX as u32 + 1).map(leave).collect();
    for record in recorder.encode_inputs(1, 7, &many) {
        recorder.write_encoded(record);
    }
    assert_eq!(recorder.encode_inputs(0, 7, &[]), Vec::<Vec<u8>>::new());
    recorder.write(&Record::Checkpoint { world: 0, tick: 9, digest: Digest([3; 32]) });
    drop(recorder);
    assert!(recording.finish());
    std::fs::read(path).unwrap()
}

#[test]
fn a_recording_tells_documents_inputs_checkpoints_and_its_end() {
    let records = read_all(&recorded()).unwrap();
    let document = |world, name| Record::Document { world, part: source(name).json.to_vec() };
    let last = INPUTS_PER_RECORD_MAX as u32;
    assert_eq!(
        records,
        [
            document(0, "plaza"),
            document(1, "garden"),
            Record::Inputs { world: 1, tick: 7, inputs: (0..last).map(leave).collect() },
            Record::Inputs { world: 1, tick: 7, inputs: vec![leave(last)] },
            Record::Checkpoint { world: 0, tick: 9, digest: Digest([3; 32]) },
            Record::Complete,
        ]
    );
}

#[test]
fn a_recording_that_was_cut_short_is_read_up_to_its_last_whole_record() {
    let bytes = recorded();
    let whole = read_all(&bytes).unwrap();
    let mut lengths = std::collections::BTreeSet::new();
    for length in MAGIC.len() + 2..bytes.len() {
        let part = read_all(&bytes[..length]).unwrap();
        assert_eq!(part, whole[..part.len()], "cut after {length} bytes");
        lengths.insert(part.len());
    }
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), (0..whole.len()).collect::<Vec<_>>());
}

#[test]
fn other_files_other_versions_and_damage_are_told_apart() {
    assert!(matches!(read_all(b""), Err(ReadError::NotARecording)));
    assert!(matches!(read_all(b"PNG or something else"), Err(ReadError::NotARecording)));
    let mut other = recorded();
    other[MAGIC.len()] = 9;
    assert!(matches!(read_all(&other), Err(ReadError::Version { theirs: 9 })));
    let mut huge = recorded();
    let at = MAGIC.len() + 2;
    huge[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(read_all(&huge), Err(ReadError::Damaged { at: 10, .. })));
    let mut wrong = recorded();
    wrong[at + 4] = 99;
    assert!(matches!(read_all(&wrong), Err(ReadError::Damaged { at: 10, .. })));
}

#[test]
fn a_disk_that_is_too_slow_ends_the_recording_but_nobody_waits() {
    let (queue, records) = sync_channel(1);
    let recorder = Recorder { queue, broken: Arc::default() };
    recorder.write(&Record::Restarted { world: 1 });
    recorder.write(&Record::Restarted { world: 2 });
    recorder.write(&Record::Restarted { world: 3 });
    let written: Vec<Record> =
        records.try_iter().map(|bytes| wire::decode(&bytes, RECORD_BYTES_MAX).unwrap()).collect();
    assert_eq!(written, [Record::Restarted { world: 1 }]);
    assert!(recorder.encode_inputs(0, 1, &[leave(1)]).is_empty(), "nothing is encoded in vain");
}
