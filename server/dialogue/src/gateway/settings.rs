//! `dialogue.toml`: which language models there are, where, at what price, and how patiently they are
//! asked.
//!
//! ```toml
//! [providers.home]
//! kind = "openai"                          # and whatever speaks like it: Ollama, vLLM, LiteLLM
//! base_url = "http://127.0.0.1:11434/v1"
//!
//! [providers.anthropic]
//! kind = "anthropic"
//! base_url = "https://api.anthropic.com/v1"
//! key_env = "ANTHROPIC_API_KEY"            # the name of a variable, never a key
//!
//! [[models]]
//! name = "small"
//! provider = "home"
//! id = "llama3.2:3b"
//! tier = "small"
//! context_tokens = 8192
//!
//! [[models]]
//! name = "large"
//! provider = "anthropic"
//! id = "claude-sonnet-4-20250514"
//! tier = "large"
//! input_microdollars_per_million = 3_000_000
//! output_microdollars_per_million = 15_000_000
//! context_tokens = 200_000
//! output_tokens_max = 1024
//! ```
//!
//! Keys come from the environment alone, and nothing prints them. `[limits]`, `[cache]` and `[memory]`
//! are shown in `budget/settings.rs`, `cache/settings.rs` and `memory/settings.rs`.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use url::Url;

use super::limits::{
    CONCURRENT_MAX, CONTEXT_TOKENS_MAX, MODELS_MAX, NAME_BYTES_MAX, OUTPUT_TOKENS_MAX,
    PATIENCE_MAX, PRICE_MICRODOLLARS_MAX, PROVIDERS_MAX, RETRIES_MAX, SETTINGS_BYTES_MAX,
    WAITING_MAX,
};
use crate::{
    budget::LimitSettings, cache::CacheSettings, memory::settings::MemorySettings,
    provider::Continuation,
};

/// Everything that `dialogue.toml` says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Who can be asked, by name.
    pub providers: BTreeMap<String, ProviderSettings>,
    /// What can be asked, each once.
    pub models: Vec<ModelSettings>,
    /// Names of models in the order in which they are asked when the one that was chosen does not
    /// answer. Those that are not named come last, by price.
    #[serde(default)]
    pub fallback: Vec<String>,
    /// How long is waited.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// How often is tried again.
    #[serde(default)]
    pub retries: Retries,
    /// How many are asked at once.
    #[serde(default)]
    pub concurrency: Concurrency,
    /// When a second model is asked beside the first one that does not answer. Never, if nothing is
    /// said.
    #[serde(default)]
    pub hedging: Option<Hedging>,
    /// From 0 to 2; the model's own if nothing is given.
    #[serde(default)]
    pub temperature: Option<f32>,
    /// Who may say how much, and what it may cost.
    #[serde(default)]
    pub limits: LimitSettings,
    /// How much is kept of answers to small talk, and how long.
    #[serde(default)]
    pub cache: CacheSettings,
    /// What models may teach a companion, and who makes vectors.
    #[serde(default)]
    pub memory: MemorySettings,
}

/// Somebody who can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// How it speaks.
    pub kind: Kind,
    /// Where it is: what stands before `/chat/completions` or `/messages`.
    pub base_url: Url,
    /// The environment variable with the key, if one is needed.
    #[serde(default)]
    pub key_env: Option<String>,
}

/// How a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Chat completions.
    Openai,
    /// Messages.
    Anthropic,
}

/// How good a model is. A better one does for what a lesser one would do for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Does for greetings and small talk.
    #[default]
    Small,
    /// Does for conversations.
    Medium,
    /// Does for everything.
    Large,
}

