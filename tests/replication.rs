//! What clients know is what the server has, whatever the link does to packets.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;
use vivarium_contract::{Intent, Road, WorldInput};
use vivarium_protocol::{
    ids::PersonId,
    intent::{ClientLatest, Input, buttons},
    limits::{DATAGRAM_BYTES_MAX, FRAME_BYTES_MAX, PEOPLE_PER_WORLD_MAX},
    notice::ServerMessage,
    quantise,
    snapshot::{
        block::Identity,
        fields::avatar,
        packet::{self, Ack, Entry},
        schema::{Coding, Facet, LEVELS},
        view::{Applied, View},
    },
};
use vivarium_scene::document::WorldDocument;

use crate::harness::{BYTES_PER_S, Scenario, asset, document, floor_with, towards};

fn avatar_of(person: PersonId) -> Identity {
    Identity { facet: Facet::Avatar, subject: person.0 }
}

/// What a bad link does, drawn from a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// A client behind a link that drops, delays, repeats and reorders, both ways.
struct Far {
    person: PersonId,
    view: View,
    /// Packets and acknowledgements on their way, and the ticks in which they arrive.
    down: Vec<(u32, Bytes)>,
    up: Vec<(u32, Ack)>,
    whole: u32,
}

impl Far {
    fn new(person: PersonId) -> Self {
        Self { person, view: View::default(), down: Vec::new(), up: Vec::new(), whole: 0 }
    }

    /// One tick: packets go on their way and arrive, and so do acknowledgements.
    fn link(&mut self, world: &mut Scenario, tick: u32, dice: &mut Dice, bad: bool) {
        let mut fate = |tick: u32| match (bad, dice.roll(16)) {
            (false, _) => vec![tick],
            (true, 0..=3) => vec![],
            (true, 4) => vec![tick, tick + 2],
            (true, late @ 5..=9) => vec![tick + late as u32 - 4],
            (true, _) => vec![tick],
        };
        for bytes in &world.visitors[&self.person].packets {
            self.down.extend(fate(tick).into_iter().map(|due| (due, bytes.clone())));
        }
        let (arrived, waiting) =
            std::mem::take(&mut self.down).into_iter().partition(|(due, _)| *due <= tick);
        self.down = waiting;
        let _: &Vec<_> = &arrived;
        for (_, bytes) in arrived {
            let (_, applied) = self.view.apply(&bytes).expect("packets decode");
            self.whole += u32::from(applied == Applied::Whole);
        }
        self.up.extend(fate(tick).into_iter().map(|due| (due, self.view.ack())));
        let (arrived, waiting) =
            std::mem::take(&mut self.up).into_iter().partition(|(due, _)| *due <= tick);
        self.up = waiting;
        let _: &Vec<_> = &arrived;
        for (_, ack) in arrived {
            // Before the first packet there is nothing to say; later it would mean to start anew.
            if ack != Ack::default() {
                let latest = ClientLatest { ack, first_tick: 0, inputs: vec![], tracked: None };
                world.wish(self.person, Intent::Latest(latest));
            }
        }
    }
}

/// Whether two states are the same but for what the coarsest level of detail rounds away.
fn alike(facet: Facet, a: &[i32], b: &[i32]) -> bool {
    let mut at = 0;
    facet.schema().components.iter().all(|component| {
        let count = component.coding.field_count();
        let (a, b) = (&a[at..at + count], &b[at..at + count]);
        at += count;
        a.iter().zip(b).all(|(a, b)| {
            let mut apart = a.abs_diff(*b);
            if component.coding == Coding::Heading {
                apart = apart.min((1 << component.bits) - apart);
            }
            apart <= 1 << component.coarse_bits[LEVELS - 1] >> 1
                || (component.coarse_bits[LEVELS - 1] > 0
                    && apart <= 1 << component.coarse_bits[LEVELS - 1])
        })
    })
}

/// What was the case, tick by tick: as everyone's own part says, and as a client on a perfect link
/// was told.
#[derive(Default)]
struct Truth {
    told: BTreeMap<(Identity, u32), Vec<i32>>,
    own: BTreeMap<(Identity, u32), [i32; 3]>,
    /// As somebody or something is now, and since when.
    since: BTreeMap<Identity, (u32, Vec<i32>)>,
}

// All clients of the first story stand in the middle, and see in full what is this near (metres).
const NEAR_M: f32 = 6.0;

