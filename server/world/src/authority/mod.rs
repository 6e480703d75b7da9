//! Who may do what. Owns the only way from a wish to a permission.
//!
//! Invariant: a [`Permitted`] can be made nowhere else, so a handler that takes one cannot forget
//! the check. A wish of somebody who is not here, or whose connection is lost, is dropped.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use vivarium_contract::{Intent, Phase, WorldInput};
use vivarium_protocol::{
    ids::PersonId,
    notice::{Denial, ServerMessage},
};

use crate::tick::{Deliver, In, Inbox, Outbox, Report, Take};

mod people;

pub(crate) use people::{People, Person, everyone};

/// What a capability makes of an intent.
pub(crate) enum Claim<W> {
    /// It is this wish, and it is allowed.
    Allowed(W),
    /// It is this wish, and it is not allowed.
    Denied(Denial),
    /// It is not this wish.
    Other(Intent),
}

/// Something a person can want.
pub(crate) trait Wish: Sized + Send + Sync + 'static {
    /// Recognises and checks an intent.
    fn claim(intent: Intent) -> Claim<Self>;
}

/// A wish that was checked; cannot be made outside this module.
pub(crate) struct Permitted<W> {
    person: PersonId,
    avatar: Entity,
    wish: W,
}

impl<W> Permitted<W> {
    /// Whose wish it is.
    pub fn person(&self) -> PersonId {
        self.person
    }

    /// The person's avatar.
    pub fn avatar(&self) -> Entity {
        self.avatar
    }

    /// The wish.
    pub fn wish(&self) -> &W {
        &self.wish
    }
}

/// The permitted wishes of one kind in this tick, in order of arrival. Emptied before the next.
#[derive(Resource)]
pub(crate) struct Granted<W: Wish>(Vec<Permitted<W>>);

impl<W: Wish> Granted<W> {
    /// In order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = &Permitted<W>> {
        self.0.iter()
    }
}

/// What was not granted in this tick; told to those who wished at its end.
#[derive(Resource, Default)]
pub(crate) struct Denials(Vec<(PersonId, Denial)>);

impl Denials {
    /// Tells `person` at the end of the tick.
    pub fn add(&mut self, person: PersonId, denial: Denial) {
        self.0.push((person, denial));
    }
}

/// Wishes of this tick that wait for a decision.
#[derive(Resource, Default)]
struct Wishes(Vec<(PersonId, Intent)>);

type Check = fn(&mut World, PersonId, Entity, Intent) -> Option<Intent>;

/// One check for each kind of wish, in the order of registration.
#[derive(Resource, Default)]
struct Checks {
    decide: Vec<Check>,
    clear: Vec<fn(&mut World)>,
}

/// Lets a capability register the wishes that it handles.
pub(crate) trait TakeIntent {
    /// Wishes of kind `W` become [`Granted<W>`] in the authorize phase.
    fn take_intent<W: Wish>(&mut self) -> &mut Self;
}

impl TakeIntent for App {
    fn take_intent<W: Wish>(&mut self) -> &mut Self {
        self.insert_resource(Granted::<W>(Vec::new()));
        let mut checks = self.world_mut().get_resource_or_init::<Checks>();
        checks.decide.push(decide::<W>);
        checks.clear.push(|world| world.resource_mut::<Granted<W>>().0.clear());
        self
    }
}

fn decide<W: Wish>(
    world: &mut World,
    person: PersonId,
    avatar: Entity,
    intent: Intent,
) -> Option<Intent> {
    match W::claim(intent) {
        Claim::Allowed(wish) => {
            world.resource_mut::<Granted<W>>().0.push(Permitted { person, avatar, wish });
            None
        }
        Claim::Denied(denial) => {
            world.resource_mut::<Denials>().add(person, denial);
            None
        }
        Claim::Other(intent) => Some(intent),
    }
}

/// Turns wishes into permissions or denials.
pub(crate) struct AuthorityPlugin;

impl Plugin for AuthorityPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Wishes>()
            .init_resource::<Checks>()
            .init_resource::<Denials>()
            .init_resource::<People>()
            .add_systems(In(Phase::Ingest), collect_wishes.in_set(Take::Wishes))
            .add_systems(In(Phase::Authorize), authorize)
            .add_systems(
                In(Phase::Encode),
                (count_people, tell_denials).chain().in_set(Deliver::Notices),
            );
    }
}

fn collect_wishes(mut inbox: ResMut<Inbox>, mut wishes: ResMut<Wishes>) {
    wishes.0.extend(inbox.0.drain(..).filter_map(|input| match input {
        WorldInput::Intent { person, intent } => Some((person, intent)),
        WorldInput::Enter { .. }
        | WorldInput::Leave { .. }
        | WorldInput::Presence { .. }
        | WorldInput::Path { .. }
        | WorldInput::Overload { .. }
        | WorldInput::Edit { .. }
        | WorldInput::Poses { .. }
        | WorldInput::Mind { .. }
        | WorldInput::Traits { .. }
        | WorldInput::Bond { .. }
        | WorldInput::Word { .. }
        | WorldInput::Forgotten { .. }
        | WorldInput::TakeBack { .. } => None,
    }));
}

fn authorize(world: &mut World) {
    let wishes = std::mem::take(&mut world.resource_mut::<Wishes>().0);
    world.resource_scope(|world, checks: Mut<Checks>| {
        checks.clear.iter().for_each(|clear| clear(world));
        for (person, intent) in wishes {
            let here = world.resource::<People>().get(person).filter(|entity| {
                world.get::<Person>(*entity).is_some_and(|person| person.card.present)
            });
            let Some(avatar) = here else { continue };
            let mut left = Some(intent);
            for decide in &checks.decide {
                match left.take() {
                    Some(intent) => left = decide(world, person, avatar, intent),
                    None => break,
                }
            }
            debug_assert!(left.is_none(), "every kind of intent has a capability that takes it");
        }
    });
}

fn count_people(people: Res<People>, mut report: ResMut<Report>) {
    report.0.people = people.len() as u32;
}

fn tell_denials(
    mut denials: ResMut<Denials>,
    mut outbox: ResMut<Outbox>,
    mut report: ResMut<Report>,
) {
    report.0.denied += denials.0.len() as u32;
    for (person, denial) in denials.0.drain(..) {
        outbox.notice(vec![person], &ServerMessage::Denied { denial });
    }
}
