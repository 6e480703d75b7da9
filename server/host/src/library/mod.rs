//! Uploaded assets: which world has which, whose they are, and how much there may be.
//!
//! ```text
//! api ── bytes ──▶ intake (beside the ticks) ──▶ shelf ──▶ store ──▶ known ──▶ answer
//! ```
//!
//! Invariant: whoever uploaded something is answered with success only when its bytes are on the
//! shelf and its entry is in the store. What nobody has in a library, and no document or kept change
//! names, is taken from the shelf after a while (`collect.rs`).

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, Semaphore};
use vivarium_assets::{
    address::Address,
    encoder::{Asked, Encoder},
    intake::{self, Details, Kind, Refusal, TakenIn},
    shelf::{Shelf, ShelfError},
};
use vivarium_store::{
    keeper::Keeper,
    port::{Shelved, StoreError},
};

use self::places::Places;
use crate::{
    limits::{INTAKES_AT_ONCE_MAX, LIBRARY_ENTRIES_MAX, PACKINGS_AT_ONCE_MAX},
    worlds::now_ms,
};

pub mod api;
pub mod collect;
mod places;

/// How much may be kept.
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    /// Bytes of the assets of one world.
    pub world_bytes_max: u64,
    /// Bytes of the assets that one account uploaded, in all worlds.
    pub account_bytes_max: u64,
    /// How long something lies there that nobody uses.
    pub grace: Duration,
}

/// An asset in the library of a world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What the file was called.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// As it is kept.
    pub bytes: u64,
    /// As it came.
    pub original_bytes: u64,
    /// Who uploaded it.
    pub account: String,
    /// What they are called.
    pub author: String,
    /// When, in milliseconds since 1970 (UTC).
    pub at_ms: u64,
    /// What is known of it.
    pub details: Details,
    /// What was changed of it.
    pub notes: Vec<String>,
}

/// How much there is, and may be.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Use {
    world_bytes: u64,
    world_bytes_max: u64,
    account_bytes: u64,
    account_bytes_max: u64,
}

/// Why an upload is not kept.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It is of no use.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no room for it.
    #[error("{0}")]
    Quota(String),
    /// It cannot be put on the shelf.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// It cannot be noted.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server is ending.
    #[error("the server is shutting down")]
    Ended,
}

/// Entries of one world.
type Entries = BTreeMap<Address, Entry>;

/// The libraries of all worlds.
#[derive(Debug)]
pub struct Library {
    shelf: Shelf,
    keeper: Keeper,
    quotas: Quotas,
    /// What packs textures of models for graphics cards, where there is something.
    encoder: Option<Encoder>,
    known: RwLock<BTreeMap<String, Entries>>,
    /// Bodies that are read at the same time.
    uploads: Places,
    /// Files that are looked at, at the same time.
    intakes: Arc<Semaphore>,
    /// Models whose textures are packed, at the same time.
    packings: Arc<Semaphore>,
    /// Held by whoever changes what there is.
    changing: Mutex<()>,
}

/// Who uploads what.
#[derive(Debug)]
pub struct Upload {
    /// Into the library of which world.
    pub world: String,
    /// Whose it is.
    pub account: String,
    /// What they are called.
    pub author: String,
    /// What the file is called.
    pub name: String,
    /// All of it.
    pub bytes: Bytes,
    /// Whether textures of a model are packed, for which it may wait a while.
    pub packs: bool,
}

impl Library {
    /// As it is kept. Waits for the store.
    pub fn load(
        shelf: Shelf,
        keeper: Keeper,
        quotas: Quotas,
        encoder: Option<Encoder>,
    ) -> Result<Self, UploadError> {
        let shelved = keeper.ask(|store| store.shelved()).ok_or(UploadError::Ended)??;
        let mut known: BTreeMap<String, Entries> = BTreeMap::new();
        for Shelved { world, path, entry } in shelved {
            match (path.parse(), serde_json::from_slice(&entry)) {
                (Ok(address), Ok(entry)) => {
                    known.entry(world).or_default().insert(address, entry);
                }
                _ => tracing::error!(%world, %path, "an entry of a library cannot be read"),
            }
        }
        Ok(Self {
            shelf,
            keeper,
            quotas,
            encoder,
            known: RwLock::new(known),
            uploads: Places::new(),
            intakes: Arc::new(Semaphore::new(INTAKES_AT_ONCE_MAX)),
            packings: Arc::new(Semaphore::new(PACKINGS_AT_ONCE_MAX)),
            changing: Mutex::new(()),
        })
    }