fn is_near(fields: &[i32]) -> bool {
    let metres = |axis| quantise::position_m(fields[avatar::POSITION + axis]);
    metres(0).hypot(metres(2)) < NEAR_M
}

impl Truth {
    fn note(&mut self, world: &mut Scenario, watcher: PersonId, people: &[PersonId]) {
        let now = world.world.tick_number();
        for person in people {
            let own = world.own(*person).position_m.map(quantise::position);
            self.own.insert((avatar_of(*person), now), own);
        }
        let members = world.view(watcher).members();
        self.since.retain(|identity, _| members.contains_key(identity));
        for (identity, (tick, fields)) in members {
            self.told.entry((identity, tick)).or_insert_with(|| fields.to_vec());
            let since = self.since.entry(identity).or_default();
            if since.1 != fields {
                *since = (now, fields.to_vec());
            }
        }
    }

    /// Checks what a client knows, and gives how much of it could be checked.
    fn check(&self, view: &View) -> u32 {
        let mut checked = 0;
        for (identity, (tick, fields)) in view.members() {
            if let Some(real) = self.told.get(&(identity, tick)) {
                check_fields(identity, tick, fields, real);
                checked += 1;
            }
            if let Some(real) = self.own.get(&(identity, tick)) {
                let told = &fields[avatar::POSITION..avatar::POSITION + 3];
                let apart = (0..3).map(|axis| told[axis].abs_diff(real[axis])).max();
                let most = if is_near(fields) { 0 } else { COARSEST_STEPS / 2 };
                assert!(apart <= Some(most), "{identity:?} at {tick}: {told:?}, {real:?}");
                checked += 1;
            }
        }
        checked
    }

    /// Checks that a client knows all who rested for a while.
    fn check_rest(&self, view: &View, now: u32) -> u32 {
        let members = view.members();
        let mut checked = 0;
        for (identity, (since, real)) in &self.since {
            let (tick, fields) = members[identity];
            if since + 60 < now {
                check_fields(*identity, tick, fields, real);
                checked += 1;
            }
        }
        checked
    }
}

// Steps of positions in the coarsest level of detail.
const COARSEST_STEPS: u32 = 16;

fn check_fields(identity: Identity, tick: u32, fields: &[i32], real: &[i32]) {
    let fits = if is_near(real) { fields == real } else { alike(identity.facet, fields, real) };
    assert!(fits, "{identity:?} at the end of tick {tick}: {fields:?}, not {real:?}");
}

/// A small floor, over whose edge one falls and comes back elsewhere, and forty balls above it.
fn playground() -> WorldDocument {
    let mut objects = vec![
        json!({
            "position_m": [0.0, -0.5, 0.0],
            "properties": { "colliders": [{ "shape": { "box": { "size_m": [26.0, 1.0, 26.0] } } }] }
        }),
        json!({ "name": "middle", "properties": { "spawn": { "only_by_name": true } } }),
        json!({ "properties": { "spawn": { "radius_m": 8.0 } } }),
    ];
    objects.extend((0..40).map(|index| {
        let (row, column) = (index / 8, index % 8);
        json!({
            "position_m": [column as f32 * 2.5 - 8.0, 2.0 + row as f32, row as f32 * 3.0 - 6.0],
            "properties": {
                "body": { "kind": "dynamic", "linear_damping": 1.0, "angular_damping": 8.0 },
                "colliders": [{ "shape": { "ball": { "radius_m": 0.4 } }, "restitution": 0.6 }]
            }
        })
    }));
    let mut document = document(&json!({
        "version": 1, "name": "playground", "title": "Playground", "objects": objects
    }));
    document.settings.sight_m = 8.0;
    document.settings.floor_m = -6.0;
    document
}

