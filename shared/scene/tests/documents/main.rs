//! World documents from outside: what is accepted, what is refused and how, and the worlds shipped.

mod hostile;
mod movers;
mod refused;
mod sample;
mod worlds;
