//! Genes, the traits that they make, how children come by theirs, and how a life bends them.
//!
//! A trait has two alleles, from 0 to 100; neither dominates, so the trait is their mean, rounded
//! half up. A life may bend it by [`DRIFT_MAX`] at most, and is forgotten by and by.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde::{Deserialize, Serialize};
use vivarium_contract::companion::{TRAIT_MAX, Traits};

use super::PersonaError;

/// Percent by which a life may bend a trait, either way.
pub const DRIFT_MAX: u8 = 15;
/// Percent by which a mutation changes an allele at most, either way.
pub const MUTATION_MAX: u8 = 10;
/// One allele in so many mutates.
const MUTATES_ONE_IN: u32 = 12;
/// Drift is counted in hundredths of a percent, so that slow steps are not lost.
const HUNDREDTHS: i32 = 100;
/// What one experience of full weight adds to an unbent trait, in hundredths of a percent.
const STEP_HUNDREDTHS: i32 = 30;
/// With each experience, one part in so many of a drift is lost.
const PULL_ONE_IN: i32 = 200;

/// Two alleles for each trait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the names are those of the traits")]
pub struct Genome {
    pub openness: [u8; 2],
    pub conscientiousness: [u8; 2],
    pub extraversion: [u8; 2],
    pub agreeableness: [u8; 2],
    pub neuroticism: [u8; 2],
    pub playfulness: [u8; 2],
    pub courage: [u8; 2],
}

impl Default for Genome {
    fn default() -> Self {
        Self::from_traits(Traits::default())
    }
}

impl Genome {
    /// A genome with exactly these traits: both alleles alike.
    pub fn from_traits(traits: Traits) -> Self {
        Self::from_pairs(traits.values().map(|value| [value.min(TRAIT_MAX); 2]))
    }

    /// The alleles, in the order of [`Traits::NAMES`].
    pub fn pairs(&self) -> [[u8; 2]; 7] {
        [
            self.openness,
            self.conscientiousness,
            self.extraversion,
            self.agreeableness,
            self.neuroticism,
            self.playfulness,
            self.courage,
        ]
    }

    /// A genome of alleles in the order of [`Traits::NAMES`].
    fn from_pairs(pairs: [[u8; 2]; 7]) -> Self {
        let [
            openness,
            conscientiousness,
            extraversion,
            agreeableness,
            neuroticism,
            playfulness,
            courage,
        ] = pairs;
        Self {
            openness,
            conscientiousness,
            extraversion,
            agreeableness,
            neuroticism,
            playfulness,
            courage,
        }
    }

    /// The traits that it makes, before a life.
    pub fn expressed(&self) -> Traits {
        Traits::from(self.pairs().map(|[a, b]| u16::midpoint(u16::from(a), u16::from(b) + 1) as u8))
    }

    /// A child of two: of each trait one allele of either parent, by lot, which now and then changes
    /// by at most [`MUTATION_MAX`]. The same seed and parents have the same child.
    pub fn child(seed: u64, mother: &Self, father: &Self) -> Self {
        let mut lots = ChaCha8Rng::seed_from_u64(seed);
        let (mothers, fathers) = (mother.pairs(), father.pairs());
        let mut pairs = [[0; 2]; 7];
        for (pair, parents) in pairs.iter_mut().zip(mothers.into_iter().zip(fathers)) {
            *pair = [inherit(parents.0, &mut lots), inherit(parents.1, &mut lots)];
        }
        Self::from_pairs(pairs)
    }

    /// Whether all alleles are within their bounds.
    pub fn check(&self) -> Result<(), PersonaError> {
        for (field, pair) in Traits::NAMES.into_iter().zip(self.pairs()) {
            if let Some(value) = pair.into_iter().find(|allele| *allele > TRAIT_MAX) {
                return Err(PersonaError::Gene { field, value });
            }
        }
        Ok(())
    }
}

fn inherit(pair: [u8; 2], lots: &mut ChaCha8Rng) -> u8 {
    let allele = i32::from(pair[(lots.next_u32() & 1) as usize]);
    // Both lots are always drawn, so that one mutation does not change all that come after it.
    let (mutates, step) = (lots.next_u32().is_multiple_of(MUTATES_ONE_IN), lots.next_u32());
    let most = i32::from(MUTATION_MAX);
    let step = (step % (2 * u32::from(MUTATION_MAX) + 1)) as i32 - most;
    (allele + if mutates { step } else { 0 }).clamp(0, i32::from(TRAIT_MAX)) as u8
}

/// What bends a companion, a little each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Experience {
    /// Somebody praised or thanked it.
    Praised,
    /// Somebody insulted it.
    Insulted,
    /// Something struck it.
    Struck,
    /// Somebody joked or played with it.
    Played,
    /// It did what it was asked for.
    Managed,
    /// It could not.
    Failed,
    /// It learned something new.
    Learned,
    /// It talked with somebody.
    Talked,
}

