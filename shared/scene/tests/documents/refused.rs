//! Every rule, as a table: what is put where, and the answer that names the field.

use serde_json::{Value, json};
use vivarium_scene::{
    limits::{COLLIDER_POINTS_MAX, DOCUMENT_BYTES_MAX, MOVERS_MAX, OBJECTS_MAX},
    load::from_json,
};

use crate::sample;

/// Where (a JSON pointer), what is put there, and the answer.
pub type Case = (&'static str, Value, &'static str);

pub fn answer(document: &Value) -> String {
    told(&serde_json::to_vec(document).unwrap())
}

fn told(json: &[u8]) -> String {
    match from_json(json) {
        Ok(_) => "accepted".into(),
        Err(error) => {
            // Where the reader stood in the text says nothing about the rule.
            let told = error.to_string();
            told.split(" at line ").next().unwrap().to_owned()
        }
    }
}

/// Puts a value at a pointer, making the last field if it is not there.
pub fn put(document: &mut Value, pointer: &str, value: Value) {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent}")) {
        Value::Object(fields) => {
            fields.insert(last.into(), value);
        }
        Value::Array(entries) => entries[last.parse::<usize>().unwrap()] = value,
        other => panic!("{parent} is {other}"),
    }
}

pub fn check(cases: &[Case]) {
    for (pointer, value, expected) in cases {
        let mut document = sample::document();
        put(&mut document, pointer, value.clone());
        assert_eq!(&answer(&document), expected, "{pointer} = {value}");
    }
}

#[test]
fn the_sample_is_accepted() {
    assert_eq!(answer(&sample::document()), "accepted");
}

#[test]
fn heads_settings_and_environments() {
    check(&[
        ("/version", json!(2), "version: version 2 is not known: it must be 1"),
        (
            "/name",
            json!("Plaza"),
            "name: a world's name must be 1 to 32 lower-case letters, digits and hyphens",
        ),
        (
            "/name",
            json!("../x"),
            "name: a world's name must be 1 to 32 lower-case letters, digits and hyphens",
        ),
        (
            "/name",
            json!(""),
            "name: a world's name must be 1 to 32 lower-case letters, digits and hyphens",
        ),
        (
            "/title",
            json!(""),
            "title: a text must be 1 to 500 characters without control characters",
        ),
        (
            "/description",
            json!("a\u{7}"),
            "description: a text must be 0 to 500 characters without control characters",
        ),
        (
            "/description",
            json!("é".repeat(501)),
            "description: a text must be 0 to 500 characters without control characters",
        ),
        (
            "/colour",
            json!(1),
            "colour: unknown field `colour`, expected one of `version`, `name`, `title`, `description`, `settings`, `environment`, `materials`, `blueprints`, `objects`, `next_id`",
        ),
        (
            "/settings/ticks_per_s",
            json!(0),
            "settings.ticks_per_s: 0 is not allowed: it must be from 10 to 120",
        ),
        (
            "/settings/substeps",
            json!(0),
            "settings.substeps: 0 is not allowed: it must be from 1 to 8",
        ),
        (
            "/settings/gravity_mps2/1",
            json!(-1e30),
            "settings.gravity_mps2[1]: -1000000000000000000000000000000 is not allowed: it must be from -100 to 100",
        ),
        ("/settings/gravity_mps2/1", json!(1e300), "settings.gravity_mps2[1]: number out of range"),
        (
            "/settings/floor_m",
            json!(20000),
            "settings.floor_m: 20000 is not allowed: it must be from -10000 to 10000",
        ),
        (
            "/settings/earshot_m",
            json!(-1),
            "settings.earshot_m: -1 is not allowed: it must be from 0 to 10000",
        ),
        (
            "/settings/sight_m",
            json!(0),
            "settings.sight_m: 0 is not allowed: it must be from 1 to 10000",
        ),
        ("/settings/seed", json!(-1), "settings.seed: invalid value: integer `-1`, expected u32"),
        (
            "/environment/zenith",
            json!("blue"),
            "environment.zenith: a colour must be `#rrggbb` with six hexadecimal digits",
        ),
        (
            "/environment/fog",
            json!("#12345é"),
            "environment.fog: a colour must be `#rrggbb` with six hexadecimal digits",
        ),
        (
            "/environment/fog_far_m",
            json!(50),
            "environment.fog_far_m: it must be more than fog_near_m, 60",
        ),
        (
            "/environment/sun_intensity",
            json!(21),
            "environment.sun_intensity: 21 is not allowed: it must be from 0 to 20",
        ),
        (
            "/environment/sun_direction",
            json!([0, 0, 0]),
            "environment.sun_direction: a direction must not be zero: at least 0.001 long",
        ),
    ]);
}

