//! Who may say how much, and what it may cost.
//!
//! `messages` counts messages of each user; `ledger` keeps budgets in money and tokens and is what the
//! gateway's meter asks; `settings` is `[limits]` of `dialogue.toml`. With a Redis, several servers share
//! all of it. Nothing here knows who somebody is: users are keys, which whoever asks has made. Nothing
//! has a clock.

pub mod dollars;
pub mod ledger;
pub mod limits;
pub mod messages;
mod meter;
pub mod settings;
#[cfg(test)]
mod tests;
pub mod totals;
pub mod window;

pub use self::{
    ledger::{Clock, Kept, Ledger, Payer},
    messages::{Messages, TooMany},
    settings::{LimitSettings, Membership},
};
