//! Walks many real protocol clients through a world and measures what they see.
//!
//! Owns the client's side of the wire as a program would write it: handshake, inputs for the right
//! ticks, packets and acknowledgements. It knows nothing of the server's inside, and no byte of the
//! server makes it panic: what it does not understand is counted as a decode error.

pub mod bot;
pub mod clock;
pub mod inputs;
pub mod measure;
pub mod road;
pub mod run;
pub mod sight;
pub mod staleness;
pub mod walk;
