//! What minds are and know, over every adapter, and through the writer.

use std::sync::mpsc::sync_channel;

use vivarium_contract::saving::MindTurn;
use vivarium_store::{
    adapters::sqlite::SqliteStore,
    keeper::{Keeper, SaveError},
    limits::{
        AUTHOR_BYTES_MAX, LISTED_MAX, MEMORIES_MAX, MEMORY_BYTES_MAX, PERSON_BYTES_MAX,
        PERSONA_BYTES_MAX, PERSONAS_MAX, STATE_BYTES_MAX, TIE_BYTES_MAX, TURN_BYTES_MAX,
        TURNS_PER_GROUP_MAX, TURNS_QUEUED_MAX,
    },
    port::{
        StoreError, WorldStore,
        minds::{
            Acquaintance, KnownMind, KnownPerson, ListedMind, MindStore, NewPersona, PersonaVersion,
        },
    },
};

use crate::{batch, conformance::each};

/// A turn in which somebody is remembered.
pub fn turn(mind: &str, person: &str, ids: impl IntoIterator<Item = u64>) -> MindTurn {
    MindTurn {
        mind: mind.into(),
        person: Some(person.into()),
        remembered: ids.into_iter().map(|id| (id, memory(id))).collect(),
        ..MindTurn::default()
    }
}

/// A turn that says only how a mind is.
fn mood(mind: &str, state: &[u8]) -> MindTurn {
    MindTurn { mind: mind.into(), state: Some(state.to_owned()), ..MindTurn::default() }
}

fn memory(id: u64) -> Vec<u8> {
    format!("{{\"said\":{id}}}").into_bytes()
}

fn new(persona: &[u8], at_ms: u64) -> NewPersona<'_> {
    NewPersona { persona, author: "ana Ana", at_ms, owner: "" }
}

fn known(store: &mut dyn MindStore, mind: &str, person: &str) -> Option<Acquaintance> {
    store.load_acquaintance(mind, person).unwrap()
}

fn ids(store: &mut dyn MindStore, mind: &str, person: &str) -> Vec<u64> {
    let memories = known(store, mind, person).unwrap_or_default().memories;
    memories.iter().for_each(|(id, content)| assert_eq!(*content, memory(*id)));
    memories.into_iter().map(|(id, _)| id).collect()
}

fn listed(store: &mut dyn MindStore) -> Vec<String> {
    store.list_minds("", 99).unwrap().into_iter().map(|mind| mind.name).collect()
}

#[test]
fn a_persona_has_versions_and_one_returns_to_an_earlier_by_a_new_one() {
    each(|mut store| {
        let store = store.minds();
        assert_eq!(store.load_mind("nia").unwrap(), None);
        let owned = NewPersona { owner: "ana", ..new(b"first", 5) };
        assert_eq!(store.put_persona("nia", owned), Ok(1));
        assert_eq!(store.put_persona("nia", new(b"second", 6)), Ok(2));
        assert_eq!(store.put_persona("rook", new(b"other", u64::from(u32::MAX) * 9)), Ok(1));
        let version = |number, at_ms| PersonaVersion { number, at_ms, author: "ana Ana".into() };
        let mind = KnownMind {
            owner: "ana".into(),
            state: None,
            persona: Some((version(2, 6), b"second".to_vec())),
        };
        assert_eq!(store.load_mind("nia").unwrap().as_ref(), Some(&mind), "it stays ana's");

        assert_eq!(store.return_to_persona("nia", 1, "bo", 7), Ok(Some(3)));
        for unknown in [0, 4, u64::MAX] {
            assert_eq!(store.return_to_persona("nia", unknown, "bo", 8), Ok(None));
            assert_eq!(store.persona("nia", unknown), Ok(None));
        }
        let third = PersonaVersion { author: "bo".into(), ..version(3, 7) };
        let all = [third.clone(), version(2, 6), version(1, 5)];
        assert_eq!(store.personas("nia").unwrap(), all);
        assert_eq!(store.persona("nia", 3), Ok(Some((third.clone(), b"first".to_vec()))));
        assert_eq!(store.persona("nia", 2), Ok(Some((version(2, 6), b"second".to_vec()))));
        let counts = store.load_mind("nia").unwrap().unwrap().persona;
        assert_eq!(counts, Some((third, b"first".to_vec())));
        assert_eq!(store.personas("rook").unwrap(), [version(1, u64::from(u32::MAX) * 9)]);

        let given = NewPersona { owner: "bo", ..new(b"third", 9) };
        assert_eq!(store.put_persona("nia", given), Ok(4));
        assert_eq!(store.load_mind("nia").unwrap().unwrap().owner, "bo");
    });
}

