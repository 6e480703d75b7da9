//! What every database must do for keys: who may use a server's services from elsewhere.
//!
//! A key itself is never kept, only its digest. What it is good for are words of the caller's.

use super::StoreError;
use crate::limits::{
    KEY_DIGEST_DIGITS, KEY_ID_CHARS_MAX, KEY_NAME_BYTES_MAX, KEY_WORD_CHARS_MAX, KEYS_MAX,
};

/// A key, without what is secret of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// What it goes by: lower-case letters, digits and hyphens.
    pub id: String,
    /// Of the key, in hexadecimal digits.
    pub digest: String,
    /// For people; may be empty.
    pub name: String,
    /// What it is good for.
    pub scope: String,
    /// How much of it.
    pub tier: String,
    /// The day on which it was made, counted since 1970 (UTC).
    pub made_on: u32,
    /// The last day on which it was used; none: never.
    pub used_on: Option<u32>,
}

/// Keeps keys. Whatever is answered with success is on the disk. What is no key as described is
/// [`StoreError::Unfit`].
pub trait KeyStore {
    /// All keys, by their ids.
    fn keys(&mut self) -> Result<Vec<KnownKey>, StoreError>;

    /// Keeps a new key. One of that id, or of that digest, is [`StoreError::Occupied`]. At most
    /// [`KEYS_MAX`] are kept.
    fn add_key(&mut self, key: &KnownKey) -> Result<(), StoreError>;

    /// Deletes a key; whether it was there.
    fn revoke_key(&mut self, id: &str) -> Result<bool, StoreError>;

    /// A key was used on a day. An earlier day than the one that is known changes nothing, and one
    /// that is not there is none the less gone.
    fn key_used(&mut self, id: &str, day: u32) -> Result<(), StoreError>;
}

fn is_word(text: &str, chars_max: usize) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=chars_max).contains(&text.len()) && text.bytes().all(is_fit)
}

/// Whether something may be the id of a key.
pub(crate) fn check_key_id(id: &str) -> Result<(), StoreError> {
    if !is_word(id, KEY_ID_CHARS_MAX) {
        return Err(StoreError::Unfit(format!(
            "a key's id has 1 to {KEY_ID_CHARS_MAX} lower-case letters, digits and hyphens"
        )));
    }
    Ok(())
}

impl KnownKey {
    /// Whether it may be kept, whatever is there.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let Self { id, digest, name, scope, tier, .. } = self;
        check_key_id(id)?;
        let unfit = |text: &str| Err(StoreError::Unfit(text.to_owned()));
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digest.len() != KEY_DIGEST_DIGITS || !digest.bytes().all(is_digit) {
            return unfit("the digest of a key is none");
        }
        if name.len() > KEY_NAME_BYTES_MAX || name.chars().any(char::is_control) {
            return unfit("the name of a key is no short line of text");
        }
        if ![scope, tier].into_iter().all(|word| is_word(word, KEY_WORD_CHARS_MAX)) {
            return unfit("what a key is good for is no word");
        }
        Ok(())
    }

    /// What a key that is there already is told as.
    pub(crate) fn exists(&self) -> StoreError {
        StoreError::Occupied(format!("the key {}", self.id))
    }
}

/// Whether there may be so many keys.
pub(crate) fn check_keys(count: u64) -> Result<(), StoreError> {
    if count > KEYS_MAX {
        let text = format!("there may be {KEYS_MAX} keys: revoke one first");
        return Err(StoreError::TooMany(text));
    }
    Ok(())
}
