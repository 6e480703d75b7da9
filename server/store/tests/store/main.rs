//! What every database must do, and what a crash may not take away.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod conformance;
mod crash;
mod database;
mod disk;
mod faults;
mod keys;
mod minds;
mod postgres;
mod shim;
mod spending;
mod sqlite;
mod transfer;

use vivarium_contract::saving::SavedBatch;

/// A batch that says its own revision.
fn batch(revision: u64) -> SavedBatch {
    SavedBatch {
        revision,
        at_ms: 1_700_000_000_000 + revision,
        author: "ana".into(),
        operations: format!("[{{\"delete\":{{\"object\":{revision}}}}}]"),
        inverses: "[]".into(),
        grants: Vec::new(),
        ends_draft: None,
    }
}

fn of(world: &str, revisions: impl IntoIterator<Item = u64>) -> Vec<(String, SavedBatch)> {
    revisions.into_iter().map(|revision| (world.to_owned(), batch(revision))).collect()
}
