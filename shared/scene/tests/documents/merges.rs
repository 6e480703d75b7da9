//! A draft and the world that went on meanwhile become one.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::{
    diff,
    document::{Object, WorldDocument},
    load,
    merge::{Conflict, Merged, Prefer, merge},
    operation::{Operation, number},
    scene::Scene,
};

use crate::edits::{any_operation, world};

fn changed(scene: &Scene, operations: Value) -> Scene {
    let operations: Vec<Operation> = serde_json::from_value(operations).unwrap();
    let mut scene = scene.clone();
    scene.apply_all(operations).unwrap();
    scene
}

fn place(object: u32, x: f32) -> Value {
    json!({ "place": { "object": object, "position_m": [x, 0, 0], "rotation": [0, 0, 0, 1],
        "scale": [1, 1, 1] } })
}

fn told(conflicts: &[Conflict]) -> Value {
    serde_json::to_value(conflicts).unwrap()
}

fn object(merged: &Merged, name: &str) -> Option<Object> {
    merged.document.objects.iter().find(|object| object.name.as_deref() == Some(name)).cloned()
}

/// How it can be told by operations to a world that runs.
fn published(world: &Scene, merged: &Merged) -> WorldDocument {
    let mut operations = diff::batch(world, &Scene::new(merged.document.clone())).unwrap();
    let mut scene = world.clone();
    number(&mut operations, scene.next_object());
    for operation in operations {
        let is_lock = matches!(operation, Operation::Lock { .. });
        let object = operation.object().and_then(|id| scene.object(id));
        assert!(is_lock || object.is_none_or(|object| !object.locked), "{operation:?}");
        scene.apply(operation).unwrap();
    }
    scene.document()
}

#[test]
fn whether_physics_is_paused_is_the_worlds_own_matter() {
    let base = world();
    let with = |settings: Value| changed(&base, json!([{ "settings": settings }]));
    let draft = with(json!({ "physics_paused": true, "earshot_m": 7 }));
    let merged = merge(&base, &draft, &base, Prefer::Draft).unwrap();
    let settings = &merged.document.settings;
    assert_eq!((settings.physics_paused, settings.earshot_m), (false, 7.0));
    let there = with(json!({ "physics_paused": true }));
    let merged = merge(&base, &draft, &there, Prefer::World).unwrap();
    assert_eq!(merged.conflicts, [], "pausing is no change of the world");
    let settings = &merged.document.settings;
    assert_eq!((settings.physics_paused, settings.earshot_m), (true, 7.0));
}

#[test]
fn what_only_one_side_has_changed_is_taken_from_it() {
    let base = world();
    let draft = changed(
        &base,
        json!([
            place(1, 5.0),
            { "create": { "object": 3, "value": { "name": "bench", "blueprint": "crate" } } },
            { "create": { "object": 4, "value": { "parent": 3, "blueprint": "lamp" } } },
            { "reparent": { "object": 2, "parent": 3 } },
            { "material": { "name": "gold", "value": { "colour": "#ffd700" } } },
        ]),
    );
    let there = changed(
        &base,
        json!([
            { "rename": { "object": 1, "name": "chest" } },
            { "create": { "object": 3, "value": { "name": "bench", "position_m": [9, 9, 9] } } },
            { "title": { "title": "Court", "description": "" } },
        ]),
    );
    for prefer in [Prefer::World, Prefer::Draft] {
        let merged = merge(&base, &draft, &there, prefer).unwrap();
        assert_eq!(merged.conflicts, []);
        assert_eq!(object(&merged, "chest").unwrap().position_m, [5.0, 0.0, 0.0]);
        assert_eq!(object(&merged, "bench").unwrap().position_m, [9.0; 3]);
        let bench = object(&merged, "bench-2").unwrap();
        assert_eq!(bench.id, Some(ObjectId(4)), "ids are given once");
        let below: Vec<Option<ObjectId>> =
            merged.document.objects.iter().map(|object| object.parent).collect();
        assert_eq!(below, [None, None, bench.id, None, None, bench.id]);
        assert_eq!(merged.document.title, "Court");
        assert!(merged.document.materials.contains_key("gold"));
        assert_eq!(published(&there, &merged).objects, merged.document.objects);
    }
}

