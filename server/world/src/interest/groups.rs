//! All leaves: one tree of cutting planes for each audience.
//!
//! A leaf that is full is cut in two at the median of its members, along the axis on which they are
//! spread most; two leaves under one cut that are nearly empty become one again. Members stay in
//! their leaf until they are some way outside of its region. Invariant: every living member that was
//! noted is in exactly one leaf, of its own audience.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use vivarium_protocol::snapshot::{block::SLOTS, packet::Closing};

use super::leaf::{Bounds, Leaf};
use crate::{
    history::{Audience, History, Member, Place},
    limits::{LEAF_MERGED_MEMBERS_MAX, TIDY_TICKS},
};

#[derive(Clone, Copy, Debug)]
enum Cut {
    /// Below the plane is the first child, the rest is the second.
    Plane { axis: u8, at_m: f32 },
    /// All are at one place: whichever child has more room.
    Share,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Leaf { leaf: u32 },
    Branch { cut: Cut, children: [u32; 2] },
    Free,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    parent: Option<u32>,
    shape: Shape,
}

/// A leaf that is no more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closed {
    pub leaf: u32,
    pub audience: Audience,
    pub closing: Closing,
}

/// The tree of one audience. Nothing in it depends on other audiences, so that not even the order
/// or the time in which somebody is told of open leaves says anything about hidden ones.
struct Tree {
    root: u32,
    free_leaves: Vec<u32>,
    /// Leaves that there have been so far.
    born: u32,
}

/// The leaves of a world.
#[derive(Resource, Default)]
pub(crate) struct Groups {
    leaves: Vec<Option<Leaf>>,
    nodes: Vec<Node>,
    free_nodes: Vec<u32>,
    trees: BTreeMap<Audience, Tree>,
    ids: u32,
    /// Leaves that ended in this tick; their indices rest until the next.
    pub closed: Vec<Closed>,
    scratch: Vec<(f32, u8, Member)>,
}

// Members nearer together than this are at one place, metres.
const SPREAD_M_MIN: f32 = 0.25;

impl Groups {
    /// As many as [`Groups::get`] has indices for.
    pub fn capacity(&self) -> usize {
        self.leaves.len()
    }

    /// The leaf of an index, unless it ended.
    pub fn get(&self, leaf: u32) -> Option<&Leaf> {
        self.leaves.get(leaf as usize)?.as_ref()
    }

