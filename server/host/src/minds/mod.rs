//! Where worlds ask the minds of their companions.
//!
//! A world's thread hands over what it asks and goes on at once; what comes back goes into its inbox
//! like everything else. Invariant: nothing here holds up a world. What is too much is refused, in
//! words that the world understands.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::{
    sync::{Notify, mpsc},
    task::{JoinHandle, JoinSet},
};
use vivarium_contract::companion::{Bond, DialogueAsk, MindFailure, MindWord, Traits};
use vivarium_dialogue::service::{
    Asker, Speaker, Tell,
    noted::{Answered, Notes},
};
use vivarium_protocol::ids::{ObjectId, PersonId};

pub mod books;
pub mod meters;
pub mod openai;
pub mod secret;
pub mod thinking;
pub mod worker;

use meters::DialogueMeters;

use crate::{
    limits::{BONDS_PER_VISIT_MAX, MEETINGS_MAX, MIND_CALLS_MAX, THOUGHTS_MAX, WORDS_AHEAD_MAX},
    routing::ToWorld,
    worlds::World,
};

/// What thinks for companions.
pub trait Mind: Send + Sync + 'static {
    /// What a companion is like; none: nobody knows it.
    fn traits(self: Arc<Self>, mind: String) -> BoxFuture<'static, Option<Traits>>;

    /// What it thinks of somebody; none: nothing yet.
    fn bond(self: Arc<Self>, mind: String, speaker: Speaker) -> BoxFuture<'static, Option<Bond>>;

    /// What it says and does, in pieces. The last word is [`MindWord::Done`] or [`MindWord::Failed`].
    /// Whoever drops it waits for no more.
    fn answer(
        self: Arc<Self>,
        ask: DialogueAsk,
        asker: Asker,
        words: mpsc::Sender<MindWord>,
    ) -> BoxFuture<'static, ()>;
}

/// What a world tells.
#[derive(Debug)]
pub enum Call {
    /// Somebody has come who is known again.
    Met {
        /// Who.
        person: PersonId,
        /// By which they are known.
        account: Arc<str>,
    },
    /// A companion was spoken to.
    Ask {
        /// What it heard, and what it perceives.
        ask: Box<DialogueAsk>,
        /// Whose words they are; none: a visitor's.
        account: Option<Arc<str>>,
    },
    /// Nobody waits for an answer any more.
    Unask {
        /// Whose.
        companion: ObjectId,
        /// Of the ask.
        generation: u32,
    },
}

/// What the desk is told.
#[derive(Debug)]
enum Told {
    /// By a world.
    Call(Arc<World>, Call),
    /// A mind is another than it was.
    Changed(String),
    /// A mind knows somebody no longer; none: nobody.
    Forgotten(String, Option<Arc<str>>),
}

/// Where worlds tell it.
#[derive(Clone, Debug)]
pub struct Minds {
    calls: Option<mpsc::Sender<Told>>,
    board: Arc<Board>,
}

/// What worlds tell that must not be lost, however much is asked: of each companion, the newest is
/// enough.
#[derive(Debug, Default)]
struct Board {
    lives: Mutex<BTreeMap<Whose, Lives>>,
    is_news: Notify,
    meters: Arc<DialogueMeters>,
}

/// Where a companion lives, and whose mind it has; none: it is gone.
type Lives = (Arc<World>, Option<String>);

