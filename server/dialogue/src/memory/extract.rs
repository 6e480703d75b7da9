//! What people tell of themselves, found by rules: names, places, likes, favourites, animals, kin.
//!
//! English and French. Finds less than a model would, and nothing that was not said.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{Claim, FACT_CHARS_MAX, Fact, Memory, PERSON};
use crate::{
    feeling,
    hearing::{Heard, fold},
    patterns::words::english_kind,
};

/// Claims of one text at most.
pub const CLAIMS_MAX: usize = 8;
/// Words of a text that is small talk whatever it says.
const SMALL_WORDS_MAX: usize = 3;
/// Words of a greeting, thanks or an order that is small talk.
const POLITE_WORDS_MAX: usize = 9;
/// Words of a value at most: people name things in few words.
const VALUE_WORDS_MAX: usize = 8;

/// What a text tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extracted {
    /// What it says of the person.
    pub claims: Vec<Claim>,
    /// What was wrong, and what is right instead, of a fact that is not named.
    pub correction: Option<(String, String)>,
}

impl Extracted {
    /// Whether it tells nothing.
    pub fn is_empty(&self) -> bool {
        self.claims.is_empty() && self.correction.is_none()
    }
}

/// How a value may be written.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// Anyhow.
    Free,
    /// With a capital, in up to so many words.
    Proper(usize),
    /// In up to so many words; begun with a capital if it has several.
    Name,
}

struct Rule {
    pattern: Regex,
    relation: &'static str,
    form: Form,
    is_over: bool,
}

/// Where a value ends.
const END: &str =
    r"(?: [.,!?]| and | but | because | so | too\b| et | mais | parce | car | aussi\b| now\b|$)";

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    use Form::{Free, Name, Proper};
    let rules = [
        (
            r"\b(?:my name is|i am called|call me|people call me|je m appelle|mon nom est|mon prenom est|mon prenom c est|mon nom c est|appelle moi)",
            "name",
            Name,
            false,
        ),
        (r"(?:^|[.,!?] )(?:i am|moi c est|moi je suis|je suis|this is)", "name", Proper(1), false),
        (r"\bi (?:do not|never) (?:really )?(?:like|love|enjoy)(?: to)?", "dislikes", Free, false),
        (
            r"\b(?:i (?:really |truly )?(?:hate|dislike|detest)|i can not stand|i hate|je deteste|je n aime (?:vraiment |du tout )?pas(?: du tout)?|j aime (?:vraiment )?pas(?: du tout)?|je hais|j ai horreur (?:de|des|du|d))",
            "dislikes",
            Free,
            false,
        ),
        (
            r"\b(?:i (?:really |also |just |truly |absolutely |do )?(?:like|love|enjoy|adore)(?: to)?|i am (?:a fan of|fond of|into)|j (?:aime|adore)(?: bien| beaucoup| vraiment| trop)?|je suis fan (?:de|des|du|d))",
            "likes",
            Free,
            false,
        ),
        (r"\b(?:i no longer like|je n aime plus|j aime plus)", "likes", Free, true),
        (
            r"\b(?:i (?:live|am living) (?:in|at|near)|i (?:have )?(?:just )?moved to|i reside in|j habite(?: maintenant)?(?: a| en| au| aux| dans| pres de)|je vis (?:a|en|au|aux|dans)|j ai demenage (?:a|en|au|aux))",
            "lives_in",
            Free,
            false,
        ),
        (
            r"\b(?:i (?:am|come) (?:originally )?from|je suis originaire (?:de|d|du|des))",
            "from",
            Free,
            false,
        ),
        (r"\b(?:je viens|je suis) (?:de|d|du|des)", "from", Proper(4), false),
        (
            r"\b(?:i work as an?|my job is|je travaille comme|mon metier est|mon metier c est)",
            "job",
            Free,
            false,
        ),
    ];
    rules
        .into_iter()
        .map(|(begin, relation, form, is_over)| Rule {
            pattern: Regex::new(&format!("{begin} ([^.,!?]+?){END}")).expect("tested"),
            relation,
            form,
            is_over,
        })
        .collect()
});

