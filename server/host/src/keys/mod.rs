//! Keys: who may talk to companions of this server from elsewhere.
//!
//! A key is 32 bytes by chance, told once. What is kept of it is a digest, so that whoever reads the
//! database cannot use it. Invariant: what is known here is kept. A key counts as soon as it is kept,
//! and ends with everything that is under way by it as soon as it is revoked.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU32, Ordering},
    },
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use vivarium_dialogue::budget::Membership;
use vivarium_protocol::text;
use vivarium_store::{
    keeper::Keeper,
    port::{StoreError, keys::KnownKey},
};

use crate::{
    limits::{
        CALLS_AT_ONCE_MAX, CALLS_OF_KEY_MAX, KEY_NAME_CHARS_MAX, KEY_REQUESTS, KEY_USERS_MAX,
    },
    worlds::now_ms,
};

pub mod api;
pub mod command;

/// What every key begins with.
const PREFIX: &str = "viv_";
/// Bytes of a key that are by chance.
const KEY_BYTES: usize = 32;
/// Bytes of the id of a key.
const ID_BYTES: usize = 8;
const DAY_MS: u64 = 24 * 3_600 * 1_000;

/// The one thing that keys are good for so far: talking to companions.
pub const DIALOGUE: &str = "dialogue";

/// Why a key could not be made or revoked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// It cannot be one.
    #[error("{0}")]
    Unfit(String),
    /// There is none of that id.
    #[error("there is no key {0}")]
    Missing(String),
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server is ending.
    #[error("the server is shutting down")]
    Ended,
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    Random,
}

/// A key that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// For people; may be empty.
    pub name: String,
    /// What it is good for: [`DIALOGUE`].
    pub scope: String,
    /// `registered` or `premium`.
    pub tier: String,
}

/// How much whoever has a key may say.
fn membership(tier: &str) -> Option<Membership> {
    match tier {
        "registered" => Some(Membership::Registered),
        "premium" => Some(Membership::Premium),
        _ => None,
    }
}

fn chance<const N: usize>() -> Result<[u8; N], KeysError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| KeysError::Random)?;
    Ok(bytes)
}

fn digest_of(secret: &str) -> String {
    blake3::Hasher::new_derive_key("vivarium 2026-11 key of a program")
        .update(secret.as_bytes())
        .finalize()
        .to_hex()
        .to_string()
}

/// The present day, counted since 1970 (UTC).
fn today() -> u32 {
    u32::try_from(now_ms() / DAY_MS).unwrap_or(u32::MAX)
}

impl NewKey {
    /// What is kept of the new key, and the key itself.
    pub fn make(self) -> Result<(KnownKey, String), KeysError> {
        let Self { name, scope, tier } = self;
        if scope != DIALOGUE {
            return Err(KeysError::Unfit(format!("scope: {DIALOGUE:?} is the only one")));
        }
        if membership(&tier).is_none() {
            return Err(KeysError::Unfit("tier: it is registered or premium".to_owned()));
        }
        let name = match name.trim() {
            "" => String::new(),
            name => text::line(name, KEY_NAME_CHARS_MAX).map_err(|_| {
                let text = format!("name: it has at most {KEY_NAME_CHARS_MAX} visible characters");
                KeysError::Unfit(text)
            })?,
        };
        let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(chance::<KEY_BYTES>()?));
        let id = chance::<ID_BYTES>()?.iter().map(|byte| format!("{byte:02x}")).collect();
        let (digest, made_on) = (digest_of(&secret), today());
        Ok((KnownKey { id, digest, name, scope, tier, made_on, used_on: None }, secret))
    }
}

/// A key that counts.
#[derive(Debug)]
pub struct Key {
    id: String,
    membership: Membership,
    used_on: AtomicU32,
    pace: DefaultDirectRateLimiter,
    calls: Arc<Semaphore>,
    /// Digests of its users in this process.
    users: Mutex<BTreeSet<[u8; 16]>>,
    revoked: watch::Sender<bool>,
}

/// Why a key may not do something now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMuch {
    /// It asks too often; in so many seconds it may again.
    Often(u64),
    /// Too much is under way by it.
    AtOnce,
    /// Too much is under way by all keys.
    Busy,
    /// It has too many users.
    Users,
}

