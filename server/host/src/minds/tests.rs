//! What worlds tell of companions is never lost, and what these think of newcomers is told.

use std::sync::{
    atomic::{AtomicU8, Ordering},
    mpsc::Receiver,
};

use futures_util::FutureExt;
use vivarium_contract::companion::Perception;

use super::*;
use crate::{
    puppet,
    worlds::{WorldSource, Worlds},
};

const NIA: ObjectId = ObjectId(2);
const ANA: PersonId = PersonId(1);

/// Knows Nia, and Ana.
#[derive(Debug)]
struct Simple;

impl Mind for Simple {
    fn traits(self: Arc<Self>, mind: String) -> BoxFuture<'static, Option<Traits>> {
        let openness = mind.len() as u8;
        async move { Some(Traits { openness, ..Traits::default() }) }.boxed()
    }

    fn bond(self: Arc<Self>, mind: String, speaker: Speaker) -> BoxFuture<'static, Option<Bond>> {
        let is_known = mind == "nia" && speaker == Speaker::Account("ana".into());
        async move { is_known.then(|| Bond { warmth: 60, ..Bond::default() }) }.boxed()
    }

    fn answer(
        self: Arc<Self>,
        _: DialogueAsk,
        _: Asker,
        _: mpsc::Sender<MindWord>,
    ) -> BoxFuture<'static, ()> {
        async {}.boxed()
    }
}

fn court() -> (Arc<Worlds>, Arc<World>, Receiver<ToWorld>) {
    let (worlds, mut inboxes) = puppet::worlds(&["court"]);
    let world = worlds.all().swap_remove(0);
    (worlds, world, inboxes.swap_remove(0))
}

/// What the world is told next.
async fn told(inbox: &Receiver<ToWorld>) -> ToWorld {
    for _ in 0..10_000 {
        if let Ok(told) = inbox.try_recv() {
            return told;
        }
        tokio::task::yield_now().await;
    }
    panic!("the world is told nothing")
}

#[tokio::test]
async fn who_lives_in_a_world_is_told_however_much_is_asked() {
    let (_worlds, world, inbox) = court();
    let (minds, serving) = Minds::start(Arc::new(Simple), Arc::default());
    // Nobody looks at it before this task waits.
    for generation in 0..=u32::try_from(MIND_CALLS_MAX).unwrap() {
        minds.tell(&world, Call::Unask { companion: NIA, generation });
    }
    minds.lives(&world, NIA, Some("somebody".into()));
    minds.lives(&world, NIA, Some("nia".into()));
    let ToWorld::Traits { companion: NIA, traits } = told(&inbox).await else {
        panic!("something else is told")
    };
    assert_eq!(traits.openness, 3, "of the newest mind");
    assert!(inbox.try_recv().is_err(), "and of no other");
    serving.abort();
}

