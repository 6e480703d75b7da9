/**
 * How avatars are shaped and how they move: the numbers of `shared/motion/src/consts.rs`, as `f32`.
 * The golden recording carries the Rust values and a test compares them with these.
 */
const f = Math.fround;

export const constants = {
  CAPSULE_RADIUS_M: f(0.3),
  CAPSULE_HEIGHT_M: f(1.7),
  CAPSULE_HALF_SEGMENT_M: f(0.55),
  WALK_MPS: f(3),
  RUN_MPS: f(6),
  JUMP_MPS: f(4.5),
  GROUND_ACCELERATION_MPS2: f(48),
  AIR_ACCELERATION_MPS2: f(14),
  TERMINAL_MPS: f(50),
  FALL_EXCESS_MPS: f(6),
  STEP_HEIGHT_M: f(0.35),
  STEP_WIDTH_M: f(0.25),
  SLOPE_MAX_RAD: f(0.8726646),
  SLOPE_NORMAL_Y_MIN: f(0.6427876),
  SNAP_M: f(0.3),
  OFFSET_M: f(0.02),
  NORMAL_NUDGE: f(1.0e-4),
  RIDE_M: f(0.1),
  RIDE_NORMAL_Y_MIN: f(0.5),
  COYOTE_TICKS: 3,
  WEDGE_TRIAL_M: f(0.05),
  WEDGE_SLIP_M: f(0.001),
  COORDINATE_M_MAX: f(20_000),
  PROXY_SLOTS: 8,
  PROXY_COLLIDER_SLOTS: 16,
  AVATAR_MASS_KG: f(70),
} as const;
