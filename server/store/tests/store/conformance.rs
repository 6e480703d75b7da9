//! Run over every adapter.

use std::sync::{Arc, Mutex, mpsc::sync_channel};

use vivarium_contract::editing::Role;
use vivarium_store::{
    adapters::{memory::MemoryStore, postgres::PostgresStore, sqlite::SqliteStore},
    keeper::{Keeper, SaveError},
    limits::{BATCH_BYTES_MAX, HISTORY_BATCHES_MAX, INVITATIONS_MAX},
    port::{Grant, Invitation, Shelved, StoreError, StoredWorld, WorldStore},
};

use crate::{batch, of, postgres::Postgres};

fn each(act: impl Fn(Box<dyn WorldStore>)) {
    act(Box::new(MemoryStore::default()));
    let folder = tempfile::tempdir().unwrap();
    act(Box::new(SqliteStore::open(folder.path()).unwrap()));
    POSTGRES.with(|postgres| {
        act(Box::new(PostgresStore::open(&postgres.database()).unwrap()));
    });
}

thread_local! {
    /// Ends with the thread of its test.
    static POSTGRES: Postgres = Postgres::start();
}

#[test]
fn a_world_is_found_as_it_was_kept() {
    each(|mut store| {
        assert_eq!(store.worlds().unwrap(), Vec::<String>::new());
        assert_eq!(store.load("plaza").unwrap(), None);
        store.create("plaza", b"{}").unwrap();
        store.create("garden", b"[]").unwrap();
        assert_eq!(store.create("plaza", b"").unwrap_err(), StoreError::Exists("plaza".into()));
        assert_eq!(store.worlds().unwrap(), ["garden", "plaza"]);
        store.append(&of("plaza", 1..=3)).unwrap();
        store.append(&of("garden", 1..=1)).unwrap();
        let batches = (1..=3).map(batch).collect();
        let whole = StoredWorld { revision: 0, document: b"{}".into(), batches };
        assert_eq!(store.load("plaza").unwrap(), Some(whole));
    });
}

#[test]
fn batches_follow_on_each_other_and_a_group_is_kept_whole_or_not_at_all() {
    each(|mut store| {
        store.create("plaza", b"{}").unwrap();
        store.create("garden", b"{}").unwrap();
        store.append(&of("plaza", 1..=2)).unwrap();
        for wrong in [2, 3, 5, 0, u64::MAX >> 1] {
            let mut group = of("garden", 1..=2);
            group.extend(of("plaza", [3, wrong]));
            let gap = StoreError::Gap { world: "plaza".into(), last: 3, found: wrong };
            assert_eq!(store.append(&group).unwrap_err(), gap);
        }
        let nobody = store.append(&of("nowhere", [1])).unwrap_err();
        assert_eq!(nobody, StoreError::NoWorld("nowhere".into()));
        assert_eq!(store.load("garden").unwrap().unwrap().batches, []);
        assert_eq!(store.load("plaza").unwrap().unwrap().batches, [batch(1), batch(2)]);
        store.append(&of("plaza", [3])).unwrap();
    });
}

