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
    collections::{BTreeMap, BTreeSet, VecDeque},
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
    budget::{Clock, Kept, Ledger, Membership, Messages, TooMany},
    cache::{Cache, WarmedUp},
    gateway::{Gateway, meter::Meter},
    hearing::Heard,
    memory::{Memory, embed::Hashed},
    persona::{Persona, genome::Drift},
    prompt::{MEMORIES_TOLD_MAX, RECENT_MAX, Said, Speaker as By},
    queue::{SharedWords, local::Local},
    redis::{Redis, answers::SharedAnswers},
    safety::{
        age::{self, Age},
        names::{self, NameKey},
    },
    turn::{self, HeardTurn, Pair, Relationship},
};

pub mod door;
pub mod keeping;
pub mod knowing;
pub mod later;
mod learning;
mod met;
mod modelled;
pub mod noted;
pub mod preview;
mod roster;
pub mod sight;
mod source;
mod thinking;

use door::{Beside, Caller, Identity, Taken};
use keeping::{Keeping, KeepingError};
use later::{LATER_MS_MAX, Later, Waiting};
use learning::Learning;
use noted::{Answered, NotedMeter, Notes, Screen, Told};
use roster::Roster;
use source::{Asked, Source};
use thinking::{Given, Thinking};

/// Who speaks to a companion, as its mind may know them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speaker {
    /// Somebody who will be known again.
    Account(Arc<str>),
    /// Somebody who is known as long as they are here.
    Visitor(u32),
    /// Somebody who speaks from elsewhere, by a key, and will be known again.
    Key(Arc<Caller>),
}

/// Tells somebody what a companion says by itself, when nobody waits for it.
pub type Tell = Arc<dyn Fn(String) -> BoxFuture<'static, ()> + Send + Sync>;

/// Who speaks to a companion, and where.
#[derive(Clone)]
pub struct Asker {
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
    /// When what is remembered of them was thought over last.
    reflected_ms: Option<u64>,
}

impl Acquaintance {
    /// Begins anew. What is learned of what was said before is not taken in any more.
    fn forget(&mut self) {
        let mut memory = std::mem::take(&mut self.memory);
        memory.delete_all();
        // There is nothing to delete where it is kept, either.
        memory.take_changes();
        *self = Self { memory, is_loaded: true, ..Self::default() };
    }

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
    drifts: BTreeMap<String, Drift>,
    /// Until when each has thought of what hit it.
    felt_ms: BTreeMap<String, u64>,
    /// With the number of the turn in which they were used last.
    acquaintances: BTreeMap<(String, Identity), (u64, Shared)>,
}

/// From what a [`Dialogue`] is made.
pub struct Setup {
    /// Who companions are that come with the server, by the names of their minds.
    pub personas: BTreeMap<String, Persona>,
    /// What asks models; none: companions answer by themselves, unless there is a queue.
    pub gateway: Option<Gateway>,
    /// Where answers are found by way of workers; none: the gateway is asked for them here.
    pub queue: Option<SharedWords>,
    /// Where what they know is kept.
    pub keeping: Arc<dyn Keeping>,
    /// What limits, budgets and answers are shared by with other servers.
    pub redis: Option<Redis>,
    /// By which users are named for what counts them: the same after a restart, so that counts go on.
    pub secret: [u8; 32],
    /// What was spent before, as it was kept.
    pub spent: Vec<Kept>,
    /// Who counts what becomes of messages.
    pub notes: Arc<dyn Notes>,
    /// The time, in milliseconds since 1970 (UTC).
    pub clock: Clock,
}

/// Thinks for companions.
pub struct Dialogue {
    roster: Roster,
    known: Mutex<Known>,
    turns: AtomicU64,
    /// Where words come from; none: companions answer by themselves.
    models: Option<SharedWords>,
    /// What else models are asked for.
    gateway: Option<Gateway>,
    keeping: Arc<dyn Keeping>,
    /// Makes names of users for what counts them.
    names: NameKey,
    /// Makes marks that nobody can guess.
    marks: NameKey,
    notes: Arc<dyn Notes>,
    /// Accounts that are premium members.
    premium: BTreeSet<String>,
    /// Whether other servers count with this one.
    is_shared: bool,
    /// Who may say how much to models.
    messages: Messages,
    /// What models cost.
    ledger: Ledger,
    /// Answers to small talk.
    cache: Cache,
    /// What is learned of exchanges that have ended.
    learning: Learning,
    /// What is asked at the start.
    warm_up: Vec<String>,
    /// What no model could be asked yet.
    later: Later,
    clock: Clock,
}

