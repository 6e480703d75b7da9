//! A world that is edited while visitors are in it.

use serde_json::Value;
use vivarium_motion::{AvatarState, Changed, Owner, QueryWorld, consts::WALK_MPS};
use vivarium_protocol::{ids::ObjectId, intent::Input};
use vivarium_scene::document::{Object, Properties, WorldDocument};

use crate::course::{cuboid, ground, loose, platform, world};

const STANDING_Y: f32 = 0.87;

/// Edits the geometry as a world does: `now` are all objects, of which those of `ids` changed.
fn edit(world: &mut QueryWorld, now: &WorldDocument, ids: &[u32]) {
    let resolved: Vec<(ObjectId, Option<(&Object, Properties)>)> = ids
        .iter()
        .map(|id| {
            let object = now.objects.get(*id as usize).filter(|object| !is_gone(object));
            (ObjectId(*id), object.map(|object| (object, now.resolved(object))))
        })
        .collect();
    let changed: Vec<Changed<'_>> = resolved
        .iter()
        .map(|(id, now)| (*id, now.as_ref().map(|(object, properties)| (*object, properties))))
        .collect();
    world.edit(&changed, &now.settings);
}

/// Documents of these tests keep the place of what was deleted.
fn is_gone(object: &Object) -> bool {
    object.name.as_deref() == Some("gone")
}

fn gone() -> Value {
    serde_json::json!({ "name": "gone" })
}

fn walk(world: &mut QueryWorld, from: [f32; 3], input: Input, ticks: u32) -> AvatarState {
    let mut state = AvatarState::at(from);
    for tick in 1..=ticks {
        world.begin_tick(tick);
        state = world.step(&state, &input).state;
    }
    state
}

const AHEAD: Input = Input { move_x: 127, move_z: 0, yaw: 0, pitch: 0, buttons: 0 };

#[test]
fn a_wall_stops_people_from_the_moment_it_is_built_until_it_is_gone() {
    let wall = || cuboid([3.0, 1.0, 0.0], [0.5, 2.0, 20.0]);
    let plain = world(vec![ground(), gone()]);
    let walled = world(vec![ground(), wall()]);
    let mut edited = QueryWorld::new(&plain).unwrap();
    let start = [0.0, STANDING_Y, 0.0];
    let free = walk(&mut edited, start, AHEAD, 90).position_m[0];
    assert!(free > WALK_MPS * 2.5, "{free}");
    edit(&mut edited, &walled, &[1]);
    let stopped = walk(&mut edited, start, AHEAD, 90).position_m[0];
    assert!((2.3..2.5).contains(&stopped), "{stopped}");
    let anew = walk(&mut QueryWorld::new(&walled).unwrap(), start, AHEAD, 90).position_m[0];
    assert!((stopped - anew).abs() < 1e-3, "{stopped} and {anew}");
    // Moved away, it is where it was moved to.
    edit(&mut edited, &world(vec![ground(), cuboid([6.0, 1.0, 0.0], [0.5, 2.0, 20.0])]), &[1]);
    let farther = walk(&mut edited, start, AHEAD, 90).position_m[0];
    assert!((5.3..5.5).contains(&farther), "{farther}");
    edit(&mut edited, &plain, &[1]);
    let free_again = walk(&mut edited, start, AHEAD, 90).position_m[0];
    assert!((free - free_again).abs() < 1e-3, "{free} and {free_again}");
}

#[test]
fn platforms_and_loose_things_go_on_through_an_edit_and_new_ones_come_in() {
    let shape = || serde_json::json!({ "ball": { "radius_m": 0.5 } });
    let lift = || platform([0.0, 0.2, 0.0], &[[0.0; 3], [0.0, 4.0, 0.0]], 60, 0);
    let before = world(vec![ground(), lift(), loose([5.0, 0.5, 0.0], shape()), gone(), gone()]);
    let after = world(vec![
        ground(),
        lift(),
        loose([5.0, 0.5, 0.0], shape()),
        platform([20.0, 0.2, 0.0], &[[0.0; 3], [0.0, 4.0, 0.0]], 60, 0),
        loose([-5.0, 0.5, 0.0], shape()),
    ]);
    let mut edited = QueryWorld::new(&before).unwrap();
    let ball = |object, x| vivarium_motion::Proxy {
        object: ObjectId(object),
        position_m: [x, 0.5, 0.0],
        rotation: [0.0, 0.0, 0.0, 1.0],
    };
    edited.set_proxies(&[ball(2, 5.0)]);
    edit(&mut edited, &after, &[3, 4]);
    // No proxy is left of before.
    let down = |world: &QueryWorld, x| world.cast_down_ray([x, 3.0, 0.0], 2.9).map(|hit| hit.0);
    assert_eq!(down(&edited, 5.0), None);
    edited.set_proxies(&[ball(2, 5.0), ball(4, -5.0)]);
    assert_eq!(down(&edited, 5.0), Some(Owner::Proxy(ObjectId(2))));
    assert_eq!(down(&edited, -5.0), Some(Owner::Proxy(ObjectId(4))));
    // Both lifts carry, as if the world had been built so.
    let mut anew = QueryWorld::new(&after).unwrap();
    for x in [0.0, 20.0] {
        let start = [x, STANDING_Y + 0.4, 0.0];
        let up = walk(&mut edited, start, Input::default(), 60);
        assert!(up.position_m[1] > 4.5, "{up:?}");
        let same = walk(&mut anew, start, Input::default(), 60);
        assert!((up.position_m[1] - same.position_m[1]).abs() < 1e-3, "{up:?} and {same:?}");
    }
    // A lift that is deleted carries nobody, and leaves the other one alone.
    edit(&mut edited, &before, &[3]);
    let fallen = walk(&mut edited, [20.0, STANDING_Y + 0.4, 0.0], Input::default(), 60);
    assert!(fallen.position_m[1] < 1.0, "{fallen:?}");
    let up = walk(&mut edited, [0.0, STANDING_Y + 0.4, 0.0], Input::default(), 60);
    assert!(up.position_m[1] > 4.5, "{up:?}");
}

#[test]
fn whoever_stood_at_rest_falls_when_the_floor_goes() {
    let with_floor = world(vec![ground(), cuboid([0.0, 4.0, 0.0], [4.0, 0.2, 4.0])]);
    let without = world(vec![ground(), gone()]);
    let mut edited = QueryWorld::new(&with_floor).unwrap();
    let state = walk(&mut edited, [0.0, 5.0, 0.0], Input::default(), 60);
    assert!(state.grounded && state.position_m[1] > 4.5, "{state:?}");
    edit(&mut edited, &without, &[1]);
    edited.begin_tick(61);
    let next = edited.step(&state, &Input::default()).state;
    assert!(!next.grounded, "{next:?}");
}
