//! From a world document to rapier's bodies, in the order of the document.

use std::collections::BTreeMap;

use rapier3d::prelude::*;
use vivarium_motion::shape;
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::document::{Body, BodyKind, Hinge, Object, Properties, WorldDocument};

use super::{MovingBody, Parts, Physics};
use crate::{WorldError, name_of};

/// All bodies of a document.
pub(super) fn build(document: &WorldDocument) -> Result<Physics, WorldError> {
    let settings = &document.settings;
    let mut world = PhysicsWorld::new();
    world.gravity = Vector::from_array(settings.gravity_mps2);
    world.integration_parameters.dt =
        1.0 / (f32::from(settings.ticks_per_s) * f32::from(settings.substeps));
    let mut physics = Physics {
        world,
        substeps: settings.substeps,
        is_paused: settings.physics_paused,
        parts: BTreeMap::new(),
        movers: BTreeMap::new(),
    };
    for (index, object) in document.objects.iter().enumerate() {
        let id = object.id_at(index);
        let properties = document.resolved(object);
        physics.add(id, object, &properties).map_err(|reason| WorldError {
            object: id.0,
            name: name_of(document, index),
            reason,
        })?;
    }
    Ok(physics)
}

impl Physics {
    /// Builds whatever an object has of sensors, colliders and bodies. What was built before a
    /// failure stays until it is removed.
    pub(super) fn add(
        &mut self,
        id: ObjectId,
        object: &Object,
        properties: &Properties,
    ) -> Result<(), String> {
        let pose = shape::pose(object.position_m, object.rotation);
        let mut parts = Parts::default();
        if let Some(sensor) = &properties.sensor {
            let half = Vector::from_array(sensor.size_m) * 0.5;
            let collider = ColliderBuilder::cuboid(half.x, half.y, half.z)
                .position(pose * Pose::from_translation(Vector::from_array(sensor.offset_m)))
                .sensor(true)
                .active_collision_types(
                    ActiveCollisionTypes::DYNAMIC_FIXED | ActiveCollisionTypes::KINEMATIC_FIXED,
                );
            parts.sensor = Some(self.world.insert_collider(collider, None));
        }
        let built = self.add_colliders(&mut parts, id, object, properties, pose);
        if parts.sensor.is_some() || parts.body.is_some() || !parts.fixed.is_empty() {
            self.parts.insert(id, parts);
        }
        built
    }

    fn add_colliders(
        &mut self,
        parts: &mut Parts,
        id: ObjectId,
        object: &Object,
        properties: &Properties,
        pose: Pose,
    ) -> Result<(), String> {
        let Some(colliders) = &properties.colliders else { return Ok(()) };
        parts.body = match &properties.body {
            None | Some(Body { kind: BodyKind::Static, .. }) => None,
            Some(body) => Some(self.world.insert_body(rigid_body(body, pose, self.is_paused))),
        };
        for (index, collider) in colliders.iter().enumerate() {
            let local = shape::builder(collider, object.scale)
                .map_err(|error| format!("colliders[{index}]: {error}"))?;
            // A collider without a body is placed in the world by itself.
            match parts.body {
                Some(_) => {
                    self.world.insert_collider(local, parts.body);
                }
                None => {
                    let place = pose * local.position;
                    parts.fixed.push(self.world.insert_collider(local.position(place), None));
                }
            }
        }
        let (Some(handle), Some(body)) = (parts.body, &properties.body) else { return Ok(()) };
        parts.is_loose = body.kind == BodyKind::Dynamic;
        if let (BodyKind::Kinematic, Some(mover)) = (body.kind, &properties.mover) {
            let origin = pose.translation;
            self.movers.insert(id, MovingBody { body: handle, origin, mover: mover.clone() });
        }
        if let Some(hinge) = &properties.hinge {
            parts.anchor = Some(add_hinge(self, handle, pose, hinge)?);
        }
        Ok(())
    }

    /// Takes away whatever there is of an object.
    pub(super) fn remove(&mut self, id: ObjectId) {
        self.movers.remove(&id);
        let Some(parts) = self.parts.remove(&id) else { return };
        for body in parts.body.into_iter().chain(parts.anchor) {
            self.world.remove_body(body);
        }
        for collider in parts.fixed.into_iter().chain(parts.sensor) {
            self.world.remove_collider(collider);
        }
    }
}

fn rigid_body(body: &Body, pose: Pose, is_paused: bool) -> RigidBodyBuilder {
    let builder = match body.kind {
        BodyKind::Static => RigidBodyBuilder::fixed(),
        BodyKind::Dynamic if is_paused => {
            RigidBodyBuilder::dynamic().locked_axes(LockedAxes::all())
        }
        BodyKind::Dynamic => RigidBodyBuilder::dynamic(),
        BodyKind::Kinematic => RigidBodyBuilder::kinematic_position_based(),
    };
    builder
        .pose(pose)
        .linear_damping(body.linear_damping)
        .angular_damping(body.angular_damping)
        .gravity_scale(body.gravity_scale)
        .ccd_enabled(body.continuous)
}

fn add_hinge(
    physics: &mut Physics,
    body: RigidBodyHandle,
    pose: Pose,
    hinge: &Hinge,
) -> Result<RigidBodyHandle, String> {
    let axis = Vector::from_array(hinge.axis)
        .try_normalize()
        .ok_or("hinge.axis must not be of zero length")?;
    let anchor = Vector::from_array(hinge.anchor_m);
    let world_point = pose * Pose::from_translation(anchor);
    let ground = physics.world.insert_body(RigidBodyBuilder::fixed().pose(world_point));
    let mut joint = RevoluteJointBuilder::new(axis)
        .local_anchor1(Vector::ZERO)
        .local_anchor2(anchor)
        .contacts_enabled(false);
    if let Some([least, most]) = hinge.limits_deg {
        joint = joint.limits([least.to_radians(), most.to_radians()]);
    }
    physics.world.insert_impulse_joint(ground, body, joint);
    Ok(ground)
}
