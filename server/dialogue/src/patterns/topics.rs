//! What a text asks or tells, of what a companion can answer by itself.

use std::sync::LazyLock;

use regex::Regex;

use crate::hearing::Heard;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Whether it is a machine.
    AreYouReal,
    /// Its name, and who it is.
    WhoAreYou,
    /// How it feels.
    HowAreYou,
    /// What is around it.
    WhatDoYouSee,
    /// Who is around it.
    WhoIsHere,
    /// Who somebody is.
    WhoIs(String),
    /// Where something is.
    WhereIs(String),
    /// What it holds.
    WhatDoYouHold,
    /// What it does.
    WhatAreYouDoing,
    /// What happened to it.
    WhatHappened,
    /// One thing about who speaks: a relation of facts.
    FactAbout(String),
    /// All that it remembers of who speaks.
    AboutMe,
    /// Whether it remembers something.
    Remember(String),
    /// Whether it likes something.
    DoYouLike(String),
    /// What it likes.
    WhatDoYouLike,
    /// What it does not like.
    WhatDoYouDislike,
    /// How old it is.
    HowOld,
    /// Its life.
    Background,
    /// What it can do.
    WhatCanYouDo,
    /// Which languages it speaks.
    Languages,
    /// A joke.
    Joke,
    /// A riddle.
    Riddle,
    /// A story.
    Story,
    /// To be told the answer of a riddle.
    GiveUp,
    /// What time or day it is.
    WhatTime,
    /// Something to do.
    Bored,
    /// What it thinks of who speaks.
    WhatDoYouThinkOfMe,
    /// Who made it.
    WhoMadeYou,
    /// Whether something may be asked.
    MayIAsk,
    /// Something that its body cannot do.
    CannotDo,
    /// The same again.
    Again,
    /// Yes.
    Yes,
    /// No.
    No,
    /// Laughter.
    Laugh,
}

type Make = fn(String) -> Topic;

static TOPICS: LazyLock<Vec<(Regex, Make)>> = LazyLock::new(|| {
    let all = asked().into_iter().chain(wanted()).chain(told());
    all.map(|(pattern, make)| (Regex::new(&pattern).expect("tested"), make)).collect()
});

/// The relation that a question about who speaks is about, by the words in it.
const RELATIONS: [(&str, &str); 12] = [
    (
        r"\b(?:what is my name|do you (?:know|remember) my name|who am i|comment je m appelle|(?:quel est|c est quoi|tu connais|tu te souviens de) mon (?:nom|prenom)|qui suis je)\b",
        "name",
    ),
    (
        r"\b(?:where (?:do|am) i (?:live|living)|where i live|ou (?:est ce que )?j habite|ou je (?:vis|habite)|ou habite je)\b",
        "lives_in",
    ),
    (
        r"\b(?:where (?:am|do) i (?:come )?from|where i (?:am|come) from|d ou (?:est ce que )?je viens|d ou viens je)\b",
        "from",
    ),
    (
        r"\b(?:what do i like|what i like|what (?:do|are) (?:i love|my likes)|qu est ce que j aime|ce que j aime|j aime quoi)\b",
        "likes",
    ),
    (
        r"\b(?:what do i (?:hate|dislike|not like)|what i (?:hate|dislike)|qu est ce que je (?:deteste|n aime pas)|ce que je deteste)\b",
        "dislikes",
    ),
    (
        r"\b(?:what (?:do i do|is my job|do i work as)|c est quoi mon (?:metier|travail)|quel est mon (?:metier|travail))\b",
        "job",
    ),
    (
        r"\b(?:what is my (?:dog|pet)|my dog (?:called|s name)|is my dog|know my dog|comment s appelle mon chien|nom de mon chien)\b",
        "pet:dog",
    ),
    (
        r"\b(?:what is my cat|my cat (?:called|s name)|is my cat|know my cat|comment s appelle (?:mon chat|ma chatte)|nom de mon chat)\b",
        "pet:cat",
    ),
    (
        r"\b(?:my sister (?:called|s name)|is my sister|know my sister|comment s appelle ma soeur|tu connais ma soeur)\b",
        "kin:sister",
    ),
    (
        r"\b(?:my brother (?:called|s name)|is my brother|know my brother|comment s appelle mon frere|tu connais mon frere)\b",
        "kin:brother",
    ),
    (r"\b(?:my favorite color|ma couleur preferee)\b", "favorite:color"),
    (r"\bmy favorite (?P<x>[a-z]+)|\b(?:mon|ma) (?P<y>[a-z]+) preferee?\b", "favorite"),
];

