//! How good a model must be for what somebody says, decided here within microseconds (200 for the longest that is
//! looked at), by what can be seen
//! of it: its length, questions, feelings, what must be remembered for it, and tasks in it. English
//! and French.

use super::{limits::SCORED_BYTES_MAX, settings::Tier};

/// From this score on, a medium model is wanted.
const MEDIUM_MIN: u8 = 25;
/// From this score on, a large one.
const LARGE_MIN: u8 = 55;

/// Why a message wants which model. Each part is a number of points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// For its words: one for four of them, at most 25.
    pub length: u8,
    /// For its questions, and more for those that ask why or how: at most 25.
    pub questions: u8,
    /// For words of strong feelings, capitals and exclamation marks: at most 30.
    pub feelings: u8,
    /// For words that lean on what was said before: at most 25.
    pub memory: u8,
    /// For words of tasks that take thought: at most 30.
    pub tasks: u8,
}

impl Score {
    /// All points, at most 135.
    pub fn total(&self) -> u8 {
        self.length + self.questions + self.feelings + self.memory + self.tasks
    }

    /// What does for it.
    pub fn tier(&self) -> Tier {
        match self.total() {
            ..MEDIUM_MIN => Tier::Small,
            MEDIUM_MIN..LARGE_MIN => Tier::Medium,
            LARGE_MIN.. => Tier::Large,
        }
    }
}

/// What a word says of the message that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    /// Asks for reasons or ways.
    Deep,
    Feeling,
    Memory,
    Task,
}

/// Scores what somebody says.
pub fn score(text: &str) -> Score {
    let text = beginning(text);
    let (mut words, mut deep, mut feelings, mut memory, mut tasks) = (0, 0, 0, 0, 0_usize);
    let mut shouted = 0;
    for word in text.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty()) {
        words += 1;
        let is_long = word.chars().nth(2).is_some();
        shouted += usize::from(is_long && word.chars().all(char::is_uppercase));
        match hint(&word.to_lowercase()) {
            Some(Hint::Deep) => deep += 1,
            Some(Hint::Feeling) => feelings += 1,
            Some(Hint::Memory) => memory += 1,
            Some(Hint::Task) => tasks += 1,
            None => {}
        }
    }
    let questions = text.matches(['?', '？']).count();
    let exclamations = text.matches(['!', '！']).count();
    Score {
        length: points(words, 1, 100) / 4,
        questions: points(questions, 6, 12) + points(deep, 7, 13),
        feelings: points(feelings, 12, 24) + points(shouted + exclamations / 2, 3, 6),
        memory: points(memory, 13, 25),
        tasks: points(tasks, 15, 30),
    }
}

fn points(count: usize, each: usize, most: u8) -> u8 {
    u8::try_from(count.saturating_mul(each)).unwrap_or(u8::MAX).min(most)
}

fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(SCORED_BYTES_MAX)]
}

fn hint(word: &str) -> Option<Hint> {
    let place = HINTS.binary_search_by(|(it, _)| (*it).cmp(word)).ok()?;
    Some(HINTS[place].1)
}

