//! The crowd that every library replicates: the same walk, tick for tick.
//!
//! Owns who walks where. Walkers are moved by the avatar step of `vivarium-motion` with inputs
//! drawn from a seed, so that Vivarium's own world, given those inputs, has its avatars in exactly
//! these places, and the other libraries are handed the places. Knows no library.

use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::json;
use vivarium_motion::{AvatarState, QueryWorld, consts::CAPSULE_HEIGHT_M};
use vivarium_protocol::intent::Input;
use vivarium_scene::document::WorldDocument;

/// Snapshots per second.
pub const TICKS_PER_S: u16 = 20;
/// Radius (metres) of the disc on which the walkers start and to which they turn back.
const SPREAD_M: f32 = 25.0;
/// A walker turns after so many ticks: three seconds, give or take one.
const STRAIGHT_TICKS: std::ops::Range<u32> = 40..81;
/// Gap (metres) between the feet of somebody who appears and the ground, as the world has it.
const SPAWN_GAP_M: f32 = 0.05;
/// Farther than this (metres) sees everyone, wherever they walk.
const SIGHT_M: f32 = 400.0;

/// What is replicated of an avatar.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pose {
    /// Centre of the capsule, metres.
    pub position_m: [f32; 3],
    /// Heading in 1/65536 turn.
    pub yaw: u16,
}

/// A pose in the units in which the other libraries send it: whole centimetres, and 1/256 turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoarsePose {
    /// Centre of the capsule, centimetres.
    pub position_cm: [i16; 3],
    /// Heading in 1/256 turn.
    pub yaw: u8,
}

impl From<Pose> for CoarsePose {
    fn from(pose: Pose) -> Self {
        let position_cm = pose.position_m.map(|metres| (metres * 100.0).round() as i16);
        Self { position_cm, yaw: (pose.yaw >> 8) as u8 }
    }
}

/// How far (metres, 1/65536 turn) a [`CoarsePose`] may be from what it was made of, rounding of
/// `f32` included.
pub const COARSE_TOLERANCE: (f32, u16) = (0.005_01, 256);

impl From<CoarsePose> for Pose {
    fn from(pose: CoarsePose) -> Self {
        let position_m = pose.position_cm.map(|centimetres| f32::from(centimetres) / 100.0);
        Self { position_m, yaw: u16::from(pose.yaw) << 8 }
    }
}

struct Walker {
    state: AvatarState,
    input: Input,
    turns_at: u32,
}

/// All walkers, moved tick by tick.
pub struct Crowd {
    ground: QueryWorld,
    document: Arc<WorldDocument>,
    walkers: Vec<Walker>,
    poses: Vec<Pose>,
    tick: u32,
    seed: u64,
}

impl Crowd {
    /// `people` walkers, each on a spot of its own.
    pub fn of(people: usize) -> Result<Self> {
        let mut seed = 0x5eed;
        let spots: Vec<[f32; 2]> = (0..people).map(|_| spot(&mut seed)).collect();
        let document = document(&spots)?;
        let ground = QueryWorld::new(&document).context("the crowd's floor can be walked on")?;
        let height_m = CAPSULE_HEIGHT_M / 2.0 + SPAWN_GAP_M;
        let walkers = spots
            .iter()
            .map(|[x, z]| Walker {
                state: AvatarState::at([*x, height_m, *z]),
                input: Input::default(),
                turns_at: 0,
            })
            .collect();
        let poses = vec![Pose::default(); people];
        Ok(Self { ground, document: Arc::new(document), walkers, poses, tick: 0, seed })
    }

    /// The world document of the floor; spawn object `i` is called `spot i`.
    pub fn document(&self) -> Arc<WorldDocument> {
        self.document.clone()
    }

    /// The tick that ended last.
    pub fn tick(&self) -> u32 {
        self.tick
    }

    /// Moves everyone by one tick. In the first tick, in which they appear, they stand.
    pub fn step(&mut self) {
        self.tick += 1;
        self.ground.begin_tick(self.tick);
        for (walker, pose) in self.walkers.iter_mut().zip(&mut self.poses) {
            if self.tick > 1 && self.tick >= walker.turns_at {
                walker.turn(self.tick, &mut self.seed);
            }
            walker.state = self.ground.step(&walker.state, &walker.input).state;
            *pose = Pose { position_m: walker.state.position_m, yaw: walker.input.yaw };
        }
    }

    /// What everyone holds down in the tick that ended last.
    pub fn inputs(&self) -> impl Iterator<Item = Input> + '_ {
        self.walkers.iter().map(|walker| walker.input)
    }

    /// Where everyone is.
    pub fn poses(&self) -> &[Pose] {
        &self.poses
    }
}

impl Walker {
    fn turn(&mut self, tick: u32, seed: &mut u64) {
        // The first turn comes early for some and late for others, so that turns are spread evenly.
        let straight_ticks = if self.turns_at == 0 {
            draw(seed) as u32 % STRAIGHT_TICKS.end
        } else {
            STRAIGHT_TICKS.start + draw(seed) as u32 % STRAIGHT_TICKS.len() as u32
        };
        self.turns_at = tick + straight_ticks.max(1);
        let [x, _, z] = self.state.position_m;
        let away_m = (x * x + z * z).sqrt();
        let mut heading = unit(seed) * std::f32::consts::TAU;
        if away_m > SPREAD_M {
            // Back to the middle, within an eighth of a turn.
            heading = x.atan2(z) + (unit(seed) - 0.5) * std::f32::consts::FRAC_PI_2;
        }
        // Heading 0 looks along -z and grows to the left.
        self.input.move_x = (-heading.sin() * 127.0).round() as i8;
        self.input.move_z = (-heading.cos() * 127.0).round() as i8;
        self.input.yaw = (heading / std::f32::consts::TAU * 65_536.0).round() as i32 as u16;
    }
}

fn document(spots: &[[f32; 2]]) -> Result<WorldDocument> {
    let mut objects = vec![json!({
        "position_m": [0.0, -0.5, 0.0],
        "properties": { "colliders": [{ "shape": { "box": { "size_m": [400.0, 1.0, 400.0] } } }] }
    })];
    objects.extend(spots.iter().enumerate().map(|(index, [x, z])| {
        json!({
            "name": format!("spot {index}"),
            "position_m": [x, 0.0, z],
            "properties": { "spawn": { "radius_m": 0.0 } }
        })
    }));
    let document = json!({
        "version": 1,
        "name": "crowd",
        "title": "Crowd",
        "settings": { "ticks_per_s": TICKS_PER_S, "sight_m": SIGHT_M },
        "objects": objects
    });
    vivarium_scene::load::from_json(document.to_string().as_bytes())
        .context("the crowd's own document is valid")
}

/// A place on the disc, by rejection.
fn spot(seed: &mut u64) -> [f32; 2] {
    loop {
        let [x, z] = [unit(seed) * 2.0 - 1.0, unit(seed) * 2.0 - 1.0];
        if x * x + z * z <= 1.0 {
            // In whole steps of 1/1024 m, so that the document's text gives the same bits.
            return [x, z].map(|at| (at * SPREAD_M * 1024.0).round() / 1024.0);
        }
    }
}

/// From 0 up to, but without, 1.
fn unit(seed: &mut u64) -> f32 {
    (draw(seed) >> 40) as f32 / 16_777_216.0
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
fn draw(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *seed;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