#[test]
fn of_too_many_versions_of_a_persona_the_oldest_goes() {
    each(|mut store| {
        let store = store.minds();
        store.put_persona("rook", new(b"kept", 0)).unwrap();
        for number in 1..=PERSONAS_MAX + 2 {
            assert_eq!(store.put_persona("nia", new(b"again", number)), Ok(number));
        }
        let numbers = store.personas("nia").unwrap().into_iter().map(|version| version.number);
        let expected: Vec<u64> = (3..=PERSONAS_MAX + 2).rev().collect();
        assert_eq!(numbers.collect::<Vec<_>>(), expected);
        assert_eq!(store.return_to_persona("nia", 2, "ana", 1), Ok(None), "it is gone");
        assert_eq!(store.personas("rook").unwrap().len(), 1);
    });
}

#[test]
fn a_turn_is_kept_with_all_that_it_says() {
    each(|mut store| {
        let store = store.minds();
        assert_eq!(known(store, "nia", "ana"), None, "nobody knows of a mind");
        // A mind whose persona is not kept here.
        let whole = MindTurn {
            state: Some(b"calm".to_vec()),
            tie: Some(b"friend".to_vec()),
            ..turn("nia", "ana", [7, 300, 2, i64::MAX as u64])
        };
        store.keep_turns(std::slice::from_ref(&whole)).unwrap();
        let mind = KnownMind { owner: String::new(), state: whole.state, persona: None };
        assert_eq!(store.load_mind("nia").unwrap(), Some(mind.clone()));
        assert_eq!(store.personas("nia").unwrap(), []);
        let knows = |ids: &[u64]| Acquaintance {
            tie: Some(b"friend".to_vec()),
            memories: ids.iter().map(|id| (*id, memory(*id))).collect(),
        };
        let all = knows(&[2, 7, 300, i64::MAX as u64]);
        assert_eq!(known(store, "nia", "ana"), Some(all), "in the order of their numbers");

        // What a turn does not say stays as it was. Those that go, go first; the last word counts.
        let mut second = turn("nia", "ana", [8, 300]);
        second.remembered.insert(0, (8, b"an earlier word".to_vec()));
        second.forgotten = vec![7, 300, i64::MAX as u64, 9_999];
        store.keep_turns(&[second, mood("rook", b"")]).unwrap();
        assert_eq!(known(store, "nia", "ana"), Some(knows(&[2, 8, 300])));
        assert_eq!(store.load_mind("nia").unwrap(), Some(mind));
        let rook = store.load_mind("rook").unwrap().unwrap();
        assert_eq!((rook.state, rook.persona), (Some(Vec::new()), None));
        let listed = KnownPerson { person: "ana".into(), memories: 3 };
        assert_eq!(store.people_of("nia", "", 9).unwrap(), [listed]);
        assert_eq!(known(store, "nia", "bo"), None);
        assert_eq!(known(store, "rook", "ana"), None, "every mind knows for itself");

        // Changed, and known by a tie alone; whoever is only to be forgotten stays unknown.
        let changed = MindTurn { remembered: vec![(2, Vec::new())], ..turn("nia", "ana", []) };
        let tied = MindTurn { tie: Some(b"stranger".to_vec()), ..turn("nia", "bo", []) };
        let nobody = MindTurn { forgotten: vec![1], ..turn("nia", "cy", []) };
        store.keep_turns(&[changed, tied, nobody, turn("nia", "di", [])]).unwrap();
        assert_eq!(known(store, "nia", "ana").unwrap().memories[0], (2, Vec::new()));
        let bo = Acquaintance { tie: Some(b"stranger".to_vec()), memories: Vec::new() };
        assert_eq!(known(store, "nia", "bo"), Some(bo));
        let people = store.people_of("nia", "", 9).unwrap();
        let counts = people.iter().map(|known| (known.person.as_str(), known.memories));
        assert_eq!(counts.collect::<Vec<_>>(), [("ana", 3), ("bo", 0)]);
        // A persona may come later.
        assert_eq!(store.put_persona("rook", NewPersona { owner: "bo", ..new(b"{}", 1) }), Ok(1));
        let rook = store.load_mind("rook").unwrap().unwrap();
        assert_eq!((rook.owner.as_str(), rook.state), ("bo", Some(Vec::new())));
    });
}

