//! A real PostgreSQL, started for these tests on a socket in a folder of its own.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use vivarium_contract::editing::Role;
use vivarium_store::{
    adapters::postgres::PostgresStore,
    port::{Grant, StoreError, WorldStore},
};

use crate::{batch, of};

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A database that ends with the test.
pub struct Postgres {
    folder: TempDir,
    process: Child,
    databases: std::cell::Cell<u32>,
}

/// PostgreSQL refuses to run as root: then it runs as the user that its package has made.
fn command(program: &Path) -> Command {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

fn program(name: &str) -> PathBuf {
    let script = format!("{}/../../tools/make/require.sh", env!("CARGO_MANIFEST_DIR"));
    let found = Command::new(script).arg("postgres").output().expect("a script that is there");
    let folder = String::from_utf8(found.stdout).expect("a path");
    assert!(found.status.success(), "PostgreSQL is missing: `make test` installs it");
    Path::new(folder.trim()).join(name)
}

impl Postgres {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        // Whoever it runs as must own its folder.
        let open = Command::new("chmod").arg("777").arg(folder.path()).status();
        assert!(open.is_ok_and(|status| status.success()));
        let made = command(&program("initdb"))
            .args(["--auth=trust", "--username=vivarium", "--no-sync", "--pgdata"])
            .arg(&data)
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let process = command(&program("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=", "-c", "shared_buffers=16MB", "-k"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("postgres runs");
        let started = Self { folder, process, databases: std::cell::Cell::new(0) };
        let began = Instant::now();
        while let Err(error) = PostgresStore::open(&started.url("postgres")) {
            assert!(began.elapsed() < PATIENCE, "{error}");
            std::thread::yield_now();
        }
        started
    }

    fn url(&self, database: &str) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgresql://vivarium@{folder}/{database}")
    }

    /// An empty database.
    pub fn database(&self) -> String {
        let number = self.databases.get();
        self.databases.set(number + 1);
        let name = format!("test{number}");
        self.run(&format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    fn run(&self, sql: &str) {
        let ran = Command::new(program("psql"))
            .args(["-v", "ON_ERROR_STOP=1", "-U", "vivarium", "-d", "postgres", "-c", sql, "-h"])
            .arg(self.folder.path())
            .output()
            .expect("psql runs");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(self.folder.path().join("data/postmaster.pid"));
        if let Some(pid) = pid.ok().as_deref().and_then(|text| text.lines().next()) {
            // As a fast shutdown: `runuser` does not pass signals on.
            let _ = Command::new("kill").args(["-INT", pid]).status();
        }
        let _ = self.process.wait();
    }
}

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
