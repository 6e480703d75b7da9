//! The rules for properties of blueprints and objects, as tables.

use serde_json::{Value, json};
use vivarium_scene::document::Scalar;

use crate::{
    refused::{answer, check, put},
    sample,
};

#[test]
fn visuals() {
    check(&[
        (
            "/blueprints/crate/visuals/0/shape/box/size_m/1",
            json!(0),
            "blueprints.crate.visuals[0].shape.box.size_m[1]: 0 is not allowed: it must be from 0.001 to 10000",
        ),
        (
            "/objects/2/properties/visuals/1/shape/ball/radius_m",
            json!(-1),
            "objects[2].properties.visuals[1].shape.ball.radius_m: -1 is not allowed: it must be from 0.001 to 10000",
        ),
        (
            "/objects/2/properties/visuals/2/shape/cylinder/height_m",
            json!(20000),
            "objects[2].properties.visuals[2].shape.cylinder.height_m: 20000 is not allowed: it must be from 0.001 to 10000",
        ),
        (
            "/objects/2/properties/visuals/3/shape/capsule/height_m",
            json!(0.8),
            "objects[2].properties.visuals[3].shape.capsule.height_m: 0.8 is not allowed: a capsule is at least as high as both its caps, 1",
        ),
        (
            "/objects/2/properties/visuals/4/shape/cone/radius_m",
            json!(0),
            "objects[2].properties.visuals[4].shape.cone.radius_m: 0 is not allowed: it must be from 0.001 to 10000",
        ),
        (
            "/objects/2/properties/visuals/6/shape/water/size_m/0",
            json!(0),
            "objects[2].properties.visuals[6].shape.water.size_m[0]: 0 is not allowed: it must be from 0.001 to 10000",
        ),
        (
            "/objects/2/properties/visuals/7/shape/text/text",
            json!("a\nb"),
            "objects[2].properties.visuals[7].shape.text.text: a text must be 1 to 500 characters without control characters",
        ),
        (
            "/objects/2/properties/visuals/7/offset_m/0",
            json!(1e6),
            "objects[2].properties.visuals[7].offset_m[0]: 1000000 is not allowed: it must be from -10000 to 10000",
        ),
        (
            "/objects/2/properties/visuals/0/shape",
            json!({ "torus": {} }),
            "objects[2].properties.visuals[0].shape: unknown variant `torus`, expected one of `box`, `ball`, `cylinder`, `capsule`, `cone`, `model`, `collider`, `water`, `text`",
        ),
        (
            "/objects/2/properties/visuals/0/shape",
            json!({ "ball": {} }),
            "objects[2].properties.visuals[0].shape.ball: missing field `radius_m`",
        ),
        (
            "/objects/0/properties/visuals",
            json!([{ "shape": { "collider": {} } }]),
            "objects[0].properties.visuals[0].shape.collider: the object has no hull, mesh or heightfield to show",
        ),
        (
            "/objects/0/properties/visuals",
            json!(vec![json!({ "shape": { "water": { "size_m": [1, 1] } } }); 65]),
            "objects[0].properties.visuals: 65 entries are not allowed: there must be from 0 to 64",
        ),
    ]);
}

#[test]
fn paths_of_assets_lead_nowhere_else() {
    let rule = "a path must be at most 200 characters, relative to `assets/`, its parts of letters, \
                digits, `-`, `_` and `.`, not beginning with `.`";
    let field = "objects[2].properties.visuals[5].shape.model.path";
    let long = format!("{}.glb", "a".repeat(200));
    for path in [
        "../secret.glb",
        "/etc/x.glb",
        "models/../../x.glb",
        "models\\x.glb",
        "",
        "models//x.glb",
        "C:/x.glb",
        "http://example.org/x.glb",
        "models/.x.glb",
        "models/%2e%2e/x.glb",
        "a.glb?x",
        &long,
    ] {
        let mut document = sample::document();
        put(&mut document, "/objects/2/properties/visuals/5/shape/model/path", json!(path));
        assert_eq!(answer(&document), format!("{field}: {rule}"), "{path}");
    }
    check(&[
        (
            "/objects/2/properties/visuals/5/shape/model/path",
            json!("models/x.exe"),
            "objects[2].properties.visuals[5].shape.model.path: the path must end in .glb",
        ),
        (
            "/objects/5/properties/sound/path",
            json!("sounds/x.glb"),
            "objects[5].properties.sound.path: the path must end in .wav or .ogg or .mp3",
        ),
    ]);
}

