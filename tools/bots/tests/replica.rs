//! The replica of a client against the golden sequence of frames, and against frames that lie.

use std::fs;

use vivarium_bots::replica::{Replica, ReplicaError};
use vivarium_protocol::{
    frame::{Change, Comer, EntityKind, FIELD_COUNT, FieldDelta, Fields, Frame, field, flags},
    ids::{EntityId, ObjectId, PersonId},
    limits::BASELINE_TICKS_MAX,
    quantise, wire,
};

fn golden(index: usize) -> Frame {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/frames");
    let bytes = fs::read(format!("{folder}/frame_sequence_{index}.bin"));
    let bytes = bytes.expect("golden frames are committed");
    wire::decode_frame(&bytes).expect("a golden frame decodes")
}

/// Entity, person or object, x in metres.
fn known(replica: &Replica) -> Vec<(u32, &'static str, u32, f32)> {
    let snapshot = replica.newest().expect("a frame was applied");
    snapshot
        .entities
        .iter()
        .map(|it| {
            let x_m = quantise::position_m(it.fields[field::POSITION]);
            match it.kind {
                EntityKind::Avatar { person: PersonId(id) } => (it.entity.0, "avatar", id, x_m),
                EntityKind::Object { object: ObjectId(id) } => (it.entity.0, "object", id, x_m),
            }
        })
        .collect()
}

#[test]
fn the_golden_sequence_is_followed_frame_by_frame() {
    let mut replica = Replica::default();
    replica.apply(&golden(0)).unwrap();
    let standing = [(7, "avatar", 1, 0.0), (9, "object", 12, 0.0), (300, "avatar", 70_000, 1.0)];
    assert_eq!(known(&replica), standing);
    let ball = replica.newest().unwrap().get(EntityId(9)).unwrap();
    assert_eq!(ball.fields[field::FLAGS], flags::ASLEEP);

    replica.apply(&golden(1)).unwrap();
    let step = quantise::position_m(quantise::position(0.1));
    assert_eq!(
        known(&replica),
        [(7, "avatar", 1, step), (9, "object", 12, -65_536.0), (300, "avatar", 70_000, 1.0)]
    );

    // Against the first frame again, of which the ball and the second avatar are gone.
    replica.apply(&golden(2)).unwrap();
    assert_eq!(known(&replica), [(7, "avatar", 1, step), (70_001, "object", 0, -65_536.0)]);

    replica.apply(&golden(3)).unwrap();
    assert_eq!(known(&replica).len(), 2);
    assert_eq!(replica.newest().unwrap().tick, 255);
}

fn empty(tick: u32, baseline: u32) -> Frame {
    Frame { tick, baseline, own: None, gone: vec![], come: vec![], changed: vec![] }
}

fn comer(entity: u32) -> Comer {
    let kind = EntityKind::Object { object: ObjectId(entity) };
    Comer { entity: EntityId(entity), kind, state: FieldDelta::default() }
}

fn change(entity: u32, mask: u32, values: Vec<i32>) -> Change {
    Change { entity: EntityId(entity), delta: FieldDelta { mask, values } }
}

#[test]
fn a_frame_that_lies_is_refused_and_changes_nothing() {
    let mut replica = Replica::default();
    replica.apply(&Frame { come: vec![comer(1), comer(2)], ..empty(10, 0) }).unwrap();
    let before = replica.newest().unwrap().entities.clone();
    let lies = [
        (empty(10, 0), ReplicaError::Stale),
        (empty(9, 0), ReplicaError::Stale),
        (empty(11, 9), ReplicaError::UnknownBaseline),
        (empty(12, 13), ReplicaError::UnknownBaseline),
        (Frame { gone: vec![EntityId(3)], ..empty(11, 10) }, ReplicaError::UnknownEntity),
        (
            Frame { gone: vec![EntityId(1), EntityId(1)], ..empty(11, 10) },
            ReplicaError::UnknownEntity,
        ),
        (Frame { gone: vec![EntityId(1)], ..empty(11, 0) }, ReplicaError::UnknownEntity),
        (Frame { come: vec![comer(2)], ..empty(11, 10) }, ReplicaError::DuplicateEntity),
        (Frame { come: vec![comer(5), comer(5)], ..empty(11, 10) }, ReplicaError::DuplicateEntity),
        (
            Frame { changed: vec![change(3, 1, vec![1])], ..empty(11, 10) },
            ReplicaError::UnknownEntity,
        ),
        (
            Frame { changed: vec![change(1, 3, vec![1])], ..empty(11, 10) },
            ReplicaError::MalformedDelta,
        ),
        (
            Frame { changed: vec![change(1, 1 << FIELD_COUNT, vec![1])], ..empty(11, 10) },
            ReplicaError::MalformedDelta,
        ),
    ];
    for (lie, error) in lies {
        assert_eq!(replica.apply(&lie), Err(error), "{lie:?}");
        assert_eq!(replica.newest().unwrap().tick, 10);
        assert_eq!(replica.newest().unwrap().entities, before);
    }
    replica.apply(&empty(11, 10)).unwrap();
    assert_eq!(replica.newest().unwrap().entities, before);
}

#[test]
fn baselines_are_kept_as_long_as_the_protocol_says() {
    let first = 10;
    let last = first + BASELINE_TICKS_MAX as u32;
    let mut replica = Replica::default();
    replica.apply(&Frame { come: vec![comer(1)], ..empty(first, 0) }).unwrap();
    for tick in first + 1..last {
        replica
            .apply(&Frame { changed: vec![change(1, 1, vec![5])], ..empty(tick, first) })
            .unwrap();
    }
    replica.apply(&empty(last, first)).unwrap();
    let mut expected: Fields = [0; FIELD_COUNT];
    assert_eq!(replica.newest().unwrap().entities[0].fields, expected);
    assert_eq!(replica.apply(&empty(last + 1, first)), Err(ReplicaError::UnknownBaseline));
    // An acknowledged frame is the new baseline; those before it are forgotten.
    let step = Frame { changed: vec![change(1, 1, vec![5])], ..empty(last + 2, last) };
    replica.apply(&step).unwrap();
    expected[0] = 5;
    assert_eq!(replica.newest().unwrap().entities[0].fields, expected);
    assert_eq!(replica.apply(&empty(last + 3, last - 1)), Err(ReplicaError::UnknownBaseline));
}

#[test]
fn another_world_starts_from_nothing() {
    let mut replica = Replica::default();
    replica.apply(&Frame { come: vec![comer(1)], ..empty(500, 0) }).unwrap();
    replica.clear();
    assert!(replica.newest().is_none());
    replica.apply(&Frame { come: vec![comer(4)], ..empty(3, 0) }).unwrap();
    assert_eq!(known(&replica), [(4, "object", 4, 0.0)]);
}