/// Something is under way by a key, until this is dropped.
#[derive(Debug)]
pub struct Permit {
    _of_key: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Key {
    /// As it is kept; none: it is good for something that is not known here.
    fn of(known: &KnownKey) -> Option<Self> {
        let membership = membership(&known.tier).filter(|_| known.scope == DIALOGUE)?;
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(KEY_REQUESTS.per_s))
            .allow_burst(at_least_one(KEY_REQUESTS.burst));
        Some(Self {
            id: known.id.clone(),
            membership,
            used_on: AtomicU32::new(known.used_on.unwrap_or_default()),
            pace: RateLimiter::direct(quota),
            calls: Arc::new(Semaphore::new(CALLS_OF_KEY_MAX)),
            users: Mutex::default(),
            revoked: watch::Sender::new(false),
        })
    }

    /// What it goes by.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How much whoever has it may say.
    pub fn membership(&self) -> Membership {
        self.membership
    }

    /// Counts a request.
    pub fn ask(&self) -> Result<(), TooMuch> {
        self.pace.check().map_err(|early| {
            let wait = early.wait_time_from(DefaultClock::default().now());
            TooMuch::Often(wait.as_secs() + 1)
        })
    }

    /// Counts a user.
    pub fn meet(&self, user: &str) -> Result<(), TooMuch> {
        let digest = blake3::hash(user.as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(&digest.as_bytes()[..16]);
        // It is whole after each change.
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if users.len() >= KEY_USERS_MAX && !users.contains(&short) {
            return Err(TooMuch::Users);
        }
        users.insert(short);
        Ok(())
    }

    /// Becomes true when it is revoked.
    pub fn revoked(&self) -> watch::Receiver<bool> {
        self.revoked.subscribe()
    }
}

/// All keys.
#[derive(Debug)]
pub struct Keys {
    keeper: Keeper,
    /// By their digests.
    known: RwLock<BTreeMap<String, Arc<Key>>>,
    calls: Arc<Semaphore>,
}

impl Keys {
    /// As they are kept.
    pub fn load(keeper: Keeper) -> Result<Self, KeysError> {
        let kept = keeper.ask(|store| store.api_keys().keys()).ok_or(KeysError::Ended)??;
        let mut known = BTreeMap::new();
        for key in kept {
            match Key::of(&key) {
                Some(of) => {
                    known.insert(key.digest, Arc::new(of));
                }
                None => tracing::warn!(id = key.id, scope = key.scope, "a key counts for nothing"),
            }
        }
        let calls = Arc::new(Semaphore::new(CALLS_AT_ONCE_MAX));
        Ok(Self { keeper, known: RwLock::new(known), calls })
    }

    /// The key that somebody shows; none: it does not count. Notes that it was used today.
    pub fn find(&self, secret: &str) -> Option<Arc<Key>> {
        if secret.len() > 128 || !secret.starts_with(PREFIX) {
            return None;
        }
        let digest = digest_of(secret);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let key = known.get(&digest)?.clone();
        drop(known);
        let today = today();
        if key.used_on.fetch_max(today, Ordering::AcqRel) < today {
            let id = key.id.clone();
            self.keeper.tell(move |store| {
                if let Err(error) = store.api_keys().key_used(&id, today) {
                    tracing::warn!(%error, "the use of a key could not be noted");
                }
            });
        }
        Some(key)
    }

    /// Begins something by a key.
    pub fn begin(&self, key: &Key) -> Result<Permit, TooMuch> {
        let of_key = key.calls.clone().try_acquire_owned().map_err(|_| TooMuch::AtOnce)?;
        let of_all = self.calls.clone().try_acquire_owned().map_err(|_| TooMuch::Busy)?;
        Ok(Permit { _of_key: of_key, _of_all: of_all })
    }

    /// All that are kept. Waits for the database.
    pub fn list(&self) -> Result<Vec<KnownKey>, KeysError> {
        Ok(self.keeper.ask(|store| store.api_keys().keys()).ok_or(KeysError::Ended)??)
    }

    /// Makes a key that counts from now on; gives what is kept of it, and the key. Waits for the
    /// disk.
    pub fn create(&self, new: NewKey) -> Result<(KnownKey, String), KeysError> {
        let (made, secret) = new.make()?;
        let kept = made.clone();
        let kept = self.keeper.ask(move |store| store.api_keys().add_key(&kept));
        kept.ok_or(KeysError::Ended)??;
        if let Some(key) = Key::of(&made) {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.insert(made.digest.clone(), Arc::new(key));
        }
        Ok((made, secret))
    }

