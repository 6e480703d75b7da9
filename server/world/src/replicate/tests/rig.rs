//! A world without physics, and clients behind links as bad as one likes.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use vivarium_protocol::{
    ids::PersonId,
    snapshot::{
        block::Identity,
        packet::{Ack, OwnState},
        schema::{Coding, FIELDS_MAX, Facet},
        view::{Applied, View},
    },
};

use super::super::*;
use crate::history::{Audience, Member};

pub(super) struct Chances(ChaCha8Rng);

impl Chances {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub fn below(&mut self, end: u32) -> u32 {
        self.0.next_u32() % end.max(1)
    }

    pub fn one_in(&mut self, count: u32) -> bool {
        self.below(count) == 0
    }
}

/// How bad a link is, in percent and ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Link {
    pub lost: u32,
    pub twice: u32,
    pub delay: u32,
    pub jitter: u32,
}

pub(super) const GOOD: Link = Link { lost: 0, twice: 0, delay: 1, jitter: 0 };

/// A way that takes only so much: what is more waits, and what finds no room is lost.
pub(super) struct Queue {
    pub bytes_per_s: usize,
    pub bytes_max: usize,
    /// Bytes that waited at the end of each tick.
    pub waited: Vec<usize>,
    waiting: VecDeque<(u32, Bytes)>,
    credit: usize,
}

impl Queue {
    pub fn new(bytes_per_s: usize, bytes_max: usize) -> Self {
        Self { bytes_per_s, bytes_max, waited: Vec::new(), waiting: VecDeque::new(), credit: 0 }
    }

    fn bytes(&self) -> usize {
        self.waiting.iter().map(|(_, packet)| packet.len()).sum()
    }

    /// What comes out in a tick, when it was put in, so that it can be delayed from now on.
    fn pass(&mut self, tick: u32, coming: Vec<(u32, Bytes)>) -> Vec<(u32, Bytes)> {
        for (due, packet) in coming {
            if self.bytes() + packet.len() <= self.bytes_max {
                self.waiting.push_back((due - tick, packet));
            }
        }
        self.credit += self.bytes_per_s / 20;
        let mut passed = Vec::new();
        while let Some((delay, packet)) = self.waiting.pop_front() {
            if packet.len() > self.credit {
                self.waiting.push_front((delay, packet));
                break;
            }
            self.credit -= packet.len();
            passed.push((tick + delay, packet));
        }
        if self.waiting.is_empty() {
            self.credit = 0;
        }
        self.waited.push(self.bytes());
        passed
    }
}

pub(super) struct Viewer {
    pub person: PersonId,
    pub own: Own,
    pub sees: Sees,
    pub client: Client,
    pub view: View,
    pub link: Link,
    pub queue: Option<Queue>,
    is_lossy: bool,
    /// What was sent, by tick, as long as anybody wants to look.
    pub kept: Option<Vec<(u32, Bytes)>>,
    /// Each leaf as it was when it was told, by the client's number and the tick.
    told: BTreeMap<(u32, u32), BTreeMap<Identity, Vec<i32>>>,
    /// When something arrives, and what.
    to_client: Vec<(u32, Bytes)>,
    to_server: Vec<(u32, u32, Ack)>,
    pub bytes: usize,
    pub largest: usize,
}

