//! The way of one message: who is asked and by whom, what is remembered, who finds the words.
//!
//! ```text
//! ask ─▶ persona, what it knows of the speaker ─▶ heard (memory, feelings, bond) ─▶ words ─▶ kept
//!                                                             model, or alone ┘
//! ```
//!
//! What no model could be asked is asked again later (`later`).
//!
//! Invariants: of one companion and one person, one turn is thought of at a time. Nobody is told what
//! another has said. Whatever fails, there is an answer, or a reason why there is none.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use vivarium_contract::{
    companion::{DialogueAsk, MindFailure, MindWord, Perception, Traits},
    saving::MindTurn,
};

use vivarium_protocol::ids::{ObjectId, PersonId};

use crate::{
    bond::Tie,
    budget::{Clock, Ledger, Membership, Messages, TooMany},
    cache::{Cache, WarmedUp},
    gateway::{Gateway, meter::Meter},
    hearing::Heard,
    memory::{
        Memory,
        embed::{Embedder, Hashed},
    },
    patterns::lines::Key,
    persona::{Persona, genome::Drift},
    prompt::{Brief, MEMORIES_TOLD_MAX, RECENT_MAX, Said, Speaker as By},
    safety::{
        age::{self, Age},
        names::NameKey,
    },
    turn::{self, HeardTurn, Pair, Relationship},
};

pub mod keeping;
pub mod later;
mod modelled;
mod source;

use keeping::Keeping;
use later::{LATER_MS_MAX, Later, Waiting};
use modelled::{Modelled, Outcome};
use source::{Asked, SMALL_TALK, Source};

/// Who speaks to a companion, as its mind may know them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speaker {
    /// Somebody who will be known again.
    Account(Arc<str>),
    /// Somebody who is known as long as they are here.
    Visitor(u32),
}

/// Tells somebody what a companion says by itself, when nobody waits for it.
pub type Tell = Arc<dyn Fn(String) -> BoxFuture<'static, ()> + Send + Sync>;

/// Who speaks to a companion, and where.
#[derive(Clone)]
pub struct Caller {
    /// Who, as its mind may know them.
    pub speaker: Speaker,
    /// The name of the world.
    pub world: String,
    /// How they are told what it finds later.
    pub tell: Tell,
}

/// Companions that are known of, and people whom they know, are kept in mind so many at once; those
/// who were quiet for longest are forgotten here first.
const ACQUAINTANCES_MAX: usize = 4_096;
/// Between two words that a companion says by itself.
const WORD_PAUSE: Duration = Duration::from_millis(35);
/// Turns of one companion and one person that wait to be kept; the oldest go.
const UNKEPT_MAX: usize = 32;
/// Tokens that a prompt may take.
const PROMPT_TOKENS_MAX: usize = 3_000;

/// What a companion knows of somebody.
#[derive(Debug, Default)]
struct Acquaintance {
    relationship: Relationship,
    memory: Memory,
    /// What was said lately, oldest first.
    recent: VecDeque<Said>,
    /// Whether what was kept is in it. Else nothing may be kept of it, or it would be overwritten.
    is_loaded: bool,
    /// Turns that could not be kept yet, oldest first.
    unkept: VecDeque<MindTurn>,
}

impl Acquaintance {
    /// Notes what was said.
    fn note(&mut self, by: By, text: String) {
        while self.recent.len() >= RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(Said { by, text });
    }
}

type Shared = Arc<tokio::sync::Mutex<Acquaintance>>;

/// Everything that is known of companions.
#[derive(Debug, Default)]
struct Known {
    personas: BTreeMap<String, Arc<Persona>>,
    drifts: BTreeMap<String, Drift>,
    /// Until when each has thought of what hit it.
    felt_ms: BTreeMap<String, u64>,
    /// With the number of the turn in which they were used last.
    acquaintances: BTreeMap<(String, Speaker), (u64, Shared)>,
}

/// From what a [`Dialogue`] is made.
pub struct Setup {
    /// Who companions are, by the names of their minds.
    pub personas: BTreeMap<String, Persona>,
    /// Where words come from; none: companions answer by themselves.
    pub gateway: Option<Gateway>,
    /// Where what they know is kept.
    pub keeping: Arc<dyn Keeping>,
    /// Drawn anew for each process.
    pub secret: [u8; 32],
    /// The time, in milliseconds since 1970 (UTC).
    pub clock: Clock,
}