#[test]
fn turns_are_kept_all_or_none_and_too_many_memories_are_refused() {
    each(|mut store| {
        let store = store.minds();
        store.keep_turns(&[mood("nia", b"calm"), turn("nia", "ana", [1])]).unwrap();
        let stray = MindTurn { person: None, ..turn("nia", "", [3]) };
        let group = [mood("nia", b"wild"), turn("nia", "ana", [2]), turn("rook", "bo", [1]), stray];
        let unfit = store.keep_turns(&group).unwrap_err();
        assert!(matches!(&unfit, StoreError::Unfit(text) if text.contains("whom")), "{unfit}");

        // Just as many as there may be, over several turns of one group.
        let page = |from: u64, to: u64| turn("nia", "cy", from..to);
        let half = MEMORIES_MAX / 2;
        store.keep_turns(&[page(0, half), page(half, MEMORIES_MAX)]).unwrap();
        let mut exchange = page(MEMORIES_MAX, MEMORIES_MAX + 2);
        exchange.forgotten = vec![0, 1];
        let over = page(MEMORIES_MAX + 2, MEMORIES_MAX + 3);
        let group = [mood("nia", b"wild"), turn("nia", "ana", [2]), exchange.clone(), over];
        let full = store.keep_turns(&group).unwrap_err();
        assert!(matches!(&full, StoreError::TooMany(text) if text.contains("12000")), "{full}");
        assert!(!full.is_final() && full.is_of_one());

        let nia = store.load_mind("nia").unwrap().unwrap();
        assert_eq!(nia.state, Some(b"calm".to_vec()));
        assert_eq!(listed(store), ["nia"]);
        assert_eq!(ids(store, "nia", "ana"), [1]);
        assert_eq!(ids(store, "nia", "cy"), (0..MEMORIES_MAX).collect::<Vec<_>>());
        store.keep_turns(&[page(5, 9), exchange]).unwrap();
        assert_eq!(ids(store, "nia", "cy"), (2..MEMORIES_MAX + 2).collect::<Vec<_>>());
    });
}

