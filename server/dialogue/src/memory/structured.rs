//! What a model found in an exchange: the schema that it is asked to fill, and its strict reader.
//!
//! Asked once per exchange at most, and not for small talk. What it says is believed no more than
//! what people type: bounded, about the person alone, and of relations that are known.

use serde::Deserialize;
use serde_json::{Value, json};
use vivarium_contract::companion::Appraisal;

use super::{Claim, EPISODE_CHARS_MAX, FACT_CHARS_MAX, IMPORTANCE_MAX, PERSON};

/// Bytes of an answer.
pub const STRUCTURED_BYTES_MAX: usize = 8 * 1024;
/// Facts of one exchange.
pub const STRUCTURED_FACTS_MAX: usize = 8;
/// Relations that a model may name, by their part before a colon.
const RELATIONS: [&str; 10] =
    ["name", "likes", "dislikes", "lives_in", "from", "job", "favorite", "pet", "kin", "plans"];

/// What a model found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structured {
    /// What was said of the person.
    pub facts: Vec<Claim>,
    /// What happened, in a sentence; nothing if it is not worth keeping.
    pub episode: Option<String>,
    /// How much it matters, from 0 to 100.
    pub importance: u8,
    /// How it moves the companion.
    pub appraisal: Appraisal,
}

/// Why an answer is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StructuredError {
    /// Too long.
    #[error("the answer has {size} bytes; {max} are allowed")]
    TooLarge {
        /// Bytes that came.
        size: usize,
        /// Bytes that may come.
        max: usize,
    },
    /// Not of the schema.
    #[error("the answer does not fit the schema: {0}")]
    Unreadable(String),
    /// A value out of its bounds.
    #[error("`{field}` is out of its bounds: {what}")]
    OutOfBounds {
        /// Which field.
        field: &'static str,
        /// What may be.
        what: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    facts: Vec<AnswerFact>,
    episode: Option<String>,
    importance: u8,
    appraisal: Appraisal,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerFact {
    relation: String,
    value: String,
    #[serde(default)]
    is_over: bool,
}

/// The JSON schema of an answer.
pub fn schema() -> Value {
    let percent = |least: i32| json!({"type": "integer", "minimum": least, "maximum": 100});
    json!({
        "type": "object",
        "properties": {
            "facts": {
                "type": "array",
                "maxItems": STRUCTURED_FACTS_MAX,
                "description": "What the speaker said of themselves; never what others said.",
                "items": {
                    "type": "object",
                    "properties": {
                        "relation": {
                            "type": "string",
                            "description": format!(
                                "One of {}; favorite, pet and kin go on with a colon and what: \
                                 favorite:color, pet:dog, kin:sister.",
                                RELATIONS.join(", "),
                            ),
                        },
                        "value": {"type": "string", "minLength": 1, "maxLength": FACT_CHARS_MAX},
                        "is_over": {"type": "boolean"},
                    },
                    "required": ["relation", "value", "is_over"],
                    "additionalProperties": false,
                },
            },
            "episode": {
                "type": ["string", "null"],
                "maxLength": EPISODE_CHARS_MAX,
                "description": "One sentence on what happened, or null if nothing worth keeping did.",
            },
            "importance": percent(0),
            "appraisal": {
                "type": "object",
                "properties": {
                    "valence": percent(-100),
                    "arousal": percent(-100),
                    "emotion": {
                        "type": ["string", "null"],
                        "enum": [
                            "calm", "joy", "excitement", "sadness", "anger", "fear", "surprise",
                            "affection", null,
                        ],
                    },
                },
                "required": ["valence", "arousal", "emotion"],
                "additionalProperties": false,
            },
        },
        "required": ["facts", "episode", "importance", "appraisal"],
        "additionalProperties": false,
    })
}

/// Reads an answer. Anything that does not fit makes all of it void.
pub fn parse(json: &str) -> Result<Structured, StructuredError> {
    if json.len() > STRUCTURED_BYTES_MAX {
        return Err(StructuredError::TooLarge { size: json.len(), max: STRUCTURED_BYTES_MAX });
    }
    let answer: Answer = serde_json::from_str(json)
        .map_err(|error| StructuredError::Unreadable(error.to_string()))?;
    let check = |is_fit, field, what| match is_fit {
        true => Ok(()),
        false => Err(StructuredError::OutOfBounds { field, what }),
    };
    let Answer { facts, episode, importance, appraisal } = answer;
    check(facts.len() <= STRUCTURED_FACTS_MAX, "facts", "at most 8")?;
    check(importance <= IMPORTANCE_MAX, "importance", "0 to 100")?;
    let is_percent = |value: i8| (-100..=100).contains(&value);
    check(is_percent(appraisal.valence), "valence", "-100 to 100")?;
    check(is_percent(appraisal.arousal), "arousal", "-100 to 100")?;
    let episode = episode.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let chars = episode.as_ref().map_or(0, |text| text.chars().count());
    check(chars <= EPISODE_CHARS_MAX, "episode", "at most 400 characters")?;
    let mut claims = Vec::with_capacity(facts.len());
    for AnswerFact { relation, value, is_over } in facts {
        let (kind, of) =
            relation.split_once(':').map_or((&*relation, None), |(k, of)| (k, Some(of)));
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ' ';
        let is_of_fit = of
            .is_none_or(|of| !of.is_empty() && of.chars().count() <= 40 && of.chars().all(is_word));
        check(RELATIONS.contains(&kind) && is_of_fit, "relation", "one of those listed")?;
        let value = value.trim().to_owned();
        let chars = value.chars().count();
        check((1..=FACT_CHARS_MAX).contains(&chars), "value", "1 to 120 characters")?;
        claims.push(Claim { subject: PERSON.to_owned(), relation, value, is_over });
    }
    Ok(Structured { facts: claims, episode, importance, appraisal })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_strictly() {
        let good = json!({
            "facts": [{"relation": "pet:dog", "value": "Rex", "is_over": false}],
            "episode": "She told me of her dog.",
            "importance": 40,
            "appraisal": {"valence": 20, "arousal": 5, "emotion": "affection"},
        });
        let read = parse(&good.to_string()).unwrap();
        assert_eq!(read.facts[0].value, "Rex");
        let long = "x".repeat(401);
        let changes: [(&str, Value, &str); 7] = [
            ("importance", json!(101), "`importance` is out of its bounds"),
            ("importance", json!(-1), "invalid value"),
            ("episode", json!(long), "at most 400 characters"),
            ("facts", json!([{"relation": "owes", "value": "x"}]), "`relation`"),
            ("facts", json!([{"relation": "name", "value": " "}]), "`value`"),
            ("appraisal", json!({"valence": 0, "arousal": 120}), "`arousal`"),
            ("extra", json!(1), "unknown field"),
        ];
        for (field, value, expected) in changes {
            let mut bad = good.clone();
            bad[field] = value;
            let error = parse(&bad.to_string()).unwrap_err().to_string();
            assert!(error.contains(expected), "{field}: {error}");
        }
        assert!(parse(&" ".repeat(9_000)).unwrap_err().to_string().contains("9000 bytes"));
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_read_or_refused(json in "\\PC{0,80}") {
            let _ = parse(&json);
        }
    }
}