/// Thinks for companions.
pub struct Dialogue {
    known: Mutex<Known>,
    turns: AtomicU64,
    /// Where words come from; none: companions answer by themselves.
    gateway: Option<Gateway>,
    keeping: Arc<dyn Keeping>,
    /// Makes marks that nobody can guess, and names of users for what counts them.
    names: NameKey,
    /// Who may say how much to models.
    messages: Messages,
    /// What models cost.
    ledger: Ledger,
    /// Answers to small talk.
    cache: Cache,
    /// What no model could be asked yet.
    later: Later,
    clock: Clock,
}

impl Dialogue {
    /// With the limits of the gateway's settings.
    pub fn new(setup: Setup) -> Self {
        let Setup { personas, gateway, keeping, secret, clock } = setup;
        let personas = personas.into_iter().map(|(name, persona)| (name, Arc::new(persona)));
        let known = Known { personas: personas.collect(), ..Known::default() };
        let (known, turns) = (Mutex::new(known), AtomicU64::new(0));
        let settings = gateway.as_ref().map(Gateway::settings);
        let limits = settings.map(|settings| settings.limits).unwrap_or_default();
        let cached = settings.map(|settings| settings.cache.clone()).unwrap_or_default();
        Self {
            known,
            turns,
            gateway,
            keeping,
            names: NameKey::new(secret),
            messages: Messages::new(limits.messages_per_hour),
            ledger: Ledger::new(limits.budgets, clock.clone()),
            cache: Cache::new(&cached, None),
            later: Later::default(),
            clock,
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // It is whole after each change.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a companion is like; none: nobody knows it.
    pub async fn traits(&self, mind: &str) -> Option<Traits> {
        self.know(mind).await;
        let known = self.known();
        let drift = known.drifts.get(mind).copied().unwrap_or_default();
        Some(drift.bend(&known.personas.get(mind)?.genome))
    }

    /// Finds out what life has made of a mind, once.
    async fn know(&self, mind: &str) {
        let is_known = {
            let known = self.known();
            known.drifts.contains_key(mind) || !known.personas.contains_key(mind)
        };
        if is_known {
            return;
        }
        let kept = self.keeping.state(mind).await;
        match kept.and_then(|state| keeping::drift(state.as_deref())) {
            Ok(drift) => {
                self.known().drifts.entry(mind.to_owned()).or_insert(drift);
            }
            Err(error) => tracing::warn!(mind, %error, "what a mind was like is not found"),
        }
    }

    /// Takes in what is kept of somebody.
    async fn load(&self, mind: &str, speaker: &Speaker, knows: &mut Acquaintance) {
        let Speaker::Account(account) = speaker else { return };
        if knows.is_loaded {
            return;
        }
        let kept = self.keeping.person(mind, account).await;
        match kept.and_then(|kept| keeping::acquaintance(kept.unwrap_or_default())) {
            Ok(kept) => *knows = Acquaintance { recent: std::mem::take(&mut knows.recent), ..kept },
            Err(error) => tracing::warn!(mind, %error, "what a mind knows is not found"),
        }
    }

    /// Keeps what has changed. What cannot be kept is tried again with the next turn.
    async fn keep(&self, mind: &str, speaker: &Speaker, knows: &mut Acquaintance) {
        let Speaker::Account(account) = speaker else { return };
        if !knows.is_loaded {
            return;
        }
        // Whoever has only said hello takes no room.
        if knows.memory.is_empty() && knows.unkept.is_empty() {
            return;
        }
        let drift = self.known().drifts.get(mind).copied();
        match keeping::turn(mind, account, drift.as_ref(), knows) {
            Ok(turn) => knows.unkept.push_back(turn),
            Err(error) => tracing::error!(mind, %error, "a turn cannot be written down"),
        }
        while knows.unkept.len() > UNKEPT_MAX {
            knows.unkept.pop_front();
        }
        while let Some(turn) = knows.unkept.front() {
            if let Err(error) = self.keeping.keep(turn.clone()).await {
                return tracing::warn!(mind, %error, "what a mind knows is not kept yet");
            }
            knows.unkept.pop_front();
        }
    }

    /// What a companion knows of somebody, to be held for one turn.
    fn acquaintance(&self, mind: &str, speaker: &Speaker, turn: u64) -> Shared {
        let acquaintances = &mut self.known().acquaintances;
        let key = (mind.to_owned(), speaker.clone());
        if acquaintances.len() >= ACQUAINTANCES_MAX && !acquaintances.contains_key(&key) {
            // Whoever is thought of now is not forgotten.
            let idle =
                acquaintances.iter().filter(|(_, (_, shared))| Arc::strong_count(shared) == 1);
            let oldest = idle.min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            oldest.map(|key| acquaintances.remove(&key));
        }
        let (used, shared) = acquaintances.entry(key).or_default();
        *used = turn;
        shared.clone()
    }

    /// Answers what was asked in a world. The last word is [`MindWord::Done`] or
    /// [`MindWord::Failed`].
    pub async fn answer(
        self: Arc<Self>,
        ask: DialogueAsk,
        caller: Caller,
        words: mpsc::Sender<MindWord>,
    ) {
        let now_ms = (self.clock)();
        let number = self.turns.fetch_add(1, Ordering::Relaxed);
        let persona = self.known().personas.get(&ask.mind).cloned();
        let Some(persona) = persona else {
            let _ = words.send(MindWord::Failed { reason: MindFailure::Unknown }).await;
            return;
        };
        // Nobody has been asked for their age yet, so nobody is taken for an adult.
        if !age::may_talk(&persona, Age::Unknown) {
            let language = persona.language_for(Heard::new(&ask.text).language());
            let _ = speak(age::refusal(language), &words).await;
            let _ = words.send(MindWord::Done { is_reduced: false }).await;
            return;
        }
        let Caller { speaker, world, .. } = &caller;
        let shared = self.acquaintance(&ask.mind, speaker, number);
        let mut acquaintance = shared.lock().await;
        let knows = &mut *acquaintance;
        self.know(&ask.mind).await;
        self.load(&ask.mind, speaker, knows).await;
        let (heard, drift) =
            self.hear(&ask, &persona, &mut knows.relationship, &mut knows.memory, now_ms);
        // What was heard is kept whether or not anybody waits for the answer.
        self.keep(&ask.mind, speaker, knows).await;
        let turn = Thinking { ask: &ask, persona: &persona, heard, drift, now_ms, number };
        let answer = match &self.gateway {
            // Whoever may be in danger is answered, and by nobody else.
            Some(gateway) if turn.heard.crisis.is_none() => {
                let (user, membership) = self.user(speaker);
                match self.messages.take(&user, membership, now_ms) {
                    Ok(_) => {
                        let meter = self.ledger.meter(&user, world, &turn.ask.mind);
                        turn.by_model(&self.source(gateway, meter, number), knows, &words).await
                    }
                    Err(TooMany { free_in_s }) => {
                        let free_in_s = u32::try_from(free_in_s).unwrap_or(u32::MAX);
                        let reason = MindFailure::OverLimit { free_in_s };
                        let _ = words.send(MindWord::Failed { reason }).await;
                        None
                    }
                }
            }
            gateway => turn.alone(knows, &words, gateway.is_none(), false).await,
        };
        let language = turn.heard.language;
        let Some(Answered { said, last, is_promised }) = answer else { return };
        knows.note(By::Person, ask.text.clone());
        knows.note(By::Companion, said);
        self.keep(&ask.mind, speaker, knows).await;
        if is_promised {
            let until_ms = now_ms + LATER_MS_MAX;
            self.later.put(Waiting { ask, caller, language, until_ms });
        } else if last == (MindWord::Done { is_reduced: false }) {
            self.later.answered(&ask.mind, &caller, &ask.text);
        }
        let _ = words.send(last).await;
    }

    /// Where the words of one turn come from.
    fn source<'a>(
        &'a self,
        gateway: &'a Gateway,
        meter: Arc<dyn Meter>,
        number: u64,
    ) -> Source<'a> {
        let now_ms = (self.clock)();
        Source {
            cache: &self.cache,
            gateway,
            meter,
            names: &self.names,
            now_ms,
            seed: now_ms.rotate_left(17) ^ number,
        }
    }

