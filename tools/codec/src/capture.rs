//! Worlds of 901 cubes, stepped by rapier at 60 Hz: a large one that a player rolls through 900
//! small ones, in the manner of Glenn Fiedler's demonstration.
//!
//! The seed decides all: how the cubes lie, what the player does, which axis is up. Invariant: the
//! same seed gives the same trace on every machine.

use std::f32::consts::FRAC_1_SQRT_2;

use anyhow::Result;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use rapier3d::prelude::*;

use crate::trace::{CUBES, Cube, FIELDS, Trace};

const STEPS_PER_M: f32 = 512.0;
const FRAMES_PER_S: f32 = 60.0;
/// The player turns to another place after this many frames, at most.
const STROLL_FRAMES_MAX: f32 = 150.0;

/// How the small cubes lie at first.
#[derive(Clone, Copy, Debug)]
enum Layout {
    /// On a grid on the floor.
    Field,
    /// In towers.
    Towers,
    /// In a heap that falls from above.
    Rain,
}

/// What the seed decides.
struct Plan {
    layout: Layout,
    /// Distance between neighbours, in edges of a small cube.
    spacing: f32,
    small_m: f32,
    large_m: f32,
    /// Pull towards the player, m/s² at its surface; 0 for none.
    pull_mps2: f32,
    /// Frames between blows that throw what is near the player; 0 for none.
    blow_frames: usize,
    speed_mps: f32,
    friction: f32,
    restitution: f32,
    z_is_up: bool,
}

impl Plan {
    fn new(seed: u64, random: &mut Random) -> Self {
        let layout = match seed % 4 {
            0 | 1 => Layout::Field,
            2 => Layout::Towers,
            _ => Layout::Rain,
        };
        Self {
            layout,
            spacing: random.between(1.5, 3.0),
            small_m: random.between(0.35, 0.5),
            large_m: random.between(1.2, 2.0),
            pull_mps2: if seed % 4 == 1 || random.between(0.0, 1.0) < 0.25 {
                random.between(10.0, 30.0)
            } else {
                0.0
            },
            blow_frames: if random.between(0.0, 1.0) < 0.4 {
                random.between(120.0, 400.0) as usize
            } else {
                0
            },
            speed_mps: random.between(2.5, 7.0),
            friction: random.between(0.4, 0.9),
            restitution: random.between(0.0, 0.3),
            z_is_up: seed.is_multiple_of(3),
        }
    }
}

struct Random(ChaCha8Rng);

impl Random {
    fn between(&mut self, min: f32, max: f32) -> f32 {
        min + (max - min) * (self.0.next_u32() >> 8) as f32 / (1 << 24) as f32
    }
}

/// Steps the world of `seed` for `frames` frames.
pub fn capture(seed: u64, frames: usize) -> Result<Trace> {
    let mut random = Random(ChaCha8Rng::seed_from_u64(seed));
    let plan = Plan::new(seed, &mut random);
    let mut world = World::build(&plan, &mut random);
    let mut trace = Trace::default();
    for frame in 0..frames {
        world.play(&plan, frame, &mut random);
        world.physics.step();
        trace.push(&world.quantised(&plan))?;
    }
    Ok(trace)
}

struct World {
    physics: PhysicsWorld,
    cubes: Vec<(RigidBodyHandle, ColliderHandle)>,
    goal: [f32; 2],
    goal_until: usize,
    half_field_m: f32,
}

impl World {
    fn build(plan: &Plan, random: &mut Random) -> Self {
        let mut physics = PhysicsWorld::new();
        physics.integration_parameters.dt = 1.0 / FRAMES_PER_S;
        let floor = ColliderBuilder::cuboid(500.0, 1.0, 500.0)
            .translation(Vector::new(0.0, -1.0, 0.0))
            .friction(plan.friction);
        physics.insert_collider(floor, None);
        let pitch_m = plan.small_m * plan.spacing;
        let half_field_m = pitch_m * 15.0;
        let mut cubes = Vec::with_capacity(CUBES);
        let mut add = |position: Vector, size_m: f32, turn: f32| {
            let body = RigidBodyBuilder::dynamic()
                .translation(position)
                .rotation(Vector::new(0.0, turn, 0.0));
            let body = physics.insert_body(body);
            let collider = ColliderBuilder::cuboid(size_m / 2.0, size_m / 2.0, size_m / 2.0)
                .friction(plan.friction)
                .restitution(plan.restitution)
                .density(1.0);
            let collider = physics.insert_collider(collider, Some(body));
            cubes.push((body, collider));
        };
        add(Vector::new(-half_field_m, plan.large_m, -half_field_m), plan.large_m, 0.0);
        for index in 0..CUBES - 1 {
            let (position, turn) = place(plan, index, pitch_m, random);
            add(position, plan.small_m, turn);
        }
        Self { physics, cubes, goal: [0.0; 2], goal_until: 0, half_field_m }
    }