/// A model that can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// As these settings and the metrics call it.
    pub name: String,
    /// Who has it.
    pub provider: String,
    /// As its provider calls it; like its name if nothing is said.
    #[serde(default)]
    pub id: Option<String>,
    /// How good it is.
    pub tier: Tier,
    /// Millionths of a dollar for a million tokens of a request.
    #[serde(default)]
    pub input_microdollars_per_million: u64,
    /// Millionths of a dollar for a million tokens of an answer.
    #[serde(default)]
    pub output_microdollars_per_million: u64,
    /// Tokens of request and answer together.
    pub context_tokens: u32,
    /// Tokens of an answer.
    #[serde(default = "default_output_tokens")]
    pub output_tokens_max: u32,
    /// How it is asked to go on with an answer that another has begun. If nothing is said: by
    /// `prefill` at Anthropic's kind, `asked` at OpenAI's. One that refuses `prefill`, as some newer
    /// models do, is `asked` as well.
    #[serde(default)]
    pub continuation: Option<Continuation>,
}

fn default_output_tokens() -> u32 {
    512
}

impl ModelSettings {
    /// As its provider calls it.
    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.name)
    }

    /// Millionths of a dollar for so many tokens, rounded up.
    pub fn cost_microdollars(&self, input_tokens: u64, output_tokens: u64) -> u64 {
        let of = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
        let whole = of(input_tokens, self.input_microdollars_per_million)
            + of(output_tokens, self.output_microdollars_per_million);
        u64::try_from(whole.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

/// How long is waited, each in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    /// For a connection.
    pub connect_ms: u64,
    /// For the first word of one attempt, the connection included.
    pub first_token_ms: u64,
    /// For the next byte.
    pub stall_ms: u64,
    /// For all of an answer, whatever had to be tried for it.
    pub whole_ms: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect_ms: 3_000, first_token_ms: 10_000, stall_ms: 8_000, whole_ms: 60_000 }
    }
}

/// How often is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retries {
    /// Tries of one model after the first.
    pub per_model: u32,
    /// Wait before the first of them, at most; twice as long before each following one.
    pub first_wait_ms: u64,
    /// Wait before any of them, at most.
    pub wait_ms_max: u64,
}

impl Default for Retries {
    fn default() -> Self {
        Self { per_model: 1, first_wait_ms: 250, wait_ms_max: 2_000 }
    }
}

/// How many are asked at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Concurrency {
    /// Answers under way.
    pub answers_max: usize,
    /// Requests that wait for their turn; those beyond are refused at once.
    pub waiting_max: usize,
    /// How long each of them waits before it is refused.
    pub wait_ms_max: u64,
}

impl Default for Concurrency {
    fn default() -> Self {
        Self { answers_max: 16, waiting_max: 64, wait_ms_max: 2_000 }
    }
}

/// When a second model is asked beside the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hedging {
    /// After so long without a word, and never before twice what the first one's provider usually
    /// takes.
    pub after_ms: u64,
}

/// Why settings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// There is too much of them.
    #[error("more than {SETTINGS_BYTES_MAX} bytes")]
    TooLarge,
    /// They are not TOML, or say something else than they may.
    #[error("{path}: {told}")]
    Unreadable {
        /// The field, from the top.
        path: String,
        /// What is wrong, with its line.
        told: String,
    },
    /// They contradict themselves, or go too far.
    #[error("{path}: {told}")]
    Wrong {
        /// The field, from the top.
        path: String,
        /// What is wrong.
        told: String,
    },
}

fn wrong(path: impl Into<String>, told: impl Into<String>) -> SettingsError {
    SettingsError::Wrong { path: path.into(), told: told.into() }
}

