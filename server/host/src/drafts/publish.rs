//! What publishing a draft makes of its world: found out here, and done as one change.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use vivarium_contract::editing::{Change, EditRefusal, Operations};
use vivarium_scene::{
    diff::{self, Diff},
    merge::{self, Conflict, Merged, Prefer},
    operation::Operation,
    scene::Scene,
};
use vivarium_store::port::Draft;

use crate::{
    building::{
        EditError, Frozen,
        api::{Builder, Refusal, ask, refusal_of},
        past::{Past, PastError},
        versions::look_back,
    },
    http::Shared,
    kept::KeptError,
    limits::{CONFLICTS_TOLD_MAX, EDIT_ANSWER_TIMEOUT, PUBLISH_OPERATIONS_MAX, PUBLISH_TRIES_MAX},
    worlds::World,
};

/// Before it is tried again, so that whoever is dragging something may let go.
const TRY_PAUSE: Duration = Duration::from_millis(300);

/// What becomes of what was changed both in the draft and in its world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Settling {
    /// Then nothing is published.
    #[default]
    Refuse,
    /// As in the draft.
    Draft,
    /// As in the world.
    World,
}

/// What publishing would change.
#[derive(Debug, Serialize)]
pub(super) struct Preview {
    #[serde(flatten)]
    diff: Diff,
    conflicts: Vec<Conflict>,
    /// Those that are not told.
    conflicts_more: usize,
}

/// What was published.
#[derive(Debug, Serialize)]
pub(super) struct Published {
    world: String,
    /// Of the world, with what was published.
    revision: u64,
    /// How many it took.
    operations: usize,
}

/// A draft, its world, and what they make together.
struct Plan {
    /// Number of an edit of the world that was seen, with all before it.
    base: u32,
    before: Scene,
    merged: Merged,
}

impl Plan {
    /// Waits for the disk, and takes a while.
    fn make(past: &Past, draft: &Draft, home: &World, prefer: Prefer) -> Result<Self, Refusal> {
        let began = past.at_version(draft.base)?.0;
        let now = past.newest()?.0;
        // From what is kept, since the rest may be taken back. Whatever is done after this edit to
        // the same things makes the change stale.
        let base = home.building.saved();
        let before = past.of(home).newest()?.0;
        let merged = merge::merge(&began, &now, &before, prefer).map_err(|error| {
            let text = format!("draft and world do not fit together: {error}");
            Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", text)
        })?;
        Ok(Self { base, before, merged })
    }

    fn conflicts(&self) -> (&[Conflict], usize) {
        let told = self.merged.conflicts.len().min(CONFLICTS_TOLD_MAX);
        (&self.merged.conflicts[..told], self.merged.conflicts.len() - told)
    }

    fn preview(self) -> Preview {
        let diff = Diff::between(&self.before, &Scene::new(self.merged.document.clone()));
        let (conflicts, conflicts_more) = self.conflicts();
        Preview { diff, conflicts: conflicts.to_vec(), conflicts_more }
    }

    fn operations(&self, settling: Settling) -> Result<Vec<Operation>, Refusal> {
        if settling == Settling::Refuse && !self.merged.conflicts.is_empty() {
            let (conflicts, more) = self.conflicts();
            let text = "some things were changed both in the draft and in the world";
            return Err(Refusal::new(StatusCode::CONFLICT, "conflicts", text)
                .with("conflicts", serde_json::json!(conflicts))
                .with("conflicts_more", serde_json::json!(more)));
        }
        let after = Scene::new(self.merged.document.clone());
        let operations = diff::batch(&self.before, &after).map_err(|error| {
            Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", error.to_string())
        })?;
        if operations.len() > PUBLISH_OPERATIONS_MAX {
            let text = format!(
                "{} operations are needed, more than the {PUBLISH_OPERATIONS_MAX} that a running \
                 world takes at once: export the draft, and import it as a world of its own",
                operations.len()
            );
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text));
        }
        Ok(operations)
    }
}

/// The draft that a world is, and which world it is a draft of.
pub(super) fn draft_of(builder: &Builder) -> Result<(Draft, Arc<World>), Refusal> {
    let draft = builder.world.source.draft.clone().zip(builder.world.draft_of().cloned());
    draft.ok_or_else(|| {
        let text = "this world is no draft of another";
        Refusal::new(StatusCode::CONFLICT, "no_draft", text)
    })
}

