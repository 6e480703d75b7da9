//! Companions over HTTP: making, changing and deleting them, versions, consents and children.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path as UrlPath, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use vivarium_contract::companion::Traits;
use vivarium_dialogue::{
    persona::{PERSONA_NAME_CHARS_MAX, Persona, PersonaError, templates},
    safety::injection,
    service::knowing::KnowingError,
};
use vivarium_protocol::text;
use vivarium_store::port::StoreError;

use super::{AskedChild, CompanionError, Companions, knowledge, preview};
use crate::{
    building::api::{Answer, Refusal, account, builder, parse, to_its_end},
    http::Shared,
    limits::COMPANION_BODY_BYTES_MAX,
    routing::new_token,
};

/// The routes of this room.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/companions", get(list).post(create))
        .route("/api/companions/templates", get(told_templates))
        .route("/api/companions/{mind}", get(show).put(edit).delete(delete))
        .route("/api/companions/{mind}/versions", get(versions))
        .route("/api/companions/{mind}/return", post(return_to))
        .route("/api/companions/{mind}/consents", post(consent))
        .route("/api/companions/{mind}/children", post(children))
        .merge(knowledge::routes())
        .merge(preview::routes())
        .layer(DefaultBodyLimit::max(COMPANION_BODY_BYTES_MAX))
}

impl From<CompanionError> for Refusal {
    fn from(error: CompanionError) -> Self {
        let (status, code) = match &error {
            CompanionError::Unknown => (StatusCode::NOT_FOUND, "no_companion"),
            CompanionError::NotYours => (StatusCode::FORBIDDEN, "not_yours"),
            CompanionError::Changed(_) => (StatusCode::CONFLICT, "changed"),
            CompanionError::NoVersion => (StatusCode::NOT_FOUND, "no_version"),
            CompanionError::Full(_) => (StatusCode::CONFLICT, "full"),
            CompanionError::OneParent => (StatusCode::UNPROCESSABLE_ENTITY, "one_parent"),
            CompanionError::NoConsent => (StatusCode::FORBIDDEN, "no_consent"),
            CompanionError::Unfit(PersonaError::TooLarge { .. }) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "too_large")
            }
            CompanionError::Unfit(_) => (StatusCode::UNPROCESSABLE_ENTITY, "persona"),
            CompanionError::Knowing(error) => match error {
                KnowingError::Busy => (StatusCode::CONFLICT, "busy"),
                KnowingError::NoMemory => (StatusCode::NOT_FOUND, "no_memory"),
                KnowingError::Ended => (StatusCode::CONFLICT, "ended"),
                KnowingError::Unfit(_) => (StatusCode::UNPROCESSABLE_ENTITY, "memory"),
                KnowingError::NotKept(_) => (StatusCode::SERVICE_UNAVAILABLE, "not_kept"),
            },
            CompanionError::Store(StoreError::Full(_)) => {
                (StatusCode::INSUFFICIENT_STORAGE, "disk_full")
            }
            CompanionError::Store(_) | CompanionError::Random | CompanionError::Ended => {
                (StatusCode::SERVICE_UNAVAILABLE, "not_kept")
            }
        };
        let refusal = Self::new(status, code, &error);
        match error {
            CompanionError::Changed(version) => refusal.with("version", json!(version)),
            _ => refusal,
        }
    }
}

/// The account of a request, if it has not asked too often.
pub(super) fn caller(shared: &Shared, headers: &HeaderMap) -> Result<String, Refusal> {
    let account = account(shared, headers)?;
    if !shared.edits.allows(&account) {
        let text = "too many requests: try again in a moment";
        return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many", text));
    }
    Ok(account)
}

