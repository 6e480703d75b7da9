//! Objects as nodes, and what only the world itself understands of them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::document::{
    BodyKind, Collider, Hinge, Light, Object, Properties, VisualShape, WorldDocument,
};

use super::{ExportError, looks, models::Models, physics, writer::Writer};
use crate::{LIGHTS, OWN, PHYSICS, SPAWN, links::List, pose::Pose};

/// A world on its way into a file. The nodes of objects come first, in their order.
pub struct Nodes<'a> {
    document: &'a WorldDocument,
    model: &'a mut dyn FnMut(&str) -> Option<Vec<u8>>,
    writer: Writer,
    models: Models,
    materials: BTreeMap<&'a str, usize>,
    water: Option<usize>,
    /// Indices of objects by their ids.
    places: BTreeMap<ObjectId, usize>,
    children: Vec<Vec<usize>>,
    tops: Vec<usize>,
}

impl<'a> Nodes<'a> {
    /// With the materials, and a place for every object.
    pub fn new(
        document: &'a WorldDocument,
        model: &'a mut dyn FnMut(&str) -> Option<Vec<u8>>,
    ) -> Self {
        let mut writer = Writer::default();
        let materials = document.materials.iter().map(|(name, material)| {
            (name.as_str(), writer.push(List::Materials, looks::material(name, material)))
        });
        let materials = materials.collect();
        let places: BTreeMap<ObjectId, usize> =
            document.objects().enumerate().map(|(index, (id, _))| (id, index)).collect();
        let mut children = vec![Vec::new(); document.objects.len()];
        let mut tops = Vec::new();
        for (index, object) in document.objects.iter().enumerate() {
            writer.push(List::Nodes, Value::Null);
            match object.parent.and_then(|parent| places.get(&parent)) {
                Some(parent) => children[*parent].push(index),
                None => tops.push(index),
            }
        }
        Self {
            document,
            model,
            writer,
            models: Models::default(),
            materials,
            water: None,
            places,
            children,
            tops,
        }
    }

    /// Writes an object.
    pub fn object(&mut self, index: usize) -> Result<(), ExportError> {
        let object = &self.document.objects[index];
        let properties = self.document.resolved(object);
        let mut children = std::mem::take(&mut self.children[index]);
        self.visuals(object, &properties, &mut children)?;
        for (at, collider) in properties.colliders.iter().flatten().enumerate() {
            children.push(self.collider(object, collider, at));
        }
        if let Some(light) = &properties.light {
            children.push(self.light(light));
        }
        if let Some(sensor) = &properties.sensor {
            let mut node = part("sensor", 0);
            Pose::of(sensor.offset_m, [0.0, 0.0, 0.0, 1.0]).write(&mut node);
            let trigger = physics::trigger(&mut self.writer, sensor);
            node.insert("extensions".into(), json!({ (PHYSICS): { "trigger": trigger } }));
            children.push(self.writer.push(List::Nodes, Value::Object(node)));
        }
        if let Some(hinge) = &properties.hinge {
            children.push(self.hinge(object, hinge));
        }
        let node = self.node(index, &properties, children);
        self.writer.list(List::Nodes)[index] = node;
        Ok(())
    }

    fn node(&mut self, index: usize, properties: &Properties, children: Vec<usize>) -> Value {
        let object = &self.document.objects[index];
        let mut node = Map::new();
        if let Some(name) = &object.name {
            node.insert("name".into(), json!(name));
        } else if let Some(blueprint) = &object.blueprint {
            node.insert("name".into(), json!(blueprint));
        }
        let above = self.above(object);
        let pose = Pose::of(object.position_m, object.rotation);
        match above {
            Some(parent) => {
                pose.seen_from(Pose::of(parent.position_m, parent.rotation)).write(&mut node);
            }
            None => pose.write(&mut node),
        }
        if !children.is_empty() {
            node.insert("children".into(), json!(children));
        }
        let mut extensions = Map::new();
        let is_below_body = self.is_below_body(object);
        if let Some(motion) = physics::motion(properties, object.scale, is_below_body) {
            self.writer.uses(PHYSICS);
            extensions.insert(PHYSICS.into(), json!({ "motion": motion }));
        }
        if properties.spawn.is_some() {
            self.writer.uses(SPAWN);
            let title = object.name.as_ref().map(|name| json!({ "title": name }));
            extensions.insert(SPAWN.into(), title.unwrap_or_else(|| json!({})));
        }
        if !extensions.is_empty() {
            node.insert("extensions".into(), Value::Object(extensions));
        }
        let id = object.id_at(index).0;
        let own = json!({ "id": id, "object": text(object) });
        node.insert("extras".into(), json!({ (OWN): own }));
        Value::Object(node)
    }

