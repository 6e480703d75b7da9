//! A server that is killed at any moment loses nothing that it has acknowledged.
//!
//! The test starts itself again as the server: five builders whose batches are written as fast as
//! the disk takes them, and a mind that has a turn with each, every acknowledgement a line on its
//! output. Then it kills it.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc::sync_channel,
    time::Duration,
};

use vivarium_contract::saving::{MindTurn, SavedBatch};
use vivarium_scene::{
    document::WorldDocument,
    load,
    operation::{Operation, number},
    scene::Scene,
};
use vivarium_store::{
    adapters::sqlite::SqliteStore, keeper::Keeper, limits::BATCHES_QUEUED_MAX, port::WorldStore,
};

const CHILD: &str = "VIVARIUM_STORE_CRASHES_IN";
const ROUNDS: &str = "VIVARIUM_CRASH_ROUNDS";
const WORLD: &str = "yard";
const MIND: &str = "nia";
const PERSON: &str = "ana";
/// Memories that the mind has.
const MEMORIES: u64 = 50;

fn first_document() -> WorldDocument {
    let json = serde_json::json!({
        "version": 1, "name": WORLD, "title": "Yard",
        "objects": [{ "properties": { "spawn": {} } }],
    });
    load::from_json(json.to_string().as_bytes()).unwrap()
}

/// Two objects come, or two of those that came go: never one alone.
fn pair(scene: &Scene, revision: u64) -> Vec<Operation> {
    let made: Vec<_> = scene.objects().map(|(id, _)| id).skip(1).collect();
    if made.len() > 40 && revision.is_multiple_of(3) {
        // The one above goes last.
        return made[..2].iter().rev().map(|id| Operation::Delete { object: *id }).collect();
    }
    let mut pair: Vec<Operation> = serde_json::from_value(serde_json::json!([
        { "create": { "object": 1_u32 << 31, "value": { "position_m": [revision % 100, 0, 0] } } },
        { "create": { "object": (1_u32 << 31) + 1, "value": { "parent": 1_u32 << 31 } } },
    ]))
    .unwrap();
    number(&mut pair, scene.next_object());
    pair
}

/// What is in the store, done again from the beginning.
fn replayed(store: &mut SqliteStore) -> (Scene, u64) {
    let stored = store.load(WORLD).unwrap().unwrap();
    let mut scene = Scene::new(load::from_json(&stored.document).unwrap());
    let mut revision = stored.revision;
    for batch in stored.batches {
        revision += 1;
        assert_eq!(batch.revision, revision, "no gap");
        let operations: Vec<Operation> = serde_json::from_str(&batch.operations).unwrap();
        assert_eq!(operations.len(), 2, "no half of a batch");
        scene.apply_all(operations).unwrap();
    }
    (scene, revision)
}

/// One memory comes and one goes; state and tie say which.
fn turn(number: u64) -> MindTurn {
    let text = number.to_string().into_bytes();
    MindTurn {
        mind: MIND.into(),
        state: Some(text.clone()),
        person: Some(PERSON.into()),
        tie: Some(text.clone()),
        remembered: vec![(number, text)],
        forgotten: number.checked_sub(MEMORIES).into_iter().collect(),
    }
}

/// The last turn in the store, which has all that it said and all before it.
fn last_turn(store: &mut SqliteStore) -> u64 {
    let minds = store.minds();
    let Some(known) = minds.load_acquaintance(MIND, PERSON).unwrap() else {
        assert_eq!(minds.load_mind(MIND), Ok(None), "no half of a turn");
        return 0;
    };
    let last = known.memories.last().unwrap().0;
    let text = Some(last.to_string().into_bytes());
    assert_eq!(known.tie, text);
    assert_eq!(minds.load_mind(MIND).unwrap().unwrap().state, text);
    let all = (last.saturating_sub(MEMORIES - 1).max(1)..=last)
        .map(|id| (id, id.to_string().into_bytes()));
    assert_eq!(known.memories, all.collect::<Vec<_>>());
    last
}

