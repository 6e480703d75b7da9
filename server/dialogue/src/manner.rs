//! How a mood sounds: in few words, plainly, or lively.

use vivarium_contract::companion::{Emotion, Mood};

use crate::hearing::language::Language;

/// From this arousal on, whoever is not unhappy is lively.
const LIVELY_AROUSAL: i8 = 45;
/// At this valence or below it, words are few, whatever the feeling is called.
const LOW_VALENCE: i8 = -35;
/// At this arousal or below it, one is too drowsy for many words.
const DROWSY_AROUSAL: i8 = -45;

/// How a companion speaks now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// In few words, without exclamations.
    Few,
    /// As always.
    Plain,
    /// Quickly, and with more of its own.
    Lively,
}

impl Manner {
    /// What a mood makes of it.
    pub fn of(mood: Mood) -> Self {
        let Mood { valence, arousal, emotion } = mood;
        match emotion {
            Emotion::Sadness | Emotion::Anger | Emotion::Fear => Self::Few,
            Emotion::Excitement => Self::Lively,
            _ if valence <= LOW_VALENCE || arousal <= DROWSY_AROUSAL => Self::Few,
            _ if arousal >= LIVELY_AROUSAL && valence >= 0 => Self::Lively,
            _ => Self::Plain,
        }
    }

    /// The same for a model; empty where nothing is out of the ordinary.
    pub fn told(self, emotion: Emotion) -> &'static str {
        match (self, emotion) {
            (Self::Plain, _) => "",
            (Self::Lively, _) => "Speak quickly and lively now, with spark.",
            (Self::Few, Emotion::Anger) => "Speak curtly now: one short sentence, never rude.",
            (Self::Few, Emotion::Fear) => "Speak haltingly now: one short, careful sentence.",
            (Self::Few, _) => "Speak low now: one short, quiet sentence.",
        }
    }

    /// What is said with pleasure ends with an exclamation when one is lively.
    pub fn with_pleasure(self, line: &str, language: Language) -> String {
        let said = self.said(line);
        match (self, said.strip_suffix('.')) {
            (Self::Lively, Some(rest)) if !rest.ends_with('.') => match language {
                Language::En => format!("{rest}!"),
                Language::Fr => format!("{rest} !"),
            },
            _ => said,
        }
    }

    /// A line as it is said: who has few words makes no exclamations.
    pub fn said(self, line: &str) -> String {
        match self {
            Self::Few => line.replace(" !", ".").replace('!', "."),
            Self::Plain | Self::Lively => line.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mood(valence: i8, arousal: i8, emotion: Emotion) -> Mood {
        Mood { valence, arousal, emotion }
    }

    #[test]
    fn a_mood_has_a_sound() {
        for (mood, manner) in [
            (Mood::default(), Manner::Plain),
            (mood(-40, -30, Emotion::Sadness), Manner::Few),
            (mood(-50, 20, Emotion::Calm), Manner::Few),
            (mood(10, -60, Emotion::Calm), Manner::Few),
            (mood(-30, 50, Emotion::Fear), Manner::Few),
            (mood(20, 60, Emotion::Joy), Manner::Lively),
            (mood(40, 70, Emotion::Excitement), Manner::Lively),
            (mood(40, 10, Emotion::Joy), Manner::Plain),
        ] {
            assert_eq!(Manner::of(mood), manner, "{mood:?}");
        }
    }

    #[test]
    fn few_words_have_no_exclamations() {
        assert_eq!(Manner::Few.said("Bonjour ! Et toi ?"), "Bonjour. Et toi ?");
        assert_eq!(Manner::Lively.said("Hello!"), "Hello!");
        assert_eq!(Manner::Lively.with_pleasure("Avec plaisir.", Language::Fr), "Avec plaisir !");
        assert_eq!(Manner::Few.with_pleasure("Gladly!", Language::En), "Gladly.");
    }
}
