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
    document::{Object, Properties, WorldDocument},
    limits::NAME_CHARS_MAX,
    load::{self, DocumentError},
    operation::{Aspect, Operation},
    scene::Scene,
};

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
/// would be no sound world, such as one with too much in it.
///
/// Where changes of both sides do not fit together, such as a body of the one and a mover of the
/// other, whole objects and blueprints count instead of single things about them.
pub fn merge(
    base: &Scene,
    draft: &Scene,
    world: &Scene,
    prefer: Prefer,
) -> Result<Merged, DocumentError> {
    merged(Merging::new(base, draft, world, prefer)).or_else(|_| {
        merged(Merging { is_coarse: true, ..Merging::new(base, draft, world, prefer) })
    })
}

fn merged(mut merging: Merging<'_>) -> Result<Merged, DocumentError> {
    let (base, draft, world) = (merging.base, merging.draft, merging.world);
    for (id, before) in base.objects() {
        merging.object(id, before);
    }
    for (id, object) in draft.objects().filter(|(id, _)| base.object(*id).is_none()) {
        merging.arrives(id, object);
    }
    let objects = merging.settled_objects();
    let mut document = merging.document(objects);
    complete(&mut document, &[draft.head(), world.head(), base.head()]);
    load::validate(&document)?;
    Ok(Merged { document, conflicts: merging.conflicts })
}

struct Merging<'a> {
    base: &'a Scene,
    draft: &'a Scene,
    world: &'a Scene,
    prefer: Prefer,
    /// Whether what both have changed is taken from one side as a whole.
    is_coarse: bool,
    objects: BTreeMap<ObjectId, Object>,
    /// Objects of the draft under the ids that they get here.
    given: BTreeMap<ObjectId, ObjectId>,
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
            is_coarse: false,
            objects: known.collect(),
            given: BTreeMap::new(),
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
        self.conflicts.push(Conflict { object, name: name.map(str::to_owned), aspect });
        self.prefer == Prefer::Draft
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
        let changes = diff::aspects(id, before, wanted);
        if self.is_coarse && !meanwhile.is_empty() && !changes.is_empty() && meanwhile != changes {
            if self.contested(Some(id), there.name.as_deref(), Contested::Object) {
                self.renamed.insert(id);
                self.reparented.insert(id);
                self.objects.insert(id, with_id(wanted, id));
            }
            return;
        }
        for operation in changes {
            let touched = operation.touched();
            let other = meanwhile.iter().find(|other| other.touched() == touched);
            let is_wanted = match (other, diff::aspect_of(&operation)) {
                (Some(other), _) if *other == operation => false,
                (Some(_), Some(aspect)) => {
                    self.contested(Some(id), there.name.as_deref(), Contested::Aspect(aspect))
                }
                _ => true,
            };
            if is_wanted && let Some(object) = self.objects.get_mut(&id) {
                match &operation {
                    Operation::Rename { .. } => drop(self.renamed.insert(id)),
                    Operation::Reparent { .. } => drop(self.reparented.insert(id)),
                    _ => {}
                }
                put(object, operation);
            }
        }
    }

    /// An object of the draft that the world does not have.
    fn arrives(&mut self, id: ObjectId, object: &Object) {
        let given = ObjectId(self.next);
        self.next += 1;
        self.given.insert(id, given);
        self.renamed.insert(given);
        self.reparented.insert(given);
        self.objects.insert(given, with_id(object, given));
    }

    /// All objects, with parents that are there and names that nobody else has.
    fn settled_objects(&mut self) -> Vec<Object> {
        for id in &self.reparented {
            if let Some(object) = self.objects.get_mut(id) {
                object.parent = object.parent.and_then(|parent| self.given.get(&parent).copied());
            }
        }
        let ids: BTreeSet<ObjectId> = self.objects.keys().copied().collect();
        for object in self.objects.values_mut() {
            object.parent = object.parent.filter(|parent| ids.contains(parent));
        }
        for id in self.reparented.clone() {
            if self.is_below_itself(id) {
                // Each side has put the one below the other: the world's outline stands.
                let parent = self.world.object(id).and_then(|object| object.parent);
                let parent = parent.filter(|parent| ids.contains(parent));
                self.objects.entry(id).and_modify(|object| object.parent = parent);
            }
        }
        let is_kept = |id: &ObjectId| !self.renamed.contains(id);
        let kept = self.objects.iter().filter(|(id, _)| is_kept(id));
        let mut names: BTreeSet<String> =
            kept.filter_map(|(_, object)| object.name.clone()).collect();
        for id in &self.renamed {
            if let Some(name) = self.objects.get_mut(id).and_then(|object| object.name.as_mut()) {
                *name = free_name(name, |name| names.contains(name));
                names.insert(name.clone());
            }
        }
        self.objects.values().cloned().collect()
    }

    fn is_below_itself(&self, id: ObjectId) -> bool {
        let above = |id: &ObjectId| self.objects.get(id).and_then(|object| object.parent);
        // A circle that it is not part of ends here as well.
        let above = std::iter::successors(above(&id), above).take(self.objects.len() + 1);
        above.into_iter().any(|above| above == id)
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
        let three = [base, draft, world].map(|of| &of.settings);
        let settings = self.choose(three, Contested::Settings, None).clone();
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
            next_id: None,
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
        let ([Some(base), Some(draft), Some(world)], false) = (three, self.is_coarse) else {
            return self.choose(three, Contested::Blueprint, Some(name)).cloned();
        };
        let mut merged = world.clone();
        let meanwhile = diff::properties(base, world);
        for property in diff::properties(base, draft) {
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

/// Brings in blueprints and materials that one side has taken away and the other has come to use.
fn complete(document: &mut WorldDocument, sources: &[&WorldDocument]) {
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

/// The name itself, or the first with a number behind it that is not taken.
pub fn free_name(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut own = name.to_owned();
    let mut number = 2_u32;
    while is_taken(&own) {
        let end = format!("-{number}");
        let room = NAME_CHARS_MAX.saturating_sub(end.len());
        own = name.chars().take(room).chain(end.chars()).collect();
        number += 1;
    }
    own
}
