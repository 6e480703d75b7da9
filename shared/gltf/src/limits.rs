//! The most that a file may have. What exceeds a limit is refused with a text that names it.

/// Bytes of a file, both ways.
pub const FILE_BYTES_MAX: usize = 512 << 20;
/// Bytes of the JSON in a file, both ways.
pub const JSON_BYTES_MAX: usize = 32 << 20;
/// Entries of any one list of a file, such as its nodes.
pub const ENTRIES_MAX: usize = 500_000;
/// Nodes above a node: those of the outline and of a model together.
pub const DEPTH_MAX: usize = 192;
/// Values of one accessor that is read.
pub const ACCESSOR_VALUES_MAX: usize = 4_000_000;
/// Corners and indices that are read for colliders, counted as often as they are used.
pub const CORNERS_MAX: usize = 8_000_000;
/// Nodes that are looked at for colliders, counted as often as colliders name them.
pub const COLLIDER_NODES_MAX: usize = 1_000_000;
/// Corners and indices of what is drawn, up to which it becomes the ground of a world whose file
/// has none.
pub const GROUND_CORNERS_MAX: usize = 120_000;
/// Models that are cut out of a file.
pub const MODELS_MAX: usize = 512;
/// Bytes of all models that are cut out of a file.
pub const MODELS_BYTES_MAX: usize = 512 << 20;
/// Warnings that are told; the last one says how many there were.
pub const WARNINGS_MAX: usize = 64;
/// Directions in which the points of a large hull are looked for, at most one point for each.
pub const HULL_DIRECTIONS: usize = 256;
