//! Where worlds ask the minds of their companions.
//!
//! A world's thread hands over what it asks and goes on at once; what comes back goes into its inbox
//! like everything else. Invariant: nothing here holds up a world. What is too much is refused, in
//! words that the world understands.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{
    sync::mpsc,
    task::{JoinHandle, JoinSet},
};
use vivarium_contract::companion::{DialogueAsk, MindFailure, MindWord, Traits};
use vivarium_dialogue::service::Speaker;
use vivarium_protocol::ids::ObjectId;

pub mod thinking;

use crate::{
    limits::{LIVES_MAX, MIND_CALLS_MAX, THOUGHTS_MAX, WORDS_AHEAD_MAX},
    routing::ToWorld,
    worlds::World,
};

/// What thinks for companions.
pub trait Mind: Send + Sync + 'static {
    /// What a companion is like; none: nobody knows it.
    fn traits(self: Arc<Self>, mind: String) -> BoxFuture<'static, Option<Traits>>;

    /// What it says and does, in pieces. The last word is [`MindWord::Done`] or [`MindWord::Failed`].
    /// Whoever drops it waits for no more. `who`: the speaker, and the name of the world.
    fn answer(
        self: Arc<Self>,
        ask: DialogueAsk,
        who: (Speaker, String),
        words: mpsc::Sender<MindWord>,
    ) -> BoxFuture<'static, ()>;
}

/// What a world tells.
#[derive(Debug)]
pub enum Call {
    /// A companion lives there now, or no longer.
    Lives {
        /// Which.
        companion: ObjectId,
        /// Whose mind it has.
        mind: Option<String>,
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
}

/// Where worlds tell it.
#[derive(Clone, Debug)]
pub struct Minds {
    calls: Option<mpsc::Sender<Told>>,
}

impl Minds {
    /// Nobody thinks.
    pub fn none() -> Self {
        Self { calls: None }
    }

    /// Somebody thinks, until the task is aborted.
    pub fn start(mind: Arc<dyn Mind>) -> (Self, JoinHandle<()>) {
        let (calls, called) = mpsc::channel(MIND_CALLS_MAX);
        (Self { calls: Some(calls) }, tokio::spawn(Desk::new(mind).serve(called)))
    }

