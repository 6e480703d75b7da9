//! What one companion remembers of one person, and of the world with them.
//!
//! Owns episodes (what happened) and facts (what holds, since when, until when), and the vectors by
//! which they are found. A fact that is corrected ends and stays: only its owner deletes. Bounded:
//! what is valued least goes first, facts after all episodes. Knows nobody but the person it is
//! about, so nothing of anybody else can come out of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use vivarium_contract::companion::Emotion;

use embed::{Embedder, Vector, Vectors};

mod correct;
pub mod embed;
pub mod extract;
pub mod lesson;
pub mod recall;
pub mod reflect;
pub mod settings;
pub mod structured;

/// Episodes and facts of one companion about one person.
pub const MEMORIES_MAX: usize = 10_000;
/// Facts among them; beyond, those that ended longest ago go.
pub const FACTS_MAX: usize = 2_000;
/// Characters of an episode.
pub const EPISODE_CHARS_MAX: usize = 400;
/// Characters of the subject, relation or value of a fact.
pub const FACT_CHARS_MAX: usize = 120;
/// Of an episode or a fact.
pub const IMPORTANCE_MAX: u8 = 100;
/// Relations of which one value holds at a time, by their part before a colon; of others any number.
pub const SINGLE: [&str; 7] = ["name", "lives_in", "from", "favorite", "pet", "kin", "job"];
/// The person whom a memory is about, as the subject of facts.
pub const PERSON: &str = "person";
/// Importance of what people tell of themselves.
const FACT_IMPORTANCE: u8 = 60;

/// Number of a memory; given once.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct MemoryId(pub u64);

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Episode {
    /// What, in a sentence or two.
    pub text: String,
    /// When, milliseconds since 1970.
    pub at_ms: u64,
    /// From 0 to 100.
    pub importance: u8,
    /// What was felt.
    pub emotion: Emotion,
    /// About whom: [`PERSON`], or the name of somebody or something.
    pub about: String,
}

/// Something that holds, or held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// About whom: [`PERSON`], or the name of somebody or something.
    pub subject: String,
    /// What of them: `name`, `likes`, `dislikes`, `lives_in`, `from`, `job`, `favorite:color`,
    /// `pet:dog`.
    pub relation: String,
    /// Which, as it was said.
    pub value: String,
    /// Since when it is known, milliseconds since 1970.
    pub valid_from_ms: u64,
    /// When it was corrected, if it was.
    pub valid_to_ms: Option<u64>,
    /// The episode in which it was told.
    pub source: Option<MemoryId>,
}

/// An episode or a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// Something that happened.
    Episode(Episode),
    /// Something that holds, or held.
    Fact(Fact),
}

impl Item {
    /// Its words, by which it is found.
    pub fn text(&self) -> String {
        match self {
            Self::Episode(episode) => episode.text.clone(),
            Self::Fact(fact) => {
                format!("{} {}", fact.relation.replace(['_', ':'], " "), fact.value)
            }
        }
    }

    /// When it happened, or was told.
    pub fn at_ms(&self) -> u64 {
        match self {
            Self::Episode(episode) => episode.at_ms,
            Self::Fact(fact) => fact.valid_from_ms,
        }
    }

    /// From 0 to 100.
    pub fn importance(&self) -> u8 {
        match self {
            Self::Episode(episode) => episode.importance,
            Self::Fact(_) => FACT_IMPORTANCE,
        }
    }

    /// About whom.
    pub fn about(&self) -> &str {
        match self {
            Self::Episode(episode) => &episode.about,
            Self::Fact(fact) => &fact.subject,
        }
    }

    fn is_ended(&self) -> bool {
        matches!(self, Self::Fact(fact) if fact.valid_to_ms.is_some())
    }
}

/// A memory as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Its number.
    pub id: MemoryId,
    /// What it is.
    pub item: Item,
    /// The vector that a model made of it, if one did; the hashed one is made anew when it is read.
    #[serde(default)]
    pub vector: Option<Vector>,
}

/// A fact before it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// About whom.
    pub subject: String,
    /// What of them.
    pub relation: String,
    /// Which.
    pub value: String,
    /// It holds no more, or was never so.
    #[serde(default)]
    pub is_over: bool,
}

/// Why something cannot be remembered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// Nothing where something must be.
    #[error("`{0}` is empty")]
    Empty(&'static str),
    /// Too long.
    #[error("`{field}` has {chars} characters; {max} are allowed")]
    TooLong {
        /// Which field.
        field: &'static str,
        /// Characters that came.
        chars: usize,
        /// Characters that may come.
        max: usize,
    },
    /// Out of its bounds.
    #[error("an importance of {0}; it goes from 0 to 100")]
    Importance(u8),
    /// Kept memories that do not belong together.
    #[error("two memories have the number {0}")]
    NumberTwice(u64),
    /// More than there may be.
    #[error("{count} memories; {max} are allowed")]
    TooMany {
        /// How many came.
        count: usize,
        /// How many may come.
        max: usize,
    },
}

