//! Random worlds come back equal; random changes of a file never do harm.

use proptest::{
    collection::{hash_map, vec},
    option,
    prelude::*,
    sample::select,
};
use serde_json::{Value, json};
use vivarium_gltf::import;
use vivarium_scene::{document::WorldDocument, load::from_json};

use crate::{
    files::{apart, exported, together},
    foreign::{file, yard},
};

/// A world with one of everything.
const GOLDEN: &[u8] = include_bytes!("../../../../tests/golden/gltf/world.glb");

fn place() -> impl Strategy<Value = Value> {
    // Far places as well as near ones.
    let part = prop_oneof![-20.0f32..20.0, -10_000.0f32..10_000.0, Just(0.0)];
    vec(part, 3).prop_map(|parts| json!(parts))
}

fn rotation() -> impl Strategy<Value = Value> {
    vec(-1.0f32..1.0, 4).prop_map(|parts| {
        let length = parts.iter().map(|part| part * part).sum::<f32>().sqrt();
        if length < 0.1 {
            return json!([0, 0, 0, 1]);
        }
        json!(parts.iter().map(|part| part / length).collect::<Vec<f32>>())
    })
}

fn solid() -> impl Strategy<Value = Value> {
    let size = || 0.01f32..20.0;
    prop_oneof![
        vec(size(), 3).prop_map(|size| json!({ "box": { "size_m": size } })),
        size().prop_map(|radius| json!({ "ball": { "radius_m": radius } })),
        (size(), size()).prop_map(|(radius, height)| {
            json!({ "cylinder": { "radius_m": radius, "height_m": height } })
        }),
        (size(), 0.0f32..5.0).prop_map(|(radius, more)| {
            json!({ "capsule": { "radius_m": radius, "height_m": 2.0 * radius + more } })
        }),
    ]
}

fn collider() -> impl Strategy<Value = Value> {
    let surface = (0.0f32..10.0, 0.0f32..=1.0, 0.001f32..50_000.0);
    (solid(), place(), rotation(), surface, any::<(u16, u16)>()).prop_map(
        |(shape, offset, rotation, (friction, restitution, density), (members, meets))| {
            json!({ "shape": shape, "offset_m": offset, "rotation": rotation, "friction": friction,
                "restitution": restitution, "density_kgpm3": density,
                "groups": { "members": members, "meets": meets } })
        },
    )
}

fn colour() -> impl Strategy<Value = String> {
    (any::<[u8; 3]>(), any::<bool>()).prop_map(|([r, g, b], upper)| {
        if upper { format!("#{r:02X}{g:02X}{b:02X}") } else { format!("#{r:02x}{g:02x}{b:02x}") }
    })
}

fn object() -> impl Strategy<Value = Value> {
    let light = (colour(), 0.0f32..10_000.0, 0.001f32..100.0, place()).prop_map(
        |(colour, intensity, range, offset)| {
            json!({ "colour": colour, "intensity_cd": intensity, "range_m": range,
                "offset_m": offset })
        },
    );
    let visual = (solid(), option::of(select(vec!["a", "b"])), rotation()).prop_map(
        |(shape, material, rotation)| {
            json!({ "shape": shape, "material": material, "rotation": rotation })
        },
    );
    let scalar = prop_oneof![
        any::<f64>()
            .prop_filter("JSON has no others", |it| it.is_finite())
            .prop_map(|it| json!(it)),
        any::<bool>().prop_map(|it| json!(it)),
        "[ -~]{0,20}".prop_map(|it| json!(it)),
    ];
    let script = (any::<bool>(), hash_map("[a-z_]{1,9}", scalar, 0..4)).prop_map(
        |(enabled, settings)| {
            json!({ "module": "scripts/a.wasm", "enabled": enabled, "settings": settings })
        },
    );
    let parts = (vec(collider(), 0..3), vec(visual, 0..3), option::of(light), option::of(script));
    let pose = (place(), rotation(), 0.01f32..50.0);
    let rest = (any::<bool>(), any::<bool>(), any::<bool>(), 0u32..4, any::<u16>());
    (pose, parts, rest).prop_map(
        |((position, rotation, scale), (colliders, visuals, light, script), rest)| {
            let (dynamic, from_blueprint, locked, gap, parent) = rest;
            let mut properties = json!({ "visuals": visuals });
            if dynamic && !colliders.is_empty() {
                properties["body"] = json!({ "kind": "dynamic", "gravity_scale": -1.5 });
            }
            if !colliders.is_empty() {
                properties["colliders"] = json!(colliders);
            }
            if let Some(light) = light {
                properties["light"] = light;
            }
            if let Some(script) = script {
                properties["script"] = script;
            }
            json!({ "position_m": position, "rotation": rotation, "scale": [scale, scale, scale],
                "blueprint": from_blueprint.then_some("lamp"), "locked": locked,
                "properties": properties, "gap": gap, "parent": parent })
        },
    )
}

