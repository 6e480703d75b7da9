//! What a visitor notices.

use vivarium_motion::{
    AvatarState, Owner, Proxy, QueryWorld,
    consts::{JUMP_MPS, RUN_MPS, WALK_MPS},
};
use vivarium_protocol::{
    ids::ObjectId,
    intent::{Input, buttons},
};
use vivarium_scene::mover;

use crate::course::{cuboid, ground, loose, platform, ramp, solid, world};

/// Where the centre of an avatar is that stands at height 0.
const STANDING_Y: f32 = 0.87;

fn heading(move_x: i8, move_z: i8, buttons: u8) -> Input {
    Input { move_x, move_z, buttons, ..Input::default() }
}

/// A visitor in a world, for whom ticks pass.
struct Visitor {
    world: QueryWorld,
    state: AvatarState,
    tick: u32,
}

impl Visitor {
    fn standing(objects: Vec<serde_json::Value>, position: [f32; 3]) -> Self {
        let world = QueryWorld::new(&world(objects)).expect("the geometry is good");
        let mut visitor = Self { world, state: AvatarState::at(position), tick: 0 };
        visitor.holds(Input::default(), 30);
        assert!(visitor.state.grounded, "landed: {:?}", visitor.state);
        visitor
    }

    fn holds(&mut self, input: Input, ticks: u32) {
        for _ in 0..ticks {
            self.tick += 1;
            self.world.begin_tick(self.tick);
            self.state = self.world.step(&self.state, &input).state;
        }
    }

    fn position(&self) -> [f32; 3] {
        self.state.position_m
    }
}

#[test]
fn walks_and_runs_at_the_stated_speed() {
    for (buttons, speed) in [(0, WALK_MPS), (buttons::RUN, RUN_MPS)] {
        let mut visitor = Visitor::standing(vec![ground()], [0.0, STANDING_Y, 0.0]);
        visitor.holds(heading(127, 0, buttons), 15);
        let from = visitor.position()[0];
        visitor.holds(heading(127, 0, buttons), 30);
        let distance = visitor.position()[0] - from;
        assert!((distance - speed).abs() < 0.05, "{distance} m in a second at {speed} m/s");
        visitor.holds(Input::default(), 10);
        assert_eq!(visitor.state.velocity_mps, [0.0; 3], "comes to rest at once");
    }
}

#[test]
fn diagonal_is_not_faster_and_minus_128_counts_as_minus_127() {
    let mut diagonal = Visitor::standing(vec![ground()], [0.0, STANDING_Y, 0.0]);
    diagonal.holds(heading(127, 127, buttons::RUN), 60);
    let [x, _, z] = diagonal.state.velocity_mps;
    assert!((x.hypot(z) - RUN_MPS).abs() < 1.0e-4, "{x} {z}");

    let mut ends = Vec::new();
    for extreme in [-128, -127] {
        let mut visitor = Visitor::standing(vec![ground()], [0.0, STANDING_Y, 0.0]);
        visitor.holds(heading(extreme, extreme, 0), 60);
        ends.push(visitor.state.bits());
    }
    assert_eq!(ends[0], ends[1]);
}

#[test]
fn half_deflection_is_half_speed() {
    let mut visitor = Visitor::standing(vec![ground()], [0.0, STANDING_Y, 0.0]);
    visitor.holds(heading(0, -64, 0), 30);
    let speed = -visitor.state.velocity_mps[2];
    assert!((speed - WALK_MPS * 64.0 / 127.0).abs() < 1.0e-4, "{speed}");
}

#[test]
fn climbs_a_step_of_30_cm_but_not_of_60() {
    for (height, climbs) in [(0.15, true), (0.3, true), (0.6, false)] {
        let step = cuboid([4.0, height * 0.5, 0.0], [4.0, height, 4.0]);
        let mut visitor = Visitor::standing(vec![ground(), step], [0.0, STANDING_Y, 0.0]);
        visitor.holds(heading(127, 0, 0), 45);
        let [x, y, _] = visitor.position();
        assert_eq!(y > STANDING_Y + height - 0.05, climbs, "{height} m: at {x}, {y}");
        assert_eq!(x > 2.3, climbs, "{height} m: at {x}, {y}");
        assert!(visitor.state.grounded);
    }
}

