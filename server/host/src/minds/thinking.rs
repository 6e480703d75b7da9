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
    companion::{Bond, DialogueAsk, MindWord, Traits},
    saving::MindTurn,
};
use vivarium_dialogue::{
    gateway::{Gateway, Settings, SetupError},
    persona::Persona,
    queue::{
        SharedWords,
        shared::{Patience, Shared},
    },
    redis::{ConnectError, Redis},
    service::{
        Asker, Dialogue, Setup, Speaker,
        keeping::{KEPT_BYTES_MAX, Keeping, KeepingError, KeptPerson},
        noted::Notes,
    },
};
use vivarium_store::{
    keeper::{Keeper, SaveError},
    port::{StoreError, WorldStore},
};

use super::{
    Mind, Minds,
    books::{self, Books, BooksError},
    meters::DialogueMeters,
    secret,
    worker::{InProcess, WordsConfig},
};
use crate::config::ServerConfig;

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

    fn persona<'a>(
        &'a self,
        mind: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, KeepingError>> {
        let mind = mind.to_owned();
        async move {
            let known = self.ask(move |store| store.minds().load_mind(&mind)).await?;
            Ok(known.and_then(|known| known.persona).map(|(_, persona)| persona))
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

    fn forget<'a>(
        &'a self,
        mind: &'a str,
        person: &'a str,
    ) -> BoxFuture<'a, Result<(), KeepingError>> {
        let (mind, person) = (mind.to_owned(), person.to_owned());
        async move {
            self.ask(move |store| store.minds().forget(&mind, &person)).await?;
            Ok(())
        }
        .boxed()
    }

    fn forget_mind<'a>(&'a self, mind: &'a str) -> BoxFuture<'a, Result<(), KeepingError>> {
        let mind = mind.to_owned();
        async move {
            self.ask(move |store| store.minds().forget_mind(&mind)).await?;
            Ok(())
        }
        .boxed()
    }
}

// What a mind keeps of a memory is taken by the store.
const _: () = assert!(KEPT_BYTES_MAX <= vivarium_store::limits::MEMORY_BYTES_MAX);

/// Folder of the assets in which companions are.
const FOLDER: &str = "companions";

impl Mind for Dialogue {
    fn traits(self: Arc<Self>, mind: String) -> BoxFuture<'static, Option<Traits>> {
        async move { Dialogue::traits(&self, &mind).await }.boxed()
    }

    fn bond(self: Arc<Self>, mind: String, speaker: Speaker) -> BoxFuture<'static, Option<Bond>> {
        async move { Dialogue::bond(&self, &mind, &speaker).await }.boxed()
    }

    fn answer(
        self: Arc<Self>,
        ask: DialogueAsk,
        asker: Asker,
        words: mpsc::Sender<MindWord>,
    ) -> BoxFuture<'static, ()> {
        Dialogue::answer(self, ask, asker, words).boxed()
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
    /// The server's secret cannot be had.
    #[error("{path}: {error}")]
    Secret {
        /// Where it is.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// What was spent before cannot be found out.
    #[error(transparent)]
    Books(#[from] BooksError),
    /// There is no Redis.
    #[error("--redis: {0}")]
    Redis(#[from] ConnectError),
}

/// Where companions' minds come from.
#[derive(Debug)]
pub struct Sources<'a> {
    /// In which their personas are.
    pub assets: &'a Path,
    /// In which the server's secret is.
    pub data: &'a Path,
    /// Which language models they have, and who asks them.
    pub words: WordsConfig,
}

impl<'a> Sources<'a> {
    /// As the configuration of a server says.
    pub fn of(config: &'a ServerConfig) -> Self {
        Self { assets: &config.assets, data: &config.data, words: config.words() }
    }
}

/// What thinks for companions, and what goes with it.
#[derive(Debug)]
pub struct Thinking {
    /// What thinks.
    pub dialogue: Arc<Dialogue>,
    /// Where worlds ask.
    pub minds: Minds,
    /// What answers cost, to be written once more at the end.
    pub books: Arc<Books>,
    /// What works for others as well, if it does.
    pub worker: Option<InProcess>,
    /// To be ended with the server.
    pub tasks: Vec<JoinHandle<()>>,
}

/// Has companions think, those of an assets folder and those of the store, with the language models
/// that the configuration names, or by way of workers that ask some.
pub async fn start(
    sources: &Sources<'_>,
    keeper: Keeper,
    meters: &Arc<DialogueMeters>,
) -> Result<Thinking, DialogueError> {
    let secret = secret::of(sources.data)
        .map_err(|error| DialogueError::Secret { path: sources.data.join(secret::FILE), error })?;
    let Words { gateway, redis, queue, works } = words(&sources.words).await?;
    let settings = gateway.iter().map(Gateway::settings);
    let models: Vec<&str> =
        settings.flat_map(|it| &it.models).map(|model| model.name.as_str()).collect();
    match (&gateway, &queue) {
        (_, Some(_)) => {
            tracing::info!(?models, works = works.is_some(), "companions speak by way of workers");
        }
        (Some(_), None) => tracing::info!(?models, "companions speak with language models"),
        (None, None) => tracing::info!("companions speak from what they know: see --dialogue"),
    }
    let dialogue = Arc::new(Dialogue::new(Setup {
        personas: personas(sources.assets),
        gateway,
        queue,
        spent: books::load(&keeper, now_ms())?,
        keeping: Arc::new(KeptMinds(keeper.clone())),
        redis,
        secret,
        notes: meters.clone(),
        clock: Arc::new(now_ms),
    }));
    meters.watch(dialogue.clone());
    // What it spends stands in the books of this server.
    let worker = works.map(|(redis, gateway)| {
        let books = (dialogue.ledger().clone(), meters.clone() as Arc<dyn Notes>);
        InProcess::start(redis, gateway, books)
    });
    let (minds, thinking) = Minds::start(dialogue.clone(), meters.clone());
    let books = Arc::new(Books::new(dialogue.clone(), keeper, meters.clone()));
    let keeping = tokio::spawn(books.clone().keep());
    let thinks = dialogue.clone();
    let later = tokio::spawn(async move { thinks.think_later().await });
    let warms = dialogue.clone();
    let warming = tokio::spawn(async move { warms.warm_up().await });
    Ok(Thinking { dialogue, minds, books, worker, tasks: vec![thinking, later, keeping, warming] })
}

/// Where words come from.
struct Words {
    gateway: Option<Gateway>,
    redis: Option<Redis>,
    queue: Option<SharedWords>,
    /// With what words are found for others as well.
    works: Option<(Redis, Gateway)>,
}

async fn words(config: &WordsConfig) -> Result<Words, DialogueError> {
    let gateway = match config.dialogue.as_deref() {
        Some(path) => Some(gateway(path, settings(path)?)?),
        None => None,
    };
    let Some(url) = &config.redis else {
        return Ok(Words { gateway, redis: None, queue: None, works: None });
    };
    let redis = Redis::connect(url).await?;
    let settings = gateway.as_ref().map(Gateway::settings);
    let patience = settings.map(Patience::of).unwrap_or_default();
    let queue: SharedWords = Arc::new(Shared::new(redis.clone(), patience));
    let works = gateway.clone().filter(|_| config.works).map(|gateway| (redis.clone(), gateway));
    Ok(Words { gateway, redis: Some(redis), queue: Some(queue), works })
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
