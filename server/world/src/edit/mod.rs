//! The world changes while people are in it.
//!
//! Owns the document as it is now, the numbers of edits, who touched what last, and what each person
//! may undo. Invariant: an edit is made at once and as a whole, or not at all; the others in
//! `server/world` that were built from the document follow in the same tick ([`Take::Follow`]). Edits
//! may be made before their tick ([`take_early`]): they are that tick's, and nothing else differs.
//! Whether an edit is kept on a disk is not known here: one that could not be comes back as
//! [`WorldInput::TakeBack`].

use std::collections::{BTreeSet, VecDeque};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use vivarium_contract::{
    Phase, WorldInput, WorldOutput, WorldSpec,
    editing::{Change, EditDone, EditRefusal, Editor, Operations},
};
use vivarium_protocol::{
    ids::{ObjectId, PersonId},
    limits::EDIT_BYTES_MAX,
    notice::ServerMessage,
};
use vivarium_scene::{
    operation::{Aspect, Operation, Property},
    scene::Scene,
};

use crate::{
    authority::{Person, TakeIntent, everyone},
    limits::{
        BATCH_COST_MAX, EDITS_WAITING_MAX, INSTANCES_PER_OPERATION, OPERATIONS_PER_TICK,
        TOLD_BYTES_BURST, TOLD_BYTES_PER_S,
    },
    object::Objects,
    tick::{Clock, In, Inbox, Outbox, Step, Take},
};

mod memory;
mod permit;
pub(crate) mod point;
mod select;
mod undo;
mod work;

use undo::Way;
use work::{Editing, Wanted};

/// What the edits of a tick changed, for whatever was built from the document.
#[derive(Resource, Default)]
pub(crate) struct Changed {
    /// Objects whose bodies, colliders or sensors are others now, or that came or went.
    pub bodies: BTreeSet<ObjectId>,
    /// Objects that may mean something else to people: where they appear, where they go, who lives
    /// there.
    pub roles: BTreeSet<ObjectId>,
    /// Whether the settings are others.
    pub settings: bool,
    /// Whether loose bodies go back to where the document has them.
    pub reset: bool,
}

impl Changed {
    /// Whether anything must follow.
    pub fn is_empty(&self) -> bool {
        self.bodies.is_empty() && self.roles.is_empty() && !self.settings && !self.reset
    }

    /// Notes what an operation that was done changed.
    fn note(&mut self, scene: &Scene, operation: &Operation) {
        match operation {
            Operation::Create { object, .. }
            | Operation::Duplicate { object, .. }
            | Operation::Delete { object }
            | Operation::Place { object, .. }
            | Operation::Rebase { object, .. } => {
                self.bodies.insert(*object);
                self.roles.insert(*object);
            }
            Operation::Rename { object, .. } => {
                self.roles.insert(*object);
            }
            Operation::Set { object, property } => self.note_property(property, [*object]),
            Operation::SetBlueprint { name, property } => {
                self.note_property(property, scene.instances(name));
            }
            Operation::Blueprint { name, .. } => {
                self.bodies.extend(scene.instances(name));
                self.roles.extend(scene.instances(name));
            }
            Operation::Settings(_) => self.settings = true,
            Operation::Reparent { .. }
            | Operation::Lock { .. }
            | Operation::Material { .. }
            | Operation::Environment(_)
            | Operation::Title { .. }
            | Operation::Permission { .. } => {}
        }
    }

    fn note_property(&mut self, property: &Property, objects: impl IntoIterator<Item = ObjectId>) {
        match property.aspect() {
            Aspect::Colliders | Aspect::Body | Aspect::Mover | Aspect::Hinge | Aspect::Sensor => {
                self.bodies.extend(objects)
            }
            Aspect::Spawn | Aspect::Portal | Aspect::Companion => self.roles.extend(objects),
            _ => {}
        }
    }
}

/// The document as it is now.
#[derive(Resource)]
pub(crate) struct Current(pub Scene);

/// Number of the last edit.
#[derive(Resource, Default)]
pub(crate) struct EditNumber(pub u32);

/// What waits for a tick with room for it.
struct Waiting {
    ask: u32,
    editor: Editor,
    change: Change,
}

#[derive(Resource, Default)]
struct Queue(VecDeque<Waiting>);

