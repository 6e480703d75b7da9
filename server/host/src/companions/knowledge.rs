//! What companions know of people, over HTTP: everybody's own, and for owners whom theirs know.
//!
//! Invariant: nobody reads what another has told.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path as UrlPath, State},
    http::{HeaderMap, StatusCode},
    routing::{delete, get, put},
};
use serde::{Deserialize, Serialize};
use vivarium_dialogue::{
    memory::{EPISODE_CHARS_MAX, MemoryId},
    service::knowing::{KnowingError, Knowledge},
};
use vivarium_protocol::text;

use super::{CompanionError, api::caller};
use crate::{
    building::api::{Answer, Refusal, parse, to_its_end},
    http::Shared,
};

/// The routes of this file.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/companions/{mind}/knows", get(knows).delete(forget))
        .route("/api/companions/{mind}/knows/{id}", put(correct).delete(forget_one))
        .route("/api/companions/{mind}/people", get(people))
        .route("/api/companions/{mind}/people/{person}", delete(forget_person))
}

/// Whoever asks what a companion that is there knows of them.
async fn known(shared: &Shared, mind: &str, headers: &HeaderMap) -> Result<String, Refusal> {
    let account = caller(shared, headers)?;
    let persona = shared.companions.dialogue.persona(mind).await;
    persona.ok_or(CompanionError::Unknown)?;
    Ok(account)
}

/// The number of a memory in an address.
fn number(id: &str) -> Result<MemoryId, CompanionError> {
    id.parse().map(MemoryId).map_err(|_| KnowingError::NoMemory.into())
}

async fn knows(
    State(shared): State<Shared>,
    UrlPath(mind): UrlPath<String>,
    headers: HeaderMap,
) -> Answer<Knowledge> {
    let account = known(&shared, &mind, &headers).await?;
    let knows = shared.companions.dialogue.knows(&mind, &account).await;
    Ok(Json(knows.map_err(CompanionError::from)?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Corrected {
    text: String,
}

#[derive(Debug, Serialize)]
struct Holds {
    id: MemoryId,
}

async fn correct(
    State(shared): State<Shared>,
    UrlPath((mind, id)): UrlPath<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Holds> {
    let account = known(&shared, &mind, &headers).await?;
    let id = number(&id)?;
    let Corrected { text } = parse(&body)?;
    let text = text::line(&text, EPISODE_CHARS_MAX).map_err(|_| {
        let text = format!("text: 1 to {EPISODE_CHARS_MAX} visible characters are needed");
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "memory", text)
    })?;
    to_its_end(async move {
        let corrected = shared.companions.dialogue.correct(&mind, &account, id, &text).await;
        Ok(Holds { id: corrected.map_err(CompanionError::from)? })
    })
    .await
}

async fn forget_one(
    State(shared): State<Shared>,
    UrlPath((mind, id)): UrlPath<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let account = known(&shared, &mind, &headers).await?;
    let id = number(&id)?;
    let gone = to_its_end(async move {
        let deleted = shared.companions.dialogue.delete(&mind, &account, id).await;
        Ok(deleted.map_err(CompanionError::from)?)
    });
    gone.await.map(|_| StatusCode::NO_CONTENT)
}

async fn forget(
    State(shared): State<Shared>,
    UrlPath(mind): UrlPath<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let account = known(&shared, &mind, &headers).await?;
    let gone = to_its_end(async move {
        let forgotten = shared.companions.forget(&mind, &account).await;
        Ok(forgotten.map_err(CompanionError::from)?)
    });
    gone.await.map(|_| StatusCode::NO_CONTENT)
}

/// Somebody whom a companion knows, as its owner is told.
#[derive(Debug, Serialize)]
struct Person {
    person: String,
    memories: u64,
}

async fn people(
    State(shared): State<Shared>,
    UrlPath(mind): UrlPath<String>,
    headers: HeaderMap,
) -> Answer<Vec<Person>> {
    let account = caller(&shared, &headers)?;
    let people = shared.companions.people(&account, &mind).await?.into_iter();
    Ok(Json(people.map(|(person, memories)| Person { person, memories }).collect()))
}

async fn forget_person(
    State(shared): State<Shared>,
    UrlPath((mind, person)): UrlPath<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let account = caller(&shared, &headers)?;
    let forgotten =
        to_its_end(
            async move { Ok(shared.companions.forget_person(&account, &mind, &person).await?) },
        );
    if !forgotten.await?.0 {
        let text = "it knows nobody by this name";
        return Err(Refusal::new(StatusCode::NOT_FOUND, "no_person", text));
    }
    Ok(StatusCode::NO_CONTENT)
}