impl Viewer {
    pub fn new(
        person: u32,
        position_m: [f32; 3],
        packet_bytes_max: usize,
        bytes_per_s_max: u32,
        link: Link,
    ) -> Self {
        let state = OwnState {
            position_m,
            velocity_mps: [0.0; 3],
            flags: 0,
            airborne_ticks: 0,
            teleports: 0,
        };
        Self {
            person: PersonId(person),
            own: Own { state, on_time: true, lead_ticks: 3, is_steering: true },
            sees: Sees::default(),
            client: Client::new(500, packet_bytes_max, bytes_per_s_max),
            view: View::default(),
            link,
            queue: None,
            is_lossy: link != GOOD,
            kept: None,
            told: BTreeMap::new(),
            to_client: Vec::new(),
            to_server: Vec::new(),
            bytes: 0,
            largest: 0,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Thing {
    pub member: Member,
    pub position: [i32; 3],
    pub moves: bool,
}

/// A world without physics.
pub(super) struct Rig {
    pub chances: Chances,
    pub tick: u32,
    pub overload: u8,
    /// Whether things leap now and then.
    pub wander: bool,
    /// How often memory was asked for while packets were made.
    pub encode_allocations: u64,
    pub history: History,
    pub groups: Groups,
    tiers: Tiers,
    pub blocks: Blocks,
    chunks: Chunks,
    scratch: Scratch,
    outgoing: Vec<(bool, Bytes)>,
    pub things: BTreeMap<Identity, Thing>,
    pub viewers: Vec<Viewer>,
}

impl Rig {
    pub fn new(seed: u64) -> Self {
        Self {
            chances: Chances::new(seed),
            tick: 0,
            overload: 0,
            wander: true,
            encode_allocations: 0,
            history: History::default(),
            groups: Groups::default(),
            tiers: Tiers::of(40.0),
            blocks: Blocks::default(),
            chunks: Chunks::default(),
            scratch: Scratch::default(),
            outgoing: Vec::with_capacity(64),
            things: BTreeMap::new(),
            viewers: Vec::new(),
        }
    }

    pub fn spawn(&mut self, facet: Facet, subject: u32, audience: Audience, moves: bool) {
        let identity = Identity { facet, subject };
        if self.things.contains_key(&identity) {
            return;
        }
        let mut place = || self.chances.below(40_960) as i32 - 20_480;
        let position = [place(), place() / 8, place()];
        let member = self.history.add(identity, audience);
        self.things.insert(identity, Thing { member, position, moves });
    }

    /// Something that stays where it is put.
    pub fn spawn_at(&mut self, facet: Facet, subject: u32, audience: Audience, position: [i32; 3]) {
        let identity = Identity { facet, subject };
        let member = self.history.add(identity, audience);
        self.things.insert(identity, Thing { member, position, moves: false });
    }

    /// Four crowds along the x axis, at these distances (metres). Nobody leaps any more.
    pub fn line_up(&mut self, distances_m: [i32; 4]) {
        self.wander = false;
        for (index, thing) in self.things.values_mut().enumerate() {
            let distance = distances_m[index % 4] * 512;
            thing.position = [distance, 0, 0].map(|place| place + self.chances.below(2_048) as i32);
        }
    }

    pub fn despawn(&mut self, identity: Identity) {
        if let Some(thing) = self.things.remove(&identity) {
            self.history.remove(thing.member);
        }
    }

    pub fn move_things(&mut self) {
        for (identity, thing) in &mut self.things {
            if thing.moves && self.wander && self.chances.one_in(200) {
                // A leap to somewhere else.
                thing.position = [0, 1, 2].map(|_| self.chances.below(40_960) as i32 - 20_480);
            }
            let schema = identity.facet.schema();
            let mut fields = [0; FIELDS_MAX];
            let count = schema.field_count();
            if thing.moves {
                let step = self.chances.below(90) as i32 - 30;
                thing.position[(self.tick / 20 + identity.subject) as usize % 3] += step;
            }
            let mut at = 0;
            let turned = if thing.moves { self.tick / 7 } else { 0 };
            for component in schema.components {
                for field in &mut fields[at..at + component.coding.field_count()] {
                    let span = (component.max - component.min) as u32;
                    *field = component.min
                        + (turned.wrapping_mul(97).wrapping_add(identity.subject) % span) as i32;
                }
                if component.coding == Coding::Rotation {
                    fields[at] = (turned % 4) as i32;
                }
                at += component.coding.field_count();
            }
            let range = schema.components[0].min..=schema.components[0].max;
            let place = thing.position.map(|steps| steps.clamp(*range.start(), *range.end()));
            fields[..3].copy_from_slice(&place);
            let position_m = thing.position.map(|steps| steps as f32 / 512.0);
            self.history.note(thing.member, self.tick, position_m, &fields[..count]);
        }
    }

    /// One tick of the world, and of all links.
    pub fn tick(&mut self) {
        self.tick += 1;
        for viewer in &mut self.viewers {
            let (now, later) = viewer.to_server.iter().partition(|(due, ..)| *due <= self.tick);
            viewer.to_server = later;
            let now: Vec<(u32, u32, Ack)> = now;
            for (_, sent, ack) in now {
                viewer.client.acknowledge(ack, sent, self.tick);
            }
        }
        self.move_things();
        self.groups.update(&mut self.history, self.tick);
        self.blocks.start(self.groups.capacity());
        let hot: Vec<Hot> = Hot::all(&self.groups, self.tick).collect();
        for viewer in &mut self.viewers {
            let mut frames = Frames {
                tick: self.tick,
                tick_s: 0.05,
                overload: self.overload,
                history: &self.history,
                groups: &self.groups,
                tiers: &self.tiers,
                hot: &hot,
                blocks: &mut self.blocks,
                chunks: &mut self.chunks,
                scratch: &mut self.scratch,
                patience: 0,
            };
            let whom = super::super::Viewer {
                person: viewer.person,
                own: &viewer.own,
                sees: &viewer.sees,
            };
            let (link, chances, tick) = (viewer.link, &mut self.chances, self.tick);
            let (to_client, bytes) = (&mut viewer.to_client, &mut viewer.bytes);
            let (largest, mut first) = (&mut viewer.largest, true);
            let kept = &mut viewer.kept;
            let outgoing = &mut self.outgoing;
            let counted = allocation_counter::measure(|| {
                frames.of(&mut viewer.client, &whom, |is_first, packet| {
                    outgoing.push((is_first, packet));
                });
            });
            self.encode_allocations += counted.count_total;
            let mut coming = Vec::new();
            for (is_first, packet) in outgoing.drain(..) {
                assert_eq!(is_first, std::mem::take(&mut first));
                *bytes += packet.len();
                *largest = packet.len().max(*largest);
                if let Some(kept) = kept {
                    kept.push((tick, packet.clone()));
                }
                let times = u32::from(chances.below(100) >= link.lost)
                    + u32::from(chances.below(100) < link.twice);
                for _ in 0..times {
                    let due = tick + link.delay + chances.below(link.jitter + 1);
                    coming.push((due, packet.clone()));
                }
            }
            match &mut viewer.queue {
                Some(queue) => to_client.extend(queue.pass(tick, coming)),
                None => to_client.append(&mut coming),
            }
        }
        self.remember();
        self.deliver();
    }

    /// What the leaves are that were told just now.
    fn remember(&mut self) {
        for viewer in &mut self.viewers {
            for (index, sub) in viewer.client.subs.iter().enumerate() {
                let Some(leaf) = self.groups.get(index as u32) else { continue };
                if sub.told != self.tick || sub.number == 0 || sub.leaf_id != leaf.id {
                    continue;
                }
                let members = leaf.members().map(|(_, member)| {
                    let identity = self.history.identity(member);
                    let mut fields = self.history.at(member, self.tick).to_vec();
                    identity.facet.schema().coarsen(Tiers::level(sub.tier), &mut fields);
                    (identity, fields)
                });
                viewer.told.insert((sub.number, self.tick), members.collect());
            }
            let oldest = self.tick.saturating_sub(64);
            viewer.told.retain(|(_, tick), _| *tick >= oldest);
        }
    }

    pub fn deliver(&mut self) {
        for viewer in &mut self.viewers {
            let mut later = Vec::new();
            for (due, packet) in std::mem::take(&mut viewer.to_client) {
                if due > self.tick {
                    later.push((due, packet));
                    continue;
                }
                let applied =
                    viewer.view.apply(&packet).expect("the server's own packets are sound");
                // Nothing is lost on a good road, so all that it brings can be built on.
                assert!(viewer.is_lossy || applied.1 == Applied::Whole, "{applied:?}");
                for (number, leaf) in viewer.view.leaves() {
                    let Some(newest) = leaf.newest() else { continue };
                    let Some(told) = viewer.told.get(&(number, newest.tick)) else { continue };
                    let seen: BTreeMap<Identity, Vec<i32>> =
                        newest.members().map(|(who, fields)| (who, fields.to_vec())).collect();
                    let wrong = seen.iter().find(|(who, fields)| told.get(who) != Some(fields));
                    let as_told = wrong.and_then(|(who, _)| told.get(who));
                    assert!(
                        seen == *told,
                        "leaf {number} at {}: {wrong:?}, {as_told:?} was told",
                        newest.tick
                    );
                }
            }
            viewer.to_client = later;
            if self.chances.below(100) >= viewer.link.lost {
                let due =
                    self.tick + viewer.link.delay + self.chances.below(viewer.link.jitter + 1);
                viewer.to_server.push((due, self.tick, viewer.view.ack()));
            }
        }
    }

    /// What a viewer should see: all that it may, each at the level of its leaf.
    pub fn truth(&self, viewer: &Viewer) -> BTreeMap<Identity, Vec<i32>> {
        let visible = self.things.iter().filter(|(_, thing)| {
            viewer.sees.may_see(viewer.person, self.history.audience(thing.member))
        });
        visible
            .map(|(identity, thing)| {
                let mut fields = self.history.at(thing.member, self.tick).to_vec();
                let leaf = self.history.place(thing.member).expect("it was noted").leaf;
                let level = viewer.client.subs[leaf as usize].level;
                identity.facet.schema().coarsen(level, &mut fields);
                (*identity, fields)
            })
            .collect()
    }

    pub fn seen(viewer: &Viewer) -> BTreeMap<Identity, Vec<i32>> {
        let members = viewer.view.members();
        members.into_iter().map(|(identity, (_, fields))| (identity, fields.to_vec())).collect()
    }

    pub fn check(&self) {
        for viewer in &self.viewers {
            let (seen, truth) = (Self::seen(viewer), self.truth(viewer));
            let all = seen.keys().chain(truth.keys());
            let wrong: Vec<_> = all
                .filter(|identity| seen.get(identity) != truth.get(identity))
                .map(|identity| (identity, seen.get(identity), truth.get(identity)))
                .take(4)
                .collect();
            let count = seen.len();
            assert!(wrong.is_empty(), "person {} of {count}: {wrong:?}", viewer.person.0);
        }
    }

    /// Nothing moves any more, and the links are good.
    pub fn quiet(&mut self) {
        self.things.values_mut().for_each(|thing| thing.moves = false);
        self.viewers.iter_mut().for_each(|viewer| viewer.link = GOOD);
        (0..160).for_each(|_| self.tick());
    }

    /// Something happens to the world or to who may see it.
    pub fn disturb(&mut self) {
        let facet = Facet::ALL[self.chances.below(3) as usize];
        let subject = self.chances.below(220);
        match self.chances.below(12) {
            0..=3 => {
                let audience = match self.chances.below(6) {
                    0 => Audience::Group(1),
                    1 => Audience::Only(PersonId(2)),
                    _ => Audience::Everyone,
                };
                self.spawn(facet, subject, audience, true);
            }
            4..=6 => self.despawn(Identity { facet, subject }),
            7 => {
                let identity = Identity { facet, subject };
                if let Some(thing) = self.things.get_mut(&identity) {
                    thing.moves = !thing.moves;
                }
            }
            8 => {
                let viewer = self.chances.below(self.viewers.len() as u32) as usize;
                let sees = &mut self.viewers[viewer].sees;
                sees.groups = if sees.groups.is_empty() { vec![1] } else { Vec::new() };
            }
            9 => {
                let viewer = self.chances.below(self.viewers.len() as u32) as usize;
                let place = self.chances.below(160) as f32 - 80.0;
                self.viewers[viewer].own.state.position_m = [place, 0.0, -place];
            }
            10 => self.overload = self.chances.below(5) as u8,
            _ => {
                // Everyone gathers, or scatters: leaves split and merge.
                let spread = [64, 2_048, 40_960][self.chances.below(3) as usize];
                for thing in self.things.values_mut().filter(|thing| thing.moves) {
                    thing.position = [0, 1, 2].map(|_| self.chances.below(spread) as i32);
                }
            }
        }
    }
}