#[test]
fn what_is_forgotten_is_gone() {
    each(|mut store| {
        let store = store.minds();
        let of_all = ["ana", "bo"]
            .map(|person| MindTurn { tie: Some(person.into()), ..turn("nia", person, 1..=5_000) });
        store.keep_turns(&of_all).unwrap();
        store.keep_turns(&[turn("rook", "ana", [1]), mood("nia", b"calm")]).unwrap();
        store.put_persona("nia", new(b"{}", 1)).unwrap();
        assert_eq!(ids(store, "nia", "bo"), (1..=5_000).collect::<Vec<_>>());

        assert_eq!(store.forget("nia", "ana"), Ok(true));
        assert_eq!(store.forget("nia", "ana"), Ok(false), "there is nothing any more");
        assert_eq!(known(store, "nia", "ana"), None);
        assert_eq!(ids(store, "nia", "bo").len(), 5_000);
        assert_eq!(ids(store, "rook", "ana"), [1], "what another knows is not its matter");
        store.keep_turns(&[turn("nia", "ana", [3])]).unwrap();
        let anew = Acquaintance { tie: None, memories: vec![(3, memory(3))] };
        assert_eq!(known(store, "nia", "ana"), Some(anew));

        assert_eq!(store.forget_mind("nia"), Ok(true));
        assert_eq!(store.forget_mind("nia"), Ok(false));
        assert_eq!(store.load_mind("nia").unwrap(), None);
        assert_eq!((known(store, "nia", "ana"), known(store, "nia", "bo")), (None, None));
        assert_eq!(listed(store), ["rook"]);
        assert_eq!(store.put_persona("nia", new(b"{}", 2)), Ok(1), "it begins anew");
        assert_eq!(store.people_of("nia", "", 9), Ok(Vec::new()));
        assert_eq!(store.load_mind("nia").unwrap().unwrap().state, None);
    });
}

#[test]
fn lists_are_in_order_and_given_in_pages() {
    each(|mut store| {
        let store = store.minds();
        for name in ["rook", "nia", "a-1", "ab", "9"] {
            store.put_persona(name, NewPersona { owner: name, ..new(b"{}", 1) }).unwrap();
        }
        let mind = |name: &str| ListedMind { name: name.into(), owner: name.into() };
        assert_eq!(store.list_minds("", 3).unwrap(), ["9", "a-1", "ab"].map(mind));
        assert_eq!(store.list_minds("ab", 9).unwrap(), ["nia", "rook"].map(mind));
        assert_eq!(store.list_minds("lee", 1).unwrap(), ["nia"].map(mind), "one need not be there");

        let people = (0..=LISTED_MAX).map(|number| format!("{number:04}"));
        let turns: Vec<_> = people.clone().map(|person| turn("nia", &person, [1, 2])).collect();
        store.keep_turns(&turns).unwrap();
        store.keep_turns(&["é", "Zoe", "ana bo"].map(|name| turn("rook", name, [1]))).unwrap();
        let names = |people: Vec<KnownPerson>| {
            people.into_iter().map(|known| known.person).collect::<Vec<_>>()
        };
        let most = names(store.people_of("nia", "", u32::MAX).unwrap());
        assert_eq!(most, people.take(LISTED_MAX as usize).collect::<Vec<_>>());
        assert_eq!(names(store.people_of("nia", "0999", 9).unwrap()), ["1000"]);
        assert_eq!(names(store.people_of("rook", "", 9).unwrap()), ["Zoe", "ana bo", "é"]);
        assert_eq!(names(store.people_of("rook", "Zoe", 1).unwrap()), ["ana bo"]);
    });
}

fn unfit<T: std::fmt::Debug>(told: Result<T, StoreError>) {
    let error = told.unwrap_err();
    assert!(matches!(error, StoreError::Unfit(_)) && !error.is_final(), "{error}");
}

