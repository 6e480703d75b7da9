//! Minds.

use std::collections::{BTreeMap, BTreeSet};

use vivarium_contract::saving::MindTurn;

use super::MemoryStore;
use crate::{
    limits::{LISTED_MAX, PERSONAS_MAX},
    port::{
        StoreError,
        minds::{
            Acquaintance, KnownMind, KnownPerson, ListedMind, MindStore, NewPersona,
            PersonaVersion, check_author, check_memories, check_mind, check_minds, check_people,
            check_person, check_turn, makes_known, remembered,
        },
    },
};

/// By their names.
pub(super) type Minds = BTreeMap<String, Mind>;

#[derive(Debug, Default)]
pub(super) struct Mind {
    owner: String,
    state: Option<Vec<u8>>,
    personas: Vec<(PersonaVersion, Vec<u8>)>,
    people: BTreeMap<String, Known>,
}

#[derive(Debug, Default)]
struct Known {
    tie: Option<Vec<u8>>,
    memories: BTreeMap<u64, Vec<u8>>,
}

impl Mind {
    fn put(&mut self, persona: &[u8], author: &str, at_ms: u64) -> u64 {
        let number = self.personas.last().map_or(0, |(newest, _)| newest.number) + 1;
        let version = PersonaVersion { number, at_ms, author: author.to_owned() };
        self.personas.push((version, persona.to_owned()));
        self.personas.retain(|(version, _)| version.number + PERSONAS_MAX > number);
        number
    }

    fn version(&self, number: u64) -> Option<&(PersonaVersion, Vec<u8>)> {
        self.personas.iter().find(|(version, _)| version.number == number)
    }

    fn take(&mut self, turn: &MindTurn) {
        if turn.state.is_some() {
            self.state.clone_from(&turn.state);
        }
        let Some(person) = &turn.person else { return };
        if makes_known(turn) {
            self.people.entry(person.clone()).or_default();
        }
        let Some(known) = self.people.get_mut(person) else { return };
        if turn.tie.is_some() {
            known.tie.clone_from(&turn.tie);
        }
        turn.forgotten.iter().for_each(|id| {
            known.memories.remove(id);
        });
        known.memories.extend(turn.remembered.iter().cloned());
    }
}

/// What there would be after turns, as far as it is bounded: nothing is changed before all are known
/// to fit.
struct Outlook<'a> {
    minds: &'a Minds,
    new: BTreeSet<&'a str>,
    /// Of those in turns, numbers of all memories.
    people: BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<u64>>>,
}

impl<'a> Outlook<'a> {
    fn take(&mut self, turn: &'a MindTurn) -> Result<(), StoreError> {
        let mind = self.minds.get(&turn.mind);
        if mind.is_none() && self.new.insert(&turn.mind) {
            check_minds((self.minds.len() + self.new.len()) as u64)?;
        }
        let Some(person) = &turn.person else { return Ok(()) };
        let people = self.people.entry(&turn.mind).or_default();
        let known = mind.and_then(|mind| mind.people.get(person));
        if !makes_known(turn) && known.is_none() && !people.contains_key(&**person) {
            return Ok(());
        }
        let ids = || known.into_iter().flat_map(|known| known.memories.keys().copied());
        let memories = people.entry(person).or_insert_with(|| ids().collect());
        turn.forgotten.iter().for_each(|id| {
            memories.remove(id);
        });
        memories.extend(remembered(turn).keys());
        check_memories(memories.len() as u64)?;
        if known.is_none() {
            let is_known = |person: &str| mind.is_some_and(|mind| mind.people.contains_key(person));
            let before = mind.map_or(0, |mind| mind.people.len());
            let new = people.keys().filter(|person| !is_known(person)).count();
            check_people((before + new) as u64)?;
        }
        Ok(())
    }
}

impl MemoryStore {
    fn mind(&mut self, name: &str) -> Result<&mut Mind, StoreError> {
        check_mind(name)?;
        self.minds.get_mut(name).ok_or_else(|| StoreError::NoMind(name.to_owned()))
    }
}

