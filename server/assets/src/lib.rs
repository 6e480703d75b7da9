//! Uploaded models, images and sounds: what is taken in, and where it lies.
//!
//! [`intake::take_in`] looks at bytes of a stranger, refuses what is not sound, makes the rest as
//! small as it can without harm, and names it by its content. [`shelf::Shelf`] keeps it, in a
//! folder or in a bucket. Neither knows worlds, accounts or quotas.

pub mod address;
pub mod encoder;
pub mod intake;
pub mod limits;
pub mod model;
mod picture;
pub mod shelf;
mod sound;
