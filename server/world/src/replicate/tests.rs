//! Whole worlds of members, and clients behind bad links: what they see in the end is what is there.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vivarium_protocol::{
    ids::PersonId,
    limits::{DATAGRAM_BYTES_MAX, FRAME_BYTES_MAX},
    snapshot::{
        block::Identity,
        packet::{self, Entry},
        schema::Facet,
    },
};

use self::rig::{GOOD, Link, Queue, Rig, Viewer};
use crate::{history::Audience, limits::BLOCKS_PER_LEAF_MAX};

mod rig;

/// Bytes per second that nothing here comes near to.
const WIDE: u32 = 4_000_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn after_quiet_everyone_sees_what_is_there(
        seed in any::<u64>(),
        lost in 0..40_u32,
        twice in 0..20_u32,
        delay in 0..6_u32,
        jitter in 0..8_u32,
        disturbances in 1..5_u32,
    ) {
        let mut rig = Rig::new(seed);
        (0..120).for_each(|subject| {
            rig.spawn(Facet::Avatar, subject, Audience::Everyone, true);
        });
        let link = Link { lost, twice, delay, jitter };
        rig.viewers.push(Viewer::new(1, [0.0; 3], FRAME_BYTES_MAX, WIDE, link));
        rig.viewers.push(Viewer::new(2, [30.0, 0.0, 0.0], DATAGRAM_BYTES_MAX, WIDE, link));
        rig.viewers.push(Viewer::new(3, [-60.0, 0.0, 0.0], DATAGRAM_BYTES_MAX, WIDE, GOOD));
        for _ in 0..150 {
            (0..disturbances).for_each(|_| rig.disturb());
            rig.tick();
        }
        rig.overload = 0;
        rig.quiet();
        rig.check();
        prop_assert!(rig.viewers[1].largest <= DATAGRAM_BYTES_MAX);
        prop_assert!(rig.viewers[2].largest <= DATAGRAM_BYTES_MAX);
    }
}

/// A wide world with a viewer in the middle, who is sent at most so much.
fn plain(seed: u64, count: u32, bytes_per_s_max: u32) -> Rig {
    let mut rig = Rig::new(seed);
    (0..count).for_each(|subject| rig.spawn(Facet::Avatar, subject, Audience::Everyone, true));
    rig.viewers.push(Viewer::new(1, [0.0; 3], FRAME_BYTES_MAX, bytes_per_s_max, GOOD));
    rig
}

/// The leaves that a viewer was told of, by tick.
fn told(viewer: &Viewer) -> BTreeMap<u32, Vec<u32>> {
    let mut told: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (tick, bytes) in viewer.kept.iter().flatten() {
        let (_, entries) = packet::read(bytes).unwrap();
        let leaves = entries.filter_map(|entry| match entry.unwrap() {
            Entry::Block { leaf, .. } => Some(leaf),
            Entry::Closed { .. } => None,
        });
        told.entry(*tick).or_default().extend(leaves);
    }
    told
}