/// Relations whose second half is said: what is the favourite, whose name it is.
static NAMED: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let beings = "dog|cat|rabbit|horse|hamster|fish|bird|parrot|turtle|snake|puppy|kitten|chien|chienne\
                  |chat|chatte|lapin|cheval|poisson|oiseau|perroquet|tortue|serpent";
    let kin = "sister|brother|mother|mom|mum|father|dad|son|daughter|wife|husband|friend|girlfriend\
               |boyfriend|grandmother|grandfather|soeur|frere|mere|pere|maman|papa|fils|fille|femme\
               |mari|amie?|copine|copain";
    let rules = [
        (format!(r"\bmy favorite ([a-z]+(?: [a-z]+)?) (?:is|are) ([^.,!?]+?){END}"), "favorite"),
        (
            format!(r"\b(?:mon|ma|mes) ([a-z]+) preferee?s? (?:est|sont|c est) ([^.,!?]+?){END}"),
            "favorite",
        ),
        (format!(r"\bmy ({beings}) (?:is called|is named|s name is|is) ([^.,!?]+?){END}"), "pet"),
        (format!(r"\b(?:i have|i own) an? ({beings}) (?:called|named) ([^.,!?]+?){END}"), "pet"),
        (format!(r"\b(?:mon|ma) ({beings}) (?:s appelle|c est) ([^.,!?]+?){END}"), "pet"),
        (format!(r"\bj ai une? ({beings}) qui s appelle ([^.,!?]+?){END}"), "pet"),
        (format!(r"\bmy ({kin}) (?:is called|is named|s name is) ([^.,!?]+?){END}"), "kin"),
        (format!(r"\b(?:mon|ma) ({kin}) s appelle ([^.,!?]+?){END}"), "kin"),
    ];
    let rules = rules.into_iter();
    rules.map(|(pattern, kind)| (Regex::new(&pattern).expect("tested"), kind)).collect()
});

static NOT_ANY_MORE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r" (?:any ?more|any longer)$").expect("tested"));
static CORRECTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:(?:actually|en fait|no|non)(?: ,)? )?(?:it is|c est|i meant|i mean|je voulais dire|actually|en fait)(?: ,)? ([^.,!?]+?) ,? ?(?:not|and not|pas|et pas|et non|instead of|au lieu de) ([^.,!?]+?)(?: [.,!?]|$)")
        .expect("tested")
});
static CORRECTION_TURNED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:it is|ce n est|c est|actually|en fait|no|non)(?: ,)? (?:not|pas) ([^.,!?]+?) ,(?: but| mais)?(?: it is| c est)? ([^.,!?]+?)(?: [.,!?]|$)")
        .expect("tested")
});

static MORE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(r" (?:and|et|,|, and|, et) ([^.,!?]+?){END}")).expect("tested")
});
/// Values after the first, of one "I like".
const MORE_VALUES_MAX: usize = 3;

/// Words with which a value does not begin: these say something about the listener, or ask.
const NOT_A_VALUE: &str = "you your it that this them him her me what how when if not te toi ton ta \
                           tes ca cela quand comment que qu pas vous le la so very";
/// Words that may follow "I am" with a capital and are no names.
const NOT_A_NAME: &str = "french english american german italian spanish british irish scottish \
                          canadian belgian swiss chinese japanese indian here back fine ok good sad \
                          happy tired sorry hungry lonely bored alone francais francaise anglais \
                          anglaise belge suisse canadien canadienne bien la ici content contente \
                          triste fatigue fatiguee desole desolee seul seule not sure ready done lost \
                          great well";
/// Words at the end of a value that do not belong to it.
const TRAILING: [&str; 16] = [
    " very much",
    " so much",
    " a lot",
    " a bit",
    " too",
    " also",
    " beaucoup",
    " aussi",
    " trop",
    " please",
    " right now",
    " these days",
    " today",
    " vraiment",
    " enormement",
    " though",
];

/// Finds what a text tells of its author.
pub fn extract(heard: &Heard<'_>) -> Extracted {
    let mut extracted = Extracted::default();
    let plain = heard.plain();
    for rule in RULES.iter() {
        for captures in rule.pattern.captures_iter(plain) {
            if is_wish(plain, &captures) {
                continue;
            }
            let Some((value, is_ended)) = value(heard, &captures, 1, rule.form) else { continue };
            // "I don't like tea any more": it was liked.
            let relation =
                if is_ended && rule.relation == "dislikes" { "likes" } else { rule.relation };
            add(&mut extracted, relation.to_owned(), value, rule.is_over || is_ended);
            if rule.relation == "likes" || rule.relation == "dislikes" {
                for value in more_values(heard, captures.get(1).map_or(0, |found| found.end())) {
                    add(&mut extracted, relation.to_owned(), value, rule.is_over || is_ended);
                }
            }
        }
    }
    for (pattern, kind) in NAMED.iter() {
        for captures in pattern.captures_iter(plain) {
            let form = if *kind == "favorite" { Form::Free } else { Form::Name };
            if let Some((value, _)) = value(heard, &captures, 2, form) {
                add(&mut extracted, format!("{kind}:{}", english_kind(&captures[1])), value, false);
            }
        }
    }
    if extracted.claims.is_empty() {
        let right_wrong = CORRECTION.captures(plain).map(|c| (c, 1, 2));
        let wrong_right = || CORRECTION_TURNED.captures(plain).map(|c| (c, 2, 1));
        extracted.correction =
            right_wrong.or_else(wrong_right).and_then(|(captures, right, wrong)| {
                let (right, _) = value(heard, &captures, right, Form::Free)?;
                let (wrong, _) = value(heard, &captures, wrong, Form::Free)?;
                Some((wrong, right))
            });
    }
    extracted
}

