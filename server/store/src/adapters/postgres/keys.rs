//! Keys.

use postgres::{Row, types::ToSql};

use super::{PostgresStore, unsigned};
use crate::port::{
    StoreError,
    keys::{KeyStore, KnownKey, check_key_id, check_keys},
};

/// The migration that makes their table.
pub(super) const TABLES: &str = "
    CREATE TABLE api_key (
        id TEXT COLLATE \"C\" PRIMARY KEY,
        digest TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        scope TEXT NOT NULL,
        tier TEXT NOT NULL,
        made_on BIGINT NOT NULL,
        used_on BIGINT
    );
";

/// Days are far from where this ends.
fn day(number: i64) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

fn key_of(row: &Row) -> KnownKey {
    KnownKey {
        id: row.get(0),
        digest: row.get(1),
        name: row.get(2),
        scope: row.get(3),
        tier: row.get(4),
        made_on: day(row.get(5)),
        used_on: row.get::<_, Option<i64>>(6).map(day),
    }
}

impl KeyStore for PostgresStore {
    fn keys(&mut self) -> Result<Vec<KnownKey>, StoreError> {
        self.change(|transaction| {
            let query =
                "SELECT id, digest, name, scope, tier, made_on, used_on FROM api_key ORDER BY id";
            Ok(transaction.query(query, &[])?.iter().map(key_of).collect())
        })
    }

    fn add_key(&mut self, key: &KnownKey) -> Result<(), StoreError> {
        key.check()?;
        self.change(|transaction| {
            let KnownKey { id, digest, name, scope, tier, made_on, used_on } = key;
            let count = transaction.query_one("SELECT count(*) FROM api_key", &[])?;
            check_keys(unsigned(&count, 0) + 1)?;
            let query = "INSERT INTO api_key (id, digest, name, scope, tier, made_on, used_on)
                VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
            let days = (i64::from(*made_on), used_on.map(i64::from));
            let row: [&(dyn ToSql + Sync); 7] = [id, digest, name, scope, tier, &days.0, &days.1];
            let made = transaction.execute(query, &row)?;
            if made == 0 { Err(key.exists().into()) } else { Ok(()) }
        })
    }

    fn revoke_key(&mut self, id: &str) -> Result<bool, StoreError> {
        check_key_id(id)?;
        self.change(|transaction| {
            Ok(transaction.execute("DELETE FROM api_key WHERE id = $1", &[&id])? > 0)
        })
    }

    fn key_used(&mut self, id: &str, day: u32) -> Result<(), StoreError> {
        check_key_id(id)?;
        self.change(|transaction| {
            let query =
                "UPDATE api_key SET used_on = $2 WHERE id = $1 AND coalesce(used_on, -1) < $2";
            transaction.execute(query, &[&id, &i64::from(day)])?;
            Ok(())
        })
    }
}
