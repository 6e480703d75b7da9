//! A world that is changed while people are in it.

use proptest::prelude::*;
use serde_json::{Value, json};
use vivarium_contract::{
    Intent, WorldInput, WorldOutput,
    editing::{Change, EditDone, EditRefusal, Editor, Operations, Role},
};
use vivarium_protocol::{
    ids::{ObjectId, PersonId},
    limits::EDIT_BYTES_MAX,
    notice::ServerMessage,
    snapshot::{block::Identity, schema::Facet},
};
use vivarium_scene::{
    operation::{Operation, PLACEHOLDERS},
    scene::Scene,
};

use crate::harness::{
    Scenario,
    changes::{any_change, told},
    floor_with, towards,
};

pub fn operations(json: Value) -> Operations {
    let operations: Vec<Operation> = serde_json::from_value(json).expect("operations");
    operations.into()
}

pub fn editor(account: &str, role: Role) -> Editor {
    Editor { account: account.into(), name: account.to_uppercase(), role }
}

pub fn place(object: u32, position_m: [f32; 3]) -> Value {
    json!({ "place": { "object": object, "position_m": position_m, "rotation": [0, 0, 0, 1],
        "scale": [1, 1, 1] } })
}

impl Scenario {
    /// Has one change made in a tick of its own.
    fn change(&mut self, editor: Editor, change: Change) -> Result<EditDone, EditRefusal> {
        self.input(WorldInput::Edit { ask: 7, editor, change });
        self.tick();
        self.answers().pop().expect("each edit is answered at once")
    }

    fn answers(&mut self) -> Vec<Result<EditDone, EditRefusal>> {
        let is_answer = |output: &mut WorldOutput| {
            matches!(output, WorldOutput::Edited(_) | WorldOutput::EditRefused { .. })
        };
        let outputs = self.travels.extract_if(.., is_answer);
        let answers = outputs.filter_map(|output| match output {
            WorldOutput::Edited(done) => Some(Ok(*done)),
            WorldOutput::EditRefused { refusal, .. } => Some(Err(*refusal)),
            _ => None,
        });
        answers.collect()
    }

    pub fn build(&mut self, account: &str, json: Value) -> Result<EditDone, EditRefusal> {
        let change = Change::Do { operations: operations(json), base: None, stroke: None };
        self.change(editor(account, Role::Builder), change)
    }

    pub fn undo(&mut self, account: &str) -> Result<EditDone, EditRefusal> {
        self.change(editor(account, Role::Builder), Change::Undo)
    }

    fn redo(&mut self, account: &str) -> Result<EditDone, EditRefusal> {
        self.change(editor(account, Role::Builder), Change::Redo)
    }

    /// Where a loose object is in the eyes of somebody, metres.
    fn seen(&mut self, person: PersonId, object: u32) -> Option<[f32; 3]> {
        self.acknowledge(person);
        self.tick();
        let identity = Identity { facet: Facet::Object, subject: object };
        let members = self.view(person).members();
        let (_, fields) = members.get(&identity)?;
        Some([0, 1, 2].map(|axis| fields[axis] as f32 / 512.0))
    }
}

fn new_wall(x: f32) -> Value {
    json!([{ "create": { "object": PLACEHOLDERS, "value": {
        "name": "wall", "position_m": [x, 1.0, 0.0],
        "properties": { "colliders": [{ "shape": { "box": { "size_m": [0.5, 2.0, 20.0] } } }] },
    } } }])
}

pub fn crate_at(position_m: [f32; 3]) -> Value {
    json!({ "position_m": position_m, "properties": {
        "colliders": [{ "shape": { "box": { "size_m": [1.0, 1.0, 1.0] } } }],
        "body": { "kind": "dynamic" },
    } })
}

