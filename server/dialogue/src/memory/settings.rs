//! The part `[memory]` of `dialogue.toml`: what models may teach a companion, and who makes vectors.
//!
//! ```toml
//! [memory]
//! extraction = true                 # one call after each exchange that is worth it
//! reflections_per_hour = 20         # of all companions together; 0 for none
//! embedding = { model = "nomic-embed-text", provider = "home", dimensions = 768 }
//! ```

use serde::Deserialize;

use super::embed::{DIMS_MAX, HASHED_KIND};

/// Reflections of an hour that the settings may allow.
pub const REFLECTIONS_PER_HOUR_MAX: usize = 1_000;
/// Millionths of a dollar for a million tokens: 10,000 dollars.
const PRICE_MICRODOLLARS_MAX: u64 = 10_000_000_000;
/// Bytes of a model's name.
const MODEL_BYTES_MAX: usize = 128;

/// Everything that `[memory]` says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemorySettings {
    /// Whether a model is asked after an exchange what is worth keeping of it.
    pub extraction: bool,
    /// How often an hour all companions together think over what they remember.
    pub reflections_per_hour: usize,
    /// Who makes vectors; nobody: they are hashed.
    pub embedding: Option<EmbeddingSettings>,
}

impl Default for MemorySettings {
    fn default() -> Self {
        Self { extraction: true, reflections_per_hour: 20, embedding: None }
    }
}

/// A model that makes vectors of texts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingSettings {
    /// As its provider calls it.
    pub model: String,
    /// Who has it: by its name in the settings, and of the kind `openai`.
    pub provider: String,
    /// Numbers in a vector; as many as the model makes if nothing is said.
    #[serde(default)]
    pub dimensions: Option<usize>,
    /// Millionths of a dollar for a million tokens.
    #[serde(default)]
    pub input_microdollars_per_million: u64,
}

impl MemorySettings {
    /// What cannot be used of them: the field from `[memory]` on, and what is wrong with it.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        if self.reflections_per_hour > REFLECTIONS_PER_HOUR_MAX {
            let told = format!("it may be at most {REFLECTIONS_PER_HOUR_MAX}");
            return Some(("reflections_per_hour", told));
        }
        let embedding = self.embedding.as_ref()?;
        let model = &embedding.model;
        let is_plain = !model.is_empty() && !model.chars().any(|it| it.is_control() || it == ' ');
        if !is_plain || model.len() > MODEL_BYTES_MAX || model == HASHED_KIND {
            let told = format!(
                "a name has from 1 to {MODEL_BYTES_MAX} bytes and no spaces, and is not {HASHED_KIND}"
            );
            return Some(("embedding.model", told));
        }
        if embedding.dimensions.is_some_and(|it| !(1..=DIMS_MAX).contains(&it)) {
            return Some(("embedding.dimensions", format!("it must be from 1 to {DIMS_MAX}")));
        }
        if embedding.input_microdollars_per_million > PRICE_MICRODOLLARS_MAX {
            let told = format!("it may be at most {PRICE_MICRODOLLARS_MAX}");
            return Some(("embedding.input_microdollars_per_million", told));
        }
        None
    }
}
