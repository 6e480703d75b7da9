//! One step of one avatar.
//!
//! ```text
//! carry by the mover underfoot -> velocity follows the wish -> jump or fall -> move and slide
//!   -> pushed out of what moved into it -> stands or not -> velocity that the next step starts from
//! ```
//!
//! While standing, no downward motion is asked for and snapping holds the feet on the ground: a
//! capsule that is pushed down between the floor and an overhang would freeze.

use rapier3d::{
    control::{
        CharacterAutostep, CharacterCollision, CharacterLength, EffectiveCharacterMovement,
        KinematicCharacterController,
    },
    math::Vector,
    prelude::Group,
};
use vivarium_protocol::intent::{Input, buttons};

use crate::{
    AvatarState,
    consts::{
        AIR_ACCELERATION_MPS2, CAPSULE_HEIGHT_M, COORDINATE_M_MAX, COYOTE_TICKS, FALL_EXCESS_MPS,
        GROUND_ACCELERATION_MPS2, JUMP_MPS, NORMAL_NUDGE, OFFSET_M, RIDE_M, RUN_MPS, SLOPE_MAX_RAD,
        SLOPE_NORMAL_Y_MIN, SNAP_M, STEP_HEIGHT_M, STEP_WIDTH_M, TERMINAL_MPS, WALK_MPS,
        WEDGE_SLIP_M, WEDGE_TRIAL_M,
    },
    geometry,
    query_world::{MOVER, Owner, PROXY, QueryWorld, STATIC},
    shape,
};

/// Something that an avatar ran into while moving on its own.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    /// To whom the collider belongs.
    pub owner: Owner,
    /// For `solve_character_collision_impulses` in the physics world. Its `handle` is the query
    /// world's and means nothing there; the solver does not read it.
    pub collision: CharacterCollision,
}

/// What a step made of a state.
#[derive(Clone, Copy, Debug)]
pub struct StepResult<'a> {
    /// At the end of the tick.
    pub state: AvatarState,
    /// In the order in which they happened; overwritten by the next step.
    pub hits: &'a [Hit],
}

/// The controller of avatars that stand (`true`) or are in the air. The latter also carries riders
/// and frees what is stuck. The physics world needs it for pushing loose bodies.
pub fn controller(standing: bool) -> KinematicCharacterController {
    KinematicCharacterController {
        up: Vector::Y,
        offset: CharacterLength::Absolute(OFFSET_M),
        slide: true,
        autostep: standing.then_some(CharacterAutostep {
            max_height: CharacterLength::Absolute(STEP_HEIGHT_M),
            min_width: CharacterLength::Absolute(STEP_WIDTH_M),
            include_dynamic_bodies: false,
        }),
        max_slope_climb_angle: SLOPE_MAX_RAD,
        min_slope_slide_angle: SLOPE_MAX_RAD,
        snap_to_ground: standing.then_some(CharacterLength::Absolute(SNAP_M)),
        normal_nudge_factor: NORMAL_NUDGE,
    }
}

