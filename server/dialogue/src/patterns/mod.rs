//! The mind that needs no model: short, honest, in character, in the language of who speaks.
//!
//! `topics` and `commands` hear what is meant, `act` turns orders into actions on what is seen,
//! `voice` finds words, `lines` has them. What it says of the world, of its feelings and of the past
//! is what it perceives and remembers; what it does not know, it says so.

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use vivarium_contract::companion::{
    Action, ActionFailure, Appraisal, Being, DialogueAsk, Emotion, Event, Held, Seen, Traits,
};
use vivarium_protocol::{ids::ObjectId, intent::Emote};

use crate::{
    bond::{Stage, Tie},
    feeling::{self, Reading},
    hearing::{Heard, fold, language::Language},
    manner::Manner,
    memory::{Item, Memory, PERSON, extract},
    persona::Persona,
    target::{self, Found, Wanted},
};
use commands::Order;
use lines::Key;
use topics::Topic;
use voice::Voice;

mod act;
pub mod commands;
pub mod lines;
pub mod topics;
mod voice;
pub(crate) mod words;

/// Lines that are not said again soon.
pub const SAID_MAX: usize = 40;
/// Facts that are told at once.
const TOLD_FACTS_MAX: usize = 4;
/// Likes that are told at once.
const TOLD_LIKES_MAX: usize = 3;

/// What a mind has to go by.
#[derive(Clone, Copy)]
pub struct Mind<'a> {
    /// Who it is.
    pub persona: &'a Persona,
    /// What it is like, life included.
    pub traits: Traits,
    /// What it thinks of who speaks.
    pub tie: &'a Tie,
    /// What it remembers of who speaks, with what they just said.
    pub memory: &'a Memory,
    /// Milliseconds since 1970.
    pub now_ms: u64,
}

/// The thread of a conversation with one person: what was said lately and what hangs in the air.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thread {
    /// Digests of lines that were said, oldest first.
    said: Vec<u32>,
    /// The thing that was spoken of last, and its name.
    object: Option<(ObjectId, String)>,
    /// The riddle that is being guessed.
    riddle: Option<u32>,
    /// What was asked for, while it is not clear of whom or what.
    pending: Option<Order>,
    /// Insults in a row.
    insults: u8,
    /// What "another one" is.
    again: Option<Again>,
    /// The language that was spoken last.
    language: Option<Language>,
    /// Whether there was a greeting already.
    is_greeted: bool,
}

impl Thread {
    /// The language of a text: that which was spoken last, if it cannot be told.
    pub fn language(&mut self, heard: &Heard<'_>) -> Option<Language> {
        self.language = heard.language().or(self.language);
        self.language
    }
}

/// What can be told again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Again {
    Joke,
    Riddle,
    Story,
}

/// What a mind makes of what it was told.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What it says.
    pub text: String,
    /// How it was moved.
    pub appraisal: Appraisal,
    /// What it does.
    pub actions: Vec<Action>,
    /// In which language it speaks.
    pub language: Language,
    /// Whether it only says that it has no answer, or that it listens.
    pub is_fallback: bool,
}

/// What was learned from a text before it is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// Relations that are new or changed, in the order in which they were said.
    pub relations: Vec<(String, String)>,
    /// Whether it set something right.
    pub is_correction: bool,
}

/// Answers without a model.
pub fn answer(
    ask: &DialogueAsk,
    mind: Mind<'_>,
    learned: &Learned,
    thread: &mut Thread,
    lots: &mut ChaCha8Rng,
) -> Answer {
    let heard = Heard::new(&ask.text);
    let reading = feeling::read(&heard);
    let language = mind.persona.language_for(thread.language(&heard));
    let manner = (language, Manner::of(ask.perception.mood));
    let voice = Voice::new(mind, manner, person(ask, mind, language), thread, lots);
    let mut speech = Speech { ask, mind, language, voice, actions: Vec::new(), is_fallback: false };
    let text = speech.respond(&heard, &reading, learned);
    Answer {
        text: words::capital(text.trim()),
        appraisal: feeling::scaled(reading.appraisal, &mind.traits),
        actions: speech.actions,
        language,
        is_fallback: speech.is_fallback,
    }
}

