//! A `redis-server` of a story's own, on a free port, which can be killed and started again.

use std::{
    net::TcpListener,
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::process::{Child, Command};
use vivarium_dialogue::redis::Redis;

/// How long something is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Ends with its story. Keeps every write on the disk, so that a restart loses nothing.
pub struct RedisServer {
    folder: tempfile::TempDir,
    port: u16,
    process: Child,
}

impl RedisServer {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder of its own");
        let mut port = free_port();
        loop {
            let mut process = run(folder.path(), port);
            if answers(port, &mut process).await {
                return Self { folder, port, process };
            }
            // Somebody else was quicker to take it.
            port = free_port();
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub async fn connect(&self) -> Redis {
        Redis::connect(&self.url()).await.expect("it answers")
    }

    /// Kills it at once.
    pub async fn kill(&mut self) {
        self.process.kill().await.expect("it ends");
    }

    /// As it was left.
    pub async fn start_again(&mut self) {
        self.process = run(self.folder.path(), self.port);
        assert!(answers(self.port, &mut self.process).await, "it starts again");
    }

    /// Waits until something is so.
    pub async fn until(&self, mut is_so: impl AsyncFnMut() -> bool) {
        let began = Instant::now();
        while !is_so().await {
            assert!(began.elapsed() < PATIENCE, "it is not so yet");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port()
}

fn run(folder: &std::path::Path, port: u16) -> Child {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"])
        .args(["--appendfsync", "always", "--port", &port.to_string(), "--dir"])
        .arg(folder)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("redis-server must be installed: `make test` does it")
}

/// Waits until it answers; false: it ended.
async fn answers(port: u16, process: &mut Child) -> bool {
    let began = Instant::now();
    while Redis::connect(&format!("redis://127.0.0.1:{port}")).await.is_err() {
        if process.try_wait().expect("it can be asked").is_some() {
            return false;
        }
        assert!(began.elapsed() < PATIENCE, "Redis does not answer");
        tokio::time::sleep(PAUSE).await;
    }
    true
}
