//! What a companion promised to think about: asks that wait until a model can be asked again.
//!
//! ```text
//! no model ─▶ a short answer and a promise ─▶ waits ─▶ a model is asked, now and then ─▶ told
//! ```
//!
//! Whoever is forgotten is told nothing more, and what was deleted while a model was asked is in no
//! answer.
//!
//! Invariants: one ask of each companion and person waits, [`LATER_MAX`] of all, none for longer than
//! [`LATER_MS_MAX`]. One of them is asked at a time, and the pauses grow while nobody answers, so that
//! providers that come back are not run over.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::StreamExt;
use tokio::sync::Notify;
use vivarium_contract::companion::{DialogueAsk, Perception, SPEECH_BYTES_MAX};

use super::{
    Asker, By, Dialogue, MEMORIES_TOLD_MAX, PROMPT_TOKENS_MAX, Speaker, door::Identity,
    source::Source,
};
use crate::{
    gateway::{Gateway, GatewayError, scorer},
    hearing::language::Language,
    patterns::lines::{self, Key},
    prompt::Brief,
    provider::{Piece, Request},
    queue::SharedWords,
    safety::output::OutputScreen,
};

/// Asks that wait; the oldest goes when there are more.
pub const LATER_MAX: usize = 64;
/// Milliseconds for which an ask waits.
pub const LATER_MS_MAX: u64 = 60 * 60 * 1_000;
/// Until a model is asked: at first, and at most. Twice as long each time that none answers.
const PAUSE: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(120)];

/// An ask that waits.
pub(super) struct Waiting {
    pub ask: DialogueAsk,
    pub asker: Asker,
    pub language: Language,
    pub until_ms: u64,
}

impl Waiting {
    fn is_of(&self, mind: &str, who: &Identity) -> bool {
        self.ask.mind == mind && self.asker.speaker.identity() == *who
    }
}

/// What waits, and what is thought about.
#[derive(Default)]
struct Line {
    /// Oldest first.
    waiting: VecDeque<Waiting>,
    thought: Option<Thinking>,
}

/// What is thought about.
struct Thinking {
    mind: String,
    who: Identity,
    text: String,
    /// Nobody is to be told what comes of it.
    is_void: bool,
}

impl Line {
    /// Drops what fits, and what comes of it if it is thought about: by whose mind, who has asked, and
    /// what.
    fn drop_all(&mut self, fits: impl Fn(&str, &Identity, &str) -> bool) {
        self.waiting.retain(|it| !fits(&it.ask.mind, &it.asker.speaker.identity(), &it.ask.text));
        if let Some(thought) = &mut self.thought {
            thought.is_void |= fits(&thought.mind, &thought.who, &thought.text);
        }
    }
}

/// All that wait, and what is thought about now.
#[derive(Default)]
pub(super) struct Later {
    line: Mutex<Line>,
    /// Something waits.
    came: Notify,
    /// A model has answered: there is no need to wait longer.
    well: Notify,
}

impl Later {
    fn line(&self) -> MutexGuard<'_, Line> {
        // It is whole after each change.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits from now on, in the place of what the same person asked the same companion before.
    pub fn put(&self, new: Waiting) {
        let waiting = &mut self.line().waiting;
        let who = new.asker.speaker.identity();
        waiting.retain(|old| !old.is_of(&new.ask.mind, &who));
        if waiting.len() >= LATER_MAX {
            waiting.pop_front();
        }
        waiting.push_back(new);
        self.came.notify_one();
    }

    /// Waits again, unless nobody waits for it or the same person has asked something else meanwhile.
    fn put_back(&self, old: Waiting) {
        let mut line = self.line();
        let is_void = line.thought.take().is_none_or(|it| it.is_void);
        let who = old.asker.speaker.identity();
        let is_late = line.waiting.iter().any(|new| new.is_of(&old.ask.mind, &who));
        if line.waiting.len() < LATER_MAX && !is_late && !is_void {
            line.waiting.push_front(old);
        }
    }

    /// Whether nobody waits any more for what is thought about.
    fn is_void(&self) -> bool {
        self.line().thought.as_ref().is_none_or(|it| it.is_void)
    }

    /// A model has answered this: who asked the same before is answered as well.
    pub fn answered(&self, mind: &str, speaker: &Speaker, text: &str) {
        let asked = (mind, &speaker.identity(), text);
        self.line().drop_all(|mind, who, text| (mind, who, text) == asked);
        self.well.notify_one();
    }

    /// Whoever has asked is not known any more; none: nobody is, since the companion is gone.
    pub fn forget(&self, mind: &str, speaker: Option<&Speaker>) {
        let forgotten = speaker.map(Speaker::identity);
        self.line().drop_all(|of, who, _| {
            of == mind && forgotten.as_ref().is_none_or(|forgotten| who == forgotten)
        });
    }

    /// The oldest whose time is not over: it is thought about from now on.
    fn take(&self, now_ms: u64) -> Option<Waiting> {
        let mut line = self.line();
        line.waiting.retain(|waiting| now_ms < waiting.until_ms);
        let next = line.waiting.pop_front()?;
        line.thought = Some(Thinking {
            mind: next.ask.mind.clone(),
            who: next.asker.speaker.identity(),
            text: next.ask.text.clone(),
            is_void: false,
        });
        Some(next)
    }

    /// Done as soon as something waits.
    async fn some(&self) {
        while self.line().waiting.is_empty() {
            self.came.notified().await;
        }
    }
}

/// Whether something is worth thinking about later: a task, or a question of some words.
pub(super) fn is_long(text: &str) -> bool {
    let score = scorer::score(text);
    score.tasks > 0 || (score.questions > 0 && score.length > 0)
}

