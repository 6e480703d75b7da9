//! Orders: what a text asks a companion to do, before it is known whom or what the names mean.
//!
//! A text is cut into clauses, each clause loses what is only polite, and what is left must be an
//! order from its first word to its last. So "do you like to dance" is none.

use std::{ops::Range, sync::LazyLock};

use regex::{Captures, Regex};
use serde::{Deserialize, Serialize};
use vivarium_protocol::intent::Emote;

use crate::hearing::Heard;

/// Orders of one text at most.
pub const ORDERS_MAX: usize = 4;
/// Clauses that are looked at.
const CLAUSES_MAX: usize = 12;

/// What somebody asks for; names as they were said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Walk behind somebody; behind who speaks, without a name.
    Follow(Option<String>),
    /// Stop and stay.
    Stay,
    /// Come to who speaks.
    Come,
    /// Go somewhere.
    Go(String),
    /// Look at something; at who speaks, without a name.
    LookAt(Option<String>),
    /// Make a gesture.
    Gesture(Emote),
    /// Bring a thing to somebody; to who speaks, without a name.
    Bring {
        /// What.
        thing: Thing,
        /// To whom.
        to: Option<String>,
    },
    /// Fetch and hold.
    PickUp(Thing),
    /// Put down what it holds.
    PutDown,
    /// Throw something; what it holds, without a name.
    Throw {
        /// What.
        thing: Thing,
        /// To whom; to who speaks, without a name.
        to: Option<String>,
    },
    /// Leave who speaks alone.
    Leave,
}

/// A thing as it was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// By its name.
    Named(String),
    /// "It": what is held, or was spoken of.
    It,
}

/// How an order is made of what a pattern found.
type Make = fn(&Parts<'_>) -> Order;

/// What a pattern found.
struct Parts<'a> {
    heard: &'a Heard<'a>,
    start: usize,
    captures: Captures<'a>,
}

impl Parts<'_> {
    fn name(&self, group: &str) -> Option<String> {
        let found = self.captures.name(group)?;
        let name = self.heard.original(self.start + found.start()..self.start + found.end());
        let is_speaker = matches!(found.as_str(), "me" | "moi" | "us" | "nous");
        (!is_speaker && !name.is_empty()).then(|| name.to_owned())
    }

    fn thing(&self) -> Thing {
        const IT: [&str; 14] = [
            "it",
            "that",
            "this",
            "them",
            "that thing",
            "ca",
            "cela",
            "le",
            "la",
            "les",
            "l",
            "ceci",
            "those",
            "these",
        ];
        let plain = self.captures.name("what").map_or("it", |found| found.as_str());
        match self.name("what") {
            Some(name) if !IT.contains(&plain) => Thing::Named(name),
            _ => Thing::It,
        }
    }
}

/// Before an order, whatever it is.
const POLITE_BEFORE: &str = r"^(?:(?:please|hey|hi|hello|ok|now|then|just|so|well|and|also|yes|no|go and|can you|could you|would you|will you|can we|i want you to|i would like you to|would you mind|you should|you can|you may|try to|let us|quickly|kindly|s il te plait|alors|bon|maintenant|puis|ensuite|et|est ce que tu peux|est ce que tu pourrais|tu peux|tu pourrais|tu veux bien|tu veux|peux tu|pourrais tu|veux tu|veux tu bien|je veux que tu|j aimerais que tu|il faut que tu|tu dois|allez|allons|vite|oui|non|salut|bonjour)(?: |$))+";
/// After an order.
const POLITE_AFTER: &str = r"(?: (?:please|for me|now|right now|ok|thanks|thank you|again|a bit|a little|for a while|for a moment|if you can|if you want|quickly|s il te plait|maintenant|merci|vite|tout de suite|un peu|encore|pour moi|si tu veux|si tu peux|will you|would you|my friend|friend|buddy|mon ami|mon amie))+$";

static BEFORE: LazyLock<Regex> = LazyLock::new(|| Regex::new(POLITE_BEFORE).expect("tested"));
static AFTER: LazyLock<Regex> = LazyLock::new(|| Regex::new(POLITE_AFTER).expect("tested"));
static CUTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^| )(?:[.,!?]|and then|and|then|et puis|et|puis|ensuite)(?: |$)")
        .expect("tested")
});

static ORDERS: LazyLock<Vec<(Regex, Make)>> = LazyLock::new(|| {
    let all = english().into_iter().chain(french());
    all.map(|(pattern, make)| (Regex::new(&format!("^(?:{pattern})$")).expect("tested"), make))
        .collect()
});

