//! Tiers by distance: how often a leaf is told, and how exactly.
//!
//! The last tier has no end: nobody goes out of sight. Under pressure the far tiers slow down first;
//! near ones are the last to lose anything.

use bevy_ecs::prelude::*;

use crate::limits::PRESSURE_MAX;

/// Near, middle, far, horizon.
pub(crate) const TIERS: usize = 4;

/// Ticks between two tellings of a leaf by pressure and tier.
const INTERVALS: [[u8; TIERS]; PRESSURE_MAX as usize + 1] =
    [[1, 2, 4, 8], [1, 2, 4, 16], [1, 2, 8, 32], [1, 4, 16, 32], [2, 8, 32, 60]];

/// How much sooner than the horizon a leaf goes out that has waited as many of its intervals: when
/// not all fits, near ones lose something only after far ones have waited long.
const WEIGHTS: [f32; TIERS] = [8.0, 4.0, 2.0, 1.0];

/// Level of detail by tier.
const LEVELS: [u8; TIERS] = [0, 0, 2, 3];

// Extra distance, as a factor, before something falls into a farther tier.
const HYSTERESIS: f32 = 1.1;

/// Where the tiers end.
#[derive(Resource, Clone, Copy, Debug)]
pub(crate) struct Tiers {
    /// Metres at which near, middle and far end.
    ends_m: [f32; TIERS - 1],
}

impl Tiers {
    /// From how far people see everything in full detail, metres.
    pub fn of(sight_m: f32) -> Self {
        Self { ends_m: [sight_m * 0.5, sight_m, sight_m * 2.0] }
    }

    /// The tier at a squared distance (m²), for somebody for whom it was `before`.
    pub fn at(&self, distance_m2: f32, before: Option<u8>) -> u8 {
        let ends = self.ends_m.iter().enumerate();
        let beyond = ends.filter(|(tier, end)| {
            let stay = before.is_some_and(|before| usize::from(before) <= *tier);
            let end = if stay { **end * HYSTERESIS } else { **end };
            distance_m2 > end * end
        });
        beyond.count() as u8
    }

    /// Ticks between two tellings.
    pub fn interval(tier: u8, pressure: u8) -> u32 {
        u32::from(INTERVALS[usize::from(pressure.min(PRESSURE_MAX))][usize::from(tier)])
    }

    /// How urgent it is to tell a leaf that has waited so long: grows without end.
    pub fn urgency(tier: u8, pressure: u8, waited_ticks: f32) -> f32 {
        waited_ticks / Self::interval(tier, pressure) as f32 * WEIGHTS[usize::from(tier)]
    }

    /// Level of detail.
    pub fn level(tier: u8) -> u8 {
        LEVELS[usize::from(tier)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_have_hysteresis_and_the_last_one_has_no_end() {
        let tiers = Tiers::of(80.0);
        let at = |metres: f32, before| tiers.at(metres * metres, before);
        assert_eq!([0.0, 39.0, 41.0, 81.0, 161.0, 1e9].map(|m| at(m, None)), [0, 0, 1, 2, 3, 3]);
        assert_eq!(at(41.0, Some(0)), 0, "stays near");
        assert_eq!(at(41.0, Some(1)), 1, "has not come near yet");
        assert_eq!(at(45.0, Some(0)), 1);
    }

    #[test]
    fn pressure_slows_the_far_tiers_first_and_never_speeds_anything_up() {
        for pressure in 1..=PRESSURE_MAX {
            let interval = |tier, pressure| Tiers::interval(tier as u8, pressure);
            let slower: Vec<bool> = (0..TIERS)
                .map(|tier| interval(tier, pressure) > interval(tier, pressure - 1))
                .collect();
            assert!(slower.contains(&true));
            for tier in 0..TIERS {
                assert!(interval(tier, pressure) >= interval(tier, pressure - 1));
            }
            for tier in 1..TIERS {
                assert!(interval(tier, pressure) > interval(tier - 1, pressure));
            }
        }
        assert_eq!(Tiers::interval(0, PRESSURE_MAX - 1), 1, "near ones come last");
    }
}
