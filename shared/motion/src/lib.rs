//! The avatar step, the same on server, bot and browser.
//!
//! Owns how an avatar moves: an [`Input`](vivarium_protocol::intent::Input) and the world's
//! geometry turn one [`AvatarState`] into the next. `client-web/src/predict` repeats every
//! operation of this crate in TypeScript, and a golden recording that both replay keeps the two
//! in step, bit for bit.
//!
//! Three rules make that possible:
//! - avatars move in a [`QueryWorld`] of their own that is built in one canonical order and stepped
//!   exactly once, so that its collider tree has the same shape on both ends;
//! - outside rapier only `+ - * /` and `sqrt` on `f32` are used, in a fixed order, because
//!   JavaScript gives the same bits for these with `Math.fround` and for nothing else;
//! - every setting of rapier's character controller is given, since the defaults of the two builds
//!   differ.
//!
//! Nothing here knows the ECS, reads a clock or performs IO.

mod build;
mod geometry;
mod query_world;
mod rest;
mod state;
mod step;

pub mod consts;
pub mod shape;

pub use build::Changed;
pub use query_world::{Owner, Proxy, QueryWorld};
pub use state::AvatarState;
pub use step::{Hit, StepResult, controller};

/// Why the geometry of a world cannot be walked on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("objects[{object}].colliders[{collider}]: {reason}")]
pub struct MotionError {
    /// Index of the object in the document.
    pub object: usize,
    /// Index of the collider in the object.
    pub collider: usize,
    /// What is wrong and what is allowed.
    pub reason: String,
}
