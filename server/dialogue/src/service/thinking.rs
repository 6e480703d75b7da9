//! One turn, after it was heard: who finds the words, a model or the companion itself.

use tokio::sync::mpsc;
use vivarium_contract::companion::{DialogueAsk, MindFailure, MindWord};

use super::{
    Acquaintance, PROMPT_TOKENS_MAX, later,
    modelled::{Modelled, Outcome},
    source::{Asked, SMALL_TALK, Source},
    speak,
};
use crate::{
    memory::embed::Hashed,
    patterns::lines::Key,
    persona::{Persona, genome::Drift},
    prompt::{Brief, MEMORIES_TOLD_MAX},
    turn::{self, HeardTurn, Pair},
};

/// An answer that was given.
pub(super) struct Given {
    pub said: String,
    /// The last word, which is not sent yet.
    pub last: MindWord,
    /// Whether it has promised to think about it.
    pub is_promised: bool,
}

/// One turn, after it was heard.
pub(super) struct Thinking<'a> {
    pub ask: &'a DialogueAsk,
    pub persona: &'a Persona,
    pub heard: HeardTurn,
    pub drift: Drift,
    pub now_ms: u64,
    pub number: u64,
    /// Whether whoever speaks can be told something later.
    pub may_promise: bool,
}

impl Thinking<'_> {
    /// Answers without a model. `may_promise`: whether one can be asked later. None: nobody listens
    /// any more.
    pub async fn alone(
        &self,
        knows: &mut Acquaintance,
        words: &mpsc::Sender<MindWord>,
        is_reduced: bool,
        may_promise: bool,
    ) -> Option<Given> {
        let Acquaintance { relationship, memory, .. } = knows;
        let seed = self.now_ms.rotate_left(17) ^ self.number;
        let (persona, now_ms, mut drift) = (self.persona, self.now_ms, self.drift);
        let drift = &mut drift;
        let (mut felt_ms, embedder) = (now_ms, &Hashed);
        let felt_ms = &mut felt_ms;
        let pair = &mut Pair { persona, drift, felt_ms, relationship, memory, embedder, now_ms };
        let mut answer = turn::answer_alone(self.ask, &self.heard, pair, seed);
        let is_promised = may_promise && answer.is_fallback && later::is_long(&self.ask.text);
        if is_promised {
            answer.text.push(' ');
            answer.text.push_str(later::line(Key::Later, answer.language, seed));
        }
        for word in turn::as_words(&answer, &relationship.tie, is_reduced) {
            match word {
                MindWord::Says { text } => speak(&text, words).await?,
                MindWord::Done { .. } => {}
                other => words.send(other).await.ok()?,
            }
        }
        Some(Given { said: answer.text, last: MindWord::Done { is_reduced }, is_promised })
    }

    /// Answers with the words of a model, or without, if it has none.
    pub async fn by_model(
        &self,
        source: &Source<'_>,
        knows: &mut Acquaintance,
        words: &mpsc::Sender<MindWord>,
    ) -> Option<Given> {
        let appraisal = self.heard.appraisal;
        words.send(MindWord::Feels { appraisal }).await.ok()?;
        let tie = &knows.relationship.tie;
        let (persona, ask, language) = (self.persona, self.ask, self.heard.language);
        let traits = self.drift.bend(&persona.genome);
        let small_talk = source.small_talk(&Asked { persona, traits, tie, language, ask });
        let (request, first, mark) = match small_talk {
            Some((request, reply)) => (request, Some(reply), source.mark(SMALL_TALK)),
            None => {
                let mark = source.mark(&self.number.to_le_bytes());
                let queries = source.queries(&ask.text, &knows.memory).await;
                let (bond, now_ms) = (tie.bond(), self.now_ms);
                let memories = knows.memory.recall_by(&queries, &bond, now_ms, MEMORIES_TOLD_MAX);
                let request = source.request(&Brief {
                    persona,
                    traits,
                    tie,
                    memories: &memories,
                    ask,
                    recent: knows.recent.make_contiguous(),
                    language,
                    mark: &mark,
                    tokens_max: PROMPT_TOKENS_MAX,
                    now_ms,
                });
                (request, None, mark)
            }
        };
        let bond = tie.bond();
        let modelled = Modelled { source, ask, memory: &mut knows.memory, words };
        let (said, last) = match modelled.run(request, first, &mark).await {
            Outcome::Said(said) => (said, MindWord::Done { is_reduced: false }),
            Outcome::Broken(said) => (said, MindWord::Failed { reason: MindFailure::Broken }),
            Outcome::Silent(error) => {
                if let Some(error) = &error {
                    tracing::warn!(%error, mind = self.ask.mind, "no model answers");
                }
                let is_outage = error.as_ref().is_some_and(later::is_outage);
                return self.alone(knows, words, true, is_outage && self.may_promise).await;
            }
            Outcome::Gone => return None,
        };
        words.send(MindWord::Bonds { bond }).await.ok()?;
        Some(Given { said, last, is_promised: false })
    }
}
