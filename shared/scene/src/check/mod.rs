//! Whether a document that could be read makes sense, field by field.
//!
//! The first fault found is told, with the path of its field and what is allowed there.

mod fault;
mod object;
mod parts;
mod values;
mod world;

pub(crate) use fault::At;
pub(crate) use object::{Together, object, properties};
pub(crate) use values::{key, object_name};
pub(crate) use world::{Sums, document, environment, material, permission, settings, title};
