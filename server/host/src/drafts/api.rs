//! Drafts over HTTP.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path as UrlPath, State},
    http::{HeaderMap, StatusCode},
    routing::{delete, get},
};
use serde::{Deserialize, Serialize};
use vivarium_contract::editing::Role;
use vivarium_protocol::text;

use super::{
    DraftError,
    publish::{self, Preview, Published, Settling, not_kept},
};
use crate::{
    building::{
        api::{Answer, Builder, NAMELESS, Refusal, account, builder, name_of, parse, to_its_end},
        versions::is_of,
    },
    http::Shared,
    limits::{DRAFT_TITLE_CHARS_MAX, EDIT_BODY_BYTES_MAX},
};

/// The routes of this file.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/worlds/{world}/drafts", get(list).post(begin))
        .route("/api/worlds/{world}/publish", get(preview).post(publish))
        .route("/api/worlds/{world}", delete(discard))
        .layer(DefaultBodyLimit::max(EDIT_BODY_BYTES_MAX))
}

impl From<DraftError> for Refusal {
    fn from(error: DraftError) -> Self {
        match error {
            DraftError::Past(error) => error.into(),
            DraftError::TooMany | DraftError::TooManyInAll => {
                Self::new(StatusCode::CONFLICT, "full", error)
            }
            DraftError::Document(_)
            | DraftError::World(_)
            | DraftError::Failed
            | DraftError::Thread(_)
            | DraftError::Random => Self::new(StatusCode::SERVICE_UNAVAILABLE, "not_kept", error),
        }
    }
}

#[derive(Debug, Serialize)]
struct Listed {
    /// The world that this is a draft of; none: it is none.
    of: Option<String>,
    title: Option<String>,
    /// The version of how this draft began.
    base: Option<u64>,
    /// Those of this world.
    drafts: Vec<Told>,
}

/// A draft as it is told.
#[derive(Debug, Serialize)]
struct Told {
    world: String,
    title: String,
    /// Of who began it, as people knew them.
    name: String,
    at_ms: u64,
    people: u32,
}

async fn list(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
) -> Answer<Listed> {
    let Builder { world, .. } = builder(&shared, &name, &headers)?;
    if let Some(draft) = &world.source.draft {
        let (of, title) = (Some(draft.of.clone()), Some(draft.title.clone()));
        return Ok(Json(Listed { of, title, base: Some(draft.base), drafts: Vec::new() }));
    }
    let drafts = shared.drafts.all().await.map_err(not_kept)?;
    let drafts = drafts.into_iter().filter(|draft| draft.of == world.name());
    let drafts = drafts.map(|draft| Told {
        people: shared.worlds.find(&draft.world).map_or(0, |world| world.status.people()),
        name: name_of(&draft.author).to_owned(),
        world: draft.world,
        title: draft.title,
        at_ms: draft.at_ms,
    });
    Ok(Json(Listed { of: None, title: None, base: None, drafts: drafts.collect() }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    title: String,
    /// What whoever begins it is called.
    #[serde(default)]
    name: String,
}

#[derive(Debug, Serialize)]
struct Begun {
    world: String,
}

async fn begin(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Begun> {
    let Builder { account, world, .. } = builder(&shared, &name, &headers)?;
    if world.is_draft() {
        let text = "a draft has no drafts: begin another one of its world";
        return Err(Refusal::new(StatusCode::CONFLICT, "draft", text));
    }
    let Begin { title, name } = parse(&body)?;
    let title = text::line(&title, DRAFT_TITLE_CHARS_MAX).map_err(|_| {
        let text = format!("title: 1 to {DRAFT_TITLE_CHARS_MAX} visible characters are needed");
        Refusal::new(StatusCode::BAD_REQUEST, "malformed", text)
    })?;
    let author = text::name(&name).unwrap_or_else(|_| NAMELESS.into());
    let author = format!("{account} {author}");
    to_its_end(async move {
        let draft = shared.drafts.begin(&world, title, author).await?;
        Ok(Begun { world: draft.name().to_owned() })
    })
    .await
}

async fn preview(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
) -> Answer<Preview> {
    let builder = builder(&shared, &name, &headers)?;
    publish::preview(&shared, &builder).await.map(Json)
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Publish {
    #[serde(default)]
    conflicts: Settling,
    /// What whoever publishes it is called.
    #[serde(default)]
    name: String,
}

async fn publish(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Published> {
    let builder = builder(&shared, &name, &headers)?;
    let Publish { conflicts, name } =
        if body.is_empty() { Publish::default() } else { parse(&body)? };
    to_its_end(async move { publish::publish(&shared, builder, conflicts, &name).await }).await
}

#[derive(Debug, Serialize)]
struct Discarded {
    /// The world that it was a draft of.
    of: String,
}

fn no_draft() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "no_draft", "there is no such draft of a world")
}

/// Ends a draft without publishing it. One that could not be opened can be discarded as well.
async fn discard(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
) -> Answer<Discarded> {
    let account = account(&shared, &headers)?;
    if !shared.edits.allows(&account) {
        let text = "too many changes: try again in a moment";
        return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many", text));
    }
    let drafts = shared.drafts.all().await.map_err(not_kept)?;
    let draft = drafts.into_iter().find(|draft| draft.world == name).ok_or_else(no_draft)?;
    let role = shared.roles.of(&account, &draft.of);
    if role < Role::Builder || (role < Role::Owner && !is_of(&draft.author, &account)) {
        let text = "only owners of the world, and who began it, discard a draft";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    to_its_end(async move {
        let _settled = shared.drafts.settled().await;
        let opened = shared.worlds.find(&name).filter(|world| world.is_draft());
        let frozen = match &opened {
            Some(world) => Some(publish::freeze(world).await?),
            None => None,
        };
        if !shared.drafts.forget(&name).await.map_err(not_kept)? {
            return Err(no_draft());
        }
        if let (Some(world), Some(frozen)) = (&opened, frozen) {
            frozen.for_good();
            shared.drafts.close(world);
        }
        Ok(Discarded { of: draft.of })
    })
    .await
}
