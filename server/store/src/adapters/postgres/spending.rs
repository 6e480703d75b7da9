//! What was spent on answers.

use super::{PostgresStore, unsigned};
use crate::port::{
    StoreError,
    spending::{Spending, SpendingStore, check_payers, check_spending},
};

/// The migration that makes their table.
pub(super) const TABLES: &str = "
    CREATE TABLE spending (
        payer TEXT COLLATE \"C\" NOT NULL PRIMARY KEY,
        windows BYTEA NOT NULL
    );
";

impl SpendingStore for PostgresStore {
    fn load_spending(&mut self) -> Result<Vec<Spending>, StoreError> {
        self.change(|transaction| {
            let query = "SELECT payer, windows FROM spending ORDER BY payer";
            let found = transaction.query(query, &[])?;
            let spending =
                found.iter().map(|row| Spending { payer: row.get(0), windows: Some(row.get(1)) });
            Ok(spending.collect())
        })
    }

    fn save_spending(&mut self, changes: &[Spending]) -> Result<(), StoreError> {
        check_spending(changes)?;
        self.change(|transaction| {
            let put = transaction.prepare(
                "INSERT INTO spending (payer, windows) VALUES ($1, $2)
                 ON CONFLICT (payer) DO UPDATE SET windows = excluded.windows",
            )?;
            let delete = transaction.prepare("DELETE FROM spending WHERE payer = $1")?;
            for Spending { payer, windows } in changes {
                match windows {
                    Some(windows) => transaction.execute(&put, &[payer, windows])?,
                    None => transaction.execute(&delete, &[payer])?,
                };
            }
            let count = "SELECT count(*) FROM spending";
            check_payers(unsigned(&transaction.query_one(count, &[])?, 0))?;
            Ok(())
        })
    }
}
