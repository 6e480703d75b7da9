//! Large, crowded, hostile and drawn worlds.

use proptest::prelude::*;

use super::*;

/// All ways between some places, as bits.
fn ways(nav: &Nav, places: &[[f32; 3]]) -> Vec<Result<Vec<[u32; 3]>, NoWay>> {
    let pairs = places.iter().flat_map(|from| places.iter().map(move |to| (*from, *to)));
    let found = pairs.map(|(from, to)| nav.path(from, to));
    let bits = |path: Path| path.points_m.iter().map(|point| point.map(f32::to_bits)).collect();
    found.map(|found| found.map(bits)).collect()
}

fn demo(name: &str) -> WorldDocument {
    let path = format!("{}/../../assets/worlds/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn plaza() -> WorldDocument {
    demo("plaza")
}

/// How long the ways from a place to others of a world are; an avatar goes along each.
fn told(document: &WorldDocument, from: [f32; 3], to: &[(&str, [f32; 3])]) -> String {
    let nav = built(document, 60.0);
    let each = to.iter().map(|(name, to)| match nav.path(from, *to) {
        Ok(path) => {
            check(&nav, &path, from, *to);
            let off = walked(document, &path);
            assert!(off < 0.3, "{name}: {off} m from the end, {path:?}");
            format!("{name}: {:.1} m, {} points", path.length_m, path.points_m.len())
        }
        Err(error) => format!("{name}: {error}"),
    });
    each.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_plaza_is_walked() {
    let told = told(
        &plaza(),
        [0.0, 0.05, 26.0],
        &[
            ("past the fountain", [0.0, 0.0, -8.0]),
            ("up the stairs, to the gate", [0.0, 2.0, -31.0]),
            ("up the ramp of 15 degrees", [-13.0, 2.0, 27.4]),
            ("across the canal", [-38.0, 0.0, 4.0]),
            ("up to the lookout, where only the lift goes", [-39.8, 5.0, -12.0]),
            ("to the lane", [28.0, 0.0, 4.0]),
            ("to a bench", [-5.4, 0.0, 7.9]),
        ],
    );
    expect_test::expect![[r#"
        past the fountain: 35.4 m, 5 points
        up the stairs, to the gate: 57.6 m, 4 points
        up the ramp of 15 degrees: 16.7 m, 7 points
        across the canal: 51.5 m, 4 points
        up to the lookout, where only the lift goes: no way leads there
        to the lane: 36.4 m, 4 points
        to a bench: 19.3 m, 4 points"#]]
    .assert_eq(&told);
}

#[test]
fn the_garden_is_walked() {
    let told = told(
        &demo("garden"),
        [4.0, 2.5, 31.0],
        &[
            ("over the meadow, to the portal", [-20.9, 1.96, 23.5]),
            ("over the bridge, to the gazebo", [4.0, 1.0, -8.0]),
            ("to the ferry", [-17.6, 0.42, -8.0]),
        ],
    );
    expect_test::expect![[r#"
        over the meadow, to the portal: 26.0 m, 2 points
        over the bridge, to the gazebo: 39.0 m, 2 points
        to the ferry: 45.7 m, 6 points"#]]
    .assert_eq(&told);
}

#[test]
fn the_same_calls_give_the_same_bits() {
    let places = [[0.0, 0.0, 20.0], [-38.0, 0.0, 4.0], [0.0, 2.0, -31.0], [20.0, 0.0, -12.0]];
    let once = |units: usize| {
        let ground = QueryWorld::new(&plaza()).unwrap();
        let mut nav = Nav::of(&ground, -20.0);
        for _ in 0..2_000 {
            nav.want([0.0; 3], 45.0);
            nav.work(units);
        }
        ways(&nav, &places)
    };
    let first = once(500);
    assert!(first.iter().filter(|way| way.is_ok()).count() > 8, "{first:?}");
    assert_eq!(first, once(500));
    let told = blake3::hash(format!("{first:?}").as_bytes()).to_hex();
    expect_test::expect!["bfb8f2ff71daeaee"].assert_eq(&told[..16]);
    assert_eq!(first, once(1_700), "what is built does not depend on how much at a time");
}

#[test]
fn edits_one_by_one_are_as_a_world_made_anew() {
    let mut document = plaza();
    let mut ground = QueryWorld::new(&document).unwrap();
    let mut nav = Nav::of(&ground, -20.0);
    build(&mut nav, [0.0; 3], 45.0);
    let places = [[0.0, 0.0, 20.0], [0.0, 2.0, -31.0], [20.0, 0.0, 4.0], [-12.0, 0.0, -3.0]];
    let before = ways(&nav, &places);
    let wall = block([0.0, 1.5, 13.0], [16.0, 3.0, 0.3]);
    let wall = &world(&[wall]).objects[0];
    for step in 0..12 {
        // Benches and planters wander off, one of them comes to be a wall, another goes.
        let id = ObjectId(107 + step);
        let object = &mut document.objects[id.0 as usize];
        match step {
            3 => *object = wall.clone(),
            5 => object.properties.colliders = Some(Vec::new()),
            _ => object.position_m[0] += 1.3,
        }
        let resolved = document.resolved(&document.objects[id.0 as usize]);
        let object = &document.objects[id.0 as usize];
        ground.edit(&[(id, Some((object, &resolved)))], &document.settings);
        nav.edit(&[id], &ground, -20.0);
        // Some edits come while tiles are being built.
        nav.want([0.0; 3], 45.0);
        nav.work(130);
    }
    build(&mut nav, [0.0; 3], 45.0);
    let after = ways(&nav, &places);
    assert_ne!(after, before);
    assert_eq!(after, ways(&built(&document, 45.0), &places));
}

#[test]
fn a_table_with_chairs_is_walked_around() {
    let mut objects = vec![floor(20.0), block([0.0, 0.72, 0.0], [2.0, 0.06, 1.0])];
    for (x, z) in [(-0.9, -0.4), (0.9, -0.4), (-0.9, 0.4), (0.9, 0.4)] {
        objects.push(block([x, 0.35, z], [0.08, 0.7, 0.08]));
    }
    for (x, z) in [(-0.5, -0.9), (0.5, -0.9), (-0.5, 0.9), (0.5, 0.9)] {
        objects.push(block([x, 0.43, z], [0.45, 0.06, 0.45]));
        objects.push(block([x, 0.75, z + z.signum() * 0.2], [0.45, 0.6, 0.05]));
    }
    let document = world(&objects);
    let nav = built(&document, 14.0);
    for (from, to, most_m) in [
        ([-4.0, 0.0, 0.0], [4.0, 0.0, 0.0], 8.9),
        ([0.0, 0.0, -4.0], [0.0, 0.0, 4.0], 8.9),
        ([-1.6, 0.0, 0.0], [1.6, 0.0, 0.1], 5.4),
    ] {
        let path = way(&nav, from, to);
        let straight = (to[0] - from[0]).hypot(to[2] - from[2]);
        assert!((straight + 0.2..most_m).contains(&path.length_m), "{path:?}");
        assert!(walked(&document, &path) < 0.3, "{path:?}");
    }
}

#[test]
fn a_maze_costs_no_more_than_it_may() {
    // Rows of walls 1.5 m apart with a gap at alternating ends, and one that cannot be passed.
    let maze = |is_shut: bool| {
        let mut objects = vec![floor(47.0)];
        for row in 0..30_i16 {
            let z = f32::from(row) * 1.5 - 22.0;
            let shift = if row % 2 == 0 { 1.0 } else { -1.0 };
            let shut = is_shut && row == 29;
            let (x, length) = if shut { (0.0, 46.0) } else { (shift, 44.0) };
            objects.push(block([x, 1.0, z], [length, 2.0, 0.2]));
        }
        for side in [-1.0, 1.0] {
            objects.push(block([side * 23.0, 1.0, 0.0], [0.2, 2.0, 47.0]));
        }
        built(&world(&objects), 40.0)
    };
    let (from, to) = ([0.0, 0.0, -22.75], [0.0, 0.0, 22.5]);
    let nav = maze(false);
    let path = way(&nav, from, to);
    assert!(path.length_m > 1_000.0, "{}", path.length_m);
    let shut = maze(true).path(from, to);
    assert_eq!(shut, Err(NoWay::Blocked));
}

#[test]
fn a_search_that_has_no_end_is_given_up() {
    let mut objects = vec![floor(80.0)];
    for at in 0..2_500_i16 {
        let (x, z) = (f32::from(at % 50) * 1.5 - 37.0, f32::from(at / 50) * 1.5 - 37.0);
        objects.push(block([x, 1.0, z], [0.3, 2.0, 0.3]));
    }
    // Half of it cannot be reached, and there is a pen in that half.
    objects.push(block([0.0, 1.0, 0.0], [0.2, 2.0, 80.0]));
    for (x, z, wide, deep) in [
        (27.0, 0.0, 0.2, 8.0),
        (33.0, 0.0, 0.2, 8.0),
        (30.0, -4.0, 6.0, 0.2),
        (30.0, 4.0, 6.0, 0.2),
    ] {
        objects.push(block([x, 1.0, z], [wide, 2.0, deep]));
    }
    let nav = built(&world(&objects), 50.0);
    let (near, penned) = ([-30.0, 0.0, 0.2], [30.2, 0.0, 0.2]);
    assert_eq!(nav.path(near, penned), Err(NoWay::Blocked));
    assert_eq!(nav.path(penned, near), Err(NoWay::Blocked));
    assert_eq!(nav.path(near, [24.0, 0.0, 0.3]), Err(NoWay::TooFar));
    way(&nav, near, [-2.0, 0.0, 20.3]);
}

#[test]
fn a_world_of_ten_thousand_boxes_is_built_where_it_is_wanted() {
    let mut objects = vec![floor(2_000.0)];
    for at in 0..10_000_i16 {
        let (x, z) = (f32::from(at % 100) * 8.0 - 400.0, f32::from(at / 100) * 8.0 - 400.0);
        objects.push(block([x, 1.0, z + 2.0], [f32::from(at % 7) + 0.5, 2.0, 1.0]));
    }
    let ground = QueryWorld::new(&world(&objects)).unwrap();
    let mut nav = Nav::of(&ground, -20.0);
    let mut calls = 0;
    loop {
        nav.want([0.0; 3], 30.0);
        let spent = nav.work(500);
        assert!(spent < 1_000, "{spent}");
        calls += 1;
        if spent < 500 {
            break;
        }
    }
    assert!((20..2_000).contains(&calls), "{calls}");
    assert!(nav.mesh.len() < 150, "{}", nav.mesh.len());
    way(&nav, [-20.0, 0.0, -20.0], [21.0, 0.0, 20.0]);
    // Whoever wanders far and wide leaves no more behind than there is room for.
    for step in 0..6_i16 {
        build(&mut nav, [f32::from(step) * 60.0 - 190.0, 0.0, 5.0], 40.0);
    }
    assert!(nav.mesh.len() <= NAV_TILES_MAX && nav.mesh.bytes() < 2 * NAV_BYTES_MAX);
}

#[test]
fn hostile_worlds_are_borne() {
    let tall = json!({"hull": {"points_m": [
        [0, 0, 0], [9000, 9000, 0], [0, 9000, 9000], [-9000, -9000, 5], [3, 1, 2]
    ]}});
    let flat = json!({"mesh": {
        "vertices_m": [[-9e3, 0, -9e3], [9e3, 0, -9e3], [0, 1e-3, 9e3], [0, 0, 0], [0, 0, 0]],
        "triangles": [[0, 2, 1], [3, 4, 3], [0, 1, 2], [2, 2, 2]]
    }});
    let crowd = |count: u16| -> Vec<Value> {
        let each = |at: u16| block([0.0, f32::from(at) * 0.09, 0.0], [9.0, 0.001, 9.0]);
        (0..count).map(each).collect()
    };
    let mut towers = vec![floor(40.0)];
    for at in 0..70_u16 {
        towers.push(block([0.0, f32::from(at) * 3.0 + 3.0, 0.0], [8.0, 0.2, 8.0]));
    }
    let mut far = vec![floor(40.0)];
    for place in [[6.0e4, 0.0, 0.0], [0.0, 6.0e4, 0.0], [0.0, -6.0e4, 6.0e4], [1e30, 1e30, -1e30]] {
        far.push(block(place, [10.0, 10.0, 10.0]));
        far.push(block(place, [2.0e5, 0.5, 2.0e5]));
    }
    let tiny = (0..500_u16).map(|at| {
        block([f32::from(at) * 0.01, 0.0, 0.0], [0.001, f32::from(at) * 0.001 + 0.001, 0.001])
    });
    let worlds: Vec<Vec<Value>> = vec![
        vec![],
        vec![solid([0.0; 3], &tall), floor(1.0e4)],
        vec![solid([0.0; 3], &flat), solid([1.0, -1.0, 0.0], &flat)],
        vec![solid([0.0; 3], &json!({"ball": {"radius_m": 9_999.0}}))],
        vec![solid(
            [0.0, -1.0e4, 0.0],
            &json!({"cylinder": {"radius_m": 1.0e4, "height_m": 2.0e4}}),
        )],
        crowd(3_000),
        towers,
        far,
        tiny.chain([floor(10.0)]).collect(),
        vec![block([0.0, -1.0e4, 0.0], [1.0, 1.0, 1.0]), floor(1.0e4)],
    ];
    for (at, objects) in worlds.iter().enumerate() {
        let mut document = world(objects);
        for floor_m in [-20.0, -1.0e9, f32::MIN, f32::MAX] {
            document.settings.floor_m = floor_m;
            let nav = built(&document, 7.0);
            assert!(nav.mesh.bytes() < NAV_BYTES_MAX, "{at}");
            let _ = nav.path([3.0, 0.0, 3.0], [-3.0, 0.0, -3.0]);
            let _ = nav.nearest([0.0; 3], f32::INFINITY);
            let _ = nav.random_place([f32::NAN, 2.0], [0.0; 3], f32::NAN);
        }
    }
}

/// Things of every size that is allowed, and beyond, wherever and however turned.
fn extremes() -> impl Strategy<Value = Vec<Value>> {
    let number = prop_oneof![
        3 => (-5.0_f32..5.0, 0_i32..6).prop_map(|(part, power)| part * 10.0_f32.powi(power)),
        1 => (-80_i32..80).prop_map(|part| part as f32 * 0.875),
        1 => Just(0.0_f32),
    ];
    let size = (0.1_f32..1.0, -2_i32..5).prop_map(|(part, power)| part * 10.0_f32.powi(power));
    let sizes = [size.clone(), size.clone(), size];
    let points = prop::collection::vec([number.clone(), number.clone(), number.clone()], 5);
    let place = [number.clone(), number.clone(), number];
    let turn = prop::array::uniform4(-1.0_f32..1.0);
    let thing = (place, turn, sizes, points, 0..6_u8).prop_map(|(place, turn, size, points, kind)| {
        let [x, y, z] = size;
        let heights: Vec<f32> = points.iter().flatten().take(9).copied().collect();
        let shape = match kind {
            0 => json!({"box": {"size_m": [x, y, z]}}),
            1 => json!({"cylinder": {"radius_m": x, "height_m": y}}),
            2 => json!({"capsule": {"radius_m": x, "height_m": 2.0 * x + y}}),
            3 => json!({"heightfield":
                {"rows": 3, "columns": 3, "size_m": [x, z], "heights_m": heights}}),
            4 => json!({"mesh": {"vertices_m": points, "triangles": [[0, 1, 2], [2, 3, 4], [4, 1, 0]]}}),
            _ => json!({"hull": {"points_m": points}}),
        };
        let mut thing = solid(place, &shape);
        thing["rotation"] = json!(turn);
        thing
    });
    prop::collection::vec(thing, 1..8)
}

fn things() -> impl Strategy<Value = Vec<Value>> {
    let place = (-9.0_f32..9.0, -0.5_f32..2.5, -9.0_f32..9.0);
    let turn = (-1.0_f32..1.0, -1.0_f32..1.0, -1.0_f32..1.0, 0.1_f32..1.0, any::<bool>());
    let size = (0.1_f32..6.0, 0.1_f32..3.0, 0.1_f32..6.0);
    let thing = (place, turn, size, 0..5_u8).prop_map(|(place, turn, size, kind)| {
        let (x, y, z) = size;
        let shape = match kind {
            0 | 1 => json!({"box": {"size_m": [x, y, z]}}),
            2 => json!({"cylinder": {"radius_m": x / 2.0, "height_m": y}}),
            3 => json!({"ball": {"radius_m": y / 2.0}}),
            _ => json!({"hull": {"points_m": [
                [x, 0, 0], [0, y, 0], [0, 0, z], [-x, 0, 0.1], [0, -0.1, -z]
            ]}}),
        };
        let mut thing = solid([place.0, place.1, place.2], &shape);
        let (a, b, c, d, is_upright) = turn;
        let (a, c) = if is_upright { (0.0, 0.0) } else { (a, c) };
        let length = (a * a + b * b + c * c + d * d).sqrt();
        thing["rotation"] = json!([a / length, b / length, c / length, d / length]);
        thing
    });
    prop::collection::vec(thing, 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever stands where: nothing panics, and the work has an end.
    #[test]
    fn extremes_are_borne(things in extremes(), floor_m in -1.0e5_f32..10.0) {
        let objects: Vec<Value> = things.into_iter().chain([floor(30.0)]).collect();
        let mut document = world(&objects);
        document.settings.floor_m = floor_m;
        // What cannot be built is refused before.
        if QueryWorld::new(&document).is_ok() {
            let nav = built(&document, 0.0);
            if let Ok(path) = nav.path([3.0, 0.0, 3.0], [-3.0, 0.0, -3.0]) {
                check(&nav, &path, [3.0, 0.0, 3.0], [-3.0, 0.0, -3.0]);
            }
        }
    }

    /// Among whatever things, a way that is found can be walked, and starts and ends where asked.
    #[test]
    fn ways_can_be_walked(things in things(), chances in prop::array::uniform8(0.0_f32..1.0)) {
        let objects: Vec<Value> = things.into_iter().chain([floor(20.0)]).collect();
        let nav = built(&world(&objects), 12.0);
        let around = [0, 2, 4, 6].map(|at| [chances[at] * 18.0 - 9.0, 0.0, chances[at + 1] * 18.0 - 9.0]);
        for from in around {
            for to in around {
                if let Ok(path) = nav.path(from, to) {
                    check(&nav, &path, from, to);
                }
            }
            if let Ok(place) = nav.random_place([chances[0], chances[1]], from, 6.0) {
                prop_assert!(ground_at(&nav, place).is_some());
            }
        }
    }
}
