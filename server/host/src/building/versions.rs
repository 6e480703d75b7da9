//! Versions, differences and bringing back how it was, over HTTP.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path as UrlPath, Query, State},
    http::{HeaderMap, StatusCode},
    routing::{delete, get, post},
};
use serde::{Deserialize, Serialize};
use vivarium_contract::editing::{Change, Operations, Role};
use vivarium_protocol::{ids::ObjectId, text};
use vivarium_scene::{
    diff::{self, Diff},
    operation::Operation,
    scene::Scene,
};
use vivarium_store::port::{StoreError, Version};

use super::{
    api::{
        Answer, Builder, Done, NAMELESS, Refusal, builder, change, kept_batches, name_of, parse,
    },
    past::{Past, PastError},
};
use crate::{
    http::Shared,
    limits::{
        EDIT_BODY_BYTES_MAX, EDIT_OPERATIONS_MAX, HISTORY_ENTRIES_MAX, VERSION_NAME_CHARS_MAX,
    },
    worlds::{World, now_ms},
};

/// The routes of this file.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/worlds/{world}/versions", get(list).post(keep))
        .route("/api/worlds/{world}/versions/{id}", delete(forget))
        .route("/api/worlds/{world}/diff", get(differences))
        .route("/api/worlds/{world}/restore", post(restore))
        .layer(DefaultBodyLimit::max(EDIT_BODY_BYTES_MAX))
}

impl From<PastError> for Refusal {
    fn from(error: PastError) -> Self {
        let (status, code) = match &error {
            PastError::Future { .. } => (StatusCode::NOT_FOUND, "no_revision"),
            PastError::NoVersion(_) => (StatusCode::NOT_FOUND, "no_version"),
            PastError::Gone { .. } => (StatusCode::GONE, "gone"),
            PastError::TooFar(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            PastError::Kept(crate::kept::KeptError::Store(error)) => match error {
                StoreError::TooMany(_) => (StatusCode::CONFLICT, "full"),
                StoreError::Full(_) => (StatusCode::INSUFFICIENT_STORAGE, "disk_full"),
                _ => (StatusCode::SERVICE_UNAVAILABLE, "not_kept"),
            },
            PastError::Kept(_) => (StatusCode::SERVICE_UNAVAILABLE, "not_kept"),
        };
        Self::new(status, code, error)
    }
}

/// Something that looks at how a world was. Only some at the same time; others wait.
pub(crate) async fn look_back<T: Send + 'static>(
    shared: &Shared,
    world: &World,
    act: impl FnOnce(Past) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let failed = |text: String| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "not_kept", text);
    let pasts = shared.pasts.clone();
    let turn = pasts.acquire_owned().await.map_err(|error| failed(error.to_string()))?;
    let past = Past::new(shared.keeper.clone(), world.source.clone());
    let looked = tokio::task::spawn_blocking(move || {
        // Given back when the work has ended, though nobody may wait for it any more.
        let _turn = turn;
        act(past)
    });
    looked.await.map_err(|error| failed(error.to_string()))?
}

/// A version as it is told.
#[derive(Debug, Serialize)]
struct Told {
    id: u64,
    name: String,
    revision: u64,
    at_ms: u64,
    /// As people knew them.
    author: String,
    /// Whether whoever asks may delete it.
    mine: bool,
}

impl Told {
    fn of(version: Version, account: &str) -> Self {
        let Version { id, name, revision, at_ms, author } = version;
        let mine = is_of(&author, account);
        Self { id, name, revision, at_ms, author: name_of(&author).to_owned(), mine }
    }
}

/// Whether the author of something is this account.
pub(crate) fn is_of(author: &str, account: &str) -> bool {
    author.split_once(' ').is_some_and(|(word, _)| word == account)
}

#[derive(Debug, Serialize)]
struct Listed {
    versions: Vec<Told>,
    /// The newest that is kept.
    revision: u64,
}