/// Lets the world be changed.
pub(crate) struct EditPlugin {
    scene: Scene,
}

impl EditPlugin {
    /// For a world of this specification.
    pub fn of(spec: &WorldSpec) -> Self {
        Self { scene: Scene::new((*spec.document).clone()) }
    }
}

impl Plugin for EditPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(Current(self.scene.clone()))
            .init_resource::<EditNumber>()
            .init_resource::<Changed>()
            .init_resource::<Queue>()
            .init_resource::<Spent>()
            .init_resource::<Editing>()
            .insert_resource(ToldBytes(TOLD_BYTES_BURST))
            .take_intent::<select::Select>()
            .take_intent::<point::Point>()
            .add_systems(In(Phase::Ingest), take_edits.in_set(Take::Edits))
            .add_systems(
                In(Phase::Simulate),
                (select::show_selected, point::show_pointers)
                    .chain()
                    .in_set(Step::Social)
                    .after(crate::companion::speak),
            );
    }
}

/// What the edits of one tick have cost so far, in operations. What is done before the tick counts.
#[derive(Resource, Default)]
struct Spent {
    tick: u32,
    operations: usize,
}

/// Does what is in the inbox on behalf of the coming tick, as if it had come at its beginning; whether
/// that tick has room for more. What has waited for a tick is done before it, in order.
pub(crate) fn take_early(world: &mut World) -> bool {
    let tick = world.resource::<Clock>().tick + 1;
    take_inbox(world, tick);
    world.resource::<Spent>().operations < OPERATIONS_PER_TICK
}

/// Takes edits out of the inbox and does as many as a tick has room for, in the order of arrival.
fn take_edits(world: &mut World) {
    let tick = world.resource::<Clock>().tick;
    take_inbox(world, tick);
    do_waiting(world, tick);
}

/// Each input is done before the next is looked at: so it is the same whether they come together or
/// one by one. Without any, nothing is done: what waits must not come before a
/// [`WorldInput::TakeBack`] that is on its way.
fn take_inbox(world: &mut World, tick: u32) {
    begin(world, tick);
    let is_edit = |input: &mut WorldInput| {
        matches!(input, WorldInput::Edit { .. } | WorldInput::TakeBack { .. })
    };
    // Most ticks have none, and then nothing is allocated.
    let edits: Vec<WorldInput> = world.resource_mut::<Inbox>().0.extract_if(.., is_edit).collect();
    for input in edits {
        match input {
            WorldInput::Edit { ask, editor, change } => {
                let queue = &mut world.resource_mut::<Queue>().0;
                if queue.len() < EDITS_WAITING_MAX {
                    queue.push_back(Waiting { ask, editor, change });
                } else {
                    refuse(world, ask, EditRefusal::Busy);
                }
            }
            WorldInput::TakeBack { number, operations } => take_back(world, number, &operations),
            _ => {}
        }
        do_waiting(world, tick);
    }
}

/// What counts for each tick begins anew with the first edits that are done for it.
fn begin(world: &mut World, tick: u32) {
    let mut spent = world.resource_mut::<Spent>();
    if spent.tick == tick {
        return;
    }
    *spent = Spent { tick, operations: 0 };
    *world.resource_mut::<Changed>() = Changed::default();
    let per_tick = TOLD_BYTES_PER_S * world.resource::<Clock>().tick_s;
    let mut told = world.resource_mut::<ToldBytes>();
    told.0 = (told.0 + per_tick as usize).min(TOLD_BYTES_BURST);
}

/// Does what waits, as far as the tick has room for it.
fn do_waiting(world: &mut World, tick: u32) {
    while world.resource::<Spent>().operations < OPERATIONS_PER_TICK {
        let Some(waiting) = world.resource_mut::<Queue>().0.pop_front() else { break };
        let cost = match &waiting.change {
            Change::Do { operations, .. } | Change::Restore { operations, .. } => {
                work::cost(&world.resource::<Current>().0, &operations.0)
            }
            Change::Undo | Change::Redo => world.resource::<Editing>().undo.size(&waiting.editor),
            Change::ResetPhysics => {
                1 + world.resource::<Objects>().dynamic.len() / INSTANCES_PER_OPERATION
            }
        };
        if cost > BATCH_COST_MAX {
            refuse(world, waiting.ask, EditRefusal::TooMuch { cost, cost_max: BATCH_COST_MAX });
            world.resource_mut::<Spent>().operations += 1;
            continue;
        }
        edit(world, tick, waiting);
        let is_measured = std::mem::take(&mut world.resource_mut::<Editing>().measured);
        let mut spent = world.resource_mut::<Spent>();
        spent.operations += if is_measured { cost.max(OPERATIONS_PER_TICK) } else { cost };
    }
}