#[test]
fn what_both_have_changed_is_a_conflict_and_one_side_wins() {
    let base = world();
    let draft = changed(
        &base,
        json!([
            place(1, 5.0),
            { "delete": { "object": 2 } },
            { "rename": { "object": 0, "name": "door" } },
            { "material": { "name": "tin", "value": { "colour": "#111111" } } },
        ]),
    );
    let there = changed(
        &base,
        json!([
            place(1, -5.0),
            place(2, 1.0),
            { "rename": { "object": 0, "name": "door" } },
            { "material": { "name": "tin", "value": { "colour": "#222222" } } },
        ]),
    );
    let kept = merge(&base, &draft, &there, Prefer::World).unwrap();
    let expected = json!([
        { "object": 1, "name": "box", "aspect": "place" },
        { "object": 2, "aspect": "object" },
        { "name": "tin", "aspect": "material" },
    ]);
    assert_eq!(told(&kept.conflicts), expected);
    assert_eq!(published(&there, &kept), there.document());
    let taken = merge(&base, &draft, &there, Prefer::Draft).unwrap();
    assert_eq!(told(&taken.conflicts), expected);
    assert_eq!(object(&taken, "box").unwrap().position_m, [5.0, 0.0, 0.0]);
    assert_eq!(taken.document.objects.len(), 2);
    assert_eq!(taken.document.materials["tin"].colour, "#111111");
}

#[test]
fn what_was_deleted_there_and_changed_here_comes_back_under_another_id() {
    let base = world();
    let draft = changed(&base, json!([place(1, 5.0)]));
    let there =
        changed(&base, json!([{ "delete": { "object": 2 } }, { "delete": { "object": 1 } }]));
    let merged = merge(&base, &draft, &there, Prefer::Draft).unwrap();
    assert_eq!(
        told(&merged.conflicts),
        json!([{ "object": 1, "name": "box", "aspect": "object" }])
    );
    assert_eq!(object(&merged, "box").unwrap().id, Some(ObjectId(3)));
    let merged = merge(&base, &draft, &there, Prefer::World).unwrap();
    assert_eq!(published(&there, &merged), there.document());
}

#[test]
fn two_outlines_never_make_a_circle() {
    let base =
        changed(&world(), json!([{ "create": { "object": 3, "value": { "name": "post" } } }]));
    let draft = changed(&base, json!([{ "reparent": { "object": 1, "parent": 3 } }]));
    let there = changed(&base, json!([{ "reparent": { "object": 3, "parent": 1 } }]));
    let merged = merge(&base, &draft, &there, Prefer::Draft).unwrap();
    assert_eq!(object(&merged, "box").unwrap().parent, None);
    assert_eq!(object(&merged, "post").unwrap().parent, Some(ObjectId(1)));
}

#[test]
fn what_was_moved_below_something_moves_back_when_that_makes_a_circle() {
    // Below one another: 5 below 3; 4 and 6 at the top.
    let named = |object: u32, parent: Value| {
        json!({ "create": { "object": object, "value":
            { "name": object.to_string(), "parent": parent } } })
    };
    let base = changed(
        &world(),
        json!([
            named(3, json!(null)),
            named(4, json!(3)),
            named(5, json!(4)),
            named(6, json!(null))
        ]),
    );
    let draft = changed(
        &base,
        json!([
            { "reparent": { "object": 4, "parent": 6 } },
            { "reparent": { "object": 3, "parent": 5 } },
        ]),
    );
    let there = changed(&base, json!([{ "reparent": { "object": 6, "parent": 4 } }]));
    for prefer in [Prefer::World, Prefer::Draft] {
        let merged = merge(&base, &draft, &there, prefer).unwrap();
        let parent = |name: &str| object(&merged, name).unwrap().parent.map(|id| id.0);
        assert_eq!(["3", "4", "5", "6"].map(parent), [None, Some(3), Some(4), Some(4)]);
        assert_eq!(
            told(&merged.conflicts),
            json!([
                { "object": 4, "name": "4", "aspect": "parent" },
                { "object": 3, "name": "3", "aspect": "parent" },
            ])
        );
        assert_eq!(published(&there, &merged), there.document());
    }
}

