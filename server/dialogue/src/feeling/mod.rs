//! How a text moves somebody, told from its words alone.
//!
//! Owns the reading of valence and arousal in English and French: words with a weight, negation,
//! emphasis, and what is meant for the listener. What is felt afterwards is the body's matter.

use std::sync::LazyLock;

use regex::Regex;
use vivarium_contract::companion::{Appraisal, Emotion, Traits};

use crate::hearing::Heard;

mod lexicon;

use lexicon::{Weight, weight};

/// Words back from a word of feeling within which "not" turns it around.
const NEGATION_WORDS: usize = 3;

/// What a text does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// How it moves somebody in the middle of all traits.
    pub appraisal: Appraisal,
    /// It insults whoever hears it.
    pub is_insult: bool,
    /// It thanks.
    pub is_thanks: bool,
    /// It praises whoever hears it.
    pub is_praise: bool,
    /// It greets.
    pub is_greeting: bool,
    /// It says goodbye.
    pub is_farewell: bool,
    /// It says sorry.
    pub is_apology: bool,
    /// Whoever said it tells that they feel bad.
    pub is_sorrow: bool,
    /// Whoever said it tells that they feel good.
    pub is_gladness: bool,
}

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("the pattern is a constant, and tested"));
    };
}

pattern!(
    INSULT,
    r"(?x)\b(
    you\ (are|look|sound)\ (\w+\ ){0,4}?(stupid|dumb|ugly|an?\ idiot|idiots?|useless|worthless|pathetic
        |boring|annoying|trash|garbage|an?\ moron|an?\ loser|crap|shit|the\ worst|horrible|disgusting|lame)
    |(stupid|dumb|useless|fucking|damn)\ (bot|robot|thing|machine|npc|idiot|ai)
    |(i\ )?hate\ you|i\ do\ not\ like\ you|you\ annoy\ me|tu\ m\ (enerves|agaces|ennuies)|je\ (ne\ )?t\ aime\ pas|shut\ up|fuck\ (you|off)|screw\ you|go\ to\ hell|get\ lost|you\ suck|piss\ off
    |you\ (idiot|moron|loser|bastard|bitch|asshole)
    |tu\ es\ (\w+\ ){0,3}?(stupide|bete|nul|nulle|moche|con|conne|idiot|idiote|inutile|debile|chiant|chiante
        |penible|ridicule|laid|laide|mechant|mechante)
    |(je\ )?te\ deteste|je\ te\ hais|ta\ gueule|ferme\ la|la\ ferme|va\ te\ faire\ \w+|degage|casse\ toi|tu\ me\ saoules
    |espece\ d\ ?e?\ \w+|(sale|pauvre)\ (con|conne|robot|type|idiot|idiote|machine)|tu\ crains|connard|connasse|encule
    )\b|^(idiot|moron|loser|imbecile|abruti|abrutie|debile)\ ?[.!]?$"
);
pattern!(
    NOT_INSULT,
    r"\b(you are|you look|you sound) (\w+ )?not\b|\bi do not hate you\b|\btu n es pas\b|\btu es pas\b|\bdeteste pas\b"
);
pattern!(
    THANKS,
    r"\b(thanks|thank you|thank u|cheers mate|much appreciated|i appreciate (it|that)|merci|je te remercie)\b"
);
pattern!(
    PRAISE,
    r"(?x)\b(
    you\ (are|look|sound)\ (\w+\ ){0,3}?(nice|great|cool|awesome|amazing|cute|lovely|sweet|kind|funny|smart|clever
        |wonderful|beautiful|pretty|brilliant|the\ best|adorable|my\ (best\ )?friend|helpful|good)
    |(i\ )(really\ )?(like|love|adore)\ you|(good|nice|great)\ (job|work|girl|boy|one|joke|story)|well\ done|bravo|i\ missed\ you
    |tu\ es\ (\w+\ ){0,3}?(gentil|gentille|genial|geniale|super|cool|drole|mignon|mignonne|adorable|belle|beau|formidable
        |intelligent|intelligente|top|chouette|sympa|mon\ ami|mon\ amie|ma\ copine|mon\ pote)
    |je\ t\ (aime|adore)|bien\ joue|beau\ travail|bon\ travail|felicitations|tu\ m\ as\ manque|congratulations
    )\b"
);
pattern!(
    GREETING,
    r"(?x)^(oh\ |well\ |ah\ )?(hello+|hi+|hey+|hiya|heya|howdy|yo|greetings|good\ (morning|afternoon|evening|day)|bonjour|salut
    |coucou|bonsoir|hello|re\ ?bonjour|rebonjour|allo|salutations)\b|\b(nice|good|pleased)\ to\ (meet|see)\ you\b|\benchantee?\b|^what\ is\ up\b"
);
pattern!(
    FAREWELL,
    r"(?x)\b(good\ ?bye|bye+|bye\ bye|see\ (you|ya)(\ (later|soon|tomorrow|around))?$|see\ you\ (later|soon|tomorrow|around)
    |good\ night|farewell|take\ care|i\ (have\ to|must|need\ to|got\ to)\ (go|leave)(\ now)?\ ?([.!,]|$)|i\ am\ leaving|until\ next\ time
    |au\ revoir|a\ bientot|a\ plus(\ tard)?$|a\ demain|bonne\ (nuit|soiree|journee)|adieu|je\ (dois|vais)\ (y\ aller|partir)
    |je\ m\ en\ vais|je\ file|a\ la\ prochaine|tchao|ciao|@\+)\b|(^|[,.!]\ )(a\ plus|a\ toute?|see\ you|see\ ya)\ ?([,.!]|$)"
);
pattern!(
    APOLOGY,
    r"\b(i am (so |very |really )?sorry|sorry|i apologi[sz]e|my bad|forgive me|just kidding|(i am|i was) (just |only )?(joking|kidding)|je (rigole|plaisante|rigolais|plaisantais)|desolee?|je m excuse|excuse moi|pardon(ne moi)?)\b"
);
pattern!(NOT_APOLOGY, r"\b(not sorry|sorry (for you|to hear)|pas desolee?)\b");
pattern!(
    SORROW,
    r"(?x)\b(
    i\ (am|feel)\ (\w+\ ){0,2}?(sad|lonely|alone|down|depressed|tired|exhausted|anxious|scared|afraid|upset|awful|terrible|bad|sick|unhappy|stressed|worried|hurt|lost|miserable)
    |i\ (have\ had|had)\ (a\ )?(bad|rough|hard|terrible|awful)\ day|bad\ day|i\ miss\ (my|him|her|them)|nobody\ likes\ me|(died|passed\ away)
    |je\ (suis|me\ sens)\ (\w+\ ){0,2}?(triste|seul|seule|deprime|deprimee|fatigue|fatiguee|epuise|epuisee|anxieux|anxieuse|stresse|stressee|mal|malade|malheureux|malheureuse|perdu|perdue|inquiet|inquiete)
    |j\ ai\ (peur|mal|le\ cafard)|(mauvaise|sale|dure)\ journee|ca\ (ne\ )?va\ pas|personne\ ne\ m\ aime|est\ morte?|est\ decedee?
    )\b"
);
pattern!(
    GLADNESS,
    r"(?x)\b(
    i\ (am|feel)\ (\w+\ ){0,2}?(happy|great|good|fine|well|excited|glad|wonderful|fantastic|amazing|proud|ok|better)
    |(great|good|best|wonderful)\ day|i\ (won|passed|got\ the\ job)
    |je\ (suis|me\ sens)\ (\w+\ ){0,2}?(content|contente|heureux|heureuse|bien|ravi|ravie|fier|fiere|mieux)
    |ca\ va\ (bien|super|nickel|tres\ bien|mieux)|(bonne|belle|super)\ journee\ (aujourd|pour\ moi)|j\ ai\ (gagne|reussi)
    )\b"
);
pattern!(
    NEGATED_SELF,
    r"\b(i am|i feel|am i) (\w+ )?not\b|\bje ne (suis|me sens) pas\b|\bje suis pas\b"
);