/// Edits for ever. Acknowledgements and digests go to the output.
fn be_killed(folder: &Path) -> ! {
    let mut store = SqliteStore::open(folder).unwrap();
    if store.worlds().unwrap().is_empty() {
        let document = serde_json::to_vec(&first_document()).unwrap();
        store.create(WORLD, &document).unwrap();
    }
    let (mut scene, mut revision) = replayed(&mut store);
    let mut last_turn = last_turn(&mut store);
    let (keeper, _writer) = Keeper::start(Box::new(store)).unwrap();
    let (told, acknowledged) = sync_channel::<(&str, u64)>(BATCHES_QUEUED_MAX);
    std::thread::spawn(move || {
        let mut out = std::io::stdout();
        for (what, number) in acknowledged {
            // The reader is gone when this fails, and this process soon.
            let _ = writeln!(out, "{what} {number}");
            let _ = out.flush();
        }
    });
    // Five builders: five batches under way at any time, and as many turns.
    let (free, places) = sync_channel::<()>(10);
    (0..10).for_each(|_| free.send(()).unwrap());
    loop {
        places.recv().unwrap();
        places.recv().unwrap();
        last_turn += 1;
        let (told_turn, free_turn, number) = (told.clone(), free.clone(), last_turn);
        keeper.save_turn(
            turn(number),
            Box::new(move |answer| {
                answer.unwrap();
                let _ = told_turn.send(("turn", number));
                let _ = free_turn.send(());
            }),
        );
        revision += 1;
        let operations = pair(&scene, revision);
        let inverses = scene.apply_all(operations.clone()).unwrap();
        let batch = SavedBatch {
            revision,
            at_ms: revision,
            author: format!("builder {}", revision % 5),
            operations: serde_json::to_string(&operations).unwrap(),
            inverses: serde_json::to_string(&inverses).unwrap(),
            grants: Vec::new(),
            ends_draft: None,
        };
        let (told, free) = (told.clone(), free.clone());
        keeper.save(
            WORLD,
            batch,
            Box::new(move |answer| {
                answer.unwrap();
                let _ = told.send(("kept", revision));
                let _ = free.send(());
            }),
        );
        if revision.is_multiple_of(97) {
            let (document, at) = (serde_json::to_vec(&scene.document()).unwrap(), revision);
            keeper.ask(move |store| store.snapshot(WORLD, at, &document)).unwrap().unwrap();
        }
    }
}

#[test]
fn a_killed_server_keeps_whatever_it_acknowledged() {
    if let Some(folder) = std::env::var_os(CHILD) {
        be_killed(Path::new(&folder));
    }
    let rounds = std::env::var(ROUNDS).ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(10);
    let folder = tempfile::tempdir().unwrap();
    let mut kept_in_all = 0;
    for round in 0..rounds {
        let mut server = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "crash::a_killed_server_keeps_whatever_it_acknowledged",
                "--nocapture",
            ])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Killed after so many acknowledgements and a moment more, different in every round: in the
        // middle of a transaction as often as not.
        let patience = 1 + round * 37 % 120;
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let (mut last, mut turned) = (0, 0);
        let mut take = |line: std::io::Result<String>| {
            // The test harness says things of its own, and the last line may be cut.
            let line = line.unwrap_or_default();
            let said = |what| line.strip_prefix(what)?.parse::<u64>().ok();
            turned = said("turn ").unwrap_or(turned);
            last = said("kept ").unwrap_or(last);
            line.starts_with("kept ")
        };
        let mut heard = 0;
        while heard < patience {
            let line = lines.next().expect("the server ended by itself");
            heard += u64::from(take(line));
        }
        // Waits for nothing: the moment of the kill is what the rounds vary.
        std::thread::sleep(Duration::from_micros(round * 613 % 5_000));
        server.kill().unwrap();
        server.wait().unwrap();
        // What was said before the end counts too.
        for line in lines {
            take(line);
        }
        let mut store = SqliteStore::open(folder.path()).unwrap();
        let (scene, revision) = replayed(&mut store);
        assert!(revision >= last, "round {round}: {last} was acknowledged, {revision} is there");
        assert!(revision > kept_in_all, "round {round}: it went on");
        kept_in_all = revision;
        let kept = last_turn(&mut store);
        assert!(kept >= turned, "round {round}: turn {turned} was acknowledged, {kept} is there");
        load::validate(&scene.document()).unwrap();

        // The document from its snapshot is the one that all batches lead to.
        let mut all = store.history(WORLD, u64::MAX, u32::MAX).unwrap();
        if all.len() as u64 == revision {
            all.reverse();
            let mut from_first = Scene::new(first_document());
            for batch in all {
                let operations: Vec<Operation> = serde_json::from_str(&batch.operations).unwrap();
                from_first.apply_all(operations).unwrap();
            }
            assert_eq!(from_first.document(), scene.document(), "round {round}");
        }
    }
}
