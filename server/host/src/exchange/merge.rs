//! A world that comes in, put into one that is there: beside what it has, or in its place.

use std::collections::{BTreeMap, BTreeSet};

use vivarium_protocol::ids::ObjectId;
use vivarium_scene::{
    diff,
    document::{Object, Properties, WorldDocument},
    load::{self, DocumentError},
    merge::Names,
    operation::Operation,
    scene::Scene,
};

/// Why two worlds cannot become one.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// Together they would be no sound world.
    #[error("the two worlds together: {0}")]
    Document(#[from] DocumentError),
    /// There is no way from the one to the other.
    #[error(transparent)]
    NoWay(#[from] diff::NoWay),
}

/// Whether what is there stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Into {
    /// Objects, materials and blueprints come to those that are there; names that are taken get a
    /// number. Settings, sky and title stay.
    Beside,
    /// The world becomes what comes in, but for its name.
    InPlace,
}

/// The operations that bring a world in. New objects have placeholders for ids.
pub fn operations(
    now: &Scene,
    incoming: WorldDocument,
    into: Into,
) -> Result<Vec<Operation>, MergeError> {
    let there = now.document();
    let next = now.next_object();
    let target = match into {
        Into::Beside => beside(there, incoming, next),
        Into::InPlace => in_place(there, incoming, next),
    };
    load::validate(&target)?;
    Ok(diff::batch(now, &Scene::new(target))?)
}

fn in_place(there: WorldDocument, incoming: WorldDocument, next: u32) -> WorldDocument {
    let known: BTreeSet<ObjectId> = there.objects().map(|(id, _)| id).collect();
    let objects = renumbered(&incoming, next, |id| known.contains(&id));
    WorldDocument { name: there.name, objects, next_id: None, ..incoming }
}

/// The objects under free ids from `next` on, but for those whose id may stay, in ascending order.
fn renumbered(of: &WorldDocument, next: u32, stays: impl Fn(ObjectId) -> bool) -> Vec<Object> {
    let mut free = next;
    let given = of.objects().map(|(id, _)| {
        if stays(id) {
            return (id, id);
        }
        free += 1;
        (id, ObjectId(free - 1))
    });
    let given: BTreeMap<ObjectId, ObjectId> = given.collect();
    let mut objects: Vec<Object> = of
        .objects()
        .map(|(id, object)| Object {
            id: Some(given[&id]),
            parent: object.parent.and_then(|parent| given.get(&parent).copied()),
            ..object.clone()
        })
        .collect();
    objects.sort_by_key(|object| object.id);
    objects
}

fn beside(mut there: WorldDocument, incoming: WorldDocument, next: u32) -> WorldDocument {
    let materials = added(&mut there.materials, incoming.materials.clone(), |value| value);
    let as_here = |mut properties: Properties| {
        for visual in properties.visuals.iter_mut().flatten() {
            if let Some(name) = &mut visual.material
                && let Some(other) = materials.get(name)
            {
                name.clone_from(other);
            }
        }
        properties
    };
    let blueprints = added(&mut there.blueprints, incoming.blueprints.clone(), as_here);
    let mut names: Names = there.objects.iter().filter_map(|object| object.name.clone()).collect();
    // What was there keeps its ids, which follow from places where none are written.
    let known = there.objects().map(|(id, object)| Object { id: Some(id), ..object.clone() });
    let mut objects: Vec<Object> = known.collect();
    for mut object in renumbered(&incoming, next, |_| false) {
        if let Some(name) = &mut object.name {
            *name = names.take(name);
        }
        object.blueprint =
            object.blueprint.map(|name| blueprints.get(&name).cloned().unwrap_or(name));
        object.properties = as_here(object.properties);
        objects.push(object);
    }
    WorldDocument { objects, next_id: None, ..there }
}

/// Adds what is not there in the same form already; gives the names under which they are there.
fn added<T: PartialEq>(
    there: &mut BTreeMap<String, T>,
    incoming: BTreeMap<String, T>,
    as_here: impl Fn(T) -> T,
) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let mut taken: Names = there.keys().cloned().collect();
    for (name, value) in incoming {
        let value = as_here(value);
        let is_there = there.get(&name) == Some(&value);
        let own = if is_there { name.clone() } else { taken.take(&name) };
        if !is_there {
            there.insert(own.clone(), value);
        }
        names.insert(name, own);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn world(objects: serde_json::Value, colour: &str) -> WorldDocument {
        let json = json!({
            "version": 1, "name": "here", "title": "Here",
            "materials": { "stone": { "colour": colour } },
            "blueprints": { "post": { "visuals": [
                { "shape": { "ball": { "radius_m": 1.0 } }, "material": "stone" }] } },
            "objects": objects,
        });
        load::from_json(json.to_string().as_bytes()).unwrap()
    }

    fn done(there: WorldDocument, incoming: WorldDocument, into: Into) -> WorldDocument {
        let mut scene = Scene::new(there);
        let mut operations = operations(&scene, incoming, into).unwrap();
        vivarium_scene::operation::number(&mut operations, scene.next_object());
        scene.apply_all(operations).unwrap();
        scene.document()
    }

    #[test]
    fn a_world_comes_beside_another_under_free_names() {
        let spawn = json!({ "name": "gate", "properties": { "spawn": {} } });
        let there = world(json!([spawn]), "#ff0000");
        let child = json!({ "id": 9, "parent": 7, "blueprint": "post" });
        let gate = json!({ "id": 7, "name": "gate", "properties": { "spawn": {} } });
        let merged = done(there, world(json!([gate, child]), "#00ff00"), Into::Beside);
        let names: Vec<_> = merged.objects.iter().map(|object| object.name.as_deref()).collect();
        assert_eq!(names, [Some("gate"), Some("gate-2"), None]);
        assert_eq!(merged.objects[2].parent, Some(merged.objects[1].id_at(1)));
        assert_eq!(merged.objects[2].blueprint.as_deref(), Some("post-2"));
        assert_eq!(merged.materials["stone"].colour, "#ff0000");
        assert_eq!(merged.materials["stone-2"].colour, "#00ff00");
        let visuals = merged.blueprints["post-2"].visuals.as_ref().unwrap();
        assert_eq!(visuals[0].material.as_deref(), Some("stone-2"));
    }

    #[test]
    fn a_world_that_comes_back_in_place_changes_nothing() {
        let objects = json!([{ "properties": { "spawn": {} } }, { "name": "b", "parent": 0 }]);
        let there = world(objects, "#ff0000");
        let back = operations(&Scene::new(there.clone()), there.clone(), Into::InPlace).unwrap();
        assert_eq!(back, []);
        let objects = json!([{ "id": 5, "properties": { "spawn": { "radius_m": 2.0 } } }]);
        let other = world(objects, "#0000ff");
        let merged = done(there, other.clone(), Into::InPlace);
        assert_eq!(merged.objects.len(), 1);
        assert_eq!(merged.objects[0].properties, other.objects[0].properties);
        assert_eq!(merged.materials, other.materials);
    }
}
