//! How a document becomes a [`QueryWorld`], in the canonical order.

use rapier3d::{
    math::Vector,
    prelude::{
        CCDSolver, Collider as RapierCollider, ColliderBuilder, ColliderHandle, ColliderSet,
        DefaultBroadPhase, ImpulseJointSet, IntegrationParameters, InteractionGroups,
        IslandManager, MultibodyJointSet, NarrowPhase, PhysicsPipeline, RigidBodyBuilder,
        RigidBodySet, SharedShape, SoftBodySet,
    },
};
use vivarium_scene::document::{AVATAR_GROUP, BodyKind, Collider, Properties, WorldDocument};

use crate::{
    MotionError,
    consts::{CAPSULE_HALF_SEGMENT_M, CAPSULE_RADIUS_M, COORDINATE_M_MAX, PROXY_COLLIDER_SLOTS},
    geometry,
    query_world::{Loose, MOVER, MoverSlot, Owner, Part, QueryWorld, STATIC, member},
    rest::Resting,
    shape,
};

/// A mover's collider whose shape replaces its oversized box after the only step.
struct Late {
    handle: ColliderHandle,
    shape: SharedShape,
    place: [f32; 3],
    turned: [f32; 4],
}

#[derive(Default)]
struct Builder {
    bodies: RigidBodySet,
    colliders: ColliderSet,
    owners: Vec<Owner>,
    movers: Vec<MoverSlot>,
    late: Vec<Late>,
    proxy_slots: Vec<ColliderHandle>,
    loose: Vec<Loose>,
}

