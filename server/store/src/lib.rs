//! What must last: worlds as snapshots and logs of operations, and what minds know.
//!
//! Owns the [`port`] that every database fills, its adapters, and the one [`keeper`] that writes.
//! Invariant: what was answered with success is there after any crash, whole batches only, in the
//! order of their revisions without a gap, and whole turns of minds only. Nothing here knows what
//! an operation or a memory means: they are made and read elsewhere.

pub mod adapters;
pub mod keeper;
pub mod limits;
pub mod port;
