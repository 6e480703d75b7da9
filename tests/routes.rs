//! Ways through the product's worlds that people must be able to walk.

use vivarium_contract::WorldOutput;
use vivarium_protocol::ids::PersonId;

use crate::harness::{Scenario, asset, towards};

/// Walks straight to each place (x, z) in turn and fails with the one that could not be reached.
fn walk_along(world: &mut Scenario, person: PersonId, places: &[[f32; 2]]) {
    for place in places {
        let mut ticks = 0;
        loop {
            if goes_to(world).is_some() {
                return;
            }
            let [x, y, z] = world.position(person);
            let (dx, dz) = (place[0] - x, place[1] - z);
            let far = dx.hypot(dz);
            if far < 0.4 {
                break;
            }
            ticks += 1;
            assert!(ticks < 600, "stuck at {x:.1}, {y:.2}, {z:.1} on the way to {place:?}");
            world.walk(person, towards((dx / far * 127.0) as i8, (dz / far * 127.0) as i8), 1);
        }
    }
}

/// Feet of a person, metres above zero.
fn feet_m(world: &Scenario, person: PersonId) -> f32 {
    world.position(person)[1] - 0.85
}

fn goes_to(world: &Scenario) -> Option<&str> {
    world.travels.iter().find_map(|output| match output {
        WorldOutput::Travel { world, .. } => Some(world.as_str()),
        _ => None,
    })
}

#[test]
fn from_the_plazas_entrance_up_the_stairs_to_the_garden() {
    let mut world = Scenario::of(asset("plaza"));
    let ana = world.enter_at(1, "Ana", Some("south"));
    world.ticks(2);
    walk_along(
        &mut world,
        ana,
        &[[0.0, 23.0], [-2.0, 9.0], [-5.0, 5.0], [-5.0, -6.0], [0.0, -18.0]],
    );
    walk_along(&mut world, ana, &[[0.0, -28.0]]);
    assert!((feet_m(&world, ana) - 2.0).abs() < 0.1, "the terrace is 2 m up");
    walk_along(&mut world, ana, &[[0.0, -36.2]]);
    assert_eq!(goes_to(&world), Some("garden"));
}

#[test]
fn up_the_plazas_ramps_and_over_its_bridge() {
    let mut world = Scenario::of(asset("plaza"));
    let ana = world.enter_at(1, "Ana", Some("south"));
    world.ticks(2);
    for x in [-16.6, -13.0, -9.4] {
        walk_along(&mut world, ana, &[[-6.0, 26.0], [-6.0, 37.6], [x, 37.6], [x, 27.4]]);
        assert!((feet_m(&world, ana) - 2.0).abs() < 0.1, "the block is 2 m high");
        walk_along(&mut world, ana, &[[-6.0, 27.4]]);
    }
    walk_along(
        &mut world,
        ana,
        &[[-6.0, 37.6], [-20.0, 37.6], [-20.4, 22.0], [-27.0, 22.0], [-34.0, 22.0]],
    );
    assert!(feet_m(&world, ana).abs() < 0.1, "the western bank is level");
}

#[test]
fn out_of_the_plazas_canal_by_its_steps() {
    let mut world = Scenario::of(asset("plaza"));
    let ana = world.enter_at(1, "Ana", Some("south"));
    world.ticks(2);
    walk_along(&mut world, ana, &[[0.0, 22.0], [-12.0, 4.0], [-20.0, 4.2]]);
    // Off the bank beside the ferry, or onto it and off its end: down into the water either way.
    walk_along(&mut world, ana, &[[-20.0, 2.0], [-26.0, 2.0], [-26.0, 8.0], [-30.4, -15.0]]);
    assert!(feet_m(&world, ana) < -1.4, "in the canal");
    walk_along(&mut world, ana, &[[-30.4, -25.0]]);
    assert!(feet_m(&world, ana).abs() < 0.1, "up the steps");
}

#[test]
fn over_the_gardens_bridge_to_the_gazebo_and_by_the_stones_to_the_plaza() {
    let mut world = Scenario::of(asset("garden"));
    let ana = world.enter_at(1, "Ana", Some("meadow"));
    world.ticks(2);
    walk_along(&mut world, ana, &[[4.0, 30.0], [5.0, 21.0], [4.0, 13.2], [4.0, 4.5]]);
    assert!(feet_m(&world, ana) > 1.4, "on the bridge's crown");
    walk_along(&mut world, ana, &[[4.0, -4.4], [4.0, -8.0]]);
    assert!(feet_m(&world, ana) > 1.0, "on the gazebo's floor");
    walk_along(&mut world, ana, &[[8.6, -8.0]]);
    // Straight through the pond: who misses a stone wades.
    walk_along(&mut world, ana, &[[28.5, -8.0], [32.0, 6.0], [28.0, 15.0]]);
    walk_along(
        &mut world,
        ana,
        &[[16.0, 27.5], [4.0, 30.0], [-8.0, 27.0], [-18.0, 25.0], [-24.0, 21.7]],
    );
    walk_along(&mut world, ana, &[[-27.4, 19.8]]);
    assert_eq!(goes_to(&world), Some("plaza"));
}