/// Bytes of edits that people may be told now; more would fill what waits for them.
#[derive(Resource)]
struct ToldBytes(usize);

fn refuse(world: &mut World, ask: u32, refusal: EditRefusal) {
    let refusal = Box::new(refusal);
    world.resource_mut::<Outbox>().push(WorldOutput::EditRefused { ask, refusal });
}

fn edit(world: &mut World, tick: u32, Waiting { ask, editor, change }: Waiting) {
    let number = world.resource::<EditNumber>().0;
    let made = world.resource_scope(|world, mut editing: Mut<Editing>| {
        let mut current = world.resource_mut::<Current>();
        let wanted = Wanted { editor: &editor, tick, number };
        let made = match change {
            Change::Do { operations, base, stroke } => {
                editing.make(&mut current.0, wanted, &operations, base, stroke)
            }
            Change::Restore { operations, base } => {
                editing.restore(&mut current.0, wanted, &operations, base)
            }
            Change::Undo => editing.step_back(&mut current.0, wanted, Way::Undo),
            Change::Redo => editing.step_back(&mut current.0, wanted, Way::Redo),
            Change::ResetPhysics => {
                let refusal = |reason| Err(EditRefusal::Forbidden { index: 0, reason });
                return permit::exclusion(editor.role).map_or(Ok(None), refusal);
            }
        };
        made.map(Some)
    });
    match made {
        Ok(Some(made)) => {
            let done = EditDone {
                ask: Some(ask),
                account: editor.account,
                name: editor.name,
                number: number + 1,
                operations_json: made.operations.to_json(),
                operations: made.operations,
                inverses: made.inverses,
                created: made.created,
                skipped: made.skipped,
            };
            tell(world, done);
        }
        Ok(None) => {
            world.resource_mut::<Changed>().reset = true;
            world.resource_mut::<Outbox>().push(WorldOutput::Done { ask, number });
        }
        Err(refusal) => refuse(world, ask, refusal),
    }
}

/// Undoes what could not be kept.
fn take_back(world: &mut World, from: u32, operations: &Operations) {
    let number = world.resource::<EditNumber>().0;
    let inverses = world.resource_scope(|world, mut editing: Mut<Editing>| {
        editing.forget_from(from);
        let mut current = world.resource_mut::<Current>();
        current.0.apply_all(operations.0.iter().cloned())
    });
    // Else the world would go on with what is not kept: one that fails is opened anew from what is.
    let inverses = inverses.expect("what was done can be undone");
    let done = EditDone {
        ask: None,
        account: String::new(),
        name: String::new(),
        number: number + 1,
        operations_json: operations.to_json(),
        operations: operations.clone(),
        inverses: inverses.into(),
        created: Vec::new(),
        skipped: Vec::new(),
    };
    tell(world, done);
}

/// Notes what follows from an edit, and tells everyone.
fn tell(world: &mut World, done: EditDone) {
    world.resource_scope(|world, mut changed: Mut<Changed>| {
        let scene = &world.resource::<Current>().0;
        done.operations.0.iter().for_each(|operation| changed.note(scene, operation));
    });
    world.resource_mut::<EditNumber>().0 = done.number;
    let to: Vec<PersonId> = everyone(world.query::<&Person>().iter(world));
    let bytes = done.operations_json.len();
    let mut told = world.resource_mut::<ToldBytes>();
    let fits = bytes <= EDIT_BYTES_MAX && bytes <= told.0;
    if fits {
        told.0 -= bytes;
    }
    let operations = fits.then(|| done.operations_json.clone());
    let mut outbox = world.resource_mut::<Outbox>();
    // First, so that whoever is told of an edit finds it in the document.
    let (number, author) = (done.number, done.name.clone());
    outbox.push(WorldOutput::Edited(Box::new(done)));
    outbox.notice(to, &ServerMessage::Edited { number, author, operations });
}