/// Reads a text.
pub fn read(heard: &Heard<'_>) -> Reading {
    let plain = heard.plain();
    let is_insult = INSULT.is_match(plain) && !NOT_INSULT.is_match(plain);
    let is_not_praise = NOT_INSULT.is_match(plain);
    // "You are not stupid" is kind.
    let is_taken_back = INSULT.is_match(plain) && is_not_praise;
    let mut reading = Reading {
        is_insult,
        is_thanks: THANKS.is_match(plain),
        is_praise: is_taken_back || (!is_insult && !is_not_praise && PRAISE.is_match(plain)),
        is_greeting: GREETING.is_match(plain),
        is_farewell: FAREWELL.is_match(plain),
        is_apology: APOLOGY.is_match(plain) && !NOT_APOLOGY.is_match(plain),
        is_sorrow: SORROW.is_match(plain) && !NEGATED_SELF.is_match(plain),
        is_gladness: GLADNESS.is_match(plain) && !NEGATED_SELF.is_match(plain),
        appraisal: Appraisal::default(),
    };
    reading.appraisal = appraise_words(heard, &reading);
    reading
}

/// How a text moves somebody with these traits: who is easily moved (`neuroticism`) more, who has
/// courage less by what frightens.
pub fn appraise(text: &str, traits: &Traits) -> Appraisal {
    scaled(read(&Heard::new(text)).appraisal, traits)
}

