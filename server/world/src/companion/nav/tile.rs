//! A tile of ground: rectangles of columns ("patches") in which one can walk straight from
//! everywhere to everywhere, and how they hang together.
//!
//! Invariant: a tile is a function of what stands within its field, nothing else.

use rerecast::CompactHeightfield;

use super::grid::{BORDER_CELLS, FIELD_CELLS, SIDES, Side, Spot, TILE_CELLS, TileKey};
use crate::limits::NAV_TILE_PATCHES_MAX;

/// No patch.
const NOBODY: u16 = u16::MAX;

/// A rectangle of columns of one tile, all of which hang together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Patch {
    /// First column in x and z, from the tile's first.
    pub min: [u8; 2],
    /// The one after the last.
    pub max: [u8; 2],
    /// The first of its floors in the tile's.
    floors: u32,
    /// Whether there is only one.
    is_flat: bool,
    /// The first of its links in the tile's, and the one after its last.
    links: [u32; 2],
    /// Sides of the tile that it reaches, one bit for each.
    reaches: u8,
}

/// From one patch to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Link {
    /// The patch that it leads to, of the same tile or of the one beyond that side.
    pub to: u16,
    /// The side of the patch that it comes from.
    pub side: Side,
    /// First column along the side, from the tile's first, and the one after the last.
    pub along: [u8; 2],
}

/// A column at the edge of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct EdgeCell {
    along: u8,
    patch: u16,
    /// Its floor, and that of the column beyond the edge that it leads to; in cells above zero.
    floor: i32,
    beyond: i32,
}

/// One tile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tile {
    pub patches: Vec<Patch>,
    /// In cells above `base`.
    floors: Vec<u16>,
    base: i32,
    links: Vec<Link>,
    edges: [Vec<EdgeCell>; 4],
    /// Links to the tiles beyond the sides, with the patch that they come from; sorted.
    crossings: [Vec<(u16, Link)>; 4],
}

impl Tile {
    /// The ground of a field whose lowest cell is at `base`; none: it is in too many pieces.
    pub fn of(field: &CompactHeightfield, base: i32) -> Option<Self> {
        let mut pieces = Pieces { field, owner: vec![NOBODY; field.spans.len()] };
        let mut tile = Self { base, ..Self::default() };
        // Of each patch, its spans row by row.
        let mut members: Vec<Vec<Vec<usize>>> = Vec::new();
        for z in 0..TILE_CELLS {
            for x in 0..TILE_CELLS {
                for span in pieces.column([x, z]) {
                    if !pieces.is_free(span) {
                        continue;
                    }
                    if members.len() >= NAV_TILE_PATCHES_MAX {
                        return None;
                    }
                    let rows = pieces.grow([x, z], span);
                    for span in rows.iter().flatten() {
                        pieces.owner[*span] = members.len() as u16;
                    }
                    tile.add_patch(field, [x, z], &rows);
                    members.push(rows);
                }
            }
        }
        for (at, rows) in members.iter().enumerate() {
            tile.add_links(&pieces, at, rows);
        }
        for edge in &mut tile.edges {
            edge.sort_unstable_by_key(|cell| (cell.along, cell.patch));
        }
        Some(tile)
    }

    fn add_patch(&mut self, field: &CompactHeightfield, [x, z]: [i32; 2], rows: &[Vec<usize>]) {
        let floors = self.floors.len() as u32;
        let height = |span: &usize| field.spans[*span].y;
        let first = height(&rows[0][0]);
        let is_flat = rows.iter().flatten().all(|span| height(span) == first);
        if is_flat {
            self.floors.push(first);
        } else {
            self.floors.extend(rows.iter().flatten().map(height));
        }
        let max = [x + rows[0].len() as i32, z + rows.len() as i32];
        self.patches.push(Patch {
            min: [x as u8, z as u8],
            max: [max[0] as u8, max[1] as u8],
            floors,
            is_flat,
            links: [0; 2],
            reaches: 0,
        });
    }

