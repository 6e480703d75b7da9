//! What was spent on answers of language models, by whoever paid: so that budgets go on after a
//! restart. What is in it the store does not know.

use super::StoreError;
use crate::limits::{PAYER_BYTES_MAX, PAYERS_MAX, WINDOWS_BYTES_MAX};

/// What somebody has spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spending {
    /// Who, in a form of the caller's.
    pub payer: String,
    /// What, in a form of the caller's; none: nothing that counts any more.
    pub windows: Option<Vec<u8>>,
}

/// Keeps what was spent. Whatever is answered with success is on the disk.
pub trait SpendingStore {
    /// What everybody has spent, in the order of payers.
    fn load_spending(&mut self) -> Result<Vec<Spending>, StoreError>;

    /// Keeps all of these, or nothing; each replaces what was kept of its payer. There may be
    /// [`PAYERS_MAX`].
    fn save_spending(&mut self, changes: &[Spending]) -> Result<(), StoreError>;
}

/// Whether they can be kept.
pub(crate) fn check_spending(changes: &[Spending]) -> Result<(), StoreError> {
    for Spending { payer, windows } in changes {
        let is_payer = (1..=PAYER_BYTES_MAX).contains(&payer.len()) && !payer.contains('\0');
        let fits = windows.as_ref().is_none_or(|windows| windows.len() <= WINDOWS_BYTES_MAX);
        if !is_payer || !fits {
            return Err(StoreError::Unfit("what somebody has spent".into()));
        }
    }
    Ok(())
}

/// Whether so many payers may be kept.
pub(crate) fn check_payers(count: u64) -> Result<(), StoreError> {
    if count > PAYERS_MAX {
        return Err(StoreError::TooMany(format!("at most {PAYERS_MAX} payers are kept")));
    }
    Ok(())
}