async fn list(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
) -> Answer<Listed> {
    let Builder { account, world, .. } = builder(&shared, &name, &headers)?;
    let revision = world.building.revision();
    let versions = look_back(&shared, &world, |past| Ok(past.versions()?)).await?;
    let versions = versions.into_iter().map(|version| Told::of(version, &account)).collect();
    Ok(Json(Listed { versions, revision }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keep {
    name: String,
    /// What people call whoever names it; without it, what they are called in the history.
    #[serde(default)]
    author: String,
}

async fn keep(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Told> {
    let Builder { account, world, .. } = builder(&shared, &name, &headers)?;
    let Keep { name, author } = parse(&body)?;
    let name = text::line(&name, VERSION_NAME_CHARS_MAX).map_err(|_| {
        let text = format!("name: 1 to {VERSION_NAME_CHARS_MAX} visible characters are needed");
        Refusal::new(StatusCode::BAD_REQUEST, "malformed", text)
    })?;
    let author = match text::name(&author) {
        Ok(author) => author,
        Err(_) => known_name(&shared, &world, &account).await?,
    };
    let author = format!("{account} {author}");
    let version = Version { id: 0, name, revision: 0, at_ms: now_ms(), author };
    let kept = look_back(&shared, &world, |past| Ok(past.keep_version(version)?)).await?;
    Ok(Json(Told::of(kept, &account)))
}

/// What somebody was called when they changed something last.
async fn known_name(shared: &Shared, world: &World, account: &str) -> Result<String, Refusal> {
    let batches = kept_batches(shared, world.name(), u64::MAX, HISTORY_ENTRIES_MAX).await?;
    let own = batches.iter().find(|batch| is_of(&batch.author, account));
    Ok(own.map_or(NAMELESS, |batch| name_of(&batch.author)).to_owned())
}

#[derive(Debug, Serialize)]
struct Forgotten {
    id: u64,
}

async fn forget(
    State(shared): State<Shared>,
    UrlPath((name, id)): UrlPath<(String, u64)>,
    headers: HeaderMap,
) -> Answer<Forgotten> {
    let Builder { account, world, role } = builder(&shared, &name, &headers)?;
    if world.source.draft.as_ref().is_some_and(|draft| draft.base == id) {
        let text = "it is how the draft began, without which it cannot be published";
        return Err(Refusal::new(StatusCode::CONFLICT, "base", text));
    }
    look_back(&shared, &world, move |past| {
        let versions = past.versions()?;
        let found = versions.into_iter().find(|version| version.id == id);
        let version = found.ok_or(PastError::NoVersion(id))?;
        if role < Role::Owner && !is_of(&version.author, &account) {
            let text = "only owners of the world, and who named it, delete a version";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
        }
        Ok(past.delete_version(id)?)
    })
    .await?;
    Ok(Json(Forgotten { id }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Between {
    from: u64,
    /// None: as it is now.
    to: Option<u64>,
}

async fn differences(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    Query(Between { from, to }): Query<Between>,
    headers: HeaderMap,
) -> Answer<Diff> {
    let Builder { world, .. } = builder(&shared, &name, &headers)?;
    let diff = look_back(&shared, &world, move |past| {
        let before = past.at_revision(from)?;
        let after = match to {
            Some(to) => past.at_revision(to)?,
            None => past.newest()?.0,
        };
        Ok(Diff::between(&before, &after))
    });
    Ok(Json(diff.await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Restore {
    /// The world is to be as it was after this one,
    #[serde(default)]
    revision: Option<u64>,
    /// or as in this version;
    #[serde(default)]
    version: Option<u64>,
    /// or this object alone.
    #[serde(default)]
    object: Option<u32>,
    #[serde(default)]
    name: String,
}

/// Makes the world, or an object of it, as it was, as one change that can itself be undone.
async fn restore(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Done> {
    let builder = builder(&shared, &name, &headers)?;
    let Restore { revision, version, object, name } = parse(&body)?;
    if object.is_none() && builder.role < Role::Owner {
        let text = "only owners of the world bring back how all of it was";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    if revision.is_some() == version.is_some() {
        let text = "either revision or version is needed";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "malformed", text));
    }
    let world = builder.world.clone();
    let way = look_back(&shared, &builder.world, move |past| {
        let then = match (revision, version) {
            (_, Some(version)) => past.at_version(version)?.0,
            (revision, None) => past.at_revision(revision.unwrap_or_default())?,
        };
        // Whatever is done after this edit makes the change stale.
        let (base, now) = world.building.replica.scene();
        Ok((base, way_back(&now, &then, object.map(ObjectId))?))
    });
    let (base, operations) = way.await?;
    let operations = Operations::from(operations);
    change(&shared, builder, &name, Change::Restore { operations, base }).await
}

/// What makes a world, or one object, as it was.
fn way_back(
    now: &Scene,
    then: &Scene,
    object: Option<ObjectId>,
) -> Result<Vec<Operation>, Refusal> {
    let refused = |text: String| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", text);
    let operations = match object {
        None => diff::operations(now, then),
        Some(id) => {
            let as_it_was =
                diff::with_object(now, then, id).map_err(|error| refused(error.to_string()))?;
            let missing = || {
                let text = format!("there was no object {} then", id.0);
                Refusal::new(StatusCode::NOT_FOUND, "no_object", text)
            };
            diff::operations(now, &as_it_was.ok_or_else(missing)?)
        }
    };
    let operations = operations.map_err(|error| refused(error.to_string()))?;
    if operations.is_empty() {
        let text = "it is as it was: there is nothing to bring back";
        return Err(Refusal::new(StatusCode::CONFLICT, "nothing", text));
    }
    if operations.len() > EDIT_OPERATIONS_MAX {
        let text = format!(
            "{} operations lie between, more than {EDIT_OPERATIONS_MAX}: go back in parts",
            operations.len()
        );
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text));
    }
    Ok(operations)
}
