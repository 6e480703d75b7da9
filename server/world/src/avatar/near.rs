//! Which loose bodies an avatar may bump into.
//!
//! The tree of the main world would answer that too, but with the capsules of everyone who stands
//! there: a crowd on one spot would cost the square of its size. This tree holds loose bodies alone.

use bevy_ecs::prelude::*;
use rapier3d::{parry::partitioning::Bvh, prelude::*};
use vivarium_motion::{Proxy, consts::PROXY_SLOTS};
use vivarium_protocol::ids::ObjectId;

use crate::{limits::BODY_REACH_M, object::Objects, physics::Physics};

/// The loose bodies of a world by where they are.
#[derive(Resource, Default)]
pub(super) struct Near {
    tree: Bvh,
    /// Of the objects in the tree.
    generation: Option<u32>,
    /// By index into [`Objects::dynamic`]: the box around all colliders.
    bounds: Vec<Aabb>,
    found: Vec<(f32, Proxy)>,
    proxies: Vec<Proxy>,
}

impl Near {
    /// Notes where the bodies are that were moved since the last tick.
    pub fn note(&mut self, physics: &Physics, objects: &Objects) {
        let mut is_changed = false;
        if self.generation != Some(objects.generation) {
            is_changed = true;
            self.generation = Some(objects.generation);
            self.bounds = objects.dynamic.iter().map(|loose| bounds(physics, loose.body)).collect();
            self.tree = Bvh::new();
            for (index, bounds) in self.bounds.iter().enumerate() {
                self.tree.insert_or_update_partially(*bounds, index as u32, 0.0);
            }
        } else {
            // One that fell asleep in the last tick moved by next to nothing in it.
            for (body, _) in physics.world.active_bodies() {
                let Some(index) = objects.index_of_body(body) else { continue };
                is_changed = true;
                self.bounds[index] = bounds(physics, body);
                self.tree.insert_or_update_partially(self.bounds[index], index as u32, 0.0);
            }
        }
        if is_changed {
            self.tree.refit_without_opt();
        }
    }

    /// The loose bodies that an avatar may bump into in this tick, nearest first, but for the one
    /// that it holds.
    pub fn find(
        &mut self,
        physics: &Physics,
        objects: &Objects,
        position_m: [f32; 3],
        held: Option<ObjectId>,
    ) -> &[Proxy] {
        self.found.clear();
        self.proxies.clear();
        let centre = Vector::from_array(position_m);
        let reach = Aabb::from_half_extents(centre, Vector::splat(BODY_REACH_M));
        for index in self.tree.intersect_aabb(&reach) {
            let loose = &objects.dynamic[index as usize];
            if Some(loose.object) == held {
                continue;
            }
            let pose = physics.world.bodies[loose.body].position();
            let proxy = Proxy {
                object: loose.object,
                position_m: pose.translation.to_array(),
                rotation: pose.rotation.to_array(),
            };
            self.found.push((gap_m(&self.bounds[index as usize], centre), proxy));
        }
        // Ties are broken by id: the order of the tree must not matter.
        self.found.sort_unstable_by(|(a, one), (b, other)| {
            a.total_cmp(b).then(one.object.cmp(&other.object))
        });
        self.proxies.extend(self.found.iter().take(PROXY_SLOTS).map(|(_, proxy)| *proxy));
        &self.proxies
    }
}

/// The box around all colliders of a body.
fn bounds(physics: &Physics, body: RigidBodyHandle) -> Aabb {
    let world = &physics.world;
    world.bodies[body]
        .colliders()
        .iter()
        .filter_map(|collider| world.colliders.get(*collider))
        .map(Collider::compute_aabb)
        .reduce(|one, other| one.merged(&other))
        // A body without colliders can be bumped into by nobody.
        .unwrap_or_else(Aabb::new_invalid)
}

/// Distance (metres) from a point to a box; 0 inside.
fn gap_m(bounds: &Aabb, point: Vector) -> f32 {
    (bounds.mins - point).max(point - bounds.maxs).max(Vector::ZERO).length()
}
