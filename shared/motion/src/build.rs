//! How a document becomes a [`QueryWorld`], in the canonical order, and how one follows edits.

use std::collections::BTreeMap;

use rapier3d::{
    math::{Pose, Vector},
    prelude::{
        CCDSolver, Collider as RapierCollider, ColliderBuilder, ColliderHandle, ColliderSet,
        DefaultBroadPhase, ImpulseJointSet, IntegrationParameters, InteractionGroups,
        IslandManager, MultibodyJointSet, NarrowPhase, PhysicsPipeline, RigidBodyBuilder,
        RigidBodySet, SharedShape, SoftBodySet,
    },
};
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::document::{
    AVATAR_GROUP, BodyKind, Collider, Object, Properties, Settings, WorldDocument,
};

use crate::{
    MotionError,
    consts::{CAPSULE_HALF_SEGMENT_M, CAPSULE_RADIUS_M, COORDINATE_M_MAX, PROXY_COLLIDER_SLOTS},
    geometry,
    query_world::{Loose, MOVER, MoverPart, MoverSlot, Owner, Part, QueryWorld, STATIC, member},
    rest::Resting,
    shape,
};

/// Builds and steps the world once.
pub(crate) fn query_world(document: &WorldDocument) -> Result<QueryWorld, MotionError> {
    let mut world = QueryWorld::empty(&document.settings);
    let resolved: Vec<Properties> =
        document.objects.iter().map(|object| document.resolved(object)).collect();
    let all = || {
        let objects = document.objects.iter().zip(&resolved).enumerate();
        objects.map(|(index, (object, properties))| (index, object, properties))
    };
    for (index, object, properties) in all() {
        let placed = world.add_static(object.id_at(index), object, properties);
        placed.map_err(|fault| fault.of(index))?;
    }
    for (index, object, properties) in all() {
        let placed = world.add_mover(object.id_at(index), object, properties);
        placed.map_err(|fault| fault.of(index))?;
    }
    world.add_proxy_slots();
    for (index, object, properties) in all() {
        let placed = world.add_loose(object.id_at(index), object, properties);
        placed.map_err(|fault| fault.of(index))?;
    }
    world.settle();
    Ok(world)
}

/// An object that was changed: as it is now, with what its blueprint gives it; none: it is gone.
pub type Changed<'a> = (ObjectId, Option<(&'a Object, &'a Properties)>);

/// What is wrong with a collider of an object.
struct Fault {
    collider: usize,
    reason: String,
}

impl Fault {
    fn of(self, object: usize) -> MotionError {
        MotionError { object, collider: self.collider, reason: self.reason }
    }
}

/// What an object is to an avatar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Static,
    Mover,
    Loose,
}

fn role(properties: &Properties) -> Role {
    match properties.body.as_ref().map(|body| body.kind) {
        Some(BodyKind::Dynamic) => Role::Loose,
        Some(BodyKind::Kinematic) if properties.mover.is_some() => Role::Mover,
        Some(BodyKind::Kinematic | BodyKind::Static) | None => Role::Static,
    }
}

fn meets_avatars(collider: &Collider) -> bool {
    collider.groups.members != 0 && collider.groups.meets & AVATAR_GROUP != 0
}

/// Where a part of an object is in the world.
fn placed(object: &Object, part: &Part) -> ([f32; 3], [f32; 4]) {
    let rotation = geometry::normalise(object.rotation);
    let place = geometry::add(object.position_m, geometry::rotate(rotation, part.offset_m));
    (place, geometry::multiply(rotation, part.rotation))
}

fn parts(object: &Object, properties: &Properties) -> Result<Vec<Part>, Fault> {
    let scale = object.scale;
    let colliders = properties.colliders.as_deref().unwrap_or_default();
    let met = colliders.iter().enumerate().filter(|(_, collider)| meets_avatars(collider));
    met.map(|(at, collider)| {
        let shape = shape::build(collider, scale)
            .map_err(|error| Fault { collider: at, reason: error.to_string() })?;
        Ok(Part {
            shape,
            offset_m: geometry::scale(collider.offset_m, scale),
            rotation: geometry::normalise(collider.rotation),
            radius_m: shape::bounding_radius_m(collider, scale),
        })
    })
    .collect()
}

/// What a proxy slot is in the tree.
fn everywhere() -> SharedShape {
    let half = COORDINATE_M_MAX;
    SharedShape::cuboid(half, half, half)
}

