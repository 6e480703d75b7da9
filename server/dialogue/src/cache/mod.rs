//! Answers to small talk that were given before, for whoever asks the same.
//!
//! ```text
//! Ask ─▶ key ─▶ memory: VARIANTS answers? ─▶ one of them, by a seed
//!                 │ fewer
//!                 ▼
//!        flights: does another get this one just now? ─▶ wait for it, or take one that is there
//!                 │ no
//!                 ▼
//!        second tier ─▶ there: kept in memory, and given
//!                 │ no
//!                 ▼
//!        the caller's reply: given on piece by piece, and kept when it was whole
//! ```
//!
//! Invariants: only what a [`Cacheable`] allows is kept, so nothing of anybody and nothing of danger.
//! An answer is given again whole, as pieces, at no cost; errors, broken answers and calls of tools
//! never are. Nobody fails because another whom they waited for failed or went away. Nothing is
//! looked up or asked before a reply is polled, and dropping it ends what it does. No clock: times
//! are arguments, milliseconds since 1970.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, future, stream};
use tokio::{sync::mpsc, time::timeout};

pub mod answer;
mod flights;
pub mod key;
pub mod limits;
pub mod settings;
pub mod small_talk;
#[cfg(test)]
mod tests;
pub mod tier2;

pub use self::{
    answer::Answer,
    key::{Ask, CacheKey},
    settings::CacheSettings,
    small_talk::{Cacheable, NotCacheable, Said},
    tier2::{Slot, Tier2, Tier2Error},
};
use self::{
    answer::Draft,
    flights::{Flights, Leading, Role},
    limits::{COALESCED_WAIT_MAX, LEADERS_MAX, TIER2_WAIT_MAX, VARIANTS, WARM_UP_FAILURES_MAX},
};
use crate::{
    gateway::{GatewayError, Reply},
    provider::Piece,
};

/// Pieces that may wait for whoever asked.
const PIECES_WAITING_MAX: usize = 16;

/// Keeps answers. Cheap to clone.
#[derive(Clone)]
pub struct Cache {
    core: Arc<Core>,
}

struct Core {
    memory: moka::sync::Cache<Slot, Arc<Answer>>,
    time_to_live_ms: u64,
    tier2: Option<Arc<dyn Tier2>>,
    flights: Arc<Flights>,
    counters: Counters,
}

#[derive(Debug, Default)]
struct Counters {
    hits: AtomicU64,
    coalesced: AtomicU64,
    tier2_hits: AtomicU64,
    misses: AtomicU64,
    not_kept: AtomicU64,
    tier2_errors: AtomicU64,
}

/// What became of asks, for metrics. The first four are all that were looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Answered from memory.
    pub hits: u64,
    /// Answered by what another was given in the meantime.
    pub coalesced: u64,
    /// Answered from the second tier.
    pub tier2_hits: u64,
    /// Asked anew.
    pub misses: u64,
    /// Of those: what could not be kept, since it failed, was not whole, or named somebody.
    pub not_kept: u64,
    /// What the second tier did not do.
    pub tier2_errors: u64,
}

/// What came of [`Cache::warm_up`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WarmedUp {
    /// Answers that came whole.
    pub answered: u32,
    /// Answers that did not.
    pub failed: u32,
}

impl Cache {
    /// Nothing is in memory.
    pub fn new(settings: &CacheSettings, tier2: Option<Arc<dyn Tier2>>) -> Self {
        let weigh = |_: &Slot, answer: &Arc<Answer>| {
            u32::try_from(size_of::<Slot>() + answer.weight()).unwrap_or(u32::MAX)
        };
        // Whether an answer is too old is asked of its own time; this gives its memory back.
        let memory = moka::sync::Cache::builder()
            .max_capacity(settings.bytes_max)
            .weigher(weigh)
            .time_to_live(Duration::from_secs(settings.time_to_live_s))
            .build();
        let core = Core {
            memory,
            time_to_live_ms: settings.time_to_live_s.saturating_mul(1_000),
            tier2,
            flights: Arc::default(),
            counters: Counters::default(),
        };
        Self { core: Arc::new(core) }
    }

