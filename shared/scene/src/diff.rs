//! What differs between two states of a world, for people and as operations.
//!
//! Invariant: [`operations`] lead from one to the other, and each of them can be done after those
//! before it. Ids of objects are the same in both: an object that is in one alone came or went.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use vivarium_protocol::ids::ObjectId;

use crate::{
    document::{Object, Properties},
    limits::{DIFF_ENTRIES_MAX, DIFF_ROUNDS_MAX},
    load::{self, DocumentError},
    merge::complete,
    operation::{Aspect, Operation, PLACEHOLDERS, Property, Touched, renumber},
    scene::{Refusal, Scene},
};

/// An object that is in one state alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Which.
    pub object: ObjectId,
    /// Its name where it is.
    pub name: Option<String>,
}

/// An object that is in both, and another in each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Which.
    pub object: ObjectId,
    /// Its newer name.
    pub name: Option<String>,
    /// What of it, without what its blueprint brings.
    pub what: Vec<Aspect>,
}

/// Materials or blueprints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Names {
    /// Only in the newer state.
    pub added: Vec<String>,
    /// Only in the older state.
    pub removed: Vec<String>,
    /// In both, and others.
    pub changed: Vec<String>,
}

/// How many objects there are in each list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "as the fields of `Diff`")]
pub struct Counts {
    pub added: usize,
    pub removed: usize,
    pub changed: usize,
}

/// What differs, for people. Lists of objects hold at most [`DIFF_ENTRIES_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Only in the newer state.
    pub added: Vec<Named>,
    /// Only in the older state.
    pub removed: Vec<Named>,
    /// In both, and others.
    pub changed: Vec<Changed>,
    /// Given when one of the lists was cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// Materials.
    pub materials: Names,
    /// Blueprints.
    pub blueprints: Names,
    /// Whether the simulation runs otherwise.
    pub settings: bool,
    /// Whether sky, fog or sun are others.
    pub environment: bool,
    /// Whether title or description are others.
    pub title: bool,
}

impl Diff {
    /// From an older state to a newer one.
    pub fn between(from: &Scene, to: &Scene) -> Self {
        let named = |of: &Scene, other: &Scene| -> Vec<Named> {
            let only = of.objects().filter(|(id, _)| other.object(*id).is_none());
            only.map(|(object, value)| Named { object, name: value.name.clone() }).collect()
        };
        let both = to.objects().filter_map(|(id, after)| Some((id, from.object(id)?, after)));
        let changed = both.map(|(object, before, after)| Changed {
            object,
            name: after.name.clone(),
            what: aspects(object, before, after).iter().filter_map(aspect_of).collect(),
        });
        let changed = changed.filter(|changed| !changed.what.is_empty()).collect();
        let (before, after) = (from.head(), to.head());
        let mut diff = Self {
            added: named(to, from),
            removed: named(from, to),
            changed,
            counts: None,
            materials: names(&before.materials, &after.materials),
            blueprints: names(&before.blueprints, &after.blueprints),
            settings: before.settings != after.settings,
            environment: before.environment != after.environment,
            title: (&before.title, &before.description) != (&after.title, &after.description),
        };
        diff.cut();
        diff
    }

    fn cut(&mut self) {
        let counts = Counts {
            added: self.added.len(),
            removed: self.removed.len(),
            changed: self.changed.len(),
        };
        let most = counts.added.max(counts.removed).max(counts.changed);
        self.counts = (most > DIFF_ENTRIES_MAX).then_some(counts);
        self.added.truncate(DIFF_ENTRIES_MAX);
        self.removed.truncate(DIFF_ENTRIES_MAX);
        self.changed.truncate(DIFF_ENTRIES_MAX);
    }
}

/// The aspect of an object that an operation is about.
pub(crate) fn aspect_of(operation: &Operation) -> Option<Aspect> {
    match operation.touched() {
        Touched::Aspect(_, aspect) => Some(aspect),
        _ => None,
    }
}

