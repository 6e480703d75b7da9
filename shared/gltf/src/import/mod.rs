//! A binary glTF as a world.
//!
//! ```text
//! kept       what Vivarium wrote: extras, and what was changed since
//! foreign    what others wrote: bodies, lamps, spawns, and what is drawn, as objects
//! ground     what a world needs and a file of others may lack
//! shapes     implicit shapes and meshes -> colliders      accessors  corners and triangles
//! bodies     motion, surfaces, filters                    joints     hinges
//! looks      lamps and materials                          cut        models as files of their own
//! ```

mod accessors;
mod bodies;
mod cut;
mod foreign;
mod ground;
mod joints;
mod kept;
mod looks;
mod shapes;

use std::collections::BTreeSet;

use glam::DMat4;
use vivarium_scene::{document::WorldDocument, load::validate};

use self::cut::{Cut, Drawn};
use crate::{
    limits::WARNINGS_MAX,
    links::List,
    pose::of_node,
    source::Source,
    values::{entry_place, own},
};

/// Why a file cannot be a world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct ImportError {
    /// Where in the file, or in the world made from it, such as `nodes[3].matrix`; `.` is the
    /// whole.
    pub place: String,
    /// What is wrong there.
    pub reason: String,
}

impl ImportError {
    pub(crate) fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into() }
    }
}

/// A world from a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The world; it passes validation.
    pub document: WorldDocument,
    /// What it draws and is not known yet: temporary paths and binary glTF.
    pub models: Vec<(String, Vec<u8>)>,
    /// What could not be taken over.
    pub warnings: Vec<String>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// No scene shows it.
    Hidden,
    /// An object that Vivarium wrote.
    Object,
    /// Something that Vivarium wrote of an object or of the world, such as a collider.
    Part,
    /// Somebody else's.
    Foreign,
}

/// A world on its way out of a file.
struct World<'a> {
    source: &'a Source,
    knows: &'a dyn Fn(&str) -> bool,
    /// Whether Vivarium wrote the file.
    is_own: bool,
    document: WorldDocument,
    /// Of each node.
    roles: Vec<Role>,
    /// Where each node is in the world.
    matrices: Vec<DMat4>,
    /// How far each node is along those above it.
    reaches_m: Vec<f64>,
    cut: Cut,
    /// What is drawn and belongs to no body.
    scenery: Vec<Drawn>,
    warnings: BTreeSet<String>,
}

impl World<'_> {
    /// Tells what could not be taken over, once.
    fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.insert(warning.into());
    }
}

/// Reads a world. `knows` says whether a model's path is there already; other models are cut out
/// and handed over. In a file of Vivarium what another program has changed wins: where objects
/// are, how materials look, lamps and the sun.
pub fn import(bytes: &[u8], knows: &dyn Fn(&str) -> bool) -> Result<Imported, ImportError> {
    let source = Source::read(bytes)?;
    let head = kept::head(&source)?;
    let is_own = head.is_some();
    let (matrices, reaches_m) = places(&source)?;
    let mut world = World {
        source: &source,
        knows,
        is_own,
        document: head.unwrap_or_else(|| foreign::head(&source)),
        roles: roles(&source, is_own),
        matrices,
        reaches_m,
        cut: Cut::default(),
        scenery: Vec::new(),
        warnings: BTreeSet::new(),
    };
    if is_own {
        kept::take(&mut world)?;
    }
    foreign::take(&mut world)?;
    if !is_own {
        ground::add(&mut world)?;
    }
    let World { document, cut, warnings, .. } = world;
    validate(&document)
        .map_err(|error| ImportError::new(format!("world.{}", error.path), error.reason))?;
    let more = warnings.len().saturating_sub(WARNINGS_MAX);
    let mut warnings: Vec<String> = warnings.into_iter().take(WARNINGS_MAX).collect();
    if more > 0 {
        warnings.push(format!("and {more} more"));
    }
    Ok(Imported { document, models: cut.models, warnings })
}

fn roles(source: &Source, is_own: bool) -> Vec<Role> {
    let mut roles = vec![Role::Hidden; source.parents.len()];
    for node in &source.order {
        let said = own(source.entry(List::Nodes, *node)).filter(|_| is_own);
        let says = |name| said.is_some_and(|said| said.get(name).is_some());
        let is_in_part = source.parents[*node].is_some_and(|above| roles[above] == Role::Part);
        roles[*node] = match () {
            () if says("object") => Role::Object,
            () if is_in_part || says("part") => Role::Part,
            () => Role::Foreign,
        };
    }
    roles
}

/// Where each node is, and how far (metres) along the nodes above it.
fn places(source: &Source) -> Result<(Vec<DMat4>, Vec<f64>), ImportError> {
    let mut matrices = vec![DMat4::IDENTITY; source.parents.len()];
    let mut reaches = vec![0.0; source.parents.len()];
    for node in &source.order {
        let place = entry_place(List::Nodes, *node);
        let own = of_node(source.entry(List::Nodes, *node), &place)?;
        let above = source.parents[*node];
        matrices[*node] = above.map_or(DMat4::IDENTITY, |above| matrices[above]) * own;
        reaches[*node] = above.map_or(0.0, |above| reaches[above]) + own.w_axis.truncate().length();
        let is_near = |part: &f64| (*part as f32).is_finite();
        if !matrices[*node].to_cols_array().iter().all(is_near) {
            return Err(ImportError::new(place, "it is farther away than numbers go"));
        }
    }
    Ok((matrices, reaches))
}