    /// What the player does in a frame: rolls towards a place, pulls, now and then strikes.
    fn play(&mut self, plan: &Plan, frame: usize, random: &mut Random) {
        if frame >= self.goal_until {
            let half_m = self.half_field_m;
            self.goal = [random.between(-half_m, half_m), random.between(-half_m, half_m)];
            self.goal_until = frame + random.between(30.0, STROLL_FRAMES_MAX) as usize;
        }
        let (player, _) = self.cubes[0];
        let bodies = &mut self.physics.bodies;
        let body = &mut bodies[player];
        let at = body.translation();
        let to = Vector::new(self.goal[0] - at.x, 0.0, self.goal[1] - at.z);
        let towards = to / to.length().max(1.0) * plan.speed_mps;
        let wanted = towards - body.linvel();
        let mass = body.mass();
        body.reset_forces(false);
        body.add_force(Vector::new(wanted.x, 0.0, wanted.z) * mass * 4.0, true);
        let roll = Vector::new(towards.z, 0.0, -towards.x);
        body.add_torque(roll * mass * plan.large_m, true);

        let blow = plan.blow_frames > 0 && frame % plan.blow_frames == plan.blow_frames - 1;
        let reach_m = plan.large_m * 2.5;
        for (cube, _) in &self.cubes[1..] {
            let body = &mut bodies[*cube];
            body.reset_forces(false);
            let away = body.translation() - at;
            let distance_m = away.length();
            if distance_m > reach_m || distance_m < 0.01 {
                continue;
            }
            let mass = body.mass();
            if plan.pull_mps2 > 0.0 {
                let fade = 1.0 - distance_m / reach_m;
                body.add_force(away / distance_m * (-plan.pull_mps2 * mass * fade), true);
            }
            if blow {
                let up = Vector::new(0.0, random.between(2.0, 5.0), 0.0);
                body.apply_impulse((away / distance_m * 4.0 + up) * mass, true);
            }
        }
    }

    fn quantised(&self, plan: &Plan) -> [Cube; CUBES] {
        let (player, player_collider) = self.cubes[0];
        let mut frame = [[0; FIELDS]; CUBES];
        for (index, (cube, (body, _))) in frame.iter_mut().zip(&self.cubes).enumerate() {
            let body = &self.physics.bodies[*body];
            let (at, turn) = (body.translation(), body.rotation());
            // Another axis that is up is the same world seen from another side: y to z, z to x.
            let (at, turn) = if plan.z_is_up {
                ([at.z, at.x, at.y], [turn.z, turn.x, turn.y, turn.w])
            } else {
                ([at.x, at.y, at.z], [turn.x, turn.y, turn.z, turn.w])
            };
            cube[..4].copy_from_slice(&smallest_three(turn));
            for (field, coordinate_m) in cube[4..7].iter_mut().zip(at) {
                *field = (coordinate_m * STEPS_PER_M).round() as i32;
            }
            cube[7] = i32::from(index == 0);
        }
        for pair in self.physics.contact_pairs_with(player_collider) {
            if pair.has_any_active_contact() {
                for collider in [pair.collider1, pair.collider2] {
                    let touching = self.cubes.iter().position(|(_, other)| *other == collider);
                    if let Some(touching) = touching {
                        frame[touching][7] = 1;
                    }
                }
            }
        }
        debug_assert!(self.physics.bodies.contains(player));
        frame
    }
}

/// Where the small cube of an index starts, and how far it is turned about the vertical (rad).
fn place(plan: &Plan, index: usize, pitch_m: f32, random: &mut Random) -> (Vector, f32) {
    let on_floor_m = plan.small_m / 2.0;
    let cell = |count: usize, index: usize| {
        let (row, column) = (index / count, index % count);
        [row, column].map(|it| (it as f32 - (count as f32 - 1.0) / 2.0) * pitch_m)
    };
    match plan.layout {
        Layout::Field => {
            let [x, z] = cell(30, index);
            (Vector::new(x, on_floor_m, z), random.between(0.0, 0.2))
        }
        Layout::Towers => {
            let height = 5;
            let [x, z] = cell(14, index / height);
            let level = (index % height) as f32;
            (Vector::new(x * 2.0, on_floor_m + level * plan.small_m, z * 2.0), 0.0)
        }
        Layout::Rain => {
            let [x, z] = cell(10, index % 100);
            let level = (index / 100) as f32;
            let height_m = on_floor_m + 1.0 + level * plan.small_m * 2.5;
            let jitter_m = random.between(-0.3, 0.3);
            (Vector::new(x + jitter_m, height_m, z + jitter_m), random.between(0.0, 1.5))
        }
    }
}

/// The index of the largest component, and the others from -1/√2..1/√2 to 0..511.
fn smallest_three(rotation: [f32; 4]) -> [i32; 4] {
    let mut largest = 0;
    for index in 1..4 {
        if rotation[index].abs() > rotation[largest].abs() {
            largest = index;
        }
    }
    let sign = rotation[largest].signum();
    let mut fields = [largest as i32, 0, 0, 0];
    let others = (0..4).filter(|index| *index != largest);
    for (field, index) in fields[1..].iter_mut().zip(others) {
        let part = (rotation[index] * sign + FRAC_1_SQRT_2) * FRAC_1_SQRT_2;
        *field = (part * 511.0).round().clamp(0.0, 511.0) as i32;
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_trace() {
        let trace = capture(1, 3).unwrap();
        assert_eq!(trace.frame_count(), 3);
        assert_eq!(trace, capture(1, 3).unwrap());
        assert_ne!(trace, capture(2, 3).unwrap());
    }

    #[test]
    fn rotations_keep_the_three_smallest_parts() {
        assert_eq!(smallest_three([0.0, 0.0, 0.0, -1.0]), [3, 255, 255, 255]);
        assert_eq!(smallest_three([0.8, 0.6, 0.0, 0.0]), [0, 472, 255, 255]);
    }
}
