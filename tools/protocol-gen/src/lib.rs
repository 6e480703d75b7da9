//! Writes the TypeScript types and codec from the Rust types.
