//! Where what minds know is kept. What that is, is theirs alone: a store has names and bytes.

use std::fmt;

use futures_util::{FutureExt, future::BoxFuture};
use vivarium_contract::saving::MindTurn;

use super::Acquaintance;
use crate::{
    bond::Tie,
    memory::{Kept, Memory, embed::Hashed},
    persona::genome::Drift,
    turn::Relationship,
};

/// Bytes of a memory that is kept, at most: what a store takes. A vector that does not fit stays away,
/// and is made anew.
pub const KEPT_BYTES_MAX: usize = 4 * 1_024;

/// Why something could not be kept or found, for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeepingError(pub String);

/// What is kept of somebody: how a companion stands with them, and its memories by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptPerson {
    /// JSON of a [`Relationship`].
    pub tie: Option<Vec<u8>>,
    /// JSON of [`Kept`].
    pub memories: Vec<(u64, Vec<u8>)>,
}

/// Keeps what minds know.
pub trait Keeping: Send + Sync + fmt::Debug {
    /// How a mind is with everybody.
    fn state<'a>(&'a self, mind: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, KeepingError>>;

    /// JSON of the newest persona that is kept of a mind; none: it has none here.
    fn persona<'a>(&'a self, mind: &'a str)
    -> BoxFuture<'a, Result<Option<Vec<u8>>, KeepingError>>;

    /// What a mind knows of somebody.
    fn person<'a>(
        &'a self,
        mind: &'a str,
        person: &'a str,
    ) -> BoxFuture<'a, Result<Option<KeptPerson>, KeepingError>>;

    /// Keeps a turn, whole or not at all; it is on the disk when this is done.
    fn keep(&self, turn: MindTurn) -> BoxFuture<'_, Result<(), KeepingError>>;

    /// Deletes all that a mind knows of somebody, behind all turns that were to be kept before.
    fn forget<'a>(
        &'a self,
        mind: &'a str,
        person: &'a str,
    ) -> BoxFuture<'a, Result<(), KeepingError>>;

    /// Deletes a mind with everything.
    fn forget_mind<'a>(&'a self, mind: &'a str) -> BoxFuture<'a, Result<(), KeepingError>>;
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug)]
pub struct Forgetful;

impl Keeping for Forgetful {
    fn state<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, KeepingError>> {
        async { Ok(None) }.boxed()
    }

    fn persona<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, KeepingError>> {
        async { Ok(None) }.boxed()
    }

    fn person<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Option<KeptPerson>, KeepingError>> {
        async { Ok(None) }.boxed()
    }

    fn keep(&self, _: MindTurn) -> BoxFuture<'_, Result<(), KeepingError>> {
        async { Ok(()) }.boxed()
    }

    fn forget<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<(), KeepingError>> {
        async { Ok(()) }.boxed()
    }

    fn forget_mind<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), KeepingError>> {
        async { Ok(()) }.boxed()
    }
}

/// What a mind's life has made of it, as it was kept.
pub(super) fn drift(state: Option<&[u8]>) -> Result<Drift, KeepingError> {
    state.map_or_else(|| Ok(Drift::default()), parsed)
}

/// What is known of somebody, as it was kept.
pub(super) fn acquaintance(kept: KeptPerson) -> Result<Acquaintance, KeepingError> {
    let relationship: Relationship =
        kept.tie.as_deref().map_or_else(|| Ok(Relationship::default()), parsed)?;
    let memories = kept.memories.iter().map(|(_, bytes)| parsed::<Kept>(bytes));
    let memories = memories.collect::<Result<Vec<_>, _>>()?;
    let memory = Memory::from_kept(memories, &Hashed)
        .map_err(|error| KeepingError(format!("memories do not hold together: {error}")))?;
    Ok(Acquaintance { relationship, memory, is_loaded: true, ..Acquaintance::default() })
}

/// How a mind stands with somebody, as it was kept, if it was.
pub(super) fn tie(kept: Option<KeptPerson>) -> Result<Option<Tie>, KeepingError> {
    let Some(bytes) = kept.and_then(|kept| kept.tie) else { return Ok(None) };
    Ok(Some(parsed::<Relationship>(&bytes)?.tie))
}

/// What has changed since it was asked last, to be kept.
pub(super) fn turn(
    mind: &str,
    person: &str,
    drift: Option<&Drift>,
    knows: &mut Acquaintance,
) -> Result<MindTurn, KeepingError> {
    let changes = knows.memory.take_changes();
    let remembered = changes.put.into_iter().map(|kept| {
        let whole = written(&kept)?;
        let is_fit = whole.len() <= KEPT_BYTES_MAX || kept.vector.is_none();
        let id = kept.id.0;
        Ok((id, if is_fit { whole } else { written(&Kept { vector: None, ..kept })? }))
    });
    Ok(MindTurn {
        mind: mind.to_owned(),
        state: drift.map(written).transpose()?,
        person: Some(person.to_owned()),
        tie: Some(written(&knows.relationship)?),
        remembered: remembered.collect::<Result<_, KeepingError>>()?,
        forgotten: changes.deleted.into_iter().map(|id| id.0).collect(),
    })
}

fn parsed<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, KeepingError> {
    serde_json::from_slice(bytes)
        .map_err(|error| KeepingError(format!("what was kept cannot be read: {error}")))
}

fn written<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, KeepingError> {
    serde_json::to_vec(value).map_err(|error| KeepingError(error.to_string()))
}

#[cfg(test)]
mod tests {
    use vivarium_contract::companion::Emotion;

    use super::*;
    use crate::memory::{
        Episode, MemoryId, PERSON,
        embed::{Embedder, Vector},
    };

    /// What is kept of an episode with a vector of so many numbers.
    fn kept(dimensions: usize) -> Vec<u8> {
        let mut knows = Acquaintance::default();
        let (text, about) = ("she told me of her bees".to_owned(), PERSON.to_owned());
        let episode = Episode { text, at_ms: 1, importance: 9, emotion: Emotion::Calm, about };
        knows.memory.add_episode(episode, &Hashed).unwrap();
        let numbers: Vec<f32> = (1..=dimensions).map(|number| number as f32).collect();
        let vector = Vector::new("model", &numbers).unwrap();
        knows.memory.embed(MemoryId(0), "she told me of her bees", vector);
        turn("nia", "ana", None, &mut knows).unwrap().remembered.remove(0).1
    }

    #[test]
    fn vectors_of_models_are_kept_as_far_as_there_is_room() {
        for (dimensions, is_kept) in [(768, true), (2_048, true), (4_096, false)] {
            let bytes = kept(dimensions);
            assert!(bytes.len() <= KEPT_BYTES_MAX, "{}", bytes.len());
            let memories = vec![(0, bytes)];
            let knows = acquaintance(KeptPerson { tie: None, memories }).unwrap();
            let is_missing = !knows.memory.unembedded("model", 9).is_empty();
            assert_eq!(is_missing, !is_kept, "{dimensions}");
            // The hashed one is there in any case.
            assert!(knows.memory.unembedded(Hashed.kind(), 9).is_empty());
        }
    }
}
