//! Corners and triangles of meshes, as plain numbers. Nothing here trusts a length, an offset or a
//! count.

use serde_json::Value;

use super::ImportError;
use crate::{
    limits::{ACCESSOR_VALUES_MAX, COLLIDER_NODES_MAX, CORNERS_MAX},
    links::List,
    source::Source,
    values::{entry_place, list, needed, whole},
};

/// Corners and triangles of a mesh, in its own frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Triangles {
    pub corners: Vec<[f32; 3]>,
    pub triangles: Vec<[u32; 3]>,
}

/// Reads meshes, but no more than [`CORNERS_MAX`] corners and indices in all, at no more than
/// [`COLLIDER_NODES_MAX`] nodes: a file may name one mesh, or one node with many below it, any number
/// of times.
pub struct Meshes<'a> {
    source: &'a Source,
    left: usize,
    nodes_left: usize,
}

impl<'a> Meshes<'a> {
    pub fn new(source: &'a Source) -> Self {
        Self { source, left: CORNERS_MAX, nodes_left: COLLIDER_NODES_MAX }
    }

    /// Counts a node that is looked at.
    pub fn count(&mut self, place: &str) -> Result<(), ImportError> {
        let left = self.nodes_left.checked_sub(1);
        self.nodes_left = left.ok_or_else(|| {
            let reason =
                format!("colliders of more than {COLLIDER_NODES_MAX} nodes are not allowed");
            ImportError::new(place.to_owned(), reason)
        })?;
        Ok(())
    }

    /// What a mesh is made of: triangles, strips and fans; of points and lines the corners alone.
    pub fn triangles(&mut self, mesh: usize) -> Result<Triangles, ImportError> {
        let cost = corners(self.source, mesh)?;
        let left = self.left.checked_sub(cost);
        self.left = left.ok_or_else(|| {
            let reason = format!("colliders of more than {CORNERS_MAX} corners are not allowed");
            ImportError::new(entry_place(List::Meshes, mesh), reason)
        })?;
        triangles(self.source, mesh)
    }
}

/// How many corners and indices a mesh has.
pub fn corners(source: &Source, mesh: usize) -> Result<usize, ImportError> {
    let place = entry_place(List::Meshes, mesh);
    let mut sum = 0;
    for part in list(source.entry(List::Meshes, mesh), "primitives") {
        let attributes = part.get("attributes").unwrap_or(&Value::Null);
        let positions = whole(attributes, "POSITION", &place)?;
        for accessor in [positions, whole(part, "indices", &place)?].into_iter().flatten() {
            sum += needed(source.entry(List::Accessors, accessor), "count", &place)?;
        }
    }
    Ok(sum)
}

fn triangles(source: &Source, mesh: usize) -> Result<Triangles, ImportError> {
    let mut out = Triangles::default();
    let place = entry_place(List::Meshes, mesh);
    for part in list(source.entry(List::Meshes, mesh), "primitives") {
        if part.get("extensions").and_then(|all| all.get("KHR_draco_mesh_compression")).is_some() {
            return Err(ImportError::new(place, "export it without Draco"));
        }
        let attributes = part.get("attributes").unwrap_or(&Value::Null);
        let Some(positions) = whole(attributes, "POSITION", &place)? else { continue };
        let corners = positions_of(source, positions)?;
        let count = corners.len() as u32;
        let indices = match whole(part, "indices", &place)? {
            Some(indices) => indices_of(source, indices)?,
            None => (0..count).collect(),
        };
        if indices.iter().any(|index| *index >= count) {
            return Err(ImportError::new(place, format!("there are only {count} corners")));
        }
        let first = out.corners.len() as u32;
        out.corners.extend(corners);
        let mode = whole(part, "mode", &place)?.unwrap_or(4);
        out.triangles.extend(joined(mode, &indices).into_iter().filter_map(|triangle| {
            let [a, b, c] = triangle.map(|corner| corner + first);
            (a != b && b != c && c != a).then_some([a, b, c])
        }));
    }
    Ok(out)
}

/// Triangles from lists, strips and fans (glTF 2.0, 3.7.2.1).
fn joined(mode: usize, indices: &[u32]) -> Vec<[u32; 3]> {
    let windows = || indices.windows(3).enumerate();
    match mode {
        4 => indices.chunks_exact(3).map(|c| [c[0], c[1], c[2]]).collect(),
        5 => windows()
            .map(|(at, w)| if at % 2 == 1 { [w[1], w[0], w[2]] } else { [w[0], w[1], w[2]] })
            .collect(),
        6 => windows().map(|(_, w)| [w[1], w[2], indices[0]]).collect(),
        _ => Vec::new(),
    }
}

