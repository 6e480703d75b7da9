//! Whether a binary glTF holds together: its two parts, and what glTF 2.0 wants of its JSON. What
//! its extensions say, and whether the bytes that it names are there, is not looked at.

use gltf::{
    Glb,
    json::{self, validation::Validate},
};

/// What is wrong with a glTF.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct Fault {
    /// Where in the JSON, such as `nodes[3].matrix`; `.` is the whole.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
}

impl Fault {
    fn whole(reason: impl Into<String>) -> Self {
        Self { path: ".".into(), reason: reason.into() }
    }
}

/// The JSON of a binary glTF, and its bytes, if it has some; both borrowed from it.
pub fn split(glb: &[u8]) -> Result<Glb<'_>, Fault> {
    if !glb.starts_with(b"glTF") {
        return Err(Fault::whole("this is no glTF binary (.glb)"));
    }
    let length = glb.get(8..12).and_then(|length| length.try_into().ok());
    let length = length.map_or(0, u32::from_le_bytes) as usize;
    if length < 20 || length > glb.len() {
        return Err(Fault::whole("the glb ends too early"));
    }
    if length < glb.len() {
        return Err(Fault::whole("the file goes on after its end"));
    }
    Glb::from_slice(glb)
        .map_err(|error| Fault::whole(format!("the glTF binary cannot be read: {error}")))
}

/// Whether every index of a glTF's JSON names something, and every value is one that the
/// specification knows; else the first that is not.
pub fn validate(text: &[u8]) -> Result<(), Fault> {
    let root = json::Root::from_slice(text)
        .map_err(|error| Fault::whole(format!("the glTF is not sound: {error}")))?;
    // The library looks into the accessor of positions before it asks whether there is one.
    let primitives = root.meshes.iter().flat_map(|mesh| &mesh.primitives);
    let mut named = primitives.flat_map(|primitive| primitive.attributes.values());
    if let Some(missing) = named.find(|index| index.value() >= root.accessors.len()) {
        let reason = format!("there is no accessors[{}]", missing.value());
        return Err(Fault { path: "meshes".into(), reason });
    }
    let mut first = None;
    root.validate(&root, json::Path::new, &mut |path, error| {
        let path = path();
        // What is needed is looked at by whoever knows extensions: the library knows others.
        if first.is_none() && !path.as_str().starts_with("extensionsRequired") {
            first = Some(Fault { path: path.as_str().to_owned(), reason: error.to_string() });
        }
    });
    first.map_or(Ok(()), Err)
}
