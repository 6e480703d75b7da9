//! Vectors of texts from a model, or none soon.
//!
//! ```text
//! texts ─▶ made before? ─▶ vectors
//!            │ no
//!            ▼
//!      is the provider well, does the budget allow it? ─▶ provider ─▶ checked, remembered
//! ```
//!
//! Invariants: a vector of zeros, of numbers that are none, or of another length than the others is
//! refused, and its text is not asked for again soon. Whoever looks for something waits 300 ms at
//! most. What was reserved with the [`Meter`] is settled once.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{
    health::Health,
    limits::{EMBEDDED_BYTES_KEPT_MAX, EMBEDDING_WAIT_MAX, QUERY_WAIT_MAX},
    meter::{Attempt, Meter, Outcome, Planned},
};
use crate::{
    hearing::head,
    memory::{
        embed::{EMBEDDED_BYTES_MAX, Vector},
        settings::EmbeddingSettings,
    },
    provider::{
        ProviderError, Usage,
        embeddings::{VectorAnswer, VectorAsk, VectorSource},
        estimated_tokens,
        limits::EMBEDDED_TEXTS_MAX,
    },
};

/// Makes vectors by a model. Cheap to clone.
#[derive(Clone)]
pub struct Embeddings {
    core: Arc<Core>,
}

struct Core {
    settings: EmbeddingSettings,
    source: VectorSource,
    /// By the digests of texts; none: what came for it was refused.
    made: moka::sync::Cache<[u8; 32], Option<Arc<Vector>>>,
    /// Numbers of all vectors; 0 as long as none came.
    dimensions: AtomicUsize,
    health: Mutex<Health>,
}

/// Why there are no vectors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmbeddingError {
    /// The provider gave none.
    #[error("no vectors: {0}")]
    Provider(#[from] ProviderError),
    /// It is left alone for a while, since it failed.
    #[error("the provider of vectors is left alone for a while")]
    Unavailable,
    /// The meter does not allow it.
    #[error("the budget does not allow vectors")]
    OverBudget,
}

impl Embeddings {
    pub(super) fn new(settings: EmbeddingSettings, source: VectorSource) -> Self {
        let weigh = |_: &[u8; 32], vector: &Option<Arc<Vector>>| {
            let bytes = vector.as_ref().map_or(0, |it| it.kind.len() + it.values.len());
            u32::try_from(bytes + 128).unwrap_or(u32::MAX)
        };
        let made = moka::sync::Cache::builder()
            .max_capacity(EMBEDDED_BYTES_KEPT_MAX)
            .weigher(weigh)
            .time_to_live(Duration::from_secs(24 * 3_600))
            .build();
        let dimensions = AtomicUsize::new(settings.dimensions.unwrap_or_default());
        let core = Core { settings, source, made, dimensions, health: Mutex::default() };
        Self { core: Arc::new(core) }
    }

    /// The kind of its vectors: the name of the model.
    pub fn kind(&self) -> &str {
        &self.core.settings.model
    }

    /// The vector of what is looked for, if it is there soon.
    pub async fn query(&self, text: &str, meter: &dyn Meter) -> Option<Vector> {
        match self.vectors(&[text], meter, QUERY_WAIT_MAX).await {
            Ok(vectors) => vectors.into_iter().next().flatten(),
            Err(error) => {
                tracing::debug!(%error, "words are looked for by their letters");
                None
            }
        }
    }

    /// The vectors of some texts, as many as are asked for at once; none for a text of which the
    /// provider makes nothing that can be used.
    pub async fn of(
        &self,
        texts: &[&str],
        meter: &dyn Meter,
    ) -> Result<Vec<Option<Vector>>, EmbeddingError> {
        self.vectors(texts, meter, EMBEDDING_WAIT_MAX).await
    }

    async fn vectors(
        &self,
        texts: &[&str],
        meter: &dyn Meter,
        wait_max: Duration,
    ) -> Result<Vec<Option<Vector>>, EmbeddingError> {
        let core = &self.core;
        let texts: Vec<&str> = texts.iter().map(|text| head(text, EMBEDDED_BYTES_MAX)).collect();
        let keys: Vec<[u8; 32]> =
            texts.iter().map(|text| *blake3::hash(text.as_bytes()).as_bytes()).collect();
        let mut found: Vec<Option<Option<Arc<Vector>>>> =
            keys.iter().map(|key| core.made.get(key)).collect();
        let missing: Vec<usize> =
            (0..texts.len()).filter(|place| found[*place].is_none()).collect();
        for places in missing.chunks(EMBEDDED_TEXTS_MAX) {
            let asked: Vec<&str> = places.iter().map(|place| texts[*place]).collect();
            for (place, vector) in places.iter().zip(core.ask(&asked, meter, wait_max).await?) {
                let vector = vector.map(Arc::new);
                core.made.insert(keys[*place], vector.clone());
                found[*place] = Some(vector);
            }
        }
        Ok(found.into_iter().map(|it| it.flatten().as_deref().cloned()).collect())
    }
}

