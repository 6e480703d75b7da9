//! World documents: blueprints, objects and their physics properties.
//!
//! Owns the JSON format of a world, its validation and its limits, and the operations that change
//! one. Invariant: a
//! [`WorldDocument`] that came through [`load::from_json`] holds only finite numbers, known
//! references and sizes within [`limits`]; nothing here knows the ECS or performs IO.

mod assets;
mod check;
pub mod diff;
pub mod document;
pub mod limits;
pub mod load;
pub mod merge;
pub mod mover;
pub mod operation;
pub mod scene;