static FACTS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    RELATIONS.iter().map(|(pattern, of)| (Regex::new(pattern).expect("tested"), *of)).collect()
});

fn rule(pattern: &str, make: Make) -> (String, Make) {
    (pattern.to_owned(), make)
}

/// Questions, the most special first.
fn asked() -> Vec<(String, Make)> {
    use Topic::*;
    vec![
        rule(
            r"\b(?:are you (?:a )?(?:\w+ )?(?:real|human|robot|bot|ai|machine|alive|person|computer|program|npc|conscious|chatgpt)|are you an? (?:ai|robot|npc|actual person)|es tu (?:reel(?:le)?|humain|humaine|vivant|vivante|un robot|une ia|un bot|une machine|une personne|conscient|consciente)|tu es (?:un robot|une ia|un bot|humain|humaine|reel|reelle|vivant|vivante|une machine|une vraie personne))\b",
            |_| AreYouReal,
        ),
        rule(r"\b(?:dans la vie|for a living|as a job|comme (?:travail|metier))\b", |_| Background),
        rule(
            r"\b(?:who are you|what are you$|what are you [?.!]|what is your name|your name|how are you called|what (?:do|should|can) i call you|introduce yourself|qui es tu|tu es qui|t es qui|comment (?:tu t appelles|t appelles tu|tu t appelle)|vous etes qui|qui etes vous|comment vous appelez vous|vous vous appelez comment|c est quoi ton (?:nom|prenom)|quel est ton (?:nom|prenom)|ton nom|ton prenom|presente toi|tu t appelles comment)\b|^what are you$",
            |_| WhoAreYou,
        ),
        rule(
            r"\b(?:how old are you|what is your age|your age|quel age (?:as tu|tu as)|tu as quel age|ton age)\b",
            |_| HowOld,
        ),
        rule(
            r"\b(?:how (?:are|r) you|how is it going|how do you feel|how are things|how have you been|how is (?:life|your day|everything)|are you (?:ok|fine|alright|well|happy|sad|angry|afraid|scared|tired|bored)|what is wrong|how you doing|how was your day|what is up|(?:comment )?(?:ca va|tu vas|vas tu|va tu|tu te sens|te sens tu)|(?:tu vas|tu va|ca va) bien|la forme|quoi de neuf|comment allez vous|vous allez bien|you (?:look|seem) (?:sad|tired|happy|angry|scared|worried|bored)|tu as l air (?:triste|fatigue|fatiguee|content|contente|inquiet|inquiete)|es tu (?:triste|content|contente|heureux|heureuse|fache|fachee|en colere)|tu es (?:triste|en colere|fache|fachee)|tu as peur|ca roule)\b",
            |_| HowAreYou,
        ),
        rule(
            r"\b(?:what (?:happened|was that|has happened|just happened)|who (?:hit|touched|pushed) you|did (?:that|it) hurt|que s est il passe|qu est ce qui (?:s est passe|t est arrive)|qui t a (?:frappe|touche|pousse)|ca t a fait mal)\b",
            |_| WhatHappened,
        ),
        rule(
            r"\b(?:who (?:is|else is) (?:here|there|around|nearby|with you)|are you alone|anyone (?:here|around)|anybody (?:here|around)|is (?:anyone|anybody|someone) (?:here|around|there)|qui est (?:la|ici|present)|y a t il quelqu un|il y a quelqu un|tu es seule?|es tu seule?|qui d autre)\b",
            |_| WhoIsHere,
        ),
        rule(
            r"\b(?:what (?:do|can) you see|what is (?:around|near|nearby|here|there|over there|in front)|what are you looking at|look around|describe (?:what you see|this place|where)|what is this place|tell me (?:about this place|what you see)|(?:que|qu est ce que tu) vois tu|qu est ce que tu vois|tu vois quoi|que vois tu|ce que tu vois|qu est ce qu il y a|ou sommes nous|ou on est|on est ou|tu es ou|ou es tu|c est ou ici|decris)\b|\bwhere are (?:we|you)(?: now)?(?: [?.!]|$)",
            |_| WhatDoYouSee,
        ),
        rule(
            r"\b(?:what (?:are|do) you (?:holding|hold|carrying|carry|have)|what is (?:that )?in your hands?|what have you got|show me your hands|qu est ce que tu (?:tiens|portes|as dans)|que (?:tiens|portes) tu|tu (?:tiens|portes|as) quoi|dans (?:la|les|ta|tes) mains?)\b",
            |_| WhatDoYouHold,
        ),
        rule(
            r"\b(?:what are you (?:doing|up to)|what do you do(?: here| all day)?|are you busy|qu est ce que tu fais|que fais tu|tu fais quoi|qu est ce que tu fabriques|es tu occupee?)\b",
            |_| WhatAreYouDoing,
        ),
        rule(
            r"\b(?:what do you think (?:of|about) me|do you (?:like|love|trust|hate|miss) me|are we friends|am i your friend|que penses tu de moi|tu penses quoi de moi|qu est ce que tu penses de moi|(?:est ce que )?tu m (?:aimes|apprecies)|m aimes tu|on est amis|sommes nous amis|tu m aimes bien)\b",
            |_| WhatDoYouThinkOfMe,
        ),
        rule(
            r"\b(?:what do you (?:remember|know|recall)(?: (?:of|about) (?:me|us))?|do you (?:remember|know|recognize|recognise) me|tell me (?:what you (?:know|remember)|about me)|have we met|what have i told you|what did i (?:tell|say)|(?:que|qu est ce que tu) sais tu (?:de|sur) moi|(?:que|qu est ce que tu) (?:sais|te rappelles|te souviens)(?: (?:de|sur) moi)?|tu (?:te souviens|te rappelles)(?: encore)? de (?:moi|nous|quoi)|tu me (?:reconnais|connais)|te souviens tu de moi|on se connait|tu sais quoi sur moi|que sais tu de moi|de quoi te souviens tu|qu est ce que je t ai dit|parle moi de moi)\b",
            |_| AboutMe,
        ),
        rule(
            r"\b(?:do you (?:still )?(?:remember|recall)(?: when| that| what| about)?|tu (?:te souviens|te rappelles)(?: encore)?(?: quand| que| de| du| des)?|te souviens tu (?:de|du|des)) (?P<x>[^.,!?]+)",
            Remember,
        ),
        rule(
            r"\b(?:what (?:do|can) you do (?:for me|to help)|what can you do|what can i (?:ask|do|say)|how does this work|how do i (?:use|talk)|can you help|help me$|what (?:are your|commands)|commands|que (?:sais|peux) tu faire|qu est ce que tu (?:peux|sais) faire|tu (?:peux|sais) faire quoi|peux tu m aider|tu peux m aider|comment ca marche|aide moi)\b|^(?:help|aide) ?[!?]?$",
            |_| WhatCanYouDo,
        ),
        rule(
            r"\b(?:do you speak|which languages|what languages|can you speak|parles tu|tu parles|quelles langues|tu parles quelles)\b",
            |_| Languages,
        ),
        rule(
            r"\b(?:what (?:do you (?:like|love|enjoy)|are your (?:hobbies|interests)|makes you happy|is your favorite)|your favorite|(?:que|qu est ce que tu) aimes tu|qu est ce que tu aimes|tu aimes quoi|que preferes tu|tes passions|ton (?:\w+ )prefere|ta (?:\w+ )preferee|qu est ce qui te plait)\b",
            |_| WhatDoYouLike,
        ),
        rule(
            r"\b(?:what do you (?:hate|dislike|not like)|what do (?:you not|not you) (?:like|love|enjoy)|what annoys you|what are you afraid of|qu est ce que tu (?:detestes|n aimes pas)|que detestes tu|tu detestes quoi|de quoi as tu peur)\b",
            |_| WhatDoYouDislike,
        ),
        rule(
            r"\b(?:do you (?:also )?(?:like|love|enjoy)|(?:est ce que )?tu aimes|aimes tu) (?P<x>[^.,!?]+)",
            DoYouLike,
        ),
        rule(
            r"\b(?:tell me (?:something |more )?about (?:yourself|you|your (?:life|past|story|work))|(?:something|more) about (?:yourself|you)|where (?:are|do) you (?:come )?from|your (?:story|past|background|life|work|job)|where were you born|where do you live|what is your (?:story|job|life)|how did you get here|parle moi de (?:toi|ta vie)|raconte (?:moi )?ta vie|d ou (?:viens tu|tu viens)|tu viens d ou|ton (?:histoire|passe|metier|travail)|dis m en plus(?: sur toi)?|ou (?:es tu ne|habites tu|tu habites)|que fais tu dans la vie|qu est ce que tu fais dans la vie)\b",
            |_| Background,
        ),
    ]
}

