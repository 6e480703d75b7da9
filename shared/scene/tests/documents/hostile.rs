//! No bytes make the reader panic, and what it accepts keeps the promises of the crate.

use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};
use vivarium_scene::{
    document::{BodyKind, WorldDocument},
    load::{from_json, validate},
    mover::offset_m,
};

use crate::sample;

/// What must hold for any accepted document, checked without the checks' own code.
fn promises(document: &WorldDocument) {
    assert_eq!(validate(document), Ok(()));
    let again = from_json(&serde_json::to_vec(document).unwrap()).unwrap();
    assert_eq!(&again, document, "a document survives being written and read");
    let mut spawns = 0;
    for object in &document.objects {
        assert!(object.position_m.iter().all(|part| part.is_finite()));
        assert!(object.scale.iter().all(|factor| *factor > 0.0 && factor.is_finite()));
        let made = document.resolved(object);
        spawns += usize::from(made.spawn.is_some());
        if let Some(mover) = &made.mover {
            assert_eq!(made.body.map(|body| body.kind), Some(BodyKind::Kinematic));
            for tick in [0, 1, 12_345, u32::MAX] {
                assert!(offset_m(mover, tick).iter().all(|part| part.is_finite()));
            }
        }
    }
    assert!(spawns > 0);
}

/// Values that upset readers.
fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        (-2.0..2.0).prop_map(|number: f64| json!(number)),
        ".{0,12}".prop_map(Value::from),
        prop_oneof![
            Just("../x.glb"),
            Just("crate"),
            Just("stone"),
            Just("dynamic"),
            Just("kinematic"),
            Just("static"),
            Just("#00ff00"),
        ]
        .prop_map(Value::from),
        prop::collection::vec(-2.0..2.0, 0..6).prop_map(|numbers: Vec<f64>| json!(numbers)),
        Just(json!([])),
        Just(json!({})),
        Just(json!({ "": [[[{}]]] })),
    ]
}

fn pointers(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                pointers(entry, &format!("{here}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                pointers(field, &format!("{here}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// Replaces a node by a value, or by a copy of another node.
fn spoil(document: &mut Value, places: &[(Index, Option<Value>, Index)]) {
    for (place, value, other) in places {
        let mut found = Vec::new();
        pointers(document, "", &mut found);
        let value = match value {
            Some(value) => value.clone(),
            None => document.pointer(other.get(&found[..]).as_str()).unwrap().clone(),
        };
        *document.pointer_mut(place.get(&found[..]).as_str()).unwrap() = value;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(document) = from_json(&bytes) {
            promises(&document);
        }
    }

    #[test]
    fn a_document_with_broken_bytes(at in any::<Index>(), byte in any::<u8>(), cut in any::<Index>()) {
        let mut bytes = serde_json::to_vec(&sample::document()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(document) = from_json(&bytes) {
            promises(&document);
        }
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(from_json(&bytes).is_err(), "a part of a document is no document");
    }

    #[test]
    fn a_document_with_odd_values(
        places in prop::collection::vec((any::<Index>(), prop::option::of(odd()), any::<Index>()), 1..4)
    ) {
        let mut document = sample::document();
        spoil(&mut document, &places);
        match from_json(&serde_json::to_vec(&document).unwrap()) {
            Ok(document) => promises(&document),
            Err(error) => prop_assert!(!error.path.is_empty() && !error.reason.is_empty()),
        }
    }
}