/// What the companion calls who speaks: the name that they gave, or that of their look.
fn person(ask: &DialogueAsk, mind: Mind<'_>, language: Language) -> String {
    let given = mind.memory.facts(PERSON).find(|fact| fact.relation == "name");
    let name = given.map_or(ask.person_name.as_str(), |fact| fact.value.as_str());
    match (name.trim(), language) {
        ("", Language::En) => "friend".to_owned(),
        ("", Language::Fr) => "toi".to_owned(),
        (name, _) => words::quotable(name),
    }
}

/// One answer in the making.
struct Speech<'a, 'b> {
    ask: &'a DialogueAsk,
    mind: Mind<'a>,
    language: Language,
    voice: Voice<'a, 'b>,
    actions: Vec<Action>,
    /// See [`Answer`].
    is_fallback: bool,
}

impl Speech<'_, '_> {
    /// The first that fits: what hurts, what hangs in the air, orders, questions, what was told.
    fn respond(&mut self, heard: &Heard<'_>, reading: &Reading, learned: &Learned) -> String {
        if reading.is_insult {
            return self.hurt();
        }
        self.voice.thread.insults = 0;
        let orders = self.orders(heard);
        if !orders.is_empty() {
            let greeting = self.greeting_before(reading);
            return greeting + &self.obey(&orders);
        }
        if let Some(text) = self.riddle_guess(heard) {
            return text;
        }
        let topic = topics::topic(heard);
        // "Ça va bien" is an answer, and only with a question mark a question.
        let is_well =
            topic == Some(Topic::HowAreYou) && reading.is_gladness && !heard.plain().ends_with('?');
        let is_short_answer =
            is_well || matches!(topic, Some(Topic::Yes | Topic::No | Topic::GiveUp));
        if let Some(topic) = topic.filter(|_| !is_short_answer) {
            let greeting = self.greeting_before(reading);
            return greeting + &self.talk(topic);
        }
        if !learned.relations.is_empty() {
            let greeting = self.greeting_before(reading);
            return greeting + &self.learned(learned);
        }
        if let Some(text) = self.courtesy(heard, reading) {
            return text;
        }
        match topics::topic(heard) {
            Some(Topic::Yes) => self.voice.say(Key::Yes, &[]),
            Some(Topic::No) => self.voice.say(Key::No, &[]),
            _ if heard.is_question() => self.unknown(),
            _ => self.listen(reading.appraisal.valence),
        }
    }

    fn hurt(&mut self) -> String {
        let insults = self.voice.thread.insults.saturating_add(1);
        self.voice.thread.insults = insults;
        let patience = if self.mind.traits.agreeableness >= 70 { 4 } else { 3 };
        if insults >= patience || self.mind.tie.stage() == Stage::Hostile {
            self.actions.push(Action::End);
            return self.voice.say(Key::InsultedAgain, &[]);
        }
        self.voice.say(Key::Insulted, &[])
    }

    /// "Hello! Follow me" is greeted back before it is done, once.
    fn greeting_before(&mut self, reading: &Reading) -> String {
        if !reading.is_greeting || self.voice.thread.is_greeted {
            return String::new();
        }
        self.voice.thread.is_greeted = true;
        format!("{} ", self.voice.say(Key::Greet, &[]))
    }

