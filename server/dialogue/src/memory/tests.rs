//! Stories of remembering, correcting, forgetting and deleting.

use vivarium_contract::companion::Bond;

use super::{embed::Hashed, *};

const DAY_MS: u64 = 24 * 3_600 * 1_000;

fn episode(text: &str, at_ms: u64, importance: u8) -> Episode {
    let (text, about) = (text.to_owned(), PERSON.to_owned());
    Episode { text, at_ms, importance, emotion: Emotion::Calm, about }
}

fn claim(relation: &str, value: &str) -> Claim {
    let (relation, value) = (relation.to_owned(), value.to_owned());
    Claim { subject: PERSON.to_owned(), relation, value, is_over: false }
}

fn told(memory: &Memory, relation: &str) -> Vec<String> {
    let history = memory.history(PERSON, relation).into_iter();
    history
        .map(|fact| {
            let until = fact.valid_to_ms.map_or("now".to_owned(), |ms| ms.to_string());
            format!("{} {}-{until}", fact.value, fact.valid_from_ms)
        })
        .collect()
}

#[test]
fn a_correction_ends_a_fact_and_leaves_its_trace() {
    let mut memory = Memory::default();
    let learn =
        |memory: &mut Memory, claim, at_ms| memory.learn(claim, None, at_ms, &Hashed).unwrap();
    assert!(learn(&mut memory, claim("lives_in", "Paris"), 10));
    assert!(!learn(&mut memory, claim("lives_in", "paris"), 20), "known already");
    assert!(learn(&mut memory, claim("lives_in", "Lyon"), 30));
    assert_eq!(told(&memory, "lives_in"), ["Paris 10-30", "Lyon 30-now"]);
    learn(&mut memory, claim("likes", "tea"), 40);
    learn(&mut memory, claim("likes", "rain"), 50);
    assert_eq!(told(&memory, "likes"), ["tea 40-now", "rain 50-now"]);
    learn(&mut memory, claim("dislikes", "Tea"), 60);
    assert_eq!(told(&memory, "likes"), ["tea 40-60", "rain 50-now"]);
    for correction in memory.corrected(&("lyon".to_owned(), "Nantes".to_owned())) {
        learn(&mut memory, correction, 70);
    }
    assert_eq!(told(&memory, "lives_in"), ["Paris 10-30", "Lyon 30-70", "Nantes 70-now"]);
    let now: Vec<&str> = memory.facts(PERSON).map(|fact| fact.value.as_str()).collect();
    assert_eq!(now, ["rain", "Tea", "Nantes"]);
}

#[test]
fn what_matters_is_found_and_explained() {
    let mut memory = Memory::default();
    let now_ms = 100 * DAY_MS;
    for (text, days_ago, importance) in [
        ("We talked about the weather by the canal", 1, 10),
        ("She told me about her dog Rex, who is ill", 20, 60),
        ("She laughed at my joke", 2, 20),
    ] {
        memory.add_episode(episode(text, now_ms - days_ago * DAY_MS, importance), &Hashed).unwrap();
    }
    let query = Hashed.embed("How is my dog Rex?");
    let found = memory.recall(&query, &Bond::default(), now_ms, 2);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].item.text(), "She told me about her dog Rex, who is ill");
    let parts = found[0].parts;
    assert!(parts.relevance > 0.3 && parts.recency < 0.2 && parts.importance == 0.6, "{parts:?}");
    assert!(memory.recall(&query, &Bond::default(), now_ms, 0).is_empty());
}

#[test]
fn episodes_are_forgotten_before_facts() {
    let mut memory = Memory::default();
    memory.learn(claim("name", "Ana"), None, 0, &Hashed).unwrap();
    for number in 0..20 {
        let importance = if number == 3 { 90 } else { 10 };
        let episode = episode(&format!("day {number}"), number * DAY_MS, importance);
        memory.add_episode(episode, &Hashed).unwrap();
    }
    memory.take_changes();
    memory.forget_beyond(5, 20 * DAY_MS);
    let left: Vec<String> = memory.items().map(|(_, item)| item.text()).collect();
    assert_eq!(left, ["name Ana", "day 3", "day 17", "day 18", "day 19"]);
    assert_eq!(memory.take_changes().deleted.len(), 16);
}

#[test]
fn the_owner_deletes_for_good() {
    let mut memory = Memory::default();
    let source = memory.add_episode(episode("She told me her name", 5, 50), &Hashed).unwrap();
    memory.learn(claim("name", "Ana"), Some(source), 5, &Hashed).unwrap();
    let kept = memory.take_changes().put;
    assert_eq!(kept.len(), 2);
    let mut again = Memory::from_kept(kept, &Hashed).unwrap();
    assert!(again.delete(source) && !again.delete(source));
    let changes = again.take_changes();
    assert_eq!(changes.deleted, [source]);
    assert!(matches!(&changes.put[0].item, Item::Fact(fact) if fact.source.is_none()));
    let query = Hashed.embed("She told me her name");
    let found = again.recall(&query, &Bond::default(), 5, 9);
    assert!(found.iter().all(|recalled| recalled.id != source));
    again.delete_all();
    assert!(again.is_empty() && again.recall(&query, &Bond::default(), 5, 9).is_empty());
}

#[test]
fn bad_memories_are_refused() {
    let mut memory = Memory::default();
    let mut add = |text: &str, importance| {
        memory.add_episode(episode(text, 0, importance), &Hashed).unwrap_err().to_string()
    };
    assert_eq!(add(" ", 1), "`text` is empty");
    assert_eq!(add(&"é".repeat(401), 1), "`text` has 401 characters; 400 are allowed");
    assert_eq!(add("x", 101), "an importance of 101; it goes from 0 to 100");
    let item = Item::Episode(episode("x", 0, 1));
    let twice = vec![Kept { id: MemoryId(1), item, vector: None }; 2];
    assert_eq!(Memory::from_kept(twice, &Hashed).unwrap_err(), MemoryError::NumberTwice(1));
}

#[test]
fn many_small_days_become_one_thought() {
    let mut memory = Memory::default();
    for number in 0..10 {
        memory.add_episode(episode(&format!("tea {number}"), number, 20), &Hashed).unwrap();
    }
    assert_eq!(memory.reflect(5), None, "all are of today");
    let reflection = memory.reflect(2 * DAY_MS).unwrap();
    assert_eq!(reflection.texts.len(), 10);
    memory.replace(&reflection, "She often had tea with me.", &Hashed).unwrap().unwrap();
    let left: Vec<String> = memory.items().map(|(_, item)| item.text()).collect();
    assert_eq!(left, ["She often had tea with me."]);
    assert_eq!(memory.reflect(2 * DAY_MS), None);
}
