//! Where what minds know is kept. What that is, is theirs alone: a store has names and bytes.

use std::fmt;

use futures_util::{FutureExt, future::BoxFuture};
use vivarium_contract::saving::MindTurn;

use super::Acquaintance;
use crate::{
    memory::{Kept, Memory, embed::Hashed},
    persona::genome::Drift,
    turn::Relationship,
};

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

/// What has changed since it was asked last, to be kept.
pub(super) fn turn(
    mind: &str,
    person: &str,
    drift: Option<&Drift>,
    knows: &mut Acquaintance,
) -> Result<MindTurn, KeepingError> {
    let changes = knows.memory.take_changes();
    let remembered = changes.put.into_iter().map(|kept| {
        // Its vector is made anew of its words.
        let kept = Kept { vector: None, ..kept };
        Ok((kept.id.0, written(&kept)?))
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
