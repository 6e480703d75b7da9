//! Doors to other worlds.

use serde_json::json;
use vivarium_contract::{WorldInput, WorldOutput};
use vivarium_protocol::notice::ServerMessage;

use crate::harness::{LOOK, Scenario, floor_with, towards};

#[test]
fn who_steps_into_a_portal_leaves_this_world_for_the_other() {
    let mut world = Scenario::of(floor_with(&[json!({
        "position_m": [4.0, 1.0, 0.0],
        "properties": { "portal": { "world": "garden", "spawn": "gate", "size_m": [1.0, 2.0, 2.0] } }
    })]));
    let ana = world.enter(1, "Ana");
    let bo = world.enter(2, "Bo");
    world.ticks(30);
    world.told(bo);
    world.walk(ana, towards(127, 0), 50);
    assert_eq!(
        world.travels,
        [WorldOutput::Travel {
            person: ana,
            world: "garden".into(),
            spawn: Some("gate".into()),
            name: "Ana".into(),
            look: LOOK,
        }]
    );
    assert_eq!(world.told(bo), [ServerMessage::Left { person: ana }]);
    assert_eq!(world.report.people, 1);
}

#[test]
fn arrivals_stand_at_the_spawn_point_that_the_portal_names() {
    let mut world = Scenario::of(floor_with(&[json!({
        "name": "gate", "position_m": [-20.0, 0.0, 5.0], "rotation": [0.0, 1.0, 0.0, 0.0],
        "properties": { "spawn": { "only_by_name": true } }
    })]));
    let ana = world.enter_at(1, "Ana", Some("gate"));
    let bo = world.enter_at(2, "Bo", Some("nowhere"));
    world.ticks(30);
    let [x, _, z] = world.position(ana);
    assert!((x + 20.0).abs() < 0.01 && (z - 5.0).abs() < 0.01, "{x} {z}");
    let [x, _, z] = world.position(bo);
    assert!(
        x.abs() < 0.01 && z.abs() < 0.01,
        "an unknown name means where newcomers appear: {x} {z}"
    );
}

#[test]
fn leaving_tells_the_others_and_frees_the_name() {
    let mut world = Scenario::of(floor_with(&[]));
    let ana = world.enter(1, "Ana");
    let bo = world.enter(2, "Bo");
    world.tick();
    world.input(WorldInput::Leave { person: ana });
    world.told(bo);
    world.tick();
    assert_eq!(world.told(bo), [ServerMessage::Left { person: ana }]);
    world.enter(3, "Ana");
    world.tick();
    assert!(matches!(
        &world.told(bo)[..],
        [ServerMessage::Joined { card }] if card.name == "Ana"
    ));
}
