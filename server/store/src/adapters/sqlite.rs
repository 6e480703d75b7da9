//! Keeps worlds in a file, with nothing to set up.
//!
//! Write-ahead log with `synchronous=FULL`: a transaction is on the disk when it has ended. One
//! server at a time holds the folder (a lock on a file beside the database, given back by the
//! operating system however the server ends); backups may read meanwhile.

use std::{
    ffi::OsString,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior,
    backup::Backup, config::DbConfig, params,
};
use vivarium_contract::{editing::Role, saving::SavedBatch};

use crate::{
    limits::{BUSY_TIMEOUT, HISTORY_BATCHES_MAX, INVITATIONS_PER_WORLD_MAX},
    port::{
        Draft, Expired, Grant, Invitation, Shelved, StoreError, StoredWorld, Version, WorldStore,
        keys::KeyStore, minds::MindStore, role_number, role_of, spending::SpendingStore,
    },
};

mod drafts;
mod keys;
mod minds;
mod spending;
mod versions;

/// Name of the database in the folder of a server's data.
pub const FILE: &str = "vivarium.sqlite";
const LOCK: &str = "vivarium.lock";

/// Marks the file as ours: "VIVA" as a number, for `file` and other tools.
const APPLICATION_ID: i64 = 0x5649_5641;

/// Each brings the database from the version of its index to the next one. Only append.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE world (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        poses BLOB
    ) STRICT;
    CREATE TABLE snapshot (
        world INTEGER PRIMARY KEY REFERENCES world (id) ON DELETE CASCADE,
        revision INTEGER NOT NULL,
        document BLOB NOT NULL
    ) STRICT;
    CREATE TABLE batch (
        world INTEGER NOT NULL REFERENCES world (id) ON DELETE CASCADE,
        revision INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        author TEXT NOT NULL,
        operations TEXT NOT NULL,
        inverses TEXT NOT NULL,
        PRIMARY KEY (world, revision)
    ) STRICT;
",
    "
    CREATE TABLE role (
        account TEXT NOT NULL,
        world TEXT NOT NULL,
        role INTEGER NOT NULL,
        PRIMARY KEY (account, world)
    ) STRICT;
    CREATE TABLE invitation (
        id INTEGER PRIMARY KEY,
        digest TEXT NOT NULL UNIQUE,
        world TEXT NOT NULL,
        role INTEGER NOT NULL,
        expires_at_ms INTEGER NOT NULL
    ) STRICT;
",
    "
    CREATE TABLE asset (
        world TEXT NOT NULL,
        path TEXT NOT NULL,
        entry BLOB NOT NULL,
        PRIMARY KEY (world, path)
    ) STRICT;
",
    "
    CREATE TABLE version (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        world INTEGER NOT NULL REFERENCES world (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        revision INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        author TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        document BLOB NOT NULL
    ) STRICT;
    CREATE INDEX version_world ON version (world);
",
    "
    ALTER TABLE role ADD COLUMN name TEXT NOT NULL DEFAULT '';
",
    "
    CREATE TABLE draft (
        world INTEGER PRIMARY KEY REFERENCES world (id) ON DELETE CASCADE,
        of TEXT NOT NULL,
        title TEXT NOT NULL,
        author TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        base INTEGER NOT NULL
    ) STRICT;
",
    minds::TABLES,
    keys::TABLES,
    spending::TABLES,
];

/// All worlds, as a name.
const ALL: &str = "";

fn grant_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Grant> {
    let world: String = row.get(1)?;
    let world = (world != ALL).then_some(world);
    Ok(Grant { account: row.get(0)?, world, role: role_of(row.get(2)?), name: row.get(3)? })
}

fn set_role(transaction: &Connection, grant: &Grant) -> Result<(), Failure> {
    let Grant { account, world, role, name } = grant;
    let world = world.as_deref().unwrap_or(ALL);
    if *role == Role::Visitor {
        transaction.execute(
            "DELETE FROM role WHERE account = ?1 AND world = ?2",
            params![account, world],
        )?;
    } else {
        transaction.execute(
            "INSERT INTO role (account, world, role, name) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (account, world) DO UPDATE SET role = excluded.role,
                 name = CASE excluded.name WHEN '' THEN name ELSE excluded.name END",
            params![account, world, role_number(*role), name],
        )?;
    }
    Ok(())
}