/// What a builder of the world that it names sends, and who that is.
pub(super) fn asked<T: DeserializeOwned + InWorld>(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(String, T), Refusal> {
    // Whoever is nobody sends nothing that is worth reading.
    account(shared, headers)?;
    let asked: T = parse(body)?;
    let builder = builder(shared, asked.world(), headers)?;
    Ok((builder.account, asked))
}

/// Something that builders of a world ask for.
pub(super) trait InWorld {
    /// Which.
    fn world(&self) -> &str;
}

/// A persona as it may be kept. Its words are its owner's; that some are meant for a model is noted.
pub(super) fn cleaned(mut persona: Persona, account: &str) -> Result<Persona, Refusal> {
    persona.name = text::line(&persona.name, PERSONA_NAME_CHARS_MAX).map_err(|_| {
        let text = format!("name: 1 to {PERSONA_NAME_CHARS_MAX} visible characters are needed");
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "persona", text)
    })?;
    persona.check().map_err(CompanionError::from)?;
    let told = [&persona.role, &persona.background, &persona.manner];
    let json = json!(told).to_string();
    let signs = injection::screen(&json).signs;
    if !signs.is_empty() {
        tracing::info!(account, ?signs, "a persona has words that are meant for models");
    }
    Ok(persona)
}

#[derive(Debug, Serialize)]
struct Template {
    id: &'static str,
    persona: Persona,
}

async fn told_templates() -> Json<Vec<Template>> {
    let all = templates::ids().filter_map(|id| {
        let persona = templates::template(id)?.ok()?;
        Some(Template { id, persona })
    });
    Json(all.collect())
}

#[derive(Debug, Serialize)]
struct Listed {
    mind: String,
    name: String,
    is_mine: bool,
    is_shipped: bool,
}

async fn list(State(shared): State<Shared>, headers: HeaderMap) -> Answer<Vec<Listed>> {
    let account = caller(&shared, &headers)?;
    let Companions { dialogue, .. } = &*shared.companions;
    let own = shared.companions.of(&account).into_iter().map(|mind| (mind, true));
    let shipped = dialogue.shipped().map(|mind| (mind.to_owned(), false));
    let mut listed = Vec::new();
    for (mind, is_mine) in own.chain(shipped).collect::<Vec<_>>() {
        if let Some(persona) = dialogue.persona(&mind).await {
            let name = persona.name.clone();
            listed.push(Listed { mind, name, is_mine, is_shipped: !is_mine });
        }
    }
    Ok(Json(listed))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    world: String,
    persona: Persona,
}

impl InWorld for New {
    fn world(&self) -> &str {
        &self.world
    }
}

#[derive(Debug, Serialize)]
struct Made {
    mind: String,
    version: u64,
    /// Of a child.
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
}

async fn create(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let (account, New { persona, .. }) = asked(&shared, &headers, &body)?;
    let persona = cleaned(persona, &account)?;
    let made = to_its_end(async move {
        let (mind, version) = shared.companions.create(&account, &persona).await?;
        Ok(Made { mind, version, seed: None })
    });
    Ok((StatusCode::CREATED, made.await?).into_response())
}

#[derive(Debug, Serialize)]
struct Shown {
    mind: String,
    is_mine: bool,
    version: Option<u64>,
    persona: Option<Persona>,
    name: String,
    traits: Traits,
    born: Traits,
    genes: Option<[[u8; 2]; 7]>,
}

