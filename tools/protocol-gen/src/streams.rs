//! Recorded streams: people who walk, as one client hears of them over a link.
//!
//! The link is simulated here, with a client that decodes and acknowledges, so that the server's side
//! reacts as it does in truth: what the recording holds is what reached that client, and when.
//!
//! A recording is a `.bin` of packets, each after its time of arrival (ms, `u32`) and its length
//! (`u16`); the walks are a `.bin` of their own: persons and ticks (`u16` each), then for each person
//! its number (`u16`) and x, z (`i32` each, steps) at the end of every tick. All little-endian.

use vivarium_protocol::{
    quantise,
    snapshot::{
        block::Identity,
        fields::avatar,
        packet::{Ack, Closing, OwnState, own},
        schema::Facet,
        view::View,
    },
};

use crate::{
    Output,
    dice::Dice,
    model::{Client, Model, Tell},
};

const FOLDER: &str = "tests/golden/streams";
const SEED: u32 = 20_261;
/// The first tick of a stream.
pub const FIRST_TICK: u32 = 1_000;
const TICKS_PER_S: i64 = 30;

/// The recordings and the truth that they tell of.
pub fn outputs() -> Vec<Output> {
    let walks = Walks::record(32, 600, SEED);
    let calm = Link { loss_permille: 0, way_ms: 20, jitter_ms: 0 };
    let rough = Link { loss_permille: 20, way_ms: 20, jitter_ms: 80 };
    vec![
        Output { path: format!("{FOLDER}/walks.bin"), bytes: walks.bytes() },
        Output { path: format!("{FOLDER}/calm.bin"), bytes: listen(&walks, &calm) },
        Output { path: format!("{FOLDER}/rough.bin"), bytes: listen(&walks, &rough) },
    ]
}

/// Where people are at each tick: x, z and heading in steps.
pub struct Walks {
    people: Vec<Vec<[i32; 3]>>,
}

/// Half of the square in which people walk, metres.
const REACH_M: f64 = 150.0;

/// One who walks to somewhere, waits, and walks on.
struct Walker {
    at_m: [f64; 2],
    to_m: [f64; 2],
    speed_mps: f64,
    wait_ticks: i32,
}

impl Walker {
    /// Only sums, products and square roots, which are the same on every machine.
    fn step(&mut self, dice: &mut Dice) -> [i32; 3] {
        if self.wait_ticks > 0 {
            self.wait_ticks -= 1;
        } else {
            let way = [self.to_m[0] - self.at_m[0], self.to_m[1] - self.at_m[1]];
            let left = (way[0] * way[0] + way[1] * way[1]).sqrt();
            let step = self.speed_mps / TICKS_PER_S as f64;
            if left <= step {
                self.at_m = self.to_m;
                self.aim(dice);
            } else {
                self.at_m[0] += way[0] / left * step;
                self.at_m[1] += way[1] / left * step;
            }
        }
        let [x, z] = self.at_m.map(|metres| quantise::position(metres as f32));
        // Not a real heading, but one that changes when the way does.
        let yaw = ((self.to_m[0] - self.to_m[1]) * 200.0) as i32 & 0xffff;
        [x, z, yaw]
    }

    fn aim(&mut self, dice: &mut Dice) {
        // Ways of 3 to 30 m: a turn every few seconds.
        for axis in 0..2 {
            let by = f64::from(dice.from_to(300, 3_000)) / 100.0;
            let by = if dice.once_in(2) { by } else { -by };
            self.to_m[axis] = (self.at_m[axis] + by).clamp(-REACH_M, REACH_M);
        }
        self.speed_mps = if dice.once_in(3) { 6.0 } else { 3.0 };
        self.wait_ticks = if dice.once_in(3) { dice.from_to(1, 45) } else { 0 };
    }
}

impl Walks {
    /// So many people for so many ticks.
    pub fn record(people: usize, ticks: usize, seed: u32) -> Self {
        let mut dice = Dice::seeded(seed);
        let people = (0..people)
            .map(|_| {
                let mut metres = || f64::from(dice.from_to(-15_000, 15_000)) / 100.0;
                let at_m = [metres(), metres()];
                let mut walker = Walker { at_m, to_m: at_m, speed_mps: 3.0, wait_ticks: 0 };
                walker.aim(&mut dice);
                (0..ticks).map(|_| walker.step(&mut dice)).collect()
            })
            .collect();
        Self { people }
    }

    /// Ticks that were recorded.
    pub fn ticks(&self) -> usize {
        self.people[0].len()
    }

    /// Puts everyone where they are at a tick into leaves.
    pub fn put(&self, model: &mut Model, tick: usize, leaf: impl Fn(usize, [i32; 3]) -> u32) {
        for (person, walk) in self.people.iter().enumerate() {
            let [x, z, yaw] = walk[tick];
            let height = quantise::position(0.85);
            let before = walk[tick.saturating_sub(1)];
            let moved = (x - before[0]).abs() + (z - before[1]).abs();
            let running = if moved > 80 { avatar::RUNNING } else { 0 };
            let fields = [x, height, z, yaw, 0, avatar::GROUNDED | running];
            let identity = Identity { facet: Facet::Avatar, subject: number(person) };
            model.put(leaf(person, walk[tick]), identity, &fields);
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&(self.people.len() as u16).to_le_bytes());
        bytes.extend_from_slice(&(self.ticks() as u16).to_le_bytes());
        for (person, walk) in self.people.iter().enumerate() {
            bytes.extend_from_slice(&(number(person) as u16).to_le_bytes());
            for [x, z, _] in walk {
                bytes.extend_from_slice(&x.to_le_bytes());
                bytes.extend_from_slice(&z.to_le_bytes());
            }
        }
        bytes
    }
}

