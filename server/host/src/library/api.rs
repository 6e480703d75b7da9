//! Uploaded assets over HTTP: taking them in, listing them, and serving their bytes.

use std::{collections::BTreeSet, ops::Range, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path as UrlPath, Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use futures_util::{StreamExt, TryStreamExt};
use http_range_header::parse_range_header;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vivarium_assets::{
    address::{Address, FOLDER},
    intake::Refusal as Unusable,
    limits::UPLOAD_BYTES_MAX,
    shelf::ShelfError,
};
use vivarium_contract::editing::Role;
use vivarium_protocol::text;
use vivarium_store::port::StoreError;

use super::{Entry, Upload, UploadError};
use crate::{
    building::api::{Answer, Builder, NAMELESS, Refusal, builder},
    http::Shared,
    limits::{UPLOAD_BYTES_PER_S_MIN, UPLOAD_NAME_CHARS_MAX, UPLOAD_STALL_MAX},
    worlds::World,
};

/// The routes of this file.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/worlds/{world}/assets", post(upload).get(list))
        .route("/api/worlds/{world}/assets/{file}", delete(forget))
        .route(&format!("/assets/{FOLDER}/{{file}}"), get(serve))
}

/// An asset as it is told.
#[derive(Debug, Serialize)]
struct Told {
    path: String,
    #[serde(flatten)]
    entry: Value,
    /// Whether the world's document names it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<bool>,
}

impl Told {
    fn of(address: Address, entry: &Entry, used: Option<bool>) -> Self {
        let mut entry = json!(entry);
        // Accounts are nobody's business.
        if let Value::Object(fields) = &mut entry {
            fields.remove("account");
        }
        Self { path: address.to_string(), entry, used }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    /// What the file is called.
    #[serde(default)]
    name: String,
    /// What whoever uploads it is called.
    #[serde(default)]
    by: String,
}

async fn upload(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    Query(named): Query<Named>,
    request: Request,
) -> Answer<Told> {
    let headers = request.headers();
    let Builder { account, world, .. } = builder(&shared, &name, headers)?;
    let world = world.home().name();
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(0_u64);
    if length > UPLOAD_BYTES_MAX as u64 {
        return Err(too_large(UPLOAD_BYTES_MAX));
    }
    let library = &shared.library;
    // Whoever has no room at all need not send anything. What comes may become smaller.
    library.has_room(world, &account, 1).map_err(|error| refusal_of(&error))?;
    let refused = |text| Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many", text);
    let place = library.uploads.take(&account).map_err(refused)?;
    let bytes = read(request.into_body(), UPLOAD_BYTES_MAX).await?;
    let upload = Upload {
        world: world.to_owned(),
        account,
        author: text::name(&named.by).unwrap_or_else(|_| NAMELESS.into()),
        name: file_name(&named.name),
        bytes,
        packs: true,
    };
    // To its end, whether or not somebody waits for the answer, and in its place until then.
    let library = library.clone();
    let taken = tokio::spawn(async move {
        let _place = place;
        library.take(upload).await
    });
    match taken.await.unwrap_or(Err(UploadError::Ended)) {
        Ok((address, entry)) => {
            shared.metrics.uploads_kept.inc();
            Ok(Json(Told::of(address, &entry, None)))
        }
        Err(error) => {
            shared.metrics.uploads_refused.inc();
            Err(refusal_of(&error))
        }
    }
}

/// The last part of a path, without what cannot be shown.
fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown = last.chars().filter(|c| !c.is_control()).take(UPLOAD_NAME_CHARS_MAX);
    let shown: String = shown.collect::<String>().trim().to_owned();
    if shown.is_empty() { "unnamed".into() } else { shown }
}

/// All of a body, as long as something of it comes.
pub(crate) async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Refusal> {
    let mut parts = body.into_data_stream();
    let mut bytes = Vec::new();
    let begun = tokio::time::Instant::now();
    loop {
        // Who is slower than this holds a place that others wait for.
        let most =
            UPLOAD_STALL_MAX * 4 + Duration::from_secs(bytes.len() as u64 / UPLOAD_BYTES_PER_S_MIN);
        let until = (begun + most).min(tokio::time::Instant::now() + UPLOAD_STALL_MAX);
        let part = match tokio::time::timeout_at(until, parts.next()).await {
            Ok(Some(Ok(part))) => part,
            Ok(None) => return Ok(bytes.into()),
            Ok(Some(Err(_))) | Err(_) => {
                let text = "the file did not arrive as a whole";
                return Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "incomplete", text));
            }
        };
        if bytes.len() + part.len() > bytes_max {
            return Err(too_large(bytes_max));
        }
        bytes.extend_from_slice(&part);
    }
}

fn too_large(bytes_max: usize) -> Refusal {
    let text = format!("a file may have {} MiB at most", bytes_max >> 20);
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text)
}

fn refusal_of(error: &UploadError) -> Refusal {
    let (status, code) = match error {
        UploadError::Refused(Unusable::TooLarge(_)) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        UploadError::Refused(Unusable::Unsupported(_)) => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported")
        }
        UploadError::Refused(Unusable::Malformed(_)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "malformed")
        }
        UploadError::Quota(_) => (StatusCode::INSUFFICIENT_STORAGE, "quota"),
        UploadError::Store(StoreError::Full(_)) | UploadError::Shelf(ShelfError::Full(_)) => {
            (StatusCode::INSUFFICIENT_STORAGE, "disk_full")
        }
        UploadError::Shelf(_) | UploadError::Store(_) | UploadError::Ended => {
            (StatusCode::SERVICE_UNAVAILABLE, "not_kept")
        }
    };
    Refusal::new(status, code, error)
}

