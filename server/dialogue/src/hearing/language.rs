//! English or French: told by the small words that everybody uses.
//!
//! A model of letters (`whatlang`) needs a sentence or two to be sure of a language; what people say
//! in a chat is "salut" and "come here". So this counts words that only one of both has.

use serde::{Deserialize, Serialize};

/// A language that companions speak by themselves.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

impl Language {
    /// Its name, in itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Fr => "français",
        }
    }
}

/// Words of English that French does not have.
const ENGLISH: &str = "the you is are what who where how why when my your i am hello hi hey hiya thanks thank \
    please yes no not do does did and it this that with for to of have has had can could would \
    will follow come go give bring take pick put throw drop look wave sit dance clap wait stay \
    here there bye goodbye good bad morning night evening like love hate tell know remember joke \
    riddle story name me we they he she sorry nice great cool fine so very really something \
    anything nothing about from at in live think want need see hear feel sad happy angry afraid \
    ball friend today because stupid shut up down welcome";

/// Words of French that English does not have.
const FRENCH: &str = "je tu il elle nous vous ils elles le la les un une des du de et est es suis sont sommes mon \
    ma mes ton ta tes moi toi que qui quoi ou comment pourquoi quand quel quelle quels quelles \
    bonjour bonsoir salut coucou merci oui non pas ne avec pour dans sur chez ca va vas aime \
    adore deteste appelle appelles habite viens vient donne apporte prends ramasse pose lance \
    jette regarde suivre reste arrete attends assieds danse salue dis fais fait sais souviens \
    blague devinette histoire revoir bientot nuit journee soir matin bien mal tres trop rien \
    tout tous toujours jamais plus mais donc car parce pense veux peux pourrais vois entends \
    sens triste heureux heureuse content contente colere peur ami amie desole desolee pardon \
    idiot idiote stupide nul nulle gentil gentille d l j qu quest c plait ici fille garcon chien \
    chat prefere preferee mdr ptdr";

/// The language of a text by its folded words, if one of both is more likely.
pub fn detect(words: &[&str]) -> Option<Language> {
    let count = |list: &str| {
        words.iter().filter(|word| list.split(' ').any(|known| known == **word)).count()
    };
    match count(ENGLISH).cmp(&count(FRENCH)) {
        std::cmp::Ordering::Greater => Some(Language::En),
        std::cmp::Ordering::Less => Some(Language::Fr),
        std::cmp::Ordering::Equal => None,
    }
}

/// How questions begin.
const QUESTIONS: [&str; 40] = [
    "what ",
    "who ",
    "where ",
    "why ",
    "when ",
    "how ",
    "which ",
    "do you ",
    "are you ",
    "can you ",
    "will you ",
    "would you ",
    "could you ",
    "did you ",
    "have you ",
    "is it ",
    "is there ",
    "are there ",
    "does ",
    "is this ",
    "is that ",
    "should ",
    "qui ",
    "que ",
    "qu ",
    "quoi ",
    "ou ",
    "comment ",
    "pourquoi ",
    "quand ",
    "quel ",
    "quelle ",
    "quels ",
    "est ce ",
    "combien ",
    "as tu ",
    "es tu ",
    "peux tu ",
    "sais tu ",
    "connais tu ",
];

/// Whether a plain text begins as a question does.
pub(super) fn begins_as_question(plain: &str) -> bool {
    QUESTIONS.iter().any(|begin| plain.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hearing::Heard;

    #[test]
    fn english_and_french_are_told_apart() {
        let table = [
            ("hello", Some(Language::En)),
            ("Salut !", Some(Language::Fr)),
            ("come here", Some(Language::En)),
            ("viens ici", Some(Language::Fr)),
            ("Où est la fontaine ?", Some(Language::Fr)),
            ("I like the fountain", Some(Language::En)),
            ("j'aime les gâteaux", Some(Language::Fr)),
            ("ok", None),
            ("Guten Tag", None),
            ("你好", None),
        ];
        for (text, language) in table {
            assert_eq!(Heard::new(text).language(), language, "{text}");
        }
    }
}