    /// Revokes a key: it counts no more when this returns, also when it cannot be deleted.
    pub fn revoke(&self, id: &str) -> Result<(), KeysError> {
        {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.retain(|_, key| {
                let stays = key.id != id;
                if !stays {
                    key.revoked.send_replace(true);
                }
                stays
            });
        }
        let of = id.to_owned();
        let kept = self.keeper.ask(move |store| store.api_keys().revoke_key(&of));
        match kept.ok_or(KeysError::Ended)?? {
            true => Ok(()),
            false => Err(KeysError::Missing(id.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use vivarium_store::adapters::memory::MemoryStore;

    use super::*;

    fn new(tier: &str) -> NewKey {
        NewKey { name: " the  bot ".into(), scope: DIALOGUE.into(), tier: tier.into() }
    }

    fn keys() -> Keys {
        Keys::load(Keeper::start(Box::new(MemoryStore::default())).unwrap().0).unwrap()
    }

    #[test]
    fn a_key_counts_until_it_is_revoked_and_only_its_digest_is_kept() {
        let keys = keys();
        let (known, secret) = keys.create(new("premium")).unwrap();
        assert!(secret.starts_with("viv_") && secret.len() == 47, "{secret}");
        assert_eq!((known.name.as_str(), known.used_on), ("the bot", None));
        assert!(!format!("{:?}{:?}", keys, keys.list().unwrap()).contains(&secret[4..]));
        let key = keys.find(&secret).unwrap();
        assert_eq!((key.id(), key.membership()), (known.id.as_str(), Membership::Premium));
        assert_eq!(keys.list().unwrap()[0].used_on, Some(today()));
        for wrong in ["", "viv_", &secret[..46], &secret[4..], &format!("{secret}A")] {
            assert!(keys.find(wrong).is_none(), "{wrong}");
        }
        // As after a restart.
        let again = Keys::load(keys.keeper.clone()).unwrap();
        assert!(again.find(&secret).is_some());
        let revoked = key.revoked();
        keys.revoke(&known.id).unwrap();
        assert!(*revoked.borrow() && keys.find(&secret).is_none());
        assert_eq!(keys.revoke(&known.id), Err(KeysError::Missing(known.id)));
        assert!(Keys::load(keys.keeper.clone()).unwrap().find(&secret).is_none());
    }

    #[test]
    fn what_is_no_key_is_not_made() {
        let keys = keys();
        for (wrong, told) in [
            (NewKey { scope: "everything".into(), ..new("premium") }, "scope"),
            (new("free"), "tier"),
            (NewKey { name: "x".repeat(81), ..new("premium") }, "name"),
        ] {
            let KeysError::Unfit(text) = keys.create(wrong).unwrap_err() else { panic!("{told}") };
            assert!(text.starts_with(told), "{text}");
        }
        assert_eq!(keys.list(), Ok(Vec::new()));
    }

    #[test]
    fn what_a_key_does_at_once_and_how_often_is_bounded() {
        let keys = keys();
        let secret = keys.create(new("registered")).unwrap().1;
        let key = keys.find(&secret).unwrap();
        let permits: Vec<_> = (0..CALLS_OF_KEY_MAX).map(|_| keys.begin(&key).unwrap()).collect();
        assert_eq!(keys.begin(&key).unwrap_err(), TooMuch::AtOnce);
        let other = keys.find(&keys.create(new("registered")).unwrap().1).unwrap();
        keys.begin(&other).unwrap();
        drop(permits);
        keys.begin(&key).unwrap();
        let often = (0..=2 * KEY_REQUESTS.burst).find_map(|_| key.ask().err());
        assert!(matches!(often, Some(TooMuch::Often(1..=2))), "{often:?}");
        assert_eq!(other.ask(), Ok(()));
        for user in 0..KEY_USERS_MAX {
            key.meet(&user.to_string()).unwrap();
        }
        assert_eq!((key.meet("7"), key.meet("one more")), (Ok(()), Err(TooMuch::Users)));
    }
}
