//! Disks that are full, and disks that fail.

use vivarium_store::{
    adapters::sqlite::SqliteStore,
    keeper::{Keeper, SaveError},
    port::{
        Draft, Expired, Grant, Invitation, Shelved, StoreError, StoredWorld, Version, WorldStore,
        keys::KeyStore, minds::MindStore, spending::SpendingStore,
    },
};

use crate::{batch, minds::turn, of};
use vivarium_contract::saving::SavedBatch;

#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    store.create("plaza", b"{}").unwrap();
    store.limit_pages(64).unwrap();
    let mut last = 0;
    let full = loop {
        let mut large = batch(last + 1);
        large.operations = "x".repeat(20_000);
        match store.append(&[("plaza".to_owned(), large)]) {
            Ok(()) => last += 1,
            Err(error) => break error,
        }
        assert!(last < 100, "it never became full");
    };
    assert!(matches!(full, StoreError::Full(_)), "{full}");
    assert!(!full.is_final() && last > 3);
    // What is there can be read, and once there is room it goes on.
    assert_eq!(store.load("plaza").unwrap().unwrap().batches.len() as u64, last);
    store.limit_pages(1_000_000).unwrap();
    store.append(&of("plaza", [last + 1])).unwrap();
    drop(store);
    let mut again = SqliteStore::open(folder.path()).unwrap();
    assert_eq!(again.load("plaza").unwrap().unwrap().batches.len() as u64, last + 1);
}

/// Fails as a disk does of which nobody knows what it wrote, once it was written to so often.
struct Failing {
    inner: SqliteStore,
    good_appends: u32,
}

impl WorldStore for Failing {
    fn append(&mut self, batches: &[(String, SavedBatch)]) -> Result<(), StoreError> {
        if self.good_appends == 0 {
            // Works again at once, as a disk does after it has dropped pages that it could not
            // write: who tried again would be told that all is well.
            self.good_appends = u32::MAX;
            return Err(StoreError::Broken("fsync".into()));
        }
        self.good_appends -= 1;
        self.inner.append(batches)
    }

    fn grants(&mut self) -> Result<Vec<Grant>, StoreError> {
        self.inner.grants()
    }

    fn grant(&mut self, grant: &Grant) -> Result<(), StoreError> {
        self.inner.grant(grant)
    }

    fn rename(&mut self, account: &str, name: &str) -> Result<(), StoreError> {
        self.inner.rename(account, name)
    }

    fn invite(&mut self, invitation: &Invitation, now_ms: u64) -> Result<(), StoreError> {
        self.inner.invite(invitation, now_ms)
    }

    fn redeem(
        &mut self,
        digest: &str,
        account: &str,
        name: &str,
        now_ms: u64,
    ) -> Result<Option<Grant>, StoreError> {
        self.inner.redeem(digest, account, name, now_ms)
    }

    fn worlds(&mut self) -> Result<Vec<String>, StoreError> {
        self.inner.worlds()
    }

    fn create(&mut self, world: &str, document: &[u8]) -> Result<(), StoreError> {
        self.inner.create(world, document)
    }

    fn load(&mut self, world: &str) -> Result<Option<StoredWorld>, StoreError> {
        self.inner.load(world)
    }

    fn snapshot(&mut self, world: &str, revision: u64, document: &[u8]) -> Result<(), StoreError> {
        self.inner.snapshot(world, revision, document)
    }

    fn history(&mut self, world: &str, before: u64, n: u32) -> Result<Vec<SavedBatch>, StoreError> {
        self.inner.history(world, before, n)
    }

    fn expire(&mut self, world: &str, expired: Expired, count: u32) -> Result<u32, StoreError> {
        self.inner.expire(world, expired, count)
    }

    fn versions(&mut self, world: &str) -> Result<Vec<Version>, StoreError> {
        self.inner.versions(world)
    }

    fn keep_version(&mut self, world: &str, v: &Version, json: &[u8]) -> Result<u64, StoreError> {
        self.inner.keep_version(world, v, json)
    }