fn positions_of(source: &Source, index: usize) -> Result<Vec<[f32; 3]>, ImportError> {
    let place = entry_place(List::Accessors, index);
    let accessor = source.entry(List::Accessors, index);
    let wrong = |reason: &str| ImportError::new(place.clone(), reason);
    if accessor.get("type").and_then(Value::as_str) != Some("VEC3") {
        return Err(wrong("positions are VEC3"));
    }
    let component = needed(accessor, "componentType", &place)?;
    let is_normalised = accessor.get("normalized") == Some(&Value::Bool(true));
    // How whole numbers stand for parts of 1 (glTF 2.0, 3.11).
    let most = match component {
        5126 => 1.0,
        5120 if is_normalised => 127.0,
        5121 if is_normalised => 255.0,
        5122 if is_normalised => 32_767.0,
        5123 if is_normalised => 65_535.0,
        5120..=5123 => 1.0,
        _ => return Err(wrong("positions of this type are not known here")),
    };
    let bytes = dense(source, index, 3)?;
    let width = width_of(component).ok_or_else(|| wrong("numbers of no known type"))?;
    let mut corners = Vec::with_capacity(bytes.len() / (3 * width));
    for entry in bytes.chunks_exact(3 * width) {
        let parts = [0, 1, 2].map(|axis| {
            let part = &entry[axis * width..(axis + 1) * width];
            match (component, part) {
                (5120, &[a]) => (f32::from(a.cast_signed()) / most).max(-f32::from(i8::MAX)),
                (5121, &[a]) => f32::from(a) / most,
                (5122, &[a, b]) => f32::from(i16::from_le_bytes([a, b])) / most,
                (5123, &[a, b]) => f32::from(u16::from_le_bytes([a, b])) / most,
                (_, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
                _ => f32::NAN,
            }
        });
        if parts.iter().any(|part| !part.is_finite()) {
            return Err(wrong("positions must be finite numbers"));
        }
        corners.push(parts);
    }
    Ok(corners)
}

fn indices_of(source: &Source, index: usize) -> Result<Vec<u32>, ImportError> {
    let place = entry_place(List::Accessors, index);
    let accessor = source.entry(List::Accessors, index);
    let component = needed(accessor, "componentType", &place)?;
    let is_scalar = accessor.get("type").and_then(Value::as_str) == Some("SCALAR");
    if !is_scalar || !matches!(component, 5121 | 5123 | 5125) {
        return Err(ImportError::new(place, "indices are whole numbers"));
    }
    let width = width_of(component).unwrap_or(4);
    let bytes = dense(source, index, 1)?;
    let number = |part: &[u8]| part.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
    Ok(bytes.chunks_exact(width).map(number).collect())
}

fn width_of(component: usize) -> Option<usize> {
    match component {
        5120 | 5121 => Some(1),
        5122 | 5123 => Some(2),
        5125 | 5126 => Some(4),
        _ => None,
    }
}

/// The bytes of all entries, one after the other.
fn dense(source: &Source, index: usize, numbers: usize) -> Result<Vec<u8>, ImportError> {
    let place = entry_place(List::Accessors, index);
    let accessor = source.entry(List::Accessors, index);
    let wrong = |reason: &str| ImportError::new(place.clone(), reason);
    if accessor.get("sparse").is_some() {
        return Err(wrong("a sparse list cannot be a collider: export it without"));
    }
    let width = width_of(needed(accessor, "componentType", &place)?);
    let size = numbers * width.ok_or_else(|| wrong("numbers of no known type"))?;
    let count = needed(accessor, "count", &place)?;
    if count > ACCESSOR_VALUES_MAX {
        return Err(wrong("too many values"));
    }
    let Some(view) = whole(accessor, "bufferView", &place)? else {
        return Ok(vec![0; size * count]);
    };
    let start = whole(accessor, "byteOffset", &place)?.unwrap_or(0);
    let stride = whole(source.entry(List::BufferViews, view), "byteStride", &place)?;
    let stride = stride.unwrap_or(size);
    let bytes = source.view(view)?;
    let mut out = Vec::new();
    for entry in 0..count {
        let at = entry.checked_mul(stride).and_then(|at| at.checked_add(start));
        let part = at.and_then(|at| bytes.get(at..at.checked_add(size)?));
        out.extend_from_slice(part.ok_or_else(|| wrong("the file does not have these values"))?);
    }
    Ok(out)
}
