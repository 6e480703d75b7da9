//! The document of a world as it is now, for those who come in while it is changed.
//!
//! The world's thread only puts edits into a list, under a lock that nobody holds for long; they are
//! done here when somebody asks for the document, or once a second. Invariant: whoever was told of
//! an edit by the world finds it in the document.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use vivarium_contract::editing::Operations;
use vivarium_scene::{document::WorldDocument, scene::Scene};

use super::locked;
use crate::worlds::WorldSource;

/// A document as clients get it.
#[derive(Clone, Debug)]
pub struct Served {
    /// JSON.
    pub json: Bytes,
    /// A strong entity tag of `json` and `edits`, with its quotes.
    pub etag: String,
    /// Number of the last edit in it.
    pub edits: u32,
}

impl Served {
    fn of(json: Bytes, edits: u32) -> Self {
        let hash = blake3::hash(&json).to_hex();
        Self { etag: format!("\"{}-{edits}\"", &hash[..32]), json, edits }
    }
}

#[derive(Debug)]
struct Inner {
    original: Arc<WorldDocument>,
    /// Made at the first edit.
    scene: Option<Scene>,
    edits: u32,
    served: Arc<Served>,
}

/// See the module.
#[derive(Debug)]
pub struct Replica {
    waiting: Mutex<Vec<(u32, Operations)>>,
    inner: Mutex<Inner>,
    /// Name and description for people.
    titles: Mutex<(String, String)>,
}

impl Inner {
    fn new(source: &WorldSource) -> Self {
        let served = Served::of(source.json.clone(), 0);
        let original = source.document.clone();
        Self { original, scene: None, edits: 0, served: Arc::new(served) }
    }

    fn catch_up(&mut self, waiting: Vec<(u32, Operations)>) {
        for (number, operations) in waiting {
            let scene = self.scene.get_or_insert_with(|| Scene::new((*self.original).clone()));
            if let Err(error) = scene.apply_all(operations.0.iter().cloned()) {
                // The world has done them to the very same document.
                tracing::error!(%error, number, "an edit could not be followed");
            }
            self.edits = number;
        }
    }
}

impl Replica {
    pub(super) fn new(source: &WorldSource) -> Self {
        let titles = (source.document.title.clone(), source.document.description.clone());
        let inner = Mutex::new(Inner::new(source));
        Self { waiting: Mutex::default(), inner, titles: Mutex::new(titles) }
    }

    pub(super) fn restart(&self, source: &WorldSource) {
        let mut inner = locked(&self.inner);
        locked(&self.waiting).clear();
        *inner = Inner::new(source);
        self.note_titles(&inner);
    }

    fn note_titles(&self, inner: &Inner) {
        let head = inner.scene.as_ref().map_or(&*inner.original, Scene::head);
        *locked(&self.titles) = (head.title.clone(), head.description.clone());
    }

    pub(super) fn push(&self, number: u32, operations: Operations) {
        self.push_after(number, operations, || ());
    }

    /// Nobody looks at the replica between the act, which must not wait, and the edit.
    pub(super) fn push_after(&self, number: u32, operations: Operations, act: impl FnOnce()) {
        let mut waiting = locked(&self.waiting);
        act();
        waiting.push((number, operations));
    }

    /// Number of the newest edit.
    pub fn newest(&self) -> u32 {
        let inner = locked(&self.inner);
        locked(&self.waiting).last().map_or(inner.edits, |(number, _)| *number)
    }

    /// Does what waits. May take a while.
    pub fn catch_up(&self) {
        let mut inner = locked(&self.inner);
        let waiting = std::mem::take(&mut *locked(&self.waiting));
        inner.catch_up(waiting);
        self.note_titles(&inner);
    }

    /// The document as it is now. May take a while.
    pub fn served(&self) -> Arc<Served> {
        let mut inner = locked(&self.inner);
        let waiting = std::mem::take(&mut *locked(&self.waiting));
        inner.catch_up(waiting);
        if inner.served.edits != inner.edits
            && let Some(scene) = &inner.scene
        {
            let json = serde_json::to_vec(&scene.document());
            let json = json.expect("documents have only names as keys");
            inner.served = Arc::new(Served::of(json.into(), inner.edits));
        }
        inner.served.clone()
    }

    /// The world as it is now, and the number of the last edit in it. May take a while.
    pub fn scene(&self) -> (u32, Scene) {
        let mut inner = locked(&self.inner);
        let waiting = std::mem::take(&mut *locked(&self.waiting));
        inner.catch_up(waiting);
        let scene = match &inner.scene {
            Some(scene) => scene.clone(),
            None => Scene::new((*inner.original).clone()),
        };
        (inner.edits, scene)
    }

    /// Name and description for people, as they were a second ago at the latest.
    pub fn titles(&self) -> (String, String) {
        locked(&self.titles).clone()
    }
}