/// People come, run about, jump, fall over the edge, and go, as the dice say.
fn mingle(world: &mut Scenario, dice: &mut Dice, here: &mut BTreeMap<PersonId, Input>) {
    for id in 100..170 {
        let person = PersonId(id);
        match (here.contains_key(&person), dice.roll(100)) {
            (false, 0..=9) => {
                world.enter(id, "walker");
                here.insert(person, towards(127, 0));
            }
            (true, 0) => {
                world.input(WorldInput::Leave { person });
                here.remove(&person);
            }
            (true, 1..=15) => {
                let any = |dice: &mut Dice| dice.roll(255) as u8 as i8;
                let buttons = [0, 0, buttons::RUN, buttons::JUMP][dice.roll(4) as usize];
                let yaw = dice.roll(0x1_0000) as u16;
                let input = Input { buttons, yaw, ..towards(any(dice), any(dice)) };
                here.insert(person, input);
            }
            _ => {}
        }
    }
    for (person, input) in here {
        world.steer(*person, *input);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..Default::default() })]

    /// One stands in the middle on a perfect link, three others at the same place behind bad ones.
    #[test]
    fn a_bad_link_never_makes_a_client_wrong_and_in_the_end_all_know_the_same(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let mut world = Scenario::of(playground());
        let near = world.enter_by(1, "near", Some("middle"), Road::Reliable);
        let far = [(2, Road::Datagrams), (3, Road::Datagrams), (4, Road::Reliable)];
        let mut far = far.map(|(id, road)| Far::new(world.enter_by(id, "far", Some("middle"), road)));
        let mut here = BTreeMap::new();
        let mut truth = Truth::default();
        let (mut ticks, mut checked) = (0, 0);
        while ticks < 340 || (world.report.awake_bodies > 0 && ticks < 500) {
            let noisy = ticks < 240;
            if noisy {
                mingle(&mut world, &mut dice, &mut here);
            }
            world.acknowledge(near);
            world.tick();
            let people: Vec<PersonId> = (1..=4).map(PersonId).chain(here.keys().copied()).collect();
            truth.note(&mut world, near, &people);
            let tick = world.world.tick_number();
            for client in &mut far {
                client.link(&mut world, tick, &mut dice, noisy);
                checked += truth.check(&client.view);
            }
            ticks += 1;
        }
        prop_assert!(checked > 10_000, "only {} states arrived in time to be compared", checked);
        let known: Vec<Identity> = world.view(near).members().into_keys().collect();
        prop_assert_eq!(known.len(), here.len() + 4 + 40);
        for client in &far {
            prop_assert!(client.whole > 100, "{} whole packets", client.whole);
            let seen: Vec<Identity> = client.view.members().into_keys().collect();
            prop_assert_eq!(&seen, &known, "person {:?}", client.person);
            let resting = truth.check_rest(&client.view, world.world.tick_number());
            prop_assert!(resting as usize > known.len() / 2, "{} of {}", resting, known.len());
        }
    }
}

#[test]
fn acknowledged_rest_costs_next_to_nothing() {
    let mut world = Scenario::of(asset("plaza"));
    let ana = world.enter(1, "Ana");
    let bytes = |world: &Scenario| {
        world.visitors[&ana].packets.iter().map(|packet| packet.len()).sum::<usize>()
    };
    world.tick();
    let full = bytes(&world);
    while world.report.awake_bodies > 0 {
        world.acknowledge(ana);
        world.tick();
    }
    // She stands there, and her inputs come in time.
    let stand = |world: &mut Scenario| {
        let soon = world.world.tick_number() + 3;
        world.latest(ana, soon, vec![Input::default()]);
        world.tick();
    };
    (0..30).for_each(|_| stand(&mut world));
    let (mut quiet, before) = (0, world.visitors[&ana].packets_told);
    for _ in 0..60 {
        stand(&mut world);
        quiet += bytes(&world);
    }
    let packets = world.visitors[&ana].packets_told - before;
    assert!(full > 500, "two hundred bodies in full took {full} bytes");
    assert!(quiet < 200, "two quiet seconds took {quiet} bytes");
    assert!((2..=6).contains(&packets), "{packets} signs of life in two seconds");
}

