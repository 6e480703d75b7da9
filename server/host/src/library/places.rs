//! Places for bodies that are being uploaded: so many for all, and a few of them for one account.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::{UPLOADS_AT_ONCE_MAX, UPLOADS_OF_ONE_MAX};

/// Places that are free, and who has the others.
#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// A place, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    account: String,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub fn new() -> Self {
        Self { free: Arc::new(Semaphore::new(UPLOADS_AT_ONCE_MAX)), taken: Arc::default() }
    }

    /// A place for an account, or why there is none.
    pub fn take(&self, account: &str) -> Result<Place, &'static str> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.get(account).is_some_and(|count| *count >= UPLOADS_OF_ONE_MAX) {
            return Err("you are uploading several files: try again when they are there");
        }
        let Ok(permit) = self.free.clone().try_acquire_owned() else {
            return Err("too many files are being uploaded: try again in a moment");
        };
        *taken.entry(account.to_owned()).or_default() += 1;
        Ok(Place { account: account.to_owned(), taken: self.taken.clone(), _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_all_places() {
        let places = Places::new();
        let mut held: Vec<_> =
            (0..UPLOADS_OF_ONE_MAX).map(|_| places.take("ana").unwrap()).collect();
        assert!(places.take("ana").unwrap_err().contains("you are uploading"));
        for other in 0..UPLOADS_AT_ONCE_MAX - UPLOADS_OF_ONE_MAX {
            held.push(places.take(&other.to_string()).unwrap());
        }
        assert!(places.take("ben").unwrap_err().contains("too many files"));
        held.remove(0);
        held.push(places.take("ana").unwrap());
        held.clear();
        assert!(places.taken.lock().unwrap().is_empty(), "who has none is forgotten");
    }
}
