//! Loose bodies, platforms, sensors: what people push, ride and set off.

use serde_json::json;
use vivarium_protocol::{
    ids::{ObjectId, PersonId},
    notice::ServerMessage,
    quantise,
    snapshot::{block::Identity, fields::object, schema::Facet},
};

use crate::harness::{Scenario, asset, floor_with, towards};

fn ball(x: f32) -> serde_json::Value {
    json!({
        "name": "ball", "position_m": [x, 0.5, 0.0],
        "properties": {
            "body": { "kind": "dynamic", "linear_damping": 0.2, "angular_damping": 0.2 },
            "colliders": [{ "shape": { "ball": { "radius_m": 0.5 } }, "density_kgpm3": 20.0 }]
        }
    })
}

/// Where a visitor sees an object.
fn seen(world: &mut Scenario, person: PersonId, subject: u32) -> [f32; 3] {
    let members = world.view(person).members();
    let (_, fields) =
        members.get(&Identity { facet: Facet::Object, subject }).expect("the object is in sight");
    std::array::from_fn(|axis| quantise::position_m(fields[object::POSITION + axis]))
}

#[test]
fn a_ball_that_is_walked_into_rolls_away() {
    let mut world = Scenario::of(floor_with(&[ball(2.0)]));
    let ana = world.enter(1, "Ana");
    world.ticks(5);
    let before = seen(&mut world, ana, 2);
    world.walk(ana, towards(127, 0), 60);
    let after = seen(&mut world, ana, 2);
    assert!(after[0] > before[0] + 2.0, "rolled from {} to {}", before[0], after[0]);
    assert!(world.position(ana)[0] < after[0], "the ball is ahead of the walker");
}

#[test]
fn a_platform_carries_who_stands_on_it() {
    let mut world = Scenario::of(floor_with(&[json!({
        "position_m": [0.0, 0.1, 0.0],
        "properties": {
            "body": { "kind": "kinematic" },
            "mover": { "waypoints_m": [[0.0, 0.0, 0.0], [0.0, 3.0, 6.0]], "leg_ticks": 90, "rest_ticks": 60 },
            "colliders": [{ "shape": { "box": { "size_m": [3.0, 0.2, 3.0] } } }]
        }
    })]));
    let ana = world.enter(1, "Ana");
    world.ticks(55);
    let start = world.position(ana);
    world.ticks(110);
    let end = world.position(ana);
    assert!((end[1] - start[1] - 3.0).abs() < 0.05, "rose by {}", end[1] - start[1]);
    assert!((end[2] - start[2] - 6.0).abs() < 0.05, "went {}", end[2] - start[2]);
}

#[test]
fn a_seesaw_tilts_under_who_stands_on_its_end() {
    let mut world = Scenario::of(floor_with(&[
        json!({
            "name": "plank", "position_m": [1.6, 0.6, 0.0],
            "properties": {
                "body": { "kind": "dynamic" },
                "hinge": { "axis": [0.0, 0.0, 1.0], "limits_deg": [-20.0, 20.0] },
                "colliders": [{ "shape": { "box": { "size_m": [4.0, 0.1, 1.0] } }, "density_kgpm3": 100.0 }]
            }
        }),
        json!({
            "name": "gate", "position_m": [0.2, 1.4, 0.0], "properties": { "spawn": {} }
        }),
    ]));
    let ana = world.enter_at(1, "Ana", Some("gate"));
    world.ticks(90);
    let feet = world.position(ana)[1] - 0.85;
    assert!(feet < 0.45, "the end under the feet went down, to {feet}");
}

#[test]
fn a_sensor_tells_when_somebody_is_inside() {
    let mut world = Scenario::of(floor_with(&[json!({
        "position_m": [3.0, 1.0, 0.0], "properties": { "sensor": { "size_m": [1.0, 2.0, 2.0] } }
    })]));
    let ana = world.enter(1, "Ana");
    world.ticks(10);
    world.told(ana);
    world.walk(ana, towards(127, 0), 70);
    let sensed: Vec<u16> = world
        .told(ana)
        .into_iter()
        .map(|notice| match notice {
            ServerMessage::Sensed { object: ObjectId(2), inside } => inside,
            other => panic!("unexpected {other:?}"),
        })
        .collect();
    assert_eq!(sensed, [1, 0]);
}

#[test]
fn the_worlds_of_the_product_come_to_rest() {
    for name in ["plaza", "garden"] {
        let document = asset(name);
        let mut world = Scenario::of(document.clone());
        let ana = world.enter(1, "Ana");
        let mut quiet = 0;
        for _ in 0..900 {
            world.acknowledge(ana);
            world.tick();
            quiet = if world.report.awake_bodies == 0 { quiet + 1 } else { 0 };
            if quiet > 5 {
                break;
            }
        }
        let restless: Vec<&str> = world
            .view(ana)
            .members()
            .iter()
            .filter(|(identity, (_, fields))| {
                identity.facet == Facet::Object && fields[object::REST] & object::ASLEEP == 0
            })
            .map(|(identity, _)| {
                let object = &document.objects[identity.subject as usize];
                let name = object.name.as_deref().or(object.blueprint.as_deref());
                name.unwrap_or("unnamed")
            })
            .collect();
        assert_eq!(restless, Vec::<&str>::new(), "awake in {name} after 30 s");
        assert!(quiet > 5, "bodies are awake in {name} after 30 s");
    }
}

#[test]
fn the_same_inputs_give_the_same_digest() {
    let run = |nudge: i8| {
        let mut world = Scenario::of(asset("plaza"));
        let people: Vec<_> = (1..=5).map(|id| world.enter(id, "Ana")).collect();
        world.tick();
        for step in 0..200_u32 {
            for (index, person) in people.iter().enumerate() {
                let turn = (step / 20 + index as u32) % 4;
                let (x, z) = [(127, 0), (0, 127), (-127, 0), (nudge, -127)][turn as usize];
                let tick = world.world.tick_number() + 1;
                world.latest(*person, tick, vec![towards(x, z)]);
            }
            world.tick();
        }
        world.digest()
    };
    let first = run(0);
    assert_eq!(first, run(0));
    assert_ne!(first, run(40), "other inputs, another world");
}
