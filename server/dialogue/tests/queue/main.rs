//! Requests to models as jobs: in this process, and over a real Redis with workers.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

#[path = "../gateway/asking.rs"]
#[allow(dead_code, reason = "the gateway's stories ask more")]
mod asking;
mod desk;
#[path = "../redis/server.rs"]
mod server;
mod stories;
#[path = "../gateway/upstream.rs"]
#[allow(dead_code, reason = "the gateway's stories know more faults")]
mod upstream;
mod workers;
