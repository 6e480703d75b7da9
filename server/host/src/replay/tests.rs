//! A replay is the run again, or says where it is not.

use vivarium_contract::Road;
use vivarium_protocol::{ids::PersonId, wire};

use super::*;
use crate::puppet::{LOOK, Puppet, source};

fn enter(person: u32) -> WorldInput {
    WorldInput::Enter {
        person: PersonId(person),
        name: "Ana".into(),
        look: LOOK,
        spawn: None,
        road: Road::Reliable,
    }
}

/// A recording as bytes, from its records.
fn recording(records: &[Record]) -> Vec<u8> {
    let mut bytes = b"VIVAREC\n\x06\x00".to_vec();
    for record in records {
        let record = wire::encode(record);
        bytes.extend_from_slice(&(record.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&record);
    }
    bytes
}

fn document(world: u16, name: &str) -> Record {
    Record::Document { world, part: source(name).json.to_vec() }
}

fn run(records: &[Record]) -> Result<Replayed, ReplayError> {
    replay::<Puppet, _>(Records::new(&recording(records)[..]).unwrap(), |_| {})
}

/// The digest of a puppet world after ticks with these inputs.
fn digest_after(ticks: u32, inputs: &[(u32, WorldInput)]) -> Digest {
    let mut world = Puppet::build(&source("plaza").spec()).unwrap();
    for tick in 1..=ticks {
        let now = inputs.iter().filter(|(at, _)| *at == tick).map(|(_, input)| input.clone());
        world.tick(now.collect(), &mut Vec::new(), &mut |_| {});
    }
    world.digest()
}

#[test]
fn inputs_come_in_the_ticks_in_which_they_came() {
    let inputs = [(2, enter(1)), (2, enter(2)), (5, enter(3))];
    let part = |tick, person| Record::Inputs { world: 0, tick, inputs: vec![enter(person)] };
    let replayed = run(&[
        document(0, "plaza"),
        part(2, 1),
        part(2, 2),
        Record::Checkpoint { world: 0, tick: 4, digest: digest_after(4, &inputs) },
        part(5, 3),
        Record::Checkpoint { world: 0, tick: 9, digest: digest_after(9, &inputs) },
        Record::Complete,
    ])
    .unwrap();
    let end = WorldEnd { name: "plaza".into(), tick: 9, digest: digest_after(9, &inputs) };
    assert_eq!(replayed, Replayed { worlds: vec![end], is_complete: true, checkpoints: 2 });
}

#[test]
fn a_recording_without_its_end_stops_after_its_last_inputs() {
    let records =
        [document(0, "plaza"), Record::Inputs { world: 0, tick: 3, inputs: vec![enter(1)] }];
    let replayed = run(&records).unwrap();
    assert!(!replayed.is_complete);
    assert_eq!(replayed.worlds[0].tick, 3);
    assert_eq!(replayed.worlds[0].digest, digest_after(3, &[(3, enter(1))]));
}

#[test]
fn the_first_tick_that_differs_is_named() {
    let good = |tick| Record::Checkpoint { world: 0, tick, digest: digest_after(tick, &[]) };
    let bad = Record::Checkpoint { world: 0, tick: 6, digest: Digest([0; 32]) };
    let error = run(&[document(0, "plaza"), good(3), bad, good(9)]).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("world plaza differs at tick 6"), "{text}");
    assert!(text.ends_with("equal is 3"), "{text}");
}

#[test]
fn a_world_that_was_restarted_starts_anew_in_the_replay_too() {
    let replayed = run(&[
        document(0, "plaza"),
        Record::Inputs { world: 0, tick: 3, inputs: vec![enter(1)] },
        Record::Restarted { world: 0 },
        Record::Checkpoint { world: 0, tick: 2, digest: digest_after(2, &[]) },
        Record::Complete,
    ])
    .unwrap();
    assert_eq!(replayed.worlds[0].tick, 2);
}

#[test]
fn contradictions_are_errors() {
    let inputs = |world, tick| Record::Inputs { world, tick, inputs: vec![enter(1)] };
    for records in [
        vec![inputs(0, 1)],
        vec![document(0, "plaza"), inputs(1, 1)],
        vec![document(1, "plaza")],
        vec![document(0, "plaza"), inputs(0, 5), inputs(0, 4)],
        vec![document(0, "plaza"), inputs(0, 0)],
        vec![document(0, "plaza"), inputs(0, 5), document(0, "plaza")],
    ] {
        let error = run(&records).unwrap_err();
        assert!(matches!(error, ReplayError::Contradiction(_)), "{records:?}: {error}");
    }
}

#[test]
fn the_last_line_is_the_digest_of_all_worlds_in_their_order() {
    let end =
        |name: &str, byte| WorldEnd { name: name.into(), tick: 5, digest: Digest([byte; 32]) };
    let worlds = [end("plaza", 1), end("garden", 2)];
    let mut text = Vec::new();
    print(&worlds, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], format!("world plaza tick 5 digest {}", "01".repeat(32)));
    assert_eq!(lines[1], format!("world garden tick 5 digest {}", "02".repeat(32)));
    assert_eq!(lines[2], format!("digest {}", combined(&worlds)));
    assert_ne!(combined(&worlds), combined(&[end("garden", 2), end("plaza", 1)]));
}
