//! Worlds that were changed: their documents and operations, kept in the data folder.
//!
//! A world that was never changed is read from the assets at every start; from its first change on
//! the kept one counts.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use vivarium_contract::saving::{SavedBatch, SavedPose};
use vivarium_protocol::wire;
use vivarium_scene::{
    limits::DOCUMENT_BYTES_MAX,
    load::{self, DocumentError},
    operation::{Operation, number},
    scene::{BatchRefusal, Scene},
};
use vivarium_store::{
    adapters::{
        postgres::PostgresStore,
        sqlite::{self, SqliteStore},
    },
    keeper::Keeper,
    limits::BATCH_BYTES_MAX,
    port::{Draft, StoreError, StoredWorld, WorldStore},
};

use crate::{
    building::table::{RefusedRole, RoleTable, granted},
    limits::{
        HISTORY_PAGE_BATCHES, HISTORY_WALK_BATCHES_MAX, OPERATIONS_PER_BATCH_MAX, SNAPSHOT_BATCHES,
    },
    worlds::{self, OpenError, WorldSource, now_ms},
};

/// Why a kept world could not be found or changed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file or folder could not be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What was asked for makes no sense.
    #[error("{path}: {reason}")]
    Operations {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// An operation cannot be done.
    #[error(transparent)]
    Refused(#[from] BatchRefusal),
    /// A role is not what it is said to be, or cannot be changed.
    #[error(transparent)]
    Role(#[from] RefusedRole),
    /// What is kept cannot be read.
    #[error("the world {world:?} is kept, but damaged at revision {revision}: {reason}")]
    Damaged {
        /// Which.
        world: String,
        /// Where.
        revision: u64,
        /// What is wrong.
        reason: String,
    },
    /// The world would become larger than a document may be.
    #[error(
        "the world would have {bytes} bytes as a document: at most {DOCUMENT_BYTES_MAX} are allowed"
    )]
    TooLarge {
        /// Of its document.
        bytes: usize,
    },
    /// A world of the assets cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no such world.
    #[error("there is no world {name:?}, neither in {assets} nor among those that are kept")]
    NoWorld {
        /// Which.
        name: String,
        /// Where it was looked for.
        assets: PathBuf,
    },
    /// Nobody writes any more.
    #[error("the server is shutting down")]
    Ended,
    /// There is a database already.
    #[error("there is a database in {0} already: move it away first")]
    Occupied(PathBuf),
}

/// The kept worlds of one data folder.
pub struct Kept {
    store: Box<dyn WorldStore>,
}

impl Kept {
    /// Opens the data folder; it is made when missing.
    pub fn open(data: &Path) -> Result<Self, KeptError> {
        std::fs::create_dir_all(data)
            .map_err(|error| KeptError::File { path: data.to_owned(), error })?;
        Ok(Self { store: Box::new(SqliteStore::open(data)?) })
    }

    /// Opens a database of PostgreSQL if one is named, and else the data folder. Waits for it: not
    /// to be called where nothing may wait.
    pub fn open_any(data: &Path, database: Option<&str>) -> Result<Self, KeptError> {
        match database {
            Some(url) => Ok(Self { store: Box::new(PostgresStore::open(url)?) }),
            None => Self::open(data),
        }
    }

    /// The worlds of `names` as they were left, in that order, and then their drafts; without names
    /// all of the assets and all that are kept besides, the plaza first. One that is damaged does not keep the others from
    /// being opened.
    pub fn open_worlds(
        &mut self,
        assets: &Path,
        names: &[String],
    ) -> Result<Vec<WorldSource>, KeptError> {
        let mut wanted: Vec<String> = Vec::new();
        let all = match names {
            [] => worlds::names(assets)?.into_iter().chain(self.store.worlds()?).collect(),
            names => names.to_vec(),
        };
        let drafts = self.store.drafts()?;
        for name in all {
            let is_draft = drafts.iter().any(|draft| draft.world == name);
            if !is_draft && !wanted.contains(&name) {
                wanted.push(name);
            }
        }
        if wanted.is_empty() {
            return Err(OpenError::None(assets.join("worlds")).into());
        }
        let (mut opened, mut failure) = (Vec::new(), None);
        for name in &wanted {
            match self.open_world(assets, name) {
                Err(error @ KeptError::Damaged { .. }) => {
                    tracing::error!(%error, "the world is not opened: restore a backup");
                    // Of one that is kept alone there is nothing to be shown.
                    let source = worlds::find(assets, name)?;
                    opened.extend(source.map(|source| WorldSource { is_damaged: true, ..source }));
                    failure.get_or_insert(error);
                }
                source => opened.push(source?),
            }
        }
        match failure {
            Some(error) if opened.iter().all(|source| source.is_damaged) => return Err(error),
            _ => {}
        }
        for draft in drafts {
            let Draft { world, of, .. } = &draft;
            if opened.iter().all(|source| source.document.name != *of) {
                tracing::warn!(
                    draft = world,
                    world = of,
                    "the draft is not opened: nor is its world"
                );
                continue;
            }
            match self.open_draft(draft) {
                // It can still be discarded.
                Err(error @ KeptError::Damaged { .. }) => {
                    tracing::error!(%error, "the draft is not opened");
                }
                source => opened.push(source?),
            }
        }
        Ok(opened)
    }

