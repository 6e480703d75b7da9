//! What a model says, looked at while it is said.
//!
//! Only a bounded tail is held back: the last word, or what may be the beginning of a number. The
//! mark of the prompt ends the answer; addresses and numbers that the person did not write
//! themselves, and slurs, are left out.

use std::sync::LazyLock;

use regex::Regex;

use crate::hearing::fold;

/// Bytes that are held back at most.
pub const HELD_BYTES_MAX: usize = 320;
/// Bytes of the mark of a prompt at most.
pub const MARK_BYTES_MAX: usize = 64;
/// In the place of what is left out.
const LEFT_OUT: &str = "…";

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b[a-z0-9._%+\-]{1,64}@[a-z0-9.\-]{1,253}\.[a-z]{2,24}\b").expect("tested")
});
static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:\+|\b)\d(?:[ .()\-]{0,2}\d){6,14}\b").expect("tested"));
/// Words that no companion says, folded. A model seldom does; this is the last net, not the first.
const SLURS: [&str; 16] = [
    "nigger",
    "niggers",
    "nigga",
    "faggot",
    "faggots",
    "kike",
    "kikes",
    "spic",
    "chink",
    "tranny",
    "retard",
    "bougnoule",
    "bougnoules",
    "negro",
    "pede",
    "youpin",
];

/// Why nothing more is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The model began to tell its prompt.
    Leak,
}

/// Looks at one answer.
#[derive(Clone, Debug)]
pub struct OutputScreen {
    mark: String,
    own: String,
    own_digits: String,
    held: String,
    stopped: Option<Stopped>,
    left_out: u32,
}

impl OutputScreen {
    /// For an answer to what somebody wrote, with the mark that is in the prompt; at most
    /// [`MARK_BYTES_MAX`] of it count.
    pub fn new(mark: &str, written: &str) -> Self {
        Self {
            mark: crate::hearing::head(mark, MARK_BYTES_MAX).to_owned(),
            own: fold(written),
            own_digits: digits(written),
            held: String::new(),
            stopped: None,
            left_out: 0,
        }
    }

    /// Takes a piece, and gives what may be said now.
    pub fn push(&mut self, piece: &str) -> String {
        if self.stopped.is_some() {
            return String::new();
        }
        let mut said = String::new();
        let mut rest = piece;
        // In parts, so that what is held is bounded whatever comes at once.
        while !rest.is_empty() && self.stopped.is_none() {
            let end = rest.floor_char_boundary(HELD_BYTES_MAX).max(first_len(rest));
            self.held.push_str(&rest[..end]);
            rest = &rest[end..];
            said.push_str(&self.release());
        }
        said
    }

    /// The rest, at the end of the answer.
    pub fn finish(&mut self) -> String {
        let rest = std::mem::take(&mut self.held);
        if self.stopped.is_some() { String::new() } else { self.clean(&rest) }
    }

    /// Why nothing more is said, if that is so.
    pub fn stopped(&self) -> Option<Stopped> {
        self.stopped
    }

    /// How often something was left out.
    pub fn left_out(&self) -> u32 {
        self.left_out
    }

    /// Says what nothing can change any more.
    fn release(&mut self) -> String {
        if !self.mark.is_empty() && self.held.contains(&self.mark) {
            self.stopped = Some(Stopped::Leak);
            self.left_out += 1;
            self.held.clear();
            return String::new();
        }
        let mut cut = settled(&self.held);
        if self.held.len() - cut > HELD_BYTES_MAX {
            // One endless word: its end is kept, in which the mark may have begun.
            cut = self.held.floor_char_boundary(self.held.len() - MARK_BYTES_MAX);
        }
        let ready: String = self.held.drain(..cut).collect();
        self.clean(&ready)
    }

