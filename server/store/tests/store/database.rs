//! A real PostgreSQL, started for tests on a socket in a folder of its own. The stories of whole
//! servers start it, too.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use vivarium_store::adapters::postgres::PostgresStore;

/// How long the database may take to answer.
pub const PATIENCE: Duration = Duration::from_secs(30);

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
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let script = folders.map(|folder| folder.join("tools/make/require.sh")).find(|at| at.is_file());
    let mut script = Command::new(script.expect("a script of the repository"));
    let found = script.arg("postgres").output().expect("the script runs");
    let folder = String::from_utf8(found.stdout).expect("a path");
    assert!(found.status.success(), "PostgreSQL is missing: `make test` installs it");
    Path::new(folder.trim()).join(name)
}

impl Postgres {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
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

    pub fn run(&self, sql: &str) {
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