impl QueryWorld {
    /// Follows an edit: `changed` by ascending ids. Unless nothing changed, the world is then as at the beginning of its
    /// tick before [`QueryWorld::begin_tick`] and without proxies. Objects that cannot be built are
    /// left out: whoever edits has tried their shapes before.
    pub fn edit(&mut self, changed: &[Changed<'_>], settings: &Settings) {
        self.gravity_mps2 = settings.gravity_mps2[1];
        // What was at rest may stand in the air now.
        self.resting = Resting::new();
        if changed.is_empty() {
            return;
        }
        for (id, _) in changed {
            self.remove(*id);
        }
        self.unsettle();
        let now =
            || changed.iter().filter_map(|(id, now)| now.map(|(object, all)| (*id, object, all)));
        for (id, object, properties) in now() {
            let _ = self.add_static(id, object, properties);
        }
        for (id, object, properties) in now() {
            let _ = self.add_mover(id, object, properties);
        }
        for (id, object, properties) in now() {
            let _ = self.add_loose(id, object, properties);
        }
        self.settle();
    }

    fn empty(settings: &Settings) -> Self {
        Self {
            bodies: RigidBodySet::new(),
            colliders: ColliderSet::new(),
            islands: IslandManager::new(),
            broad_phase: DefaultBroadPhase::new(),
            narrow_phase: NarrowPhase::new(),
            owners: Vec::new(),
            statics: BTreeMap::new(),
            movers: Vec::new(),
            proxy_slots: Vec::new(),
            proxies_used: 0,
            loose: Vec::new(),
            capsule: SharedShape::capsule_y(CAPSULE_HALF_SEGMENT_M, CAPSULE_RADIUS_M),
            dt_s: 1.0 / f32::from(settings.ticks_per_s.max(1)),
            gravity_mps2: settings.gravity_mps2[1],
            hits: Vec::new(),
            resting: Resting::new(),
        }
    }

    fn insert(&mut self, collider: RapierCollider, owner: Owner) -> ColliderHandle {
        let handle = self.colliders.insert(collider);
        self.own(handle, owner);
        handle
    }

    fn own(&mut self, handle: ColliderHandle, owner: Owner) {
        let index = handle.into_raw_parts().0 as usize;
        if index >= self.owners.len() {
            self.owners.resize(index + 1, Owner::Parked);
        }
        self.owners[index] = owner;
    }

    fn add_static(
        &mut self,
        id: ObjectId,
        object: &Object,
        properties: &Properties,
    ) -> Result<(), Fault> {
        if role(properties) != Role::Static {
            return Ok(());
        }
        let mut handles = Vec::new();
        for part in parts(object, properties)? {
            let (place, turned) = placed(object, &part);
            let collider = ColliderBuilder::new(part.shape)
                .position(shape::pose(place, turned))
                .collision_groups(member(STATIC))
                .build();
            handles.push(self.insert(collider, Owner::Static(id)));
        }
        if !handles.is_empty() {
            self.statics.insert(id, handles);
        }
        Ok(())
    }

    fn add_mover(
        &mut self,
        id: ObjectId,
        object: &Object,
        properties: &Properties,
    ) -> Result<(), Fault> {
        let Some(mover) = properties.mover.as_ref().filter(|_| role(properties) == Role::Mover)
        else {
            return Ok(());
        };
        if mover.waypoints_m.is_empty() || (mover.waypoints_m.len() > 1 && mover.leg_ticks == 0) {
            let reason = "a mover needs waypoints and ticks between them".into();
            return Err(Fault { collider: 0, reason });
        }
        let mut placed_parts = Vec::new();
        for part in parts(object, properties)? {
            let (place, turned) = placed(object, &part);
            let path = covering_box(&mover.waypoints_m, place, part.radius_m);
            let (middle, half) = path;
            let collider = ColliderBuilder::cuboid(half[0], half[1], half[2])
                .translation(Vector::from_array(middle))
                .collision_groups(InteractionGroups::none())
                .build();
            let handle = self.insert(collider, Owner::Mover(id));
            let Part { shape, radius_m, .. } = part;
            placed_parts.push(MoverPart { handle, shape, place, turned, radius_m, path });
        }
        let slot = MoverSlot {
            object: id,
            mover: mover.clone(),
            parts: placed_parts,
            offset_m: [0.0; 3],
            delta_m: [0.0; 3],
        };
        let at = self.movers.partition_point(|slot| slot.object < id);
        self.movers.insert(at, slot);
        Ok(())
    }

    /// Slots hang on a dynamic body, so that steps are not walked up onto loose things: they are
    /// to be pushed.
    fn add_proxy_slots(&mut self) {
        let body = self.bodies.insert(RigidBodyBuilder::dynamic());
        for _ in 0..PROXY_COLLIDER_SLOTS {
            let collider = ColliderBuilder::new(everywhere())
                .density(0.0)
                .collision_groups(InteractionGroups::none())
                .build();
            let handle = self.colliders.insert_with_parent(collider, body, &mut self.bodies);
            self.own(handle, Owner::Parked);
            self.proxy_slots.push(handle);
        }
    }

    fn add_loose(
        &mut self,
        id: ObjectId,
        object: &Object,
        properties: &Properties,
    ) -> Result<(), Fault> {
        if role(properties) == Role::Loose {
            let loose = Loose { object: id, parts: parts(object, properties)? };
            let at = self.loose.partition_point(|loose| loose.object < id);
            self.loose.insert(at, loose);
        }
        Ok(())
    }

    /// Takes away whatever there is of an object.
    fn remove(&mut self, id: ObjectId) {
        let mut handles = self.statics.remove(&id).unwrap_or_default();
        if let Ok(at) = self.movers.binary_search_by_key(&id, |slot| slot.object) {
            handles.extend(self.movers.remove(at).parts.iter().map(|part| part.handle));
        }
        if let Ok(at) = self.loose.binary_search_by_key(&id, |loose| loose.object) {
            self.loose.remove(at);
        }
        for handle in handles {
            self.own(handle, Owner::Parked);
            let (islands, bodies) = (&mut self.islands, &mut self.bodies);
            self.colliders.remove(handle, islands, bodies, &mut SoftBodySet::new(), false);
        }
    }

    /// Makes movers and proxy slots what they were when they were inserted, so that the tree takes
    /// them for that at the next step, too.
    fn unsettle(&mut self) {
        for part in self.movers.iter().flat_map(|slot| &slot.parts) {
            let (middle, half) = part.path;
            let collider = &mut self.colliders[part.handle];
            collider.set_shape(SharedShape::cuboid(half[0], half[1], half[2]));
            collider.set_position(Pose::from_translation(Vector::from_array(middle)));
            collider.set_collision_groups(InteractionGroups::none());
        }
        for handle in self.proxy_slots.clone() {
            let collider = &mut self.colliders[handle];
            collider.set_shape(everywhere());
            collider.set_position(Pose::IDENTITY);
            // By way of others, so that all slots count as changed, whether they were in use or not:
            // which were differs between the server and a page.
            collider.set_collision_groups(InteractionGroups::all());
            collider.set_collision_groups(InteractionGroups::none());
            self.own(handle, Owner::Parked);
        }
        self.proxies_used = 0;
    }

    /// Steps once, which builds the tree, and makes movers what they are.
    fn settle(&mut self) {
        let parameters = IntegrationParameters { dt: self.dt_s, ..Default::default() };
        PhysicsPipeline::new().step(
            Vector::ZERO,
            &parameters,
            &mut self.islands,
            &mut self.broad_phase,
            &mut self.narrow_phase,
            &mut self.bodies,
            &mut self.colliders,
            &mut ImpulseJointSet::new(),
            &mut MultibodyJointSet::new(),
            &mut SoftBodySet::new(),
            &mut CCDSolver::new(),
            &(),
            &(),
        );
        for part in self.movers.iter().flat_map(|slot| &slot.parts) {
            let collider = &mut self.colliders[part.handle];
            collider.set_shape(part.shape.clone());
            collider.set_position(shape::pose(part.place, part.turned));
            collider.set_collision_groups(member(MOVER));
        }
    }
}

/// Middle and half extents of a box that covers a part wherever its mover brings it.
fn covering_box(waypoints_m: &[[f32; 3]], place: [f32; 3], radius_m: f32) -> ([f32; 3], [f32; 3]) {
    let (mut low, mut high) = (waypoints_m[0], waypoints_m[0]);
    for waypoint in waypoints_m {
        for axis in 0..3 {
            if waypoint[axis] < low[axis] {
                low[axis] = waypoint[axis];
            }
            if waypoint[axis] > high[axis] {
                high[axis] = waypoint[axis];
            }
        }
    }
    let margin = radius_m + 1.0;
    let (mut middle, mut half) = ([0.0; 3], [0.0; 3]);
    for axis in 0..3 {
        half[axis] = (high[axis] - low[axis]) * 0.5 + margin;
        middle[axis] = place[axis] + (high[axis] + low[axis]) * 0.5;
    }
    (middle, half)
}