    /// A draft as it was left.
    fn open_draft(&mut self, draft: Draft) -> Result<WorldSource, KeptError> {
        let (stored, poses) = left(&mut *self.store, &draft.world)?;
        let stored = stored.ok_or_else(|| StoreError::NoWorld(draft.world.clone()))?;
        let source = WorldSource::from_json(stored.document.clone().into())
            .map_err(|error| damaged(&draft.world, stored.revision, error))?;
        as_left(WorldSource { draft: Some(draft), ..source }, Some(&stored), poses)
    }

    /// A world as it was left: of the assets, or one that is kept alone.
    pub fn open_world(&mut self, assets: &Path, name: &str) -> Result<WorldSource, KeptError> {
        if let Some(source) = worlds::find(assets, name)? {
            return self.restored(source);
        }
        let (stored, poses) = left(&mut *self.store, name)?;
        let missing =
            || KeptError::NoWorld { name: name.to_owned(), assets: assets.join("worlds") };
        let stored = stored.ok_or_else(missing)?;
        let source = WorldSource::from_json(stored.document.clone().into())
            .map_err(|error| damaged(name, stored.revision, error))?;
        as_left(source, Some(&stored), poses)
    }

    /// The world as it is to be opened: as it was left, or as in the assets if it was never changed.
    pub fn restored(&mut self, source: WorldSource) -> Result<WorldSource, KeptError> {
        let (stored, poses) = left(&mut *self.store, &source.document.name)?;
        let is_long = stored.as_ref().is_some_and(|kept| kept.batches.len() >= SNAPSHOT_BATCHES);
        if let Some(stored) = stored.as_ref().filter(|stored| !is_changed(stored))
            && stored.document[..] != source.json[..]
        {
            // The assets are others now: the first change goes on from these.
            self.store.snapshot(&source.document.name, 0, &source.json)?;
        }
        let left = as_left(source, stored.as_ref(), poses)?;
        if is_long {
            self.store.snapshot(&left.document.name, left.revision, &left.json)?;
        }
        Ok(left)
    }

    /// Does all operations, or none, and keeps them; gives the revision that they made.
    pub fn apply(
        &mut self,
        source: &WorldSource,
        author: &str,
        mut operations: Vec<Operation>,
    ) -> Result<u64, KeptError> {
        let name = &source.document.name;
        let stored = self.store.load(name)?;
        let (mut scene, last) = match stored {
            Some(stored) if is_changed(&stored) => replay(name, &stored)?,
            _ => (Scene::new((*source.document).clone()), 0),
        };
        let first = (last == 0).then(|| as_json(&scene));
        number(&mut operations, scene.next_object());
        let grants = granted(&operations);
        if !grants.is_empty() {
            let roles: RoleTable = self.store.grants()?.into_iter().collect();
            roles.check(name, &operations)?;
        }
        let inverses = scene.apply_all(operations.clone())?;
        let bytes = as_json(&scene).len();
        if bytes > DOCUMENT_BYTES_MAX {
            return Err(KeptError::TooLarge { bytes });
        }
        if let Some(first) = first {
            begin(&mut *self.store, name, &first)?;
        }
        let batch = SavedBatch {
            revision: last + 1,
            at_ms: now_ms(),
            author: author.to_owned(),
            operations: text_of(&operations),
            inverses: text_of(&inverses),
            grants,
            ends_draft: None,
        };
        self.store.append(&[(name.clone(), batch)])?;
        Ok(last + 1)
    }

    /// The database alone.
    pub fn into_store(self) -> Box<dyn WorldStore> {
        self.store
    }
}

