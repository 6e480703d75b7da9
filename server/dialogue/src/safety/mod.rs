//! What keeps people safe from a companion, and a companion from people's tricks.
//!
//! `injection` takes the edge off texts before a model sees them, `crisis` hears when somebody may be
//! in danger, `output` looks at what a model says while it says it, `age` keeps adults' companions
//! from others, `names` hides who is who from logs and providers. None of them refuses to talk.

pub mod age;
pub mod crisis;
pub mod injection;
pub mod names;
pub mod output;