#[test]
fn two_outlines_never_become_too_deep() {
    let chain = |first: u32| {
        (first..first + 40).map(move |id| {
            let parent = (id > first).then(|| id - 1);
            json!({ "create": { "object": id, "value": { "parent": parent } } })
        })
    };
    let base = changed(&world(), chain(100).chain(chain(200)).chain(chain(300)).collect());
    let draft = changed(&base, json!([{ "reparent": { "object": 200, "parent": 120 } }]));
    let there = changed(&base, json!([{ "reparent": { "object": 100, "parent": 310 } }]));
    let merged = merge(&base, &draft, &there, Prefer::Draft).unwrap();
    let parent = |id: u32| Scene::new(merged.document.clone()).object(ObjectId(id)).unwrap().parent;
    assert_eq!((parent(100), parent(200)), (Some(ObjectId(310)), None));
    assert_eq!(told(&merged.conflicts), json!([{ "object": 200, "aspect": "parent" }]));
    assert_eq!(published(&there, &merged), there.document());
}

#[test]
fn what_each_side_puts_below_something_new_is_not_the_same() {
    let base = world();
    let group = |name: &str| {
        json!([{ "create": { "object": 3, "value": { "name": name } } },
            { "reparent": { "object": 1, "parent": 3 } }])
    };
    let (draft, there) = (changed(&base, group("toys")), changed(&base, group("goods")));
    let told = told(&merge(&base, &draft, &there, Prefer::World).unwrap().conflicts);
    assert_eq!(told, json!([{ "object": 1, "name": "box", "aspect": "parent" }]));
    let merged = merge(&base, &draft, &there, Prefer::Draft).unwrap();
    let toys = object(&merged, "toys").unwrap();
    assert_eq!((toys.id, object(&merged, "box").unwrap().parent), (Some(ObjectId(4)), toys.id));
    assert!(object(&merged, "goods").is_some());
}

#[test]
fn what_was_locked_meanwhile_is_changed_by_nobody_who_did_not_see_it() {
    let base = world();
    let draft = changed(&base, json!([place(1, 5.0), { "delete": { "object": 2 } }]));
    let lock = |object: u32| json!({ "lock": { "object": object, "locked": true } });
    let there = changed(&base, json!([lock(1), lock(2)]));
    let kept = merge(&base, &draft, &there, Prefer::World).unwrap();
    let expected = json!([
        { "object": 1, "name": "box", "aspect": "lock" },
        { "object": 2, "aspect": "object" },
    ]);
    assert_eq!(told(&kept.conflicts), expected);
    assert_eq!(published(&there, &kept), there.document());
    let taken = merge(&base, &draft, &there, Prefer::Draft).unwrap();
    assert_eq!(told(&taken.conflicts), expected);
    let published = published(&there, &taken);
    assert_eq!(published.objects.len(), 2);
    assert_eq!((published.objects[1].position_m[0], published.objects[1].locked), (5.0, true));
}

#[test]
fn what_is_taken_as_a_whole_stays_locked() {
    let base = world();
    let draft = changed(
        &base,
        json!([{ "place": { "object": 1, "position_m": [0, 0, 0], "rotation": [0, 0, 0, 1],
            "scale": [1, 2, 1] } }]),
    );
    let ball = json!([{ "shape": { "ball": { "radius_m": 1 } } }]);
    let there = changed(
        &base,
        json!([{ "set": { "object": 1, "property": { "colliders": ball } } },
            { "lock": { "object": 1, "locked": true } }]),
    );
    let merged = merge(&base, &draft, &there, Prefer::Draft).unwrap();
    let expected = json!([{ "object": 1, "name": "box", "aspect": "object" }]);
    assert_eq!(told(&merged.conflicts), expected);
    let is = object(&merged, "box").unwrap();
    assert_eq!((is.scale, is.properties.colliders, is.locked), ([1.0, 2.0, 1.0], None, true));
}

