//! Names as TypeScript writes them.

/// `resume_window_s` and `NAME_CHARS_MAX` become `resumeWindowS` and `nameCharsMax`.
pub fn camel_from_snake(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    for (index, word) in name.split('_').filter(|word| !word.is_empty()).enumerate() {
        let word = word.to_lowercase();
        match word.chars().next() {
            Some(first) if index > 0 => {
                camel.extend(first.to_uppercase());
                camel.push_str(&word[first.len_utf8()..]);
            }
            _ => camel.push_str(&word),
        }
    }
    camel
}

/// `SetLook` becomes `setLook`.
pub fn camel_from_pascal(name: &str) -> String {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// `OnEnter` becomes `on_enter`, as serde's `rename_all = "snake_case"` does.
pub fn snake_from_pascal(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for (index, character) in name.char_indices() {
        if character.is_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_habits_of_each_language() {
        assert_eq!(camel_from_snake("resume_window_s"), "resumeWindowS");
        assert_eq!(camel_from_snake("TRACKED_REACH_MM_MAX"), "trackedReachMmMax");
        assert_eq!(camel_from_snake("GROUNDED"), "grounded");
        assert_eq!(camel_from_pascal("SetLook"), "setLook");
        assert_eq!(snake_from_pascal("OnEnter"), "on_enter");
        assert_eq!(snake_from_pascal("Box"), "box");
    }
}