#[test]
fn colliders() {
    check(&[
        (
            "/blueprints/crate/colliders/0/shape/box/size_m/0",
            json!(-1),
            "blueprints.crate.colliders[0].shape.box.size_m[0]: -1 is not allowed: it must be from 0.001 to 10000",
        ),
        (
            "/blueprints/crate/colliders/0/friction",
            json!(-0.1),
            "blueprints.crate.colliders[0].friction: -0.1 is not allowed: it must be from 0 to 10",
        ),
        (
            "/blueprints/crate/colliders/0/restitution",
            json!(1.1),
            "blueprints.crate.colliders[0].restitution: 1.1 is not allowed: it must be from 0 to 1",
        ),
        (
            "/blueprints/crate/colliders/0/density_kgpm3",
            json!(0),
            "blueprints.crate.colliders[0].density_kgpm3: 0 is not allowed: it must be from 0.001 to 50000",
        ),
        (
            "/objects/2/properties/colliders/0/shape/heightfield/rows",
            json!(1),
            "objects[2].properties.colliders[0].shape.heightfield.rows: 1 is not allowed: it must be from 2 to 1025",
        ),
        (
            "/objects/2/properties/colliders/0/shape/heightfield/columns",
            json!(4294967295_u32),
            "objects[2].properties.colliders[0].shape.heightfield.columns: 4294967295 is not allowed: it must be from 2 to 1025",
        ),
        (
            "/objects/2/properties/colliders/0/shape/heightfield/columns",
            json!(4),
            "objects[2].properties.colliders[0].shape.heightfield.heights_m: 6 heights are not allowed: 2 rows by 4 columns need 8",
        ),
        (
            "/objects/2/properties/colliders/0/shape/heightfield/heights_m/3",
            json!(1e39),
            "objects[2].properties.colliders[0].shape.heightfield.heights_m[3]: number out of range",
        ),
        (
            "/objects/2/properties/colliders/0/shape/heightfield/size_m/1",
            json!(0),
            "objects[2].properties.colliders[0].shape.heightfield.size_m[1]: 0 is not allowed: it must be from 0.001 to 10000",
        ),
    ]);
}

#[test]
fn meshes_hulls_and_round_shapes() {
    check(&[
        (
            "/objects/2/properties/colliders/1/shape/mesh/triangles/0/2",
            json!(3),
            "objects[2].properties.colliders[1].shape.mesh.triangles[0][2]: there is no vertex 3: there are 3",
        ),
        (
            "/objects/2/properties/colliders/1/shape/mesh/triangles/0",
            json!([0, 1, 1]),
            "objects[2].properties.colliders[1].shape.mesh.triangles[0]: a triangle needs three different corners",
        ),
        (
            "/objects/2/properties/colliders/1/shape/mesh/triangles",
            json!([]),
            "objects[2].properties.colliders[1].shape.mesh.triangles: 0 entries are not allowed: there must be from 1 to 200000",
        ),
        (
            "/objects/2/properties/colliders/1/shape/mesh/vertices_m/0/0",
            json!(10001),
            "objects[2].properties.colliders[1].shape.mesh.vertices_m[0][0]: 10001 is not allowed: it must be from -10000 to 10000",
        ),
        (
            "/objects/2/properties/colliders/2/shape/hull/points_m",
            json!([[0, 0, 0], [1, 0, 0], [0, 1, 0]]),
            "objects[2].properties.colliders[2].shape.hull.points_m: 3 entries are not allowed: there must be from 4 to 1024",
        ),
        (
            "/objects/2/properties/colliders/2/shape/hull/points_m/3",
            json!([1, 1, 0]),
            "objects[2].properties.colliders[2].shape.hull.points_m: the points of a hull must not lie within 0.001 m of a plane",
        ),
        (
            "/objects/2/properties/colliders/2/shape/hull/points_m",
            json!([[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1]]),
            "objects[2].properties.colliders[2].shape.hull.points_m: the points of a hull must not lie within 0.001 m of a plane",
        ),
        (
            "/objects/2/properties/colliders/2/shape/hull/points_m",
            json!([[0, 0, 0], [1, 1, 1], [2, 2, 2], [3, 3, 3]]),
            "objects[2].properties.colliders[2].shape.hull.points_m: the points of a hull must not lie within 0.001 m of a plane",
        ),
        (
            "/objects/2/properties/colliders/3/shape/ball/radius_m",
            json!(0),
            "objects[2].properties.colliders[3].shape.ball.radius_m: 0 is not allowed: it must be from 0.001 to 10000",
        ),
        (
            "/objects/2/properties/colliders/4/shape/capsule/height_m",
            json!(0.9),
            "objects[2].properties.colliders[4].shape.capsule.height_m: 0.9 is not allowed: a capsule is at least as high as both its caps, 1",
        ),
        (
            "/objects/2/properties/colliders/5/shape/cylinder/radius_m",
            json!(1e9),
            "objects[2].properties.colliders[5].shape.cylinder.radius_m: 1000000000 is not allowed: it must be from 0.001 to 10000",
        ),
        (
            "/objects/2/properties/colliders/5/rotation",
            json!([1, 1, 0, 0]),
            "objects[2].properties.colliders[5].rotation: a rotation must be a quaternion x, y, z, w of length 1, not 1.4142",
        ),
        (
            "/objects/2/properties/colliders/5/groups/members",
            json!(65536),
            "objects[2].properties.colliders[5].groups.members: invalid value: integer `65536`, expected u16",
        ),
        (
            "/objects/2/properties/body",
            json!({ "kind": "dynamic" }),
            "objects[2].properties.colliders[0].shape: meshes and heightfields are only for static bodies: use a hull",
        ),
    ]);
}

