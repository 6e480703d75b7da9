//! Changing worlds over HTTP: operations, undo, and what was done.

use std::{collections::BTreeMap, num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path as UrlPath, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use vivarium_contract::{
    editing::{Change, Copies, EditRefusal, Editor, Operations, Role},
    saving::SavedBatch,
};
use vivarium_protocol::{limits::DEVICE_KEY_BYTES, text};
use vivarium_scene::operation::Operation;
use vivarium_store::{keeper::SaveError, port::StoreError};

use super::{
    Answered, EditError, NoAsk,
    people::change_roles,
    roles::{RolesError, account_of},
};
use crate::{
    http::Shared,
    limits::{
        ACCOUNTS_MAX, EDIT_ANSWER_TIMEOUT, EDIT_BODY_BYTES_MAX, EDIT_OPERATIONS_MAX,
        EDITS_PER_ACCOUNT, HISTORY_ENTRIES_MAX,
    },
    origin,
    worlds::{World, Worlds},
};

/// What people without a usable name are called.
pub(crate) const NAMELESS: &str = "Somebody";

/// How often each account may change something.
#[derive(Debug)]
pub struct EditBudget(DefaultKeyedRateLimiter<String>);

impl Default for EditBudget {
    fn default() -> Self {
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(EDITS_PER_ACCOUNT.per_s))
            .allow_burst(at_least_one(EDITS_PER_ACCOUNT.burst));
        Self(RateLimiter::keyed(quota))
    }
}

impl EditBudget {
    pub(crate) fn allows(&self, account: &str) -> bool {
        if self.0.len() >= ACCOUNTS_MAX {
            self.0.retain_recent();
            if self.0.len() >= ACCOUNTS_MAX {
                return false;
            }
        }
        self.0.check_key(&account.to_owned()).is_ok()
    }
}

/// The routes of this file.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/worlds/{world}/operations", post(operations))
        .route("/api/worlds/{world}/undo", post(undo))
        .route("/api/worlds/{world}/redo", post(redo))
        .route("/api/worlds/{world}/physics/reset", post(reset_physics))
        .route("/api/worlds/{world}/history", get(history))
        .layer(DefaultBodyLimit::max(EDIT_BODY_BYTES_MAX))
}

/// An answer that is no success.
pub(crate) struct Refusal {
    status: StatusCode,
    body: Value,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, error: &str, text: impl ToString) -> Self {
        Self { status, body: json!({ "error": error, "text": text.to_string() }) }
    }

    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.body[name] = value;
        self
    }
}

impl Refusal {
    /// What is wrong, for people.
    pub(super) fn text(&self) -> &str {
        self.body["text"].as_str().unwrap_or_default()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let no_store = [(header::CACHE_CONTROL, "no-store")];
        (self.status, no_store, Json(self.body)).into_response()
    }
}

pub(crate) type Answer<T> = Result<Json<T>, Refusal>;

/// The account of a request.
pub(crate) fn account(shared: &Shared, headers: &HeaderMap) -> Result<String, Refusal> {
    if !origin::may_connect(headers, &shared.allow_origins) {
        shared.metrics.origins_refused.inc();
        let text = "pages of this origin may not change anything (see --allow-origin)";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "origin", text));
    }
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = given.and_then(|given| given.strip_prefix("Bearer ")).and_then(key_of);
    let key = key.ok_or_else(|| {
        let text = "the header `Authorization: Bearer KEY` is needed; KEY are the 64 hexadecimal \
            digits of a secret that the client has made for itself";
        Refusal::new(StatusCode::UNAUTHORIZED, "no_key", text)
    })?;
    Ok(account_of(&key))
}

fn key_of(digits: &str) -> Option<[u8; DEVICE_KEY_BYTES]> {
    if digits.len() != 2 * DEVICE_KEY_BYTES || !digits.is_ascii() {
        return None;
    }
    let mut key = [0; DEVICE_KEY_BYTES];
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(key)
}

