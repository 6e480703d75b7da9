//! Ways that are there and ways that are not.

use serde_json::{Value, json};
use vivarium_motion::{
    AvatarState,
    consts::{CAPSULE_HEIGHT_M, OFFSET_M, WALK_MPS},
};
use vivarium_protocol::intent::Input;
use vivarium_scene::document::WorldDocument;

use super::*;

mod rough;

/// A world of the given objects.
fn world(objects: &[Value]) -> WorldDocument {
    let document = json!({"version": 1, "name": "nav", "title": "Nav", "objects": objects});
    serde_json::from_value(document).unwrap()
}

fn solid(position: [f32; 3], shape: &Value) -> Value {
    json!({"position_m": position, "properties": {"colliders": [{"shape": shape}]}})
}

/// A box by its middle and size.
fn block(position: [f32; 3], size: [f32; 3]) -> Value {
    solid(position, &json!({"box": {"size_m": size}}))
}

/// Level ground at zero.
fn floor(size: f32) -> Value {
    block([0.0, -0.5, 0.0], [size, 1.0, size])
}

/// A wall along x at z = 0 with a gap in the middle.
fn wall_with_door(width: f32) -> [Value; 2] {
    let half = 10.0;
    let length = half - width / 2.0;
    let middle = width / 2.0 + length / 2.0;
    [-middle, middle].map(|x| block([x, 1.5, 0.0], [length, 3.0, 0.2]))
}

fn build(nav: &mut Nav, around: [f32; 3], range_m: f32) {
    for _ in 0..100_000 {
        nav.want(around, range_m);
        if nav.work(500) < 500 {
            return;
        }
    }
    panic!("never built");
}

fn built(document: &WorldDocument, range_m: f32) -> Nav {
    let ground = QueryWorld::new(document).unwrap();
    let mut nav = Nav::of(&ground, document.settings.floor_m);
    build(&mut nav, [0.0; 3], range_m);
    nav
}

fn nav_of(objects: &[Value]) -> Nav {
    built(&world(objects), 14.0)
}

fn way(nav: &Nav, from: [f32; 3], to: [f32; 3]) -> Path {
    let path = nav.path(from, to).unwrap();
    check(nav, &path, from, to);
    path
}

/// How high the ground is under a point that is not far from it.
fn ground_at(nav: &Nav, point_m: [f32; 3]) -> Option<f32> {
    let spot = spot(point_m)?;
    let near = nav.mesh.around(spot, 1.0).flat_map(|key| nav.mesh.patches(key));
    let on = near.filter(|node| {
        let (low, high) = nav.mesh.extent(*node).unwrap();
        (0..2).all(|axis| (low[axis] - 0.001..=high[axis] + 0.001).contains(&spot[axis]))
    });
    let heights = on.map(|node| nav.point_m(Foot { node, spot })[1]);
    let off = |y: &f32| (y - point_m[1]).abs();
    heights.filter(|y| off(y) < 0.4).min_by(|a, b| off(a).total_cmp(&off(b)))
}

/// Every piece of a way lies over walkable ground, and it begins and ends where it should.
fn check(nav: &Nav, path: &Path, from: [f32; 3], to: [f32; 3]) {
    let points = &path.points_m;
    for (end, wanted) in [(points[0], from), (points[points.len() - 1], to)] {
        let away = (0..3).map(|axis| (end[axis] - wanted[axis]).powi(2)).sum::<f32>().sqrt();
        assert!(away <= NAV_SNAP_M + 0.001, "{end:?} is {away} m from {wanted:?}");
    }
    let mut length = 0.0;
    for pair in points.windows(2) {
        let [a, b] = [pair[0], pair[1]];
        let reach = (b[0] - a[0]).hypot(b[2] - a[2]);
        length += reach;
        let steps = (reach / 0.05).ceil().max(1.0);
        let mut y = a[1];
        for step in 0..=steps as u32 {
            let share = step as f32 / steps;
            let at = [a[0] + (b[0] - a[0]) * share, y, a[2] + (b[2] - a[2]) * share];
            y = ground_at(nav, at).unwrap_or_else(|| panic!("no ground at {at:?} of {path:?}"));
        }
        assert!((y - b[1]).abs() < 0.4, "{y} instead of {b:?}");
    }
    assert!((length - path.length_m).abs() < 0.01);
}

