//! What may be kept of what people say: small talk, word by word, and nothing of anybody.
//!
//! A text is small talk if all its words are of a short list, if it is polite or about a companion
//! itself, and if nothing is told in it. So neither names nor news can be in it. Whatever is not sure
//! is not kept.

use crate::{
    feeling,
    hearing::{Heard, fold},
    memory::extract,
    patterns::{
        commands,
        topics::{self, Topic},
    },
    safety::crisis,
};

use super::{
    key::normalised,
    limits::{TEXT_BYTES_MAX, WORDS_MAX},
};

/// What was said, and what the model was told besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// What was said.
    pub text: &'a str,
    /// What whoever said it is called.
    pub person: &'a str,
    /// What whoever answers is called.
    pub companion: &'a str,
    /// Whether the model is told the person's name, what is remembered of them, or what was said
    /// before.
    pub is_personal: bool,
    /// Whether something has found fault with it, for safety.
    pub is_flagged: bool,
}

/// The answer to something may be given to others. Can be had from [`Cacheable::of`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cacheable {
    /// Who must not be named in the answer.
    person: String,
}

/// Why an answer may not be given to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCacheable {
    /// Somebody may be in danger, or safety has found fault.
    #[error("it is about safety")]
    Safety,
    /// It depends on who speaks.
    #[error("it is personal")]
    Personal,
    /// It may tell something, or wants something done.
    #[error("it is not small talk")]
    NotSmallTalk,
}

impl Cacheable {
    /// Decides by the words alone.
    pub fn of(said: &Said<'_>) -> Result<Self, NotCacheable> {
        let heard = Heard::new(said.text);
        if said.is_flagged || crisis::find(&heard).is_some() {
            return Err(NotCacheable::Safety);
        }
        if said.is_personal {
            return Err(NotCacheable::Personal);
        }
        if !is_small_talk(said, &heard) {
            return Err(NotCacheable::NotSmallTalk);
        }
        Ok(Self { person: fold(said.person) })
    }

    /// Whether an answer may be kept: it must not name who is spoken to.
    pub fn allows(&self, answer: &str) -> bool {
        let is_named =
            |word: &str| self.person.split(|it: char| !it.is_alphanumeric()).any(|it| it == word);
        !fold(answer)
            .split(|it: char| !it.is_alphanumeric())
            .any(|it| !it.is_empty() && is_named(it))
    }
}

fn is_small_talk(said: &Said<'_>, heard: &Heard<'_>) -> bool {
    if said.text.len() > TEXT_BYTES_MAX || !said.text.chars().all(is_plain) {
        return false;
    }
    let companion = fold(said.companion);
    let is_known = |word: &str| {
        WORDS.binary_search(&word).is_ok()
            || companion.split(|it: char| !it.is_alphanumeric()).any(|it| it == word)
    };
    let count = heard.words().count();
    if count == 0 || count > WORDS_MAX || !heard.words().all(is_known) {
        return false;
    }
    let extracted = extract::extract(heard);
    if !extracted.claims.is_empty() || extracted.correction.is_some() || commands::is_command(heard)
    {
        return false;
    }
    let reading = feeling::read(heard);
    if reading.is_sorrow || reading.is_insult || reading.is_apology {
        return false;
    }
    let is_polite =
        reading.is_greeting || reading.is_thanks || reading.is_farewell || reading.is_praise;
    match topics::topic(heard) {
        Some(topic) => is_about_itself(&topic),
        None => is_polite && !normalised(heard).is_empty(),
    }
}

/// What a companion answers alike, wherever it is and whoever asks.
fn is_about_itself(topic: &Topic) -> bool {
    matches!(
        topic,
        Topic::AreYouReal
            | Topic::WhoAreYou
            | Topic::HowAreYou
            | Topic::WhatDoYouLike
            | Topic::WhatDoYouDislike
            | Topic::HowOld
            | Topic::Background
            | Topic::WhatCanYouDo
            | Topic::Languages
            | Topic::Joke
            | Topic::Story
            | Topic::WhoMadeYou
            | Topic::MayIAsk
    )
}