    /// Has models answer the small talk that the settings name, so that the first visitors need not
    /// wait for it.
    pub async fn warm_up(&self) {
        let Some(gateway) = &self.gateway else { return };
        let texts = &gateway.settings().cache.warm_up;
        let personas = self.known().personas.clone();
        for (mind, persona) in personas.iter().filter(|_| !texts.is_empty()) {
            let Some(traits) = self.traits(mind).await else { continue };
            let meter = self.ledger.meter("", "", mind);
            let warmed = self.cache.warm_up(texts, |text| {
                let language = persona.language_for(Heard::new(text).language());
                let ask = DialogueAsk {
                    companion: ObjectId(0),
                    mind: mind.clone(),
                    name: persona.name.clone(),
                    generation: 0,
                    person: PersonId(0),
                    person_name: String::new(),
                    text: text.to_owned(),
                    perception: Perception::default(),
                };
                let number = self.turns.fetch_add(1, Ordering::Relaxed);
                let source = self.source(gateway, meter.clone(), number);
                let (ask, tie) = (&ask, &Tie::default());
                Some(source.small_talk(&Asked { persona, traits, tie, language, ask })?.1)
            });
            let WarmedUp { answered, failed } = warmed.await;
            tracing::info!(mind, answered, failed, "small talk is ready");
            if answered == 0 && failed > 0 {
                // Nobody answers now: the others would not be answered either.
                return;
            }
        }
    }