/// Something that waits for the disk.
pub(crate) async fn beside<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, KeptError> + Send + 'static,
) -> Result<T, KeptError> {
    tokio::task::spawn_blocking(act).await.map_err(|_| KeptError::Ended)?
}

/// Reads the operations of a file: a JSON list.
pub fn read_operations(path: &Path) -> Result<Vec<Operation>, KeptError> {
    let mut json = Vec::new();
    let limit = BATCH_BYTES_MAX as u64 + 1;
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut json))
        .map_err(|error| KeptError::File { path: path.to_owned(), error })?;
    let wrong = |reason: String| KeptError::Operations { path: path.to_owned(), reason };
    if json.len() > BATCH_BYTES_MAX {
        return Err(wrong(format!("it is too large: at most {BATCH_BYTES_MAX} bytes are allowed")));
    }
    let mut reader = serde_json::Deserializer::from_slice(&json);
    let operations: Vec<Operation> = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| wrong(format!("{}: {}", error.path(), error.inner())))?;
    reader.end().map_err(|error| wrong(error.to_string()))?;
    if operations.len() > OPERATIONS_PER_BATCH_MAX {
        let text = format!(
            "{} operations are too many: at most {OPERATIONS_PER_BATCH_MAX} are allowed",
            operations.len()
        );
        return Err(wrong(text));
    }
    Ok(operations)
}

/// Puts a backup into a data folder that has no database yet.
pub fn restore_backup(from: &Path, data: &Path) -> Result<(), KeptError> {
    let file = |path: &Path| {
        let path = path.to_owned();
        move |error| KeptError::File { path, error }
    };
    // What an earlier database has left would be taken for this one's.
    if sqlite::is_in(data) {
        return Err(KeptError::Occupied(data.to_owned()));
    }
    sqlite::check_backup(from)?;
    std::fs::create_dir_all(data).map_err(file(data))?;
    let to = data.join(sqlite::FILE);
    std::fs::copy(from, &to).map_err(file(from))?;
    if let Err(error) = SqliteStore::open(data) {
        // Of no use to anybody; the backup itself is where it was.
        let _ = std::fs::remove_file(&to);
        return Err(error.into());
    }
    Ok(())
}

/// A world as it was left, and where its loose things were.
pub(crate) type Left = (Option<StoredWorld>, Option<KeptPoses>);

/// What is kept of a world.
pub(crate) fn left(store: &mut dyn WorldStore, name: &str) -> Result<Left, StoreError> {
    let Some(stored) = store.load(name)? else { return Ok((None, None)) };
    let poses = store.poses(name)?;
    let poses = poses.map(|poses| read_poses(store, name, &stored, &poses)).transpose()?;
    Ok((Some(stored), poses.flatten()))
}

/// The world as it was left, or as in the assets if it was never changed.
pub(crate) fn as_left(
    source: WorldSource,
    stored: Option<&StoredWorld>,
    poses: Option<KeptPoses>,
) -> Result<WorldSource, KeptError> {
    let Some(stored) = stored.filter(|stored| is_changed(stored)) else {
        // That of the assets may be another one by now.
        let original = digest_of(&source.json);
        let poses = poses.filter(|poses| poses.opened == original);
        let poses = poses.map(|kept| kept.poses).unwrap_or_default();
        return Ok(WorldSource { poses, ..source });
    };
    let name = &source.document.name;
    let (scene, revision) = replay(name, stored)?;
    let left = as_source(&scene).map_err(|error| damaged(name, revision, error))?;
    let poses = poses.map(|kept| kept.poses).unwrap_or_default();
    let WorldSource { client_bytes_per_s_max, draft, .. } = source;
    Ok(WorldSource { client_bytes_per_s_max, draft, revision, poses, ..left })
}

/// Has the document of a world kept as it is at the newest kept revision, so that less is done again
/// when it is opened; gives the revision. Made from the log, not from the running world: that may
/// hold what is not kept yet, or never will be. Waits for the disk.
pub(crate) fn keep_snapshot(keeper: &Keeper, name: &str) -> Result<u64, KeptError> {
    let (scene, revision) = newest(keeper, name)?;
    let (json, name) = (as_json(&scene), name.to_owned());
    // The world's own people are not to wait while it goes.
    drop(scene);
    let kept = keeper.ask(move |store| store.snapshot(&name, revision, &json));
    kept.ok_or(KeptError::Ended)??;
    Ok(revision)
}

