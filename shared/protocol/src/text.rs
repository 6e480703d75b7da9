//! Cleaning of what people type: names and chat.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::limits::{CHAT_CHARS_MAX, NAME_CHARS_MAX};

/// Why a text was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextError {
    /// Nothing was left after cleaning.
    Empty,
    /// More characters than allowed.
    TooLong,
}

/// Marks that one letter may carry; more of them would run over the lines above and below.
const MARKS_MAX: usize = 5;
/// Joins two symbols into one; shows nothing by itself.
const JOINER: char = '\u{200D}';

/// Drops control, zero-width and direction-override characters, normalises (NFC), and folds white
/// space, so that one line of visible text is left.
fn clean(text: &str, chars_max: usize) -> Result<String, TextError> {
    // Bytes are bounded by the wire; this keeps the work small before counting characters.
    if text.len() > chars_max * 16 {
        return Err(TextError::TooLong);
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut marks = 0;
    let mut is_visible = false;
    // Normalised after the filter: what was dropped may have kept a letter and its accent apart.
    for character in text.chars().filter(|c| !is_invisible(*c)).nfc() {
        let last = cleaned.chars().next_back().filter(|last| *last != ' ');
        if character.is_whitespace() {
            cleaned.truncate(cleaned.trim_end_matches(JOINER).len());
            if !cleaned.is_empty() && !cleaned.ends_with(' ') {
                cleaned.push(' ');
            }
        } else if is_attached(character) {
            let repeats = last
                .is_some_and(|last| last == JOINER || (character != JOINER && is_attached(last)));
            if last.is_some() && !repeats {
                cleaned.push(character);
            }
        } else if is_combining_mark(character) {
            marks += 1;
            if marks <= MARKS_MAX {
                cleaned.push(character);
            }
        } else {
            marks = 0;
            is_visible = true;
            cleaned.push(character);
        }
    }
    cleaned.truncate(cleaned.trim_end_matches([' ', JOINER]).len());
    match cleaned.chars().count() {
        _ if !is_visible => Err(TextError::Empty),
        count if count > chars_max => Err(TextError::TooLong),
        _ => Ok(cleaned),
    }
}

/// Characters that show nothing, and that no writing of today needs.
fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{200C}' | '\u{200E}' | '\u{200F}'
            | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E007F}')
}

/// Characters that only change how their neighbours look: emoji and some scripts need them.
fn is_attached(c: char) -> bool {
    matches!(c, JOINER | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// A chat message as it may be shown to others.
pub fn chat(text: &str) -> Result<String, TextError> {
    clean(text, CHAT_CHARS_MAX)
}

/// A display name as it may be shown to others.
pub fn name(text: &str) -> Result<String, TextError> {
    clean(text, NAME_CHARS_MAX)
}

/// A piece of a longer text, as it may be shown to others: without what shows nothing or turns lines
/// round, with blanks for breaks. Pieces are cleaned one by one, so blanks at their edges stay.
pub fn piece(text: &str) -> String {
    let visible = text.chars().filter(|c| !is_invisible(*c));
    visible.map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
}

/// One line that people write, of at most so many characters, as it may be shown to others.
pub fn line(text: &str, chars_max: usize) -> Result<String, TextError> {
    clean(text, chars_max)
}

/// What two names have in common that look alike for being written with other cases, widths or
/// attached characters: equal keys, equal names. Letters of different scripts stay different.
pub fn name_key(name: &str) -> String {
    name.chars()
        .filter(|c| !is_attached(*c))
        .nfkc()
        .flat_map(char::to_lowercase)
        .collect::<String>()
        .nfkc()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_shown_as_one_visible_line() {
        assert_eq!(chat("  hello\n\tworld \u{202E}\u{0007}"), Ok("hello world".into()));
        assert_eq!(name("A\u{0301}na"), Ok("\u{00C1}na".into()));
        assert_eq!(name("\u{200B}\u{0000} "), Err(TextError::Empty));
        assert_eq!(chat(&"x".repeat(CHAT_CHARS_MAX)), Ok("x".repeat(CHAT_CHARS_MAX)));
        assert_eq!(chat(&"x".repeat(CHAT_CHARS_MAX + 1)), Err(TextError::TooLong));
        assert_eq!(chat(&"x".repeat(10_000)), Err(TextError::TooLong));
    }

    #[test]
    fn nobody_is_called_nothing() {
        for invisible in ["\u{3164}", "\u{200D}", "\u{2800}", "\u{FE0F}", "\u{034F}", "\u{0301}"] {
            assert_eq!(name(invisible), Err(TextError::Empty), "{invisible:?}");
        }
        assert_eq!(name("Ana\u{200D} \u{FE0F}B\u{200D}"), Ok("Ana B".into()));
    }

    #[test]
    fn a_dropped_character_leaves_no_trace() {
        assert_eq!(name("A\u{200B}\u{0301}na"), name("\u{00C1}na"));
        let cleaned = name("A\u{200D}\u{200D}\u{0301} \u{FE0F}\u{0301}").unwrap();
        assert_eq!(name(&cleaned), Ok(cleaned));
    }

    #[test]
    fn marks_do_not_pile_up_and_emoji_stay_whole() {
        let piled = format!("z{}", "\u{0335}".repeat(40));
        assert_eq!(chat(&piled), Ok(format!("z{}", "\u{0335}".repeat(MARKS_MAX))));
        let heart_on_fire = "\u{2764}\u{FE0F}\u{200D}\u{1F525}";
        assert_eq!(chat(heart_on_fire), Ok(heart_on_fire.into()));
    }

    #[test]
    fn names_that_look_alike_have_one_key() {
        let key = name_key("\u{00C1}na");
        for alike in
            ["\u{00E1}NA", "A\u{200D}\u{0301}na", "\u{FF21}\u{0301}na", "\u{00C1}n\u{FE0F}a"]
        {
            assert_eq!(name_key(alike), key, "{alike:?}");
        }
        assert_ne!(name_key("Ana"), key);
    }
}
