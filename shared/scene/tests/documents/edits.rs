//! Operations: what they do, what undoes them, and what they refuse.

use proptest::prelude::*;
use serde_json::{Value, json};
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::{
    document::{Object, WorldDocument},
    load,
    operation::{Operation, PLACEHOLDERS, Touched, number},
    scene::{Refusal, Scene},
};

pub fn world() -> Scene {
    let document = json!({
        "version": 1, "name": "yard", "title": "Yard",
        "materials": { "oak": { "colour": "#8a6a40" }, "tin": { "colour": "#cccccc" } },
        "blueprints": {
            "crate": {
                "visuals": [{ "shape": { "box": { "size_m": [1, 1, 1] } }, "material": "oak" }],
                "colliders": [{ "shape": { "box": { "size_m": [1, 1, 1] } } }],
                "body": { "kind": "dynamic" },
            },
            "lamp": { "light": { "colour": "#ffffff", "intensity_cd": 9, "range_m": 5 } },
        },
        "objects": [
            { "name": "gate", "properties": { "spawn": {} } },
            { "name": "box", "blueprint": "crate", "position_m": [0, 1, 0] },
            { "parent": 1, "blueprint": "lamp" },
        ],
    });
    Scene::new(load::from_json(document.to_string().as_bytes()).expect("the yard is valid"))
}

fn operation(json: Value) -> Operation {
    serde_json::from_value(json).expect("an operation")
}

fn refused(scene: &mut Scene, json: Value) -> Refusal {
    let before = scene.clone();
    let refusal = scene.apply(operation(json)).expect_err("it must be refused");
    assert_eq!(*scene, before, "what is refused changes nothing");
    refusal
}

#[test]
fn a_builder_builds_and_takes_back() {
    let mut yard = world();
    let mut done = vec![
        operation(json!({ "create": { "object": PLACEHOLDERS, "value":
            { "name": "tower", "blueprint": "crate", "position_m": [3, 1, 0] } } })),
        operation(
            json!({ "set": { "object": PLACEHOLDERS, "property": { "body": { "kind": "static" } } } }),
        ),
        operation(json!({ "reparent": { "object": 2, "parent": PLACEHOLDERS } })),
        operation(json!({ "set_blueprint": { "name": "crate", "property": { "visuals": null } } })),
        operation(json!({ "material": { "name": "oak", "value": null } })),
        operation(json!({ "title": { "title": "Court", "description": "" } })),
    ];
    let before = yard.document();
    assert_eq!(number(&mut done, yard.next_object()), 4);
    let undo = yard.apply_all(done.clone()).expect("all of it is allowed");
    let tower = ObjectId(3);
    assert_eq!(yard.object(tower).and_then(|tower| tower.name.as_deref()), Some("tower"));
    assert_eq!(yard.object(ObjectId(2)).and_then(|lamp| lamp.parent), Some(tower));
    assert_eq!(yard.instances("crate").collect::<Vec<_>>(), [ObjectId(1), tower]);
    assert_eq!(yard.head().title, "Court");
    let built = yard.document();
    load::validate(&built).expect("what was built is valid");

    let redo = yard.apply_all(undo).expect("it can be taken back");
    assert_eq!(yard.document(), WorldDocument { next_id: Some(4), ..before });
    yard.apply_all(redo).expect("and done again");
    assert_eq!(yard.document(), built);
}

#[test]
fn a_duplicate_is_as_the_other_one_but_for_its_name_and_its_lock() {
    let mut yard = world();
    let mut done = vec![
        operation(json!({ "lock": { "object": 1, "locked": true } })),
        operation(json!({ "duplicate": { "object": PLACEHOLDERS + 1, "of": 1 } })),
        // Of what the batch itself has made.
        operation(json!({ "duplicate": { "object": PLACEHOLDERS, "of": PLACEHOLDERS + 1 } })),
        operation(json!({ "rename": { "object": PLACEHOLDERS, "name": "second" } })),
    ];
    assert_eq!(number(&mut done, yard.next_object()), 5);
    let undo = yard.apply_all(done).expect("all of it is allowed");
    let plain =
        Object { name: None, locked: false, ..yard.object(ObjectId(1)).expect("it stays").clone() };
    assert_eq!(yard.object(ObjectId(3)), Some(&plain));
    let second = Object { name: Some("second".into()), ..plain };
    assert_eq!(yard.object(ObjectId(4)), Some(&second));
    assert_eq!(yard.instances("crate").count(), 3);
    yard.apply_all(undo).expect("it can be taken back");
    assert_eq!(yard.objects().count(), 3);

    let nothing = refused(&mut yard, json!({ "duplicate": { "object": 7, "of": 6 } }));
    assert_eq!(nothing, Refusal::NoObject(ObjectId(6)));
    let taken = refused(&mut yard, json!({ "duplicate": { "object": 0, "of": 1 } }));
    assert_eq!(taken, Refusal::IdTaken(ObjectId(0)));
}

