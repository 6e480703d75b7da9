//! Walking is the server's: what a client sends can steer an avatar, never speed it up.

use vivarium_contract::{Road, WorldInput};
use vivarium_motion::consts::WALK_MPS;
use vivarium_protocol::{
    intent::{Input, TrackedPose, TrackedPoses, buttons},
    limits::INPUT_LEAD_TICKS_MAX,
    notice::{Denial, ServerMessage},
};

use crate::harness::{Scenario, floor_with, towards};

/// Metres that an honest walker covers in `ticks` ticks.
fn honest_m(ticks: u32) -> f32 {
    let mut world = Scenario::of(floor_with(&[]));
    let ana = world.enter(1, "Ana");
    world.ticks(30);
    let start = world.position(ana)[0];
    world.walk(ana, towards(127, 0), ticks);
    world.position(ana)[0] - start
}

#[test]
fn a_walker_covers_ground_at_walking_speed() {
    let covered = honest_m(60);
    assert!((5.0..6.2).contains(&covered), "two seconds of walking covered {covered} m");
}

#[test]
fn sending_twice_as_many_inputs_gains_no_distance() {
    let mut world = Scenario::of(floor_with(&[]));
    let ana = world.enter(1, "Ana");
    world.ticks(30);
    let start = world.position(ana)[0];
    for _ in 0..60 {
        let tick = world.world.tick_number() + 1;
        for _ in 0..8 {
            world.latest(ana, tick, vec![towards(127, 0); 8]);
        }
        world.tick();
    }
    let covered = world.position(ana)[0] - start;
    assert_eq!(covered, honest_m(60));
}

#[test]
fn a_burst_after_silence_does_not_catch_up() {
    let mut world = Scenario::of(floor_with(&[]));
    let ana = world.enter(1, "Ana");
    world.ticks(30);
    let start = world.position(ana)[0];
    let silent_from = world.world.tick_number() + 1;
    world.ticks(30);
    // Everything for the silent second comes now, together with the present.
    for first in (silent_from..silent_from + 30).step_by(8) {
        world.latest(ana, first, vec![towards(127, 0); 8]);
    }
    world.walk(ana, towards(127, 0), 30);
    let covered = world.position(ana)[0] - start;
    assert!(covered <= honest_m(30), "covered {covered} m in 30 walked ticks");
    assert!(covered > 0.9 * honest_m(30));
}

#[test]
fn false_time_is_refused_and_gains_nothing() {
    let mut world = Scenario::of(floor_with(&[]));
    let ana = world.enter(1, "Ana");
    world.ticks(30);
    let start = world.position(ana);
    let now = world.world.tick_number();
    for first in [0, 1, now - 20, now + INPUT_LEAD_TICKS_MAX + 2, u32::MAX - 3, u32::MAX] {
        world.latest(ana, first, vec![towards(127, 0); 8]);
    }
    world.tick();
    assert!(world.report.inputs_dropped >= 40, "{} were dropped", world.report.inputs_dropped);
    world.ticks(60);
    assert_eq!(world.position(ana), start);
}

#[test]
fn diagonals_and_extremes_are_not_faster() {
    for input in [towards(127, 127), towards(-128, -128), towards(-128, 0)] {
        let mut world = Scenario::of(floor_with(&[]));
        let ana = world.enter(1, "Ana");
        world.ticks(30);
        let [x, _, z] = world.position(ana);
        world.walk(ana, input, 60);
        let [to_x, _, to_z] = world.position(ana);
        let covered = ((to_x - x).powi(2) + (to_z - z).powi(2)).sqrt();
        // The controller rounds a little; nothing goes beyond the stated speed.
        assert!(covered <= WALK_MPS * 2.0, "{input:?} covered {covered} m in two seconds");
    }
}

#[test]
fn running_is_faster_and_a_jump_ends_on_the_ground() {
    let mut world = Scenario::of(floor_with(&[]));
    let ana = world.enter(1, "Ana");
    world.ticks(30);
    let ground = world.position(ana)[1];
    let run = Input { buttons: buttons::RUN, ..towards(127, 0) };
    let start = world.position(ana)[0];
    world.walk(ana, run, 60);
    assert!(world.position(ana)[0] - start > 1.7 * honest_m(60));
    world.walk(ana, Input { buttons: buttons::JUMP, ..Input::default() }, 8);
    assert!(world.position(ana)[1] > ground + 0.5, "jumped to {}", world.position(ana)[1]);
    world.walk(ana, Input::default(), 60);
    assert!((world.position(ana)[1] - ground).abs() < 0.01);
}