    fn courtesy(&mut self, heard: &Heard<'_>, reading: &Reading) -> Option<String> {
        let is_love = matches!(reading.appraisal.emotion, Some(Emotion::Affection));
        let key = match reading {
            Reading { is_sorrow: true, .. } => Key::Sorrow,
            Reading { is_apology: true, .. } => Key::Sorry,
            Reading { is_praise: true, .. } if is_love => Key::Loved,
            Reading { is_praise: true, .. } => Key::Praised,
            Reading { is_farewell: true, .. } => return Some(self.farewell()),
            Reading { is_greeting: true, .. } => return Some(self.greet()),
            Reading { is_gladness: true, .. } => Key::Gladness,
            Reading { is_thanks: true, .. } => Key::Thanks,
            _ if heard.plain().is_empty() => Key::Listen,
            _ if self.is_called(heard) => return Some(self.greet()),
            _ => return None,
        };
        Some(self.voice.say(key, &[]))
    }

    /// Whether nothing but the companion's name was said.
    fn is_called(&self, heard: &Heard<'_>) -> bool {
        let words = |text: &str| Heard::new(text).words().map(str::to_owned).collect::<Vec<_>>();
        heard.words().eq(words(&self.ask.name))
    }

    fn greet(&mut self) -> String {
        let is_first = self.mind.tie.bond().familiarity <= 0 && self.mind.memory.is_empty();
        let is_greeted = std::mem::replace(&mut self.voice.thread.is_greeted, true);
        let is_cool = self.mind.tie.stage() <= Stage::Wary;
        if !is_cool && self.mind.traits.extraversion >= 35 {
            self.actions.push(Action::Gesture { emote: Emote::Wave });
        }
        let own = self.mind.persona.greetings.as_slice();
        match (is_first, is_greeted, is_cool) {
            (true, false, _) => self.voice.say(Key::GreetFirst, &[]),
            (_, _, false) if self.voice.chance(50) && !own.is_empty() => {
                self.voice.own(own, Key::Greet)
            }
            (false, false, _) => self.voice.say(Key::GreetAgain, &[]),
            _ => self.voice.say(Key::Greet, &[]),
        }
    }

    fn farewell(&mut self) -> String {
        self.voice.thread.is_greeted = false;
        self.actions.push(Action::Gesture { emote: Emote::Wave });
        self.actions.push(Action::End);
        self.voice.say(Key::Farewell, &[])
    }

    fn unknown(&mut self) -> String {
        self.is_fallback = true;
        let text = self.voice.say(Key::Unknown, &[]);
        self.with_saying(text, 20)
    }

    fn listen(&mut self, valence: i8) -> String {
        let key = match valence {
            20.. => Key::ListenGood,
            ..=-15 => Key::ListenBad,
            _ => Key::Listen,
        };
        self.is_fallback = true;
        let text = self.voice.say(key, &[]);
        self.with_saying(text, 25)
    }

    /// Now and then something of its own after what it says.
    fn with_saying(&mut self, text: String, percent: u32) -> String {
        let own = self.mind.persona.sayings.as_slice();
        let is_cool = self.mind.tie.stage() <= Stage::Wary;
        if own.is_empty() || is_cool || !self.voice.adds(percent) {
            return text;
        }
        let saying = self.voice.own(own, Key::Listen);
        format!("{text} {saying}")
    }

    fn learned(&mut self, learned: &Learned) -> String {
        let told = self.mind.memory.facts(PERSON).filter(|fact| {
            learned
                .relations
                .iter()
                .any(|(r, v)| *r == fact.relation && fold(v) == fold(&fact.value))
        });
        let facts = words::facts(told.take(TOLD_FACTS_MAX), self.language);
        let name = learned.relations.iter().find(|(relation, _)| relation == "name");
        if facts.is_empty() {
            return self.voice.say(Key::CorrectedNothing, &[]);
        }
        if let (Some((_, name)), false) = (name, learned.is_correction || facts.len() > 1) {
            let name = words::quotable(name);
            self.voice.person.clone_from(&name);
            return self.voice.say(Key::LearnedName, &[("name", &name)]);
        }
        let key = if learned.is_correction { Key::Corrected } else { Key::Learned };
        let fact = words::list(&facts, self.language);
        self.voice.say(key, &[("fact", &fact)])
    }

