//! What a model draws: the nodes of its scene with their meshes.

use std::collections::BTreeMap;

use glam::{Mat4, Quat, Vec3};
use serde_json::Value;

use super::{
    accessors::Accessors,
    material::Looks,
    mesh::{self, Budget, Packing, Primitive},
    source::Source,
    values::{entry, list, name, numbers, whole},
};
use crate::{
    intake::Refusal,
    limits::{MODEL_DEPTH_MAX, MODEL_PARTS_MAX, MODEL_TRIANGLES_MAX, MODEL_VERTICES_MAX},
};

/// A model without anything that is not drawn.
#[derive(Default)]
pub(super) struct Model {
    pub nodes: Vec<Node>,
    /// Nodes that are below no other.
    pub roots: Vec<usize>,
    pub meshes: Vec<Vec<Primitive>>,
    pub looks: Looks,
}

/// A node that draws something, or has one below it.
pub(super) struct Node {
    pub name: String,
    pub local: Mat4,
    /// As they were given; else there is a matrix only.
    pub parts: Option<Parts>,
    pub mesh: Option<usize>,
    pub children: Vec<usize>,
}

/// Translation, rotation and scale.
pub(super) type Parts = (Vec3, Quat, Vec3);

impl Model {
    pub fn vertices(&self) -> u64 {
        self.meshes.iter().flatten().map(|primitive| primitive.corners() as u64).sum()
    }
}

/// A model and what was found out on the way.
pub(super) struct Read {
    pub model: Model,
    pub triangles: u64,
    pub bounds_m: [[f32; 3]; 2],
    pub notes: Vec<String>,
}

/// Reads the scene that is shown.
pub(super) fn read(source: &Source, packing: Packing) -> Result<Read, Refusal> {
    let json = &source.json;
    let roots: Vec<usize> = match list(json, "scenes") {
        [] => without_parent(json),
        scenes => {
            let shown = whole(json, "scene")?.unwrap_or(0).min(scenes.len() - 1);
            let nodes = list(&scenes[shown], "nodes").iter().map(Value::as_u64);
            let nodes = nodes.map(|node| node.map(|node| node as usize)).collect::<Option<_>>();
            nodes.ok_or_else(|| Refusal::malformed("the scene of the model names no nodes"))?
        }
    };
    let mut reader = Reader {
        source,
        accessors: Accessors::new(source),
        budget: Budget::default(),
        packing,
        model: Model::default(),
        seen: vec![false; list(json, "nodes").len()],
        by_mesh: BTreeMap::new(),
        by_content: BTreeMap::new(),
        bounds: None,
        parts: 0,
        triangles: 0,
        corners: 0,
        has_other: false,
    };
    for root in roots {
        if let Some(node) = reader.node(root, Mat4::IDENTITY, 0)? {
            reader.model.roots.push(node);
        }
    }
    let Some((low, high)) = reader.bounds else {
        return Err(Refusal::unsupported("there is nothing to see in the model: no triangles"));
    };
    let mut notes = std::mem::take(&mut reader.model.looks.notes);
    if reader.has_other {
        notes.push("points and lines were left out".into());
    }
    let moving = ["animations", "skins"].iter().any(|name| !list(json, name).is_empty());
    if moving {
        notes.push("animations and bones were left out: models do not move yet".into());
    }
    Ok(Read {
        triangles: reader.triangles,
        bounds_m: [low.to_array(), high.to_array()],
        model: reader.model,
        notes,
    })
}

fn without_parent(json: &Value) -> Vec<usize> {
    let nodes = list(json, "nodes");
    let children = nodes.iter().flat_map(|node| list(node, "children"));
    let below: std::collections::BTreeSet<u64> = children.filter_map(Value::as_u64).collect();
    (0..nodes.len()).filter(|index| !below.contains(&(*index as u64))).collect()
}

struct Reader<'a> {
    source: &'a Source,
    accessors: Accessors<'a>,
    budget: Budget,
    packing: Packing,
    model: Model,
    seen: Vec<bool>,
    by_mesh: BTreeMap<usize, Option<usize>>,
    by_content: BTreeMap<[u8; 32], usize>,
    bounds: Option<(Vec3, Vec3)>,
    /// As often as they are drawn: parts, triangles, corners.
    parts: usize,
    triangles: u64,
    corners: u64,
    /// Whether something else than triangles was found.
    has_other: bool,
}

