//! What accessors say, as plain numbers. Nothing here trusts a length, an offset or a count.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;
use serde_json::Value;

use super::{
    source::Source,
    values::{entry, extension, needed, whole},
};
use crate::{
    intake::Refusal,
    limits::{MODEL_TRIANGLES_MAX, MODEL_UNPACKED_BYTES_MAX, MODEL_VERTICES_MAX},
};

/// Entries of one accessor: as many as the indices of the largest mesh.
const ENTRIES_MAX: usize = 3 * MODEL_TRIANGLES_MAX as usize;

/// How one number is stored (glTF 2.0, 3.6.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Component {
    I8,
    U8,
    I16,
    U16,
    U32,
    F32,
}

impl Component {
    fn of(code: usize) -> Result<Self, Refusal> {
        Ok(match code {
            5120 => Self::I8,
            5121 => Self::U8,
            5122 => Self::I16,
            5123 => Self::U16,
            5125 => Self::U32,
            5126 => Self::F32,
            _ => return Err(Refusal::malformed(format!("the model has numbers of type {code}"))),
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::U32 | Self::F32 => 4,
        }
    }

    /// A number; those of whole numbers that stand for parts of 1 are divided (3.11).
    fn read(self, bytes: &[u8], is_normalised: bool) -> f32 {
        let (value, most) = match (self, bytes) {
            (Self::I8, &[a]) => (f32::from(a.cast_signed()), 127.0),
            (Self::U8, &[a]) => (f32::from(a), 255.0),
            (Self::I16, &[a, b]) => (f32::from(i16::from_le_bytes([a, b])), 32767.0),
            (Self::U16, &[a, b]) => (f32::from(u16::from_le_bytes([a, b])), 65535.0),
            (Self::U32, &[a, b, c, d]) => (u32::from_le_bytes([a, b, c, d]) as f32, 1.0),
            (Self::F32, &[a, b, c, d]) => return f32::from_le_bytes([a, b, c, d]),
            _ => return f32::NAN,
        };
        if is_normalised { (value / most).max(-1.0) } else { value }
    }
}

/// What an accessor says of its bytes.
struct Layout {
    component: Component,
    /// Numbers of an entry.
    width: usize,
    count: usize,
    is_normalised: bool,
}

impl Layout {
    fn of(accessor: &Value) -> Result<Self, Refusal> {
        let width = match accessor.get("type").and_then(Value::as_str) {
            Some("SCALAR") => 1,
            Some("VEC2") => 2,
            Some("VEC3") => 3,
            Some("VEC4") => 4,
            _ => return Err(Refusal::malformed("the model draws with values of no known type")),
        };
        let count = needed(accessor, "count")?;
        if count > ENTRIES_MAX {
            let text = format!("the model has lists of {count} values: it is too large");
            return Err(Refusal::TooLarge(text));
        }
        Ok(Self {
            component: Component::of(needed(accessor, "componentType")?)?,
            width,
            count,
            is_normalised: accessor.get("normalized") == Some(&Value::Bool(true)),
        })
    }

    fn entry_bytes(&self) -> usize {
        self.component.bytes() * self.width
    }
}

/// Reads accessors; views that are packed are unpacked once.
pub(super) struct Accessors<'a> {
    source: &'a Source,
    unpacked: BTreeMap<usize, Bytes>,
    /// Bytes that may still be unpacked: a small file may name one packed list many times.
    left: usize,
}

/// Numbers, `width` of them for each entry.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub width: usize,
    pub values: Vec<f32>,
}

impl<'a> Accessors<'a> {
    pub fn new(source: &'a Source) -> Self {
        Self { source, unpacked: BTreeMap::new(), left: MODEL_UNPACKED_BYTES_MAX }
    }

    /// How many entries an accessor has.
    pub fn count(&self, index: usize) -> Result<usize, Refusal> {
        Ok(Layout::of(entry(&self.source.json, "accessors", index)?)?.count)
    }

