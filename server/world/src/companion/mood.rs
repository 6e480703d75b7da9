//! What a companion feels: a point between wretched and happy, drowsy and wild, that is pushed by what
//! happens and finds its way back, and a name for it that does not flicker.
//!
//! The two axes are those of Russell's circumplex (1980). Traits say how far a push goes, where the
//! way back leads, and how long it takes.

use bevy_ecs::prelude::*;
use vivarium_contract::companion::{Appraisal, Emotion, Mood, Traits};

use super::Companion;
use crate::tick::Clock;

/// Both axes reach so far from 0.
const FULL: f32 = 100.0;
/// A feeling that is this far from rest has a name.
const NAMED: f32 = 28.0;
/// One with a name keeps it until it is this near to rest.
const CALM: f32 = 16.0;
/// Seconds in which half of a feeling is gone: least, and what neuroticism adds at most.
const HALF_S: [f32; 2] = [15.0, 60.0];
/// Ticks between two looks at the way back.
const CALM_TICKS: u32 = 10;

/// What a companion feels now.
#[derive(Component, Default)]
pub(crate) struct Feelings {
    valence: f32,
    arousal: f32,
    emotion: Emotion,
}

/// Where feelings come to rest.
fn rest(traits: &Traits) -> [f32; 2] {
    let [merry, nervous] = [traits.extraversion, traits.neuroticism].map(|of| f32::from(of) - 50.0);
    [merry * 0.2 - nervous * 0.2, merry * 0.1 + nervous * 0.1]
}

impl Feelings {
    /// Something moves it.
    pub fn feel(&mut self, appraisal: &Appraisal, traits: &Traits) {
        let sensitive = 0.6 + f32::from(traits.neuroticism) / 125.0;
        let valence = f32::from(appraisal.valence);
        // Whoever is nervous takes what is bad harder, not what is good.
        let push = if valence < 0.0 { valence * sensitive } else { valence };
        self.valence = (self.valence + push).clamp(-FULL, FULL);
        self.arousal = (self.arousal + f32::from(appraisal.arousal)).clamp(-FULL, FULL);
        match appraisal.emotion {
            Some(emotion) if emotion != Emotion::Calm && self.strength(traits) >= CALM => {
                self.emotion = emotion;
            }
            _ => self.name(traits),
        }
    }

    /// How far it is from rest.
    fn strength(&self, traits: &Traits) -> f32 {
        let [valence, arousal] = rest(traits);
        let (valence, arousal) = (self.valence - valence, self.arousal - arousal);
        (valence * valence + arousal * arousal).sqrt()
    }

    /// Gives it a name, or takes it away.
    fn name(&mut self, traits: &Traits) {
        let strength = self.strength(traits);
        let has_name = self.emotion != Emotion::Calm;
        if strength < CALM {
            self.emotion = Emotion::Calm;
        } else if strength >= NAMED && (!has_name || !self.suits(self.emotion)) {
            self.emotion = match (self.valence >= 0.0, self.arousal >= 0.0) {
                (true, true) if self.arousal > self.valence => Emotion::Excitement,
                (true, true) => Emotion::Joy,
                (true, false) => Emotion::Affection,
                (false, false) => Emotion::Sadness,
                (false, true) if traits.courage < 40 => Emotion::Fear,
                (false, true) => Emotion::Anger,
            };
        }
    }

    /// Whether a name may still be said of it.
    fn suits(&self, emotion: Emotion) -> bool {
        match emotion {
            Emotion::Joy | Emotion::Excitement | Emotion::Affection => self.valence > -5.0,
            Emotion::Sadness | Emotion::Anger | Emotion::Fear => self.valence < 5.0,
            Emotion::Surprise => self.arousal > 0.0,
            Emotion::Calm => false,
        }
    }

    /// Some of it is gone after so many seconds.
    fn fade(&mut self, seconds: f32, traits: &Traits) {
        let half_s = HALF_S[0] + HALF_S[1] * f32::from(traits.neuroticism) / 100.0;
        // The tangent of 2^(-s / half) at 0: these steps are short beside the half.
        let left = (1.0 - seconds / half_s * std::f32::consts::LN_2).max(0.0);
        let [valence, arousal] = rest(traits);
        self.valence = valence + (self.valence - valence) * left;
        self.arousal = arousal + (self.arousal - arousal) * left;
        self.name(traits);
    }

    /// As others see it.
    pub fn mood(&self) -> Mood {
        Mood { valence: self.valence as i8, arousal: self.arousal as i8, emotion: self.emotion }
    }

    /// For the digest.
    pub fn bits(&self) -> [f32; 2] {
        [self.valence, self.arousal]
    }
}

/// Feelings find their way back.
pub(super) fn calm(clock: Res<Clock>, mut all: Query<(&Companion, &mut Feelings)>) {
    for (companion, mut feelings) in &mut all {
        if companion.object.0.wrapping_add(clock.tick).is_multiple_of(CALM_TICKS) {
            feelings.fade(CALM_TICKS as f32 * clock.tick_s, &companion.traits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blow() -> Appraisal {
        Appraisal { valence: -35, arousal: 40, emotion: None }
    }

    #[test]
    fn a_blow_makes_angry_or_afraid_and_is_forgotten_after_a_while() {
        for (courage, emotion) in [(80, Emotion::Anger), (20, Emotion::Fear)] {
            let traits = Traits { courage, ..Traits::default() };
            let mut feelings = Feelings::default();
            feelings.feel(&blow(), &traits);
            assert_eq!(feelings.mood().emotion, emotion);
            let mut seconds = 0;
            while feelings.mood().emotion != Emotion::Calm {
                feelings.fade(1.0, &traits);
                seconds += 1;
                assert!(seconds < 600, "it never calms down: {:?}", feelings.mood());
            }
            assert!(seconds > 10, "it is forgotten after {seconds} s");
        }
    }

    #[test]
    fn nervous_ones_are_hurt_more_and_for_longer() {
        let seconds = |neuroticism| {
            let traits = Traits { neuroticism, ..Traits::default() };
            let mut feelings = Feelings::default();
            feelings.feel(&blow(), &traits);
            (1..).find(|_| {
                feelings.fade(1.0, &traits);
                feelings.mood().emotion == Emotion::Calm
            })
        };
        assert!(seconds(90) > seconds(50) && seconds(50) > seconds(10));
    }

    #[test]
    fn a_feeling_between_two_names_does_not_flicker() {
        let traits = Traits::default();
        let mut feelings = Feelings { valence: 29.0, arousal: 0.0, emotion: Emotion::Calm };
        let mut names = Vec::new();
        for step in 0..60 {
            let push = if step % 2 == 0 { -4 } else { 4 };
            feelings.feel(&Appraisal { valence: push, arousal: -push, emotion: None }, &traits);
            if names.last() != Some(&feelings.mood().emotion) {
                names.push(feelings.mood().emotion);
            }
        }
        assert!(names.len() <= 2, "{names:?}");
    }

    #[test]
    fn nothing_leaves_the_scale() {
        let mut feelings = Feelings::default();
        let most = Appraisal { valence: i8::MIN, arousal: i8::MAX, emotion: Some(Emotion::Anger) };
        for _ in 0..9 {
            feelings.feel(&most, &Traits { neuroticism: u8::MAX, ..Traits::default() });
        }
        let mood = feelings.mood();
        assert_eq!((mood.valence, mood.arousal), (-100, 100));
        assert_eq!(mood.emotion, Emotion::Anger);
    }
}
