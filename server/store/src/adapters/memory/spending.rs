//! What was spent on answers.

use super::MemoryStore;
use crate::port::{
    StoreError,
    spending::{Spending, SpendingStore, check_payers, check_spending},
};

impl SpendingStore for MemoryStore {
    fn load_spending(&mut self) -> Result<Vec<Spending>, StoreError> {
        let spending = self.spending.iter().map(|(payer, windows)| Spending {
            payer: payer.clone(),
            windows: Some(windows.clone()),
        });
        Ok(spending.collect())
    }

    fn save_spending(&mut self, changes: &[Spending]) -> Result<(), StoreError> {
        check_spending(changes)?;
        let mut spending = self.spending.clone();
        for Spending { payer, windows } in changes.iter().cloned() {
            match windows {
                Some(windows) => spending.insert(payer, windows),
                None => spending.remove(&payer),
            };
        }
        check_payers(spending.len() as u64)?;
        self.spending = spending;
        Ok(())
    }
}