    /// As numbers, all finite.
    pub fn numbers(&mut self, index: usize) -> Result<Numbers, Refusal> {
        let source = self.source;
        let accessor = entry(&source.json, "accessors", index)?;
        let layout = Layout::of(accessor)?;
        let bytes = self.dense(accessor, &layout)?;
        let parts = bytes.chunks_exact(layout.component.bytes());
        let values: Vec<f32> =
            parts.map(|part| layout.component.read(part, layout.is_normalised)).collect();
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Refusal::malformed("the model has values that are no numbers"));
        }
        Ok(Numbers { width: layout.width, values })
    }

    /// As indices.
    pub fn indices(&mut self, index: usize) -> Result<Vec<u32>, Refusal> {
        let source = self.source;
        let accessor = entry(&source.json, "accessors", index)?;
        let layout = Layout::of(accessor)?;
        let wrong = || Refusal::malformed("the model has indices that are no whole numbers");
        if layout.width != 1 {
            return Err(wrong());
        }
        let bytes = self.dense(accessor, &layout)?;
        let parts = bytes.chunks_exact(layout.component.bytes());
        match layout.component {
            Component::U8 | Component::U16 | Component::U32 => {
                Ok(parts.map(little_endian).collect())
            }
            _ => Err(wrong()),
        }
    }

    /// The bytes of all entries, one after the other.
    fn dense(&mut self, accessor: &Value, layout: &Layout) -> Result<Vec<u8>, Refusal> {
        let size = layout.entry_bytes();
        let mut out = match whole(accessor, "bufferView")? {
            Some(view) => {
                let start = whole(accessor, "byteOffset")?.unwrap_or(0);
                let stride = self.stride(view)?.unwrap_or(size);
                let bytes = self.view(view)?;
                gather(&bytes, start, stride, size, layout.count)?
            }
            None => vec![0; size * layout.count],
        };
        let Some(sparse) = accessor.get("sparse") else { return Ok(out) };
        let count = needed(sparse, "count")?;
        let missing = || Refusal::malformed("a sparse list of the model is not whole");
        if count > layout.count {
            return Err(missing());
        }
        let (at, new) = match (sparse.get("indices"), sparse.get("values")) {
            (Some(at), Some(new)) => (at, new),
            _ => return Err(missing()),
        };
        let width = Component::of(needed(at, "componentType")?)?.bytes();
        let mut part = |of: &Value, size: usize| {
            let bytes = self.view(needed(of, "bufferView")?)?;
            gather(&bytes, whole(of, "byteOffset")?.unwrap_or(0), size, size, count)
        };
        let (places, values) = (part(at, width)?, part(new, size)?);
        for (place, value) in places.chunks_exact(width).zip(values.chunks_exact(size)) {
            let start = little_endian(place) as usize;
            let slot = start.checked_mul(size).and_then(|start| out.get_mut(start..start + size));
            slot.ok_or_else(missing)?.copy_from_slice(value);
        }
        Ok(out)
    }

    fn stride(&self, view: usize) -> Result<Option<usize>, Refusal> {
        let view = entry(&self.source.json, "bufferViews", view)?;
        match packing(view) {
            Some(packed) => Ok(Some(needed(packed, "byteStride")?)),
            None => whole(view, "byteStride"),
        }
    }

    fn view(&mut self, index: usize) -> Result<Bytes, Refusal> {
        if let Some(bytes) = self.unpacked.get(&index) {
            return Ok(bytes.clone());
        }
        let source = self.source;
        let view = entry(&source.json, "bufferViews", index)?;
        let Some(packed) = packing(view) else { return source.view(index) };
        let size = needed(packed, "byteStride")?.checked_mul(needed(packed, "count")?);
        let left = size.and_then(|size| self.left.checked_sub(size));
        self.left = left.ok_or_else(|| {
            Refusal::too_large(format!(
                "the packed lists of the model are too long: at most {} MiB are allowed when they \
                 are unpacked",
                MODEL_UNPACKED_BYTES_MAX >> 20
            ))
        })?;
        let bytes = Bytes::from(unpack(source, packed)?);
        self.unpacked.insert(index, bytes.clone());
        Ok(bytes)
    }
}