/// A kept world as it is at its newest kept revision. Waits for the disk.
pub(crate) fn newest(keeper: &Keeper, name: &str) -> Result<(Scene, u64), KeptError> {
    let world = name.to_owned();
    let stored = keeper.ask(move |store| store.load(&world)).ok_or(KeptError::Ended)??;
    replay(name, &stored.ok_or_else(|| StoreError::NoWorld(name.to_owned()))?)
}

/// Where loose things of a world were when it was at a revision.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptPoses {
    /// Of the document that the server had opened.
    opened: [u8; 16],
    revision: u64,
    poses: Vec<SavedPose>,
}

fn digest_of(json: &[u8]) -> [u8; 16] {
    let mut digest = [0; 16];
    digest.copy_from_slice(&blake3::hash(json).as_bytes()[..16]);
    digest
}

/// Poses as they are kept; `opened` is the document that the server has opened.
pub(crate) fn write_poses(opened: &[u8], revision: u64, poses: Vec<SavedPose>) -> Vec<u8> {
    wire::encode(&KeptPoses { opened: digest_of(opened), revision, poses })
}

/// Kept poses, without those of objects that were edited later. What cannot be read is as good as
/// not kept; so are all of them when it is not known any more what was edited.
fn read_poses(
    store: &mut dyn WorldStore,
    name: &str,
    stored: &StoredWorld,
    bytes: &[u8],
) -> Result<Option<KeptPoses>, StoreError> {
    let Ok(mut kept) = wire::decode::<KeptPoses>(bytes, bytes.len()) else {
        tracing::warn!(world = name, "where loose things were left cannot be read");
        return Ok(None);
    };
    let mut edited = BTreeSet::new();
    let mut note = |batches: &[SavedBatch]| {
        for batch in batches.iter().filter(|batch| batch.revision > kept.revision) {
            let operations: Vec<Operation> =
                serde_json::from_str(&batch.operations).unwrap_or_default();
            edited.extend(operations.iter().filter_map(Operation::object));
        }
    };
    note(&stored.batches);
    // A snapshot may be newer than the poses: what came before it counts as well.
    let mut before = stored.revision + 1;
    let is_known = loop {
        if before <= kept.revision + 1 {
            break true;
        }
        let batches = store.history(name, before, HISTORY_PAGE_BATCHES)?;
        let Some(oldest) = batches.last().filter(|_| batches[0].revision + 1 == before) else {
            break false;
        };
        before = oldest.revision;
        note(&batches);
        if stored.revision.saturating_sub(before) > HISTORY_WALK_BATCHES_MAX {
            break false;
        }
    };
    kept.poses.retain(|pose| is_known && !edited.contains(&pose.object));
    Ok(Some(kept))
}

/// Keeps the document from which the first change of a world goes on.
pub(crate) fn begin(
    store: &mut dyn WorldStore,
    name: &str,
    document: &[u8],
) -> Result<(), StoreError> {
    match store.load(name)? {
        None => store.create(name, document),
        // It was to be changed once before, which did not come to pass.
        Some(stored) if !is_changed(&stored) => store.snapshot(name, 0, document),
        Some(_) => Ok(()),
    }
}

pub(crate) fn is_changed(stored: &StoredWorld) -> bool {
    stored.revision > 0 || !stored.batches.is_empty()
}

pub(crate) fn damaged(world: &str, revision: u64, reason: impl ToString) -> KeptError {
    KeptError::Damaged { world: world.to_owned(), revision, reason: reason.to_string() }
}

/// The document of a kept world with everything done that came after it.
pub(crate) fn replay(name: &str, stored: &StoredWorld) -> Result<(Scene, u64), KeptError> {
    let mut revision = stored.revision;
    let document =
        load::from_json(&stored.document).map_err(|error| damaged(name, revision, error))?;
    let mut scene = Scene::new(document);
    for batch in &stored.batches {
        revision = batch.revision;
        let operations: Vec<Operation> = serde_json::from_str(&batch.operations)
            .map_err(|error| damaged(name, revision, error))?;
        scene.apply_all(operations).map_err(|error| damaged(name, revision, error))?;
    }
    Ok((scene, revision))
}

fn as_source(scene: &Scene) -> Result<WorldSource, DocumentError> {
    WorldSource::from_json(as_json(scene).into())
}

pub(crate) fn as_json(scene: &Scene) -> Vec<u8> {
    serde_json::to_vec(&scene.document()).expect("a document has only names as keys")
}

