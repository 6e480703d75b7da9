//! Stories that visitors of a world would tell. One file per behaviour, one harness.

mod harness;

mod avatars;
mod physics;
mod portals;
mod replication;
mod talking;