pub(crate) fn world(shared: &Shared, name: &str) -> Result<Arc<World>, Refusal> {
    let found =
        Some(name).filter(|name| !name.is_empty()).and_then(|name| shared.worlds.find(name));
    let missing = || Refusal::new(StatusCode::NOT_FOUND, "no_world", "there is no such world");
    found.ok_or_else(missing)
}

pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| format!("{}: {}", error.path(), error.inner()));
    let whole = parsed.and_then(|value| match reader.end() {
        Ok(()) => Ok(value),
        Err(error) => Err(error.to_string()),
    });
    whole.map_err(|text| Refusal::new(StatusCode::BAD_REQUEST, "malformed", text))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    operations: Vec<Operation>,
    #[serde(default)]
    base: Option<u32>,
    #[serde(default)]
    stroke: Option<u32>,
    #[serde(default)]
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stepping {
    #[serde(default)]
    name: String,
}

/// A change that is on the disk.
#[derive(Debug, Serialize)]
pub(crate) struct Done {
    pub(crate) number: u32,
    pub(crate) revision: u64,
    /// Placeholders and the ids that were given in their place.
    objects: BTreeMap<u32, u32>,
    skipped: Vec<Value>,
}

async fn operations(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Done> {
    let builder = builder(&shared, &name, &headers)?;
    // Only now: what a visitor sends is not worth reading.
    let Batch { operations, base, stroke, name } = parse(&body)?;
    if operations.is_empty() {
        let text = "operations: at least one is needed";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "malformed", text));
    }
    if operations.len() > EDIT_OPERATIONS_MAX {
        let text = format!("operations: at most {EDIT_OPERATIONS_MAX} are allowed");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text));
    }
    let says_roles = operations.iter().any(|one| matches!(one, Operation::Permission { .. }));
    let operations = Operations::from(operations);
    let wanted = Change::Do { operations, base, stroke };
    match says_roles {
        true => change_roles(&shared, builder, &name, wanted).await,
        false => change(&shared, builder, &name, wanted).await,
    }
}

