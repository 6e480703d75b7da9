//! Gets words from language models, whichever of them answers.
//!
//! ```text
//! request ─▶ scorer ─▶ plan ─▶ attempt (provider) ─▶ reply ─▶ whoever asked
//!              tier     order     │  ▲ health, backoff, hedging   ▲ overlap: nothing twice
//!                                 └──┴── failed, or broke in its middle: the next one goes on
//! ```
//!
//! Invariants: nothing is given to whoever asked before something real came, so that failures before
//! it leave no trace. What was given is never given again. Dropping a reply ends its request at once.
//! Each attempt that was reserved with the [`Meter`] is settled once. The number of replies under way
//! is bounded, and so is the time that each of them takes.
//!
//! Here are clock and lots for everything below, which has them as arguments.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant as Wall},
};

use futures_util::{StreamExt, stream, stream::BoxStream};
use tokio::{sync::Semaphore, time::Instant};

mod attempt;
pub mod backoff;
pub mod embeddings;
pub mod health;
pub mod limits;
pub mod meter;
pub mod overlap;
pub mod plan;
mod reply;
pub mod scorer;
pub mod settings;

use self::{embeddings::Embeddings, health::Health, meter::Meter, settings::ms};
use crate::provider::{
    Continuation, Piece, Provider, ProviderError, Request, RequestError, ToolCall,
    anthropic::Anthropic,
    embeddings::VectorSource,
    openai::OpenAi,
    wire::{Key, Upstream, UpstreamError},
};
pub use settings::{Kind, ModelSettings, Settings, SettingsError, Tier};

/// An answer on its way. Ends with [`Piece::Finished`] or an error; before the former comes one
/// [`Piece::Usage`] with the tokens of all attempts.
pub type Reply = BoxStream<'static, Result<Piece, GatewayError>>;

/// What was given of an answer whose end is still missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Begun {
    /// Said.
    pub text: String,
    /// Called.
    pub calls: Vec<ToolCall>,
}

impl Begun {
    /// Takes in what comes next; pieces that are about the answer are left out.
    pub fn add(&mut self, piece: &Piece) {
        match piece {
            Piece::Text(text) => self.text.push_str(text),
            Piece::ToolCall(call) => self.calls.push(call.clone()),
            Piece::Usage(_) | Piece::Finished(_) => {}
        }
    }

    /// Whether nothing was given yet.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.calls.is_empty()
    }
}

/// Asks language models. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    core: Arc<Core>,
}

/// Why there is no gateway.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A key is not there.
    #[error("providers.{provider}.key_env: the environment has no {variable}, or no key in it")]
    NoKey {
        /// Whose.
        provider: String,
        /// Where it should be.
        variable: String,
    },
    /// A provider of the settings was not given.
    #[error("providers.{0}: there is nothing that asks it")]
    NoProvider(String),
    /// A provider cannot be asked.
    #[error("providers.{provider}: {error}")]
    Upstream {
        /// Which.
        provider: String,
        /// Why not.
        error: UpstreamError,
    },
}

/// Why there is no answer, or no whole one.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GatewayError {
    /// It cannot be asked.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// No model has room for it.
    #[error("no model has room for about {input_tokens} tokens")]
    NoRoom {
        /// Estimated on the high side.
        input_tokens: u64,
    },
    /// Too many ask at once.
    #[error("too many ask at once")]
    Busy,
    /// The meter does not allow it.
    #[error("the budget does not allow it")]
    OverBudget,
    /// All providers are left alone for a while, since they failed.
    #[error("no provider can be asked for {} ms", again_in.as_millis())]
    Unavailable {
        /// When the first of them is asked again.
        again_in: Duration,
    },
    /// Nobody gave a word.
    #[error("none of {attempts} attempts brought an answer: {last}")]
    Failed {
        /// How often was tried.
        attempts: u32,
        /// Why the last one failed.
        last: ProviderError,
    },
    /// The answer broke after its beginning, and nobody went on with it.
    #[error("the answer broke, and nobody could go on with it: {last}")]
    Broken {
        /// Why the last attempt failed.
        last: ProviderError,
    },
    /// It took too long in all.
    #[error("the answer took too long")]
    TimedOut,
    /// A worker that was to ask for it says why there is none.
    #[error("{told}")]
    Elsewhere {
        /// In words for people.
        told: String,
        /// Whether the same may well be answered a moment later.
        is_passing: bool,
    },
    /// The queue to the workers has failed.
    #[error("the queue of answers {told}")]
    Queue {
        /// How.
        told: &'static str,
    },
}

