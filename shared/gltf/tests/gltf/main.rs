//! Worlds as glTF and glTF as worlds.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod exported;
mod files;
mod foreign;
mod hostile;
mod random;
mod returned;
