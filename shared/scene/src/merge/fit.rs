//! What each side has changed alone, and what yet does not fit together: an object of the one and
//! its blueprint of the other.

use std::collections::BTreeSet;

use vivarium_protocol::ids::ObjectId;

use super::{Contested, Merging, Prefer};
use crate::{
    check::{self, At, Together},
    document::{Object, Properties, WorldDocument},
    limits::MERGE_ALONE_MAX,
    operation::Aspect,
    scene::Scene,
};

impl Merging<'_> {
    /// Makes everything fit: blueprints and then objects that are of both sides are taken from one,
    /// and an object that fits even so not to its blueprint keeps to itself what it had of it.
    pub(super) fn fit(&mut self, document: &mut WorldDocument) {
        let misfits = document.objects.iter().filter(|object| !fits(object, document));
        let names: BTreeSet<String> =
            misfits.filter_map(|object| object.blueprint.clone()).collect();
        let names: BTreeSet<String> = names.intersection(&self.mixed_blueprints).cloned().collect();
        let is_about = |name: &Option<String>| name.as_ref().is_some_and(|n| names.contains(n));
        self.conflicts.retain(|told| told.aspect != Contested::Blueprint || !is_about(&told.name));
        for name in &names {
            if let Some(value) = self.preferred().head().blueprints.get(name) {
                document.blueprints.insert(name.clone(), value.clone());
                self.tell(None, Some(name), Contested::Blueprint);
            }
        }
        let (mut alone, mut whole) = (0, BTreeSet::new());
        let before = self.conflicts.len();
        for index in 0..document.objects.len() {
            let mut object = document.objects[index].clone();
            if fits(&object, document) {
                continue;
            }
            let id = object.id_at(index);
            if self.mixed.contains(&id)
                && let Some(wanted) = self.preferred().object(id)
            {
                // Whatever it is called and stands below fits, and so does a lock.
                let (name, parent, locked) = (object.name.take(), object.parent, object.locked);
                object = Object { id: Some(id), name, parent, locked, ..wanted.clone() };
                whole.insert(id);
                self.tell(Some(id), object.name.as_deref(), Contested::Object);
            }
            if !fits(&object, document) && alone < MERGE_ALONE_MAX {
                alone += 1;
                self.stand_alone(id, &mut object);
            }
            document.objects[index] = object;
        }
        let told = self.conflicts.split_off(before);
        self.conflicts.retain(|told| told.object.is_none_or(|id| !whole.contains(&id)));
        self.conflicts.extend(told);
    }

    fn preferred(&self) -> &Scene {
        match self.prefer {
            Prefer::World => self.world,
            Prefer::Draft => self.draft,
        }
    }

    /// Gives an object as its own what it had of its blueprint.
    fn stand_alone(&mut self, id: ObjectId, object: &mut Object) {
        let is_of_draft = self.of_draft.contains_key(&id);
        let side = match () {
            () if self.mixed.contains(&id) => self.preferred(),
            () if is_of_draft => self.draft,
            () => self.world,
        };
        object.properties = side.resolved(object);
        object.blueprint = None;
        let known = self.world.object(id).map(|_| id);
        self.tell(known, object.name.as_deref(), Contested::Aspect(Aspect::Blueprint));
    }

    /// Leaves a place where people appear, when each side has taken away the other's.
    pub(super) fn keep_a_spawn(&mut self, document: &mut WorldDocument) {
        let is_spawn = |object: &Object, base: Option<&Properties>| {
            Together { at: At::Whole, own: &object.properties, base }.is_spawn()
        };
        let is_one = |object: &Object| is_spawn(object, base_of(object, document));
        if document.objects.iter().any(is_one) {
            return;
        }
        let mut there = self.world.objects();
        let spawn = there.find(|(_, object)| is_spawn(object, base_of(object, self.world.head())));
        let Some((id, spawn)) = spawn else { return };
        let properties = self.world.resolved(spawn);
        let mut kept = Object { id: Some(id), blueprint: None, properties, ..spawn.clone() };
        let found = document.objects.binary_search_by_key(&Some(id), |object| object.id);
        let now = found.ok().map(|index| &document.objects[index]);
        let name = kept.name.take();
        kept.name = match now {
            Some(now) => now.name.clone(),
            None => name.filter(|_| !document.objects.iter().any(|other| other.name == spawn.name)),
        };
        kept.parent = now.and_then(|now| now.parent);
        self.conflicts.retain(|conflict| conflict.object != Some(id));
        self.tell(Some(id), spawn.name.as_deref(), Contested::Aspect(Aspect::Spawn));
        match found {
            Ok(index) => document.objects[index] = kept,
            Err(index) => document.objects.insert(index, kept),
        }
    }
}

fn base_of<'a>(object: &Object, document: &'a WorldDocument) -> Option<&'a Properties> {
    object.blueprint.as_ref().and_then(|name| document.blueprints.get(name))
}

fn fits(object: &Object, document: &WorldDocument) -> bool {
    let is_known =
        object.blueprint.as_ref().is_none_or(|name| document.blueprints.contains_key(name));
    is_known && check::object(At::Whole, object, base_of(object, document)).is_ok()
}