impl Settings {
    /// Reads and checks the text of a `dialogue.toml`.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        if text.len() > SETTINGS_BYTES_MAX {
            return Err(SettingsError::TooLarge);
        }
        let unreadable = |path: String, error: &toml::de::Error| {
            let path = if path == "." { "dialogue.toml".to_owned() } else { path };
            let line = error.span().map(|it| 1 + text[..it.start].matches('\n').count());
            let told = match line {
                Some(line) => format!("{} (line {line})", error.message()),
                None => error.message().to_owned(),
            };
            SettingsError::Unreadable { path, told }
        };
        let reader = toml::Deserializer::parse(text).map_err(|it| unreadable(".".into(), &it))?;
        let settings: Self = serde_path_to_error::deserialize(reader)
            .map_err(|error| unreadable(error.path().to_string(), error.inner()))?;
        settings.check()?;
        Ok(settings)
    }

    /// Whether they can be used.
    pub fn check(&self) -> Result<(), SettingsError> {
        at_most("providers", self.providers.len(), PROVIDERS_MAX)?;
        at_most("models", self.models.len(), MODELS_MAX)?;
        if self.models.is_empty() {
            return Err(wrong("models", "there must be at least one"));
        }
        for (name, provider) in &self.providers {
            provider.check(name)?;
        }
        for (place, model) in self.models.iter().enumerate() {
            self.check_model(&format!("models[{place}]"), model)?;
            if self.models[..place].iter().any(|it| it.name == model.name) {
                let told = format!("{:?} is there twice", model.name);
                return Err(wrong(format!("models[{place}].name"), told));
            }
        }
        for (place, name) in self.fallback.iter().enumerate() {
            let path = format!("fallback[{place}]");
            if !self.models.iter().any(|it| it.name == *name) {
                return Err(wrong(path, format!("no model is called {name:?}")));
            }
            if self.fallback[..place].contains(name) {
                return Err(wrong(path, format!("{name:?} is there twice")));
            }
        }
        self.check_patience()?;
        if let Some((field, told)) = self.limits.fault() {
            return Err(wrong(format!("limits.{field}"), told));
        }
        if let Some((field, told)) = self.cache.fault() {
            return Err(wrong(format!("cache.{field}"), told));
        }
        self.check_memory()?;
        match self.temperature {
            Some(it) if !(0.0..=2.0).contains(&it) => {
                Err(wrong("temperature", "it must be from 0 to 2"))
            }
            _ => Ok(()),
        }
    }

    fn check_memory(&self) -> Result<(), SettingsError> {
        if let Some((field, told)) = self.memory.fault() {
            return Err(wrong(format!("memory.{field}"), told));
        }
        let Some(embedding) = &self.memory.embedding else { return Ok(()) };
        let told = match self.providers.get(&embedding.provider).map(|it| it.kind) {
            Some(Kind::Openai) => return Ok(()),
            Some(Kind::Anthropic) => "this kind of provider makes no vectors".to_owned(),
            None => format!("no provider is called {:?}", embedding.provider),
        };
        Err(wrong("memory.embedding.provider", told))
    }

    fn check_model(&self, path: &str, model: &ModelSettings) -> Result<(), SettingsError> {
        check_name(&format!("{path}.name"), &model.name)?;
        check_name(&format!("{path}.id"), model.id())?;
        if !self.providers.contains_key(&model.provider) {
            let told = format!("no provider is called {:?}", model.provider);
            return Err(wrong(format!("{path}.provider"), told));
        }
        for (field, price) in [
            ("input_microdollars_per_million", model.input_microdollars_per_million),
            ("output_microdollars_per_million", model.output_microdollars_per_million),
        ] {
            if price > PRICE_MICRODOLLARS_MAX {
                let told = format!(
                    "{price} is more than {PRICE_MICRODOLLARS_MAX}: prices are millionths of a \
                     dollar, so that 3 dollars are 3_000_000"
                );
                return Err(wrong(format!("{path}.{field}"), told));
            }
        }
        if !(1..=OUTPUT_TOKENS_MAX).contains(&model.output_tokens_max) {
            let told = format!("it must be from 1 to {OUTPUT_TOKENS_MAX}");
            return Err(wrong(format!("{path}.output_tokens_max"), told));
        }
        if !(1..=CONTEXT_TOKENS_MAX).contains(&model.context_tokens)
            || model.context_tokens <= model.output_tokens_max
        {
            let told =
                format!("it must be more than output_tokens_max, and at most {CONTEXT_TOKENS_MAX}");
            return Err(wrong(format!("{path}.context_tokens"), told));
        }
        Ok(())
    }

    fn check_patience(&self) -> Result<(), SettingsError> {
        let Timeouts { connect_ms, first_token_ms, stall_ms, whole_ms } = self.timeouts;
        let Retries { per_model, first_wait_ms, wait_ms_max } = self.retries;
        let Concurrency { answers_max, waiting_max, wait_ms_max: turn_ms_max } = self.concurrency;
        let hedging_ms = self.hedging.map_or(1, |it| it.after_ms);
        for (path, ms) in [
            ("timeouts.connect_ms", connect_ms),
            ("timeouts.first_token_ms", first_token_ms),
            ("timeouts.stall_ms", stall_ms),
            ("timeouts.whole_ms", whole_ms),
            ("retries.first_wait_ms", first_wait_ms),
            ("retries.wait_ms_max", wait_ms_max),
            ("concurrency.wait_ms_max", turn_ms_max),
            ("hedging.after_ms", hedging_ms),
        ] {
            let ms_max = PATIENCE_MAX.as_millis();
            if ms == 0 || u128::from(ms) > ms_max {
                return Err(wrong(path, format!("it must be from 1 to {ms_max}")));
            }
        }
        if per_model > RETRIES_MAX {
            return Err(wrong("retries.per_model", format!("it must be at most {RETRIES_MAX}")));
        }
        if !(1..=CONCURRENT_MAX).contains(&answers_max) {
            let told = format!("it must be from 1 to {CONCURRENT_MAX}");
            return Err(wrong("concurrency.answers_max", told));
        }
        if waiting_max > WAITING_MAX {
            let told = format!("it must be at most {WAITING_MAX}");
            return Err(wrong("concurrency.waiting_max", told));
        }
        Ok(())
    }
}

