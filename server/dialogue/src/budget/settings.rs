//! The part `[limits]` of `dialogue.toml`: who may say how much, and what it may cost.
//!
//! ```toml
//! [limits]
//! premium = ["9f86d081884c7d65"]           # accounts, as the list of who may build calls them
//!
//! [limits.messages_per_hour]
//! free = 10
//! registered = 50
//! premium = 500
//!
//! [limits.budgets.user]
//! usd_per_day = "0.50"                     # dollars, to the millionth; a number does as well
//!
//! [limits.budgets.installation]
//! usd_per_month = 100
//! tokens_per_hour = 2_000_000
//! ```
//!
//! Where servers share limits in Redis, `when_redis_is_away = "refuse"` lets no model be asked while it
//! does not answer; otherwise (`"own"`) each server keeps them on its own then.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    dollars::Dollars,
    limits::{KEY_BYTES_MAX, MESSAGES_PER_HOUR_MAX, PREMIUM_MAX, TOKENS_MAX},
    window::Period,
};

/// Everything that `[limits]` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// Accounts that are [`Membership::Premium`]; others are [`Membership::Registered`].
    pub premium: BTreeSet<String>,
    /// How many messages somebody may send.
    pub messages_per_hour: MessagesPerHour,
    /// What answers may cost. Without a word of it, whatever they cost.
    pub budgets: Budgets,
    /// What becomes of budgets that servers share while nobody knows what others spend.
    pub when_redis_is_away: WhenRedisIsAway,
}

/// What is done about shared budgets while Redis does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenRedisIsAway {
    /// Each server keeps the same budgets on its own.
    #[default]
    Own,
    /// There is room for nothing.
    Refuse,
}

/// How a user stands to whoever runs the server.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    /// Has just come.
    #[default]
    Free,
    /// Is known.
    Registered,
    /// Pays, or is treated as one who does.
    Premium,
}

/// Messages in any sixty minutes, for one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MessagesPerHour {
    /// For [`Membership::Free`].
    pub free: u32,
    /// For [`Membership::Registered`].
    pub registered: u32,
    /// For [`Membership::Premium`].
    pub premium: u32,
}

impl Default for MessagesPerHour {
    fn default() -> Self {
        Self { free: 10, registered: 50, premium: 500 }
    }
}

impl MessagesPerHour {
    /// How many somebody has.
    pub fn of(&self, membership: Membership) -> u32 {
        match membership {
            Membership::Free => self.free,
            Membership::Registered => self.registered,
            Membership::Premium => self.premium,
        }
    }
}

/// What answers may cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budgets {
    /// Those of each user.
    pub user: Budget,
    /// Those in each world.
    pub world: Budget,
    /// All.
    pub installation: Budget,
}

/// What answers may cost within an hour, a day and a month, as clocks and calendars in UTC begin
/// them. What is not given is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Dollars.
    pub usd_per_hour: Option<Dollars>,
    /// Dollars.
    pub usd_per_day: Option<Dollars>,
    /// Dollars.
    pub usd_per_month: Option<Dollars>,
    /// Tokens of requests and answers together.
    pub tokens_per_hour: Option<u64>,
    /// Tokens of requests and answers together.
    pub tokens_per_day: Option<u64>,
    /// Tokens of requests and answers together.
    pub tokens_per_month: Option<u64>,
}

impl Budget {
    /// Whether nothing is limited.
    pub fn is_endless(&self) -> bool {
        *self == Self::default()
    }

    /// Millionths of a dollar, and tokens.
    pub fn of(&self, period: Period) -> (Option<u64>, Option<u64>) {
        let (dollars, tokens) = match period {
            Period::Hour => (self.usd_per_hour, self.tokens_per_hour),
            Period::Day => (self.usd_per_day, self.tokens_per_day),
            Period::Month => (self.usd_per_month, self.tokens_per_month),
        };
        (dollars.map(|it| it.microdollars), tokens)
    }
}

impl LimitSettings {
    /// What cannot be used of them: the field from `[limits]` on, and what is wrong with it.
    pub fn fault(&self) -> Option<(String, String)> {
        if self.premium.len() > PREMIUM_MAX {
            return Some(("premium".into(), format!("it may name at most {PREMIUM_MAX} accounts")));
        }
        if self.premium.iter().any(|account| !(1..=KEY_BYTES_MAX).contains(&account.len())) {
            let told = format!("an account has from 1 to {KEY_BYTES_MAX} bytes");
            return Some(("premium".into(), told));
        }
        let MessagesPerHour { free, registered, premium } = self.messages_per_hour;
        for (name, count) in [("free", free), ("registered", registered), ("premium", premium)] {
            if !(1..=MESSAGES_PER_HOUR_MAX).contains(&count) {
                let told = format!("it must be from 1 to {MESSAGES_PER_HOUR_MAX}");
                return Some((format!("messages_per_hour.{name}"), told));
            }
        }
        let Budgets { user, world, installation } = &self.budgets;
        for (name, budget) in [("user", user), ("world", world), ("installation", installation)] {
            for period in Period::ALL {
                if budget.of(period).1.is_some_and(|tokens| tokens > TOKENS_MAX) {
                    let field = format!("budgets.{name}.tokens_per_{}", period.name());
                    return Some((field, format!("it may be at most {TOKENS_MAX}")));
                }
            }
        }
        None
    }
}
