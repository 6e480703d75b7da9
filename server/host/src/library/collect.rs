//! Takes away what nobody uses any more.
//!
//! An asset is in use while a document or a version of any world names it, or a change that is kept,
//! since that can be undone or brought back. What is not in use stays for a while all the same: somebody may
//! have uploaded it to place it tomorrow.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::{StreamExt, pin_mut};
use vivarium_assets::address::Address;
use vivarium_store::port::StoreError;

use super::{Library, UploadError};
use crate::{
    limits::COLLECT_INTERVAL,
    metrics::Metrics,
    worlds::{Worlds, now_ms},
};

/// Batches that are looked at together; others may write in between.
const BATCHES_AT_ONCE: u32 = 50;

/// What was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Entries of libraries.
    pub entries: u32,
    /// Assets on the shelf.
    pub assets: u32,
    /// Their bytes.
    pub bytes: u64,
}

/// Collects once in a while, for ever.
pub async fn keep_collecting(library: Arc<Library>, worlds: Arc<Worlds>, metrics: Arc<Metrics>) {
    let mut at_times = tokio::time::interval(COLLECT_INTERVAL);
    at_times.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        at_times.tick().await;
        match library.collect(&worlds, now_ms()).await {
            Ok(Collected { assets: 0, entries: 0, .. }) => {}
            Ok(collected) => {
                metrics.assets_collected.inc_by(u64::from(collected.assets));
                tracing::info!(?collected, "assets that nobody uses were taken away");
            }
            Err(error) => tracing::warn!(%error, "unused assets could not be looked for"),
        }
    }
}

impl Library {
    /// Takes away what has not been used by `now_ms` for as long as it may lie there.
    pub async fn collect(
        &self,
        worlds: &Arc<Worlds>,
        now_ms: u64,
    ) -> Result<Collected, UploadError> {
        let grace_ms = u64::try_from(self.quotas.grace.as_millis()).unwrap_or(u64::MAX);
        let is_over = |since_ms: u64| since_ms.saturating_add(grace_ms) <= now_ms;
        let kept = self.named_in_store().await?;
        let mut collected = Collected::default();
        // From here on nothing comes to the shelf or to a library.
        let _changing = self.changing.lock().await;
        let now = named_now(worlds).await?;
        let is_used = |address: &Address| kept.contains(address) || now.contains(address);
        let mut listed = BTreeSet::new();
        for (world, address, since_ms) in self.everything() {
            if !is_used(&address) && is_over(since_ms) {
                self.forget_changing(&world, address).await?;
                collected.entries += 1;
            } else {
                listed.insert(address);
            }
        }
        let lying = self.shelf.all();
        pin_mut!(lying);
        let mut doomed = Vec::new();
        while let Some(lying) = lying.next().await {
            let lying = lying?;
            let address = lying.address;
            if !listed.contains(&address) && !is_used(&address) && is_over(lying.since_ms) {
                doomed.push(lying);
            }
        }
        // Edits went on meanwhile: somebody may have placed one of them from an open library.
        let now = named_now(worlds).await?;
        for lying in doomed.iter().filter(|lying| !now.contains(&lying.address)) {
            self.shelf.delete(lying.address).await?;
            collected.assets += 1;
            collected.bytes += lying.bytes;
        }
        Ok(collected)
    }

    fn everything(&self) -> Vec<(String, Address, u64)> {
        let known = self.known.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let all = known.iter().flat_map(|(world, entries)| {
            entries.iter().map(|(address, entry)| (world.clone(), *address, entry.at_ms))
        });
        all.collect()
    }

    /// What documents and changes name that are kept, of worlds that are served and of others.
    async fn named_in_store(&self) -> Result<BTreeSet<Address>, UploadError> {
        let mut named = BTreeSet::new();
        for world in self.told(|store| store.worlds()).await? {
            let name = world.clone();
            if let Some(stored) = self.told(move |store| store.load(&name)).await? {
                named.extend(Address::in_text(&stored.document));
            }
            let mut before = u64::MAX;
            loop {
                let name = world.clone();
                let part = self.told(move |store| store.history(&name, before, BATCHES_AT_ONCE));
                let batches = match part.await {
                    Err(UploadError::Store(StoreError::NoWorld(_))) => break,
                    part => part?,
                };
                for batch in &batches {
                    named.extend(Address::in_text(batch.operations.as_bytes()));
                    named.extend(Address::in_text(batch.inverses.as_bytes()));
                }
                match batches.last() {
                    Some(oldest) => before = oldest.revision,
                    None => break,
                }
                // The writer has other things to do.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            self.named_in_versions(&world, &mut named).await?;
        }
        Ok(named)
    }

    async fn named_in_versions(
        &self,
        world: &str,
        named: &mut BTreeSet<Address>,
    ) -> Result<(), UploadError> {
        let name = world.to_owned();
        let versions = match self.told(move |store| store.versions(&name)).await {
            Err(UploadError::Store(StoreError::NoWorld(_))) => return Ok(()),
            versions => versions?,
        };
        for version in versions {
            let name = world.to_owned();
            let kept = self.told(move |store| store.version(&name, version.id)).await?;
            // One that was deleted meanwhile names nothing.
            named.extend(kept.iter().flat_map(|(_, json)| Address::in_text(json)));
        }
        Ok(())
    }
}

async fn named_now(worlds: &Arc<Worlds>) -> Result<BTreeSet<Address>, UploadError> {
    let worlds = worlds.clone();
    let named = tokio::task::spawn_blocking(move || {
        let served = worlds.all().into_iter().map(|world| world.building.replica.served());
        served
            .flat_map(|served| Address::in_text(served.json.as_ref()).collect::<Vec<_>>())
            .collect()
    });
    named.await.map_err(|_| UploadError::Ended)
}