impl Reader<'_> {
    fn node(&mut self, index: usize, above: Mat4, depth: usize) -> Result<Option<usize>, Refusal> {
        let json = entry(&self.source.json, "nodes", index)?;
        if depth > MODEL_DEPTH_MAX {
            let text = format!("nodes of the model are nested deeper than {MODEL_DEPTH_MAX}");
            return Err(Refusal::TooLarge(text));
        }
        // Also what ends circles.
        if std::mem::replace(&mut self.seen[index], true) {
            return Err(Refusal::malformed("a node of the model is in two places"));
        }
        let (local, parts) = transform(json)?;
        let world = above * local;
        let mesh = match whole(json, "mesh")? {
            Some(mesh) => self.mesh(mesh)?,
            None => None,
        };
        if let Some(mesh) = mesh {
            self.draw(mesh, world)?;
        }
        let mut children = Vec::new();
        for child in list(json, "children") {
            let child = child.as_u64().unwrap_or(u64::MAX) as usize;
            children.extend(self.node(child, world, depth + 1)?);
        }
        if mesh.is_none() && children.is_empty() {
            return Ok(None);
        }
        self.model.nodes.push(Node { name: name(json), local, parts, mesh, children });
        Ok(Some(self.model.nodes.len() - 1))
    }

    fn mesh(&mut self, index: usize) -> Result<Option<usize>, Refusal> {
        if let Some(known) = self.by_mesh.get(&index) {
            return Ok(*known);
        }
        let json = entry(&self.source.json, "meshes", index)?;
        let mut primitives = Vec::new();
        let mut hash = blake3::Hasher::new();
        for primitive in list(json, "primitives") {
            if primitives.len() >= MODEL_PARTS_MAX {
                return Err(too_many_parts());
            }
            let read = mesh::read(primitive, &mut self.accessors, &mut self.budget, self.packing)?;
            let Some(mut read) = read else {
                self.has_other = true;
                continue;
            };
            if let Some(material) = read.material {
                read.material = Some(self.model.looks.material(self.source, material)?);
            }
            read.hash(&mut hash);
            primitives.push(read);
        }
        let ours = (!primitives.is_empty()).then(|| {
            let next = self.model.meshes.len();
            let ours = *self.by_content.entry(*hash.finalize().as_bytes()).or_insert(next);
            if ours == next {
                self.model.meshes.push(primitives);
            }
            ours
        });
        self.by_mesh.insert(index, ours);
        Ok(ours)
    }

    /// Counts what is drawn there.
    fn draw(&mut self, mesh: usize, world: Mat4) -> Result<(), Refusal> {
        for primitive in &self.model.meshes[mesh] {
            self.parts += 1;
            self.triangles += primitive.triangles();
            self.corners += primitive.corners() as u64;
            if self.parts > MODEL_PARTS_MAX {
                return Err(too_many_parts());
            }
            if self.triangles > MODEL_TRIANGLES_MAX || self.corners > MODEL_VERTICES_MAX as u64 {
                let text = format!(
                    "the model draws too much: at most {MODEL_TRIANGLES_MAX} triangles and \
                     {MODEL_VERTICES_MAX} corners are allowed"
                );
                return Err(Refusal::TooLarge(text));
            }
            for corner in primitive.positions().chunks_exact(3) {
                let at = world.transform_point3(Vec3::from_slice(corner));
                if !at.is_finite() {
                    return Err(Refusal::malformed("the model reaches beyond all numbers"));
                }
                let (low, high) = self.bounds.unwrap_or((at, at));
                self.bounds = Some((low.min(at), high.max(at)));
            }
        }
        Ok(())
    }
}

fn too_many_parts() -> Refusal {
    Refusal::too_large(format!(
        "the model draws too many parts: at most {MODEL_PARTS_MAX} are allowed"
    ))
}

/// A node's transform, and its parts where it is given in parts.
fn transform(node: &Value) -> Result<(Mat4, Option<Parts>), Refusal> {
    if let Some(matrix) = numbers::<16>(node, "matrix")? {
        return Ok((Mat4::from_cols_array(&matrix), None));
    }
    let translation = numbers::<3>(node, "translation")?.map_or(Vec3::ZERO, Vec3::from);
    let rotation = numbers::<4>(node, "rotation")?.map_or(Quat::IDENTITY, Quat::from_array);
    let scale = numbers::<3>(node, "scale")?.map_or(Vec3::ONE, Vec3::from);
    let length = rotation.length();
    if !(length > 1e-6 && length.is_finite()) {
        return Err(Refusal::malformed("a node of the model has no rotation that can be used"));
    }
    let rotation = rotation / length;
    let local = Mat4::from_scale_rotation_translation(scale, rotation, translation);
    Ok((local, Some((translation, rotation, scale))))
}
