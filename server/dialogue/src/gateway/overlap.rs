//! Takes out of the rest of an answer what was said before its break.
//!
//! Whoever goes on with an answer of another's may begin anew, or some words before the break. An
//! [`Overlap`] holds a text back as long as it may still be a repetition, and gives the rest.
//! Invariant: what it takes away is, character by character, how what was said ends; so nothing is
//! lost that was not said already.

use super::limits::{OVERLAP_BYTES_MAX, OVERLAP_CHARS_MIN, RESTART_CHARS_MIN};

/// Looks for the end of what was said at the beginning of what comes.
#[derive(Debug)]
pub struct Overlap {
    said: String,
    /// Where in `said` an overlap may begin, that agrees with all that has come.
    open: Vec<usize>,
    /// The longest overlap that is complete, bytes.
    found: usize,
    /// What has come and is held back.
    held: String,
    is_decided: bool,
}

impl Overlap {
    /// After `said`.
    pub fn new(said: &str) -> Self {
        let near = said.len().saturating_sub(OVERLAP_BYTES_MAX);
        let chars = said.chars().count();
        let starts = said.char_indices().enumerate().filter(|&(nth, (start, _))| {
            let is_all = start == 0 && chars >= RESTART_CHARS_MIN;
            let is_long = start >= near && chars - nth >= OVERLAP_CHARS_MIN;
            is_all || is_long || is_white(&said[start..])
        });
        let open = starts.map(|(_, (start, _))| start).collect();
        Self { said: said.to_owned(), open, found: 0, held: String::new(), is_decided: false }
    }

    /// What of `text`, and of what was held back, comes after the break.
    pub fn take(&mut self, text: &str) -> String {
        if self.is_decided {
            return text.to_owned();
        }
        for character in text.chars() {
            let at = self.held.len();
            self.held.push(character);
            let (said, found, held) = (&self.said, &mut self.found, self.held.len());
            self.open.retain(|&start| {
                let agrees = said[start..].get(at..).is_some_and(|it| it.starts_with(character));
                if agrees && start + held == said.len() {
                    *found = (*found).max(held);
                    return false;
                }
                agrees
            });
        }
        if self.open.is_empty() { self.finish() } else { String::new() }
    }

    /// Nothing more comes: what was held back and comes after the break.
    pub fn finish(&mut self) -> String {
        if self.is_decided {
            return String::new();
        }
        self.is_decided = true;
        let held = std::mem::take(&mut self.held);
        held[self.found..].to_owned()
    }
}

fn is_white(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `text`, in pieces of `size` characters, after `said`.
    fn after(said: &str, text: &str, size: usize) -> String {
        let mut overlap = Overlap::new(said);
        let characters: Vec<char> = text.chars().collect();
        let mut given = String::new();
        for piece in characters.chunks(size.max(1)) {
            given += &overlap.take(&piece.iter().collect::<String>());
        }
        given + &overlap.finish()
    }

    #[test]
    fn a_new_beginning_is_left_out() {
        assert_eq!(after("Good even", "Good evening, Ana.", 3), "ing, Ana.");
        assert_eq!(after("Bonsoir, ça va", "Bonsoir, ça va\u{a0}? Oui.", 1), "\u{a0}? Oui.");
    }

    #[test]
    fn words_before_the_break_are_left_out() {
        assert_eq!(
            after("I keep the lamp lit for the boats", "lit for the boats at night.", 2),
            " at night."
        );
    }

    #[test]
    fn a_few_equal_letters_are_no_repetition() {
        assert_eq!(after("Hel", "lo, lovely", 1), "lo, lovely");
        assert_eq!(after("It is a long way to the sea", "sea", 1), "sea");
    }

    #[test]
    fn a_space_at_the_break_is_there_once() {
        assert_eq!(after("I keep ", " the lamp", 1), "the lamp");
        assert_eq!(after("I keep ", "the lamp", 1), "the lamp");
        assert_eq!(after("I keep", " the lamp", 1), " the lamp");
    }

    #[test]
    fn what_ends_within_a_repetition_is_all_given_or_all_said() {
        assert_eq!(after("I keep the lamp lit", "I keep the lamp lit", 4), "");
        assert_eq!(after("I keep the lamp lit", "I keep", 4), "I keep");
    }

    /// Words that never come twice, so that no repetition can be meant.
    fn story() -> impl Strategy<Value = String> {
        prop::collection::vec("[a-zàéü]{1,6}", 8..60).prop_map(|words| {
            let words = words.iter().enumerate().map(|(nth, word)| format!("{word}{nth}"));
            words.collect::<Vec<_>>().join(" ")
        })
    }

    proptest! {
        #[test]
        fn wherever_it_breaks_the_story_is_told_once(
            story in story(), cut in 0.1..0.9f64, back in 0.0..1.0f64, size in 1usize..9,
        ) {
            let chars: Vec<char> = story.chars().collect();
            let cut = ((chars.len() as f64) * cut) as usize;
            let said: String = chars[..cut].iter().collect();
            // On from the break, from the very beginning, or from some words before the break.
            let again = ((cut as f64) * back) as usize;
            let again = if cut - again < OVERLAP_CHARS_MIN { cut } else { again };
            for from in [cut, again, 0] {
                if from == 0 && cut < RESTART_CHARS_MIN {
                    continue;
                }
                let rest: String = chars[from..].iter().collect();
                prop_assert_eq!(format!("{said}{}", after(&said, &rest, size)), story.clone());
            }
        }

        #[test]
        fn nothing_is_lost_that_was_not_said(said in "[ab ]{0,40}", text in "[ab ]{0,40}", size in 1usize..9) {
            let given = after(&said, &text, size);
            prop_assert!(text.ends_with(&given));
            prop_assert!(said.ends_with(&text[..text.len() - given.len()]));
        }

        #[test]
        fn pieces_do_not_matter(said in "\\PC{0,40}", text in "\\PC{0,40}", size in 1usize..9) {
            prop_assert_eq!(after(&said, &text, size), after(&said, &text, 1_000));
        }
    }
}
