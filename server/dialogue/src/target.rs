//! Whom or what a name means, among what a companion sees.
//!
//! Patterns and models name what they see in words; this alone turns words into beings. Nothing that
//! is not seen, and no id, can be named.

use vivarium_contract::companion::{Being, Perception, Seen};

use crate::hearing::Heard;

/// What somebody is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Anybody and anything.
    Any,
    /// What can be picked up, if something of that name can.
    Portable,
    /// A person.
    Person,
}

/// What a name means.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<'a> {
    /// This.
    One(&'a Seen),
    /// One of these; their names differ.
    Several(Vec<&'a Seen>),
    /// Nothing that is seen.
    Nothing,
}

/// Names that are told when somebody has to choose.
pub const CHOICES_MAX: usize = 4;

/// Words that name nothing.
const EMPTY: &str = "the a an my your his her their our this that these those some one of over there here le la \
    les l un une des du de d mon ma mes ton ta tes ce cette cet";

/// French words for what is often in a world, and what it is called there in English.
const FRENCH: [(&str, &str); 62] = [
    ("ballon", "ball"),
    ("balle", "ball"),
    ("boule", "ball"),
    ("bille", "marble"),
    ("boite", "box"),
    ("caisse", "crate"),
    ("cube", "cube"),
    ("coffre", "chest"),
    ("chaise", "chair"),
    ("table", "table"),
    ("banc", "bench"),
    ("tabouret", "stool"),
    ("arbre", "tree"),
    ("chene", "oak"),
    ("pin", "pine"),
    ("bouleau", "birch"),
    ("olivier", "olive"),
    ("cypres", "cypress"),
    ("buisson", "bush"),
    ("fleur", "flower"),
    ("herbe", "grass"),
    ("roseau", "reeds"),
    ("nenuphar", "lily"),
    ("citrouille", "pumpkin"),
    ("pierre", "stone"),
    ("caillou", "rock"),
    ("rocher", "rock"),
    ("colline", "hill"),
    ("fontaine", "fountain"),
    ("etang", "pond"),
    ("pont", "bridge"),
    ("canal", "canal"),
    ("lampe", "lamp"),
    ("lanterne", "lantern"),
    ("porte", "door"),
    ("portail", "portal"),
    ("fenetre", "window"),
    ("maison", "house"),
    ("mur", "wall"),
    ("cloche", "bell"),
    ("quille", "pin"),
    ("livre", "book"),
    ("tasse", "cup"),
    ("cle", "key"),
    ("chapeau", "hat"),
    ("pomme", "apple"),
    ("gateau", "cake"),
    ("rouge", "red"),
    ("bleu", "blue"),
    ("bleue", "blue"),
    ("vert", "green"),
    ("verte", "green"),
    ("jaune", "yellow"),
    ("noir", "black"),
    ("noire", "black"),
    ("blanc", "white"),
    ("blanche", "white"),
    ("gris", "gray"),
    ("grise", "gray"),
    ("petit", "small"),
    ("grand", "large"),
    ("panier", "basket"),
];

/// Finds what a name means. Of several things with the same name, the nearest.
pub fn find<'a>(perception: &'a Perception, name: &str, wanted: Wanted) -> Found<'a> {
    let words = essence(name);
    if words.is_empty() {
        return Found::Nothing;
    }
    let is_wanted = |seen: &&Seen| match wanted {
        Wanted::Person => matches!(seen.being, Being::Person(_)),
        Wanted::Portable => matches!(seen.being, Being::Object(_)),
        Wanted::Any => true,
    };
    let mut best = of_rank(perception, &words, is_wanted);
    if best.is_empty() {
        let english: Vec<String> = words.iter().map(|word| in_english(word)).collect();
        best = of_rank(perception, &english, is_wanted);
    }
    if wanted == Wanted::Portable && best.iter().any(|seen| seen.is_portable) {
        best.retain(|seen| seen.is_portable);
    }
    match best.first() {
        None => Found::Nothing,
        Some(first) if best.iter().all(|seen| is_same(seen, first)) => Found::One(first),
        Some(_) => {
            let mut several: Vec<&Seen> = Vec::new();
            for seen in best {
                if !several.iter().any(|other| is_same(other, seen)) {
                    several.push(seen);
                }
            }
            several.truncate(CHOICES_MAX);
            Found::Several(several)
        }
    }
}

/// Two things of one name are as good as each other; two people never are.
fn is_same(a: &Seen, b: &Seen) -> bool {
    a.being == b.being
        || (essence(&a.name) == essence(&b.name)
            && matches!((a.being, b.being), (Being::Object(_), Being::Object(_))))
}

