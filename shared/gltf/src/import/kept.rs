//! What Vivarium wrote itself, and what another program has changed of it since.
//!
//! Everything stands in extras, to the last bit. What standard glTF says too is compared with what
//! we would have written: where it differs, somebody has changed it, and that wins.

use std::collections::{BTreeMap, BTreeSet};

use glam::{DMat4, DVec3};
use serde::de::DeserializeOwned;
use serde_json::Value;
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::{
    document::{Light, Object, VisualShape, WorldDocument},
    limits::{BLUEPRINTS_MAX, MATERIALS_MAX, OBJECTS_MAX},
};

use super::{ImportError, Role, World, cut::Drawn, looks};
use crate::{
    export::{lamp, sun_pose},
    links::List,
    pose::{Pose, decomposed, has_volume, stretched},
    source::Source,
    values::{entry_place, list, own, text},
};

/// The document without objects; none: the file is somebody else's.
pub fn head(source: &Source) -> Result<Option<WorldDocument>, ImportError> {
    let place = "scenes.extras.vivarium.document";
    let mut scenes = list(&source.json, "scenes").iter();
    let Some(head) = scenes.find_map(|scene| own(scene)?.get("document")) else { return Ok(None) };
    let head = text(head);
    // Counted before anything is made of it: `{}` is short, but takes a kilobyte here.
    let counted: Value = parsed(&head, place)?;
    for (name, most) in
        [("objects", 0), ("materials", MATERIALS_MAX), ("blueprints", BLUEPRINTS_MAX)]
    {
        let entries = counted.get(name);
        let count = entries.and_then(Value::as_object).map_or(0, serde_json::Map::len);
        let count = count.max(entries.and_then(Value::as_array).map_or(0, Vec::len));
        if count > most {
            let reason = format!("{count} entries are too many: at most {most} are allowed");
            return Err(ImportError::new(format!("{place}.{name}"), reason));
        }
    }
    parsed(&head, place).map(Some)
}

fn parsed<T: DeserializeOwned>(text: &str, place: &str) -> Result<T, ImportError> {
    serde_json::from_str(text).map_err(|error| ImportError::new(place, error.to_string()))
}

/// An object that is in the file.
struct Found {
    node: usize,
    id: Option<u32>,
    object: Object,
}

/// Takes over objects and what has changed of them and of the looks.
pub fn take(world: &mut World<'_>) -> Result<(), ImportError> {
    let source = world.source;
    let mut found = Vec::new();
    let mut taken = BTreeSet::new();
    for node in &source.order {
        if world.roles[*node] != Role::Object {
            continue;
        }
        if found.len() == OBJECTS_MAX {
            let reason = format!("more than {OBJECTS_MAX} objects are not allowed");
            return Err(ImportError::new("nodes", reason));
        }
        found.push(object(source, *node, &mut taken)?);
    }
    let mut next = world.document.next_id.unwrap_or(0);
    next = next.max(taken.last().map_or(0, |last| last.saturating_add(1)));
    // Those that somebody has copied are new.
    for copy in found.iter_mut().filter(|found| found.id.is_none()) {
        copy.id = Some(next);
        copy.object.id = Some(ObjectId(next));
        copy.object.name = None;
        next = next.saturating_add(1);
    }
    let ids: BTreeMap<usize, u32> =
        found.iter().map(|found| (found.node, found.id.unwrap_or(0))).collect();
    for found in &mut found {
        place(world, found);
        found.object.parent = above(world, found.node, &ids);
    }
    lamps(world, &mut found)?;
    found.sort_by_key(|found| found.id);
    for (at, found) in found.into_iter().enumerate() {
        let mut object = found.object;
        // An id that follows from the place in the list needs not be said, but this place is new.
        if object.id.is_none() && found.id != Some(at as u32) {
            object.id = found.id.map(ObjectId);
        }
        world.document.objects.push(object);
    }
    materials(world)?;
    sun(world)?;
    models(world)
}

fn object(source: &Source, node: usize, taken: &mut BTreeSet<u32>) -> Result<Found, ImportError> {
    let place = format!("{}.extras.vivarium", entry_place(List::Nodes, node));
    let said = own(source.entry(List::Nodes, node)).unwrap_or(&Value::Null);
    let object = text(said.get("object").unwrap_or(&Value::Null));
    let object = parsed(&object, &format!("{place}.object"))?;
    let id = said.get("id").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
    let id = id.ok_or_else(|| ImportError::new(format!("{place}.id"), "an object needs its id"))?;
    Ok(Found { node, id: taken.insert(id).then_some(id), object })
}

/// Where it is now, if somebody has moved it.
fn place(world: &World<'_>, found: &mut Found) {
    let object = &mut found.object;
    let (pose, scale) = decomposed(world.matrices[found.node]);
    let before = Pose::of(object.position_m, object.rotation);
    if pose.differs(before, world.reaches_m[found.node]) {
        object.position_m = pose.position_m();
        object.rotation = pose.rotation();
    }
    if stretched(scale, DVec3::ONE) {
        let factors = scale.abs().as_vec3().to_array();
        object.scale = [0, 1, 2].map(|axis| object.scale[axis] * factors[axis]);
    }
}

fn above(world: &World<'_>, node: usize, ids: &BTreeMap<usize, u32>) -> Option<ObjectId> {
    let mut above = world.source.parents[node];
    while let Some(node) = above {
        if let Some(id) = ids.get(&node) {
            return Some(ObjectId(*id));
        }
        above = world.source.parents[node];
    }
    None
}

