//! How a tile is built: in steps, each of which takes a bounded time.
//!
//! Surfaces are put into columns, and what cannot be stood on is taken away, as Recast does it
//! (`rerecast`, up to where the margin around walls is taken away). The field is in units of cells,
//! with its first column at the tile's border, so that neighbours round alike.

use glam::Vec3A;
use rapier3d::{
    math::{Pose, Vector},
    parry::bounding_volume::{Aabb, BoundingVolume},
};
use rerecast::{Aabb3d, AreaType, CompactHeightfield, Heightfield, HeightfieldBuilder};
use vivarium_motion::consts::{COORDINATE_M_MAX, SLOPE_NORMAL_Y_MIN};

use super::{
    grid::{
        BORDER_CELLS, CELL_HEIGHT_M, CELL_M, CLEAR_CELLS, CLIMB_CELLS, FIELD_CELLS, MARGIN_CELLS,
        TALL_CELLS, TileKey,
    },
    outline::{self, Triangle},
    solids::{Solid, Solids},
    tile::Tile,
};
use crate::limits::{NAV_TILE_LAYERS_MAX, NAV_TILE_SPANS_MAX};

/// Corners are rounded to this share of a cell: smaller differences come of computing alone.
const SNAP_PER_CELL: f64 = 128.0;
/// Where (metres above the floor) a body would be inside a full shape.
const INSIDE_M: f64 = 0.85;
/// Columns, or spans, that are as much work as a triangle. A unit is about a microsecond.
const COLUMNS_PER_UNIT: usize = 48;

/// A tile that is being built.
pub(super) struct Job {
    pub key: TileKey,
    /// What is near, in the order in which it is taken.
    solids: Vec<u32>,
    /// The lowest cell of the field, in cells above zero.
    base: i32,
    stage: Stage,
}

enum Stage {
    Fill { field: Heightfield, solid: usize, waiting: Vec<Triangle>, at: usize },
    Hang(Heightfield),
    Ledges(Heightfield),
    Heights(Heightfield),
    Insides { field: CompactHeightfield, solid: usize, row: i32 },
    Margin(CompactHeightfield),
    Cut(CompactHeightfield),
    Done(Tile),
}

impl Job {
    /// Begins a tile. Nothing below `floor_m` is ground.
    pub fn new(key: TileKey, solids: &Solids, floor_m: f32) -> Self {
        let (low, high) = field_m(key);
        let reach = COORDINATE_M_MAX;
        let bounds = Aabb::new(
            Vector::new(low[0] as f32, floor_m.max(-reach), low[1] as f32),
            Vector::new(high[0] as f32, reach, high[1] as f32),
        );
        let found = solids.within(&bounds);
        let lowest = found
            .iter()
            .filter_map(|slot| solids.get(*slot))
            .map(|solid| solid.bounds.mins.y)
            .fold(reach, f32::min)
            .max(bounds.mins.y);
        let base = (f64::from(lowest) / CELL_HEIGHT_M).floor() as i32 - 2;
        let built = HeightfieldBuilder {
            aabb: Aabb3d {
                min: glam::Vec3::ZERO,
                max: glam::Vec3::new(FIELD_CELLS as f32, TALL_CELLS as f32, FIELD_CELLS as f32),
            },
            cell_size: 1.0,
            cell_height: 1.0,
        };
        let stage = match built.build() {
            Ok(field) if !found.is_empty() => {
                Stage::Fill { field, solid: 0, waiting: Vec::new(), at: 0 }
            }
            _ => Stage::Done(Tile::default()),
        };
        Self { key, solids: found, base, stage }
    }

    /// How much work it was to begin, in units.
    pub fn cost(&self) -> usize {
        1 + self.solids.len() / 16
    }

    /// Does about as much as `units` say; what it took, and the tile, once it is built.
    pub fn advance(&mut self, solids: &Solids, units: usize) -> (usize, Option<Tile>) {
        let mut spent = 0;
        while spent < units {
            let stage = std::mem::replace(&mut self.stage, Stage::Done(Tile::default()));
            let (cost, next) = match stage {
                Stage::Fill { field, solid, waiting, at } => {
                    self.fill(solids, field, solid, waiting, at, units - spent)
                }
                Stage::Hang(mut field) => {
                    field.filter_low_hanging_walkable_obstacles(CLIMB_CELLS);
                    (cost(field.allocated_spans.len() / 8), Stage::Ledges(field))
                }
                Stage::Ledges(mut field) => {
                    field.filter_ledge_spans(CLEAR_CELLS, CLIMB_CELLS);
                    (cost(field.allocated_spans.len()), Stage::Heights(field))
                }
                Stage::Heights(field) => compact(field),
                Stage::Insides { field, solid, row } => {
                    self.insides(solids, field, solid, row, units - spent)
                }
                Stage::Margin(mut field) => {
                    field.erode_walkable_area(MARGIN_CELLS);
                    (cost(field.spans.len()), Stage::Cut(field))
                }
                Stage::Cut(field) => {
                    let tile = Tile::of(&field, self.base).unwrap_or_default();
                    (cost(2 * field.spans.len()), Stage::Done(tile))
                }
                Stage::Done(tile) => return (spent + 1, Some(tile)),
            };
            spent += cost;
            self.stage = next;
        }
        (spent, None)
    }