fn little_endian(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

fn gather(
    bytes: &[u8],
    start: usize,
    stride: usize,
    size: usize,
    count: usize,
) -> Result<Vec<u8>, Refusal> {
    let short = || Refusal::malformed("the model names values that it does not have");
    if count == 0 {
        return Ok(Vec::new());
    }
    let last = stride.checked_mul(count - 1).and_then(|last| last.checked_add(start));
    let end = last.and_then(|last| last.checked_add(size)).filter(|end| *end <= bytes.len());
    let end = end.ok_or_else(short)?;
    if stride == size {
        return Ok(bytes[start..end].to_vec());
    }
    let mut out = Vec::with_capacity(size * count);
    for index in 0..count {
        let at = start + index * stride;
        out.extend_from_slice(&bytes[at..at + size]);
    }
    Ok(out)
}

fn packing(view: &Value) -> Option<&Value> {
    extension(view, "EXT_meshopt_compression")
}

/// What EXT_meshopt_compression packed.
fn unpack(source: &Source, packed: &Value) -> Result<Vec<u8>, Refusal> {
    let bytes = source.part(packed)?;
    let (stride, count) = (needed(packed, "byteStride")?, needed(packed, "count")?);
    if count > ENTRIES_MAX.max(MODEL_VERTICES_MAX) {
        return Err(Refusal::too_large("the model has packed lists that are too long"));
    }
    let word = |name| packed.get(name).and_then(Value::as_str);
    let unsound = |_| Refusal::malformed("packed values of the model cannot be unpacked");
    let mut out = match (word("mode"), stride) {
        (Some("ATTRIBUTES"), 4) => {
            flat(&meshopt::decode_vertex_buffer::<[u8; 4]>(&bytes, count).map_err(unsound)?)
        }
        (Some("ATTRIBUTES"), 8) => {
            flat(&meshopt::decode_vertex_buffer::<[u8; 8]>(&bytes, count).map_err(unsound)?)
        }
        (Some("ATTRIBUTES"), 12) => {
            flat(&meshopt::decode_vertex_buffer::<[u8; 12]>(&bytes, count).map_err(unsound)?)
        }
        (Some("ATTRIBUTES"), 16) => {
            flat(&meshopt::decode_vertex_buffer::<[u8; 16]>(&bytes, count).map_err(unsound)?)
        }
        (Some("TRIANGLES"), 2 | 4) if count % 3 == 0 => {
            let indices = meshopt::decode_index_buffer::<u32>(&bytes, count).map_err(unsound)?;
            as_bytes(&indices, stride)
        }
        (Some("INDICES"), 2 | 4) => {
            let indices = meshopt::decode_index_sequence::<u32>(&bytes, count).map_err(unsound)?;
            as_bytes(&indices, stride)
        }
        _ => {
            let text = "the model is packed in a way that is not known here: export it unpacked";
            return Err(Refusal::unsupported(text));
        }
    };
    match (word("filter"), stride) {
        (None | Some("NONE"), _) => {}
        (Some("OCTAHEDRAL"), 4) => {
            let mut values: Vec<[i8; 4]> =
                out.chunks_exact(4).map(|v| [0, 1, 2, 3].map(|i| v[i].cast_signed())).collect();
            meshopt::decode_filter_oct(&mut values);
            out = values.iter().flatten().map(|part| part.cast_unsigned()).collect();
        }
        (Some("OCTAHEDRAL"), 8) => {
            let mut values: Vec<[i16; 4]> = out.chunks_exact(8).map(shorts).collect();
            meshopt::decode_filter_oct(&mut values);
            out = values.iter().flatten().flat_map(|part| part.to_le_bytes()).collect();
        }
        (Some("QUATERNION"), 8) => {
            let mut values: Vec<[i16; 4]> = out.chunks_exact(8).map(shorts).collect();
            meshopt::decode_filter_quat(&mut values);
            out = values.iter().flatten().flat_map(|part| part.to_le_bytes()).collect();
        }
        (Some("EXPONENTIAL"), _) => {
            let mut values: Vec<[u32; 1]> =
                out.chunks_exact(4).map(|word| [little_endian(word)]).collect();
            meshopt::decode_filter_exp(&mut values);
            out = values.iter().flatten().flat_map(|part| part.to_le_bytes()).collect();
        }
        _ => {
            let text = "the model is filtered in a way that is not known here: export it unpacked";
            return Err(Refusal::unsupported(text));
        }
    }
    Ok(out)
}

fn flat<const N: usize>(values: &[[u8; N]]) -> Vec<u8> {
    values.as_flattened().to_vec()
}

fn as_bytes(indices: &[u32], stride: usize) -> Vec<u8> {
    indices.iter().flat_map(|index| index.to_le_bytes().into_iter().take(stride)).collect()
}

fn shorts(bytes: &[u8]) -> [i16; 4] {
    [0, 2, 4, 6].map(|at| i16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

/// Triangles from strips and fans (glTF 2.0, 3.7.2.1). None: it draws no triangles.
pub(super) fn triangles(mode: usize, indices: Vec<u32>) -> Option<Cow<'static, [u32]>> {
    let turned = |odd: bool, [a, b, c]: [u32; 3]| if odd { [b, a, c] } else { [a, b, c] };
    let corners = indices.windows(3);
    Some(match mode {
        4 => {
            let whole = indices.len() / 3 * 3;
            let mut indices = indices;
            indices.truncate(whole);
            indices.into()
        }
        5 => {
            corners.enumerate().flat_map(|(i, w)| turned(i % 2 == 1, [w[0], w[1], w[2]])).collect()
        }
        6 => corners.flat_map(|w| [w[1], w[2], indices[0]]).collect(),
        _ => return None,
    })
}
