//! The geometry that avatars move in.
//!
//! Invariant: colliders are inserted in one canonical order (statics in document order, then
//! movers, then proxy slots), the pipeline is stepped exactly once, and from then on only poses,
//! shapes and groups of the slots change. The collider tree thus has the same shape wherever the
//! same document is loaded, and queries visit it in the same order. An edit (`build.rs`) changes the
//! tree in one canonical way, too, but whoever loads the document afterwards has another tree: they
//! may differ by fractions of a millimetre where hits are equally far.
//!
//! Movers and proxies are put into the tree as oversized boxes, since the tree never learns where
//! they move: each is tested on every cast, and a parked one is refused at once by its groups.
//! Movers hang on no body: the step carries riders itself, because rapier's own carrying works only
//! after a hit and not for an avatar that stands still.

use std::collections::BTreeMap;

use rapier3d::{
    math::{Pose, Vector},
    parry::query::{Ray, details::ShapeCastOptions},
    prelude::{
        ColliderHandle, ColliderSet, DefaultBroadPhase, Group, InteractionGroups,
        InteractionTestMode, IslandManager, NarrowPhase, QueryFilter, QueryPipeline, RigidBodySet,
        SharedShape,
    },
};
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::{
    document::{AVATAR_GROUP, Mover, WorldDocument},
    mover,
};

use crate::{
    MotionError, build,
    consts::{OFFSET_M, PROXY_COLLIDER_SLOTS, PROXY_SLOTS, RIDE_M, RIDE_NORMAL_Y_MIN},
    geometry,
    rest::Resting,
    shape,
    step::Hit,
};

/// Groups inside the query world.
pub(crate) const STATIC: Group = Group::GROUP_1;
pub(crate) const MOVER: Group = Group::GROUP_2;
pub(crate) const PROXY: Group = Group::GROUP_3;

/// What a collider of the query world belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A thing that never moves.
    Static(ObjectId),
    /// A scripted platform.
    Mover(ObjectId),
    /// A loose body, given by [`QueryWorld::set_proxies`].
    Proxy(ObjectId),
    /// An empty slot.
    Parked,
}

/// Where a loose body is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proxy {
    /// A dynamic object of the document.
    pub object: ObjectId,
    /// Metres.
    pub position_m: [f32; 3],
    /// Unit quaternion x, y, z, w.
    pub rotation: [f32; 4],
}

/// One collider of a mover or loose body, in its object's frame.
pub(crate) struct Part {
    pub(crate) shape: SharedShape,
    pub(crate) offset_m: [f32; 3],
    pub(crate) rotation: [f32; 4],
    pub(crate) radius_m: f32,
}

/// A part of a mover in the world.
pub(crate) struct MoverPart {
    pub(crate) handle: ColliderHandle,
    pub(crate) shape: SharedShape,
    /// Without the mover's offset.
    pub(crate) place: [f32; 3],
    pub(crate) turned: [f32; 4],
    pub(crate) radius_m: f32,
    /// Middle and half extents of what it is in the tree: a box around its whole path.
    pub(crate) path: ([f32; 3], [f32; 3]),
}

/// A scripted platform.
pub(crate) struct MoverSlot {
    pub(crate) object: ObjectId,
    pub(crate) mover: Mover,
    pub(crate) parts: Vec<MoverPart>,
    /// Offset at the end of the tick.
    pub(crate) offset_m: [f32; 3],
    /// How far it moves during the tick, metres.
    pub(crate) delta_m: [f32; 3],
}

/// A dynamic object of the document.
pub(crate) struct Loose {
    pub(crate) object: ObjectId,
    pub(crate) parts: Vec<Part>,
}

/// The geometry that avatars move in: statics, movers, and slots for loose bodies nearby.
pub struct QueryWorld {
    pub(crate) bodies: RigidBodySet,
    pub(crate) colliders: ColliderSet,
    pub(crate) islands: IslandManager,
    pub(crate) broad_phase: DefaultBroadPhase,
    pub(crate) narrow_phase: NarrowPhase,
    /// By raw collider index.
    pub(crate) owners: Vec<Owner>,
    pub(crate) statics: BTreeMap<ObjectId, Vec<ColliderHandle>>,
    /// Sorted by object.
    pub(crate) movers: Vec<MoverSlot>,
    pub(crate) proxy_slots: Vec<ColliderHandle>,
    pub(crate) proxies_used: usize,
    /// Sorted by object.
    pub(crate) loose: Vec<Loose>,
    pub(crate) capsule: SharedShape,
    pub(crate) dt_s: f32,
    pub(crate) gravity_mps2: f32,
    pub(crate) hits: Vec<Hit>,
    pub(crate) resting: Resting,
}

