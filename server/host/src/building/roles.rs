//! Who may do what, on this server and in each of its worlds.
//!
//! A person is known by a secret that their device made (a device key); the account is its digest,
//! so that whoever reads the database cannot act as anybody. Roles are kept in the store and known
//! here; they are given by invitations.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

use vivarium_contract::editing::Role;
use vivarium_protocol::limits::DEVICE_KEY_BYTES;
use vivarium_store::{
    keeper::Keeper,
    port::{Grant, Invitation, StoreError},
};

use crate::{routing::new_token, worlds::now_ms};

/// How long an invitation for the first owner counts.
const FIRST_OWNER_S: u64 = 24 * 3600;

/// Why roles could not be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RolesError {
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

/// Everybody's roles.
#[derive(Debug)]
pub struct Roles {
    keeper: Keeper,
    /// By account and world; all worlds have no name.
    known: RwLock<BTreeMap<String, BTreeMap<Option<String>, Role>>>,
}

/// The account of a device.
pub fn account_of(key: &[u8; DEVICE_KEY_BYTES]) -> String {
    let digest = blake3::derive_key("vivarium 2026-11 account of a device key", key);
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest_of(secret: &str) -> String {
    blake3::Hasher::new_derive_key("vivarium 2026-11 invitation")
        .update(secret.as_bytes())
        .finalize()
        .to_hex()
        .to_string()
}

/// A new invitation, and the secret in it.
pub fn invitation(
    world: Option<String>,
    role: Role,
    expires_in_s: u64,
) -> Result<(Invitation, String), RolesError> {
    let token = new_token().ok_or(RolesError::Random)?;
    let secret: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
    let expires_at_ms = now_ms().saturating_add(expires_in_s.saturating_mul(1_000));
    Ok((Invitation { digest: digest_of(&secret), world, role, expires_at_ms }, secret))
}

impl Roles {
    /// As they are kept.
    pub fn load(keeper: Keeper) -> Result<Self, RolesError> {
        let grants = keeper.ask(|store| store.grants()).ok_or(RolesError::Ended)??;
        let roles = Self { keeper, known: RwLock::default() };
        grants.into_iter().for_each(|grant| roles.note(grant));
        Ok(roles)
    }

    fn note(&self, grant: Grant) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(grant.account).or_default().insert(grant.world, grant.role);
    }

    /// What somebody may do in a world.
    pub fn of(&self, account: &str, world: &str) -> Role {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let Some(roles) = known.get(account) else { return Role::Visitor };
        let everywhere = roles.get(&None).copied().unwrap_or_default();
        let here = roles.get(&Some(world.to_owned())).copied().unwrap_or_default();
        everywhere.max(here)
    }

    /// Makes an invitation; gives the secret that whoever is invited must show. Waits for the disk.
    pub fn invite(
        &self,
        world: Option<String>,
        role: Role,
        expires_in_s: u64,
    ) -> Result<String, RolesError> {
        let (invitation, secret) = invitation(world, role, expires_in_s)?;
        let kept = self.keeper.ask(move |store| store.invite(&invitation, now_ms()));
        kept.ok_or(RolesError::Ended)??;
        Ok(secret)
    }

    /// Gives an account what an invitation promises; none: it does not count. Waits for the disk.
    pub fn redeem(&self, secret: &str, account: &str) -> Result<Option<Grant>, RolesError> {
        let (digest, account) = (digest_of(secret), account.to_owned());
        let kept = self.keeper.ask(move |store| store.redeem(&digest, &account, "", now_ms()));
        let grant = kept.ok_or(RolesError::Ended)??;
        if let Some(grant) = &grant {
            // Two at the same time may be noted in another order than they were kept.
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            let roles = known.entry(grant.account.clone()).or_default();
            let role = roles.entry(grant.world.clone()).or_default();
            *role = (*role).max(grant.role);
        }
        Ok(grant)
    }

    /// An invitation for the first owner of everything; none when there is an owner.
    pub fn invite_first_owner(&self) -> Result<Option<String>, RolesError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let is_owned = known.values().any(|roles| roles.get(&None) == Some(&Role::Owner));
        drop(known);
        if is_owned {
            return Ok(None);
        }
        self.invite(None, Role::Owner, FIRST_OWNER_S).map(Some)
    }
}