/// A database in a file.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    /// The first failure after which nobody knows what is on the disk.
    broken: Option<StoreError>,
    _lock: File,
}

impl SqliteStore {
    /// Opens the database of a folder, which must exist, and brings it up to date; makes one when
    /// there is none.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_with(folder, Connection::open)
    }

    /// As [`SqliteStore::open`], through a virtual file system of SQLite's that was registered under
    /// a name.
    pub fn open_through(folder: &Path, file_system: &str) -> Result<Self, StoreError> {
        Self::open_with(folder, |path| {
            Connection::open_with_flags_and_vfs(path, OpenFlags::default(), file_system)
        })
    }

    fn open_with(
        folder: &Path,
        open: impl FnOnce(PathBuf) -> rusqlite::Result<Connection>,
    ) -> Result<Self, StoreError> {
        let lock = lock(&folder.join(LOCK))?;
        let mut connection = open(folder.join(FILE)).map_err(told)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(told)?;
        prepare(&mut connection)?;
        Ok(Self { connection, broken: None, _lock: lock })
    }

    /// Limits the size of the database, in pages of 4 KiB.
    pub fn limit_pages(&self, pages_max: u32) -> Result<(), StoreError> {
        self.connection.pragma_update(None, "max_page_count", pages_max).map_err(told)
    }

    fn change<T>(
        &mut self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let changed = (|| {
            let transaction =
                self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = act(&transaction)?;
            transaction.commit()?;
            Ok(result)
        })();
        changed.map_err(|failure| {
            let error = match failure {
                Failure::Ours(error) => return error,
                Failure::Theirs(error) => told(error),
            };
            if error.is_final() {
                self.broken = Some(error.clone());
                // Closing would write what may not be there from the log into the database.
                let kept = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
                if let Err(error) = self.connection.set_db_config(kept, true) {
                    tracing::error!(%error, "the log could not be kept as it is");
                }
            }
            error
        })
    }
}

/// Copies the database of a folder into a new file, while a server may be writing to it.
pub fn back_up(folder: &Path, to: &Path) -> Result<(), StoreError> {
    let source = folder.join(FILE);
    if !source.is_file() {
        return Err(StoreError::Foreign(format!("there is no {}", source.display())));
    }
    if to.exists() {
        return Err(StoreError::Occupied(to.display().to_string()));
    }
    let source = Connection::open(source).map_err(told)?;
    source.busy_timeout(BUSY_TIMEOUT).map_err(told)?;
    let mut copy = Connection::open(to).map_err(told)?;
    let backup = Backup::new(&source, &mut copy).map_err(told)?;
    // All in one step: a step that sees a write of another process begins anew.
    backup.step(-1).map_err(told)?;
    drop(backup);
    copy.close().map_err(|(_, error)| told(error))
}

/// Whether a folder has a database, or changes that one has left.
pub fn is_in(folder: &Path) -> bool {
    let file = folder.join(FILE);
    file.exists() || has_changes_beside(&file)
}

/// Whether there are changes beside a database: its log, or what undoes half a transaction.
fn has_changes_beside(file: &Path) -> bool {
    // They lie beside what a link leads to.
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    ["-wal", "-journal"].iter().any(|ending| {
        let mut beside = OsString::from(&file);
        beside.push(ending);
        fs::metadata(beside).is_ok_and(|found| found.len() > 0)
    })
}

/// Whether a file is a backup that can be put back, of this version or an earlier one.
pub fn check_backup(path: &Path) -> Result<(), StoreError> {
    open_backup(path).map(drop)
}

/// Opens a backup, of this version or an earlier one. It is left as it is.
pub(super) fn open_backup(path: &Path) -> Result<Connection, StoreError> {
    let named = || path.display().to_string();
    if !path.is_file() {
        return Err(StoreError::Foreign(format!("there is no {}", named())));
    }
    if has_changes_beside(path) {
        return Err(StoreError::NoBackup(named()));
    }
    let absolute = std::path::absolute(path).ok();
    let text = absolute.as_deref().and_then(Path::to_str);
    let text = text.ok_or_else(|| StoreError::Foreign(named()))?;
    // Nobody writes to a backup; opened otherwise, SQLite would put files beside it.
    let text = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let file = Connection::open_with_flags(format!("file://{text}?immutable=1"), flags);
    let file = file.map_err(told)?;
    // That of a file with nothing in it.
    if check(&file)? == 0 {
        return Err(StoreError::Foreign(format!("{} keeps nothing", named())));
    }
    Ok(file)
}