#[test]
fn walks_up_and_down_40_degrees_but_not_up_60() {
    for (degrees, climbs) in [(20.0, true), (40.0, true), (48.0, true), (60.0, false)] {
        for speed in [0, buttons::RUN] {
            let objects = vec![ground(), ramp(2.0, 0.0, degrees, 8.0)];
            let mut visitor = Visitor::standing(objects, [0.0, STANDING_Y, 0.0]);
            visitor.holds(heading(127, 0, speed), 40);
            let [x, y, _] = visitor.position();
            assert_eq!(y > 1.3, climbs, "{degrees} degrees: at {x}, {y}");
            if !climbs {
                continue;
            }
            visitor.holds(Input::default(), 10);
            let rest = visitor.position();
            visitor.holds(Input::default(), 60);
            let slipped = rest[1] - visitor.position()[1];
            assert!(slipped.abs() < 0.01, "{degrees} degrees: slipped {slipped} m");
            for _ in 0..10 {
                visitor.holds(heading(-127, 0, speed), 1);
                assert!(visitor.state.grounded, "{degrees} degrees: feet stay on the ground");
            }
        }
    }
}

#[test]
fn nobody_hops_up_a_60_degree_slope() {
    let objects = vec![ground(), ramp(2.0, 0.0, 60.0, 12.0)];
    let mut visitor = Visitor::standing(objects, [0.0, STANDING_Y, 0.0]);
    let mut highest = 0.0_f32;
    for tick in 0..600 {
        let jump = if tick % 2 == 0 { buttons::JUMP } else { 0 };
        visitor.holds(heading(127, 0, buttons::RUN | jump), 1);
        highest = highest.max(visitor.position()[1]);
    }
    assert!(highest < STANDING_Y + 3.0, "came up to {highest}");
}

#[test]
fn jumps_a_metre_high_once_per_press() {
    let mut visitor = Visitor::standing(vec![ground()], [0.0, STANDING_Y, 0.0]);
    let mut highest = 0.0_f32;
    for _ in 0..60 {
        visitor.holds(heading(0, 0, buttons::JUMP), 1);
        highest = highest.max(visitor.position()[1] - STANDING_Y);
    }
    let ideal = JUMP_MPS * JUMP_MPS / (2.0 * 9.81);
    let step = JUMP_MPS / 30.0;
    assert!(highest > ideal - step && highest < ideal + step, "{highest} m of {ideal} m");
    assert!(visitor.state.grounded, "held down, it is one jump");
    visitor.holds(Input::default(), 1);
    visitor.holds(heading(0, 0, buttons::JUMP), 3);
    assert!(!visitor.state.grounded, "a new press is a new jump");
}

#[test]
fn a_jump_just_after_the_edge_still_counts() {
    for (late_ticks, jumps) in [(0, true), (2, true), (6, false)] {
        let ledge = cuboid([0.0, 2.5, 0.0], [4.0, 5.0, 4.0]);
        let mut visitor = Visitor::standing(vec![ground(), ledge], [0.0, 5.0 + STANDING_Y, 0.0]);
        while visitor.state.grounded {
            visitor.holds(heading(127, 0, buttons::RUN), 1);
        }
        visitor.holds(heading(127, 0, buttons::RUN), late_ticks);
        visitor.holds(heading(127, 0, buttons::RUN | buttons::JUMP), 1);
        assert_eq!(visitor.state.velocity_mps[1] > 0.0, jumps, "{late_ticks} ticks late");
        visitor.holds(heading(127, 0, buttons::RUN), 1);
        visitor.holds(heading(127, 0, buttons::RUN | buttons::JUMP), 1);
        assert!(visitor.state.velocity_mps[1] < JUMP_MPS - 0.5, "no second jump in the air");
    }
}

#[test]
fn walls_stop_and_corners_do_not_catch() {
    let wall = cuboid([3.0, 1.5, 0.0], [0.1, 3.0, 20.0]);
    for speed in [0, buttons::RUN] {
        let mut visitor = Visitor::standing(vec![ground(), wall.clone()], [0.0, STANDING_Y, 0.0]);
        visitor.holds(heading(127, 40, speed), 90);
        let [x, _, z] = visitor.position();
        assert!(x < 2.95 - 0.3 + 0.001, "{x}");
        assert!(z > 1.5, "slides along: {z}");
    }
}

#[test]
fn rides_a_horizontal_platform_without_slipping() {
    let waypoints = [[0.0; 3], [12.0, 0.0, 0.0]];
    let ferry = platform([0.0, 0.3, 0.0], &waypoints, 120, 20);
    let mut visitor = Visitor::standing(vec![ground(), ferry], [0.5, 0.5 + STANDING_Y, 0.4]);
    let document = world(vec![platform([0.0, 0.3, 0.0], &waypoints, 120, 20)]);
    let path = document.objects[0].properties.mover.clone().expect("it moves");
    for _ in 0..400 {
        visitor.holds(Input::default(), 1);
        let offset = mover::offset_m(&path, visitor.tick);
        let [x, y, z] = visitor.position();
        assert!((x - offset[0] - 0.5).abs() < 0.002, "slipped at tick {}: {x}", visitor.tick);
        assert!((y - 0.5 - STANDING_Y).abs() < 0.003, "{y}");
        assert!((z - 0.4).abs() < 0.001, "{z}");
        assert!(visitor.state.grounded);
        assert_eq!(visitor.state.velocity_mps, [0.0; 3]);
    }
}