#[test]
fn a_path_comes_after_its_body_and_goes_before_it() {
    let mut yard = world();
    let set = |property: Value| json!({ "set": { "object": 1, "property": property } });
    let path = set(json!({ "mover": { "waypoints_m": [[0, 0, 0], [1, 0, 0]], "leg_ticks": 9 } }));
    refused(&mut yard, path.clone());
    yard.apply(operation(set(json!({ "body": { "kind": "kinematic" } }))))
        .expect("it stands still");
    yard.apply(operation(path)).expect("now it moves");
    refused(&mut yard, set(json!({ "body": null })));
    for nothing in [json!({ "mover": null }), json!({ "body": null })] {
        yard.apply(operation(set(nothing))).expect("first the path, then the body");
    }
    assert_eq!(yard.document(), world().document());
}

#[test]
fn what_hangs_below_an_object_counts_when_it_is_put_below_another() {
    let mut yard = world();
    let chain = |first: u32, count: u32| {
        (first..first + count).map(move |id| {
            let parent = (id > first).then(|| id - 1);
            operation(json!({ "create": { "object": id, "value": { "parent": parent } } }))
        })
    };
    yard.apply_all(chain(100, 40).chain(chain(200, 40))).expect("each is short enough");
    let before = yard.clone();
    let together = operation(json!({ "reparent": { "object": 200, "parent": 139 } }));
    let deep = yard.apply(together).expect_err("together they are too long");
    assert!(deep.to_string().contains("too deep"), "{deep}");
    assert_eq!(yard, before);
    let fits = json!({ "reparent": { "object": 200, "parent": 124 } });
    yard.apply(operation(fits)).expect("64 above one another are allowed");
    load::validate(&yard.document()).expect("and make a valid document");
    let one_more = operation(json!({ "reparent": { "object": 200, "parent": 125 } }));
    yard.apply(one_more).expect_err("one more is too many");
}

#[test]
fn what_would_break_the_world_is_refused_with_the_reason() {
    let mut yard = world();
    let gone = refused(&mut yard, json!({ "delete": { "object": 9 } }));
    assert_eq!(gone, Refusal::NoObject(ObjectId(9)));
    let last = refused(&mut yard, json!({ "delete": { "object": 0 } }));
    assert_eq!(last, Refusal::LastSpawn);
    let last = json!({ "set": { "object": 0, "property": { "spawn": null } } });
    assert_eq!(refused(&mut yard, last), Refusal::LastSpawn);
    let above = refused(&mut yard, json!({ "delete": { "object": 1 } }));
    assert_eq!(above, Refusal::HasChildren(ObjectId(1)));
    let cycle = refused(&mut yard, json!({ "reparent": { "object": 1, "parent": 2 } }));
    assert_eq!(cycle, Refusal::Cycle(ObjectId(1)));
    let used = refused(&mut yard, json!({ "material": { "name": "oak", "value": null } }));
    assert!(matches!(used, Refusal::InUse { what: "material", .. }), "{used}");
    let used = refused(&mut yard, json!({ "blueprint": { "name": "crate", "value": null } }));
    assert!(matches!(used, Refusal::InUse { what: "blueprint", .. }), "{used}");
    let nothing = json!({ "set_blueprint": { "name": "cloud", "property": { "body": null } } });
    assert_eq!(refused(&mut yard, nothing), Refusal::NoBlueprint("cloud".into()));

    for (operation, path) in [
        (json!({ "create": { "object": 7, "value": { "name": "gate" } } }), "objects[7].name"),
        (json!({ "rename": { "object": 1, "name": "gate" } }), "objects[1].name"),
        (
            json!({ "create": { "object": 7, "value": { "blueprint": "cloud" } } }),
            "objects[7].blueprint",
        ),
        (
            json!({ "place": { "object": 1, "position_m": [1e9, 0, 0], "rotation": [0, 0, 0, 1],
                "scale": [1, 1, 1] } }),
            "objects[1].position_m[0]",
        ),
        (json!({ "set": { "object": 1, "property": { "colliders": null } } }), ""),
        (
            json!({ "set_blueprint": { "name": "crate", "property": { "colliders": null } } }),
            "objects[1].properties.body",
        ),
        (
            json!({ "set": { "object": 1, "property": { "visuals":
                [{ "shape": { "box": { "size_m": [1, 1, 1] } }, "material": "gold" }] } } }),
            "objects[1].properties.visuals[0].material",
        ),
        (
            json!({ "material": { "name": "Oak!", "value": { "colour": "#000000" } } }),
            "materials.Oak!",
        ),
        (json!({ "settings": { "ticks_per_s": 1 } }), "settings.ticks_per_s"),
        (json!({ "title": { "title": "", "description": "" } }), "title"),
    ] {
        if path.is_empty() {
            yard.apply(serde_json::from_value(operation).expect("an operation"))
                .expect("the blueprint has colliders of its own");
            continue;
        }
        match refused(&mut yard, operation) {
            Refusal::Invalid(error) => assert_eq!(error.path, path, "{error}"),
            other => panic!("{path}: {other}"),
        }
    }
    let taken = json!({ "create": { "object": 1, "value": {} } });
    assert_eq!(refused(&mut yard, taken), Refusal::IdTaken(ObjectId(1)));
    let placeholder = json!({ "create": { "object": PLACEHOLDERS, "value": {} } });
    assert_eq!(refused(&mut yard, placeholder), Refusal::IdTaken(ObjectId(PLACEHOLDERS)));
}

