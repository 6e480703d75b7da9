//! Edits that are done before their tick: nothing but the time at which they are done differs.

use std::{collections::BTreeMap, sync::Arc};

use proptest::prelude::*;
use serde_json::json;
use vivarium_contract::{
    Intent, Road, TickReport, WorldInput, WorldOutput, WorldSpec,
    editing::{Change, Operations, Role},
};
use vivarium_host::{
    recording::{Record, Records},
    replay::{combined, replay},
};
use vivarium_protocol::{
    ids::PersonId,
    intent::{ClientLatest, Input},
    snapshot::packet::Ack,
};
use vivarium_scene::operation::Operation;
use vivarium_world::Simulation;

use crate::{
    building::{Builder, post_at},
    editing::{crate_at, editor, operations},
    harness::{
        BYTES_PER_S, LOOK,
        changes::{AnyChange, any_change, told},
        floor_with,
        socket::{Client, server},
        towards,
    },
};

/// A floor, two loose things in the way of whoever comes, and two people who walk.
fn world() -> Simulation {
    let document = floor_with(&[crate_at([1.2, 0.5, 0.0]), crate_at([1.2, 1.5, 0.0])]);
    let spec = WorldSpec {
        document: Arc::new(document),
        document_url: "/worlds/test.json".into(),
        client_bytes_per_s_max: BYTES_PER_S,
    };
    let mut world = Simulation::new(&spec).expect("a world that can be built");
    let people = (1..3).map(|id| WorldInput::Enter {
        person: PersonId(id),
        name: "Vi".into(),
        look: LOOK,
        spawn: None,
        road: Road::Datagrams,
    });
    world.tick(people.collect(), &mut Vec::new(), &mut |_| {});
    world
}

/// What came out of a tick: what is answered, what people are told, and what was counted.
type Told = (Vec<WorldOutput>, Vec<WorldOutput>, TickReport);

fn sorted(outputs: Vec<WorldOutput>, report: TickReport) -> Told {
    let is_answer = |output: &WorldOutput| {
        matches!(output, WorldOutput::Edited(_) | WorldOutput::EditRefused { .. })
    };
    let (answers, rest) = outputs.into_iter().partition(is_answer);
    (answers, rest, report)
}

/// A world whose edits are done early, and what went into its coming tick.
struct Early {
    world: Simulation,
    inputs: Vec<WorldInput>,
    outputs: Vec<WorldOutput>,
    /// Of edits that are on their way to the disk: number, and what undoes it.
    pending: Vec<(u32, Operations)>,
    seen: usize,
}

impl Early {
    fn do_early(&mut self, inputs: Vec<WorldInput>) -> bool {
        self.inputs.extend(inputs.iter().cloned());
        let has_room = self.world.edit(inputs, &mut self.outputs);
        self.look();
        has_room
    }

    /// Ends the tick; gives what went into it, and what came out.
    fn tick(&mut self, inputs: Vec<WorldInput>) -> (Vec<WorldInput>, Told) {
        self.inputs.extend(inputs.iter().cloned());
        let report = self.world.tick(inputs, &mut self.outputs, &mut |_| {});
        self.look();
        self.seen = 0;
        (std::mem::take(&mut self.inputs), sorted(std::mem::take(&mut self.outputs), report))
    }

    fn look(&mut self) {
        for output in &self.outputs[self.seen..] {
            if let WorldOutput::Edited(done) = output
                && done.ask.is_some()
            {
                self.pending.push((done.number, done.inverses.clone()));
            }
        }
        self.seen = self.outputs.len();
    }

    /// The disk did not take the last `count` edits.
    fn fail(&mut self, count: usize) -> Option<WorldInput> {
        let lost = self.pending.split_off(self.pending.len().saturating_sub(count));
        let number = lost.first()?.0;
        let operations: Vec<Operation> =
            lost.iter().rev().flat_map(|(_, inverses)| inverses.0.iter().cloned()).collect();
        Some(WorldInput::TakeBack { number, operations: operations.into() })
    }
}