#[test]
fn unknown_minds_are_told_and_bad_names_and_sizes_refused() {
    each(|mut store| {
        let store = store.minds();
        let nobody = Err(StoreError::NoMind("nobody".into()));
        assert_eq!(store.personas("nobody").map(drop), nobody);
        assert_eq!(store.persona("nobody", 1).map(drop), nobody);
        assert_eq!(store.return_to_persona("nobody", 1, "ana", 1).map(drop), nobody);
        assert_eq!(store.people_of("nobody", "", 9).map(drop), nobody);
        assert_eq!(
            (store.forget("nobody", "ana"), store.forget_mind("nobody")),
            (Ok(false), Ok(false))
        );

        let long = "a".repeat(33);
        for name in ["", "Nia", "nia!", "né", "a b", "nia\0", &long] {
            unfit(store.load_mind(name));
            unfit(store.put_persona(name, new(b"", 1)));
            unfit(store.personas(name));
            unfit(store.persona(name, 1));
            unfit(store.return_to_persona(name, 1, "ana", 1));
            unfit(store.load_acquaintance(name, "ana"));
            unfit(store.people_of(name, "", 1));
            unfit(store.keep_turns(&[mood(name, b"")]));
            unfit(store.forget(name, "ana"));
            unfit(store.forget_mind(name));
        }
        unfit(store.list_minds("nia\0", 1));
        store.put_persona(&"a".repeat(32), new(b"", 1)).unwrap();
        store.put_persona("nia", new(&vec![b' '; PERSONA_BYTES_MAX], 1)).unwrap();
        let long = "a".repeat(PERSON_BYTES_MAX + 1);
        for person in ["", "two\nlines", "ana\0", &long] {
            unfit(store.load_acquaintance("nia", person));
            unfit(store.keep_turns(&[turn("nia", person, [1])]));
            unfit(store.forget("nia", person));
        }
        unfit(store.people_of("nia", &long, 1));
        let long = "a".repeat(AUTHOR_BYTES_MAX + 1);
        unfit(store.put_persona("nia", NewPersona { author: &long, ..new(b"", 1) }));
        unfit(store.put_persona("nia", NewPersona { owner: "ana\0", ..new(b"", 1) }));
        unfit(store.put_persona("nia", new(&vec![b' '; PERSONA_BYTES_MAX + 1], 1)));
        unfit(store.return_to_persona("nia", 1, &long, 1));
        assert_eq!(store.personas("nia").unwrap().len(), 1);

        let most = MindTurn {
            state: Some(vec![1; STATE_BYTES_MAX]),
            tie: Some(vec![2; TIE_BYTES_MAX]),
            remembered: vec![(0, vec![0; MEMORY_BYTES_MAX])],
            ..turn("nia", &"b".repeat(PERSON_BYTES_MAX), [])
        };
        store.keep_turns(std::slice::from_ref(&most)).unwrap();
        let large = |bytes: usize| Some(vec![0; bytes + 1]);
        unfit(store.keep_turns(&[MindTurn { state: large(STATE_BYTES_MAX), ..most.clone() }]));
        unfit(store.keep_turns(&[MindTurn { tie: large(TIE_BYTES_MAX), ..most.clone() }]));
        for remembered in [
            vec![(1, vec![0; MEMORY_BYTES_MAX + 1])],
            vec![(u64::MAX, Vec::new())],
            vec![(1, vec![0; MEMORY_BYTES_MAX]); TURN_BYTES_MAX / MEMORY_BYTES_MAX],
            vec![(1, Vec::new()); MEMORIES_MAX as usize + 1],
        ] {
            unfit(store.keep_turns(&[MindTurn { remembered, ..most.clone() }]));
        }
        unfit(store.keep_turns(&[MindTurn { forgotten: vec![u64::MAX], ..most.clone() }]));
        let kept = known(store, "nia", &"b".repeat(PERSON_BYTES_MAX)).unwrap();
        assert_eq!((kept.tie, kept.memories), (most.tie, most.remembered));
    });
}