fn names<T: PartialEq>(before: &BTreeMap<String, T>, after: &BTreeMap<String, T>) -> Names {
    let only = |of: &BTreeMap<String, T>, other: &BTreeMap<String, T>| {
        of.keys().filter(|name| !other.contains_key(*name)).cloned().collect()
    };
    let changed = after
        .iter()
        .filter(|(name, value)| before.get(*name).is_some_and(|before| before != *value));
    Names {
        added: only(after, before),
        removed: only(before, after),
        changed: changed.map(|(name, _)| name.clone()).collect(),
    }
}

/// What makes one object of another, aspect by aspect.
pub(crate) fn aspects(object: ObjectId, before: &Object, after: &Object) -> Vec<Operation> {
    let mut operations = Vec::new();
    let Object { position_m, rotation, scale, parent, locked, ref name, ref blueprint, .. } =
        *after;
    if (before.position_m, before.rotation, before.scale) != (position_m, rotation, scale) {
        operations.push(Operation::Place { object, position_m, rotation, scale });
    }
    if before.parent != parent {
        operations.push(Operation::Reparent { object, parent });
    }
    if before.name != *name {
        operations.push(Operation::Rename { object, name: name.clone() });
    }
    if before.locked != locked {
        operations.push(Operation::Lock { object, locked });
    }
    if before.blueprint != *blueprint {
        operations.push(Operation::Rebase { object, blueprint: blueprint.clone() });
    }
    let properties = properties(&before.properties, &after.properties);
    operations.extend(properties.into_iter().map(|property| Operation::Set { object, property }));
    operations
}

/// What makes one set of properties of another.
pub(crate) fn properties(before: &Properties, after: &Properties) -> Vec<Property> {
    let mut differing = Vec::new();
    macro_rules! compare {
        ($($field:ident $kind:ident),* $(,)?) => {
            $(if before.$field != after.$field {
                differing.push(Property::$kind(after.$field.clone()));
            })*
        };
    }
    compare!(
        visuals Visuals, colliders Colliders, body Body, mover Mover, hinge Hinge, light Light,
        spawn Spawn, portal Portal, sensor Sensor, sound Sound, script Script,
        companion Companion,
    );
    differing
}

/// One world cannot become the other in small steps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no way from the one to the other: {0}")]
pub struct NoWay(pub Refusal);

/// What must be done to the one world so that it becomes the other, but for the first free id, which
/// never goes back.
///
/// What differs is tried again and again, in an order that is usually right, as one change may have
/// to wait for another. When none can be done, as with two blueprints and their instances that fit
/// only together, the objects that are in the way are bared first.
pub fn operations(from: &Scene, to: &Scene) -> Result<Vec<Operation>, NoWay> {
    let mut scene = from.clone();
    let mut done = Vec::new();
    let mut bared = BTreeSet::new();
    for _ in 0..DIFF_ROUNDS_MAX {
        let wanted = differing(&scene, to);
        if wanted.is_empty() {
            return Ok(done);
        }
        let mut refused = Vec::new();
        let before = done.len();
        for operation in wanted {
            match scene.apply(operation.clone()) {
                Ok(_) => done.push(operation),
                Err(refusal) => refused.push((operation, refusal)),
            }
        }
        if done.len() > before {
            continue;
        }
        for (operation, _) in &refused {
            bare(&mut scene, operation, &mut bared, &mut done);
        }
        if done.len() == before {
            let (_, refusal) = refused.swap_remove(0);
            return Err(NoWay(refusal));
        }
    }
    Err(NoWay(Refusal::Invalid(DocumentError {
        path: "objects".into(),
        reason: "too much depends on each other".into(),
    })))
}

