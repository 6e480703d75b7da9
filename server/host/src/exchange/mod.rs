//! Worlds as files that go from one server to another: a ZIP with everything that belongs to a world
//! (`bundle.rs`), or one glb that other programs understand too (`vivarium-gltf`).
//!
//! Invariant: what comes in is looked at like an upload, by the same intake and within the same
//! quotas; a document names an asset only when it lies here.

use std::{collections::BTreeMap, path::PathBuf};

use bytes::Bytes;
use vivarium_assets::{
    address::Address,
    intake::Refusal,
    model::unpacked,
    shelf::{Shelf, ShelfError},
};
use vivarium_scene::{
    document::{SCRIPT_ENDING, WorldDocument},
    load::DocumentError,
};

use crate::library::{Library, Upload, UploadError};

pub mod api;
pub mod bundle;
pub mod files;
pub mod merge;

use bundle::BundleError;

/// Why a world could not be brought in or given out.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The ZIP is not sound.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The glb cannot be read as a world.
    #[error(transparent)]
    Gltf(#[from] vivarium_gltf::ImportError),
    /// The world cannot be written as a glb.
    #[error(transparent)]
    Written(#[from] vivarium_gltf::ExportError),
    /// An asset is of no use, or there is no room for it.
    #[error("{path}: {error}")]
    Asset {
        /// As the file calls it.
        path: String,
        /// What is wrong.
        error: UploadError,
    },
    /// An asset of the world is not there.
    #[error("the world names the asset {0:?}, which is not there")]
    Missing(String),
    /// Assets cannot be had now.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// A file of the assets cannot be read.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// What came in is no sound world.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// It is neither.
    #[error("the file is neither a ZIP nor a glb")]
    Unknown,
}

/// Where the assets of worlds are.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The folder of what comes along.
    pub folder: PathBuf,
    /// What was uploaded.
    pub shelf: Shelf,
}

impl Sources {
    /// An asset of a document. None: it is not there.
    pub async fn read(&self, path: &str) -> Result<Option<Bytes>, ExchangeError> {
        if let Ok(address) = path.parse::<Address>() {
            return Ok(self.shelf.read(address).await?);
        }
        // Paths of documents lead nowhere else: `vivarium-scene` sees to that.
        let file = self.folder.join(path);
        match tokio::fs::read(&file).await {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ExchangeError::File { path: file, error }),
        }
    }

    /// Everything that a document names, without scripts: see [`is_code`].
    async fn all(
        &self,
        document: &WorldDocument,
    ) -> Result<BTreeMap<String, Bytes>, ExchangeError> {
        let mut all = BTreeMap::new();
        for path in document.assets().into_iter().filter(|path| !is_code(path)) {
            let missing = || ExchangeError::Missing(path.to_owned());
            let bytes = self.read(path).await?.ok_or_else(missing)?;
            all.insert(path.to_owned(), bytes);
        }
        Ok(all)
    }

    /// A world with its assets.
    pub async fn zip(&self, document: &WorldDocument) -> Result<Vec<u8>, ExchangeError> {
        let assets = self.all(document).await?;
        Ok(bundle::write(document, &assets)?)
    }

    /// A world for other programs. Models that are not there are left out.
    pub async fn glb(&self, document: &WorldDocument) -> Result<Vec<u8>, ExchangeError> {
        let mut models = BTreeMap::new();
        for path in document.assets().into_iter().filter(|path| path.ends_with(".glb")) {
            let Some(bytes) = self.read(path).await? else { continue };
            let plain = match path.parse::<Address>() {
                Ok(_) => unpacked(&bytes).map_err(|error| asset(path, error.into()))?,
                Err(_) => bytes.to_vec(),
            };
            models.insert(path.to_owned(), plain);
        }
        Ok(vivarium_gltf::export(document, &mut |path| models.remove(path))?)
    }
}

/// Whether an asset is a script. Those are not sent around: what a server runs is put there by whoever
/// runs it, and a world names it.
fn is_code(path: &str) -> bool {
    path.ends_with(SCRIPT_ENDING)
}

fn asset(path: &str, error: UploadError) -> ExchangeError {
    ExchangeError::Asset { path: path.to_owned(), error }
}

/// A world that came in, with assets that may not lie here yet.
#[derive(Debug)]
pub struct Incoming {
    /// Checked.
    pub document: WorldDocument,
    /// By the paths of the document.
    pub assets: BTreeMap<String, Bytes>,
    /// What could not be taken over, in words.
    pub warnings: Vec<String>,
}

/// Whose a world is that comes in.
#[derive(Clone, Debug)]
pub struct Bringer {
    /// Into the library of which world its assets go.
    pub world: String,
    /// Who brings it.
    pub account: String,
    /// What they are called.
    pub author: String,
}

impl Incoming {
    /// From a ZIP or a glb. May take a while.
    pub fn read(bytes: &[u8], knows: &dyn Fn(&str) -> bool) -> Result<Self, ExchangeError> {
        match bytes {
            [b'P', b'K', 3, 4, ..] => Ok(bundle::read(bytes)?),
            [b'g', b'l', b'T', b'F', ..] => {
                let imported = vivarium_gltf::import(bytes, knows)?;
                let assets = imported.models.into_iter();
                Ok(Self {
                    document: imported.document,
                    assets: assets.map(|(path, bytes)| (path, bytes.into())).collect(),
                    warnings: imported.warnings,
                })
            }
            _ => Err(ExchangeError::Unknown),
        }
    }

    /// Takes its assets in; the document then names what lies here. Assets that come along with the
    /// server and are the same are not taken in again.
    pub async fn settle(
        self,
        library: &Library,
        sources: &Sources,
        bringer: &Bringer,
    ) -> Result<(WorldDocument, Vec<String>), ExchangeError> {
        let Self { mut document, assets, mut warnings } = self;
        let mut places = BTreeMap::new();
        for path in document.assets() {
            if is_code(path) {
                if sources.read(path).await?.is_none() {
                    warnings.push(format!("the script {path} is not on this server"));
                }
                continue;
            }
            let place = match assets.get(path) {
                Some(bytes) => self::place(library, sources, bringer, path, bytes).await?,
                None if sources.read(path).await?.is_some() => path.to_owned(),
                None => return Err(ExchangeError::Missing(path.to_owned())),
            };
            places.insert(path.to_owned(), place);
        }
        document.rename_assets(&mut |path| places.get(path).cloned());
        Ok((document, warnings))
    }
}

async fn place(
    library: &Library,
    sources: &Sources,
    bringer: &Bringer,
    path: &str,
    bytes: &Bytes,
) -> Result<String, ExchangeError> {
    let upload = Upload {
        world: bringer.world.clone(),
        account: bringer.account.clone(),
        author: bringer.author.clone(),
        name: path.rsplit('/').next().unwrap_or(path).to_owned(),
        bytes: bytes.clone(),
        // A world may have hundreds of models, and somebody waits for all of them.
        packs: false,
    };
    let taken = match path.parse::<Address>() {
        Ok(address) if Address::of(bytes, address.format()) == address => {
            library.take_as_it_is(upload, address).await
        }
        Ok(_) => {
            let text = "the file is not what its name says: it was changed";
            return Err(asset(path, Refusal::Malformed(text.into()).into()));
        }
        Err(_) if sources.read(path).await?.is_some_and(|ours| ours == bytes) => {
            return Ok(path.to_owned());
        }
        Err(_) => library.take(upload).await,
    };
    let (address, _) = taken.map_err(|error| asset(path, error))?;
    Ok(address.to_string())
}