#[test]
fn what_was_worked_out_from_how_it_was_overwrites_nothing_newer_not_even_ones_own() {
    let mut world = Scenario::of(floor_with(&[crate_at([0.0, 1.0, 0.0])]));
    let restore = |world: &mut Scenario, json: Value, base| {
        let change = Change::Restore { operations: operations(json), base };
        world.change(editor("ana", Role::Builder), change)
    };
    world.build("ana", json!([place(1, [5.0, 1.0, 0.0])])).expect("it is hers");
    let stale = restore(&mut world, json!([place(1, [9.0, 1.0, 0.0])]), 0).unwrap_err();
    assert!(matches!(stale, EditRefusal::Stale { index: 0, .. }), "{stale}");
    let done = restore(&mut world, new_wall(3.0), 0).expect("nobody has changed that");
    assert_eq!(done.created, [(ObjectId(PLACEHOLDERS), ObjectId(3))]);
    restore(&mut world, json!([place(1, [9.0, 1.0, 0.0])]), 2).expect("it was seen");
    let unknown = json!([{ "create": { "object": 7, "value": {} } }]);
    restore(&mut world, unknown, 3).unwrap_err();
}

#[test]
fn a_wall_that_is_built_stops_a_visitor_and_one_that_is_undone_does_not() {
    let mut world = Scenario::of(floor_with(&[]));
    let visitor = world.enter(1, "Vi");
    world.ticks(20);
    let done = world.build("ana", new_wall(3.0)).expect("builders may build");
    assert_eq!((done.number, done.created), (1, vec![(ObjectId(PLACEHOLDERS), ObjectId(2))]));
    let told = world.told(visitor);
    let edited = told.iter().find_map(|notice| match notice {
        ServerMessage::Edited { number, author, operations } => Some((number, author, operations)),
        _ => None,
    });
    let (number, author, operations) = edited.expect("everyone is told");
    assert_eq!((*number, author.as_str()), (1, "ANA"));
    let told: Vec<Operation> = serde_json::from_str(operations.as_ref().expect("small")).unwrap();
    assert_eq!(told, *done.operations.0);

    world.walk(visitor, towards(127, 0), 90);
    assert!((2.3..2.5).contains(&world.position(visitor)[0]), "{:?}", world.position(visitor));
    world.undo("ana").expect("there is something to undo");
    world.walk(visitor, towards(127, 0), 30);
    assert!(world.position(visitor)[0] > 4.0, "{:?}", world.position(visitor));

    // Who comes now knows from which edit on the document must be.
    let late = world.enter(2, "Late");
    world.tick();
    let entered = world.told(late).into_iter().find_map(|notice| match notice {
        ServerMessage::Entered { edits, .. } => Some(edits),
        _ => None,
    });
    assert_eq!(entered, Some(2));
}

#[test]
fn loose_things_come_fall_are_moved_and_go_for_everyone() {
    let mut world = Scenario::of(floor_with(&[crate_at([5.0, 0.5, 0.0])]));
    let visitor = world.enter(1, "Vi");
    world.ticks(60);
    #[track_caller]
    fn near(seen: Option<[f32; 3]>, wanted: [f32; 3]) {
        let seen = seen.expect("it is in sight");
        let is_near = (0..3).all(|axis| (seen[axis] - wanted[axis]).abs() < 0.3);
        assert!(is_near, "it is at {seen:?} and not at {wanted:?}");
    }
    near(world.seen(visitor, 2), [5.0, 0.5, 0.0]);
    let create =
        json!([{ "create": { "object": PLACEHOLDERS, "value": crate_at([5.0, 4.0, 0.0]) } }]);
    world.build("ana", create).unwrap();
    world.ticks(90);
    near(world.seen(visitor, 3), [5.0, 1.5, 0.0]);
    // The lower one is moved away: the upper one falls, though it slept.
    world.build("ana", json!([place(2, [0.0, 0.5, 5.0])])).unwrap();
    world.ticks(90);
    near(world.seen(visitor, 2), [0.0, 0.5, 5.0]);
    near(world.seen(visitor, 3), [5.0, 0.5, 0.0]);
    // What has nothing to do with bodies leaves them where they are.
    world.build("ana", json!([{ "rename": { "object": 3, "name": "upper" } }])).unwrap();
    world.ticks(2);
    near(world.seen(visitor, 3), [5.0, 0.5, 0.0]);
    // A body that becomes part of the ground is not told as a moving thing any more.
    let fixed = json!([{ "set": { "object": 3, "property": { "body": { "kind": "static" } } } }]);
    world.build("ana", fixed).unwrap();
    world.ticks(5);
    assert_eq!(world.seen(visitor, 3), None);
    world.build("ana", json!([{ "delete": { "object": 2 } }])).unwrap();
    world.ticks(5);
    assert_eq!(world.seen(visitor, 2), None);
    world.undo("ana").unwrap();
    world.ticks(30);
    near(world.seen(visitor, 2), [0.0, 0.5, 5.0]);
}