/// How far (metres) from the end of a way an avatar is that has gone along it, corner by corner.
fn walked(document: &WorldDocument, path: &Path) -> f32 {
    let mut ground = QueryWorld::new(document).unwrap();
    let start = path.points_m[0];
    let feet_m = CAPSULE_HEIGHT_M / 2.0 + OFFSET_M;
    let mut state = AvatarState::at([start[0], start[1] + feet_m + 0.02, start[2]]);
    let ticks = (path.length_m / WALK_MPS / ground.dt_s() * 1.5) as u32 + 90;
    let mut next = 1;
    let mut away = f32::MAX;
    for _ in 0..ticks {
        ground.begin_tick(0);
        let aim = path.points_m[next];
        let at = state.position_m;
        let (x, z) = (aim[0] - at[0], aim[2] - at[2]);
        away = x.hypot(z);
        if away < 0.1 {
            if next + 1 == path.points_m.len() {
                return away.max(((at[1] - feet_m) - aim[1]).abs() - 0.2);
            }
            next += 1;
            continue;
        }
        let push = 127.0 * (away / 0.2).min(1.0) / away;
        let input =
            Input { move_x: (x * push) as i8, move_z: (z * push) as i8, ..Input::default() };
        state = ground.step(&state, &input).state;
    }
    away + (next + 1..path.points_m.len()).len() as f32
}

#[test]
fn open_ground_is_walked_straight() {
    let nav = nav_of(&[floor(40.0)]);
    let path = way(&nav, [-9.0, 0.0, -8.0], [9.5, 0.0, 7.0]);
    assert_eq!(path.points_m.len(), 2, "{path:?}");
    assert!((path.length_m - 18.5_f32.hypot(15.0)).abs() < 0.01, "{path:?}");
}

#[test]
fn a_way_leads_around_a_wall() {
    let nav = nav_of(&[floor(40.0), block([0.0, 1.5, 0.0], [6.0, 3.0, 0.2])]);
    let path = way(&nav, [0.0, 0.0, -3.0], [0.0, 0.0, 3.0]);
    // Around one end of the wall, whose corners are cut.
    assert!(path.points_m.len() <= 6, "{path:?}");
    // Past the ends of the wall, 0.32 m from it.
    let least = 2.0 * 3.2_f32.hypot(2.6) + 0.8;
    assert!((least..least + 0.4).contains(&path.length_m), "{path:?} instead of {least}");
}

#[test]
fn doors_are_wide_enough_or_not() {
    let (from, to) = ([0.3, 0.0, -3.0], [-0.2, 0.0, 3.0]);
    for (width, is_way) in [(0.4, false), (0.6, false), (0.9, true), (1.0, true), (2.0, true)] {
        let [left, right] = wall_with_door(width);
        let document = world(&[floor(20.0), left, right]);
        let nav = built(&document, 14.0);
        let found = nav.path(from, to);
        if is_way {
            let path = found.unwrap_or_else(|error| panic!("{width}: {error}"));
            check(&nav, &path, from, to);
            assert!(path.length_m < 6.3, "{path:?}");
            assert!(walked(&document, &path) < 0.3, "{width}: {path:?}");
        } else {
            assert_eq!(found, Err(NoWay::Blocked), "{width}");
        }
    }
}

#[test]
fn steps_are_climbed_and_ledges_are_not() {
    let stairs = |rise: f32| -> Vec<Value> {
        let mut objects = vec![floor(30.0)];
        for step in 1..=5 {
            let height = rise * step as f32;
            let end = 8.0;
            let begin = step as f32 * 0.3;
            objects.push(block(
                [0.0, height / 2.0, f32::midpoint(begin, end)],
                [3.0, height, end - begin],
            ));
        }
        objects
    };
    let document = world(&stairs(0.3));
    let nav = built(&document, 14.0);
    let path = way(&nav, [0.0, 0.0, -3.0], [0.0, 1.5, 6.0]);
    assert!((path.length_m - 9.0).abs() < 0.1, "{path:?}");
    assert!(walked(&document, &path) < 0.3, "{path:?}");
    assert!((path.points_m.last().unwrap()[1] - 1.5).abs() < 0.05);
    let nav = nav_of(&stairs(0.4));
    assert_eq!(nav.path([0.0, 0.0, -3.0], [0.0, 2.0, 6.0]), Err(NoWay::Blocked));
    let nav = nav_of(&[floor(30.0), block([0.0, 0.5, 5.0], [4.0, 1.0, 4.0])]);
    assert_eq!(nav.path([0.0, 0.0, -3.0], [0.0, 1.0, 5.0]), Err(NoWay::Blocked));
}