fn english() -> Vec<(&'static str, Make)> {
    vec![
        (r"(?:come|walk|go)(?: along)? with (?:me|us)(?: to .+)?", |_| Order::Follow(None)),
        (
            r"(?:follow|come (?:along )?with|walk with|come along with|accompany)(?: (?P<who>.+))?|come along|walk behind me",
            |p| Order::Follow(p.name("who")),
        ),
        (
            r"stop|stop it|stop that|stop there|halt|freeze|stay|wait|stay (?:here|there|put|where you are)|wait (?:here|there|for me|a (?:moment|second|minute))|stop (?:following(?: me)?|moving|walking|dancing)|do not (?:move|follow me)|stand still|hold on",
            |_| Order::Stay,
        ),
        (
            r"come|come (?:here|over|closer|back|to me|over here|back here|over to me|a bit closer|near me|nearer)|over here|get over here|approach",
            |_| Order::Come,
        ),
        (
            r"(?:go away|leave me alone|leave me|get away(?: from me)?|i want to be alone|end (?:the|this) conversation|stop talking(?: to me)?)",
            |_| Order::Leave,
        ),
        (
            r"(?:go|walk|run|head|move|get|step|come|hurry)(?: over| back| up| down)? (?:to|towards?|near|next to|beside|by|into|in|behind|in front of) (?P<where>.+)|(?:go|stand|wait) (?:stand )?(?:at|by|near|next to|beside|behind|in front of) (?P<at>.+)|(?:lead|take|guide|bring|walk) (?:me|us) to (?P<way>.+)|show me the way to (?P<path>.+)",
            |p| {
                let place = ["where", "at", "way", "path"].iter().find_map(|group| p.name(group));
                place.map_or(Order::Come, Order::Go)
            },
        ),
        (
            r"(?:put|set|lay|drop|release) (?:(?:it|that|this|them|the .+|your .+) )?down(?: .+)?|drop(?: (?:it|that|this|them|the .+|your .+))?|let (?:it )?go(?: of (?:it|that|.+))?|release (?:it|that)",
            |_| Order::PutDown,
        ),
        (r"(?:throw|toss|pass|chuck|kick) me (?P<what>.+)", |p| Order::Throw {
            thing: p.thing(),
            to: None,
        }),
        (
            r"(?:throw|toss|chuck) (?P<what>.+?)(?: (?:over )?(?:to|at|towards?|into|on|onto) (?P<to>.+)| over here| here| away)?",
            |p| Order::Throw { thing: p.thing(), to: p.name("to") },
        ),
        (r"(?:throw|toss) (?P<to>[^ ]+) (?P<what>(?:the|a|an|your|that|this) .+)", |p| {
            Order::Throw { thing: p.thing(), to: p.name("to") }
        }),
        (
            r"(?:give|bring|hand|pass|get) (?P<to>[^ ]+) (?P<what>(?:the|a|an|your|that|this) .+)",
            |p| Order::Bring { thing: p.thing(), to: p.name("to") },
        ),
        (r"(?:bring|fetch|get|give|hand|show|find) me (?P<what>.+)", |p| Order::Bring {
            thing: p.thing(),
            to: None,
        }),
        (
            r"(?:bring|give|hand|take|carry|deliver|pass) (?P<what>.+?)(?: over)? to (?P<to>.+)",
            |p| Order::Bring { thing: p.thing(), to: p.name("to") },
        ),
        (r"(?:bring|fetch|deliver|go get|get) (?P<what>.+?)(?: here| over here)?", |p| {
            Order::Bring { thing: p.thing(), to: None }
        }),
        (
            r"(?:pick up|take|grab|lift|lift up|get hold of|hold|carry|fetch up|pick) (?P<what>.+?)(?: up| in your hands?)?",
            |p| Order::PickUp(p.thing()),
        ),
        (
            r"(?:look at|face|watch|turn to|turn towards?|look towards?|look over at|check out) (?P<who>.+)|look(?: here| over here)?",
            |p| Order::LookAt(p.name("who")),
        ),
        (
            r"(?:wave|wave (?:to|at) (?:me|us|them|him|her|everyone|everybody)|wave your hands?|say (?:hi|hello)(?: to .+)?)",
            |_| Order::Gesture(Emote::Wave),
        ),
        (
            r"dance(?: (?:with|for) (?:me|us)|)|do a dance|show me (?:your|a) dance|bust a move",
            |_| Order::Gesture(Emote::Dance),
        ),
        (
            r"sit|sit (?:down|here|with me|next to me|beside me)(?: with me)?|take a seat|have a seat",
            |_| Order::Gesture(Emote::Sit),
        ),
        (
            r"clap|clap your hands|applaud|give (?:me|us|them) a hand|give a round of applause",
            |_| Order::Gesture(Emote::Clap),
        ),
        (r"nod|nod your head", |_| Order::Gesture(Emote::Nod)),
        (r"shrug|shrug your shoulders", |_| Order::Gesture(Emote::Shrug)),
        (r"cheer|cheer for (?:me|us|them)|cheer us on|jump for joy|celebrate", |_| {
            Order::Gesture(Emote::Cheer)
        }),
        (r"point|point (?:at|to) .+", |_| Order::Gesture(Emote::Point)),
    ]
}