    fn add_links(&mut self, pieces: &Pieces<'_>, at: usize, rows: &[Vec<usize>]) {
        let first_link = self.links.len();
        let Patch { min, .. } = self.patches[at];
        let (width, depth) = (rows[0].len(), rows.len());
        for side in SIDES {
            let count = if side.axis() == 0 { depth } else { width };
            let mut last: Option<Link> = None;
            for step in 0..count {
                let (column, row) = match side {
                    Side::West => (0, step),
                    Side::East => (width - 1, step),
                    Side::North => (step, 0),
                    Side::South => (step, depth - 1),
                };
                let span = rows[row][column];
                let cell = [i32::from(min[0]) + column as i32, i32::from(min[1]) + row as i32];
                let along = cell[1 - side.axis()] as u8;
                let Some((beyond, other)) = pieces.next(cell, span, side) else { continue };
                if !(0..TILE_CELLS).contains(&beyond[side.axis()]) {
                    self.patches[at].reaches |= 1 << side as u8;
                    self.edges[side as usize].push(EdgeCell {
                        along,
                        patch: at as u16,
                        floor: self.base + i32::from(pieces.field.spans[span].y),
                        beyond: self.base + i32::from(pieces.field.spans[other].y),
                    });
                    continue;
                }
                let to = pieces.owner[other];
                if to == NOBODY {
                    continue;
                }
                match &mut last {
                    Some(link) if link.to == to && link.along[1] == along => link.along[1] += 1,
                    _ => {
                        self.links.extend(last);
                        last = Some(Link { to, side, along: [along, along + 1] });
                    }
                }
            }
            self.links.extend(last);
        }
        self.patches[at].links = [first_link as u32, self.links.len() as u32];
    }

    /// Links this tile across a side to the tile there, if there is one.
    pub fn join(&mut self, side: Side, other: Option<&Self>) {
        let crossing = &mut self.crossings[side as usize];
        crossing.clear();
        let Some(other) = other else { return };
        let there = &other.edges[side.across() as usize];
        let near = |a: i32, b: i32| (a - b).abs() <= 2;
        let mut pairs = Vec::new();
        for own in &self.edges[side as usize] {
            let first = there.partition_point(|cell| cell.along < own.along);
            let across = there[first..].iter().take_while(|cell| cell.along == own.along);
            let fits =
                |cell: &&EdgeCell| near(own.beyond, cell.floor) && near(cell.beyond, own.floor);
            pairs.extend(across.filter(fits).map(|cell| (own.patch, cell.patch, own.along)));
        }
        pairs.sort_unstable();
        for (patch, to, along) in pairs {
            match crossing.last_mut() {
                Some((from, link)) if *from == patch && link.to == to && link.along[1] == along => {
                    link.along[1] += 1;
                }
                _ => crossing.push((patch, Link { to, side, along: [along, along + 1] })),
            }
        }
    }

    /// The links of a patch within the tile.
    pub fn links(&self, patch: u16) -> &[Link] {
        let [first, end] = self.patches[usize::from(patch)].links;
        &self.links[first as usize..end as usize]
    }

    /// The links of a patch across a side of the tile.
    pub fn crossings(&self, patch: u16, side: Side) -> impl Iterator<Item = &Link> {
        let all = &self.crossings[side as usize];
        let first = all.partition_point(|(from, _)| *from < patch);
        all[first..].iter().take_while(move |(from, _)| *from == patch).map(|(_, link)| link)
    }

    /// Whether a patch leads across a side of the tile, wherever to.
    pub fn reaches(&self, patch: u16, side: Side) -> bool {
        self.patches[usize::from(patch)].reaches & (1 << side as u8) != 0
    }

    /// The floor of a patch at a place of it, in cells above zero. `spot` is in cells from the
    /// middle of the world.
    pub fn floor(&self, key: TileKey, patch: u16, spot: Spot) -> i32 {
        let patch = &self.patches[usize::from(patch)];
        if patch.is_flat {
            return self.base + i32::from(self.floors[patch.floors as usize]);
        }
        let origin = key.origin();
        let column = |axis: usize| {
            let cell = (spot[axis] - f64::from(origin[axis])).floor() as i32;
            let (min, max) = (i32::from(patch.min[axis]), i32::from(patch.max[axis]));
            (cell.clamp(min, max - 1) - min) as usize
        };
        let width = usize::from(patch.max[0] - patch.min[0]);
        let at = patch.floors as usize + column(1) * width + column(0);
        self.base + i32::from(self.floors[at])
    }

