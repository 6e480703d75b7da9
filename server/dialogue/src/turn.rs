//! One turn of a conversation: what is heard changes what is remembered and felt, then it is answered.
//!
//! [`hear`] is the same whether a model answers or not; [`answer_alone`] is for when none does. No
//! clock: `now_ms` is an argument; the same state, ask and seed give the same words.

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use serde::{Deserialize, Serialize};
use vivarium_contract::companion::{Appraisal, DialogueAsk, Event, MindWord, SPEECH_BYTES_MAX};

use crate::{
    bond::{BondEvent, Tie},
    feeling::{self, Reading},
    hearing::{Heard, head, language::Language},
    memory::{
        Claim, EPISODE_CHARS_MAX, Episode, Memory, PERSON,
        embed::Embedder,
        extract::{self, Extracted},
    },
    patterns::{self, Answer, Learned, Mind, Thread, topics::Topic},
    persona::{
        Persona,
        genome::{Drift, Experience},
    },
    safety::crisis::{self, Crisis},
};

/// Minutes between two texts that still are one time together.
const TOGETHER_MIN_MAX: u64 = 5;
const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;
/// How much it matters what people tell of themselves, what moves, and what they just say.
const IMPORTANCE_TOLD: u8 = 50;
const IMPORTANCE_MOVING: u8 = 45;
const IMPORTANCE_SAID: u8 = 15;

/// What lasts between one companion and one person, besides memories.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Relationship {
    /// What the companion thinks of them.
    pub tie: Tie,
    /// What was said lately.
    pub thread: Thread,
    /// When they last spoke, milliseconds since 1970; 0 for never.
    pub last_ms: u64,
}

/// One companion and one person, for a turn.
pub struct Pair<'a> {
    /// Who the companion is.
    pub persona: &'a Persona,
    /// What its life has made of it; of all its conversations.
    pub drift: &'a mut Drift,
    /// Until when (milliseconds since 1970) it has thought of what hit it, whoever spoke.
    pub felt_ms: &'a mut u64,
    /// What lasts between the two.
    pub relationship: &'a mut Relationship,
    /// What the companion remembers of the person.
    pub memory: &'a mut Memory,
    /// Makes vectors of what is new.
    pub embedder: &'a dyn Embedder,
    /// Milliseconds since 1970.
    pub now_ms: u64,
}

/// What was made of a text before it is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct HeardTurn {
    /// The language to answer in.
    pub language: Language,
    /// How it moves the companion.
    pub appraisal: Appraisal,
    /// What is new of what was told.
    pub learned: Learned,
    /// Whether a model need not be asked what to remember.
    pub is_small_talk: bool,
    /// Whether somebody may be in danger. Then [`Crisis::reply`] is the answer, whatever else could
    /// be said, and neither text nor answer may be cached.
    pub crisis: Option<Crisis>,
}

/// Takes in what was said: facts, an episode, feelings, the bond and the companion's life.
pub fn hear(ask: &DialogueAsk, pair: &mut Pair<'_>) -> HeardTurn {
    let Pair { persona, drift, felt_ms, relationship, memory, embedder, now_ms } = pair;
    let now_ms = *now_ms;
    let heard = Heard::new(&ask.text);
    let reading = feeling::read(&heard);
    let traits = drift.bend(&persona.genome);
    let appraisal = feeling::scaled(reading.appraisal, &traits);
    let language = persona.language_for(relationship.thread.language(&heard));
    let crisis = crisis::find(&heard);
    // What somebody says in need is not kept to be quoted to them later.
    let learned = if crisis.is_some() {
        Learned::default()
    } else {
        learn(&heard, &reading, appraisal, memory, *embedder, now_ms)
    };
    let before_ms = std::mem::replace(&mut relationship.last_ms, now_ms);
    let tie = &mut relationship.tie;
    for event in
        meeting(before_ms, now_ms).into_iter().chain(bond_events(&reading, &learned, &heard))
    {
        tie.live(event, &traits);
    }
    drift.live(Experience::Talked);
    for experience in experiences(&reading, &learned) {
        drift.live(experience);
    }
    for happened in &ask.perception.happened {
        let at_ms = now_ms.saturating_sub(u64::from(happened.ago_s) * 1_000);
        if at_ms <= before_ms {
            continue;
        }
        match &happened.event {
            // Of what hit it by itself, whoever speaks next makes it think, once.
            Event::Hit { thrown_by, .. } if thrown_by.is_none_or(|by| by == ask.person) => {
                if thrown_by.is_some() {
                    tie.live(BondEvent::Struck, &traits);
                    drift.live(Experience::Struck);
                } else if at_ms > **felt_ms {
                    drift.live(Experience::Struck);
                }
            }
            Event::Gestured { by, emote } if *by == ask.person_name => {
                tie.live(BondEvent::Gestured(*emote), &traits);
            }
            Event::Gestured { .. } => {}
            // Only what was done for whoever speaks is between the two, and counts once.
            Event::Did { asked_by, .. } if *asked_by == ask.person => {
                drift.live(Experience::Managed);
                tie.live(BondEvent::AskKept, &traits);
            }
            Event::Failed { asked_by, .. } if *asked_by == ask.person => {
                drift.live(Experience::Failed);
            }
            Event::Hit { .. } | Event::Did { .. } | Event::Failed { .. } => {}
        }
    }
    **felt_ms = now_ms;
    let is_small_talk = extract::is_small_talk(&ask.text);
    HeardTurn { language, appraisal, learned, is_small_talk, crisis }
}