impl Experience {
    /// What it does to each trait, in percent of a full step, in the order of [`Traits::NAMES`].
    fn weights(self) -> [i32; 7] {
        match self {
            Self::Praised => [0, 0, 50, 60, -50, 0, 30],
            Self::Insulted => [0, 0, -40, -60, 60, -20, 0],
            Self::Struck => [-20, 0, -20, -20, 60, 0, -60],
            Self::Played => [30, 0, 40, 20, -20, 100, 20],
            Self::Managed => [0, 100, 0, 30, -30, 0, 40],
            Self::Failed => [0, -30, 0, 0, 30, 0, -30],
            Self::Learned => [100, 20, 10, 0, 0, 0, 0],
            Self::Talked => [10, 0, 30, 10, -10, 0, 10],
        }
    }
}

/// How far a life has bent each trait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// In hundredths of a percent, in the order of [`Traits::NAMES`].
    hundredths: [i16; 7],
}

impl Drift {
    /// Lives through something: a step that gets smaller towards the bound, after all drifts were
    /// pulled back a little.
    pub fn live(&mut self, experience: Experience) {
        let most = i32::from(DRIFT_MAX) * HUNDREDTHS;
        for (drift, weight) in self.hundredths.iter_mut().zip(experience.weights()) {
            // Stored values may come from a file: brought into their bounds first.
            let before = i32::from(*drift).clamp(-most, most);
            let pulled = before - before / PULL_ONE_IN - before.signum();
            let room = if weight.signum() == pulled.signum() { most - pulled.abs() } else { most };
            let step = STEP_HUNDREDTHS * weight * room / (100 * most);
            *drift = (pulled + step).clamp(-most, most) as i16;
        }
    }

    /// The traits of somebody with these genes and this life.
    pub fn bend(&self, genome: &Genome) -> Traits {
        let mut traits = genome.expressed().values();
        let most = i32::from(DRIFT_MAX);
        for (value, drift) in traits.iter_mut().zip(self.hundredths) {
            let drift = (i32::from(drift) / HUNDREDTHS).clamp(-most, most);
            *value = (i32::from(*value) + drift).clamp(0, i32::from(TRAIT_MAX)) as u8;
        }
        Traits::from(traits)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn genome() -> impl Strategy<Value = Genome> {
        proptest::array::uniform7([0..=TRAIT_MAX, 0..=TRAIT_MAX]).prop_map(Genome::from_pairs)
    }

    fn experience() -> impl Strategy<Value = Experience> {
        proptest::sample::select(vec![
            Experience::Praised,
            Experience::Insulted,
            Experience::Struck,
            Experience::Played,
            Experience::Managed,
            Experience::Failed,
            Experience::Learned,
            Experience::Talked,
        ])
    }

    proptest! {
        #[test]
        fn a_child_is_between_its_parents_and_a_mutation(
            seed: u64, mother in genome(), father in genome(),
        ) {
            let child = Genome::child(seed, &mother, &father);
            prop_assert_eq!(child, Genome::child(seed, &mother, &father));
            let traits = child.expressed().values();
            for (index, (m, f)) in mother.pairs().into_iter().zip(father.pairs()).enumerate() {
                let all = [m, f].concat();
                let least = all.iter().min().unwrap().saturating_sub(MUTATION_MAX);
                let most = (all.iter().max().unwrap() + MUTATION_MAX).min(TRAIT_MAX);
                prop_assert!((least..=most).contains(&traits[index]));
            }
        }

        #[test]
        fn a_life_bends_a_trait_within_bounds(
            genome in genome(), life in proptest::collection::vec(experience(), 0..400),
        ) {
            let mut drift = Drift::default();
            for experience in life {
                drift.live(experience);
                for (bent, born) in drift.bend(&genome).values().iter().zip(genome.expressed().values()) {
                    prop_assert!(bent.abs_diff(born) <= DRIFT_MAX);
                }
            }
        }

        #[test]
        fn sliders_are_genes(traits in genome()) {
            let traits = traits.expressed();
            prop_assert_eq!(Genome::from_traits(traits).expressed(), traits);
        }
    }

    #[test]
    fn a_life_is_slow_has_an_end_and_is_forgotten() {
        let genome = Genome::default();
        let mut drift = Drift::default();
        drift.live(Experience::Played);
        assert_eq!(drift.bend(&genome).playfulness, 50);
        for _ in 0..100 {
            drift.live(Experience::Played);
        }
        let played = drift.bend(&genome).playfulness;
        assert!((55..=65).contains(&played), "{played}");
        for _ in 0..2_000 {
            drift.live(Experience::Managed);
        }
        assert_eq!(drift.bend(&genome).playfulness, 50);
    }
}
