//! Keeps worlds in PostgreSQL, for more than one machine.
//!
//! One server at a time writes (an advisory lock of its session, given back by the database however
//! the server ends, and by us when it ends in an orderly way, so that the next one need not wait). A
//! connection that is lost while nothing was being committed is made again; one that is lost in a
//! commit leaves in doubt what is kept, and is final.

use postgres::{Client, Config, IsolationLevel, NoTls, Row, Transaction, error::SqlState};
use vivarium_contract::{editing::Role, saving::SavedBatch};

use crate::{
    limits::{HISTORY_BATCHES_MAX, INVITATIONS_PER_WORLD_MAX, SILENCE_MAX},
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

/// Each brings the database from the version of its index to the next one. Only append.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE world (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        poses BYTEA
    );
    CREATE TABLE snapshot (
        world BIGINT PRIMARY KEY REFERENCES world (id) ON DELETE CASCADE,
        revision BIGINT NOT NULL,
        document BYTEA NOT NULL
    );
    CREATE TABLE batch (
        world BIGINT NOT NULL REFERENCES world (id) ON DELETE CASCADE,
        revision BIGINT NOT NULL,
        at_ms BIGINT NOT NULL,
        author TEXT NOT NULL,
        operations TEXT NOT NULL,
        inverses TEXT NOT NULL,
        PRIMARY KEY (world, revision)
    );
    CREATE TABLE role (
        account TEXT NOT NULL,
        world TEXT NOT NULL,
        role BIGINT NOT NULL,
        PRIMARY KEY (account, world)
    );
    CREATE TABLE invitation (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        digest TEXT NOT NULL UNIQUE,
        world TEXT NOT NULL,
        role BIGINT NOT NULL,
        expires_at_ms BIGINT NOT NULL
    );
",
    "
    CREATE TABLE asset (
        world TEXT NOT NULL,
        path TEXT NOT NULL,
        entry BYTEA NOT NULL,
        PRIMARY KEY (world, path)
    );
",
    "
    CREATE TABLE named (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        world BIGINT NOT NULL REFERENCES world (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        revision BIGINT NOT NULL,
        at_ms BIGINT NOT NULL,
        author TEXT NOT NULL,
        bytes BIGINT NOT NULL,
        document BYTEA NOT NULL
    );
    CREATE INDEX named_world ON named (world);
",
    "
    CREATE TABLE holder (mark TEXT NOT NULL);
",
    "
    ALTER TABLE role ADD COLUMN name TEXT NOT NULL DEFAULT '';
",
    "
    CREATE TABLE draft (
        world BIGINT PRIMARY KEY REFERENCES world (id) ON DELETE CASCADE,
        of TEXT NOT NULL,
        title TEXT NOT NULL,
        author TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        base BIGINT NOT NULL
    );
",
    minds::TABLES,
    keys::TABLES,
    spending::TABLES,
];

/// Everything is in a schema of this name.
const SCHEMA: &str = "vivarium";
/// Of the advisory lock: "VIVA" as a number.
const LOCK: i64 = 0x5649_5641;
/// All worlds, as a name.
const ALL: &str = "";

