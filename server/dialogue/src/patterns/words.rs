//! Wording: facts as sentences to the person they are about, things as people name them, time as
//! people tell it.

use vivarium_contract::companion::{Being, Perception, Seen};

use crate::{
    hearing::{Heard, fold, language::Language},
    memory::Fact,
};

/// Characters of anything that is quoted.
pub const QUOTED_CHARS_MAX: usize = 120;
/// Things that somebody likes that are told at once.
const LISTED_MAX: usize = 4;
/// Things that are named of what is seen.
const NAMED_MAX: usize = 6;

/// Kinds of favourites, animals and kin: English, French, whether French says "ta".
const KINDS: [(&str, &str, bool); 44] = [
    ("color", "couleur", true),
    ("food", "nourriture", true),
    ("dish", "plat", false),
    ("movie", "film", false),
    ("book", "livre", false),
    ("song", "chanson", true),
    ("music", "musique", true),
    ("animal", "animal", false),
    ("season", "saison", true),
    ("game", "jeu", false),
    ("flower", "fleur", true),
    ("place", "endroit", false),
    ("city", "ville", true),
    ("drink", "boisson", true),
    ("fruit", "fruit", false),
    ("number", "nombre", false),
    ("sport", "sport", false),
    ("word", "mot", false),
    ("dog", "chien", false),
    ("dog", "chienne", true),
    ("cat", "chat", false),
    ("cat", "chatte", true),
    ("rabbit", "lapin", false),
    ("horse", "cheval", false),
    ("fish", "poisson", false),
    ("bird", "oiseau", false),
    ("parrot", "perroquet", false),
    ("turtle", "tortue", true),
    ("snake", "serpent", false),
    ("hamster", "hamster", false),
    ("sister", "sœur", true),
    ("brother", "frère", false),
    ("mother", "mère", true),
    ("mom", "maman", true),
    ("father", "père", false),
    ("dad", "papa", false),
    ("son", "fils", false),
    ("daughter", "fille", true),
    ("wife", "femme", true),
    ("husband", "mari", false),
    ("friend", "ami", false),
    ("friend", "amie", false),
    ("girlfriend", "copine", true),
    ("boyfriend", "copain", false),
];

/// The English word for a kind, whichever language it was said in: facts are kept by it.
pub(crate) fn english_kind(folded: &str) -> String {
    let known = KINDS.iter().find(|(_, french, _)| fold(french) == folded);
    known.map_or(folded, |(english, _, _)| english).to_owned()
}

/// A fact, told to the person it is about: "your dog is called Rex". Without a capital.
pub(crate) fn fact(fact: &Fact, language: Language) -> String {
    let value = to_you(&fact.value, language);
    let (kind, of) = fact.relation.split_once(':').unwrap_or((&fact.relation, ""));
    match language {
        Language::En => match kind {
            "name" => format!("your name is {value}"),
            "likes" => format!("you like {value}"),
            "dislikes" => format!("you don't like {value}"),
            "lives_in" => format!("you live in {value}"),
            "from" => format!("you come from {value}"),
            "job" => format!("you work as {value}"),
            "favorite" => format!("your favourite {} is {value}", british(of)),
            "pet" | "kin" => format!("your {of} is called {value}"),
            _ => format!("you told me this: {value}"),
        },
        Language::Fr => match kind {
            "name" => format!("tu t'appelles {value}"),
            "likes" => format!("tu aimes {value}"),
            "dislikes" => format!("tu n'aimes pas {value}"),
            "lives_in" => format!("tu habites du côté de {value}"),
            "from" => format!("tu viens de {value}"),
            "job" => format!("ton métier, c'est {value}"),
            "favorite" => {
                let (of, is_ta) = french_kind(of);
                let (your, best) =
                    if is_ta { ("ta", "préférée") } else { ("ton", "préféré") };
                format!("{your} {of} {best}, c'est {value}")
            }
            "pet" | "kin" => {
                let (of, is_ta) = french_kind(of);
                format!("{} {of} s'appelle {value}", if is_ta { "ta" } else { "ton" })
            }
            _ => format!("tu m'as dit ceci : {value}"),
        },
    }
}

