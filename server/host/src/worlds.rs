//! The worlds of this server: their documents as files, and their handles while they run.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{
            AtomicBool, AtomicI64, AtomicU32, AtomicU64,
            Ordering::{self, Relaxed},
        },
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use vivarium_contract::{CLIENT_BYTES_PER_S, WorldSpec, saving::SavedPose};
use vivarium_scene::{
    document::WorldDocument,
    limits::DOCUMENT_BYTES_MAX,
    load::{self, DocumentError},
};

use vivarium_store::port::Draft;

use crate::{
    building::Building,
    limits::{ALIVE_WITHIN, INBOX_MESSAGES_MAX},
    routing::ToWorld,
};

/// The world where people arrive, unless the configuration says otherwise.
const FIRST_WORLD: &str = "plaza";

/// Why worlds could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file or folder could not be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A document is wrong.
    #[error("{path}: {error}")]
    Document {
        /// Its file.
        path: PathBuf,
        /// What is wrong, and where.
        error: DocumentError,
    },
    /// The name in a document is not that of its file, by which it is addressed.
    #[error("{path}: name: is \"{name}\", but the file's name says otherwise")]
    Name {
        /// The file.
        path: PathBuf,
        /// The name in the document.
        name: String,
    },
    /// There is nothing to open.
    #[error("there is no world in {0}: put one there, or point --assets to a folder with worlds")]
    None(PathBuf),
}

/// A world as it is stored.
#[derive(Clone, Debug)]
pub struct WorldSource {
    /// Checked.
    pub document: Arc<WorldDocument>,
    /// As clients get it.
    pub json: Bytes,
    /// Bytes per second of frames that one client is sent at most.
    pub client_bytes_per_s_max: u32,
    /// Of the last change in the store; 0: there is none.
    pub revision: u64,
    /// Where loose things were left.
    pub poses: Vec<SavedPose>,
    /// Whether what is kept of it cannot be read: then it is known, but does not run.
    pub is_damaged: bool,
    /// What is kept of it as a draft, if it is one.
    pub draft: Option<Draft>,
}

/// Milliseconds since 1970 (UTC).
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX >> 1)
}

impl WorldSource {
    /// Reads and checks a document.
    pub fn from_json(json: Bytes) -> Result<Self, DocumentError> {
        let document = Arc::new(load::from_json(&json)?);
        let client_bytes_per_s_max = CLIENT_BYTES_PER_S;
        Ok(Self {
            document,
            json,
            client_bytes_per_s_max,
            revision: 0,
            poses: Vec::new(),
            is_damaged: false,
            draft: None,
        })
    }

    /// Reads and checks a file.
    pub fn read(path: &Path) -> Result<Self, OpenError> {
        let json =
            read_file(path).map_err(|error| OpenError::Read { path: path.to_owned(), error })?;
        Self::from_json(json.into())
            .map_err(|error| OpenError::Document { path: path.to_owned(), error })
    }

    /// What the simulation is built from.
    pub fn spec(&self) -> WorldSpec {
        WorldSpec {
            document: self.document.clone(),
            document_url: format!("/worlds/{}.json", self.document.name),
            client_bytes_per_s_max: self.client_bytes_per_s_max,
        }
    }
}

/// What is in a file, as far as a document may reach and one byte more, so that a longer one is
/// refused as too large without being read to its end.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(DOCUMENT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The worlds of `names`, in that order; without names all of the folder, the plaza first.
pub fn open(assets: &Path, names: &[String]) -> Result<Vec<WorldSource>, OpenError> {
    let folder = assets.join("worlds");
    let names = if names.is_empty() { all_names(&folder)? } else { names.to_vec() };
    if names.is_empty() {
        return Err(OpenError::None(folder));
    }
    let mut sources: Vec<WorldSource> = Vec::new();
    for name in names {
        let path = folder.join(format!("{name}.json"));
        let source = WorldSource::read(&path)?;
        if source.document.name != name {
            return Err(OpenError::Name { path, name: source.document.name.clone() });
        }
        if sources.iter().all(|other| other.document.name != name) {
            sources.push(source);
        }
    }
    Ok(sources)
}

