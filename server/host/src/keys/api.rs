//! Keys over HTTP, for owners of everything: what there is, a new one, an end.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path as UrlPath, State},
    http::{HeaderMap, StatusCode},
    routing::{delete, get},
};
use serde::{Deserialize, Serialize};
use vivarium_contract::editing::Role;
use vivarium_dialogue::budget::window::date;
use vivarium_store::port::{StoreError, keys::KnownKey};

use super::{KeysError, NewKey};
use crate::{
    building::api::{Answer, Refusal, account, parse},
    http::Shared,
    limits::EDIT_BODY_BYTES_MAX,
};

/// The routes of this file.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/keys", get(list).post(create))
        .route("/api/keys/{id}", delete(revoke))
        .layer(DefaultBodyLimit::max(EDIT_BODY_BYTES_MAX))
}

/// A key in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// What it goes by.
    pub id: String,
    /// For people; may be empty.
    pub name: String,
    /// What it is good for.
    pub scope: String,
    /// How much of it.
    pub tier: String,
    /// As in `2026-11-30`.
    pub made_on: String,
    /// As in `2026-11-30`; none: it was never used.
    pub used_on: Option<String>,
}

impl From<KnownKey> for Listed {
    fn from(known: KnownKey) -> Self {
        let KnownKey { id, digest: _, name, scope, tier, made_on, used_on } = known;
        Self { id, name, scope, tier, made_on: date(made_on), used_on: used_on.map(date) }
    }
}

/// A key that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// What is known of it.
    #[serde(flatten)]
    pub listed: Listed,
    /// What whoever uses it must show. Nobody can find it out again.
    pub key: String,
}

impl From<(KnownKey, String)> for Made {
    fn from((known, key): (KnownKey, String)) -> Self {
        Self { listed: known.into(), key }
    }
}

impl From<KeysError> for Refusal {
    fn from(error: KeysError) -> Self {
        let (status, code) = match &error {
            KeysError::Unfit(_) => (StatusCode::BAD_REQUEST, "malformed"),
            KeysError::Missing(_) | KeysError::Store(StoreError::Unfit(_)) => {
                (StatusCode::NOT_FOUND, "no_key_of_that_id")
            }
            KeysError::Store(StoreError::TooMany(_)) => (StatusCode::CONFLICT, "too_many_keys"),
            KeysError::Store(StoreError::Full(_)) => {
                (StatusCode::INSUFFICIENT_STORAGE, "disk_full")
            }
            _ => (StatusCode::SERVICE_UNAVAILABLE, "not_kept"),
        };
        Self::new(status, code, error)
    }
}

/// Whether a request is by an owner of everything.
fn owner(shared: &Shared, headers: &HeaderMap) -> Result<(), Refusal> {
    let account = account(shared, headers)?;
    // In no world, what counts is what somebody may do in all of them.
    if shared.roles.of(&account, "") < Role::Owner {
        let text = "keys are for owners of all worlds";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "role", text));
    }
    match shared.edits.allows(&account) {
        true => Ok(()),
        false => {
            let text = "too many changes: try again in a moment";
            Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many", text))
        }
    }
}

async fn beside<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, KeysError> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(act).await;
    Ok(done.unwrap_or(Err(KeysError::Ended))?)
}

async fn list(State(shared): State<Shared>, headers: HeaderMap) -> Answer<Vec<Listed>> {
    owner(&shared, &headers)?;
    let keys = beside(move || shared.keys.list()).await?;
    Ok(Json(keys.into_iter().map(Listed::from).collect()))
}

/// What is to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    scope: String,
    #[serde(default)]
    name: String,
    #[serde(default = "registered")]
    tier: String,
}

fn registered() -> String {
    "registered".to_owned()
}

async fn create(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer<Made> {
    owner(&shared, &headers)?;
    let Wanted { scope, name, tier } = parse(&body)?;
    let made = beside(move || shared.keys.create(NewKey { name, scope, tier })).await?;
    tracing::info!(id = made.0.id, tier = made.0.tier, "a key was made");
    Ok(Json(made.into()))
}

/// What was ended.
#[derive(Debug, Serialize)]
struct Revoked {
    id: String,
}

async fn revoke(
    State(shared): State<Shared>,
    UrlPath(id): UrlPath<String>,
    headers: HeaderMap,
) -> Answer<Revoked> {
    owner(&shared, &headers)?;
    let of = id.clone();
    beside(move || shared.keys.revoke(&of)).await?;
    tracing::info!(id, "a key was revoked");
    Ok(Json(Revoked { id }))
}
