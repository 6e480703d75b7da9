//! Named maxima of a world document. A document beyond one of them is refused, with its path.

/// Bytes of a document's JSON.
pub const DOCUMENT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Objects of a world.
pub const OBJECTS_MAX: usize = 20_000;
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
