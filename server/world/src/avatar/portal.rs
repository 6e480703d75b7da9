//! Doors to other worlds.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use rapier3d::prelude::*;
use vivarium_contract::WorldOutput;
use vivarium_protocol::ids::{ObjectId, PersonId};
use vivarium_scene::document::{Object, Properties, WorldDocument};

use super::Avatar;
use crate::{authority::Person, tick::Outbox};

#[derive(Clone)]
struct Door {
    pose: Pose,
    half: Vector,
    world: String,
    spawn: Option<String>,
}

/// The portals of the document.
#[derive(Resource)]
pub(crate) struct Doors(BTreeMap<ObjectId, Door>);

impl Doors {
    /// All portals of a document.
    pub fn of(document: &WorldDocument) -> Self {
        let mut doors = Self(BTreeMap::new());
        for (index, object) in document.objects.iter().enumerate() {
            doors.follow(object.id_at(index), Some((object, &document.resolved(object))));
        }
        doors
    }

    /// An object is another one now, or gone.
    pub fn follow(&mut self, id: ObjectId, now: Option<(&Object, &Properties)>) {
        let door = now.and_then(|(object, properties)| {
            let portal = properties.portal.clone()?;
            Some(Door {
                pose: vivarium_motion::shape::pose(object.position_m, object.rotation),
                half: Vector::from_array(portal.size_m) * 0.5,
                world: portal.world,
                spawn: portal.spawn,
            })
        });
        match door {
            Some(door) => {
                self.0.insert(id, door);
            }
            None => {
                self.0.remove(&id);
            }
        }
    }

    fn around(&self, point: Vector) -> Option<&Door> {
        self.0.values().find(|door| {
            let local = door.pose.inverse_transform_point(point);
            local.abs().cmple(door.half).all()
        })
    }
}

/// Sends those who stepped into a portal to the other world, and takes them out of this one.
pub(crate) fn step_through(world: &mut World) {
    if world.resource::<Doors>().0.is_empty() {
        return;
    }
    let mut people = world.query::<(&Person, &Avatar)>();
    let doors = world.resource::<Doors>();
    let mut leaving: Vec<(PersonId, Door)> = people
        .iter(world)
        .filter(|(person, _)| person.card.present)
        .filter_map(|(person, avatar)| {
            let door = doors.around(Vector::from_array(avatar.state.position_m))?;
            Some((person.card.person, door.clone()))
        })
        .collect();
    leaving.sort_unstable_by_key(|(person, _)| *person);
    for (person, door) in leaving {
        if let Some(card) = super::coming::leave(world, person) {
            world.resource_mut::<Outbox>().push(WorldOutput::Travel {
                person,
                world: door.world,
                spawn: door.spawn,
                name: card.name,
                look: card.look,
            });
        }
    }
}
