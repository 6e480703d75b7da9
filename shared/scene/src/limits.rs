//! Named maxima of a world document. A document beyond one of them is refused, with its path.

/// Bytes of a document's JSON.
pub const DOCUMENT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Objects of a world.
pub const OBJECTS_MAX: usize = 20_000;
/// Objects above one another in the outline.
pub const PARENTS_MAX: usize = 64;
/// Blueprints of a world.
pub const BLUEPRINTS_MAX: usize = 1_000;
/// Materials of a world.
pub const MATERIALS_MAX: usize = 1_000;
/// Colliders, and visuals, of one object.
pub const PARTS_PER_OBJECT_MAX: usize = 64;
/// Movers of a world: each costs every avatar's every step.
pub const MOVERS_MAX: usize = 32;
/// Points of a hull.
pub const HULL_POINTS_MAX: usize = 1_024;
/// Triangles of one mesh.
pub const MESH_TRIANGLES_MAX: usize = 200_000;
/// Points along one side of a heightfield.
pub const HEIGHTFIELD_POINTS_MAX: u32 = 1_025;
/// Waypoints of one mover.
pub const WAYPOINTS_MAX: usize = 64;
/// Farthest coordinate, metres.
pub const COORDINATE_M_MAX: f32 = 10_000.0;
/// Characters of any one text.
pub const TEXT_CHARS_MAX: usize = 500;
/// Collision shapes of a world, counted for every object that a blueprint gives them to.
pub const COLLIDERS_MAX: usize = 100_000;
/// Points of hulls, corners and triangles of meshes and points of heightfields of a world, counted
/// for every object that a blueprint gives them to.
pub const COLLIDER_POINTS_MAX: usize = 4_000_000;
/// Vertices of one mesh.
pub const MESH_VERTICES_MAX: usize = 200_000;
/// Smallest size of anything, metres.
pub const SIZE_M_MIN: f32 = 0.001;
/// Largest size of anything, metres.
pub const SIZE_M_MAX: f32 = 10_000.0;
/// Smallest factor of an object's scale.
pub const SCALE_MIN: f32 = 0.001;
/// Largest factor of an object's scale.
pub const SCALE_MAX: f32 = 1_000.0;
/// How far the length of a rotation's quaternion may be from one.
pub const UNIT_TOLERANCE: f32 = 1e-3;
/// How far (metres) the points of a hull must reach out of any plane.
pub const HULL_THICKNESS_M_MIN: f32 = 0.001;
/// Ticks of a mover's whole way out and back stay below this, so that sums of two fit in 32 bits.
pub const MOVER_CYCLE_TICKS_END: u64 = 1 << 31;
/// Densest matter, kilograms per cubic metre.
pub const DENSITY_KGPM3_MAX: f32 = 50_000.0;
/// Greatest coefficient of friction.
pub const FRICTION_MAX: f32 = 10.0;
/// Greatest damping, 1/s.
pub const DAMPING_MAX: f32 = 100.0;
/// Greatest factor on gravity, in both directions.
pub const GRAVITY_SCALE_MAX: f32 = 10.0;
/// Strongest gravity along an axis, metres per second squared.
pub const GRAVITY_MPS2_MAX: f32 = 100.0;
/// Ticks per second: fewest.
pub const TICKS_PER_S_MIN: u16 = 10;
/// Ticks per second: most.
pub const TICKS_PER_S_MAX: u16 = 120;
/// Physics steps in one tick.
pub const SUBSTEPS_MAX: u8 = 8;
/// Strongest sun and sky.
pub const SUNLIGHT_MAX: f32 = 20.0;
/// Strongest lamp, candela.
pub const LAMP_CD_MAX: f32 = 10_000.0;
/// Characters of the name of an object, blueprint or material.
pub const NAME_CHARS_MAX: usize = 64;
/// Characters of a path below `assets/`.
pub const PATH_CHARS_MAX: usize = 200;
/// Hexadecimal digits of an account.
pub const ACCOUNT_DIGITS: usize = 32;
/// Companions of a world.
pub const COMPANIONS_MAX: usize = 1_500;
/// How far a companion may go from its place: least, metres.
pub const COMPANION_RANGE_M_MIN: f32 = 1.0;
/// How far a companion may go from its place: most, metres.
pub const COMPANION_RANGE_M_MAX: f32 = 500.0;
/// Settings of one script.
pub const SCRIPT_SETTINGS_MAX: usize = 32;
/// Entries of each list of a difference; of more only the number is told.
pub const DIFF_ENTRIES_MAX: usize = 1_000;
/// How often what is left is tried again when one world is to become another.
pub const DIFF_ROUNDS_MAX: usize = 200;
/// Objects of one merge that keep to themselves what they had of their blueprint: each takes as much
/// room as it.
pub const MERGE_ALONE_MAX: usize = 1_000;
