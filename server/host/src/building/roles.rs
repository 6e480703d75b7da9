//! Who may do what, on this server and in each of its worlds.
//!
//! A person is known by a secret that their device made (a device key); the account is its digest,
//! so that whoever reads the database cannot act as anybody. Roles are kept in the store and known
//! here; they are given by invitations, and changed by operations of owners.
//!
//! Invariant: what is known here is kept. Roles change one after the other ([`Roles::changing`]), so
//! that each change is checked against what those before it have made of them.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tokio::sync::{Mutex, OwnedMutexGuard};
use vivarium_contract::{editing::Role, saving::SavedGrant};
use vivarium_protocol::limits::{DEVICE_KEY_BYTES, RESUME_TOKEN_BYTES};
use vivarium_scene::{limits::ACCOUNT_DIGITS, operation::Operation};
use vivarium_store::{
    keeper::Keeper,
    port::{Grant, Invitation, StoreError, WorldStore},
};

use super::table::{Listed, RefusedRole, RoleTable};
use crate::{
    routing::new_token,
    worlds::{World, now_ms},
};

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
    known: RwLock<RoleTable>,
    changing: Arc<Mutex<()>>,
    /// Of this process: an owner of everything, known to nobody but those who may read the data.
    steward: OnceLock<String>,
}

/// An invitation that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeemed {
    /// What is kept by now.
    pub grant: Grant,
    /// What they might do in the invitation's world until then.
    pub from: Role,
    /// What they may do there.
    pub to: Role,
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
    invitation_by("", world, role, expires_in_s)
}

/// Hexadecimal digits of what in an invitation is by chance.
const TOKEN_DIGITS: usize = 2 * RESUME_TOKEN_BYTES;

fn as_digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As [`invitation`], by an account. It counts as long as that owns the world: both stand in the
/// secret, behind what is by chance, and the digest that is kept is of all of it.
fn invitation_by(
    maker: &str,
    world: Option<String>,
    role: Role,
    expires_in_s: u64,
) -> Result<(Invitation, String), RolesError> {
    let token = new_token().ok_or(RolesError::Random)?;
    let mut secret = as_digits(&token);
    if let (false, Some(world)) = (maker.is_empty(), &world) {
        secret = format!("{secret}{maker}{}", as_digits(world.as_bytes()));
    }
    let expires_at_ms = now_ms().saturating_add(expires_in_s.saturating_mul(1_000));
    Ok((Invitation { digest: digest_of(&secret), world, role, expires_at_ms }, secret))
}

/// The account that has made an invitation, and the world that it is for. None: it counts whoever
/// has made it. What somebody has made up is in no digest.
fn maker_of(secret: &str) -> Option<(&str, String)> {
    let (maker, world) =
        secret.split_at_checked(TOKEN_DIGITS)?.1.split_at_checked(ACCOUNT_DIGITS)?;
    let bytes = world.as_bytes().chunks(2).map(|digits| {
        let digits = std::str::from_utf8(digits).ok()?;
        u8::from_str_radix(digits, 16).ok()
    });
    Some((maker, String::from_utf8(bytes.collect::<Option<_>>()?).ok()?))
}

impl Roles {
    /// As they are kept.
    pub fn load(keeper: Keeper) -> Result<Self, RolesError> {
        let grants = keeper.ask(|store| store.grants()).ok_or(RolesError::Ended)??;
        let known = RwLock::new(grants.into_iter().collect());
        Ok(Self { keeper, known, changing: Arc::default(), steward: OnceLock::new() })
    }

    /// An account counts as an owner of everything, as long as this process runs. It is in no list,
    /// and is nobody's last owner. Once.
    pub fn trust(&self, account: &str) {
        self.steward.get_or_init(|| account.to_owned());
    }