#[test]
fn blueprints_change_their_instances_and_settings_the_world() {
    let mut world = Scenario::of(floor_with(&[]));
    let visitor = world.enter(1, "Vi");
    world.ticks(20);
    let blueprint = |height: f32| json!({ "colliders": [{ "shape": { "box": { "size_m": [0.5, height, 20.0] } } }] });
    let instances = |x: f32| json!({ "blueprint": "fence", "position_m": [x, 0.0, 0.0] });
    let built = json!([
        { "blueprint": { "name": "fence", "value": blueprint(0.2) } },
        { "create": { "object": PLACEHOLDERS, "value": instances(2.0) } },
        { "create": { "object": PLACEHOLDERS + 1, "value": instances(6.0) } },
    ]);
    world.build("ana", built).unwrap();
    world.walk(visitor, towards(127, 0), 40);
    assert!(world.position(visitor)[0] > 2.5, "so low a fence is walked over");
    let high = json!([{ "set_blueprint": { "name": "fence", "property": {
        "colliders": [{ "shape": { "box": { "size_m": [0.5, 4.0, 20.0] } } }] } } }]);
    world.build("ana", high).unwrap();
    world.walk(visitor, towards(127, 0), 90);
    let x = world.position(visitor)[0];
    assert!((5.3..5.5).contains(&x), "{x}");
    // Without gravity whoever jumps goes on rising.
    world.build("ana", json!([{ "settings": { "gravity_mps2": [0.0, -0.1, 0.0] } }])).unwrap();
    let jump = vivarium_protocol::intent::Input { buttons: 1, ..Default::default() };
    world.walk(visitor, jump, 60);
    assert!(world.position(visitor)[1] > 5.0, "{:?}", world.position(visitor));
}

#[test]
fn people_appear_and_travel_where_builders_say() {
    let mut world = Scenario::of(floor_with(&[]));
    let moved = json!([
        { "create": { "object": PLACEHOLDERS, "value": {
            "name": "balcony", "position_m": [20.0, 0.0, 0.0], "properties": { "spawn": { "radius_m": 0.0 } } } } },
        { "delete": { "object": 1 } },
    ]);
    world.build("ana", moved).unwrap();
    let visitor = world.enter(1, "Vi");
    world.ticks(20);
    assert!((world.position(visitor)[0] - 20.0).abs() < 0.01);
    let portal = json!([{ "create": { "object": PLACEHOLDERS, "value": {
        "position_m": [20.0, 1.0, 0.0],
        "properties": { "portal": { "world": "garden", "size_m": [2.0, 2.0, 2.0] } } } } }]);
    world.travels.clear();
    world.input(WorldInput::Edit {
        ask: 1,
        editor: editor("ana", Role::Builder),
        change: Change::Do { operations: operations(portal), base: None, stroke: None },
    });
    world.ticks(2);
    let travelled = world
        .travels
        .iter()
        .any(|output| matches!(output, WorldOutput::Travel { world, .. } if world == "garden"));
    assert!(travelled, "{:?}", world.travels);
}

#[test]
fn an_undo_never_overwrites_what_another_did_since() {
    let mut world = Scenario::of(floor_with(&[crate_at([5.0, 0.5, 0.0])]));
    let names = |a: &str, b: &str| {
        json!([
            { "rename": { "object": 0, "name": a } },
            { "rename": { "object": 2, "name": b } },
        ])
    };
    world.build("ana", names("a", "b")).unwrap();
    world.build("bo", json!([{ "rename": { "object": 2, "name": "bos" } }])).unwrap();
    let undone = world.undo("ana").expect("the first name is still hers");
    let skipped: Vec<_> = undone.skipped.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!(skipped, ["BO has changed it since"]);
    let ground = json!([{ "rename": { "object": 0, "name": "ground" } }]);
    assert_eq!(undone.operations, operations(ground));
    assert_eq!(world.undo("ana"), Err(EditRefusal::Nothing));
    let redone = world.redo("ana").unwrap();
    assert_eq!(redone.operations, operations(json!([{ "rename": { "object": 0, "name": "a" } }])));
    // What another changed altogether is left alone altogether.
    world.build("bo", json!([{ "rename": { "object": 0, "name": "bos too" } }])).unwrap();
    let nothing = world.undo("ana").unwrap_err();
    assert!(matches!(nothing, EditRefusal::AllSkipped { .. }), "{nothing}");
    // Who made something does not take away what another has worked on.
    let made = world.build("ana", new_wall(9.0)).unwrap().created[0].1.0;
    world.build("bo", json!([place(made, [9.0, 2.0, 0.0])])).unwrap();
    assert!(matches!(world.undo("ana"), Err(EditRefusal::AllSkipped { .. })));
    // A new edit ends what could be redone.
    world.build("ana", json!([{ "rename": { "object": 2, "name": "c" } }])).unwrap();
    world.undo("ana").unwrap();
    world.build("ana", json!([{ "rename": { "object": 2, "name": "d" } }])).unwrap();
    assert_eq!(world.redo("ana"), Err(EditRefusal::Nothing));
}

