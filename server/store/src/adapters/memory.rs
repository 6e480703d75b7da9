//! Keeps worlds as long as the process lives: for tests, and for servers that are to forget.

use std::collections::BTreeMap;

use vivarium_contract::saving::SavedBatch;

use crate::{
    limits::HISTORY_BATCHES_MAX,
    port::{StoreError, StoredWorld, WorldStore},
};

/// Forgets everything at its end.
#[derive(Debug, Default)]
pub struct MemoryStore {
    worlds: BTreeMap<String, Kept>,
}

#[derive(Debug)]
struct Kept {
    revision: u64,
    document: Vec<u8>,
    batches: Vec<SavedBatch>,
    poses: Option<Vec<u8>>,
}

impl Kept {
    fn last(&self) -> u64 {
        self.batches.last().map_or(0, |batch| batch.revision)
    }
}

impl MemoryStore {
    fn world(&mut self, name: &str) -> Result<&mut Kept, StoreError> {
        self.worlds.get_mut(name).ok_or_else(|| StoreError::NoWorld(name.to_owned()))
    }
}

impl WorldStore for MemoryStore {
    fn worlds(&mut self) -> Result<Vec<String>, StoreError> {
        Ok(self.worlds.keys().cloned().collect())
    }

    fn create(&mut self, world: &str, document: &[u8]) -> Result<(), StoreError> {
        if self.worlds.contains_key(world) {
            return Err(StoreError::Exists(world.to_owned()));
        }
        let kept =
            Kept { revision: 0, document: document.to_owned(), batches: Vec::new(), poses: None };
        self.worlds.insert(world.to_owned(), kept);
        Ok(())
    }

    fn load(&mut self, world: &str) -> Result<Option<StoredWorld>, StoreError> {
        Ok(self.worlds.get(world).map(|kept| StoredWorld {
            revision: kept.revision,
            document: kept.document.clone(),
            batches: kept
                .batches
                .iter()
                .filter(|batch| batch.revision > kept.revision)
                .cloned()
                .collect(),
        }))
    }

    fn append(&mut self, batches: &[(String, SavedBatch)]) -> Result<(), StoreError> {
        let mut newest = BTreeMap::new();
        for (world, batch) in batches {
            let last = match newest.get(world) {
                Some(last) => *last,
                None => self.world(world)?.last(),
            };
            if batch.revision != last + 1 {
                return Err(StoreError::Gap { world: world.clone(), last, found: batch.revision });
            }
            newest.insert(world, batch.revision);
        }
        for (world, batch) in batches {
            self.world(world)?.batches.push(batch.clone());
        }
        Ok(())
    }

    fn snapshot(&mut self, world: &str, revision: u64, document: &[u8]) -> Result<(), StoreError> {
        let kept = self.world(world)?;
        if revision > kept.last() {
            let (world, last) = (world.to_owned(), kept.last());
            return Err(StoreError::Gap { world, last, found: revision });
        }
        if revision >= kept.revision {
            kept.revision = revision;
            kept.document = document.to_owned();
        }
        Ok(())
    }

    fn history(
        &mut self,
        world: &str,
        before: u64,
        count: u32,
    ) -> Result<Vec<SavedBatch>, StoreError> {
        let batches = self.world(world)?.batches.iter().rev();
        let earlier = batches.filter(|batch| batch.revision < before);
        Ok(earlier.take(count.min(HISTORY_BATCHES_MAX) as usize).cloned().collect())
    }

    fn save_poses(&mut self, world: &str, poses: &[u8]) -> Result<(), StoreError> {
        self.world(world)?.poses = Some(poses.to_owned());
        Ok(())
    }

    fn poses(&mut self, world: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.world(world)?.poses.clone())
    }
}
