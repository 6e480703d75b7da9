//! What every database must do.

use vivarium_contract::{
    editing::Role,
    saving::{SavedBatch, SavedGrant},
};

use crate::limits::{VERSIONS_BYTES_MAX, VERSIONS_MAX};

pub mod keys;
pub mod minds;
pub mod spending;

use keys::KeyStore;
use minds::MindStore;
use spending::SpendingStore;

/// Why something could not be kept or found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no room left. Nothing of it was kept; what was kept before is there.
    #[error("there is no room left to write: {0}")]
    Full(String),
    /// A batch does not follow on the one before. Nothing of it was kept.
    #[error("{world}: revision {found} cannot follow on {last}")]
    Gap {
        /// Of which world.
        world: String,
        /// The newest revision that is kept.
        last: u64,
        /// The one that was to be kept.
        found: u64,
    },
    /// A world of that name is there already.
    #[error("there is a world {0:?} already")]
    Exists(String),
    /// What is to be written would come upon something else.
    #[error("there is something already: {0}")]
    Occupied(String),
    /// A file has changes beside it that are not in it, as that of a server has.
    #[error(
        "{0} is not a backup: changes of it lie beside it, and would be lost; use `vivarium backup`"
    )]
    NoBackup(String),
    /// There is no such world.
    #[error("there is no world {0:?} in the store")]
    NoWorld(String),
    /// There is no such mind.
    #[error("there is no mind {0:?} in the store")]
    NoMind(String),
    /// A name that is none, or something that is too large. Nothing of it was kept.
    #[error("it cannot be kept like this: {0}")]
    Unfit(String),
    /// There is as much of something as there may be. Nothing more of it was kept.
    #[error("{0}")]
    TooMany(String),
    /// The database was written by a newer version.
    #[error(
        "the database is of version {found}, and this program knows {known}: use a newer program, \
         or restore a backup"
    )]
    Newer {
        /// Version of the database.
        found: i64,
        /// Newest version that is known here.
        known: i64,
    },
    /// The database is another program's, or damaged.
    #[error("this is not a sound database of Vivarium: {0}")]
    Foreign(String),
    /// Another server has it open.
    #[error("another server uses it: {0}")]
    InUse(String),
    /// The database cannot be reached, or did not do it now. Nothing of it was kept.
    #[error("the database did not do it: {0}")]
    Unavailable(String),
    /// Writing failed in a way after which nobody knows what is on the disk. Never tried again.
    #[error("writing to the disk failed: {0}")]
    Broken(String),
}

impl StoreError {
    /// Whether the reason may lie in one batch or turn of several, so that others might be kept
    /// without it.
    pub fn is_of_one(&self) -> bool {
        let is_full = matches!(self, Self::Full(_) | Self::TooMany(_));
        is_full || matches!(self, Self::Gap { .. } | Self::NoWorld(_) | Self::Unfit(_))
    }

    /// Whether nothing more can be written until somebody has looked after it.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Foreign(_) | Self::Newer { .. })
    }
}

/// What somebody may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who.
    pub account: String,
    /// In which world; none: in all.
    pub world: Option<String>,
    /// What.
    pub role: Role,
    /// As people knew them last; empty: nobody has said it.
    pub name: String,
}

impl Grant {
    /// What a batch of a world says of somebody.
    pub(crate) fn of(world: &str, grant: &SavedGrant) -> Self {
        let SavedGrant { account, name, role } = grant.clone();
        Self { account, world: Some(world.to_owned()), role, name }
    }
}

/// Gives a role to whoever brings it first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Of the secret in it.
    pub digest: String,
    /// In which world; none: in all.
    pub world: Option<String>,
    /// What.
    pub role: Role,
    /// Until when it counts, in milliseconds since 1970 (UTC).
    pub expires_at_ms: u64,
}

/// What a world was like at some time, under a name that people gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Of its own in the store; ascends.
    pub id: u64,
    /// For people.
    pub name: String,
    /// What the world's was.
    pub revision: u64,
    /// When it was named, in milliseconds since 1970 (UTC).
    pub at_ms: u64,
    /// Who named it, as in batches.
    pub author: String,
}

/// A copy of a world that is built in as a world of its own, until it is published into that world
/// or discarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its own name as a world.
    pub world: String,
    /// Name of the world that it is a copy of.
    pub of: String,
    /// For people.
    pub title: String,
    /// Who began it, as in batches.
    pub author: String,
    /// When, in milliseconds since 1970 (UTC).
    pub at_ms: u64,
    /// The version, among its own, of how it began.
    pub base: u64,
}

impl Version {
    /// How a draft began.
    pub(crate) fn base_of(draft: &Draft) -> Self {
        let Draft { title, author, at_ms, .. } = draft.clone();
        Self { id: 0, name: title, revision: 0, at_ms, author }
    }

    /// Whether a world with `count` versions of `bytes` bytes together may have one more, of a
    /// document of `more` bytes.
    pub(crate) fn check_room(count: u64, bytes: u64, more: usize) -> Result<(), StoreError> {
        if count >= VERSIONS_MAX {
            let text = format!("a world may have {VERSIONS_MAX} versions: delete one first");
            return Err(StoreError::TooMany(text));
        }
        if bytes.saturating_add(more as u64) > VERSIONS_BYTES_MAX {
            let text = format!(
                "the versions of a world may have {VERSIONS_BYTES_MAX} bytes together: delete one \
                 first"
            );
            return Err(StoreError::TooMany(text));
        }
        Ok(())
    }
}

/// Batches that are old enough to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired {
    /// Those up to this revision may go.
    pub through: u64,
    /// Those that were kept before this time may go, in milliseconds since 1970 (UTC).
    pub before_ms: u64,
}

