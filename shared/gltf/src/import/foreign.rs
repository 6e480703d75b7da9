//! What somebody else put into a file, as objects.
//!
//! A node that moves is a body, with everything below it that does not move by itself; so is one
//! with a collider that is in no body. Triggers, spawn points and lamps that no body has room for
//! are objects of their own. What is drawn and belongs to nothing is scenery.

use std::collections::{BTreeMap, BTreeSet};

use glam::DMat4;
use serde_json::Value;
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::{
    document::{
        Collider, ColliderShape, DOCUMENT_VERSION, Environment, Groups, Hinge, Light, Object,
        Properties, Sensor, Settings, Spawn, Visual, VisualShape, WorldDocument,
    },
    limits::{COLLIDER_POINTS_MAX, LAMP_CD_MAX, NAME_CHARS_MAX, OBJECTS_MAX, PARTS_PER_OBJECT_MAX},
};

use super::{
    ImportError, Role, World,
    accessors::Meshes,
    bodies::{self, Motion, Systems},
    cut::Drawn,
    joints::{self, Joint},
    looks, shapes,
};
use crate::{
    LIGHTS, PHYSICS, SPAWN,
    links::List,
    pose::{Pose, decomposed, has_volume},
    source::Source,
    values::{entry_place, extension, list},
};

/// Meshes of one model of scenery: more make a second one.
const SCENERY_PARTS_MAX: usize = 2_048;
/// How far a lamp without a range shines: to where so little of it (lux) is left.
const LAMP_END_LUX: f32 = 0.05;
/// Farthest that such a lamp shines, metres.
const LAMP_RANGE_M_MAX: f32 = 50.0;

/// An empty document that is called as the file's scene.
pub fn head(source: &Source) -> WorldDocument {
    let scenes = list(&source.json, "scenes").iter();
    let mut names = scenes.filter_map(|scene| scene.get("name")).filter_map(Value::as_str);
    let title = names.next().and_then(name).unwrap_or_else(|| "Imported world".into());
    WorldDocument {
        version: DOCUMENT_VERSION,
        name: "imported".into(),
        title,
        description: String::new(),
        settings: Settings::default(),
        environment: Environment::default(),
        materials: BTreeMap::new(),
        blueprints: BTreeMap::new(),
        objects: Vec::new(),
        next_id: None,
    }
}

/// A name for people, cut to what is allowed; none: nothing is left.
fn name(name: &str) -> Option<String> {
    let name: String = name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
    Some(name).filter(|name| !name.trim().is_empty())
}

/// A body while its parts are gathered.
struct Gathered {
    node: usize,
    pose: Pose,
    motion: Motion,
    colliders: Vec<Collider>,
    volume_m3: f32,
    light: Option<Light>,
    hinge: Option<Hinge>,
    drawn: Vec<Drawn>,
}

/// Takes over everything that is foreign.
pub fn take(world: &mut World<'_>) -> Result<(), ImportError> {
    let source = world.source;
    let mut gathering = Gathering {
        meshes: Meshes::new(source),
        systems: Systems::default(),
        names: world.document.objects.iter().filter_map(|object| object.name.clone()).collect(),
        joints: Vec::new(),
        owners: vec![None; source.parents.len()],
        bodies: Vec::new(),
        tops: vec![0; source.parents.len()],
        scenery: BTreeMap::new(),
        made: Vec::new(),
        points: 0,
    };
    for node in &source.order {
        if world.roles[*node] == Role::Foreign {
            gathering.node(world, *node)?;
        }
    }
    gathering.finish(world)
}

struct Gathering<'a> {
    meshes: Meshes<'a>,
    systems: Systems,
    names: BTreeSet<String>,
    joints: Vec<Joint>,
    /// Of each node, the body that it belongs to.
    owners: Vec<Option<usize>>,
    bodies: Vec<Gathered>,
    /// Of each node, the highest foreign one above it or itself.
    tops: Vec<usize>,
    /// What is drawn and in no body, by those highest nodes.
    scenery: BTreeMap<usize, Vec<Drawn>>,
    made: Vec<Object>,
    points: usize,
}