    fn above(&self, object: &Object) -> Option<&'a Object> {
        let index = self.places.get(&object.parent?)?;
        self.document.objects.get(*index)
    }

    /// Whether an object above it in the outline moves.
    fn is_below_body(&self, object: &Object) -> bool {
        let mut above = self.above(object);
        while let Some(parent) = above {
            let body = self.document.resolved(parent).body;
            if body.is_some_and(|body| body.kind != BodyKind::Static) {
                return true;
            }
            above = self.above(parent);
        }
        false
    }

    fn visuals(
        &mut self,
        object: &Object,
        properties: &Properties,
        children: &mut Vec<usize>,
    ) -> Result<(), ExportError> {
        for (at, visual) in properties.visuals.iter().flatten().enumerate() {
            let material = visual.material.as_deref();
            let material = material.and_then(|name| self.materials.get(name)).copied();
            let mut node = part("visual", at);
            let mut scale = object.scale;
            match &visual.shape {
                VisualShape::Model { path } => {
                    let nodes = self.models.place(&mut self.writer, path, self.model)?;
                    node["extras"][OWN]["model"] = json!(path);
                    if !nodes.is_empty() {
                        node.insert("children".into(), json!(nodes));
                    }
                }
                VisualShape::Collider {} => {
                    let nodes = self.shown(object, properties, material);
                    if nodes.is_empty() {
                        continue;
                    }
                    node.insert("children".into(), json!(nodes));
                    scale = [1.0; 3];
                }
                VisualShape::Text { .. } => continue,
                shape => {
                    let is_water = matches!(shape, VisualShape::Water { .. });
                    let material = material.or_else(|| is_water.then(|| self.water()));
                    let mesh = looks::primitive(&mut self.writer, shape, material);
                    node.extend(mesh.map(|mesh| ("mesh".to_owned(), json!(mesh))));
                }
            }
            placed(&mut node, object, visual.offset_m, visual.rotation, scale);
            children.push(self.writer.push(List::Nodes, Value::Object(node)));
        }
        Ok(())
    }

    /// Colliders that are drawn.
    fn shown(
        &mut self,
        object: &Object,
        properties: &Properties,
        material: Option<usize>,
    ) -> Vec<usize> {
        let mut nodes = Vec::new();
        for (at, collider) in properties.colliders.iter().flatten().enumerate() {
            if let Some(mesh) = looks::shown(&mut self.writer, &collider.shape, material) {
                let mut node = part("shown", at);
                node.insert("mesh".into(), json!(mesh));
                placed(&mut node, object, collider.offset_m, collider.rotation, object.scale);
                nodes.push(self.writer.push(List::Nodes, Value::Object(node)));
            }
        }
        nodes
    }

    fn water(&mut self) -> usize {
        let writer = &mut self.writer;
        *self.water.get_or_insert_with(|| writer.push(List::Materials, looks::water()))
    }

    fn collider(&mut self, object: &Object, collider: &Collider, at: usize) -> usize {
        let mut node = part("collider", at);
        placed(&mut node, object, collider.offset_m, collider.rotation, object.scale);
        let said = physics::collider(&mut self.writer, collider);
        node.insert("extensions".into(), json!({ (PHYSICS): { "collider": said } }));
        self.writer.push(List::Nodes, Value::Object(node))
    }

    fn light(&mut self, light: &Light) -> usize {
        let mut node = part("light", 0);
        Pose::of(light.offset_m, [0.0, 0.0, 0.0, 1.0]).write(&mut node);
        let light = self.writer.light(looks::lamp(light));
        node.insert("extensions".into(), json!({ (LIGHTS): { "light": light } }));
        self.writer.push(List::Nodes, Value::Object(node))
    }

    /// A frame at the body and one that stays where it is, which a joint holds in each other.
    fn hinge(&mut self, object: &Object, hinge: &Hinge) -> usize {
        let own = physics::hinge_pose(hinge);
        let body = Pose::of(object.position_m, object.rotation);
        let mut fixed = part("hinge", 0);
        own.within(body).write(&mut fixed);
        let fixed = self.writer.push(List::Nodes, Value::Object(fixed));
        self.tops.push(fixed);
        let joint = physics::joint(&mut self.writer, hinge);
        let joint = json!({ "connectedNode": fixed, "joint": joint, "enableCollision": true });
        let mut node = part("hinge", 0);
        own.write(&mut node);
        node.insert("extensions".into(), json!({ (PHYSICS): { "joint": joint } }));
        self.writer.push(List::Nodes, Value::Object(node))
    }

    /// The file.
    pub fn finish(mut self) -> Result<Vec<u8>, ExportError> {
        let environment = &self.document.environment;
        let mut sun = part("sun", 0);
        sun.insert("name".into(), json!("sun"));
        looks::sun_pose(environment).write(&mut sun);
        let light = self.writer.light(looks::sun(environment));
        sun.insert("extensions".into(), json!({ (LIGHTS): { "light": light } }));
        self.tops.push(self.writer.push(List::Nodes, Value::Object(sun)));
        let rest = WorldDocument { objects: Vec::new(), ..self.document.clone() };
        let own = json!({ "document": text(&rest) });
        self.writer.finish(json!({
            "name": self.document.name,
            "nodes": self.tops,
            "extras": { (OWN): own },
        }))
    }
}

/// As it is in a world's file. A text, since other programs keep nothing else as it is.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("documents are JSON")
}

/// A node that is a part of the object above it.
fn part(kind: &str, at: usize) -> Map<String, Value> {
    let own = json!({ "part": kind, "index": at });
    Map::from_iter([("extras".to_owned(), json!({ (OWN): own }))])
}

fn placed(
    node: &mut Map<String, Value>,
    object: &Object,
    offset_m: [f32; 3],
    rotation: [f32; 4],
    scale: [f32; 3],
) {
    let offset = [0, 1, 2].map(|axis| offset_m[axis] * object.scale[axis]);
    Pose::of(offset, rotation).write(node);
    if scale != [1.0; 3] {
        node.insert("scale".into(), json!(scale));
    }
}