#[test]
fn a_full_world_is_told_over_several_ticks_and_refuses_more() {
    let mut world = Scenario::of(wide());
    let walkers: Vec<PersonId> =
        (2..=PEOPLE_PER_WORLD_MAX as u32).map(|id| world.enter(id, "walker")).collect();
    world.tick();
    let mut dice = Dice(1);
    for walker in walkers {
        // Everyone looks another way.
        let (yaw, pitch) = (dice.roll(0x1_0000) as u16, dice.roll(120) as i8);
        world.steer(walker, Input { yaw, pitch, ..Input::default() });
    }
    let ana = world.enter_by(1, "Ana", None, Road::Datagrams);
    let late = world.enter(5_000, "late");
    world.tick();
    assert_eq!(world.travels.len(), 1, "{:?}", world.travels);
    assert!(world.told(late).is_empty());
    assert!(matches!(
        &world.told(ana)[0],
        ServerMessage::Entered { people, .. } if people.len() == PEOPLE_PER_WORLD_MAX
    ));
    let each_tick = BYTES_PER_S as usize / 30;
    let (mut ticks, mut bytes, mut most) = (0, 0, 0);
    loop {
        let packets = &world.visitors[&ana].packets;
        assert!(packets.iter().all(|packet| packet.len() <= DATAGRAM_BYTES_MAX));
        let now: usize = packets.iter().map(Bytes::len).sum();
        (ticks, bytes, most) = (ticks + 1, bytes + now, most.max(now));
        if world.view(ana).members().len() == PEOPLE_PER_WORLD_MAX {
            break;
        }
        assert!(ticks < 30, "{} are known", world.view(ana).members().len());
        world.acknowledge(ana);
        world.tick();
    }
    // One block may go over the budget, and what was not used a tick ago may be used now.
    assert!(most <= 2 * each_tick + 2_048, "{most} bytes in one tick, of {bytes}");
    assert!(ticks > 1 && bytes > each_tick, "{bytes} bytes in {ticks} ticks");
}

/// A floor on which newcomers appear far from each other.
fn wide() -> WorldDocument {
    document(&json!({
        "version": 1, "name": "wide", "title": "Wide", "objects": [
            { "position_m": [0.0, -0.5, 0.0], "properties": {
                "colliders": [{ "shape": { "box": { "size_m": [200.0, 1.0, 200.0] } } }] } },
            { "properties": { "spawn": { "radius_m": 40.0 } } }
        ]
    }))
}

#[test]
fn a_full_world_on_a_reliable_road_stays_within_the_limit_of_a_message() {
    let mut world = Scenario::of(wide());
    let ana = world.enter(1, "Ana");
    for id in 2..=PEOPLE_PER_WORLD_MAX as u32 {
        world.enter(id, "walker");
    }
    for _ in 0..30 {
        world.acknowledge(ana);
        world.tick();
        let packets = &world.visitors[&ana].packets;
        assert!(packets.len() <= 1, "one packet for each tick");
        assert!(packets.iter().all(|packet| packet.len() <= FRAME_BYTES_MAX));
    }
    assert_eq!(world.view(ana).members().len(), PEOPLE_PER_WORLD_MAX);
}

/// Forty people in the middle and forty far away, beyond all tiers but the last.
struct TwoCrowds {
    world: Scenario,
    ana: PersonId,
    near: Vec<PersonId>,
    far: Vec<PersonId>,
}

impl TwoCrowds {
    fn new() -> Self {
        let spawn = |name: &str, x_m: f32| {
            json!({
                "name": name, "position_m": [x_m, 0.0, 0.0],
                "properties": { "spawn": { "only_by_name": true, "radius_m": 3.0 } }
            })
        };
        let mut document = floor_with(&[spawn("here", -30.0), spawn("there", 50.0)]);
        document.settings.sight_m = 10.0;
        let mut world = Scenario::of(document);
        let (mut near, mut far) = (Vec::new(), Vec::new());
        // By turns: when the first leaf is full, half of it are near and half are far.
        far.push(world.enter_at(200, "far", Some("there")));
        let ana = world.enter_at(1, "Ana", Some("here"));
        for id in 1..40 {
            far.push(world.enter_at(200 + id, "far", Some("there")));
            near.push(world.enter_at(100 + id, "near", Some("here")));
        }
        let mut crowds = Self { world, ana, near, far };
        crowds.ticks(30, |_, _| {});
        crowds
    }

    /// Everyone walks up and down; then `check` gets the tick and what Ana knows.
    fn ticks(
        &mut self,
        count: u32,
        mut check: impl FnMut(u32, &BTreeMap<Identity, (u32, &[i32])>),
    ) {
        for _ in 0..count {
            let next = self.world.world.tick_number() + 1;
            for person in self.near.iter().chain(&self.far) {
                let there = (next / 20 + person.0).is_multiple_of(2);
                self.world.steer(*person, towards(0, if there { 127 } else { -127 }));
            }
            self.world.acknowledge(self.ana);
            self.world.tick();
            check(next, &self.world.view(self.ana).members());
        }
    }