fn french() -> Vec<(&'static str, Make)> {
    vec![
        (
            r"(?:suis|me suivre|suivre)(?: (?P<who>.+))?|(?:viens|venir|marche|marcher) avec (?:moi|nous)|accompagne moi|m accompagner",
            |p| Order::Follow(p.name("who")),
        ),
        (
            r"arrete(?: toi| de (?:me suivre|bouger|marcher|danser)| ca)?|t arreter|arreter|reste(?: ici| la| ou tu es| sur place| tranquille)?|rester (?:ici|la)|attends(?: moi| ici| la| une (?:seconde|minute)| un (?:moment|instant))?|(?:ne )?bouge (?:plus|pas)|(?:ne )?me suis (?:plus|pas)|halte|stop",
            |_| Order::Stay,
        ),
        (
            r"viens|viens (?:ici|la|voir|me voir|par ici|pres de moi|vers moi|plus pres|a moi|donc|par la)|venir (?:ici|me voir|pres de moi)|approche(?: toi)?(?: de moi)?|rapproche toi|par ici|reviens|venir",
            |_| Order::Come,
        ),
        (
            r"va t en|laisse moi(?: tranquille| seule?)?|fiche moi la paix|pars|eloigne toi|arrete de (?:me )?parler",
            |_| Order::Leave,
        ),
        (
            r"(?:prends|prendre|ramasse|ramasser|attrape|attraper|saisis|saisir|tiens|tenir|porte|porter|souleve|soulever) (?P<what>.+)|(?:le|la|les) (?:prendre|ramasser|attraper)",
            |p| Order::PickUp(p.thing()),
        ),
        (
            r"(?:pose|poser|depose|deposer|lache|lacher|repose|reposer)(?: .+)?|(?:le|la|les) (?:poser|lacher|reposer)",
            |_| Order::PutDown,
        ),
        (
            r"(?:lance|envoie|jette) moi (?P<what>.+)|(?:lance|envoie|jette) (?:le|la|les|ca) moi|m (?:envoyer|lancer) (?P<w>.+)|me (?:lancer|jeter|envoyer) (?P<v>.+)",
            |p| {
                let named = ["w", "v"].iter().find_map(|group| p.name(group));
                Order::Throw { thing: named.map_or_else(|| p.thing(), Thing::Named), to: None }
            },
        ),
        (
            r"(?:lance|lancer|jette|jeter|envoie|envoyer) (?P<what>.+?)(?: (?:a|au|aux|vers|sur|dans|contre) (?P<to>.+))?|(?:lance|jette|envoie)",
            |p| Order::Throw { thing: p.thing(), to: p.name("to") },
        ),
        (
            r"(?:apporte|ramene|rapporte|donne|passe|amene|trouve|montre) moi (?P<what>.+)|(?:apporte|donne|passe|rapporte|ramene) (?:le|la|les|ca) moi|(?:m apporter|me donner|me passer|me ramener|me rapporter|m amener) (?P<w>.+)|(?:va |aller )?(?:me )?chercher (?P<v>.+)|va me chercher (?P<u>.+)",
            |p| {
                let named = ["w", "v", "u"].iter().find_map(|group| p.name(group));
                Order::Bring { thing: named.map_or_else(|| p.thing(), Thing::Named), to: None }
            },
        ),
        (
            r"(?:apporte|apporter|donne|donner|passe|passer|rapporte|ramene|amene) (?P<what>.+?) (?:a|au|aux) (?P<to>.+)",
            |p| Order::Bring { thing: p.thing(), to: p.name("to") },
        ),
        (r"(?:apporte|rapporte|ramene) (?P<what>.+?)(?: ici)?", |p| Order::Bring {
            thing: p.thing(),
            to: None,
        }),
        (
            r"(?:va|aller|marche|marcher|cours|courir|rends toi|te rendre|dirige toi|avance|monte|retourne|mets toi|approche toi|approche) (?:jusqu a|jusqu au|jusqu aux|a cote de|a cote du|pres de|pres du|pres des|vers|devant|derriere|a|au|aux|sur|dans|en|de|du)(?: (?:la|le|l|les))? (?P<where>.+)|va voir (?P<see>.+)|(?:emmene|conduis|guide|mene) (?:moi|nous) (?:jusqu a|jusqu au|vers|a|au|aux)(?: (?:la|le|l|les))? (?P<way>.+)",
            |p| {
                let place = ["where", "see", "way"].iter().find_map(|group| p.name(group));
                place.map_or(Order::Come, Order::Go)
            },
        ),
        (
            r"(?:regarde|regarder|observe|observer|fixe) (?P<who>.+)|me regarder|tourne toi vers (?P<w>.+)|regarde",
            |p| Order::LookAt(p.name("who").or_else(|| p.name("w"))),
        ),
        (
            r"salue(?: moi| nous| les gens| tout le monde)?|saluer|fais (?:moi |nous )?(?:un )?(?:signe|coucou)(?: de la main)?|fais bonjour|agite la main|dis (?:bonjour|salut|coucou)(?: a .+)?|faire (?:un signe|coucou)",
            |_| Order::Gesture(Emote::Wave),
        ),
        (
            r"danse(?: avec (?:moi|nous)| pour (?:moi|nous))?|danser(?: avec (?:moi|nous)| pour (?:moi|nous))?|fais (?:moi )?une danse",
            |_| Order::Gesture(Emote::Dance),
        ),
        (
            r"(?:assieds|assois|assoie) toi(?: ici| la| avec moi| a cote de moi)?|t asseoir(?: ici| avec moi| a cote de moi)?|assis",
            |_| Order::Gesture(Emote::Sit),
        ),
        (
            r"applaudis|applaudir|(?:tape|frappe|taper|frapper) (?:dans|des) (?:les |tes )?mains|bats des mains",
            |_| Order::Gesture(Emote::Clap),
        ),
        (r"hoche(?: de)? la tete|fais oui(?: de la tete)?", |_| Order::Gesture(Emote::Nod)),
        (r"hausse les epaules", |_| Order::Gesture(Emote::Shrug)),
        (r"saute de joie|crie hourra|fais la fete|acclame(?: moi| nous)", |_| {
            Order::Gesture(Emote::Cheer)
        }),
        (r"montre du doigt(?: .+)?|pointe(?: .+)?", |_| Order::Gesture(Emote::Point)),
    ]
}

