//! Worlds as files over HTTP.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path as UrlPath, Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;
use vivarium_contract::editing::{Change, Operations, Role};
use vivarium_protocol::text;
use vivarium_scene::{document::WorldDocument, scene::Scene};

use super::{
    Bringer, ExchangeError, Incoming, Sources,
    merge::{self, Into, MergeError},
};
use crate::{
    building::api::{Answer, Builder, Done, NAMELESS, Refusal, builder, change},
    http::Shared,
    library::{UploadError, api as uploads},
    limits::{EDIT_OPERATIONS_MAX, IMPORT_BODY_BYTES_MAX},
    worlds::World,
};

/// The routes of this file.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/worlds/{world}/export.zip", get(zip))
        .route("/api/worlds/{world}/export.glb", get(glb))
        .route("/api/worlds/{world}/import", post(import))
}

async fn zip(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    given_out(&shared, &name, &headers, Form::Zip).await
}

async fn glb(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    given_out(&shared, &name, &headers, Form::Glb).await
}

#[derive(Clone, Copy)]
enum Form {
    Zip,
    Glb,
}

async fn given_out(
    shared: &Shared,
    name: &str,
    headers: &HeaderMap,
    form: Form,
) -> Result<Response, Refusal> {
    let Builder { world, .. } = builder(shared, name, headers)?;
    let one = one_of_few(shared)?;
    let (_, scene) = scene_of(&world).await?;
    let (document, sources) = (scene.document(), shared.sources.clone());
    let written = beside(move |runtime| {
        // Goes along with the work, which goes on when whoever asked has hung up.
        let _one = one;
        runtime.block_on(async {
            match form {
                Form::Zip => sources.zip(&document).await,
                Form::Glb => sources.glb(&document).await,
            }
        })
    });
    let bytes = written.await?.map_err(|error| refusal_of(&error))?;
    let (kind, ending) = match form {
        Form::Zip => ("application/zip", "zip"),
        Form::Glb => ("model/gltf-binary", "glb"),
    };
    // Names of worlds are letters, digits and hyphens.
    let file = format!("attachment; filename=\"{}.{ending}\"", world.name());
    let head = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, file),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((head, bytes).into_response())
}

/// Whole worlds take memory: only some at a time.
fn one_of_few(shared: &Shared) -> Result<OwnedSemaphorePermit, Refusal> {
    shared.exchanges.clone().try_acquire_owned().map_err(|_| {
        let text = "other worlds are being given out or brought in: try again in a moment";
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many", text)
    })
}

async fn scene_of(world: &Arc<World>) -> Result<(u32, Scene), Refusal> {
    let world = world.clone();
    beside(move |_| world.building.replica.scene()).await
}

fn failed() -> Refusal {
    let text = "the world cannot be read: that is our fault";
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "unknown", text)
}

/// Something slow.
async fn beside<T: Send + 'static>(
    act: impl FnOnce(tokio::runtime::Handle) -> T + Send + 'static,
) -> Result<T, Refusal> {
    let runtime = tokio::runtime::Handle::current();
    let done = tokio::task::spawn_blocking(move || act(runtime)).await;
    done.map_err(|error| {
        tracing::error!(%error, "reading or writing a world failed");
        failed()
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct How {
    /// Whether the world becomes what comes in.
    #[serde(default)]
    replace: bool,
    /// What whoever brings it is called.
    #[serde(default)]
    by: String,
}

/// What was brought in.
#[derive(Debug, Serialize)]
struct Brought {
    number: u32,
    revision: u64,
    /// How many objects came.
    objects: usize,
    warnings: Vec<String>,
}

async fn import(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    Query(How { replace, by }): Query<How>,
    request: Request,
) -> Answer<Brought> {
    let builder = builder(&shared, &name, request.headers())?;
    if replace && builder.role < Role::Owner {
        let text = "only owners of the world put another in its place";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    let one = Arc::new(one_of_few(&shared)?);
    let bytes = uploads::read(request.into_body(), IMPORT_BODY_BYTES_MAX).await?;
    let (sources, reading) = (shared.sources.clone(), one.clone());
    let incoming = beside(move |runtime| {
        let _one = reading;
        let knows =
            |path: &str| runtime.block_on(sources.read(path)).is_ok_and(|found| found.is_some());
        Incoming::read(&bytes, &knows)
    });
    let incoming = incoming.await?.map_err(|error| refusal_of(&error))?;
    let author = text::name(&by).unwrap_or_else(|_| NAMELESS.into());
    let bringer = Bringer {
        world: builder.world.home().name().to_owned(),
        account: builder.account.clone(),
        author: author.clone(),
    };
    let (library, sources) = (shared.library.clone(), shared.sources.clone());
    // To its end, whether or not somebody waits for the answer.
    let settled = tokio::spawn(async move {
        let _one = one;
        incoming.settle(&library, &sources, &bringer).await
    });
    let (document, warnings) =
        settled.await.map_err(|_| failed())?.map_err(|error| refusal_of(&error))?;
    let objects = document.objects.len();
    let into = if replace { Into::InPlace } else { Into::Beside };
    let (base, operations) = way(&builder.world, document, into).await?;
    let operations = Operations::from(operations);
    let doing = Change::Do { operations, base: Some(base), stroke: None };
    let Json(Done { number, revision, .. }) = change(&shared, builder, &author, doing).await?;
    Ok(Json(Brought { number, revision, objects, warnings }))
}

async fn way(
    world: &Arc<World>,
    document: WorldDocument,
    into: Into,
) -> Result<(u32, Vec<vivarium_scene::operation::Operation>), Refusal> {
    let (base, scene) = scene_of(world).await?;
    let operations = beside(move |_| merge::operations(&scene, document, into)).await?;
    let operations = operations.map_err(|error: MergeError| {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", error)
    })?;
    if operations.is_empty() {
        let text = "the world is like that already";
        return Err(Refusal::new(StatusCode::CONFLICT, "nothing", text));
    }
    if operations.len() > EDIT_OPERATIONS_MAX {
        let text = format!(
            "{} operations are needed, more than the {EDIT_OPERATIONS_MAX} that a running world \
             takes at once: use `vivarium world import` while the server is stopped",
            operations.len()
        );
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text));
    }
    Ok((base, operations))
}

fn refusal_of(error: &ExchangeError) -> Refusal {
    let (status, code) = match error {
        ExchangeError::Asset { error: UploadError::Quota(_), .. } => {
            (StatusCode::INSUFFICIENT_STORAGE, "quota")
        }
        ExchangeError::Asset { error: UploadError::Refused(_), .. }
        | ExchangeError::Bundle(_)
        | ExchangeError::Gltf(_)
        | ExchangeError::Missing(_)
        | ExchangeError::Document(_) => (StatusCode::UNPROCESSABLE_ENTITY, "malformed"),
        ExchangeError::Unknown => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported"),
        ExchangeError::Written(_) | ExchangeError::File { .. } => {
            (StatusCode::INTERNAL_SERVER_ERROR, "unknown")
        }
        ExchangeError::Asset { .. } | ExchangeError::Shelf(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "not_kept")
        }
    };
    Refusal::new(status, code, error)
}

/// Where the assets of this server's worlds are.
pub fn sources(assets: &std::path::Path, library: &crate::library::Library) -> Arc<Sources> {
    Arc::new(Sources { folder: assets.to_owned(), shelf: library.shelf().clone() })
}
