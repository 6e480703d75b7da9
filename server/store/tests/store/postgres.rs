//! What is PostgreSQL's own: connections that are lost, and other servers that use the database.

use std::time::Instant;

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
    let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    client.batch_execute("UPDATE vivarium.version SET number = 99").unwrap();
    let newer = PostgresStore::open(&url).unwrap_err();
    assert_eq!(newer, StoreError::Newer { found: 99, known: 6 });
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
             DROP TABLE vivarium.draft;
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