/// What "show me", "give me" and "tell me" ask for that is no thing.
const NO_THING: [&str; 25] = [
    "la main",
    "your hand",
    "your hands",
    "a joke",
    "a riddle",
    "a story",
    "advice",
    "a break",
    "time",
    "a moment",
    "a hint",
    "some advice",
    "an example",
    "une blague",
    "une devinette",
    "une histoire",
    "un conseil",
    "un indice",
    "care",
    "your time",
    "a second",
    "a minute",
    "a hand",
    "a hug",
    "a kiss",
];

/// The orders of a text, in the order in which they were said. `name` is the companion's.
pub fn orders(heard: &Heard<'_>, name: &str) -> Vec<Order> {
    let folded = Heard::new(name).plain().to_owned();
    let mut orders = Vec::new();
    for clause in clauses(heard.plain()) {
        if let Some(order) = order(heard, clause, &folded) {
            orders.push(order);
        }
        if orders.len() == ORDERS_MAX {
            break;
        }
    }
    orders
}

/// Whether a text has an order in it.
pub fn is_command(heard: &Heard<'_>) -> bool {
    !orders(heard, "").is_empty()
}

fn clauses(plain: &str) -> Vec<Range<usize>> {
    let mut clauses = Vec::new();
    let mut start = 0;
    // A cut takes the space after it, so cuts beside each other are found one by one.
    while let Some(cut) = CUTS.find_at(plain, start).filter(|_| clauses.len() < CLAUSES_MAX) {
        clauses.push(start..cut.start());
        start = if cut.end() > cut.start() + 1 && plain[..cut.end()].ends_with(' ') {
            cut.end()
        } else {
            cut.end().max(start + 1)
        };
        if start >= plain.len() {
            break;
        }
    }
    clauses.push(start.min(plain.len())..plain.len());
    clauses.retain(|clause| !clause.is_empty());
    clauses
}