/// An appraisal as somebody with these traits has it.
pub fn scaled(appraisal: Appraisal, traits: &Traits) -> Appraisal {
    let percent = |trait_: u8| i32::from(trait_.min(100));
    let strength = if appraisal.valence < 0 {
        60 + percent(traits.neuroticism) * 4 / 5
    } else {
        75 + (percent(traits.agreeableness) + percent(traits.extraversion)) / 4
    };
    let mut valence = i32::from(appraisal.valence) * strength / 100;
    let mut arousal =
        i32::from(appraisal.arousal) * (60 + percent(traits.neuroticism) * 4 / 5) / 100;
    let mut emotion = appraisal.emotion;
    if emotion == Some(Emotion::Fear) {
        let calm = 130 - percent(traits.courage) * 3 / 5;
        valence = valence * calm / 100;
        arousal = arousal * calm / 100;
        if percent(traits.courage) >= 85 {
            emotion = None;
        }
    }
    Appraisal { valence: bounded(valence), arousal: bounded(arousal), emotion }
}

fn bounded(value: i32) -> i8 {
    value.clamp(-100, 100) as i8
}

/// Sums up the words of a text, and what it is as a whole.
fn appraise_words(heard: &Heard<'_>, reading: &Reading) -> Appraisal {
    let words: Vec<&str> = heard.words().collect();
    let (mut valence, mut arousal, mut strongest) = (0_i32, 0_i32, (0_i32, None));
    for (index, word) in words.iter().enumerate() {
        let Some(Weight { valence: v, arousal: a, emotion }) = weight(word) else { continue };
        let before = &words[index.saturating_sub(NEGATION_WORDS)..index];
        // "Ce n'est pas bien": French says "pas" before the word as well; "rien de bon".
        let is_negated = before.iter().any(|w| lexicon::has(lexicon::NEGATIONS, w));
        let is_stressed = before.last().is_some_and(|w| lexicon::has(lexicon::STRESSES, w));
        let percent = if is_stressed { 140 } else { 100 };
        let (v, emotion) = if is_negated { (-v / 2, None) } else { (v, emotion) };
        valence += v * percent / 100;
        arousal += a * percent / 100 / if is_negated { 2 } else { 1 };
        if (v * percent).abs() > strongest.0 && emotion.is_some() {
            strongest = ((v * percent).abs(), emotion);
        }
    }
    let calls = heard.plain().matches('!').count().min(3) as i32;
    arousal += calls * 8;
    valence += valence.signum() * calls * 4;
    let (mut valence, mut emotion) = (valence, strongest.1);
    if reading.is_insult {
        (valence, arousal, emotion) = (valence.min(-45), arousal.max(35), Some(Emotion::Anger));
    } else if reading.is_praise {
        valence = valence.max(40);
        emotion = Some(emotion.filter(|e| *e == Emotion::Affection).unwrap_or(Emotion::Joy));
    } else if reading.is_sorrow {
        // Somebody else's sorrow saddens; it does not hurt.
        (valence, emotion) = (valence.clamp(-25, -10), Some(Emotion::Sadness));
        arousal = arousal.min(10);
    } else if reading.is_thanks || reading.is_apology {
        valence = valence.max(25);
    } else if reading.is_greeting {
        valence = valence.max(12);
        arousal = arousal.max(6);
    }
    if emotion == Some(Emotion::Anger) && valence > 0 {
        emotion = None;
    }
    Appraisal { valence: bounded(valence), arousal: bounded(arousal), emotion }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_move_as_one_would_expect() {
        let table: [(&str, std::ops::RangeInclusive<i8>, Option<Emotion>); 26] = [
            ("You are wonderful!", 40..=100, Some(Emotion::Joy)),
            ("I love you", 40..=100, Some(Emotion::Affection)),
            ("Je t'aime", 40..=100, Some(Emotion::Affection)),
            ("you are stupid", -100..=-45, Some(Emotion::Anger)),
            ("You're such an idiot!!", -100..=-45, Some(Emotion::Anger)),
            ("Tu es vraiment nul", -100..=-45, Some(Emotion::Anger)),
            ("ta gueule", -100..=-45, Some(Emotion::Anger)),
            ("you are not stupid", -5..=100, Some(Emotion::Joy)),
            ("tu n'es pas bête", -5..=100, None),
            ("this is good", 10..=60, None),
            ("this is not good", -40..=-5, None),
            ("ce n'est pas bien", -40..=-1, None),
            ("Thanks a lot", 25..=60, None),
            ("Merci beaucoup !", 25..=60, None),
            ("hello", 12..=40, None),
            ("I am so sad today", -25..=-10, Some(Emotion::Sadness)),
            ("je me sens seule", -25..=-10, Some(Emotion::Sadness)),
            ("I am not sad", -5..=40, None),
            ("Watch out, a monster!", -70..=-5, Some(Emotion::Fear)),
            ("wow, what a surprise!", 1..=70, Some(Emotion::Surprise)),
            ("The bench is made of wood.", 0..=0, None),
            ("Le banc est en bois.", 0..=0, None),
            ("sorry", 25..=60, None),
            ("I hate spiders", -60..=-10, Some(Emotion::Anger)),
            ("💩", 0..=0, None),
            ("", 0..=0, None),
        ];
        for (text, valence, emotion) in table {
            let appraisal = read(&Heard::new(text)).appraisal;
            assert!(valence.contains(&appraisal.valence), "{text}: {appraisal:?}");
            assert_eq!(appraisal.emotion, emotion, "{text}");
        }
    }

    #[test]
    fn what_a_text_is_meant_as_is_heard() {
        type Is = fn(&Reading) -> bool;
        let table: [(&str, Is); 16] = [
            ("Hi there!", |r| r.is_greeting),
            ("Bonjour !", |r| r.is_greeting),
            ("nice to meet you", |r| r.is_greeting),
            ("the hello kitty bag", |r| !r.is_greeting),
            ("goodbye", |r| r.is_farewell),
            ("ok, see you", |r| r.is_farewell),
            ("à plus", |r| r.is_farewell),
            ("what do you see you think", |r| !r.is_farewell),
            ("bonne nuit", |r| r.is_farewell),
            ("thx", |r| r.is_thanks),
            ("I'm sorry", |r| r.is_apology),
            ("sorry to hear that", |r| !r.is_apology),
            ("I had a bad day", |r| r.is_sorrow),
            ("ça va pas", |r| r.is_sorrow),
            ("ça va bien", |r| r.is_gladness),
            ("I don't hate you", |r| !r.is_insult),
        ];
        for (text, is) in table {
            let reading = read(&Heard::new(text));
            assert!(is(&reading), "{text}: {reading:?}");
        }
    }

    #[test]
    fn traits_change_how_much() {
        let calm = Traits { neuroticism: 0, courage: 100, ..Traits::default() };
        let shaky = Traits { neuroticism: 100, courage: 0, ..Traits::default() };
        let text = "There is a monster behind you!";
        let (a, b) = (appraise(text, &calm), appraise(text, &shaky));
        assert!(a.valence > b.valence && a.arousal < b.arousal, "{a:?} {b:?}");
        assert_eq!((a.emotion, b.emotion), (None, Some(Emotion::Fear)));
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_an_appraisal_within_bounds(text in "\\PC{0,120}") {
            let appraisal = appraise(&text, &Traits { neuroticism: 255, ..Traits::default() });
            proptest::prop_assert!((-100..=100).contains(&appraisal.valence));
            proptest::prop_assert!((-100..=100).contains(&appraisal.arousal));
        }
    }
}
