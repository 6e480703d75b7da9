//! Companions that people make: whose they are, what they are like, and who may have children with them.
//!
//! ```text
//! api ── checked ──▶ Companions ──▶ store ──▶ dialogue (from the next message on) ──▶ worlds (traits)
//! ```
//!
//! Invariant: whoever made something is answered with success only when it is in the store, and from
//! then on it is in force. A name that came with the server is never anybody's.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
};

use tokio::sync::Mutex;
use vivarium_dialogue::{
    persona::{Persona, PersonaError, child},
    service::{Dialogue, knowing::KnowingError},
};
use vivarium_store::{
    keeper::Keeper,
    limits::{LISTED_MAX, PERSONA_BYTES_MAX},
    port::{
        StoreError, WorldStore,
        minds::{KnownPerson, MindStore, NewPersona, PersonaVersion},
    },
};

use crate::{
    limits::{COMPANIONS_PER_ACCOUNT_MAX, PEOPLE_TOLD_MAX},
    minds::Minds,
    routing::new_token,
    worlds::now_ms,
};

pub mod api;
pub mod consents;
pub mod knowledge;
pub mod preview;

use consents::Consents;
use preview::Previews;

/// Letters of a mind's name before its digits.
const SLUG_CHARS_MAX: usize = 24;
/// What a mind is called whose companion has a name without letters that may be in one.
const UNNAMED: &str = "companion";

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum CompanionError {
    /// Nobody knows it.
    #[error("there is no such companion")]
    Unknown,
    /// It is somebody else's, or came with the server.
    #[error("only whose companion it is may do this")]
    NotYours,
    /// Another version is newer than the one that was changed.
    #[error("it was changed meanwhile: version {0} is the newest")]
    Changed(u64),
    /// There is no such version.
    #[error("there is no such version")]
    NoVersion,
    /// There are too many.
    #[error("{0}")]
    Full(String),
    /// A child of one alone.
    #[error("a child has two parents: choose another one")]
    OneParent,
    /// Its owner has not agreed.
    #[error("the owner of the other one has to agree: a consent counts once, for a day")]
    NoConsent,
    /// It cannot be like this.
    #[error(transparent)]
    Unfit(#[from] PersonaError),
    /// What it knows cannot be told or changed.
    #[error(transparent)]
    Knowing(#[from] KnowingError),
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    Random,
    /// The store did not do it.
    #[error(transparent)]
    Store(StoreError),
    /// The server is ending.
    #[error("the server is shutting down")]
    Ended,
}

impl From<StoreError> for CompanionError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoMind(_) => Self::Unknown,
            StoreError::TooMany(text) => Self::Full(text),
            error => Self::Store(error),
        }
    }
}

/// A child that somebody asks for.
#[derive(Clone, Debug)]
pub struct AskedChild {
    /// One parent: of whoever asks, or shipped.
    pub mind: String,
    /// The other one.
    pub with: String,
    /// What its owner has given, if it is somebody else's.
    pub consent: Option<String>,
    /// What it is called.
    pub name: String,
    /// The lots.
    pub seed: u64,
}

/// The companions of this server.
#[derive(Debug)]
pub struct Companions {
    keeper: Keeper,
    dialogue: Arc<Dialogue>,
    minds: Minds,
    /// Of each mind that is somebody's.
    owners: RwLock<BTreeMap<String, String>>,
    /// Held by whoever changes what there is.
    changing: Mutex<()>,
    consents: Consents,
    previews: Previews,
}

/// All minds with an owner.
fn owners(minds: &mut dyn MindStore) -> Result<BTreeMap<String, String>, StoreError> {
    let (mut owners, mut after) = (BTreeMap::new(), String::new());
    loop {
        let listed = minds.list_minds(&after, LISTED_MAX)?;
        let Some(last) = listed.last() else { return Ok(owners) };
        last.name.clone_into(&mut after);
        let owned = listed.into_iter().filter(|mind| !mind.owner.is_empty());
        owners.extend(owned.map(|mind| (mind.name, mind.owner)));
    }
}