    fn talk(&mut self, topic: Topic) -> String {
        match topic {
            Topic::AreYouReal => self.voice.say(Key::Real, &[]),
            Topic::WhoAreYou => self.voice.say(Key::Who, &[]),
            Topic::HowAreYou => self.mood(),
            Topic::WhatDoYouSee => self.see(),
            Topic::WhoIsHere => self.here(),
            Topic::WhoIs(name) => match target::find(&self.ask.perception, &name, Wanted::Any) {
                Found::Nothing => self.unknown(),
                _ => self.where_is(&name),
            },
            // "Where are we going" is about no thing.
            Topic::WhereIs(name) if act::is_pronoun(&name) => self.unknown(),
            Topic::WhereIs(name) => self.where_is(&name),
            Topic::WhatDoYouHold => self.hold(),
            Topic::WhatAreYouDoing => self.doing(),
            Topic::WhatHappened => self.happened(),
            Topic::FactAbout(relation) => self.fact_about(&relation),
            Topic::AboutMe => self.about_me(),
            Topic::Remember(what) => self.remember(&what),
            Topic::DoYouLike(what) => self.do_you_like(&what),
            Topic::WhatDoYouLike => self.likes(true),
            Topic::WhatDoYouDislike => self.likes(false),
            Topic::HowOld => self.voice.say(Key::HowOld, &[]),
            Topic::Background => {
                let background = self.mind.persona.background.to(self.language);
                match self.voice.is_new(background) {
                    true => self.voice.say(Key::Background, &[("background", background)]),
                    false => self.likes(true),
                }
            }
            Topic::WhatCanYouDo => self.voice.say(Key::Can, &[]),
            Topic::Languages => self.languages(),
            Topic::WhatTime => self.voice.say(Key::Time, &[]),
            Topic::WhoMadeYou => self.voice.say(Key::Made, &[]),
            Topic::MayIAsk => self.voice.say(Key::Ask, &[]),
            Topic::CannotDo => self.voice.say(Key::CannotDo, &[]),
            Topic::Again => match self.voice.thread.again {
                Some(Again::Joke) => self.joke(),
                Some(Again::Riddle) => self.riddle(),
                Some(Again::Story) => self.story(),
                None => self.voice.say(Key::Listen, &[]),
            },
            Topic::Joke => self.joke(),
            Topic::Riddle => self.riddle(),
            Topic::Story => self.story(),
            Topic::Bored => self.voice.say(Key::Bored, &[]),
            Topic::WhatDoYouThinkOfMe => self.voice.say(
                match self.mind.tie.stage() {
                    Stage::Hostile | Stage::Wary => Key::ThinkCool,
                    Stage::Stranger | Stage::Acquaintance => Key::ThinkStranger,
                    Stage::Friend | Stage::CloseFriend => Key::ThinkFriend,
                },
                &[],
            ),
            Topic::Yes => self.voice.say(Key::Yes, &[]),
            Topic::No => self.voice.say(Key::No, &[]),
            Topic::Laugh => self.voice.say(Key::Laugh, &[]),
            Topic::GiveUp => self.voice.say(Key::Listen, &[]),
        }
    }

    fn mood(&mut self) -> String {
        let mood = self.ask.perception.mood;
        let key = match mood.emotion {
            Emotion::Calm if mood.valence <= -35 => Key::MoodSadness,
            Emotion::Calm if mood.valence >= 45 => Key::MoodJoy,
            Emotion::Calm => Key::MoodCalm,
            Emotion::Joy => Key::MoodJoy,
            Emotion::Excitement => Key::MoodExcitement,
            Emotion::Sadness => Key::MoodSadness,
            Emotion::Anger => Key::MoodAnger,
            Emotion::Fear => Key::MoodFear,
            Emotion::Surprise => Key::MoodSurprise,
            Emotion::Affection => Key::MoodAffection,
        };
        self.voice.say(key, &[])
    }

