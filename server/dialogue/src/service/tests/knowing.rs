//! What is read, set right and deleted of what a companion knows; and minds that come, change and go.

use super::*;
use crate::{
    prompt::Said,
    service::{
        knowing::{Kind, KnowingError, Knowledge, Told},
        preview::Preview,
    },
};

fn memories(knowledge: &Knowledge) -> Vec<(Kind, &str)> {
    knowledge.memories.iter().map(|told| (told.kind, told.text.as_str())).collect()
}

async fn told(dialogue: &Dialogue, kind: Kind, text: &str) -> Told {
    let known = dialogue.knows("guide", "a").await.unwrap();
    let mut all = known.memories.into_iter();
    all.find(|told| told.kind == kind && told.text.contains(text)).expect(text)
}

#[tokio::test(start_paused = true)]
async fn what_is_set_right_is_said_and_what_is_deleted_comes_back_with_nothing() {
    let shelf = Arc::new(Shelf::default());
    let (guide, ana) = (dialogue(shelf.clone()), account("a"));
    say(&guide, &ana, 1_000, "My dog is called Bruno.").await;
    let fact = told(&guide, Kind::Fact, "Bruno").await;
    assert_eq!(guide.correct("guide", "b", fact.id, "Rex").await, Err(KnowingError::NoMemory));
    let corrected = guide.correct("guide", "a", fact.id, "Rex").await.unwrap();
    assert_eq!(guide.correct("guide", "a", fact.id, "Tim").await, Err(KnowingError::Ended));
    assert!(told(&guide, Kind::Fact, "Bruno").await.until_ms.is_some());
    let (answer, _) = say(&guide, &ana, 2_000, "What do you remember about me?").await;
    assert!(answer.contains("Rex") && !answer.contains("Bruno"), "{answer}");

    // While nothing can be kept, what waits has what is to go.
    *shelf.is_broken.lock().unwrap() = true;
    say(&guide, &ana, 3_000, "I live in Lyon.").await;
    for (kind, text) in [(Kind::Fact, "Lyon"), (Kind::Episode, "Lyon")] {
        let id = told(&guide, kind, text).await.id;
        let refused = guide.delete("guide", "a", id).await;
        assert!(matches!(refused, Err(KnowingError::NotKept(_))), "{refused:?}");
    }
    *shelf.is_broken.lock().unwrap() = false;
    guide.delete("guide", "a", corrected).await.unwrap();
    assert_eq!(guide.delete("guide", "a", corrected).await, Err(KnowingError::NoMemory));
    say(&guide, &ana, 4_000, "It rained the whole day in the mountains.").await;
    for who in [guide, dialogue(shelf)] {
        let known = who.knows("guide", "a").await.unwrap();
        let all = memories(&known);
        assert!(all.iter().all(|(_, text)| !text.contains("Lyon") && *text != "Rex"), "{all:?}");
        assert!(all.iter().any(|(_, text)| text.contains("rained")), "{all:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_forgotten_is_a_stranger_and_nobody_else_is() {
    let shelf = Arc::new(Shelf::default());
    let (guide, ana, bo) = (dialogue(shelf.clone()), account("a"), account("b"));
    say(&guide, &ana, 1_000, "My dog is called Bruno.").await;
    say(&guide, &bo, 1_000, "My cat is called Minka.").await;
    *shelf.is_broken.lock().unwrap() = true;
    say(&guide, &ana, 2_000, "I live in Lyon.").await;
    assert!(guide.forget("guide", "a").await.is_err());
    *shelf.is_broken.lock().unwrap() = false;
    assert!(!guide.knows("guide", "a").await.unwrap().memories.is_empty());
    guide.forget("guide", "a").await.unwrap();
    guide.forget("guide", "nobody").await.unwrap();
    for who in [guide, dialogue(shelf)] {
        assert!(who.knows("guide", "a").await.unwrap().memories.is_empty());
        let (answer, _) = say(&who, &ana, 3_000, "What do you remember about me?").await;
        assert!(!answer.contains("Bruno") && !answer.contains("Lyon"), "{answer}");
        let (answer, _) = say(&who, &bo, 3_000, "What do you remember about me?").await;
        assert!(answer.contains("Minka"), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_just_being_answered_waits_only_so_long() {
    let guide = dialogue(Arc::new(Shelf::default()));
    let ana = account("a");
    say(&guide, &ana, 1_000, "My dog is called Bruno.").await;
    let id = told(&guide, Kind::Fact, "Bruno").await.id;
    let shared = guide.acquaintance("guide", &ana, 9);
    let turn = shared.lock().await;
    assert_eq!(guide.correct("guide", "a", id, "Rex").await, Err(KnowingError::Busy));
    assert_eq!(guide.delete("guide", "a", id).await, Err(KnowingError::Busy));
    assert_eq!(guide.forget("guide", "a").await, Err(KnowingError::Busy));
    assert_eq!(guide.forget_mind("guide").await, Err(KnowingError::Busy));
    assert!(guide.traits("guide").await.is_some());
    drop(turn);
    guide.delete("guide", "a", id).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn strangers_who_look_take_no_place_from_those_who_are_known() {
    let guide = dialogue(Arc::new(Forgetful));
    say(&guide, &Speaker::Visitor(1), 1_000, "My dog is called Bruno.").await;
    for number in 0..super::super::ACQUAINTANCES_MAX + 1 {
        let stranger = number.to_string();
        assert!(guide.knows("guide", &stranger).await.unwrap().memories.is_empty());
        guide.forget("guide", &stranger).await.unwrap();
    }
    let (answer, _) = say(&guide, &Speaker::Visitor(1), 2_000, "Who am I to you?").await;
    assert!(!answer.is_empty());
    assert_eq!(guide.known().acquaintances.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_mind_of_the_store_is_somebody_changes_and_ends() {
    let shelf = Arc::new(Shelf::default());
    let (who, ana) = (dialogue(shelf.clone()), account("a"));
    let unknown = MindWord::Failed { reason: MindFailure::Unknown };
    assert_eq!(say_to(&who, "ada", (&ana, &Promises::default()), 1_000, "Hello!").await.1, unknown);
    let put = |name: &str, mind: &str| {
        let jester = templates::template("jester").unwrap().unwrap();
        let persona = Persona { name: name.into(), ..jester };
        shelf.personas.lock().unwrap().insert(mind.into(), persona);
    };
    put("Ada", "ada");
    put("Thief", "guide");
    who.renew("guide").await;
    assert_eq!(who.persona("guide").await.unwrap().name, "Nia", "it came with the server");
    let (answer, _) =
        say_to(&who, "ada", (&ana, &Promises::default()), 2_000, "Who are you?").await;
    assert!(answer.contains("Ada"), "{answer}");
    put("Eve", "ada");
    who.renew("ada").await;
    let (answer, _) =
        say_to(&who, "ada", (&ana, &Promises::default()), 3_000, "What is your name?").await;
    assert!(answer.contains("Eve"), "{answer}");
    say_to(&who, "ada", (&ana, &Promises::default()), 4_000, "My dog is called Bruno.").await;
    assert!(!who.knows("ada", "a").await.unwrap().memories.is_empty());
    who.forget_mind("ada").await.unwrap();
    assert_eq!(say_to(&who, "ada", (&ana, &Promises::default()), 5_000, "Hello!").await.1, unknown);
    assert_eq!(who.traits("ada").await, None);
    put("Ada", "ada");
    who.renew("ada").await;
    let (answer, _) =
        say_to(&who, "ada", (&ana, &Promises::default()), 6_000, "What do you remember about me?")
            .await;
    assert!(!answer.contains("Bruno"), "{answer}");
    assert!(shelf.people.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_preview_is_answered_is_counted_and_leaves_nothing() {
    let (gateway, parrot) = gateway("[limits.messages_per_hour]\nregistered = 2\n");
    let shelf = Arc::new(Shelf::default());
    let guide = with(Some(gateway), shelf.clone());
    NOW_MS.set(1_000);
    let jester = templates::template("jester").unwrap().unwrap();
    let mut ends = Vec::new();
    for _ in 0..3 {
        let preview = Preview {
            persona: Persona { name: "Ada".into(), ..jester.clone() },
            person_name: "Ana".into(),
            text: "I have lost my brother, what shall I do?".into(),
            recent: vec![Said { by: By::Person, text: "I come from the sea.".into() }],
        };
        let (words, mut said) = mpsc::channel(64);
        guide.preview(preview, (account("a"), "court".into()), words).await;
        while let Some(word) = said.recv().await {
            if matches!(word, MindWord::Done { .. } | MindWord::Failed { .. }) {
                ends.push(word);
            }
        }
    }
    let [first, second, third] = &ends[..] else { panic!("{ends:?}") };
    assert_eq!([first, second], [&MindWord::Done { is_reduced: false }; 2]);
    assert!(matches!(third, MindWord::Failed { reason: MindFailure::OverLimit { .. } }));
    let asked = parrot.0.lock().unwrap();
    assert!(asked[0].contains("I come from the sea.") && asked[0].contains("Ada"), "{asked:?}");
    assert!(guide.known().acquaintances.is_empty() && shelf.people.lock().unwrap().is_empty());
}