fn lock(path: &PathBuf) -> Result<File, StoreError> {
    let failed =
        |error: std::io::Error| StoreError::Foreign(format!("{}: {error}", path.display()));
    let file = File::options().create(true).write(true).truncate(false).open(path);
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    let found = check(connection)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(told)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(told)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(told)?;
    migrate(connection, found)
}

/// The newest version of a database.
pub(super) fn known() -> i64 {
    MIGRATIONS.len() as i64
}

/// The version of a database, if it is empty or one of ours that is known here.
pub(super) fn check(connection: &Connection) -> Result<i64, StoreError> {
    let number = |name: &str| {
        connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(told)
    };
    let found = number("user_version")?;
    let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0));
    let tables: i64 = tables.map_err(told)?;
    if tables > 0 && number("application_id")? != APPLICATION_ID {
        return Err(StoreError::Foreign("it was made by another program".into()));
    }
    if found > known() {
        return Err(StoreError::Newer { found, known: known() });
    }
    Ok(found)
}

/// Brings a database from a version to the newest.
pub(super) fn migrate(connection: &mut Connection, found: i64) -> Result<(), StoreError> {
    if found == known() {
        return Ok(());
    }
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Exclusive).map_err(told)?;
    for migration in &MIGRATIONS[usize::try_from(found).unwrap_or_default()..] {
        transaction.execute_batch(migration).map_err(told)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(told)?;
    transaction.pragma_update(None, "user_version", known()).map_err(told)?;
    transaction.commit().map_err(told)
}

/// Why a transaction did not end well.
enum Failure {
    Ours(StoreError),
    Theirs(rusqlite::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Ours(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Theirs(error)
    }
}

/// What an error of SQLite means to us.
pub(super) fn told(error: rusqlite::Error) -> StoreError {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::TooBig) => StoreError::Full(text),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreError::Foreign(text),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::InUse(text),
        _ => StoreError::Broken(text),
    }
}

/// Numbers of SQLite have a sign.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn id_of(transaction: &Connection, world: &str) -> Result<i64, Failure> {
    let mut find = transaction.prepare_cached("SELECT id FROM world WHERE name = ?1")?;
    let id = find.query_row([world], |row| row.get(0)).optional()?;
    Ok(id.ok_or_else(|| StoreError::NoWorld(world.to_owned()))?)
}

fn last_of(transaction: &Connection, id: i64) -> rusqlite::Result<u64> {
    // A snapshot stays when all batches have gone.
    let mut find = transaction.prepare_cached(
        "SELECT max(coalesce((SELECT max(revision) FROM batch WHERE world = ?1), 0),
                    coalesce((SELECT revision FROM snapshot WHERE world = ?1), 0))",
    )?;
    find.query_row([id], |row| row.get(0))
}

fn batch_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<SavedBatch> {
    Ok(SavedBatch {
        revision: row.get(0)?,
        at_ms: row.get(1)?,
        author: row.get(2)?,
        operations: row.get(3)?,
        inverses: row.get(4)?,
        grants: Vec::new(),
        ends_draft: None,
    })
}

/// A new world; gives its id.
fn create(transaction: &Connection, world: &str, document: &[u8]) -> Result<i64, Failure> {
    match id_of(transaction, world) {
        Ok(_) => return Err(StoreError::Exists(world.to_owned()).into()),
        Err(Failure::Ours(StoreError::NoWorld(_))) => {}
        Err(failure) => return Err(failure),
    }
    transaction.execute("INSERT INTO world (name) VALUES (?1)", [world])?;
    let id = transaction.last_insert_rowid();
    transaction.execute(
        "INSERT INTO snapshot (world, revision, document) VALUES (?1, 0, ?2)",
        params![id, document],
    )?;
    Ok(id)
}