/// A database in PostgreSQL.
pub struct PostgresStore {
    url: String,
    client: Client,
    /// What this server has written into the database when it opened it: another one that opens it
    /// while the connection is lost writes something else.
    mark: String,
    /// The first failure after which nobody knows what is kept.
    broken: Option<StoreError>,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address may hold a password.
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Connects, as in `postgresql://USER:PASSWORD@HOST/DATABASE`, and brings the database up to date.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let mut client = connect(url)?;
        let mark = take(&mut client).map_err(|error| told(&error))?;
        Ok(Self { url: url.to_owned(), client, mark, broken: None })
    }

    fn change<T>(
        &mut self,
        act: impl FnOnce(&mut Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        // Asked for, since a connection that was lost is known as such only when it is used.
        if self.client.check_connection().is_err() || self.client.is_closed() {
            let mut client = connect(&self.url)?;
            let query = "SELECT mark FROM holder";
            let found = client.query_opt(query, &[]).map_err(|error| told(&error))?;
            if found.is_none_or(|found| found.get::<_, String>(0) != self.mark) {
                let text = "another server has used it since the connection was lost";
                self.broken = Some(StoreError::Broken(text.into()));
                return Err(StoreError::Broken(text.into()));
            }
            self.client = client;
        }
        let level = IsolationLevel::Serializable;
        let mut transaction = self
            .client
            .build_transaction()
            .isolation_level(level)
            .start()
            .map_err(|error| told(&error))?;
        let result = act(&mut transaction).map_err(|failure| match failure {
            Failure::Ours(error) => error,
            Failure::Theirs(error) => told(&error),
        })?;
        if let Err(error) = transaction.commit() {
            // What the database itself refuses at the end was not kept; a connection that is lost
            // there leaves it in doubt.
            let is_refused = error.as_db_error().is_some() && !self.client.is_closed();
            let error = match told(&error) {
                StoreError::Unavailable(text) if !is_refused => StoreError::Broken(text),
                error => error,
            };
            if error.is_final() {
                self.broken = Some(error.clone());
            }
            return Err(error);
        }
        Ok(result)
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        // After a final failure the database may not even answer.
        if self.broken.is_none() {
            release(&mut self.client);
        }
    }
}

/// Does something as the one that writes.
pub(super) fn as_writer<T>(
    url: &str,
    act: impl FnOnce(&mut Client) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut client = connect(url)?;
    let done = act(&mut client);
    release(&mut client);
    done
}

/// Lets another one write at once: the database notices only a moment later that a connection is
/// gone. One that has vanished without a word is waited for as long as [`SILENCE_MAX`].
fn release(client: &mut Client) {
    if client.is_closed() {
        return;
    }
    if let Err(error) = client.batch_execute("SELECT pg_advisory_unlock_all()") {
        tracing::debug!(%error, "the lock goes with the connection");
    }
}

fn connect(url: &str) -> Result<Client, StoreError> {
    let mut config: Config = url.parse().map_err(|error| told(&error))?;
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE_MAX);
    }
    let mut client = config.connect(NoTls).map_err(|error| told(&error))?;
    let prepared = prepare(&mut client);
    prepared.map(|()| client)
}

/// Connects in order to look alone: a server may be writing meanwhile.
pub(super) fn look(url: &str) -> Result<Client, StoreError> {
    let mut client = Client::connect(url, NoTls).map_err(|error| told(&error))?;
    let path = format!("SET search_path TO {SCHEMA}");
    client.batch_execute(&path).map_err(|error| told(&error))?;
    Ok(client)
}

/// Whether the database is of the newest version; who only looks does not change that.
pub(super) fn is_known(transaction: &mut Transaction<'_>) -> Result<(), StoreError> {
    let query = "SELECT to_regclass('version') IS NOT NULL";
    let is_ours = transaction.query_one(query, &[]).map_err(|error| told(&error))?;
    if !is_ours.get::<_, bool>(0) {
        return Err(StoreError::Foreign("it keeps nothing yet".into()));
    }
    let query = "SELECT coalesce(max(number), 0) FROM version";
    let found = transaction.query_one(query, &[]).map_err(|error| told(&error))?.get(0);
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    if found < known {
        let text = format!("it is still of version {found}: start this program's server on it");
        return Err(StoreError::Unavailable(text));
    }
    Ok(())
}

fn take(client: &mut Client) -> Result<String, postgres::Error> {
    let mut transaction = client.transaction()?;
    let mark = mark(&mut transaction)?;
    transaction.commit()?;
    Ok(mark)
}

/// Writes a mark that nobody had before.
pub(super) fn mark(transaction: &mut Transaction<'_>) -> Result<String, postgres::Error> {
    transaction.execute("DELETE FROM holder", &[])?;
    let query = "INSERT INTO holder VALUES (gen_random_uuid()::TEXT) RETURNING mark";
    Ok(transaction.query_one(query, &[])?.get(0))
}