#[test]
fn a_snapshot_takes_the_place_of_what_came_before_it_and_history_stays() {
    each(|mut store| {
        store.create("plaza", b"0").unwrap();
        store.append(&of("plaza", 1..=9)).unwrap();
        let early = store.snapshot("plaza", 10, b"10").unwrap_err();
        assert_eq!(early, StoreError::Gap { world: "plaza".into(), last: 9, found: 10 });
        store.snapshot("plaza", 7, b"7").unwrap();
        // One that was made earlier and comes late changes nothing.
        store.snapshot("plaza", 5, b"5").unwrap();
        let batches = vec![batch(8), batch(9)];
        let kept = StoredWorld { revision: 7, document: b"7".into(), batches };
        assert_eq!(store.load("plaza").unwrap(), Some(kept));
        let revisions = |batches: Vec<vivarium_contract::saving::SavedBatch>| {
            batches.iter().map(|batch| batch.revision).collect::<Vec<_>>()
        };
        assert_eq!(revisions(store.history("plaza", u64::MAX, 3).unwrap()), [9, 8, 7]);
        assert_eq!(revisions(store.history("plaza", 3, 9).unwrap()), [2, 1]);
        let error = store.history("nowhere", 1, 1).unwrap_err();
        assert_eq!(error, StoreError::NoWorld("nowhere".into()));
        store.append(&of("plaza", 10..=10 + u64::from(HISTORY_BATCHES_MAX))).unwrap();
        let most = store.history("plaza", u64::MAX, u32::MAX).unwrap();
        assert_eq!(most.len(), HISTORY_BATCHES_MAX as usize);
    });
}

#[test]
fn poses_are_kept_beside() {
    each(|mut store| {
        store.create("plaza", b"{}").unwrap();
        assert_eq!(store.poses("plaza").unwrap(), None);
        store.save_poses("plaza", &[1, 2]).unwrap();
        store.save_poses("plaza", &[3]).unwrap();
        assert_eq!(store.poses("plaza").unwrap(), Some(vec![3]));
        store.save_poses("nowhere", &[]).unwrap_err();
        store.poses("nowhere").unwrap_err();
    });
}

#[test]
fn the_keeper_answers_every_batch_once_and_one_world_does_not_pay_for_another() {
    each(|mut store| {
        store.create("plaza", b"{}").unwrap();
        store.create("garden", b"{}").unwrap();
        let (keeper, writer) = Keeper::start(store).unwrap();
        // Everything waits behind this, and is written as one group.
        let (free, held) = sync_channel::<()>(0);
        let hold = std::thread::spawn({
            let keeper = keeper.clone();
            move || keeper.ask(move |_| held.recv().is_err())
        });
        let answers = Arc::new(Mutex::new(Vec::new()));
        let save = |world: &'static str, revision| {
            let answers = answers.clone();
            keeper.save(
                world,
                batch(revision),
                Box::new(move |answer| answers.lock().unwrap().push((world, revision, answer))),
            );
        };
        save("plaza", 1);
        save("garden", 1);
        save("plaza", 3);
        save("garden", 2);
        drop(free);
        hold.join().unwrap();
        let kept = keeper.ask(|store| store.load("garden").unwrap().unwrap().batches.len());
        assert_eq!(kept, Some(2));
        let gap = StoreError::Gap { world: "plaza".into(), last: 1, found: 3 };
        let mut answers = std::mem::take(&mut *answers.lock().unwrap());
        answers.sort_by_key(|(world, revision, _)| (*world, *revision));
        let expected = [
            ("garden", 1, Ok(())),
            ("garden", 2, Ok(())),
            ("plaza", 1, Ok(())),
            ("plaza", 3, Err(SaveError::Store(gap))),
        ];
        assert_eq!(answers, expected);

        let mut huge = batch(2);
        huge.operations = "x".repeat(BATCH_BYTES_MAX + 1);
        let (answer, answered) = sync_channel(1);
        keeper.save("plaza", huge, Box::new(move |told| answer.send(told).unwrap()));
        let bytes = BATCH_BYTES_MAX + 1;
        assert_eq!(answered.recv().unwrap(), Err(SaveError::TooLarge { bytes }));
        drop(keeper);
        writer.join().unwrap();
    });
}

