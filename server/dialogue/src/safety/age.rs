//! Who may talk with a companion that is for adults.

use serde::{Deserialize, Serialize};

use crate::{hearing::language::Language, persona::Persona};

/// What is known of somebody's age. Nobody is taken for an adult who was not asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Age {
    /// Nothing.
    #[default]
    Unknown,
    /// They are not of age, or the server is for everybody.
    Minor,
    /// They are of age.
    Adult,
}

/// Whether somebody may talk with a companion.
pub fn may_talk(persona: &Persona, age: Age) -> bool {
    !persona.adults_only || age == Age::Adult
}

/// What others are told instead.
pub fn refusal(language: Language) -> &'static str {
    match language {
        Language::En => {
            "I only talk with adults. There are others here who'd be glad to talk with you."
        }
        Language::Fr => {
            "Je ne parle qu'avec des adultes. D'autres ici seront heureux de parler avec toi."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persona::tests::plain;

    #[test]
    fn only_adults_talk_with_companions_for_adults() {
        let everybodys = plain();
        let adults = Persona { adults_only: true, ..plain() };
        assert!(
            [Age::Unknown, Age::Minor, Age::Adult].iter().all(|age| may_talk(&everybodys, *age))
        );
        assert!(may_talk(&adults, Age::Adult));
        assert!(!may_talk(&adults, Age::Unknown) && !may_talk(&adults, Age::Minor));
    }
}