    /// All leaves with their indices.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Leaf)> {
        let leaves = self.leaves.iter().enumerate();
        leaves.filter_map(|(index, leaf)| Some((index as u32, leaf.as_ref()?)))
    }

    /// Takes in what the history of this tick says.
    pub fn update(&mut self, history: &mut History, tick: u32) {
        for closed in self.closed.drain(..) {
            if let Some(tree) = self.trees.get_mut(&closed.audience) {
                tree.free_leaves.push(closed.leaf);
            }
        }
        for index in 0..history.gone.len() {
            let (member, place) = history.gone[index];
            if let Some(place) = place {
                let identity = history.identity(member);
                self.leaf_mut(place.leaf).remove(place.slot, identity, false, tick);
            }
        }
        for index in 0..history.touched.len() {
            self.follow(history, history.touched[index], tick);
        }
        if tick.is_multiple_of(TIDY_TICKS) {
            self.tidy(history, tick);
        }
        history.settle();
    }

    /// A member changed: it may belong to another leaf now.
    fn follow(&mut self, history: &mut History, member: Member, tick: u32) {
        if !history.is_alive(member) {
            return;
        }
        let position_m = history.position_m(member);
        if let Some(place) = history.place(member) {
            let leaf = self.leaf_mut(place.leaf);
            if leaf.region.nearly_holds(position_m) {
                leaf.changed = tick;
                leaf.bounds.include(position_m);
                return;
            }
            leaf.remove(place.slot, history.identity(member), true, tick);
        }
        self.insert(history, member, tick);
    }

    fn insert(&mut self, history: &mut History, member: Member, tick: u32) {
        let audience = history.audience(member);
        let position_m = history.position_m(member);
        let identity = history.identity(member);
        let mut node = match self.trees.get(&audience) {
            Some(tree) => tree.root,
            None => {
                let root = self.new_node(None);
                self.trees.insert(audience, Tree { root, free_leaves: Vec::new(), born: 0 });
                self.new_leaf(audience, root, Bounds::ALL, tick);
                root
            }
        };
        loop {
            match self.nodes[node as usize].shape {
                Shape::Branch { cut, children } => {
                    let second = match cut {
                        Cut::Plane { axis, at_m } => position_m[usize::from(axis)] >= at_m,
                        Cut::Share => self.count(children[1]) < self.count(children[0]),
                    };
                    node = children[usize::from(second)];
                }
                Shape::Leaf { leaf } => {
                    let index = leaf;
                    let leaf = self.leaf_mut(index);
                    if let Some(slot) = leaf.add(member, identity, tick) {
                        leaf.bounds.include(position_m);
                        history.set_place(member, Place { leaf: index, slot });
                        return;
                    }
                    self.split(history, index, tick);
                }
                Shape::Free => unreachable!("a branch has no freed children"),
            }
        }
    }

    fn count(&self, node: u32) -> usize {
        match self.nodes[node as usize].shape {
            Shape::Leaf { leaf } => self.get(leaf).map_or(0, Leaf::len),
            Shape::Branch { children, .. } => children.iter().map(|child| self.count(*child)).sum(),
            Shape::Free => 0,
        }
    }

    /// Cuts a leaf in two. One half stays as it is; the other half goes to a new leaf.
    fn split(&mut self, history: &mut History, index: u32, tick: u32) {
        let mut members = std::mem::take(&mut self.scratch);
        let leaf = self.leaf_mut(index);
        let (node, region, audience) = (leaf.node, leaf.region, leaf.audience);
        let mut spread = Bounds::EMPTY;
        leaf.members().for_each(|(_, member)| spread.include(history.position_m(member)));
        let extent = |axis: usize| spread.max[axis] - spread.min[axis];
        let axis = (1..3)
            .fold(0, |widest, axis| if extent(axis) > extent(widest) { axis } else { widest });
        members.clear();
        members.extend(
            leaf.members().map(|(slot, member)| (history.position_m(member)[axis], slot, member)),
        );
        members.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let half = members.len() / 2;
        let (cut, from) = match median(&members) {
            Some(from) if extent(axis) >= SPREAD_M_MIN => {
                (Cut::Plane { axis: axis as u8, at_m: members[from].0 }, from)
            }
            _ => (Cut::Share, half),
        };
        let regions = match cut {
            Cut::Plane { at_m, .. } => {
                let (mut low, mut high) = (region, region);
                (low.max[axis], high.min[axis]) = (at_m, at_m);
                [low, high]
            }
            Cut::Share => [region; 2],
        };
        let children = [self.new_node(Some(node)), self.new_node(Some(node))];
        self.nodes[node as usize].shape = Shape::Branch { cut, children };
        self.nodes[children[0] as usize].shape = Shape::Leaf { leaf: index };
        let other = self.new_leaf(audience, children[1], regions[1], tick);
        let leaf = self.leaf_mut(index);
        (leaf.node, leaf.region) = (children[0], regions[0]);
        for (_, slot, member) in members.drain(from..) {
            self.transfer(history, member, Place { leaf: index, slot }, other, tick);
        }
        self.scratch = members;
        self.measure(history, index);
    }

    /// Moves a member to a leaf that has room for it.
    fn transfer(&mut self, history: &mut History, member: Member, from: Place, to: u32, tick: u32) {
        let identity = history.identity(member);
        self.leaf_mut(from.leaf).remove(from.slot, identity, true, tick);
        let leaf = self.leaf_mut(to);
        match leaf.add(member, identity, tick) {
            Some(slot) => {
                leaf.bounds.include(history.position_m(member));
                history.set_place(member, Place { leaf: to, slot });
            }
            // Only its own old slots are free there: it finds another way.
            None => self.insert(history, member, tick),
        }
    }

    /// Joins what has become nearly empty, and measures where the members of leaves are.
    fn tidy(&mut self, history: &mut History, tick: u32) {
        for index in 0..self.leaves.len() as u32 {
            let Some(leaf) = self.get(index) else { continue };
            if leaf.changed + TIDY_TICKS >= tick {
                self.measure(history, index);
            }
        }
        for index in 0..self.leaves.len() as u32 {
            let Some(leaf) = self.get(index) else { continue };
            let Some(parent) = self.nodes[leaf.node as usize].parent else { continue };
            let Shape::Branch { children, .. } = self.nodes[parent as usize].shape else {
                continue;
            };
            let sibling = children[usize::from(children[0] == leaf.node)];
            if leaf.len() == 0 {
                self.close(index);
                self.replace(parent, sibling);
                continue;
            }
            let Shape::Leaf { leaf: other } = self.nodes[sibling as usize].shape else { continue };
            let other_count = self.get(other).map_or(0, Leaf::len);
            // The smaller one goes; the sibling's turn comes when it is the smaller one.
            let fit = other_count + leaf.len() <= LEAF_MERGED_MEMBERS_MAX;
            if other_count >= leaf.len() && fit && self.merge(history, index, other, tick) {
                self.replace(parent, sibling);
            }
        }
    }

    /// Whether all went over; some may not when only their own old slots are free.
    fn merge(&mut self, history: &mut History, from: u32, to: u32, tick: u32) -> bool {
        let mut members = std::mem::take(&mut self.scratch);
        members.clear();
        if let Some(leaf) = self.get(from) {
            members.extend(leaf.members().map(|(slot, member)| (0.0, slot, member)));
        }
        for (_, slot, member) in members.drain(..) {
            self.transfer(history, member, Place { leaf: from, slot }, to, tick);
        }
        self.scratch = members;
        let empty = self.get(from).is_none_or(|leaf| leaf.len() == 0);
        if empty {
            self.close(from);
        }
        empty
    }

    /// Puts what is under `child` in the place of its parent.
    fn replace(&mut self, parent: u32, child: u32) {
        let shape = self.nodes[child as usize].shape;
        if let Shape::Branch { children, .. } = self.nodes[parent as usize].shape {
            for freed in children {
                self.nodes[freed as usize].shape = Shape::Free;
                self.free_nodes.push(freed);
            }
        }
        self.nodes[parent as usize].shape = shape;
        match shape {
            Shape::Branch { children, .. } => {
                children.iter().for_each(|child| self.nodes[*child as usize].parent = Some(parent));
            }
            Shape::Leaf { leaf } => self.leaf_mut(leaf).node = parent,
            Shape::Free => unreachable!("a sibling is not free"),
        }
        self.widen(parent);
    }

    /// Says the leaves under a node anew what belongs to them.
    fn widen(&mut self, node: u32) {
        let mut region = Bounds::ALL;
        let (mut below, mut above) = (node, self.nodes[node as usize].parent);
        while let Some(parent) = above {
            if let Shape::Branch { cut: Cut::Plane { axis, at_m }, children } =
                self.nodes[parent as usize].shape
            {
                let axis = usize::from(axis);
                if children[0] == below {
                    region.max[axis] = region.max[axis].min(at_m);
                } else {
                    region.min[axis] = region.min[axis].max(at_m);
                }
            }
            (below, above) = (parent, self.nodes[parent as usize].parent);
        }
        self.spread(node, region);
    }

    fn spread(&mut self, node: u32, region: Bounds) {
        match self.nodes[node as usize].shape {
            Shape::Leaf { leaf } => self.leaf_mut(leaf).region = region,
            Shape::Branch { cut, children } => {
                let (mut low, mut high) = (region, region);
                if let Cut::Plane { axis, at_m } = cut {
                    (low.max[usize::from(axis)], high.min[usize::from(axis)]) = (at_m, at_m);
                }
                self.spread(children[0], low);
                self.spread(children[1], high);
            }
            Shape::Free => unreachable!("a branch has no freed children"),
        }
    }

    fn measure(&mut self, history: &History, index: u32) {
        let leaf = self.leaf_mut(index);
        let mut bounds = Bounds::EMPTY;
        leaf.members().for_each(|(_, member)| bounds.include(history.position_m(member)));
        leaf.bounds = bounds;
    }

    fn close(&mut self, index: u32) {
        if let Some(leaf) = self.leaves[index as usize].take() {
            let closing = Closing::Moved;
            self.closed.push(Closed { leaf: index, audience: leaf.audience, closing });
        }
    }

    fn new_node(&mut self, parent: Option<u32>) -> u32 {
        let node = Node { parent, shape: Shape::Free };
        match self.free_nodes.pop() {
            Some(index) => {
                self.nodes[index as usize] = node;
                index
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() as u32 - 1
            }
        }
    }

    fn new_leaf(&mut self, audience: Audience, node: u32, region: Bounds, tick: u32) -> u32 {
        self.ids += 1;
        let tree = self.trees.get_mut(&audience).expect("a tree is made before its leaves");
        tree.born += 1;
        let mut leaf = Leaf::new(self.ids, audience, node, region, tick);
        leaf.phase = tree.born;
        let leaf = Some(leaf);
        let index = match tree.free_leaves.pop() {
            Some(index) => {
                self.leaves[index as usize] = leaf;
                index
            }
            None => {
                self.leaves.push(leaf);
                self.leaves.len() as u32 - 1
            }
        };
        self.nodes[node as usize].shape = Shape::Leaf { leaf: index };
        index
    }

    fn leaf_mut(&mut self, index: u32) -> &mut Leaf {
        self.leaves[index as usize].as_mut().expect("members and nodes name living leaves only")
    }
}

/// The first of the upper half of sorted places, such that the one before it is below it.
fn median(members: &[(f32, u8, Member)]) -> Option<usize> {
    let middle = members.get(members.len() / 2)?.0;
    let from = match members.iter().position(|(at, ..)| *at >= middle)? {
        0 => members.iter().position(|(at, ..)| *at > middle)?,
        from => from,
    };
    members[from].0.is_finite().then_some(from)
}

const _: () = assert!(LEAF_MERGED_MEMBERS_MAX < SLOTS);

#[cfg(test)]
mod tests;
