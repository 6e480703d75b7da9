//! What owners have given to others: to have a child with their companion, once, within a day.
//!
//! Known as long as the server runs. Of a secret only its digest is known here.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::CompanionError;
use crate::{
    limits::{CONSENT_LIFE, CONSENTS_MAX, CONSENTS_OF_ONE_MAX},
    routing::new_token,
};

/// A consent, by the digest of its secret.
pub(super) type Given = ([u8; 32], Consent);

/// What one consent is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Consent {
    account: String,
    mind: String,
    ends_at_ms: u64,
}

/// All that were given and not used.
#[derive(Debug, Default)]
pub(super) struct Consents(Mutex<BTreeMap<[u8; 32], Consent>>);

fn digest_of(secret: &str) -> [u8; 32] {
    blake3::derive_key("vivarium 2026-11 consent to a child", secret.as_bytes())
}

impl Consents {
    fn given(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Consent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new secret for a companion of an account, and when it ends.
    pub fn give(
        &self,
        account: &str,
        mind: &str,
        now_ms: u64,
    ) -> Result<(String, u64), CompanionError> {
        let token = new_token().ok_or(CompanionError::Random)?;
        let secret: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut given = self.given();
        given.retain(|_, consent| consent.ends_at_ms > now_ms);
        let own = given.values().filter(|consent| consent.account == account).count();
        if own >= CONSENTS_OF_ONE_MAX || given.len() >= CONSENTS_MAX {
            let text = "too many consents wait to be used: try again when some have ended";
            return Err(CompanionError::Full(text.to_owned()));
        }
        let life_ms = u64::try_from(CONSENT_LIFE.as_millis()).unwrap_or(u64::MAX);
        let ends_at_ms = now_ms.saturating_add(life_ms);
        let (account, mind) = (account.to_owned(), mind.to_owned());
        given.insert(digest_of(&secret), Consent { account, mind, ends_at_ms });
        Ok((secret, ends_at_ms))
    }

    /// Uses up a consent, if there is one for that companion.
    pub fn take(&self, secret: &str, mind: &str, now_ms: u64) -> Option<Given> {
        let (digest, mut given) = (digest_of(secret), self.given());
        given.get(&digest).filter(|one| one.mind == mind && one.ends_at_ms > now_ms)?;
        given.remove(&digest).map(|consent| (digest, consent))
    }

    /// It was not used after all.
    pub fn put_back(&self, (digest, consent): Given) {
        self.given().insert(digest, consent);
    }

    /// A companion is gone.
    pub fn forget(&self, mind: &str) {
        self.given().retain(|_, consent| consent.mind != mind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consent_counts_once_for_one_companion_and_a_day() {
        let consents = Consents::default();
        let (secret, ends_at_ms) = consents.give("ana", "nia", 1_000).unwrap();
        assert_eq!(ends_at_ms, 1_000 + 24 * 3_600_000);
        assert!(consents.take(&secret, "orso", 2_000).is_none());
        assert!(consents.take("", "nia", 2_000).is_none());
        assert!(consents.take(&secret, "nia", ends_at_ms).is_none());
        let given = consents.take(&secret, "nia", 2_000).unwrap();
        assert!(consents.take(&secret, "nia", 2_000).is_none());
        consents.put_back(given);
        consents.forget("nia");
        assert!(consents.take(&secret, "nia", 2_000).is_none());
        for _ in 0..CONSENTS_OF_ONE_MAX {
            consents.give("ana", "nia", 1_000).unwrap();
        }
        assert!(consents.give("ana", "nia", 1_000).is_err());
        consents.give("bo", "bo", 1_000).unwrap();
        consents.give("ana", "nia", ends_at_ms).unwrap();
    }
}
