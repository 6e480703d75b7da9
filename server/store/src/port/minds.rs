//! What every database must do for minds: personas, and what companions know of people.
//!
//! A mind belongs to no world. What it is and knows are bytes of its own making. What is forgotten is
//! deleted, not marked: nobody finds it in the store again.

use std::collections::BTreeMap;

use vivarium_contract::saving::MindTurn;

use super::StoreError;
use crate::limits::{
    AUTHOR_BYTES_MAX, MEMORIES_MAX, MEMORY_BYTES_MAX, MIND_NAME_CHARS_MAX, MINDS_MAX, PEOPLE_MAX,
    PERSON_BYTES_MAX, PERSONA_BYTES_MAX, STATE_BYTES_MAX, TIE_BYTES_MAX, TURN_BYTES_MAX,
};

/// A mind without what it knows of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownMind {
    /// The account whose it is; empty: nobody's.
    pub owner: String,
    /// How it is; none: no turn has said it yet.
    pub state: Option<Vec<u8>>,
    /// The newest version of its persona; none: it has its persona from elsewhere.
    pub persona: Option<(PersonaVersion, Vec<u8>)>,
}

/// A version of a persona. The newest is the one that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonaVersion {
    /// Ascends by one from version to version of a mind; the first is 1.
    pub number: u64,
    /// When it was kept, in milliseconds since 1970 (UTC).
    pub at_ms: u64,
    /// Who made it, as in batches.
    pub author: String,
}

/// A persona that is to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewPersona<'a> {
    /// In a form of the caller's.
    pub persona: &'a [u8],
    /// Who made it, as in batches.
    pub author: &'a str,
    /// When, in milliseconds since 1970 (UTC).
    pub at_ms: u64,
    /// The account whose the mind is from now on; empty: it stays whose it is.
    pub owner: &'a str,
}

/// A mind in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedMind {
    /// Its name.
    pub name: String,
    /// The account whose it is; empty: nobody's.
    pub owner: String,
}

/// What a mind knows of one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acquaintance {
    /// How it stands with them; none: no turn has said it yet.
    pub tie: Option<Vec<u8>>,
    /// By ascending numbers.
    pub memories: Vec<(u64, Vec<u8>)>,
}

/// A person whom a mind knows, in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPerson {
    /// What they go by.
    pub person: String,
    /// How many memories there are of them.
    pub memories: u64,
}

/// Keeps minds. Whatever is answered with success is on the disk. Names of minds have lower-case
/// letters, digits and hyphens; what people go by is any short text in one line. Everything else is
/// [`StoreError::Unfit`], as is what is larger than [`limits`](crate::limits) say.
pub trait MindStore {
    /// A mind, if anything is kept of it.
    fn load_mind(&mut self, mind: &str) -> Result<Option<KnownMind>, StoreError>;

    /// Names and owners of the minds after a name, in alphabetical order: at most `count`, and at most
    /// [`LISTED_MAX`](crate::limits::LISTED_MAX). The first are those after an empty name.
    fn list_minds(&mut self, after: &str, count: u32) -> Result<Vec<ListedMind>, StoreError>;

