//! Two worlds that began as the same one become one again: what was changed in a draft is put into
//! the world that went on meanwhile.
//!
//! Whatever only one side has changed is taken from that side, one thing about one object at a time.
//! What both have changed, each in another way, is a [`Conflict`]; one side is preferred in it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use vivarium_protocol::ids::ObjectId;

use crate::{
    diff,
    document::{Object, Properties, Settings, WorldDocument},
    load::{self, DocumentError},
    operation::{Aspect, Operation},
    scene::Scene,
};

mod fit;
mod names;
mod outline;

pub use names::Names;

/// Whose change is taken when both sides have changed the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefer {
    /// That of the world.
    World,
    /// That of the draft.
    Draft,
}

/// What of a thing both have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Contested {
    /// Whether an object is there: one side has deleted what the other has changed.
    Object,
    /// A material.
    Material,
    /// A blueprint, or one property of it.
    Blueprint,
    /// How the simulation runs.
    Settings,
    /// Sky, fog and sun.
    Environment,
    /// What the world is called.
    Title,
    /// One thing about an object.
    #[serde(untagged)]
    Aspect(Aspect),
}

/// Something that both sides have changed, each in another way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conflict {
    /// The object that it is about, by its id in both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectId>,
    /// Name of the object, material or blueprint, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What of it.
    pub aspect: Contested,
}

/// A draft and its world as one.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// Sound; what is new of the draft has ids from the first that the world has not given yet.
    pub document: WorldDocument,
    /// What both have changed, and was decided by preference.
    pub conflicts: Vec<Conflict>,
}

/// The world with everything that was changed between `base` and `draft`. An error: together they
/// would be no sound world, since there would be too much in it.
///
/// Where changes of both sides do not fit together, such as a body of the one and a mover of the
/// other, the whole blueprint or object counts instead of single things about it; an object that does
/// not fit to what its blueprint has become keeps to itself what it had of it. Of two outlines that
/// would make a circle the world's stands, and so does a place to appear when each side has taken
/// away the other's. All of it is told.
pub fn merge(
    base: &Scene,
    draft: &Scene,
    world: &Scene,
    prefer: Prefer,
) -> Result<Merged, DocumentError> {
    let mut merging = Merging::new(base, draft, world, prefer);
    for (id, before) in base.objects() {
        merging.object(id, before);
    }
    for (id, object) in draft.objects().filter(|(id, _)| base.object(*id).is_none()) {
        merging.arrives(id, object);
    }
    let objects = merging.settled_objects();
    let mut document = merging.document(objects);
    let sources = [draft.head(), world.head(), base.head()];
    complete(&mut document, &sources);
    merging.fit(&mut document);
    merging.keep_a_spawn(&mut document);
    // What was taken as a whole may need more.
    complete(&mut document, &sources);
    load::validate(&document)?;
    Ok(Merged { document, conflicts: merging.conflicts })
}

struct Merging<'a> {
    base: &'a Scene,
    draft: &'a Scene,
    world: &'a Scene,
    prefer: Prefer,
    objects: BTreeMap<ObjectId, Object>,
    /// The ids that objects of the draft have here.
    given: BTreeMap<ObjectId, ObjectId>,
    /// Of objects that the draft alone has made or changed: their ids in it.
    of_draft: BTreeMap<ObjectId, ObjectId>,
    /// What both sides have changed.
    mixed: BTreeSet<ObjectId>,
    mixed_blueprints: BTreeSet<String>,
    next: u32,
    /// Objects here whose name, and whose parent, are the draft's.
    renamed: BTreeSet<ObjectId>,
    reparented: BTreeSet<ObjectId>,
    conflicts: Vec<Conflict>,
}

impl<'a> Merging<'a> {
    fn new(base: &'a Scene, draft: &'a Scene, world: &'a Scene, prefer: Prefer) -> Self {
        let known = world.objects().map(|(id, object)| (id, with_id(object, id)));
        Self {
            base,
            draft,
            world,
            prefer,
            objects: known.collect(),
            given: BTreeMap::new(),
            of_draft: BTreeMap::new(),
            mixed: BTreeSet::new(),
            mixed_blueprints: BTreeSet::new(),
            next: world.next_object(),
            renamed: BTreeSet::new(),
            reparented: BTreeSet::new(),
            conflicts: Vec::new(),
        }
    }

    /// Notes a conflict; whether the draft wins it.
    fn contested(
        &mut self,
        object: Option<ObjectId>,
        name: Option<&str>,
        aspect: Contested,
    ) -> bool {
        self.tell(object, name, aspect);
        self.prefer == Prefer::Draft
    }

