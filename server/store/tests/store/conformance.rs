//! Run over every adapter.

use std::sync::{Arc, Mutex, mpsc::sync_channel};

use vivarium_contract::{
    editing::Role,
    saving::{SavedBatch, SavedGrant},
};
use vivarium_store::{
    adapters::{memory::MemoryStore, postgres::PostgresStore, sqlite::SqliteStore},
    keeper::{Keeper, SaveError},
    limits::{
        BATCH_BYTES_MAX, HISTORY_BATCHES_MAX, INVITATIONS_PER_WORLD_MAX, VERSIONS_BYTES_MAX,
        VERSIONS_MAX,
    },
    port::{
        Draft, Expired, Grant, Invitation, Shelved, StoreError, StoredWorld, Version, WorldStore,
    },
};

use crate::{batch, database::Postgres, of};

pub fn each(act: impl Fn(Box<dyn WorldStore>)) {
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

fn grant(account: &str, world: Option<&str>, role: Role) -> Grant {
    let (account, world) = (account.to_owned(), world.map(str::to_owned));
    Grant { name: account.to_uppercase(), account, world, role }
}

#[test]
fn roles_are_given_changed_and_taken() {
    each(|mut store| {
        let all = [
            grant("ana", None, Role::Owner),
            grant("ana", Some("garden"), Role::Builder),
            grant("bo", Some("plaza"), Role::Builder),
        ];
        all.iter().rev().for_each(|one| store.grant(one).unwrap());
        assert_eq!(store.grants().unwrap(), all);
        let nameless = Grant { name: String::new(), ..grant("bo", Some("plaza"), Role::Owner) };
        store.grant(&nameless).unwrap();
        store.grant(&grant("ana", Some("garden"), Role::Visitor)).unwrap();
        let left = [grant("ana", None, Role::Owner), grant("bo", Some("plaza"), Role::Owner)];
        assert_eq!(store.grants().unwrap(), left);
        store.grant(&grant("bo", Some("garden"), Role::Builder)).unwrap();
        store.rename("bo", "Bob").unwrap();
        store.rename("nobody", "Nobody").unwrap();
        let names = store.grants().unwrap().into_iter().map(|grant| grant.name);
        assert_eq!(names.collect::<Vec<_>>(), ["ANA", "Bob", "Bob"]);
    });
}

#[test]
fn what_a_batch_says_of_roles_is_kept_with_it_or_not_at_all() {
    each(|mut store| {
        store.create("plaza", b"{}").unwrap();
        store.create("garden", b"{}").unwrap();
        let saying = |revision, said: &[(&str, Role)]| {
            let grants = said.iter().map(|(account, role)| SavedGrant {
                account: (*account).to_owned(),
                name: account.to_uppercase(),
                role: *role,
            });
            SavedBatch { grants: grants.collect(), ..batch(revision) }
        };
        let of = |world: &str, batch| (world.to_owned(), batch);
        store.grant(&grant("ana", None, Role::Owner)).unwrap();
        let first = saying(1, &[("bo", Role::Builder), ("cy", Role::Owner)]);
        let other = saying(1, &[("bo", Role::Owner)]);
        store.append(&[of("plaza", first), of("garden", other)]).unwrap();
        let all = [
            grant("ana", None, Role::Owner),
            grant("bo", Some("garden"), Role::Owner),
            grant("bo", Some("plaza"), Role::Builder),
            grant("cy", Some("plaza"), Role::Owner),
        ];
        assert_eq!(store.grants().unwrap(), all);
        // It stands in the operations, and is not given back twice.
        assert_eq!(store.load("plaza").unwrap().unwrap().batches, [batch(1)]);
        assert_eq!(store.history("garden", 9, 9).unwrap(), [batch(1)]);

        let second = saying(2, &[("bo", Role::Owner)]);
        let gap = store.append(&[of("plaza", second.clone()), of("plaza", saying(4, &[]))]);
        assert_eq!(gap, Err(StoreError::Gap { world: "plaza".into(), last: 2, found: 4 }));
        assert_eq!(store.grants().unwrap(), all, "a group that fails gives nobody anything");
        store.append(&[of("plaza", second)]).unwrap();
        // The last word of a batch counts, and takes as well as gives.
        let third =
            saying(3, &[("cy", Role::Builder), ("bo", Role::Visitor), ("cy", Role::Visitor)]);
        store.append(&[of("plaza", third)]).unwrap();
        assert_eq!(store.grants().unwrap(), all[..2]);
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
        store.invite(&invitation("d".into(), Role::Builder, 100), 0).unwrap();
        assert_eq!(store.redeem("c", "ana", "Ana", 1).unwrap(), None);
        assert_eq!(store.redeem("a", "ana", "Ana", 100).unwrap(), None, "it is over");
        let grant = store.redeem("b", "ana", "Ana", 99).unwrap().unwrap();
        assert_eq!((grant.account.as_str(), grant.role), ("ana", Role::Owner));
        assert_eq!((grant.world.as_deref(), grant.name.as_str()), (Some("plaza"), "Ana"));
        assert_eq!(store.redeem("b", "bo", "", 99).unwrap(), None, "it is used up");
        // A lesser one takes nothing away.
        assert_eq!(store.redeem("a", "ana", "", 99).unwrap().as_ref(), Some(&grant));
        assert_eq!(store.grants().unwrap(), std::slice::from_ref(&grant));
        let renamed = Grant { name: "Anna".into(), ..grant };
        assert_eq!(store.redeem("d", "ana", "Anna", 99).unwrap().as_ref(), Some(&renamed));
        assert_eq!(store.grants().unwrap(), [renamed]);
        for world in [None, Some("garden".to_owned())] {
            let digest = format!("of {world:?}");
            let other = Invitation { world, ..invitation(digest, Role::Builder, 100) };
            store.invite(&other, 0).unwrap();
        }
        for number in 0..=INVITATIONS_PER_WORLD_MAX {
            store.invite(&invitation(number.to_string(), Role::Builder, 100), 0).unwrap();
        }
        assert_eq!(store.redeem("0", "bo", "", 1).unwrap(), None, "the oldest went");
        assert!(store.redeem("1", "bo", "", 1).unwrap().is_some());
        for other in ["of None", "of Some(\"garden\")"] {
            assert!(store.redeem(other, "bo", "", 1).unwrap().is_some(), "{other}: not its matter");
        }
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

fn version(name: &str, revision: u64) -> Version {
    Version { id: 0, name: name.into(), revision, at_ms: 5, author: "ana".into() }
}

#[test]
fn versions_are_kept_with_their_documents_and_bounded() {
    each(|mut store| {
        store.create("plaza", b"{}").unwrap();
        store.create("garden", b"{}").unwrap();
        assert_eq!(store.versions("plaza").unwrap(), []);
        let first = store.keep_version("plaza", &version("first", 3), b"1").unwrap();
        let second = store.keep_version("plaza", &version("again", 3), b"2").unwrap();
        assert!(second > first && first > 0);
        let named = |id, name| Version { id, ..version(name, 3) };
        let all = [named(second, "again"), named(first, "first")];
        assert_eq!(store.versions("plaza").unwrap(), all);
        assert_eq!(store.version("plaza", first).unwrap(), Some((all[1].clone(), b"1".to_vec())));
        assert_eq!(store.version("garden", first).unwrap(), None, "it is another world's");
        assert_eq!(store.version("plaza", u64::MAX).unwrap(), None);
        store.delete_version("garden", first).unwrap();
        store.delete_version("plaza", second).unwrap();
        store.delete_version("plaza", second).unwrap();
        assert_eq!(store.versions("plaza").unwrap(), [all[1].clone()]);
        let third = store.keep_version("plaza", &version("third", 9), b"3").unwrap();
        assert!(third > second, "no id is given twice");
        for nowhere in [
            store.versions("nowhere").map(drop),
            store.keep_version("nowhere", &version("a", 0), b"").map(drop),
            store.version("nowhere", 1).map(drop),
            store.delete_version("nowhere", 1),
        ] {
            assert_eq!(nowhere, Err(StoreError::NoWorld("nowhere".into())));
        }

        for _ in 0..VERSIONS_MAX {
            store.keep_version("garden", &version("one of many", 0), b"{}").unwrap();
        }
        let full = store.keep_version("garden", &version("one more", 0), b"{}").unwrap_err();
        assert!(matches!(&full, StoreError::TooMany(text) if text.contains("100")), "{full}");
        let half = vec![b' '; VERSIONS_BYTES_MAX as usize / 2];
        store.create("cellar", b"{}").unwrap();
        store.keep_version("cellar", &version("half", 0), &half).unwrap();
        let full = [&half[..], b"."].concat();
        let full = store.keep_version("cellar", &version("too much", 0), &full).unwrap_err();
        assert!(matches!(&full, StoreError::TooMany(text) if text.contains("bytes")), "{full}");
        assert_eq!(store.versions("cellar").unwrap().len(), 1);
    });
}

#[test]
fn old_batches_go_in_steps_and_never_what_the_snapshot_does_not_have() {
    each(|mut store| {
        store.create("plaza", b"0").unwrap();
        store.append(&of("plaza", 1..=9)).unwrap();
        let at = |revision| batch(revision).at_ms;
        let all = Expired { through: u64::MAX, before_ms: u64::MAX };
        assert_eq!(store.expire("plaza", all, 9), Ok(0), "the snapshot has none of them");
        store.snapshot("plaza", 7, b"7").unwrap();
        let count =
            |store: &mut Box<dyn WorldStore>| store.history("plaza", u64::MAX, 99).unwrap().len();
        let old = Expired { through: 2, before_ms: u64::MAX };
        assert_eq!(store.expire("plaza", old, 9), Ok(2));
        let old = Expired { through: u64::MAX, before_ms: at(5) };
        assert_eq!(store.expire("plaza", old, 1), Ok(1));
        assert_eq!(store.expire("plaza", old, 9), Ok(1));
        assert_eq!(store.expire("plaza", old, 9), Ok(0));
        assert_eq!(count(&mut store), 5);
        let mut early = batch(10);
        early.at_ms = 1;
        store.append(&[("plaza".to_owned(), early)]).unwrap();
        store.snapshot("plaza", 10, b"10").unwrap();
        assert_eq!(store.expire("plaza", old, 9), Ok(0), "there are no holes");
        assert_eq!(store.expire("plaza", all, 99), Ok(6));
        assert_eq!(count(&mut store), 0);
        // It goes on from the snapshot.
        let whole = StoredWorld { revision: 10, document: b"10".into(), batches: Vec::new() };
        assert_eq!(store.load("plaza").unwrap(), Some(whole));
        let gap = StoreError::Gap { world: "plaza".into(), last: 10, found: 1 };
        assert_eq!(store.append(&of("plaza", [1])).unwrap_err(), gap);
        store.append(&of("plaza", [11])).unwrap();
        assert_eq!(store.load("plaza").unwrap().unwrap().batches, [batch(11)]);
        let nowhere = store.expire("nowhere", all, 1).unwrap_err();
        assert_eq!(nowhere, StoreError::NoWorld("nowhere".into()));
    });
}

#[test]
fn a_draft_is_a_world_that_goes_with_the_batch_that_publishes_it_or_alone() {
    each(|mut store| {
        store.create("plaza", b"{}").unwrap();
        let draft = |world: &str| Draft {
            world: world.into(),
            of: "plaza".into(),
            title: "New lamps".into(),
            author: "ada Ada".into(),
            at_ms: 9,
            base: 0,
        };
        let base = store.begin_draft(&draft("plaza-b"), b"[1]").unwrap();
        store.begin_draft(&draft("plaza-a"), b"[2]").unwrap();
        let taken = store.begin_draft(&draft("plaza"), b"").unwrap_err();
        assert_eq!(taken, StoreError::Exists("plaza".into()));
        let drafts = store.drafts().unwrap();
        let names: Vec<&str> = drafts.iter().map(|draft| draft.world.as_str()).collect();
        assert_eq!(names, ["plaza-a", "plaza-b"]);
        assert_eq!(drafts[1], Draft { base, ..draft("plaza-b") });
        let (version, document) = store.version("plaza-b", base).unwrap().unwrap();
        assert_eq!((version.name.as_str(), version.revision), ("New lamps", 0));
        assert_eq!(document, b"[1]");
        store.append(&of("plaza-b", 1..=2)).unwrap();

        // One that cannot be kept ends nothing.
        let publishing =
            |revision| SavedBatch { ends_draft: Some("plaza-b".into()), ..batch(revision) };
        store.append(&[("plaza".into(), publishing(2))]).unwrap_err();
        assert_eq!(store.drafts().unwrap().len(), 2);
        store.append(&[("plaza".into(), publishing(1))]).unwrap();
        assert_eq!(store.load("plaza-b").unwrap(), None);
        assert_eq!(store.load("plaza").unwrap().unwrap().batches, [batch(1)]);
        store.version("plaza-b", base).unwrap_err();
        let left = store.drafts().unwrap();
        assert_eq!((left.len(), left[0].world.as_str()), (1, "plaza-a"));

        assert!(!store.end_draft("plaza").unwrap(), "no draft");
        assert!(store.end_draft("plaza-a").unwrap());
        assert!(!store.end_draft("plaza-a").unwrap(), "not any more");
        assert_eq!(store.worlds().unwrap(), ["plaza"]);
        store.begin_draft(&draft("plaza-a"), b"[3]").unwrap();
    });
}
