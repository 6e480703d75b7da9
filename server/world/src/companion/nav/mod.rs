//! Ways for companions over what stands fast: a mesh of walkable patches, tile by tile.
//!
//! Owns what is known of the ground, and builds it: only where somebody wants it
//! ([`Nav::want`]), a bounded amount in every tick ([`Nav::work`]), counted in units of work since
//! nothing in here knows a clock. After an edit the tiles around it answer as before until they have
//! been built anew.
//!
//! Invariants: a tile is a function of what stands near it, whatever was there before; the same
//! calls give the same answers, bit for bit, on every machine; no document makes it panic, and
//! neither memory nor the time of one call grows beyond `limits`. Movers, loose bodies and other
//! people are no part of it: whoever walks has to steer around them.

use std::collections::{BTreeMap, BTreeSet};

use rapier3d::parry::bounding_volume::Aabb;
use vivarium_motion::QueryWorld;
use vivarium_protocol::ids::ObjectId;

use crate::limits::{
    NAV_BYTES_MAX, NAV_NEAREST_M_MAX, NAV_PATCHES_PER_STROLL_MAX, NAV_RANGE_M_MAX, NAV_SNAP_M,
    NAV_TILES_MAX, NAV_WISHES_MAX,
};
use grid::{BORDER_CELLS, CELL_M, Spot, TILE_CELLS, TileKey, distance, point_m, spot};
use job::Job;
use mesh::{Foot, Mesh, Node};
use solids::Solids;

mod grid;
mod job;
mod mesh;
mod outline;
mod route;
mod solids;
#[cfg(test)]
mod tests;
mod tile;

/// Tiles that are looked at to find the one to be built next, about.
const LOOKED_AT_MAX: usize = 8_192;

/// Why there is no way, or no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoWay {
    /// The ground there, or on the way, is not known yet: say where it is wanted, and ask again
    /// later. Where both ends lead on to what nobody wants it stays so.
    #[error("the ground there is not known yet")]
    NotBuilt,
    /// Nobody can stand where the way should begin.
    #[error("nobody can stand where the way should begin")]
    NoStart,
    /// Nobody can stand where the way should end.
    #[error("nobody can stand where the way should end")]
    NoEnd,
    /// There is ground, but no way.
    #[error("no way leads there")]
    Blocked,
    /// The search was given up.
    #[error("the way there is too long to be found")]
    TooFar,
}

/// A way: straight from point to point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    /// At the height of the feet, with both ends; at least two.
    pub points_m: Vec<[f32; 3]>,
    /// As seen from above.
    pub length_m: f32,
}

/// Where ground is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wish {
    tile: TileKey,
    /// Tiles around it.
    tiles: i32,
}

impl Wish {
    fn covers(self, key: TileKey) -> bool {
        self.tile.distance_squared(key) <= self.tiles * self.tiles
    }
}

/// What companions know of the ground.
pub(crate) struct Nav {
    solids: Solids,
    floor_m: f32,
    mesh: Mesh,
    /// Tiles that are there, but not as they should be.
    stale: BTreeSet<TileKey>,
    wishes: BTreeSet<Wish>,
    /// Wishes that nothing is missing for.
    granted: BTreeSet<Wish>,
    job: Option<Job>,
    revision: u32,
}

impl Nav {
    /// Knows nothing of the ground yet but what stands on it. What falls below `floor_m` is lost, so
    /// nothing below it is ground.
    pub fn of(ground: &QueryWorld, floor_m: f32) -> Self {
        Self {
            solids: Solids::of(ground),
            floor_m,
            mesh: Mesh::default(),
            stale: BTreeSet::new(),
            wishes: BTreeSet::new(),
            granted: BTreeSet::new(),
            job: None,
            revision: 0,
        }
    }

    /// Follows an edit that `ground` has followed already: objects that were changed, made or
    /// deleted.
    pub fn edit(&mut self, changed: &[ObjectId], ground: &QueryWorld, floor_m: f32) {
        let mut touched = Vec::new();
        for id in changed {
            touched.extend(self.solids.follow(*id, ground));
        }
        if self.floor_m.to_bits() != floor_m.to_bits() {
            self.floor_m = floor_m;
            self.stale.extend(self.mesh.keys());
            self.job = None;
            self.granted.clear();
        }
        for bounds in &touched {
            self.touch(bounds);
        }
    }

    /// Has the ground around a place known, at most [`NAV_RANGE_M_MAX`] away: call it in every tick
    /// for every companion, before [`Nav::work`]. What nobody wants is kept as long as there is room.
    pub fn want(&mut self, position_m: [f32; 3], range_m: f32) {
        let Some(tile) = spot(position_m).and_then(TileKey::of) else { return };
        let range_m = f64::from(range_m.clamp(0.0, NAV_RANGE_M_MAX));
        let tiles = (range_m / (f64::from(TILE_CELLS) * CELL_M)).ceil() as i32 + 1;
        if self.wishes.len() < NAV_WISHES_MAX {
            self.wishes.insert(Wish { tile, tiles });
        }
    }