    /// The longest time (ticks) since something was told of one of the near, and of one of the far;
    /// all are seen all the time.
    fn oldest(&mut self, count: u32) -> (u32, u32) {
        let (near, far) = (self.near.clone(), self.far.clone());
        let (mut near_ticks, mut far_ticks) = (0, 0);
        self.ticks(count, |tick, known| {
            let age = |person: &PersonId| tick - known[&avatar_of(*person)].0;
            near_ticks = near_ticks.max(near.iter().map(age).max().unwrap_or(0));
            far_ticks = far_ticks.max(far.iter().map(age).max().unwrap_or(0));
        });
        (near_ticks, far_ticks)
    }
}

#[test]
fn the_near_are_told_every_tick_and_the_far_stay_in_sight() {
    let mut crowds = TwoCrowds::new();
    let (near, far) = crowds.oldest(120);
    assert_eq!(near, 0, "ticks since one of the near was told of");
    assert!((4..=16).contains(&far), "{far} ticks since one of the far was told of");
    // A newcomer far away comes into sight, and who leaves goes out of it.
    let dee = crowds.world.enter_at(300, "Dee", Some("there"));
    let gone = crowds.far.pop().expect("there are many");
    crowds.world.input(WorldInput::Leave { person: gone });
    crowds.ticks(20, |_, _| {});
    let members = crowds.world.view(crowds.ana).members();
    assert!(members.contains_key(&avatar_of(dee)) && !members.contains_key(&avatar_of(gone)));
}

#[test]
fn a_world_that_runs_late_slows_the_far_down_first_and_recovers() {
    let mut crowds = TwoCrowds::new();
    let (_, in_time) = crowds.oldest(120);
    crowds.world.input(WorldInput::Overload { level: 3 });
    let (near, far) = crowds.oldest(180);
    assert_eq!(near, 0, "nothing near is slowed down before everything far is");
    assert!(far > in_time, "{in_time} ticks in time, {far} ticks when late");
    assert_eq!(crowds.world.report.overload, 3);
    crowds.world.input(WorldInput::Overload { level: 4 });
    let (near, far) = crowds.oldest(180);
    assert!(near <= 4 && far <= 128, "near {near}, far {far} ticks");
    crowds.world.input(WorldInput::Overload { level: 0 });
    crowds.oldest(64);
    assert_eq!(crowds.oldest(120), (0, in_time));
}

#[test]
fn who_comes_back_soon_goes_on_with_what_was_known() {
    for away_ticks in [0, 5, 40, 100] {
        let mut world = Scenario::of(asset("plaza"));
        let ana = world.enter(1, "Ana");
        let bo = world.enter(2, "Bo");
        for tick in 0..40 {
            world.acknowledge(ana);
            world.acknowledge(bo);
            world.walk(bo, towards(if tick % 20 < 10 { 127 } else { -127 }, 40), 1);
        }
        // Over another road, without a word between the two when it was quick.
        let presence = |road| WorldInput::Presence { person: ana, road, anew: false };
        if away_ticks > 0 {
            world.input(presence(None));
        }
        for tick in 0..away_ticks {
            world.acknowledge(bo);
            world.walk(bo, towards(127, if tick % 30 < 15 { 80 } else { -80 }), 1);
        }
        world.input(presence(Some(Road::Datagrams)));
        for _ in 0..120 {
            world.acknowledge(ana);
            world.acknowledge(bo);
            world.tick();
        }
        let told = world.told(ana);
        let anew = told.iter().filter(|told| matches!(told, ServerMessage::Entered { .. })).count();
        assert_eq!(anew, 1, "only when she came");
        let mut known = |person| {
            let members = world.view(person).members().into_iter();
            members.map(|(who, (_, fields))| (who, fields.to_vec())).collect::<BTreeMap<_, _>>()
        };
        assert_eq!(known(ana), known(bo), "{away_ticks}");
    }
}