fn text_of(operations: &[Operation]) -> String {
    serde_json::to_string(operations).expect("operations have only names as keys")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::puppet::source;

    fn operations(json: serde_json::Value) -> Vec<Operation> {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_changed_world_is_found_as_it_was_left() {
        let folder = tempfile::tempdir().unwrap();
        let original = source("plaza");
        let mut kept = Kept::open(folder.path()).unwrap();
        assert_eq!(kept.restored(original.clone()).unwrap().json, original.json, "never changed");
        let build = operations(serde_json::json!([
            { "create": { "object": 1_u32 << 31, "value": { "name": "post" } } },
            { "rename": { "object": 1_u32 << 31, "name": "pillar" } },
            { "title": { "title": "Court", "description": "" } },
        ]));
        assert_eq!(kept.apply(&original, "ana", build.clone()).unwrap(), 1);
        let refused = kept.apply(&original, "ana", build).unwrap_err();
        assert!(refused.to_string().contains("operations[1]"), "{refused}");
        let more = operations(serde_json::json!([{ "lock": { "object": 0, "locked": true } }]));
        assert_eq!(kept.apply(&original, "bo", more).unwrap(), 2);
        let busy = Kept::open(folder.path()).err().expect("one server at a time");
        assert!(busy.to_string().contains("another server"), "{busy}");
        drop(kept);

        let copy = folder.path().join("copy.sqlite");
        sqlite::back_up(folder.path(), &copy).unwrap();
        let occupied = restore_backup(&copy, folder.path()).unwrap_err();
        assert!(matches!(occupied, KeptError::Occupied(_)), "{occupied}");
        let elsewhere = tempfile::tempdir().unwrap();
        restore_backup(&copy, elsewhere.path()).unwrap();
        for data in [folder.path(), elsewhere.path()] {
            let left = Kept::open(data).unwrap().restored(original.clone()).unwrap().document;
            assert_eq!(left.title, "Court");
            let names: Vec<_> =
                left.objects.iter().filter_map(|object| object.name.as_deref()).collect();
            assert!(names.contains(&"pillar"), "{names:?}");
            assert!(left.objects[0].locked);
        }
        std::fs::write(&copy, "no database").unwrap();
        let third = tempfile::tempdir().unwrap();
        restore_backup(&copy, third.path()).unwrap_err();
        assert!(!third.path().join(sqlite::FILE).exists(), "nothing is left of it");
    }

    #[test]
    fn a_draft_is_opened_with_its_world_and_never_without() {
        let folder = tempfile::tempdir().unwrap();
        let assets = folder.path().join("assets");
        std::fs::create_dir_all(assets.join("worlds")).unwrap();
        std::fs::write(assets.join("worlds/plaza.json"), &source("plaza").json).unwrap();
        let mut kept = Kept::open(&folder.path().join("data")).unwrap();
        for of in ["plaza", "garden"] {
            let world = format!("{of}-draft-1");
            let draft = Draft {
                world: world.clone(),
                of: of.into(),
                title: "Lamps".into(),
                author: "ana Ana".into(),
                at_ms: 1,
                base: 0,
            };
            kept.store.begin_draft(&draft, &source(&world).json).unwrap();
        }
        let opened = kept.open_worlds(&assets, &[]).unwrap();
        let opened: Vec<(&str, bool)> =
            opened.iter().map(|one| (&*one.document.name, one.draft.is_some())).collect();
        assert_eq!(opened, [("plaza", false), ("plaza-draft-1", true)]);
        let alone = kept.open_worlds(&assets, &["plaza-draft-1".to_owned()]).unwrap_err();
        assert!(matches!(alone, KeptError::Open(OpenError::None(_))), "{alone}");
    }

    #[test]
    fn files_of_operations_are_refused_with_the_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("change.json");
        for (text, reason) in [
            ("", "EOF"),
            ("{}", "expected a sequence"),
            (r#"[{"delete":{"object":1}},{"explode":{}}]"#, "[1]"),
            (r#"[{"place":{"object":1,"position_m":[0,0]}}]"#, "[0].place.position_m"),
            ("[] []", "trailing"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = read_operations(&path).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
        let many = format!("[{}]", vec![r#"{"delete":{"object":1}}"#; 20_001].join(","));
        std::fs::write(&path, many).unwrap();
        assert!(read_operations(&path).unwrap_err().to_string().contains("too many"));
        read_operations(&folder.path().join("nowhere")).unwrap_err();
    }
}