    /// An answer that was given before, or what `make` brings. `make` is called at most once, when
    /// nothing fits. `seed` chooses among several.
    pub fn reply(
        &self,
        cacheable: Cacheable,
        key: CacheKey,
        seed: u64,
        now_ms: u64,
        make: impl FnOnce() -> Reply + Send + 'static,
    ) -> Reply {
        let (out, mut pieces) = mpsc::channel(PIECES_WAITING_MAX);
        let lookup = Lookup { core: Arc::clone(&self.core), cacheable, key, seed, now_ms, out };
        // Works whenever the pieces are polled.
        let work = stream::once(lookup.run(make)).filter_map(|()| future::ready(None));
        stream::select(stream::poll_fn(move |context| pieces.poll_recv(context)), work).boxed()
    }

    /// Asks the settings' texts, one after another, each as often as there are different answers.
    /// `reply` makes the reply to one of them (by [`Cache::reply`]), or says that it cannot be kept.
    /// Gives up after a few failures in a row.
    pub async fn warm_up(
        &self,
        texts: &[String],
        mut reply: impl FnMut(&str) -> Option<Reply>,
    ) -> WarmedUp {
        let mut warmed = WarmedUp::default();
        let mut failed_in_a_row = 0;
        for text in texts.iter().flat_map(|it| std::iter::repeat_n(it, usize::from(VARIANTS))) {
            let Some(mut reply) = reply(text) else { continue };
            let mut is_whole = false;
            while let Some(piece) = reply.next().await {
                is_whole = matches!(piece, Ok(Piece::Finished(_)));
            }
            if is_whole {
                warmed.answered += 1;
                failed_in_a_row = 0;
            } else {
                warmed.failed += 1;
                failed_in_a_row += 1;
                if failed_in_a_row >= WARM_UP_FAILURES_MAX {
                    break;
                }
            }
        }
        warmed
    }

    /// What became of asks since the start.
    pub fn counts(&self) -> Counts {
        let Counters { hits, coalesced, tier2_hits, misses, not_kept, tier2_errors } =
            &self.core.counters;
        let read = |it: &AtomicU64| it.load(Ordering::Relaxed);
        Counts {
            hits: read(hits),
            coalesced: read(coalesced),
            tier2_hits: read(tier2_hits),
            misses: read(misses),
            not_kept: read(not_kept),
            tier2_errors: read(tier2_errors),
        }
    }