/// What somebody who walks sends, and what else may happen.
fn others(tick: u32, (x, z): (i8, i8), event: u8) -> Vec<WorldInput> {
    let walk = |id| {
        let inputs = vec![Input { move_x: x, move_z: z, ..Input::default() }];
        let latest = ClientLatest { ack: Ack::default(), first_tick: tick, inputs, tracked: None };
        WorldInput::Intent { person: PersonId(id), intent: Intent::Latest(latest) }
    };
    let mut others = vec![walk(1), walk(2)];
    let (person, spawn) = (PersonId(3), None);
    others.extend(match event {
        0 => Some(WorldInput::Enter {
            person,
            name: "Late".into(),
            look: LOOK,
            spawn,
            road: Road::Reliable,
        }),
        1 => Some(WorldInput::Leave { person }),
        2 => Some(WorldInput::Overload { level: 1 }),
        3 => Some(WorldInput::Presence { person: PersonId(2), road: None, anew: false }),
        4 => {
            let intent = Intent::Say { text: "look".into() };
            Some(WorldInput::Intent { person: PersonId(1), intent })
        }
        _ => None,
    });
    others
}

/// A change, how often it is asked for in one batch, whether the world is woken for it, how many of
/// the edits before it the disk does not take, and whether the others' inputs come with it.
type AnyEdit = (AnyChange, u16, bool, usize, bool);

fn any_tick() -> impl Strategy<Value = (Vec<AnyEdit>, (i8, i8), u8)> {
    let times = prop_oneof![8 => Just(1_u16), 1 => 200..500_u16];
    let fails = prop_oneof![6 => Just(0_usize), 1 => 1..4_usize];
    let edit = (any_change(), times, any::<bool>(), fails, proptest::bool::weighted(0.1));
    (proptest::collection::vec(edit, 0..6), (any::<i8>(), any::<i8>()), 0..9_u8)
}

