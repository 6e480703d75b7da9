//! A world that is being edited: a document that takes operations.
//!
//! Owns the document and what must be known to check one operation without looking at everything
//! else. Invariant: [`Scene::document`] is valid after every operation, and an operation that is
//! refused changes nothing. Nobody's rights are known here.

use std::collections::{BTreeMap, BTreeSet};

use vivarium_protocol::ids::ObjectId;

use crate::{
    check::{At, Sums, Together},
    document::{Object, Properties, WorldDocument},
    load::DocumentError,
    operation::Operation,
};

mod apply;

/// Why an operation was refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such object.
    #[error("there is no object {}: it may have been deleted", .0.0)]
    NoObject(ObjectId),
    /// The id is taken, or not one that an object can have.
    #[error("the id {} cannot be given to a new object", .0.0)]
    IdTaken(ObjectId),
    /// There are objects below it.
    #[error("object {} has objects below it: delete or move them first", .0.0)]
    HasChildren(ObjectId),
    /// An object cannot be below itself.
    #[error("object {} would be below itself", .0.0)]
    Cycle(ObjectId),
    /// There is no such blueprint to change.
    #[error("there is no blueprint {0:?}")]
    NoBlueprint(String),
    /// Something needs it.
    #[error("the {what} {name:?} is in use: {by}")]
    InUse {
        /// Material or blueprint.
        what: &'static str,
        /// Its name.
        name: String,
        /// Who needs it.
        by: String,
    },
    /// Nobody could appear any more.
    #[error("a world needs at least one object with `spawn`, where people appear")]
    LastSpawn,
    /// The result would break a rule of documents.
    #[error(transparent)]
    Invalid(#[from] DocumentError),
}

/// A batch that was refused. Nothing of it was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operations[{index}]: {refusal}")]
pub struct BatchRefusal {
    /// Which operation.
    pub index: usize,
    /// Why.
    pub refusal: Refusal,
}

/// A world document that can be changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Everything but the objects and ids.
    head: WorldDocument,
    /// Without their ids, which are their keys.
    objects: BTreeMap<ObjectId, Object>,
    /// No object has or had this id or a higher one.
    next_object: u32,
    names: BTreeMap<String, ObjectId>,
    instances: BTreeMap<String, BTreeSet<ObjectId>>,
    children: BTreeMap<ObjectId, BTreeSet<ObjectId>>,
    /// How many objects and blueprints name a material in their own properties.
    material_uses: BTreeMap<String, usize>,
    sums: Sums,
}

impl Scene {
    /// Takes a checked document.
    pub fn new(document: WorldDocument) -> Self {
        let next_object = document.next_object();
        let mut head = document;
        head.next_id = None;
        let objects = std::mem::take(&mut head.objects);
        let mut scene = Self {
            head,
            objects: BTreeMap::new(),
            next_object,
            names: BTreeMap::new(),
            instances: BTreeMap::new(),
            children: BTreeMap::new(),
            material_uses: BTreeMap::new(),
            sums: Sums::default(),
        };
        let blueprints: Vec<Properties> = scene.head.blueprints.values().cloned().collect();
        for blueprint in &blueprints {
            scene.use_materials(blueprint, 1);
        }
        for (index, mut object) in objects.into_iter().enumerate() {
            let id = object.id_at(index);
            object.id = None;
            scene.sums = scene.sums.plus(scene.weight(&object));
            scene.enlist(id, object);
        }
        scene
    }

    /// The document as it is now: objects by ascending ids, each with its id.
    pub fn document(&self) -> WorldDocument {
        let objects = self.objects.iter().map(|(id, object)| {
            let mut object = object.clone();
            object.id = Some(*id);
            object
        });
        WorldDocument {
            next_id: Some(self.next_object),
            objects: objects.collect(),
            ..self.head.clone()
        }
    }

    /// Everything but the objects, of which there are none in it.
    pub fn head(&self) -> &WorldDocument {
        &self.head
    }

    /// All objects, by ascending ids.
    pub fn objects(&self) -> impl ExactSizeIterator<Item = (ObjectId, &Object)> {
        self.objects.iter().map(|(id, object)| (*id, object))
    }

