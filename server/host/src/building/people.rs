//! Who may do what in a world, over HTTP: one's own role, everybody's, and invitations.
//!
//! Roles change by operations, like everything else of a world ([`change_roles`]), one after the
//! other on the whole server.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path as UrlPath, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{OwnedMutexGuard, oneshot};
use vivarium_contract::editing::{Change, Operations, Role};
use vivarium_protocol::text;
use vivarium_scene::operation::Operation;
use vivarium_store::port::Grant;

use super::{
    Answered,
    api::{Answer, Builder, Done, Refusal, account, answer, ask, beside, builder, parse, world},
    roles::Redeemed,
    table::{RefusedRole, RoleRefusal},
};
use crate::{
    connections::Ticket,
    http::Shared,
    limits::{EDIT_ANSWER_TIMEOUT, EDIT_BODY_BYTES_MAX, INVITATION_LIFE_S_MAX},
    worlds::World,
};

/// The routes of this file.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/worlds/{world}/role", get(role))
        .route("/api/worlds/{world}/roles", get(roles))
        .route("/api/worlds/{world}/invitations", post(invite))
        .route("/api/invitations", post(redeem))
        .layer(DefaultBodyLimit::max(EDIT_BODY_BYTES_MAX))
}

impl From<RefusedRole> for Refusal {
    fn from(refused: RefusedRole) -> Self {
        let code = match refused.refusal {
            RoleRefusal::Other { .. } => "other_role",
            RoleRefusal::Everywhere => "everywhere",
            RoleRefusal::LastOwner => "last_owner",
            RoleRefusal::TooMany => "too_many_roles",
        };
        let refusal =
            Self::new(StatusCode::CONFLICT, code, &refused).with("operation", json!(refused.index));
        match refused.refusal {
            RoleRefusal::Other { current } => refusal.with("current", json!(current)),
            _ => refusal,
        }
    }
}

/// Held from the check of a change of roles until it is known what became of it.
type Changing = OwnedMutexGuard<()>;

/// Waits until nobody else changes roles.
async fn changing(shared: &Shared) -> Result<Changing, Refusal> {
    let changing = tokio::time::timeout(EDIT_ANSWER_TIMEOUT, shared.roles.changing()).await;
    changing.map_err(|_| {
        let text = "somebody else is changing roles: try again in a moment";
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many", text)
    })
}

/// The same answer; nobody else changes roles before it is there, whether or not anybody waits
/// for it.
fn held(changing: Changing, asked: Answered) -> Answered {
    let (told, answered) = oneshot::channel();
    tokio::spawn(async move {
        let answer = asked.await;
        drop(changing);
        if let Ok(answer) = answer {
            // Whoever asked may have gone.
            let _ = told.send(answer);
        }
    });
    answered
}

/// As [`change`](super::api::change), for operations that say who may do what.
pub(super) async fn change_roles(
    shared: &Shared,
    builder: Builder,
    name: &str,
    wanted: Change,
) -> Answer<Done> {
    let Builder { account, world, .. } = builder;
    if world.is_draft() {
        let text = "who may do what is changed in the world that this is a draft of";
        return Err(Refusal::new(StatusCode::CONFLICT, "draft", text));
    }
    let changing = changing(shared).await?;
    // It may have been taken away meanwhile.
    let role = shared.roles.of(&account, world.name());
    if let Change::Do { operations, .. } = &wanted
        && role == Role::Owner
    {
        shared.roles.check(world.name(), &operations.0)?;
    }
    let asked = ask(shared, Builder { account, world, role }, name, wanted, None)?;
    answer(shared, held(changing, asked)).await
}

#[derive(Debug, Serialize)]
struct RoleAnswer {
    role: Role,
}

async fn role(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
) -> Answer<RoleAnswer> {
    let account = account(&shared, &headers)?;
    let world = world(&shared, &name)?;
    Ok(Json(RoleAnswer { role: shared.roles.within(&account, &world) }))
}

/// Somebody with a role.
#[derive(Debug, Serialize)]
struct Person {
    account: String,
    name: String,
    role: Role,
    /// Whether they may do that in all worlds.
    everywhere: bool,
    /// Whether it is who asks.
    you: bool,
}