/// An uploaded asset in the library of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelved {
    /// Of which world.
    pub world: String,
    /// Its path below the assets.
    pub path: String,
    /// What is known of it, in a form of the caller's.
    pub entry: Vec<u8>,
}

/// A role as a number, for databases.
pub(crate) fn role_number(role: Role) -> i64 {
    match role {
        Role::Visitor => 0,
        Role::Builder => 1,
        Role::Owner => 2,
    }
}

/// The role of a number; an unknown one allows nothing.
pub(crate) fn role_of(number: i64) -> Role {
    match number {
        1 => Role::Builder,
        2 => Role::Owner,
        _ => Role::Visitor,
    }
}

/// A world as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredWorld {
    /// Of the document.
    pub revision: u64,
    /// JSON.
    pub document: Vec<u8>,
    /// What came after the document, by ascending revisions.
    pub batches: Vec<SavedBatch>,
}

/// Keeps worlds, and who may change them. Whatever is answered with success is on the disk.
pub trait WorldStore: Send {
    /// Names of all worlds, in alphabetical order.
    fn worlds(&mut self) -> Result<Vec<String>, StoreError>;

    /// A new world at revision 0.
    fn create(&mut self, world: &str, document: &[u8]) -> Result<(), StoreError>;

    /// The newest document of a world and what came after it.
    fn load(&mut self, world: &str) -> Result<Option<StoredWorld>, StoreError>;

    /// Keeps all of these batches and what they say of roles, or nothing. Each has the revision
    /// after the newest of its world.
    fn append(&mut self, batches: &[(String, SavedBatch)]) -> Result<(), StoreError>;

    /// Keeps the document as it is at a revision that is kept, so that loading is quick. Older
    /// documents go.
    fn snapshot(&mut self, world: &str, revision: u64, document: &[u8]) -> Result<(), StoreError>;

    /// The batches before a revision, the newest first, at most `count` of them.
    fn history(
        &mut self,
        world: &str,
        before: u64,
        count: u32,
    ) -> Result<Vec<SavedBatch>, StoreError>;

    /// Deletes the oldest batches, at most `count`, as far as they are expired in every way and the
    /// newest document has them in it. Gives how many went.
    fn expire(&mut self, world: &str, expired: Expired, count: u32) -> Result<u32, StoreError>;

    /// The versions of a world, the newest first.
    fn versions(&mut self, world: &str) -> Result<Vec<Version>, StoreError>;

    /// Keeps a document as a version, whatever id it says; gives the id that it got. At most
    /// [`VERSIONS_MAX`] of a world, of at most [`VERSIONS_BYTES_MAX`] together.
    fn keep_version(
        &mut self,
        world: &str,
        version: &Version,
        document: &[u8],
    ) -> Result<u64, StoreError>;

    /// A version and its document.
    fn version(&mut self, world: &str, id: u64) -> Result<Option<(Version, Vec<u8>)>, StoreError>;

    /// Forgets a version; one that is not there is none the less gone.
    fn delete_version(&mut self, world: &str, id: u64) -> Result<(), StoreError>;

    /// The drafts of all worlds, in the order of their own names.
    fn drafts(&mut self) -> Result<Vec<Draft>, StoreError>;

    /// A new world at revision 0 that is a draft, and how it begins as its first version; gives the
    /// id of that, whatever base the draft says.
    fn begin_draft(&mut self, draft: &Draft, document: &[u8]) -> Result<u64, StoreError>;

    /// Forgets all that is kept of a draft; whether it was there. No other world is ever forgotten.
    fn end_draft(&mut self, world: &str) -> Result<bool, StoreError>;

    /// Keeps where loose things are, in a form of the caller's; they replace the earlier ones.
    fn save_poses(&mut self, world: &str, poses: &[u8]) -> Result<(), StoreError>;

    /// Where loose things were.
    fn poses(&mut self, world: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// What everybody may do, in the order of accounts and worlds.
    fn grants(&mut self) -> Result<Vec<Grant>, StoreError>;

    /// Says what somebody may do; a visitor is as good as unknown. An empty name leaves the one that
    /// is known.
    fn grant(&mut self, grant: &Grant) -> Result<(), StoreError>;

    /// Says what somebody with roles is called; without roles there is nobody to be named.
    fn rename(&mut self, account: &str, name: &str) -> Result<(), StoreError>;

    /// Keeps an invitation until it is redeemed; those that are over by `now_ms` go. At most
    /// [`INVITATIONS_PER_WORLD_MAX`](crate::limits::INVITATIONS_PER_WORLD_MAX) of a world are kept:
    /// the oldest go first.
    fn invite(&mut self, invitation: &Invitation, now_ms: u64) -> Result<(), StoreError>;

    /// Gives an account what an invitation promises, once, and nothing less than it has already.
    /// An empty name leaves the one that is known.
    fn redeem(
        &mut self,
        digest: &str,
        account: &str,
        name: &str,
        now_ms: u64,
    ) -> Result<Option<Grant>, StoreError>;

    /// The libraries of all worlds, in the order of worlds and paths.
    fn shelved(&mut self) -> Result<Vec<Shelved>, StoreError>;

    /// Puts an asset into the library of a world, or says something else of one that is there.
    fn shelve(&mut self, asset: &Shelved) -> Result<(), StoreError>;

    /// Takes an asset out of the library of a world; one that is not there is none the less gone.
    fn unshelve(&mut self, world: &str, path: &str) -> Result<(), StoreError>;

    /// The minds, which belong to no world.
    fn minds(&mut self) -> &mut dyn MindStore;

    /// The keys, which belong to no world either.
    fn api_keys(&mut self) -> &mut dyn KeyStore;

    /// What was spent on answers of minds.
    fn spending(&mut self) -> &mut dyn SpendingStore;
}
