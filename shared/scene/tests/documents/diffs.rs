//! What differs between two states of a world, and the way from the one to the other.

use proptest::prelude::*;
use serde_json::{Value, json};
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::{
    diff::{self, Diff},
    load,
    operation::{Operation, Touched},
    scene::Scene,
};

use crate::edits::{any_operation, world};

fn changed(scene: &Scene, operations: Value) -> Scene {
    let operations: Vec<Operation> = serde_json::from_value(operations).unwrap();
    let mut scene = scene.clone();
    scene.apply_all(operations).unwrap();
    scene
}

fn leads(from: &Scene, to: &Scene) -> usize {
    let operations = diff::operations(from, to).unwrap();
    let mut scene = from.clone();
    for operation in operations.clone() {
        let is_lock = matches!(operation, Operation::Lock { .. });
        let object = operation.object().and_then(|id| scene.object(id));
        assert!(is_lock || object.is_none_or(|object| !object.locked), "{operation:?}");
        if let Touched::Blueprint(name) = operation.touched() {
            let is_locked = |id| scene.object(id).is_some_and(|object| object.locked);
            assert!(!scene.instances(&name).any(is_locked), "{operation:?}");
        }
        scene.apply(operation).unwrap();
    }
    assert_same(&scene, to);
    load::validate(&scene.document()).unwrap();
    operations.len()
}

/// But for the first free id, which never goes back.
fn assert_same(one: &Scene, other: &Scene) {
    let (mut one, mut other) = (one.document(), other.document());
    (one.next_id, other.next_id) = (None, None);
    assert_eq!(one, other);
}

#[test]
fn people_are_told_what_differs() {
    let from = world();
    let to = changed(
        &from,
        json!([
            { "create": { "object": 7, "value": { "name": "post", "blueprint": "crate" } } },
            { "delete": { "object": 2 } },
            { "place": { "object": 1, "position_m": [9, 0, 0], "rotation": [0, 0, 0, 1],
                "scale": [1, 1, 1] } },
            { "set": { "object": 1, "property": { "visuals": [] } } },
            { "material": { "name": "gold", "value": { "colour": "#ffd700" } } },
            { "set_blueprint": { "name": "crate", "property": { "sensor": { "size_m": [1, 1, 1] } } } },
            { "title": { "title": "Court", "description": "" } },
        ]),
    );
    let diff = serde_json::to_value(Diff::between(&from, &to)).unwrap();
    let name = |id| from.object(ObjectId(id)).unwrap().name.clone();
    let expected = json!({
        "added": [{ "object": 7, "name": "post" }],
        "removed": [{ "object": 2, "name": name(2) }],
        "changed": [{ "object": 1, "name": name(1), "what": ["place", "visuals"] }],
        "materials": { "added": ["gold"], "removed": [], "changed": [] },
        "blueprints": { "added": [], "removed": [], "changed": ["crate"] },
        "settings": false, "environment": false, "title": true,
    });
    assert_eq!(diff, expected);
    assert_eq!(Diff::between(&to, &to), Diff::default());
    assert_eq!(leads(&from, &to), 7);
    assert_eq!(leads(&to, &from), 7);
    assert_eq!(leads(&to, &to), 0);
}

#[test]
fn long_lists_are_cut_and_counted() {
    let from = world();
    let many: Vec<Value> =
        (100..1_200).map(|id| json!({ "create": { "object": id, "value": {} } })).collect();
    let to = changed(&from, json!(many));
    let diff = Diff::between(&from, &to);
    let counts = diff.counts.unwrap();
    assert_eq!((diff.added.len(), counts.added, counts.removed), (1_000, 1_100, 0));
    assert_eq!(Diff::between(&to, &from).counts.unwrap().removed, 1_100);
}

#[test]
fn what_hinders_each_other_finds_its_way() {
    let from = world();
    // Names are exchanged.
    let named = changed(
        &from,
        json!([{ "rename": { "object": 1, "name": "a" } }, { "rename": { "object": 2, "name": "b" } }]),
    );
    let exchanged = changed(
        &from,
        json!([{ "rename": { "object": 1, "name": "b" } }, { "rename": { "object": 2, "name": "a" } }]),
    );
    leads(&named, &exchanged);
    // Who was below is above, deep down.
    let chain = |ids: Vec<u32>| {
        let above = [None].into_iter().chain(ids.iter().copied().map(Some));
        let made: Vec<Value> =
            (100..164).map(|id| json!({ "create": { "object": id, "value": {} } })).collect();
        let put: Vec<Value> = ids
            .iter()
            .zip(above)
            .map(|(id, parent)| json!({ "reparent": { "object": id, "parent": parent } }))
            .collect();
        changed(&changed(&from, json!(made)), json!(put))
    };
    leads(&chain((100..164).collect()), &chain((100..164).rev().collect()));
    // The only place where people appear moves to another object.
    let moved = changed(
        &from,
        json!([{ "set": { "object": 1, "property": { "spawn": {} } } }, { "delete": { "object": 0 } }]),
    );
    leads(&from, &moved);
    leads(&moved, &from);
    // A blueprint and its instance fit only together: the instance leans on colliders that go.
    let own = json!([{ "set": { "object": 1, "property": { "colliders":
        [{ "shape": { "ball": { "radius_m": 0.5 } } }] } } }]);
    let own = changed(&from, own);
    let swapped = changed(
        &own,
        json!([
            { "set": { "object": 1, "property": { "body": { "kind": "dynamic" } } } },
            { "blueprint": { "name": "crate", "value": { "visuals": [] } } },
        ]),
    );
    leads(&from, &swapped);
    leads(&swapped, &from);
}

