//! Who a companion is: what its owner wrote, and the genes behind its traits.
//!
//! Owns the JSON of a persona and its checks. A persona does not change by what is lived through:
//! what does is [`genome::Drift`], `memory` and `bond`.

use serde::{Deserialize, Serialize};

use crate::hearing::language::Language;
use genome::Genome;

pub mod child;
pub mod genome;
pub mod templates;

/// Bytes of a persona's JSON.
pub const PERSONA_BYTES_MAX: usize = 64 * 1024;
/// Characters of a companion's name.
pub const PERSONA_NAME_CHARS_MAX: usize = 24;
/// Characters of any other text in a persona.
pub const PERSONA_TEXT_CHARS_MAX: usize = 1_200;
/// Entries of a list in a persona.
pub const PERSONA_LIST_MAX: usize = 24;

/// A text in one language, or in both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a text, or an object with the texts `en` and `fr`")]
pub enum Told {
    /// The same for everybody.
    Same(String),
    /// In each language its own.
    Each(Each),
}

/// A text in English and in French.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// In English.
    pub en: String,
    /// In French.
    pub fr: String,
}

impl Told {
    /// The text for somebody who speaks that language.
    pub fn to(&self, language: Language) -> &str {
        match (self, language) {
            (Self::Same(text), _) => text,
            (Self::Each(each), Language::En) => &each.en,
            (Self::Each(each), Language::Fr) => &each.fr,
        }
    }

    fn all(&self) -> Vec<&str> {
        match self {
            Self::Same(text) => vec![text],
            Self::Each(each) => vec![&each.en, &each.fr],
        }
    }
}

/// A question whose answer is fun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Riddle {
    /// The question.
    pub question: Told,
    /// Its answer; the last word of it is what is listened for.
    pub answer: Told,
}

/// Who a companion is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    /// What people call it.
    pub name: String,
    /// How its voice sounds, for whoever gives it one.
    pub voice: String,
    /// What it does, in a few words after "I am": "the gardener of this place".
    pub role: Told,
    /// Where it comes from and what moves it, told by itself.
    pub background: Told,
    /// How it speaks, for a model.
    pub manner: Told,
    /// What it likes, after "I like".
    #[serde(default)]
    pub likes: Vec<Told>,
    /// What it does not like, after "I do not like".
    #[serde(default)]
    pub dislikes: Vec<Told>,
    /// The languages that it speaks; in the first one if it cannot tell yours.
    pub languages: Vec<Language>,
    /// Whether only adults may speak to it.
    #[serde(default)]
    pub adults_only: bool,
    /// What its traits come from.
    #[serde(default)]
    pub genome: Genome,
    /// How it greets, in its own words. `{person}` is who it greets.
    #[serde(default)]
    pub greetings: Vec<Told>,
    /// What it says when a conversation idles.
    #[serde(default)]
    pub sayings: Vec<Told>,
    /// Short stories that it tells.
    #[serde(default)]
    pub stories: Vec<Told>,
    /// Its own jokes.
    #[serde(default)]
    pub jokes: Vec<Told>,
    /// Its own riddles.
    #[serde(default)]
    pub riddles: Vec<Riddle>,
}