impl QueryWorld {
    /// Moves one avatar through the tick of the last [`QueryWorld::begin_tick`].
    ///
    /// Any input and any state is allowed: numbers that are not finite count as zero and the result
    /// is always finite. Hits are not reported again for an avatar that has come to rest where
    /// only statics are near.
    pub fn step(&mut self, state: &AvatarState, input: &Input) -> StepResult<'_> {
        self.hits.clear();
        if !self.undisturbed(state.position_m) {
            let state = self.stepped(state, input);
            return StepResult { state, hits: &self.hits };
        }
        if self.resting.knows(state, input) {
            return StepResult { state: *state, hits: &self.hits };
        }
        let after = self.stepped(state, input);
        self.resting.learn(state, input, &after);
        StepResult { state: after, hits: &self.hits }
    }

    fn stepped(&mut self, state: &AvatarState, input: &Input) -> AvatarState {
        let dt = self.dt_s;
        let before = sane(state);
        let mut position = before.position_m;
        let mut velocity = before.velocity_mps;

        let ridden = if before.grounded { self.ridden(position, true) } else { None };
        if let Some(mover) = ridden {
            position = self.carried(position, self.mover_delta(mover));
        }

        let wish = wish_mps(input);
        let acceleration =
            if before.grounded { GROUND_ACCELERATION_MPS2 } else { AIR_ACCELERATION_MPS2 };
        approach(&mut velocity, wish, acceleration * dt);

        let jump_held = input.buttons & buttons::JUMP != 0;
        let may_jump = before.grounded || before.airborne_ticks <= COYOTE_TICKS;
        let jumps = jump_held && !before.jump_held && may_jump;
        let standing = before.grounded && !jumps;
        if jumps {
            velocity[1] = JUMP_MPS;
        } else if standing {
            velocity[1] = 0.0;
        } else {
            velocity[1] = clamp(velocity[1] + self.gravity_mps2 * dt);
        }

        let start = position;
        let wanted = [velocity[0] * dt, velocity[1] * dt, velocity[2] * dt];
        let movement = self.moved(position, wanted, standing);
        position = geometry::add(position, movement.translation.to_array());
        let moved = geometry::subtract(position, start);

        let share = along(moved, wanted);
        if self.moving_near(position) || share < 0.1 {
            position = self.freed(position);
        }
        if !position.iter().all(|part| part.is_finite()) {
            position = before.position_m;
            velocity = [0.0; 3];
        }

        let rising = !standing && velocity[1] > 0.0;
        let grounded = !rising && movement.grounded && self.supports(position);

        if grounded {
            velocity[1] = 0.0;
        } else {
            clip(&mut velocity, moved, share, dt);
        }
        velocity = self.change_frame(velocity, ridden, before.grounded, grounded, position);

        let airborne_ticks = if grounded {
            0
        } else if jumps {
            COYOTE_TICKS + 1
        } else {
            before.airborne_ticks.saturating_add(1)
        };
        AvatarState {
            position_m: position,
            velocity_mps: velocity,
            grounded,
            jump_held,
            airborne_ticks,
        }
    }

    /// Moves and slides; what it hits goes to `self.hits`.
    fn moved(
        &mut self,
        position: [f32; 3],
        wanted: [f32; 3],
        standing: bool,
    ) -> EffectiveCharacterMovement {
        let mut hits = std::mem::take(&mut self.hits);
        let movement =
            self.slide(position, wanted, standing, STATIC | MOVER | PROXY, |collision| {
                hits.push(Hit { owner: self.owner(collision.handle), collision });
            });
        self.hits = hits;
        movement
    }

    /// Where a mover's motion brings a rider. Only statics stop it: the mover itself is there
    /// already, and loose bodies ride along.
    fn carried(&self, position: [f32; 3], delta: [f32; 3]) -> [f32; 3] {
        if delta == [0.0; 3] {
            return position;
        }
        let movement = self.slide(position, delta, false, STATIC, |_| {});
        geometry::add(position, movement.translation.to_array())
    }

    /// Pushed out of whatever the capsule overlaps, at most a quarter of its height: rapier does so
    /// when no motion is asked for.
    fn freed(&self, position: [f32; 3]) -> [f32; 3] {
        let movement = self.slide(position, [0.0; 3], false, STATIC | MOVER | PROXY, |_| {});
        geometry::add(position, movement.translation.to_array())
    }

    fn slide(
        &self,
        position: [f32; 3],
        wanted: [f32; 3],
        standing: bool,
        meets: Group,
        on_hit: impl FnMut(CharacterCollision),
    ) -> EffectiveCharacterMovement {
        controller(standing).move_shape(
            self.dt_s,
            &self.queries(meets),
            &*self.capsule.0,
            &shape::pose(position, [0.0, 0.0, 0.0, 1.0]),
            Vector::from_array(wanted),
            on_hit,
        )
    }

    /// Whether what lies under the feet is flat enough to stand on: straight below, within a step's
    /// height, or at the very point that the capsule rests on (an edge). Between steep slopes that
    /// leave no way down an avatar stands as well.
    fn supports(&self, position: [f32; 3]) -> bool {
        let reach = CAPSULE_HEIGHT_M * 0.5 + STEP_HEIGHT_M + 0.05;
        let below = self.normal_below(position, reach);
        if below.is_some_and(|normal_y| normal_y >= SLOPE_NORMAL_Y_MIN) {
            return true;
        }
        let rests_on = self.cast_down(position, RIDE_M, STATIC | MOVER | PROXY);
        if rests_on.is_some_and(|(_, normal_y)| normal_y >= SLOPE_NORMAL_Y_MIN) {
            return true;
        }
        let trial = [0.0, -WEDGE_TRIAL_M, 0.0];
        let slip = self.slide(position, trial, false, STATIC | MOVER | PROXY, |_| {}).translation;
        geometry::length(slip.to_array()) < WEDGE_SLIP_M
    }

    /// Who leaves a mover takes its velocity along; who lands on one has only the difference.
    fn change_frame(
        &self,
        velocity: [f32; 3],
        ridden: Option<usize>,
        stood: bool,
        stands: bool,
        position: [f32; 3],
    ) -> [f32; 3] {
        let mut velocity = velocity;
        if stood && !stands {
            if let Some(mover) = ridden {
                let delta = self.mover_delta(mover);
                velocity[0] += delta[0] / self.dt_s;
                velocity[2] += delta[2] / self.dt_s;
                let rise = delta[1] / self.dt_s;
                if rise > 0.0 {
                    velocity[1] += rise;
                }
            }
        } else if !stood
            && stands
            && let Some(mover) = self.ridden(position, false)
        {
            let delta = self.mover_delta(mover);
            velocity[0] -= delta[0] / self.dt_s;
            velocity[2] -= delta[2] / self.dt_s;
        }
        velocity.map(clamp)
    }
}

