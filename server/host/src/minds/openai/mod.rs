//! Companions behind OpenAI's API: whatever speaks that talks to them, with a key of this server.
//!
//! Owns `/v1`. Each companion is a model, by the name of its mind. Invariant: whoever has no key
//! learns nothing here, and no page of elsewhere is told that it may ask (no CORS).
//!
//! ```text
//! key ─▶ pace, places ─▶ request ─▶ Dialogue::answer_call ─▶ first word ─▶ whole, or in pieces
//! ```

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    extract::{Path as UrlPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response, Sse, sse::KeepAlive},
    routing::{any, get, post},
};
use serde_json::{Value, json};
use vivarium_dialogue::service::door::{Call, Caller};

mod answer;
mod error;
mod request;

use answer::{Answering, Heard, Telling};
use error::Fault;
use request::Asked;

use crate::{
    http::Shared,
    keys::Key,
    limits::{BODY_READ_TIMEOUT, CALL_BODY_BYTES_MAX},
};

/// The routes of this room.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/chat/completions", post(complete))
        .route("/v1/models", get(models))
        .route("/v1/models/{model}", get(model))
        .route("/v1/{*rest}", any(nothing))
        .layer(middleware::from_fn(numbered))
}

/// Digits by chance, to tell requests and answers apart.
fn number() -> String {
    let mut bytes = [0; 16];
    // Without, they have all the same number, which is of no harm.
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Gives every answer a number, which the log has, too.
async fn numbered(request: Request, next: Next) -> Response {
    let id = format!("req_{}", number());
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    tracing::debug!(id, path, status = response.status().as_u16(), "asked by a key");
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}

/// Whose request it is, if they may ask now.
fn key(shared: &Shared, headers: &HeaderMap) -> Result<Arc<Key>, Fault> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let secret = given.and_then(|given| given.strip_prefix("Bearer "));
    let key = secret.and_then(|secret| shared.keys.find(secret)).ok_or_else(Fault::key)?;
    key.ask()?;
    Ok(key)
}

async fn nothing(State(shared): State<Shared>, headers: HeaderMap) -> Fault {
    key(&shared, &headers).err().unwrap_or_else(Fault::address)
}

fn listed(mind: &str) -> Value {
    json!({ "id": mind, "object": "model", "created": 0, "owned_by": "vivarium" })
}

async fn models(State(shared): State<Shared>, headers: HeaderMap) -> Result<Response, Fault> {
    key(&shared, &headers)?;
    let minds: Vec<Value> = shared.companions.all().iter().map(|mind| listed(mind)).collect();
    Ok(Json(json!({ "object": "list", "data": minds })).into_response())
}

async fn model(
    State(shared): State<Shared>,
    UrlPath(mind): UrlPath<String>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    key(&shared, &headers)?;
    match shared.dialogue.knows_mind(&mind).await {
        true => Ok(Json(listed(&mind)).into_response()),
        false => Err(Fault::model(&mind)),
    }
}

/// Only so long and so much.
async fn body(request: Request) -> Result<Vec<u8>, Fault> {
    let body = axum::body::to_bytes(request.into_body(), CALL_BODY_BYTES_MAX);
    let bytes = tokio::time::timeout(BODY_READ_TIMEOUT, body).await.map_err(|_| {
        let fault = Fault::request("", "the body took too long");
        fault.with(StatusCode::REQUEST_TIMEOUT, "body_timeout")
    })?;
    let bytes = bytes.map_err(|_| {
        let fault = Fault::request("", format!("at most {CALL_BODY_BYTES_MAX} bytes are read"));
        fault.with(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large")
    })?;
    Ok(bytes.into())
}

async fn complete(State(shared): State<Shared>, request: Request) -> Result<Response, Fault> {
    let key = key(&shared, request.headers())?;
    let permit = shared.keys.begin(&key)?;
    let asked = request::read(&body(request).await?)?;
    let Asked { model, text, recent, name, user, streams, counts, tokens } = asked;
    if !shared.dialogue.knows_mind(&model).await {
        return Err(Fault::model(&model));
    }
    if let Some(user) = &user {
        key.meet(user)?;
    }
    let caller = Caller::new(key.id(), user.as_deref(), key.membership());
    let taken = Arc::default();
    let call = Call { mind: model.clone(), caller, name, text, recent, taken };
    let mut answering = Answering::begin(shared.dialogue.clone(), &key, call, permit);
    // Only now it is known whether there is an answer at all.
    let first = answering.next().await;
    if let Heard::Failed(fault) = first {
        return Err(fault);
    }
    let created = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let id = format!("chatcmpl-{}", number());
    let telling = Telling { id, created, model, asked_tokens: tokens, counts };
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    if !streams {
        return Ok((no_store, Json(telling.whole(answering, first).await)).into_response());
    }
    let events = telling.pieces(answering, first);
    Ok((no_store, Sse::new(events).keep_alive(KeepAlive::default())).into_response())
}