impl ProviderSettings {
    fn check(&self, name: &str) -> Result<(), SettingsError> {
        let path = format!("providers.{name}");
        check_name(&path, name)?;
        let url = &self.base_url;
        let told = if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none() {
            "it must begin with http:// or https://"
        } else if !url.username().is_empty() || url.password().is_some() {
            "it may hold no key: name the key's environment variable in key_env"
        } else if url.query().is_some() || url.fragment().is_some() {
            "it may have neither ? nor #"
        } else {
            return match &self.key_env {
                Some(key_env) => check_variable(&format!("{path}.key_env"), key_env),
                None => Ok(()),
            };
        };
        Err(wrong(format!("{path}.base_url"), told))
    }
}

/// Names of variables are what shells take, so that a key that somebody writes here is noticed, and
/// not repeated in an error.
fn check_variable(path: &str, name: &str) -> Result<(), SettingsError> {
    let is_plain = |it: u8| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_';
    let begins = name.bytes().next().is_some_and(|it| !it.is_ascii_digit());
    if begins && name.len() <= NAME_BYTES_MAX && name.bytes().all(is_plain) {
        return Ok(());
    }
    Err(wrong(path, "it must be the name of an environment variable: capitals, digits and _"))
}

fn check_name(path: &str, name: &str) -> Result<(), SettingsError> {
    let is_plain = !name.is_empty() && !name.chars().any(|it| it.is_control() || it == ' ');
    if is_plain && name.len() <= NAME_BYTES_MAX {
        return Ok(());
    }
    let told = format!("a name has from 1 to {NAME_BYTES_MAX} bytes and no spaces");
    Err(wrong(path, told))
}

fn at_most(path: &str, count: usize, max: usize) -> Result<(), SettingsError> {
    if count <= max { Ok(()) } else { Err(wrong(path, format!("there may be at most {max}"))) }
}

/// Milliseconds, as the settings have them.
pub(super) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
