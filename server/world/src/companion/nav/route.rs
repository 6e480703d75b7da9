//! The search for a way over patches, and how it is pulled straight.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

use super::{
    NoWay,
    grid::{Spot, distance},
    mesh::{Foot, Gate, Mesh, Node},
};
use crate::limits::{NAV_PATCHES_PER_STROLL_MAX, NAV_PATCHES_PER_WAY_MAX};

/// Patches that one straight line may cross.
const CROSSED_MAX: usize = 1_024;
/// How far (cells) floors may differ where a line ends and where it should.
const END_FLOORS_MAX: i32 = 12;

/// What is known of a patch during a search.
struct Reached {
    /// Cells that were walked until here.
    cost: f64,
    /// Where the patch was entered.
    entry: Spot,
    from: Option<(Node, Gate)>,
    is_done: bool,
}

/// The corners of a way, with both ends.
pub(super) fn find(mesh: &Mesh, from: Foot, to: Foot) -> Result<Vec<Foot>, NoWay> {
    let gates = search(mesh, from, to)?;
    let corners = pull(&gates, from, to);
    Ok(shorten(mesh, corners))
}

/// The gates of a way, by A*: the cost of a patch is where the straight line from its entry to the
/// goal leaves it, or the nearest point of the gate to that.
fn search(mesh: &Mesh, from: Foot, to: Foot) -> Result<Vec<Gate>, NoWay> {
    let mut reached = BTreeMap::new();
    let mut open = BinaryHeap::new();
    // Bits of floats that are not negative are ordered as they are.
    let estimate = |cost: f64, entry: Spot| (cost + distance(entry, to.spot)).to_bits();
    open.push(Reverse((estimate(0.0, from.spot), from.node)));
    let start = Reached { cost: 0.0, entry: from.spot, from: None, is_done: false };
    reached.insert(from.node, start);
    let (mut looked_at, mut leads_out) = (0, false);
    let mut none = NoWay::NotBuilt;
    while let Some(Reverse((_, node))) = open.pop() {
        let Some(here) = reached.get_mut(&node) else { continue };
        if std::mem::replace(&mut here.is_done, true) {
            continue;
        }
        if node == to.node {
            return Ok(back(&reached, node));
        }
        looked_at += 1;
        if looked_at > NAV_PATCHES_PER_WAY_MAX {
            // Nobody knows what else there is.
            (none, leads_out) = (NoWay::TooFar, true);
            break;
        }
        leads_out |= mesh.leads_out(node);
        let (cost, entry) = (here.cost, here.entry);
        for gate in mesh.gates(node) {
            let crossed = cross(&gate, entry, to.spot);
            let cost = cost + distance(entry, crossed);
            let known = reached.get(&gate.to);
            if known.is_some_and(|known| known.is_done || known.cost <= cost) {
                continue;
            }
            let from = Some((node, gate));
            reached.insert(gate.to, Reached { cost, entry: crossed, from, is_done: false });
            open.push(Reverse((estimate(cost, crossed), gate.to)));
        }
    }
    let is_open = leads_out && leads_anywhere(mesh, to.node);
    Err(if is_open { none } else { NoWay::Blocked })
}

/// Whether what hangs together with a patch goes on where nothing is known yet, or is large.
fn leads_anywhere(mesh: &Mesh, start: Node) -> bool {
    let mut seen = BTreeSet::from([start]);
    let mut waiting = vec![start];
    while let Some(node) = waiting.pop() {
        if mesh.leads_out(node) || seen.len() > NAV_PATCHES_PER_STROLL_MAX {
            return true;
        }
        waiting.extend(mesh.gates(node).map(|gate| gate.to).filter(|to| seen.insert(*to)));
    }
    false
}

fn back(reached: &BTreeMap<Node, Reached>, goal: Node) -> Vec<Gate> {
    let mut gates = Vec::new();
    let mut node = goal;
    while let Some((before, gate)) = reached.get(&node).and_then(|here| here.from) {
        gates.push(gate);
        node = before;
    }
    gates.reverse();
    gates
}

