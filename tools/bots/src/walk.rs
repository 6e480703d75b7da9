//! What a bot holds down: seeded, so that a run can be repeated.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use vivarium_protocol::intent::{Input, buttons};

/// How a bot behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Behaviour {
    /// Walks about, turns now and then, sometimes runs or jumps.
    Wander,
    /// Walks towards the others, and around their middle.
    Crowd,
    /// Stands.
    Still,
    /// Is there and no more: acknowledges what comes, and sends no inputs.
    Idle,
}

/// How far (metres) a wandering bot strays from where it came in.
const STRAY_M: f32 = 25.0;
/// How far (metres) from its middle a bot in a crowd walks around.
const CIRCLE_M: f32 = 3.0;

/// The mind of one bot.
#[derive(Debug)]
pub struct Walker {
    behaviour: Behaviour,
    random: ChaCha8Rng,
    heading_rad: f32,
    ticks_left: u32,
    buttons: u8,
    home_m: Option<[f32; 2]>,
}

impl Walker {
    /// The bot number `index` of a run.
    pub fn new(behaviour: Behaviour, seed: u64, index: u32) -> Self {
        let random = ChaCha8Rng::seed_from_u64(seed.wrapping_add(u64::from(index) << 32));
        let mut walker =
            Self { behaviour, random, heading_rad: 0.0, ticks_left: 0, buttons: 0, home_m: None };
        walker.heading_rad = walker.fraction() * std::f32::consts::TAU;
        walker
    }

    /// Whether nothing is ever held down, and nothing sent.
    pub fn is_idle(&self) -> bool {
        self.behaviour == Behaviour::Idle
    }

    /// The bot came into a world: where it is now is where it strays from.
    pub fn entered(&mut self) {
        self.home_m = None;
    }

    /// Two colour channels and so on: a random byte string.
    pub fn colour(&mut self) -> [u8; 3] {
        let [a, b, c, _] = self.random.next_u32().to_le_bytes();
        [a, b, c]
    }

    /// What is held down in the next tick, by one who is at `here_m` and sees the others around
    /// `middle_m`, both from above: metres along x and z.
    pub fn next(&mut self, here_m: Option<[f32; 2]>, middle_m: Option<[f32; 2]>) -> Input {
        match (self.behaviour, here_m, middle_m) {
            (Behaviour::Still | Behaviour::Idle, _, _) | (_, None, _) => Input::default(),
            (Behaviour::Crowd, Some(here), Some(middle)) => self.crowd(here, middle),
            (Behaviour::Wander | Behaviour::Crowd, Some(here), _) => self.wander(here),
        }
    }

    fn wander(&mut self, here: [f32; 2]) -> Input {
        let home = *self.home_m.get_or_insert(here);
        let (x, z) = (home[0] - here[0], home[1] - here[1]);
        if self.ticks_left == 0 {
            self.ticks_left = 20 + (self.fraction() * 100.0) as u32;
            self.heading_rad = if x.hypot(z) > STRAY_M {
                heading(x, z) + (self.fraction() - 0.5)
            } else {
                self.heading_rad + (self.fraction() - 0.5) * std::f32::consts::TAU
            };
            self.buttons = if self.fraction() < 0.3 { buttons::RUN } else { 0 };
        }
        self.ticks_left -= 1;
        let jump = if self.fraction() < 0.01 { buttons::JUMP } else { 0 };
        input(self.heading_rad, self.buttons | jump)
    }

    fn crowd(&mut self, here: [f32; 2], middle: [f32; 2]) -> Input {
        let (x, z) = (middle[0] - here[0], middle[1] - here[1]);
        // Far away: straight to the middle. Near: at a right angle to it, which is a circle.
        let turn = if x.hypot(z) > CIRCLE_M { 0.0 } else { std::f32::consts::FRAC_PI_2 };
        self.heading_rad = heading(x, z) + turn + (self.fraction() - 0.5) * 0.4;
        input(self.heading_rad, 0)
    }

    /// A random number from 0 to below 1.
    pub fn fraction(&mut self) -> f32 {
        (self.random.next_u32() >> 8) as f32 / (1 << 24) as f32
    }
}

/// The heading that leads along (x, z): 0 = -z, growing to the left.
fn heading(x: f32, z: f32) -> f32 {
    (-x).atan2(-z)
}

fn input(heading_rad: f32, buttons: u8) -> Input {
    let turns = (heading_rad / std::f32::consts::TAU).rem_euclid(1.0);
    Input {
        move_x: (-heading_rad.sin() * 127.0).round() as i8,
        move_z: (-heading_rad.cos() * 127.0).round() as i8,
        yaw: (turns * 65_536.0) as u32 as u16,
        pitch: 0,
        buttons,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_directions_agree() {
        let ahead = input(heading(0.0, -1.0), 0);
        assert_eq!((ahead.move_x, ahead.move_z, ahead.yaw), (0, -127, 0));
        let left = input(heading(-1.0, 0.0), 0);
        assert_eq!((left.move_x, left.move_z, left.yaw), (-127, 0, 16_384));
        let right = input(heading(1.0, 0.0), 0);
        assert_eq!((right.move_x, right.move_z, right.yaw), (127, 0, 49_152));
    }

    #[test]
    fn in_a_crowd_a_bot_walks_towards_the_middle_of_the_others() {
        let mut walker = Walker::new(Behaviour::Crowd, 1, 0);
        let input = walker.next(Some([0.0, 0.0]), Some([30.0, 0.0]));
        assert!(input.move_x > 115, "{input:?}");
    }

    #[test]
    fn a_wandering_bot_moves_and_comes_back_when_it_has_strayed() {
        let mut walker = Walker::new(Behaviour::Wander, 1, 0);
        let mut at = [0.0_f32, 0.0];
        let mut farthest = 0.0_f32;
        for _ in 0..30 * 300 {
            let input = walker.next(Some(at), None);
            at[0] += f32::from(input.move_x) / 127.0 * 0.15;
            at[1] += f32::from(input.move_z) / 127.0 * 0.15;
            farthest = farthest.max(at[0].hypot(at[1]));
        }
        assert!((10.0..60.0).contains(&farthest), "strayed {farthest} m");
    }

    #[test]
    fn a_run_can_be_repeated() {
        let walk = |seed| {
            let mut walker = Walker::new(Behaviour::Wander, seed, 5);
            (0..200).map(|_| walker.next(Some([0.0, 0.0]), None)).collect::<Vec<_>>()
        };
        assert_eq!(walk(7), walk(7));
        assert_ne!(walk(7), walk(8));
    }
}