/// What else is liked: "tea and old bridges", as long as no new sentence begins.
fn more_values(heard: &Heard<'_>, mut end: usize) -> Vec<String> {
    const SENTENCE: &str = "i my you your we he she they it that there this then so when je j mon ma \
                            mes tu il elle on nous vous c ca toi ton ta tes mais but not pas do what";
    let mut values = Vec::new();
    while values.len() < MORE_VALUES_MAX
        && let Some(captures) = MORE.captures_at(heard.plain(), end)
        && captures.get(0).is_some_and(|all| all.start() == end)
    {
        let first = captures[1].split(' ').next().unwrap_or_default();
        if SENTENCE.split(' ').any(|word| word == first) {
            break;
        }
        let Some((value, _)) = value(heard, &captures, 1, Form::Free) else { break };
        // "I like tea, follow me": what comes next may be an order.
        if crate::patterns::commands::is_command(&Heard::new(&value)) {
            break;
        }
        values.push(value);
        end = captures.get(1).map_or(end, |found| found.end());
    }
    values
}

/// "I would like tea" is an order, "do I like tea" a question.
fn is_wish(plain: &str, captures: &Captures<'_>) -> bool {
    let start = captures.get(0).map_or(0, |all| all.start());
    let before = plain[..start].trim_end();
    ["do", "would", "if", "that", "did", "what", "should", "est ce que", "si"]
        .iter()
        .any(|word| before.ends_with(word))
}

fn add(extracted: &mut Extracted, relation: String, value: String, is_over: bool) {
    let is_same = |claim: &Claim| claim.relation == relation && fold(&claim.value) == fold(&value);
    // What somebody hates was found by its own rule before "I like" is looked for.
    let is_denied = relation == "likes"
        && extracted.claims.iter().any(|c| c.relation == "dislikes" && c.value == value);
    let has_name = relation == "name" && extracted.claims.iter().any(|c| c.relation == "name");
    if extracted.claims.len() < CLAIMS_MAX
        && !extracted.claims.iter().any(is_same)
        && !is_denied
        && !has_name
    {
        extracted.claims.push(Claim { subject: PERSON.to_owned(), relation, value, is_over });
    }
}

/// The value of a rule, as it was written, and whether it is said to be no more.
fn value(
    heard: &Heard<'_>,
    captures: &Captures<'_>,
    group: usize,
    form: Form,
) -> Option<(String, bool)> {
    let found = captures.get(group)?;
    let mut end = found.end();
    let is_ended = NOT_ANY_MORE.find(&heard.plain()[found.start()..end]).map(|m| {
        end = found.start() + m.start();
    });
    while let Some(tail) =
        TRAILING.iter().find(|t| heard.plain()[found.start()..end].ends_with(**t))
    {
        end -= tail.len();
    }
    let plain = &heard.plain()[found.start()..end];
    let first = plain.split(' ').next().unwrap_or_default();
    let words = plain.split(' ').count();
    let is_listed = |list: &str| list.split(' ').any(|word| word == first);
    // French articles stay with what is liked: "la pluie".
    let is_article = form == Form::Free && matches!(first, "le" | "la") && words > 1;
    if (is_listed(NOT_A_VALUE) && !is_article) || words > VALUE_WORDS_MAX {
        return None;
    }
    let original = heard.original(found.start()..end).trim();
    let is_capital = original.chars().next().is_some_and(char::is_uppercase);
    let fits = match form {
        Form::Free => true,
        Form::Proper(most) => is_capital && words <= most && !is_listed(NOT_A_NAME),
        Form::Name => words <= 4 && (is_capital || words == 1) && !is_listed(NOT_A_NAME),
    };
    let is_fit = fits && !original.is_empty() && original.chars().count() <= FACT_CHARS_MAX;
    is_fit.then(|| (original.to_owned(), is_ended.is_some()))
}

impl Memory {
    /// The claims that a correction stands for: about what holds now with the value that was wrong.
    pub fn corrected(&self, correction: &(String, String)) -> Vec<Claim> {
        let (wrong, right) = correction;
        let is_wrong = |fact: &&Fact| fold(&fact.value) == fold(wrong);
        let facts = self.facts(PERSON).filter(is_wrong).take(CLAIMS_MAX / 2);
        let claims = facts.flat_map(|fact| {
            let old = Claim {
                subject: fact.subject.clone(),
                relation: fact.relation.clone(),
                value: fact.value.clone(),
                is_over: true,
            };
            let new = Claim { value: right.clone(), is_over: false, ..old.clone() };
            [old, new]
        });
        claims.collect()
    }
}

