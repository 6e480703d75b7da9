//! The dialogue service as what thinks for companions of this server's worlds.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use vivarium_contract::{
    companion::{DialogueAsk, MindWord, Traits},
    saving::MindTurn,
};
use vivarium_dialogue::{
    budget::Ledger,
    gateway::{Gateway, Settings, SetupError},
    persona::Persona,
    queue::{
        SharedWords,
        local::Local,
        shared::{Patience, Shared},
    },
    redis::{ConnectError, Redis},
    service::{
        Dialogue, Setup, Speaker,
        keeping::{Keeping, KeepingError, KeptPerson},
    },
};
use vivarium_store::{
    keeper::{Keeper, SaveError},
    port::{StoreError, WorldStore},
};

use super::{
    Mind, Minds,
    worker::{InProcess, WordsConfig},
};

/// What minds know, in the store of this server.
#[derive(Debug)]
struct KeptMinds(Keeper);

impl KeptMinds {
    async fn ask<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut dyn WorldStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, KeepingError> {
        let keeper = self.0.clone();
        let asked = tokio::task::spawn_blocking(move || keeper.ask(act)).await;
        let answer = asked.map_err(|error| KeepingError(error.to_string()))?;
        let ended = || KeepingError("the store has ended".to_owned());
        answer.ok_or_else(ended)?.map_err(|error| KeepingError(error.to_string()))
    }
}

impl Keeping for KeptMinds {
    fn state<'a>(&'a self, mind: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, KeepingError>> {
        let mind = mind.to_owned();
        async move {
            let known = self.ask(move |store| store.minds().load_mind(&mind)).await?;
            Ok(known.and_then(|known| known.state))
        }
        .boxed()
    }

    fn person<'a>(
        &'a self,
        mind: &'a str,
        person: &'a str,
    ) -> BoxFuture<'a, Result<Option<KeptPerson>, KeepingError>> {
        let (mind, person) = (mind.to_owned(), person.to_owned());
        async move {
            let act =
                move |store: &mut dyn WorldStore| store.minds().load_acquaintance(&mind, &person);
            let known = self.ask(act).await?;
            Ok(known.map(|known| KeptPerson { tie: known.tie, memories: known.memories }))
        }
        .boxed()
    }

    fn keep(&self, turn: MindTurn) -> BoxFuture<'_, Result<(), KeepingError>> {
        let (answer, answered) = oneshot::channel();
        let told = move |kept: Result<(), SaveError>| {
            // Whoever asked may be gone.
            let _ = answer.send(kept);
        };
        self.0.save_turn(turn, Box::new(told));
        async move {
            let ended = |_| KeepingError("the store has ended".to_owned());
            answered.await.map_err(ended)?.map_err(|error| KeepingError(error.to_string()))
        }
        .boxed()
    }
}

/// Folder of the assets in which companions are.
const FOLDER: &str = "companions";

impl Mind for Dialogue {
    fn traits(self: Arc<Self>, mind: String) -> BoxFuture<'static, Option<Traits>> {
        async move { Dialogue::traits(&self, &mind).await }.boxed()
    }

    fn answer(
        self: Arc<Self>,
        ask: DialogueAsk,
        who: (Speaker, String),
        words: mpsc::Sender<MindWord>,
    ) -> BoxFuture<'static, ()> {
        Dialogue::answer(self, ask, who, words).boxed()
    }
}

/// Why companions' minds cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum DialogueError {
    /// The file cannot be read.
    #[error("{path}: {error}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It says what cannot be.
    #[error("{path}: {error}")]
    Settings {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        error: Box<SetupError>,
    },
    /// There is no Redis.
    #[error("--redis: {0}")]
    Redis(#[from] ConnectError),
    /// The operating system gives no random numbers.
    #[error("no random numbers: {0}")]
    Random(io::Error),
}

/// Who thinks for a server's companions.
#[derive(Debug)]
pub struct Thinking {
    /// Where worlds ask.
    pub minds: Minds,
    /// To be ended with the server.
    pub tasks: Vec<JoinHandle<()>>,
    /// Where words come from; none: companions answer by themselves.
    pub models: Option<SharedWords>,
    /// What works for others as well, if it does.
    pub worker: Option<InProcess>,
}

