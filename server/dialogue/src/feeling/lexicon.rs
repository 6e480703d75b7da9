//! Words of feeling in English and French, folded, and how much they weigh.
//!
//! Small on purpose: words that nearly always mean what they weigh. What is meant for the listener,
//! such as an insult, is found by patterns, not here.

use vivarium_contract::companion::Emotion;

/// What a word adds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weight {
    pub valence: i32,
    pub arousal: i32,
    pub emotion: Option<Emotion>,
}

/// Words that turn what follows them around.
pub(super) const NEGATIONS: &str =
    "not no never without nothing hardly pas jamais rien sans aucun aucune";

/// Words that make what follows them stronger.
pub(super) const STRESSES: &str =
    "very really so such extremely totally tres vraiment trop tellement si super";

/// Groups of words that weigh the same.
const GROUPS: [(Option<Emotion>, i32, i32, &str); 10] = [
    (
        Some(Emotion::Joy),
        25,
        10,
        "chouette content contente delighted drole fun funny glad haha hahaha happy heureuse \
        heureux joie joy joyful laugh laughing lol marrant marrante mdr ptdr rigolo rire \
        smile sourire",
    ),
    (
        Some(Emotion::Excitement),
        30,
        30,
        "amazing awesome epic excited exciting fantastic fantastique genial geniale hooray \
        hourra incredible incroyable woohoo yay youpi",
    ),
    (
        Some(Emotion::Affection),
        35,
        10,
        "adore aime ami amie amis amour bisou bisous calin cheri cherie darling dear friend \
        friends hug kiss love loved loving",
    ),
    (
        None,
        20,
        2,
        "beau beautiful belle best better bien bon bonne brilliant clever cool cute delicious \
        excellent excellente gentil gentille good great joli jolie kind lovely magnifique \
        merveilleuse merveilleux mignon mignonne nice parfait parfaite perfect pretty super \
        sweet sympa welcome wonderful",
    ),
    (
        None,
        10,
        -15,
        "calm calme douce doux gentle paisible peaceful quiet relax relaxed repos rest soft \
        tranquille",
    ),
    (
        Some(Emotion::Sadness),
        -25,
        -8,
        "chagrin cry crying dead death deces depressed deprime deprimee died grief larmes \
        lonely malheureuse malheureux miserable mort morte mourn pleure pleurer sad seul \
        seule tears triste unhappy",
    ),
    (
        Some(Emotion::Anger),
        -30,
        25,
        "angry annoyed annoying colere damn deteste enervant enervante enerve enervee \
        furieuse furieux furious haine hais hate hates mad rage",
    ),
    (
        Some(Emotion::Fear),
        -25,
        35,
        "afraid attack attaque danger dangereux dangerous effrayant effraye effrayee fantome \
        fear ghost monster monstre peur scared scary secours terrifiant terrified",
    ),
    (
        Some(Emotion::Surprise),
        8,
        25,
        "etonnant omg ouah surprenant surprise surprised surprising unbelievable waouh whoa \
        wow",
    ),
    (
        None,
        -20,
        5,
        "affreuse affreux awful bad bete blesse blessee boring broken casse cassee douleur \
        dumb ennuyeuse ennuyeux fatigue fatiguee horrible hurt mal malade mauvais mauvaise \
        moche nasty nul nulle pain pire problem probleme sick stupid stupide terrible tired \
        ugly worse worst wrong",
    ),
];

/// Whether a list has a word.
pub(super) fn has(list: &str, word: &str) -> bool {
    list.split(' ').any(|known| known == word)
}

/// What a folded word weighs, if anything.
pub(super) fn weight(word: &str) -> Option<Weight> {
    let group = GROUPS.iter().find(|(_, _, _, words)| has(words, word))?;
    Some(Weight { emotion: group.0, valence: group.1, arousal: group.2 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hearing::fold;

    #[test]
    fn every_word_stands_once_and_folded() {
        let mut all: Vec<&str> = GROUPS.iter().flat_map(|group| group.3.split(' ')).collect();
        all.sort_unstable();
        for pair in all.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
        for word in all {
            assert_eq!(fold(word), word);
        }
    }
}