#[test]
fn ramps_are_climbed_unless_they_are_steep() {
    for (degrees, is_way) in [(20.0_f32, true), (40.0, true), (48.0, true), (55.0, false)] {
        let angle = degrees.to_radians();
        let half = angle / 2.0;
        let mut ramp = block([0.0, 0.0, 0.0], [3.0, 0.2, 8.0]);
        ramp["rotation"] = json!([-half.sin(), 0.0, 0.0, half.cos()]);
        let (rise, run) = (4.0 * angle.sin(), 4.0 * angle.cos());
        let deck = block([0.0, rise, run + 1.95], [3.0, 0.2, 4.0]);
        let document = world(&[floor(30.0), ramp, deck]);
        let nav = built(&document, 14.0);
        let found = nav.path([0.0, 0.0, -6.0], [0.0, rise + 0.1, run + 2.0]);
        assert_eq!(found.is_ok(), is_way, "{degrees}: {found:?}");
        if let Ok(path) = found {
            assert!(walked(&document, &path) < 0.3, "{degrees}: {path:?}");
        }
    }
}

#[test]
fn floors_above_one_another_are_told_apart() {
    let mut objects = vec![floor(30.0), block([0.0, 2.9, 4.0], [8.0, 0.2, 8.0])];
    for step in 1..=10 {
        let height = 0.3 * step as f32;
        let x = -6.85 + 0.3 * step as f32;
        objects.push(block([x - 0.3, height / 2.0, 4.0], [0.3, height, 2.0]));
    }
    let nav = nav_of(&objects);
    let (below, above) = ([2.0, 0.0, 4.0], [2.0, 3.0, 4.0]);
    assert!((nav.nearest([2.0, 0.2, 4.0], 1.0).unwrap()[1]).abs() < 0.05);
    assert!((nav.nearest([2.0, 2.8, 4.0], 1.0).unwrap()[1] - 3.0).abs() < 0.05);
    let path = way(&nav, below, above);
    assert!(path.length_m > 15.0, "{path:?}");
    assert!(!nav.is_straight(below, above));
    assert!(way(&nav, [-3.0, 0.0, -3.0], [2.0, 0.0, 6.0]).length_m < 11.0);
}

#[test]
fn nobody_stands_inside_things() {
    for shape in [
        json!({"box": {"size_m": [6.0, 6.0, 6.0]}}),
        json!({"cylinder": {"radius_m": 3.0, "height_m": 6.0}}),
        json!({"capsule": {"radius_m": 3.0, "height_m": 9.0}}),
        json!({"ball": {"radius_m": 3.0}}),
        json!({"hull": {"points_m": [[3, 3, 3], [-3, 3, -3], [3, -3, -3], [-3, -3, 3], [0, -3, 0]]}}),
    ] {
        let nav = nav_of(&[floor(30.0), solid([0.0, 2.0, 0.0], &shape)]);
        assert_eq!(nav.nearest([0.0, 0.0, 0.0], 0.5), Err(NoWay::NoEnd), "{shape}");
        let path = way(&nav, [0.0, 0.0, -6.0], [0.0, 0.0, 6.0]);
        assert!(path.length_m > 12.1, "{shape}: {path:?}");
    }
}

#[test]
fn hills_are_walked_over() {
    let points = 33;
    let mut heights = Vec::new();
    for column in 0..points {
        for row in 0..points {
            let (x, z) = (column as f32 - 16.0, row as f32 - 16.0);
            heights.push((4.0 - (x * x + z * z) / 40.0).max(0.0));
        }
    }
    let hill = json!({"heightfield": {
        "rows": points, "columns": points, "size_m": [32.0, 32.0], "heights_m": heights
    }});
    let nav = built(&world(&[solid([0.0; 3], &hill)]), 20.0);
    let path = way(&nav, [-12.0, 0.5, -3.0], [0.0, 4.0, 0.0]);
    assert!((path.points_m.last().unwrap()[1] - 4.0).abs() < 0.2, "{path:?}");
    assert!((path.length_m - 12.0_f32.hypot(3.0)).abs() < 0.2, "{path:?}");
}