impl GatewayError {
    /// A word for states and metrics, of a few that never change.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Request(_) => "refused",
            Self::NoRoom { .. } => "no_room",
            Self::Busy => "busy",
            Self::OverBudget => "over_budget",
            Self::Unavailable { .. } => "unavailable",
            Self::Failed { .. } | Self::Elsewhere { .. } => "failed",
            Self::Broken { .. } => "broken",
            Self::TimedOut => "timed_out",
            Self::Queue { .. } => "queue",
        }
    }

    /// Whether the same request may well be answered a moment later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Busy | Self::Unavailable { .. } => true,
            Self::Failed { last, .. } | Self::Broken { last } => last.is_passing(),
            Self::Elsewhere { is_passing, .. } => *is_passing,
            Self::Request(_)
            | Self::NoRoom { .. }
            | Self::OverBudget
            | Self::TimedOut
            | Self::Queue { .. } => false,
        }
    }
}

/// What all replies share.
struct Core {
    settings: Settings,
    providers: BTreeMap<String, Arc<dyn Provider>>,
    health: Mutex<BTreeMap<String, Health>>,
    /// Makes vectors, if the settings name a model for that.
    embeddings: Option<Embeddings>,
    /// One for each reply that may be under way.
    turns: Arc<Semaphore>,
    /// One for each request that may wait for a turn.
    waiting: Semaphore,
}