#[test]
fn bodies_movers_and_hinges() {
    check(&[
        (
            "/objects/0/properties/body",
            json!({ "kind": "dynamic" }),
            "objects[0].properties.body: a dynamic or kinematic body needs at least one collider",
        ),
        (
            "/objects/4/properties/body/linear_damping",
            json!(-1),
            "objects[4].properties.body.linear_damping: -1 is not allowed: it must be from 0 to 100",
        ),
        (
            "/objects/4/properties/body/gravity_scale",
            json!(11),
            "objects[4].properties.body.gravity_scale: 11 is not allowed: it must be from -10 to 10",
        ),
        (
            "/objects/4/properties/body/kind",
            json!("static"),
            "objects[4].properties.hinge: only a dynamic body can have a hinge: set body.kind to \"dynamic\"",
        ),
        (
            "/objects/4/properties/hinge/axis",
            json!([0, 0, 0]),
            "objects[4].properties.hinge.axis: a direction must not be zero: at least 0.001 long",
        ),
        (
            "/objects/4/properties/hinge/limits_deg",
            json!([10, -10]),
            "objects[4].properties.hinge.limits_deg: the smallest angle comes first",
        ),
        (
            "/objects/4/properties/hinge/limits_deg/1",
            json!(181),
            "objects[4].properties.hinge.limits_deg[1]: 181 is not allowed: it must be from -180 to 180",
        ),
        (
            "/objects/3/properties/body/kind",
            json!("dynamic"),
            "objects[3].properties.mover: only a kinematic body can have a mover: set body.kind to \"kinematic\"",
        ),
        (
            "/objects/3/properties/mover/waypoints_m",
            json!([]),
            "objects[3].properties.mover.waypoints_m: 0 entries are not allowed: there must be from 1 to 64",
        ),
        (
            "/objects/3/properties/mover/waypoints_m/1/1",
            json!(1e5),
            "objects[3].properties.mover.waypoints_m[1][1]: 100000 is not allowed: it must be from -10000 to 10000",
        ),
        (
            "/objects/3/properties/mover/leg_ticks",
            json!(0),
            "objects[3].properties.mover.leg_ticks: a leg takes at least 1 tick",
        ),
        (
            "/objects/3/properties/mover/leg_ticks",
            json!(1.5),
            "objects[3].properties.mover.leg_ticks: invalid type: floating point `1.5`, expected u32",
        ),
        (
            "/objects/3/properties/mover/rest_ticks",
            json!(4294967295_u32),
            "objects[3].properties.mover: the way out and back takes 8589934710 ticks: it must take fewer than 2147483648",
        ),
    ]);
}

#[test]
fn lights_spawns_portals_sensors_and_sounds() {
    check(&[
        (
            "/objects/0/properties/spawn/radius_m",
            json!(-1),
            "objects[0].properties.spawn.radius_m: -1 is not allowed: it must be from 0 to 10000",
        ),
        (
            "/objects/5/properties/light/colour",
            json!(""),
            "objects[5].properties.light.colour: a colour must be `#rrggbb` with six hexadecimal digits",
        ),
        (
            "/objects/5/properties/light/intensity_cd",
            json!(1e5),
            "objects[5].properties.light.intensity_cd: 100000 is not allowed: it must be from 0 to 10000",
        ),
        (
            "/objects/5/properties/light/range_m",
            json!(0),
            "objects[5].properties.light.range_m: 0 is not allowed: it must be from 0.001 to 10000",
        ),
        (
            "/objects/5/properties/portal/world",
            json!("a b"),
            "objects[5].properties.portal.world: a world's name must be 1 to 32 lower-case letters, digits and hyphens",
        ),
        (
            "/objects/5/properties/portal/spawn",
            json!(""),
            "objects[5].properties.portal.spawn: a name must be 1 to 64 characters without control characters",
        ),
        (
            "/objects/5/properties/portal/size_m/0",
            json!(0),
            "objects[5].properties.portal.size_m[0]: 0 is not allowed: it must be from 0.001 to 10000",
        ),
        (
            "/objects/5/properties/sensor",
            Value::Null,
            "objects[5].properties.sound.plays: \"on_enter\" needs a sensor on the same object",
        ),
        (
            "/objects/5/properties/sensor/size_m/0",
            json!(-2),
            "objects[5].properties.sensor.size_m[0]: -2 is not allowed: it must be from 0.001 to 10000",
        ),
        (
            "/objects/5/properties/sound/volume",
            json!(1.01),
            "objects[5].properties.sound.volume: 1.01 is not allowed: it must be from 0 to 1",
        ),
        (
            "/objects/5/properties/sound/plays",
            json!("sometimes"),
            "objects[5].properties.sound.plays: unknown variant `sometimes`, expected `always` or `on_enter`",
        ),
    ]);
}

