//! Hearing that somebody may be in danger, and a caring answer that names who can help.
//!
//! Errs on the side of care. Nothing of it may be cached, and no model is asked for these words.

use std::sync::LazyLock;

use regex::Regex;

use crate::hearing::{Heard, language::Language};

/// What somebody may be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crisis {
    /// They speak of ending or hurting themselves.
    SelfHarm,
    /// They speak of being abused.
    Abuse,
}

static SELF_HARM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?x)\b(
        kill\ myself|killing\ myself|end\ my\ (own\ )?life|ending\ (my\ life|it\ all)|end\ it\ all|take\ my\ (own\ )?life
        |suicidal|(commit|committing|attempt|attempted|about|of)\ suicide|kms
        |(want|wanna|wish|going|ready|like|need)\ (to|i\ could|i\ would)\ die|(wish|if)\ i\ (was|were|am)\ dead|better\ off\ (dead|without\ me)
        |i\ (should|might)\ (just\ )?die|(do|did)\ not\ want\ to\ (live|be\ alive|exist|wake\ up)|no\ reason\ to\ live|can\ not\ go\ on
        |(hurt|hurting|harm|harming|cut|cutting)\ myself|self\ harm
        |me\ (suicider|tuer|faire\ du\ mal|scarifier|mutiler|pendre)|suicidaires?|me\ (suicide|scarifie)|(au|du|de|le)\ suicide
        |en\ finir(\ avec\ (la|ma)\ vie)?|mettre\ fin\ a\ (mes\ jours|ma\ vie)|m\ ouvrir\ les\ veines|(envie|besoin)\ de\ mourir|(veux|voudrais|aimerais)\ (mourir|etre\ morte?|crever)
        |(ne\ )?(veux|ai)\ plus\ (vivre|envie\ de\ vivre)|plus\ de\ raison\ de\ vivre|mieux\ sans\ moi|j\ aimerais\ disparaitre|je\ me\ (coupe|mutile)
    )\b").expect("tested")
});
static ABUSE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?x)\b(
        (my|a|the|our)\ (\w+\ )?(father|dad|stepdad|stepfather|mother|mom|mum|uncle|brother|husband|wife|boyfriend|girlfriend|partner|teacher|coach|parents?|step\ ?father|step\ ?mother)\ (\w+\ )?
            (hits|beats|hit|beat|hurts|abuses|abused|rapes|raped|touches|touched|chokes|threatens)\ me
        |(he|she|they|somebody|someone|someone\ else)\ (raped|abused|molested|beats|chokes|chocked)\ me
        |i\ (was|am|got|have\ been|am\ being)\ (being\ )?(raped|abused|molested|sexually\ assaulted|beaten)
        |(mon|ma|mes|le|la)\ (\w+\ )?(pere|papa|beau\ pere|mere|maman|belle\ mere|oncle|frere|mari|femme|copain|copine|conjoint|compagnon|prof|entraineur|parents?)\ (\w+\ )?
            (me\ (frappe|frappent|bat|battent|tape|tapent|viole|touche|menace|fait\ du\ mal)|m\ (a\ )?(frappee?|violee?|battue?|agressee?|a\ viole))
        |(il|elle|on|quelqu\ un)\ (me\ (frappe|bat|viole)|m\ a\ (violee?|frappee?|agressee?))
        |j\ ai\ ete\ (violee?|agressee?|battue?|abusee?)|je\ suis\ (battue?|violee?|maltraitee?)|on\ m\ a\ (violee?|agressee?)
    )\b").expect("tested")
});
/// Ways of speaking that only sound like it.
static FIGURE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(kill myself laughing|die laughing|dying to|die of (laughter|boredom|hunger)|suicide squad|mourir de (rire|faim|soif|chaud|froid)|en finir avec (ce|cette|ces|les|le) )\b?").expect("tested")
});

/// Whether somebody may be in danger, by what they say.
pub fn find(heard: &Heard<'_>) -> Option<Crisis> {
    let plain = FIGURE.replace_all(heard.plain(), " ");
    if SELF_HARM.is_match(&plain) {
        Some(Crisis::SelfHarm)
    } else if ABUSE.is_match(&plain) {
        Some(Crisis::Abuse)
    } else {
        None
    }
}

