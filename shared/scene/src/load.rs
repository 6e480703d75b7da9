//! From JSON to a document that may be trusted, or an error that names the field.

use crate::document::WorldDocument;

/// Why a world document was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct DocumentError {
    /// Path of the field, such as `objects[3].properties.colliders[0].shape`.
    pub path: String,
    /// What is wrong and what is allowed.
    pub reason: String,
}

/// Reads and checks a document.
pub fn from_json(json: &[u8]) -> Result<WorldDocument, DocumentError> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| DocumentError {
        path: error.path().to_string(),
        reason: error.inner().to_string(),
    })
}
