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
    gateway::{Gateway, Settings, SetupError},
    persona::Persona,
    service::{
        Caller, Dialogue, Setup,
        keeping::{Keeping, KeepingError, KeptPerson},
    },
};
use vivarium_store::{
    keeper::{Keeper, SaveError},
    port::{StoreError, WorldStore},
};

use super::{Mind, Minds};

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
        caller: Caller,
        words: mpsc::Sender<MindWord>,
    ) -> BoxFuture<'static, ()> {
        Dialogue::answer(self, ask, caller, words).boxed()
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
    /// The operating system gives no random numbers.
    #[error("no random numbers: {0}")]
    Random(io::Error),
}

/// Has the companions of an assets folder think, with the language models that a file names. Gives
/// the tasks, to be ended with the server.
pub fn start(
    assets: &Path,
    settings: Option<&Path>,
    keeper: Keeper,
) -> Result<(Minds, Vec<JoinHandle<()>>), DialogueError> {
    let dialogue = Arc::new(dialogue(assets, settings, keeper)?);
    let (minds, thinking) = Minds::start(dialogue.clone());
    let later = dialogue.clone();
    let later = tokio::spawn(async move { later.think_later().await });
    let warming = tokio::spawn(async move { dialogue.warm_up().await });
    Ok((minds, vec![thinking, later, warming]))
}

fn dialogue(
    assets: &Path,
    settings: Option<&Path>,
    keeper: Keeper,
) -> Result<Dialogue, DialogueError> {
    let gateway = settings.map(gateway).transpose()?;
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| DialogueError::Random(io::Error::other(error)))?;
    match &gateway {
        Some(gateway) => {
            let models: Vec<&str> =
                gateway.settings().models.iter().map(|model| model.name.as_str()).collect();
            tracing::info!(?models, "companions speak with language models");
        }
        None => tracing::info!("companions speak from what they know: see --dialogue"),
    }
    let clock = || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
    };
    Ok(Dialogue::new(Setup {
        personas: personas(assets),
        gateway,
        keeping: Arc::new(KeptMinds(keeper)),
        secret,
        clock: Arc::new(clock),
    }))
}

fn gateway(path: &Path) -> Result<Gateway, DialogueError> {
    let text = fs::read_to_string(path)
        .map_err(|error| DialogueError::Unreadable { path: path.to_owned(), error })?;
    let settings = Settings::parse(&text).map_err(SetupError::Settings);
    let gateway = settings.and_then(|settings| Gateway::new(settings, |name| env::var(name).ok()));
    gateway
        .map_err(|error| DialogueError::Settings { path: path.to_owned(), error: Box::new(error) })
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
