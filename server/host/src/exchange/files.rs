//! Worlds as files on the command line: from the data folder, or, while a server holds it, from that
//! server. New worlds come while no server runs.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use vivarium_assets::shelf::{Shelf, ShelfError};
use vivarium_scene::{
    document::WorldDocument,
    load::{self, DocumentError},
};
use vivarium_store::{keeper::Keeper, port::StoreError};

use super::{Bringer, ExchangeError, Incoming, Sources};
use crate::{
    config::{ExportConfig, ImportConfig},
    kept::{Kept, KeptError, beside},
    library::{Library, Quotas, UploadError},
    limits::BUNDLE_BYTES_MAX,
    remote::{Remote, RemoteError},
    server::SHELF_FOLDER,
    worlds::{self, OpenError},
};

/// Why a world could not be brought in or given out on the command line.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Nobody knows in which form to write.
    #[error("{0}: the name must end in .zip, .glb or .json")]
    Ending(PathBuf),
    /// There is one already.
    #[error("there is a world {0:?} already: choose another name with --name")]
    Taken(String),
    /// With its new name, or with the assets that lie here, it is no sound world.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// It cannot be exchanged.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// What is kept cannot be read or written.
    #[error(transparent)]
    Kept(#[from] KeptError),
    /// The assets cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store does not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The library does not do it.
    #[error(transparent)]
    Library(#[from] UploadError),
    /// Uploaded assets cannot be reached.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// A running server does not do it.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

fn shelf(data: &Path, store: Option<&str>) -> Result<Shelf, ShelfError> {
    match store {
        Some(url) => Shelf::bucket(url),
        None => Shelf::folder(&data.join(SHELF_FOLDER)),
    }
}

/// Writes a world to the file of the configuration; without one, gives its document as JSON.
pub async fn export(config: &ExportConfig) -> Result<Option<Vec<u8>>, FileError> {
    let form = match &config.file {
        None => "json",
        Some(file) => match file.extension().and_then(|ending| ending.to_str()) {
            Some(ending @ ("zip" | "glb" | "json")) => ending,
            _ => return Err(FileError::Ending(file.clone())),
        },
    };
    let bytes = written(config, form).await?;
    let Some(file) = &config.file else { return Ok(Some(bytes)) };
    std::fs::write(file, bytes).map_err(|error| FileError::File { path: file.clone(), error })?;
    Ok(None)
}

/// A world in the form of an ending.
async fn written(config: &ExportConfig, form: &str) -> Result<Vec<u8>, FileError> {
    let stored = config.stored.clone();
    if let Some(remote) = Remote::named(&stored.remote)? {
        return Ok(from(&remote, &stored.world, form).await?);
    }
    let (data, database) = (stored.data.clone(), stored.database.clone());
    let kept = beside(move || Kept::open_any(&data, database.as_deref()));
    let mut kept = match kept.await {
        Err(KeptError::Store(in_use @ StoreError::InUse(_))) => {
            let remote = Remote::running(&stored.data, in_use)?;
            return Ok(from(&remote, &stored.world, form).await?);
        }
        kept => kept?,
    };
    let shelf = shelf(&stored.data, config.asset_store.as_deref())?;
    let sources = Sources { folder: stored.assets.clone(), shelf };
    let source = beside(move || kept.open_world(&stored.assets, &stored.world)).await?;
    Ok(match form {
        "zip" => sources.zip(&source.document).await?,
        "glb" => sources.glb(&source.document).await?,
        _ => source.json.to_vec(),
    })
}

async fn from(remote: &Remote, world: &str, form: &str) -> Result<Vec<u8>, RemoteError> {
    match form {
        "json" => remote.document(world).await,
        form => remote.export(world, form).await,
    }
}

/// What became of a file.
#[derive(Debug)]
pub struct Made {
    /// As it is kept.
    pub document: WorldDocument,
    /// What could not be taken over.
    pub warnings: Vec<String>,
}

/// Makes a new world of the file of the configuration.
pub async fn import(config: &ImportConfig) -> Result<Made, FileError> {
    let failed = |error| FileError::File { path: config.file.clone(), error };
    let mut bytes = Vec::new();
    File::open(&config.file)
        .and_then(|file| file.take(BUNDLE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    if bytes.len() as u64 > BUNDLE_BYTES_MAX {
        let text = format!("it is too large: at most {} MiB are allowed", BUNDLE_BYTES_MAX >> 20);
        return Err(failed(io::Error::other(text)));
    }
    let shelf = shelf(&config.data, config.asset_store.as_deref())?;
    let sources = Sources { folder: config.assets.clone(), shelf: shelf.clone() };
    let (data, database) = (config.data.clone(), config.database.clone());
    let kept = beside(move || Kept::open_any(&data, database.as_deref())).await?;
    let known = sources.clone();
    let incoming = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Handle::current();
        let knows =
            |path: &str| runtime.block_on(known.read(path)).is_ok_and(|found| found.is_some());
        Incoming::read(&bytes, &knows)
    });
    let mut incoming = incoming.await.map_err(|_| UploadError::Ended)??;
    if let Some(name) = &config.name {
        incoming.document.name.clone_from(name);
    }
    let name = incoming.document.name.clone();
    let mut store = kept.into_store();
    if worlds::find(&config.assets, &name)?.is_some() || store.worlds()?.contains(&name) {
        return Err(FileError::Taken(name));
    }
    load::validate(&incoming.document)?;
    let keeper = Keeper::start(store).map_err(failed)?.0;
    let none =
        Quotas { world_bytes_max: u64::MAX, account_bytes_max: u64::MAX, grace: Duration::ZERO };
    let library = Library::load(shelf, keeper.clone(), none, None)?;
    let author = "command line".to_owned();
    let bringer = Bringer { world: name.clone(), account: author.clone(), author };
    let (document, warnings) = incoming.settle(&library, &sources, &bringer).await?;
    load::validate(&document)?;
    let json = serde_json::to_vec(&document).expect("a document has only names as keys");
    let made = keeper.ask(move |store| store.create(&name, &json)).ok_or(UploadError::Ended)?;
    keeper.end();
    made?;
    Ok(Made { document, warnings })
}
