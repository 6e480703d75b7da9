//! The path of a mover at any tick.

use proptest::prelude::*;
use vivarium_scene::{document::Mover, limits::MOVER_CYCLE_TICKS_END, mover::offset_m};

fn ferry() -> Mover {
    Mover {
        waypoints_m: vec![[0.0, 0.0, 0.0], [8.0, 0.0, 0.0], [8.0, 0.0, 4.0]],
        leg_ticks: 10,
        rest_ticks: 5,
        offset_ticks: 0,
    }
}

#[test]
fn it_rests_at_each_waypoint_and_comes_back() {
    let ferry = ferry();
    let at = |tick| offset_m(&ferry, tick);
    for (tick, expected) in [
        (0, [0.0, 0.0, 0.0]),
        (4, [0.0, 0.0, 0.0]),
        (10, [4.0, 0.0, 0.0]),
        (15, [8.0, 0.0, 0.0]),
        (19, [8.0, 0.0, 0.0]),
        (25, [8.0, 0.0, 2.0]),
        (30, [8.0, 0.0, 4.0]),
        (34, [8.0, 0.0, 4.0]),
        (40, [8.0, 0.0, 2.0]),
        (45, [8.0, 0.0, 0.0]),
        (55, [4.0, 0.0, 0.0]),
        (60, [0.0, 0.0, 0.0]),
    ] {
        assert_eq!(at(tick), expected, "tick {tick}");
    }
    assert_eq!((0..60).map(at).collect::<Vec<_>>(), (60..120).map(at).collect::<Vec<_>>());
}

#[test]
fn an_offset_is_a_head_start() {
    let ahead = Mover { offset_ticks: 17, ..ferry() };
    for tick in 0..200 {
        assert_eq!(offset_m(&ahead, tick), offset_m(&ferry(), tick + 17));
    }
}

#[test]
fn one_waypoint_stands_still() {
    let still =
        Mover { waypoints_m: vec![[1.0, 2.0, 3.0]], leg_ticks: 1, rest_ticks: 0, offset_ticks: 9 };
    assert_eq!(offset_m(&still, 0), [1.0, 2.0, 3.0]);
    assert_eq!(offset_m(&still, u32::MAX), [1.0, 2.0, 3.0]);
}

/// Any mover that passes the checks: its way out and back is short enough.
fn allowed() -> impl Strategy<Value = Mover> {
    let waypoint = prop::array::uniform3(-10_000.0_f32..=10_000.0);
    (prop::collection::vec(waypoint, 1..=64), any::<u32>(), any::<u32>(), any::<u32>()).prop_map(
        |(waypoints_m, leg, rest_ticks, offset_ticks)| {
            let legs = (waypoints_m.len() as u64 - 1).max(1);
            let longest = ((MOVER_CYCLE_TICKS_END - 1) / (2 * legs)) as u32;
            let leg_ticks = 1 + leg % longest;
            let rest_ticks = rest_ticks % (longest - leg_ticks + 1);
            Mover { waypoints_m, leg_ticks, rest_ticks, offset_ticks }
        },
    )
}

proptest! {
    #[test]
    fn it_stays_between_its_waypoints(mover in allowed(), tick in any::<u32>()) {
        let offset = offset_m(&mover, tick);
        for axis in 0..3 {
            let along = mover.waypoints_m.iter().map(|point| point[axis]);
            let low = along.clone().fold(f32::INFINITY, f32::min);
            let high = along.fold(f32::NEG_INFINITY, f32::max);
            // A rounding step of the largest coordinate is 1 mm.
            prop_assert!((low - 0.002..=high + 0.002).contains(&offset[axis]));
        }
    }

    #[test]
    fn it_never_jumps(mover in allowed(), tick in 0..u32::MAX) {
        // The steepest part of the easing is 1.5 times the mean speed. At the wrap of the tick
        // counter a jump is allowed, and outside the range of this test.
        let (before, after) = (offset_m(&mover, tick), offset_m(&mover, tick + 1));
        for axis in 0..3 {
            let longest = mover.waypoints_m.windows(2)
                .map(|leg| (leg[1][axis] - leg[0][axis]).abs())
                .fold(0.0, f32::max);
            let step = (after[axis] - before[axis]).abs();
            prop_assert!(step <= 1.5 * longest / mover.leg_ticks as f32 + 0.005, "{step}");
        }
    }
}