async fn undo(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Done> {
    step(&shared, &name, &headers, &body, Change::Undo).await
}

async fn redo(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Done> {
    step(&shared, &name, &headers, &body, Change::Redo).await
}

async fn reset_physics(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Done> {
    step(&shared, &name, &headers, &body, Change::ResetPhysics).await
}

async fn step(
    shared: &Shared,
    name: &str,
    headers: &HeaderMap,
    body: &[u8],
    way: Change,
) -> Answer<Done> {
    let builder = builder(shared, name, headers)?;
    let Stepping { name } = if body.is_empty() { Stepping::default() } else { parse(body)? };
    change(shared, builder, &name, way).await
}

/// Somebody who may change a world.
#[derive(Debug)]
pub(crate) struct Builder {
    /// Who.
    pub(crate) account: String,
    /// Which.
    pub(crate) world: Arc<World>,
    /// What they may do there.
    pub(crate) role: Role,
}

/// Whoever asks, if they may build in the world of that name, and have not asked too often.
pub(crate) fn builder(
    shared: &Shared,
    name: &str,
    headers: &HeaderMap,
) -> Result<Builder, Refusal> {
    let account = account(shared, headers)?;
    let world = world(shared, name)?;
    let role = shared.roles.within(&account, &world);
    if role < Role::Builder {
        let text = "only people who may build in this world can change it";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    if !shared.edits.allows(&account) {
        let text = "too many changes: try again in a moment";
        return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many", text));
    }
    Ok(Builder { account, world, role })
}

/// Has a world changed, in the name that people know the builder by.
pub(crate) async fn change(
    shared: &Shared,
    builder: Builder,
    name: &str,
    change: Change,
) -> Answer<Done> {
    let asked = ask(shared, builder, name, change, None)?;
    answer(shared, asked).await
}

/// Asks a world for a change, without waiting for it. The draft of that name ends when the change is
/// kept.
pub(crate) fn ask(
    shared: &Shared,
    builder: Builder,
    name: &str,
    change: Change,
    ends_draft: Option<String>,
) -> Result<Answered, Refusal> {
    let Builder { account, world, role } = builder;
    let too_many = |text| Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many", text);
    let not_running = || {
        let text = "the world is not running";
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "not_kept", text)
    };
    if world.building.is_broken() {
        return Err(stopped());
    }
    if !world.status.is_running() {
        return Err(not_running());
    }
    let name = match text::name(name) {
        Ok(name) => {
            shared.roles.met(&account, &name);
            name
        }
        Err(_) => NAMELESS.into(),
    };
    let editor = Editor { account, name, role };
    world.building.ask(editor, change, ends_draft).map_err(|error| match error {
        NoAsk::TooMany => too_many("too many changes wait"),
        NoAsk::Behind => too_many("the world is far behind: try again in a moment"),
        NoAsk::Broken => stopped(),
        NoAsk::Frozen => {
            let text = "the draft is just being published or discarded";
            Refusal::new(StatusCode::CONFLICT, "ending", text)
        }
    })
}

fn stopped() -> Refusal {
    let text = "the world has stopped, since changes cannot be kept any more: whoever runs the \
                server must look at its disk and start it again";
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "not_kept", text)
}

/// Waits for what becomes of a change.
pub(crate) async fn answer(shared: &Shared, answered: Answered) -> Answer<Done> {
    let lost = |text| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "unknown", text);
    match tokio::time::timeout(EDIT_ANSWER_TIMEOUT, answered).await {
        Ok(Ok(Ok(kept))) => {
            shared.metrics.edits_kept.inc();
            let objects = kept.created.iter().map(|(asked, given)| (asked.0, given.0)).collect();
            let skipped = skipped(&kept.skipped);
            Ok(Json(Done { number: kept.number, revision: kept.revision, objects, skipped }))
        }
        Ok(Ok(Err(error))) => {
            shared.metrics.edits_refused.inc();
            Err(refusal_of(&error))
        }
        Ok(Err(_)) => {
            Err(lost("the world was restarted or has ended: look whether the change is there"))
        }
        Err(_) => Err(lost("there is no answer: look whether the change is there")),
    }
}

fn skipped(skipped: &[(Operation, String)]) -> Vec<Value> {
    let skipped = skipped.iter();
    skipped.map(|(operation, reason)| json!({ "operation": operation, "reason": reason })).collect()
}

pub(crate) fn refusal_of(error: &EditError) -> Refusal {
    let refusal = match error {
        EditError::Refused(refusal) => &**refusal,
        EditError::InDoubt(_) => {
            return Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "unknown", error);
        }
        EditError::NotKept(save) => {
            return match save {
                SaveError::Busy => Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many", error),
                SaveError::TooLarge { .. } => {
                    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error)
                }
                SaveError::Store(StoreError::Full(_)) => {
                    Refusal::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", error)
                }
                _ => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "not_kept", error),
            };
        }
    };
    let of = |status, code| Refusal::new(status, code, refusal);
    match refusal {
        EditRefusal::Forbidden { index, .. } => {
            of(StatusCode::FORBIDDEN, "forbidden").with("operation", json!(index))
        }
        EditRefusal::Stale { index, copy, .. } => {
            told(of(StatusCode::CONFLICT, "stale"), *index, copy)
        }
        EditRefusal::Held { index, copy, .. } => {
            told(of(StatusCode::CONFLICT, "held"), *index, copy)
        }
        EditRefusal::Impossible { index, copy, .. } => {
            told(of(StatusCode::UNPROCESSABLE_ENTITY, "refused"), *index, copy)
        }
        EditRefusal::TooLarge { .. } | EditRefusal::TooMuch { .. } => {
            of(StatusCode::PAYLOAD_TOO_LARGE, "too_large")
        }
        EditRefusal::Nothing => of(StatusCode::CONFLICT, "nothing"),
        EditRefusal::AllSkipped { skipped: all } => {
            of(StatusCode::CONFLICT, "skipped").with("skipped", json!(skipped(all)))
        }
        EditRefusal::Busy => of(StatusCode::TOO_MANY_REQUESTS, "too_many"),
    }
}