    fn read<T>(&self, look: impl FnOnce(&RoleTable) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, act: impl FnOnce(&mut RoleTable) -> T) -> T {
        act(&mut self.known.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// What somebody may do in a world.
    pub fn of(&self, account: &str, world: &str) -> Role {
        match self.steward.get() {
            Some(steward) if steward == account => Role::Owner,
            _ => self.read(|known| known.of(account, world)),
        }
    }

    /// What somebody may do in a world; in a draft, what they may do in its home.
    pub fn within(&self, account: &str, world: &World) -> Role {
        self.of(account, world.home().name())
    }

    /// Who has a role in a world.
    pub fn list(&self, world: &str) -> Vec<Listed> {
        self.read(|known| known.list(world))
    }

    /// Whoever changes roles has to hold this from the check until it is known what became of it.
    pub async fn changing(&self) -> OwnedMutexGuard<()> {
        self.changing.clone().lock_owned().await
    }

    /// Whether operations may change roles in a world as they say.
    pub fn check(&self, world: &str, operations: &[Operation]) -> Result<(), RefusedRole> {
        self.read(|known| known.check(world, operations))
    }

    /// What a batch of a world says is kept by now.
    pub fn kept(&self, world: &str, grants: &[SavedGrant]) {
        if grants.is_empty() {
            return;
        }
        self.write(|known| {
            for SavedGrant { account, name, role } in grants.iter().cloned() {
                known.note(Grant { account, world: Some(world.to_owned()), role, name });
            }
        });
    }

    /// Somebody is called like this: owners find them by it. Does not wait for the disk, and is
    /// said again at the next occasion when there was no room for it.
    pub fn met(&self, account: &str, name: &str) {
        let is_news = self.read(|known| known.name(account).is_some_and(|known| known != name));
        let (who, called) = (account.to_owned(), name.to_owned());
        let keep = move |store: &mut dyn WorldStore| {
            if let Err(error) = store.rename(&who, &called) {
                tracing::warn!(%error, "a name could not be kept");
            }
        };
        if is_news && self.keeper.tell(keep) {
            self.write(|known| known.rename(account, name));
        }
    }

    /// Makes an invitation; gives the secret that whoever is invited must show. Waits for the disk.
    pub fn invite(
        &self,
        world: Option<String>,
        role: Role,
        expires_in_s: u64,
    ) -> Result<String, RolesError> {
        self.keep(invitation(world, role, expires_in_s)?)
    }

    /// As [`Roles::invite`], by an owner of the world: once they are none any more, nobody comes in
    /// by it, themselves least of all.
    pub fn invite_by(
        &self,
        maker: &str,
        world: String,
        role: Role,
        expires_in_s: u64,
    ) -> Result<String, RolesError> {
        // The key of a process is gone with it, and whoever has it owns the data.
        let is_steward = self.steward.get().is_some_and(|steward| steward == maker);
        let maker = if is_steward { "" } else { maker };
        self.keep(invitation_by(maker, Some(world), role, expires_in_s)?)
    }

    fn keep(&self, (invitation, secret): (Invitation, String)) -> Result<String, RolesError> {
        let kept = self.keeper.ask(move |store| store.invite(&invitation, now_ms()));
        kept.ok_or(RolesError::Ended)??;
        Ok(secret)
    }

    /// Gives an account what an invitation promises; none: it does not count, or no more. Waits for
    /// the disk.
    pub fn redeem(
        &self,
        secret: &str,
        account: &str,
        name: &str,
    ) -> Result<Option<Redeemed>, RolesError> {
        if let Some((maker, world)) = maker_of(secret)
            && self.read(|known| known.of(maker, &world)) < Role::Owner
        {
            return Ok(None);
        }
        let (digest, account, name) = (digest_of(secret), account.to_owned(), name.to_owned());
        let kept = self.keeper.ask(move |store| store.redeem(&digest, &account, &name, now_ms()));
        let Some(grant) = kept.ok_or(RolesError::Ended)?? else { return Ok(None) };
        let world = grant.world.clone().unwrap_or_default();
        Ok(Some(self.write(|known| {
            let from = known.of(&grant.account, &world);
            known.note(grant.clone());
            let to = known.of(&grant.account, &world);
            Redeemed { grant, from, to }
        })))
    }

    /// An invitation for the first owner of everything; none when there is an owner.
    pub fn invite_first_owner(&self) -> Result<Option<String>, RolesError> {
        if self.read(RoleTable::is_owned) {
            return Ok(None);
        }
        self.invite(None, Role::Owner, FIRST_OWNER_S).map(Some)
    }
}