    /// Notes a conflict.
    fn tell(&mut self, object: Option<ObjectId>, name: Option<&str>, aspect: Contested) {
        let conflict = Conflict { object, name: name.map(str::to_owned), aspect };
        // Several properties of a blueprint are one.
        if self.conflicts.last() != Some(&conflict) {
            self.conflicts.push(conflict);
        }
    }

    /// An object that was there when the draft began.
    fn object(&mut self, id: ObjectId, before: &Object) {
        let is_same = |object: &Object| diff::aspects(id, before, object).is_empty();
        match (self.draft.object(id), self.world.object(id)) {
            (None, None) => {}
            (None, Some(there)) => {
                let name = there.name.as_deref();
                if is_same(there) || self.contested(Some(id), name, Contested::Object) {
                    self.objects.remove(&id);
                }
            }
            (Some(wanted), None) => {
                let name = wanted.name.as_deref();
                if !is_same(wanted) && self.contested(Some(id), name, Contested::Object) {
                    // Ids are given once: it comes back under another one.
                    self.arrives(id, wanted);
                }
            }
            (Some(wanted), Some(there)) => self.changes(id, before, wanted, there),
        }
    }

    /// An object that is there on both sides.
    fn changes(&mut self, id: ObjectId, before: &Object, wanted: &Object, there: &Object) {
        self.given.insert(id, id);
        let meanwhile = diff::aspects(id, before, there);
        let mut changes = diff::aspects(id, before, wanted);
        changes.retain(|change| self.is_new_above(change) || !meanwhile.contains(change));
        if changes.is_empty() {
            return;
        }
        if meanwhile.is_empty() {
            self.of_draft.insert(id, id);
        } else {
            self.mixed.insert(id);
        }
        // A lock is there so that nobody changes the object by the way.
        if there.locked && !before.locked {
            let name = there.name.as_deref();
            if !self.contested(Some(id), name, Contested::Aspect(Aspect::Lock)) {
                return;
            }
        }
        for change in changes {
            let touched = change.touched();
            let is_contested = meanwhile.iter().any(|other| other.touched() == touched);
            let is_wanted = match diff::aspect_of(&change) {
                Some(aspect) if is_contested => {
                    self.contested(Some(id), there.name.as_deref(), Contested::Aspect(aspect))
                }
                _ => true,
            };
            if is_wanted && let Some(object) = self.objects.get_mut(&id) {
                match &change {
                    Operation::Rename { .. } => drop(self.renamed.insert(id)),
                    Operation::Reparent { .. } => drop(self.reparented.insert(id)),
                    _ => {}
                }
                put(object, change);
            }
        }
    }

    /// Whether a change names an object that was made since: under the same id, each side has
    /// another.
    fn is_new_above(&self, change: &Operation) -> bool {
        let Operation::Reparent { parent: Some(parent), .. } = change else { return false };
        self.base.object(*parent).is_none()
    }

    /// An object of the draft that the world does not have.
    fn arrives(&mut self, id: ObjectId, object: &Object) {
        let given = ObjectId(self.next);
        self.next += 1;
        self.given.insert(id, given);
        self.of_draft.insert(given, id);
        self.renamed.insert(given);
        self.reparented.insert(given);
        self.objects.insert(given, with_id(object, given));
    }

    /// All objects, with parents that are there and names that nobody else has.
    fn settled_objects(&mut self) -> Vec<Object> {
        self.settle_outline();
        let is_kept = |id: &ObjectId| !self.renamed.contains(id);
        let kept = self.objects.iter().filter(|(id, _)| is_kept(id));
        let mut names: Names = kept.filter_map(|(_, object)| object.name.clone()).collect();
        for id in &self.renamed {
            if let Some(name) = self.objects.get_mut(id).and_then(|object| object.name.as_mut()) {
                *name = names.take(name);
            }
        }
        self.objects.values().cloned().collect()
    }

