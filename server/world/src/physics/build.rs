//! From a world document to rapier's bodies, in the order of the document.

use bevy_ecs::prelude::*;
use rapier3d::prelude::*;
use vivarium_motion::shape;
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::document::{Body, BodyKind, Hinge, Object, Properties, WorldDocument};

use super::{MovingBody, Physics};
use crate::{WorldError, name_of};

/// What was built, for the capabilities that give it meaning.
#[derive(Resource, Default)]
pub(crate) struct Built {
    /// Dynamic bodies, in the order of the document.
    pub dynamic: Vec<(ObjectId, RigidBodyHandle)>,
    /// Sensor regions, in the order of the document.
    pub sensors: Vec<(ObjectId, ColliderHandle)>,
}

pub(super) fn build(document: &WorldDocument) -> Result<(Physics, Built), WorldError> {
    let settings = &document.settings;
    let mut world = PhysicsWorld::new();
    world.gravity = Vector::from_array(settings.gravity_mps2);
    world.integration_parameters.dt =
        1.0 / (f32::from(settings.ticks_per_s) * f32::from(settings.substeps));
    let mut physics = Physics { world, substeps: settings.substeps, movers: Vec::new() };
    let mut built = Built::default();
    for (index, object) in document.objects.iter().enumerate() {
        let id = object.id_at(index);
        let properties = document.resolved(object);
        build_object(&mut physics, &mut built, id, object, &properties).map_err(|reason| {
            WorldError { object: id.0, name: name_of(document, index), reason }
        })?;
    }
    Ok((physics, built))
}

fn build_object(
    physics: &mut Physics,
    built: &mut Built,
    id: ObjectId,
    object: &Object,
    properties: &Properties,
) -> Result<(), String> {
    let pose = shape::pose(object.position_m, object.rotation);
    if let Some(sensor) = &properties.sensor {
        let half = Vector::from_array(sensor.size_m) * 0.5;
        let collider = ColliderBuilder::cuboid(half.x, half.y, half.z)
            .position(pose * Pose::from_translation(Vector::from_array(sensor.offset_m)))
            .sensor(true)
            .active_collision_types(
                ActiveCollisionTypes::DYNAMIC_FIXED | ActiveCollisionTypes::KINEMATIC_FIXED,
            );
        built.sensors.push((id, physics.world.insert_collider(collider, None)));
    }
    let Some(colliders) = &properties.colliders else { return Ok(()) };
    let body = match &properties.body {
        None | Some(Body { kind: BodyKind::Static, .. }) => None,
        Some(body) => Some(physics.world.insert_body(rigid_body(body, pose))),
    };
    for (index, collider) in colliders.iter().enumerate() {
        let local = shape::builder(collider, object.scale)
            .map_err(|error| format!("colliders[{index}]: {error}"))?;
        // A collider without a body is placed in the world by itself.
        let placed = match body {
            Some(_) => local,
            None => {
                let place = pose * local.position;
                local.position(place)
            }
        };
        physics.world.insert_collider(placed, body);
    }
    let (Some(handle), Some(body)) = (body, &properties.body) else { return Ok(()) };
    match body.kind {
        BodyKind::Static => {}
        BodyKind::Dynamic => built.dynamic.push((id, handle)),
        BodyKind::Kinematic => {
            if let Some(mover) = &properties.mover {
                let origin = pose.translation;
                physics.movers.push(MovingBody { body: handle, origin, mover: mover.clone() });
            }
        }
    }
    if let Some(hinge) = &properties.hinge {
        add_hinge(physics, handle, pose, hinge)?;
    }
    Ok(())
}

fn rigid_body(body: &Body, pose: Pose) -> RigidBodyBuilder {
    let builder = match body.kind {
        BodyKind::Static => RigidBodyBuilder::fixed(),
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
) -> Result<(), String> {
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
    Ok(())
}