#[test]
fn one_object_comes_back_with_what_it_needs() {
    let then = changed(
        &world(),
        json!([
            { "material": { "name": "jade", "value": { "colour": "#00a86b" } } },
            { "blueprint": { "name": "idol", "value": { "visuals":
                [{ "shape": { "ball": { "radius_m": 1 } }, "material": "jade" }] } } },
            { "create": { "object": 7, "value": { "name": "shrine" } } },
            { "create": { "object": 8, "value": { "name": "idol", "blueprint": "idol", "parent": 7 } } },
        ]),
    );
    let now = changed(
        &then,
        json!([
            { "delete": { "object": 8 } }, { "delete": { "object": 7 } },
            { "blueprint": { "name": "idol", "value": null } },
            { "material": { "name": "jade", "value": null } },
            { "rename": { "object": 1, "name": "idol" } },
        ]),
    );
    let idol = ObjectId(8);
    let back = diff::with_object(&now, &then, idol).unwrap().unwrap();
    leads(&now, &back);
    let object = back.object(idol).unwrap();
    assert_eq!(
        (object.blueprint.as_deref(), object.parent, &object.name),
        (Some("idol"), None, &None)
    );
    assert!(back.head().materials.contains_key("jade"));
    assert_eq!(diff::with_object(&now, &then, ObjectId(99)), Ok(None));
    // One that is there becomes as it was, and nothing else does.
    let moved = changed(
        &then,
        json!([
            { "place": { "object": 8, "position_m": [5, 0, 0], "rotation": [0, 0, 0, 1], "scale": [1, 1, 1] } },
            { "place": { "object": 7, "position_m": [5, 0, 0], "rotation": [0, 0, 0, 1], "scale": [1, 1, 1] } },
        ]),
    );
    let back = diff::with_object(&moved, &then, idol).unwrap().unwrap();
    assert_eq!(back.object(idol), then.object(idol));
    assert_eq!(back.object(ObjectId(7)), moved.object(ObjectId(7)));
    assert_eq!(diff::operations(&moved, &back).unwrap().len(), 1);
}

#[test]
fn what_is_locked_is_unlocked_before_it_is_changed() {
    let moved = |x: f32| {
        json!({ "place": { "object": 1, "position_m": [x, 0, 0], "rotation": [0, 0, 0, 1],
            "scale": [1, 1, 1] } })
    };
    let lock =
        |object: u32, locked: bool| json!({ "lock": { "object": object, "locked": locked } });
    let then = changed(&world(), json!([moved(1.0), lock(1, true), lock(2, true)]));
    let now = changed(
        &then,
        json!([lock(1, false), moved(2.0), lock(1, true), lock(2, false), { "delete": { "object": 2 } }]),
    );
    let there = diff::operations(&then, &now).unwrap();
    let [unlocked, ..] = there.as_slice() else { panic!("{there:?}") };
    assert_eq!(*unlocked, Operation::Lock { object: ObjectId(1), locked: false });
    assert_eq!(there.last(), Some(&Operation::Lock { object: ObjectId(1), locked: true }));
    assert_eq!((leads(&then, &now), leads(&now, &then)), (5, 4));
    // So is an instance whose blueprint changes.
    let lit = json!([{ "set_blueprint": { "name": "crate", "property": { "visuals": [] } } }]);
    assert_eq!(leads(&then, &changed(&then, lit)), 3);
}

proptest! {
    #[test]
    fn what_differs_leads_from_one_state_to_the_other(
        common in proptest::collection::vec(any_operation(), 0..20),
        one in proptest::collection::vec(any_operation(), 0..40),
        other in proptest::collection::vec(any_operation(), 0..40),
    ) {
        let mut first = world();
        for operation in common {
            let _ = first.apply(operation);
        }
        let mut second = first.clone();
        for operation in one {
            let _ = first.apply(operation);
        }
        for operation in other {
            let _ = second.apply(operation);
        }
        leads(&first, &second);
        leads(&second, &first);
        // An object alone, too, as far as it fits to what its blueprint has become.
        let ids: Vec<ObjectId> = second.objects().map(|(id, _)| id).collect();
        for id in ids {
            if let Ok(back) = diff::with_object(&first, &second, id) {
                leads(&first, &back.unwrap());
            }
        }
    }
}
