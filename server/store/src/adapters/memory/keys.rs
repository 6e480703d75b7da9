//! Keys.

use super::MemoryStore;
use crate::port::{
    StoreError,
    keys::{KeyStore, KnownKey, check_key_id, check_keys},
};

impl KeyStore for MemoryStore {
    fn keys(&mut self) -> Result<Vec<KnownKey>, StoreError> {
        Ok(self.keys.values().cloned().collect())
    }

    fn add_key(&mut self, key: &KnownKey) -> Result<(), StoreError> {
        key.check()?;
        let is_there = |known: &KnownKey| known.id == key.id || known.digest == key.digest;
        if self.keys.values().any(is_there) {
            return Err(key.exists());
        }
        check_keys(self.keys.len() as u64 + 1)?;
        self.keys.insert(key.id.clone(), key.clone());
        Ok(())
    }

    fn revoke_key(&mut self, id: &str) -> Result<bool, StoreError> {
        check_key_id(id)?;
        Ok(self.keys.remove(id).is_some())
    }

    fn key_used(&mut self, id: &str, day: u32) -> Result<(), StoreError> {
        check_key_id(id)?;
        if let Some(key) = self.keys.get_mut(id) {
            key.used_on = key.used_on.max(Some(day));
        }
        Ok(())
    }
}