impl MindStore for MemoryStore {
    fn load_mind(&mut self, mind: &str) -> Result<Option<KnownMind>, StoreError> {
        check_mind(mind)?;
        Ok(self.minds.get(mind).map(|mind| KnownMind {
            owner: mind.owner.clone(),
            state: mind.state.clone(),
            persona: mind.personas.last().cloned(),
        }))
    }

    fn list_minds(&mut self, after: &str, count: u32) -> Result<Vec<ListedMind>, StoreError> {
        if !after.is_empty() {
            check_mind(after)?;
        }
        let later = self.minds.iter().filter(|(name, _)| name.as_str() > after);
        let listed = later.take(count.min(LISTED_MAX) as usize);
        let listed =
            listed.map(|(name, mind)| ListedMind { name: name.clone(), owner: mind.owner.clone() });
        Ok(listed.collect())
    }

    fn put_persona(&mut self, mind: &str, new: NewPersona<'_>) -> Result<u64, StoreError> {
        check_mind(mind)?;
        new.check()?;
        if !self.minds.contains_key(mind) {
            check_minds(self.minds.len() as u64 + 1)?;
        }
        let mind = self.minds.entry(mind.to_owned()).or_default();
        if !new.owner.is_empty() {
            new.owner.clone_into(&mut mind.owner);
        }
        Ok(mind.put(new.persona, new.author, new.at_ms))
    }

    fn personas(&mut self, mind: &str) -> Result<Vec<PersonaVersion>, StoreError> {
        let personas = self.mind(mind)?.personas.iter().rev();
        Ok(personas.map(|(version, _)| version.clone()).collect())
    }

    fn persona(
        &mut self,
        mind: &str,
        number: u64,
    ) -> Result<Option<(PersonaVersion, Vec<u8>)>, StoreError> {
        Ok(self.mind(mind)?.version(number).cloned())
    }

    fn return_to_persona(
        &mut self,
        mind: &str,
        number: u64,
        author: &str,
        at_ms: u64,
    ) -> Result<Option<u64>, StoreError> {
        check_author(author)?;
        let mind = self.mind(mind)?;
        let Some((_, persona)) = mind.version(number).cloned() else { return Ok(None) };
        Ok(Some(mind.put(&persona, author, at_ms)))
    }

    fn load_acquaintance(
        &mut self,
        mind: &str,
        person: &str,
    ) -> Result<Option<Acquaintance>, StoreError> {
        check_mind(mind)?;
        check_person(person)?;
        let known = self.minds.get(mind).and_then(|mind| mind.people.get(person));
        Ok(known.map(|known| Acquaintance {
            tie: known.tie.clone(),
            memories: known.memories.iter().map(|(id, memory)| (*id, memory.clone())).collect(),
        }))
    }

    fn people_of(
        &mut self,
        mind: &str,
        after: &str,
        count: u32,
    ) -> Result<Vec<KnownPerson>, StoreError> {
        if !after.is_empty() {
            check_person(after)?;
        }
        let later = self.mind(mind)?.people.iter().filter(|(person, _)| person.as_str() > after);
        let listed = later.take(count.min(LISTED_MAX) as usize).map(|(person, known)| {
            KnownPerson { person: person.clone(), memories: known.memories.len() as u64 }
        });
        Ok(listed.collect())
    }

    fn keep_turns(&mut self, turns: &[MindTurn]) -> Result<(), StoreError> {
        let minds = &self.minds;
        let mut outlook = Outlook { minds, new: BTreeSet::new(), people: BTreeMap::new() };
        for turn in turns {
            check_turn(turn)?;
            outlook.take(turn)?;
        }
        for turn in turns {
            self.minds.entry(turn.mind.clone()).or_default().take(turn);
        }
        Ok(())
    }

    fn forget(&mut self, mind: &str, person: &str) -> Result<bool, StoreError> {
        check_mind(mind)?;
        check_person(person)?;
        let mind = self.minds.get_mut(mind);
        Ok(mind.is_some_and(|mind| mind.people.remove(person).is_some()))
    }

    fn forget_mind(&mut self, mind: &str) -> Result<bool, StoreError> {
        check_mind(mind)?;
        Ok(self.minds.remove(mind).is_some())
    }
}