async fn show(
    State(shared): State<Shared>,
    UrlPath(mind): UrlPath<String>,
    headers: HeaderMap,
) -> Answer<Shown> {
    let account = caller(&shared, &headers)?;
    let companions = &shared.companions;
    let is_mine = companions.is_of(&account, &mind);
    // First, so that a persona is never older than the version that is told.
    let version = if is_mine { Some(companions.version(&mind).await?) } else { None };
    let persona = companions.dialogue.persona(&mind).await.ok_or(CompanionError::Unknown)?;
    let traits = companions.dialogue.traits(&mind).await.ok_or(CompanionError::Unknown)?;
    let is_open = is_mine || companions.is_shipped(&mind);
    Ok(Json(Shown {
        is_mine,
        version,
        name: persona.name.clone(),
        traits,
        born: persona.genome.expressed(),
        genes: is_open.then(|| persona.genome.pairs()),
        persona: is_open.then(|| Persona::clone(&persona)),
        mind,
    }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edited {
    persona: Persona,
    version: u64,
}

#[derive(Debug, Serialize)]
struct Version {
    version: u64,
}

async fn edit(
    State(shared): State<Shared>,
    UrlPath(mind): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Version> {
    let account = caller(&shared, &headers)?;
    shared.companions.check_owner(&account, &mind)?;
    let Edited { persona, version } = parse(&body)?;
    let persona = cleaned(persona, &account)?;
    to_its_end(async move {
        let version = shared.companions.edit(&account, &mind, &persona, version).await?;
        Ok(Version { version })
    })
    .await
}

async fn delete(
    State(shared): State<Shared>,
    UrlPath(mind): UrlPath<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let account = caller(&shared, &headers)?;
    shared.companions.check_owner(&account, &mind)?;
    let gone = to_its_end(async move { Ok(shared.companions.delete(&account, &mind).await?) });
    gone.await.map(|_| StatusCode::NO_CONTENT)
}

#[derive(Debug, Serialize)]
struct ToldVersion {
    number: u64,
    at_ms: u64,
    by_me: bool,
}

async fn versions(
    State(shared): State<Shared>,
    UrlPath(mind): UrlPath<String>,
    headers: HeaderMap,
) -> Answer<Vec<ToldVersion>> {
    let account = caller(&shared, &headers)?;
    let versions = shared.companions.versions(&account, &mind).await?.into_iter();
    let told = versions.map(|version| ToldVersion {
        number: version.number,
        at_ms: version.at_ms,
        by_me: version.author == account,
    });
    Ok(Json(told.collect()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Return {
    version: u64,
}

async fn return_to(
    State(shared): State<Shared>,
    UrlPath(mind): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Version> {
    let account = caller(&shared, &headers)?;
    shared.companions.check_owner(&account, &mind)?;
    let Return { version } = parse(&body)?;
    to_its_end(async move {
        let version = shared.companions.return_to(&account, &mind, version).await?;
        Ok(Version { version })
    })
    .await
}

#[derive(Debug, Serialize)]
struct Consented {
    consent: String,
    ends_at_ms: u64,
}

async fn consent(
    State(shared): State<Shared>,
    UrlPath(mind): UrlPath<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let account = caller(&shared, &headers)?;
    let (consent, ends_at_ms) = shared.companions.consent(&account, &mind)?;
    let no_store = [(axum::http::header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, no_store, Json(Consented { consent, ends_at_ms })).into_response())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewChild {
    world: String,
    with: String,
    #[serde(default)]
    consent: Option<String>,
    name: String,
    #[serde(default)]
    seed: Option<u64>,
}

impl InWorld for NewChild {
    fn world(&self) -> &str {
        &self.world
    }
}

/// Seeds of the server's own choice: so large that JavaScript has them exactly.
const SEED_MASK: u64 = (1 << 53) - 1;

fn seed() -> Option<u64> {
    let token = new_token()?;
    let bytes = token.first_chunk()?;
    Some(u64::from_le_bytes(*bytes) & SEED_MASK)
}

async fn children(
    State(shared): State<Shared>,
    UrlPath(mind): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let (account, new) = asked::<NewChild>(&shared, &headers, &body)?;
    let NewChild { with, consent, name, seed: wanted, .. } = new;
    let name = text::line(&name, PERSONA_NAME_CHARS_MAX).map_err(|_| {
        let text = format!("name: 1 to {PERSONA_NAME_CHARS_MAX} visible characters are needed");
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "persona", text)
    })?;
    let seed = wanted.or_else(seed).ok_or(CompanionError::Random)?;
    let made = to_its_end(async move {
        let asked = AskedChild { mind, with, consent, name, seed };
        let (mind, version) = shared.companions.child(&account, &asked).await?;
        Ok(Made { mind, version, seed: Some(seed) })
    });
    Ok((StatusCode::CREATED, made.await?).into_response())
}