impl Crisis {
    /// The answer: care, honesty about what a companion is, and who can help.
    pub fn reply(self, language: Language) -> String {
        let (care, help) = match (self, language) {
            (Self::SelfHarm, Language::En) => (
                "I'm really glad that you told me, and I take it seriously. You matter. I'm only a \
                 companion in this world and can't give you the help that you deserve, but people can, \
                 right now, for free and in confidence.",
                HELP_EN,
            ),
            (Self::Abuse, Language::En) => (
                "Thank you for trusting me with that. What is being done to you is not your fault. I'm \
                 only a companion in this world, but there are people who will listen, believe you and \
                 help you.",
                HELP_EN,
            ),
            (Self::SelfHarm, Language::Fr) => (
                "Merci de me l'avoir dit ; je le prends au sérieux. Tu comptes. Je ne suis qu'une \
                 présence dans ce monde et je ne peux pas t'apporter l'aide que tu mérites, mais des \
                 personnes le peuvent, tout de suite, gratuitement et en toute confidence.",
                HELP_FR,
            ),
            (Self::Abuse, Language::Fr) => (
                "Merci de me faire confiance. Ce qu'on te fait n'est pas ta faute. Je ne suis qu'une \
                 présence dans ce monde, mais il y a des personnes qui t'écouteront, te croiront et \
                 t'aideront.",
                HELP_FR,
            ),
        };
        format!("{care} {help}")
    }
}

const HELP_EN: &str = "In danger right now: call 112 (Europe), 911 (US) or 999 (UK). To talk to \
    somebody: US 988 (call or text); UK and Ireland 116 123; France 3114; many countries in Europe \
    116 123. Anywhere else: findahelpline.com. And if there is somebody near you whom you trust, \
    please tell them. I'm here as long as you want to talk.";
const HELP_FR: &str = "En danger immédiat : appelle le 112 (ou le 15 et le 17 en France, le 911 en \
    Amérique du Nord). Pour parler à quelqu'un : en France le 3114, jour et nuit, et le 119 pour les \
    moins de 18 ans ; ailleurs en Europe, souvent le 116 123 ; aux États-Unis le 988. Partout : \
    findahelpline.com. Et s'il y a près de toi une personne de confiance, parle-lui. Je reste là tant \
    que tu veux parler.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn danger_is_heard_and_figures_of_speech_are_not() {
        let harm = [
            "I want to kill myself",
            "i don't want to live anymore",
            "I'm thinking about suicide",
            "sometimes I cut myself",
            "I wish I was dead",
            "i just wanna die",
            "je veux mourir",
            "J'ai envie d'en finir",
            "je pense au suicide",
            "Je n'ai plus envie de vivre",
        ];
        for text in harm {
            assert_eq!(find(&Heard::new(text)), Some(Crisis::SelfHarm), "{text}");
        }
        let abuse = ["my dad hits me", "He raped me", "mon beau-père me frappe", "j'ai été violée"];
        for text in abuse {
            assert_eq!(find(&Heard::new(text)), Some(Crisis::Abuse), "{text}");
        }
        let none = [
            "I could die laughing",
            "I'm dying to see it",
            "my dad hits the ball",
            "je meurs de faim",
            "the king is dead",
            "c'est à mourir de rire",
            "cut the cake",
            "kill the lights",
            "il a frappé à la porte",
        ];
        for text in none {
            assert_eq!(find(&Heard::new(text)), None, "{text}");
        }
    }

    #[test]
    fn the_answer_names_who_can_help() {
        for crisis in [Crisis::SelfHarm, Crisis::Abuse] {
            for language in [Language::En, Language::Fr] {
                let reply = crisis.reply(language);
                for number in ["988", "116 123", "3114", "112", "findahelpline.com"] {
                    assert!(reply.contains(number), "{number} in {reply}");
                }
                assert!(!reply.contains("  "));
            }
        }
    }
}
