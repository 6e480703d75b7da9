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

fn serve(folder: &Path) -> Child {
    command(&program("postgres"))
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-c", "listen_addresses=", "-c", "shared_buffers=16MB", "-k"])
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("postgres runs")
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
        let process = serve(folder.path());
        let started = Self { folder, process, databases: std::cell::Cell::new(0) };
        started.wait();
        started
    }

    /// Waits until it answers.
    fn wait(&self) {
        let began = Instant::now();
        while let Err(error) = PostgresStore::open(&self.url("postgres")) {
            assert!(began.elapsed() < PATIENCE, "{error}");
            std::thread::yield_now();
        }
    }

    /// Of the process that the others are children of.
    fn pid(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.folder.path().join("data/postmaster.pid")).ok()?;
        text.lines().next().map(str::to_owned)
    }

    /// Kills all its processes at once.
    pub fn kill(&mut self) {
        let pid = self.pid().expect("it runs");
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.expect("its processes");
        let all = std::iter::once(pid.as_str()).chain(children.split_whitespace());
        let killed = Command::new("kill").arg("-KILL").args(all).output();
        assert!(killed.is_ok(), "kill runs");
        self.process.wait().expect("it has ended");
    }

    /// As it was left, however it ended.
    pub fn start_again(&mut self) {
        self.process = serve(self.folder.path());
        self.wait();
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
        if let Some(pid) = self.pid() {
            // As a fast shutdown: `runuser` does not pass signals on.
            let _ = Command::new("kill").args(["-INT", &pid]).status();
        }
        let _ = self.process.wait();
    }
}
