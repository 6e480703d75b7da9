//! Coming and going: the only place where avatars are made and unmade.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use vivarium_contract::{Road, WorldInput, WorldOutput};
use vivarium_motion::AvatarState;
use vivarium_protocol::{
    close::CloseReason,
    ids::{ObjectId, PersonId},
    intent::Look,
    limits::{DATAGRAM_BYTES_MAX, FRAME_BYTES_MAX, PEOPLE_PER_WORLD_MAX},
    notice::{PersonCard, ServerMessage},
    snapshot::{block::Identity, schema::Facet},
    text,
};
use vivarium_scene::document::{Object, Properties, WorldDocument};

use super::{Avatar, Inputs, look::unique_name, tracked::Tracked};
use crate::{
    authority::{People, Person, everyone},
    edit::{EditNumber, point::Pointer},
    history::{Audience, History, Member, Own, Sees},
    physics::Physics,
    replicate::{Client, Delivery},
    tick::{Chance, Clock, Document, Inbox, Outbox},
};

/// What people without a usable name are called.
const NAMELESS: &str = "Guest";

/// Gap (metres) between the feet of somebody who appears and the ground.
const SPAWN_GAP_M: f32 = 0.05;

#[derive(Clone)]
struct SpawnPoint {
    name: Option<String>,
    only_by_name: bool,
    position_m: [f32; 3],
    radius_m: f32,
    yaw: u16,
}

const ORIGIN: SpawnPoint =
    SpawnPoint { name: None, only_by_name: false, position_m: [0.0; 3], radius_m: 0.0, yaw: 0 };

/// Where people may appear.
#[derive(Resource, Clone)]
pub(crate) struct Spawns(BTreeMap<ObjectId, SpawnPoint>);

impl Spawns {
    /// All spawn points of a document.
    pub fn of(document: &WorldDocument) -> Self {
        let mut spawns = Self(BTreeMap::new());
        for (index, object) in document.objects.iter().enumerate() {
            spawns.follow(object.id_at(index), Some((object, &document.resolved(object))));
        }
        spawns
    }

    /// An object is another one now, or gone.
    pub fn follow(&mut self, id: ObjectId, now: Option<(&Object, &Properties)>) {
        let point = now.and_then(|(object, properties)| {
            let spawn = properties.spawn.as_ref()?;
            Some(SpawnPoint {
                name: object.name.clone(),
                only_by_name: spawn.only_by_name,
                position_m: object.position_m,
                radius_m: spawn.radius_m,
                yaw: turned(object.rotation),
            })
        });
        match point {
            Some(point) => {
                self.0.insert(id, point);
            }
            None => {
                self.0.remove(&id);
            }
        }
    }

    /// A place at the named spawn point, or, without a name or when there is none of that name,
    /// where newcomers appear.
    pub fn choose(&self, name: Option<&str>, chance: &mut Chance) -> ([f32; 3], u16) {
        let those = |wanted: &dyn Fn(&SpawnPoint) -> bool| -> Vec<&SpawnPoint> {
            self.0.values().filter(|point| wanted(point)).collect()
        };
        let named = those(&|point| name.is_some() && point.name.as_deref() == name);
        let open = those(&|point| !point.only_by_name);
        let candidates = [named, open]
            .into_iter()
            .find(|points| !points.is_empty())
            .unwrap_or_else(|| self.0.values().collect());
        // A document has one; a world of a test may not.
        let chosen = chance.index(candidates.len());
        let point = candidates.get(chosen).copied().unwrap_or(&ORIGIN);
        // An even spread over the disc, by rejection: no trigonometry.
        let (dx, dz) =
            std::iter::repeat_with(|| (chance.unit() * 2.0 - 1.0, chance.unit() * 2.0 - 1.0))
                .find(|(dx, dz)| dx * dx + dz * dz <= 1.0)
                .expect("an endless iterator finds a point of the disc");
        let [x, y, z] = point.position_m;
        let half_m = vivarium_motion::consts::CAPSULE_HEIGHT_M / 2.0;
        let position_m =
            [x + dx * point.radius_m, y + half_m + SPAWN_GAP_M, z + dz * point.radius_m];
        (position_m, point.yaw)
    }
}

/// Heading (1/65536 turn) of an object's -z under its rotation.
pub(crate) fn turned([x, y, z, w]: [f32; 4]) -> u16 {
    // -z rotated, seen from above.
    let ahead_x = -2.0 * (x * z + w * y);
    let ahead_z = -(1.0 - 2.0 * (x * x + y * y));
    heading(ahead_x, ahead_z)
}

/// Heading (1/65536 turn) of a direction. libm, not the platform: the bits must be the same
/// everywhere.
pub(crate) fn heading(ahead_x: f32, ahead_z: f32) -> u16 {
    let turns = libm::atan2f(-ahead_x, -ahead_z) / std::f32::consts::TAU;
    // Wraps on purpose: a full turn is 0 again.
    (turns * 65_536.0).round() as i32 as u16
}

/// Takes in who comes, goes, is cut off, or comes back.
pub(crate) fn come_and_go(world: &mut World) {
    let inbox = std::mem::take(&mut world.resource_mut::<Inbox>().0);
    let mut rest = Vec::with_capacity(inbox.len());
    for input in inbox {
        match input {
            WorldInput::Enter { person, name, look, spawn, road } => {
                enter(world, Newcomer { person, name: &name, look, spawn: spawn.as_deref(), road });
            }
            WorldInput::Leave { person } => {
                leave(world, person);
            }
            WorldInput::Presence { person, road, anew } => set_presence(world, person, road, anew),
            WorldInput::Path { person, bytes_per_s } => set_path(world, person, bytes_per_s),
            other @ (WorldInput::Intent { .. }
            | WorldInput::Overload { .. }
            | WorldInput::Edit { .. }
            | WorldInput::Poses { .. }
            | WorldInput::Mind { .. }
            | WorldInput::Traits { .. }
            | WorldInput::Bond { .. }
            | WorldInput::Word { .. }
            | WorldInput::Forgotten { .. }
            | WorldInput::TakeBack { .. }) => rest.push(other),
        }
    }
    world.resource_mut::<Inbox>().0 = rest;
}