impl Dialogue {
    /// With the limits of the gateway's settings. Within a runtime, if there is a Redis.
    pub fn new(setup: Setup) -> Self {
        let Setup { personas, gateway, queue, keeping, redis, secret, spent, notes, clock } = setup;
        let roster = Roster::new(personas, keeping.clone());
        let (known, turns) = (Mutex::default(), AtomicU64::new(0));
        let settings = gateway.as_ref().map(Gateway::settings);
        let limits = settings.map(|settings| settings.limits.clone()).unwrap_or_default();
        let cached = settings.map(|settings| settings.cache.clone()).unwrap_or_default();
        let ledger = Ledger::with_redis(&limits, clock.clone(), redis.clone(), spent);
        let models = queue.or_else(|| {
            let gateway = gateway.clone()?;
            let local = Local::new(gateway, ledger.clone(), clock.clone()).noting(notes.clone());
            Some(Arc::new(local))
        });
        Self {
            roster,
            known,
            turns,
            models,
            gateway,
            keeping,
            names: NameKey::new(secret),
            marks: NameKey::for_one_process(secret, clock()),
            notes,
            premium: limits.premium.clone(),
            is_shared: redis.is_some(),
            messages: Messages::new(limits.messages_per_hour, redis.clone()),
            ledger,
            cache: Cache::new(&cached, redis.map(SharedAnswers::tier2)),
            warm_up: cached.warm_up,
            learning: Learning::default(),
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
        let persona = self.roster.find(mind).await?;
        self.know(mind).await;
        let drift = self.known().drifts.get(mind).copied().unwrap_or_default();
        Some(drift.bend(&persona.genome))
    }

    /// Who a companion is, as it is kept by now; none: nobody knows it.
    pub async fn persona(&self, mind: &str) -> Option<Arc<Persona>> {
        self.roster.find(mind).await
    }

    /// Names of the minds that came with the server.
    pub fn shipped(&self) -> impl Iterator<Item = &str> {
        self.roster.shipped().keys().map(String::as_str)
    }

    /// Whether a mind came with the server.
    pub fn is_shipped(&self, mind: &str) -> bool {
        self.roster.shipped().contains_key(mind)
    }

    /// Another persona is kept of a mind: it counts from the next message on.
    pub async fn renew(&self, mind: &str) {
        self.roster.renew(mind).await;
    }

    /// What somebody goes by for others than themselves: another name for each mind.
    pub fn pseudonym(&self, mind: &str, account: &str) -> String {
        self.names.name(format!("person {mind} {account}").as_bytes())
    }

    fn next_turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed)
    }

    /// Finds out what life has made of a mind that somebody knows, once.
    async fn know(&self, mind: &str) {
        if self.known().drifts.contains_key(mind) {
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
        let Some(account) = speaker.account() else { return };
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
        let Some(account) = speaker.account() else { return };
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
        if let Err(error) = self.keep_waiting(knows).await {
            tracing::warn!(mind, %error, "what a mind knows is not kept yet");
        }
    }

    /// Keeps what waits for it, in its order, as far as it can be kept.
    async fn keep_waiting(&self, knows: &mut Acquaintance) -> Result<(), KeepingError> {
        while knows.unkept.len() > UNKEPT_MAX {
            knows.unkept.pop_front();
        }
        while let Some(turn) = knows.unkept.front() {
            self.keeping.keep(turn.clone()).await?;
            knows.unkept.pop_front();
        }
        Ok(())
    }

    /// What a companion knows of somebody, to be held for one turn.
    fn acquaintance(&self, mind: &str, speaker: &Speaker, turn: u64) -> Shared {
        let acquaintances = &mut self.known().acquaintances;
        let key = (mind.to_owned(), speaker.identity());
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

    /// Answers what was asked. The last word is [`MindWord::Done`] or [`MindWord::Failed`].
    async fn turn(
        self: Arc<Self>,
        ask: DialogueAsk,
        who: (Speaker, String),
        beside: Beside,
        words: mpsc::Sender<MindWord>,
    ) {
        let (now_ms, number) = ((self.clock)(), self.next_turn());
        let (speaker, world) = &who;
        let mut told = Told::new(&*self.notes, world);
        if self.roster.find(&ask.mind).await.is_none() {
            told.is(Answered::Unknown);
            return nobody(&words).await;
        }
        let shared = self.acquaintance(&ask.mind, speaker, number);
        let mut acquaintance = shared.lock().await;
        let knows = &mut *acquaintance;
        // It may have become another, or have gone, while this waited.
        let Some(persona) = self.roster.find(&ask.mind).await else {
            told.is(Answered::Unknown);
            return nobody(&words).await;
        };
        // Nobody has been asked for their age yet, so nobody is taken for an adult.
        if !age::may_talk(&persona, Age::Unknown) {
            self.notes.screened(Screen::Age);
            told.is(Answered::TooYoung);
            let language = persona.language_for(Heard::new(&ask.text).language());
            let _ = speak(age::refusal(language), &words).await;
            let _ = words.send(MindWord::Done { is_reduced: false }).await;
            return;
        }
        self.know(&ask.mind).await;
        self.load(&ask.mind, speaker, knows).await;
        if let Some(recent) = beside.recent {
            knows.recent = recent;
        }
        let (heard, drift) =
            self.hear(&ask, &persona, &mut knows.relationship, &mut knows.memory, now_ms);
        // What was heard is kept whether or not anybody waits for the answer.
        self.keep(&ask.mind, speaker, knows).await;
        let may_promise = beside.tell.is_some();
        let turn =
            Thinking { ask: &ask, persona: &persona, heard, drift, now_ms, number, may_promise };
        if turn.heard.crisis.is_some() {
            self.notes.screened(Screen::Crisis);
        }
        let language = turn.heard.language;
        let noted = (&*beside.taken, &mut told);
        let given = self.think(&turn, &who, noted, knows, &words).await;
        let Some(Given { said, last, is_promised }) = given else { return };
        knows.note(By::Person, ask.text.clone());
        knows.note(By::Companion, said.clone());
        self.keep(&ask.mind, speaker, knows).await;
        let deletions = knows.memory.deletions();
        self.learn(&turn, (speaker, world, &shared), deletions, (&said, &last));
        match beside.tell {
            Some(tell) if is_promised => {
                let (speaker, world) = who.clone();
                let asker = Asker { speaker, world, tell };
                let until_ms = now_ms + LATER_MS_MAX;
                self.later.put(Waiting { ask, asker, language, until_ms });
            }
            _ if last == (MindWord::Done { is_reduced: false }) => {
                self.later.answered(&ask.mind, speaker, &ask.text);
            }
            _ => {}
        }
        let _ = words.send(last).await;
    }

    /// Finds the words; gives what was said, and the last word. None: nothing follows any more.
    async fn think(
        &self,
        turn: &Thinking<'_>,
        (speaker, world): &(Speaker, String),
        (taken, told): (&Taken, &mut Told<'_>),
        knows: &mut Acquaintance,
        words: &mpsc::Sender<MindWord>,
    ) -> Option<Given> {
        match &self.models {
            // Whoever may be in danger is answered, and by nobody else.
            Some(models) if turn.heard.crisis.is_none() => {
                let (user, membership) = self.user(speaker);
                match self.messages.take(&user, membership, turn.now_ms).await {
                    Ok(_) => {
                        let payers = [&user, world, &turn.ask.mind].map(String::as_str);
                        let source = Source {
                            taken: Some(taken),
                            ..self.source(models, payers, turn.number)
                        };
                        let said = turn.by_model(&source, knows, words).await;
                        if let Some(given) = &said {
                            told.is(Answered::of(&given.last, source.was_asked()));
                        }
                        said
                    }
                    Err(TooMany { free_in_s }) => {
                        told.is(Answered::OverLimit);
                        let free_in_s = u32::try_from(free_in_s).unwrap_or(u32::MAX);
                        let reason = MindFailure::OverLimit { free_in_s };
                        let _ = words.send(MindWord::Failed { reason }).await;
                        None
                    }
                }
            }
            models => {
                let said = turn.alone(knows, words, models.is_none(), false).await;
                if said.is_some() {
                    told.is(Answered::Alone);
                }
                said
            }
        }
    }

    /// Where words come from; none: companions answer by themselves.
    pub fn models(&self) -> Option<&SharedWords> {
        self.models.as_ref()
    }

    /// Of what is asked beside answers: on the same budgets, and noted.
    fn meter(&self, user: &str, world: &str, companion: &str) -> Arc<dyn Meter> {
        NotedMeter::new(self.ledger.meter(user, world, companion), self.notes.clone())
    }

    /// Where the words of one turn come from.
    fn source<'a>(
        &'a self,
        models: &'a SharedWords,
        payers: [&'a str; 3],
        number: u64,
    ) -> Source<'a> {
        let now_ms = (self.clock)();
        let [user, world, companion] = payers;
        Source {
            cache: &self.cache,
            models,
            gateway: self.gateway.as_ref(),
            meter: self.meter(user, world, companion),
            payers,
            number,
            marks: &self.marks,
            notes: &*self.notes,
            taken: None,
            asked: Arc::default(),
            now_ms,
            seed: now_ms.rotate_left(17) ^ number,
        }
    }

    /// Has models answer the small talk that the settings name, so that the first visitors need not
    /// wait for it.
    pub async fn warm_up(&self) {
        let Some(models) = &self.models else { return };
        let texts = &self.warm_up;
        for (mind, persona) in self.roster.shipped().iter().filter(|_| !texts.is_empty()) {
            let Some(traits) = self.traits(mind).await else { continue };
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
                let number = self.next_turn();
                let source = self.source(models, ["", "", mind], number);
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
                let is_premium = self.premium.contains(&**account);
                let membership =
                    if is_premium { Membership::Premium } else { Membership::Registered };
                // Servers that count together know nothing of each other's secrets.
                let name = match self.is_shared {
                    true => names::shared(account.as_bytes()),
                    false => self.names.name(account.as_bytes()),
                };
                (name, membership)
            }
            Speaker::Key(caller) => (self.names.name(caller.key().as_bytes()), caller.membership()),
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

/// Nobody has the mind that was asked.
async fn nobody(words: &mpsc::Sender<MindWord>) {
    let _ = words.send(MindWord::Failed { reason: MindFailure::Unknown }).await;
}

impl fmt::Debug for Dialogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialogue").field("models", &self.models).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