/// Letters and marks that are heard: what is not, such as pictures, could mean anything.
fn is_plain(character: char) -> bool {
    character.is_alphabetic()
        || unicode_normalization::char::is_combining_mark(character)
        || character.is_whitespace()
        || " .,;:!?…'’()-".contains(character)
}

/// All words that small talk is made of, in the order of the alphabet, as they are heard.
const WORDS: [&str; 253] = [
    "a",
    "about",
    "afternoon",
    "age",
    "ai",
    "aime",
    "aimes",
    "all",
    "allo",
    "alors",
    "am",
    "amazing",
    "ami",
    "amie",
    "an",
    "and",
    "another",
    "appelle",
    "appelles",
    "are",
    "around",
    "as",
    "ask",
    "au",
    "aujourd",
    "aussi",
    "autre",
    "avoir",
    "awesome",
    "beau",
    "beaucoup",
    "beautiful",
    "belle",
    "bien",
    "bientot",
    "blague",
    "blagues",
    "bon",
    "bonjour",
    "bonne",
    "bonsoir",
    "bot",
    "brilliant",
    "buddy",
    "bye",
    "c",
    "ca",
    "can",
    "care",
    "chouette",
    "clever",
    "comment",
    "cool",
    "coucou",
    "could",
    "created",
    "cute",
    "d",
    "day",
    "de",
    "dear",
    "demain",
    "dis",
    "dislike",
    "do",
    "does",
    "drole",
    "du",
    "elle",
    "en",
    "enchante",
    "enchantee",
    "es",
    "est",
    "et",
    "evening",
    "faire",
    "fais",
    "feel",
    "feeling",
    "for",
    "friend",
    "from",
    "fun",
    "funny",
    "genial",
    "geniale",
    "gentil",
    "gentille",
    "going",
    "good",
    "goodbye",
    "great",
    "greetings",
    "have",
    "hello",
    "help",
    "helpful",
    "hey",
    "hi",
    "histoire",
    "hiya",
    "how",
    "howdy",
    "hui",
    "humain",
    "humaine",
    "human",
    "i",
    "il",
    "intelligent",
    "intelligente",
    "is",
    "it",
    "joke",
    "jokes",
    "journee",
    "kind",
    "know",
    "l",
    "la",
    "language",
    "languages",
    "langue",
    "langues",
    "later",
    "le",
    "les",
    "like",
    "look",
    "lot",
    "love",
    "lovely",
    "machine",
    "made",
    "make",
    "many",
    "may",
    "me",
    "meet",
    "merci",
    "mignon",
    "mignonne",
    "mille",
    "mind",
    "moi",
    "mon",
    "morning",
    "much",
    "my",
    "n",
    "name",
    "ne",
    "nice",
    "night",
    "nom",
    "not",
    "nuit",
    "of",
    "oh",
    "ok",
    "old",
    "on",
    "one",
    "other",
    "ou",
    "parles",
    "pas",
    "person",
    "peux",
    "plait",
    "please",
    "plus",
    "pose",
    "poser",
    "pretty",
    "prochaine",
    "puis",
    "qu",
    "que",
    "quel",
    "quelle",
    "quelles",
    "question",
    "qui",
    "quoi",
    "raconte",
    "real",
    "reel",
    "reelle",
    "revoir",
    "robot",
    "s",
    "sais",
    "salut",
    "savoir",
    "se",
    "see",
    "should",
    "smart",
    "so",
    "soir",
    "soiree",
    "something",
    "sont",
    "soon",
    "speak",
    "story",
    "super",
    "sweet",
    "sympa",
    "t",
    "take",
    "te",
    "tell",
    "thank",
    "thanks",
    "that",
    "the",
    "there",
    "things",
    "this",
    "to",
    "today",
    "toi",
    "tomorrow",
    "ton",
    "tres",
    "trop",
    "tu",
    "un",
    "une",
    "up",
    "va",
    "vas",
    "very",
    "veux",
    "vrai",
    "vraie",
    "welcome",
    "well",
    "were",
    "what",
    "when",
    "where",
    "who",
    "with",
    "wonderful",
    "would",
    "yo",
    "you",
    "your",
    "yourself",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Said<'_> {
        Said { text, person: "Ana Lima", companion: "Lys", is_personal: false, is_flagged: false }
    }

    #[test]
    fn the_words_are_in_order_and_heard_as_they_are_written() {
        assert!(WORDS.is_sorted_by(|one, two| one < two));
        for word in WORDS {
            assert_eq!(fold(word), word);
        }
    }

    #[test]
    fn small_talk_may_be_kept() {
        for text in [
            "Hello!",
            "hi Lys",
            "Good morning",
            "how are you?",
            "How r u today",
            "who are you?",
            "what's your name",
            "are you a robot?",
            "how old are you",
            "tell me a joke",
            "tell me a story please",
            "what do you like?",
            "who made you?",
            "what can you do?",
            "thanks a lot!",
            "bye",
            "good night, Lys",
            "you are so nice",
            "Bonjour !",
            "salut, ça va ?",
            "comment tu t'appelles ?",
            "qui es-tu ?",
            "quel âge as-tu ?",
            "raconte-moi une blague",
            "merci beaucoup",
            "au revoir",
            "tu es gentille",
        ] {
            assert!(Cacheable::of(&said(text)).is_ok(), "{text}");
        }
    }

    #[test]
    fn nothing_of_anybody_is_kept() {
        for text in [
            "hello, I'm Ana",
            "hi, my brother is ill",
            "hello Bob died",
            "how are you since my wife left?",
            "how are you, Ana?",
            "thanks for helping with my cancer",
            "do you like Bob?",
            "I am sad",
            "hello 😭",
            "hello 12345",
            "my password is hunter2",
            "hello ana@example.com",
            "what's my name?",
            "do you remember me?",
            "what do you think of me?",
            "what do you see?",
            "where is the fountain?",
            "who is here?",
            "what time is it?",
            "come here please",
            "hello, follow me",
            "yes",
            "again",
            "you are stupid",
            "sorry",
            "why is the sky blue?",
            "je m'appelle Ana",
            "bonjour, mon père est malade",
            "viens ici",
            "",
            "?",
            "你好",
        ] {
            assert_eq!(Cacheable::of(&said(text)), Err(NotCacheable::NotSmallTalk), "{text}");
        }
    }

    #[test]
    fn nothing_about_safety_and_nothing_that_a_model_knows_of_somebody_is_kept() {
        for text in ["hello, I want to die", "I want to kill myself", "bonjour, je veux mourir"] {
            assert_eq!(Cacheable::of(&said(text)), Err(NotCacheable::Safety), "{text}");
        }
        let flagged = Said { is_flagged: true, ..said("hello") };
        assert_eq!(Cacheable::of(&flagged), Err(NotCacheable::Safety));
        let personal = Said { is_personal: true, ..said("hello") };
        assert_eq!(Cacheable::of(&personal), Err(NotCacheable::Personal));
    }

    #[test]
    fn an_answer_that_names_who_is_spoken_to_is_not_kept() {
        let cacheable = Cacheable::of(&said("hello")).unwrap();
        for answer in ["Hello, Ana!", "ANA?", "Welcome back, Âna Lima.", "Ms Lima, hello"] {
            assert!(!cacheable.allows(answer), "{answer}");
        }
        for answer in ["Hello!", "Have a banana.", "Climate", ""] {
            assert!(cacheable.allows(answer), "{answer}");
        }
        let nameless = Cacheable::of(&Said { person: "", ..said("hello") }).unwrap();
        assert!(nameless.allows("Hello, you!"));
    }

    proptest::proptest! {
        /// Whatever else is said, a word that is not of the list keeps it out.
        #[test]
        fn a_word_of_ones_own_is_never_kept(
            before in "(hello |hi |thanks |how are you |tell me a joke ){0,2}",
            own in "[a-z]{3,9}",
            after in "( please| today| bonjour){0,2}",
        ) {
            proptest::prop_assume!(WORDS.binary_search(&own.as_str()).is_err() && own != "lys");
            let text = format!("{before}{own}{after}");
            let is_short_form = Heard::new(&own).words().all(|it| WORDS.contains(&it));
            proptest::prop_assume!(!is_short_form);
            proptest::prop_assert!(Cacheable::of(&said(&text)).is_err());
        }
    }
}