    /// Where the bytes are.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// What a world has, the newest first.
    pub fn of(&self, world: &str) -> Vec<(Address, Entry)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let entries = known.get(world).into_iter().flatten();
        let mut entries: Vec<_> =
            entries.map(|(address, entry)| (*address, entry.clone())).collect();
        entries.sort_by_key(|(address, entry)| (std::cmp::Reverse(entry.at_ms), *address));
        entries
    }

    /// How much a world and an account have.
    pub fn used(&self, world: &str, account: &str) -> Use {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let bytes = |entries: &Entries| entries.values().map(|entry| entry.bytes).sum();
        let own = known.values().flat_map(BTreeMap::values);
        let own = own.filter(|entry| entry.account == account);
        Use {
            world_bytes: known.get(world).map_or(0, bytes),
            world_bytes_max: self.quotas.world_bytes_max,
            account_bytes: own.map(|entry| entry.bytes).sum(),
            account_bytes_max: self.quotas.account_bytes_max,
        }
    }

    /// Whether so much more has room; what came is mostly larger than what is kept of it.
    fn has_room(&self, world: &str, account: &str, bytes: u64) -> Result<(), UploadError> {
        let used = self.used(world, account);
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        for (whose, has, most) in [
            ("this world", used.world_bytes, used.world_bytes_max),
            ("you, in all worlds together,", used.account_bytes, used.account_bytes_max),
        ] {
            if has.saturating_add(bytes) > most {
                return Err(UploadError::Quota(format!(
                    "there is no room for {:.1} MiB more: {whose} may have {:.0} MiB, and {:.1} \
                     MiB are in use; delete what is not needed",
                    mib(bytes),
                    mib(most),
                    mib(has)
                )));
            }
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.get(world).is_some_and(|entries| entries.len() >= LIBRARY_ENTRIES_MAX) {
            let text = format!(
                "a world may have {LIBRARY_ENTRIES_MAX} uploaded assets: delete what is not needed"
            );
            return Err(UploadError::Quota(text));
        }
        Ok(())
    }

    /// Looks at an upload beside the ticks, and keeps it. One that the world has already stays as it
    /// is.
    pub async fn take(&self, upload: Upload) -> Result<(Address, Entry), UploadError> {
        let encoder = self.encoder.clone().filter(|_| upload.packs);
        let taken = self.looked_at(upload.bytes.clone(), encoder).await?;
        self.keep(upload, taken).await
    }

    /// Looks at what another server has taken in, and keeps it byte for byte under the same name.
    pub async fn take_as_it_is(
        &self,
        upload: Upload,
        address: Address,
    ) -> Result<(Address, Entry), UploadError> {
        let taken = self.looked_at(upload.bytes.clone(), None).await?;
        let is_same = taken.address.format() == address.format();
        let taken = TakenIn { address, bytes: upload.bytes.clone(), notes: Vec::new(), ..taken };
        if !is_same || Address::of(&taken.bytes, address.format()) != address {
            let text = "the file is not what its name says";
            return Err(Refusal::Malformed(text.into()).into());
        }
        self.keep(upload, taken).await
    }

    async fn keep(&self, upload: Upload, taken: TakenIn) -> Result<(Address, Entry), UploadError> {
        let Upload { world, account, author, name, bytes, .. } = upload;
        let original_bytes = bytes.len() as u64;
        let _changing = self.changing.lock().await;
        if let Some(there) = self.entry(&world, taken.address) {
            // Its bytes may have been lost with a folder: now they are there again.
            self.shelf.put(taken.address, taken.bytes).await?;
            return Ok((taken.address, there));
        }
        self.has_room(&world, &account, taken.bytes.len() as u64)?;
        let entry = Entry {
            name,
            kind: taken.kind,
            bytes: taken.bytes.len() as u64,
            original_bytes,
            account,
            author,
            at_ms: now_ms(),
            details: taken.details,
            notes: taken.notes,
        };
        self.shelf.put(taken.address, taken.bytes).await?;
        self.note(&world, taken.address, &entry).await?;
        Ok((taken.address, entry))
    }

    async fn looked_at(
        &self,
        bytes: Bytes,
        encoder: Option<Encoder>,
    ) -> Result<TakenIn, UploadError> {
        let permit = self.intakes.clone().acquire_owned().await.map_err(|_| UploadError::Ended)?;
        let packings = self.packings.clone();
        // The permits go along: the work goes on when whoever sent the file has hung up.
        let looked = tokio::task::spawn_blocking(move || {
            let (mut looking, mut packing) = (Some(permit), None);
            let mut begin = || {
                packing = packings.clone().try_acquire_owned().ok();
                packing.as_ref()?;
                // Packing takes long: others are looked at meanwhile.
                looking.take();
                encoder.clone()
            };
            let asked = encoder.is_some().then_some(&mut begin as Asked<'_>);
            intake::take_in(&bytes, asked)
        });
        match looked.await {
            Ok(looked) => Ok(looked?),
            Err(error) => {
                tracing::error!(%error, "looking at an upload failed");
                let text = "the file cannot be read: looking at it failed, which is our fault";
                Err(UploadError::Refused(Refusal::Malformed(text.into())))
            }
        }
    }

    fn entry(&self, world: &str, address: Address) -> Option<Entry> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(world)?.get(&address).cloned()
    }

    async fn note(&self, world: &str, address: Address, entry: &Entry) -> Result<(), UploadError> {
        let json = serde_json::to_vec(entry).unwrap_or_default();
        let shelved = Shelved { world: world.to_owned(), path: address.to_string(), entry: json };
        self.told(move |store| store.shelve(&shelved)).await?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(world.to_owned()).or_default().insert(address, entry.clone());
        Ok(())
    }

    /// Takes an asset out of a world's library; whether it was there. Its bytes stay for a while.
    pub async fn forget(&self, world: &str, address: Address) -> Result<bool, UploadError> {
        let _changing = self.changing.lock().await;
        self.forget_changing(world, address).await
    }

    async fn forget_changing(&self, world: &str, address: Address) -> Result<bool, UploadError> {
        if self.entry(world, address).is_none() {
            return Ok(false);
        }
        let (name, path) = (world.to_owned(), address.to_string());
        self.told(move |store| store.unshelve(&name, &path)).await?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(entries) = known.get_mut(world) {
            entries.remove(&address);
        }
        Ok(true)
    }

    async fn told<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut dyn vivarium_store::port::WorldStore) -> Result<T, StoreError>
        + Send
        + 'static,
    ) -> Result<T, UploadError> {
        let keeper = self.keeper.clone();
        let told = tokio::task::spawn_blocking(move || keeper.ask(act)).await;
        Ok(told.ok().flatten().ok_or(UploadError::Ended)??)
    }
}
