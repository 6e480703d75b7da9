//! What to think over: many small episodes that may become one.
//!
//! Prepares only; whoever has a model summarises, and hands the summary back to
//! [`Memory::replace`]. Bounded, so that one thought costs one call.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    EPISODE_CHARS_MAX, Episode, Item, Memory, MemoryError, MemoryId,
    embed::Embedder,
    structured::{STRUCTURED_BYTES_MAX, StructuredError},
};

/// Episodes of one reflection at most.
pub const REFLECTED_MAX: usize = 24;
/// Fewer are not worth a thought.
pub const REFLECTED_MIN: usize = 8;
/// Characters of them at most.
pub const REFLECTED_CHARS_MAX: usize = 4_000;
/// What matters more is kept word for word.
const IMPORTANCE_REFLECTED_MAX: u8 = 70;
/// What is younger is left alone: a day.
const AGE_MIN_MS: u64 = 24 * 3_600 * 1_000;

/// Episodes to be made into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reflection {
    /// About whom all of them are.
    pub about: String,
    /// Which, oldest first.
    pub ids: Vec<MemoryId>,
    /// Their texts, in the same order.
    pub texts: Vec<String>,
}

impl Memory {
    /// The oldest small episodes about one subject, if there are enough of them.
    pub fn reflect(&self, now_ms: u64) -> Option<Reflection> {
        let mut small: Vec<(MemoryId, &Episode)> = self
            .items()
            .filter_map(|(id, item)| match item {
                Item::Episode(episode) => Some((id, episode)),
                Item::Fact(_) => None,
            })
            .filter(|(_, episode)| episode.importance <= IMPORTANCE_REFLECTED_MAX)
            .filter(|(_, episode)| now_ms.saturating_sub(episode.at_ms) >= AGE_MIN_MS)
            .collect();
        small.sort_by_key(|(id, episode)| (episode.at_ms, *id));
        let subjects = small.iter().map(|(_, episode)| episode.about.as_str());
        let about = subjects
            .clone()
            .find(|about| subjects.clone().filter(|other| other == about).count() >= REFLECTED_MIN)?
            .to_owned();
        let mut reflection = Reflection { about, ids: Vec::new(), texts: Vec::new() };
        let mut chars = 0;
        for (id, episode) in small {
            if episode.about != reflection.about || reflection.ids.len() == REFLECTED_MAX {
                continue;
            }
            chars += episode.text.chars().count();
            if chars > REFLECTED_CHARS_MAX {
                break;
            }
            reflection.ids.push(id);
            reflection.texts.push(episode.text.clone());
        }
        Some(reflection)
    }

    /// Puts a summary in the place of what it sums up. It is as old as the youngest of them and
    /// matters a little more than the weightiest; of those that are gone meanwhile nothing is said.
    pub fn replace(
        &mut self,
        reflection: &Reflection,
        summary: &str,
        embedder: &dyn Embedder,
    ) -> Result<Option<MemoryId>, MemoryError> {
        let ids = reflection.ids.iter().take(REFLECTED_MAX);
        let all: Vec<(MemoryId, Episode)> = ids
            .filter_map(|id| match self.get(*id) {
                Some(Item::Episode(episode)) => Some((*id, episode.clone())),
                _ => None,
            })
            .collect();
        let Some((_, youngest)) = all.iter().max_by_key(|(id, episode)| (episode.at_ms, *id))
        else {
            return Ok(None);
        };
        let weightiest =
            all.iter().map(|(_, episode)| episode.importance).max().unwrap_or_default();
        let episode = Episode {
            text: summary.trim().chars().take(EPISODE_CHARS_MAX).collect(),
            importance: (weightiest + 10).min(super::IMPORTANCE_MAX),
            ..youngest.clone()
        };
        super::check_episode(&episode)?;
        for (id, _) in &all {
            self.remove(*id);
        }
        self.add_episode(episode, embedder).map(Some)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Insight {
    insight: String,
}

/// The JSON schema of what a model is asked for.
pub fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "insight": {
                "type": "string",
                "minLength": 1,
                "maxLength": EPISODE_CHARS_MAX,
                "description": "One or two sentences, in the language of the memories.",
            },
        },
        "required": ["insight"],
        "additionalProperties": false,
    })
}

/// Reads what a model answers.
pub fn parse(json: &str) -> Result<String, StructuredError> {
    if json.len() > STRUCTURED_BYTES_MAX {
        return Err(StructuredError::TooLarge { size: json.len(), max: STRUCTURED_BYTES_MAX });
    }
    let Insight { insight } = serde_json::from_str(json)
        .map_err(|error| StructuredError::Unreadable(error.to_string()))?;
    let insight = insight.trim();
    if !(1..=EPISODE_CHARS_MAX).contains(&insight.chars().count()) {
        let what = "1 to 400 characters";
        return Err(StructuredError::OutOfBounds { field: "insight", what });
    }
    Ok(insight.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insight_is_read_strictly() {
        let read = |json: Value| parse(&json.to_string()).map_err(|error| error.to_string());
        assert_eq!(read(json!({"insight": " They love bees. "})), Ok("They love bees.".to_owned()));
        for wrong in [
            json!({"insight": " "}),
            json!({"insight": "x".repeat(401)}),
            json!({"insight": "x", "facts": []}),
            json!({"insight": 3}),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(parse(&" ".repeat(9_000)).unwrap_err().to_string().contains("9000 bytes"));
    }
}
