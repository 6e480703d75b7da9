//! Worlds as glTF and glTF as worlds.

mod exported;
mod files;
mod returned;
