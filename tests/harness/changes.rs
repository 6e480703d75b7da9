//! Changes that somebody might ask for, possible or not, as property tests draw them: every kind of
//! operation, and every property that an object or a blueprint can have.

use std::collections::BTreeSet;

use proptest::{
    option,
    prelude::*,
    sample::{Index, select},
    strategy::ValueTree,
    test_runner::TestRunner,
};
use serde_json::{Value, json};
use vivarium_contract::editing::{Change, Editor, Role};
use vivarium_scene::operation::{Operation, PLACEHOLDERS, Property};

use crate::editing::{editor, operations, permission, place};

/// Who with which role, what (none: a step back or forth), after which edit, in which stroke.
pub type AnyChange = (u8, u8, Option<Vec<Value>>, Option<u32>, Option<u32>);

pub fn any_change() -> impl Strategy<Value = AnyChange> {
    (
        0..3_u8,
        0..3_u8,
        option::weighted(0.8, proptest::collection::vec(any_operation(), 1..4)),
        option::of(0..9_u32),
        option::of(0..3_u32),
    )
}

/// Whose change it is, and the change.
pub fn told(change: AnyChange) -> (Editor, Change) {
    let (who, role, wanted, base, stroke) = change;
    let role = [Role::Visitor, Role::Builder, Role::Owner][usize::from(role)];
    let change = match wanted {
        Some(wanted) => Change::Do { operations: operations(json!(wanted)), base, stroke },
        None if stroke == Some(0) => Change::Redo,
        None => Change::Undo,
    };
    (editor(&format!("{who:032x}"), role), change)
}

/// Any operation at all.
fn any_operation() -> impl Strategy<Value = Value> {
    prop_oneof![
        11 => of_an_object(),
        3 => of_a_blueprint(),
        4 => of_the_world(),
    ]
}

fn object() -> std::ops::Range<u32> {
    0..4
}

/// One of few, so that it is often there already, or in use.
fn name() -> &'static str {
    "[a-c]"
}

fn of_an_object() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => object().prop_map(|object| json!({ "delete": { "object": object } })),
        1 => object().prop_map(
            |of| json!({ "duplicate": { "object": PLACEHOLDERS, "of": of } })
        ),
        1 => (object(), -9..9_i8, select(vec![[1, 1, 1], [2, 2, 2], [1, 2, 3], [0, 1, 1]]))
            .prop_map(|(object, x, scale)| {
                let mut placed = place(object, [f32::from(x), 1.0, 0.0]);
                placed["place"]["scale"] = json!(scale);
                placed
            }),
        1 => (object(), any::<bool>())
            .prop_map(|(object, locked)| json!({ "lock": { "object": object, "locked": locked } })),
        1 => (object(), option::of(name()))
            .prop_map(|(object, name)| json!({ "rename": { "object": object, "name": name } })),
        1 => (object(), option::of(object())).prop_map(
            |(object, parent)| json!({ "reparent": { "object": object, "parent": parent } })
        ),
        1 => (object(), option::of(name())).prop_map(
            |(object, blueprint)| json!({ "rebase": { "object": object, "blueprint": blueprint } })
        ),
        1 => (any::<bool>(), option::of(object()), option::of(name()), any_properties()).prop_map(
            |(locked, parent, blueprint, properties)| json!({ "create": {
                "object": PLACEHOLDERS, "value": { "position_m": [0, 5, 0], "locked": locked,
                    "parent": parent, "blueprint": blueprint, "properties": properties } } })
        ),
        // More often than anything else: there are many properties.
        4 => (object(), any_property()).prop_map(
            |(object, property)| json!({ "set": { "object": object, "property": property } })
        ),
    ]
}

fn of_a_blueprint() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => (name(), option::weighted(0.7, any_properties())).prop_map(
            |(name, value)| json!({ "blueprint": { "name": name, "value": value } })
        ),
        2 => (name(), any_property()).prop_map(
            |(name, property)| json!({ "set_blueprint": { "name": name, "property": property } })
        ),
    ]
}

