//! Named maxima of a world, each with its unit in its name.

/// Inputs of one person that wait for their ticks; beyond it they are dropped.
pub const WAITING_INPUTS_MAX: usize = 32;
/// Ticks for which the last input is repeated when none comes; after that the avatar stands.
pub const REPEATED_INPUT_TICKS_MAX: u32 = 10;
/// Loose bodies that an avatar can bump into at once, nearest first.
pub const BODY_REACH_M: f32 = 2.5;
/// Packets to one client that may be unacknowledged; older ones count as lost.
pub const PACKETS_IN_FLIGHT_MAX: usize = 256;
/// Two neighbouring leaves with no more members than this together become one.
pub const LEAF_MERGED_MEMBERS_MAX: usize = 52;
/// Blocks of one leaf in one tick that build on different states; clients that want others get one
/// of these, or one that builds on nothing.
pub const BLOCKS_PER_LEAF_MAX: usize = 16;
/// Leaves that a client must be told to forget; with more it is told everything anew.
pub const FAREWELLS_MAX: usize = 1_024;
/// Ticks between two looks at which leaves can be joined.
pub const TIDY_TICKS: u32 = 16;
/// Ticks between two looks of one client at how far away each leaf is.
pub const LOOK_TICKS: u32 = 8;
/// The highest of the steps in which far tiers slow down under pressure.
pub const PRESSURE_MAX: u8 = vivarium_contract::PRESSURE_STEPS as u8 - 1;
/// Bytes per second that a client is sent at least, however much is lost on the way to it.
pub const CLIENT_BYTES_PER_S_MIN: u32 = 8 * 1024;