impl WorldStore for SqliteStore {
    fn worlds(&mut self) -> Result<Vec<String>, StoreError> {
        self.change(|transaction| {
            let mut find = transaction.prepare_cached("SELECT name FROM world ORDER BY name")?;
            let names = find.query_map([], |row| row.get(0))?;
            Ok(names.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn create(&mut self, world: &str, document: &[u8]) -> Result<(), StoreError> {
        self.change(|transaction| create(transaction, world, document).map(drop))
    }

    fn load(&mut self, world: &str) -> Result<Option<StoredWorld>, StoreError> {
        self.change(|transaction| {
            let id = match id_of(transaction, world) {
                Ok(id) => id,
                Err(Failure::Ours(StoreError::NoWorld(_))) => return Ok(None),
                Err(failure) => return Err(failure),
            };
            let (revision, document): (u64, Vec<u8>) = transaction.query_row(
                "SELECT revision, document FROM snapshot WHERE world = ?1",
                [id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let mut find = transaction.prepare_cached(
                "SELECT revision, at_ms, author, operations, inverses FROM batch
                 WHERE world = ?1 AND revision > ?2 ORDER BY revision",
            )?;
            let batches = find.query_map(params![id, revision], batch_of)?;
            let batches = batches.collect::<rusqlite::Result<_>>()?;
            Ok(Some(StoredWorld { revision, document, batches }))
        })
    }

    fn append(&mut self, batches: &[(String, SavedBatch)]) -> Result<(), StoreError> {
        self.change(|transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO batch (world, revision, at_ms, author, operations, inverses)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for (world, batch) in batches {
                let id = id_of(transaction, world)?;
                let last = last_of(transaction, id)?;
                let found = batch.revision;
                if found != last + 1 {
                    return Err(StoreError::Gap { world: world.clone(), last, found }.into());
                }
                let SavedBatch { at_ms, author, operations, inverses, .. } = batch;
                insert.execute(params![id, found, at_ms, author, operations, inverses])?;
                for grant in &batch.grants {
                    set_role(transaction, &Grant::of(world, grant))?;
                }
                if let Some(draft) = &batch.ends_draft {
                    drafts::end(transaction, draft)?;
                }
            }
            Ok(())
        })
    }

    fn snapshot(&mut self, world: &str, revision: u64, document: &[u8]) -> Result<(), StoreError> {
        self.change(|transaction| {
            let id = id_of(transaction, world)?;
            let last = last_of(transaction, id)?;
            if revision > last {
                let world = world.to_owned();
                return Err(StoreError::Gap { world, last, found: revision }.into());
            }
            transaction.execute(
                "UPDATE snapshot SET revision = ?2, document = ?3
                 WHERE world = ?1 AND revision <= ?2",
                params![id, revision, document],
            )?;
            Ok(())
        })
    }

    fn history(
        &mut self,
        world: &str,
        before: u64,
        count: u32,
    ) -> Result<Vec<SavedBatch>, StoreError> {
        self.change(|transaction| {
            let id = id_of(transaction, world)?;
            let mut find = transaction.prepare_cached(
                "SELECT revision, at_ms, author, operations, inverses FROM batch
                 WHERE world = ?1 AND revision < ?2 ORDER BY revision DESC LIMIT ?3",
            )?;
            let count = count.min(HISTORY_BATCHES_MAX);
            let batches = find.query_map(params![id, signed(before), count], batch_of)?;
            Ok(batches.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn expire(&mut self, world: &str, expired: Expired, count: u32) -> Result<u32, StoreError> {
        self.change(|transaction| versions::expire(transaction, world, expired, count))
    }

    fn versions(&mut self, world: &str) -> Result<Vec<Version>, StoreError> {
        self.change(|transaction| versions::all(transaction, world))
    }

    fn keep_version(
        &mut self,
        world: &str,
        version: &Version,
        document: &[u8],
    ) -> Result<u64, StoreError> {
        self.change(|transaction| versions::keep(transaction, world, version, document))
    }

    fn version(&mut self, world: &str, id: u64) -> Result<Option<(Version, Vec<u8>)>, StoreError> {
        self.change(|transaction| versions::one(transaction, world, id))
    }

    fn delete_version(&mut self, world: &str, id: u64) -> Result<(), StoreError> {
        self.change(|transaction| versions::delete(transaction, world, id))
    }

    fn drafts(&mut self) -> Result<Vec<Draft>, StoreError> {
        self.change(|transaction| drafts::all(transaction))
    }

    fn begin_draft(&mut self, draft: &Draft, document: &[u8]) -> Result<u64, StoreError> {
        self.change(|transaction| drafts::begin(transaction, draft, document))
    }

    fn end_draft(&mut self, world: &str) -> Result<bool, StoreError> {
        self.change(|transaction| drafts::end(transaction, world))
    }

    fn save_poses(&mut self, world: &str, poses: &[u8]) -> Result<(), StoreError> {
        self.change(|transaction| {
            let id = id_of(transaction, world)?;
            transaction.execute("UPDATE world SET poses = ?2 WHERE id = ?1", params![id, poses])?;
            Ok(())
        })
    }

    fn poses(&mut self, world: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.change(|transaction| {
            let id = id_of(transaction, world)?;
            let poses =
                transaction
                    .query_row("SELECT poses FROM world WHERE id = ?1", [id], |row| row.get(0))?;
            Ok(poses)
        })
    }

    fn grants(&mut self) -> Result<Vec<Grant>, StoreError> {
        self.change(|transaction| {
            let mut find = transaction.prepare_cached(
                "SELECT account, world, role, name FROM role ORDER BY account, world",
            )?;
            let grants = find.query_map([], grant_of)?;
            Ok(grants.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn grant(&mut self, grant: &Grant) -> Result<(), StoreError> {
        self.change(|transaction| set_role(transaction, grant))
    }

    fn rename(&mut self, account: &str, name: &str) -> Result<(), StoreError> {
        self.change(|transaction| {
            let query = "UPDATE role SET name = ?2 WHERE account = ?1";
            transaction.execute(query, params![account, name])?;
            Ok(())
        })
    }

    fn invite(&mut self, invitation: &Invitation, now_ms: u64) -> Result<(), StoreError> {
        self.change(|transaction| {
            transaction.execute("DELETE FROM invitation WHERE expires_at_ms <= ?1", [now_ms])?;
            let Invitation { digest, world, role, expires_at_ms } = invitation;
            let world = world.as_deref().unwrap_or(ALL);
            transaction.execute(
                "INSERT INTO invitation (digest, world, role, expires_at_ms)
                 VALUES (?1, ?2, ?3, ?4)",
                params![digest, world, role_number(*role), expires_at_ms],
            )?;
            transaction.execute(
                "DELETE FROM invitation WHERE world = ?1 AND id <=
                 (SELECT id FROM invitation WHERE world = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                params![world, INVITATIONS_PER_WORLD_MAX as i64],
            )?;
            Ok(())
        })
    }

    fn redeem(
        &mut self,
        digest: &str,
        account: &str,
        name: &str,
        now_ms: u64,
    ) -> Result<Option<Grant>, StoreError> {
        self.change(|transaction| {
            let found: Option<(String, i64)> = transaction
                .query_row(
                    "DELETE FROM invitation WHERE digest = ?1 AND expires_at_ms > ?2
                     RETURNING world, role",
                    params![digest, now_ms],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            let Some((world, role)) = found else { return Ok(None) };
            let grant = transaction.query_row(
                "INSERT INTO role (account, world, role, name) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (account, world) DO UPDATE SET role = max(role, excluded.role),
                     name = CASE excluded.name WHEN '' THEN name ELSE excluded.name END
                 RETURNING account, world, role, name",
                params![account, world, role, name],
                grant_of,
            )?;
            Ok(Some(grant))
        })
    }

    fn shelved(&mut self) -> Result<Vec<Shelved>, StoreError> {
        self.change(|transaction| {
            let mut find = transaction
                .prepare_cached("SELECT world, path, entry FROM asset ORDER BY world, path")?;
            let found = find.query_map([], |row| {
                Ok(Shelved { world: row.get(0)?, path: row.get(1)?, entry: row.get(2)? })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn shelve(&mut self, asset: &Shelved) -> Result<(), StoreError> {
        self.change(|transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO asset (world, path, entry) VALUES (?1, ?2, ?3)",
                params![asset.world, asset.path, asset.entry],
            )?;
            Ok(())
        })
    }

    fn unshelve(&mut self, world: &str, path: &str) -> Result<(), StoreError> {
        self.change(|transaction| {
            let query = "DELETE FROM asset WHERE world = ?1 AND path = ?2";
            transaction.execute(query, params![world, path])?;
            Ok(())
        })
    }

    fn minds(&mut self) -> &mut dyn MindStore {
        self
    }

    fn api_keys(&mut self) -> &mut dyn KeyStore {
        self
    }

    fn spending(&mut self) -> &mut dyn SpendingStore {
        self
    }
}