#[test]
fn what_another_did_in_between_is_not_undone_by_way_of_ones_own_later_work() {
    let mut world = Scenario::of(floor_with(&[crate_at([5.0, 0.5, 0.0])]));
    let rename = |name: &str| json!([{ "rename": { "object": 2, "name": name } }]);
    world.build("ana", rename("a")).unwrap();
    world.build("bo", rename("b")).unwrap();
    world.build("ana", rename("c")).unwrap();
    assert_eq!(world.undo("ana").unwrap().operations, operations(rename("b")));
    let nothing = world.undo("ana").unwrap_err();
    assert!(matches!(nothing, EditRefusal::AllSkipped { .. }), "Bo's name stays: {nothing}");
    // The same within a stroke that went on after another's work.
    let stroke = |world: &mut Scenario, json: Value| {
        let change = Change::Do { operations: operations(json), base: None, stroke: Some(7) };
        world.change(editor("ana", Role::Builder), change).unwrap()
    };
    stroke(&mut world, rename("d"));
    world.ticks(31);
    world.build("bo", rename("e")).unwrap();
    stroke(&mut world, json!([{ "rename": { "object": 0, "name": "ground too" } }]));
    let undone = world.undo("ana").unwrap();
    let ground = json!([{ "rename": { "object": 0, "name": "ground" } }]);
    assert_eq!(undone.operations, operations(ground));
    assert_eq!(undone.skipped.len(), 1);
    // And an old page of the same person does not overwrite what came in between.
    let old = Change::Do { operations: operations(rename("f")), base: Some(0), stroke: None };
    let stale = world.change(editor("ana", Role::Builder), old).unwrap_err();
    assert!(matches!(stale, EditRefusal::Stale { .. }), "{stale}");
    let future = Change::Do { operations: operations(rename("f")), base: Some(999), stroke: None };
    let stale = world.change(editor("ana", Role::Builder), future).unwrap_err();
    assert!(matches!(stale, EditRefusal::Stale { .. }), "of another start: {stale}");
}

#[test]
fn a_stroke_over_two_properties_of_a_blueprint_is_undone_as_a_whole() {
    let mut world = Scenario::of(floor_with(&[]));
    world.build("ana", json!([{ "blueprint": { "name": "b", "value": {} } }])).unwrap();
    for property in [
        json!({ "light": { "colour": "#ffffff", "intensity_cd": 1, "range_m": 1 } }),
        json!({ "sensor": { "size_m": [1, 1, 1] } }),
    ] {
        let set = json!([{ "set_blueprint": { "name": "b", "property": property } }]);
        let change = Change::Do { operations: operations(set), base: None, stroke: Some(1) };
        world.change(editor("ana", Role::Builder), change).unwrap();
    }
    let undone = json!([
        { "set_blueprint": { "name": "b", "property": { "sensor": null } } },
        { "set_blueprint": { "name": "b", "property": { "light": null } } },
    ]);
    assert_eq!(world.undo("ana").unwrap().operations, operations(undone));
}