/// What a companion is asked for, of words.
fn wanted() -> Vec<(String, Make)> {
    use Topic::*;
    let cannot = r"(?:jump|turn around|spin|run|fly|sing|swim|climb|kneel|bow|smile|hug me|kiss me|give me a (?:hug|kiss|hand)|sing (?:me )?a song|high five|shake my hand|saute|tourne toi|tourne|vole|chante|cours|nage|grimpe|souris|embrasse moi|fais moi un (?:calin|bisou)|donne moi la main|serre moi la main|chante (?:moi )?une chanson|tope la)";
    let can_you = r"(?:can you |could you |please |peux tu |tu peux |s il te plait )*";
    let polite = r"^(?:(?:so|well|and|but|hey|hi|hello|please|ok|nice|salut|bonjour|et|mais|alors|bon|dis|oui|yes|no|non) ?,? ?)*";
    vec![
        rule(
            r"\b(?:i give up|what is the answer|tell me the answer|i do not know|no idea|the answer please|je donne ma langue(?: au chat)?|je ne sais pas|je sais pas|j abandonne|(?:quelle|c est quoi)(?: est)? la (?:reponse|solution)|aucune idee|dis moi la reponse)\b",
            |_| GiveUp,
        ),
        rule(
            r"\b(?:riddle|puzzle me|ask me something|devinette|enigme|pose moi une (?:colle|question))\b",
            |_| Riddle,
        ),
        rule(
            r"\b(?:joke|make me laugh|something funny|blague|fais moi rire|quelque chose de drole)\b",
            |_| Joke,
        ),
        rule(
            r"\b(?:(?:tell|know|another|have) (?:me )?(?:any |a |another |your )?(?:\w+ )?(?:story|stories|tale)|once upon a time|another one please|(?:raconte|dis|connais)(?: tu)?(?: moi)? (?:une|un|des) (?:\w+ )?(?:histoires?|contes?)|une histoire|il etait une fois)\b",
            |_| Story,
        ),
        rule(
            &format!(
                r"^{can_you}{cannot}(?: (?:please|s il te plait|for me|pour moi))?(?: [?.!])?$"
            ),
            |_| CannotDo,
        ),
        rule(
            r"\b(?:who (?:made|created|built|wrote|programmed) you|your (?:maker|creator)|qui t a (?:cree|fait|fabrique|programme|ecrit)e?|ton createur)\b",
            |_| WhoMadeYou,
        ),
        rule(
            r"\b(?:(?:can|may|could) i ask you|i have a question|je peux te (?:demander|poser)|j ai une question|puis je te (?:demander|poser))\b[^?]*\??$",
            |_| MayIAsk,
        ),
        rule(
            r"^(?:(?:and |tell me |ok |et )?(?:another(?: one)?|one more|again|more|encore(?: une?)?(?: autre)?|une? autre)(?: please| s il te plait)?)(?: [?.!])?$",
            |_| Again,
        ),
        rule(
            &format!(
                r"(?:{polite}|\b(?:know|tell me|sais tu|tu sais|dis moi) )(?:where (?:is|are)|where can i find|have you seen|do you see|can you see|how far is|is it far to|c est loin|ou (?:est|sont|se trouve|se trouvent)|as tu vu|tu as vu|tu vois|vois tu) (?P<x>[^.,!?]+)"
            ),
            WhereIs,
        ),
        rule(
            r"\b(?:what (?:time|day|date|year) is it|what is the (?:time|date)|what day|quelle heure|quel jour|quelle date)\b",
            |_| WhatTime,
        ),
        rule(
            r"\b(?:i am (?:so )?bored|what (?:should|can|shall) we do|what now|entertain me|amuse me|let us (?:play|do something)|do you want to play|i want to play|je m ennuie|on fait quoi|qu est ce qu on fait|que faire|on joue|tu veux jouer|joue avec moi)\b",
            |_| Bored,
        ),
        rule(
            r"^(?:and |so |et |mais |but )?(?:who (?:is|are)|do you know|qui est|qui sont|tu connais|connais tu) (?P<x>[^.,!?]+)",
            WhoIs,
        ),
    ]
}

