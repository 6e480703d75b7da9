//! What the objects of a document do: loose bodies, sensors, and the floor below which nothing
//! stays. Portals live with the avatars that step through them.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use rapier3d::prelude::*;
use vivarium_contract::Phase;
use vivarium_protocol::{
    ids::ObjectId,
    notice::ServerMessage,
    quantise,
    snapshot::{block::Identity, fields::object, schema::Facet},
};
use vivarium_scene::document::WorldDocument;

use crate::{
    authority::{Person, everyone},
    history::{Audience, History, Member, placed},
    physics::{Built, Physics},
    tick::{Clock, In, Outbox, Step, Watch},
};

/// A dynamic object.
pub(crate) struct Loose {
    pub object: ObjectId,
    pub body: RigidBodyHandle,
    member: Member,
    start: Pose,
}

struct Region {
    object: ObjectId,
    collider: ColliderHandle,
    inside: u16,
    told: u32,
}

/// The objects of a world that have a part in its state, in the order of the document.
#[derive(Resource, Default)]
pub(crate) struct Objects {
    pub dynamic: Vec<Loose>,
    regions: Vec<Region>,
}

impl Objects {
    /// The loose object that a body belongs to.
    pub fn of_body(&self, body: RigidBodyHandle) -> Option<&Loose> {
        self.dynamic.get(self.index_of_body(body)?)
    }

    /// Where in `dynamic` the object of a body is.
    pub fn index_of_body(&self, body: RigidBodyHandle) -> Option<usize> {
        // Bodies are made in the order of the document, so their indices ascend.
        self.dynamic
            .binary_search_by_key(&body.into_raw_parts().0, |loose| loose.body.into_raw_parts().0)
            .ok()
    }

    /// A loose object by its id.
    pub fn loose(&self, object: ObjectId) -> Option<&Loose> {
        let index = self.dynamic.binary_search_by_key(&object, |loose| loose.object).ok()?;
        self.dynamic.get(index)
    }
}

// Ticks between two notices of one sensor, so that something that trembles on its edge
// cannot flood everyone.
const SENSE_TICKS_MIN: u32 = 6;

#[derive(Resource)]
struct Floor {
    height_m: f32,
}

/// Gives the built bodies their part in the world.
pub(crate) struct ObjectPlugin {
    floor_m: f32,
}

impl ObjectPlugin {
    /// For a document's floor.
    pub fn of(document: &WorldDocument) -> Self {
        Self { floor_m: document.settings.floor_m }
    }
}

impl Plugin for ObjectPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(Floor { height_m: self.floor_m })
            .init_resource::<Objects>()
            .init_resource::<History>()
            .add_systems(
                In(Phase::Simulate),
                (bring_back_fallen, sense).chain().in_set(Step::React),
            )
            .add_systems(In(Phase::Interest), show_objects.in_set(Watch::Note));
        let world = app.world_mut();
        let built =
            world.remove_resource::<Built>().expect("physics is prepared before the plugins");
        world.resource_scope(|world, mut history: Mut<History>| {
            let physics = world.resource::<Physics>();
            let dynamic = built
                .dynamic
                .into_iter()
                .map(|(object, body)| Loose {
                    object,
                    body,
                    member: history.add(
                        Identity { facet: Facet::Object, subject: object.0 },
                        Audience::Everyone,
                    ),
                    start: *physics.world.bodies[body].position(),
                })
                .collect();
            let regions = built
                .sensors
                .into_iter()
                .map(|(object, collider)| Region { object, collider, inside: 0, told: 0 })
                .collect();
            world.insert_resource(Objects { dynamic, regions });
        });
    }
}

fn bring_back_fallen(
    floor: Res<Floor>,
    objects: Res<Objects>,
    mut physics: ResMut<Physics>,
    mut awake: Local<Vec<RigidBodyHandle>>,
) {
    // What sleeps does not fall.
    awake.clear();
    awake.extend(physics.world.active_bodies().map(|(body, _)| body));
    for loose in awake.iter().filter_map(|body| objects.of_body(*body)) {
        let body = &mut physics.world.bodies[loose.body];
        let at = body.translation();
        // Written so that a pose that is not a number counts as fallen, too.
        if !(at.y >= floor.height_m && at.is_finite()) {
            body.set_position(loose.start, true);
            body.set_linvel(Vector::ZERO, true);
            body.set_angvel(Vector::ZERO, true);
        }
    }
}

pub(crate) fn sense(
    clock: Res<Clock>,
    physics: Res<Physics>,
    people: Query<&Person>,
    mut objects: ResMut<Objects>,
    mut outbox: ResMut<Outbox>,
) {
    for region in &mut objects.regions {
        if clock.tick < region.told + SENSE_TICKS_MIN {
            continue;
        }
        let inside = bodies_inside(&physics.world, region.collider);
        if inside == region.inside {
            continue;
        }
        region.inside = inside;
        region.told = clock.tick;
        outbox.notice(
            everyone(people.iter()),
            &ServerMessage::Sensed { object: region.object, inside },
        );
    }
}

/// Quantises the loose bodies that move, once for all clients. One that has come to rest is noted
/// once more, asleep; the others stay as they are.
pub(crate) fn show_objects(
    clock: Res<Clock>,
    physics: Res<Physics>,
    objects: Res<Objects>,
    mut history: ResMut<History>,
    mut awake: Local<Awake>,
) {
    let awake = &mut *awake;
    if !awake.began {
        awake.began = true;
        objects.dynamic.iter().for_each(|loose| show(loose, &physics, &mut history, clock.tick));
    }
    for body in awake.bodies.drain(..) {
        if let Some(loose) = objects.of_body(body) {
            show(loose, &physics, &mut history, clock.tick);
        }
    }
    for (body, state) in physics.world.active_bodies() {
        if state.is_dynamic() {
            awake.bodies.push(body);
            if let Some(loose) = objects.of_body(body) {
                show(loose, &physics, &mut history, clock.tick);
            }
        }
    }
}

/// Bodies that were awake in the last tick.
#[derive(Default)]
pub(crate) struct Awake {
    began: bool,
    bodies: Vec<RigidBodyHandle>,
}

fn show(loose: &Loose, physics: &Physics, history: &mut History, tick: u32) {
    let body = &physics.world.bodies[loose.body];
    let pose = body.position();
    let position_m = pose.translation.to_array();
    let mut fields = placed(position_m);
    fields[object::ROTATION..object::ROTATION + 4]
        .copy_from_slice(&quantise::rotation(pose.rotation.to_array()));
    fields[object::REST] = if body.is_sleeping() { object::ASLEEP } else { 0 };
    history.note(loose.member, tick, position_m, &fields[..Facet::Object.field_count()]);
}

fn bodies_inside(world: &PhysicsWorld, region: ColliderHandle) -> u16 {
    let mut bodies: Vec<u32> = world
        .narrow_phase
        .intersection_pairs_with(region)
        .filter(|(_, _, intersecting)| *intersecting)
        .filter_map(|(one, other, _)| {
            let visitor = if one == region { other } else { one };
            Some(world.colliders.get(visitor)?.parent()?.into_raw_parts().0)
        })
        .collect();
    bodies.sort_unstable();
    bodies.dedup();
    u16::try_from(bodies.len()).unwrap_or(u16::MAX)
}
