//! Criterion benches of the simulation and the wire.