    /// Builds what is wanted and not there, the nearest to a wish first, until about as much was
    /// done as `units` say. One step of one tile may take more. Forgets the wishes. How much it was.
    pub fn work(&mut self, units: usize) -> usize {
        let wishes = std::mem::take(&mut self.wishes);
        let mut spent = 0;
        while spent < units {
            let Some(job) = &mut self.job else {
                let (looked_at, found) = self.missing(&wishes);
                spent += looked_at;
                let Some(key) = found else { break };
                if !self.mesh.has(key) && !self.make_room(&wishes) {
                    break;
                }
                let job = Job::new(key, &self.solids, self.floor_m);
                spent += job.cost();
                self.job = Some(job);
                continue;
            };
            let (cost, built) = job.advance(&self.solids, units - spent);
            spent += cost;
            if let Some(tile) = built {
                self.stale.remove(&job.key);
                self.mesh.insert(job.key, tile);
                self.revision = self.revision.wrapping_add(1);
                self.job = None;
            }
        }
        spent
    }

    /// Changes whenever a tile was built: ways that were found before may not be the best any more,
    /// or lead through what was built meanwhile.
    #[cfg(test)]
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// The way from one place to another, both at the height of the feet. It begins and ends at the
    /// ground nearest to them, at most [`NAV_SNAP_M`] away.
    pub fn path(&self, from_m: [f32; 3], to_m: [f32; 3]) -> Result<Path, NoWay> {
        let from = self.foot(from_m, f64::from(NAV_SNAP_M), NoWay::NoStart)?;
        let to = self.foot(to_m, f64::from(NAV_SNAP_M), NoWay::NoEnd)?;
        let corners = route::find(&self.mesh, from, to)?;
        let pairs = corners.windows(2);
        let cells: f64 = pairs.map(|pair| distance(pair[0].spot, pair[1].spot)).sum();
        let points_m = corners.iter().map(|foot| self.point_m(*foot)).collect();
        Ok(Path { points_m, length_m: (cells * CELL_M) as f32 })
    }

    /// Whether one can walk straight from one place to another.
    #[cfg(test)]
    pub fn is_straight(&self, from_m: [f32; 3], to_m: [f32; 3]) -> bool {
        let foot = |at_m| self.foot(at_m, f64::from(NAV_SNAP_M), NoWay::NoStart);
        let (Ok(from), Ok(to)) = (foot(from_m), foot(to_m)) else { return false };
        route::is_straight(&self.mesh, from, to)
    }

    /// The place nearest to a point at which one can stand, at most `within_m` and
    /// [`NAV_NEAREST_M_MAX`] away.
    pub fn nearest(&self, point_m: [f32; 3], within_m: f32) -> Result<[f32; 3], NoWay> {
        let within_m = f64::from(within_m.clamp(0.0, NAV_NEAREST_M_MAX));
        self.foot(point_m, within_m, NoWay::NoEnd).map(|foot| self.point_m(foot))
    }

    /// A place at which one can stand, and to which a way leads from `around_m` that stays within
    /// `radius_m` along x and z. `chance` decides which: numbers from 0 to 1, each equally likely,
    /// give each place equally likely.
    pub fn random_place(
        &self,
        chance: [f32; 2],
        around_m: [f32; 3],
        radius_m: f32,
    ) -> Result<[f32; 3], NoWay> {
        let start = self.foot(around_m, f64::from(NAV_SNAP_M), NoWay::NoStart)?;
        let radius = f64::from(radius_m.clamp(0.0, NAV_RANGE_M_MAX)) / CELL_M;
        let parts = self.reachable(start, radius);
        let area = |(_, low, high): &(Node, Spot, Spot)| (high[0] - low[0]) * (high[1] - low[1]);
        let [mut along, across] = chance.map(|part| f64::from(part.clamp(0.0, 1.0)));
        along *= parts.iter().map(area).sum::<f64>();
        for part in &parts {
            let (area, (node, low, high)) = (area(part), *part);
            if along <= area && area > 0.0 {
                let shares = [along / area, across];
                let spot =
                    [0, 1].map(|axis: usize| low[axis] + (high[axis] - low[axis]) * shares[axis]);
                return Ok(self.point_m(Foot { node, spot }));
            }
            along -= area;
        }
        Ok(self.point_m(start))
    }

    /// What of each patch is within `radius` cells of a place and can be reached over such patches.
    fn reachable(&self, start: Foot, radius: f64) -> Vec<(Node, Spot, Spot)> {
        let mut seen = BTreeSet::from([start.node]);
        let mut waiting = vec![start.node];
        let mut parts = Vec::new();
        while let Some(node) = waiting.pop() {
            let Some((low, high)) = self.mesh.extent(node) else { continue };
            let axes = [0, 1];
            let low = axes.map(|axis: usize| low[axis].max(start.spot[axis] - radius));
            let high = axes.map(|axis: usize| high[axis].min(start.spot[axis] + radius));
            if low[0] > high[0] || low[1] > high[1] {
                continue;
            }
            parts.push((node, low, high));
            if parts.len() >= NAV_PATCHES_PER_STROLL_MAX {
                break;
            }
            waiting.extend(self.mesh.gates(node).map(|gate| gate.to).filter(|to| seen.insert(*to)));
        }
        parts
    }

