//! Named maxima of a world, each with its unit in its name.

/// Inputs of one person that wait for their ticks; beyond it they are dropped.
pub const WAITING_INPUTS_MAX: usize = 32;
/// Ticks for which the last input is repeated when none comes; after that the avatar stands.
pub const REPEATED_INPUT_TICKS_MAX: u32 = 10;
/// Loose bodies that an avatar can bump into at once, nearest first.
pub const BODY_REACH_M: f32 = 2.5;
/// Frames of one client that may be unacknowledged; older ones are forgotten, and when none is
/// left the next frame is a full one.
pub const UNACKED_FRAMES_MAX: usize = 48;
/// Extra distance, as a factor, before something seen goes out of sight again.
pub const SIGHT_HYSTERESIS: f32 = 1.1;