fn prepare(client: &mut Client) -> Result<(), StoreError> {
    let is_ours: bool = client
        .query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK])
        .map_err(|error| told(&error))?
        .get(0);
    if !is_ours {
        return Err(StoreError::InUse("the database has a writer".into()));
    }
    client
        .batch_execute(&format!(
            "CREATE SCHEMA IF NOT EXISTS {SCHEMA};
             SET search_path TO {SCHEMA};
             SET synchronous_commit TO on;
             SET tcp_keepalives_idle TO 10;
             SET tcp_keepalives_interval TO 5;
             SET tcp_keepalives_count TO 3;
             CREATE TABLE IF NOT EXISTS version (number BIGINT NOT NULL);"
        ))
        .map_err(|error| told(&error))?;
    let found = client
        .query_opt("SELECT number FROM version", &[])
        .map_err(|error| told(&error))?
        .map_or(0, |row| row.get::<_, i64>(0));
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    if found == known {
        return Ok(());
    }
    let mut transaction = client.transaction().map_err(|error| told(&error))?;
    for migration in &MIGRATIONS[usize::try_from(found).unwrap_or_default()..] {
        transaction.batch_execute(migration).map_err(|error| told(&error))?;
    }
    let noted = transaction
        .execute("DELETE FROM version", &[])
        .and_then(|_| transaction.execute("INSERT INTO version VALUES ($1)", &[&known]));
    noted.map_err(|error| told(&error))?;
    transaction.commit().map_err(|error| told(&error))
}

/// Why a transaction did not end well.
enum Failure {
    Ours(StoreError),
    Theirs(postgres::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Ours(error)
    }
}

impl From<postgres::Error> for Failure {
    fn from(error: postgres::Error) -> Self {
        Self::Theirs(error)
    }
}

/// What an error of the database means to us.
pub(super) fn told(error: &postgres::Error) -> StoreError {
    let text = match error.as_db_error() {
        Some(told) => told.to_string(),
        None => error.to_string(),
    };
    let full = [SqlState::DISK_FULL, SqlState::OUT_OF_MEMORY, SqlState::PROGRAM_LIMIT_EXCEEDED];
    match error.code() {
        Some(code) if full.contains(code) => StoreError::Full(text),
        Some(code) if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code) => {
            StoreError::Foreign(text)
        }
        Some(code) if *code == SqlState::IO_ERROR => StoreError::Broken(text),
        _ => StoreError::Unavailable(text),
    }
}

/// Numbers of the database have a sign.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(row: &Row, index: usize) -> u64 {
    u64::try_from(row.get::<_, i64>(index)).unwrap_or_default()
}

fn id_of(transaction: &mut Transaction<'_>, world: &str) -> Result<i64, Failure> {
    let found = transaction.query_opt("SELECT id FROM world WHERE name = $1", &[&world])?;
    Ok(found.map(|row| row.get(0)).ok_or_else(|| StoreError::NoWorld(world.to_owned()))?)
}

fn last_of(transaction: &mut Transaction<'_>, id: i64) -> Result<u64, Failure> {
    // A snapshot stays when all batches have gone.
    let query = "SELECT greatest((SELECT max(revision) FROM batch WHERE world = $1),
        (SELECT revision FROM snapshot WHERE world = $1), 0)";
    Ok(unsigned(&transaction.query_one(query, &[&id])?, 0))
}

fn batch_of(row: &Row) -> SavedBatch {
    SavedBatch {
        revision: unsigned(row, 0),
        at_ms: unsigned(row, 1),
        author: row.get(2),
        operations: row.get(3),
        inverses: row.get(4),
        grants: Vec::new(),
        ends_draft: None,
    }
}

