//! What is left after writes that fail, are cut, or find the disk full, and after syncs that fail:
//! when the process ends there, and when the power goes.

use std::path::Path;

use vivarium_contract::saving::SavedBatch;
use vivarium_store::{
    adapters::sqlite::{FILE, SqliteStore},
    port::{StoreError, WorldStore},
};

use crate::{
    batch,
    shim::{Fault, Held, NAME},
};

const ROUNDS: &str = "VIVARIUM_DISK_ROUNDS";
const WORLD: &str = "plaza";
/// Groups of batches that are written in one round, if nothing fails.
const GROUPS: u64 = 60;

/// Numbers that look like chance, the same for the same seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

fn large(revision: u64) -> SavedBatch {
    // Of several pages now and then, so that the log becomes long and goes into the database.
    let pages = revision % 7 * 9;
    let inverses = revision.to_string().repeat(pages as usize * 400);
    SavedBatch { inverses, ..batch(revision) }
}

/// What a start finds: batches without a gap, each whole; the newest revision.
fn found(folder: &Path) -> u64 {
    let mut store = SqliteStore::open(folder).unwrap();
    let stored = store.load(WORLD).unwrap().unwrap();
    let (mut last, mut before) = (0, u64::MAX);
    loop {
        let page = store.history(WORLD, before, 100).unwrap();
        let Some(newest) = page.first() else { break };
        last = last.max(newest.revision);
        for (batch, back) in page.iter().zip(0..) {
            assert_eq!(*batch, large(newest.revision - back));
        }
        before = newest.revision - page.len() as u64 + 1;
    }
    assert!(last == 0 || before == 1, "from {before} to {last}: something is missing");
    assert!(stored.revision <= last);
    assert_eq!(stored.document, stored.revision.to_string().as_bytes(), "a whole snapshot");
    // It goes on from there.
    store.append(&[(WORLD.to_owned(), large(last + 1))]).unwrap();
    last
}

fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for name in [FILE.to_owned(), format!("{FILE}-wal")] {
        if from.join(&name).exists() {
            std::fs::copy(from.join(&name), to.path().join(&name)).unwrap();
        }
    }
    to
}

fn round(disk: &Held, seed: u64) {
    let mut chance = Chance(seed);
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open_through(folder.path(), NAME).unwrap();
    store.create(WORLD, b"0").unwrap();
    let faults = [Fault::Write, Fault::HalfWrite, Fault::Full, Fault::HalfFull, Fault::Sync];
    let fault = faults[chance.below(5) as usize];
    // Syncs are fewer than writes.
    let after = chance.below(if fault == Fault::Sync { 50 } else { 600 }) as u32;
    disk.with(|disk| disk.fault = Some((fault, after, 1 + chance.below(3) as u32)));

    let (mut acknowledged, mut tried, mut ends) = (0, 0, vec![0]);
    let mut broken = None;
    for _ in 0..GROUPS {
        let count = 1 + chance.below(4);
        let group: Vec<_> = (acknowledged + 1..=acknowledged + count)
            .map(|revision| (WORLD.to_owned(), large(revision)))
            .collect();
        tried = acknowledged + count;
        match store.append(&group) {
            Ok(()) => {
                acknowledged += count;
                ends.push(acknowledged);
            }
            Err(error @ StoreError::Full(_)) => assert!(!error.is_final(), "{error}"),
            Err(error) => {
                assert!(matches!(error, StoreError::Broken(_)), "seed {seed}: {error}");
                broken = Some(error);
                break;
            }
        }
        if chance.below(8) == 0
            && let Err(error) =
                store.snapshot(WORLD, acknowledged, acknowledged.to_string().as_bytes())
            && error.is_final()
        {
            broken = Some(error);
            break;
        }
    }
    let is_sound = |last: u64, end: &str| {
        assert!(
            last >= acknowledged,
            "seed {seed}, {end}: {acknowledged} were kept, {last} are there"
        );
        assert!(last == acknowledged || last == tried, "seed {seed}, {end}: half a group");
    };
    let crashed = copy(folder.path());
    let lost = tempfile::tempdir().unwrap();
    disk.lose_power(folder.path(), lost.path());
    let touches = disk.with(|disk| disk.touches);
    if let Some(error) = &broken {
        // However well the disk may be again, nothing more is written: not now, and not at the end.
        disk.with(|disk| disk.fault = None);
        let more = [(WORLD.to_owned(), large(acknowledged + 1))];
        assert_eq!(store.append(&more).as_ref(), Err(error));
        assert_eq!(store.snapshot(WORLD, 0, b"").as_ref(), Err(error));
    }
    drop(store);
    if broken.is_some() {
        assert_eq!(disk.with(|disk| disk.touches), touches, "seed {seed}: it was tried again");
    }
    is_sound(found(crashed.path()), "the process ended");
    is_sound(found(lost.path()), "the power went");
    is_sound(found(folder.path()), "it was closed");
}

#[test]
fn whatever_the_disk_does_what_was_acknowledged_is_there_and_nothing_by_half() {
    let rounds = std::env::var(ROUNDS).ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(25);
    let disk = Held::new();
    let mut faults = 0;
    for seed in 0..rounds {
        disk.with(|disk| *disk = Default::default());
        round(&disk, seed);
        faults += u64::from(disk.with(|disk| disk.faults) > 0);
    }
    assert!(faults * 2 > rounds, "only {faults} of {rounds} rounds had a fault");
}
