//! What happens while a model is asked: somebody is forgotten, or is answered another way.

use tokio::{sync::Notify, task::JoinHandle};

use super::*;

/// What a model does when it is asked.
#[derive(Clone, Copy, Debug)]
enum Beat {
    Fails,
    WaitsAndFails,
    WaitsAndSays(&'static str),
}

/// A model that waits until it is let go on, or says something at once.
#[derive(Debug, Default)]
struct Slow {
    beats: Mutex<VecDeque<Beat>>,
    asked: Mutex<Vec<String>>,
    gate: Arc<Notify>,
    waits: Arc<Notify>,
}

impl Provider for Slow {
    fn ask(&self, ask: Ask) -> Pieces {
        self.asked.lock().unwrap().push(format!("{:?}", ask.request));
        let beat = self.beats.lock().unwrap().pop_front();
        let (gate, waits) = (self.gate.clone(), self.waits.clone());
        stream::once(async move {
            if let Some(Beat::WaitsAndFails | Beat::WaitsAndSays(_)) = beat {
                waits.notify_one();
                gate.notified().await;
            }
            let text = match beat {
                Some(Beat::Fails | Beat::WaitsAndFails) => {
                    return vec![Err(ProviderError::Overloaded { retry_after: None })];
                }
                Some(Beat::WaitsAndSays(text)) => text,
                None => "The moon pulls at the sea.",
            };
            vec![Ok(Piece::Text(text.to_owned())), Ok(Piece::Finished(Finish::Stop))]
        })
        .map(stream::iter)
        .flatten()
        .boxed()
    }
}

fn slow(beats: &[Beat], more: &str, keeping: Arc<dyn Keeping>) -> (Arc<Dialogue>, Arc<Slow>) {
    let (gateway, _) = gateway(more);
    let slow = Arc::new(Slow { beats: Mutex::new(beats.to_vec().into()), ..Slow::default() });
    let providers = BTreeMap::from([("home".to_owned(), slow.clone() as Arc<dyn Provider>)]);
    let gateway = Gateway::with_providers(gateway.settings().clone(), providers).unwrap();
    (with(Some(gateway), keeping), slow)
}

const ONCE: &str = "[retries]\nper_model = 0\n[memory]\nextraction = false\n";

/// Has `a` promised an answer, and thinks about it until a model waits.
async fn promised(end: Beat) -> (Arc<Dialogue>, Arc<Slow>, Promises, JoinHandle<()>) {
    let (guide, slow) = slow(&[Beat::Fails, end], ONCE, Arc::new(Forgetful));
    let told = Promises::default();
    let (answer, _) = say_and_wait(&guide, &account("a"), 1_000, TIDE, &told).await;
    assert!(answer.contains("think about it"), "{answer}");
    let later = guide.clone();
    let thinking = tokio::spawn(async move { later.think_later().await });
    slow.waits.notified().await;
    (guide, slow, told, thinking)
}

#[tokio::test(start_paused = true)]
async fn whoever_is_forgotten_while_a_promise_is_thought_about_is_told_nothing() {
    for end in [Beat::WaitsAndFails, Beat::WaitsAndSays("The moon pulls at the sea.")] {
        let (guide, slow, told, thinking) = promised(end).await;
        guide.forget("guide", "a").await.unwrap();
        slow.gate.notify_one();
        tokio::time::sleep(Duration::from_secs(900)).await;
        assert_eq!(*told.lock().unwrap(), Vec::<String>::new(), "{end:?}");
        assert_eq!(slow.asked.lock().unwrap().len(), 2, "it is asked no more: {end:?}");
        thinking.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_answered_while_a_promise_is_thought_about_is_answered_once() {
    for end in [Beat::WaitsAndFails, Beat::WaitsAndSays("The moon pulls at the sea.")] {
        let (guide, slow, told, thinking) = promised(end).await;
        let (answer, last) = say_and_wait(&guide, &account("a"), 2_000, TIDE, &told).await;
        assert_eq!(answer, "The moon pulls at the sea.");
        assert_eq!(last, MindWord::Done { is_reduced: false });
        slow.gate.notify_one();
        tokio::time::sleep(Duration::from_secs(900)).await;
        assert_eq!(*told.lock().unwrap(), Vec::<String>::new(), "{end:?}");
        assert_eq!(slow.asked.lock().unwrap().len(), 3, "{end:?}");
        thinking.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_learned_of_what_was_forgotten_while_it_was_answered() {
    const TEXT: &str = "My dog Bruno has run away, what shall I do about it?";
    for is_all in [false, true] {
        let shelf = Arc::new(Shelf::default());
        let extracting = "[memory]\nextraction = true\n";
        let beats = [Beat::WaitsAndSays("Call him.")];
        let (guide, slow) = slow(&beats, extracting, shelf.clone());
        let (talks, ana) = (guide.clone(), account("a"));
        let talk = tokio::spawn(async move { say(&talks, &ana, 1_000, TEXT).await });
        slow.waits.notified().await;
        // It waits until the turn is over, and comes before what is learned of it.
        let forgets = guide.clone();
        let forget = tokio::spawn(async move {
            match is_all {
                true => forgets.forget_mind("guide").await,
                false => forgets.forget("guide", "a").await,
            }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        slow.gate.notify_one();
        assert_eq!(talk.await.unwrap().0, "Call him.");
        forget.await.unwrap().unwrap();
        guide.rest().await;
        assert_eq!(slow.asked.lock().unwrap().len(), 1, "no model learns of it");
        assert!(shelf.people.lock().unwrap().is_empty());
        assert!(guide.knows("guide", "a").await.unwrap().memories.is_empty());
    }
}