/// A persona as it is kept.
fn written(persona: &Persona) -> Result<Vec<u8>, PersonaError> {
    persona.check()?;
    let json =
        serde_json::to_vec(persona).map_err(|error| PersonaError::Unreadable(error.to_string()))?;
    match json.len() {
        size if size > PERSONA_BYTES_MAX => {
            Err(PersonaError::TooLarge { size, max: PERSONA_BYTES_MAX })
        }
        _ => Ok(json),
    }
}

/// What a mind may be called whose companion has this name.
fn slug(name: &str) -> String {
    let plain = vivarium_dialogue::hearing::fold(name);
    let mut slug = String::new();
    for letter in plain.chars() {
        match letter.to_ascii_lowercase() {
            letter @ ('a'..='z' | '0'..='9') => slug.push(letter),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.truncate(SLUG_CHARS_MAX);
    match slug.trim_end_matches('-') {
        "" => UNNAMED.to_owned(),
        slug => slug.to_owned(),
    }
}

/// A name that nobody has had: a deleted companion's bodies must not become another's.
fn new_name(minds: &mut dyn MindStore, slug: &str) -> Result<String, CompanionError> {
    loop {
        let token = new_token().ok_or(CompanionError::Random)?;
        let digits: String = token.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{slug}-{digits}");
        if minds.load_mind(&name)?.is_none() {
            return Ok(name);
        }
    }
}

impl Companions {
    /// As they are kept. Waits for the store.
    pub fn load(
        keeper: Keeper,
        dialogue: Arc<Dialogue>,
        minds: Minds,
    ) -> Result<Self, CompanionError> {
        let owners = keeper.ask(|store| owners(store.minds())).ok_or(CompanionError::Ended)??;
        Ok(Self {
            keeper,
            dialogue,
            minds,
            owners: RwLock::new(owners),
            changing: Mutex::default(),
            consents: Consents::default(),
            previews: Previews::default(),
        })
    }

    fn owned<T>(&self, look: impl FnOnce(&BTreeMap<String, String>) -> T) -> T {
        look(&self.owners.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_shipped(&self, mind: &str) -> bool {
        self.dialogue.is_shipped(mind)
    }

    /// Whether a companion is somebody's.
    pub fn is_of(&self, account: &str, mind: &str) -> bool {
        !self.is_shipped(mind)
            && self.owned(|owners| owners.get(mind).is_some_and(|owner| owner == account))
    }

    /// All that are known, in alphabetical order.
    pub fn all(&self) -> BTreeSet<String> {
        let made = self.owned(|owners| owners.keys().cloned().collect::<BTreeSet<_>>());
        self.dialogue.shipped().map(str::to_owned).chain(made).collect()
    }

    /// Companions of an account, in alphabetical order.
    pub fn of(&self, account: &str) -> Vec<String> {
        let own = |owners: &BTreeMap<String, String>| {
            let own = owners.iter().filter(|(_, owner)| *owner == account);
            own.map(|(mind, _)| mind.clone()).collect::<Vec<_>>()
        };
        let mut own = self.owned(own);
        own.retain(|mind| !self.is_shipped(mind));
        own
    }

    /// Whether somebody may do what only owners do.
    fn check_owner(&self, account: &str, mind: &str) -> Result<(), CompanionError> {
        let is_there = self.is_shipped(mind) || self.owned(|owners| owners.contains_key(mind));
        match (is_there, self.is_of(account, mind)) {
            (false, _) => Err(CompanionError::Unknown),
            (true, false) => Err(CompanionError::NotYours),
            (true, true) => Ok(()),
        }
    }

    async fn told<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut dyn WorldStore) -> Result<T, CompanionError> + Send + 'static,
    ) -> Result<T, CompanionError> {
        let keeper = self.keeper.clone();
        let told = tokio::task::spawn_blocking(move || keeper.ask(act)).await;
        told.ok().flatten().ok_or(CompanionError::Ended)?
    }

    /// What is kept of a mind counts from now on, here and in all worlds.
    async fn in_force(&self, mind: &str) {
        self.dialogue.renew(mind).await;
        self.minds.changed(mind.to_owned()).await;
    }

    /// Makes a companion; gives its mind's name and the number of the version.
    pub async fn create(
        &self,
        account: &str,
        persona: &Persona,
    ) -> Result<(String, u64), CompanionError> {
        let (json, slug) = (written(persona)?, slug(&persona.name));
        let _changing = self.changing.lock().await;
        if self.of(account).len() >= COMPANIONS_PER_ACCOUNT_MAX {
            let text = format!(
                "you may have {COMPANIONS_PER_ACCOUNT_MAX} companions: delete what is not needed"
            );
            return Err(CompanionError::Full(text));
        }
        let owner = account.to_owned();
        let kept = self.told(move |store| {
            let minds = store.minds();
            let mind = new_name(minds, &slug)?;
            let (author, at_ms) = (owner.as_str(), now_ms());
            let new = NewPersona { persona: &json, author, at_ms, owner: &owner };
            let version = minds.put_persona(&mind, new)?;
            Ok((mind, version))
        });
        let (mind, version) = kept.await?;
        {
            let mut owners = self.owners.write().unwrap_or_else(PoisonError::into_inner);
            owners.insert(mind.clone(), account.to_owned());
        }
        self.in_force(&mind).await;
        Ok((mind, version))
    }

    /// Keeps another version of a companion, if `version` is still the newest; gives its number.
    pub async fn edit(
        &self,
        account: &str,
        mind: &str,
        persona: &Persona,
        version: u64,
    ) -> Result<u64, CompanionError> {
        self.check_owner(account, mind)?;
        let json = written(persona)?;
        let (name, author) = (mind.to_owned(), account.to_owned());
        let _changing = self.changing.lock().await;
        self.check_owner(account, mind)?;
        let kept = self.told(move |store| {
            let minds = store.minds();
            let newest = newest(minds, &name)?;
            if newest != version {
                return Err(CompanionError::Changed(newest));
            }
            let (author, at_ms) = (author.as_str(), now_ms());
            Ok(minds.put_persona(&name, NewPersona { persona: &json, author, at_ms, owner: "" })?)
        });
        let version = kept.await?;
        self.in_force(mind).await;
        Ok(version)
    }

    /// Makes an earlier version count again; gives the number of the one that is equal to it.
    pub async fn return_to(
        &self,
        account: &str,
        mind: &str,
        version: u64,
    ) -> Result<u64, CompanionError> {
        let _changing = self.changing.lock().await;
        self.check_owner(account, mind)?;
        let (name, author) = (mind.to_owned(), account.to_owned());
        let kept = self.told(move |store| {
            Ok(store.minds().return_to_persona(&name, version, &author, now_ms())?)
        });
        let version = kept.await?.ok_or(CompanionError::NoVersion)?;
        self.in_force(mind).await;
        Ok(version)
    }

    /// Deletes a companion, with all that it knows of anybody.
    pub async fn delete(&self, account: &str, mind: &str) -> Result<(), CompanionError> {
        let _changing = self.changing.lock().await;
        self.check_owner(account, mind)?;
        self.dialogue.forget_mind(mind).await?;
        self.consents.forget(mind);
        self.owners.write().unwrap_or_else(PoisonError::into_inner).remove(mind);
        self.in_force(mind).await;
        self.minds.forgotten(mind.to_owned(), None).await;
        Ok(())
    }

    /// Has a companion forget somebody, by their account, also where it stands.
    async fn forget(&self, mind: &str, account: &str) -> Result<(), KnowingError> {
        self.dialogue.forget(mind, account).await?;
        self.minds.forgotten(mind.to_owned(), Some(account.into())).await;
        Ok(())
    }

    /// The number of the newest version of somebody's own companion.
    pub async fn version(&self, mind: &str) -> Result<u64, CompanionError> {
        let mind = mind.to_owned();
        self.told(move |store| newest(store.minds(), &mind)).await
    }

    /// All versions of a companion, the newest first.
    pub async fn versions(
        &self,
        account: &str,
        mind: &str,
    ) -> Result<Vec<PersonaVersion>, CompanionError> {
        self.check_owner(account, mind)?;
        let mind = mind.to_owned();
        self.told(move |store| Ok(store.minds().personas(&mind)?)).await
    }

    /// A secret with which somebody else may have one child with a companion, and when it ends.
    pub fn consent(&self, account: &str, mind: &str) -> Result<(String, u64), CompanionError> {
        self.check_owner(account, mind)?;
        self.consents.give(account, mind, now_ms())
    }

    /// Makes a child of two; gives its mind's name and the number of the version.
    pub async fn child(
        &self,
        account: &str,
        asked: &AskedChild,
    ) -> Result<(String, u64), CompanionError> {
        let AskedChild { mind, with, consent, name, seed } = asked;
        if mind == with {
            return Err(CompanionError::OneParent);
        }
        let mother = self.dialogue.persona(mind).await.ok_or(CompanionError::Unknown)?;
        let father = self.dialogue.persona(with).await.ok_or(CompanionError::Unknown)?;
        let is_free = |mind: &str| self.is_shipped(mind) || self.is_of(account, mind);
        if !is_free(mind) {
            return Err(CompanionError::NotYours);
        }
        let child = child::child(*seed, name, &mother, &father);
        if is_free(with) {
            return self.create(account, &child).await;
        }
        // Taken first, so that it counts once however many ask at the same time.
        let given =
            consent.as_deref().and_then(|secret| self.consents.take(secret, with, now_ms()));
        let given = given.ok_or(CompanionError::NoConsent)?;
        let made = self.create(account, &child).await;
        if made.is_err() {
            self.consents.put_back(given);
        }
        made
    }

    /// Whom a companion knows, by names that say nothing of them, and how many memories it has.
    pub async fn people(
        &self,
        account: &str,
        mind: &str,
    ) -> Result<Vec<(String, u64)>, CompanionError> {
        self.check_owner(account, mind)?;
        let people = self.people_after(mind, String::new(), PEOPLE_TOLD_MAX).await?;
        let told =
            |known: KnownPerson| (self.dialogue.pseudonym(mind, &known.person), known.memories);
        Ok(people.into_iter().map(told).collect())
    }

    async fn people_after(
        &self,
        mind: &str,
        after: String,
        count: u32,
    ) -> Result<Vec<KnownPerson>, CompanionError> {
        let mind = mind.to_owned();
        self.told(move |store| Ok(store.minds().people_of(&mind, &after, count)?)).await
    }

    /// Has a companion forget whom its owner knows by such a name; whether it knew them.
    pub async fn forget_person(
        &self,
        account: &str,
        mind: &str,
        pseudonym: &str,
    ) -> Result<bool, CompanionError> {
        self.check_owner(account, mind)?;
        let mut after = String::new();
        loop {
            let people = self.people_after(mind, after, LISTED_MAX).await?;
            let Some(last) = people.last() else { return Ok(false) };
            after = last.person.clone();
            let is_meant =
                |known: &&KnownPerson| self.dialogue.pseudonym(mind, &known.person) == pseudonym;
            if let Some(known) = people.iter().find(is_meant) {
                self.forget(mind, &known.person).await?;
                return Ok(true);
            }
        }
    }
}

/// The number of the newest version.
fn newest(minds: &mut dyn MindStore, mind: &str) -> Result<u64, CompanionError> {
    let known = minds.load_mind(mind)?.and_then(|known| known.persona);
    known.map(|(version, _)| version.number).ok_or(CompanionError::Unknown)
}

#[cfg(test)]
mod tests {
    use vivarium_store::adapters::memory::MemoryStore;

    use super::*;

    #[test]
    fn names_of_minds_are_plain_and_free() {
        let slugs = ["Nia", "Élodie d'Arc", "  --x--  ", "猫", "A very long name indeed, so long"];
        let expected = ["nia", "elodie-d-arc", "x", "companion", "a-very-long-name-indeed"];
        for (name, expected) in slugs.into_iter().zip(expected) {
            assert_eq!(slug(name), expected);
        }
        let mut store = MemoryStore::default();
        let new = NewPersona { persona: b"{}", author: "a", at_ms: 1, owner: "a" };
        store.minds().put_persona("nia", new).unwrap();
        let name = new_name(store.minds(), "nia").unwrap();
        assert!(name.starts_with("nia-") && name.len() == 12, "{name}");
        assert_ne!(new_name(store.minds(), "nia").unwrap(), name);
        assert_eq!(owners(store.minds()).unwrap()["nia"], "a");
    }
}