/// Those that fit best: by the whole name, else by all the words that were said.
fn of_rank<'a>(
    perception: &'a Perception,
    words: &[String],
    is_wanted: impl Fn(&&Seen) -> bool,
) -> Vec<&'a Seen> {
    let mut whole = Vec::new();
    let mut part = Vec::new();
    for seen in perception.seen.iter().filter(is_wanted) {
        let name = essence(&seen.name);
        if name == words {
            whole.push(seen);
        } else if words.iter().all(|word| name.contains(word)) {
            part.push(seen);
        }
    }
    if whole.is_empty() { part } else { whole }
}

/// The words of a name that say something, each in the singular. A name that is nothing but small
/// words (somebody may be called "One") keeps them.
fn essence(name: &str) -> Vec<String> {
    let heard = Heard::new(name);
    let all: Vec<&str> = heard.words().collect();
    let some: Vec<&str> =
        all.iter().copied().filter(|word| !EMPTY.split(' ').any(|empty| empty == *word)).collect();
    if some.is_empty() { all } else { some }.into_iter().map(singular).collect()
}

/// Roughly: both sides of a comparison go through it, so it need not be good grammar.
fn singular(word: &str) -> String {
    let is_plural = word.len() > 3 && !word.ends_with("ss") && !word.ends_with("us");
    match word {
        _ if !is_plural => word.to_owned(),
        _ if word.ends_with("ies") && word.len() > 4 => format!("{}y", &word[..word.len() - 3]),
        _ if ["xes", "ches", "shes", "sses"].iter().any(|end| word.ends_with(end)) => {
            word[..word.len() - 2].to_owned()
        }
        _ if word.ends_with("eaux") => word[..word.len() - 1].to_owned(),
        _ if word.ends_with('s') => word[..word.len() - 1].to_owned(),
        _ => word.to_owned(),
    }
}

fn in_english(word: &str) -> String {
    let english = FRENCH.iter().find(|(french, _)| *french == word).map(|(_, english)| *english);
    english.unwrap_or(word).to_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use vivarium_protocol::ids::{ObjectId, PersonId};

    use super::*;

    /// A square with two balls, two benches, a fountain and three people.
    pub(crate) fn square() -> Perception {
        let thing = |id, name: &str, distance_m, is_portable| Seen {
            being: Being::Object(ObjectId(id)),
            name: name.to_owned(),
            distance_m,
            is_portable,
        };
        let person = |id, name: &str, distance_m| Seen {
            being: Being::Person(PersonId(id)),
            name: name.to_owned(),
            distance_m,
            is_portable: false,
        };
        Perception {
            seen: vec![
                person(1, "Ana", 1.5),
                thing(10, "Red ball", 3.0, true),
                thing(11, "Blue ball", 4.0, true),
                thing(12, "Fountain", 6.0, false),
                thing(13, "Bench", 7.0, false),
                person(2, "Bo", 8.0),
                thing(14, "Bench", 9.0, false),
                thing(15, "Wooden box", 9.5, true),
                Seen {
                    being: Being::Companion(ObjectId(30)),
                    name: "Odo".to_owned(),
                    distance_m: 10.0,
                    is_portable: false,
                },
                person(3, "Zoë", 11.0),
            ],
            ..Perception::default()
        }
    }

    #[test]
    fn names_find_what_is_seen() {
        let square = square();
        let table = [
            ("the red ball", Wanted::Portable, "One Red ball"),
            ("BALLS", Wanted::Portable, "Several Red ball, Blue ball"),
            ("le ballon rouge", Wanted::Portable, "One Red ball"),
            ("ball", Wanted::Person, "Nothing"),
            ("benches", Wanted::Any, "One Bench"),
            ("boxes", Wanted::Any, "One Wooden box"),
            ("la fontaine", Wanted::Any, "One Fountain"),
            ("zoe", Wanted::Person, "One Zoë"),
            ("odo", Wanted::Any, "One Odo"),
            ("the moon", Wanted::Any, "Nothing"),
            ("the", Wanted::Any, "Nothing"),
            ("10", Wanted::Any, "Nothing"),
            ("", Wanted::Any, "Nothing"),
        ];
        for (name, wanted, expected) in table {
            let told = match find(&square, name, wanted) {
                Found::One(seen) => format!("One {}", seen.name),
                Found::Several(seen) => {
                    let names: Vec<&str> = seen.iter().map(|s| s.name.as_str()).collect();
                    format!("Several {}", names.join(", "))
                }
                Found::Nothing => "Nothing".to_owned(),
            };
            assert_eq!(told, expected, "{name}");
        }
    }
}