impl Gathering<'_> {
    fn node(&mut self, world: &mut World<'_>, node: usize) -> Result<(), ImportError> {
        let source = world.source;
        let entry = source.entry(List::Nodes, node);
        let place = entry_place(List::Nodes, node);
        let nothing = Value::Null;
        let physics = extension(entry, PHYSICS).unwrap_or(&nothing);
        let above = source.parents[node].filter(|above| world.roles[*above] == Role::Foreign);
        let mut owner = above.and_then(|above| self.owners[above]);
        self.tops[node] = above.map_or(node, |above| self.tops[above]);
        let place_of = |what: &str| format!("{place}.extensions.{PHYSICS}.{what}");
        if let Some(joint) = physics.get("joint") {
            self.joints.push(joints::read(source, node, joint, &place_of("joint"))?);
        }
        if let Some(motion) = physics.get("motion") {
            let motion = bodies::motion(world, motion, &place_of("motion"))?;
            owner = Some(self.begin(world, node, motion));
        }
        if let Some(collider) = physics.get("collider") {
            let is_full = |owner: usize| {
                let body: &Gathered = &self.bodies[owner];
                body.motion.body.is_none() && body.colliders.len() == PARTS_PER_OBJECT_MAX
            };
            let owner = match owner.filter(|owner| !is_full(*owner)) {
                Some(owner) => owner,
                None => {
                    let motion = Motion { body: None, mass_kg: None };
                    *owner.insert(self.begin(world, node, motion))
                }
            };
            self.collider(world, owner, node, collider, &place_of("collider"))?;
        }
        self.owners[node] = owner;
        if let Some(trigger) = physics.get("trigger") {
            self.trigger(world, node, trigger, &place_of("trigger"))?;
        }
        if let Some(spawn) = extension(entry, SPAWN) {
            let (pose, _) = decomposed(world.matrices[node]);
            let title = spawn.get("title").and_then(Value::as_str);
            let name = self.name(title.or_else(|| said_name(source, node)));
            let spawn = Some(Spawn { radius_m: 0.0, only_by_name: false });
            self.made.push(object(name, pose, Properties { spawn, ..Properties::default() }));
        }
        if extension(entry, LIGHTS).is_some() {
            self.light(world, node, owner)?;
        }
        if let Some(mesh) = entry.get("mesh").and_then(Value::as_u64) {
            let back =
                owner.map_or(DMat4::IDENTITY, |owner| self.bodies[owner].pose.matrix().inverse());
            let drawn = match owner {
                Some(owner) => &mut self.bodies[owner].drawn,
                None => self.scenery.entry(self.tops[node]).or_default(),
            };
            drawn.push((back * world.matrices[node], mesh as usize));
        }
        Ok(())
    }

    fn begin(&mut self, world: &World<'_>, node: usize, motion: Motion) -> usize {
        let (pose, _) = decomposed(world.matrices[node]);
        self.bodies.push(Gathered {
            node,
            pose,
            motion,
            colliders: Vec::new(),
            volume_m3: 0.0,
            light: None,
            hinge: None,
            drawn: Vec::new(),
        });
        self.bodies.len() - 1
    }

    fn collider(
        &mut self,
        world: &mut World<'_>,
        owner: usize,
        node: usize,
        collider: &Value,
        place: &str,
    ) -> Result<(), ImportError> {
        let body = &mut self.bodies[owner];
        let matrix = world.matrices[node];
        if !has_volume(matrix) {
            world.warn("colliders without extent were left out");
            return Ok(());
        }
        if body.colliders.len() == PARTS_PER_OBJECT_MAX {
            let reason = format!("a body has more than {PARTS_PER_OBJECT_MAX} colliders");
            return Err(ImportError::new(place, reason));
        }
        let seen = body.pose.matrix().inverse() * matrix;
        let geometry = collider.get("geometry").unwrap_or(collider);
        let is_static = body.motion.body.is_none();
        let at = format!("{place}.geometry");
        let read = shapes::read(world.source, &mut self.meshes, geometry, seen, is_static, &at)?;
        if read.is_rough {
            world.warn("some colliders are simpler or larger here than in the file");
        }
        self.points += match &read.shape {
            ColliderShape::Hull { points_m } => points_m.len(),
            ColliderShape::Mesh { vertices_m, triangles } => vertices_m.len() + triangles.len(),
            _ => 0,
        };
        if self.points > COLLIDER_POINTS_MAX {
            let reason = format!("colliders may have {COLLIDER_POINTS_MAX} points in all");
            return Err(ImportError::new(place, reason));
        }
        let surface = bodies::surface(world.source, collider, place)?;
        let (friction, restitution) = surface.unwrap_or((0.6, 0.0));
        let groups = self.systems.groups(world, collider, place)?;
        body.volume_m3 += read.volume_m3;
        body.colliders.push(Collider {
            shape: read.shape,
            offset_m: read.pose.position_m(),
            rotation: read.pose.rotation(),
            friction,
            restitution,
            density_kgpm3: 200.0,
            groups,
        });
        Ok(())
    }

    fn trigger(
        &mut self,
        world: &mut World<'_>,
        node: usize,
        trigger: &Value,
        place: &str,
    ) -> Result<(), ImportError> {
        let matrix = world.matrices[node];
        let Some(geometry) = trigger.get("geometry") else {
            world.warn("triggers of several nodes were left out");
            return Ok(());
        };
        if !has_volume(matrix) {
            world.warn("triggers without extent were left out");
            return Ok(());
        }
        let (pose, _) = decomposed(matrix);
        let seen = pose.matrix().inverse() * matrix;
        let at = format!("{place}.geometry");
        let read = shapes::read(world.source, &mut self.meshes, geometry, seen, false, &at)?;
        let (offset_m, size_m) = match &read.shape {
            ColliderShape::Box { size_m } => ([0.0; 3], *size_m),
            ColliderShape::Ball { radius_m } => ([0.0; 3], [2.0 * radius_m; 3]),
            ColliderShape::Capsule { radius_m, height_m }
            | ColliderShape::Cylinder { radius_m, height_m } => {
                ([0.0; 3], [2.0 * radius_m, *height_m, 2.0 * radius_m])
            }
            ColliderShape::Hull { points_m } => around(points_m),
            ColliderShape::Mesh { vertices_m, .. } => around(vertices_m),
            ColliderShape::Heightfield { .. } => return Ok(()),
        };
        if !matches!(read.shape, ColliderShape::Box { .. }) {
            world.warn("triggers are boxes here: others became the boxes around them");
        }
        if self.owner_moves(node) {
            world.warn("triggers do not move with their bodies here");
        }
        let name = self.name(said_name(world.source, node));
        let sensor = Some(Sensor { size_m, offset_m });
        self.made.push(object(name, pose, Properties { sensor, ..Properties::default() }));
        Ok(())
    }

    fn owner_moves(&self, node: usize) -> bool {
        self.owners[node].is_some_and(|owner| self.bodies[owner].motion.body.is_some())
    }

    fn light(
        &mut self,
        world: &mut World<'_>,
        node: usize,
        owner: Option<usize>,
    ) -> Result<(), ImportError> {
        let Some((said, place)) = looks::light_of(world.source, node) else { return Ok(()) };
        let lamp = looks::lamp(said, &place)?;
        let (pose, _) = decomposed(world.matrices[node]);
        match said.get("type").and_then(Value::as_str) {
            Some("directional") => {
                let towards = pose.rotation * glam::DVec3::Z;
                let environment = &mut world.document.environment;
                environment.sun = lamp.colour;
                environment.sun_intensity = looks::sunlight(lamp.intensity);
                environment.sun_direction = towards.as_vec3().to_array();
                return Ok(());
            }
            Some("spot") => world.warn("spot lights shine in all directions here"),
            _ => {}
        }
        let reach = (lamp.intensity / LAMP_END_LUX).sqrt().clamp(1.0, LAMP_RANGE_M_MAX);
        let mut light = Light {
            colour: lamp.colour,
            intensity_cd: lamp.intensity.clamp(0.0, LAMP_CD_MAX),
            range_m: lamp.range_m.unwrap_or(reach),
            offset_m: [0.0; 3],
        };
        if let Some(body) = owner.map(|owner| &mut self.bodies[owner])
            && body.light.is_none()
        {
            light.offset_m = pose.seen_from(body.pose).position_m();
            body.light = Some(light);
            return Ok(());
        }
        let name = self.name(said_name(world.source, node));
        let properties = Properties { light: Some(light), ..Properties::default() };
        self.made.push(object(name, Pose { rotation: glam::DQuat::IDENTITY, ..pose }, properties));
        Ok(())
    }

    /// A name that nothing has yet.
    fn name(&mut self, wanted: Option<&str>) -> Option<String> {
        let wanted = name(wanted?)?;
        let mut unique = wanted.clone();
        let mut count = 1;
        while !self.names.insert(unique.clone()) {
            count += 1;
            let end = format!(" {count}");
            let kept = NAME_CHARS_MAX - end.len();
            unique = wanted.chars().take(kept).chain(end.chars()).collect();
        }
        Some(unique)
    }

    fn finish(mut self, world: &mut World<'_>) -> Result<(), ImportError> {
        self.hang(world);
        for mut body in std::mem::take(&mut self.bodies) {
            if let Some(mass) = body.motion.mass_kg {
                let density = bodies::density_kgpm3(mass, body.volume_m3);
                body.colliders.iter_mut().for_each(|part| part.density_kgpm3 = density);
            }
            if body.colliders.is_empty() && body.motion.body.take().is_some() {
                world.warn("bodies without colliders stand still");
                body.hinge = None;
            }
            let visuals = drawn(world, &body.drawn)?;
            let properties = Properties {
                visuals,
                colliders: Some(body.colliders).filter(|parts| !parts.is_empty()),
                body: body.motion.body,
                light: body.light,
                hinge: body.hinge,
                ..Properties::default()
            };
            let name = self.name(said_name(world.source, body.node));
            self.made.push(object(name, body.pose, properties));
        }
        self.scenery(world)?;
        put(world, self.made)
    }

    /// Hinges between a body that moves and something that does not.
    fn hang(&mut self, world: &mut World<'_>) {
        for joint in std::mem::take(&mut self.joints) {
            let moving = joint.nodes.map(|node| {
                self.owners[node].filter(|owner| self.bodies[*owner].motion.body.is_some())
            });
            let of = match moving {
                [Some(body), None] => Some((body, joint.nodes[0])),
                [None, Some(body)] => Some((body, joint.nodes[1])),
                _ => None,
            };
            let hung = of.and_then(|(body, node)| {
                let body = &mut self.bodies[body];
                let hinge = joint.hinge(body.pose, world.matrices[node]);
                let is_first = body.hinge.is_none();
                hinge.filter(|_| is_first).map(|hinge| body.hinge = Some(hinge))
            });
            if hung.is_none() {
                world.warn("joints that are no hinge between a body and the world were left out");
            }
        }
    }

    /// What was added to a world stays as it was added; a whole scene of others becomes one thing.
    fn scenery(&mut self, world: &mut World<'_>) -> Result<(), ImportError> {
        let by_top = std::mem::take(&mut self.scenery);
        if world.is_own {
            for (top, mut parts) in by_top {
                let (pose, _) = decomposed(world.matrices[top]);
                let back = pose.matrix().inverse();
                parts.iter_mut().for_each(|(matrix, _)| *matrix = back * *matrix);
                let visuals = drawn(world, &parts)?;
                let name = self.name(said_name(world.source, top));
                let properties = Properties { visuals, ..Properties::default() };
                self.made.push(object(name, pose, properties));
            }
            return Ok(());
        }
        world.scenery = by_top.into_values().flatten().collect();
        for part in world.scenery.clone().chunks(SCENERY_PARTS_MAX) {
            let visuals = drawn(world, part)?;
            let name = self.name(Some("scenery"));
            let properties = Properties { visuals, ..Properties::default() };
            self.made.push(object(name, Pose::IDENTITY, properties));
        }
        Ok(())
    }
}