/// The object above a part of it.
fn whole_of(world: &World<'_>, part: usize) -> Option<usize> {
    let mut above = world.source.parents[part];
    while let Some(node) = above.filter(|node| world.roles[*node] != Role::Object) {
        above = world.source.parents[node];
    }
    above
}

fn parts<'a>(world: &World<'a>, kind: &str) -> Vec<(usize, &'a Value)> {
    let source = world.source;
    let is_part = |node: &&usize| world.roles[**node] == Role::Part;
    let parts = source.order.iter().filter(is_part);
    let said = parts.filter_map(|node| Some((*node, own(source.entry(List::Nodes, *node))?)));
    said.filter(|(_, said)| said.get("part").and_then(Value::as_str) == Some(kind)).collect()
}

fn lamps(world: &mut World<'_>, found: &mut [Found]) -> Result<(), ImportError> {
    let places: BTreeMap<usize, usize> =
        found.iter().enumerate().map(|(at, found)| (found.node, at)).collect();
    for (node, _) in parts(world, "light") {
        let at = whole_of(world, node).and_then(|node| places.get(&node));
        let Some(found) = at.and_then(|at| found.get_mut(*at)) else { continue };
        let Some(light) = world.document.resolved(&found.object).light else { continue };
        let Some((said, place)) = looks::light_of(world.source, node) else { continue };
        let before = looks::lamp(&lamp(&light), &place)?;
        let now = looks::lamp(said, &place)?;
        if now.differs(&before) {
            let changed = Light {
                colour: now.colour,
                intensity_cd: now.intensity,
                range_m: now.range_m.unwrap_or(light.range_m),
                offset_m: light.offset_m,
            };
            found.object.properties.light = Some(changed);
        }
    }
    Ok(())
}

fn materials(world: &mut World<'_>) -> Result<(), ImportError> {
    for (at, said) in List::Materials.of(&world.source.json).iter().enumerate() {
        let name = own(said).and_then(|own| own.get("material")).and_then(Value::as_str);
        let Some(name) = name else { continue };
        let Some(material) = world.document.materials.get_mut(name) else { continue };
        let place = entry_place(List::Materials, at);
        let before = looks::surface(&crate::export::material(name, material), &place)?;
        looks::surface(said, &place)?.change(&before, material);
    }
    Ok(())
}

fn sun(world: &mut World<'_>) -> Result<(), ImportError> {
    for (node, _) in parts(world, "sun") {
        let before = sun_pose(&world.document.environment);
        let (now, _) = decomposed(world.matrices[node]);
        if (Pose { place: DVec3::ZERO, ..now }).differs(before, 0.0) {
            let towards = now.rotation * DVec3::Z;
            world.document.environment.sun_direction = towards.as_vec3().to_array();
        }
        let Some((said, place)) = looks::light_of(world.source, node) else { continue };
        let before = looks::lamp(&crate::export::sun(&world.document.environment), &place)?;
        let now = looks::lamp(said, &place)?;
        if now.differs(&before) {
            world.document.environment.sun = now.colour;
            world.document.environment.sun_intensity = looks::sunlight(now.intensity);
        }
    }
    Ok(())
}

/// Models that are not known here are cut out of the file.
fn models(world: &mut World<'_>) -> Result<(), ImportError> {
    let document = &world.document;
    let objects = document.objects.iter().map(|object| &object.properties);
    let visuals = objects.chain(document.blueprints.values()).flat_map(|it| it.visuals.iter());
    world.cut.taken = visuals
        .flatten()
        .filter_map(|visual| match &visual.shape {
            VisualShape::Model { path } => Some(path.clone()),
            _ => None,
        })
        .collect();
    let mut paths: BTreeMap<String, String> = BTreeMap::new();
    for (part, said) in parts(world, "visual") {
        let Some(path) = said.get("model").and_then(Value::as_str) else { continue };
        if paths.contains_key(path) || (world.knows)(path) || !has_volume(world.matrices[part]) {
            continue;
        }
        let back = world.matrices[part].inverse();
        let drawn = below(world, part, back);
        if !drawn.is_empty() {
            paths.insert(path.to_owned(), world.cut.model(world.source, &drawn)?);
        }
    }
    let document = &mut world.document;
    let blueprints = document.blueprints.values_mut();
    let objects = document.objects.iter_mut().map(|object| &mut object.properties);
    let mut missing = BTreeSet::new();
    for visual in blueprints.chain(objects).flat_map(|it| it.visuals.iter_mut().flatten()) {
        let VisualShape::Model { path } = &mut visual.shape else { continue };
        match paths.get(path) {
            Some(new) => new.clone_into(path),
            None if !(world.knows)(path) => drop(missing.insert(path.clone())),
            None => {}
        }
    }
    for path in missing {
        world.warn(format!("the model {path} is neither here nor in the file"));
    }
    Ok(())
}

/// The meshes below a node, as it sees them, but for those of objects.
fn below(world: &World<'_>, node: usize, back: DMat4) -> Vec<Drawn> {
    let source = world.source;
    let mut drawn = Vec::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        let entry = source.entry(List::Nodes, node);
        if let Some(mesh) = entry.get("mesh").and_then(Value::as_u64) {
            drawn.push((back * world.matrices[node], mesh as usize));
        }
        let children = list(entry, "children").iter().rev().filter_map(Value::as_u64);
        open.extend(
            children
                .map(|child| child as usize)
                .filter(|child| world.roles[*child] != Role::Object),
        );
    }
    drawn
}