/// Names of the worlds of the assets, the plaza first.
pub fn names(assets: &Path) -> Result<Vec<String>, OpenError> {
    all_names(&assets.join("worlds"))
}

/// A world of the assets. None: there is no such file.
pub fn find(assets: &Path, name: &str) -> Result<Option<WorldSource>, OpenError> {
    let path = assets.join("worlds").join(format!("{name}.json"));
    match path.is_file() {
        true => Ok(open(assets, &[name.to_owned()])?.pop()),
        false => Ok(None),
    }
}

fn all_names(folder: &Path) -> Result<Vec<String>, OpenError> {
    let failed = |error| OpenError::Read { path: folder.to_owned(), error };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "json")
            && let Some(name) = path.file_stem().and_then(|stem| stem.to_str())
        {
            names.push(name.to_owned());
        }
    }
    names.sort_by_key(|name| (name != FIRST_WORLD, name.clone()));
    Ok(names)
}

/// How a world is doing, written by its thread.
#[derive(Debug)]
pub struct WorldStatus {
    epoch: Instant,
    advanced_ms: AtomicU64,
    running: AtomicBool,
    tick: AtomicU32,
    people: AtomicU32,
}

impl WorldStatus {
    fn new() -> Self {
        Self {
            epoch: Instant::now(),
            advanced_ms: AtomicU64::new(0),
            running: AtomicBool::new(false),
            tick: AtomicU32::new(0),
            people: AtomicU32::new(0),
        }
    }

    /// Notes that a tick has ended.
    pub fn advanced(&self, now: Instant, tick: u32, people: u32) {
        let since = now.saturating_duration_since(self.epoch);
        self.advanced_ms.store(since.as_millis() as u64, Relaxed);
        self.tick.store(tick, Relaxed);
        self.people.store(people, Relaxed);
        self.running.store(true, Relaxed);
    }

    /// Notes that the world has ended, for good or until it is restarted.
    pub fn ended(&self) {
        self.running.store(false, Relaxed);
        self.people.store(0, Relaxed);
    }

    /// Whether the world has ticked since it was started last.
    pub fn is_running(&self) -> bool {
        self.running.load(Relaxed)
    }

    /// Whether a tick has ended lately, or the world rests before a restart: that heals by itself,
    /// and ending the process for it would end the worlds that are well.
    pub fn is_alive(&self, now: Instant) -> bool {
        if !self.is_running() {
            return true;
        }
        let advanced_at = self.epoch + Duration::from_millis(self.advanced_ms.load(Relaxed));
        now.saturating_duration_since(advanced_at) < ALIVE_WITHIN
    }

    /// The tick that ended last.
    pub fn tick(&self) -> u32 {
        self.tick.load(Relaxed)
    }

    /// People in the world.
    pub fn people(&self) -> u32 {
        self.people.load(Relaxed)
    }
}

/// A world as the rest of the server sees it: whoever holds it may send it something. It is gone when
/// nobody does.
#[derive(Debug)]
pub struct World {
    /// As it is stored.
    pub source: WorldSource,
    /// How it is doing.
    pub status: WorldStatus,
    /// What is shared of its changes.
    pub building: Building,
    /// The world that it is a draft of.
    home: Option<Arc<World>>,
    is_closed: AtomicBool,
    inbox: SyncSender<ToWorld>,
    depth: AtomicI64,
}

impl World {
    /// A world that does not run yet, and what its thread reads from.
    pub fn new(source: WorldSource) -> (Arc<Self>, Receiver<ToWorld>) {
        Self::with_home(source, None)
    }

    /// As [`World::new`], for a draft of a world.
    pub fn draft(source: WorldSource, home: Arc<World>) -> (Arc<Self>, Receiver<ToWorld>) {
        Self::with_home(source, Some(home))
    }