#[test]
fn rides_a_lift_up_and_down_without_jitter() {
    let waypoints = [[0.0; 3], [0.0, 6.0, 0.0]];
    let lift = platform([0.0, 0.0, 0.0], &waypoints, 60, 10);
    let path = world(vec![lift.clone()]).objects[0].properties.mover.clone().expect("it moves");
    let mut visitor = Visitor::standing(vec![ground(), lift], [0.5, 0.2 + STANDING_Y, 0.0]);
    for tick in 0..400 {
        let walks = if tick % 40 < 20 { 60 } else { -60 };
        visitor.holds(heading(0, walks, 0), 1);
        let offset = mover::offset_m(&path, visitor.tick);
        let gap = visitor.position()[1] - 0.2 - STANDING_Y - offset[1];
        assert!(gap.abs() < 0.006, "gap {gap} at tick {}", visitor.tick);
        assert!(visitor.state.grounded, "tick {}", visitor.tick);
    }
}

#[test]
fn jumping_on_a_platform_lands_on_the_same_spot() {
    let waypoints = [[0.0; 3], [40.0, 0.0, 0.0]];
    let ferry = platform([0.0, 0.3, 0.0], &waypoints, 600, 0);
    let path = world(vec![ferry.clone()]).objects[0].properties.mover.clone().expect("it moves");
    let mut visitor = Visitor::standing(vec![ground(), ferry], [0.0, 0.5 + STANDING_Y, 0.0]);
    visitor.holds(Input::default(), 200);
    let spot = visitor.position()[0] - mover::offset_m(&path, visitor.tick)[0];
    visitor.holds(heading(0, 0, buttons::JUMP), 1);
    assert!(visitor.state.velocity_mps[0] > 1.0, "takes the platform's speed along");
    while !visitor.state.grounded {
        // The air brakes a little; without a wish the stick is at rest.
        visitor.holds(Input::default(), 1);
    }
    visitor.holds(Input::default(), 10);
    let landed = visitor.position()[0] - mover::offset_m(&path, visitor.tick)[0];
    assert!(landed < spot, "air drag: {spot} -> {landed}");
    assert!(visitor.state.grounded);
    assert_eq!(visitor.state.velocity_mps, [0.0; 3], "rests on the platform again");
}

#[test]
fn a_platform_pushes_who_stands_in_its_way() {
    let waypoints = [[0.0; 3], [8.0, 0.0, 0.0]];
    let mut pusher = platform([-6.0, 1.0, 0.0], &waypoints, 120, 30);
    pusher["properties"]["colliders"][0]["shape"]["box"]["size_m"] =
        serde_json::json!([4.0, 2.0, 4.0]);
    let mut visitor = Visitor::standing(vec![ground(), pusher], [-1.0, STANDING_Y, 0.0]);
    visitor.holds(Input::default(), 120);
    let [x, y, _] = visitor.position();
    assert!(x > 4.0 + 0.29, "pushed along by its side: {x}");
    assert!((y - STANDING_Y).abs() < 0.01, "{y}");
}

#[test]
fn who_appears_inside_something_gets_out() {
    let block = cuboid([0.0, 0.5, 0.0], [1.0, 1.0, 1.0]);
    let world = QueryWorld::new(&world(vec![ground(), block])).expect("the geometry is good");
    let state = AvatarState::at([0.3, 0.9, 0.1]);
    let mut visitor = Visitor { world, state, tick: 0 };
    visitor.holds(heading(127, 0, 0), 60);
    let [x, y, _] = visitor.position();
    assert!(x > 0.8 && (y - STANDING_Y).abs() < 0.05, "{x} {y}");
    assert!(visitor.state.grounded);
}

#[test]
fn who_is_wedged_in_a_crevice_can_jump_out() {
    let left = ramp(0.0, 0.0, 70.0, 6.0);
    let mut right = ramp(0.0, 0.0, 70.0, 6.0);
    right["rotation"] = serde_json::json!([0.0, 0.0, 0.819_152, 0.573_576_45]);
    right["position_m"] = serde_json::json!([-1.261, 2.733, 0.0]);
    let world = QueryWorld::new(&world(vec![left, right])).expect("the geometry is good");
    let state = AvatarState::at([0.1, 6.0, 0.0]);
    let mut visitor = Visitor { world, state, tick: 0 };
    visitor.holds(Input::default(), 150);
    assert!(visitor.state.grounded, "{:?}", visitor.state);
    let low = visitor.position()[1];
    visitor.holds(heading(0, 0, buttons::JUMP), 5);
    assert!(visitor.position()[1] > low + 0.3, "{:?}", visitor.state);
}

