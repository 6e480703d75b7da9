//! Scores the snapshot codec on traces, and captures traces to score it on.
//!
//! Invariant: what is scored is the member coder that the server uses, unchanged.

pub mod capture;
pub mod order0;
pub mod score;
pub mod trace;