    /// Keeps a new version of a persona, and makes the mind if it is new; gives the number that the
    /// version got. Of more than [`PERSONAS_MAX`](crate::limits::PERSONAS_MAX), the oldest goes.
    fn put_persona(&mut self, mind: &str, new: NewPersona<'_>) -> Result<u64, StoreError>;

    /// The versions of a persona, the newest first.
    fn personas(&mut self, mind: &str) -> Result<Vec<PersonaVersion>, StoreError>;

    /// A version of a persona, and what was kept.
    fn persona(
        &mut self,
        mind: &str,
        number: u64,
    ) -> Result<Option<(PersonaVersion, Vec<u8>)>, StoreError>;

    /// Makes an earlier version count again, as a new version that is equal to it, so that those
    /// between the two stay; gives the new number. None: there is no such version.
    fn return_to_persona(
        &mut self,
        mind: &str,
        number: u64,
        author: &str,
        at_ms: u64,
    ) -> Result<Option<u64>, StoreError>;

    /// What a mind knows of a person, if anything.
    fn load_acquaintance(
        &mut self,
        mind: &str,
        person: &str,
    ) -> Result<Option<Acquaintance>, StoreError>;

    /// The people after one of them whom a mind knows, in alphabetical order of what they go by: at
    /// most `count`, and at most [`LISTED_MAX`](crate::limits::LISTED_MAX).
    fn people_of(
        &mut self,
        mind: &str,
        after: &str,
        count: u32,
    ) -> Result<Vec<KnownPerson>, StoreError>;

    /// Keeps all of these turns, one after the other, or nothing. At most
    /// [`MEMORIES_MAX`](crate::limits::MEMORIES_MAX) are kept of a mind and a person.
    fn keep_turns(&mut self, turns: &[MindTurn]) -> Result<(), StoreError>;

    /// Deletes all that a mind knows of a person; whether there was anything.
    fn forget(&mut self, mind: &str, person: &str) -> Result<bool, StoreError>;

    /// Deletes a mind with everything; whether it was there. One of that name begins anew.
    fn forget_mind(&mut self, mind: &str) -> Result<bool, StoreError>;
}

fn unfit(text: impl Into<String>) -> Result<(), StoreError> {
    Err(StoreError::Unfit(text.into()))
}

fn check_bytes(what: &str, bytes: usize, max: usize) -> Result<(), StoreError> {
    if bytes > max {
        return unfit(format!("{what} has {bytes} bytes; {max} are allowed"));
    }
    Ok(())
}

/// Whether something is the name of a mind.
pub(crate) fn check_mind(name: &str) -> Result<(), StoreError> {
    let is_fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > MIND_NAME_CHARS_MAX || !name.bytes().all(is_fit) {
        return unfit(format!(
            "a mind's name has 1 to {MIND_NAME_CHARS_MAX} lower-case letters, digits and hyphens"
        ));
    }
    Ok(())
}

fn check_line(what: &str, text: &str, bytes_max: usize) -> Result<(), StoreError> {
    check_bytes(what, text.len(), bytes_max)?;
    if text.chars().any(char::is_control) {
        return unfit(format!("{what} is not one line of text"));
    }
    Ok(())
}

/// Whether a person may go by this.
pub(crate) fn check_person(person: &str) -> Result<(), StoreError> {
    if person.is_empty() {
        return unfit("a person without a name");
    }
    check_line("what a person goes by", person, PERSON_BYTES_MAX)
}

/// Whether something may be the author of a persona, or the owner of a mind.
pub(crate) fn check_author(author: &str) -> Result<(), StoreError> {
    check_line("an author", author, AUTHOR_BYTES_MAX)
}

impl NewPersona<'_> {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        check_author(self.author)?;
        check_author(self.owner)?;
        check_bytes("a persona", self.persona.len(), PERSONA_BYTES_MAX)
    }
}

/// Whether a turn may be kept, whatever is there.
pub(crate) fn check_turn(turn: &MindTurn) -> Result<(), StoreError> {
    let MindTurn { mind, state, person, tie, remembered, forgotten } = turn;
    check_mind(mind)?;
    match person {
        Some(person) => check_person(person)?,
        None if tie.is_some() || !remembered.is_empty() || !forgotten.is_empty() => {
            return unfit("a turn does not say of whom it is");
        }
        None => {}
    }
    let size = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
    check_bytes("the state of a mind", size(state), STATE_BYTES_MAX)?;
    check_bytes("a tie", size(tie), TIE_BYTES_MAX)?;
    let mut bytes = size(state) + size(tie);
    for (_, memory) in remembered {
        check_bytes("a memory", memory.len(), MEMORY_BYTES_MAX)?;
        bytes += memory.len();
    }
    check_bytes("a turn", bytes, TURN_BYTES_MAX)?;
    let count = remembered.len().max(forgotten.len());
    if count as u64 > MEMORIES_MAX {
        return unfit(format!("{count} memories in one turn; {MEMORIES_MAX} are allowed"));
    }
    let ids = remembered.iter().map(|(id, _)| id).chain(forgotten);
    // Numbers of databases have a sign.
    match ids.max() {
        Some(id) if i64::try_from(*id).is_err() => unfit(format!("a memory's number of {id}")),
        _ => Ok(()),
    }
}

/// Whether a turn makes a person known who was not. One that only forgets does not.
pub(crate) fn makes_known(turn: &MindTurn) -> bool {
    turn.tie.is_some() || !turn.remembered.is_empty()
}

/// What a turn remembers, each number once.
pub(crate) fn remembered(turn: &MindTurn) -> BTreeMap<u64, &[u8]> {
    turn.remembered.iter().map(|(id, memory)| (*id, &memory[..])).collect()
}

fn check_count(what: &str, count: u64, max: u64) -> Result<(), StoreError> {
    if count > max {
        return Err(StoreError::TooMany(format!("there may be {max} {what}: delete some first")));
    }
    Ok(())
}

/// Whether there may be so many minds.
pub(crate) fn check_minds(count: u64) -> Result<(), StoreError> {
    check_count("minds", count, MINDS_MAX)
}

/// Whether a mind may know so many people.
pub(crate) fn check_people(count: u64) -> Result<(), StoreError> {
    check_count("people whom a mind knows", count, PEOPLE_MAX)
}

/// Whether a mind may have so many memories of a person.
pub(crate) fn check_memories(count: u64) -> Result<(), StoreError> {
    check_count("memories of a person", count, MEMORIES_MAX)
}