#[test]
fn nobody_uses_up_ids_or_ticks_or_what_others_are_told() {
    let mut world = Scenario::of(floor_with(&[]));
    let last = json!([{ "create": { "object": PLACEHOLDERS - 1, "value": {} } }]);
    let refused = world.build("ana", last).unwrap_err();
    assert!(refused.to_string().contains("named by ids"), "{refused}");
    // A blueprint with many instances counts for more.
    world.build("ana", json!([{ "blueprint": { "name": "b", "value": {} } }])).unwrap();
    for _ in 0..4 {
        let many = (0..200).map(|number| {
            json!({ "create": { "object": PLACEHOLDERS + number, "value": { "blueprint": "b" } } })
        });
        world.build("ana", many.collect()).unwrap();
    }
    let often =
        vec![json!({ "set_blueprint": { "name": "b", "property": { "light": null } } }); 90];
    let refused = world.build("ana", json!(often)).unwrap_err();
    assert!(matches!(refused, EditRefusal::TooMuch { .. }), "{refused}");
    world.build("ana", json!(often[..9])).unwrap();
    // Much at once is told by the document, so that nobody's queue runs full.
    let visitor = world.enter(1, "Vi");
    world.ticks(60);
    world.told(visitor);
    let sign = "s".repeat(80);
    for ask in 0..6 {
        let signs = (0..200).map(|number| {
            json!({ "create": { "object": PLACEHOLDERS + number, "value": { "position_m": [0, 9, 0],
                "properties": { "visuals": [{ "shape": { "text": { "text": sign, "height_m": 1 } } }] } } } })
        });
        let change =
            Change::Do { operations: operations(signs.collect()), base: None, stroke: None };
        world.input(WorldInput::Edit { ask, editor: editor("ana", Role::Builder), change });
    }
    world.ticks(3);
    let edits: Vec<bool> = world
        .told(visitor)
        .into_iter()
        .filter_map(|notice| match notice {
            ServerMessage::Edited { operations, .. } => Some(operations.is_some()),
            _ => None,
        })
        .collect();
    assert_eq!(edits.len(), 6);
    assert!(edits[0] && !edits[5], "{edits:?}");
}

#[test]
fn a_drag_is_one_step_and_holds_what_is_dragged() {
    let mut world = Scenario::of(floor_with(&[crate_at([5.0, 0.5, 0.0])]));
    let drag = |world: &mut Scenario, x: f32| {
        let change = Change::Do {
            operations: operations(json!([place(2, [x, 0.5, 0.0])])),
            base: None,
            stroke: Some(1),
        };
        world.change(editor("ana", Role::Builder), change)
    };
    (6..16).for_each(|x| {
        drag(&mut world, x as f32).unwrap();
    });
    let held = world.build("bo", json!([{ "delete": { "object": 2 } }])).unwrap_err();
    let EditRefusal::Held { by, copy, .. } = &held else { panic!("{held}") };
    assert_eq!(by, "ANA");
    let (id, now) = &copy.objects[0];
    assert_eq!((*id, now.as_ref().unwrap().position_m[0]), (ObjectId(2), 15.0));
    // She herself may go on.
    drag(&mut world, 16.0).unwrap();
    world.ticks(31);
    let undone = world.undo("ana").unwrap();
    assert_eq!(undone.operations, operations(json!([place(2, [5.0, 0.5, 0.0])])));
    world.ticks(31);
    world.build("bo", json!([{ "delete": { "object": 2 } }])).expect("nobody holds it now");
    let gone = drag(&mut world, 17.0).unwrap_err();
    let EditRefusal::Impossible { copy, .. } = &gone else { panic!("{gone}") };
    assert_eq!(copy.objects, [(ObjectId(2), None)]);
}

#[test]
fn a_stale_edit_is_answered_with_how_it_is_now() {
    let mut world = Scenario::of(floor_with(&[crate_at([5.0, 0.5, 0.0])]));
    let at = |world: &mut Scenario, who: &str, json: Value, base: u32| {
        let change = Change::Do { operations: operations(json), base: Some(base), stroke: None };
        world.change(editor(who, Role::Builder), change)
    };
    at(&mut world, "bo", json!([place(2, [7.0, 0.5, 0.0])]), 0).unwrap();
    let rename = json!([{ "rename": { "object": 2, "name": "box" } }]);
    at(&mut world, "ana", rename, 0).expect("its name is another matter");
    let stale = at(&mut world, "ana", json!([place(2, [8.0, 0.5, 0.0])]), 0).unwrap_err();
    let EditRefusal::Stale { by, copy, index: 0 } = &stale else { panic!("{stale}") };
    assert_eq!((by.as_str(), copy.number), ("BO", 2));
    assert_eq!(copy.objects[0].1.as_ref().unwrap().position_m[0], 7.0);
    at(&mut world, "ana", json!([place(2, [8.0, 0.5, 0.0])]), 1).expect("now she knows");
    // Bo knows his own edits without being told.
    at(&mut world, "bo", json!([{ "delete": { "object": 2 } }]), 1).unwrap_err();
    at(&mut world, "bo", json!([{ "delete": { "object": 2 } }]), 3).unwrap();
}