/// Has the companions of an assets folder think, with the language models that the configuration
/// names, or with workers that ask some.
pub async fn start(
    assets: &Path,
    config: &WordsConfig,
    keeper: Keeper,
) -> Result<Thinking, DialogueError> {
    let settings = config.dialogue.as_deref().map(settings).transpose()?;
    let models = settings.as_ref().map(|settings| &settings.models).into_iter().flatten();
    let models: Vec<String> = models.map(|model| model.name.clone()).collect();
    let limits = settings.as_ref().map(|settings| settings.limits).unwrap_or_default();
    let cache = settings.as_ref().map(|settings| settings.cache.clone()).unwrap_or_default();
    let (words, worker) = words(config, settings).await?;
    match (&words, config.redis.is_some()) {
        (Some(_), true) => {
            tracing::info!(?models, works = worker.is_some(), "companions speak by way of workers");
        }
        (Some(_), false) => tracing::info!(?models, "companions speak with language models"),
        (None, _) => tracing::info!("companions speak from what they know: see --dialogue"),
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| DialogueError::Random(io::Error::other(error)))?;
    let dialogue = Arc::new(Dialogue::new(Setup {
        personas: personas(assets),
        models: words.clone(),
        limits,
        cache,
        keeping: Arc::new(KeptMinds(keeper)),
        secret,
        clock: Arc::new(now_ms),
    }));
    let (minds, thinking) = Minds::start(dialogue.clone());
    let warming = tokio::spawn(async move { dialogue.warm_up().await });
    Ok(Thinking { minds, tasks: vec![thinking, warming], models: words, worker })
}

/// Where words come from, and the worker that finds them for others as well.
async fn words(
    config: &WordsConfig,
    settings: Option<Settings>,
) -> Result<(Option<SharedWords>, Option<InProcess>), DialogueError> {
    let named = settings.zip(config.dialogue.as_deref());
    let Some(url) = &config.redis else {
        let Some((settings, path)) = named else { return Ok((None, None)) };
        let gateway = gateway(path, settings)?;
        let ledger = Ledger::new(gateway.settings().limits.budgets, Arc::new(now_ms));
        let words: SharedWords = Arc::new(Local::new(gateway, ledger, Arc::new(now_ms)));
        return Ok((Some(words), None));
    };
    let redis = Redis::connect(url).await?;
    let patience = named.as_ref().map(|(settings, _)| Patience::of(settings)).unwrap_or_default();
    let words: SharedWords = Arc::new(Shared::new(redis.clone(), patience));
    let worker = match named.filter(|_| config.works) {
        Some((settings, path)) => Some(InProcess::start(redis, gateway(path, settings)?)),
        None => None,
    };
    Ok((Some(words), worker))
}

/// Milliseconds since 1970 (UTC).
pub(super) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// What a file says of language models.
pub(super) fn settings(path: &Path) -> Result<Settings, DialogueError> {
    let text = fs::read_to_string(path)
        .map_err(|error| DialogueError::Unreadable { path: path.to_owned(), error })?;
    Settings::parse(&text).map_err(|error| wrong(path, SetupError::Settings(error)))
}

/// What asks the language models of a file.
pub(super) fn gateway(path: &Path, settings: Settings) -> Result<Gateway, DialogueError> {
    Gateway::new(settings, |name| env::var(name).ok()).map_err(|error| wrong(path, error))
}

fn wrong(path: &Path, error: SetupError) -> DialogueError {
    DialogueError::Settings { path: path.to_owned(), error: Box::new(error) }
}

/// The companions of an assets folder, by the names of their files. One that cannot be read is told
/// in the log, and nobody knows it.
pub fn personas(assets: &Path) -> BTreeMap<String, Persona> {
    let mut personas = BTreeMap::new();
    let Ok(entries) = fs::read_dir(assets.join(FOLDER)) else { return personas };
    for entry in entries.flatten() {
        let path = entry.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let Some(mind) = name.strip_suffix(".json") else { continue };
        let read = fs::read_to_string(&path).map_err(|error| error.to_string());
        match read.and_then(|text| Persona::from_json(&text).map_err(|error| error.to_string())) {
            Ok(persona) => {
                personas.insert(mind.to_owned(), persona);
            }
            Err(error) => {
                tracing::warn!(path = %path.display(), error, "a companion cannot be read");
            }
        }
    }
    personas
}
