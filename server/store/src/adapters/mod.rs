//! Databases.

pub mod memory;
pub mod sqlite;