fn of_the_world() -> impl Strategy<Value = Value> {
    let material = select(vec![
        json!({ "colour": "#000000" }),
        json!({ "colour": "#ddeeff", "opacity": 0.5, "emissive": "#ffffff", "pattern": "tiles" }),
        json!({ "colour": "white" }),
        Value::Null,
    ]);
    let role = || "visitor|builder|owner";
    prop_oneof![
        2 => (name(), material).prop_map(
            |(name, value)| json!({ "material": { "name": name, "value": value } })
        ),
        1 => select(vec![
            json!({ "settings": { "physics_paused": true } }),
            json!({ "settings": { "physics_paused": false } }),
            json!({ "settings": { "gravity_mps2": [0, 1.5, 0], "floor_m": -3, "substeps": 4 } }),
            json!({ "settings": { "ticks_per_s": 60, "seed": 7, "sight_m": 9 } }),
            json!({ "settings": { "ticks_per_s": 0 } }),
        ]),
        1 => select(vec![
            json!({ "environment": {} }),
            json!({ "environment": { "fog": "#102030", "sun_direction": [0, 1, 0] } }),
            json!({ "environment": { "fog": "blue" } }),
        ]),
        1 => select(vec![
            json!({ "title": { "title": "Mine", "description": "" } }),
            json!({ "title": { "title": "", "description": "" } }),
        ]),
        // Whoever forges one gives it to themselves.
        1 => (0..3_u8, role(), role())
            .prop_map(|(who, from, to)| permission(&format!("{who:032x}"), &from, &to)),
    ]
}

/// A property by its name, or that there is none of it.
fn any_property() -> impl Strategy<Value = Value> {
    (select(properties()), option::weighted(0.8, any::<Index>())).prop_map(
        |((name, values), index)| match index {
            Some(index) => json!({ (name): index.get(&values) }),
            None => json!({ (name): null }),
        },
    )
}

/// What an object or a blueprint brings with it: mostly two or three properties.
fn any_properties() -> impl Strategy<Value = Value> {
    proptest::collection::vec(any_property(), 0..4).prop_map(|all| {
        let fields = all.into_iter().filter_map(|one| one.as_object().cloned()).flatten();
        Value::Object(fields.filter(|(_, value)| !value.is_null()).collect())
    })
}