/// As [`operations`], to be done to a running world: new objects have placeholders for ids.
pub fn batch(now: &Scene, to: &Scene) -> Result<Vec<Operation>, NoWay> {
    let next = now.next_object();
    let mut operations = operations(now, to)?;
    renumber(&mut operations, |id| match id.0.checked_sub(next) {
        Some(index) if id.0 < PLACEHOLDERS => ObjectId(PLACEHOLDERS + index),
        _ => id,
    });
    Ok(operations)
}

/// Everything that differs, each as one operation, in an order in which most can be done.
fn differing(from: &Scene, to: &Scene) -> Vec<Operation> {
    let mut operations = free_names(from, to);
    let (before, after) = (from.head(), to.head());
    for (name, value) in &after.materials {
        if before.materials.get(name) != Some(value) {
            let (name, value) = (name.clone(), Some(value.clone()));
            operations.push(Operation::Material { name, value });
        }
    }
    for (name, value) in &after.blueprints {
        match before.blueprints.get(name) {
            None => operations.push(Operation::Blueprint {
                name: name.clone(),
                value: Some(Box::new(value.clone())),
            }),
            Some(before) if before != value => {
                operations.extend(from.instances(name).filter_map(|id| unlocking(from, id)));
                operations.extend(blueprint(name, before, value));
            }
            Some(_) => {}
        }
    }
    // Those above come first, and go last.
    let mut arriving: Vec<_> =
        to.objects().map(|(id, object)| (depth(to, id), id, object)).collect();
    arriving.sort_by_key(|(depth, id, _)| (*depth, *id));
    for (_, object, after) in arriving {
        match from.object(object) {
            None => operations.push(Operation::Create { object, value: Box::new(after.clone()) }),
            Some(before) => operations.extend(with_locks(object, before, after)),
        }
    }
    let going = from.objects().filter(|(id, _)| to.object(*id).is_none());
    let mut going: Vec<_> = going.map(|(id, _)| (depth(from, id), id)).collect();
    going.sort_by(|a, b| b.cmp(a));
    for (_, object) in going {
        operations.extend(unlocking(from, object));
        operations.push(Operation::Delete { object });
    }
    for name in before.blueprints.keys().filter(|name| !after.blueprints.contains_key(*name)) {
        operations.push(Operation::Blueprint { name: name.clone(), value: None });
    }
    for name in before.materials.keys().filter(|name| !after.materials.contains_key(*name)) {
        operations.push(Operation::Material { name: name.clone(), value: None });
    }
    if before.settings != after.settings {
        operations.push(Operation::Settings(after.settings.clone()));
    }
    if before.environment != after.environment {
        operations.push(Operation::Environment(after.environment.clone()));
    }
    if (&before.title, &before.description) != (&after.title, &after.description) {
        let (title, description) = (after.title.clone(), after.description.clone());
        operations.push(Operation::Title { title, description });
    }
    operations
}

/// As [`aspects`], where nobody changes a locked object: it is unlocked first, and locked once
/// nothing else is left.
fn with_locks(object: ObjectId, before: &Object, after: &Object) -> Vec<Operation> {
    let mut operations = aspects(object, before, after);
    let is_lock = |operation: &Operation| matches!(operation, Operation::Lock { .. });
    if operations.iter().all(is_lock) {
        return operations;
    }
    operations.retain(|operation| !is_lock(operation));
    if before.locked {
        operations.insert(0, Operation::Lock { object, locked: false });
    }
    operations
}

/// What must be done before a locked object is changed.
fn unlocking(scene: &Scene, object: ObjectId) -> Option<Operation> {
    let is_locked = scene.object(object).is_some_and(|object| object.locked);
    is_locked.then_some(Operation::Lock { object, locked: false })
}

/// What makes one blueprint of another: a property alone where only one differs, since its instances
/// follow with it.
fn blueprint(name: &str, before: &Properties, after: &Properties) -> Option<Operation> {
    let mut differing = properties(before, after);
    let name = name.to_owned();
    match differing.len() {
        0 => None,
        1 => differing.pop().map(|property| Operation::SetBlueprint { name, property }),
        _ => Some(Operation::Blueprint { name, value: Some(Box::new(after.clone())) }),
    }
}