struct Newcomer<'a> {
    person: PersonId,
    name: &'a str,
    look: Look,
    spawn: Option<&'a str>,
    road: Road,
}

/// Bytes of the largest packet on a road.
fn packet_bytes_max(road: Road) -> usize {
    match road {
        Road::Reliable => FRAME_BYTES_MAX,
        Road::Datagrams => DATAGRAM_BYTES_MAX,
    }
}

fn enter(world: &mut World, newcomer: Newcomer<'_>) {
    let Newcomer { person, name, look, spawn, road } = newcomer;
    let people = world.resource::<People>();
    if people.len() >= PEOPLE_PER_WORLD_MAX {
        let refusal = WorldOutput::Refused { person, reason: CloseReason::WorldFull };
        world.resource_mut::<Outbox>().push(refusal);
        return;
    }
    if people.get(person).is_some() {
        tracing::warn!(person = person.0, "entered twice; the second time is ignored");
        return;
    }
    let name = text::name(name).unwrap_or_else(|_| NAMELESS.into());
    let name = unique_name(&name, person, world.query::<&Person>().iter(world));
    let (position_m, yaw) = world.resource_scope(|world, mut chance: Mut<Chance>| {
        world.resource::<Spawns>().choose(spawn, &mut chance)
    });
    let identity = Identity { facet: Facet::Avatar, subject: person.0 };
    let member = world.resource_mut::<History>().add(identity, Audience::Everyone);
    let client = world.resource::<Delivery>().client(packet_bytes_max(road));
    let capsule = world.resource_mut::<Physics>().add_capsule(position_m);
    let card = PersonCard { person, name, look, present: true };
    let state = AvatarState::at(position_m);
    let mut inputs = Inputs::default();
    inputs.face(yaw);
    let entity = world
        .spawn((
            Person::new(card.clone()),
            Avatar { state, teleports: 0, capsule },
            inputs,
            Tracked::default(),
            Pointer::default(),
            Own { state: state.to_own(0), on_time: false, lead_ticks: 0, is_steering: false },
            Sees::default(),
            client,
            member,
        ))
        .id();
    let others = everyone(world.query::<&Person>().iter(world))
        .into_iter()
        .filter(|other| *other != person)
        .collect();
    world.resource_mut::<Outbox>().notice(others, &ServerMessage::Joined { card });
    world.resource_mut::<People>().add(person, entity);
    welcome(world, person);
}

/// Tells somebody where they are and who else is there.
fn welcome(world: &mut World, person: PersonId) {
    let mut people: Vec<PersonCard> =
        world.query::<&Person>().iter(world).map(|person| person.card.clone()).collect();
    people.sort_unstable_by_key(|card| card.person);
    let Document { document, url } = world.resource::<Document>().clone();
    let message = ServerMessage::Entered {
        world: document.name.clone(),
        document_url: url,
        ticks_per_s: document.settings.ticks_per_s,
        substeps: document.settings.substeps,
        tick: world.resource::<Clock>().tick,
        people,
        edits: world.resource::<EditNumber>().0,
    };
    world.resource_mut::<Outbox>().notice(vec![person], &message);
}

/// Takes somebody out of the world; gives who it was.
pub(super) fn leave(world: &mut World, person: PersonId) -> Option<PersonCard> {
    let entity = world.resource_mut::<People>().remove(person)?;
    let member = *world.get::<Member>(entity)?;
    let tracked = world.get::<Tracked>(entity)?.member;
    let capsule = world.get::<Avatar>(entity)?.capsule;
    let card = world.get::<Person>(entity)?.card.clone();
    world.resource_mut::<Physics>().remove_capsule(capsule);
    let mut history = world.resource_mut::<History>();
    [Some(member), tracked].into_iter().flatten().for_each(|member| history.remove(member));
    world.despawn(entity);
    let others = everyone(world.query::<&Person>().iter(world));
    world.resource_mut::<Outbox>().notice(others, &ServerMessage::Left { person });
    Some(card)
}

fn set_path(world: &mut World, person: PersonId, bytes_per_s: Option<u32>) {
    let Some(entity) = world.resource::<People>().get(person) else { return };
    if let Some(mut client) = world.get_mut::<Client>(entity) {
        client.heard_of_path(bytes_per_s);
    }
}

fn set_presence(world: &mut World, person: PersonId, road: Option<Road>, anew: bool) {
    let here = road.is_some();
    let Some(entity) = world.resource::<People>().get(person) else { return };
    if let Some(mut client) = world.get_mut::<Client>(entity) {
        if anew {
            client.forget();
        }
        if let Some(road) = road {
            client.move_to(packet_bytes_max(road));
        }
    }
    let Some(mut someone) = world.get_mut::<Person>(entity) else { return };
    if someone.card.present != here {
        someone.card.present = here;
        let card = someone.card.clone();
        if let Some(mut inputs) = world.get_mut::<Inputs>(entity) {
            inputs.rest();
        }
        let others = everyone(world.query::<&Person>().iter(world))
            .into_iter()
            .filter(|other| *other != person)
            .collect();
        world.resource_mut::<Outbox>().notice(others, &ServerMessage::Changed { card });
    }
    if anew {
        if let Some(mut pointer) = world.get_mut::<Pointer>(entity) {
            pointer.forget();
        }
        welcome(world, person);
    }
}