fn material() -> impl Strategy<Value = Value> {
    (colour(), [0.0f32..=1.0, 0.0f32..=1.0, 0.0f32..=1.0], option::of(colour())).prop_map(
        |(colour, [roughness, metalness, opacity], emissive)| {
            json!({ "colour": colour, "roughness": roughness, "metalness": metalness,
                "opacity": opacity, "emissive": emissive })
        },
    )
}

fn document() -> impl Strategy<Value = WorldDocument> {
    let sun = (place(), 0.0f32..20.0, colour());
    (vec(object(), 1..8), [material(), material()], sun, any::<bool>()).prop_map(
        |(mut objects, [a, b], (towards, strength, colour), is_numbered)| {
            let mut id = 0u32;
            let mut ids = Vec::new();
            for object in &mut objects {
                let fields = object.as_object_mut().unwrap();
                let gap = fields.remove("gap").unwrap().as_u64().unwrap() as u32;
                let parent = fields.remove("parent").unwrap().as_u64().unwrap() as usize;
                id += if is_numbered { gap } else { 0 };
                if is_numbered {
                    fields.insert("id".into(), json!(id));
                }
                // Any that came before, so that there is no circle; sometimes none.
                if let Some(parent) = ids.get(parent % (ids.len() + 1)) {
                    fields.insert("parent".into(), json!(parent));
                }
                ids.push(id);
                id += 1;
            }
            objects[0]["properties"]["spawn"] = json!({});
            let mut json = json!({
                "version": 1, "name": "random", "title": "Random",
                "environment": { "sun_intensity": strength, "sun": colour },
                "materials": { "a": a, "b": b },
                "blueprints": { "lamp": { "light":
                    { "colour": "#ffdf9e", "intensity_cd": 6, "range_m": 9 } } },
                "objects": objects,
            });
            if towards.as_array().unwrap().iter().any(|part| part.as_f64().unwrap().abs() > 0.01) {
                json["environment"]["sun_direction"] = towards;
            }
            from_json(json.to_string().as_bytes()).unwrap()
        },
    )
}

/// A place in the yard's JSON, and what to put there.
fn spoil() -> impl Strategy<Value = (usize, Value)> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(|number| json!(number)),
        (0u64..12).prop_map(|number| json!(number)),
        any::<f32>().prop_map(|number| json!(number)),
        Just(json!([])),
        Just(json!({})),
        Just(json!([1, 2, 3])),
        Just(json!("box")),
        Just(json!(true)),
    ];
    (0usize..400, value)
}

/// Puts a value at the place with this number, counted from the top.
fn put(json: &mut Value, at: &mut usize, value: &Value) {
    if *at == 0 {
        json.clone_from(value);
    }
    *at = at.wrapping_sub(1);
    match json {
        Value::Array(parts) => parts.iter_mut().for_each(|part| put(part, at, value)),
        Value::Object(fields) => fields.values_mut().for_each(|field| put(field, at, value)),
        _ => {}
    }
}

/// Nodes as a program that computes with 32 bits writes them.
fn rounded(json: &mut Value) {
    for node in json["nodes"].as_array_mut().unwrap() {
        for field in ["translation", "rotation", "scale"] {
            let numbers = node.get_mut(field).and_then(Value::as_array_mut);
            for number in numbers.into_iter().flatten() {
                *number = json!(number.as_f64().unwrap() as f32);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_worlds_come_back_equal(document in document()) {
        let back = import(&exported(&document), &|_| true).unwrap();
        prop_assert_eq!(back.document, document);
        prop_assert_eq!(back.warnings, Vec::<String>::new());
    }

    #[test]
    fn rounding_by_others_is_no_change(document in document()) {
        let (mut json, bin) = apart(&exported(&document));
        rounded(&mut json);
        let back = import(&together(&json, &bin), &|_| true).unwrap();
        prop_assert_eq!(back.document, document);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spoiled_files_are_worlds_or_errors(spoils in vec(spoil(), 1..4)) {
        let mut yard = yard();
        for (mut at, value) in spoils {
            put(&mut yard, &mut at, &value);
        }
        let bytes = if yard.is_object() { file(&yard) } else { together(&yard, &[]) };
        match import(&bytes, &|_| true) {
            Ok(imported) => {
                vivarium_scene::load::validate(&imported.document).unwrap();
                for (path, bytes) in imported.models {
                    gltf::Gltf::from_slice(&bytes).unwrap_or_else(|it| panic!("{path}: {it}"));
                }
            }
            Err(error) => prop_assert!(!error.place.is_empty() && !error.reason.is_empty()),
        }
    }

    #[test]
    fn damaged_files_are_worlds_or_errors(damage in vec((any::<usize>(), any::<u8>()), 1..9)) {
        let mut bytes = GOLDEN.to_vec();
        for (at, byte) in damage {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        if let Ok(imported) = import(&bytes, &|_| false) {
            vivarium_scene::load::validate(&imported.document).unwrap();
        }
    }
}
