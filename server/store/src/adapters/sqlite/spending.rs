//! What was spent on answers.

use rusqlite::params;

use super::SqliteStore;
use crate::port::{
    StoreError,
    spending::{Spending, SpendingStore, check_payers, check_spending},
};

/// The migration that makes their table.
pub(super) const TABLES: &str = "
    CREATE TABLE spending (
        payer TEXT NOT NULL PRIMARY KEY,
        windows BLOB NOT NULL
    ) STRICT;
";

impl SpendingStore for SqliteStore {
    fn load_spending(&mut self) -> Result<Vec<Spending>, StoreError> {
        self.change(|transaction| {
            let query = "SELECT payer, windows FROM spending ORDER BY payer";
            let mut find = transaction.prepare_cached(query)?;
            let found = find.query_map([], |row| {
                Ok(Spending { payer: row.get(0)?, windows: Some(row.get(1)?) })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn save_spending(&mut self, changes: &[Spending]) -> Result<(), StoreError> {
        check_spending(changes)?;
        self.change(|transaction| {
            let mut put = transaction.prepare_cached(
                "INSERT OR REPLACE INTO spending (payer, windows) VALUES (?1, ?2)",
            )?;
            let mut delete = transaction.prepare_cached("DELETE FROM spending WHERE payer = ?1")?;
            for Spending { payer, windows } in changes {
                match windows {
                    Some(windows) => put.execute(params![payer, windows])?,
                    None => delete.execute([payer])?,
                };
            }
            let count = "SELECT count(*) FROM spending";
            check_payers(transaction.query_row(count, [], |row| row.get(0))?)?;
            Ok(())
        })
    }
}