fn edit(ask: u32, change: AnyChange, times: u16) -> WorldInput {
    if change.3 == Some(0) {
        let editor = told(change).0;
        return WorldInput::Edit { ask, editor, change: Change::ResetPhysics };
    }
    let (editor, mut change) = told(change);
    if let Change::Do { operations, .. } = &mut change
        && times > 1
    {
        let rename = json!({ "rename": { "object": 0, "name": "again" } });
        *operations = self::operations(json!(vec![rename; usize::from(times)]));
    }
    WorldInput::Edit { ask, editor, change }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever is asked for, and whenever the world is woken for it: each tick ends in the same
    /// state and tells the same as if it had been given everything at its beginning. That is also
    /// what a replay does, since a recording has the inputs of a tick in one list.
    #[test]
    fn edits_done_early_are_edits_of_their_tick(ticks in proptest::collection::vec(any_tick(), 1..16)) {
        let mut early = Early {
            world: world(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            pending: Vec::new(),
            seen: 0,
        };
        let mut together = world();
        let mut asks = 0;
        for (edits, walked, event) in ticks {
            let mut inputs = Vec::new();
            let mut rest = others(early.world.tick_number() + 1, walked, event);
            for (change, times, is_early, fails, brings_others) in edits {
                // What could not be kept comes before all edits that follow.
                if inputs.is_empty() {
                    inputs.extend(early.fail(fails));
                }
                asks += 1;
                inputs.push(edit(asks, change, times));
                if brings_others {
                    inputs.append(&mut rest);
                }
                if is_early {
                    early.do_early(std::mem::take(&mut inputs));
                }
            }
            inputs.append(&mut rest);
            let (all, told) = early.tick(inputs);
            let mut outputs = Vec::new();
            let report = together.tick(all, &mut outputs, &mut |_| {});
            prop_assert_eq!(told, sorted(outputs, report));
            prop_assert_eq!(early.world.digest(), together.digest());
        }
    }
}

#[test]
fn a_tick_has_no_more_room_for_edits_because_some_were_done_early() {
    let mut world = world();
    let batch = |ask| {
        let names =
            (0..400).map(|n| json!({ "rename": { "object": 0, "name": format!("{ask}-{n}") } }));
        let change =
            Change::Do { operations: operations(names.collect()), base: None, stroke: None };
        WorldInput::Edit { ask, editor: editor("ana", Role::Builder), change }
    };
    let mut outputs = Vec::new();
    let has_room: Vec<bool> =
        (0..5).map(|ask| world.edit(vec![batch(ask)], &mut outputs)).collect();
    assert_eq!(has_room, [true, true, false, false, false]);
    let asks = |outputs: &mut Vec<WorldOutput>| -> Vec<Option<u32>> {
        let done = outputs.drain(..).filter_map(|output| match output {
            WorldOutput::Edited(done) => Some(done.ask),
            _ => None,
        });
        done.collect()
    };
    assert_eq!(asks(&mut outputs), [Some(0), Some(1), Some(2)]);
    world.tick(vec![batch(5)], &mut outputs, &mut |_| {});
    assert_eq!(asks(&mut outputs), [], "the tick's room was used up before it");
    // What waits goes first, and counts.
    assert!(!world.edit(vec![batch(6)], &mut outputs));
    assert_eq!(asks(&mut outputs), [Some(3), Some(4), Some(5)]);
    world.tick(Vec::new(), &mut outputs, &mut |_| {});
    world.tick(Vec::new(), &mut outputs, &mut |_| {});
    assert_eq!(asks(&mut outputs), [Some(6)]);
}

#[test]
fn people_are_told_with_the_tick_and_who_asked_at_once() {
    let mut world = world();
    let change = |json| Change::Do { operations: operations(json), base: None, stroke: None };
    let ask = |ask, role, change| WorldInput::Edit { ask, editor: editor("ana", role), change };
    let rename = json!([{ "rename": { "object": 0, "name": "ground" } }]);
    let edits = vec![
        ask(1, Role::Builder, change(rename.clone())),
        ask(2, Role::Visitor, change(rename)),
        ask(3, Role::Builder, Change::ResetPhysics),
    ];
    let mut outputs = Vec::new();
    world.edit(edits, &mut outputs);
    assert!(
        matches!(&outputs[..], [WorldOutput::Edited(_), WorldOutput::EditRefused { ask: 2, .. }]),
        "{outputs:?}"
    );
    outputs.clear();
    world.tick(Vec::new(), &mut outputs, &mut |_| {});
    let told = outputs.iter().find_map(|output| match output {
        WorldOutput::Notice { to, .. } => Some(to),
        _ => None,
    });
    assert_eq!(told, Some(&vec![PersonId(1), PersonId(2)]));
    // Loose things are back only now.
    assert!(outputs.iter().any(|output| matches!(output, WorldOutput::Done { ask: 3, .. })));
}

#[tokio::test]
async fn a_recording_with_edits_between_ticks_replays_to_the_live_digest() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("built.recording");
    let server = server(|config| config.record = Some(file.clone())).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let mut bo = Client::enter(&server, "Bo").await?;
    for step in 0..60_u8 {
        if step % 4 == 0 {
            bo.framed().await?;
            bo.steer(towards(0, -127)).await?;
        }
        let post = post_at(f32::from(step) * 0.1, &format!("post {step}"));
        let (status, told) = ana.operations(post).await?;
        assert_eq!(status, 200, "{told}");
    }
    let live = server.shutdown().await;
    assert!(live.is_recorded);
    let again = replay::<Simulation, _>(Records::open(&file)?, |_| ())?;
    assert!(again.is_complete);
    assert_eq!(combined(&again.worlds), combined(&live.worlds));

    let mut records = Records::open(&file)?;
    let mut edits: BTreeMap<(u16, u32), usize> = BTreeMap::new();
    while let Some(record) = records.read()? {
        if let Record::Inputs { world, tick, inputs } = record {
            let is_edit = |input: &&WorldInput| matches!(input, WorldInput::Edit { .. });
            *edits.entry((world, tick)).or_default() += inputs.iter().filter(is_edit).count();
        }
    }
    // She asked for each after the answer to the one before.
    assert!(edits.values().any(|edits| *edits > 1), "no edit was done between two ticks");
    Ok(())
}
