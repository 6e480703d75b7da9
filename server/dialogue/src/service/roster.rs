//! Who companions are while the server runs: those that came with it, and those that people have made.
//!
//! Invariant: a name that came with the server is never anybody else's. Whoever asks after
//! [`Roster::renew`] is given what is kept by then, never what was before.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use moka::sync::Cache;

use super::keeping::Keeping;
use crate::persona::Persona;

/// Characters of the name of a mind.
const NAME_CHARS_MAX: usize = 32;
/// Personas of people's that are in mind at once; of more, those that nobody asks for go first.
const PERSONAS_MAX: u64 = 1_024;

/// Who companions are, by the names of their minds.
#[derive(Debug)]
pub(super) struct Roster {
    shipped: BTreeMap<String, Arc<Persona>>,
    made: Cache<String, Arc<Persona>>,
    /// Held from a look into the store until it is noted what was found.
    finding: tokio::sync::Mutex<()>,
    /// Minds that are just being deleted.
    closed: Mutex<BTreeSet<String>>,
    keeping: Arc<dyn Keeping>,
}

/// As long as it is there, nobody knows the mind.
#[derive(Debug)]
pub(super) struct Closed<'a> {
    roster: &'a Roster,
    mind: String,
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.roster.closed().remove(&self.mind);
    }
}

/// Whether a mind can have this name.
fn is_name(name: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(is_fit)
}

impl Roster {
    pub fn new(shipped: BTreeMap<String, Persona>, keeping: Arc<dyn Keeping>) -> Self {
        let shipped = shipped.into_iter().map(|(mind, persona)| (mind, Arc::new(persona)));
        Self {
            shipped: shipped.collect(),
            made: Cache::new(PERSONAS_MAX),
            finding: tokio::sync::Mutex::default(),
            closed: Mutex::default(),
            keeping,
        }
    }

    fn closed(&self) -> MutexGuard<'_, BTreeSet<String>> {
        // It is whole after each change.
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that came with the server.
    pub fn shipped(&self) -> &BTreeMap<String, Arc<Persona>> {
        &self.shipped
    }

    /// Who has that mind; none: nobody knows it.
    pub async fn find(&self, mind: &str) -> Option<Arc<Persona>> {
        if let Some(persona) = self.shipped.get(mind) {
            return Some(persona.clone());
        }
        if !is_name(mind) || self.closed().contains(mind) {
            return None;
        }
        if let Some(persona) = self.made.get(mind) {
            return Some(persona);
        }
        let _finding = self.finding.lock().await;
        let kept = match self.keeping.persona(mind).await {
            Ok(kept) => kept?,
            Err(error) => {
                tracing::warn!(mind, %error, "a persona is not found");
                return None;
            }
        };
        let read = std::str::from_utf8(&kept).map_err(|error| error.to_string());
        match read.and_then(|json| Persona::from_json(json).map_err(|error| error.to_string())) {
            Ok(persona) => {
                let persona = Arc::new(persona);
                self.made.insert(mind.to_owned(), persona.clone());
                Some(persona)
            }
            Err(error) => {
                tracing::error!(mind, error, "a kept persona cannot be read");
                None
            }
        }
    }

    /// What is kept of a mind has changed.
    pub async fn renew(&self, mind: &str) {
        let _finding = self.finding.lock().await;
        self.made.invalidate(mind);
    }

    /// Lets nobody know a mind until this is dropped.
    pub fn close(&self, mind: &str) -> Closed<'_> {
        self.closed().insert(mind.to_owned());
        Closed { roster: self, mind: mind.to_owned() }
    }
}
