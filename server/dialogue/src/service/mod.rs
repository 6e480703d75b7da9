//! The way of one message: who is asked and by whom, what is remembered, who finds the words.
//!
//! ```text
//! ask ─▶ persona, what it knows of the speaker ─▶ heard (memory, feelings, bond) ─▶ words ─▶ kept
//!                                                             model, or alone ┘
//! ```
//!
//! Invariants: of one companion and one person, one turn is thought of at a time. Nobody is told what
//! another has said. Whatever fails, there is an answer, or a reason why there is none.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::mpsc;
use vivarium_contract::companion::{Bond, DialogueAsk, MindFailure, MindWord, Traits};

use crate::{
    memory::{Memory, embed::Hashed},
    persona::{Persona, genome::Drift},
    turn::{self, HeardTurn, Relationship},
};

/// Who speaks to a companion, as its mind may know them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speaker {
    /// Somebody who will be known again.
    Account(Arc<str>),
    /// Somebody who is known as long as they are here.
    Visitor(u32),
}

/// Companions that are known of, and people whom they know, are kept in mind so many at once; those
/// who were quiet for longest are forgotten here first.
const ACQUAINTANCES_MAX: usize = 4_096;

/// What a companion knows of somebody.
#[derive(Debug, Default)]
struct Acquaintance {
    relationship: Relationship,
    memory: Memory,
}

type Shared = Arc<tokio::sync::Mutex<Acquaintance>>;

/// Everything that is known of companions.
#[derive(Debug, Default)]
struct Known {
    personas: BTreeMap<String, Arc<Persona>>,
    drifts: BTreeMap<String, Drift>,
    /// With the number of the turn in which they were used last.
    acquaintances: BTreeMap<(String, Speaker), (u64, Shared)>,
}

/// Thinks for companions.
#[derive(Debug, Default)]
pub struct Dialogue {
    known: Mutex<Known>,
    turns: AtomicU64,
}

impl Dialogue {
    /// For these companions, by the names of their minds.
    pub fn new(personas: BTreeMap<String, Persona>) -> Self {
        let personas = personas.into_iter().map(|(name, persona)| (name, Arc::new(persona)));
        let known = Known { personas: personas.collect(), ..Known::default() };
        Self { known: Mutex::new(known), turns: AtomicU64::new(0) }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // It is whole after each change.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a companion is like; none: nobody knows it.
    pub fn traits(&self, mind: &str) -> Option<Traits> {
        let known = self.known();
        let drift = known.drifts.get(mind).copied().unwrap_or_default();
        Some(drift.bend(&known.personas.get(mind)?.genome))
    }

    /// What a companion thinks of somebody, if it has met them lately.
    pub async fn bond(&self, mind: &str, speaker: &Speaker) -> Bond {
        let key = (mind.to_owned(), speaker.clone());
        let shared = self.known().acquaintances.get(&key).map(|(_, shared)| shared.clone());
        match shared {
            Some(shared) => shared.lock().await.relationship.tie.bond(),
            None => Bond::default(),
        }
    }

    /// What a companion knows of somebody, to be held for one turn.
    fn acquaintance(&self, mind: &str, speaker: &Speaker, turn: u64) -> Shared {
        let acquaintances = &mut self.known().acquaintances;
        let key = (mind.to_owned(), speaker.clone());
        if acquaintances.len() >= ACQUAINTANCES_MAX && !acquaintances.contains_key(&key) {
            let oldest =
                acquaintances.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            oldest.map(|key| acquaintances.remove(&key));
        }
        let (used, shared) = acquaintances.entry(key).or_default();
        *used = turn;
        shared.clone()
    }

    /// Answers. The last word is [`MindWord::Done`] or [`MindWord::Failed`]; `now_ms` is the time in
    /// milliseconds since 1970 (UTC).
    pub async fn answer(
        self: Arc<Self>,
        ask: DialogueAsk,
        speaker: Speaker,
        now_ms: u64,
        words: mpsc::Sender<MindWord>,
    ) {
        let number = self.turns.fetch_add(1, Ordering::Relaxed);
        let persona = self.known().personas.get(&ask.mind).cloned();
        let Some(persona) = persona else {
            let _ = words.send(MindWord::Failed { reason: MindFailure::Unknown }).await;
            return;
        };
        let shared = self.acquaintance(&ask.mind, &speaker, number);
        let mut acquaintance = shared.lock().await;
        let Acquaintance { relationship, memory } = &mut *acquaintance;
        let (heard, drift) = self.hear(&ask, &persona, relationship, memory, now_ms);
        let seed = now_ms.rotate_left(17) ^ number;
        let alone =
            turn::answer_alone(&ask, &heard, &persona, &drift, relationship, memory, now_ms, seed);
        for word in turn::as_words(&alone, &relationship.tie, true) {
            if words.send(word).await.is_err() {
                return;
            }
        }
    }

    fn hear(
        &self,
        ask: &DialogueAsk,
        persona: &Persona,
        relationship: &mut Relationship,
        memory: &mut Memory,
        now_ms: u64,
    ) -> (HeardTurn, Drift) {
        let mut known = self.known();
        let drift = known.drifts.entry(ask.mind.clone()).or_default();
        let heard = turn::hear(ask, persona, drift, relationship, memory, &Hashed, now_ms);
        (heard, *drift)
    }
}
