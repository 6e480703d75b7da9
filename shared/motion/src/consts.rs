//! How avatars are shaped and how they move. `client-web/src/predict/constants.ts` holds the same
//! numbers, and the golden recording carries them so that a test compares the two.

/// Radius of the capsule, metres.
pub const CAPSULE_RADIUS_M: f32 = 0.3;
/// Whole height of the capsule, metres.
pub const CAPSULE_HEIGHT_M: f32 = 1.7;
/// From the capsule's centre to the centre of a cap, metres.
pub const CAPSULE_HALF_SEGMENT_M: f32 = 0.55;
/// Speed of walking on level ground, metres per second.
pub const WALK_MPS: f32 = 3.0;
/// Speed of running on level ground, metres per second.
pub const RUN_MPS: f32 = 6.0;
/// Upward speed at the start of a jump, metres per second.
pub const JUMP_MPS: f32 = 4.5;
/// How fast the velocity follows the wish on the ground, metres per second squared.
pub const GROUND_ACCELERATION_MPS2: f32 = 48.0;
/// How fast the velocity follows the wish in the air, metres per second squared.
pub const AIR_ACCELERATION_MPS2: f32 = 14.0;
/// No part of a velocity grows beyond this, metres per second.
pub const TERMINAL_MPS: f32 = 50.0;
/// How much faster (metres per second) an avatar may want to fall than it does: what slides down a
/// steep slope does not leave it with the speed of a free fall.
pub const FALL_EXCESS_MPS: f32 = 6.0;
/// Highest step that is walked up without a jump, metres.
pub const STEP_HEIGHT_M: f32 = 0.35;
/// Free width that must be there on top of a step, metres.
pub const STEP_WIDTH_M: f32 = 0.25;
/// Steepest slope that carries an avatar, radians (50 degrees).
pub const SLOPE_MAX_RAD: f32 = 0.872_664_6;
/// Cosine of [`SLOPE_MAX_RAD`]: the smallest upward part of a walkable surface's normal.
pub const SLOPE_NORMAL_Y_MIN: f32 = 0.642_787_6;
/// How far (metres) walking down steps and slopes keeps the feet on the ground.
pub const SNAP_M: f32 = 0.3;
/// Gap (metres) kept between the capsule and everything else.
pub const OFFSET_M: f32 = 0.02;
/// Nudge along contact normals, the controller's `normal_nudge_factor`.
pub const NORMAL_NUDGE: f32 = 1.0e-4;
/// How far (metres) below the feet a mover carries an avatar.
pub const RIDE_M: f32 = 0.1;
/// Smallest upward part of the normal at which a mover carries an avatar.
pub const RIDE_NORMAL_Y_MIN: f32 = 0.5;
/// Ticks after walking off an edge in which a jump is still allowed.
pub const COYOTE_TICKS: u8 = 3;
/// An avatar on steep ground that cannot slip even this far (metres) down counts as standing, so
/// that it can jump out of a crevice.
pub const WEDGE_TRIAL_M: f32 = 0.05;
/// Less than this (metres) in that trial is not slipping.
pub const WEDGE_SLIP_M: f32 = 0.001;
/// Farthest coordinate (metres) at which an avatar moves; twice that of a document.
pub const COORDINATE_M_MAX: f32 = 20_000.0;
/// Loose bodies that one step can take into account.
pub const PROXY_SLOTS: usize = 8;
/// Colliders of loose bodies that one step can take into account.
pub const PROXY_COLLIDER_SLOTS: usize = 16;
/// Mass (kilograms) with which an avatar pushes loose bodies.
pub const AVATAR_MASS_KG: f32 = 70.0;