    /// What is seen besides who speaks.
    fn others(&self) -> Vec<&Seen> {
        let speaker = Being::Person(self.ask.person);
        self.ask.perception.seen.iter().filter(|seen| seen.being != speaker).collect()
    }

    fn see(&mut self) -> String {
        let list = words::seen_list(&self.others(), self.language);
        if list.is_empty() {
            return self.voice.say(Key::SeeNothing, &[]);
        }
        self.voice.say(Key::See, &[("list", &list)])
    }

    fn here(&mut self) -> String {
        let mut others = self.others();
        others.retain(|seen| !matches!(seen.being, Being::Object(_)));
        let list = words::seen_list(&others, self.language);
        if list.is_empty() {
            return self.voice.say(Key::Alone, &[]);
        }
        self.voice.say(Key::Here, &[("list", &list)])
    }

    fn where_is(&mut self, name: &str) -> String {
        let perception = &self.ask.perception;
        match target::find(perception, name, Wanted::Any) {
            Found::One(seen) => {
                self.actions.push(Action::LookAt { target: seen.being });
                self.voice.note(seen);
                let thing = words::the(seen, self.language);
                let place = words::distance(seen.distance_m, self.language);
                self.voice.say(Key::WhereIs, &[("thing", &thing), ("where", place)])
            }
            Found::Several(several) => {
                let list = words::seen_list(&several, self.language);
                self.voice.say(Key::See, &[("list", &list)])
            }
            Found::Nothing => {
                let name = words::quotable(act::bare(name));
                self.voice.say(Key::WhereIsNot, &[("thing", &name)])
            }
        }
    }

    fn hold(&mut self) -> String {
        let Some(Held { name, .. }) = &self.ask.perception.holds else {
            return self.voice.say(Key::HoldNothing, &[]);
        };
        let thing = match self.language {
            Language::En => format!("the {}", words::lower(&words::quotable(name))),
            Language::Fr => format!("« {} »", words::quotable(name)),
        };
        self.voice.say(Key::Hold, &[("thing", &thing)])
    }

    fn doing(&mut self) -> String {
        let key = match self.ask.perception.doing {
            Some(Action::Follow { .. }) => Key::DoFollowing,
            Some(Action::WalkTo { .. }) => Key::DoWalking,
            Some(Action::Give { .. } | Action::PickUp { .. } | Action::Throw { .. }) => {
                Key::DoFetching
            }
            _ => Key::DoIdle,
        };
        self.voice.say(key, &[])
    }

    fn happened(&mut self) -> String {
        let events = self.ask.perception.happened.iter().rev().map(|happened| &happened.event);
        for event in events {
            match event {
                Event::Hit { by, .. } => {
                    let thing = words::quotable(by);
                    return self.voice.say(Key::HappenedHit, &[("thing", &thing)]);
                }
                Event::Gestured { by, .. } => {
                    let who = words::quotable(by);
                    return self.voice.say(Key::HappenedWave, &[("who", &who)]);
                }
                Event::Failed { reason, .. } => {
                    let why = why(*reason, self.language);
                    return self.voice.say(Key::HappenedFailed, &[("why", why)]);
                }
                Event::Did { .. } => {}
            }
        }
        self.voice.say(Key::HappenedNothing, &[])
    }

    fn fact_about(&mut self, relation: &str) -> String {
        let about = self.mind.memory.facts(PERSON).filter(|fact| fact.relation == relation);
        let facts = words::facts(about, self.language);
        if facts.is_empty() {
            if relation == "name" && !self.ask.person_name.trim().is_empty() {
                let name = words::quotable(&self.ask.person_name);
                let fact = match self.language {
                    Language::En => format!("your name tag says {name}"),
                    Language::Fr => format!("c'est {name} qui est écrit au-dessus de toi"),
                };
                return words::capital(&format!("{fact}."));
            }
            return self.voice.say(Key::FactUnknown, &[]);
        }
        let newest = facts[facts.len().saturating_sub(TOLD_FACTS_MAX)..].to_vec();
        let fact = words::capital(&words::list(&newest, self.language));
        self.voice.say(Key::FactIs, &[("fact", &fact)])
    }

