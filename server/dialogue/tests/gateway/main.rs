//! Words from language models, whatever their providers do.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod aimock;
mod asking;
mod budgets;
mod chunks;
mod faults;
mod learning;
mod litellm;
mod puppet;
mod replies;
mod settings;
mod times;
mod upstream;
mod vectors;