fn grant_of(row: &Row) -> Grant {
    let world: String = row.get(1);
    let world = (world != ALL).then_some(world);
    Grant { account: row.get(0), world, role: role_of(row.get(2)), name: row.get(3) }
}

fn set_role(transaction: &mut Transaction<'_>, grant: &Grant) -> Result<(), Failure> {
    let Grant { account, world, role, name } = grant;
    let world = world.as_deref().unwrap_or(ALL);
    if *role == Role::Visitor {
        let query = "DELETE FROM role WHERE account = $1 AND world = $2";
        transaction.execute(query, &[account, &world])?;
    } else {
        let query = "INSERT INTO role (account, world, role, name) VALUES ($1, $2, $3, $4)
            ON CONFLICT (account, world) DO UPDATE SET role = excluded.role,
                name = CASE excluded.name WHEN '' THEN role.name ELSE excluded.name END";
        transaction.execute(query, &[account, &world, &role_number(*role), name])?;
    }
    Ok(())
}

/// A new world; gives its id.
fn create(transaction: &mut Transaction<'_>, world: &str, document: &[u8]) -> Result<i64, Failure> {
    let query = "INSERT INTO world (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id";
    let made = transaction.query_opt(query, &[&world])?;
    let id: i64 = made.ok_or_else(|| StoreError::Exists(world.to_owned()))?.get(0);
    let query = "INSERT INTO snapshot (world, revision, document) VALUES ($1, 0, $2)";
    transaction.execute(query, &[&id, &document])?;
    Ok(id)
}

impl WorldStore for PostgresStore {
    fn worlds(&mut self) -> Result<Vec<String>, StoreError> {
        self.change(|transaction| {
            let query = "SELECT name FROM world ORDER BY name COLLATE \"C\"";
            Ok(transaction.query(query, &[])?.iter().map(|row| row.get(0)).collect())
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
            let query = "SELECT revision, document FROM snapshot WHERE world = $1";
            let snapshot = transaction.query_one(query, &[&id])?;
            let revision = unsigned(&snapshot, 0);
            let query = "SELECT revision, at_ms, author, operations, inverses FROM batch
                WHERE world = $1 AND revision > $2 ORDER BY revision";
            let batches = transaction.query(query, &[&id, &signed(revision)])?;
            let batches = batches.iter().map(batch_of).collect();
            Ok(Some(StoredWorld { revision, document: snapshot.get(1), batches }))
        })
    }