    fn about_me(&mut self) -> String {
        let facts = words::facts(self.mind.memory.facts(PERSON), self.language);
        if facts.is_empty() {
            return match self.last_said("") {
                Some((ago, quote)) => {
                    self.voice.say(Key::RecallSaid, &[("ago", ago), ("quote", &quote)])
                }
                None => self.voice.say(Key::RememberNothing, &[]),
            };
        }
        // The newest are the likeliest to matter; the name comes first anyhow.
        let mut told = facts[facts.len().saturating_sub(TOLD_FACTS_MAX)..].to_vec();
        if let Some(name) = facts.first().filter(|first| !told.contains(first)) {
            told.insert(0, name.clone());
        }
        let list = words::list(&told, self.language);
        self.voice.say(Key::Remember, &[("list", &list)])
    }

    fn remember(&mut self, what: &str) -> String {
        let about = |value: &str| words::is_about(value, what);
        let fact = self.mind.memory.facts(PERSON).filter(|fact| {
            about(&fact.value) || fact.relation.split_once(':').is_some_and(|(_, of)| about(of))
        });
        if let Some(fact) = fact.last() {
            let fact = words::capital(&words::fact(fact, self.language));
            return self.voice.say(Key::FactIs, &[("fact", &fact)]);
        }
        match self.last_said(what) {
            Some((ago, quote)) => {
                self.voice.say(Key::RecallSaid, &[("ago", ago), ("quote", &quote)])
            }
            None => self.voice.say(Key::RecallNothing, &[]),
        }
    }

    /// The newest episode that has these words in it.
    fn last_said(&self, what: &str) -> Option<(&'static str, String)> {
        let episodes = self.mind.memory.items().filter_map(|(_, item)| match item {
            Item::Episode(episode) if what.is_empty() || words::is_about(&episode.text, what) => {
                Some(episode)
            }
            _ => None,
        });
        let episode = episodes.last()?;
        let ago = words::ago(episode.at_ms, self.mind.now_ms, self.language);
        let quote = words::quotable(&episode.text);
        let quote = match self.language {
            Language::En => format!("“{quote}”"),
            Language::Fr => format!("« {quote} »"),
        };
        Some((ago, quote))
    }

    fn do_you_like(&mut self, said: &str) -> String {
        let what = act::bare(said);
        let about = |told: &&crate::persona::Told| words::is_about(told.to(self.language), what);
        let persona = self.mind.persona;
        let (key, thing) =
            match (persona.likes.iter().find(about), persona.dislikes.iter().find(about)) {
                (Some(told), _) => (Key::LikeToo, told.to(self.language).to_owned()),
                (None, Some(told)) => (Key::LikeNot, told.to(self.language).to_owned()),
                (None, None) => (Key::LikeUnknown, words::to_you(said, self.language)),
            };
        self.voice.say(key, &[("thing", &thing)])
    }

    fn likes(&mut self, is_like: bool) -> String {
        let persona = self.mind.persona;
        let all = if is_like { &persona.likes } else { &persona.dislikes };
        let mut told: Vec<String> = all.iter().map(|t| t.to(self.language).to_owned()).collect();
        if told.is_empty() {
            return self.voice.say(Key::LikesNothing, &[]);
        }
        let turn = self.voice.below(told.len());
        told.rotate_left(turn);
        told.truncate(TOLD_LIKES_MAX);
        let list = words::list(&told, self.language);
        self.voice.say(if is_like { Key::Like } else { Key::Dislike }, &[("list", &list)])
    }