#[test]
fn materials_and_references() {
    check(&[
        (
            "/materials/stone/colour",
            json!("#ff"),
            "materials.stone.colour: a colour must be `#rrggbb` with six hexadecimal digits",
        ),
        (
            "/materials/stone/roughness",
            json!(1.5),
            "materials.stone.roughness: 1.5 is not allowed: it must be from 0 to 1",
        ),
        (
            "/materials/stone/metalness",
            json!(-0.5),
            "materials.stone.metalness: -0.5 is not allowed: it must be from 0 to 1",
        ),
        (
            "/materials/stone/opacity",
            json!(2),
            "materials.stone.opacity: 2 is not allowed: it must be from 0 to 1",
        ),
        (
            "/materials/stone/image",
            json!({ "path": "models/x.glb", "size_m": [1, 1] }),
            "materials.stone.image.path: the path must end in .png or .jpg or .webp or .ktx2",
        ),
        (
            "/materials/stone/image",
            json!({ "path": "images/x.png", "size_m": [1, 0] }),
            "materials.stone.image.size_m[1]: 0 is not allowed: it must be from 0.001 to 10000",
        ),
        (
            "/environment/sky",
            json!("skies/x.glb"),
            "environment.sky: the path must end in .hdr or .png or .jpg or .webp or .ktx2",
        ),
        (
            "/environment/sky",
            json!("../x.hdr"),
            "environment.sky: a path must be at most 200 characters, relative to `assets/`, its \
             parts of letters, digits, `-`, `_` and `.`, not beginning with `.`",
        ),
        (
            "/materials/stone/emissive",
            json!("red"),
            "materials.stone.emissive: a colour must be `#rrggbb` with six hexadecimal digits",
        ),
        (
            "/materials/stone/pattern",
            json!("zigzag"),
            "materials.stone.pattern: unknown variant `zigzag`, expected one of `tiles`, `planks`, `noise`, `checks`",
        ),
        (
            "/materials/a.b",
            json!({ "colour": "#ffffff" }),
            "materials.a.b: a name must be 1 to 64 lower-case letters, digits, hyphens and underscores",
        ),
        (
            "/blueprints/Big Crate",
            json!({}),
            "blueprints.Big Crate: a name must be 1 to 64 lower-case letters, digits, hyphens and underscores",
        ),
        (
            "/blueprints/crate/visuals/0/material",
            json!("gold"),
            "blueprints.crate.visuals[0].material: there is no material \"gold\" in `materials`",
        ),
        (
            "/objects/1/blueprint",
            json!("chest"),
            "objects[1].blueprint: there is no blueprint \"chest\" in `blueprints`",
        ),
        ("/objects/1/name", json!("entrance"), "objects[1].name: objects[0] has this name already"),
        (
            "/objects/1/name",
            json!(""),
            "objects[1].name: a name must be 1 to 64 characters without control characters",
        ),
        (
            "/objects/0/properties",
            json!({}),
            "objects: a world needs at least one object with `spawn`, where people appear",
        ),
        (
            "/objects",
            json!([]),
            "objects: 0 entries are not allowed: there must be from 1 to 20000",
        ),
        (
            "/objects",
            json!(7),
            "objects: invalid type: integer `7`, expected a list or a map with at most 20000 entries",
        ),
        ("/objects", json!({}), "objects: invalid type: map, expected a sequence"),
    ]);
}

