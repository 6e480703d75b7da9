//! What is PostgreSQL's own: connections that are lost, and other servers that use the database.

use std::{
    io::{self, Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use vivarium_contract::editing::Role;
use vivarium_store::{
    adapters::postgres::PostgresStore,
    port::{Grant, StoreError, WorldStore},
};

use crate::{
    batch,
    database::{PATIENCE, Postgres},
    of,
};

#[test]
fn only_one_server_writes_and_newer_databases_are_refused() {
    let postgres = Postgres::start();
    let url = postgres.database();
    let mut store = PostgresStore::open(&url).unwrap();
    store.create("plaza", b"{}").unwrap();
    store.append(&of("plaza", 1..=2)).unwrap();
    let second = PostgresStore::open(&url).unwrap_err();
    assert!(matches!(second, StoreError::InUse(_)), "{second}");
    drop(store);
    let mut again = PostgresStore::open(&url).unwrap();
    assert_eq!(again.load("plaza").unwrap().unwrap().batches, [batch(1), batch(2)]);
    drop(again);
    // Whoever ends in an orderly way keeps nobody waiting.
    for _ in 0..20 {
        PostgresStore::open(&url).unwrap();
    }
    let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    client.batch_execute("UPDATE vivarium.version SET number = 99").unwrap();
    let newer = PostgresStore::open(&url).unwrap_err();
    assert_eq!(newer, StoreError::Newer { found: 99, known: 9 });
}

#[test]
fn roles_of_the_fourth_version_have_no_names_yet() {
    let postgres = Postgres::start();
    let url = postgres.database();
    drop(PostgresStore::open(&url).unwrap());
    let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    client
        .batch_execute(
            "ALTER TABLE vivarium.role DROP COLUMN name;
             DROP TABLE vivarium.draft, vivarium.memory, vivarium.acquaintance, vivarium.persona,
                vivarium.mind, vivarium.api_key, vivarium.spending;
             INSERT INTO vivarium.role VALUES ('ana', '', 2);
             UPDATE vivarium.version SET number = 4;",
        )
        .unwrap();
    let mut store = PostgresStore::open(&url).unwrap();
    let ana = Grant { account: "ana".into(), world: None, role: Role::Owner, name: String::new() };
    assert_eq!(store.grants().unwrap(), std::slice::from_ref(&ana));
    let ana = Grant { name: "Ana".into(), ..ana };
    store.grant(&ana).unwrap();
    assert_eq!(store.grants().unwrap(), [ana]);
}

#[test]
fn a_connection_that_was_lost_is_made_again() {
    let postgres = Postgres::start();
    let url = postgres.database();
    let mut store = PostgresStore::open(&url).unwrap();
    store.create("plaza", b"{}").unwrap();
    store.append(&of("plaza", [1])).unwrap();
    postgres.run(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
         WHERE datname LIKE 'test%' AND pid <> pg_backend_pid()",
    );
    // The loss may be noticed only by what is done next; nothing of that was kept then.
    let kept = store.append(&of("plaza", [2])).or_else(|error| {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        assert!(!error.is_final());
        store.append(&of("plaza", [2]))
    });
    kept.unwrap();
    assert_eq!(store.load("plaza").unwrap().unwrap().batches, [batch(1), batch(2)]);
}

#[test]
fn a_server_whose_database_another_one_has_used_meanwhile_stops() {
    let postgres = Postgres::start();
    let url = postgres.database();
    let mut store = PostgresStore::open(&url).unwrap();
    store.create("plaza", b"{}").unwrap();
    postgres.run(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
         WHERE datname LIKE 'test%' AND pid <> pg_backend_pid()",
    );
    let mut other = PostgresStore::open(&url).unwrap();
    other.append(&of("plaza", [1])).unwrap();
    drop(other);
    let mut told = store.append(&of("plaza", [1])).unwrap_err();
    let began = Instant::now();
    while !told.is_final() && began.elapsed() < PATIENCE {
        // The loss is noticed by the second at the earliest, and the other's lock goes a moment
        // after its connection.
        told = store.append(&of("plaza", [1])).unwrap_err();
        std::thread::yield_now();
    }
    assert!(told.is_final() && told.to_string().contains("another server"), "{told}");
    assert_eq!(store.load("plaza").unwrap_err(), told);
}

#[test]
fn a_database_that_was_killed_has_what_it_acknowledged_and_is_written_to_again() {
    let mut postgres = Postgres::start();
    let url = postgres.database();
    let mut store = PostgresStore::open(&url).unwrap();
    store.create("plaza", b"{}").unwrap();
    store.append(&of("plaza", 1..=3)).unwrap();
    postgres.kill();
    // Nothing was being committed, so nothing is in doubt.
    let lost = store.append(&of("plaza", [4])).unwrap_err();
    assert!(matches!(lost, StoreError::Unavailable(_)), "{lost}");
    postgres.start_again();
    let began = Instant::now();
    while let Err(error) = store.append(&of("plaza", [4])) {
        assert!(!error.is_final() && began.elapsed() < PATIENCE, "{error}");
    }
    let kept = store.load("plaza").unwrap().unwrap().batches;
    assert_eq!(kept, (1..=4).map(batch).collect::<Vec<_>>());
}

/// Name of a socket of PostgreSQL in its folder.
const SOCKET: &str = ".s.PGSQL.5432";

/// Stands between a store and the database, at a socket in a folder. Once it is told to, it loses the
/// answer to the next commit, which the database has done by then.
fn between(database: PathBuf, folder: &Path) -> Arc<AtomicBool> {
    let loses = Arc::new(AtomicBool::new(false));
    let listener = UnixListener::bind(folder.join(SOCKET)).unwrap();
    let told = loses.clone();
    std::thread::spawn(move || {
        while let Ok((near, _)) = listener.accept() {
            let far = UnixStream::connect(database.join(SOCKET)).unwrap();
            let lost = Arc::new(AtomicBool::new(false));
            let back = (far.try_clone().unwrap(), near.try_clone().unwrap(), lost.clone());
            std::thread::spawn(move || answers(back.0, back.1, &back.2));
            let told = told.clone();
            std::thread::spawn(move || requests(near, far, &told, &lost));
        }
    });
    loses
}

fn requests(mut near: UnixStream, mut far: UnixStream, loses: &AtomicBool, lost: &AtomicBool) {
    let mut bytes = [0; 65_536];
    while let Ok(count @ 1..) = near.read(&mut bytes) {
        let is_commit = bytes[..count].windows(6).any(|word| word == b"COMMIT");
        if is_commit && loses.swap(false, Ordering::AcqRel) {
            lost.store(true, Ordering::Release);
        }
        if far.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = far.shutdown(Shutdown::Both);
}

fn answers(mut far: UnixStream, mut near: UnixStream, lost: &AtomicBool) {
    let mut bytes = [0; 65_536];
    let mut answered = || -> io::Result<bool> {
        let count = far.read(&mut bytes)?;
        if count == 0 || lost.load(Ordering::Acquire) {
            return Ok(false);
        }
        near.write_all(&bytes[..count]).map(|()| true)
    };
    while answered().is_ok_and(|goes_on| goes_on) {}
    let _ = near.shutdown(Shutdown::Both);
}

#[test]
fn a_commit_whose_answer_is_lost_is_in_doubt_and_nothing_is_tried_again() {
    let postgres = Postgres::start();
    let url = postgres.database();
    let folder = tempfile::tempdir().unwrap();
    let (_, place) = url.split_once('@').unwrap();
    let (place, _) = place.split_once('/').unwrap();
    let loses = between(place.replace("%2F", "/").into(), folder.path());
    let ours = folder.path().display().to_string().replace('/', "%2F");
    let mut store = PostgresStore::open(&url.replace(place, &ours)).unwrap();
    store.create("plaza", b"{}").unwrap();
    store.append(&of("plaza", [1])).unwrap();
    loses.store(true, Ordering::Release);
    let doubt = store.append(&of("plaza", [2])).unwrap_err();
    assert!(matches!(doubt, StoreError::Broken(_)) && doubt.is_final(), "{doubt}");
    assert!(!loses.load(Ordering::Acquire), "it was in the commit");
    for revision in [2, 3] {
        assert_eq!(store.append(&of("plaza", [revision])).unwrap_err(), doubt, "not again");
    }
    drop(store);
    // The next server finds it: whole, and once.
    let began = Instant::now();
    let mut next = loop {
        match PostgresStore::open(&url) {
            Ok(next) => break next,
            // The lock goes a moment after the connection.
            Err(error) => assert!(began.elapsed() < PATIENCE, "{error}"),
        }
    };
    assert_eq!(next.load("plaza").unwrap().unwrap().batches, [batch(1), batch(2)]);
    next.append(&of("plaza", [3])).unwrap();
}