#[test]
fn what_could_not_be_kept_is_taken_back_for_everyone() {
    let mut world = Scenario::of(floor_with(&[crate_at([5.0, 0.5, 0.0])]));
    let visitor = world.enter(1, "Vi");
    let first = world.build("ana", json!([{ "rename": { "object": 2, "name": "box" } }])).unwrap();
    let second = world.build("bo", new_wall(3.0)).unwrap();
    let third = world.build("ana", json!([place(2, [7.0, 0.5, 0.0])])).unwrap();
    world.told(visitor);
    let inverses: Vec<Operation> =
        [&third, &second].iter().flat_map(|done| done.inverses.0.iter().cloned()).collect();
    world.input(WorldInput::TakeBack { number: second.number, operations: inverses.into() });
    world.tick();
    let done = world.answers().pop().unwrap().unwrap();
    assert_eq!((done.number, done.ask), (4, None));
    let told = world.told(visitor);
    let is_told = told.iter().any(
        |notice| matches!(notice, ServerMessage::Edited { number: 4, author, .. } if author.is_empty()),
    );
    assert!(is_told, "{told:?}");
    world.walk(visitor, towards(127, 0), 60);
    assert!(world.position(visitor)[0] > 4.0, "there is no wall any more");
    // What was kept can still be undone, what was not cannot.
    assert_eq!(world.undo("bo"), Err(EditRefusal::Nothing));
    assert_eq!(world.undo("ana").unwrap().operations, first.inverses);
    assert_eq!(world.undo("ana"), Err(EditRefusal::Nothing));
}

#[test]
fn a_batch_is_done_as_a_whole_or_not_at_all() {
    let mut world = Scenario::of(floor_with(&[]));
    let half = json!([
        { "rename": { "object": 0, "name": "earth" } },
        { "delete": { "object": 99 } },
    ]);
    let refused = world.build("ana", half).unwrap_err();
    assert!(refused.to_string().starts_with("operations[1]"), "{refused}");
    world
        .build("ana", json!([{ "rename": { "object": 1, "name": "earth" } }]))
        .expect("the name is free: the first half was not done");
    // Points that span no volume are a valid document, but no shape.
    let flat = json!([{ "create": { "object": PLACEHOLDERS, "value": { "properties": { "colliders": [
        { "shape": { "hull": { "points_m": [[0,0,0], [1,0,0], [0,1,0], [1,1,0]] } } }] } } } }]);
    let refused = world.build("ana", flat).unwrap_err();
    assert!(refused.to_string().contains("plane"), "{refused}");
    let name = "n".repeat(1000);
    let visitor = world.enter(1, "Vi");
    world.tick();
    world.told(visitor);
    let many: Vec<Value> = (0..400)
        .map(|number| json!({ "create": { "object": PLACEHOLDERS + number, "value": {
            "position_m": [number, 50, 0], "properties": { "visuals": [
                { "shape": { "text": { "text": name.chars().take(80).collect::<String>(), "height_m": 1 } } }] } } } }))
        .collect();
    let done = world.build("ana", json!(many)).unwrap();
    assert!(done.operations_json.len() > EDIT_BYTES_MAX);
    let told = world.told(visitor);
    assert!(
        told.iter().any(|notice| matches!(notice, ServerMessage::Edited { operations: None, .. })),
        "{told:?}"
    );
}

#[test]
fn edits_beyond_what_a_tick_has_room_for_wait_in_order() {
    let mut world = Scenario::of(floor_with(&[]));
    let batch = |n: u32| -> Value {
        let names =
            (0..400).map(|k| json!({ "rename": { "object": 0, "name": format!("g{n}-{k}") } }));
        names.collect()
    };
    for n in 0..7 {
        world.input(WorldInput::Edit {
            ask: n,
            editor: editor("ana", Role::Builder),
            change: Change::Do { operations: operations(batch(n)), base: None, stroke: None },
        });
    }
    let mut numbers: Vec<Vec<u32>> = Vec::new();
    for _ in 0..3 {
        world.tick();
        numbers.push(world.answers().into_iter().map(|done| done.unwrap().ask.unwrap()).collect());
    }
    assert_eq!(numbers, [vec![0, 1, 2], vec![3, 4, 5], vec![6]]);
}

