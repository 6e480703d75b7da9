//! One primitive: triangles with equal corners joined, in the order that graphics cards like.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    accessors::{Accessors, Numbers, triangles},
    values::{needed, whole},
};
use crate::{
    intake::Refusal,
    limits::{MODEL_TRIANGLES_MAX, MODEL_VERTICES_MAX},
};

/// What the corners of triangles can have, as in glTF 2.0, 3.7.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Attribute {
    Position,
    Normal,
    Tangent,
    TexCoord0,
    TexCoord1,
    Colour,
}

impl Attribute {
    const ALL: [Self; 6] = [
        Self::Position,
        Self::Normal,
        Self::Tangent,
        Self::TexCoord0,
        Self::TexCoord1,
        Self::Colour,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Position => "POSITION",
            Self::Normal => "NORMAL",
            Self::Tangent => "TANGENT",
            Self::TexCoord0 => "TEXCOORD_0",
            Self::TexCoord1 => "TEXCOORD_1",
            Self::Colour => "COLOR_0",
        }
    }

    /// Numbers of each corner.
    pub fn width(self) -> usize {
        match self {
            Self::Position | Self::Normal => 3,
            Self::Tangent | Self::Colour => 4,
            Self::TexCoord0 | Self::TexCoord1 => 2,
        }
    }
}

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// To be kept and sent: as small as they can be without a difference that one sees.
    Packed,
    /// For other programs: as they are.
    Plain,
}

/// Steps from 0 to 1 in which values of an attribute are written. None: as they are.
pub(super) fn steps(attribute: Attribute, values: &[f32], packing: Packing) -> Option<f32> {
    let is_part_of_one = || values.iter().all(|value| (0.0..=1.0).contains(value));
    match (packing, attribute) {
        (Packing::Plain, _) | (_, Attribute::Position) => None,
        (_, Attribute::Normal | Attribute::Tangent) => Some(127.0),
        (_, Attribute::Colour) => is_part_of_one().then_some(255.0),
        (_, Attribute::TexCoord0 | Attribute::TexCoord1) => is_part_of_one().then_some(65_535.0),
    }
}

/// Triangles of one material.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Primitive {
    /// Values of all corners, by attribute in ascending order.
    pub attributes: Vec<(Attribute, Vec<f32>)>,
    pub indices: Vec<u32>,
    /// Of the document's materials.
    pub material: Option<usize>,
}

impl Primitive {
    pub fn corners(&self) -> usize {
        self.positions().len() / 3
    }

    pub fn positions(&self) -> &[f32] {
        self.attributes.first().map(|(_, values)| values.as_slice()).unwrap_or_default()
    }

    pub fn triangles(&self) -> u64 {
        self.indices.len() as u64 / 3
    }

    /// Of everything in it, for finding equal ones.
    pub fn hash(&self, into: &mut blake3::Hasher) {
        for (attribute, values) in &self.attributes {
            into.update(attribute.name().as_bytes());
            for value in values {
                into.update(&value.to_le_bytes());
            }
        }
        for index in &self.indices {
            into.update(&index.to_le_bytes());
        }
        into.update(&(self.material.map_or(u64::MAX, |index| index as u64)).to_le_bytes());
    }
}

/// How much may still be read of a model.
pub(super) struct Budget {
    pub corners: usize,
    pub triangles: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { corners: MODEL_VERTICES_MAX, triangles: MODEL_TRIANGLES_MAX }
    }
}