#[test]
fn the_keeper_answers_every_turn_once_and_neither_minds_nor_worlds_pay_for_another() {
    each(|mut store| {
        store.create("plaza", b"{}").unwrap();
        store.minds().keep_turns(&[turn("nia", "ana", 0..MEMORIES_MAX)]).unwrap();
        let (keeper, writer) = Keeper::start(store).unwrap();
        // Everything waits behind this, and is written as one group.
        let (free, held) = sync_channel::<()>(0);
        let hold = std::thread::spawn({
            let keeper = keeper.clone();
            move || keeper.ask(move |_| held.recv().is_err())
        });
        let (told, answers) = sync_channel(16);
        let as_told = |of: &'static str| {
            let told = told.clone();
            Box::new(move |answer| told.send((of, answer)).unwrap())
        };
        keeper.save_turn(turn("nia", "bo", [1]), as_told("bo"));
        keeper.save("plaza", batch(1), as_told("plaza"));
        keeper.save_turn(turn("nia", "ana", [MEMORIES_MAX]), as_told("one too many"));
        keeper.save_turn(mood("Nia", b""), as_told("no name"));
        keeper.save("plaza", batch(2), as_told("plaza"));
        keeper.save_turn(mood("rook", b"calm"), as_told("rook"));
        drop(free);
        hold.join().unwrap();
        let kept = keeper.ask(|store| {
            let minds = store.minds();
            (ids(minds, "nia", "bo"), minds.load_mind("rook").unwrap().unwrap().state)
        });
        assert_eq!(kept, Some((vec![1], Some(b"calm".to_vec()))), "whoever asks finds it");
        let mut answers: Vec<_> = answers.try_iter().collect();
        answers.sort_by_key(|(of, _)| *of);
        let failures: Vec<_> = answers.iter().filter(|(_, answer)| answer.is_err()).collect();
        let of: Vec<_> = answers.iter().map(|(of, _)| *of).collect();
        assert_eq!(of, ["bo", "no name", "one too many", "plaza", "plaza", "rook"]);
        assert!(
            matches!(
                failures[..],
                [
                    ("no name", Err(SaveError::Store(StoreError::Unfit(_)))),
                    ("one too many", Err(SaveError::Store(StoreError::TooMany(_)))),
                ]
            ),
            "{failures:?}"
        );
        drop(keeper);
        writer.join().unwrap();
    });
}

#[test]
fn turns_that_wait_are_bounded_and_take_no_place_from_batches() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    store.create("plaza", b"{}").unwrap();
    let (keeper, _) = Keeper::start(Box::new(store)).unwrap();
    let (begun, has_begun) = sync_channel(0);
    let (free, held) = sync_channel::<()>(0);
    assert!(keeper.tell(move |_| {
        begun.send(()).unwrap();
        let _ = held.recv();
    }));
    has_begun.recv().unwrap();
    let count = TURNS_QUEUED_MAX as u64;
    let (told, answers) = sync_channel(2 * TURNS_QUEUED_MAX);
    let save = |number| {
        let told = told.clone();
        let turn = turn("nia", "ana", [number]);
        keeper.save_turn(turn, Box::new(move |answer| told.send((number, answer)).unwrap()));
    };
    (1..=count).for_each(save);
    assert_eq!(answers.try_iter().count(), 0, "none before it is on the disk");
    save(count + 1);
    assert_eq!(answers.try_recv().unwrap(), (count + 1, Err(SaveError::Busy)));
    let (kept, is_kept) = sync_channel(1);
    keeper.save("plaza", batch(1), Box::new(move |answer| kept.send(answer).unwrap()));
    drop(free);
    assert_eq!(is_kept.recv().unwrap(), Ok(()));
    let all = keeper.ask(|store| ids(store.minds(), "nia", "ana"));
    assert_eq!(all, Some((1..=count).collect()));
    let in_order: Vec<_> = (1..=count).map(|number| (number, Ok(()))).collect();
    assert_eq!(answers.try_iter().collect::<Vec<_>>(), in_order);
    // There is room again, and at its end the keeper has written what waited.
    (1..=TURNS_PER_GROUP_MAX as u64 + 3).for_each(|number| save(count + number));
    keeper.end();
    assert!(answers.try_iter().all(|(_, answer)| answer == Ok(())));
    save(0);
    assert_eq!(answers.recv().unwrap(), (0, Err(SaveError::Ended)));
    let mut again = SqliteStore::open(folder.path()).unwrap();
    let last = count + TURNS_PER_GROUP_MAX as u64 + 3;
    assert_eq!(ids(again.minds(), "nia", "ana"), (1..=last).collect::<Vec<_>>());
}