    /// Tells something, and goes on. An ask that cannot be taken is answered at once.
    pub fn tell(&self, world: &Arc<World>, call: Call) {
        let Some(calls) = &self.calls else { return };
        let Err(refused) = calls.try_send(Told::Call(world.clone(), call)) else { return };
        tracing::warn!(world = world.name(), "too much is asked of minds at once");
        if let Told::Call(_, Call::Ask { ask, .. }) = refused.into_inner() {
            let word = MindWord::Failed { reason: MindFailure::Busy };
            let (companion, generation) = (ask.companion, ask.generation);
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
}

/// One companion of one world.
type Whose = (usize, ObjectId);

fn whose(world: &Arc<World>, companion: ObjectId) -> Whose {
    (Arc::as_ptr(world).addr(), companion)
}

/// Who thinks about what.
struct Desk {
    mind: Arc<dyn Mind>,
    /// Who lives where, with which mind. A world that is only noted here does not live on, and no
    /// other one comes in its place in memory.
    lives: BTreeMap<Whose, (Weak<World>, String)>,
    thinking: BTreeMap<Whose, (u32, tokio::task::AbortHandle)>,
    tasks: JoinSet<()>,
}

impl Desk {
    fn new(mind: Arc<dyn Mind>) -> Self {
        let (lives, thinking) = (BTreeMap::new(), BTreeMap::new());
        Self { mind, lives, thinking, tasks: JoinSet::new() }
    }

    async fn serve(mut self, mut called: mpsc::Receiver<Told>) {
        loop {
            tokio::select! {
                call = called.recv() => match call {
                    Some(Told::Call(world, call)) => self.take(&world, call),
                    Some(Told::Changed(mind)) => self.changed(&mind),
                    None => return,
                },
                Some(_) = self.tasks.join_next() => {
                    self.thinking.retain(|_, (_, task)| !task.is_finished());
                }
            }
        }
    }

    fn take(&mut self, world: &Arc<World>, call: Call) {
        match call {
            Call::Lives { companion, mind } => {
                self.forget(whose(world, companion));
                self.note(world, companion, mind.as_ref());
                if let Some(mind) = mind {
                    let told = self.introduce(world.clone(), companion, mind);
                    self.tasks.spawn(told);
                }
            }
            Call::Unask { companion, generation } => {
                let whose = whose(world, companion);
                if self.thinking.get(&whose).is_some_and(|(asked, _)| *asked == generation) {
                    self.forget(whose);
                }
            }
            Call::Ask { ask, account } => self.ask(world, *ask, account),
        }
    }

    /// Notes who lives where.
    fn note(&mut self, world: &Arc<World>, companion: ObjectId, mind: Option<&String>) {
        let whose = whose(world, companion);
        let Some(mind) = mind else {
            self.lives.remove(&whose);
            return;
        };
        if self.lives.len() >= LIVES_MAX {
            self.lives.retain(|_, (world, _)| world.strong_count() > 0);
            if self.lives.len() >= LIVES_MAX {
                tracing::warn!(mind, "too many companions: a world will not hear when one changes");
                return;
            }
        }
        self.lives.insert(whose, (Arc::downgrade(world), mind.clone()));
    }

    /// Tells the worlds in which a mind lives.
    fn changed(&mut self, mind: &str) {
        self.lives.retain(|_, (world, _)| world.strong_count() > 0);
        let lives = self.lives.iter().filter(|(_, (_, other))| other == mind);
        let lives = lives.filter_map(|((_, companion), (world, _))| {
            Some(self.introduce(world.upgrade()?, *companion, mind.to_owned()))
        });
        let told: Vec<_> = lives.collect();
        told.into_iter().for_each(|told| {
            self.tasks.spawn(told);
        });
    }

    /// Tells a world what a companion is like.
    fn introduce(
        &self,
        world: Arc<World>,
        companion: ObjectId,
        mind: String,
    ) -> impl Future<Output = ()> + Send + 'static {
        let traits = self.mind.clone().traits(mind.clone());
        async move {
            match traits.await {
                Some(traits) => deliver(world, ToWorld::Traits { companion, traits }).await,
                None => {
                    tracing::warn!(world = world.name(), mind, "nobody knows this mind");
                }
            }
        }
    }

    fn ask(&mut self, world: &Arc<World>, ask: DialogueAsk, account: Option<Arc<str>>) {
        let (companion, generation) = (ask.companion, ask.generation);
        let whose = whose(world, companion);
        self.forget(whose);
        if self.thinking.len() >= THOUGHTS_MAX {
            let word = MindWord::Failed { reason: MindFailure::Busy };
            let told = ToWorld::Mind { companion, generation, word };
            self.tasks.spawn(deliver(world.clone(), told));
            return;
        }
        let speaker = account.map_or(Speaker::Visitor(ask.person.0), Speaker::Account);
        let who = (speaker, world.home().name().to_owned());
        let (mind, world) = (self.mind.clone(), world.clone());
        let task = self.tasks.spawn(async move {
            let (words, mut said) = mpsc::channel(WORDS_AHEAD_MAX);
            let thinks = mind.answer(ask, who, words);
            let speaks = async {
                while let Some(word) = said.recv().await {
                    deliver(world.clone(), ToWorld::Mind { companion, generation, word }).await;
                }
            };
            tokio::join!(thinks, speaks);
        });
        self.thinking.insert(whose, (generation, task));
    }

    fn forget(&mut self, whose: Whose) {
        if let Some((_, task)) = self.thinking.remove(&whose) {
            task.abort();
        }
    }
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
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use futures_util::FutureExt;

    use super::*;
    use crate::worlds::WorldSource;

    /// Everybody is as courageous as it says.
    #[derive(Default)]
    struct Brave(AtomicU8);

    impl Mind for Brave {
        fn traits(self: Arc<Self>, mind: String) -> BoxFuture<'static, Option<Traits>> {
            let courage = self.0.load(Ordering::Relaxed);
            async move { (mind == "ada").then(|| Traits { courage, ..Traits::default() }) }.boxed()
        }

        fn answer(
            self: Arc<Self>,
            _: DialogueAsk,
            _: (Speaker, String),
            _: mpsc::Sender<MindWord>,
        ) -> BoxFuture<'static, ()> {
            async {}.boxed()
        }
    }

    #[tokio::test]
    async fn worlds_hear_when_a_mind_that_lives_there_is_another() {
        let document = serde_json::json!({ "version": 1, "name": "here", "title": "Here",
            "objects": [{ "name": "gate", "properties": { "spawn": {} } }] });
        let source = WorldSource::from_json(document.to_string().into()).unwrap();
        let (world, inbox) = World::new(source);
        let brave = Arc::new(Brave::default());
        let (minds, desk) = Minds::start(brave.clone());
        let lives = |companion, mind: &str| {
            let (companion, mind) = (ObjectId(companion), Some(mind.to_owned()));
            minds.tell(&world, Call::Lives { companion, mind });
        };
        let mut inbox = Some(inbox);
        let mut told = async |count: usize| {
            let messages = inbox.take().expect("it comes back");
            let waits = tokio::task::spawn_blocking(move || {
                let mut told = Vec::new();
                for _ in 0..count {
                    let message = messages.recv_timeout(Duration::from_secs(20)).unwrap();
                    let ToWorld::Traits { companion, traits } = message else { continue };
                    told.push((companion.0, traits.courage));
                }
                told.sort_unstable();
                (messages, told)
            });
            let (messages, told) = waits.await.unwrap();
            inbox = Some(messages);
            told
        };
        for (companion, mind) in [(1, "ada"), (2, "ada"), (3, "ada"), (4, "nobody")] {
            lives(companion, mind);
        }
        assert_eq!(told(3).await, [(1, 0), (2, 0), (3, 0)]);
        lives(2, "nobody");
        minds.tell(&world, Call::Lives { companion: ObjectId(3), mind: None });
        brave.0.store(90, Ordering::Relaxed);
        minds.changed("ada".into()).await;
        minds.changed("nobody".into()).await;
        assert_eq!(told(1).await, [(1, 90)]);
        lives(5, "ada");
        assert_eq!(told(1).await, [(5, 90)], "nobody else was told");
        desk.abort();
    }
}
