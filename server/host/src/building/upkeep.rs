//! Looks after the logs of running worlds: snapshots, so that loading stays quick, and the end of
//! what is older than the history is to be.
//!
//! Invariant: a snapshot is made from the store alone, so it is of exactly a kept revision and has
//! nothing in it that was not kept. Neither ticks nor the replica take part; the store's writer
//! reads and writes one document for it, and everything between is done here.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::watch;
use vivarium_store::{
    keeper::Keeper,
    port::{Expired, StoreError},
};

use super::LogSize;
use crate::{
    kept::{self, KeptError},
    limits::{
        EXPIRED_PER_STEP, LOOKS_PER_EXPIRY, SNAPSHOT_BATCHES_RUNNING, SNAPSHOT_LOG_BYTES,
        UPKEEP_INTERVAL,
    },
    worlds::{World, Worlds, now_ms},
};

/// How long logs become until there is another snapshot.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotLimits {
    /// Batches.
    pub batches: u32,
    /// Bytes of them.
    pub bytes: u64,
    /// How often it is looked.
    pub every: Duration,
    /// Told how often it was looked, for whoever waits for it.
    pub looks: Option<&'static watch::Sender<u64>>,
}

impl Default for SnapshotLimits {
    fn default() -> Self {
        Self {
            batches: SNAPSHOT_BATCHES_RUNNING,
            bytes: SNAPSHOT_LOG_BYTES,
            every: UPKEEP_INTERVAL,
            looks: None,
        }
    }
}

impl SnapshotLimits {
    fn are_reached(&self, size: LogSize) -> bool {
        size.batches >= self.batches || size.bytes >= self.bytes
    }
}

/// How much of the history stays. What lies after the newest snapshot always does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Retention {
    /// Batches that are older go.
    pub life: Option<Duration>,
    /// Of more batches the oldest go.
    pub batches_max: Option<u32>,
}

impl Retention {
    /// What is too old at a time, in milliseconds since 1970 (UTC), when this is the newest
    /// revision. A batch goes when any of these says so.
    fn expired(&self, newest: u64, now_ms: u64) -> impl Iterator<Item = Expired> {
        let life = self.life.map(|life| Expired {
            through: u64::MAX,
            before_ms: now_ms.saturating_sub(u64::try_from(life.as_millis()).unwrap_or(u64::MAX)),
        });
        let count = self.batches_max.map(|count| Expired {
            through: newest.saturating_sub(u64::from(count)),
            before_ms: u64::MAX,
        });
        life.into_iter().chain(count)
    }
}

/// Looks after all worlds, for ever.
pub async fn keep_up(
    worlds: Arc<Worlds>,
    keeper: Keeper,
    limits: SnapshotLimits,
    retention: Retention,
) {
    let mut every_look = tokio::time::interval(limits.every);
    every_look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut pauses = BTreeMap::new();
    loop {
        every_look.tick().await;
        let (worlds, keeper) = (worlds.clone(), keeper.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let all = worlds.all();
            pauses.retain(|name, _| all.iter().any(|world| world.name() == name));
            for world in &all {
                let pause = pauses.entry(world.name().to_owned()).or_insert(0);
                look_after(world, &keeper, limits, retention, pause);
            }
            pauses
        });
        match looked.await {
            Ok(counted) => pauses = counted,
            Err(error) => {
                tracing::error!(%error, "looking after the logs failed");
                pauses = BTreeMap::new();
            }
        }
        if let Some(looks) = limits.looks {
            looks.send_modify(|count| *count += 1);
        }
    }
}

/// Does what is due; `pause` is how many looks it is until something may be too old.
fn look_after(
    world: &World,
    keeper: &Keeper,
    limits: SnapshotLimits,
    retention: Retention,
    pause: &mut u32,
) {
    let building = &world.building;
    if building.is_broken() || building.revision() == 0 {
        return;
    }
    if limits.are_reached(building.log_size()) {
        // First: what comes meanwhile counts for the next one. When it fails it is not tried again
        // at every look.
        building.take_log_size();
        match kept::keep_snapshot(keeper, world.name()) {
            Ok(revision) => tracing::debug!(world = world.name(), revision, "kept as a whole"),
            Err(error) => told(world, &error),
        }
    }
    *pause = pause.saturating_sub(1);
    if *pause > 0 {
        return;
    }
    *pause = LOOKS_PER_EXPIRY;
    for expired in retention.expired(building.revision(), now_ms()) {
        match expire(world.name(), keeper, expired) {
            Ok(gone) if gone == EXPIRED_PER_STEP => *pause = 0,
            Ok(_) => {}
            Err(error) => told(world, &error),
        }
    }
}

fn told(world: &World, error: &KeptError) {
    tracing::warn!(world = world.name(), %error, "the log could not be looked after");
}

fn expire(world: &str, keeper: &Keeper, expired: Expired) -> Result<u32, KeptError> {
    let world = world.to_owned();
    let gone = keeper.ask(move |store| store.expire(&world, expired, EXPIRED_PER_STEP));
    match gone.ok_or(KeptError::Ended)? {
        Err(StoreError::NoWorld(_)) => Ok(0),
        gone => Ok(gone?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_of_the_history_counts_for_itself() {
        let day = Duration::from_secs(86_400);
        let both = Retention { life: Some(day), batches_max: Some(10) };
        let expired: Vec<_> = both.expired(25, 86_400_123).collect();
        let by_age = Expired { through: u64::MAX, before_ms: 123 };
        let by_count = Expired { through: 15, before_ms: u64::MAX };
        assert_eq!(expired, [by_age, by_count]);
        assert_eq!(Retention::default().expired(25, 86_400_123).count(), 0, "for ever");
        let young = both.expired(3, 5).collect::<Vec<_>>();
        assert_eq!((young[0].before_ms, young[1].through), (0, 0), "nothing is too old yet");
    }
}