#[test]
fn who_comes_back_is_told_everything_anew() {
    let mut world = Scenario::of(asset("plaza"));
    let ana = world.enter(1, "Ana");
    let bo = world.enter(2, "Bo");
    for _ in 0..40 {
        world.acknowledge(ana);
        world.acknowledge(bo);
        world.tick();
    }
    world.input(WorldInput::Presence { person: ana, road: None, anew: false });
    for _ in 0..20 {
        world.acknowledge(bo);
        world.tick();
    }
    // The window is another one now: what it knows is nothing, and it is reached by another road.
    let road = Some(Road::Datagrams);
    world.input(WorldInput::Presence { person: ana, road, anew: true });
    world.tick();
    let mut view = View::default();
    for _ in 0..30 {
        for packet in world.visitors[&ana].packets.clone() {
            assert!(packet.len() <= DATAGRAM_BYTES_MAX);
            let (_, applied) = view.apply(&packet).expect("packets decode");
            assert_eq!(applied, Applied::Whole);
        }
        world.acknowledge(ana);
        world.acknowledge(bo);
        world.tick();
    }
    assert!(view.own().is_some());
    let known: Vec<Identity> = view.members().into_keys().collect();
    let all: Vec<Identity> = world.view(bo).members().into_keys().collect();
    assert_eq!(known, all);
    assert!(known.contains(&avatar_of(ana)) && known.contains(&avatar_of(bo)));
}

#[test]
fn false_acknowledgements_do_no_harm() {
    let mut world = Scenario::of(asset("plaza"));
    let ana = world.enter(1, "Ana");
    let bo = world.enter(2, "Bo");
    let lie = |world: &mut Scenario, ack: Ack| {
        let latest = ClientLatest { ack, first_tick: 0, inputs: vec![], tracked: None };
        world.wish(ana, Intent::Latest(latest));
    };
    let all = [u32::MAX; 2];
    for step in 0..120_u32 {
        let next = world.world.tick_number() + 1;
        world.latest(bo, next, vec![towards(127, (step * 5) as u8 as i8)]);
        let honest = world.view(ana).ack();
        // Never sent, from the future, and long ago; the view checks that all packets still fit.
        lie(&mut world, Ack { newest: u32::MAX, before: all });
        lie(&mut world, Ack { newest: honest.newest.wrapping_add(1_000), before: all });
        lie(&mut world, Ack { newest: 1, before: all });
        lie(&mut world, Ack { newest: honest.newest.saturating_sub(500), before: all });
        world.acknowledge(ana);
        world.tick();
    }
    let seen = |world: &mut Scenario, person| {
        let members = world.view(person).members();
        members.into_iter().map(|(who, (_, fields))| (who, fields.to_vec())).collect::<Vec<_>>()
    };
    assert_eq!(seen(&mut world, ana), seen(&mut world, bo));

    // Zero after all this says that everything is forgotten: it is told again, from nothing.
    lie(&mut world, Ack::default());
    let mut view = View::default();
    for _ in 0..30 {
        world.tick();
        for packet in &world.visitors[&ana].packets {
            let (_, applied) = view.apply(packet).expect("packets decode");
            assert_eq!(applied, Applied::Whole);
        }
        if view.ack() != Ack::default() {
            lie(&mut world, view.ack());
        }
    }
    let known: Vec<Identity> = view.members().into_keys().collect();
    let all: Vec<Identity> = world.view(bo).members().into_keys().collect();
    assert_eq!(known, all);
}

#[test]
fn who_has_acknowledged_the_same_gets_the_same_bytes() {
    let mut crowds = TwoCrowds::new();
    let twin = crowds.world.enter_at(2, "Twin", Some("here"));
    let blocks = |world: &Scenario, person: PersonId| {
        let mut blocks = Vec::new();
        for packet in &world.visitors[&person].packets {
            let (_, entries) = packet::read(packet).expect("packets have heads");
            for entry in entries {
                if let Entry::Block { bytes, .. } = entry.expect("packets decode") {
                    blocks.push(bytes.to_vec());
                }
            }
        }
        blocks.sort_unstable();
        blocks
    };
    let mut encoded = (0, 0);
    for step in 0..120 {
        crowds.world.acknowledge(twin);
        crowds.ticks(1, |_, _| {});
        crowds.world.view(twin);
        if step >= 60 {
            let (ana, twin) = (blocks(&crowds.world, crowds.ana), blocks(&crowds.world, twin));
            assert!(!ana.is_empty());
            assert_eq!(ana, twin, "step {step}");
            let report = crowds.world.report;
            encoded = (encoded.0 + report.blocks_encoded, encoded.1 + report.blocks_sent);
        }
    }
    assert!(encoded.0 < encoded.1, "{} blocks were made to send {}", encoded.0, encoded.1);
}