    fn fill(
        &self,
        solids: &Solids,
        mut field: Heightfield,
        mut solid: usize,
        mut waiting: Vec<Triangle>,
        mut at: usize,
        units: usize,
    ) -> (usize, Stage) {
        let mut spent = 0;
        let clip = Clip::of(self.key, self.base);
        while spent < units {
            if field.allocated_spans.len() > NAV_TILE_SPANS_MAX {
                return (spent, Stage::Done(Tile::default()));
            }
            let now = self.solids.get(solid).and_then(|slot| solids.get(*slot));
            let Some(Solid { shape, pose, bounds, .. }) = now else {
                if solid < self.solids.len() {
                    solid += 1;
                    continue;
                }
                return (spent + 1, Stage::Hang(field));
            };
            if at == 0 && waiting.is_empty() {
                outline::triangles(shape, &near(self.key, pose, bounds), &mut waiting);
                spent += 1 + waiting.len() / 16;
            }
            let Some(triangle) = waiting.get(at) else {
                (solid, at) = (solid + 1, 0);
                waiting.clear();
                spent += 1;
                continue;
            };
            at += 1;
            match clip.put(&mut field, pose, triangle) {
                Some(columns) => spent += 1 + columns / COLUMNS_PER_UNIT,
                None => return (spent + 1, Stage::Done(Tile::default())),
            }
        }
        (spent, Stage::Fill { field, solid, waiting, at })
    }

    /// Takes away what is inside full shapes.
    fn insides(
        &self,
        solids: &Solids,
        mut field: CompactHeightfield,
        mut solid: usize,
        mut row: i32,
        units: usize,
    ) -> (usize, Stage) {
        let mut spent = 0;
        let origin = self.key.origin().map(|at| at - BORDER_CELLS);
        while spent < units {
            spent += 1;
            let Some(slot) = self.solids.get(solid) else {
                return (spent, Stage::Margin(field));
            };
            let now = solids.get(*slot).filter(|now| {
                let height = f64::from(now.bounds.maxs.y - now.bounds.mins.y);
                height >= INSIDE_M && outline::is_full(&now.shape)
            });
            let Some(now) = now else {
                solid += 1;
                continue;
            };
            let (low, high) = (now.bounds.mins, now.bounds.maxs);
            let [first_x, end_x] = columns(low.x, high.x, origin[0]);
            let [first_z, end_z] = columns(low.z, high.z, origin[1]);
            row = row.max(first_z);
            if row >= end_z {
                (solid, row) = (solid + 1, 0);
                continue;
            }
            let z = (f64::from(origin[1] + row) + 0.5) * CELL_M;
            // Hulls are searched step by step.
            let is_hull = now.shape.as_convex_polyhedron().is_some();
            let test_cost = if is_hull { COLUMNS_PER_UNIT } else { 1 };
            let mut tested = (end_x - first_x) as usize;
            for column in first_x..end_x {
                let x = (f64::from(origin[0] + column) + 0.5) * CELL_M;
                let at = (row * FIELD_CELLS + column) as usize;
                for span in field.cells[at].index_range() {
                    if !field.areas[span].is_walkable() {
                        continue;
                    }
                    tested += test_cost;
                    let floor = f64::from(self.base + i32::from(field.spans[span].y));
                    let y = floor * CELL_HEIGHT_M + INSIDE_M;
                    let point = Vector::new(x as f32, y as f32, z as f32);
                    if now.shape.contains_point(&now.pose, point) {
                        field.areas[span] = AreaType::NOT_WALKABLE;
                    }
                }
            }
            spent += tested / COLUMNS_PER_UNIT;
            row += 1;
        }
        (spent, Stage::Insides { field, solid, row })
    }
}

fn cost(spans: usize) -> usize {
    1 + spans / COLUMNS_PER_UNIT
}

/// The columns of a field, whose first is `origin`, between two places on an axis: the first, and the
/// one after the last.
fn columns(low_m: f32, high_m: f32, origin: i32) -> [i32; 2] {
    let column = |at_m: f32| {
        let at = f64::from(at_m) / CELL_M - f64::from(origin);
        at.clamp(0.0, f64::from(FIELD_CELLS)).floor() as i32
    };
    [column(low_m), (column(high_m) + 1).min(FIELD_CELLS)]
}