    fn languages(&mut self) -> String {
        let name = |language: &Language| match (language, self.language) {
            (Language::En, Language::En) => "English".to_owned(),
            (Language::Fr, Language::En) => "French".to_owned(),
            (Language::En, Language::Fr) => "anglais".to_owned(),
            (Language::Fr, Language::Fr) => "français".to_owned(),
        };
        let names: Vec<String> = self.mind.persona.languages.iter().map(name).collect();
        let list = words::list(&names, self.language);
        self.voice.say(Key::Languages, &[("list", &list)])
    }

    fn story(&mut self) -> String {
        self.voice.thread.again = Some(Again::Story);
        let stories = self.mind.persona.stories.as_slice();
        if stories.is_empty() {
            return self.voice.say(Key::StoryNone, &[]);
        }
        let story = self.voice.own(stories, Key::StoryNone);
        self.voice.say(Key::Story, &[("story", &story)])
    }

    fn joke(&mut self) -> String {
        self.voice.thread.again = Some(Again::Joke);
        let conduct = self.mind.tie.conduct(&self.mind.traits);
        if !conduct.jokes && self.mind.traits.playfulness < 30 {
            return self.voice.say(Key::JokeNot, &[]);
        }
        let joke = self.voice.joke();
        self.voice.say(Key::Joke, &[("joke", &joke)])
    }

    fn riddle(&mut self) -> String {
        self.voice.thread.again = Some(Again::Riddle);
        let is_open = self.voice.thread.riddle.is_some();
        let (index, key) = match self.voice.thread.riddle {
            Some(index) => (index, Key::RiddleAgain),
            None => (self.voice.next_riddle(), Key::Riddle),
        };
        let Some((question, _)) = self.voice.riddle(index) else {
            return self.voice.say(Key::JokeNot, &[]);
        };
        if !is_open {
            self.voice.thread.riddle = Some(index);
        }
        self.voice.say(key, &[("riddle", &question)])
    }

    /// What was said while a riddle hangs in the air, if it is a guess.
    fn riddle_guess(&mut self, heard: &Heard<'_>) -> Option<String> {
        const GUESS_WORDS_MAX: usize = 7;
        let index = self.voice.thread.riddle?;
        let Some((_, answer)) = self.voice.riddle(index) else {
            self.voice.thread.riddle = None;
            return None;
        };
        let answer_heard = Heard::new(&answer);
        let core = answer_heard.words().last().unwrap_or_default().trim_end_matches('s').to_owned();
        if heard.words().any(|word| word.trim_end_matches('s') == core) {
            self.voice.thread.riddle = None;
            return Some(self.voice.say(Key::RiddleRight, &[]));
        }
        let topic = topics::topic(heard);
        if topic == Some(Topic::GiveUp) {
            self.voice.thread.riddle = None;
            return Some(self.voice.say(Key::RiddleTold, &[("answer", &answer)]));
        }
        let reading = feeling::read(heard);
        let is_courtesy = reading.is_farewell || reading.is_thanks || reading.is_greeting;
        let is_guess = topic.is_none()
            && !is_courtesy
            && extract::extract(heard).is_empty()
            && (1..=GUESS_WORDS_MAX).contains(&heard.words().count());
        is_guess.then(|| self.voice.say(Key::RiddleWrong, &[]))
    }
}

fn why(reason: ActionFailure, language: Language) -> &'static str {
    let (en, fr) = match reason {
        ActionFailure::Gone => ("it was gone", "ce n'était plus là"),
        ActionFailure::NoWay => ("there was no way there", "il n'y avait pas de chemin"),
        ActionFailure::OutOfRange => ("it was too far away for me", "c'était trop loin pour moi"),
        ActionFailure::NotPortable => ("I couldn't lift it", "je n'ai pas pu le soulever"),
        ActionFailure::EmptyHanded => ("my hands were empty", "j'avais les mains vides"),
        ActionFailure::TookTooLong => ("it took too long", "ça prenait trop de temps"),
        ActionFailure::Overruled => {
            ("I was asked for something else", "on m'a demandé autre chose")
        }
    };
    if language == Language::En { en } else { fr }
}

#[cfg(test)]
mod tests;