    fn point_m(&self, foot: Foot) -> [f32; 3] {
        point_m(foot.spot, self.mesh.floor(foot))
    }

    fn foot(&self, point_m: [f32; 3], within_m: f64, none: NoWay) -> Result<Foot, NoWay> {
        let spot = spot(point_m).ok_or(none)?;
        if let Some(foot) = self.mesh.nearest(spot, point_m[1], within_m) {
            return Ok(foot);
        }
        let is_there = TileKey::of(spot).is_some_and(|key| self.mesh.has(key));
        Err(if is_there { none } else { NoWay::NotBuilt })
    }

    /// Marks the tiles that see what is within bounds.
    fn touch(&mut self, bounds: &Aabb) {
        let tile = |at_m: f32, border: i32| {
            let cells = (f64::from(at_m) / CELL_M).clamp(-1.0e9, 1.0e9) + f64::from(border);
            (cells / f64::from(TILE_CELLS)).floor() as i32
        };
        let border = BORDER_CELLS + 1;
        let low = [tile(bounds.mins.x, -border), tile(bounds.mins.z, -border)];
        let high = [tile(bounds.maxs.x, border), tile(bounds.maxs.z, border)];
        let inside = |key: &TileKey| {
            let [x, z] = [i32::from(key.x), i32::from(key.z)];
            (low[0]..=high[0]).contains(&x) && (low[1]..=high[1]).contains(&z)
        };
        self.job.take_if(|job| inside(&job.key));
        self.granted.retain(|wish| {
            let apart = |at: i16, axis: usize| {
                let at = i32::from(at);
                at + wish.tiles < low[axis] || at - wish.tiles > high[axis]
            };
            apart(wish.tile.x, 0) || apart(wish.tile.z, 1)
        });
        let count = (i64::from(high[0] - low[0]) + 1) * (i64::from(high[1] - low[1]) + 1);
        if count > self.mesh.len() as i64 {
            self.stale.extend(self.mesh.keys().filter(inside));
            return;
        }
        for x in low[0]..=high[0] {
            let row = (low[1]..=high[1]).filter_map(|z| TileKey::at(x, z));
            self.stale.extend(row.filter(|key| self.mesh.has(*key)));
        }
    }

    /// The tile to be built next, and how much work it was to find.
    fn missing(&mut self, wishes: &BTreeSet<Wish>) -> (usize, Option<TileKey>) {
        let mut looked_at: usize = 1;
        let mut best: Option<(i32, TileKey)> = None;
        for wish in wishes {
            if self.granted.contains(wish) {
                continue;
            }
            // The others wait for the next time.
            if looked_at >= LOOKED_AT_MAX {
                break;
            }
            let mut is_granted = true;
            let [x, z] = [i32::from(wish.tile.x), i32::from(wish.tile.z)];
            let out = wish.tiles;
            let keys = (-out..=out).flat_map(|by_x| (-out..=out).map(move |by_z| (by_x, by_z)));
            for key in keys.filter_map(|(by_x, by_z)| TileKey::at(x + by_x, z + by_z)) {
                looked_at += 1;
                if !wish.covers(key) || (self.mesh.has(key) && !self.stale.contains(&key)) {
                    continue;
                }
                is_granted = false;
                let found = (wish.tile.distance_squared(key), key);
                best = Some(best.map_or(found, |best| best.min(found)));
            }
            if is_granted {
                if self.granted.len() >= 4 * NAV_WISHES_MAX {
                    self.granted.clear();
                }
                self.granted.insert(*wish);
            }
        }
        (looked_at.div_ceil(16), best.map(|(_, key)| key))
    }

    /// Makes room for a tile, by forgetting those that are farthest from all wishes; whether there
    /// is some. What is wanted is not forgotten.
    fn make_room(&mut self, wishes: &BTreeSet<Wish>) -> bool {
        let is_full = |mesh: &Mesh| mesh.len() >= NAV_TILES_MAX || mesh.bytes() >= NAV_BYTES_MAX;
        if !is_full(&self.mesh) {
            return true;
        }
        let unwanted = self.mesh.keys().filter(|key| !wishes.iter().any(|wish| wish.covers(*key)));
        let away = |key: TileKey| {
            let each = wishes.iter().map(|wish| wish.tile.distance_squared(key));
            (each.min().unwrap_or(i32::MAX), key)
        };
        let by_distance: BTreeMap<(i32, TileKey), ()> =
            unwanted.map(|key| (away(key), ())).collect();
        // Some more at once, so that they need not be sorted for every tile.
        for (_, key) in by_distance.into_keys().rev().take(NAV_TILES_MAX / 16) {
            self.mesh.remove(key);
            self.stale.remove(&key);
            self.granted.clear();
        }
        !is_full(&self.mesh)
    }
}