impl QueryWorld {
    /// Builds the geometry of a checked document. Only colliders that avatars meet are taken in.
    /// Gravity is its y part: avatars always stand along y.
    pub fn new(document: &WorldDocument) -> Result<Self, MotionError> {
        let mut world = build::query_world(document)?;
        world.begin_tick(0);
        Ok(world)
    }

    /// Puts movers where they are at the END of `tick`. Riders are carried by the very distance
    /// that the mover goes in this tick before they move on their own, so that an avatar that
    /// stands on a platform keeps its place on it exactly. Call once per tick, before the steps.
    pub fn begin_tick(&mut self, tick: u32) {
        for slot in &mut self.movers {
            let before = mover::offset_m(&slot.mover, tick.saturating_sub(1));
            let offset = mover::offset_m(&slot.mover, tick);
            slot.offset_m = offset;
            slot.delta_m = geometry::subtract(offset, before);
            for part in &slot.parts {
                if let Some(collider) = self.colliders.get_mut(part.handle) {
                    let place = geometry::add(part.place, offset);
                    collider.set_translation(Vector::from_array(place));
                }
            }
        }
    }

    /// Puts loose bodies into the slots, as obstacles of the following steps: the nearest first,
    /// since what exceeds `PROXY_SLOTS` bodies or `PROXY_COLLIDER_SLOTS` colliders is left out.
    /// Unknown objects and poses that are not finite are left out too.
    pub fn set_proxies(&mut self, proxies: &[Proxy]) {
        let mut used = 0;
        for proxy in proxies.iter().take(PROXY_SLOTS) {
            let Ok(at) = self.loose.binary_search_by_key(&proxy.object, |loose| loose.object)
            else {
                continue;
            };
            let parts = &self.loose[at].parts;
            let finite = proxy.position_m.iter().chain(&proxy.rotation).all(|v| v.is_finite());
            if !finite || used + parts.len() > PROXY_COLLIDER_SLOTS {
                continue;
            }
            let rotation = geometry::normalise(proxy.rotation);
            for part in parts {
                let handle = self.proxy_slots[used];
                let place =
                    geometry::add(proxy.position_m, geometry::rotate(rotation, part.offset_m));
                let turned = geometry::multiply(rotation, part.rotation);
                let collider = &mut self.colliders[handle];
                collider.set_shape(part.shape.clone());
                collider.set_position(shape::pose(place, turned));
                collider.set_collision_groups(member(PROXY));
                self.owners[handle.into_raw_parts().0 as usize] = Owner::Proxy(proxy.object);
                used += 1;
            }
        }
        for slot in used..self.proxies_used {
            let handle = self.proxy_slots[slot];
            self.colliders[handle].set_collision_groups(InteractionGroups::none());
            self.owners[handle.into_raw_parts().0 as usize] = Owner::Parked;
        }
        self.proxies_used = used;
    }

    /// Distance (metres) along the unit vector `direction` to the first static or mover, at most
    /// `max_m`.
    pub fn cast_ray(&self, origin_m: [f32; 3], direction: [f32; 3], max_m: f32) -> f32 {
        let ray = Ray::new(Vector::from_array(origin_m), Vector::from_array(direction));
        let hit = self.queries(STATIC | MOVER).cast_ray(&ray, max_m, true);
        hit.map_or(max_m, |(_, distance)| distance)
    }

    /// What lies straight below a point, at most `max_m` away, and how far below.
    pub fn cast_down_ray(&self, origin_m: [f32; 3], max_m: f32) -> Option<(Owner, f32)> {
        let ray = Ray::new(Vector::from_array(origin_m), Vector::new(0.0, -1.0, 0.0));
        let (handle, distance_m) =
            self.queries(STATIC | MOVER | PROXY).cast_ray(&ray, max_m, true)?;
        Some((self.owner(handle), distance_m))
    }

    /// The objects that stand fast, by ascending ids.
    pub fn fixed_objects(&self) -> impl Iterator<Item = ObjectId> {
        self.statics.keys().copied()
    }