impl Gateway {
    /// Asks the providers of the settings, with keys from `environment`.
    pub fn new(
        settings: Settings,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SetupError> {
        settings.check()?;
        let mut providers = BTreeMap::new();
        let mut embeddings = None;
        for (name, provider) in &settings.providers {
            let key = match &provider.key_env {
                None => None,
                Some(variable) => {
                    let key = environment(variable).as_deref().and_then(Key::new);
                    Some(key.ok_or_else(|| SetupError::NoKey {
                        provider: name.clone(),
                        variable: variable.clone(),
                    })?)
                }
            };
            let url = &provider.base_url;
            if key.is_some() && url.scheme() == "http" && !crate::provider::wire::is_loopback(url) {
                tracing::warn!(provider = name, "its key goes over the network in the clear");
            }
            let connect_max = ms(settings.timeouts.connect_ms);
            let upstream = Upstream::new(url, key.as_ref(), connect_max, dialect(provider));
            let failed = |error| SetupError::Upstream { provider: name.clone(), error };
            let upstream = upstream.map_err(failed)?;
            providers.insert(name.clone(), Arc::new(upstream) as Arc<dyn Provider>);
            let embedding = settings.memory.embedding.as_ref();
            if let Some(embedding) = embedding.filter(|it| it.provider == *name) {
                let source = VectorSource::new(url, key.as_ref(), connect_max).map_err(failed)?;
                embeddings = Some(Embeddings::new(embedding.clone(), source));
            }
        }
        Self::made_of(settings, providers, embeddings)
    }

    /// As [`Gateway::new`], with providers of the caller's, by their names in the settings. None of
    /// them makes vectors.
    pub fn with_providers(
        settings: Settings,
        providers: BTreeMap<String, Arc<dyn Provider>>,
    ) -> Result<Self, SetupError> {
        Self::made_of(settings, providers, None)
    }

    fn made_of(
        settings: Settings,
        providers: BTreeMap<String, Arc<dyn Provider>>,
        embeddings: Option<Embeddings>,
    ) -> Result<Self, SetupError> {
        settings.check()?;
        if let Some(name) = settings.providers.keys().find(|it| !providers.contains_key(*it)) {
            return Err(SetupError::NoProvider(name.clone()));
        }
        let health = settings.providers.keys().map(|it| (it.clone(), Health::default())).collect();
        let core = Core {
            turns: Arc::new(Semaphore::new(settings.concurrency.answers_max)),
            waiting: Semaphore::new(settings.concurrency.waiting_max),
            health: Mutex::new(health),
            embeddings,
            providers,
            settings,
        };
        Ok(Self { core: Arc::new(core) })
    }

    /// Asks for an answer, of a model as good as `wanted`, or as what was said last wants
    /// ([`scorer::score`]). Nothing is asked before the reply is polled.
    pub fn stream(&self, request: Request, wanted: Option<Tier>, meter: Arc<dyn Meter>) -> Reply {
        self.resume(request, wanted, meter, Begun::default())
    }

    /// As [`Gateway::stream`], after what was given of the answer already: the reply has the rest.
    pub fn resume(
        &self,
        request: Request,
        wanted: Option<Tier>,
        meter: Arc<dyn Meter>,
        begun: Begun,
    ) -> Reply {
        let talk = reply::Talk::new(Arc::clone(&self.core), request, wanted, meter, begun);
        stream::unfold(talk, |mut talk| async move {
            let piece = talk.next().await?;
            Some((piece, talk))
        })
        .fuse()
        .boxed()
    }

    /// How each provider is, by its name.
    pub fn health(&self) -> BTreeMap<String, Health> {
        self.core.health().clone()
    }

    /// How long until a provider can be asked; zero: one can be now.
    pub fn opens_in(&self) -> Duration {
        let now = Instant::now().into_std();
        let all = self.core.health();
        all.values().map(|health| health.opens_in(now)).min().unwrap_or_default()
    }

    /// Replies that may begin at once.
    pub fn free_turns(&self) -> usize {
        self.core.turns.available_permits()
    }

    /// What makes vectors, if the settings name a model for that.
    pub fn embeddings(&self) -> Option<&Embeddings> {
        self.core.embeddings.as_ref()
    }

    /// Replies that wait for their turn.
    pub fn waiting(&self) -> usize {
        let waiting_max = self.core.settings.concurrency.waiting_max;
        waiting_max.saturating_sub(self.core.waiting.available_permits())
    }

    /// What it was made of.
    pub fn settings(&self) -> &Settings {
        &self.core.settings
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("settings", &self.core.settings).finish_non_exhaustive()
    }
}

impl Core {
    fn health(&self) -> MutexGuard<'_, BTreeMap<String, Health>> {
        // It is whole after each change.
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known of a provider.
    fn note(&self, provider: &str, change: impl FnOnce(&mut Health, Wall)) {
        if let Some(health) = self.health().get_mut(provider) {
            change(health, Instant::now().into_std());
        }
    }

    fn model(&self, place: usize) -> &ModelSettings {
        &self.settings.models[place]
    }

    /// How a model is asked to go on.
    fn continuation(&self, model: &ModelSettings) -> Continuation {
        model.continuation.unwrap_or_else(|| {
            match self.settings.providers.get(&model.provider).map(|it| it.kind) {
                Some(Kind::Anthropic) => Continuation::Prefill,
                Some(Kind::Openai) | None => Continuation::Asked,
            }
        })
    }
}

fn dialect(provider: &settings::ProviderSettings) -> Arc<dyn crate::provider::wire::Dialect> {
    match provider.kind {
        Kind::Anthropic => Arc::new(Anthropic),
        Kind::Openai => {
            let is_their_own = provider.base_url.host_str() == Some("api.openai.com");
            let limit_field = if is_their_own { "max_completion_tokens" } else { "max_tokens" };
            Arc::new(OpenAi { limit_field })
        }
    }
}
