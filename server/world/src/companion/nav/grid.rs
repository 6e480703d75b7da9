//! The grid that ground is found on: columns of cells, and square tiles of them.
//!
//! Sizes are binary fractions of a metre, and tiles lie on multiples of them, so that neighbouring
//! tiles see the same numbers. Whatever is between is computed in 64 bits.

use vivarium_motion::consts::{
    CAPSULE_HEIGHT_M, CAPSULE_RADIUS_M, COORDINATE_M_MAX, OFFSET_M, STEP_HEIGHT_M,
};

/// Edge of a column, metres.
pub(super) const CELL_M: f64 = 7.0 / 64.0;
/// Height of a cell, metres.
pub(super) const CELL_HEIGHT_M: f64 = 5.0 / 128.0;
/// Columns along an edge of a tile: 7 m.
pub(super) const TILE_CELLS: i32 = 64;
/// Columns around a tile that are looked at to build it: what stands there keeps away from walls
/// beyond the edge, too.
pub(super) const BORDER_CELLS: i32 = 5;
/// Columns along an edge of what is looked at.
pub(super) const FIELD_CELLS: i32 = TILE_CELLS + 2 * BORDER_CELLS;
/// Cells that must be free above the ground.
pub(super) const CLEAR_CELLS: u16 = 44;
/// Highest step, in cells. Heights are rounded up to whole cells, so this takes every step of
/// 0.31 m and none that an avatar cannot take.
pub(super) const CLIMB_CELLS: u16 = 8;
/// Columns that the middle of a body keeps away from walls and ledges.
pub(super) const MARGIN_CELLS: u16 = 3;
/// Highest that ground may lie above the lowest thing of its tile, in cells (2.3 km).
pub(super) const TALL_CELLS: i32 = 60_000;
/// Tiles on each side of the middle of a world.
const TILES_OUT: i32 = (COORDINATE_M_MAX as f64 / (TILE_CELLS as f64 * CELL_M)) as i32;

const _: () = {
    assert!(MARGIN_CELLS as f64 * CELL_M >= (CAPSULE_RADIUS_M + OFFSET_M) as f64);
    assert!(CLEAR_CELLS as f64 * CELL_HEIGHT_M >= CAPSULE_HEIGHT_M as f64);
    assert!((CLIMB_CELLS + 1) as f64 * CELL_HEIGHT_M < STEP_HEIGHT_M as f64 + 0.002);
    assert!(BORDER_CELLS > MARGIN_CELLS as i32 + 1);
    assert!(TILES_OUT < i16::MAX as i32);
};

/// A place on the ground plane, in cells from the middle of the world: x and z.
pub(super) type Spot = [f64; 2];

/// Which tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TileKey {
    pub x: i16,
    pub z: i16,
}

impl TileKey {
    /// The tile at some number of tiles from the middle; none: it is outside the world.
    pub fn at(x: i32, z: i32) -> Option<Self> {
        let inside = |at: i32| (-TILES_OUT..TILES_OUT).contains(&at);
        (inside(x) && inside(z)).then_some(Self { x: x as i16, z: z as i16 })
    }

    /// The tile of a place that [`spot`] gave.
    pub fn of(spot: Spot) -> Option<Self> {
        let tile = |at: f64| (at / f64::from(TILE_CELLS)).floor() as i32;
        Self::at(tile(spot[0]), tile(spot[1]))
    }

    /// The first column of it, in cells from the middle of the world.
    pub fn origin(self) -> [i32; 2] {
        [i32::from(self.x) * TILE_CELLS, i32::from(self.z) * TILE_CELLS]
    }

    /// The tile beyond one of the sides.
    pub fn beyond(self, side: Side) -> Option<Self> {
        let [x, z] = side.step();
        Self::at(i32::from(self.x) + x, i32::from(self.z) + z)
    }

    /// Square of the distance between two tiles, in tiles.
    pub fn distance_squared(self, other: Self) -> i32 {
        let x = i32::from(self.x) - i32::from(other.x);
        let z = i32::from(self.z) - i32::from(other.z);
        x * x + z * z
    }
}

/// A side of a cell, a patch or a tile, numbered as `rerecast` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    West,
    South,
    East,
    North,
}

/// All of them, in the order of their numbers. South is towards +z.
pub(super) const SIDES: [Side; 4] = [Side::West, Side::South, Side::East, Side::North];

impl Side {
    /// The way out.
    pub fn step(self) -> [i32; 2] {
        match self {
            Self::West => [-1, 0],
            Self::South => [0, 1],
            Self::East => [1, 0],
            Self::North => [0, -1],
        }
    }

    /// The side across.
    pub fn across(self) -> Self {
        SIDES[(self as usize + 2) % 4]
    }

    /// The axis that the way out runs along: 0 is x, 1 is z.
    pub fn axis(self) -> usize {
        usize::from(matches!(self, Self::South | Self::North))
    }

    /// Whether the way out runs towards larger numbers.
    pub fn is_ahead(self) -> bool {
        matches!(self, Self::South | Self::East)
    }
}

/// Where a point is on the ground plane; none: it is not finite, or outside the world.
pub(super) fn spot(point_m: [f32; 3]) -> Option<Spot> {
    let inside = point_m.iter().all(|part| part.abs() < COORDINATE_M_MAX);
    inside.then(|| [f64::from(point_m[0]) / CELL_M, f64::from(point_m[2]) / CELL_M])
}

/// How high ground lies whose floor is some cells above zero: floors are rounded up to whole cells,
/// so the middle of the uppermost is meant.
pub(super) fn height_m(floor: i32) -> f64 {
    (f64::from(floor) - 0.5) * CELL_HEIGHT_M
}

/// A point on the ground.
pub(super) fn point_m(spot: Spot, floor: i32) -> [f32; 3] {
    [(spot[0] * CELL_M) as f32, height_m(floor) as f32, (spot[1] * CELL_M) as f32]
}

/// How far apart two places are, in cells.
pub(super) fn distance(a: Spot, b: Spot) -> f64 {
    let (x, z) = (b[0] - a[0], b[1] - a[1]);
    (x * x + z * z).sqrt()
}
