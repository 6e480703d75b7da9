//! What must be the same for an answer to be given again.

use std::fmt;

use serde::Serialize;

use crate::{gateway::Tier, hearing::Heard, hearing::language::Language};

/// All that an answer depends on. Two asks are equal if all of it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask<'a> {
    /// How good a model is asked.
    pub tier: Tier,
    /// Who answers, in which version: whatever changes with all that the model is told of them.
    pub persona: &'a str,
    /// A digest of what the companion remembers of itself and its world; never of who speaks.
    pub memory: &'a str,
    /// How the companion feels.
    pub mood: &'a str,
    /// What it thinks of who speaks.
    pub stage: &'a str,
    /// The language to answer in.
    pub language: Language,
    /// What was said.
    pub text: &'a str,
}

/// An [`Ask`] as BLAKE3 of its canonical JSON: fields in the order of the alphabet, no spaces, the
/// text as plain words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheKey([u8; 32]);

impl CacheKey {
    /// Of all that matters.
    pub fn of(ask: &Ask<'_>) -> Self {
        /// The fields, in their order.
        #[derive(Serialize)]
        struct Canonical<'a> {
            language: Language,
            memory: &'a str,
            mood: &'a str,
            persona: &'a str,
            stage: &'a str,
            text: String,
            tier: &'a str,
        }
        let Ask { tier, persona, memory, mood, stage, language, text } = *ask;
        let tier = match tier {
            Tier::Small => "small",
            Tier::Medium => "medium",
            Tier::Large => "large",
        };
        let text = normalised(&Heard::new(text));
        let canonical = Canonical { language, memory, mood, persona, stage, text, tier };
        let json = serde_json::to_vec(&canonical).expect("texts can be written as JSON");
        Self(*blake3::hash(&json).as_bytes())
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CacheKey({self})")
    }
}

/// Its words without punctuation, and whether it asks.
pub(super) fn normalised(heard: &Heard<'_>) -> String {
    let mut words: Vec<&str> = heard.words().collect();
    if heard.is_question() {
        words.push("?");
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASK: Ask<'_> = Ask {
        tier: Tier::Small,
        persona: "lys 3",
        memory: "0",
        mood: "calm",
        stage: "stranger",
        language: Language::En,
        text: "How are you?",
    };

    #[test]
    fn equal_asks_have_one_key_however_they_are_written() {
        let key = CacheKey::of(&ASK);
        for text in ["how are you", "HOW ARE YOU??", "  how r u ?!", "How, are you?"] {
            assert_eq!(CacheKey::of(&Ask { text, ..ASK }), key, "{text}");
        }
        assert_eq!(key.to_string().len(), 64);
    }

    #[test]
    fn whatever_matters_makes_another_key() {
        let others = [
            ASK,
            Ask { tier: Tier::Large, ..ASK },
            Ask { persona: "lys 4", ..ASK },
            Ask { memory: "1", ..ASK },
            Ask { mood: "joy", ..ASK },
            Ask { stage: "friend", ..ASK },
            Ask { language: Language::Fr, ..ASK },
            Ask { text: "Who are you?", ..ASK },
            // What stands in one field cannot pass for another.
            Ask { mood: "calm\",\"persona\":\"lys 3", persona: "", ..ASK },
        ];
        let keys: std::collections::BTreeSet<CacheKey> = others.iter().map(CacheKey::of).collect();
        assert_eq!(keys.len(), others.len());
    }
}
