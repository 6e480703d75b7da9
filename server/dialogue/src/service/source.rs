//! Where the words of one turn come from: a model, or an answer that one gave before.
//!
//! What a companion would say to anybody is asked a few times and given again. The model is then told
//! nothing of whoever speaks, nor of who and what is near.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use vivarium_contract::companion::{DialogueAsk, Perception, Traits};

use super::{
    PROMPT_TOKENS_MAX,
    door::Taken,
    modelled,
    noted::{Notes, Screen},
};
use crate::{
    bond::Tie,
    cache::{Ask, Cache, CacheKey, Cacheable, Said},
    gateway::{Gateway, Reply, Tier, meter::Meter, scorer},
    hearing::language::Language,
    memory::{
        Memory,
        embed::{Embedder, Hashed, Vector},
    },
    persona::Persona,
    prompt::Brief,
    provider::Request,
    queue::{Job, JobId, SharedWords},
    safety::names::NameKey,
};

/// What whoever speaks is called, since nobody in particular does.
const SOMEBODY: &str = "Somebody";

/// Of what the mark in prompts of small talk is made: the same for all, since their answers are.
pub(super) const SMALL_TALK: &[u8] = b"small talk";

/// Where the words of one turn come from.
pub(super) struct Source<'a> {
    pub cache: &'a Cache,
    pub models: &'a SharedWords,
    /// What makes vectors, if anything does.
    pub gateway: Option<&'a Gateway>,
    /// Of the budgets that vectors are on.
    pub meter: Arc<dyn Meter>,
    /// Whose budgets it is: a user's, a world's, and by which companion.
    pub payers: [&'a str; 3],
    /// Of the turn.
    pub number: u64,
    /// Makes marks that nobody can guess.
    pub marks: &'a NameKey,
    pub notes: &'a dyn Notes,
    /// Where it is noted what models take.
    pub taken: Option<&'a Taken>,
    /// Whether a model was asked.
    pub asked: Arc<AtomicBool>,
    pub now_ms: u64,
    /// Chooses among several answers.
    pub seed: u64,
}

/// Who answers what.
pub(super) struct Asked<'a> {
    pub persona: &'a Persona,
    pub traits: Traits,
    pub tie: &'a Tie,
    pub language: Language,
    pub ask: &'a DialogueAsk,
}

impl Source<'_> {
    /// A word that nobody can guess, for prompts; another one for each process.
    pub fn mark(&self, of: &[u8]) -> String {
        self.marks.name(&[b"mark ", of].concat())
    }

    /// Whether a model was asked, and not the cache alone.
    pub fn was_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// What a model is to be asked.
    pub fn request(&self, brief: &Brief<'_>) -> Request {
        let (request, is_tampering) = modelled::request(brief);
        if is_tampering {
            self.notes.screened(Screen::Injection);
        }
        request
    }

    /// What a model is asked.
    pub fn ask(&self, request: Request, text: &str) -> Reply {
        self.asked.store(true, Ordering::Relaxed);
        self.models.stream(self.job(request, scorer::score(text).tier()))
    }

    /// Each round of a turn is a job of its own.
    fn job(&self, request: Request, tier: Tier) -> Job {
        let round = (request.turns.len() as u64).to_le_bytes();
        let key = self.marks.name(&[b"job ", &self.number.to_le_bytes()[..], &round].concat());
        let [user, world, companion] = self.payers.map(str::to_owned);
        tracing::debug!(id = %JobId::of(&key), companion, "a model is asked");
        Job { key, request, wanted: Some(tier), user, world, companion }
    }

    /// Vectors of what was said, by which memories are found: the model's, if it is there soon, and
    /// the hashed one for memories that have no other.
    pub async fn queries(&self, text: &str, memory: &Memory) -> Vec<Vector> {
        let made = match self.gateway.and_then(Gateway::embeddings) {
            // What is in no memory need not be looked for.
            Some(embeddings) if !memory.is_empty() => embeddings.query(text, &*self.meter).await,
            _ => None,
        };
        made.into_iter().chain([Hashed.embed(text)]).collect()
    }

    /// What is asked, and the answer; none: it is no small talk.
    pub fn small_talk(&self, asked: &Asked<'_>) -> Option<(Request, Reply)> {
        let Asked { persona, traits, tie, language, ask } = *asked;
        let said = Said {
            text: &ask.text,
            person: &ask.person_name,
            companion: &ask.name,
            is_personal: false,
            is_flagged: false,
        };
        let cacheable = Cacheable::of(&said).ok()?;
        let mood = ask.perception.mood;
        let plain = DialogueAsk {
            person_name: SOMEBODY.to_owned(),
            perception: Perception { mood, ..Perception::default() },
            ..ask.clone()
        };
        let brief = Brief {
            persona,
            traits,
            tie,
            memories: &[],
            ask: &plain,
            recent: &[],
            language,
            mark: &self.mark(SMALL_TALK),
            tokens_max: PROMPT_TOKENS_MAX,
            now_ms: self.now_ms,
        };
        let request = self.request(&brief);
        let tier = scorer::score(&ask.text).tier();
        let key = CacheKey::of(&Ask {
            tier,
            persona: &fingerprint(persona, traits),
            memory: "",
            mood: &format!("{:?}", mood.emotion),
            stage: &format!("{:?}", tie.stage()),
            language,
            text: &ask.text,
        });
        let (models, job) = (self.models.clone(), self.job(request.clone(), tier));
        let asked = self.asked.clone();
        let make = move || {
            asked.store(true, Ordering::Relaxed);
            models.stream(job)
        };
        Some((request, self.cache.reply(cacheable, key, self.seed, self.now_ms, make)))
    }
}

/// Changes with all that a model is told of a companion.
fn fingerprint(persona: &Persona, traits: Traits) -> String {
    let persona = serde_json::to_vec(persona).expect("texts can be written as JSON");
    let mut hash = blake3::Hasher::new();
    hash.update(&persona).update(&traits.values());
    hash.finalize().to_hex().to_string()
}