impl fmt::Debug for Embeddings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embeddings").field("settings", &self.core.settings).finish_non_exhaustive()
    }
}

impl Core {
    async fn ask(
        &self,
        texts: &[&str],
        meter: &dyn Meter,
        wait_max: Duration,
    ) -> Result<Vec<Option<Vector>>, EmbeddingError> {
        let EmbeddingSettings { model, provider, dimensions, .. } = &self.settings;
        if !self.note(|health, now| health.is_open(now)) {
            return Err(EmbeddingError::Unavailable);
        }
        let input_tokens = texts.iter().map(|text| estimated_tokens(text)).sum();
        let planned = Planned {
            model: model.clone(),
            provider: provider.clone(),
            input_tokens,
            output_tokens_max: 0,
            cost_microdollars_max: self.cost_microdollars(input_tokens),
        };
        // Whoever no longer waits for it has nothing reserved.
        let reserved = tokio::time::timeout(wait_max, meter.reserve(&planned)).await;
        let reserved = reserved.map_err(|_| EmbeddingError::Unavailable)?;
        reserved.map_err(|_| EmbeddingError::OverBudget)?;
        self.note(Health::asked);
        let mut account = Account { core: self, meter, planned, began: Instant::now(), end: None };
        let ask = VectorAsk { model, texts, dimensions: *dimensions, wait_max };
        let answer = self.source.ask(&ask).await;
        let took = account.began.elapsed();
        match &answer {
            Ok(answer) => {
                self.note(|health, _| health.spoke(took));
                account.end = Some((Outcome::Done, answer.usage));
            }
            Err(error) => {
                self.note(|health, now| health.failed(error, now, fastrand::f32()));
                account.end = Some((Outcome::Failed(error.clone()), None));
            }
        }
        drop(account);
        Ok(self.checked(&answer?))
    }

    /// What can be used of what came.
    fn checked(&self, answer: &VectorAnswer) -> Vec<Option<Vector>> {
        let made = answer.lists.iter().map(|numbers| {
            let vector = Vector::new(&self.settings.model, numbers).filter(Vector::is_sound)?;
            let length = numbers.len();
            // The first one says how long they are.
            let known = self
                .dimensions
                .compare_exchange(0, length, Ordering::Relaxed, Ordering::Relaxed)
                .map_or_else(|known| known, |_| length);
            (known == length).then_some(vector)
        });
        let made: Vec<Option<Vector>> = made.collect();
        let refused = made.iter().filter(|it| it.is_none()).count();
        if refused > 0 {
            let model = &self.settings.model;
            tracing::warn!(model, refused, "vectors that cannot be used are left out");
        }
        made
    }

    fn cost_microdollars(&self, tokens: u64) -> u64 {
        let price = self.settings.input_microdollars_per_million;
        let whole = u128::from(tokens) * u128::from(price);
        u64::try_from(whole.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }

    fn note<T>(&self, change: impl FnOnce(&mut Health, std::time::Instant) -> T) -> T {
        // It is whole after each change.
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut health, Instant::now().into_std())
    }
}

/// What one request takes. Settled when it is dropped.
struct Account<'a> {
    core: &'a Core,
    meter: &'a dyn Meter,
    planned: Planned,
    began: Instant,
    /// How it ended, and what it took if that was said; none: whoever asked went away.
    end: Option<(Outcome, Option<Usage>)>,
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        let (outcome, told) = self.end.take().unwrap_or((Outcome::Cancelled, None));
        let was_refused = match &outcome {
            Outcome::Failed(ProviderError::TimedOut { .. } | ProviderError::Cut) => false,
            Outcome::Failed(_) => true,
            _ => false,
        };
        let guessed = if was_refused { 0 } else { self.planned.input_tokens };
        let told = told.filter(|it| it.input_tokens > 0);
        let usage = told.unwrap_or(Usage { input_tokens: guessed, output_tokens: 0 });
        let attempt = Attempt {
            usage,
            is_estimated: told.is_none() && !was_refused,
            cost_microdollars: self.core.cost_microdollars(usage.input_tokens),
            first_token: None,
            took: self.began.elapsed(),
            outcome,
        };
        self.meter.settle(&self.planned, &attempt);
    }
}
