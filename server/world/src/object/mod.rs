//! What the objects of a document do: loose bodies, sensors, and the floor below which nothing
//! stays. Portals live with the avatars that step through them.

use std::collections::BTreeMap;

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
    edit::{Changed, Current},
    history::{Audience, History, Member, placed},
    physics::Physics,
    tick::{Clock, In, Outbox, Step, Take, Watch},
};

pub(crate) mod poses;

/// A dynamic object.
pub(crate) struct Loose {
    pub object: ObjectId,
    pub body: RigidBodyHandle,
    member: Member,
    start: Pose,
}

impl Loose {
    /// Puts it back to where the document has it, at rest.
    fn put_back(&self, physics: &mut Physics) {
        let body = &mut physics.world.bodies[self.body];
        body.set_position(self.start, true);
        body.set_linvel(Vector::ZERO, true);
        body.set_angvel(Vector::ZERO, true);
    }
}

struct Region {
    object: ObjectId,
    collider: ColliderHandle,
    inside: u16,
    told: u32,
}

/// The objects of a world that have a part in its state, by ascending ids.
#[derive(Resource, Default)]
pub(crate) struct Objects {
    pub dynamic: Vec<Loose>,
    /// Another one whenever `dynamic` was edited.
    pub generation: u32,
    regions: Vec<Region>,
    /// By raw index of the body.
    by_body: BTreeMap<u32, ObjectId>,
}

impl Objects {
    /// The loose object that a body belongs to.
    pub fn of_body(&self, body: RigidBodyHandle) -> Option<&Loose> {
        self.dynamic.get(self.index_of_body(body)?)
    }

    /// Where in `dynamic` the object of a body is.
    pub fn index_of_body(&self, body: RigidBodyHandle) -> Option<usize> {
        let object = self.by_body.get(&body.into_raw_parts().0)?;
        self.dynamic.binary_search_by_key(object, |loose| loose.object).ok()
    }

    /// Takes in an object as physics has it now, or lets it go.
    fn follow(&mut self, object: ObjectId, physics: &Physics, history: &mut History) {
        let parts = physics.parts(object);
        let body = parts.filter(|parts| parts.is_loose).and_then(|parts| parts.body);
        let found = self.dynamic.binary_search_by_key(&object, |loose| loose.object);
        if let Ok(at) = found {
            self.by_body.remove(&self.dynamic[at].body.into_raw_parts().0);
        }
        match (found, body) {
            (Ok(at), Some(body)) => {
                let start = *physics.world.bodies[body].position();
                let loose = &mut self.dynamic[at];
                (loose.body, loose.start) = (body, start);
            }
            (Err(at), Some(body)) => {
                let identity = Identity { facet: Facet::Object, subject: object.0 };
                let member = history.add(identity, Audience::Everyone);
                let start = *physics.world.bodies[body].position();
                self.dynamic.insert(at, Loose { object, body, member, start });
            }
            (Ok(at), None) => history.remove(self.dynamic.remove(at).member),
            (Err(_), None) => {}
        }
        if let Some(body) = body {
            self.by_body.insert(body.into_raw_parts().0, object);
        }
        let sensor = parts.and_then(|parts| parts.sensor);
        let found = self.regions.binary_search_by_key(&object, |region| region.object);
        match (found, sensor) {
            (Ok(at), Some(collider)) => self.regions[at].collider = collider,
            (Err(at), Some(collider)) => {
                self.regions.insert(at, Region { object, collider, inside: 0, told: 0 });
            }
            (Ok(at), None) => {
                self.regions.remove(at);
            }
            (Err(_), None) => {}
        }
    }

    /// Puts everything loose back to where the document has it.
    fn reset(&mut self, physics: &mut Physics) {
        self.generation = self.generation.wrapping_add(1);
        for loose in &self.dynamic {
            loose.put_back(physics);
        }
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
pub(crate) struct Floor {
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
                (bring_back_fallen, poses::tell, sense).chain().in_set(Step::React),
            )
            .add_systems(
                In(Phase::Ingest),
                (follow, poses::put_back)
                    .chain()
                    .in_set(Take::Follow)
                    .after(crate::physics::follow),
            )
            .add_systems(In(Phase::Interest), show_objects.in_set(Watch::Note));
        app.world_mut().resource_scope(|world, mut history: Mut<History>| {
            world.resource_scope(|world, mut objects: Mut<Objects>| {
                let physics = world.resource::<Physics>();
                let all: Vec<ObjectId> = physics.all_parts().map(|(object, _)| object).collect();
                for object in all {
                    objects.follow(object, physics, &mut history);
                }
            });
        });
    }
}

/// Objects that were edited have other bodies.
pub(crate) fn follow(
    current: Res<Current>,
    changed: Res<Changed>,
    mut physics: ResMut<Physics>,
    mut floor: ResMut<Floor>,
    mut objects: ResMut<Objects>,
    mut history: ResMut<History>,
) {
    floor.height_m = current.0.head().settings.floor_m;
    if !changed.bodies.is_empty() {
        objects.generation = objects.generation.wrapping_add(1);
        for object in &changed.bodies {
            objects.follow(*object, &physics, &mut history);
        }
    }
    if changed.reset {
        objects.reset(&mut physics);
    }
}

fn bring_back_fallen(
    floor: Res<Floor>,
    objects: Res<Objects>,
    mut physics: ResMut<Physics>,
    mut awake: Local<Vec<RigidBodyHandle>>,
) {
    // Where something was put while physics is paused it stays.
    if physics.is_paused() {
        return;
    }
    // What sleeps does not fall.
    awake.clear();
    awake.extend(physics.world.active_bodies().map(|(body, _)| body));
    for loose in awake.iter().filter_map(|body| objects.of_body(*body)) {
        let at = physics.world.bodies[loose.body].translation();
        // Written so that a pose that is not a number counts as fallen, too.
        if !(at.y >= floor.height_m && at.is_finite()) {
            loose.put_back(&mut physics);
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
    let is_still = body.is_sleeping() || physics.is_paused();
    fields[object::REST] = if is_still { object::ASLEEP } else { 0 };
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