impl Board {
    fn take(&self) -> BTreeMap<Whose, Lives> {
        std::mem::take(&mut *self.lives.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Minds {
    /// Nobody thinks.
    pub fn none() -> Self {
        Self { calls: None, board: Arc::default() }
    }

    /// Somebody thinks, until the task is aborted.
    pub fn start(mind: Arc<dyn Mind>, meters: Arc<DialogueMeters>) -> (Self, JoinHandle<()>) {
        let (calls, called) = mpsc::channel(MIND_CALLS_MAX);
        let board = Arc::new(Board { meters, ..Board::default() });
        let serving = tokio::spawn(Desk::new(mind, board.clone()).serve(called));
        (Self { calls: Some(calls), board }, serving)
    }

    /// A companion lives in a world now, with this mind; none: no longer. Never refused.
    pub fn lives(&self, world: &Arc<World>, companion: ObjectId, mind: Option<String>) {
        if self.calls.is_none() {
            return;
        }
        let mut lives = self.board.lives.lock().unwrap_or_else(PoisonError::into_inner);
        lives.insert(whose(world, companion), (world.clone(), mind));
        drop(lives);
        self.board.is_news.notify_one();
    }

    /// Tells something, and goes on. An ask that cannot be taken is answered at once.
    pub fn tell(&self, world: &Arc<World>, call: Call) {
        let Some(calls) = &self.calls else { return };
        let Err(refused) = calls.try_send(Told::Call(world.clone(), call)) else { return };
        tracing::warn!(world = world.name(), "too much is asked of minds at once");
        if let Told::Call(_, Call::Ask { ask, .. }) = refused.into_inner() {
            let word = MindWord::Failed { reason: MindFailure::Busy };
            let (companion, generation) = (ask.companion, ask.generation);
            self.board.meters.answered(world.home().name(), Answered::Busy);
            // If the inbox is full as well, the world finds out by its own patience.
            let _ = world.send(ToWorld::Mind { companion, generation, word });
        }
    }

    /// Tells all worlds in which a mind lives what it is like now. Waits until there is room.
    pub async fn changed(&self, mind: String) {
        if let Some(calls) = &self.calls {
            // Nobody thinks any more when this fails.
            let _ = calls.send(Told::Changed(mind)).await;
        }
    }

    /// Tells all worlds in which a mind lives that it knows somebody no longer, by their account; none:
    /// nobody. Waits until there is room.
    pub async fn forgotten(&self, mind: String, account: Option<Arc<str>>) {
        if let Some(calls) = &self.calls {
            let _ = calls.send(Told::Forgotten(mind, account)).await;
        }
    }
}

/// One companion of one world.
type Whose = (usize, ObjectId);

fn whose(world: &Arc<World>, companion: ObjectId) -> Whose {
    (Arc::as_ptr(world).addr(), companion)
}

/// Who lives in a world, and with which minds.
struct Household {
    /// Holds its place in memory, so that no other world gets its number.
    world: Weak<World>,
    minds: BTreeMap<ObjectId, String>,
}

/// Who thinks about what.
struct Desk {
    mind: Arc<dyn Mind>,
    board: Arc<Board>,
    households: BTreeMap<usize, Household>,
    thinking: BTreeMap<Whose, (u32, tokio::task::AbortHandle)>,
    tasks: JoinSet<()>,
    /// What companions think of those who have come is looked up.
    meetings: JoinSet<()>,
    /// Worlds are told what companions are like: of each, the newest.
    introductions: BTreeMap<Whose, tokio::task::AbortHandle>,
}

impl Desk {
    fn new(mind: Arc<dyn Mind>, board: Arc<Board>) -> Self {
        let (households, thinking) = (BTreeMap::new(), BTreeMap::new());
        let (tasks, meetings) = (JoinSet::new(), JoinSet::new());
        let introductions = BTreeMap::new();
        Self { mind, board, households, thinking, tasks, meetings, introductions }
    }

    async fn serve(mut self, mut called: mpsc::Receiver<Told>) {
        let board = self.board.clone();
        loop {
            tokio::select! {
                () = board.is_news.notified() => self.settle(),
                call = called.recv() => match call {
                    Some(Told::Call(world, call)) => {
                        // Whoever is spoken to has come before.
                        self.settle();
                        self.take(&world, call);
                    }
                    Some(Told::Changed(mind)) => {
                        self.settle();
                        self.changed(&mind);
                    }
                    Some(Told::Forgotten(mind, account)) => {
                        self.settle();
                        self.forgotten(&mind, &account);
                    }
                    None => return,
                },
                Some(_) = self.tasks.join_next() => {
                    self.thinking.retain(|_, (_, task)| !task.is_finished());
                    self.introductions.retain(|_, task| !task.is_finished());
                }
                Some(_) = self.meetings.join_next() => {}
            }
            let thoughts = i64::try_from(self.thinking.len()).unwrap_or(i64::MAX);
            self.board.meters.thoughts.set(thoughts);
        }
    }

    /// Takes in who lives where now.
    fn settle(&mut self) {
        for (whose, (world, mind)) in self.board.take() {
            self.forget(whose);
            let (number, companion) = whose;
            if !self.households.contains_key(&number) {
                self.households.retain(|_, household| household.world.strong_count() > 0);
            }
            let household = self.households.entry(number).or_insert_with(|| Household {
                world: Arc::downgrade(&world),
                minds: BTreeMap::new(),
            });
            match mind {
                Some(mind) => {
                    household.minds.insert(companion, mind.clone());
                    self.introduce(world, companion, mind);
                }
                None => {
                    household.minds.remove(&companion);
                }
            }
        }
    }

    /// Tells a world what its companions think of somebody who has come.
    fn meet(&mut self, world: &Arc<World>, person: PersonId, account: Arc<str>) {
        let Some(household) = self.households.get(&Arc::as_ptr(world).addr()) else { return };
        if self.meetings.len() >= MEETINGS_MAX {
            // Their first answer tells it.
            return;
        }
        let met = household.minds.iter().take(BONDS_PER_VISIT_MAX);
        let met: Vec<(ObjectId, String)> = met.map(|(id, mind)| (*id, mind.clone())).collect();
        let (mind, world) = (self.mind.clone(), world.clone());
        self.meetings.spawn(async move {
            for (companion, name) in met {
                let speaker = Speaker::Account(account.clone());
                if let Some(bond) = mind.clone().bond(name, speaker).await {
                    deliver(world.clone(), ToWorld::Bond { companion, person, bond }).await;
                }
            }
        });
    }

    fn take(&mut self, world: &Arc<World>, call: Call) {
        match call {
            Call::Met { person, account } => self.meet(world, person, account),
            Call::Unask { companion, generation } => {
                let whose = whose(world, companion);
                if self.thinking.get(&whose).is_some_and(|(asked, _)| *asked == generation) {
                    self.forget(whose);
                }
            }
            Call::Ask { ask, account } => self.ask(world, *ask, account),
        }
    }

    /// Tells the worlds in which a mind lives.
    fn changed(&mut self, mind: &str) {
        for (world, companion) in self.bodies(mind) {
            self.introduce(world, companion, mind.to_owned());
        }
    }

    /// Where a mind lives.
    fn bodies(&self, mind: &str) -> Vec<(Arc<World>, ObjectId)> {
        let mut bodies = Vec::new();
        for household in self.households.values() {
            let Some(world) = household.world.upgrade() else { continue };
            let lives = household.minds.iter().filter(|(_, other)| *other == mind);
            bodies.extend(lives.map(|(id, _)| (world.clone(), *id)));
        }
        bodies
    }

    /// Tells the worlds in which a mind lives whom it knows no longer.
    fn forgotten(&mut self, mind: &str, account: &Option<Arc<str>>) {
        for (world, companion) in self.bodies(mind) {
            let told = ToWorld::Forgotten { companion, account: account.clone() };
            self.tasks.spawn(deliver(world, told));
        }
    }

    /// Tells a world what a companion is like: somebody in particular no longer, if nobody knows it.
    fn introduce(&mut self, world: Arc<World>, companion: ObjectId, mind: String) {
        let whose = whose(&world, companion);
        let traits = self.mind.clone().traits(mind.clone());
        let task = self.tasks.spawn(async move {
            let traits = traits.await.unwrap_or_else(|| {
                tracing::warn!(world = world.name(), mind, "nobody knows this mind");
                Traits::default()
            });
            deliver(world, ToWorld::Traits { companion, traits }).await;
        });
        // What is told later must not come before.
        if let Some(older) = self.introductions.insert(whose, task) {
            older.abort();
        }
    }

    fn ask(&mut self, world: &Arc<World>, ask: DialogueAsk, account: Option<Arc<str>>) {
        let (companion, generation) = (ask.companion, ask.generation);
        let whose = whose(world, companion);
        self.forget(whose);
        if self.thinking.len() >= THOUGHTS_MAX {
            let word = MindWord::Failed { reason: MindFailure::Busy };
            let told = ToWorld::Mind { companion, generation, word };
            self.board.meters.answered(world.home().name(), Answered::Busy);
            self.tasks.spawn(deliver(world.clone(), told));
            return;
        }
        let speaker = account.map_or(Speaker::Visitor(ask.person.0), Speaker::Account);
        let tell = tells(world, companion, ask.person);
        let asker = Asker { speaker, world: world.home().name().to_owned(), tell };
        let (mind, world) = (self.mind.clone(), world.clone());
        let task = self.tasks.spawn(async move {
            let (words, mut said) = mpsc::channel(WORDS_AHEAD_MAX);
            // A fault of ours must not leave somebody waiting.
            let thinks = AssertUnwindSafe(mind.answer(ask, asker, words)).catch_unwind();
            let speaks = async {
                while let Some(word) = said.recv().await {
                    deliver(world.clone(), ToWorld::Mind { companion, generation, word }).await;
                }
            };
            let (ended, ()) = tokio::join!(thinks, speaks);
            if ended.is_err() {
                let word = MindWord::Failed { reason: MindFailure::Broken };
                deliver(world, ToWorld::Mind { companion, generation, word }).await;
            }
        });
        self.thinking.insert(whose, (generation, task));
    }

    fn forget(&mut self, whose: Whose) {
        if let Some((_, task)) = self.thinking.remove(&whose) {
            task.abort();
        }
    }
}

/// How a companion tells somebody what it finds later. Keeps no world alive.
fn tells(world: &Arc<World>, companion: ObjectId, person: PersonId) -> Tell {
    let world = Arc::downgrade(world);
    Arc::new(move |text| {
        let world = world.upgrade();
        async move {
            if let Some(world) = world {
                deliver(world, ToWorld::Word { companion, person, text }).await;
            }
        }
        .boxed()
    })
}

/// How long a full inbox is tried again.
const DELIVER_TRIES: u32 = 200;
/// Pause between two tries.
const DELIVER_PAUSE: Duration = Duration::from_millis(20);

/// Puts a word into a world's inbox, as soon as there is room.
async fn deliver(world: Arc<World>, told: ToWorld) {
    let mut told = told;
    for _ in 0..DELIVER_TRIES {
        match world.send(told) {
            Ok(()) => return,
            Err(full) => told = full,
        }
        tokio::time::sleep(DELIVER_PAUSE).await;
    }
    tracing::warn!(world = world.name(), "a world takes in no words of its minds");
}

#[cfg(test)]
mod tests;