fn order(heard: &Heard<'_>, clause: Range<usize>, name: &str) -> Option<Order> {
    let (mut start, mut end) = (clause.start, clause.end);
    // Polite words and the name come in any order: each round takes one away.
    for _ in 0..4 {
        let rest = &heard.plain()[start..end];
        if let Some(polite) = BEFORE.find(rest) {
            start += polite.end();
            continue;
        }
        if let Some(polite) = AFTER.find(rest) {
            end = start + polite.start();
            continue;
        }
        match rest.strip_prefix(name).filter(|_| !name.is_empty()) {
            Some(after) if after.starts_with(' ') => start += name.len() + 1,
            _ => match rest.strip_suffix(name).filter(|_| !name.is_empty()) {
                Some(before) if before.ends_with(' ') => end = start + before.len() - 1,
                _ => break,
            },
        }
    }
    let rest = &heard.plain()[start..end];
    let found = ORDERS.iter().find_map(|(pattern, make)| {
        pattern.captures(rest).map(|captures| make(&Parts { heard, start, captures }))
    })?;
    let is_thing = |thing: &Thing| match thing {
        Thing::Named(name) => !NO_THING.contains(&Heard::new(name).plain()),
        Thing::It => true,
    };
    match &found {
        Order::Bring { thing, .. } | Order::PickUp(thing) | Order::Throw { thing, .. } => {
            is_thing(thing).then_some(found)
        }
        _ => Some(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let orders = orders(&Heard::new(text), "Nia");
        orders.iter().map(|order| format!("{order:?}")).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn orders_are_heard() {
        let table = [
            ("follow me", "Follow(None)"),
            ("Nia, could you please follow me?", "Follow(None)"),
            ("come with me to the fountain", "Follow(None)"),
            ("follow Bo please", "Follow(Some(\"Bo\"))"),
            ("suis-moi", "Follow(None)"),
            ("Nia, tu peux me suivre s'il te plaît ?", "Follow(None)"),
            ("stop!", "Stay"),
            ("ne bouge plus", "Stay"),
            ("reste là", "Stay"),
            ("come here Nia", "Come"),
            ("viens ici", "Come"),
            ("go to the fountain", "Go(\"the fountain\")"),
            ("va à la fontaine", "Go(\"fontaine\")"),
            ("take me to the Old Mill", "Go(\"the Old Mill\")"),
            ("Bring me the red ball!", "Bring { thing: Named(\"the red ball\"), to: None }"),
            ("give Bo the red ball", "Bring { thing: Named(\"the red ball\"), to: Some(\"Bo\") }"),
            ("Suivez-moi !", "Follow(None)"),
            ("va voir Bo", "Go(\"Bo\")"),
            ("give it to Bo", "Bring { thing: It, to: Some(\"Bo\") }"),
            (
                "apporte-moi le ballon rouge",
                "Bring { thing: Named(\"le ballon rouge\"), to: None }",
            ),
            ("donne la balle à Bo", "Bring { thing: Named(\"la balle\"), to: Some(\"Bo\") }"),
            ("va me chercher la boîte", "Bring { thing: Named(\"la boîte\"), to: None }"),
            ("pick up the box", "PickUp(Named(\"the box\"))"),
            ("pick it up", "PickUp(It)"),
            ("prends la boîte", "PickUp(Named(\"la boîte\"))"),
            ("put it down", "PutDown"),
            ("drop it", "PutDown"),
            ("pose-la", "PutDown"),
            (
                "take the ball and throw it to me",
                "PickUp(Named(\"the ball\")); Throw { thing: It, to: None }",
            ),
            (
                "throw the ball at the bench",
                "Throw { thing: Named(\"the ball\"), to: Some(\"the bench\") }",
            ),
            ("lance-moi la balle", "Throw { thing: Named(\"la balle\"), to: None }"),
            ("look at me", "LookAt(None)"),
            ("regarde la fontaine", "LookAt(Some(\"la fontaine\"))"),
            ("can you dance for me?", "Gesture(Dance)"),
            ("danse !", "Gesture(Dance)"),
            ("assieds-toi", "Gesture(Sit)"),
            ("Wave, then sit down and clap", "Gesture(Wave); Gesture(Sit); Gesture(Clap)"),
            ("fais coucou", "Gesture(Wave)"),
            ("leave me alone", "Leave"),
        ];
        for (text, expected) in table {
            assert_eq!(told(text), expected, "{text}");
        }
        let none = [
            "do you like to dance?",
            "I sit here every day",
            "give me a joke",
            "tell me a story",
            "the ball is red",
            "what do you see?",
            "j'aime danser",
            "je suis Ana",
            "",
            "and and , , !",
        ];
        for text in none {
            assert_eq!(told(text), "", "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_few_orders(text in "(go to |pick up |and |[ -~é,.]{0,9}){0,12}") {
            proptest::prop_assert!(orders(&Heard::new(&text), "Nia").len() <= ORDERS_MAX);
        }
    }
}