#[test]
fn what_is_hidden_changes_no_byte_of_what_others_are_sent() {
    let run = |with_hidden: bool| {
        let mut rig = plain(11, 150, WIDE);
        rig.viewers[0].kept = Some(Vec::new());
        for tick in 0..120 {
            if with_hidden {
                let facet = Facet::ALL[tick as usize % 3];
                let audience = match tick % 2 {
                    0 => Audience::Group(tick % 5),
                    _ => Audience::Only(PersonId(7)),
                };
                // Nobody of them moves, so that both runs draw the same chances.
                rig.spawn_at(facet, 1_000 + tick, audience, [tick as i32 * 40, 0, 0]);
                if tick % 7 == 6 {
                    rig.despawn(Identity { facet: Facet::ALL[0], subject: 1_000 + tick - 6 });
                }
            }
            rig.tick();
        }
        assert_eq!(
            rig.groups.iter().any(|(_, leaf)| leaf.audience != Audience::Everyone),
            with_hidden
        );
        rig.viewers.remove(0).kept.unwrap()
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn who_may_see_something_does_and_who_may_not_any_more_forgets_it() {
    let mut rig = plain(12, 20, WIDE);
    rig.viewers.push(Viewer::new(2, [0.0; 3], DATAGRAM_BYTES_MAX, WIDE, GOOD));
    rig.spawn(Facet::Tracked, 500, Audience::Group(1), true);
    rig.spawn(Facet::Object, 501, Audience::Only(PersonId(2)), true);
    let secret = Identity { facet: Facet::Tracked, subject: 500 };
    let own = Identity { facet: Facet::Object, subject: 501 };
    let sees = |rig: &Rig, viewer: usize, identity| {
        rig.viewers[viewer].view.members().contains_key(&identity)
    };
    rig.viewers[0].sees.groups.push(1);
    (0..20).for_each(|_| rig.tick());
    assert!(sees(&rig, 0, secret) && !sees(&rig, 0, own));
    assert!(!sees(&rig, 1, secret) && sees(&rig, 1, own));
    rig.viewers[0].sees.groups.clear();
    rig.viewers[1].sees.groups.push(1);
    (0..20).for_each(|_| rig.tick());
    assert!(!sees(&rig, 0, secret) && sees(&rig, 1, secret));
    rig.quiet();
    rig.check();
}

#[test]
fn nothing_waits_for_ever_however_small_the_budget() {
    let mut rig = plain(13, 600, 8_192);
    rig.viewers[0].kept = Some(Vec::new());
    (0..600).for_each(|_| rig.tick());
    let told = told(&rig.viewers[0]);
    let recent: std::collections::BTreeSet<u32> =
        told.range(rig.tick - 200..).flat_map(|(_, leaves)| leaves.iter().copied()).collect();
    let leaves = rig.viewers[0].view.leaves().count();
    assert!(leaves >= 10, "{leaves} leaves");
    assert!(recent.len() >= leaves, "{} of {leaves} leaves within ten seconds", recent.len());
    let per_s = rig.viewers[0].bytes as f32 / (rig.tick as f32 * 0.05);
    assert!(per_s < 9_500.0, "{per_s} bytes per second of 8,192");
}

#[test]
fn a_newcomer_to_a_full_world_is_filled_in_within_the_budget_of_each_tick() {
    let mut rig = plain(14, 1_000, 100_000);
    rig.things.values_mut().for_each(|thing| thing.moves = false);
    (0..100).for_each(|_| rig.tick());
    let mut newcomer = Viewer::new(2, [5.0, 0.0, 0.0], FRAME_BYTES_MAX, 100_000, GOOD);
    newcomer.kept = Some(Vec::new());
    rig.viewers.push(newcomer);
    (0..100).for_each(|_| rig.tick());
    rig.check();
    let packets = rig.viewers[1].kept.take().unwrap();
    // 5,000 bytes for each tick, as much again that was saved up, and one block beyond.
    let largest = packets.iter().map(|(_, bytes)| bytes.len()).max();
    assert!(largest < Some(11_200), "{largest:?}");
    let filled = packets.iter().filter(|(_, bytes)| bytes.len() > 1_000).count();
    assert!(filled >= 2, "the world does not fit into one frame");
}

#[test]
fn under_pressure_far_leaves_slow_down_first_and_come_back() {
    // How often in a tick a leaf of each tier is told, on average over the last 60 ticks.
    let rate = |rig: &Rig| {
        let viewer = &rig.viewers[0];
        let told = told(viewer);
        let last: Vec<u32> =
            told.range(rig.tick - 59..).flat_map(|(_, leaves)| leaves.clone()).collect();
        let mut by_tier = [(0, 0); 4];
        for (index, _) in rig.groups.iter() {
            let sub = &viewer.client.subs[index as usize];
            let (count, leaves) = &mut by_tier[usize::from(sub.tier)];
            *leaves += 1;
            *count += last.iter().filter(|leaf| **leaf == sub.number).count();
        }
        by_tier.map(|(count, leaves)| count as f32 / leaves as f32 / 60.0)
    };
    let run = |bytes_per_s: u32, overload: u8| {
        let mut rig = plain(15, 400, bytes_per_s);
        rig.line_up([0, 30, 60, 150]);
        rig.viewers[0].kept = Some(Vec::new());
        rig.overload = overload;
        (0..140).for_each(|_| rig.tick());
        rig
    };
    let mut rig = run(WIDE, 0);
    let [near, middle, far, horizon] = rate(&rig);
    assert!(near > 0.95 && middle > 0.45 && far > 0.15 && horizon > 0.1, "{:?}", rate(&rig));
    let steps = [1, 2, 3].map(|overload| rate(&run(WIDE, overload)));
    assert!(steps.iter().all(|[near, ..]| *near > 0.95), "near ones lose nothing: {steps:?}");
    assert!(steps[0][3] < horizon && steps[1][2] < far && steps[2][1] < middle, "{steps:?}");
    // It recovers.
    rig.overload = 3;
    (0..70).for_each(|_| rig.tick());
    rig.overload = 0;
    (0..70).for_each(|_| rig.tick());
    assert!(rate(&rig)[2] > 0.15 && rate(&rig)[3] > 0.1, "{:?}", rate(&rig));
    // A narrow road slows the same ones down.
    let kept = rig.viewers[0].kept.iter().flatten();
    let recent = kept.filter(|(tick, _)| *tick > rig.tick - 60).map(|(_, bytes)| bytes.len());
    let needed = recent.sum::<usize>() as u32 / 3;
    let narrow = run(needed / 10 * 7, 0);
    let [near_narrow, _, far_narrow, horizon_narrow] = rate(&narrow);
    assert!(narrow.viewers[0].client.budget.pressure() > 0);
    assert!(near_narrow > 0.9, "{near_narrow} of {needed}");
    assert!(far_narrow + horizon_narrow < far + horizon);
}

#[test]
fn clients_that_know_the_same_share_the_bytes_and_nothing_is_made_twice() {
    let mut rig = plain(16, 300, WIDE);
    (2..=20).for_each(|person| {
        rig.viewers.push(Viewer::new(person, [0.0; 3], FRAME_BYTES_MAX, WIDE, GOOD));
    });
    (0..60).for_each(|_| rig.tick());
    let (encoded, wanted) = (rig.blocks.encoded, rig.blocks.wanted);
    assert!(wanted > 19 * encoded, "{encoded} blocks made for {wanted}");
}

#[test]
fn however_much_acknowledgements_differ_few_blocks_are_made() {
    let mut rig = plain(18, 300, WIDE);
    rig.wander = false;
    for person in 2..=80 {
        let (delay, jitter) = (person % 7, person % 3);
        let link = Link { lost: 4, twice: 0, delay, jitter };
        rig.viewers.push(Viewer::new(person, [0.0; 3], FRAME_BYTES_MAX, WIDE, link));
    }
    for _ in 0..120 {
        rig.tick();
        // As many as one leaf may have, and one in full for each level of detail.
        let most = (BLOCKS_PER_LEAF_MAX + 4) * rig.groups.iter().count();
        assert!(rig.blocks.encoded as usize <= most, "{} blocks", rig.blocks.encoded);
    }
    rig.quiet();
    rig.check();
}

#[test]
fn packets_that_overtake_each_other_are_not_taken_for_lost() {
    let mut rig = plain(20, 200, WIDE);
    rig.wander = false;
    let link = Link { lost: 0, twice: 0, delay: 2, jitter: 4 };
    rig.viewers.push(Viewer::new(2, [0.0; 3], DATAGRAM_BYTES_MAX, 60_000, link));
    (0..300).for_each(|_| rig.tick());
    let budget = &rig.viewers[1].client.budget;
    assert_eq!((budget.bytes_per_s(), budget.pressure()), (60_000, 0));
}

#[test]
fn on_a_narrow_way_no_queue_grows_and_the_way_is_used() {
    // 256 kbit/s with room for two seconds, 0.1 s there and back, and more to tell than fits.
    const WAY: usize = 32_000;
    for (seed, packet_bytes_max) in [(21, DATAGRAM_BYTES_MAX), (22, FRAME_BYTES_MAX)] {
        let mut rig = plain(seed, 1_500, WIDE);
        rig.wander = false;
        let link = Link { lost: 1, twice: 0, delay: 1, jitter: 1 };
        let mut narrow = Viewer::new(2, [0.0; 3], packet_bytes_max, 128 * 1024, link);
        narrow.queue = Some(Queue::new(WAY, 2 * WAY));
        rig.viewers.push(narrow);
        (0..20 * 20).for_each(|_| rig.tick());
        let warm = rig.viewers[1].bytes;
        (0..60 * 20).for_each(|_| rig.tick());
        let wanted = rig.viewers[0].bytes / 80;
        assert!(wanted > WAY / 2 * 3, "{wanted} bytes per second to be told: too few");
        let viewer = &rig.viewers[1];
        let per_s = (viewer.bytes - warm) / 60;
        let waited = &viewer.queue.as_ref().unwrap().waited;
        let settled = &waited[waited.len() - 60 * 20..];
        let mean = settled.iter().sum::<usize>() / settled.len();
        let longest = *settled.iter().max().unwrap();
        assert!(per_s > WAY / 10 * 8, "{per_s} bytes per second of {WAY}");
        assert!(mean < WAY / 8, "{mean} bytes wait on average");
        assert!(longest < WAY / 10 * 8, "{longest} bytes waited");
    }
}

#[test]
fn a_world_that_wakes_tells_nothing_twice() {
    let mut rig = plain(19, 500, WIDE);
    rig.wander = false;
    rig.things.values_mut().for_each(|thing| thing.moves = false);
    (0..100).for_each(|_| rig.tick());
    rig.viewers[0].kept = Some(Vec::new());
    // A newcomer's leaves wait while nothing changes; then all of it does.
    rig.viewers.push(Viewer::new(2, [0.0; 3], FRAME_BYTES_MAX, 40_000, GOOD));
    rig.viewers[1].kept = Some(Vec::new());
    (0..3).for_each(|_| rig.tick());
    rig.things.values_mut().for_each(|thing| thing.moves = true);
    (0..30).for_each(|_| rig.tick());
    for viewer in &rig.viewers {
        for (tick, mut leaves) in told(viewer) {
            let count = leaves.len();
            leaves.sort_unstable();
            leaves.dedup();
            assert_eq!(leaves.len(), count, "tick {tick} of person {}", viewer.person.0);
        }
    }
}

#[test]
fn in_the_long_run_encoding_needs_no_new_memory() {
    let allocations = |viewers: u32| {
        let mut rig = plain(17, 400, WIDE);
        rig.wander = false;
        (2..=viewers).for_each(|person| {
            rig.viewers.push(Viewer::new(person, [0.0; 3], FRAME_BYTES_MAX, WIDE, GOOD));
        });
        (0..300).for_each(|_| rig.tick());
        let mut counted = 0;
        for _ in 0..40 {
            let before = rig.encode_allocations;
            rig.tick();
            counted += rig.encode_allocations - before;
        }
        counted
    };
    assert_eq!(allocations(1), 0);
    assert_eq!(allocations(30), 0);
}