    fn append(&mut self, batches: &[(String, SavedBatch)]) -> Result<(), StoreError> {
        self.change(|transaction| {
            let insert = transaction.prepare(
                "INSERT INTO batch (world, revision, at_ms, author, operations, inverses)
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )?;
            for (world, batch) in batches {
                let id = id_of(transaction, world)?;
                let last = last_of(transaction, id)?;
                let found = batch.revision;
                if found != last + 1 {
                    return Err(StoreError::Gap { world: world.clone(), last, found }.into());
                }
                let SavedBatch { at_ms, author, operations, inverses, .. } = batch;
                let numbers = (signed(found), signed(*at_ms));
                let row: [&(dyn postgres::types::ToSql + Sync); 6] =
                    [&id, &numbers.0, &numbers.1, author, operations, inverses];
                transaction.execute(&insert, &row)?;
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
            let query = "UPDATE snapshot SET revision = $2, document = $3
                WHERE world = $1 AND revision <= $2";
            transaction.execute(query, &[&id, &signed(revision), &document])?;
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
            let query = "SELECT revision, at_ms, author, operations, inverses FROM batch
                WHERE world = $1 AND revision < $2 ORDER BY revision DESC LIMIT $3";
            let count = i64::from(count.min(HISTORY_BATCHES_MAX));
            let batches = transaction.query(query, &[&id, &signed(before), &count])?;
            Ok(batches.iter().map(batch_of).collect())
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
        self.change(drafts::all)
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
            transaction.execute("UPDATE world SET poses = $2 WHERE id = $1", &[&id, &poses])?;
            Ok(())
        })
    }

    fn poses(&mut self, world: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.change(|transaction| {
            let id = id_of(transaction, world)?;
            Ok(transaction.query_one("SELECT poses FROM world WHERE id = $1", &[&id])?.get(0))
        })
    }

    fn grants(&mut self) -> Result<Vec<Grant>, StoreError> {
        self.change(|transaction| {
            let query = "SELECT account, world, role, name FROM role
                ORDER BY account COLLATE \"C\", world COLLATE \"C\"";
            Ok(transaction.query(query, &[])?.iter().map(grant_of).collect())
        })
    }

    fn grant(&mut self, grant: &Grant) -> Result<(), StoreError> {
        self.change(|transaction| set_role(transaction, grant))
    }

    fn rename(&mut self, account: &str, name: &str) -> Result<(), StoreError> {
        self.change(|transaction| {
            let query = "UPDATE role SET name = $2 WHERE account = $1";
            transaction.execute(query, &[&account, &name])?;
            Ok(())
        })
    }

    fn invite(&mut self, invitation: &Invitation, now_ms: u64) -> Result<(), StoreError> {
        self.change(|transaction| {
            let query = "DELETE FROM invitation WHERE expires_at_ms <= $1";
            transaction.execute(query, &[&signed(now_ms)])?;
            let Invitation { digest, world, role, expires_at_ms } = invitation;
            let query = "INSERT INTO invitation (digest, world, role, expires_at_ms)
                VALUES ($1, $2, $3, $4)";
            let world = world.as_deref().unwrap_or(ALL);
            let (role, expires) = (role_number(*role), signed(*expires_at_ms));
            transaction.execute(query, &[digest, &world, &role, &expires])?;
            let query = "DELETE FROM invitation WHERE world = $1 AND id <=
                (SELECT id FROM invitation WHERE world = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
            transaction.execute(query, &[&world, &(INVITATIONS_PER_WORLD_MAX as i64)])?;
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
            let query = "DELETE FROM invitation WHERE digest = $1 AND expires_at_ms > $2
                RETURNING world, role";
            let found = transaction.query_opt(query, &[&digest, &signed(now_ms)])?;
            let Some(found) = found else { return Ok(None) };
            let (world, role): (String, i64) = (found.get(0), found.get(1));
            let query = "INSERT INTO role (account, world, role, name) VALUES ($1, $2, $3, $4)
                ON CONFLICT (account, world) DO UPDATE
                SET role = greatest(role.role, excluded.role),
                    name = CASE excluded.name WHEN '' THEN role.name ELSE excluded.name END
                RETURNING account, world, role, name";
            let grant = transaction.query_one(query, &[&account, &world, &role, &name])?;
            Ok(Some(grant_of(&grant)))
        })
    }

    fn shelved(&mut self) -> Result<Vec<Shelved>, StoreError> {
        self.change(|transaction| {
            let query = "SELECT world, path, entry FROM asset
                ORDER BY world COLLATE \"C\", path COLLATE \"C\"";
            let found = transaction.query(query, &[])?;
            let found = found.iter();
            let found =
                found.map(|row| Shelved { world: row.get(0), path: row.get(1), entry: row.get(2) });
            Ok(found.collect())
        })
    }

    fn shelve(&mut self, asset: &Shelved) -> Result<(), StoreError> {
        self.change(|transaction| {
            let query = "INSERT INTO asset (world, path, entry) VALUES ($1, $2, $3)
                ON CONFLICT (world, path) DO UPDATE SET entry = excluded.entry";
            transaction.execute(query, &[&asset.world, &asset.path, &asset.entry])?;
            Ok(())
        })
    }

    fn unshelve(&mut self, world: &str, path: &str) -> Result<(), StoreError> {
        self.change(|transaction| {
            let query = "DELETE FROM asset WHERE world = $1 AND path = $2";
            transaction.execute(query, &[&world, &path])?;
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
