//! Finding words: a line for an occasion that fits the companion's traits, its mood and how close it
//! is, and that it has not said lately.

use rand_chacha::{ChaCha8Rng, rand_core::Rng};
use vivarium_contract::companion::{Being, Seen};

use super::{
    Mind, SAID_MAX, Thread,
    lines::{self, Key, Tone},
    words,
};
use crate::{bond::Stage, hearing::language::Language, manner::Manner, persona::Told};

/// What a line that fits the mood weighs, as times its weight.
const MOOD_WEIGHT: usize = 4;
/// A line of no more characters than this does for whoever has few words.
const FEW_CHARS_MAX: usize = 48;

/// A companion's voice towards one person.
pub(super) struct Voice<'a, 'b> {
    mind: Mind<'a>,
    language: Language,
    /// How it speaks now.
    manner: Manner,
    /// What it calls who speaks.
    pub person: String,
    /// What was said before.
    pub thread: &'b mut Thread,
    lots: &'b mut ChaCha8Rng,
}

impl<'a, 'b> Voice<'a, 'b> {
    pub fn new(
        mind: Mind<'a>,
        (language, manner): (Language, Manner),
        person: String,
        thread: &'b mut Thread,
        lots: &'b mut ChaCha8Rng,
    ) -> Self {
        Self { mind, language, manner, person, thread, lots }
    }

    /// A lot from 0 up to, but without, `count`; 0 if that is 0.
    pub fn below(&mut self, count: usize) -> usize {
        if count == 0 { 0 } else { self.lots.next_u32() as usize % count }
    }