#[test]
fn a_lost_connection_leaves_the_avatar_standing_until_it_returns() {
    let mut world = Scenario::of(floor_with(&[]));
    let ana = world.enter(1, "Ana");
    let bo = world.enter(2, "Bo");
    world.ticks(30);
    world.walk(ana, towards(127, 0), 30);
    world.told(bo);
    world.input(WorldInput::Presence { person: ana, road: None, anew: false });
    world.tick();
    let Some(ServerMessage::Changed { card }) = world.told(bo).pop() else {
        panic!("Bo is told that Ana's connection is lost");
    };
    assert!(!card.present);
    let place = world.position(ana);
    let told = world.visitors[&ana].packets_told;
    world.ticks(30);
    assert_eq!(world.visitors[&ana].packets_told, told, "nobody listens, nothing is made");
    let road = Some(Road::Reliable);
    world.input(WorldInput::Presence { person: ana, road, anew: false });
    world.told(ana);
    world.tick();
    assert_eq!(world.told(ana), [], "she goes on with what she knows");
    assert!(world.told(bo).iter().any(|told| matches!(told,
        ServerMessage::Changed { card } if card.person == ana && card.present)));
    world.input(WorldInput::Presence { person: ana, road, anew: true });
    world.tick();
    assert!(matches!(world.told(ana)[0], ServerMessage::Entered { .. }));
    assert_eq!(world.told(bo), [], "that she knows nothing any more concerns nobody else");
    let bo_seen = world.view(ana).members().keys().any(|seen| seen.subject == bo.0);
    assert!(bo_seen, "what the client knew is forgotten, and all is told anew");
    let back = world.position(ana);
    let drift = (0..3).map(|i| (back[i] - place[i]).abs()).fold(0.0, f32::max);
    assert!(drift < 0.3, "drifted {drift} m while nobody was there");
}

#[test]
fn names_are_cleaned_and_unique() {
    let mut world = Scenario::of(floor_with(&[]));
    let ana = world.enter(1, "Ana");
    world.enter(2, "ana");
    world.enter(3, "\u{202E}\u{0000}");
    world.enter(4, &"x".repeat(400));
    world.tick();
    let names: Vec<String> = world
        .told(ana)
        .into_iter()
        .flat_map(|notice| match notice {
            ServerMessage::Entered { people, .. } => {
                people.into_iter().map(|card| card.name).collect()
            }
            ServerMessage::Joined { card } => vec![card.name],
            other => panic!("unexpected {other:?}"),
        })
        .collect();
    assert_eq!(names, ["Ana", "ana 2", "Guest", "Guest 2"]);
}

#[test]
fn a_hand_out_of_reach_is_denied_once_and_not_shown() {
    let mut world = Scenario::of(floor_with(&[]));
    let ana = world.enter(1, "Ana");
    world.ticks(2);
    world.told(ana);
    let far = TrackedPose { position_mm: [i16::MAX; 3], rotation: [0, 0, 0, i16::MAX] };
    for _ in 0..5 {
        world.tracked(ana, TrackedPoses { left: Some(far), ..Default::default() });
        world.tick();
    }
    assert_eq!(world.told(ana), [ServerMessage::Denied { denial: Denial::OutOfReach }]);
}

#[test]
fn who_falls_out_of_the_world_comes_back() {
    let mut world = Scenario::of(floor_with(&[]));
    let ana = world.enter(1, "Ana");
    world.ticks(2);
    let run = Input { buttons: buttons::RUN, ..towards(127, 0) };
    let teleports = world.own(ana).teleports;
    let mut ticks = 0;
    while world.own(ana).teleports == teleports {
        world.walk(ana, run, 1);
        ticks += 1;
        assert!(ticks < 1_200, "100 m and a fall take less than 40 s");
    }
    let [x, y, z] = world.position(ana);
    assert!(x.abs() < 1.0 && (0.0..2.0).contains(&y) && z.abs() < 1.0, "{x} {y} {z}");
}