/// Puts new objects after those that there are.
pub fn put(world: &mut World<'_>, made: Vec<Object>) -> Result<(), ImportError> {
    let document = &mut world.document;
    if document.objects.len() + made.len() > OBJECTS_MAX {
        let reason = format!("it would be more than {OBJECTS_MAX} objects");
        return Err(ImportError::new("nodes", reason));
    }
    let is_numbered =
        document.next_id.is_some() || document.objects.iter().any(|object| object.id.is_some());
    for mut object in made {
        if is_numbered {
            let id = document.next_object();
            object.id = Some(ObjectId(id));
            document.next_id = document.next_id.map(|_| id.saturating_add(1));
        }
        document.objects.push(object);
    }
    Ok(())
}

fn drawn(world: &mut World<'_>, drawn: &[Drawn]) -> Result<Option<Vec<Visual>>, ImportError> {
    if drawn.is_empty() {
        return Ok(None);
    }
    let path = world.cut.model(world.source, drawn)?;
    Ok(Some(vec![Visual {
        shape: VisualShape::Model { path },
        material: None,
        offset_m: [0.0; 3],
        rotation: Pose::IDENTITY.rotation(),
    }]))
}

/// An object that stands for itself.
pub fn object(name: Option<String>, pose: Pose, properties: Properties) -> Object {
    Object {
        id: None,
        parent: None,
        locked: false,
        name,
        blueprint: None,
        position_m: pose.position_m(),
        rotation: pose.rotation(),
        scale: [1.0; 3],
        properties,
    }
}

/// A collider that everything meets.
pub fn solid(shape: ColliderShape) -> Collider {
    Collider {
        shape,
        offset_m: [0.0; 3],
        rotation: Pose::IDENTITY.rotation(),
        friction: 0.6,
        restitution: 0.0,
        density_kgpm3: 200.0,
        groups: Groups::default(),
    }
}

fn said_name(source: &Source, node: usize) -> Option<&str> {
    source.entry(List::Nodes, node).get("name").and_then(Value::as_str)
}

/// The middle and the size of the box around points.
fn around(points: &[[f32; 3]]) -> ([f32; 3], [f32; 3]) {
    let all = || points.iter().map(|point| glam::Vec3::from_array(*point));
    let low = all().reduce(glam::Vec3::min).unwrap_or_default();
    let high = all().reduce(glam::Vec3::max).unwrap_or_default();
    let size = (high - low).max(glam::Vec3::splat(vivarium_scene::limits::SIZE_M_MIN));
    (((low + high) * 0.5).to_array(), size.to_array())
}
