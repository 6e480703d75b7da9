//! The tiles that are there, joined along their sides.

use std::collections::BTreeMap;

use super::{
    grid::{CELL_M, SIDES, Side, Spot, TILE_CELLS, TileKey, distance, height_m},
    tile::Tile,
};

/// A patch of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    pub tile: TileKey,
    pub patch: u16,
}

/// A place on a patch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Foot {
    pub node: Node,
    pub spot: Spot,
}

/// A gap between two patches, from a place on the one to all places on the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gate {
    /// Where it leads.
    pub to: Node,
    /// The side through which it leaves.
    pub side: Side,
    /// Where on the axis that it is crossed along, in cells from the middle of the world.
    pub at: f64,
    /// Where it begins and ends on the other axis.
    pub along: [f64; 2],
}

impl Gate {
    /// The point of it that is `along`.
    pub fn point(&self, along: f64) -> Spot {
        if self.side.axis() == 0 { [self.at, along] } else { [along, self.at] }
    }

    /// Its ends, as they appear to whoever goes through: left and right.
    pub fn ends(&self) -> (Spot, Spot) {
        let [low, high] = self.along.map(|along| self.point(along));
        match self.side {
            Side::East | Side::North => (high, low),
            Side::West | Side::South => (low, high),
        }
    }
}

/// All tiles.
#[derive(Default)]
pub(super) struct Mesh {
    tiles: BTreeMap<TileKey, Tile>,
    bytes: usize,
}

impl Mesh {
    /// Puts a tile in, and joins it to those around it.
    pub fn insert(&mut self, key: TileKey, tile: Tile) {
        self.remove(key);
        self.bytes += tile.bytes();
        self.tiles.insert(key, tile);
        for side in SIDES {
            let Some(beyond) = key.beyond(side) else { continue };
            self.join(key, side, beyond);
            self.join(beyond, side.across(), key);
        }
    }

    /// Takes a tile away.
    pub fn remove(&mut self, key: TileKey) {
        let Some(tile) = self.tiles.remove(&key) else { return };
        self.bytes -= tile.bytes();
        for side in SIDES {
            if let Some(beyond) = key.beyond(side) {
                self.join(beyond, side.across(), key);
            }
        }
    }

    fn join(&mut self, key: TileKey, side: Side, beyond: TileKey) {
        let Some(mut tile) = self.tiles.remove(&key) else { return };
        tile.join(side, self.tiles.get(&beyond));
        self.tiles.insert(key, tile);
    }

    /// Which tiles there are.
    pub fn keys(&self) -> impl Iterator<Item = TileKey> {
        self.tiles.keys().copied()
    }

    pub fn has(&self, key: TileKey) -> bool {
        self.tiles.contains_key(&key)
    }

    pub fn len(&self) -> usize {
        self.tiles.len()
    }

    /// About how much memory they take, bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Least and greatest places of a patch.
    pub fn extent(&self, node: Node) -> Option<(Spot, Spot)> {
        let patch = self.tiles.get(&node.tile)?.patches.get(usize::from(node.patch))?;
        let origin = node.tile.origin();
        let place = |corner: [u8; 2]| {
            [0, 1].map(|axis: usize| f64::from(origin[axis] + i32::from(corner[axis])))
        };
        Some((place(patch.min), place(patch.max)))
    }

    /// The floor at a place, in cells above zero.
    pub fn floor(&self, foot: Foot) -> i32 {
        let tile = self.tiles.get(&foot.node.tile);
        tile.map_or(0, |tile| tile.floor(foot.node.tile, foot.node.patch, foot.spot))
    }

    /// The gates that lead out of a patch.
    pub fn gates(&self, from: Node) -> impl Iterator<Item = Gate> {
        let tile = self.tiles.get(&from.tile);
        let within = tile
            .into_iter()
            .flat_map(move |tile| tile.links(from.patch).iter().map(move |link| (from.tile, link)));
        let across = tile.into_iter().flat_map(move |tile| {
            SIDES
                .into_iter()
                .filter_map(move |side| Some((side, from.tile.beyond(side)?)))
                .flat_map(move |(side, key)| {
                    tile.crossings(from.patch, side).map(move |link| (key, link))
                })
        });
        let (origin, extent) = (from.tile.origin(), self.extent(from));
        within.chain(across).filter_map(move |(tile, link)| {
            let (low, high) = extent?;
            let axis = link.side.axis();
            let first = origin[1 - axis];
            Some(Gate {
                to: Node { tile, patch: link.to },
                side: link.side,
                at: if link.side.is_ahead() { high[axis] } else { low[axis] },
                along: link.along.map(|along| f64::from(first + i32::from(along))),
            })
        })
    }

    /// Whether a patch leads to a tile that is not there.
    pub fn leads_out(&self, from: Node) -> bool {
        let Some(tile) = self.tiles.get(&from.tile) else { return false };
        SIDES.into_iter().any(|side| {
            let beyond = from.tile.beyond(side);
            tile.reaches(from.patch, side) && beyond.is_some_and(|beyond| !self.has(beyond))
        })
    }

    /// The tiles that are there within some cells of a place along both axes, in their order.
    pub fn around(&self, spot: Spot, cells: f64) -> impl Iterator<Item = TileKey> {
        let tile = |at: f64| (at / f64::from(TILE_CELLS)).floor() as i32;
        let [from, to] = [-cells, cells].map(|by| [tile(spot[0] + by), tile(spot[1] + by)]);
        let all = (from[0]..=to[0]).flat_map(move |x| (from[1]..=to[1]).map(move |z| (x, z)));
        all.filter_map(|(x, z)| TileKey::at(x, z)).filter(|key| self.has(*key))
    }

    /// The patches of a tile.
    pub fn patches(&self, tile: TileKey) -> impl Iterator<Item = Node> {
        let count = self.tiles.get(&tile).map_or(0, |tile| tile.patches.len());
        (0..count).map(move |patch| Node { tile, patch: patch as u16 })
    }

    /// The ground that is nearest to a point, at most some metres away. Of what is equally near, the
    /// first in the order of tiles and patches.
    pub fn nearest(&self, spot: Spot, y_m: f32, within_m: f64) -> Option<Foot> {
        let mut best: Option<(f64, Foot)> = None;
        for node in self.around(spot, within_m / CELL_M).flat_map(|key| self.patches(key)) {
            let Some((low, high)) = self.extent(node) else { continue };
            let spot_there = [0, 1].map(|axis: usize| spot[axis].clamp(low[axis], high[axis]));
            let foot = Foot { node, spot: spot_there };
            let away_m = distance(spot, spot_there) * CELL_M;
            let farthest = best.map_or(within_m, |(least, _)| least);
            if away_m > farthest {
                continue;
            }
            let rise_m = height_m(self.floor(foot)) - f64::from(y_m);
            let away_m = (away_m * away_m + rise_m * rise_m).sqrt();
            if away_m < farthest || (best.is_none() && away_m <= farthest) {
                best = Some((away_m, foot));
            }
        }
        best.map(|(_, foot)| foot)
    }
}
