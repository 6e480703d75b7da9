//! Words from language models, whatever their providers do.

mod aimock;
mod asking;
mod chunks;
mod faults;
mod puppet;
mod replies;
mod settings;
mod times;
mod upstream;
