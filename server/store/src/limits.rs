//! Named maxima of the store. What happens on overflow is written where it happens.

use std::time::Duration;

/// Batches that can wait to be written, however many turns wait; once there is no place left, later
/// ones are refused with `Busy`.
pub const BATCHES_QUEUED_MAX: usize = 1_024;
/// Batches that are written in one transaction.
pub const BATCHES_PER_GROUP_MAX: usize = 256;
/// Bytes of the operations of one batch, and of its inverses.
pub const BATCH_BYTES_MAX: usize = 16 * 1_024 * 1_024;
/// Invitations of one world, or of all worlds, that wait to be redeemed.
pub const INVITATIONS_PER_WORLD_MAX: usize = 200;
/// Batches that one look into a history gives.
pub const HISTORY_BATCHES_MAX: u32 = 1_000;
/// Versions of one world; more are refused.
pub const VERSIONS_MAX: u64 = 100;
/// Bytes of the documents of all versions of one world; more are refused.
pub const VERSIONS_BYTES_MAX: u64 = 128 * 1_024 * 1_024;
/// Turns of minds that wait to be written; later ones are refused with `Busy`.
pub const TURNS_QUEUED_MAX: usize = 512;
/// Turns of minds that are written in one transaction.
pub const TURNS_PER_GROUP_MAX: usize = 128;
/// Bytes of everything in one turn.
pub const TURN_BYTES_MAX: usize = 1_024 * 1_024;
/// Characters of the name of a mind.
pub const MIND_NAME_CHARS_MAX: usize = 32;
/// Bytes of what a person goes by.
pub const PERSON_BYTES_MAX: usize = 64;
/// Bytes of an owner, or of the author of a persona.
pub const AUTHOR_BYTES_MAX: usize = 256;
/// Bytes of how a mind is.
pub const STATE_BYTES_MAX: usize = 64 * 1_024;
/// Bytes of a persona.
pub const PERSONA_BYTES_MAX: usize = 64 * 1_024;
/// Bytes of how a mind stands with a person.
pub const TIE_BYTES_MAX: usize = 64 * 1_024;
/// Bytes of one memory.
pub const MEMORY_BYTES_MAX: usize = 4 * 1_024;
/// Minds; more are refused.
pub const MINDS_MAX: u64 = 10_000;
/// Versions of one persona; with one more, the oldest goes.
pub const PERSONAS_MAX: u64 = 1_000;
/// People whom one mind knows; more are refused.
pub const PEOPLE_MAX: u64 = 100_000;
/// Memories that one mind has of one person; more are refused. Minds forget before that.
pub const MEMORIES_MAX: u64 = 12_000;
/// Minds, or people, that one look into a list gives.
pub const LISTED_MAX: u32 = 1_000;
/// Keys; more are refused.
pub const KEYS_MAX: u64 = 1_000;
/// Characters of what a key goes by.
pub const KEY_ID_CHARS_MAX: usize = 24;
/// Hexadecimal digits of the digest of a key.
pub const KEY_DIGEST_DIGITS: usize = 64;
/// Characters of a word that says what a key is good for.
pub const KEY_WORD_CHARS_MAX: usize = 24;
/// Bytes of the name of a key.
pub const KEY_NAME_BYTES_MAX: usize = 256;
/// Payers of answers whose spending is kept; more are refused. Ledgers have fewer.
pub const PAYERS_MAX: u64 = 200_000;
/// Bytes of what a payer goes by.
pub const PAYER_BYTES_MAX: usize = 1_024;
/// Bytes of what a payer has spent.
pub const WINDOWS_BYTES_MAX: usize = 4 * 1_024;
/// How long a writer waits for another process, such as a backup, that holds the database.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a machine with a database may not confirm what it is sent before the connection counts as
/// lost, unless the address of the database says otherwise (`tcp_user_timeout`).
pub const SILENCE_MAX: Duration = Duration::from_secs(10);
