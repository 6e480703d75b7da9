//! Keys.

use rusqlite::{Row, params};

use super::SqliteStore;
use crate::port::{
    StoreError,
    keys::{KeyStore, KnownKey, check_key_id, check_keys},
};

/// The migration that makes their table.
pub(super) const TABLES: &str = "
    CREATE TABLE api_key (
        id TEXT PRIMARY KEY,
        digest TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        scope TEXT NOT NULL,
        tier TEXT NOT NULL,
        made_on INTEGER NOT NULL,
        used_on INTEGER
    ) STRICT;
";

fn key_of(row: &Row<'_>) -> rusqlite::Result<KnownKey> {
    Ok(KnownKey {
        id: row.get(0)?,
        digest: row.get(1)?,
        name: row.get(2)?,
        scope: row.get(3)?,
        tier: row.get(4)?,
        made_on: row.get(5)?,
        used_on: row.get(6)?,
    })
}

impl KeyStore for SqliteStore {
    fn keys(&mut self) -> Result<Vec<KnownKey>, StoreError> {
        self.change(|transaction| {
            let mut find = transaction.prepare_cached(
                "SELECT id, digest, name, scope, tier, made_on, used_on FROM api_key ORDER BY id",
            )?;
            let found = find.query_map([], key_of)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn add_key(&mut self, key: &KnownKey) -> Result<(), StoreError> {
        key.check()?;
        self.change(|transaction| {
            let KnownKey { id, digest, name, scope, tier, made_on, used_on } = key;
            let count = "SELECT count(*) FROM api_key";
            check_keys(transaction.query_row(count, [], |row| row.get::<_, u64>(0))? + 1)?;
            let made = transaction.execute(
                "INSERT INTO api_key (id, digest, name, scope, tier, made_on, used_on)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                params![id, digest, name, scope, tier, made_on, used_on],
            )?;
            if made == 0 { Err(key.exists().into()) } else { Ok(()) }
        })
    }

    fn revoke_key(&mut self, id: &str) -> Result<bool, StoreError> {
        check_key_id(id)?;
        self.change(|transaction| {
            Ok(transaction.execute("DELETE FROM api_key WHERE id = ?1", [id])? > 0)
        })
    }

    fn key_used(&mut self, id: &str, day: u32) -> Result<(), StoreError> {
        check_key_id(id)?;
        self.change(|transaction| {
            transaction.execute(
                "UPDATE api_key SET used_on = ?2 WHERE id = ?1 AND coalesce(used_on, -1) < ?2",
                params![id, day],
            )?;
            Ok(())
        })
    }
}