#[tokio::test]
async fn a_world_is_told_what_its_companions_think_of_whoever_comes() {
    let (_worlds, world, inbox) = court();
    let (minds, serving) = Minds::start(Arc::new(Simple), Arc::default());
    for (companion, mind) in [(NIA, "nia"), (ObjectId(3), "max"), (ObjectId(4), "nia")] {
        minds.lives(&world, companion, Some(mind.into()));
    }
    minds.lives(&world, ObjectId(4), None);
    for account in ["bo", "ana"] {
        minds.tell(&world, Call::Met { person: ANA, account: account.into() });
    }
    loop {
        match told(&inbox).await {
            ToWorld::Traits { .. } => {}
            ToWorld::Bond { companion, person, bond } => {
                assert_eq!((companion, person, bond.warmth), (NIA, ANA, 60));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(inbox.try_recv().is_err(), "nobody else knows her, and she is told once");
    serving.abort();
}

#[tokio::test]
async fn a_world_is_told_whom_its_companions_know_no_longer() {
    let (_worlds, world, inbox) = court();
    let (minds, serving) = Minds::start(Arc::new(Simple), Arc::default());
    for (companion, mind) in [(NIA, "nia"), (ObjectId(3), "max"), (ObjectId(4), "gone")] {
        minds.lives(&world, companion, Some(mind.into()));
    }
    minds.forgotten("nia".into(), Some("ana".into())).await;
    minds.forgotten("max".into(), None).await;
    let (mut forgotten, mut introduced) = (Vec::new(), Vec::new());
    while forgotten.len() < 2 || introduced.len() < 3 {
        match told(&inbox).await {
            ToWorld::Traits { companion, traits } => introduced.push((companion, traits.openness)),
            ToWorld::Forgotten { companion, account } => forgotten.push((companion, account)),
            other => panic!("{other:?}"),
        }
    }
    forgotten.sort();
    assert_eq!(forgotten, [(NIA, Some("ana".into())), (ObjectId(3), None)]);
    serving.abort();
}

/// Everybody is as courageous as it says.
#[derive(Default)]
struct Brave(AtomicU8);

impl Mind for Brave {
    fn traits(self: Arc<Self>, mind: String) -> BoxFuture<'static, Option<Traits>> {
        let courage = self.0.load(Ordering::Relaxed);
        async move { (mind == "ada").then(|| Traits { courage, ..Traits::default() }) }.boxed()
    }

    fn bond(self: Arc<Self>, _: String, _: Speaker) -> BoxFuture<'static, Option<Bond>> {
        async { None }.boxed()
    }

    fn answer(
        self: Arc<Self>,
        _: DialogueAsk,
        _: Asker,
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
    let (minds, desk) = Minds::start(brave.clone(), Arc::default());
    let lives = |companion, mind: &str| {
        let (companion, mind) = (ObjectId(companion), Some(mind.to_owned()));
        minds.lives(&world, companion, mind);
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
    // Whom nobody knows is nobody in particular.
    let plain = Traits::default().courage;
    assert_eq!(told(4).await, [(1, 0), (2, 0), (3, 0), (4, plain)]);
    lives(2, "nobody");
    assert_eq!(told(1).await, [(2, plain)]);
    minds.lives(&world, ObjectId(3), None);
    brave.0.store(90, Ordering::Relaxed);
    minds.changed("ada".into()).await;
    minds.changed("nobody".into()).await;
    assert_eq!(told(3).await, [(1, 90), (2, plain), (4, plain)]);
    lives(5, "ada");
    assert_eq!(told(1).await, [(5, 90)], "nobody else was told");
    desk.abort();
}

/// Breaks when it is asked.
#[derive(Debug)]
struct Fragile;

impl Mind for Fragile {
    fn traits(self: Arc<Self>, _: String) -> BoxFuture<'static, Option<Traits>> {
        async { None }.boxed()
    }

    fn bond(self: Arc<Self>, _: String, _: Speaker) -> BoxFuture<'static, Option<Bond>> {
        async { None }.boxed()
    }

    fn answer(
        self: Arc<Self>,
        _: DialogueAsk,
        _: Asker,
        _: mpsc::Sender<MindWord>,
    ) -> BoxFuture<'static, ()> {
        async { panic!("a fault of ours") }.boxed()
    }
}

#[tokio::test]
async fn whoever_asked_is_told_when_a_mind_breaks() {
    let (_worlds, world, inbox) = court();
    let (minds, serving) = Minds::start(Arc::new(Fragile), Arc::default());
    let ask = Box::new(DialogueAsk {
        companion: NIA,
        mind: "nia".into(),
        name: "Nia".into(),
        generation: 7,
        person: ANA,
        person_name: "Ana".into(),
        text: "Hello".into(),
        perception: Perception::default(),
    });
    minds.tell(&world, Call::Ask { ask, account: None });
    let ToWorld::Mind { companion, generation, word } = told(&inbox).await else {
        panic!("it is told something else")
    };
    assert_eq!((companion, generation), (NIA, 7));
    assert_eq!(word, MindWord::Failed { reason: MindFailure::Broken });
    serving.abort();
}
