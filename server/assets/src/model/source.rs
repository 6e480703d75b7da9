//! What a model is brought in: glb, gltf with everything inside, or gltf zipped with its files.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde_json::Value;
use vivarium_gltf::sound;

use super::values::{entry, list, needed, whole};
use crate::{
    intake::Refusal,
    limits::{
        MODEL_IMAGES_MAX, MODEL_JSON_BYTES_MAX, MODEL_NODES_MAX, ZIP_FILES_MAX,
        ZIP_UNPACKED_BYTES_MAX,
    },
};

/// Extensions without which a model is not what it should be, and that are understood here.
const EXTENSIONS: [&str; 16] = [
    "EXT_meshopt_compression",
    "EXT_texture_webp",
    "KHR_lights_punctual",
    "KHR_materials_anisotropy",
    "KHR_materials_clearcoat",
    "KHR_materials_emissive_strength",
    "KHR_materials_ior",
    "KHR_materials_iridescence",
    "KHR_materials_sheen",
    "KHR_materials_specular",
    "KHR_materials_transmission",
    "KHR_materials_unlit",
    "KHR_materials_volume",
    "KHR_mesh_quantization",
    "KHR_texture_basisu",
    "KHR_texture_transform",
];

/// A model whose JSON is as glTF 2.0 wants it: every index names something. What it says of bytes
/// is not checked yet.
#[derive(Debug)]
pub(crate) struct Source {
    pub json: Value,
    bin: Option<Bytes>,
    /// What came zipped, by path.
    files: BTreeMap<String, Bytes>,
    /// Buffers as they were resolved; absent ones are only filled by an extension.
    buffers: Vec<Option<Bytes>>,
}

impl Source {
    /// A binary glTF.
    pub fn of_glb(bytes: &Bytes) -> Result<Self, Refusal> {
        let glb = sound::split(bytes).map_err(|fault| Refusal::malformed(fault.reason))?;
        let bin = glb.bin.as_deref().map(Bytes::copy_from_slice);
        Self::new(&glb.json, bin, BTreeMap::new(), "")
    }

    /// glTF as text.
    pub fn of_gltf(bytes: &[u8]) -> Result<Self, Refusal> {
        Self::new(bytes, None, BTreeMap::new(), "")
    }

    /// glTF, or glb, with what belongs to it.
    pub fn of_zip(bytes: &[u8]) -> Result<Self, Refusal> {
        let files = unzip(bytes)?;
        let has = |ending: &str| {
            let is_own = |name: &&String| {
                name.to_ascii_lowercase().ends_with(ending) && !name.starts_with("__MACOSX/")
            };
            files.keys().filter(is_own).cloned().collect::<Vec<_>>()
        };
        match (has(".gltf").as_slice(), has(".glb").as_slice()) {
            ([name], _) => {
                let json = files[name].clone();
                let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
                Self::new(&json, None, files, folder)
            }
            ([], [name]) => Self::of_glb(&files[name]),
            ([], []) => Err(Refusal::unsupported(
                "there is no model in the zip: one .gltf or .glb is needed",
            )),
            _ => Err(Refusal::unsupported(
                "there is more than one model in the zip: upload them one by one",
            )),
        }
    }

    fn new(
        text: &[u8],
        bin: Option<Bytes>,
        files: BTreeMap<String, Bytes>,
        folder: &str,
    ) -> Result<Self, Refusal> {
        if text.len() > MODEL_JSON_BYTES_MAX {
            let text = format!(
                "the description of the model is too long: at most {} MiB are allowed",
                MODEL_JSON_BYTES_MAX >> 20
            );
            return Err(Refusal::TooLarge(text));
        }
        let json: Value = serde_json::from_slice(text)
            .map_err(|error| Refusal::malformed(format!("the glTF cannot be read: {error}")))?;
        check_head(&json)?;
        sound::validate(text).map_err(|fault| match fault.path.as_str() {
            "." => Refusal::malformed(fault.reason),
            _ => Refusal::malformed(format!("the glTF is not sound: {fault}")),
        })?;
        let files =
            files.into_iter().map(|(name, bytes)| (relative(&name, folder), bytes)).collect();
        let mut source = Self { json, bin, files, buffers: Vec::new() };
        for index in 0..list(&source.json, "buffers").len() {
            let buffer = source.buffer(index)?;
            source.buffers.push(buffer);
        }
        Ok(source)
    }

    fn buffer(&self, index: usize) -> Result<Option<Bytes>, Refusal> {
        let buffer = entry(&self.json, "buffers", index)?;
        let length = needed(buffer, "byteLength")?;
        let bytes = match buffer.get("uri").and_then(Value::as_str) {
            Some(uri) => self.resolve(uri)?,
            None if index == 0 && self.bin.is_some() => self.bin.clone().unwrap_or_default(),
            // A place for what an extension unpacks.
            None => return Ok(None),
        };
        if bytes.len() < length {
            let text = format!("buffer {index} of the model ends too early");
            return Err(Refusal::Malformed(text));
        }
        Ok(Some(bytes.slice(..length)))
    }

    /// The bytes of a view, without regard to extensions.
    pub fn view(&self, index: usize) -> Result<Bytes, Refusal> {
        let view = entry(&self.json, "bufferViews", index)?;
        self.part(view)
    }