#[test]
fn an_object_that_does_not_fit_to_its_blueprint_any_more_keeps_what_it_had_of_it() {
    let ball = json!({ "shape": { "ball": { "radius_m": 1 } } });
    let base = world();
    let draft = changed(
        &base,
        json!([{ "set_blueprint": { "name": "crate", "property": { "colliders": [ball] } } }]),
    );
    let stretched = |object: u32| {
        json!({ "place": { "object": object, "position_m": [0, 0, 0], "rotation": [0, 0, 0, 1],
            "scale": [1, 2, 1] } })
    };
    let copy =
        json!({ "create": { "object": 3, "value": { "name": "new", "blueprint": "crate" } } });
    let there = changed(&base, json!([stretched(1), copy, stretched(3)]));
    for prefer in [Prefer::World, Prefer::Draft] {
        let merged = merge(&base, &draft, &there, prefer).unwrap();
        assert_eq!(
            told(&merged.conflicts),
            json!([
                { "object": 1, "name": "box", "aspect": "blueprint" },
                { "object": 3, "name": "new", "aspect": "blueprint" },
            ])
        );
        let (is, was) = (object(&merged, "box").unwrap(), there.object(ObjectId(1)).unwrap());
        assert_eq!((is.blueprint.as_ref(), is.scale), (None, [1.0, 2.0, 1.0]));
        assert_eq!(is.properties, there.resolved(was));
        assert_eq!(merged.document.blueprints["crate"], draft.head().blueprints["crate"]);
        published(&there, &merged);
    }
}

#[test]
fn a_blueprint_of_which_both_sides_do_not_fit_together_is_taken_as_a_whole() {
    let set =
        |property: Value| json!({ "set_blueprint": { "name": "lamp", "property": property } });
    let boxes = json!([{ "shape": { "box": { "size_m": [1, 1, 1] } } }]);
    let base = changed(&world(), json!([set(json!({ "colliders": boxes }))]));
    let both = |light: Value, more: Value| json!([set(json!({ "light": light })), more]);
    let light = |cd: u32| json!({ "colour": "#ffffff", "intensity_cd": cd, "range_m": 5 });
    let draft = changed(&base, both(light(1), set(json!({ "body": { "kind": "dynamic" } }))));
    let there = changed(
        &base,
        json!([{ "blueprint": { "name": "lamp", "value": { "colliders": boxes, "light": light(2),
            "sensor": { "size_m": [1, 1, 1] } } } },
            { "set": { "object": 2, "property": { "colliders": [] } } }]),
    );
    // The draft's loose lamp needs colliders, which the world's has given up.
    let merged = merge(&base, &draft, &there, Prefer::World).unwrap();
    assert_eq!(told(&merged.conflicts), json!([{ "name": "lamp", "aspect": "blueprint" }]));
    assert_eq!(published(&there, &merged), there.document());
    let merged = merge(&base, &draft, &there, Prefer::Draft).unwrap();
    assert_eq!(merged.document.blueprints["lamp"], draft.head().blueprints["lamp"]);
    assert_eq!(
        merged.document.objects[2].properties.sensor,
        there.resolved(there.object(ObjectId(2)).unwrap()).sensor
    );
    published(&there, &merged);
}

#[test]
fn a_place_to_appear_is_left_when_each_side_takes_away_the_others() {
    let gate = json!({ "create": { "object": 3, "value":
        { "name": "door", "properties": { "spawn": {} } } } });
    let base = changed(&world(), json!([gate]));
    let draft = changed(
        &base,
        json!([{ "delete": { "object": 0 } }, { "rename": { "object": 1, "name": "gate" } }]),
    );
    let there = changed(&base, json!([{ "set": { "object": 3, "property": { "spawn": null } } }]));
    for prefer in [Prefer::World, Prefer::Draft] {
        let merged = merge(&base, &draft, &there, prefer).unwrap();
        let expected = json!([{ "object": 0, "name": "gate", "aspect": "spawn" }]);
        assert_eq!(told(&merged.conflicts), expected);
        assert!(merged.document.objects[0].properties.spawn.is_some());
        assert_eq!((&merged.document.objects[0].name, merged.document.objects.len()), (&None, 4));
        published(&there, &merged);
    }
}