/// Facts as sentences; what is liked, and what is not, as one sentence each.
pub(crate) fn facts<'a>(facts: impl Iterator<Item = &'a Fact>, language: Language) -> Vec<String> {
    let mut joined: Vec<(&Fact, Vec<String>)> = Vec::new();
    for fact in facts {
        let is_list = matches!(fact.relation.as_str(), "likes" | "dislikes");
        let value = to_you(&fact.value, language);
        match joined.iter_mut().find(|(known, _)| is_list && known.relation == fact.relation) {
            Some((_, values)) => values.push(value),
            None => joined.push((fact, vec![value])),
        }
    }
    let told = joined.into_iter().map(|(first, values)| {
        let newest = &values[values.len().saturating_sub(LISTED_MAX)..];
        fact(&Fact { value: list(newest, language), ..first.clone() }, language)
    });
    told.collect()
}

fn french_kind(english: &str) -> (&str, bool) {
    let known = KINDS.iter().find(|(known, _, _)| *known == english);
    known.map_or((english, false), |(_, french, is_ta)| (french, *is_ta))
}

fn british(kind: &str) -> &str {
    if kind == "color" { "colour" } else { kind }
}

/// "My dog" is "your dog" to whoever said it.
pub(crate) fn to_you(said: &str, language: Language) -> String {
    let turned = said.split(' ').map(|word| {
        let turned = match (language, word.to_lowercase().as_str()) {
            (Language::En, "my") => "your",
            (Language::En, "mine") => "yours",
            (Language::En, "me" | "i") => "you",
            (Language::En, "myself") => "yourself",
            (Language::En, "our") => "your",
            (Language::Fr, "mon") => "ton",
            (Language::Fr, "ma") => "ta",
            (Language::Fr, "mes") => "tes",
            (Language::Fr, "moi") => "toi",
            (Language::Fr, "notre") => "votre",
            (Language::Fr, "nos") => "vos",
            _ => word,
        };
        turned.to_owned()
    });
    quotable(&turned.collect::<Vec<_>>().join(" "))
}

/// One line of bounded length.
pub(crate) fn quotable(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= QUOTED_CHARS_MAX {
        return line;
    }
    let cut: String = line.chars().take(QUOTED_CHARS_MAX - 1).collect();
    format!("{}…", cut.trim_end())
}

/// "a, b and c".
pub(crate) fn list(parts: &[String], language: Language) -> String {
    let and = match language {
        Language::En => " and ",
        Language::Fr => " et ",
    };
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [some @ .., last] => format!("{}{and}{last}", some.join(", ")),
    }
}

/// A thing that is spoken of: "the red ball", « Red ball ».
pub(crate) fn the(seen: &Seen, language: Language) -> String {
    let name = quotable(&seen.name);
    match (seen.being, language) {
        (Being::Person(_) | Being::Companion(_), _) => name,
        (Being::Object(_), Language::En) if has_article(&name) => name,
        (Being::Object(_), Language::En) => format!("the {}", lower(&name)),
        (Being::Object(_), Language::Fr) => format!("« {name} »"),
    }
}

/// A name without the capital of its first word, unless others have one as well.
pub(crate) fn lower(name: &str) -> String {
    let is_proper = name.split(' ').skip(1).any(|word| word.starts_with(char::is_uppercase))
        || name.chars().nth(1).is_some_and(char::is_uppercase);
    let mut letters = name.chars();
    match letters.next() {
        Some(first) if !is_proper => first.to_lowercase().chain(letters).collect(),
        _ => name.to_owned(),
    }
}

fn has_article(name: &str) -> bool {
    ["the ", "a ", "an ", "my ", "our "]
        .iter()
        .any(|article| name.to_lowercase().starts_with(article))
}

/// What is seen, the nearest first, as one list: "Ana, two benches and a red ball".
pub(crate) fn seen_list(seen: &[&Seen], language: Language) -> String {
    let mut counted: Vec<(&Seen, usize)> = Vec::new();
    for one in seen {
        let is_same =
            |other: &Seen| other.name == one.name && matches!(other.being, Being::Object(_));
        match counted.iter_mut().find(|(other, _)| is_same(other)) {
            Some((_, count)) => *count += 1,
            None => counted.push((one, 1)),
        }
    }
    counted.truncate(NAMED_MAX);
    let parts: Vec<String> =
        counted.into_iter().map(|(seen, count)| some(seen, count, language)).collect();
    list(&parts, language)
}

fn some(seen: &Seen, count: usize, language: Language) -> String {
    let name = quotable(&seen.name);
    match (seen.being, language) {
        (Being::Person(_) | Being::Companion(_), _) => name,
        (_, Language::Fr) if count > 1 => format!("« {name} » ({count} fois)"),
        (_, Language::Fr) => format!("« {name} »"),
        (_, Language::En) if has_article(&name) => name,
        (_, Language::En) => {
            let name = lower(&name);
            let is_plural = name.ends_with('s') && !name.ends_with("ss") && !name.ends_with("us");
            match count {
                1 if is_plural => format!("some {name}"),
                1 if name.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("an {name}"),
                1 => format!("a {name}"),
                _ if is_plural => format!("several {name}"),
                _ => format!("{} {}", number(count), plural(&name)),
            }
        }
    }
}