fn number(person: usize) -> u32 {
    person as u32 + 2
}

/// How packets travel. Those that jitter may overtake each other, as datagrams do.
struct Link {
    loss_permille: u32,
    way_ms: i64,
    jitter_ms: i32,
}

impl Link {
    /// When something that is sent now arrives; never, when it is lost.
    fn arrival(&self, now_ms: i64, dice: &mut Dice) -> Option<i64> {
        let lost = dice.bits() % 1_000 < self.loss_permille;
        let late = i64::from(dice.from_to(0, self.jitter_ms));
        (!lost).then_some(now_ms + self.way_ms + late)
    }
}

/// Strips of the world, each a leaf, by x (steps), and at which pace and how exactly they are told
/// to somebody who stands in the middle.
fn strip(x: i32) -> u32 {
    // Metres from the middle at which the next strip begins.
    const ENDS_M: [i32; 7] = [-120, -80, -40, 0, 40, 80, 120];
    ENDS_M.iter().filter(|end| x > *end * quantise::POSITION_STEPS_PER_M as i32).count() as u32
}

const PACE: [(u32, u8); 8] = [(8, 3), (4, 2), (2, 0), (1, 0), (1, 0), (2, 0), (4, 2), (8, 3)];

/// What the client hears, and when.
fn listen(walks: &Walks, link: &Link) -> Vec<u8> {
    let mut dice = Dice::seeded(SEED + 1);
    let (mut model, mut server, mut ears) = (Model::default(), Client::new(), View::default());
    let mut down: Vec<(i64, Vec<u8>)> = Vec::new();
    let mut up: Vec<(i64, Ack)> = Vec::new();
    let mut heard: Vec<(i64, Vec<u8>)> = Vec::new();
    // One strip is cut anew in the middle of it, as leaves are when a crowd gathers.
    let cut = walks.ticks() / 2;
    let leaf = |tick: usize, x: i32| strip(x) + if tick >= cut && strip(x) == 3 { 10 } else { 0 };
    for tick in 0..walks.ticks() {
        let now_ms = tick as i64 * 1_000 / TICKS_PER_S;
        walks.put(&mut model, tick, |_, [x, ..]| leaf(tick, x));
        if tick == cut {
            model.close(3);
        }
        model.end(FIRST_TICK + tick as u32);
        deliver(&mut up, now_ms, |ack| server.hear(ack));
        let mut tell = Vec::new();
        for (strip, (every, level)) in PACE.into_iter().enumerate() {
            let number = if tick >= cut && strip == 3 { 13 } else { strip as u32 };
            let due = (FIRST_TICK + tick as u32 + strip as u32).is_multiple_of(every);
            if model.has(number) && due {
                tell.push(Tell::Leaf(number, level));
            }
        }
        if tick == cut {
            tell.insert(0, Tell::Close(3, Closing::Moved));
        }
        for packet in server.tell(&model, standing(), &tell) {
            down.extend(link.arrival(now_ms, &mut dice).map(|at_ms| (at_ms, packet)));
        }
        // Until the next tick.
        for now_ms in now_ms..(tick as i64 + 1) * 1_000 / TICKS_PER_S {
            deliver(&mut down, now_ms, |packet: Vec<u8>| {
                let _ = ears.apply(&packet);
                heard.push((now_ms, packet));
            });
        }
        let now_ms = (tick as i64 + 1) * 1_000 / TICKS_PER_S - 1;
        up.extend(link.arrival(now_ms, &mut dice).map(|at_ms| (at_ms, ears.ack())));
    }
    let mut bytes = Vec::new();
    for (at_ms, packet) in heard {
        bytes.extend_from_slice(&(at_ms as u32).to_le_bytes());
        bytes.extend_from_slice(&(packet.len() as u16).to_le_bytes());
        bytes.extend_from_slice(&packet);
    }
    bytes
}

/// Hands over what has arrived, in the order of its arrival.
fn deliver<T>(under_way: &mut Vec<(i64, T)>, now_ms: i64, mut take: impl FnMut(T)) {
    under_way.sort_by_key(|(at_ms, _)| *at_ms);
    let arrived = under_way.iter().take_while(|(at_ms, _)| *at_ms <= now_ms).count();
    under_way.drain(..arrived).for_each(|(_, what)| take(what));
}

/// The packets of a crowd, each after its length (`u16`): so many people in leaves of fifty, all of
/// whom walk, told in every tick to a client whose acknowledgements take three ticks.
pub fn crowd(people: usize, ticks: usize) -> Vec<u8> {
    const LEAF: usize = 50;
    let walks = Walks::record(people, ticks, SEED);
    let (mut model, mut server, mut ears) = (Model::default(), Client::new(), View::default());
    let mut acks = std::collections::VecDeque::new();
    let mut bytes = Vec::new();
    let tell: Vec<Tell> =
        (0..people.div_ceil(LEAF)).map(|leaf| Tell::Leaf(leaf as u32, 0)).collect();
    for tick in 0..ticks {
        walks.put(&mut model, tick, |person, _| (person / LEAF) as u32);
        model.end(FIRST_TICK + tick as u32);
        for packet in server.tell(&model, standing(), &tell) {
            let _ = ears.apply(&packet);
            bytes.extend_from_slice(&(packet.len() as u16).to_le_bytes());
            bytes.extend_from_slice(&packet);
        }
        acks.push_back(ears.ack());
        if acks.len() > 3 {
            acks.pop_front().into_iter().for_each(|ack| server.hear(ack));
        }
    }
    bytes
}

/// An own avatar that stands still.
fn standing() -> OwnState {
    OwnState {
        position_m: [0.0, 0.85, 0.0],
        velocity_mps: [0.0; 3],
        flags: own::GROUNDED,
        airborne_ticks: 0,
        teleports: 1,
    }
}