    /// The shapes of an object that stands fast, in its own order, and where each is.
    pub fn fixed(&self, object: ObjectId) -> impl Iterator<Item = (&SharedShape, &Pose)> {
        let handles = self.statics.get(&object).into_iter().flatten();
        let colliders = handles.filter_map(|handle| self.colliders.get(*handle));
        colliders.map(|collider| (collider.shared_shape(), collider.position()))
    }

    /// Seconds of one step.
    pub fn dt_s(&self) -> f32 {
        self.dt_s
    }

    /// The capsule of avatars.
    pub fn capsule(&self) -> &SharedShape {
        &self.capsule
    }

    /// Queries that meet the given groups.
    pub(crate) fn queries(&self, meets: Group) -> QueryPipeline<'_> {
        let groups = InteractionGroups::new(
            Group::from_bits_retain(u32::from(AVATAR_GROUP)),
            meets,
            InteractionTestMode::And,
        );
        self.broad_phase.as_query_pipeline(
            self.narrow_phase.query_dispatcher(),
            &self.bodies,
            &self.colliders,
            QueryFilter::new().groups(groups),
        )
    }

    /// To whom a collider belongs.
    pub(crate) fn owner(&self, handle: ColliderHandle) -> Owner {
        self.owners.get(handle.into_raw_parts().0 as usize).copied().unwrap_or(Owner::Parked)
    }

    /// How far (metres) each mover goes in this tick, by index.
    pub(crate) fn mover_delta(&self, index: usize) -> [f32; 3] {
        self.movers[index].delta_m
    }

    /// Whether a mover that moves in this tick may touch an avatar at `position`.
    pub(crate) fn moving_near(&self, position: [f32; 3]) -> bool {
        self.movers.iter().any(|slot| slot.delta_m != [0.0; 3] && slot.is_near(position))
    }

    /// Whether nothing but statics can matter to an avatar at `position`.
    pub(crate) fn undisturbed(&self, position: [f32; 3]) -> bool {
        self.proxies_used == 0 && !self.movers.iter().any(|slot| slot.is_near(position))
    }

    /// The mover that carries an avatar. With `shifted`, `position` is where the avatar was at the
    /// start of the tick: it is tried at the same place relative to each mover's new pose.
    pub(crate) fn ridden(&self, position: [f32; 3], shifted: bool) -> Option<usize> {
        for (index, slot) in self.movers.iter().enumerate() {
            let place = if shifted { geometry::add(position, slot.delta_m) } else { position };
            if !slot.is_near(place) {
                continue;
            }
            let hit = self.cast_down(place, RIDE_M, MOVER);
            if let Some((owner, normal_y)) = hit
                && owner == Owner::Mover(slot.object)
                && normal_y >= RIDE_NORMAL_Y_MIN
            {
                return Some(index);
            }
        }
        None
    }

    /// Lowers the capsule; what it meets first, and the upward part of the normal there.
    pub(crate) fn cast_down(
        &self,
        position: [f32; 3],
        max_m: f32,
        meets: Group,
    ) -> Option<(Owner, f32)> {
        let (handle, hit) = self.queries(meets).cast_shape(
            &shape::pose(position, [0.0, 0.0, 0.0, 1.0]),
            Vector::new(0.0, -1.0, 0.0),
            &*self.capsule.0,
            ShapeCastOptions {
                target_distance: OFFSET_M,
                stop_at_penetration: false,
                max_time_of_impact: max_m,
                compute_impact_geometry_on_penetration: true,
            },
        )?;
        Some((self.owner(handle), hit.normal1.y))
    }

    /// The upward part of the normal of what lies straight below, at most `max_m` away.
    pub(crate) fn normal_below(&self, position: [f32; 3], max_m: f32) -> Option<f32> {
        let ray = Ray::new(Vector::from_array(position), Vector::new(0.0, -1.0, 0.0));
        let (_, hit) =
            self.queries(STATIC | MOVER | PROXY).cast_ray_and_get_normal(&ray, max_m, true)?;
        Some(hit.normal.y)
    }
}

impl MoverSlot {
    /// Whether an avatar at `position` may touch it.
    fn is_near(&self, position: [f32; 3]) -> bool {
        self.parts.iter().any(|part| {
            let gap = geometry::subtract(position, geometry::add(part.place, self.offset_m));
            geometry::length(gap) < part.radius_m + 1.5
        })
    }
}

/// The groups of a collider that is there.
pub(crate) fn member(group: Group) -> InteractionGroups {
    InteractionGroups::new(group, Group::ALL, InteractionTestMode::And)
}
