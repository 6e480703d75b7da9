//! A seeded visitor who walks through a world for minutes.

use vivarium_motion::{AvatarState, Proxy};
use vivarium_protocol::{
    ids::ObjectId,
    intent::{Input, buttons},
};
use vivarium_scene::document::{BodyKind, WorldDocument};

/// A small generator of our own: the recording must not change with a dependency.
pub struct Dice(u32);

impl Dice {
    pub fn new(seed: u32) -> Self {
        Self(seed | 1)
    }

    pub fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % bound
    }

    /// Between -1 and 1.
    pub fn signed(&mut self) -> f32 {
        self.below(20_001) as f32 / 10_000.0 - 1.0
    }
}

/// Somewhere to go, and how long to wait there.
#[derive(Clone, Copy)]
pub struct Stop {
    pub x: f32,
    pub z: f32,
    pub wait_ticks: u32,
    pub runs: bool,
    /// Leaves only when the tick is a multiple of this, to catch a platform; 0 or 1: at once.
    pub leaves_every: u32,
}

/// Decides what is held down in each tick.
pub struct Walker {
    dice: Dice,
    tour: Vec<Stop>,
    next: usize,
    waited: u32,
    spent: u32,
    held: Input,
}

/// Ticks after which a stop that cannot be reached is given up.
const PATIENCE_TICKS: u32 = 240;
/// Ticks for which a direction is held.
const HOLD_TICKS: u32 = 8;

impl Walker {
    /// Goes to the stops one after another, then to objects of the document at random.
    pub fn new(seed: u32, tour: Vec<Stop>) -> Self {
        let dice = Dice::new(seed);
        Self { dice, tour, next: 0, waited: 0, spent: 0, held: Input::default() }
    }

    pub fn input(&mut self, tick: u32, document: &WorldDocument, state: &AvatarState) -> Input {
        if self.next == self.tour.len() {
            let count = document.objects.len() as u32;
            let object = &document.objects[self.dice.below(count) as usize];
            let stop = Stop {
                x: object.position_m[0] + self.dice.signed() * 3.0,
                z: object.position_m[2] + self.dice.signed() * 3.0,
                wait_ticks: if self.dice.below(4) == 0 { 40 } else { 0 },
                runs: self.dice.below(2) == 0,
                leaves_every: 0,
            };
            self.tour.push(stop);
        }
        let stop = self.tour[self.next];
        let (dx, dz) = (stop.x - state.position_m[0], stop.z - state.position_m[2]);
        let distance = dx.hypot(dz);
        if distance < 0.4 || self.waited > 0 {
            self.waited += 1;
            if self.waited > stop.wait_ticks && tick.is_multiple_of(stop.leaves_every.max(1)) {
                self.advance();
            }
            self.held = Input::default();
            return self.held;
        }
        self.spent += 1;
        if self.spent > PATIENCE_TICKS {
            self.advance();
        }
        if tick.is_multiple_of(HOLD_TICKS) || self.held == Input::default() {
            let wobble = if self.spent > 90 { 0.8 } else { 0.05 };
            let share = if distance < 1.0 { 50.0 } else { 127.0 };
            let axis = |part: f32| (part / distance * share).clamp(-127.0, 127.0) as i8;
            self.held.move_x = axis(dx + self.dice.signed() * wobble * distance);
            self.held.move_z = axis(dz + self.dice.signed() * wobble * distance);
            self.held.buttons = if stop.runs && distance > 1.0 { buttons::RUN } else { 0 };
            if self.dice.below(9) == 0 || (self.spent > 60 && self.dice.below(3) == 0) {
                self.held.buttons |= buttons::JUMP;
            }
        }
        self.held
    }

    fn advance(&mut self) {
        self.next += 1;
        self.waited = 0;
        self.spent = 0;
        self.held = Input::default();
    }
}

/// Loose bodies that have just come near, at random poses.
pub fn loose_nearby(dice: &mut Dice, document: &WorldDocument, state: &AvatarState) -> Vec<Proxy> {
    let dynamic = |index: usize| {
        let properties = document.resolved(&document.objects[index]);
        properties.body.is_some_and(|body| body.kind == BodyKind::Dynamic)
    };
    let objects: Vec<usize> = (0..document.objects.len()).filter(|at| dynamic(*at)).collect();
    if objects.is_empty() {
        return Vec::new();
    }
    (0..dice.below(4))
        .map(|_| Proxy {
            object: ObjectId(objects[dice.below(objects.len() as u32) as usize] as u32),
            position_m: [
                state.position_m[0] + dice.signed() * 2.0,
                state.position_m[1] - 0.5 + dice.signed() * 0.4,
                state.position_m[2] + dice.signed() * 2.0,
            ],
            rotation: [dice.signed(), dice.signed(), dice.signed(), dice.signed()],
        })
        .collect()
}
