//! How the service is at this moment, for whoever runs the server.

use std::collections::BTreeMap;

use super::Dialogue;
use crate::{
    budget::{Ledger, Payer, totals::Total},
    cache::Counts,
    gateway::{Gateway, health::Health},
};

/// What the service has and does.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// What models answered in each world, and what that took.
    pub totals: Vec<Total>,
    /// Reserved by this server for what is under way, microdollars.
    pub reserved_microdollars: u64,
    /// What became of asks for small talk.
    pub cache: Counts,
    /// Bytes of answers in memory, roughly.
    pub cache_bytes: u64,
    /// Models, as they are asked; none: companions answer by themselves.
    pub models: Option<Models>,
    /// People whom companions have in mind, counted once for each companion.
    pub acquaintances: usize,
    /// What companions remember of those whom nobody talks to just now.
    pub memories: usize,
    /// Turns of those that could not be kept yet.
    pub unkept_turns: usize,
}

/// How models are asked.
#[derive(Clone, Debug)]
pub struct Models {
    /// Answers that are being got.
    pub under_way: usize,
    /// Answers that wait for their turn.
    pub waiting: usize,
    /// How each provider is, by its name in the settings.
    pub health: BTreeMap<String, Health>,
}

impl Models {
    fn of(gateway: &Gateway) -> Self {
        let concurrency = &gateway.settings().concurrency;
        Self {
            under_way: concurrency.answers_max.saturating_sub(gateway.free_turns()),
            waiting: gateway.waiting(),
            health: gateway.health(),
        }
    }
}

impl Dialogue {
    /// How it is now.
    pub fn look(&self) -> Sight {
        let installation = self.ledger.account(&Payer::Installation).unwrap_or_default();
        let reserved_microdollars = installation.held_microdollars;
        let mut sight = Sight {
            totals: self.ledger.totals(),
            reserved_microdollars,
            cache: self.cache.counts(),
            cache_bytes: self.cache.weight(),
            models: self.gateway.as_ref().map(Models::of),
            ..Sight::default()
        };
        let known = self.known();
        sight.acquaintances = known.acquaintances.len();
        for (_, shared) in known.acquaintances.values() {
            // Whoever is talked to is in use.
            let Ok(knows) = shared.try_lock() else { continue };
            sight.memories += knows.memory.len();
            sight.unkept_turns += knows.unkept.len();
        }
        sight
    }

    /// What was spent by whom, to be kept.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}