    fn version(&mut self, world: &str, id: u64) -> Result<Option<(Version, Vec<u8>)>, StoreError> {
        self.inner.version(world, id)
    }

    fn delete_version(&mut self, world: &str, id: u64) -> Result<(), StoreError> {
        self.inner.delete_version(world, id)
    }

    fn drafts(&mut self) -> Result<Vec<Draft>, StoreError> {
        self.inner.drafts()
    }

    fn begin_draft(&mut self, draft: &Draft, document: &[u8]) -> Result<u64, StoreError> {
        self.inner.begin_draft(draft, document)
    }

    fn end_draft(&mut self, world: &str) -> Result<bool, StoreError> {
        self.inner.end_draft(world)
    }

    fn save_poses(&mut self, world: &str, poses: &[u8]) -> Result<(), StoreError> {
        self.inner.save_poses(world, poses)
    }

    fn poses(&mut self, world: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.poses(world)
    }

    fn shelved(&mut self) -> Result<Vec<Shelved>, StoreError> {
        self.inner.shelved()
    }

    fn shelve(&mut self, asset: &Shelved) -> Result<(), StoreError> {
        self.inner.shelve(asset)
    }

    fn unshelve(&mut self, world: &str, path: &str) -> Result<(), StoreError> {
        self.inner.unshelve(world, path)
    }

    fn minds(&mut self) -> &mut dyn MindStore {
        self.inner.minds()
    }

    fn api_keys(&mut self) -> &mut dyn KeyStore {
        self.inner.api_keys()
    }

    fn spending(&mut self) -> &mut dyn SpendingStore {
        self.inner.spending()
    }
}

#[test]
fn after_a_failed_sync_nothing_is_written_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let mut inner = SqliteStore::open(folder.path()).unwrap();
    inner.create("plaza", b"{}").unwrap();
    let failing = Failing { inner, good_appends: 2 };
    let (keeper, writer) = Keeper::start(Box::new(failing)).unwrap();
    let save = |revision| {
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        keeper.save("plaza", batch(revision), Box::new(move |told| answer.send(told).unwrap()));
        answered.recv().unwrap()
    };
    assert_eq!((save(1), save(2)), (Ok(()), Ok(())));
    let broken = Err(SaveError::Store(StoreError::Broken("fsync".into())));
    assert_eq!(save(3), broken);
    assert_eq!(save(3), broken, "it is not tried again");
    let (answer, answered) = std::sync::mpsc::sync_channel(1);
    let turn = turn("nia", "ana", [1]);
    keeper.save_turn(turn, Box::new(move |told| answer.send(told).unwrap()));
    assert_eq!(answered.recv().unwrap(), broken, "nor is anything else");
    drop(keeper);
    writer.join().unwrap();
    let mut again = SqliteStore::open(folder.path()).unwrap();
    assert_eq!(again.load("plaza").unwrap().unwrap().batches, [batch(1), batch(2)]);
    assert_eq!(again.minds().load_mind("nia"), Ok(None));
}

#[test]
fn whoever_waits_is_answered_though_the_writer_panics() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    store.create("plaza", b"{}").unwrap();
    let (keeper, writer) = Keeper::start(Box::new(store)).unwrap();
    let save = |revision| {
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        keeper.save("plaza", batch(revision), Box::new(move |told| answer.send(told).unwrap()));
        answered.recv().unwrap()
    };
    assert_eq!(save(1), Ok(()));
    assert_eq!(keeper.ask(|_| -> u32 { panic!("as on purpose") }), None);
    let broken = save(2).unwrap_err();
    assert!(matches!(&broken, SaveError::Store(error) if error.is_final()), "{broken}");
    assert_eq!(save(2), Err(broken), "and again");
    let kept = keeper.ask(|store| store.load("plaza").unwrap().unwrap().batches);
    assert_eq!(kept, Some(vec![batch(1)]), "what is there can be read");
    drop(keeper);
    writer.join().unwrap();
}
