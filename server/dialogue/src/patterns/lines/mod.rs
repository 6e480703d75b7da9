//! What a companion says without a model, by occasion, language and tone.
//!
//! `{person}` is who it speaks to, `{me}` itself; the other places to fill are named where a key is
//! used. French lines avoid words that have a gender of the companion or of the person, since
//! neither is known.

use crate::hearing::language::Language;

mod en;
mod en_deeds;
mod fr;
mod fr_deeds;

/// For whom a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Anybody.
    Any,
    /// Who seeks no company.
    Shy,
    /// Who seeks company.
    Bold,
    /// Who likes to play.
    Playful,
    /// Friends.
    Close,
    /// Whoever is on its guard.
    Cool,
}

macro_rules! keys {
    ($($key:ident),* $(,)?) => {
        /// An occasion to say something.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the names say it, and the lines say more")]
        pub enum Key { $($key),* }

        impl Key {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$key),*];
        }
    };
}

keys! {
    GreetFirst, Greet, GreetAgain, Farewell, Thanks, Praised, Loved, Sorry,
    Insulted, InsultedAgain, Who, Real, HowOld, Background, Can, Languages, Time,
    MoodCalm, MoodJoy, MoodExcitement, MoodSadness, MoodAnger, MoodFear, MoodSurprise, MoodAffection,
    See, SeeNothing, Here, Alone, WhereIs, WhereIsNot, Hold, HoldNothing,
    DoFollowing, DoWalking, DoFetching, DoIdle, HappenedNothing, HappenedHit, HappenedWave,
    HappenedFailed, Remember, RememberNothing, FactIs, FactUnknown, RecallSaid, RecallNothing,
    Like, LikeToo, LikeNot, LikeUnknown, Dislike, LikesNothing, ThinkStranger, ThinkFriend, ThinkCool,
    Joke, JokeNot, Riddle, RiddleAgain, RiddleRight, RiddleWrong, RiddleTold, Story, StoryNone,
    Bored, Yes, No, Laugh, Learned, LearnedName, Corrected, CorrectedNothing, Sorrow, Gladness,
    Made, Ask, CannotDo, Unknown, Listen, ListenGood, ListenBad, Follow, FollowRefused, Favour, Stay, Come, Go, Look, Gesture, Bring, PickUp,
    PutDown, Throw, Several, NotSeen, Which, NotPortable, EmptyHanded, NoPerson, Leave, ItUnknown,
    Later, Thought,
}

impl Key {
    /// Whether it is something that one says with pleasure.
    pub fn is_pleasure(self) -> bool {
        matches!(
            self,
            Self::GreetFirst
                | Self::Greet
                | Self::GreetAgain
                | Self::Farewell
                | Self::Thanks
                | Self::Praised
                | Self::Gladness
                | Self::LearnedName
                | Self::ListenGood
                | Self::Follow
                | Self::Come
                | Self::Go
                | Self::Bring
        )
    }
}

/// The lines for an occasion.
pub fn lines(key: Key, language: Language) -> &'static [(Tone, &'static str)] {
    let (talk, deeds) = match language {
        Language::En => (en::LINES, en_deeds::LINES),
        Language::Fr => (fr::LINES, fr_deeds::LINES),
    };
    talk.iter().chain(deeds).find(|(known, _)| *known == key).map_or(&[], |(_, lines)| lines)
}

/// Riddles and their answers, for companions that have none of their own.
pub fn riddles(language: Language) -> &'static [(&'static str, &'static str)] {
    match language {
        Language::En => en_deeds::RIDDLES,
        Language::Fr => fr_deeds::RIDDLES,
    }
}

/// Jokes, for companions that have none of their own.
pub fn jokes(language: Language) -> &'static [&'static str] {
    match language {
        Language::En => en_deeds::JOKES,
        Language::Fr => fr_deeds::JOKES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(line: &str) -> Vec<&str> {
        let mut places: Vec<&str> =
            line.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        places.retain(|place| !matches!(*place, "person" | "me"));
        places.sort_unstable();
        places
    }

    #[test]
    fn every_occasion_has_lines_in_both_languages() {
        for key in Key::ALL {
            let mut filled: Option<Vec<&str>> = None;
            for language in [Language::En, Language::Fr] {
                let lines = lines(*key, language);
                let for_all = lines.iter().filter(|(tone, _)| *tone == Tone::Any).count();
                assert!(for_all >= 2, "{key:?} has {for_all} lines for anybody in {language:?}");
                for (_, line) in lines {
                    assert!(line.chars().count() <= 240 && line.trim() == *line, "{line}");
                    let places = places(line);
                    let same = filled.get_or_insert_with(|| places.clone());
                    assert_eq!(*same, places, "{key:?}: {line}");
                }
            }
        }
    }
}