/// Takes names away that others are to have.
fn free_names(from: &Scene, to: &Scene) -> Vec<Operation> {
    let holders = from.objects().filter_map(|(id, object)| Some((object.name.as_deref()?, id)));
    let holders: BTreeMap<&str, ObjectId> = holders.collect();
    let wanted = to.objects().filter_map(|(id, object)| Some((object.name.as_deref()?, id)));
    let in_the_way = wanted.filter_map(|(name, id)| {
        let holder = *holders.get(name)?;
        (holder != id).then_some(holder)
    });
    let rename = |object| Operation::Rename { object, name: None };
    in_the_way.flat_map(|id| unlocking(from, id).into_iter().chain([rename(id)])).collect()
}

/// How many objects are above one.
fn depth(scene: &Scene, id: ObjectId) -> usize {
    let above = |id: &ObjectId| scene.object(*id).and_then(|object| object.parent);
    // Nothing is below itself.
    std::iter::successors(above(&id), above).count()
}

/// Takes everything from the objects that an operation is about, as far as that can be done; each
/// object once.
fn bare(
    scene: &mut Scene,
    operation: &Operation,
    bared: &mut BTreeSet<ObjectId>,
    done: &mut Vec<Operation>,
) {
    let objects: Vec<ObjectId> = match operation {
        Operation::Blueprint { name, .. } | Operation::SetBlueprint { name, .. } => {
            scene.instances(name).collect()
        }
        _ => operation.object().into_iter().collect(),
    };
    for object in objects {
        if !bared.insert(object) {
            continue;
        }
        let Some(now) = scene.object(object) else { continue };
        let nothing = properties(&now.properties, &Properties::default());
        let mut wanted: Vec<Operation> =
            nothing.into_iter().map(|property| Operation::Set { object, property }).collect();
        // What needs the colliders goes before them, and the blueprint when nothing needs it.
        wanted.reverse();
        wanted.push(Operation::Rebase { object, blueprint: None });
        wanted.push(Operation::Reparent { object, parent: None });
        let unlocking = unlocking(scene, object);
        for operation in unlocking.into_iter().chain(wanted) {
            let is_so = matches!(
                (&operation, scene.object(object)),
                (Operation::Rebase { .. }, Some(Object { blueprint: None, .. }))
                    | (Operation::Reparent { .. }, Some(Object { parent: None, .. }))
            );
            if !is_so && scene.apply(operation.clone()).is_ok() {
                done.push(operation);
            }
        }
    }
}

/// The world as it is, but with one object as it is in `then`: what it needs comes along if it is
/// missing. Its name is given up when another has it by now, and so is the object above it when that
/// is gone. None: it is not in `then`. An error: it fits no more to what its blueprint is by now.
pub fn with_object(
    now: &Scene,
    then: &Scene,
    id: ObjectId,
) -> Result<Option<Scene>, DocumentError> {
    let Some(mut object) = then.object(id).cloned() else { return Ok(None) };
    object.id = Some(id);
    let mut document = now.document();
    let is_taken = |name: &String| {
        now.objects().any(|(other, object)| other != id && object.name.as_ref() == Some(name))
    };
    object.name = object.name.filter(|name| !is_taken(name));
    let is_below = |parent: ObjectId| {
        let above = |id: &ObjectId| now.object(*id).and_then(|object| object.parent);
        std::iter::successors(Some(parent), above).any(|above| above == id)
    };
    object.parent =
        object.parent.filter(|parent| now.object(*parent).is_some() && !is_below(*parent));
    match document.objects.binary_search_by_key(&Some(id), |object| object.id) {
        Ok(index) => document.objects[index] = object,
        Err(index) => document.objects.insert(index, object),
    }
    complete(&mut document, &[then.head()]);
    load::validate(&document)?;
    Ok(Some(Scene::new(document)))
}