#[test]
fn locked_things_stay_and_only_owners_unlock() {
    let mut world = Scenario::of(floor_with(&[crate_at([5.0, 0.5, 0.0])]));
    let lock = |locked: bool| {
        let operations = operations(json!([{ "lock": { "object": 2, "locked": locked } }]));
        Change::Do { operations, base: None, stroke: None }
    };
    let refused = world.change(editor("bo", Role::Builder), lock(true)).unwrap_err();
    assert!(matches!(refused, EditRefusal::Forbidden { .. }), "{refused}");
    let lamp = json!({ "light": { "colour": "#ffffff", "intensity_cd": 9, "range_m": 5 } });
    let lit = json!([{ "blueprint": { "name": "lamp", "value": lamp } },
        { "rebase": { "object": 2, "blueprint": "lamp" } }]);
    world.build("bo", lit).unwrap();
    world.change(editor("ana", Role::Owner), lock(true)).unwrap();
    let bare = json!({ "set_blueprint": { "name": "lamp", "property": { "light": null } } });
    for json in [place(2, [9.0, 0.5, 0.0]), json!({ "delete": { "object": 2 } }), bare] {
        let refused = world.build("bo", json!([json])).unwrap_err();
        assert!(refused.to_string().contains("locked"), "{refused}");
    }
    world.change(editor("ana", Role::Owner), lock(false)).unwrap();
    world.build("bo", json!([place(2, [9.0, 0.5, 0.0])])).unwrap();
}

#[test]
fn copies_of_something_large_are_as_many_as_there_is_room_for() {
    let mut world = Scenario::of(floor_with(&[]));
    let settings: Value =
        (0..16).map(|at| (format!("words_{at}"), json!("word ".repeat(80)))).collect();
    let script = json!({ "module": "scripts/a.wasm", "settings": settings });
    let large = json!({ "properties": { "script": script } });
    let made = json!([{ "create": { "object": PLACEHOLDERS, "value": large } }]);
    let made = world.build("ana", made).unwrap().created[0].1.0;
    let copies = |count: u32| -> Vec<Value> {
        let copy = |at| json!({ "duplicate": { "object": PLACEHOLDERS + at, "of": made } });
        (0..count).map(copy).collect()
    };
    let done = world.build("ana", json!(copies(2))).unwrap();
    assert_eq!(
        done.created,
        [0, 1].map(|at| (ObjectId(PLACEHOLDERS + at), ObjectId(made + 1 + at)))
    );
    let refused = world.build("ana", json!(copies(1_000))).unwrap_err();
    let EditRefusal::TooLarge { bytes, bytes_max } = refused else { panic!("{refused}") };
    // No more was measured than what shows that it is too much.
    assert!(bytes < bytes_max + 10_000, "{bytes}");
    world.undo("ana").unwrap();
    world.redo("ana").unwrap();
}

#[test]
fn what_a_builder_chooses_is_shown_to_the_others() {
    let mut world = Scenario::of(floor_with(&[]));
    let (ana, bo) = (world.enter(1, "Ana"), world.enter(2, "Bo"));
    world.tick();
    world.told(bo);
    world.wish(ana, Intent::Select { objects: (0..100).map(ObjectId).collect() });
    world.tick();
    let selected = |told: Vec<ServerMessage>| {
        told.into_iter().find_map(|notice| match notice {
            ServerMessage::Selected { person, objects } => Some((person, objects.len())),
            _ => None,
        })
    };
    assert_eq!(selected(world.told(bo)), Some((ana, 64)));
    assert_eq!(selected(world.told(ana)), None);
}

pub fn permission(account: &str, from: &str, to: &str) -> Value {
    json!({ "permission": { "account": account, "name": "Bo", "from": from, "to": to } })
}

