//! Worlds as glTF and glTF as worlds.

mod exported;
mod files;
mod foreign;
mod hostile;
mod random;
mod returned;
