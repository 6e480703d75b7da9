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
/// Seconds between two times at which it is told where loose things are.
pub const POSES_EVERY_S: f32 = 5.0;
/// Seconds between two places that one person points at, as others are told.
pub const POINT_EVERY_S: f32 = 0.1;
/// Places that people point at, of all of them together, of which those who build are told in a
/// second; and how many of them at once.
pub const POINTS_TOLD_PER_S: f32 = 100.0;
/// See [`POINTS_TOLD_PER_S`].
pub const POINTS_TOLD_BURST: f32 = 20.0;
/// Edits that wait for a tick with room for them; later ones are refused.
pub const EDITS_WAITING_MAX: usize = 1_024;
/// Operations of edits in one tick; an edit that was begun is finished. What changes many objects at
/// once, or brings much, counts for more ([`INSTANCES_PER_OPERATION`], [`BYTES_PER_OPERATION`]).
pub const OPERATIONS_PER_TICK: usize = 1_000;
/// Instances of a blueprint that count as one operation when it is changed.
pub const INSTANCES_PER_OPERATION: usize = 16;
/// Bytes (as JSON) of a batch that count as one operation.
pub const BYTES_PER_OPERATION: usize = 2 * 1024;
/// What a batch may count; larger ones are refused.
pub const BATCH_COST_MAX: usize = 4_000;
/// Bytes of edits (as JSON) that people in a world are told at once; beyond it they fetch the document.
pub const TOLD_BYTES_BURST: usize = 128 * 1024;
/// Bytes of edits (as JSON) per second that people in a world are told in the long run.
pub const TOLD_BYTES_PER_S: f32 = 96.0 * 1024.0;
/// Bytes (as JSON) of objects that are told as they are now when an edit is refused.
pub const COPIES_BYTES_MAX: usize = 64 * 1024;
/// Ticks for which the objects of a stroke are held for whoever moves them.
pub const HOLD_TICKS: u32 = 30;
/// Things of which it is known who changed them last; the older half is forgotten beyond it.
pub const TOUCHES_MAX: usize = 1 << 16;
/// Steps that one person can undo; the oldest go first.
pub const UNDO_STEPS_MAX: usize = 100;
/// Bytes (as JSON) of the steps that one person can undo; the oldest go first, the newest stays.
pub const UNDO_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes (as JSON) of all steps; whoever was quiet for longest can undo nothing any more.
pub const UNDO_BYTES_OF_ALL_MAX: usize = 64 * 1024 * 1024;
/// People who can undo something; who was quiet for longest is forgotten.
pub const UNDO_PEOPLE_MAX: usize = 256;
/// Objects that are told how they are now when an edit is refused.
pub const COPIES_MAX: usize = 64;
/// Bytes of an edit, or of what undoes it, as JSON: what the log takes.
pub const LOG_BATCH_BYTES_MAX: usize = 1024 * 1024;
/// Bytes per second that a client is sent at least, however much is lost on the way to it.
pub const CLIENT_BYTES_PER_S_MIN: u32 = 8 * 1024;
/// Ticks between two steps of a companion that stands on something that does not move.
pub const COMPANION_REST_TICKS: u32 = 16;
/// Ticks between two thoughts of a companion on how to pass the time.
pub const COMPANION_THINK_TICKS: u32 = 15;
/// Companions that walk about to pass the time, at once; the others do something else. Those who were
/// asked to go somewhere count as well, and always may.
pub const IDLE_WALKERS_MAX: usize = 40;
/// Ways that companions may seek in one tick; the others wait.
pub const WAYS_PER_TICK: usize = 2;
/// How far (metres) a companion sees.
pub const COMPANION_SIGHT_M: f32 = 30.0;
/// Radius (metres) of what a companion can carry at most.
pub const CARRIED_RADIUS_M_MAX: f32 = 0.55;
/// Mass (kilograms) of what a companion can carry at most.
pub const CARRIED_KG_MAX: f32 = 40.0;
/// Seconds that one deed may take.
pub const DEED_S_MAX: u32 = 90;
/// Seconds for which a companion stays when it was told to.
pub const STAY_S: u32 = 120;
/// Seconds for which a companion takes what somebody says for itself after it answered them.
pub const TALK_S: u32 = 25;
/// Seconds in which an answer must be ended.
pub const ASK_S_MAX: u32 = 120;
/// Seconds of silence after which an answer is given up.
pub const SILENCE_S_MAX: u32 = 45;
/// Asks that leave a world in one tick; the others wait.
pub const ASKS_PER_TICK: usize = 4;
/// People whose words wait until a companion has answered another; those of more are refused.
pub const HEARD_WAITING_MAX: usize = 8;
/// Texts that a companion says by itself, each to another person, as soon as both are free; the oldest
/// go.
pub const SAID_LATER_MAX: usize = 8;
/// Seconds for which such a text waits.
pub const SAID_LATER_S_MAX: u32 = 3_600;
/// Words of a mind that wait for the end of a tick; those beyond it are lost.
pub const WORDS_WAITING_MAX: usize = 256;
/// Tiles of ground, of 7 m, that are kept for companions; when all of them are wanted, no more are
/// built.
pub const NAV_TILES_MAX: usize = 4_096;
/// About how much memory all tiles may take, bytes; the same then.
pub const NAV_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How far (metres) around a place a companion may want the ground to be known.
pub const NAV_RANGE_M_MAX: f32 = 70.0;
/// Wishes for ground in one tick; the others are for nothing.
pub const NAV_WISHES_MAX: usize = 128;
/// Spans of solid in the columns of one tile; in a tile with more of them nobody can walk.
pub const NAV_TILE_SPANS_MAX: usize = 128 * 1024;
/// Patches of ground of one tile; in a tile with more of them nobody can walk.
pub const NAV_TILE_PATCHES_MAX: usize = 4_096;
/// Floors above one another; there is no walking on those above them.
pub const NAV_TILE_LAYERS_MAX: usize = 60;
/// Work on ground in one tick: about as many microseconds of an optimised build.
pub const NAV_UNITS_PER_TICK: usize = 500;
/// Patches that the search for one way looks at.
pub const NAV_PATCHES_PER_WAY_MAX: usize = 4_096;
/// Patches that the search for a place to stroll to looks at.
pub const NAV_PATCHES_PER_STROLL_MAX: usize = 1_024;
/// How far (metres) from either end of a way the ground may be.
pub const NAV_SNAP_M: f32 = 1.0;
/// How far (metres) the nearest ground is looked for.
pub const NAV_NEAREST_M_MAX: f32 = 16.0;
/// Seconds for which a companion holds something when nothing, or only to follow, is asked of it.
pub const HOLD_S_MAX: u32 = 180;