    /// Under which name somebody is counted, and how much they may say.
    fn user(&self, speaker: &Speaker) -> (String, Membership) {
        match speaker {
            Speaker::Account(account) => {
                (self.names.name(account.as_bytes()), Membership::Registered)
            }
            Speaker::Visitor(person) => (self.names.name(&person.to_le_bytes()), Membership::Free),
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
        // Of a mind whose life is not found nothing is changed.
        let mut drift = known.drifts.get(&ask.mind).copied().unwrap_or_default();
        let mut felt = known.felt_ms.get(&ask.mind).copied().unwrap_or_default();
        let heard = {
            let (drift, felt_ms) = (&mut drift, &mut felt);
            let embedder = &Hashed;
            let pair =
                &mut Pair { persona, drift, felt_ms, relationship, memory, embedder, now_ms };
            turn::hear(ask, pair)
        };
        known.felt_ms.insert(ask.mind.clone(), felt);
        if let Some(known) = known.drifts.get_mut(&ask.mind) {
            *known = drift;
        }
        (heard, drift)
    }
}

/// Says a text word by word, at the pace of a model that is quick: nobody reads quicker, and others
/// may interrupt. None: nobody listens any more.
async fn speak(text: &str, words: &mpsc::Sender<MindWord>) -> Option<()> {
    let mut is_first = true;
    for text in text.split_inclusive(' ') {
        if !std::mem::take(&mut is_first) {
            tokio::time::sleep(WORD_PAUSE).await;
        }
        words.send(MindWord::Says { text: text.to_owned() }).await.ok()?;
    }
    Some(())
}

impl fmt::Debug for Dialogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialogue").field("gateway", &self.gateway).finish_non_exhaustive()
    }
}

/// An answer that was given.
struct Answered {
    said: String,
    /// The last word, which is not sent yet.
    last: MindWord,
    /// Whether it has promised to think about it.
    is_promised: bool,
}

/// One turn, after it was heard.
struct Thinking<'a> {
    ask: &'a DialogueAsk,
    persona: &'a Persona,
    heard: HeardTurn,
    drift: Drift,
    now_ms: u64,
    number: u64,
}

impl Thinking<'_> {
    /// Answers without a model. `may_promise`: whether one can be asked later. None: nobody listens
    /// any more.
    async fn alone(
        &self,
        knows: &mut Acquaintance,
        words: &mpsc::Sender<MindWord>,
        is_reduced: bool,
        may_promise: bool,
    ) -> Option<Answered> {
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
        Some(Answered { said: answer.text, last: MindWord::Done { is_reduced }, is_promised })
    }

    /// Answers with the words of a model, or without, if it has none.
    async fn by_model(
        &self,
        source: &Source<'_>,
        knows: &mut Acquaintance,
        words: &mpsc::Sender<MindWord>,
    ) -> Option<Answered> {
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
                let query = Hashed.embed(&ask.text);
                let (bond, now_ms) = (tie.bond(), self.now_ms);
                let memories = knows.memory.recall(&query, &bond, now_ms, MEMORIES_TOLD_MAX);
                let request = modelled::request(&Brief {
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
                return self.alone(knows, words, true, is_outage).await;
            }
            Outcome::Gone => return None,
        };
        words.send(MindWord::Bonds { bond }).await.ok()?;
        Some(Answered { said, last, is_promised: false })
    }
}

#[cfg(test)]
mod tests;