fn plural(name: &str) -> String {
    let is_hissing = ["s", "x", "ch", "sh"].iter().any(|end| name.ends_with(end));
    if is_hissing { format!("{name}es") } else { format!("{name}s") }
}

fn number(count: usize) -> String {
    let words =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    words.get(count).map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

/// How far away something is, as people say it.
pub(crate) fn distance(distance_m: f32, language: Language) -> &'static str {
    let (en, fr) = match distance_m {
        d if d < 2.5 => ("right here", "juste ici"),
        d if d < 7.0 => ("a few steps from here", "à quelques pas d'ici"),
        d if d < 20.0 => ("over there, not far", "là-bas, pas très loin"),
        _ => ("quite far from here", "assez loin d'ici"),
    };
    if language == Language::En { en } else { fr }
}

/// How long ago something was, as people say it.
pub(crate) fn ago(at_ms: u64, now_ms: u64, language: Language) -> &'static str {
    const HOUR_MS: u64 = 3_600 * 1_000;
    let (en, fr) = match now_ms.saturating_sub(at_ms) {
        t if t < HOUR_MS => ("a little while ago", "il y a peu de temps"),
        t if t < 20 * HOUR_MS => ("some hours ago", "il y a quelques heures"),
        t if t < 7 * 24 * HOUR_MS => ("a few days ago", "il y a quelques jours"),
        t if t < 60 * 24 * HOUR_MS => ("some weeks ago", "il y a quelques semaines"),
        _ => ("a long time ago", "il y a longtemps"),
    };
    if language == Language::En { en } else { fr }
}

/// The thing in a companion's hands, among what it sees.
pub(crate) fn held(perception: &Perception) -> Option<&Seen> {
    let held = Being::Object(perception.holds.as_ref()?.object);
    perception.seen.iter().find(|seen| seen.being == held)
}

/// Whether one of two texts has all the words of the other, articles aside.
pub(crate) fn is_about(a: &str, b: &str) -> bool {
    const SMALL: &str = "the a an le la les l un une des du de d my mon ma mes to old";
    let words = |text: &str| -> Vec<String> {
        let heard = Heard::new(text);
        let is_large = |word: &&str| !SMALL.split(' ').any(|small| small == *word);
        heard.words().filter(is_large).map(|word| word.trim_end_matches('s').to_owned()).collect()
    };
    let (a, b) = (words(a), words(b));
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    !short.is_empty() && short.iter().all(|word| long.contains(word))
}

/// The first letter as a capital.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::tests::square;

    #[test]
    fn facts_are_told_to_whom_they_are_about() {
        let table = [
            ("pet:dog", "Rex", "your dog is called Rex", "ton chien s'appelle Rex"),
            ("kin:sister", "Bea", "your sister is called Bea", "ta sœur s'appelle Bea"),
            (
                "favorite:color",
                "blue",
                "your favourite colour is blue",
                "ta couleur préférée, c'est blue",
            ),
            ("lives_in", "Lyon", "you live in Lyon", "tu habites du côté de Lyon"),
            ("owes", "tea", "you told me this: tea", "tu m'as dit ceci : tea"),
        ];
        for (relation, value, en, fr) in table {
            let of = Fact {
                subject: "person".to_owned(),
                relation: relation.to_owned(),
                value: value.to_owned(),
                valid_from_ms: 0,
                valid_to_ms: None,
                source: None,
            };
            assert_eq!(fact(&of, Language::En), en);
            assert_eq!(fact(&of, Language::Fr), fr);
        }
        assert_eq!(to_you("walking my dog", Language::En), "walking your dog");
    }

    #[test]
    fn what_is_seen_is_named_as_people_do() {
        let square = square();
        let all: Vec<&Seen> = square.seen.iter().collect();
        let told = seen_list(&all, Language::En);
        assert_eq!(told, "Ana, a red ball, a blue ball, a fountain, two benches and Bo");
        let told = seen_list(&all[..2], Language::Fr);
        assert_eq!(told, "Ana et « Red ball »");
        assert_eq!(quotable(&"é".repeat(300)).chars().count(), QUOTED_CHARS_MAX);
    }
}