    /// Everything that is no object.
    fn document(&mut self, objects: Vec<Object>) -> WorldDocument {
        let (base, draft, world) = (self.base.head(), self.draft.head(), self.world.head());
        let names = union(&[&base.materials, &draft.materials, &world.materials]);
        let mut materials = BTreeMap::new();
        for name in names {
            let three = [base, draft, world].map(|of| of.materials.get(&name));
            if let Some(value) = self.choose(three, Contested::Material, Some(&name)) {
                materials.insert(name, value.clone());
            }
        }
        let names = union(&[&base.blueprints, &draft.blueprints, &world.blueprints]);
        let mut blueprints = BTreeMap::new();
        for name in names {
            let three = [base, draft, world].map(|of| of.blueprints.get(&name));
            if let Some(value) = self.blueprint(three, &name) {
                blueprints.insert(name, value);
            }
        }
        // That physics is paused says what is being done just now, not how the world is to be.
        let physics_paused = world.settings.physics_paused;
        let three =
            [base, draft, world].map(|of| Settings { physics_paused, ..of.settings.clone() });
        let settings = self.choose(three, Contested::Settings, None);
        let three = [base, draft, world].map(|of| &of.environment);
        let environment = self.choose(three, Contested::Environment, None).clone();
        let three = [base, draft, world].map(|of| (&of.title, &of.description));
        let (title, description) = self.choose(three, Contested::Title, None);
        WorldDocument {
            version: world.version,
            name: world.name.clone(),
            title: title.clone(),
            description: description.clone(),
            settings,
            environment,
            materials,
            blueprints,
            objects,
            next_id: Some(self.next),
        }
    }

    /// Of how it was, how it is in the draft and how it is in the world: what counts.
    fn choose<T: PartialEq>(
        &mut self,
        [base, draft, world]: [T; 3],
        what: Contested,
        name: Option<&str>,
    ) -> T {
        if draft == base || draft == world {
            return world;
        }
        if world == base || self.contested(None, name, what) { draft } else { world }
    }

    /// As [`Self::choose`], property by property where the blueprint is there on all sides.
    fn blueprint(&mut self, three: [Option<&Properties>; 3], name: &str) -> Option<Properties> {
        let [Some(base), Some(draft), Some(world)] = three else {
            return self.choose(three, Contested::Blueprint, Some(name)).cloned();
        };
        let mut merged = world.clone();
        let meanwhile = diff::properties(base, world);
        let changes = diff::properties(base, draft);
        if !meanwhile.is_empty() && !changes.is_empty() {
            self.mixed_blueprints.insert(name.to_owned());
        }
        for property in changes {
            let other = meanwhile.iter().find(|other| other.aspect() == property.aspect());
            let is_wanted = match other {
                Some(other) if *other == property => false,
                Some(_) => self.contested(None, Some(name), Contested::Blueprint),
                None => true,
            };
            if is_wanted {
                property.exchange(&mut merged);
            }
        }
        Some(merged)
    }
}

fn with_id(object: &Object, id: ObjectId) -> Object {
    Object { id: Some(id), ..object.clone() }
}

fn union<T>(maps: &[&BTreeMap<String, T>]) -> BTreeSet<String> {
    maps.iter().flat_map(|map| map.keys().cloned()).collect()
}

/// Changes one thing about an object.
fn put(object: &mut Object, operation: Operation) {
    match operation {
        Operation::Place { position_m, rotation, scale, .. } => {
            (object.position_m, object.rotation, object.scale) = (position_m, rotation, scale);
        }
        Operation::Reparent { parent, .. } => object.parent = parent,
        Operation::Rename { name, .. } => object.name = name,
        Operation::Lock { locked, .. } => object.locked = locked,
        Operation::Rebase { blueprint, .. } => object.blueprint = blueprint,
        Operation::Set { property, .. } => drop(property.exchange(&mut object.properties)),
        // They are about no aspect of an object.
        _ => {}
    }
}

/// Brings in blueprints and materials that are used and missing, from the first that has them: one
/// side has taken them away, and the other has come to use them.
pub(crate) fn complete(document: &mut WorldDocument, sources: &[&WorldDocument]) {
    let used = document.objects.iter().filter_map(|object| object.blueprint.clone());
    for name in used.collect::<BTreeSet<_>>() {
        if !document.blueprints.contains_key(&name)
            && let Some(found) = sources.iter().find_map(|of| of.blueprints.get(&name))
        {
            document.blueprints.insert(name, found.clone());
        }
    }
    let own = document.objects.iter().map(|object| &object.properties);
    let parts = own.chain(document.blueprints.values()).flat_map(|of| of.visuals.iter().flatten());
    let used: BTreeSet<String> = parts.filter_map(|part| part.material.clone()).collect();
    for name in used {
        if !document.materials.contains_key(&name)
            && let Some(found) = sources.iter().find_map(|of| of.materials.get(&name))
        {
            document.materials.insert(name, found.clone());
        }
    }
}