/// Answers what was heard without a model.
pub fn answer_alone(
    ask: &DialogueAsk,
    heard: &HeardTurn,
    pair: &mut Pair<'_>,
    seed: u64,
) -> Answer {
    if let Some(crisis) = heard.crisis {
        let text = crisis.reply(heard.language);
        let Appraisal { arousal, .. } = heard.appraisal;
        let appraisal = Appraisal { valence: -10, arousal: arousal.min(10), emotion: None };
        let (actions, language) = (Vec::new(), heard.language);
        return Answer { text, appraisal, actions, language, is_fallback: false };
    }
    let tie = pair.relationship.tie;
    let mind = Mind {
        persona: pair.persona,
        traits: pair.drift.bend(&pair.persona.genome),
        tie: &tie,
        memory: pair.memory,
        now_ms: pair.now_ms,
    };
    let mut lots = ChaCha8Rng::seed_from_u64(seed);
    patterns::answer(ask, mind, &heard.learned, &mut pair.relationship.thread, &mut lots)
}

/// An answer as words to the companion's body, in the order in which they are to be sent.
pub fn as_words(answer: &Answer, tie: &Tie, is_reduced: bool) -> Vec<MindWord> {
    let mut words = vec![MindWord::Feels { appraisal: answer.appraisal }];
    words.push(MindWord::Says { text: head(&answer.text, SPEECH_BYTES_MAX).to_owned() });
    words.extend(answer.actions.iter().map(|action| MindWord::Does { action: *action }));
    words.push(MindWord::Bonds { bond: tie.bond() });
    words.push(MindWord::Done { is_reduced });
    words
}

/// Time together since the last text, or time apart.
fn meeting(before_ms: u64, now_ms: u64) -> Option<BondEvent> {
    let since_ms = now_ms.saturating_sub(before_ms);
    match (before_ms, since_ms) {
        (0, _) => None,
        (_, ms) if ms >= DAY_MS => {
            Some(BondEvent::Apart { days: u32::try_from(ms / DAY_MS).unwrap_or(u32::MAX) })
        }
        (_, ms) if (MINUTE_MS..=TOGETHER_MIN_MAX * MINUTE_MS).contains(&ms) => {
            Some(BondEvent::Together { minutes: (ms / MINUTE_MS) as u32 })
        }
        _ => None,
    }
}

fn bond_events(reading: &Reading, learned: &Learned, heard: &Heard<'_>) -> Vec<BondEvent> {
    let topic = patterns::topics::topic(heard);
    let is_play = matches!(topic, Some(Topic::Joke | Topic::Riddle | Topic::Laugh));
    let all = [
        (reading.is_insult, BondEvent::Insulted),
        (reading.is_praise, BondEvent::Praised),
        (reading.is_thanks, BondEvent::Thanked),
        (reading.is_apology, BondEvent::Apologised),
        (!learned.relations.is_empty() || reading.is_sorrow, BondEvent::Confided),
        (is_play, BondEvent::Joked),
    ];
    let mut events: Vec<BondEvent> =
        all.into_iter().filter(|(is_so, _)| *is_so).map(|(_, event)| event).collect();
    if events.is_empty() {
        events.push(BondEvent::Words(reading.appraisal));
    }
    events
}

fn experiences(reading: &Reading, learned: &Learned) -> Vec<Experience> {
    let all = [
        (reading.is_praise || reading.is_thanks, Experience::Praised),
        (reading.is_insult, Experience::Insulted),
        (!learned.relations.is_empty(), Experience::Learned),
    ];
    all.into_iter().filter(|(is_so, _)| *is_so).map(|(_, experience)| experience).collect()
}

/// Keeps what was said, if it is worth it, and what follows from it.
fn learn(
    heard: &Heard<'_>,
    reading: &Reading,
    appraisal: Appraisal,
    memory: &mut Memory,
    embedder: &dyn Embedder,
    now_ms: u64,
) -> Learned {
    let Extracted { mut claims, correction } = extract::extract(heard);
    let said = heard.original(0..heard.plain().len());
    let is_told = !claims.is_empty();
    let is_moving = reading.is_sorrow || reading.is_gladness && heard.words().count() > 4;
    let is_worth = is_told || is_moving || !(heard.is_question() || extract::is_small_talk(said));
    let importance = match (is_told, is_moving) {
        (true, _) => IMPORTANCE_TOLD,
        (false, true) => IMPORTANCE_MOVING,
        (false, false) => IMPORTANCE_SAID,
    };
    let text: String = said.chars().take(EPISODE_CHARS_MAX).collect();
    let emotion = appraisal.emotion.unwrap_or_default();
    let about = PERSON.to_owned();
    let episode = Episode { text, at_ms: now_ms, importance, emotion, about };
    // What cannot be kept (nothing but spaces, say) is no fault of anybody's.
    let source = is_worth.then(|| memory.add_episode(episode, embedder).ok()).flatten();
    let mut learned = Learned::default();
    if let Some(correction) = correction {
        claims = memory.corrected(&correction);
        learned.is_correction = !claims.is_empty();
    }
    for claim in claims {
        let Claim { relation, value, is_over, .. } = claim.clone();
        let is_set_right = !memory.history(PERSON, &relation).is_empty()
            && crate::memory::SINGLE.contains(&relation.split(':').next().unwrap_or_default());
        if memory.learn(claim, source, now_ms, embedder).unwrap_or(false) {
            learned.is_correction |= is_set_right || is_over;
            learned.relations.push((relation, value));
        }
    }
    learned
}
