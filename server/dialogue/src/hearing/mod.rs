//! What was said, in a form that patterns can be held against.
//!
//! Owns the way from a text to plain words and back: letters without accents or capitals, short
//! forms written out, one space between words, punctuation as words of its own. What a pattern finds
//! is handed back as it was written. Never changes or keeps the text itself.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

pub mod language;

use language::Language;

/// Bytes of a text that are looked at; what comes after them is not heard.
pub const HEARD_BYTES_MAX: usize = 8 * 1024;

/// One word, in the plain text and in the original.
#[derive(Clone, Debug)]
struct Word {
    plain: Range<usize>,
    original: Range<usize>,
}

/// A text and its plain form.
#[derive(Clone, Debug)]
pub struct Heard<'a> {
    original: &'a str,
    plain: String,
    words: Vec<Word>,
    language: Option<Language>,
}

impl<'a> Heard<'a> {
    /// Reads a text; `HEARD_BYTES_MAX` of it.
    pub fn new(text: &'a str) -> Self {
        let text = head(text, HEARD_BYTES_MAX);
        let mut heard =
            Self { original: text, plain: String::new(), words: vec![], language: None };
        let tokens = written_out(tokens(text));
        heard.language = language::detect(&tokens.iter().map(|t| t.0.as_str()).collect::<Vec<_>>());
        for (word, original) in tokens {
            if !heard.plain.is_empty() {
                heard.plain.push(' ');
            }
            let start = heard.plain.len();
            heard.plain.push_str(&word);
            heard.words.push(Word { plain: start..heard.plain.len(), original });
        }
        heard
    }

    /// The plain form: `"hello , i am ana . what is up ?"`.
    pub fn plain(&self) -> &str {
        &self.plain
    }

    /// The language that it is in, as far as that can be told.
    pub fn language(&self) -> Option<Language> {
        self.language
    }

    /// What a range of the plain form looks like in the original.
    pub fn original(&self, plain: Range<usize>) -> &'a str {
        let inside = |w: &&Word| w.plain.start >= plain.start && w.plain.end <= plain.end;
        let first = self.words.iter().find(inside);
        let last = self.words.iter().rfind(inside);
        match (first, last) {
            (Some(first), Some(last)) if first.original.start <= last.original.end => {
                &self.original[first.original.start..last.original.end]
            }
            _ => "",
        }
    }

    /// Whether it ends as a question does.
    pub fn is_question(&self) -> bool {
        self.plain.ends_with('?') || language::begins_as_question(&self.plain)
    }

    /// Its words, without punctuation.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.plain.split(' ').filter(|w| w.starts_with(char::is_alphanumeric))
    }
}

/// As much of the beginning as fits into so many bytes, whole characters.
pub fn head(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// Letters without accents, capitals and ligatures: `"Éric’s œuvre"` is `"eric’s oeuvre"`.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match character {
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            'ß' => folded.push_str("ss"),
            '’' | 'ʼ' | '`' | '´' => folded.push('\''),
            // Lower-casing may make a mark of its own (of the Turkish capital I with a dot).
            other if is_combining_mark(other) => {}
            other => folded.push(other),
        }
    }
    folded
}

type Token = (String, Range<usize>);

/// Words and punctuation, folded, each with where it stands.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut begun: Option<usize> = None;
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_word = character.is_alphanumeric() || is_combining_mark(character);
        match (begun, is_word) {
            (None, true) => begun = Some(at),
            (Some(start), false) => {
                let folded = fold(&text[start..at]);
                if !folded.is_empty() {
                    tokens.push((folded, start..at));
                }
                begun = None;
            }
            _ => {}
        }
        let mark = match character {
            '.' | ';' | '…' | '\n' | '。' => ".",
            ',' | ':' | '(' | ')' => ",",
            '?' | '？' => "?",
            '!' | '！' => "!",
            _ => continue,
        };
        // "..." and "?!" are one mark each; the last one says most.
        match tokens.last_mut() {
            Some((last, range)) if is_mark(last) && range.end == at => {
                *last = if last == "?" { "?" } else { mark }.to_owned();
                range.end = at + character.len_utf8();
            }
            _ => tokens.push((mark.to_owned(), at..at + character.len_utf8())),
        }
    }
    tokens
}

fn is_mark(word: &str) -> bool {
    matches!(word, "." | "," | "?" | "!")
}