/// Whether nobody could be asked, rather than nobody should be.
pub(super) fn is_outage(error: &GatewayError) -> bool {
    matches!(
        error,
        GatewayError::Unavailable { .. }
            | GatewayError::Failed { .. }
            | GatewayError::TimedOut
            | GatewayError::Queue { .. }
            | GatewayError::Elsewhere { is_passing: true, .. }
    )
}

/// A line for an occasion that needs no filling, by a lot.
pub(super) fn line(key: Key, language: Language, lot: u64) -> &'static str {
    let lines = lines::lines(key, language);
    let count = lines.len().max(1) as u64;
    lines.get((lot % count) as usize).map_or("", |(_, line)| line)
}

impl Dialogue {
    /// Answers what waits as soon as a model can be asked, until it is dropped.
    pub async fn think_later(&self) {
        let Some(models) = &self.models else { return };
        let [least, most] = PAUSE;
        let mut pause = least;
        loop {
            self.later.some().await;
            tokio::select! {
                () = tokio::time::sleep(pause.max(self.opens_in())) => {}
                () = self.later.well.notified() => pause = least,
            }
            let Some(waiting) = self.later.take((self.clock)()) else { continue };
            match self.think_of(models, &waiting).await {
                Thought::Said(text) => {
                    pause = least;
                    (waiting.asker.tell)(text).await;
                }
                Thought::Void => pause = least,
                Thought::Outage => {
                    pause = (pause * 2).min(most);
                    self.later.put_back(waiting);
                }
            }
        }
    }

    /// How long no provider is asked, since all have failed.
    fn opens_in(&self) -> Duration {
        self.gateway.as_ref().map(Gateway::opens_in).unwrap_or_default()
    }

    /// The words of a model for an ask that has waited, with words of the companion's own before them.
    async fn think_of(&self, models: &SharedWords, waiting: &Waiting) -> Thought {
        let Waiting { ask, asker, language, .. } = waiting;
        let (mind, speaker) = (ask.mind.as_str(), &asker.speaker);
        let number = self.next_turn();
        let found = (self.traits(mind).await, self.roster.find(mind).await);
        // The store may not answer now; of a mind that was deleted nothing waits.
        let (Some(traits), Some(persona)) = found else { return Thought::Outage };
        let (user, _) = self.user(speaker);
        let source = self.source(models, [&user, &asker.world, mind], number);
        let mark = source.mark(&number.to_le_bytes());
        let shared = self.acquaintance(mind, speaker, number);
        // What was seen then is not seen any more.
        let perception = Perception { mood: ask.perception.mood, ..Perception::default() };
        let asks = DialogueAsk { perception, ..ask.clone() };
        let (request, deletions) = {
            let mut knows = shared.lock().await;
            if self.later.is_void() {
                return Thought::Void;
            }
            self.load(mind, speaker, &mut knows).await;
            let tie = knows.relationship.tie;
            let queries = source.queries(&ask.text, &knows.memory).await;
            knows.recent.make_contiguous();
            let memories =
                knows.memory.recall_by(&queries, &tie.bond(), source.now_ms, MEMORIES_TOLD_MAX);
            let request = source.request(&Brief {
                persona: &persona,
                traits,
                tie: &tie,
                memories: &memories,
                ask: &asks,
                recent: knows.recent.as_slices().0,
                language: *language,
                mark: &mark,
                tokens_max: PROMPT_TOKENS_MAX,
                now_ms: source.now_ms,
            });
            (request, knows.memory.deletions())
        };
        // Nobody waits for deeds any more.
        let request = Request { tools: Vec::new(), ..request };
        // Whoever speaks meanwhile does not wait for this.
        let thought = match whole(&source, request, &ask.text, &mark).await {
            Thought::Said(thought) => thought,
            other => return other,
        };
        let text = format!("{} {thought}", line(Key::Thought, *language, number));
        let mut knows = shared.lock().await;
        if self.later.is_void() || knows.memory.deletions() != deletions {
            return Thought::Void;
        }
        knows.note(By::Companion, text.clone());
        Thought::Said(text)
    }
}

/// What came of thinking about something.
#[derive(Debug, PartialEq)]
enum Thought {
    /// This is said.
    Said(String),
    /// No model can be asked now.
    Outage,
    /// There will be no answer: it is not to be asked any more, or no model has one.
    Void,
}

/// All words of an answer.
async fn whole(source: &Source<'_>, request: Request, asked: &str, mark: &str) -> Thought {
    let mut screen = OutputScreen::new(mark, asked);
    let mut said = String::new();
    let mut reply = source.ask(request, asked);
    while let Some(piece) = reply.next().await {
        match piece {
            Ok(Piece::Text(text)) => said += &screen.push(&text),
            Ok(_) => {}
            Err(error) if is_passing(&error) => {
                tracing::info!(%error, "what was promised is thought about later");
                return Thought::Outage;
            }
            Err(error) => {
                tracing::warn!(%error, "what was promised has no answer");
                return Thought::Void;
            }
        }
        if screen.stopped().is_some() || said.len() >= SPEECH_BYTES_MAX {
            break;
        }
    }
    said += &screen.finish();
    match said.trim() {
        "" => Thought::Void,
        said => Thought::Said(said[..said.floor_char_boundary(SPEECH_BYTES_MAX)].to_owned()),
    }
}

/// Whether another time may bring an answer.
fn is_passing(error: &GatewayError) -> bool {
    is_outage(error) || matches!(error, GatewayError::Busy | GatewayError::Broken { .. })
}
