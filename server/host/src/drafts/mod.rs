//! Drafts: copies of worlds that are built in as worlds of their own, until they are published into
//! the world that they are copies of, or discarded.
//!
//! ```text
//! begin ─▶ store ─▶ a thread ─▶ found by its name            (in no list of worlds)
//! publish: frozen ─▶ base, draft and world are merged ─▶ one change of the world ─▶ store ─▶ closed
//! discard: frozen ─────────────────────────────────────────────────────────────▶ store ─▶ closed
//! ```
//!
//! Roles and uploaded assets are those of the world ([`World::home`]). Whoever is in a draft that
//! ends goes on in the world. Invariant: the store forgets a draft together with the change that
//! publishes it, so it is never published twice, nor lost when it could not be published.

use std::{io, sync::Arc};

use vivarium_scene::{load::DocumentError, scene::Scene};
use vivarium_store::{
    keeper::Keeper,
    port::{Draft, StoreError, WorldStore},
};
use vivarium_world::WorldError;

use crate::{
    building::past::{Past, PastError},
    kept::{self, KeptError},
    limits::{DRAFTS_MAX, DRAFTS_PER_WORLD_MAX},
    routing::new_token,
    starter::Starter,
    worlds::{World, WorldSource, now_ms},
};

pub mod api;
mod publish;

/// Characters of the name of a world that the name of its draft begins with; with what follows it is
/// as long as a name may be.
const OF_CHARS_MAX: usize = 17;

/// Why a draft was not begun or not ended.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// The store did not do it, or the world is damaged there.
    #[error(transparent)]
    Past(#[from] PastError),
    /// There are as many as there may be.
    #[error("a world has {DRAFTS_PER_WORLD_MAX} drafts at most: publish or discard one first")]
    TooMany,
    /// There are as many as there may be.
    #[error("there are {DRAFTS_MAX} drafts of all worlds at most: publish or discard one first")]
    TooManyInAll,
    /// The copy is no sound world.
    #[error("the world cannot be copied: {0}")]
    Document(DocumentError),
    /// Nothing can be simulated from the copy.
    #[error("the draft cannot be opened: {0}")]
    World(WorldError),
    /// It failed at its first tick.
    #[error("the draft failed at its first tick")]
    Failed,
    /// The operating system gives no thread.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    Random,
}

impl From<StoreError> for DraftError {
    fn from(error: StoreError) -> Self {
        Self::Past(error.into())
    }
}

impl From<KeptError> for DraftError {
    fn from(error: KeptError) -> Self {
        Self::Past(error.into())
    }
}

/// Begins drafts and ends them.
#[derive(Debug)]
pub struct Drafts {
    starter: Arc<Starter>,
    keeper: Keeper,
    /// One at a time, so that there are never more than there may be.
    beginning: tokio::sync::Mutex<()>,
}

impl Drafts {
    /// Of the worlds that are started there and kept here.
    pub fn new(starter: Arc<Starter>, keeper: Keeper) -> Self {
        Self { starter, keeper, beginning: tokio::sync::Mutex::default() }
    }

    async fn ask<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut dyn WorldStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, KeptError> {
        let keeper = self.keeper.clone();
        kept::beside(move || Ok(keeper.ask(act).ok_or(KeptError::Ended)??)).await
    }

    /// All that are kept, those included that could not be opened.
    pub async fn all(&self) -> Result<Vec<Draft>, KeptError> {
        self.ask(|store| store.drafts()).await
    }

    /// Begins a draft of a world as it is kept now.
    pub async fn begin(
        &self,
        home: &Arc<World>,
        title: String,
        author: String,
    ) -> Result<Arc<World>, DraftError> {
        let _beginning = self.beginning.lock().await;
        let of = home.name().to_owned();
        let drafts = self.all().await?;
        if drafts.len() >= DRAFTS_MAX {
            return Err(DraftError::TooManyInAll);
        }
        if drafts.iter().filter(|draft| draft.of == of).count() >= DRAFTS_PER_WORLD_MAX {
            return Err(DraftError::TooMany);
        }
        let world = new_name(&of).ok_or(DraftError::Random)?;
        let draft = Draft { world, of, title, author, at_ms: now_ms(), base: 0 };
        let past = Past::new(self.keeper.clone(), home.source.clone());
        let (limit, keeper) = (home.source.client_bytes_per_s_max, self.keeper.clone());
        let source = tokio::task::spawn_blocking(move || {
            let source = copy(past.newest()?.0, draft)?;
            keep(&keeper, source)
        });
        let source = source.await.map_err(|_| KeptError::Ended)??;
        let source = WorldSource { client_bytes_per_s_max: limit, ..source };
        let (world, messages) = World::draft(source, home.clone());
        let started = match self.starter.start(world.clone(), messages, None) {
            Ok(is_ready) => match is_ready.await {
                Ok(built) => built.map_err(DraftError::World),
                Err(_) => Err(DraftError::Failed),
            },
            Err(error) => Err(DraftError::Thread(error)),
        };
        match started {
            Ok(()) => self.starter.open(world.clone()),
            Err(error) => {
                // Nobody has seen it.
                self.starter.close(&world);
                self.forget(world.name()).await?;
                return Err(error);
            }
        }
        Ok(world)
    }

