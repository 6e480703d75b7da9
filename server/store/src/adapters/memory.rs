//! Keeps worlds as long as the process lives: for tests, and for servers that are to forget.

use std::collections::BTreeMap;

use vivarium_contract::{editing::Role, saving::SavedBatch};

use crate::{
    limits::{HISTORY_BATCHES_MAX, INVITATIONS_PER_WORLD_MAX},
    port::{
        Draft, Expired, Grant, Invitation, Shelved, StoreError, StoredWorld, Version, WorldStore,
        keys::{KeyStore, KnownKey},
        minds::MindStore,
        spending::SpendingStore,
    },
};

mod keys;
mod minds;
mod spending;

/// Forgets everything at its end.
#[derive(Debug, Default)]
pub struct MemoryStore {
    worlds: BTreeMap<String, Kept>,
    /// Roles and names.
    grants: BTreeMap<(String, Option<String>), (Role, String)>,
    invitations: Vec<Invitation>,
    shelved: BTreeMap<(String, String), Vec<u8>>,
    /// By their own names.
    drafts: BTreeMap<String, Draft>,
    /// Of the version that was kept last.
    last_version: u64,
    minds: minds::Minds,
    /// By their ids.
    keys: BTreeMap<String, KnownKey>,
    /// By payers.
    spending: BTreeMap<String, Vec<u8>>,
}

#[derive(Debug)]
struct Kept {
    revision: u64,
    document: Vec<u8>,
    batches: Vec<SavedBatch>,
    poses: Option<Vec<u8>>,
    versions: Vec<(Version, Vec<u8>)>,
}

impl Kept {
    fn last(&self) -> u64 {
        // A snapshot stays when all batches have gone.
        self.batches.last().map_or(self.revision, |batch| batch.revision)
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
        let kept = Kept {
            revision: 0,
            document: document.to_owned(),
            batches: Vec::new(),
            poses: None,
            versions: Vec::new(),
        };
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
            for grant in &batch.grants {
                self.grant(&Grant::of(world, grant))?;
            }
            if let Some(draft) = &batch.ends_draft {
                self.end_draft(draft)?;
            }
            let batch = SavedBatch { grants: Vec::new(), ends_draft: None, ..batch.clone() };
            self.world(world)?.batches.push(batch);
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

    fn expire(&mut self, world: &str, expired: Expired, count: u32) -> Result<u32, StoreError> {
        let kept = self.world(world)?;
        let through = expired.through.min(kept.revision);
        let is_expired =
            |batch: &SavedBatch| batch.revision <= through && batch.at_ms < expired.before_ms;
        let oldest = kept.batches.iter().take(count as usize);
        let gone = oldest.take_while(|batch| is_expired(batch)).count();
        kept.batches.drain(..gone);
        Ok(gone as u32)
    }

    fn versions(&mut self, world: &str) -> Result<Vec<Version>, StoreError> {
        let versions = self.world(world)?.versions.iter().rev();
        Ok(versions.map(|(version, _)| version.clone()).collect())
    }

    fn keep_version(
        &mut self,
        world: &str,
        version: &Version,
        document: &[u8],
    ) -> Result<u64, StoreError> {
        let id = self.last_version + 1;
        let versions = &mut self.world(world)?.versions;
        let bytes: usize = versions.iter().map(|(_, document)| document.len()).sum();
        Version::check_room(versions.len() as u64, bytes as u64, document.len())?;
        versions.push((Version { id, ..version.clone() }, document.to_owned()));
        self.last_version = id;
        Ok(id)
    }

    fn version(&mut self, world: &str, id: u64) -> Result<Option<(Version, Vec<u8>)>, StoreError> {
        let versions = &self.world(world)?.versions;
        Ok(versions.iter().find(|(version, _)| version.id == id).cloned())
    }

    fn delete_version(&mut self, world: &str, id: u64) -> Result<(), StoreError> {
        self.world(world)?.versions.retain(|(version, _)| version.id != id);
        Ok(())
    }

    fn drafts(&mut self) -> Result<Vec<Draft>, StoreError> {
        Ok(self.drafts.values().cloned().collect())
    }

    fn begin_draft(&mut self, draft: &Draft, document: &[u8]) -> Result<u64, StoreError> {
        self.create(&draft.world, document)?;
        let base = self.keep_version(&draft.world, &Version::base_of(draft), document)?;
        self.drafts.insert(draft.world.clone(), Draft { base, ..draft.clone() });
        Ok(base)
    }

    fn end_draft(&mut self, world: &str) -> Result<bool, StoreError> {
        let was_there = self.drafts.remove(world).is_some();
        if was_there {
            self.worlds.remove(world);
        }
        Ok(was_there)
    }

    fn save_poses(&mut self, world: &str, poses: &[u8]) -> Result<(), StoreError> {
        self.world(world)?.poses = Some(poses.to_owned());
        Ok(())
    }

    fn poses(&mut self, world: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.world(world)?.poses.clone())
    }