#[test]
fn what_somebody_may_do_is_told_and_is_no_part_of_the_document() {
    let mut yard = world();
    let before = yard.document();
    let account = "0123456789abcdef0123456789abcdef";
    let permission = |account: &str, name: &str, from: &str, to: &str| json!({ "permission": { "account": account, "name": name, "from": from, "to": to } });
    for name in ["Ana", "", "Zo\u{00EB} \u{2764}\u{FE0F}"] {
        let given = operation(permission(account, name, "visitor", "owner"));
        let taken = operation(permission(account, name, "owner", "visitor"));
        assert_eq!(given.touched(), Touched::Permission(account.into()));
        assert_eq!(given.object(), None);
        assert_eq!(yard.apply(given.clone()).as_ref(), Ok(&taken));
        assert_eq!(yard.apply(taken), Ok(given));
        assert_eq!(yard.document(), before);
    }
    let long = "n".repeat(65);
    for (account, name, to, path) in [
        ("", "Ana", "builder", "permission.account"),
        (&account[1..], "Ana", "builder", "permission.account"),
        ("0123456789ABCDEF0123456789ABCDEF", "Ana", "builder", "permission.account"),
        ("0123456789abcdef0123456789abcdeg", "Ana", "builder", "permission.account"),
        (account, " Ana", "builder", "permission.name"),
        (account, "A\u{202E}na", "builder", "permission.name"),
        (account, "A\nna", "builder", "permission.name"),
        (account, long.as_str(), "builder", "permission.name"),
        (account, "Ana", "visitor", "permission.to"),
    ] {
        let refusal = refused(&mut yard, permission(account, name, "visitor", to));
        let Refusal::Invalid(error) = &refusal else { panic!("{refusal}") };
        assert_eq!(error.path, path, "{error}");
    }
    for json in [
        permission(account, "Ana", "visitor", "king"),
        json!({ "permission": { "account": account, "from": "visitor", "to": "owner" } }),
    ] {
        serde_json::from_value::<Operation>(json.clone()).expect_err(&json.to_string());
    }
}

#[test]
fn a_batch_is_done_whole_or_not_at_all() {
    let mut yard = world();
    let before = yard.clone();
    let refusal = yard
        .apply_all([
            operation(json!({ "delete": { "object": 2 } })),
            operation(json!({ "delete": { "object": 1 } })),
            operation(json!({ "delete": { "object": 0 } })),
        ])
        .expect_err("nobody could appear");
    assert_eq!((refusal.index, refusal.refusal), (2, Refusal::LastSpawn));
    assert_eq!(yard.document().objects, before.document().objects);
}

#[test]
fn misspelt_operations_are_not_guessed() {
    for json in [
        json!({ "create": { "object": 1 } }),
        json!({ "delete": { "object": 1, "really": true } }),
        json!({ "destroy": { "object": 1 } }),
        json!({ "set": { "object": 1, "property": { "colour": "#000000" } } }),
        json!({ "set": { "object": 1, "property": { "body": { "kind": "liquid" } } } }),
        json!({ "delete": { "object": -1 } }),
    ] {
        serde_json::from_value::<Operation>(json.clone()).expect_err(&json.to_string());
    }
}