/// The state with every number finite and within bounds.
fn sane(state: &AvatarState) -> AvatarState {
    let mut sane = *state;
    for part in &mut sane.position_m {
        if !part.is_finite() {
            *part = 0.0;
        }
        *part = part.clamp(-COORDINATE_M_MAX, COORDINATE_M_MAX);
    }
    for part in &mut sane.velocity_mps {
        if !part.is_finite() {
            *part = 0.0;
        }
        *part = clamp(*part);
    }
    sane
}

fn clamp(velocity: f32) -> f32 {
    velocity.clamp(-TERMINAL_MPS, TERMINAL_MPS)
}

/// The velocity along x and z that an input asks for, never more than full speed.
fn wish_mps(input: &Input) -> [f32; 2] {
    let mut x = f32::from(input.move_x.max(-127)) / 127.0;
    let mut z = f32::from(input.move_z.max(-127)) / 127.0;
    let square = x * x + z * z;
    if square > 1.0 {
        let length = square.sqrt();
        x /= length;
        z /= length;
    }
    let speed = if input.buttons & buttons::RUN != 0 { RUN_MPS } else { WALK_MPS };
    [x * speed, z * speed]
}

/// Changes the horizontal velocity towards the wish by at most `change_mps`.
fn approach(velocity: &mut [f32; 3], wish: [f32; 2], change_mps: f32) {
    let x = wish[0] - velocity[0];
    let z = wish[1] - velocity[2];
    let length = (x * x + z * z).sqrt();
    if length <= change_mps {
        velocity[0] = wish[0];
        velocity[2] = wish[1];
    } else {
        let share = change_mps / length;
        velocity[0] += x * share;
        velocity[2] += z * share;
    }
}

/// Which share of the wanted horizontal motion happened; 1 when none was wanted.
fn along(moved: [f32; 3], wanted: [f32; 3]) -> f32 {
    let square = wanted[0] * wanted[0] + wanted[2] * wanted[2];
    if square < 1.0e-6 {
        return 1.0;
    }
    (moved[0] * wanted[0] + moved[2] * wanted[2]) / square
}

/// In the air what stops a motion stops the velocity too: walls sideways, ceilings upwards, slopes
/// downwards.
fn clip(velocity: &mut [f32; 3], moved: [f32; 3], share: f32, dt: f32) {
    if share < 0.35 {
        velocity[0] = clamp(moved[0] / dt);
        velocity[2] = clamp(moved[2] / dt);
    }
    let actual = moved[1] / dt;
    if velocity[1] > 0.0 {
        if actual < velocity[1] * 0.5 {
            velocity[1] = if actual > 0.0 { actual } else { 0.0 };
        }
    } else if velocity[1] < actual - FALL_EXCESS_MPS {
        velocity[1] = actual - FALL_EXCESS_MPS;
    }
}