    /// Whether a lot of so many percent is drawn.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.lots.next_u32() % 100 < percent
    }

    /// Whether it says something of its own besides, by a lot of so many percent: more often when it
    /// is lively, and not at all when it has few words.
    pub fn adds(&mut self, percent: u32) -> bool {
        let times = match self.manner {
            Manner::Few => 0,
            Manner::Plain => 1,
            Manner::Lively => 2,
        };
        self.chance(percent * times)
    }

    /// A line for an occasion, filled.
    pub fn say(&mut self, key: Key, filling: &[(&str, &str)]) -> String {
        let lines = lines::lines(key, self.language);
        // Who is on its guard has few words; if there are some for it, it has no others.
        let is_cool = self.mind.tie.stage() <= Stage::Wary;
        let has_cool = is_cool && lines.iter().any(|(tone, _)| *tone == Tone::Cool);
        let mut fitting: Vec<&str> = Vec::new();
        for (tone, line) in lines {
            let weight =
                if has_cool { usize::from(*tone == Tone::Cool) } else { self.weight(*tone) };
            fitting.extend(std::iter::repeat_n(*line, weight * self.suits(line)));
        }
        let line = self.fresh(&fitting);
        let line = if key.is_pleasure() {
            self.manner.with_pleasure(line, self.language)
        } else {
            self.manner.said(line)
        };
        self.fill(&line, filling)
    }

    /// One of the companion's own lines; one for the occasion if there are none.
    pub fn own(&mut self, own: &'a [Told], otherwise: Key) -> String {
        let lines: Vec<&str> = own.iter().map(|told| told.to(self.language)).collect();
        if lines.is_empty() {
            return self.say(otherwise, &[]);
        }
        let line = self.fresh(&lines);
        self.fill(&self.manner.said(line), &[])
    }

    /// Whether a text was not said lately; it counts as said from now on.
    pub fn is_new(&mut self, text: &str) -> bool {
        let is_new = !self.thread.said.contains(&digest(text));
        if is_new {
            self.fresh(&[text]);
        }
        is_new
    }

    /// A joke: one of its own, or one that everybody knows.
    pub fn joke(&mut self) -> String {
        let own = self.mind.persona.jokes.iter().map(|told| told.to(self.language));
        let all: Vec<&str> = own.chain(lines::jokes(self.language).iter().copied()).collect();
        self.fresh(&all).to_owned()
    }

    /// Number of a riddle that was not told lately.
    pub fn next_riddle(&mut self) -> u32 {
        let own = self.mind.persona.riddles.iter().map(|riddle| riddle.question.to(self.language));
        let known = lines::riddles(self.language).iter().map(|(question, _)| *question);
        let all: Vec<&str> = own.chain(known).collect();
        let next = self.fresh(&all);
        all.iter().position(|question| *question == next).unwrap_or_default() as u32
    }

    /// A riddle and its answer, by its number.
    pub fn riddle(&self, index: u32) -> Option<(String, String)> {
        let own = &self.mind.persona.riddles;
        let (index, language) = (index as usize, self.language);
        match own.get(index) {
            Some(riddle) => Some((
                riddle.question.to(language).to_owned(),
                riddle.answer.to(language).to_owned(),
            )),
            None => {
                let (question, answer) = lines::riddles(language).get(index - own.len())?;
                Some(((*question).to_owned(), (*answer).to_owned()))
            }
        }
    }

    /// Keeps in mind what "it" is.
    pub fn note(&mut self, seen: &Seen) {
        if let (Being::Object(object), true) = (seen.being, seen.is_portable) {
            self.thread.object = Some((object, words::quotable(&seen.name)));
        }
    }

    /// How much a line of a tone weighs.
    fn weight(&self, tone: Tone) -> usize {
        let traits = self.mind.traits;
        let conduct = self.mind.tie.conduct(&traits);
        let stage = self.mind.tie.stage();
        let fits = match tone {
            Tone::Any => return 2,
            Tone::Shy => traits.extraversion < 35,
            Tone::Bold => traits.extraversion > 65,
            Tone::Playful => traits.playfulness > 60 && conduct.jokes,
            Tone::Close => stage >= Stage::Friend,
            Tone::Cool => stage <= Stage::Wary,
        };
        if fits { 5 } else { 0 }
    }

    /// How much more a line weighs since it suits the mood.
    fn suits(&self, line: &str) -> usize {
        let suits = match self.manner {
            Manner::Few => line.chars().count() <= FEW_CHARS_MAX && !line.contains('!'),
            Manner::Plain => false,
            Manner::Lively => line.contains('!'),
        };
        if suits { MOOD_WEIGHT } else { 1 }
    }

    /// One that was not said lately, by lot; the one that was said longest ago if all were.
    fn fresh<'l>(&mut self, lines: &[&'l str]) -> &'l str {
        let said = &self.thread.said;
        let is_new = |line: &&&str| !said.contains(&digest(line));
        let new: Vec<&str> = lines.iter().filter(is_new).copied().collect();
        let line = if new.is_empty() {
            let age = |line: &&&str| said.iter().rposition(|known| *known == digest(line));
            lines.iter().min_by_key(age).copied().unwrap_or_default()
        } else {
            new[self.below(new.len())]
        };
        if self.thread.said.len() >= SAID_MAX {
            self.thread.said.drain(..=self.thread.said.len() - SAID_MAX);
        }
        self.thread.said.push(digest(line));
        line
    }

    /// Fills the places of a line, once: what is filled in is never looked at again.
    fn fill(&self, line: &str, filling: &[(&str, &str)]) -> String {
        let persona = self.mind.persona;
        let mut text = String::with_capacity(line.len() + 32);
        let mut rest = line;
        while let Some((before, place)) = rest.split_once('{') {
            text.push_str(before);
            let Some((place, after)) = place.split_once('}') else {
                text.push('{');
                rest = place;
                continue;
            };
            let value = match place {
                "person" => self.person.as_str(),
                "me" => persona.name.as_str(),
                "role" => persona.role.to(self.language),
                other => {
                    filling.iter().find(|(name, _)| *name == other).map_or("", |(_, value)| value)
                }
            };
            // A place at the beginning of a sentence begins with a capital.
            let begins = text.is_empty() || text.ends_with(". ") || text.ends_with("! ");
            if begins {
                text.push_str(&words::capital(value))
            } else {
                text.push_str(value)
            }
            rest = after;
        }
        text.push_str(rest);
        text
    }
}

/// FNV-1a of a line: its mark among those that were said.
fn digest(line: &str) -> u32 {
    line.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
