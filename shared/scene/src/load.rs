//! From JSON to a document that may be trusted, or an error that names the field.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::{
    check,
    document::WorldDocument,
    limits::{BLUEPRINTS_MAX, DOCUMENT_BYTES_MAX, MATERIALS_MAX, OBJECTS_MAX},
};

/// Why a world document was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct DocumentError {
    /// Path of the field, such as `objects[3].properties.colliders[0].shape`; `.` is the whole.
    pub path: String,
    /// What is wrong and what is allowed.
    pub reason: String,
}

/// Reads and checks a document. Its numbers are kept as they are written, rotations too: whoever
/// computes with them brings them to unit length by the same operations on every side.
pub fn from_json(json: &[u8]) -> Result<WorldDocument, DocumentError> {
    if json.len() > DOCUMENT_BYTES_MAX {
        return Err(DocumentError {
            path: ".".into(),
            reason: format!(
                "a document of {} bytes is too large: at most {DOCUMENT_BYTES_MAX} are allowed",
                json.len()
            ),
        });
    }
    // Counted before anything is kept: `{}` is a whole object in JSON, but takes a kilobyte here.
    let _: Counts = parse(json)?;
    let document: WorldDocument = parse(json)?;
    validate(&document)?;
    Ok(document)
}

/// Checks a document from elsewhere, such as one that was built in code.
pub fn validate(document: &WorldDocument) -> Result<(), DocumentError> {
    check::document(document)
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, DocumentError> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| DocumentError {
        // A field without a name would leave the path empty.
        path: Some(error.path().to_string())
            .filter(|path| !path.is_empty())
            .unwrap_or_else(|| ".".into()),
        reason: error.inner().to_string(),
    })?;
    reader.end().map_err(|error| DocumentError { path: ".".into(), reason: error.to_string() })?;
    Ok(value)
}

/// The collections of a document, counted but not kept.
#[derive(Deserialize)]
struct Counts {
    #[serde(default, rename = "materials")]
    _materials: AtMost<MATERIALS_MAX>,
    #[serde(default, rename = "blueprints")]
    _blueprints: AtMost<BLUEPRINTS_MAX>,
    #[serde(default, rename = "objects")]
    _objects: AtMost<OBJECTS_MAX>,
}

/// A list or map with at most so many entries; what they are is left to the real reading.
#[derive(Default)]
struct AtMost<const MAX: usize>;

impl<'de, const MAX: usize> Deserialize<'de> for AtMost<MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AtMostVisitor::<MAX>)
    }
}

struct AtMostVisitor<const MAX: usize>;

impl<'de, const MAX: usize> Visitor<'de> for AtMostVisitor<MAX> {
    type Value = AtMost<MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list or a map with at most {MAX} entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut count = 0;
        while entries.next_element::<IgnoredAny>()?.is_some() {
            count = counted::<MAX, A::Error>(count)?;
        }
        Ok(AtMost)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut count = 0;
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            count = counted::<MAX, A::Error>(count)?;
        }
        Ok(AtMost)
    }
}

fn counted<const MAX: usize, E: de::Error>(count: usize) -> Result<usize, E> {
    if count == MAX {
        return Err(E::custom(format_args!("too many entries: at most {MAX} are allowed")));
    }
    Ok(count + 1)
}
