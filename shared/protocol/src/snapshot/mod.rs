//! The snapshot codec: how quantised state becomes few bytes, and state again at the other end.
//!
//! ```text
//! packet = head (tick, number, the client's own avatar) + blocks
//! block  = one leaf: who left, who came, who changed since a tick that both ends hold
//! member = one facet of one entity: the residual against a prediction, range coded
//! ```
//!
//! Everything is integer arithmetic, so that JavaScript gives the same results. Invariant: bytes of
//! a stranger give an error or some state, in bounded time and space, and never a panic.

pub mod block;
pub mod fields;
pub mod member;
mod models;
pub mod packet;
mod predict;
mod priors;
pub mod range;
pub mod schema;
pub mod view;