fn told(refusal: Refusal, index: usize, copy: &Copies) -> Refusal {
    let objects: BTreeMap<u32, Value> =
        copy.objects.iter().map(|(id, object)| (id.0, json!(object))).collect();
    let copy = json!({ "number": copy.number, "objects": objects });
    refusal.with("operation", json!(index)).with("copy", copy)
}

/// Which part of the history.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    #[serde(default = "newest")]
    before: u64,
    #[serde(default = "some")]
    count: u32,
}

fn newest() -> u64 {
    u64::MAX
}

fn some() -> u32 {
    50
}

/// A batch as it was kept.
#[derive(Debug, Serialize)]
struct Entry {
    revision: u64,
    at_ms: u64,
    name: String,
    operations: Value,
}

/// The name in the author of a batch.
pub(crate) fn name_of(author: &str) -> &str {
    let is_account = |word: &str| word.len() == 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
    match author.split_once(' ') {
        Some((account, name)) if is_account(account) => name,
        _ => author,
    }
}

/// Batches before a revision, the newest first, as they are kept now.
pub(super) async fn kept_batches(
    shared: &Shared,
    world: &str,
    before: u64,
    count: u32,
) -> Result<Vec<SavedBatch>, Refusal> {
    let (keeper, world) = (shared.keeper.clone(), world.to_owned());
    let kept = beside(move || {
        let kept = keeper.ask(move |store| store.history(&world, before, count));
        match kept.ok_or(RolesError::Ended)? {
            // It was never changed.
            Err(StoreError::NoWorld(_)) => Ok(Vec::new()),
            kept => Ok(kept?),
        }
    });
    kept.await
}

async fn history(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    Query(Part { before, count }): Query<Part>,
    headers: HeaderMap,
) -> Answer<Vec<Entry>> {
    let Builder { world, .. } = builder(&shared, &name, &headers)?;
    let count = count.min(HISTORY_ENTRIES_MAX);
    let batches = kept_batches(&shared, world.name(), before, count).await?;
    let entries = batches.into_iter().map(|batch| Entry {
        revision: batch.revision,
        at_ms: batch.at_ms,
        name: name_of(&batch.author).to_owned(),
        operations: serde_json::from_str(&batch.operations).unwrap_or_default(),
    });
    Ok(Json(entries.collect()))
}

/// Something slow that waits for the disk.
pub(super) async fn beside<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, RolesError> + Send + 'static,
) -> Result<T, Refusal> {
    let failed = |text: String| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "not_kept", text);
    let done = tokio::task::spawn_blocking(act).await;
    done.map_err(|error| failed(error.to_string()))?.map_err(|error| match error {
        RolesError::Store(StoreError::Full(_)) => {
            Refusal::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", error)
        }
        error => failed(error.to_string()),
    })
}

/// Something that goes on to its end, whether or not somebody waits for the answer.
pub(crate) async fn to_its_end<T: Send + 'static>(
    act: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Answer<T> {
    let lost = |text| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "unknown", text);
    match tokio::time::timeout(2 * EDIT_ANSWER_TIMEOUT, tokio::spawn(act)).await {
        Ok(Ok(done)) => done.map(Json),
        Ok(Err(_)) => Err(lost("it failed, which is our fault: look what became of it")),
        Err(_) => Err(lost("there is no answer: look what became of it")),
    }
}

/// Worlds that are changed while nobody comes in must not pile up what is to be followed.
pub async fn keep_replicas(worlds: Arc<Worlds>) {
    let mut every_second = tokio::time::interval(Duration::from_secs(1));
    loop {
        every_second.tick().await;
        let worlds = worlds.clone();
        let caught_up = tokio::task::spawn_blocking(move || {
            worlds.all().iter().for_each(|world| world.building.replica.catch_up());
        });
        if let Err(error) = caught_up.await {
            tracing::error!(%error, "a replica failed");
        }
    }
}