/// Builds and steps the world once.
pub(crate) fn query_world(document: &WorldDocument) -> Result<QueryWorld, MotionError> {
    let mut builder = Builder::default();
    let resolved: Vec<Properties> =
        document.objects.iter().map(|object| document.resolved(object)).collect();
    for (index, properties) in resolved.iter().enumerate() {
        builder.add_static(document, index, properties)?;
    }
    for (index, properties) in resolved.iter().enumerate() {
        builder.add_mover(document, index, properties)?;
    }
    builder.add_proxy_slots();
    for (index, properties) in resolved.iter().enumerate() {
        builder.add_loose(document, index, properties)?;
    }
    Ok(builder.finish(document))
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
fn placed(document: &WorldDocument, index: usize, part: &Part) -> ([f32; 3], [f32; 4]) {
    let object = &document.objects[index];
    let rotation = geometry::normalise(object.rotation);
    let place = geometry::add(object.position_m, geometry::rotate(rotation, part.offset_m));
    (place, geometry::multiply(rotation, part.rotation))
}

fn parts(
    document: &WorldDocument,
    index: usize,
    properties: &Properties,
) -> Result<Vec<Part>, MotionError> {
    let scale = document.objects[index].scale;
    let colliders = properties.colliders.as_deref().unwrap_or_default();
    let met = colliders.iter().enumerate().filter(|(_, collider)| meets_avatars(collider));
    met.map(|(at, collider)| {
        let shape = shape::build(collider, scale).map_err(|error| MotionError {
            object: index,
            collider: at,
            reason: error.to_string(),
        })?;
        Ok(Part {
            shape,
            offset_m: geometry::scale(collider.offset_m, scale),
            rotation: geometry::normalise(collider.rotation),
            radius_m: shape::bounding_radius_m(collider, scale),
        })
    })
    .collect()
}

impl Builder {
    fn insert(&mut self, collider: RapierCollider, owner: Owner) -> ColliderHandle {
        let handle = self.colliders.insert(collider);
        self.own(handle, owner);
        handle
    }

    fn own(&mut self, handle: ColliderHandle, owner: Owner) {
        self.owners.push(owner);
        debug_assert_eq!(handle.into_raw_parts().0 as usize, self.owners.len() - 1);
    }

    fn add_static(
        &mut self,
        document: &WorldDocument,
        index: usize,
        properties: &Properties,
    ) -> Result<(), MotionError> {
        if role(properties) != Role::Static {
            return Ok(());
        }
        for part in parts(document, index, properties)? {
            let (place, turned) = placed(document, index, &part);
            let collider = ColliderBuilder::new(part.shape)
                .position(shape::pose(place, turned))
                .collision_groups(member(STATIC))
                .build();
            self.insert(collider, Owner::Static(document.objects[index].id_at(index)));
        }
        Ok(())
    }

    fn add_mover(
        &mut self,
        document: &WorldDocument,
        index: usize,
        properties: &Properties,
    ) -> Result<(), MotionError> {
        let Some(mover) = properties.mover.as_ref().filter(|_| role(properties) == Role::Mover)
        else {
            return Ok(());
        };
        if mover.waypoints_m.is_empty() || (mover.waypoints_m.len() > 1 && mover.leg_ticks == 0) {
            let reason = "a mover needs waypoints and ticks between them".into();
            return Err(MotionError { object: index, collider: 0, reason });
        }
        let object = document.objects[index].id_at(index);
        let mut placed_parts = Vec::new();
        for part in parts(document, index, properties)? {
            let (place, turned) = placed(document, index, &part);
            let (middle, half) = covering_box(&mover.waypoints_m, place, part.radius_m);
            let collider = ColliderBuilder::cuboid(half[0], half[1], half[2])
                .translation(Vector::from_array(middle))
                .collision_groups(InteractionGroups::none())
                .build();
            let handle = self.insert(collider, Owner::Mover(object));
            placed_parts.push((handle, place, part.radius_m));
            self.late.push(Late { handle, shape: part.shape, place, turned });
        }
        self.movers.push(MoverSlot {
            object,
            mover: mover.clone(),
            parts: placed_parts,
            offset_m: [0.0; 3],
            delta_m: [0.0; 3],
        });
        Ok(())
    }

    /// Slots hang on a dynamic body, so that steps are not walked up onto loose things: they are
    /// to be pushed.
    fn add_proxy_slots(&mut self) {
        let body = self.bodies.insert(RigidBodyBuilder::dynamic());
        for _ in 0..PROXY_COLLIDER_SLOTS {
            let half = COORDINATE_M_MAX;
            let collider = ColliderBuilder::cuboid(half, half, half)
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
        document: &WorldDocument,
        index: usize,
        properties: &Properties,
    ) -> Result<(), MotionError> {
        if role(properties) == Role::Loose {
            let parts = parts(document, index, properties)?;
            self.loose.push(Loose { object: document.objects[index].id_at(index), parts });
        }
        Ok(())
    }

    fn finish(mut self, document: &WorldDocument) -> QueryWorld {
        let dt_s = 1.0 / f32::from(document.settings.ticks_per_s.max(1));
        let parameters = IntegrationParameters { dt: dt_s, ..Default::default() };
        let mut broad_phase = DefaultBroadPhase::new();
        let mut narrow_phase = NarrowPhase::new();
        PhysicsPipeline::new().step(
            Vector::ZERO,
            &parameters,
            &mut IslandManager::new(),
            &mut broad_phase,
            &mut narrow_phase,
            &mut self.bodies,
            &mut self.colliders,
            &mut ImpulseJointSet::new(),
            &mut MultibodyJointSet::new(),
            &mut SoftBodySet::new(),
            &mut CCDSolver::new(),
            &(),
            &(),
        );
        for late in self.late {
            let collider = &mut self.colliders[late.handle];
            collider.set_shape(late.shape);
            collider.set_position(shape::pose(late.place, late.turned));
            collider.set_collision_groups(member(MOVER));
        }
        QueryWorld {
            bodies: self.bodies,
            colliders: self.colliders,
            broad_phase,
            narrow_phase,
            owners: self.owners,
            movers: self.movers,
            proxy_slots: self.proxy_slots,
            proxies_used: 0,
            loose: self.loose,
            capsule: SharedShape::capsule_y(CAPSULE_HALF_SEGMENT_M, CAPSULE_RADIUS_M),
            dt_s,
            gravity_mps2: document.settings.gravity_mps2[1],
            hits: Vec::new(),
            resting: Resting::new(),
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