/// What the documents of worlds name now.
async fn named(worlds: Vec<Arc<World>>) -> Result<BTreeSet<Address>, Refusal> {
    let named = tokio::task::spawn_blocking(move || {
        let served = worlds.iter().map(|world| world.building.replica.served());
        served.flat_map(|one| Address::in_text(&one.json).collect::<Vec<_>>()).collect()
    });
    let failed = || {
        let text = "the document of the world cannot be read";
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "unknown", text)
    };
    named.await.map_err(|_| failed())
}

async fn list(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
) -> Answer<Value> {
    let Builder { account, world, .. } = builder(&shared, &name, &headers)?;
    let named = named(vec![world.clone()]).await?;
    let world = world.home().name();
    let entries = shared.library.of(world);
    let assets: Vec<Told> = entries
        .iter()
        .map(|(address, entry)| Told::of(*address, entry, Some(named.contains(address))))
        .collect();
    Ok(Json(json!({ "assets": assets, "quota": shared.library.used(world, &account) })))
}

async fn forget(
    State(shared): State<Shared>,
    UrlPath((name, file)): UrlPath<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let Builder { account, world, role } = builder(&shared, &name, &headers)?;
    let home = world.home().name();
    let missing = || Refusal::new(StatusCode::NOT_FOUND, "no_asset", "there is no such asset");
    let address = Address::from_file(&file).ok_or_else(missing)?;
    let entry = shared.library.entry(home, address).ok_or_else(missing)?;
    if entry.account != account && role < Role::Owner {
        let text = "only whoever uploaded it, and owners of the world, delete an asset";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    let all = shared.worlds.all().into_iter();
    if named(all.filter(|one| one.home().name() == home).collect()).await?.contains(&address) {
        let text = "the world or a draft of it uses it: take it out of there first";
        return Err(Refusal::new(StatusCode::CONFLICT, "in_use", text));
    }
    let (library, name) = (shared.library.clone(), home.to_owned());
    let gone = tokio::spawn(async move { library.forget(&name, address).await });
    gone.await.unwrap_or(Err(UploadError::Ended)).map_err(|error| refusal_of(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The bytes of an asset, or the part of them that is asked for (RFC 9110, 14). They never change.
async fn serve(
    State(shared): State<Shared>,
    UrlPath(file): UrlPath<String>,
    headers: HeaderMap,
) -> Response {
    let missing = || (StatusCode::NOT_FOUND, "there is no such asset\n").into_response();
    let Some(address) = Address::from_file(&file) else { return missing() };
    let etag = format!("\"{}\"", address.file());
    let fixed = [
        (header::ETAG, etag.clone()),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    // Weakly compared (RFC 9110, 13.1.2): caches may have marked it as weak.
    let is_same =
        |tags: &str| tags.split(',').any(|one| one.trim().trim_start_matches("W/") == etag);
    if text(header::IF_NONE_MATCH).is_some_and(is_same) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    let shelf = shared.library.shelf();
    // A part of something else is of no use: then it is sent as a whole.
    let range =
        text(header::RANGE).filter(|_| text(header::IF_RANGE).is_none_or(|tag| tag == etag));
    let range = match range.map(parse_range_header) {
        Some(Ok(parsed)) => {
            let size = match shelf.size(address).await {
                Ok(Some(size)) => size,
                Ok(None) => return missing(),
                Err(error) => return unreachable(&error),
            };
            match parsed.validate(size).map(|parts| parts.first().cloned()) {
                Ok(Some(part)) => Some(*part.start()..*part.end() + 1),
                _ => {
                    let range = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
                    return (StatusCode::RANGE_NOT_SATISFIABLE, range).into_response();
                }
            }
        }
        // What cannot be read is as if it were not there.
        Some(Err(_)) | None => None,
    };
    match shelf.get(address, range.clone()).await {
        Ok(Some(found)) => {
            let kind = [(header::CONTENT_TYPE, address.format().media_type())];
            let length = [(header::CONTENT_LENGTH, found.range.end - found.range.start)];
            let length = length.map(|(name, length)| (name, length.to_string()));
            let body = Body::from_stream(found.bytes.map_err(std::io::Error::other));
            match range {
                Some(Range { start, end }) => {
                    let part = format!("bytes {start}-{}/{}", end - 1, found.size);
                    let part = [(header::CONTENT_RANGE, part)];
                    (StatusCode::PARTIAL_CONTENT, fixed, kind, length, part, body).into_response()
                }
                None => (fixed, kind, length, body).into_response(),
            }
        }
        Ok(None) => missing(),
        Err(error) => unreachable(&error),
    }
}

fn unreachable(error: &ShelfError) -> Response {
    tracing::warn!(%error, "an asset cannot be had");
    let retry = [(header::RETRY_AFTER, "5")];
    (StatusCode::SERVICE_UNAVAILABLE, retry, "assets cannot be had now\n").into_response()
}
