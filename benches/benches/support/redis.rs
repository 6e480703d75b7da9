//! A `redis-server` of a bench's own, without writing to the disk.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use vivarium_dialogue::redis::Redis;

const PATIENCE: Duration = Duration::from_secs(20);

/// Ends with the bench.
pub struct RedisServer(Child);

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// One on a free port, and a connection to it.
pub async fn start() -> (RedisServer, Redis) {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr());
    let port = free.expect("a free port").port();
    let server = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--port", &port.to_string()])
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is installed: `make test` does it");
    let server = RedisServer(server);
    let began = Instant::now();
    loop {
        match Redis::connect(&format!("redis://127.0.0.1:{port}")).await {
            Ok(redis) => return (server, redis),
            Err(error) => assert!(began.elapsed() < PATIENCE, "{error}"),
        }
    }
}