#[test]
fn scripts() {
    let many: serde_json::Map<String, Value> =
        (0..33).map(|count| (format!("a{count}"), json!(count))).collect();
    let settings = "/objects/5/properties/script/settings";
    check(&[
        (
            "/objects/5/properties/script/module",
            json!("scripts/gong.js"),
            "objects[5].properties.script.module: the path must end in .wasm",
        ),
        (
            "/objects/5/properties/script/module",
            json!("../gong.wasm"),
            "objects[5].properties.script.module: a path must be at most 200 characters, relative to `assets/`, its parts of letters, digits, `-`, `_` and `.`, not beginning with `.`",
        ),
        (
            "/objects/5/properties/script",
            json!({}),
            "objects[5].properties.script: missing field `module`",
        ),
        (
            "/objects/5/properties/script/enabled",
            json!("yes"),
            "objects[5].properties.script.enabled: invalid type: string \"yes\", expected a boolean",
        ),
        (
            settings,
            Value::Object(many),
            "objects[5].properties.script.settings: 33 entries are not allowed: there must be from 0 to 32",
        ),
        (
            settings,
            json!({ "Two words": 1 }),
            "objects[5].properties.script.settings.Two words: a name must be 1 to 64 lower-case letters, digits, hyphens and underscores",
        ),
        (
            settings,
            json!({ "list": [1] }),
            "objects[5].properties.script.settings.list: expected true, false, a number or a text",
        ),
        (
            settings,
            json!({ "text": "a".repeat(501) }),
            "objects[5].properties.script.settings.text: a text must be 0 to 500 characters without control characters",
        ),
        (settings, json!({ "number": 1e300, "text": "", "flag": false }), "accepted"),
    ]);
}

#[test]
fn companions() {
    check(&[
        (
            "/objects/6/properties/companion/mind",
            json!("Mira Bell"),
            "objects[6].properties.companion.mind: a world's name must be 1 to 32 lower-case letters, digits and hyphens",
        ),
        (
            "/objects/6/properties/companion/name",
            json!("  "),
            "objects[6].properties.companion.name: a companion needs a name of 1 to 24 characters",
        ),
        (
            "/objects/6/properties/companion/name",
            json!("Mira \u{202e} B"),
            "objects[6].properties.companion.name: it must be written as it is shown: \"Mira B\"",
        ),
        (
            "/objects/6/properties/companion/body",
            json!("blue"),
            "objects[6].properties.companion.body: a colour must be `#rrggbb` with six hexadecimal digits",
        ),
        (
            "/objects/6/properties/companion/range_m",
            json!(0.5),
            "objects[6].properties.companion.range_m: 0.5 is not allowed: it must be from 1 to 500",
        ),
        (
            "/objects/6/properties/colliders",
            json!([{ "shape": { "ball": { "radius_m": 1 } } }]),
            "objects[6].properties.companion: a companion has a body of its own: no colliders, body, spawn or portal beside it",
        ),
        (
            "/objects/6/properties/spawn",
            json!({}),
            "objects[6].properties.companion: a companion has a body of its own: no colliders, body, spawn or portal beside it",
        ),
        (
            "/objects/6/properties/light",
            json!({ "colour": "#ffffff", "intensity_cd": 1, "range_m": 2 }),
            "accepted",
        ),
    ]);
}

#[test]
fn numbers_of_scripts_are_finite() {
    let json = serde_json::to_vec(&sample::document()).unwrap();
    let mut document = vivarium_scene::load::from_json(&json).unwrap();
    let script = document.objects[5].properties.script.as_mut().unwrap();
    script.settings.insert("endless".into(), Scalar::Number(f64::INFINITY));
    let refused = vivarium_scene::load::validate(&document).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "objects[5].properties.script.settings.endless: a number must be finite"
    );
}
