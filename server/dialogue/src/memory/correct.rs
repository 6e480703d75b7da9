//! Setting a memory right, as whoever it is about wishes.

use super::{
    Fact, Item, Memory, MemoryError, MemoryId, check_episode, check_fact, embed::Embedder,
};

impl Memory {
    /// Sets right what a memory says; gives the number of what holds now. A fact ends and one with the
    /// new value comes, unless that is known; an episode gets other words. None: there is no such
    /// memory, or it has ended.
    pub fn set_right(
        &mut self,
        id: MemoryId,
        text: &str,
        at_ms: u64,
        embedder: &dyn Embedder,
    ) -> Result<Option<MemoryId>, MemoryError> {
        let text = text.trim().to_owned();
        match self.items.get(&id) {
            Some(Item::Episode(episode)) => {
                let mut episode = episode.clone();
                episode.text = text;
                check_episode(&episode)?;
                self.vectors.put(id, embedder.embed(&episode.text));
                self.items.insert(id, Item::Episode(episode));
                self.touched.insert(id);
                self.deletions += 1;
                Ok(Some(id))
            }
            Some(Item::Fact(fact)) if fact.valid_to_ms.is_none() => {
                check_fact(&fact.subject, &fact.relation, &text)?;
                let new = Fact { value: text, valid_from_ms: at_ms, source: None, ..fact.clone() };
                Ok(Some(self.correct_fact(id, new, embedder)))
            }
            _ => Ok(None),
        }
    }

    fn correct_fact(&mut self, id: MemoryId, new: Fact, embedder: &dyn Embedder) -> MemoryId {
        let at_ms = new.valid_from_ms;
        let known = self.items.iter().find(|(_, item)| {
            let Item::Fact(fact) = item else { return false };
            fact.valid_to_ms.is_none()
                && (&fact.subject, &fact.relation, &fact.value)
                    == (&new.subject, &new.relation, &new.value)
        });
        let known = known.map(|(known, _)| *known);
        if known == Some(id) {
            return id;
        }
        if let Some(Item::Fact(old)) = self.items.get_mut(&id) {
            old.valid_to_ms = Some(at_ms.max(old.valid_from_ms));
            self.touched.insert(id);
            self.deletions += 1;
        }
        known.unwrap_or_else(|| {
            let corrected = self.insert(Item::Fact(new), embedder);
            self.forget_beyond(super::MEMORIES_MAX, at_ms);
            corrected
        })
    }
}

#[cfg(test)]
mod tests {
    use vivarium_contract::companion::Emotion;

    use super::*;
    use crate::memory::{Claim, Episode, PERSON, embed::Hashed};

    #[test]
    fn a_fact_that_is_set_right_can_be_traced_and_an_episode_has_its_new_words() {
        let mut memory = Memory::default();
        let episode = Episode {
            text: "I live in Lyon.".into(),
            at_ms: 10,
            importance: 50,
            emotion: Emotion::Calm,
            about: PERSON.into(),
        };
        let told = memory.add_episode(episode, &Hashed).unwrap();
        let claim = |value: &str| Claim {
            subject: PERSON.into(),
            relation: "likes".into(),
            value: value.into(),
            is_over: false,
        };
        memory.learn(claim("tea"), Some(told), 10, &Hashed).unwrap();
        memory.learn(claim("rain"), Some(told), 10, &Hashed).unwrap();
        let (tea, rain) = (MemoryId(1), MemoryId(2));
        assert_eq!(memory.set_right(tea, " coffee ", 20, &Hashed), Ok(Some(MemoryId(3))));
        assert_eq!(memory.set_right(tea, "milk", 30, &Hashed), Ok(None), "it has ended");
        let values = |memory: &Memory| -> Vec<(String, Option<u64>)> {
            let history = memory.history(PERSON, "likes").into_iter();
            history.map(|fact| (fact.value.clone(), fact.valid_to_ms)).collect()
        };
        let coffee = ("coffee".to_owned(), None);
        let expected = [("tea".to_owned(), Some(20)), ("rain".to_owned(), None), coffee.clone()];
        assert_eq!(values(&memory), expected);
        // What is known already is not known twice.
        assert_eq!(memory.set_right(rain, "coffee", 40, &Hashed), Ok(Some(MemoryId(3))));
        let rain = ("rain".to_owned(), Some(40));
        assert_eq!(values(&memory), [expected[0].clone(), rain, coffee]);
        assert_eq!(memory.set_right(told, "I live in Nantes.", 50, &Hashed), Ok(Some(told)));
        assert_eq!(memory.get(told).unwrap().text(), "I live in Nantes.");
        assert!(memory.set_right(told, " ", 60, &Hashed).is_err());
        assert!(memory.set_right(told, &"x".repeat(401), 60, &Hashed).is_err());
        assert_eq!(memory.set_right(MemoryId(9), "x", 60, &Hashed), Ok(None));
    }
}
