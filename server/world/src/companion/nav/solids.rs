//! What stands fast in a world: shapes, where they are, and which are near a place.
//!
//! Invariant: what is found depends on what there is, not on the order in which it came.

use std::collections::BTreeMap;

use rapier3d::{
    math::Pose,
    parry::{
        bounding_volume::Aabb,
        partitioning::{Bvh, BvhBuildStrategy},
    },
    prelude::SharedShape,
};
use vivarium_motion::QueryWorld;
use vivarium_protocol::ids::ObjectId;

/// One shape.
pub(super) struct Solid {
    /// Whose it is, and which of that object's: the order in which solids are taken.
    key: (ObjectId, u32),
    pub shape: SharedShape,
    pub pose: Pose,
    pub bounds: Aabb,
}

/// All of them.
pub(super) struct Solids {
    slots: Vec<Option<Solid>>,
    free: Vec<u32>,
    of: BTreeMap<ObjectId, Vec<u32>>,
    tree: Bvh,
}

impl Solids {
    /// What stands fast for avatars.
    pub fn of(ground: &QueryWorld) -> Self {
        let mut solids =
            Self { slots: Vec::new(), free: Vec::new(), of: BTreeMap::new(), tree: Bvh::new() };
        for id in ground.fixed_objects() {
            for solid in parts(ground, id) {
                solids.put(solid);
            }
        }
        let leaves = solids.slots.iter().enumerate();
        let leaves = leaves.filter_map(|(at, slot)| Some((at, slot.as_ref()?.bounds)));
        solids.tree = Bvh::from_iter(BvhBuildStrategy::Binned, leaves);
        solids
    }

    /// Takes an object as it is now. Where something of it was and is.
    pub fn follow(&mut self, id: ObjectId, ground: &QueryWorld) -> Vec<Aabb> {
        let mut touched = Vec::new();
        for slot in self.of.remove(&id).unwrap_or_default() {
            self.tree.remove(slot);
            touched.extend(self.slots[slot as usize].take().map(|solid| solid.bounds));
            self.free.push(slot);
        }
        for solid in parts(ground, id) {
            let bounds = solid.bounds;
            touched.push(bounds);
            let slot = self.put(solid);
            self.tree.insert(bounds, slot);
        }
        touched
    }

    /// The slots of what is within bounds, always in the same order.
    pub fn within(&self, bounds: &Aabb) -> Vec<u32> {
        let mut found: Vec<u32> = self.tree.intersect_aabb(bounds).collect();
        found.retain(|slot| self.get(*slot).is_some());
        found.sort_unstable_by_key(|slot| self.get(*slot).map(|solid| solid.key));
        found
    }

    /// What is in a slot.
    pub fn get(&self, slot: u32) -> Option<&Solid> {
        self.slots.get(slot as usize)?.as_ref()
    }

    fn put(&mut self, solid: Solid) -> u32 {
        let id = solid.key.0;
        let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
        if slot as usize == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[slot as usize] = Some(solid);
        self.of.entry(id).or_default().push(slot);
        slot
    }
}

fn parts(ground: &QueryWorld, id: ObjectId) -> impl Iterator<Item = Solid> {
    let shapes = ground.fixed(id).enumerate();
    shapes.filter_map(move |(part, (shape, pose))| {
        let bounds = shape.compute_aabb(pose);
        let finite = bounds.mins.is_finite() && bounds.maxs.is_finite();
        finite.then(|| Solid { key: (id, part as u32), shape: shape.clone(), pose: *pose, bounds })
    })
}