    /// One object.
    pub fn object(&self, id: ObjectId) -> Option<&Object> {
        self.objects.get(&id)
    }

    /// The first id that no object has or had.
    pub fn next_object(&self) -> u32 {
        self.next_object
    }

    /// Objects that take something from a blueprint.
    pub fn instances(&self, blueprint: &str) -> impl Iterator<Item = ObjectId> {
        self.instances.get(blueprint).into_iter().flatten().copied()
    }

    /// How many objects take something from a blueprint.
    pub fn instance_count(&self, blueprint: &str) -> usize {
        self.instances.get(blueprint).map_or(0, BTreeSet::len)
    }

    /// How many objects are above one another below an object, itself included.
    fn height(&self, id: ObjectId) -> usize {
        let mut height = 0;
        let mut row = vec![id];
        // Nothing is below itself, so rows end.
        while !row.is_empty() {
            height += 1;
            row = row.iter().filter_map(|id| self.children.get(id)).flatten().copied().collect();
        }
        height
    }

    /// The properties of an object, with what it does not say taken from its blueprint.
    pub fn resolved(&self, object: &Object) -> Properties {
        self.head.resolved(object)
    }

    /// Does one operation, or nothing. Gives what undoes it.
    pub fn apply(&mut self, operation: Operation) -> Result<Operation, Refusal> {
        apply::apply(self, operation)
    }

    /// Does all operations, or nothing. Gives what undoes them, in the order in which it must be
    /// done.
    pub fn apply_all(
        &mut self,
        operations: impl IntoIterator<Item = Operation>,
    ) -> Result<Vec<Operation>, BatchRefusal> {
        let mut inverses = Vec::new();
        for (index, operation) in operations.into_iter().enumerate() {
            match self.apply(operation) {
                Ok(inverse) => inverses.push(inverse),
                Err(refusal) => {
                    for inverse in inverses.into_iter().rev() {
                        self.apply(inverse).expect("what was just done can be undone");
                    }
                    return Err(BatchRefusal { index, refusal });
                }
            }
        }
        inverses.reverse();
        Ok(inverses)
    }

    fn base<'a>(&'a self, object: &Object) -> Option<&'a Properties> {
        object.blueprint.as_ref().and_then(|name| self.head.blueprints.get(name))
    }

    /// What an object counts for in the sums of its world.
    fn weight(&self, object: &Object) -> Sums {
        let together = Together { at: At::Whole, own: &object.properties, base: self.base(object) };
        Sums::of(&together)
    }

    /// Takes an object into the lists by which objects are found.
    fn enlist(&mut self, id: ObjectId, object: Object) {
        if let Some(name) = &object.name {
            self.names.insert(name.clone(), id);
        }
        if let Some(blueprint) = &object.blueprint {
            self.instances.entry(blueprint.clone()).or_default().insert(id);
        }
        if let Some(parent) = object.parent {
            self.children.entry(parent).or_default().insert(id);
        }
        self.use_materials(&object.properties, 1);
        self.objects.insert(id, object);
    }

    /// Takes an object out of all lists.
    fn delist(&mut self, id: ObjectId) -> Option<Object> {
        let object = self.objects.remove(&id)?;
        if let Some(name) = &object.name {
            self.names.remove(name);
        }
        if let Some(blueprint) = &object.blueprint {
            remove(&mut self.instances, blueprint, id);
        }
        if let Some(parent) = &object.parent {
            remove(&mut self.children, parent, id);
        }
        self.use_materials(&object.properties, -1);
        Some(object)
    }

    fn use_materials(&mut self, properties: &Properties, by: isize) {
        for name in properties.visuals.iter().flatten().filter_map(|part| part.material.as_ref()) {
            let uses = self.material_uses.entry(name.clone()).or_default();
            *uses = uses.saturating_add_signed(by);
            if *uses == 0 {
                self.material_uses.remove(name);
            }
        }
    }
}

fn remove<K: Ord + Clone>(lists: &mut BTreeMap<K, BTreeSet<ObjectId>>, key: &K, id: ObjectId) {
    if let Some(list) = lists.get_mut(key) {
        list.remove(&id);
        if list.is_empty() {
            lists.remove(key);
        }
    }
}