#[test]
fn a_loose_box_stops_the_walker_and_is_reported() {
    let crate_shape = serde_json::json!({ "box": { "size_m": [1.0, 0.3, 1.0] } });
    let objects = vec![ground(), loose([3.0, 0.15, 0.0], crate_shape)];
    let mut visitor = Visitor::standing(objects, [0.0, STANDING_Y, 0.0]);
    let proxy =
        Proxy { object: ObjectId(1), position_m: [2.0, 0.15, 0.0], rotation: [0.0, 0.0, 0.0, 1.0] };
    let mut reported = 0;
    for _ in 0..60 {
        visitor.tick += 1;
        visitor.world.begin_tick(visitor.tick);
        visitor.world.set_proxies(&[proxy]);
        let result = visitor.world.step(&visitor.state, &heading(127, 0, 0));
        reported += result.hits.iter().filter(|hit| hit.owner == Owner::Proxy(ObjectId(1))).count();
        visitor.state = result.state;
    }
    assert!(visitor.position()[0] < 1.5 - 0.3, "not walked up, to be pushed");
    assert!(reported > 20, "{reported}");
    visitor.world.set_proxies(&[]);
    visitor.holds(heading(127, 0, 0), 60);
    assert!(visitor.position()[0] > 2.5, "the way is free when the slot is empty");
}

#[test]
fn who_stands_still_or_pushes_into_a_corner_comes_to_rest() {
    let walls =
        [cuboid([3.0, 1.5, 0.0], [0.2, 3.0, 8.0]), cuboid([0.0, 1.5, 3.0], [8.0, 3.0, 0.2])];
    for input in [Input::default(), heading(127, 127, buttons::RUN)] {
        let objects = vec![ground(), walls[0].clone(), walls[1].clone()];
        let mut visitor = Visitor::standing(objects, [0.0, STANDING_Y, 0.0]);
        visitor.holds(input, 90);
        let rest = visitor.state;
        visitor.holds(input, 60);
        if input == Input::default() {
            assert_eq!(visitor.state.bits(), rest.bits(), "nothing creeps");
        }
        let crept = visitor.position()[0] - rest.position_m[0];
        assert!(crept.abs() < 0.001, "{crept}");
        assert!(visitor.state.grounded);
        visitor.holds(heading(-127, 0, 0), 20);
        assert!(visitor.position()[0] < rest.position_m[0] - 1.0, "and walks on at once");
    }
}

#[test]
fn a_world_with_bad_geometry_is_refused_with_its_place() {
    let flat = serde_json::json!({ "hull": { "points_m": [
        [0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 1.0],
    ] } });
    let mut squashed = solid([0.0, 1.0, 0.0], serde_json::json!({ "ball": { "radius_m": 1.0 } }));
    squashed["scale"] = serde_json::json!([1.0, 2.0, 1.0]);
    let loose_mesh = serde_json::json!({ "mesh": {
        "vertices_m": [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
        "triangles": [[0, 1, 3]],
    } });
    for (bad, reason) in [
        (solid([0.0; 3], flat), "hull"),
        (squashed, "one scale"),
        (solid([0.0; 3], loose_mesh), "corners must exist"),
        (cuboid([0.0; 3], [1.0, 0.0, 1.0]), "positive"),
    ] {
        let Err(error) = QueryWorld::new(&world(vec![ground(), bad])) else {
            panic!("refused for its {reason}");
        };
        assert_eq!((error.object, error.collider), (1, 0));
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn who_stands_in_a_shipped_world_comes_to_rest() {
    for name in ["plaza", "garden"] {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/worlds");
        let json = std::fs::read(root.join(format!("{name}.json"))).expect("the world is shipped");
        let document = vivarium_scene::load::from_json(&json).expect("a shipped world is valid");
        let mut world = QueryWorld::new(&document).expect("the geometry is good");
        let mut restless = 0;
        let mut count = 0;
        for (_, object) in document.objects() {
            let Some(spawn) = document.resolved(object).spawn else { continue };
            for place in 0..300 {
                let angle = place as f32 * 2.4;
                let far = spawn.radius_m * (place as f32 / 300.0).sqrt();
                let [x, y, z] = object.position_m;
                let at = [x + far * angle.cos(), y + STANDING_Y, z + far * angle.sin()];
                let mut state = AvatarState::at(at);
                let mut before = state;
                for tick in 1..=90 {
                    world.begin_tick(tick);
                    before = state;
                    state = world.step(&state, &Input::default()).state;
                }
                count += 1;
                restless += usize::from(before.bits() != state.bits());
            }
        }
        assert_eq!(restless, 0, "{name}: of {count}");
    }
}
