//! Finding what matters now among all that is remembered.

use vivarium_contract::companion::Bond;

use super::{Item, Memory, MemoryId, PERSON, embed::Vector};

/// After so long, something that happened weighs half: a week.
pub const HALF_LIFE_MS: u64 = 7 * 24 * 3_600 * 1_000;
/// Memories that one recall gives at most.
pub const RECALLED_MAX: usize = 64;

/// What each part of a score weighs; together 1.
const WEIGHTS: Parts = Parts { recency: 0.2, importance: 0.25, relevance: 0.45, relationship: 0.1 };

/// The parts of a score, each from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parts {
    /// How lately it happened.
    pub recency: f32,
    /// How much it mattered.
    pub importance: f32,
    /// How near its words are to what is asked.
    pub relevance: f32,
    /// How much it is about whom the companion is close to.
    pub relationship: f32,
}

/// A memory, and why it was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recalled<'a> {
    /// Its number.
    pub id: MemoryId,
    /// What it is.
    pub item: &'a Item,
    /// How much it matters now, from 0 to 1.
    pub score: f32,
    /// Of what that is made.
    pub parts: Parts,
}

impl Parts {
    fn score(&self) -> f32 {
        self.recency * WEIGHTS.recency
            + self.importance * WEIGHTS.importance
            + self.relevance * WEIGHTS.relevance
            + self.relationship * WEIGHTS.relationship
    }
}

/// From 1, now, to 0, long ago.
pub(super) fn recency(at_ms: u64, now_ms: u64) -> f32 {
    (-(now_ms.saturating_sub(at_ms) as f32) / HALF_LIFE_MS as f32).exp2()
}

impl Memory {
    /// What matters most for a query, best first; at most `count` and [`RECALLED_MAX`]. Facts that
    /// were corrected are left out.
    pub fn recall(
        &self,
        query: &Vector,
        bond: &Bond,
        now_ms: u64,
        count: usize,
    ) -> Vec<Recalled<'_>> {
        self.recall_by(std::slice::from_ref(query), bond, now_ms, count)
    }

    /// The same for a query of which there are vectors of several kinds: each memory is compared
    /// with the first of them of whose kind it has one.
    pub fn recall_by(
        &self,
        queries: &[Vector],
        bond: &Bond,
        now_ms: u64,
        count: usize,
    ) -> Vec<Recalled<'_>> {
        let closeness = f32::from(bond.warmth.max(bond.familiarity).clamp(0, 100)) / 100.0;
        let of_kind = |query| self.vectors.cosines(query).into_iter().peekable();
        let mut cosines: Vec<_> = queries.iter().map(of_kind).collect();
        let mut found = Vec::with_capacity(self.items.len());
        for (id, item) in &self.items {
            let mut cosine = None;
            for of_kind in &mut cosines {
                while of_kind.next_if(|(other, _)| other < id).is_some() {}
                cosine = cosine.or(of_kind.next_if(|(other, _)| other == id));
            }
            let cosine = cosine.map_or(0.0, |(_, cosine)| cosine);
            if item.is_ended() {
                continue;
            }
            let parts = Parts {
                recency: recency(item.at_ms(), now_ms),
                importance: f32::from(item.importance()) / 100.0,
                relevance: cosine.clamp(0.0, 1.0),
                relationship: if item.about() == PERSON { 0.5 + closeness / 2.0 } else { 0.0 },
            };
            found.push(Recalled { id: *id, item, score: parts.score(), parts });
        }
        let best =
            |a: &Recalled<'_>, b: &Recalled<'_>| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id));
        let count = count.min(RECALLED_MAX);
        if count > 0 && found.len() > count {
            found.select_nth_unstable_by(count - 1, best);
        }
        found.truncate(count);
        found.sort_unstable_by(best);
        found
    }
}