/// Whether a text is nothing that a model should be asked about what to remember.
pub fn is_small_talk(text: &str) -> bool {
    let heard = Heard::new(text);
    let words = heard.words().count();
    if !extract(&heard).is_empty() {
        return false;
    }
    let reading = feeling::read(&heard);
    if reading.is_sorrow {
        return false;
    }
    let is_polite =
        reading.is_greeting || reading.is_thanks || reading.is_farewell || reading.is_praise;
    let is_order = crate::patterns::commands::is_command(&heard);
    words <= SMALL_WORDS_MAX || ((is_polite || is_order) && words <= POLITE_WORDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let extracted = extract(&Heard::new(text));
        let claims = extracted.claims.iter().map(|claim| {
            let over = if claim.is_over { "not any more " } else { "" };
            format!("{over}{}={}", claim.relation, claim.value)
        });
        let correction = extracted.correction.iter().map(|(old, new)| format!("{old}->{new}"));
        claims.chain(correction).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn what_people_tell_is_found() {
        let table = [
            ("My name is Jürgen O'Neil.", "name=Jürgen O'Neil"),
            ("hi, i'm Ana!", "name=Ana"),
            ("I'm fine", ""),
            ("I'm French", ""),
            ("I am here because I like you", ""),
            ("call me ana", "name=ana"),
            ("Je m'appelle Zoë et j'habite à Lyon", "name=Zoë; lives_in=Lyon"),
            ("I like green tea and I hate the cold!", "dislikes=the cold; likes=green tea"),
            (
                "I like green tea, rain and old bridges",
                "likes=green tea; likes=rain; likes=old bridges",
            ),
            ("j'aime le thé et les ponts", "likes=le thé; likes=les ponts"),
            ("I like tea, follow me", "likes=tea"),
            ("I don't like spiders", "dislikes=spiders"),
            ("I don't like tea any more", "not any more likes=tea"),
            ("I would like some tea", ""),
            ("do you know what I like?", ""),
            ("I love you", ""),
            ("I really love old bridges very much", "likes=old bridges"),
            ("J'aime beaucoup la pluie", "likes=la pluie"),
            ("Je n'aime pas les araignées", "dislikes=les araignées"),
            ("je n'aime plus le thé", "not any more likes=le thé"),
            ("j'aime pas", ""),
            ("I live in New York, near the park", "lives_in=New York"),
            ("I'm from Galway", "from=Galway"),
            ("Je viens de Québec", "from=Québec"),
            ("je viens de manger", ""),
            ("My favourite colour is blue.", "favorite:color=blue"),
            ("ma couleur préférée est le vert", "favorite:color=le vert"),
            ("my dog is called Rex", "pet:dog=Rex"),
            ("my cat's name is Mimi", "pet:cat=Mimi"),
            ("mon chien s'appelle Médor", "pet:dog=Médor"),
            ("My sister is named Bea", "kin:sister=Bea"),
            ("I work as a nurse", "job=nurse"),
            ("Actually, it's Lyon, not Paris", "Paris->Lyon"),
            ("en fait c'est Lyon, pas Paris", "Paris->Lyon"),
            ("it's not Paris, it's Lyon", "Paris->Lyon"),
            ("follow me", ""),
            ("what's my name?", ""),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    #[test]
    fn small_talk_needs_no_model() {
        let small = [
            "hi",
            "ok",
            "thanks a lot!",
            "salut",
            "follow me please",
            "bring me the red ball",
            "viens ici s'il te plaît",
            "😀",
        ];
        for text in small {
            assert!(is_small_talk(text), "{text}");
        }
        let large = [
            "my dog is called Rex",
            "I am so sad today",
            "yesterday we went to the old mill with Bea",
            "j'habite à Lyon",
            "why is the sky blue in the morning?",
        ];
        for text in large {
            assert!(!is_small_talk(text), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_extracted_within_bounds(text in "(my name is |i like |j'habite |[ -~é’.,]{0,12}){0,8}") {
            let extracted = extract(&Heard::new(&text));
            proptest::prop_assert!(extracted.claims.len() <= CLAIMS_MAX);
            for claim in extracted.claims {
                proptest::prop_assert!(text.contains(&claim.value));
                proptest::prop_assert!(claim.value.chars().count() <= FACT_CHARS_MAX);
            }
        }
    }
}