/// In the order of their bytes, so that they are found quickly.
#[rustfmt::skip]
const HINTS: &[(&str, Hint)] = &{
    use Hint::{Deep, Feeling, Memory, Task};
    [
        ("advise", Task), ("afraid", Feeling), ("again", Memory), ("aide", Task),
        ("aime", Feeling), ("amour", Feeling), ("analyse", Task), ("analyser", Task),
        ("analyze", Task), ("angoisse", Feeling), ("angoissé", Feeling), ("angry", Feeling),
        ("anxious", Feeling), ("apprends", Task), ("ashamed", Feeling), ("avant", Memory),
        ("before", Memory), ("calculate", Task), ("calcule", Task), ("calculer", Task),
        ("code", Task), ("colère", Feeling), ("comment", Deep), ("compare", Task),
        ("comparer", Task), ("conseille", Task), ("cry", Feeling), ("crying", Feeling),
        ("dead", Feeling), ("death", Feeling), ("depressed", Feeling), ("dernier", Memory),
        ("dernière", Memory), ("describe", Task), ("design", Task), ("deuil", Feeling),
        ("died", Feeling), ("dit", Memory), ("décrire", Task), ("décris", Task),
        ("déprimé", Feeling), ("déprimée", Feeling), ("désolé", Feeling), ("désolée", Feeling),
        ("déteste", Feeling), ("earlier", Memory), ("encore", Memory), ("explain", Task),
        ("explique", Task), ("expliquer", Task), ("forgot", Memory), ("forgotten", Memory),
        ("furieuse", Feeling), ("furieux", Feeling), ("furious", Feeling), ("grief", Feeling),
        ("haine", Feeling), ("happy", Feeling), ("hate", Feeling), ("heartbroken", Feeling),
        ("help", Task), ("heureuse", Feeling), ("heureux", Feeling), ("hier", Memory),
        ("histoire", Task), ("honte", Feeling), ("how", Deep), ("hurt", Feeling),
        ("inquiet", Feeling), ("inquiète", Feeling), ("invent", Task), ("invente", Task),
        ("inventer", Task), ("kill", Feeling), ("larmes", Feeling), ("last", Memory),
        ("list", Task), ("liste", Task), ("lonely", Feeling), ("love", Feeling), ("mal", Feeling),
        ("manque", Feeling), ("mean", Deep), ("meaning", Deep), ("means", Deep),
        ("memory", Memory), ("miss", Feeling), ("mort", Feeling), ("morte", Feeling),
        ("mémoire", Memory), ("oublié", Memory), ("peur", Feeling), ("plan", Task),
        ("planifie", Task), ("pleure", Feeling), ("pleurer", Feeling), ("poem", Task),
        ("pourquoi", Deep), ("poème", Task), ("promis", Memory), ("promised", Memory),
        ("raison", Deep), ("rappelle", Memory), ("rappelles", Memory), ("reason", Deep),
        ("recall", Memory), ("remember", Memory), ("remembers", Memory), ("résoudre", Task),
        ("résous", Task), ("résume", Task), ("résumer", Task), ("sad", Feeling), ("said", Memory),
        ("scared", Feeling), ("sens", Deep), ("seul", Feeling), ("seule", Feeling),
        ("signifie", Deep), ("solve", Task), ("sorry", Feeling), ("souviens", Memory),
        ("story", Task), ("suicide", Feeling), ("suicider", Feeling), ("summarise", Task),
        ("summarize", Task), ("tantôt", Memory), ("teach", Task), ("tears", Feeling),
        ("terrified", Feeling), ("told", Memory), ("traduire", Task), ("traduis", Task),
        ("translate", Task), ("triste", Feeling), ("why", Deep), ("worried", Feeling),
        ("write", Task), ("yesterday", Memory), ("écrire", Task), ("écris", Task),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hints_are_in_order() {
        assert!(HINTS.is_sorted_by(|(a, _), (b, _)| a < b));
    }

    #[test]
    fn greetings_need_little() {
        for text in ["hi", "Hello!", "Salut, ça va ?", "How are you?", "ok", "", "👋"] {
            assert_eq!(score(text).tier(), Tier::Small, "{text}: {:?}", score(text));
        }
    }

    #[test]
    fn conversations_need_more() {
        for text in [
            "Do you remember what I told you yesterday?",
            "Tu te souviens de ce que je t'ai dit hier ?",
            "Why are you so sad today?",
            "Pourquoi es-tu si triste aujourd'hui ?",
        ] {
            assert_eq!(score(text).tier(), Tier::Medium, "{text}: {:?}", score(text));
        }
    }

    #[test]
    fn what_takes_thought_needs_most() {
        for text in [
            "Explain why the tide comes twice a day, compare it with the lake, and write me a poem \
             about it. I am so afraid of the sea since my brother died, do you remember him?",
            "Explique-moi pourquoi j'ai si peur depuis la mort de mon frère, tu te souviens de lui ? \
             Compare avec hier et écris un poème.",
        ] {
            assert_eq!(score(text).tier(), Tier::Large, "{text}: {:?}", score(text));
        }
    }

    #[test]
    fn a_score_says_what_it_is_made_of() {
        let told = score("Do you remember why I was SO ANGRY?!");
        let expected = Score { length: 2, questions: 13, feelings: 15, memory: 13, tasks: 0 };
        assert_eq!(told, expected);
        assert_eq!(told.total(), 43);
    }

    #[test]
    fn however_long_a_message_is_its_score_is_bounded() {
        let long = score(&"WHY? remember! explain, love ".repeat(50_000));
        assert_eq!(long.total(), 135);
        // Cut in the middle of a character.
        score(&"é".repeat(SCORED_BYTES_MAX));
        score(&format!("a{}", "é".repeat(SCORED_BYTES_MAX)));
    }
}
