//! World documents from outside: what is accepted, what is refused and how, and the worlds shipped.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod diffs;
mod edits;
mod hostile;
mod merges;
mod movers;
mod refused;
mod refused_properties;
mod sample;
mod worlds;