    fn with_home(source: WorldSource, home: Option<Arc<World>>) -> (Arc<Self>, Receiver<ToWorld>) {
        let (inbox, messages) = sync_channel(INBOX_MESSAGES_MAX);
        let building = Building::new(&source);
        let world = Self {
            source,
            status: WorldStatus::new(),
            building,
            home,
            is_closed: AtomicBool::new(false),
            inbox,
            depth: AtomicI64::new(0),
        };
        (Arc::new(world), messages)
    }

    /// Name in addresses.
    pub fn name(&self) -> &str {
        &self.source.document.name
    }

    /// The world that it is a draft of, if it is one.
    pub fn draft_of(&self) -> Option<&Arc<World>> {
        self.home.as_ref()
    }

    /// Whether it is a draft.
    pub fn is_draft(&self) -> bool {
        self.home.is_some()
    }

    /// The world whose roles and library count in it: of a draft that which it is a draft of, of
    /// others they themselves.
    pub fn home(&self) -> &World {
        self.home.as_deref().unwrap_or(self)
    }

    /// Ends a draft: its people go to its home, and so does whoever is sent to it from now on. Other
    /// worlds do not end while the server runs.
    pub fn close(&self) {
        self.is_closed.store(self.is_draft(), Ordering::Release);
    }

    /// Where its people are to go, when it has ended.
    pub fn heir(&self) -> Option<&Arc<World>> {
        self.home.as_ref().filter(|_| self.is_closed.load(Ordering::Acquire))
    }

    /// Puts a message into the inbox without waiting; gives it back when the inbox is full.
    pub fn send(&self, message: ToWorld) -> Result<(), ToWorld> {
        if let Some(heir) = self.heir() {
            return self.send_on(message, heir);
        }
        match self.inbox.try_send(message) {
            Ok(()) => {
                self.depth.fetch_add(1, Relaxed);
                Ok(())
            }
            Err(TrySendError::Full(message) | TrySendError::Disconnected(message)) => Err(message),
        }
    }

    /// Sends on what was sent to this world, which has ended: to where the person is by now.
    pub fn send_on(&self, message: ToWorld, heir: &Arc<World>) -> Result<(), ToWorld> {
        match &message {
            ToWorld::Arrival(arrival) => arrival.seat.move_on(self, heir).send(message),
            ToWorld::Path { .. } | ToWorld::Intent { .. } => heir.send(message),
            // Its companions are gone; those of the heir are others.
            ToWorld::Mind { .. }
            | ToWorld::Bond { .. }
            | ToWorld::Traits { .. }
            | ToWorld::Word { .. }
            | ToWorld::Forgotten { .. } => Ok(()),
        }
    }

    /// Notes that the thread has taken messages out of the inbox.
    pub fn taken(&self, messages: usize) {
        self.depth.fetch_sub(messages as i64, Relaxed);
    }

    /// Messages that wait.
    pub fn inbox_depth(&self) -> i64 {
        self.depth.load(Relaxed).max(0)
    }
}

/// All worlds that are open: first those of the configuration in its order, then drafts. Shared by
/// everything that routes.
#[derive(Debug)]
pub struct Worlds(RwLock<Vec<Arc<World>>>);

impl Worlds {
    /// These.
    pub fn new(worlds: Vec<Arc<World>>) -> Self {
        Self(RwLock::new(worlds))
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Arc<World>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Arc<World>>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world of a name; the first for an empty one.
    pub fn find(&self, name: &str) -> Option<Arc<World>> {
        let worlds = self.read();
        match name {
            "" => worlds.first().cloned(),
            name => worlds.iter().find(|world| world.name() == name).cloned(),
        }
    }

    /// All of them now.
    pub fn all(&self) -> Vec<Arc<World>> {
        self.read().clone()
    }

    /// One more can be found.
    pub fn open(&self, world: Arc<World>) {
        self.write().push(world);
    }

    /// A draft is not found any more, and has ended.
    pub fn close(&self, draft: &World) {
        draft.close();
        self.write().retain(|world| world.heir().is_none());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_end_is_too_large_and_not_read_for_ever() {
        let told = WorldSource::read(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(told.contains("too large"), "{told}");
    }
}