/// Reads a primitive. None: it draws no triangles.
pub(super) fn read(
    primitive: &Value,
    accessors: &mut Accessors<'_>,
    budget: &mut Budget,
    packing: Packing,
) -> Result<Option<Primitive>, Refusal> {
    let empty = Value::Null;
    let names = primitive.get("attributes").unwrap_or(&empty);
    let Some(position) = whole(names, Attribute::Position.name())? else { return Ok(None) };
    let count = accessors.count(position)?;
    let left = budget.corners.checked_sub(count);
    budget.corners = left.ok_or_else(|| {
        Refusal::too_large(format!(
            "the model has too many corners: at most {MODEL_VERTICES_MAX} are allowed"
        ))
    })?;
    let mut attributes = Vec::new();
    for attribute in Attribute::ALL {
        let Some(index) = whole(names, attribute.name())? else { continue };
        let numbers = accessors.numbers(index)?;
        let mut values = fitting(attribute, numbers, count)?;
        // Before corners are joined: what will be written the same is the same.
        if let Some(steps) = steps(attribute, &values, packing) {
            // Added to zero, since there is no negative one in what is written.
            let rounded = |value: f32| (value.clamp(-1.0, 1.0) * steps).round() / steps + 0.0;
            values.iter_mut().for_each(|value| *value = rounded(*value));
        }
        attributes.push((attribute, values));
    }
    let indices = match whole(primitive, "indices")? {
        Some(index) => accessors.indices(index)?,
        None => (0..count as u32).collect(),
    };
    if indices.iter().any(|index| *index as usize >= count) {
        return Err(Refusal::malformed("the model has triangles with corners that are not there"));
    }
    let mode = whole(primitive, "mode")?.unwrap_or(4);
    let Some(indices) = triangles(mode, indices) else { return Ok(None) };
    let left = budget.triangles.checked_sub(indices.len() as u64 / 3);
    budget.triangles = left.ok_or_else(|| {
        Refusal::too_large(format!(
            "the model has too many triangles: at most {MODEL_TRIANGLES_MAX} are allowed"
        ))
    })?;
    let material = match primitive.get("material") {
        Some(_) => Some(needed(primitive, "material")?),
        None => None,
    };
    let read = Primitive { attributes, indices: indices.into_owned(), material };
    Ok((!read.indices.is_empty()).then(|| tidy(read)))
}

fn fitting(attribute: Attribute, numbers: Numbers, count: usize) -> Result<Vec<f32>, Refusal> {
    let wanted = attribute.width();
    let Numbers { width, values } = numbers;
    let is_whole = values.len() == width * count;
    if is_whole && width == wanted {
        return Ok(values);
    }
    if is_whole && attribute == Attribute::Colour && width == 3 {
        return Ok(values.chunks_exact(3).flat_map(|rgb| [rgb[0], rgb[1], rgb[2], 1.0]).collect());
    }
    let name = attribute.name();
    Err(Refusal::malformed(format!("{name} of the model does not fit its other attributes")))
}

/// Joins equal corners, drops those that no triangle has, and puts both into an order that is quick
/// to draw.
fn tidy(primitive: Primitive) -> Primitive {
    let Primitive { attributes, indices, material } = primitive;
    let width: usize = attributes.iter().map(|(attribute, _)| attribute.width()).sum();
    let corner = |index: u32| {
        let mut bits = Vec::with_capacity(width);
        for (attribute, values) in &attributes {
            let start = index as usize * attribute.width();
            bits.extend(values[start..start + attribute.width()].iter().map(|v| v.to_bits()));
        }
        bits
    };
    let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
    let mut kept = Vec::new();
    let joined: Vec<u32> = indices
        .iter()
        .map(|index| {
            let next = kept.len() as u32;
            *known.entry(corner(*index)).or_insert_with(|| {
                kept.push(*index);
                next
            })
        })
        .collect();
    let mut indices = meshopt::optimize_vertex_cache(&joined, kept.len());
    // Corners in the order in which triangles first want them.
    let (mut place, mut order) = (vec![u32::MAX; kept.len()], Vec::with_capacity(kept.len()));
    for index in &mut indices {
        let slot = &mut place[*index as usize];
        if *slot == u32::MAX {
            *slot = order.len() as u32;
            order.push(kept[*index as usize] as usize);
        }
        *index = *slot;
    }
    let attributes = attributes.iter().map(|(attribute, values)| {
        let width = attribute.width();
        let sorted = order.iter().flat_map(|at| &values[at * width..(at + 1) * width]);
        (*attribute, sorted.copied().collect())
    });
    Primitive { attributes: attributes.collect(), indices, material }
}