/// Where the way from `entry` to `goal` goes through a gate.
fn cross(gate: &Gate, entry: Spot, goal: Spot) -> Spot {
    let axis = gate.side.axis();
    let (ahead, aside) = (goal[axis] - entry[axis], goal[1 - axis] - entry[1 - axis]);
    let share = (gate.at - entry[axis]) / ahead;
    let along = if (0.0..=1.0).contains(&share) {
        entry[1 - axis] + aside * share
    } else {
        entry[1 - axis]
    };
    gate.point(along.clamp(gate.along[0], gate.along[1]))
}

/// On which side of the line from `a` to `b` a point is: positive on the left.
fn turn(a: Spot, b: Spot, point: Spot) -> f64 {
    (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])
}

/// The shortest way through gates: Mononen's simple stupid funnel.
fn pull(gates: &[Gate], from: Foot, to: Foot) -> Vec<Foot> {
    let mut corners = vec![from];
    let ends = |at: usize| gates.get(at).map_or((to.spot, to.spot), Gate::ends);
    let node = |at: usize| gates.get(at).map_or(to.node, |gate| gate.to);
    let mut apex = from.spot;
    let (mut left, mut right) = (apex, apex);
    let (mut left_at, mut right_at) = (0, 0);
    let mut at = 0;
    while at <= gates.len() {
        let (next_left, next_right) = ends(at);
        if turn(apex, right, next_right) >= 0.0 {
            if apex == right || turn(apex, left, next_right) < 0.0 {
                (right, right_at) = (next_right, at);
            } else {
                corners.push(Foot { node: node(left_at), spot: left });
                apex = left;
                right = apex;
                at = left_at + 1;
                right_at = left_at;
                continue;
            }
        }
        if turn(apex, left, next_left) <= 0.0 {
            if apex == left || turn(apex, right, next_left) > 0.0 {
                (left, left_at) = (next_left, at);
            } else {
                corners.push(Foot { node: node(right_at), spot: right });
                apex = right;
                left = apex;
                at = right_at + 1;
                left_at = right_at;
                continue;
            }
        }
        at += 1;
    }
    corners.push(to);
    corners.dedup_by(|b, a| a.spot == b.spot && a.node.tile == b.node.tile);
    if corners.len() == 1 {
        corners.push(to);
    }
    corners
}

/// Leaves out corners that one can see past.
fn shorten(mesh: &Mesh, corners: Vec<Foot>) -> Vec<Foot> {
    let mut kept: Vec<Foot> = Vec::with_capacity(corners.len());
    for (at, corner) in corners.iter().enumerate() {
        while let [.., before, _] = kept.as_slice()
            && is_straight(mesh, *before, *corner)
        {
            kept.pop();
        }
        if at + 1 == corners.len() || kept.last().is_none_or(|last| last.spot != corner.spot) {
            kept.push(*corner);
        }
    }
    kept
}

/// Whether one can walk straight from one place to another.
pub(super) fn is_straight(mesh: &Mesh, from: Foot, to: Foot) -> bool {
    let floor = mesh.floor(to);
    let mut node = from.node;
    let mut share = 0.0;
    let delta = [to.spot[0] - from.spot[0], to.spot[1] - from.spot[1]];
    for _ in 0..CROSSED_MAX {
        let Some((low, high)) = mesh.extent(node) else { return false };
        if (0..2).all(|axis| (low[axis]..=high[axis]).contains(&to.spot[axis])) {
            let end = mesh.floor(Foot { node, spot: to.spot });
            return (end - floor).abs() <= END_FLOORS_MAX;
        }
        // When the line leaves the patch along each axis.
        let leaves = [0, 1].map(|axis: usize| {
            let edge = if delta[axis] > 0.0 { high[axis] } else { low[axis] };
            let when = (edge - from.spot[axis]) / delta[axis];
            if delta[axis] == 0.0 { f64::INFINITY } else { when.max(share) }
        });
        let when = leaves[0].min(leaves[1]);
        let next = mesh.gates(node).find(|gate| {
            let axis = gate.side.axis();
            let aside = from.spot[1 - axis] + delta[1 - axis] * when;
            let out = if gate.side.is_ahead() { delta[axis] > 0.0 } else { delta[axis] < 0.0 };
            out && leaves[axis] == when && (gate.along[0]..=gate.along[1]).contains(&aside)
        });
        let Some(gate) = next else { return false };
        node = gate.to;
        share = when;
    }
    false
}
