//! What was answered in each world by each model, for metrics.

use std::collections::BTreeMap;

use super::limits::WORLDS_MAX;
use crate::{
    gateway::{
        limits::MODELS_MAX,
        meter::{Attempt, Outcome, Planned},
    },
    provider::Usage,
};

/// What worlds and models are called that are too many to be told apart.
const OTHERS: &str = "other";

/// What was answered in one world by one model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Where.
    pub world: String,
    /// By whom, as the settings call it.
    pub model: String,
    /// Whole answers.
    pub messages: u64,
    /// Attempts that ended otherwise.
    pub failures: u64,
    /// Attempts that no budget had room for.
    pub refusals: u64,
    /// Tokens of requests.
    pub input_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
    /// Millionths of a dollar.
    pub microdollars: u64,
}

impl Total {
    fn spend(&mut self, input_tokens: u64, output_tokens: u64, microdollars: u64) {
        self.input_tokens = self.input_tokens.saturating_add(input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(output_tokens);
        self.microdollars = self.microdollars.saturating_add(microdollars);
    }
}

/// All of them; as many as there may be worlds and models.
#[derive(Debug, Default)]
pub(super) struct Totals {
    by_world: BTreeMap<String, BTreeMap<String, Total>>,
}

impl Totals {
    pub(super) fn refused(&mut self, world: &str, model: &str) {
        let total = self.of(world, model);
        total.refusals = total.refusals.saturating_add(1);
    }

    pub(super) fn settled(&mut self, world: &str, model: &str, attempt: &Attempt) {
        let total = self.of(world, model);
        let ended = match attempt.outcome {
            Outcome::Done => &mut total.messages,
            Outcome::Failed(_) | Outcome::Outrun | Outcome::Cancelled => &mut total.failures,
        };
        *ended = ended.saturating_add(1);
        let Usage { input_tokens, output_tokens } = attempt.usage;
        total.spend(input_tokens, output_tokens, attempt.cost_microdollars);
    }

    /// An attempt of which nobody said how it ended.
    pub(super) fn unsettled(&mut self, world: &str, planned: &Planned) {
        let total = self.of(world, &planned.model);
        total.failures = total.failures.saturating_add(1);
        let Planned { input_tokens, output_tokens_max, cost_microdollars_max, .. } = *planned;
        total.spend(input_tokens, output_tokens_max, cost_microdollars_max);
    }

    pub(super) fn snapshot(&self) -> Vec<Total> {
        self.by_world.values().flat_map(|models| models.values().cloned()).collect()
    }

    fn of(&mut self, world: &str, model: &str) -> &mut Total {
        let is_known = self.by_world.contains_key(world) || self.by_world.len() < WORLDS_MAX;
        let world = if is_known { world } else { OTHERS };
        let models = self.by_world.entry(world.to_owned()).or_default();
        let is_known = models.contains_key(model) || models.len() < MODELS_MAX;
        let model = if is_known { model } else { OTHERS };
        models.entry(model.to_owned()).or_insert_with(|| Total {
            world: world.to_owned(),
            model: model.to_owned(),
            ..Total::default()
        })
    }
}