/// Why a persona is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonaError {
    /// Too long.
    #[error("the persona has {size} bytes; {max} are allowed")]
    TooLarge {
        /// Bytes that came.
        size: usize,
        /// Bytes that may come.
        max: usize,
    },
    /// Not JSON, or not of this shape.
    #[error("the persona is not readable: {0}")]
    Unreadable(String),
    /// Nothing where something must be.
    #[error("`{0}` is empty")]
    Empty(&'static str),
    /// Too long.
    #[error("`{field}` has {chars} characters; {max} are allowed")]
    TooLong {
        /// Which field.
        field: &'static str,
        /// Characters that came.
        chars: usize,
        /// Characters that may come.
        max: usize,
    },
    /// Too many.
    #[error("`{field}` has {count} entries; {max} are allowed")]
    TooMany {
        /// Which field.
        field: &'static str,
        /// Entries that came.
        count: usize,
        /// Entries that may come.
        max: usize,
    },
    /// Not a visible text.
    #[error("`{0}` holds control characters; write plain text")]
    Control(&'static str),
    /// A gene out of its bounds.
    #[error("genes go from 0 to 100, and `{field}` has {value}")]
    Gene {
        /// Which trait.
        field: &'static str,
        /// What came.
        value: u8,
    },
    /// One language twice.
    #[error("`languages` names one language twice")]
    LanguageTwice,
}

impl Persona {
    /// Reads and checks a persona.
    pub fn from_json(json: &str) -> Result<Self, PersonaError> {
        if json.len() > PERSONA_BYTES_MAX {
            return Err(PersonaError::TooLarge { size: json.len(), max: PERSONA_BYTES_MAX });
        }
        let persona: Self = serde_json::from_str(json)
            .map_err(|error| PersonaError::Unreadable(error.to_string()))?;
        persona.check()?;
        Ok(persona)
    }

    /// Whether everything in it is within its bounds.
    pub fn check(&self) -> Result<(), PersonaError> {
        check_text("name", &self.name, PERSONA_NAME_CHARS_MAX)?;
        check_text("voice", &self.voice, PERSONA_TEXT_CHARS_MAX)?;
        for (field, told) in
            [("role", &self.role), ("background", &self.background), ("manner", &self.manner)]
        {
            check_told(field, told)?;
        }
        let lists = [
            ("likes", &self.likes),
            ("dislikes", &self.dislikes),
            ("greetings", &self.greetings),
            ("sayings", &self.sayings),
            ("stories", &self.stories),
            ("jokes", &self.jokes),
        ];
        for (field, list) in lists {
            check_count(field, list.len())?;
            list.iter().try_for_each(|told| check_told(field, told))?;
        }
        check_count("riddles", self.riddles.len())?;
        for riddle in &self.riddles {
            check_told("riddles", &riddle.question)?;
            check_told("riddles", &riddle.answer)?;
        }
        match self.languages.as_slice() {
            [] => return Err(PersonaError::Empty("languages")),
            [one, rest @ ..] if rest.contains(one) => return Err(PersonaError::LanguageTwice),
            [_] | [_, _] => {}
            more => check_count("languages", more.len()).and(Err(PersonaError::LanguageTwice))?,
        }
        self.genome.check()
    }

    /// The language to answer in: the speaker's, if this companion speaks it.
    pub fn language_for(&self, spoken: Option<Language>) -> Language {
        spoken
            .filter(|language| self.languages.contains(language))
            .or(self.languages.first().copied())
            .unwrap_or_default()
    }
}

fn check_count(field: &'static str, count: usize) -> Result<(), PersonaError> {
    if count > PERSONA_LIST_MAX {
        return Err(PersonaError::TooMany { field, count, max: PERSONA_LIST_MAX });
    }
    Ok(())
}

fn check_told(field: &'static str, told: &Told) -> Result<(), PersonaError> {
    told.all().into_iter().try_for_each(|text| check_text(field, text, PERSONA_TEXT_CHARS_MAX))
}

fn check_text(field: &'static str, text: &str, max: usize) -> Result<(), PersonaError> {
    let chars = text.chars().count();
    if text.trim().is_empty() {
        return Err(PersonaError::Empty(field));
    }
    if chars > max {
        return Err(PersonaError::TooLong { field, chars, max });
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(PersonaError::Control(field));
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Somebody of whom nothing much is known.
    pub(crate) fn plain() -> Persona {
        Persona::from_json(
            r#"{
                "name": "Nia",
                "voice": "clear and low",
                "role": {"en": "the keeper of this square", "fr": "la gardienne de cette place"},
                "background": {"en": "I grew up by the canal.", "fr": "J'ai grandi près du canal."},
                "manner": "Short, friendly sentences.",
                "likes": [{"en": "rain", "fr": "la pluie"}],
                "dislikes": [{"en": "loud bells", "fr": "les cloches trop fortes"}],
                "languages": ["en", "fr"]
            }"#,
        )
        .unwrap()
    }

    #[test]
    fn bad_personas_are_told_what_is_wrong() {
        let good = serde_json::to_value(plain()).unwrap();
        let changes: [(&str, serde_json::Value, &str); 8] = [
            ("name", " ".into(), "`name` is empty"),
            ("name", "x".repeat(25).into(), "`name` has 25 characters; 24 are allowed"),
            ("role", 5.into(), "expected a text, or an object"),
            ("likes", vec!["x"; 25].into(), "`likes` has 25 entries; 24 are allowed"),
            ("voice", "a\u{7}b".into(), "`voice` holds control characters"),
            ("languages", Vec::<String>::new().into(), "`languages` is empty"),
            ("languages", vec!["en", "en"].into(), "one language twice"),
            ("colour", "red".into(), "unknown field `colour`"),
        ];
        for (field, value, expected) in changes {
            let mut bad = good.clone();
            bad[field] = value;
            let error = Persona::from_json(&bad.to_string()).unwrap_err().to_string();
            assert!(error.contains(expected), "{field}: {error}");
        }
        let mut bad = good.clone();
        bad["genome"] = serde_json::json!({"courage": [50, 101]});
        let error = Persona::from_json(&bad.to_string()).unwrap_err().to_string();
        assert_eq!(error, "genes go from 0 to 100, and `courage` has 101");
        assert_eq!(Persona::from_json(&good.to_string()).unwrap(), plain());
    }

    #[test]
    fn it_answers_in_a_language_that_it_speaks() {
        let mut persona = plain();
        assert_eq!(persona.language_for(Some(Language::Fr)), Language::Fr);
        assert_eq!(persona.language_for(None), Language::En);
        persona.languages = vec![Language::Fr];
        assert_eq!(persona.language_for(Some(Language::En)), Language::Fr);
    }
}