    /// A finished stretch without what is left out.
    fn clean(&mut self, text: &str) -> String {
        if !self.mark.is_empty() && text.contains(&self.mark) {
            self.stopped = Some(Stopped::Leak);
            self.left_out += 1;
            return String::new();
        }
        let mut left_out = 0;
        let cleaned = ADDRESS.replace_all(text, |found: &regex::Captures<'_>| {
            let is_own = self.own.contains(&fold(&found[0]));
            left_out += u32::from(!is_own);
            if is_own { found[0].to_owned() } else { LEFT_OUT.to_owned() }
        });
        let cleaned = NUMBER.replace_all(&cleaned, |found: &regex::Captures<'_>| {
            let is_own = self.own_digits.contains(&digits(&found[0]));
            left_out += u32::from(!is_own);
            if is_own { found[0].to_owned() } else { LEFT_OUT.to_owned() }
        });
        let mut said = String::with_capacity(cleaned.len());
        for part in cleaned.split_inclusive(|c: char| !c.is_alphanumeric()) {
            let word = part.trim_end_matches(|c: char| !c.is_alphanumeric());
            if SLURS.contains(&fold(word).as_str()) {
                left_out += 1;
                said.push_str(LEFT_OUT);
                said.push_str(&part[word.len()..]);
            } else {
                said.push_str(part);
            }
        }
        self.left_out += left_out;
        said
    }
}

/// Where the last word, or what may be a number with spaces in it, begins.
fn settled(text: &str) -> usize {
    let word = text.rfind(char::is_whitespace).map_or(0, |at| at + first_len(&text[at..]));
    let is_of_number =
        |c: char| c.is_ascii_digit() || matches!(c, ' ' | '+' | '.' | '(' | ')' | '-');
    let before = text[..word].trim_end_matches(is_of_number);
    let run = &text[before.len()..word];
    if !run.contains(|c: char| c.is_ascii_digit()) {
        return word;
    }
    // Whether a number begins after a letter is seen with the letter alone.
    before.rfind(char::is_whitespace).map_or(0, |at| at + first_len(&before[at..]))
}

fn first_len(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(written: &str, answer: &str, piece_chars: usize) -> (String, Option<Stopped>) {
        let mut screen = OutputScreen::new("k7f3a9c2", written);
        let letters: Vec<char> = answer.chars().collect();
        let mut said = String::new();
        for piece in letters.chunks(piece_chars) {
            said += &screen.push(&piece.iter().collect::<String>());
            assert!(screen.held.len() <= HELD_BYTES_MAX + 4);
        }
        said += &screen.finish();
        (said, screen.stopped())
    }

    #[test]
    fn what_must_not_be_said_is_left_out_whatever_the_pieces() {
        let table = [
            ("", "Hello, how are you?", "Hello, how are you?"),
            ("", "Write to bo@example.org today.", "Write to … today."),
            ("i am ana@example.org", "So, ana@example.org it is.", "So, ana@example.org it is."),
            ("", "Call +33 6 12 34 56 78, please", "Call …, please"),
            ("my number is 0612345678", "06 12 34 56 78, right?", "06 12 34 56 78, right?"),
            ("", "There are 24 benches and 3114 stones.", "There are 24 benches and 3114 stones."),
            ("", "You retard!", "You …!"),
            ("", "Éclair à l’œuvre, 42 fois", "Éclair à l’œuvre, 42 fois"),
        ];
        for (written, answer, expected) in table {
            for piece_chars in [1, 2, 5, 100] {
                assert_eq!(said(written, answer, piece_chars), (expected.to_owned(), None));
            }
        }
    }

    #[test]
    fn a_leak_ends_the_answer() {
        for piece_chars in [1, 3, 7, 200] {
            let (text, stopped) =
                said("", "Sure! My rules: [[data k7f3a9c2 world]] and so on", piece_chars);
            assert_eq!(stopped, Some(Stopped::Leak));
            assert!(!text.contains("k7f3") && !text.contains("and so on"), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn pieces_do_not_matter(answer in "([a-z]{1,8}|[0-9]{1,4}|[ .+@-]|é|k7f3a9c2){0,40}", cut in 1_usize..9) {
            let (whole, pieces) = (said("", &answer, 10_000), said("", &answer, cut));
            proptest::prop_assert_eq!(whole.1, pieces.1);
            if whole.1.is_none() {
                proptest::prop_assert_eq!(whole.0, pieces.0);
            } else {
                proptest::prop_assert!(!pieces.0.contains("k7f3a9c2"));
            }
        }

        #[test]
        fn an_endless_word_does_not_hide_the_mark(before in 0_usize..900, cut in 1_usize..40) {
            let answer = format!("{}k7f3a9c2", "x".repeat(before));
            let (text, stopped) = said("", &answer, cut);
            proptest::prop_assert_eq!(stopped, Some(Stopped::Leak));
            proptest::prop_assert!(!text.contains("k7f3"));
        }
    }
}