#[test]
fn poses() {
    check(&[
        (
            "/objects/1/position_m/2",
            json!(10001),
            "objects[1].position_m[2]: 10001 is not allowed: it must be from -10000 to 10000",
        ),
        (
            "/objects/1/position_m",
            json!([0, 0]),
            "objects[1].position_m: invalid length 2, expected an array of length 3",
        ),
        (
            "/objects/1/position_m/0",
            Value::Null,
            "objects[1].position_m[0]: invalid type: null, expected f32",
        ),
        (
            "/objects/0/rotation",
            json!([0, 0, 0, 0.9]),
            "objects[0].rotation: a rotation must be a quaternion x, y, z, w of length 1, not 0.9000",
        ),
        (
            "/objects/0/rotation",
            json!([0, 0, 0, 0]),
            "objects[0].rotation: a rotation must be a quaternion x, y, z, w of length 1, not 0.0000",
        ),
        ("/objects/0/rotation/3", json!(1e300), "objects[0].rotation[3]: number out of range"),
        (
            "/objects/1/scale/0",
            json!(0),
            "objects[1].scale[0]: 0 is not allowed: it must be from 0.001 to 1000",
        ),
        (
            "/objects/1/scale/0",
            json!(-1),
            "objects[1].scale[0]: -1 is not allowed: it must be from 0.001 to 1000",
        ),
        (
            "/objects/2/scale",
            json!([1, 2, 1]),
            "objects[2].scale: balls, capsules, cylinders and cones allow only equal factors along all axes",
        ),
    ]);
}

#[test]
fn sizes_and_sums() {
    let huge = vec![b' '; DOCUMENT_BYTES_MAX + 1];
    assert_eq!(
        from_json(&huge).unwrap_err().to_string(),
        ".: a document of 8388609 bytes is too large: at most 8388608 are allowed"
    );

    // Sixty thousand bytes of `{}` are refused while they are counted, before they take memory.
    let many = format!("{{\"objects\":[{}{{}}]}}", "{},".repeat(OBJECTS_MAX));
    assert_eq!(told(many.as_bytes()), "objects: too many entries: at most 20000 are allowed");

    let mut document = sample::document();
    let mut ferry = document["objects"][3].take();
    ferry.as_object_mut().unwrap().remove("name");
    document["objects"] = json!([document["objects"][0]]);
    let objects = document["objects"].as_array_mut().unwrap();
    objects.extend(vec![ferry; MOVERS_MAX + 1]);
    assert_eq!(answer(&document), "objects[33]: one mover too many: a world may have 32");
}

#[test]
fn a_blueprint_cannot_multiply_terrain_without_end() {
    let mut document = sample::document();
    let heights = vec![0; 500 * 500];
    document["blueprints"]["hill"] = json!({ "colliders": [{ "shape": { "heightfield": {
        "rows": 500, "columns": 500, "size_m": [50, 50], "heights_m": heights } } }] });
    let objects = document["objects"].as_array_mut().unwrap();
    objects.extend(vec![json!({ "blueprint": "hill" }); 17]);
    assert_eq!(
        answer(&document),
        format!(
            "objects[22]: too many points in colliders: a world may have {COLLIDER_POINTS_MAX}, each \
             object of a blueprint counted"
        )
    );
}

#[test]
fn texts_that_are_no_documents() {
    for (text, expected) in [
        ("", ".: EOF while parsing a value"),
        ("[]", ".: invalid length 0, expected struct WorldDocument with 10 elements"),
        ("{", "?: EOF while parsing an object"),
        ("nul", ".: EOF while parsing a value"),
        ("{} {}", ".: trailing characters"),
        ("{\"objects\":[],\"objects\":[]}", ".: duplicate field `objects`"),
    ] {
        assert_eq!(told(text.as_bytes()), expected, "{text}");
    }
    // Depth costs no stack.
    let deep = "[".repeat(100_000);
    assert_eq!(
        told(format!("{{\"objects\":{deep}").as_bytes()),
        "objects[0]: EOF while parsing a list"
    );
    let closed = format!("{{\"objects\":{deep}{}}}", "]".repeat(100_000));
    assert_ne!(told(closed.as_bytes()), "accepted");
}