/// Short answers.
fn told() -> Vec<(String, Make)> {
    vec![
        rule(
            r"^(?:yes|sure|of course|absolutely|exactly|right|true|indeed|oui|bien sur|exactement|d accord|carrement|ok)(?: (?:yes|please|nia|i do|i am|oui))?(?: [.!])?$",
            |_| Topic::Yes,
        ),
        rule(
            r"^(?:no|not really|never|no way|non|pas vraiment|jamais)(?: (?:thanks|thank you|no|merci))?(?: [.!])?$",
            |_| Topic::No,
        ),
        rule(
            r"\b(?:(?:ha){2,}h?|(?:he){2,}|lol|lmao|rofl|mdr|ptdr|hihi|hehe)\b|^(?:funny|that is funny|c est drole|drole)(?: [.!])?$",
            |_| Topic::Laugh,
        ),
    ]
}

/// What a text is about, if a companion can say something to it by itself.
pub fn topic(heard: &Heard<'_>) -> Option<Topic> {
    let plain = heard.plain();
    if is_about_speaker(heard) {
        for (pattern, relation) in FACTS.iter() {
            let Some(captures) = pattern.captures(plain) else { continue };
            let what = captures.name("x").or_else(|| captures.name("y"));
            let relation = match what {
                Some(what) => format!("{relation}:{}", super::words::english_kind(what.as_str())),
                None => (*relation).to_owned(),
            };
            return Some(Topic::FactAbout(relation));
        }
    }
    TOPICS.iter().find_map(|(pattern, make)| {
        let captures = pattern.captures(plain)?;
        let said = captures.name("x").map(|found| heard.original(found.range()).trim().to_owned());
        Some(make(said.unwrap_or_default()))
    })
}