/// What publishing would change, if the draft's changes count where both have changed the same.
pub(super) async fn preview(shared: &Shared, builder: &Builder) -> Result<Preview, Refusal> {
    let (draft, home) = draft_of(builder)?;
    look_back(shared, &builder.world, move |past| {
        Ok(Plan::make(&past, &draft, &home, Prefer::Draft)?.preview())
    })
    .await
}

/// Nobody else builds in the draft from now on, and what was done in it is kept.
pub(super) async fn freeze(world: &World) -> Result<Frozen<'_>, Refusal> {
    let frozen = world.building.freeze().ok_or_else(|| {
        let text = "the draft is just being published or discarded";
        Refusal::new(StatusCode::CONFLICT, "ending", text)
    })?;
    if timeout(EDIT_ANSWER_TIMEOUT, frozen.all_answered()).await.is_err() {
        let text = "changes of the draft are still on their way: try again in a moment";
        return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many", text));
    }
    Ok(frozen)
}

/// Makes a draft's changes in its world, which ends the draft. Goes on to its end once begun.
pub(super) async fn publish(
    shared: &Shared,
    builder: Builder,
    settling: Settling,
    name: &str,
) -> Result<Published, Refusal> {
    let (draft, home) = draft_of(&builder)?;
    let frozen = freeze(&builder.world).await?;
    let published = publish_frozen(shared, &builder, (&draft, &home), settling, name).await?;
    frozen.for_good();
    shared.drafts.close(&builder.world);
    Ok(published)
}

async fn publish_frozen(
    shared: &Shared,
    builder: &Builder,
    (draft, home): (&Draft, &Arc<World>),
    settling: Settling,
    name: &str,
) -> Result<Published, Refusal> {
    let prefer = if settling == Settling::Draft { Prefer::Draft } else { Prefer::World };
    let mut tries = 0;
    loop {
        tries += 1;
        let (plan_of, plan_for) = (draft.clone(), home.clone());
        let planned = look_back(shared, &builder.world, move |past| {
            let plan = Plan::make(&past, &plan_of, &plan_for, prefer)?;
            Ok((plan.base, plan.operations(settling)?))
        });
        let (base, operations) = planned.await?;
        let count = operations.len();
        let published =
            |revision| Published { world: home.name().to_owned(), revision, operations: count };
        if operations.is_empty() {
            // The world is like that already.
            shared.drafts.forget(&draft.world).await.map_err(not_kept)?;
            return Ok(published(home.building.revision()));
        }
        let wanted = Change::Restore { operations: Operations::from(operations), base };
        let publisher =
            Builder { account: builder.account.clone(), world: home.clone(), role: builder.role };
        let asked = ask(shared, publisher, name, wanted, Some(draft.world.clone()))?;
        // However long it takes: it is not known before what becomes of the draft.
        match asked.await {
            Ok(Ok(kept)) => {
                shared.metrics.edits_kept.inc();
                return Ok(published(kept.revision));
            }
            Ok(Err(error)) => {
                shared.metrics.edits_refused.inc();
                if tries == PUBLISH_TRIES_MAX || !is_passing(&error) {
                    return Err(refusal_of(&error));
                }
                tokio::time::sleep(TRY_PAUSE).await;
            }
            Err(_) => {
                let drafts = shared.drafts.all().await.map_err(not_kept)?;
                if drafts.iter().all(|other| other.world != draft.world) {
                    return Ok(published(home.building.revision()));
                }
                let text = "the world was restarted, and the draft is not published";
                return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "not_kept", text));
            }
        }
    }
}

pub(super) fn not_kept(error: KeptError) -> Refusal {
    PastError::from(error).into()
}

/// Whether it may be otherwise once draft and world are looked at again.
fn is_passing(error: &EditError) -> bool {
    let EditError::Refused(refusal) = error else { return false };
    matches!(
        **refusal,
        EditRefusal::Stale { .. }
            | EditRefusal::Held { .. }
            | EditRefusal::Impossible { .. }
            | EditRefusal::Busy
    )
}