    /// About how much memory it takes, bytes.
    pub fn bytes(&self) -> usize {
        let edges: usize = self.edges.iter().map(Vec::len).sum();
        let own = size_of::<Self>() + self.patches.len() * size_of::<Patch>();
        let links = self.links.len() * size_of::<Link>() + edges * size_of::<(u16, Link)>();
        own + links + self.floors.len() * 2 + edges * size_of::<EdgeCell>()
    }
}

/// A field that is being cut into patches.
struct Pieces<'a> {
    field: &'a CompactHeightfield,
    /// Of each span, the patch that it is in.
    owner: Vec<u16>,
}

impl Pieces<'_> {
    /// The spans of a column of the tile.
    fn column(&self, [x, z]: [i32; 2]) -> std::ops::Range<usize> {
        let at = (z + BORDER_CELLS) * FIELD_CELLS + x + BORDER_CELLS;
        self.field.cells[at as usize].index_range()
    }

    fn is_free(&self, span: usize) -> bool {
        self.field.areas[span].is_walkable() && self.owner[span] == NOBODY
    }

    /// The column and the span that a step to a side leads to.
    fn next(&self, [x, z]: [i32; 2], span: usize, side: Side) -> Option<([i32; 2], usize)> {
        let layer = self.field.spans[span].con(side as u8)?;
        let [step_x, step_z] = side.step();
        let there = [x + step_x, z + step_z];
        Some((there, self.column(there).start + usize::from(layer)))
    }

    /// The free span of the tile that a step to a side leads to.
    fn free_next(&self, cell: [i32; 2], span: usize, side: Side) -> Option<usize> {
        let ([x, z], next) = self.next(cell, span, side)?;
        let inside = x < TILE_CELLS && z < TILE_CELLS;
        (inside && self.is_free(next)).then_some(next)
    }

    /// The spans of a rectangle that begins with a span, row by row: it grows in turns along x and
    /// z for as long as all of it hangs together.
    fn grow(&self, [x, z]: [i32; 2], span: usize) -> Vec<Vec<usize>> {
        let mut rows = vec![vec![span]];
        let (mut wider, mut deeper) = (true, true);
        while wider || deeper {
            if wider {
                let last = x + rows[0].len() as i32 - 1;
                let column = |(row, spans): (usize, &Vec<usize>)| {
                    let cell = [last, z + row as i32];
                    self.free_next(cell, *spans.last()?, Side::East)
                };
                let next: Option<Vec<usize>> = rows.iter().enumerate().map(column).collect();
                match next.filter(|next| self.is_chain(next, [last + 1, z], Side::South)) {
                    Some(next) => rows.iter_mut().zip(next).for_each(|(row, span)| row.push(span)),
                    None => wider = false,
                }
            }
            if deeper {
                let last = z + rows.len() as i32 - 1;
                let row = rows[rows.len() - 1].iter().enumerate();
                let next: Option<Vec<usize>> = row
                    .map(|(at, span)| self.free_next([x + at as i32, last], *span, Side::South))
                    .collect();
                match next.filter(|next| self.is_chain(next, [x, last + 1], Side::East)) {
                    Some(next) => rows.push(next),
                    None => deeper = false,
                }
            }
        }
        rows
    }

    /// Whether each of some spans, the first of which is at `cell`, leads to the next.
    fn is_chain(&self, spans: &[usize], [x, z]: [i32; 2], side: Side) -> bool {
        let [step_x, step_z] = side.step();
        spans.windows(2).enumerate().all(|(at, pair)| {
            let cell = [x + step_x * at as i32, z + step_z * at as i32];
            self.next(cell, pair[0], side).is_some_and(|(_, next)| next == pair[1])
        })
    }
}