    fn grants(&mut self) -> Result<Vec<Grant>, StoreError> {
        let grants = self.grants.iter().map(|((account, world), (role, name))| Grant {
            account: account.clone(),
            world: world.clone(),
            role: *role,
            name: name.clone(),
        });
        Ok(grants.collect())
    }

    fn grant(&mut self, grant: &Grant) -> Result<(), StoreError> {
        let key = (grant.account.clone(), grant.world.clone());
        if grant.role == Role::Visitor {
            self.grants.remove(&key);
            return Ok(());
        }
        let has = self.grants.entry(key).or_default();
        has.0 = grant.role;
        if !grant.name.is_empty() {
            has.1.clone_from(&grant.name);
        }
        Ok(())
    }

    fn rename(&mut self, account: &str, name: &str) -> Result<(), StoreError> {
        let held = self.grants.iter_mut().filter(|((held, _), _)| held == account);
        held.for_each(|(_, (_, known))| name.clone_into(known));
        Ok(())
    }

    fn invite(&mut self, invitation: &Invitation, now_ms: u64) -> Result<(), StoreError> {
        self.invitations.retain(|waiting| waiting.expires_at_ms > now_ms);
        self.invitations.push(invitation.clone());
        let is_of_world = |other: &Invitation| other.world == invitation.world;
        let count = self.invitations.iter().filter(|other| is_of_world(other)).count();
        let mut too_many = count.saturating_sub(INVITATIONS_PER_WORLD_MAX);
        self.invitations.retain(|other| {
            let goes = too_many > 0 && is_of_world(other);
            too_many -= usize::from(goes);
            !goes
        });
        Ok(())
    }

    fn redeem(
        &mut self,
        digest: &str,
        account: &str,
        name: &str,
        now_ms: u64,
    ) -> Result<Option<Grant>, StoreError> {
        let found = self
            .invitations
            .iter()
            .position(|waiting| waiting.digest == digest && waiting.expires_at_ms > now_ms);
        let Some(found) = found else { return Ok(None) };
        let Invitation { world, role, .. } = self.invitations.remove(found);
        let has = self.grants.entry((account.to_owned(), world.clone())).or_default();
        has.0 = has.0.max(role);
        if !name.is_empty() {
            has.1 = name.to_owned();
        }
        let (role, name) = has.clone();
        Ok(Some(Grant { account: account.to_owned(), world, role, name }))
    }

    fn shelved(&mut self) -> Result<Vec<Shelved>, StoreError> {
        let shelved = self.shelved.iter().map(|((world, path), entry)| Shelved {
            world: world.clone(),
            path: path.clone(),
            entry: entry.clone(),
        });
        Ok(shelved.collect())
    }

    fn shelve(&mut self, asset: &Shelved) -> Result<(), StoreError> {
        let Shelved { world, path, entry } = asset.clone();
        self.shelved.insert((world, path), entry);
        Ok(())
    }

    fn unshelve(&mut self, world: &str, path: &str) -> Result<(), StoreError> {
        self.shelved.remove(&(world.to_owned(), path.to_owned()));
        Ok(())
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
