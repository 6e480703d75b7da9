//! Where worlds ask the minds of their companions.
//!
//! A world's thread hands over what it asks and goes on at once; what comes back goes into its inbox
//! like everything else. Invariant: nothing here holds up a world. What is too much is refused, in
//! words that the world understands.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, JoinSet},
};
use vivarium_contract::companion::{DialogueAsk, MindFailure, MindWord, Traits};
use vivarium_dialogue::service::{Caller, Speaker, Tell};
use vivarium_protocol::ids::{ObjectId, PersonId};

pub mod thinking;

use crate::{
    limits::{MIND_CALLS_MAX, THOUGHTS_MAX, WORDS_AHEAD_MAX},
    routing::ToWorld,
    worlds::World,
};

/// What thinks for companions.
pub trait Mind: Send + Sync + 'static {
    /// What a companion is like; none: nobody knows it.
    fn traits(self: Arc<Self>, mind: String) -> BoxFuture<'static, Option<Traits>>;

    /// What it says and does, in pieces. The last word is [`MindWord::Done`] or [`MindWord::Failed`].
    /// Whoever drops it waits for no more.
    fn answer(
        self: Arc<Self>,
        ask: DialogueAsk,
        caller: Caller,
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

/// Where worlds tell it.
#[derive(Clone, Debug)]
pub struct Minds {
    calls: Option<mpsc::Sender<(Arc<World>, Call)>>,
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
        let refused = match calls.try_send((world.clone(), call)) {
            Ok(()) => return,
            Err(error) => error.into_inner().1,
        };
        tracing::warn!(world = world.name(), "too much is asked of minds at once");
        if let Call::Ask { ask, .. } = refused {
            let word = MindWord::Failed { reason: MindFailure::Busy };
            let (companion, generation) = (ask.companion, ask.generation);
            // If the inbox is full as well, the world finds out by its own patience.
            let _ = world.send(ToWorld::Mind { companion, generation, word });
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
    thinking: BTreeMap<Whose, (u32, tokio::task::AbortHandle)>,
    tasks: JoinSet<()>,
}

impl Desk {
    fn new(mind: Arc<dyn Mind>) -> Self {
        Self { mind, thinking: BTreeMap::new(), tasks: JoinSet::new() }
    }

    async fn serve(mut self, mut called: mpsc::Receiver<(Arc<World>, Call)>) {
        loop {
            tokio::select! {
                call = called.recv() => match call {
                    Some((world, call)) => self.take(&world, call),
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
        let tell = tells(world, companion, ask.person);
        let caller = Caller { speaker, world: world.home().name().to_owned(), tell };
        let (mind, world) = (self.mind.clone(), world.clone());
        let task = self.tasks.spawn(async move {
            let (words, mut said) = mpsc::channel(WORDS_AHEAD_MAX);
            let thinks = mind.answer(ask, caller, words);
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
