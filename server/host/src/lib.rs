//! The vivarium binary: configuration, HTTP, world threads, routing, metrics.
//!
//! Introduces the rooms of the server to each other, and owns what only a process can: the clock,
//! threads, sockets, files and signals. Invariant: a world never waits for anything here.

pub mod apply;
pub mod backup;
pub mod building;
pub mod clock;
pub mod companions;
pub mod config;
pub mod connections;
pub mod drafts;
pub mod exchange;
pub mod http;
pub mod kept;
pub mod keys;
pub mod library;
pub mod limits;
pub mod links;
pub mod metrics;
pub mod minds;
pub mod origin;
pub mod patient;
pub mod recording;
pub mod remote;
pub mod replay;
pub mod residents;
pub mod routing;
pub mod running;
pub mod server;
pub mod starter;
pub mod tickets;
pub mod tls;
pub mod world_thread;
pub mod worlds;

#[cfg(test)]
mod puppet;