    /// Waits until none is just being begun, and lets none begin as long as what it gives is held: one
    /// that is kept and not open by then is not being opened either.
    async fn settled(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.beginning.lock().await
    }

    /// Forgets all that is kept of a draft; whether there was anything.
    pub async fn forget(&self, world: &str) -> Result<bool, KeptError> {
        let world = world.to_owned();
        self.ask(move |store| store.end_draft(&world)).await
    }

    /// A draft of which nothing is kept any more ends: its people go on in its world.
    pub fn close(&self, draft: &World) {
        self.starter.close(draft);
    }
}

/// A name for a draft that nobody can guess.
fn new_name(of: &str) -> Option<String> {
    let token = new_token()?;
    let word: String = token[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    let of: String = of.chars().take(OF_CHARS_MAX).collect();
    Some(format!("{of}-draft-{word}"))
}

/// A world under the name of a draft.
fn copy(scene: Scene, draft: Draft) -> Result<WorldSource, DraftError> {
    let mut document = scene.document();
    document.name.clone_from(&draft.world);
    let json = serde_json::to_vec(&document).expect("a document has only names as keys");
    let source = WorldSource::from_json(json.into()).map_err(DraftError::Document)?;
    Ok(WorldSource { draft: Some(draft), ..source })
}

/// Keeps a draft as it begins.
fn keep(keeper: &Keeper, source: WorldSource) -> Result<WorldSource, DraftError> {
    let WorldSource { json, draft, .. } = source.clone();
    let Some(draft) = draft else { return Ok(source) };
    let kept = keeper.ask(move |store| {
        let base = store.begin_draft(&draft, &json)?;
        Ok::<_, StoreError>(Draft { base, ..draft })
    });
    let draft = kept.ok_or(KeptError::Ended)??;
    Ok(WorldSource { draft: Some(draft), ..source })
}

#[cfg(test)]
mod tests {
    use vivarium_protocol::limits::WORLD_NAME_CHARS_MAX;
    use vivarium_store::{adapters::memory::MemoryStore, port::Version};

    use super::*;
    use crate::puppet::source;

    #[test]
    fn a_draft_that_has_ended_is_not_kept_again_by_whoever_names_a_version_of_it() {
        let store: Box<dyn WorldStore> = Box::new(MemoryStore::default());
        let (keeper, _) = Keeper::start(store).unwrap();
        let scene = Scene::new((*source("plaza").document).clone());
        let named = |what: &str| Draft {
            world: "plaza-draft-1".into(),
            of: "plaza".into(),
            title: what.into(),
            author: "ana Ana".into(),
            at_ms: 1,
            base: 0,
        };
        let draft = keep(&keeper, copy(scene, named("Lamps")).unwrap()).unwrap();
        let past = Past::new(keeper.clone(), draft);
        let version =
            Version { id: 0, name: "before".into(), revision: 0, at_ms: 2, author: "bo Bo".into() };
        past.keep_version(version.clone()).unwrap();
        assert!(keeper.ask(|store| store.end_draft("plaza-draft-1")).unwrap().unwrap());
        past.keep_version(version).unwrap_err();
        assert!(keeper.ask(|store| store.worlds()).unwrap().unwrap().is_empty());
        keeper.end();
    }

    #[test]
    fn names_of_drafts_tell_of_which_world_and_fit() {
        let name = new_name("plaza").unwrap();
        assert!(name.starts_with("plaza-draft-") && name.len() == 20, "{name}");
        assert_ne!(new_name("plaza"), new_name("plaza"));
        assert_eq!(
            new_name(&"a".repeat(WORLD_NAME_CHARS_MAX)).unwrap().len(),
            WORLD_NAME_CHARS_MAX
        );
    }
}
