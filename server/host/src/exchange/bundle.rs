//! A world in a ZIP: `manifest.json`, `world.json`, and below `assets/` every file that the document
//! names, byte for byte, but scripts.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read, Write},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use vivarium_scene::{
    document::WorldDocument,
    limits::DOCUMENT_BYTES_MAX,
    load::{self, DocumentError},
};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::Incoming;
use crate::limits::{BUNDLE_BYTES_MAX, BUNDLE_FILES_MAX};

const MANIFEST: &str = "manifest.json";
const WORLD: &str = "world.json";
const ASSETS: &str = "assets/";
/// Version of the format.
const VERSION: u32 = 1;
/// Bytes of a manifest.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;

/// Why a ZIP is not taken as a world.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It cannot be read or written as a ZIP.
    #[error("the ZIP cannot be used: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// A file in it cannot be read.
    #[error("{name}: {reason}")]
    File {
        /// Which.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The document is wrong.
    #[error("{WORLD}: {0}")]
    Document(#[from] DocumentError),
}

fn wrong(name: &str, reason: impl Into<String>) -> BundleError {
    let name = name.chars().take(200).collect();
    BundleError::File { name, reason: reason.into() }
}

/// What is in the ZIP.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    version: u32,
    name: String,
    title: String,
    /// BLAKE3 of each file, in hexadecimal digits.
    files: BTreeMap<String, String>,
}

/// Writes a world with its assets. The same world gives the same bytes.
pub fn write(
    document: &WorldDocument,
    assets: &BTreeMap<String, Bytes>,
) -> Result<Vec<u8>, BundleError> {
    let failed = |name: &str, error: std::io::Error| wrong(name, error.to_string());
    let json = serde_json::to_vec(document).map_err(|error| wrong(WORLD, error.to_string()))?;
    let named = assets.iter().map(|(path, bytes)| (format!("{ASSETS}{path}"), bytes.clone()));
    let mut files: BTreeMap<String, Bytes> = named.collect();
    files.insert(WORLD.into(), json.into());
    let digest = |bytes: &Bytes| blake3::hash(bytes).to_hex().to_string();
    let manifest = Manifest {
        version: VERSION,
        name: document.name.clone(),
        title: document.title.clone(),
        files: files.iter().map(|(name, bytes)| (name.clone(), digest(bytes))).collect(),
    };
    let manifest = serde_json::to_vec_pretty(&manifest);
    let manifest = manifest.map_err(|error| wrong(MANIFEST, error.to_string()))?;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let all = std::iter::once((MANIFEST.to_owned(), Bytes::from(manifest))).chain(files);
    for (name, bytes) in all {
        zip.start_file(name.as_str(), options)?;
        zip.write_all(&bytes).map_err(|error| failed(&name, error))?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Reads a world with its assets. Nothing that the ZIP says of lengths is believed.
pub fn read(bytes: &[u8]) -> Result<Incoming, BundleError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    if archive.len() > BUNDLE_FILES_MAX {
        return Err(wrong("the ZIP", format!("it has more than {BUNDLE_FILES_MAX} files")));
    }
    let manifest = unpack(&mut archive, MANIFEST, MANIFEST_BYTES_MAX)?;
    let manifest: Manifest =
        serde_json::from_slice(&manifest).map_err(|error| wrong(MANIFEST, error.to_string()))?;
    if manifest.version != VERSION {
        let reason = format!("version {} is not known: it must be {VERSION}", manifest.version);
        return Err(wrong(MANIFEST, reason));
    }
    let mut left = BUNDLE_BYTES_MAX;
    let mut files = BTreeMap::new();
    for (name, digest) in &manifest.files {
        let most = if name == WORLD { left.min(DOCUMENT_BYTES_MAX as u64) } else { left };
        let unpacked = unpack(&mut archive, name, most)?;
        left -= unpacked.len() as u64;
        if blake3::hash(&unpacked).to_hex().as_str() != digest {
            return Err(wrong(name, "it is damaged: its digest is not that of the manifest"));
        }
        files.insert(name.clone(), Bytes::from(unpacked));
    }
    let missing = || wrong(WORLD, "it is missing");
    let document = load::from_json(&files.remove(WORLD).ok_or_else(missing)?)?;
    // Files that the document does not name are of no interest.
    let mut assets = BTreeMap::new();
    for path in document.assets() {
        if let Some(bytes) = files.remove(&format!("{ASSETS}{path}")) {
            assets.insert(path.to_owned(), bytes);
        }
    }
    Ok(Incoming { document, assets, warnings: Vec::new() })
}

fn unpack(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    name: &str,
    bytes_max: u64,
) -> Result<Vec<u8>, BundleError> {
    let file = archive.by_name(name).map_err(|error| wrong(name, error.to_string()))?;
    let mut unpacked = Vec::new();
    let read = file.take(bytes_max + 1).read_to_end(&mut unpacked);
    read.map_err(|error| wrong(name, error.to_string()))?;
    if unpacked.len() as u64 > bytes_max {
        return Err(wrong(name, format!("it has more than {bytes_max} bytes when it is unpacked")));
    }
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::puppet::source;

    fn world() -> (WorldDocument, BTreeMap<String, Bytes>) {
        let mut document = (*source("plaza").document).clone();
        document.environment.sky = Some("skies/noon.hdr".into());
        let assets = BTreeMap::from([("skies/noon.hdr".into(), Bytes::from_static(b"a sky"))]);
        (document, assets)
    }

    #[test]
    fn a_world_comes_out_as_it_went_in() {
        let (document, assets) = world();
        let zip = write(&document, &assets).unwrap();
        assert_eq!(zip, write(&document, &assets).unwrap());
        let incoming = read(&zip).unwrap();
        assert_eq!((incoming.document, incoming.assets), (document, assets));
    }

    #[test]
    fn damaged_and_hostile_files_are_told() {
        let (document, assets) = world();
        let zip = write(&document, &assets).unwrap();
        let at = zip.windows(6).rposition(|part| part == b"a sky\0");
        assert!(at.is_none(), "what is so short is none the less packed");
        for cut in [0, 10, zip.len() / 2, zip.len() - 1] {
            read(&zip[..cut]).unwrap_err();
        }
        let made = |files: &[(&str, &[u8])]| {
            let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
            for (name, bytes) in files {
                zip.start_file(*name, SimpleFileOptions::default()).unwrap();
                zip.write_all(bytes).unwrap();
            }
            zip.finish().unwrap().into_inner()
        };
        let told = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert!(told(&made(&[])).contains("manifest.json"));
        let manifest = |version: u32, files: &str| {
            format!(r#"{{"version":{version},"name":"x","title":"x","files":{{{files}}}}}"#)
        };
        let newer = manifest(9, "");
        assert!(told(&made(&[(MANIFEST, newer.as_bytes())])).contains("version 9 is not known"));
        let false_digest = manifest(1, r#""world.json":"00""#);
        let files: [(&str, &[u8]); 2] = [(MANIFEST, false_digest.as_bytes()), (WORLD, b"{}")];
        assert!(told(&made(&files)).contains("its digest is not that of the manifest"));
        let outside = manifest(1, r#""../../etc/passwd":"00""#);
        assert!(told(&made(&[(MANIFEST, outside.as_bytes())])).contains("etc/passwd"));
        let large = vec![b' '; DOCUMENT_BYTES_MAX + 1];
        let files: [(&str, &[u8]); 2] = [(MANIFEST, false_digest.as_bytes()), (WORLD, &large)];
        assert!(told(&made(&files)).contains("when it is unpacked"));
    }
}