/// Takes away what is too low, and keeps what is left in a form that is quicker to look at.
fn compact(mut field: Heightfield) -> (usize, Stage) {
    field.filter_walkable_low_height_spans(CLEAR_CELLS);
    let cost = cost(field.allocated_spans.len());
    // More floors above one another than this cannot be told apart below.
    for column in 0..field.spans.len() {
        let mut next = field.spans[column];
        let mut layers = 0;
        while let Some(key) = next {
            let span = &mut field.allocated_spans[key];
            next = span.next;
            layers += usize::from(span.area.is_walkable());
            if layers > NAV_TILE_LAYERS_MAX {
                span.area = AreaType::NOT_WALKABLE;
            }
        }
    }
    match field.into_compact(CLEAR_CELLS, CLIMB_CELLS) {
        Ok(field) => (cost, Stage::Insides { field, solid: 0, row: 0 }),
        Err(_) => (cost, Stage::Done(Tile::default())),
    }
}

/// Where a tile's field begins and ends in x and z, metres.
pub(super) fn field_m(key: TileKey) -> ([f64; 2], [f64; 2]) {
    let low = key.origin().map(|at| f64::from(at - BORDER_CELLS) * CELL_M);
    (low, low.map(|at| at + f64::from(FIELD_CELLS) * CELL_M))
}

/// A box that holds what of a shape is in a tile's field, in the shape's frame.
fn near(key: TileKey, pose: &Pose, bounds: &Aabb) -> Aabb {
    let (low, high) = field_m(key);
    let bounds = Aabb::new(
        Vector::new(low[0] as f32, bounds.mins.y, low[1] as f32),
        Vector::new(high[0] as f32, bounds.maxs.y, high[1] as f32),
    );
    bounds.loosened(0.1).transform_by(&pose.inverse())
}

/// Puts triangles into a field, cut to it first: the library then sees only small numbers.
struct Clip {
    /// The field's first column, and its lowest cell, in cells from the middle of the world.
    origin: [f64; 3],
}

impl Clip {
    fn of(key: TileKey, base: i32) -> Self {
        let [x, z] = key.origin().map(|at| f64::from(at - BORDER_CELLS));
        Self { origin: [x, f64::from(base), z] }
    }

    /// How many columns that took; none: the library refused it.
    fn put(&self, field: &mut Heightfield, pose: &Pose, triangle: &Triangle) -> Option<usize> {
        let corners = triangle.map(|corner| {
            let [x, y, z] = (*pose * corner).to_array().map(f64::from);
            [x, y, z]
        });
        let area =
            if carries(&corners) { AreaType::DEFAULT_WALKABLE } else { AreaType::NOT_WALKABLE };
        let size = [CELL_M, CELL_HEIGHT_M, CELL_M];
        let mut polygon: Vec<[f64; 3]> = corners
            .iter()
            .map(|corner| std::array::from_fn(|axis| corner[axis] / size[axis] - self.origin[axis]))
            .collect();
        let ends = [f64::from(FIELD_CELLS), f64::from(TALL_CELLS), f64::from(FIELD_CELLS)];
        for (axis, end) in ends.into_iter().enumerate() {
            polygon = cut(&polygon, |corner| corner[axis]);
            polygon = cut(&polygon, |corner| end - corner[axis]);
        }
        let snapped = |corner: &[f64; 3]| {
            let part = |at: f64| ((at * SNAP_PER_CELL).round() / SNAP_PER_CELL) as f32;
            Vec3A::new(part(corner[0]), part(corner[1]), part(corner[2]))
        };
        let mut columns = 0;
        for at in 1..polygon.len().saturating_sub(1) {
            let triangle = [&polygon[0], &polygon[at], &polygon[at + 1]].map(snapped);
            let low = triangle[0].min(triangle[1]).min(triangle[2]);
            let size = triangle[0].max(triangle[1]).max(triangle[2]) - low;
            columns += ((size.x + 2.0) * (size.z + 2.0)) as usize;
            field.rasterize_triangle(triangle, area, CLIMB_CELLS).ok()?;
        }
        Some(columns)
    }
}

/// Whether an avatar can stand on a triangle, metres.
fn carries([a, b, c]: &[[f64; 3]; 3]) -> bool {
    let edge = |to: &[f64; 3]| [to[0] - a[0], to[1] - a[1], to[2] - a[2]];
    let (u, v) = (edge(b), edge(c));
    let normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    let length = (normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2]).sqrt();
    normal[1] > 0.0 && normal[1] >= f64::from(SLOPE_NORMAL_Y_MIN) * length
}

/// What of a convex polygon is where `depth` is not negative.
fn cut(polygon: &[[f64; 3]], depth: impl Fn(&[f64; 3]) -> f64) -> Vec<[f64; 3]> {
    let mut kept = Vec::with_capacity(polygon.len() + 1);
    for (at, from) in polygon.iter().enumerate() {
        let to = &polygon[(at + 1) % polygon.len()];
        let (here, there) = (depth(from), depth(to));
        if here >= 0.0 {
            kept.push(*from);
        }
        if (here < 0.0) != (there < 0.0) {
            let share = here / (here - there);
            kept.push(std::array::from_fn(|axis| from[axis] + (to[axis] - from[axis]) * share));
        }
    }
    kept
}
