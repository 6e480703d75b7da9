//! What clients know is what the server has, whatever the link does to frames.

use std::collections::VecDeque;

use proptest::prelude::*;
use serde_json::json;
use vivarium_bots::replica::{Replica, ReplicaError};
use vivarium_contract::{Intent, WorldInput};
use vivarium_protocol::{
    frame::Frame,
    ids::PersonId,
    intent::ClientLatest,
    limits::{FRAME_BYTES_MAX, PEOPLE_PER_WORLD_MAX},
    notice::ServerMessage,
    wire,
};

use crate::harness::{Scenario, floor_with, towards};

/// A client behind a link that drops, delays and repeats frames and acknowledgements.
#[derive(Default)]
struct LossyClient {
    replica: Replica,
    underway: VecDeque<Frame>,
}

impl LossyClient {
    /// Takes a frame from the server, and gives what is acknowledged in this tick, if anything.
    fn link(&mut self, frame: Frame, fate: u8) -> Option<u32> {
        match fate % 8 {
            0 | 1 => {}
            2 => {
                self.underway.push_back(frame.clone());
                self.underway.push_back(frame);
            }
            // Overtakes those that are under way.
            3 => self.underway.push_front(frame),
            _ => self.underway.push_back(frame),
        }
        // Now and then nothing arrives, so that several wait.
        let arriving = if fate & 0x30 == 0 { 0 } else { self.underway.len() };
        for frame in self.underway.drain(..arriving) {
            match self.replica.apply(&frame) {
                Ok(()) | Err(ReplicaError::Stale) => {}
                Err(error) => panic!("a frame does not fit its baseline: {error:?} {frame:?}"),
            }
        }
        let newest = self.replica.newest().map(|snapshot| snapshot.tick);
        if fate & 0x40 == 0 { newest } else { None }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..Default::default() })]

    /// One person stands behind a bad link; another at the same place acknowledges nothing and so
    /// gets everything in full in each frame: that is the truth to compare with.
    #[test]
    fn a_bad_link_never_makes_a_client_wrong(
        fates in prop::collection::vec(any::<u8>(), 160),
        walks in prop::collection::vec((any::<i8>(), any::<i8>()), 8),
    ) {
        let balls: Vec<_> = (0..20).map(|index| json!({
            "position_m": [index as f32 - 10.0, 3.0, -4.0],
            "properties": {
                "body": { "kind": "dynamic" },
                "colliders": [{ "shape": { "ball": { "radius_m": 0.4 } }, "restitution": 0.8 }]
            }
        })).collect();
        let mut document = floor_with(&balls);
        document.settings.sight_m = 8.0;
        let mut world = Scenario::of(document);
        let truth = world.enter(1, "truth");
        let client = world.enter(2, "client");
        let mut far = LossyClient::default();
        let mut compared = 0;
        for (step, fate) in fates.iter().copied().enumerate() {
            // Others come, walk through the borders of sight, and go.
            let walker = 3 + step as u32 % 8;
            match step / 8 % 10 {
                0 => { world.enter(walker, "walker"); }
                9 => world.input(WorldInput::Leave { person: PersonId(walker) }),
                _ => {}
            }
            let next = world.world.tick_number() + 1;
            for (index, (x, z)) in walks.iter().enumerate() {
                let person = PersonId(3 + index as u32);
                let latest = ClientLatest {
                    ack: 0, first_tick: next, inputs: vec![towards(*x, *z)], tracked: None,
                };
                world.wish(person, Intent::Latest(latest));
            }
            world.tick();
            let frame = world.visitors[&client].last_frame.clone().expect("one frame each tick");
            if let Some(ack) = far.link(frame, fate) {
                let latest =
                    ClientLatest { ack, first_tick: 0, inputs: vec![], tracked: None };
                world.wish(client, Intent::Latest(latest));
            }
            let mut full = Replica::default();
            let all = world.visitors[&truth].last_frame.as_ref().expect("one frame each tick");
            prop_assert_eq!(all.baseline, 0);
            full.apply(all).expect("a full frame needs no baseline");
            if let (Some(known), Some(real)) = (far.replica.newest(), full.newest())
                && known.tick == real.tick
            {
                prop_assert_eq!(&known.entities, &real.entities);
                compared += 1;
            }
        }
        prop_assert!(compared > 0, "nothing arrived in time to be compared");
    }
}

#[test]
fn acknowledged_rest_costs_next_to_nothing() {
    let mut world = Scenario::of(crate::harness::asset("plaza"));
    let ana = world.enter(1, "Ana");
    let size = |world: &Scenario| {
        wire::encode(world.visitors[&ana].last_frame.as_ref().expect("a frame")).len()
    };
    world.tick();
    let full = size(&world);
    while world.report.awake_bodies > 0 {
        let next = world.world.tick_number() + 1;
        world.latest(ana, next, vec![]);
        world.tick();
    }
    world.latest(ana, 0, vec![]);
    world.tick();
    let quiet = size(&world);
    assert!(full > 2_000, "two hundred bodies in full took {full} bytes");
    assert!(quiet < 60, "a quiet frame took {quiet} bytes");
}

#[test]
fn a_crowd_beyond_one_frame_is_filled_in_over_several_and_the_world_refuses_more() {
    let mut world = Scenario::of(floor_with(&[]));
    let ana = world.enter(1, "Ana");
    for id in 2..=PEOPLE_PER_WORLD_MAX as u32 {
        world.enter(id, "walker");
    }
    world.tick();
    let late = world.enter(5_000, "late");
    world.tick();
    assert_eq!(world.travels.len(), 1, "{:?}", world.travels);
    assert!(world.told(late).is_empty());
    assert!(matches!(
        &world.told(ana)[0],
        ServerMessage::Entered { people, .. } if people.len() == 1
    ));
    let mut replica = Replica::default();
    for _ in 0..4 {
        let frame = world.visitors[&ana].last_frame.clone().expect("a frame");
        assert!(wire::encode(&frame).len() <= FRAME_BYTES_MAX);
        replica.apply(&frame).expect("frames fit their baselines");
        world.latest(ana, 0, vec![]);
        world.tick();
    }
    let known = replica.newest().expect("frames were applied").entities.len();
    assert_eq!(known, PEOPLE_PER_WORLD_MAX);
}