#[test]
fn what_does_not_fit_together_is_taken_as_a_whole() {
    let mover = json!({ "waypoints_m": [[0, 0, 0], [1, 0, 0]], "leg_ticks": 9 });
    let ball = json!([{ "shape": { "ball": { "radius_m": 1 } } }]);
    let base = changed(
        &world(),
        json!([{ "create": { "object": 3, "value": { "name": "lift", "properties": {
            "body": { "kind": "kinematic" }, "mover": mover, "colliders": ball } } } }]),
    );
    let draft = changed(
        &base,
        json!([{ "set": { "object": 3, "property": { "colliders": [
            { "shape": { "box": { "size_m": [1, 1, 1] } } }] } } },
            { "place": { "object": 3, "position_m": [0, 0, 0], "rotation": [0, 0, 0, 1],
                "scale": [1, 2, 1] } }]),
    );
    let there = changed(
        &base,
        json!([{ "set": { "object": 3, "property": { "colliders": [
        { "shape": { "ball": { "radius_m": 2 } } }] } } }]),
    );
    let taken = merge(&base, &draft, &there, Prefer::Draft).unwrap();
    assert_eq!(object(&taken, "lift").unwrap().scale, [1.0, 2.0, 1.0]);
    // The world's ball cannot be stretched as the draft has stretched its box.
    let kept = merge(&base, &draft, &there, Prefer::World).unwrap();
    assert_eq!(told(&kept.conflicts), json!([{ "object": 3, "name": "lift", "aspect": "object" }]));
    assert_eq!(published(&there, &kept), there.document());
}

#[test]
fn a_material_that_is_used_anew_does_not_go() {
    let base = world();
    let visuals =
        json!({ "visuals": [{ "shape": { "ball": { "radius_m": 1 } }, "material": "tin" }] });
    let draft = changed(&base, json!([{ "set": { "object": 0, "property": visuals } }]));
    let there = changed(&base, json!([{ "material": { "name": "tin", "value": null } }]));
    let merged = merge(&base, &draft, &there, Prefer::World).unwrap();
    assert_eq!(merged.document.materials["tin"].colour, "#cccccc");
}

fn after(scene: &Scene, operations: Vec<Operation>) -> Scene {
    let mut scene = scene.clone();
    for operation in operations {
        let _ = scene.apply(operation);
    }
    scene
}

fn some_operations() -> impl Strategy<Value = Vec<Operation>> {
    proptest::collection::vec(any_operation(), 0..20)
}

/// Each object with what is above it, in no order that follows from ids.
fn as_texts(document: &WorldDocument) -> Vec<String> {
    let known: BTreeMap<ObjectId, &Object> = document.objects().collect();
    let text = |object: &Object| {
        let alone = Object { id: None, parent: None, ..object.clone() };
        serde_json::to_string(&alone).unwrap()
    };
    let mut texts: Vec<String> = document
        .objects()
        .map(|(_, object)| {
            let above = |object: &&Object| object.parent.map(|parent| known[&parent]);
            std::iter::successors(Some(object), above).map(text).collect()
        })
        .collect();
    texts.sort();
    texts
}

proptest! {
    #[test]
    fn a_world_that_stood_still_becomes_the_draft(operations in some_operations()) {
        let base = world();
        let draft = after(&base, operations);
        let merged = merge(&base, &draft, &base, Prefer::World).unwrap();
        prop_assert_eq!(&merged.conflicts, &[]);
        prop_assert_eq!(as_texts(&merged.document), as_texts(&draft.document()));
        prop_assert_eq!(&merged.document.materials, &draft.head().materials);
        prop_assert_eq!(&merged.document.blueprints, &draft.head().blueprints);
    }

    #[test]
    fn a_draft_in_which_nothing_was_done_changes_nothing(operations in some_operations()) {
        let base = world();
        let there = after(&base, operations);
        let merged = merge(&base, &base, &there, Prefer::Draft).unwrap();
        prop_assert_eq!(&merged.conflicts, &[]);
        prop_assert_eq!(published(&there, &merged), there.document());
    }

    #[test]
    fn whatever_both_sides_did_there_is_a_way(
        ours in some_operations(), theirs in some_operations(), is_ours in any::<bool>()
    ) {
        let base = world();
        let (draft, there) = (after(&base, ours), after(&base, theirs));
        let prefer = if is_ours { Prefer::Draft } else { Prefer::World };
        let merged = merge(&base, &draft, &there, prefer).unwrap();
        prop_assert!(load::validate(&merged.document).is_ok());
        prop_assert_eq!(as_texts(&published(&there, &merged)), as_texts(&merged.document));
        let other = if is_ours { Prefer::World } else { Prefer::Draft };
        if merged.conflicts.is_empty() {
            let decided = merge(&base, &draft, &there, other).unwrap();
            prop_assert_eq!(decided, merged);
        }
    }
}