/// One of many things that somebody might ask for, sensible or not.
pub fn any_operation() -> impl Strategy<Value = Operation> {
    let id = 0_u32..9;
    let parent = proptest::option::of(0_u32..9);
    let name = proptest::option::of(proptest::sample::select(vec!["gate", "box", "post", ""]));
    let blueprint = proptest::option::of(proptest::sample::select(vec!["crate", "lamp", "post"]));
    let material = proptest::sample::select(vec!["oak", "tin", "gold"]);
    let number = -20.0_f32..20.0;
    let property = proptest::sample::select(vec![
        json!({ "spawn": {} }),
        json!({ "spawn": null }),
        json!({ "body": { "kind": "static" } }),
        json!({ "body": { "kind": "dynamic" } }),
        json!({ "body": null }),
        json!({ "colliders": [{ "shape": { "ball": { "radius_m": 0.5 } } }] }),
        json!({ "colliders": null }),
        json!({ "visuals": [{ "shape": { "ball": { "radius_m": 1 } }, "material": "tin" }] }),
        json!({ "visuals": null }),
        json!({ "mover": { "waypoints_m": [[0, 0, 0], [1, 0, 0]], "leg_ticks": 9 } }),
        json!({ "sensor": { "size_m": [1, 1, 1] } }),
        json!({ "script": { "module": "scripts/a.wasm" } }),
        json!({ "script": { "module": "scripts/b.wasm", "enabled": false,
            "settings": { "a": -0.1, "b": false, "c": "" } } }),
        json!({ "script": { "module": "scripts/a.js" } }),
        json!({ "script": null }),
        json!({ "companion": { "mind": "mira", "name": "Mira", "body": "#336699",
            "accent": "#ffcc00" } }),
        json!({ "companion": null }),
    ]);
    (0..14_u8, id, parent, name, blueprint, material, number, property).prop_map(
        |(kind, id, parent, name, blueprint, material, number, property)| {
            operation(match kind {
                0 | 1 => json!({ "create": { "object": id, "value": {
                    "name": name, "blueprint": blueprint, "parent": parent,
                    "position_m": [number, 1, 0], "scale": [1, 1, number.abs() + 0.5] } } }),
                2 => json!({ "delete": { "object": id } }),
                12 => json!({ "duplicate": { "object": id, "of": parent.unwrap_or(1) } }),
                3 => json!({ "place": { "object": id, "position_m": [number, number * 1e3, 0],
                    "rotation": [0, 0, 0, 1], "scale": [1, 1, 1] } }),
                4 => json!({ "reparent": { "object": id, "parent": parent } }),
                5 => json!({ "rename": { "object": id, "name": name } }),
                6 => json!({ "lock": { "object": id, "locked": number > 0.0 } }),
                7 => json!({ "rebase": { "object": id, "blueprint": blueprint } }),
                8 => json!({ "set": { "object": id, "property": property } }),
                9 => json!({ "set_blueprint": { "name": blueprint.unwrap_or("crate"),
                    "property": property } }),
                10 if number > 0.0 => json!({ "material": { "name": material, "value": null } }),
                10 => json!({ "material": { "name": material, "value": { "colour": "#123456" } } }),
                11 => json!({ "permission": { "account": format!("{id:032x}"), "name": "Ana",
                    "from": if number > 0.0 { "owner" } else { "visitor" }, "to": "visitor" } }),
                _ if number > 0.0 => json!({ "blueprint": { "name": blueprint.unwrap_or("post"),
                    "value": null } }),
                _ => json!({ "blueprint": { "name": "post", "value": {
                    "visuals": [{ "shape": { "box": { "size_m": [1, 1, 1] } },
                        "material": material }] } } }),
            })
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_done_leaves_a_valid_world_and_can_be_undone(
        operations in proptest::collection::vec(any_operation(), 1..40)
    ) {
        let mut yard = world();
        let first = yard.document();
        let mut undo = Vec::new();
        for operation in operations {
            let before = yard.clone();
            match yard.apply(operation.clone()) {
                Ok(inverse) => {
                    prop_assert_eq!(inverse.touched(), operation.touched());
                    undo.push(inverse);
                }
                Err(_) => prop_assert_eq!(&yard, &before),
            }
            let document = yard.document();
            prop_assert!(load::validate(&document).is_ok());
            // What is kept beside the document follows from it alone.
            prop_assert_eq!(&Scene::new(document.clone()), &yard);
            let json = serde_json::to_vec(&document).expect("documents are JSON");
            prop_assert_eq!(load::from_json(&json), Ok(document));
        }
        for inverse in undo.into_iter().rev() {
            yard.apply(inverse).expect("what was done can be undone");
        }
        prop_assert_eq!(yard.document().objects, Scene::new(first.clone()).document().objects);
        prop_assert_eq!(&yard.head().blueprints, &first.blueprints);
        prop_assert_eq!(&yard.head().materials, &first.materials);
    }
}