/// All properties by name, with some values of each that can be, or cannot.
fn properties() -> Vec<(&'static str, Vec<Value>)> {
    let shape = |shape: Value| json!([{ "shape": shape }]);
    let solid = shape(json!({ "box": { "size_m": [1, 1, 1] } }));
    let triangle = json!({ "mesh": {
        "vertices_m": [[0, 0, 0], [1, 0, 0], [0, 0, 1]], "triangles": [[0, 1, 2]] } });
    let terrain = json!({ "heightfield": {
        "rows": 2, "columns": 2, "size_m": [4, 4], "heights_m": [0, 1, 0, 1] } });
    let hull = json!({ "hull": { "points_m": [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]] } });
    vec![
        (
            "visuals",
            vec![
                json!([]),
                solid.clone(),
                json!([{ "shape": { "ball": { "radius_m": 1 } }, "material": "a" }]),
                shape(json!({ "text": { "text": "here", "height_m": 1 } })),
                shape(json!({ "collider": {} })),
                shape(json!({ "ball": { "radius_m": 0 } })),
            ],
        ),
        (
            "colliders",
            vec![
                json!([]),
                solid,
                shape(json!({ "ball": { "radius_m": 0.5 } })),
                shape(json!({ "capsule": { "radius_m": 0.25, "height_m": 1 } })),
                shape(json!({ "cylinder": { "radius_m": 0.25, "height_m": 1 } })),
                shape(hull),
                shape(triangle),
                shape(terrain),
                shape(json!({ "box": { "size_m": [-1, 1, 1] } })),
            ],
        ),
        (
            "body",
            vec![
                json!({ "kind": "static" }),
                json!({ "kind": "dynamic" }),
                json!({ "kind": "dynamic", "gravity_scale": 0, "continuous": true }),
                json!({ "kind": "kinematic" }),
                json!({ "kind": "dynamic", "linear_damping": -1 }),
            ],
        ),
        (
            "mover",
            vec![
                json!({ "waypoints_m": [[0, 0, 0], [0, 2, 0]], "leg_ticks": 9, "rest_ticks": 3 }),
                json!({ "waypoints_m": [], "leg_ticks": 0 }),
            ],
        ),
        (
            "hinge",
            vec![
                json!({ "axis": [0, 1, 0] }),
                json!({ "axis": [1, 0, 0], "anchor_m": [0, 1, 0], "limits_deg": [-30, 30] }),
                json!({ "axis": [0, 0, 0] }),
            ],
        ),
        (
            "light",
            vec![
                json!({ "colour": "#ffffff", "intensity_cd": 9, "range_m": 5 }),
                json!({ "colour": "#ffffff", "intensity_cd": -1, "range_m": 5 }),
            ],
        ),
        ("spawn", vec![json!({ "radius_m": 2 }), json!({ "only_by_name": true })]),
        (
            "portal",
            vec![
                json!({ "world": "garden", "spawn": "a", "size_m": [1, 2, 1] }),
                json!({ "world": "garden", "size_m": [0, 2, 1] }),
            ],
        ),
        (
            "sensor",
            vec![
                json!({ "size_m": [1, 1, 1] }),
                json!({ "size_m": [1, 1, 1], "offset_m": [9, 0, 0] }),
            ],
        ),
        (
            "sound",
            vec![
                json!({ "path": "sounds/bell.wav", "radius_m": 5, "plays": "always" }),
                json!({ "path": "sounds/bell.wav", "radius_m": 5, "plays": "on_enter" }),
                json!({ "path": "../bell.wav", "radius_m": 5, "plays": "always" }),
            ],
        ),
    ]
    .into_iter()
    .chain(lives())
    .collect()
}

/// The same of what an object does by itself.
fn lives() -> Vec<(&'static str, Vec<Value>)> {
    vec![
        (
            "script",
            vec![
                json!({ "module": "scripts/a.wasm" }),
                json!({ "module": "scripts/a.wasm", "enabled": false,
                    "settings": { "a": 0.1, "b": false, "c": "" } }),
                json!({ "module": "scripts/a.js" }),
            ],
        ),
        (
            "companion",
            vec![
                json!({ "mind": "mira", "name": "Mira", "body": "#336699", "accent": "#ffcc00" }),
                json!({ "mind": "mira", "name": "Mira", "body": "#336699", "accent": "#ffcc00",
                    "range_m": 5 }),
                json!({ "mind": "No", "name": "", "body": "blue", "accent": "#ffcc00" }),
            ],
        ),
    ]
}

/// All that an enum knows, as it tells whoever writes something else.
fn known(error: &serde_json::Error) -> BTreeSet<String> {
    error.to_string().split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

/// The kinds of operations that there are.
pub fn kinds() -> BTreeSet<String> {
    let wish = serde_json::from_value::<Operation>(json!({ "wish": {} }));
    known(&wish.expect_err("there is no such kind"))
}

/// The one field of an operation or a property.
pub fn field(json: &Value) -> &str {
    json.as_object().and_then(|fields| fields.keys().next()).expect("one field")
}

#[test]
fn every_kind_of_operation_and_every_property_is_drawn() {
    let error = serde_json::from_value::<Property>(json!({ "wish": {} })).unwrap_err();
    let mut runner = TestRunner::deterministic();
    let (mut drawn, mut set, mut unset) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for _ in 0..2_000 {
        let tree = any_operation().new_tree(&mut runner).expect("nothing is filtered");
        let operation = tree.current();
        let property = &operation[field(&operation)]["property"];
        if property.is_object() {
            let name = field(property).to_owned();
            let names = if property[&name].is_null() { &mut unset } else { &mut set };
            names.insert(name);
        }
        drawn.insert(field(&operation).to_owned());
    }
    assert_eq!(drawn, kinds());
    assert_eq!((&set, &unset), (&known(&error), &known(&error)));
}
