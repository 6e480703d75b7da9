//! Where assets lie: a folder, or a bucket of S3 or of what speaks like it.
//!
//! What is on the shelf never changes. An asset that was put there is on the disk, or with whoever
//! runs the bucket, before `put` says so.

use std::{error::Error, io, ops::Range, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload,
    RetryConfig, aws::AmazonS3Builder, local::LocalFileSystem, memory::InMemory, path::Path as Key,
    prefix::PrefixStore,
};

use crate::{address::Address, limits::UPLOAD_BYTES_MAX};

/// How long a bucket may take to answer, all tries together.
const BUCKET_PATIENCE: Duration = Duration::from_secs(20);
/// How long connecting to a bucket may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// How often a request to a bucket is made again.
const BUCKET_TRIES: usize = 3;

/// Why assets cannot be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// What was asked for makes no sense.
    #[error("assets cannot be kept in {place}: {reason}")]
    Place {
        /// Where.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no room left on the disk.
    #[error("there is no room left for assets: {0}")]
    Full(String),
    /// It did not work now.
    #[error("the assets cannot be reached: {0}")]
    Unavailable(String),
}

impl From<object_store::Error> for ShelfError {
    fn from(error: object_store::Error) -> Self {
        let first: &(dyn Error + 'static) = &error;
        let reasons = std::iter::successors(Some(first), |error| (**error).source());
        let mut reasons = reasons.filter_map(|error| error.downcast_ref::<io::Error>());
        let text = error.to_string();
        match reasons.any(|error| error.kind() == io::ErrorKind::StorageFull) {
            true => Self::Full(text),
            false => Self::Unavailable(text),
        }
    }
}

/// All assets. Clones share it.
#[derive(Clone, Debug)]
pub struct Shelf {
    store: Arc<dyn ObjectStore>,
}

/// An asset, or a part of it.
pub struct Found {
    /// Bytes of the whole asset.
    pub size: u64,
    /// Which of them these are.
    pub range: Range<u64>,
    /// The bytes, as they come.
    pub bytes: BoxStream<'static, Result<Bytes, ShelfError>>,
}

/// An asset as it lies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lying {
    /// Its name.
    pub address: Address,
    /// How large it is.
    pub bytes: u64,
    /// Since when, in milliseconds since 1970 (UTC).
    pub since_ms: u64,
}

impl Shelf {
    /// In a folder, which is made when it is missing.
    pub fn folder(path: &Path) -> Result<Self, ShelfError> {
        let wrong =
            |reason: String| ShelfError::Place { place: path.display().to_string(), reason };
        std::fs::create_dir_all(path).map_err(|error| wrong(error.to_string()))?;
        let store =
            LocalFileSystem::new_with_prefix(path).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { store: Arc::new(store.with_fsync(true)) })
    }

    /// In a bucket, such as `s3://worlds/assets`. Region, keys and endpoint come from the
    /// environment (`AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_ENDPOINT`,
    /// `AWS_ALLOW_HTTP`).
    pub fn bucket(url: &str) -> Result<Self, ShelfError> {
        Self::bucket_with(url, AmazonS3Builder::from_env())
    }

    /// As [`Shelf::bucket`], with settings of the caller's.
    pub fn bucket_with(url: &str, settings: AmazonS3Builder) -> Result<Self, ShelfError> {
        let wrong = |reason: String| ShelfError::Place { place: url.to_owned(), reason };
        let parsed = url::Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        if parsed.scheme() != "s3" || parsed.host_str().is_none() {
            return Err(wrong("it must look like s3://BUCKET or s3://BUCKET/FOLDER".into()));
        }
        // The process may have more than one provider compiled in: the same as everywhere else. It
        // is fine when there is one already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: BUCKET_TRIES,
            retry_timeout: BUCKET_PATIENCE,
        };
        let client = ClientOptions::new()
            .with_connect_timeout(CONNECT_PATIENCE)
            .with_timeout(BUCKET_PATIENCE)
            .with_allow_http(url_is_plain(&settings));
        let store = settings
            .with_url(format!("s3://{}", parsed.host_str().unwrap_or_default()))
            .with_retry(retry)
            .with_client_options(client)
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        let folder = Key::from_url_path(parsed.path()).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { store: Arc::new(PrefixStore::new(store, folder)) })
    }

    /// In memory, for as long as the shelf is there.
    pub fn memory() -> Self {
        Self { store: Arc::new(InMemory::new()) }
    }

    /// Puts an asset there; one that is there already stays.
    pub async fn put(&self, address: Address, bytes: Bytes) -> Result<(), ShelfError> {
        let key = key(address);
        match self.store.head(&key).await {
            Ok(there) if there.size == bytes.len() as u64 => return Ok(()),
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        self.store.put(&key, PutPayload::from(bytes)).await?;
        Ok(())
    }

    /// An asset, or a part of it. None: there is no such thing.
    pub async fn get(
        &self,
        address: Address,
        range: Option<Range<u64>>,
    ) -> Result<Option<Found>, ShelfError> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        match self.store.get_opts(&key(address), options).await {
            Ok(found) => Ok(Some(Found {
                size: found.meta.size,
                range: found.range.clone(),
                bytes: found.into_stream().map_err(ShelfError::from).boxed(),
            })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// How large an asset is. None: there is no such thing.
    pub async fn size(&self, address: Address) -> Result<Option<u64>, ShelfError> {
        match self.store.head(&key(address)).await {
            Ok(there) => Ok(Some(there.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// All of an asset. None: there is no such thing.
    pub async fn read(&self, address: Address) -> Result<Option<Bytes>, ShelfError> {
        let Some(found) = self.get(address, None).await? else { return Ok(None) };
        if found.size > 2 * UPLOAD_BYTES_MAX as u64 {
            return Err(ShelfError::Unavailable(format!("{address} is larger than any asset is")));
        }
        let parts: Vec<Bytes> = found.bytes.try_collect().await?;
        Ok(Some(parts.concat().into()))
    }

    /// Everything that lies there, as it is found.
    pub fn all(&self) -> impl Stream<Item = Result<Lying, ShelfError>> + use<> {
        let store = self.store.clone();
        let folder = Key::from(crate::address::FOLDER);
        let found = store.list(Some(&folder));
        found.filter_map(|found| async {
            let found = match found {
                Ok(found) => found,
                Err(error) => return Some(Err(error.into())),
            };
            let address = found.location.as_ref().parse().ok()?;
            let since_ms = u64::try_from(found.last_modified.timestamp_millis()).unwrap_or(0);
            Some(Ok(Lying { address, bytes: found.size, since_ms }))
        })
    }

    /// Takes an asset away; one that is not there is none the less gone.
    pub async fn delete(&self, address: Address) -> Result<(), ShelfError> {
        match self.store.delete(&key(address)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn key(address: Address) -> Key {
    Key::from(address.to_string())
}

/// Whether the settings allow a bucket without encryption.
fn url_is_plain(settings: &AmazonS3Builder) -> bool {
    use object_store::ClientConfigKey::AllowHttp;
    use object_store::aws::AmazonS3ConfigKey::{Client, Endpoint};
    let allowed =
        settings.get_config_value(&Client(AllowHttp)).is_some_and(|value| value == "true");
    let endpoint = settings.get_config_value(&Endpoint);
    allowed && endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"))
}