    /// Bytes of the answers in memory, roughly.
    pub fn weight(&self) -> u64 {
        self.core.memory.run_pending_tasks();
        self.core.memory.weighted_size()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("counts", &self.counts())
            .field("under_way", &self.core.flights.count())
            .finish_non_exhaustive()
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Core {
    /// What is in memory and not too old.
    fn fresh(&self, slot: &Slot, now_ms: u64) -> Option<Arc<Answer>> {
        self.memory.get(slot).filter(|it| it.is_fresh(now_ms, self.time_to_live_ms))
    }

    /// What the second tier has, if it says so soon.
    async fn ask_tier2(&self, slot: Slot, now_ms: u64) -> Option<Arc<Answer>> {
        let got = timeout(TIER2_WAIT_MAX, self.tier2.as_ref()?.get(slot)).await;
        let json = self.told_by_tier2(got)??;
        let answer = Answer::from_json(&json)?;
        answer.is_fresh(now_ms, self.time_to_live_ms).then(|| Arc::new(answer))
    }

    async fn keep(&self, slot: Slot, answer: Arc<Answer>) {
        self.memory.insert(slot, Arc::clone(&answer));
        let Some(tier2) = &self.tier2 else { return };
        let time_to_live = Duration::from_millis(self.time_to_live_ms);
        let put = tier2.put(slot, Bytes::from(answer.to_json()), time_to_live);
        let put = timeout(TIER2_WAIT_MAX, put).await;
        self.told_by_tier2(put);
    }

    fn told_by_tier2<T, E>(&self, told: Result<Result<T, Tier2Error>, E>) -> Option<T> {
        match told {
            Ok(Ok(told)) => return Some(told),
            Ok(Err(error)) => tracing::debug!(%error, "an answer was not looked up or kept"),
            Err(_) => tracing::debug!("the second tier of the cache is slow"),
        }
        count(&self.counters.tier2_errors);
        None
    }
}

/// One ask on its way.
struct Lookup {
    core: Arc<Core>,
    cacheable: Cacheable,
    key: CacheKey,
    seed: u64,
    now_ms: u64,
    out: mpsc::Sender<Result<Piece, GatewayError>>,
}

impl Lookup {
    async fn run(self, make: impl FnOnce() -> Reply) {
        let counters = &self.core.counters;
        let slots = (0..VARIANTS).map(|variant| Slot { key: self.key, variant });
        let mut found = Vec::with_capacity(usize::from(VARIANTS));
        let mut missing = None;
        for slot in slots {
            match self.core.fresh(&slot, self.now_ms) {
                Some(answer) => found.push(answer),
                None => missing = missing.or(Some(slot)),
            }
        }
        let Some(slot) = missing else {
            count(&counters.hits);
            return self.replay(&found).await;
        };
        for _ in 0..LEADERS_MAX {
            match self.core.flights.join(slot) {
                Role::Lead(leading) => {
                    // One who led has ended in between, perhaps.
                    if let Some(answer) = self.core.fresh(&slot, self.now_ms) {
                        count(&counters.coalesced);
                        return self.replay(&[answer]).await;
                    }
                    return self.lead(slot, Some(leading), make).await;
                }
                // Rather one that is there than to wait.
                Role::Wait(_) if !found.is_empty() => {
                    count(&counters.hits);
                    return self.replay(&found).await;
                }
                Role::Wait(waiting) => {
                    let is_in_time = timeout(COALESCED_WAIT_MAX, waiting.ended()).await.is_ok();
                    if let Some(answer) = self.core.fresh(&slot, self.now_ms) {
                        count(&counters.coalesced);
                        return self.replay(&[answer]).await;
                    }
                    if !is_in_time {
                        break;
                    }
                }
            }
        }
        // Others got nothing, or take too long: beside them.
        self.lead(slot, None, make).await;
    }

    /// Gives what the second tier has, or asks.
    async fn lead(&self, slot: Slot, leading: Option<Leading>, make: impl FnOnce() -> Reply) {
        let counters = &self.core.counters;
        if let Some(answer) = self.core.ask_tier2(slot, self.now_ms).await {
            self.core.memory.insert(slot, Arc::clone(&answer));
            drop(leading);
            count(&counters.tier2_hits);
            return self.replay(&[answer]).await;
        }
        count(&counters.misses);
        let (mut reply, mut draft, mut leading) = (make(), Some(Draft::default()), leading);
        while let Some(piece) = reply.next().await {
            if let (Ok(piece), Some(draft)) = (&piece, &mut draft) {
                draft.saw(piece);
            }
            // Whoever asked may go away after the last piece: it is kept before that.
            let is_end =
                !matches!(piece, Ok(Piece::Text(_) | Piece::ToolCall(_) | Piece::Usage(_)));
            if is_end {
                let draft = draft.take().filter(|_| piece.is_ok());
                let answer = draft.and_then(|it| it.finish(self.now_ms));
                match answer.filter(|it| self.cacheable.allows(&it.text())) {
                    Some(answer) => self.core.keep(slot, Arc::new(answer)).await,
                    None => count(&counters.not_kept),
                }
                drop(leading.take());
            }
            if self.out.send(piece).await.is_err() {
                return;
            }
        }
    }

    async fn replay(&self, answers: &[Arc<Answer>]) {
        let place = (self.seed % answers.len().max(1) as u64) as usize;
        let Some(answer) = answers.get(place) else { return };
        for piece in answer.replay() {
            if self.out.send(Ok(piece)).await.is_err() {
                return;
            }
        }
    }
}
