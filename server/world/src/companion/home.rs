//! Companions come with their objects, follow edits of them, and go with them.

use bevy_app::App;
use bevy_ecs::prelude::*;
use vivarium_contract::WorldOutput;
use vivarium_motion::{AvatarState, consts::CAPSULE_HEIGHT_M};
use vivarium_protocol::{
    ids::ObjectId,
    snapshot::{block::Identity, schema::Facet},
    text,
};
use vivarium_scene::document::{Companion as Lives, Object};

use super::{
    Companion, Companions, body, body::Legs, deeds::Deeds, hands::Hands, mood::Feelings,
    pastime::Pastime, speech::Speech,
};
use crate::{
    avatar::Avatar,
    edit::{Changed, Current},
    history::{Audience, History, Member},
    physics::Physics,
    tick::Outbox,
};

/// Gap (metres) between the feet of a companion that appears and its place.
const GAP_M: f32 = 0.05;

/// What makes a companion's body.
struct Place<'a> {
    physics: &'a mut Physics,
    history: &'a mut History,
    outbox: &'a mut Outbox,
}

/// All companions of the document come.
pub(super) fn settle(app: &mut App) {
    let world = app.world_mut();
    let all: Vec<(ObjectId, Object, Lives)> = {
        let scene = &world.resource::<Current>().0;
        let lives = |object: &Object| scene.resolved(object).companion;
        scene
            .objects()
            .filter_map(|(id, object)| Some((id, object.clone(), lives(object)?)))
            .collect()
    };
    for (id, object, lives) in all {
        let bundle = world.resource_scope(|world, mut physics: Mut<Physics>| {
            world.resource_scope(|world, mut history: Mut<History>| {
                let outbox = &mut *world.resource_mut::<Outbox>();
                let place = Place { physics: &mut physics, history: &mut history, outbox };
                come(id, &object, &lives, place)
            })
        });
        let entity = world.spawn(bundle).id();
        world.resource_mut::<Companions>().0.insert(id, entity);
    }
}

/// Who an object says that it is.
fn identity(id: ObjectId, object: &Object, lives: &Lives) -> Companion {
    let [x, y, z] = object.position_m;
    Companion {
        object: id,
        mind: lives.mind.clone(),
        name: lives.name.clone(),
        name_key: text::name_key(&lives.name),
        home_m: [x, y + CAPSULE_HEIGHT_M / 2.0 + GAP_M, z],
        home_yaw: crate::avatar::turned(object.rotation),
        range_m: lives.range_m,
        traits: Default::default(),
        bonds: Default::default(),
    }
}

/// Somebody new.
fn come(id: ObjectId, object: &Object, lives: &Lives, place: Place<'_>) -> impl Bundle + use<> {
    let companion = identity(id, object, lives);
    let identity = Identity { facet: Facet::Companion, subject: id.0 };
    let member = place.history.add(identity, Audience::Everyone);
    let capsule = place.physics.add_capsule(companion.home_m);
    place.outbox.push(WorldOutput::Lives { companion: id, mind: Some(companion.mind.clone()) });
    let avatar = Avatar { state: AvatarState::at(companion.home_m), teleports: 0, capsule };
    let legs = Legs::facing(companion.home_yaw);
    let rest = (Deeds::default(), Pastime::default(), Hands::default(), Feelings::default());
    (companion, avatar, legs, member, Speech::default(), rest)
}

/// What a companion's body consists of.
type Parts = (
    &'static mut Companion,
    &'static mut Avatar,
    &'static mut Legs,
    &'static mut Deeds,
    &'static Member,
    &'static mut Hands,
    &'static mut Speech,
);

/// The same, of one.
type Body<'a> = (
    Mut<'a, Companion>,
    Mut<'a, Avatar>,
    Mut<'a, Legs>,
    Mut<'a, Deeds>,
    &'a Member,
    Mut<'a, Hands>,
    Mut<'a, Speech>,
);

/// The document as it is now, and what of it has changed.
#[derive(bevy_ecs::system::SystemParam)]
pub(super) struct Edits<'w> {
    current: Res<'w, Current>,
    changed: Res<'w, Changed>,
}

/// Companions follow edits.
pub(super) fn follow(
    mut commands: Commands,
    edits: Edits,
    mut companions: ResMut<Companions>,
    mut physics: ResMut<Physics>,
    mut history: ResMut<History>,
    mut outbox: ResMut<Outbox>,
    mut bodies: Query<Parts>,
) {
    let Edits { current, changed } = edits;
    if changed.is_empty() {
        return;
    }
    if !companions.0.is_empty() {
        for (_, _, _, _, _, mut hands, _) in &mut bodies {
            let Some(held) = hands.held() else { continue };
            if changed.reset {
                super::hands::set_free(held, &current, &mut physics);
            }
            // What was edited is another body already.
            if changed.reset || changed.bodies.contains(&held) {
                hands.let_go();
            }
        }
    }
    for id in &changed.roles {
        let object = current.0.object(*id);
        let now = object.and_then(|object| Some((object, current.0.resolved(object).companion?)));
        let entity = companions.get(*id);
        match (now, entity) {
            (Some((object, lives)), None) => {
                let (physics, history) = (&mut *physics, &mut *history);
                let place = Place { physics, history, outbox: &mut outbox };
                let entity = commands.spawn(come(*id, object, &lives, place)).id();
                companions.0.insert(*id, entity);
            }
            (Some((object, lives)), Some(entity)) => {
                let Ok(body) = bodies.get_mut(entity) else { continue };
                change(identity(*id, object, &lives), body, &mut physics, &mut outbox);
            }
            (None, Some(entity)) => {
                companions.0.remove(id);
                let Ok((_, avatar, _, _, member, hands, _)) = bodies.get_mut(entity) else {
                    continue;
                };
                if let Some(held) = hands.held() {
                    super::hands::set_free(held, &current, &mut physics);
                }
                physics.remove_capsule(avatar.capsule);
                history.remove(*member);
                outbox.push(WorldOutput::Lives { companion: *id, mind: None });
                commands.entity(entity).despawn();
            }
            (None, None) => {}
        }
    }
}

/// One is another now: with another home, it is there at once.
fn change(now: Companion, body: Body<'_>, physics: &mut Physics, outbox: &mut Outbox) {
    let (mut companion, mut avatar, mut legs, mut deeds, _, _, mut speech) = body;
    let has_moved = companion.home_m != now.home_m || companion.home_yaw != now.home_yaw;
    let (traits, bonds) = if companion.mind == now.mind {
        (companion.traits, std::mem::take(&mut companion.bonds))
    } else {
        let mind = Some(now.mind.clone());
        outbox.push(WorldOutput::Lives { companion: now.object, mind });
        // Whoever was answering is not there any more.
        speech.break_off();
        Default::default()
    };
    if companion.range_m != now.range_m {
        // The way that it is on may lead out.
        legs.stop();
    }
    *companion = Companion { traits, bonds, ..now };
    if has_moved {
        body::put(&mut avatar, companion.home_m, physics);
        *legs = Legs::facing(companion.home_yaw);
        deeds.forget();
    }
}
