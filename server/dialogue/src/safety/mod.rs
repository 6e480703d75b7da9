//! What keeps people safe from a companion, and a companion from people's tricks.
//!
//! `crisis` hears when somebody may be in danger.

pub mod crisis;
