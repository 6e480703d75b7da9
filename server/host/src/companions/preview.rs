//! Talking to somebody who is not there yet, over HTTP: words as they come, as server-sent events.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
    routing::post,
};
use futures_util::{FutureExt, Stream, StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use vivarium_contract::companion::{MindFailure, MindWord, SPEECH_BYTES_MAX};
use vivarium_dialogue::{
    persona::Persona,
    prompt::{RECENT_MAX, Said, Speaker as By},
    service::{Speaker, preview::Preview},
};
use vivarium_protocol::{limits::CHAT_CHARS_MAX, text};

use super::api::{InWorld, asked, cleaned};
use crate::{
    building::api::{NAMELESS, Refusal},
    http::Shared,
    limits::{PREVIEW_TIMEOUT, PREVIEWS_AT_ONCE_MAX, PREVIEWS_OF_ONE_MAX, WORDS_AHEAD_MAX},
};

/// The routes of this file.
pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/api/companions/preview", post(preview))
}

/// Places for previews: so many for all, and a few of them for one account.
#[derive(Debug)]
pub(super) struct Previews {
    free: Arc<Semaphore>,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Default for Previews {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(PREVIEWS_AT_ONCE_MAX)), taken: Arc::default() }
    }
}

/// A place, free again when it is dropped.
#[derive(Debug)]
struct Place {
    account: String,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
    _permit: OwnedSemaphorePermit,
}

impl Previews {
    /// A place for an account, if there is one.
    fn take(&self, account: &str) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.get(account).is_some_and(|count| *count >= PREVIEWS_OF_ONE_MAX) {
            return None;
        }
        let permit = self.free.clone().try_acquire_owned().ok()?;
        *taken.entry(account.to_owned()).or_default() += 1;
        Some(Place { account: account.to_owned(), taken: self.taken.clone(), _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let left = taken.remove(&self.account).unwrap_or_default().saturating_sub(1);
        if left > 0 {
            taken.insert(self.account.clone(), left);
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Who {
    Person,
    Companion,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Before {
    by: Who,
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    world: String,
    persona: Persona,
    text: String,
    #[serde(default)]
    recent: Vec<Before>,
}

impl InWorld for Asked {
    fn world(&self) -> &str {
        &self.world
    }
}

fn unfit(what: &str, chars: usize) -> Refusal {
    let text = format!("{what}: 1 to {chars} visible characters are needed");
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "text", text)
}

/// What was said before, as far as it counts.
fn said_before(recent: Vec<Before>) -> Result<Vec<Said>, Refusal> {
    let skipped = recent.len().saturating_sub(RECENT_MAX);
    let said = recent.into_iter().skip(skipped).map(|Before { by, text }| {
        let by = match by {
            Who::Person => By::Person,
            Who::Companion => By::Companion,
        };
        let text = text::line(&text, SPEECH_BYTES_MAX);
        Ok(Said { by, text: text.map_err(|_| unfit("recent", SPEECH_BYTES_MAX))? })
    });
    said.collect()
}

async fn preview(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let (account, asked) = asked::<Asked>(&shared, &headers, &body)?;
    let Asked { world, persona, text, recent } = asked;
    let preview = Preview {
        persona: cleaned(persona, &account)?,
        person_name: NAMELESS.to_owned(),
        text: text::line(&text, CHAT_CHARS_MAX).map_err(|_| unfit("text", CHAT_CHARS_MAX))?,
        recent: said_before(recent)?,
    };
    // Messages and money are counted for a world, not for its drafts.
    let home = shared.worlds.find(&world).map_or(world, |found| found.home().name().to_owned());
    let place = shared.companions.previews.take(&account);
    let who = (Speaker::Account(account.into()), home);
    let words = words(shared, preview, who, place);
    let told = words.filter_map(|word| async move { told(word) });
    let events = told.map(|told| Ok(Event::default().data(told.to_string())));
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// The words of an answer. Whoever drops them asks for no more.
fn words(
    shared: Shared,
    preview: Preview,
    who: (Speaker, String),
    place: Option<Place>,
) -> impl Stream<Item = MindWord> {
    let (words, said) = mpsc::channel(WORDS_AHEAD_MAX);
    let thinks = async move {
        let Some(_place) = place else {
            let _ = words.send(MindWord::Failed { reason: MindFailure::Busy }).await;
            return;
        };
        let dialogue = &shared.companions.dialogue;
        let thinks = dialogue.preview(preview, who, words.clone());
        if tokio::time::timeout(PREVIEW_TIMEOUT, thinks).await.is_err() {
            let _ = words.send(MindWord::Failed { reason: MindFailure::TimedOut }).await;
        }
    };
    let said = stream::unfold(said, |mut said| async move {
        let word = said.recv().await?;
        Some((word, said))
    });
    let thinks = thinks.into_stream().filter_map(|()| async { None });
    stream::select(said, thinks)
}

/// What of a word is told; of what a body does and feels nothing.
fn told(word: MindWord) -> Option<Value> {
    match word {
        MindWord::Says { text } => Some(json!({ "says": text })),
        MindWord::Done { is_reduced } => Some(json!({ "done": { "is_reduced": is_reduced } })),
        MindWord::Failed { reason } => Some(json!({ "failed": failed(reason) })),
        MindWord::Feels { .. } | MindWord::Does { .. } | MindWord::Bonds { .. } => None,
    }
}

fn failed(reason: MindFailure) -> Value {
    match reason {
        MindFailure::TimedOut => json!({ "reason": "timed_out" }),
        MindFailure::Busy => json!({ "reason": "busy" }),
        MindFailure::OverLimit { free_in_s } => {
            json!({ "reason": "over_limit", "free_in_s": free_in_s })
        }
        MindFailure::Unknown => json!({ "reason": "unknown" }),
        MindFailure::Broken => json!({ "reason": "broken" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_takes_only_a_few_places() {
        let previews = Previews::default();
        let own: Vec<_> = (0..PREVIEWS_OF_ONE_MAX).map(|_| previews.take("ana").unwrap()).collect();
        assert!(previews.take("ana").is_none());
        let others: Vec<_> = (PREVIEWS_OF_ONE_MAX..PREVIEWS_AT_ONCE_MAX)
            .map(|number| previews.take(&number.to_string()).unwrap())
            .collect();
        assert!(previews.take("bo").is_none());
        drop(own);
        assert!(previews.take("ana").is_some());
        drop(others);
        assert!(previews.taken.lock().unwrap().is_empty());
    }
}