/// "My favourite colour is blue" tells; "what is my favourite colour" asks.
fn is_about_speaker(heard: &Heard<'_>) -> bool {
    let plain = heard.plain();
    heard.is_question()
        || [
            "do you know",
            "do you remember",
            "tell me",
            "guess",
            "dis moi",
            "tu sais",
            "tu te souviens",
            "remember",
        ]
        .iter()
        .any(|begin| plain.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_heard() {
        use Topic::*;
        let table = [
            ("Who are you?", Some(WhoAreYou)),
            ("tu t'appelles comment ?", Some(WhoAreYou)),
            ("are you a robot?", Some(AreYouReal)),
            ("Es-tu une IA ?", Some(AreYouReal)),
            ("how are you today?", Some(HowAreYou)),
            ("Salut, ça va ?", Some(HowAreYou)),
            ("what's up?", Some(HowAreYou)),
            ("What do you see?", Some(WhatDoYouSee)),
            ("Qu'est-ce que tu vois ?", Some(WhatDoYouSee)),
            ("what are you holding", Some(WhatDoYouHold)),
            ("tu fais quoi ?", Some(WhatAreYouDoing)),
            ("What's my name?", Some(FactAbout("name".to_owned()))),
            ("where do I live?", Some(FactAbout("lives_in".to_owned()))),
            ("what's my favourite colour?", Some(FactAbout("favorite:color".to_owned()))),
            ("what is my favourite season?", Some(FactAbout("favorite:season".to_owned()))),
            ("What do you remember about me?", Some(AboutMe)),
            ("Tu te souviens de moi ?", Some(AboutMe)),
            ("do you remember the old mill?", Some(Remember("the old mill".to_owned()))),
            ("do you like rain?", Some(DoYouLike("rain".to_owned()))),
            ("tu aimes la pluie ?", Some(DoYouLike("la pluie".to_owned()))),
            ("what do you like?", Some(WhatDoYouLike)),
            ("tell me about yourself", Some(Background)),
            ("d'où viens-tu ?", Some(Background)),
            ("tell me a joke", Some(Joke)),
            ("raconte une blague", Some(Joke)),
            ("Tell me a story!", Some(Story)),
            ("une devinette ?", Some(Riddle)),
            ("where are you from?", Some(Background)),
            ("where are you?", Some(WhatDoYouSee)),
            ("what don't you like?", Some(WhatDoYouDislike)),
            ("where is the fountain?", Some(WhereIs("the fountain".to_owned()))),
            ("où est la fontaine ?", Some(WhereIs("la fontaine".to_owned()))),
            ("who is Bo?", Some(WhoIs("Bo".to_owned()))),
            ("how far is the fountain?", Some(WhereIs("the fountain".to_owned()))),
            ("tu fais quoi dans la vie ?", Some(Background)),
            ("do you like me?", Some(WhatDoYouThinkOfMe)),
            ("what can you do?", Some(WhatCanYouDo)),
            ("how old are you?", Some(HowOld)),
            ("what time is it?", Some(WhatTime)),
            ("who made you?", Some(WhoMadeYou)),
            ("qui t'a créé ?", Some(WhoMadeYou)),
            ("can you jump?", Some(CannotDo)),
            ("encore une !", Some(Again)),
            ("can I ask you something?", Some(MayIAsk)),
            ("yes!", Some(Yes)),
            ("non merci", Some(No)),
            ("hahaha", Some(Laugh)),
            ("my favourite colour is blue", None),
            ("why is the sky blue?", None),
            ("the weather is nice", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(topic(&Heard::new(text)), expected, "{text}");
        }
    }
}