#[test]
fn an_edit_opens_and_blocks_a_door() {
    let [left, right] = wall_with_door(1.2);
    let mut objects = vec![floor(20.0), left, right];
    let door = block([0.0, 1.0, 0.0], [1.2, 2.0, 0.1]);
    let open = world(&objects);
    objects.push(door);
    let shut = world(&objects);
    let (from, to) = ([0.3, 0.0, -3.0], [-0.2, 0.0, 3.0]);

    let mut ground = QueryWorld::new(&open).unwrap();
    let mut nav = Nav::of(&ground, -20.0);
    build(&mut nav, [0.0; 3], 14.0);
    let before = nav.path(from, to);
    assert!(before.is_ok());
    let revision = nav.revision();
    let id = ObjectId(3);
    let all = shut.resolved(&shut.objects[3]);
    ground.edit(&[(id, Some((&shut.objects[3], &all)))], &shut.settings);
    nav.edit(&[id], &ground, -20.0);
    assert_eq!(nav.path(from, to), before, "what was known counts until it is built anew");
    build(&mut nav, [0.0; 3], 14.0);
    assert_ne!(nav.revision(), revision);
    assert_eq!(nav.path(from, to), Err(NoWay::Blocked));
    ground.edit(&[(id, None)], &open.settings);
    nav.edit(&[id], &ground, -20.0);
    build(&mut nav, [0.0; 3], 14.0);
    assert_eq!(nav.path(from, to), before);
}

#[test]
fn what_is_not_built_is_said() {
    let mut nav = Nav::of(&QueryWorld::new(&world(&[floor(200.0)])).unwrap(), -20.0);
    assert_eq!(nav.path([0.0; 3], [3.0, 0.0, 0.0]), Err(NoWay::NotBuilt));
    assert_eq!(nav.nearest([0.0; 3], 1.0), Err(NoWay::NotBuilt));
    build(&mut nav, [0.0; 3], 14.0);
    assert_eq!(nav.path([0.0; 3], [60.0, 0.0, 0.0]), Err(NoWay::NotBuilt));
    build(&mut nav, [60.0, 0.0, 0.0], 7.0);
    assert_eq!(nav.path([0.0; 3], [60.0, 0.0, 0.0]), Err(NoWay::NotBuilt));
    build(&mut nav, [30.0, 0.0, 0.0], 30.0);
    way(&nav, [0.0; 3], [60.0, 0.0, 0.0]);
    for nowhere in [[f32::NAN, 0.0, 0.0], [f32::INFINITY, 0.0, 0.0], [1.0e9, 0.0, 0.0]] {
        assert_eq!(nav.path(nowhere, [0.0; 3]), Err(NoWay::NoStart));
        assert_eq!(nav.path([0.0; 3], nowhere), Err(NoWay::NoEnd));
    }
    assert_eq!(nav.path([0.0, 9.0, 0.0], [0.0; 3]), Err(NoWay::NoStart));
}

#[test]
fn strolls_stay_near_and_can_be_walked() {
    let [left, right] = wall_with_door(0.4);
    let nav = nav_of(&[floor(20.0), left, right]);
    let around = [1.0, 0.0, -4.0];
    let mut places = Vec::new();
    for step in 0..100 {
        let chance = [(step % 10) as f32 / 9.0, (step / 10) as f32 / 9.0];
        let place = nav.random_place(chance, around, 5.0).unwrap();
        assert!((place[0] - 1.0).abs() < 5.001 && (place[2] + 4.0).abs() < 5.001, "{place:?}");
        assert!(place[2] < 0.0, "{place:?} is behind the wall");
        way(&nav, around, place);
        places.push(place);
    }
    let spread = |axis: usize| {
        let all = places.iter().map(|place| place[axis]);
        all.clone().fold(f32::MIN, f32::max) - all.fold(f32::MAX, f32::min)
    };
    assert!(spread(0) > 8.5 && spread(2) > 8.0, "{} {}", spread(0), spread(2));
}