/// Short forms of one word, and what they stand for.
const SHORT: [(&str, &str); 70] = [
    ("whats", "what is"),
    ("whos", "who is"),
    ("wheres", "where is"),
    ("hows", "how is"),
    ("thats", "that is"),
    ("im", "i am"),
    ("ive", "i have"),
    ("youre", "you are"),
    ("dont", "do not"),
    ("doesnt", "does not"),
    ("didnt", "did not"),
    ("isnt", "is not"),
    ("cant", "can not"),
    ("cannot", "can not"),
    ("wont", "will not"),
    ("wasnt", "was not"),
    ("arent", "are not"),
    ("u", "you"),
    ("r", "are"),
    ("ur", "your"),
    ("pls", "please"),
    ("plz", "please"),
    ("thx", "thanks"),
    ("ty", "thanks"),
    ("gonna", "going to"),
    ("wanna", "want to"),
    ("gimme", "give me"),
    ("colour", "color"),
    ("colours", "colors"),
    ("favourite", "favorite"),
    ("grey", "gray"),
    ("okay", "ok"),
    ("yeah", "yes"),
    ("yep", "yes"),
    ("yup", "yes"),
    ("nope", "no"),
    ("jsuis", "je suis"),
    ("chuis", "je suis"),
    ("jaime", "j aime"),
    ("cest", "c est"),
    ("stp", "s il te plait"),
    ("svp", "s il te plait"),
    ("slt", "salut"),
    ("bjr", "bonjour"),
    ("bsr", "bonsoir"),
    ("cc", "coucou"),
    ("tkt", "t inquiete"),
    ("pk", "pourquoi"),
    ("pkoi", "pourquoi"),
    ("quoique", "quoi que"),
    ("ouais", "oui"),
    ("nan", "non"),
    ("vas", "va"),
    // Orders to whom one says "vous" are those to whom one says "tu".
    ("apportez", "apporte"),
    ("donnez", "donne"),
    ("suivez", "suis"),
    ("venez", "viens"),
    ("prenez", "prends"),
    ("posez", "pose"),
    ("lancez", "lance"),
    ("regardez", "regarde"),
    ("attendez", "attends"),
    ("arretez", "arrete"),
    ("restez", "reste"),
    ("dansez", "danse"),
    ("ramassez", "ramasse"),
    ("passez", "passe"),
    ("racontez", "raconte"),
    ("dites", "dis"),
    ("asseyez", "assieds"),
];

/// What "not" hangs on to: `"don't"` is heard as `"don"` and `"t"`.
const NOT: [(&str, &str); 14] = [
    ("don", "do"),
    ("doesn", "does"),
    ("didn", "did"),
    ("isn", "is"),
    ("aren", "are"),
    ("wasn", "was"),
    ("weren", "were"),
    ("can", "can"),
    ("won", "will"),
    ("couldn", "could"),
    ("wouldn", "would"),
    ("shouldn", "should"),
    ("haven", "have"),
    ("hasn", "has"),
];

/// Words after which `'s` is "is".
const IS: [&str; 11] =
    ["what", "who", "where", "how", "that", "it", "there", "here", "name", "he", "she"];

/// Writes short forms out. Both words of one short form stand where it stood.
fn written_out(tokens: Vec<Token>) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len() + 4);
    for (word, range) in tokens {
        let before = out.last().map_or("", |t| t.0.as_str());
        let joined =
            out.last().is_some_and(|t| t.1.end + 3 >= range.start && t.1.end < range.start);
        let long = match word.as_str() {
            "s" if joined && IS.contains(&before) => "is",
            "m" if before == "i" => "am",
            "re" if matches!(before, "you" | "we" | "they" | "what") => "are",
            "ve" if joined => "have",
            "ll" if joined => "will",
            "t" if joined
                && let Some((_, verb)) = NOT.iter().find(|(short, _)| *short == before) =>
            {
                let verb = (*verb).to_owned();
                if let Some(last) = out.last_mut() {
                    last.0 = verb;
                }
                "not"
            }
            "es" | "as" if before == "t" => {
                if let Some(last) = out.last_mut() {
                    last.0 = "tu".to_owned();
                }
                word.as_str()
            }
            other => {
                SHORT.iter().find(|(short, _)| *short == other).map_or(other, |(_, long)| long)
            }
        };
        out.extend(long.split(' ').map(|part| (part.to_owned(), range.clone())));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_heard_as_plain_words() {
        let table = [
            ("Hello, I'm Ana!", "hello , i am ana !"),
            ("What’s your name?!", "what is your name ?"),
            ("Don't go... Éric", "do not go . eric"),
            ("Comment tu t'appelles ?", "comment tu t appelles ?"),
            ("t'es où, mon cœur", "tu es ou , mon coeur"),
            ("whats up", "what is up"),
            ("", ""),
            ("😀👍🏽", ""),
        ];
        for (text, plain) in table {
            assert_eq!(Heard::new(text).plain(), plain, "{text}");
        }
    }

    #[test]
    fn what_is_found_is_handed_back_as_it_was_written() {
        let heard = Heard::new("Hi! My name's Jürgen-Élise O’Neil, ok?");
        let plain = heard.plain().to_owned();
        let start = plain.find("jurgen").unwrap();
        let end = plain.find(" ,").unwrap();
        assert_eq!(heard.original(start..end), "Jürgen-Élise O’Neil");
        assert_eq!(heard.original(0..0), "");
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_heard(text in "\\PC{0,80}") {
            let heard = Heard::new(&text);
            let all = heard.original(0..heard.plain().len());
            proptest::prop_assert!(text.contains(all));
        }
    }
}