    /// What `buffer`, `byteOffset` and `byteLength` of a value name.
    pub fn part(&self, value: &Value) -> Result<Bytes, Refusal> {
        let buffer = needed(value, "buffer")?;
        let start = whole(value, "byteOffset")?.unwrap_or(0);
        let length = needed(value, "byteLength")?;
        let bytes = self.buffers.get(buffer).and_then(Option::as_ref);
        let end = start.checked_add(length);
        let part = bytes.and_then(|bytes| {
            let end = end.filter(|end| *end <= bytes.len())?;
            Some(bytes.slice(start..end))
        });
        let missing = || Refusal::malformed("the model names bytes that it does not have");
        part.ok_or_else(missing)
    }

    /// The bytes of an image.
    pub fn image(&self, index: usize) -> Result<Bytes, Refusal> {
        let image = entry(&self.json, "images", index)?;
        match image.get("uri").and_then(Value::as_str) {
            Some(uri) => self.resolve(uri),
            None => self.view(needed(image, "bufferView")?),
        }
    }

    fn resolve(&self, uri: &str) -> Result<Bytes, Refusal> {
        if let Some(data) = uri.strip_prefix("data:") {
            let text = data.split_once(";base64,").map(|(_, text)| text);
            let bytes = text.and_then(|text| BASE64_STANDARD.decode(text).ok());
            let wrong = || Refusal::malformed("a data URI of the model cannot be read");
            return bytes.map(Bytes::from).ok_or_else(wrong);
        }
        let name = percent_decoded(uri);
        let missing = || {
            let short: String = name.chars().take(80).collect();
            Refusal::unsupported(format!(
                "the model needs the file {short:?}: upload it zipped with what belongs to it, or \
                 as a glb"
            ))
        };
        self.files.get(&relative(&name, "")).cloned().ok_or_else(missing)
    }
}

/// A path as it is seen from a folder of the zip.
fn relative(name: &str, folder: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".") {
        match part {
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let mut above = folder.split('/').filter(|part| !part.is_empty()).peekable();
    let mut rest = parts.as_slice();
    while let (Some(folder), Some((first, after))) = (above.peek(), rest.split_first()) {
        if folder != first {
            break;
        }
        above.next();
        rest = after;
    }
    let ups = above.map(|_| "..");
    ups.chain(rest.iter().copied()).collect::<Vec<_>>().join("/")
}

/// Addresses of files may be written with `%20` and its like (RFC 3986, 2.1).
fn percent_decoded(uri: &str) -> String {
    let mut out = Vec::with_capacity(uri.len());
    let mut rest = uri.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &after[2..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn check_head(json: &Value) -> Result<(), Refusal> {
    let version = json.get("asset").and_then(|asset| asset.get("version")).and_then(Value::as_str);
    if !version.is_some_and(|version| version.starts_with("2.")) {
        return Err(Refusal::unsupported("only glTF 2.0 can be used"));
    }
    for needed in list(json, "extensionsRequired") {
        let needed = needed.as_str().unwrap_or_default();
        if !EXTENSIONS.contains(&needed) {
            let short: String = needed.chars().take(64).collect();
            let hint = match needed {
                "KHR_draco_mesh_compression" => "export it without Draco",
                _ => "export it without that",
            };
            let text = format!("the model needs {short:?}, which is not known here: {hint}");
            return Err(Refusal::Unsupported(text));
        }
    }
    for (list_name, most) in [("nodes", MODEL_NODES_MAX), ("images", MODEL_IMAGES_MAX)] {
        let count = list(json, list_name).len();
        if count > most {
            let text = format!("the model has {count} {list_name}: at most {most} are allowed");
            return Err(Refusal::TooLarge(text));
        }
    }
    Ok(())
}

fn unzip(bytes: &[u8]) -> Result<BTreeMap<String, Bytes>, Refusal> {
    let unsound = |error: String| Refusal::malformed(format!("the zip cannot be read: {error}"));
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| unsound(error.to_string()))?;
    if archive.len() > ZIP_FILES_MAX {
        let text =
            format!("the zip has {} files: at most {ZIP_FILES_MAX} are allowed", archive.len());
        return Err(Refusal::TooLarge(text));
    }
    let mut left = ZIP_UNPACKED_BYTES_MAX as u64;
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|error| unsound(error.to_string()))?;
        if file.is_dir() {
            continue;
        }
        let name = file.name().map_err(|error| unsound(error.to_string()))?.replace('\\', "/");
        let mut unpacked = Vec::new();
        // What the file says of its own length is not believed.
        file.take(left + 1)
            .read_to_end(&mut unpacked)
            .map_err(|error| unsound(error.to_string()))?;
        let size = unpacked.len() as u64;
        left = left.checked_sub(size).ok_or_else(|| {
            Refusal::too_large(format!(
                "the zip has more than {} MiB when it is unpacked",
                ZIP_UNPACKED_BYTES_MAX >> 20
            ))
        })?;
        if files.insert(name, Bytes::from(unpacked)).is_some() {
            return Err(Refusal::malformed("two files in the zip have the same name"));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_folder_of_the_model() {
        assert_eq!(relative("chair/a/x.bin", "chair"), "a/x.bin");
        assert_eq!(relative("textures/wood.png", "chair"), "../textures/wood.png");
        assert_eq!(relative("./a/../b.bin", ""), "b.bin");
        assert_eq!(relative("../../x", ""), "../../x");
        assert_eq!(percent_decoded("a%20b%zz%"), "a b%zz%");
    }
}