async fn roles(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
) -> Answer<Vec<Person>> {
    let Builder { account, world, role } = builder(&shared, &name, &headers)?;
    if role < Role::Owner {
        let text = "only owners of the world see who may do what in it";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    let listed = shared.roles.list(world.home().name()).into_iter();
    let people = listed.map(|listed| Person {
        you: listed.account == account,
        account: listed.account,
        name: listed.name,
        role: listed.role,
        everywhere: listed.everywhere,
    });
    Ok(Json(people.collect()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Invite {
    role: Role,
    expires_in_s: u64,
}

#[derive(Debug, Serialize)]
struct Invited {
    invitation: String,
    expires_in_s: u64,
}

async fn invite(
    State(shared): State<Shared>,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Invited> {
    let account = account(&shared, &headers)?;
    let name = world(&shared, &name)?.home().name().to_owned();
    if shared.roles.of(&account, &name) < Role::Owner {
        let text = "only owners of the world invite others";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    if !shared.edits.allows(&account) {
        let text = "too many invitations: try again in a moment";
        return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many", text));
    }
    let Invite { role, expires_in_s } = parse(&body)?;
    if role == Role::Visitor || !(1..=INVITATION_LIFE_S_MAX).contains(&expires_in_s) {
        let text =
            format!("role is builder or owner, expires_in_s is from 1 to {INVITATION_LIFE_S_MAX}");
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "malformed", text));
    }
    let roles = shared.roles.clone();
    let invitation = beside(move || roles.invite_by(&account, name, role, expires_in_s)).await?;
    Ok(Json(Invited { invitation, expires_in_s }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Redeem {
    invitation: String,
    #[serde(default)]
    name: String,
}

#[derive(Debug, Serialize)]
struct RedeemedAnswer {
    /// None: all.
    world: Option<String>,
    role: Role,
}

async fn redeem(
    State(shared): State<Shared>,
    Extension(connection): Extension<Arc<Ticket>>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<RedeemedAnswer> {
    let account = account(&shared, &headers)?;
    if connection.address().is_some_and(|address| !shared.tickets.allows(address)) {
        let text = "too many attempts from your network: try again in a while";
        return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many", text));
    }
    let Redeem { invitation, name } = parse(&body)?;
    // To its end, whether or not somebody waits for the answer.
    let taken = tokio::spawn(async move { take(&shared, invitation, account, &name).await });
    taken.await.map_err(|error| {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "unknown", error.to_string())
    })?
}

/// Gives somebody what an invitation promises, and writes it to the log of its world.
///
/// The store exchanges the invitation for the role in one transaction: that is what makes it count
/// once, and last. The log follows, since only a running world numbers its changes: an entry says
/// what is kept already, and says it once more. So there is never a role without its invitation
/// being used up, nor an entry without its role; when the server ends between the two, or the disk
/// is full, the role is there and the entry is missing.
async fn take(
    shared: &Shared,
    invitation: String,
    account: String,
    name: &str,
) -> Answer<RedeemedAnswer> {
    let changing = changing(shared).await?;
    let name = text::name(name).unwrap_or_default();
    let roles = shared.roles.clone();
    let redeemed = beside(move || roles.redeem(&invitation, &account, &name)).await?;
    let void = || Refusal::new(StatusCode::NOT_FOUND, "void", "the invitation is over or used up");
    let Redeemed { grant, from, to } = redeemed.ok_or_else(void)?;
    let world = grant.world.as_deref().and_then(|name| shared.worlds.find(name));
    if let Some(world) = world
        && from != to
        && let Err(refusal) = tell(shared, world, changing, &grant, (from, to)).await
    {
        let (world, why) = (grant.world.as_deref(), refusal.text());
        tracing::warn!(world, why, "a role was given and is not in the log");
    }
    Ok(Json(RedeemedAnswer { world: grant.world, role: grant.role }))
}

/// Writes to the log of a world what was granted: they do it themselves, by right of the owner who
/// has invited them.
async fn tell(
    shared: &Shared,
    world: Arc<World>,
    changing: Changing,
    grant: &Grant,
    (from, to): (Role, Role),
) -> Result<(), Refusal> {
    let (account, name) = (grant.account.clone(), grant.name.clone());
    let operations = Operations::from(vec![Operation::Permission { account, name, from, to }]);
    let wanted = Change::Do { operations, base: None, stroke: None };
    let builder = Builder { account: grant.account.clone(), world, role: Role::Owner };
    let asked = ask(shared, builder, &grant.name, wanted, None)?;
    answer(shared, held(changing, asked)).await.map(drop)
}