/// What was changed since it was last asked, for whoever keeps it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// New or changed.
    pub put: Vec<Kept>,
    /// Gone: forgotten, or deleted by the owner.
    pub deleted: Vec<MemoryId>,
}

/// What one companion remembers of one person.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    next: u64,
    items: BTreeMap<MemoryId, Item>,
    vectors: Vectors,
    touched: BTreeSet<MemoryId>,
    /// How often something was deleted or set right, as whoever it is about wished.
    deletions: u64,
}

impl Memory {
    /// What was kept.
    pub fn from_kept(kept: Vec<Kept>, embedder: &dyn Embedder) -> Result<Self, MemoryError> {
        if kept.len() > MEMORIES_MAX {
            return Err(MemoryError::TooMany { count: kept.len(), max: MEMORIES_MAX });
        }
        let mut memory = Self::default();
        for Kept { id, item, vector } in kept {
            match &item {
                Item::Episode(episode) => check_episode(episode)?,
                Item::Fact(fact) => check_fact(&fact.subject, &fact.relation, &fact.value)?,
            }
            memory.vectors.put(id, embedder.embed(&item.text()));
            if let Some(vector) = vector.filter(Vector::is_sound) {
                memory.vectors.put_beside(id, vector);
            }
            if memory.items.insert(id, item).is_some() {
                return Err(MemoryError::NumberTwice(id.0));
            }
            memory.next = memory.next.max(id.0.saturating_add(1));
        }
        Ok(memory)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All, by number.
    pub fn items(&self) -> impl Iterator<Item = (MemoryId, &Item)> {
        self.items.iter().map(|(id, item)| (*id, item))
    }

    /// One.
    pub fn get(&self, id: MemoryId) -> Option<&Item> {
        self.items.get(&id)
    }

    /// What was changed since the last call.
    pub fn take_changes(&mut self) -> Changes {
        let mut changes = Changes::default();
        for id in std::mem::take(&mut self.touched) {
            match self.items.get(&id) {
                Some(item) => {
                    changes.put.push(Kept { id, item: item.clone(), vector: self.vectors.made(id) })
                }
                None => changes.deleted.push(id),
            }
        }
        changes
    }

    /// Remembers what happened.
    pub fn add_episode(
        &mut self,
        episode: Episode,
        embedder: &dyn Embedder,
    ) -> Result<MemoryId, MemoryError> {
        check_episode(&episode)?;
        let at_ms = episode.at_ms;
        let id = self.insert(Item::Episode(episode), embedder);
        self.forget_beyond(MEMORIES_MAX, at_ms);
        Ok(id)
    }

    /// Takes in what was claimed. Of what can hold only once, the old fact ends; what is over ends;
    /// what is known already changes nothing. Says whether anything changed.
    pub fn learn(
        &mut self,
        claim: Claim,
        source: Option<MemoryId>,
        at_ms: u64,
        embedder: &dyn Embedder,
    ) -> Result<bool, MemoryError> {
        check_fact(&claim.subject, &claim.relation, &claim.value)?;
        let is_single = SINGLE.contains(&claim.relation.split(':').next().unwrap_or_default());
        let opposite = match claim.relation.as_str() {
            "likes" => "dislikes",
            "dislikes" => "likes",
            _ => "",
        };
        let same = |value: &str| crate::hearing::fold(value) == crate::hearing::fold(&claim.value);
        let mut is_known = false;
        let mut ended = Vec::new();
        for (id, item) in &self.items {
            let Item::Fact(fact) = item else { continue };
            if fact.valid_to_ms.is_some() || fact.subject != claim.subject {
                continue;
            }
            let is_same = same(&fact.value);
            if fact.relation == opposite && is_same && !claim.is_over {
                ended.push(*id);
            } else if fact.relation == claim.relation {
                match (is_same, claim.is_over) {
                    (true, false) => is_known = true,
                    (true, true) => ended.push(*id),
                    (false, false) if is_single => ended.push(*id),
                    (false, _) => {}
                }
            }
        }
        let changes = !ended.is_empty() || (!is_known && !claim.is_over);
        for id in ended {
            if let Some(Item::Fact(fact)) = self.items.get_mut(&id) {
                fact.valid_to_ms = Some(at_ms.max(fact.valid_from_ms));
                self.touched.insert(id);
            }
        }
        if !is_known && !claim.is_over {
            let Claim { subject, relation, value, .. } = claim;
            let fact =
                Fact { subject, relation, value, valid_from_ms: at_ms, valid_to_ms: None, source };
            self.insert(Item::Fact(fact), embedder);
            self.forget_beyond(MEMORIES_MAX, at_ms);
        }
        Ok(changes)
    }

    /// What holds now, oldest first.
    pub fn facts<'a>(&'a self, subject: &'a str) -> impl Iterator<Item = &'a Fact> {
        self.items.values().filter_map(move |item| match item {
            Item::Fact(fact) if fact.subject == subject && fact.valid_to_ms.is_none() => Some(fact),
            _ => None,
        })
    }

    /// What held and holds, oldest first.
    pub fn history(&self, subject: &str, relation: &str) -> Vec<&Fact> {
        let facts = self.items.values().filter_map(|item| match item {
            Item::Fact(fact) if fact.subject == subject && fact.relation == relation => Some(fact),
            _ => None,
        });
        facts.collect()
    }

    /// How often something was deleted or set right, as whoever it is about wished. Whoever takes time
    /// to find out what is to be remembered asks before and after: that must not come back.
    pub fn deletions(&self) -> u64 {
        self.deletions
    }

    /// Those that have no vector of a kind, newest first, with the texts of which it is to be made.
    /// Facts that were corrected are left out.
    pub fn unembedded(&self, kind: &str, count: usize) -> Vec<(MemoryId, String)> {
        let items = self.items.iter().rev();
        let without = items.filter(|(id, item)| !item.is_ended() && !self.vectors.has(**id, kind));
        without.take(count).map(|(id, item)| (*id, item.text())).collect()
    }

    /// Puts the vector that a model made of a text to the memory of that text, if it is there yet.
    /// One that cannot be compared is left out.
    pub fn embed(&mut self, id: MemoryId, text: &str, vector: Vector) {
        if vector.is_sound() && self.items.get(&id).is_some_and(|item| item.text() == text) {
            self.vectors.put_beside(id, vector);
            self.touched.insert(id);
        }
    }

    /// Deletes one for good, as its owner wishes: also from what names it as its source.
    pub fn delete(&mut self, id: MemoryId) -> bool {
        self.deletions += 1;
        self.remove(id)
    }

    fn remove(&mut self, id: MemoryId) -> bool {
        let is_there = self.items.remove(&id).is_some();
        if is_there {
            self.vectors.remove(id);
            self.touched.insert(id);
            for (other, item) in &mut self.items {
                if let Item::Fact(fact) = item
                    && fact.source == Some(id)
                {
                    fact.source = None;
                    self.touched.insert(*other);
                }
            }
        }
        is_there
    }

    /// Deletes everything for good.
    pub fn delete_all(&mut self) {
        self.deletions += 1;
        self.touched.extend(self.items.keys());
        self.items.clear();
        self.vectors = Vectors::default();
    }

    fn insert(&mut self, item: Item, embedder: &dyn Embedder) -> MemoryId {
        let id = MemoryId(self.next);
        self.next = self.next.saturating_add(1);
        self.vectors.put(id, embedder.embed(&item.text()));
        self.items.insert(id, item);
        self.touched.insert(id);
        id
    }

    /// Forgets what is valued least until no more than so many are left.
    fn forget_beyond(&mut self, memories_max: usize, now_ms: u64) {
        let facts = self.items.values().filter(|item| matches!(item, Item::Fact(_))).count();
        let mut over = (facts.saturating_sub(FACTS_MAX), self.len().saturating_sub(memories_max));
        while over.0 > 0 || over.1 > 0 {
            let gone = self.least_valued(over.0 > 0, now_ms);
            let Some(gone) = gone else { break };
            self.remove(gone);
            over = (over.0.saturating_sub(1), over.1.saturating_sub(1));
        }
    }

    /// The one to forget: an episode by importance and age; if there is none, or facts alone are
    /// meant, the fact that ended longest ago, or the oldest.
    fn least_valued(&self, of_facts: bool, now_ms: u64) -> Option<MemoryId> {
        let episodes = self.items.iter().filter_map(|(id, item)| match item {
            Item::Episode(episode) => {
                let recency = recall::recency(episode.at_ms, now_ms);
                let value = f32::from(episode.importance) / 100.0 + recency;
                Some((value, *id))
            }
            Item::Fact(_) => None,
        });
        let episode = episodes.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        if let (false, Some((_, id))) = (of_facts, episode) {
            return Some(id);
        }
        let facts = self.items.iter().filter(|(_, item)| matches!(item, Item::Fact(_)));
        facts.min_by_key(|(id, item)| (!item.is_ended(), item.at_ms(), **id)).map(|(id, _)| *id)
    }
}

fn check_episode(episode: &Episode) -> Result<(), MemoryError> {
    check_text("text", &episode.text, EPISODE_CHARS_MAX)?;
    check_text("about", &episode.about, FACT_CHARS_MAX)?;
    if episode.importance > IMPORTANCE_MAX {
        return Err(MemoryError::Importance(episode.importance));
    }
    Ok(())
}

fn check_fact(subject: &str, relation: &str, value: &str) -> Result<(), MemoryError> {
    check_text("subject", subject, FACT_CHARS_MAX)?;
    check_text("relation", relation, FACT_CHARS_MAX)?;
    check_text("value", value, FACT_CHARS_MAX)
}

fn check_text(field: &'static str, text: &str, max: usize) -> Result<(), MemoryError> {
    let chars = text.chars().count();
    if text.trim().is_empty() {
        return Err(MemoryError::Empty(field));
    }
    if chars > max {
        return Err(MemoryError::TooLong { field, chars, max });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
