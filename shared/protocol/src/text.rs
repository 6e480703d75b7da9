//! Cleaning of what people type: names and chat.

use unicode_normalization::UnicodeNormalization;

use crate::limits::{CHAT_CHARS_MAX, NAME_CHARS_MAX};

/// Why a text was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextError {
    /// Nothing was left after cleaning.
    Empty,
    /// More characters than allowed.
    TooLong,
}

/// Normalises (NFC), drops control, zero-width and direction-override characters, and folds white
/// space, so that one line of visible text is left.
fn clean(text: &str, chars_max: usize) -> Result<String, TextError> {
    // Bytes are bounded by the wire; this keeps the work small before counting characters.
    if text.len() > chars_max * 16 {
        return Err(TextError::TooLong);
    }
    let mut cleaned = String::with_capacity(text.len());
    for character in text.nfc().filter(|c| !is_invisible(*c)) {
        if character.is_whitespace() {
            if !cleaned.is_empty() && !cleaned.ends_with(' ') {
                cleaned.push(' ');
            }
        } else {
            cleaned.push(character);
        }
    }
    let trimmed = cleaned.trim_end().to_owned();
    match trimmed.chars().count() {
        0 => Err(TextError::Empty),
        count if count > chars_max => Err(TextError::TooLong),
        _ => Ok(trimmed),
    }
}

fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200C}' | '\u{200E}' | '\u{200F}'
            | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// A chat message as it may be shown to others.
pub fn chat(text: &str) -> Result<String, TextError> {
    clean(text, CHAT_CHARS_MAX)
}

/// A display name as it may be shown to others.
pub fn name(text: &str) -> Result<String, TextError> {
    clean(text, NAME_CHARS_MAX)
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
}