#[test]
fn an_ended_writer_has_written_everything_and_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    store.create("plaza", b"{}").unwrap();
    let (keeper, _) = Keeper::start(Box::new(store)).unwrap();
    let (told, results) = sync_channel(8);
    for number in 1..=3 {
        let told = told.clone();
        keeper.save("plaza", batch(number), Box::new(move |result| told.send(result).unwrap()));
    }
    keeper.end();
    assert_eq!(results.try_iter().collect::<Vec<_>>(), [Ok(()), Ok(()), Ok(())]);
    keeper.save("plaza", batch(4), Box::new(move |result| told.send(result).unwrap()));
    assert_eq!(results.recv().unwrap(), Err(SaveError::Ended));
    assert_eq!(keeper.ask(|_| ()), None);
    keeper.end();
    // The folder is free although the keeper is still there.
    let mut again = SqliteStore::open(folder.path()).unwrap();
    assert_eq!(again.load("plaza").unwrap().unwrap().batches.len(), 3);
}

#[test]
fn roles_are_given_changed_and_taken() {
    each(|mut store| {
        let grant = |account: &str, world: Option<&str>, role| Grant {
            account: account.into(),
            world: world.map(str::to_owned),
            role,
        };
        let all = [
            grant("ana", None, Role::Owner),
            grant("ana", Some("garden"), Role::Builder),
            grant("bo", Some("plaza"), Role::Builder),
        ];
        all.iter().rev().for_each(|one| store.grant(one).unwrap());
        assert_eq!(store.grants().unwrap(), all);
        store.grant(&grant("bo", Some("plaza"), Role::Owner)).unwrap();
        store.grant(&grant("ana", Some("garden"), Role::Visitor)).unwrap();
        let left = [grant("ana", None, Role::Owner), grant("bo", Some("plaza"), Role::Owner)];
        assert_eq!(store.grants().unwrap(), left);
    });
}

#[test]
fn an_invitation_counts_once_and_for_a_while() {
    each(|mut store| {
        let invitation = |digest: String, role, expires_at_ms| Invitation {
            digest,
            world: Some("plaza".into()),
            role,
            expires_at_ms,
        };
        store.invite(&invitation("a".into(), Role::Builder, 100), 0).unwrap();
        store.invite(&invitation("b".into(), Role::Owner, 100), 0).unwrap();
        assert_eq!(store.redeem("c", "ana", 1).unwrap(), None);
        assert_eq!(store.redeem("a", "ana", 100).unwrap(), None, "it is over");
        let grant = store.redeem("b", "ana", 99).unwrap().unwrap();
        assert_eq!((grant.account.as_str(), grant.role), ("ana", Role::Owner));
        assert_eq!(grant.world.as_deref(), Some("plaza"));
        assert_eq!(store.redeem("b", "bo", 99).unwrap(), None, "it is used up");
        // A lesser one takes nothing away.
        assert_eq!(store.redeem("a", "ana", 99).unwrap().unwrap().role, Role::Owner);
        assert_eq!(store.grants().unwrap(), [grant]);
        for number in 0..=INVITATIONS_MAX {
            store.invite(&invitation(number.to_string(), Role::Builder, 100), 0).unwrap();
        }
        assert_eq!(store.redeem("0", "bo", 1).unwrap(), None, "the oldest went");
        assert!(store.redeem("1", "bo", 1).unwrap().is_some());
    });
}

#[test]
fn libraries_are_kept_by_world_and_path() {
    each(|mut store| {
        let shelved = |world: &str, path: &str, entry: &[u8]| Shelved {
            world: world.into(),
            path: path.into(),
            entry: entry.to_owned(),
        };
        let all = [
            shelved("garden", "a", b"1"),
            shelved("plaza", "a", b"2"),
            shelved("plaza", "b", b"3"),
        ];
        all.iter().rev().for_each(|one| store.shelve(one).unwrap());
        assert_eq!(store.shelved().unwrap(), all);
        store.shelve(&shelved("plaza", "a", b"4")).unwrap();
        store.unshelve("plaza", "b").unwrap();
        store.unshelve("plaza", "b").unwrap();
        store.unshelve("nowhere", "a").unwrap();
        assert_eq!(store.shelved().unwrap(), [all[0].clone(), shelved("plaza", "a", b"4")]);
    });
}