#[test]
fn owners_say_who_may_do_what_and_no_undo_changes_it() {
    let mut world = Scenario::of(floor_with(&[]));
    let visitor = world.enter(1, "Vi");
    world.ticks(2);
    world.told(visitor);
    let bo = "b0".repeat(16);
    let change =
        |json: Value, base| Change::Do { operations: operations(json), base, stroke: None };
    let give = || json!([permission(&bo, "visitor", "builder")]);
    for role in [Role::Visitor, Role::Builder] {
        let refused = world.change(editor(&bo, role), change(give(), None)).unwrap_err();
        assert!(matches!(refused, EditRefusal::Forbidden { index: 0, .. }), "{refused}");
    }
    let owner = || editor("ana", Role::Owner);
    let rename = |name: &str| json!([{ "rename": { "object": 0, "name": name } }]);
    world.change(owner(), change(rename("earth"), None)).unwrap();
    world.undo("ana").unwrap();
    let done = world.change(owner(), change(give(), Some(2))).unwrap();
    assert_eq!((done.number, &done.operations), (3, &operations(give())));
    assert_eq!(done.inverses, operations(json!([permission(&bo, "builder", "visitor")])));
    let told = world.told(visitor);
    let is_told =
        |notice: &ServerMessage| matches!(notice, ServerMessage::Edited { number: 3, .. });
    assert!(told.iter().any(is_told), "{told:?}");
    // It is no step: what was undone before can still be done again.
    assert_eq!(world.redo("ana").unwrap().operations, operations(rename("earth")));
    world.undo("ana").unwrap();
    assert_eq!(world.undo("ana"), Err(EditRefusal::Nothing));
    // Together with something else, the other alone is undone.
    let both = json!([permission(&bo, "builder", "owner"), rename("soil")[0]]);
    world.change(owner(), change(both, None)).unwrap();
    assert_eq!(world.undo("ana").unwrap().operations, operations(rename("ground")));
    // Two owners who change the same person do not overwrite each other.
    let take = json!([permission(&bo, "owner", "visitor")]);
    let stale = world.change(editor("cy", Role::Owner), change(take, Some(3))).unwrap_err();
    assert!(matches!(stale, EditRefusal::Stale { .. }), "{stale}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever anybody asks for: visitors change nothing, builders lock nothing, what is locked
    /// stays, edits told are enough to follow, and a world that is given the same again ends the same.
    #[test]
    fn rights_hold_and_everyone_can_follow(changes in proptest::collection::vec(any_change(), 1..24)) {
        let start = || floor_with(&[crate_at([5.0, 0.5, 0.0]), crate_at([6.0, 0.5, 0.0])]);
        let mut world = Scenario::of(start());
        let mut again = Scenario::of(start());
        let mut copy = Scene::new(start());
        let mut number = 0;
        for wanted in changes {
            let base = wanted.3;
            let (who, change) = told(wanted);
            let role = who.role;
            if base == Some(0) {
                let is_done = world.reset(role).is_ok();
                prop_assert_eq!(is_done, role > Role::Visitor);
                prop_assert_eq!(again.reset(role).is_ok(), is_done);
            }
            let locked: Vec<ObjectId> =
                copy.objects().filter(|(_, object)| object.locked).map(|(id, _)| id).collect();
            let is_new = matches!(change, Change::Do { .. });
            let answer = world.change(who.clone(), change.clone());
            let same = again.change(who, change);
            prop_assert_eq!(&answer, &same);
            let Ok(done) = answer else { continue };
            number += 1;
            prop_assert_eq!(done.number, number);
            prop_assert!(role > Role::Visitor);
            for operation in done.operations.0.iter() {
                let is_lock = matches!(operation, Operation::Lock { .. });
                let is_permission = matches!(operation, Operation::Permission { .. });
                prop_assert!(!(is_lock || is_permission) || role == Role::Owner);
                prop_assert!(!is_permission || is_new, "nothing is given by an undo");
                let on_locked = operation.object().is_some_and(|object| locked.contains(&object));
                prop_assert!(!on_locked || role == Role::Owner);
            }
            let told: Vec<Operation> = serde_json::from_str(&done.operations_json).unwrap();
            let inverses = copy.apply_all(told).expect("what was done can be followed");
            prop_assert_eq!(&inverses, &*done.inverses.0);
        }
        prop_assert_eq!(world.digest(), again.digest());
        vivarium_scene::load::validate(&copy.document()).unwrap();
    }
}
