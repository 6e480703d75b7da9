//! How feelings and bonds show in what a body does: how quickly it walks, where it pauses, how near it
//! comes, and which gestures it makes.
//!
//! Numbers follow from moods and bonds alone, within bounds that hold for any of them: chance is
//! asked elsewhere.

use vivarium_contract::companion::{Emotion, Mood, Traits};
use vivarium_protocol::{ids::ObjectId, intent::Emote};

/// A body walks so many times as quickly as usual: least and most.
pub(super) const PACE: [f32; 2] = [0.6, 1.25];
/// How near (metres) it comes to somebody: least and most.
pub(super) const KEEPS_M: [f32; 2] = [1.1, 3.4];
/// The steps of a low walker: ticks from one pause to the next, and of the pause itself.
const PAUSE_TICKS: [u32; 2] = [150, 40];
/// At this valence or below it, one pauses on the way unless it is agitated.
const LOW_VALENCE: i8 = -30;
/// From this arousal on, one cheers instead of dancing, and does not pause.
const WILD_AROUSAL: i8 = 50;

/// A mood's part of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Manner {
    mood: Mood,
}

impl Manner {
    pub fn of(mood: Mood) -> Self {
        Self { mood }
    }

    fn parts(&self) -> [f32; 2] {
        [self.mood.valence, self.mood.arousal].map(|part| f32::from(part) / 100.0)
    }

    /// How many times as quickly as usual it walks: who is sad or drowsy goes slowly, who is roused
    /// quickly.
    pub fn pace(&self) -> f32 {
        let [valence, arousal] = self.parts();
        (1.0 + valence.min(0.0) * 0.3 + arousal * 0.25).clamp(PACE[0], PACE[1])
    }

    /// Whether it stands still for a moment in the middle of a stroll.
    pub fn pauses(&self, companion: ObjectId, tick: u32) -> bool {
        let is_low = self.mood.valence <= LOW_VALENCE && self.mood.arousal < WILD_AROUSAL;
        let [every, lasts] = PAUSE_TICKS;
        // Not all of them at once.
        is_low && companion.0.wrapping_mul(37).wrapping_add(tick) % every < lasts
    }

    /// For how long it does one thing, as times the usual: who is roused soon does another.
    pub fn patience(&self) -> f32 {
        let [_, arousal] = self.parts();
        (1.0 - arousal * 0.45).clamp(0.5, 1.4)
    }

    /// How near (metres) it comes to somebody whom it likes so much (from -100 to 100): friends, and
    /// those who seek company, come nearer; who is afraid or angry stays away.
    pub fn keeps_m(&self, warmth: i8, traits: &Traits) -> f32 {
        let shy_m = match self.mood.emotion {
            Emotion::Fear => 1.3,
            Emotion::Anger => 0.5,
            Emotion::Affection => -0.1,
            _ => 0.0,
        };
        let outgoing = f32::from(traits.extraversion) - 50.0;
        let distance_m = 1.7 - f32::from(warmth) * 0.006 - outgoing * 0.006;
        (distance_m.min(2.5) + shy_m).clamp(KEEPS_M[0], KEEPS_M[1])
    }

    /// How it greets somebody.
    pub fn greets(&self) -> Emote {
        match self.mood {
            Mood { valence: ..=LOW_VALENCE, .. } => Emote::Nod,
            Mood { arousal: WILD_AROUSAL.., .. } => Emote::Cheer,
            _ => Emote::Wave,
        }
    }

    /// Which gesture it makes for itself.
    pub fn plays(&self) -> Emote {
        match self.mood {
            Mood { valence: ..=LOW_VALENCE, .. } => Emote::Shrug,
            Mood { arousal: WILD_AROUSAL.., .. } => Emote::Cheer,
            _ => Emote::Dance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manner(valence: i8, arousal: i8, emotion: Emotion) -> Manner {
        Manner::of(Mood { valence, arousal, emotion })
    }

    #[test]
    fn the_sad_go_slowly_and_pause_and_the_excited_hurry() {
        let calm = manner(0, 0, Emotion::Calm);
        let sad = manner(-60, -30, Emotion::Sadness);
        let excited = manner(50, 70, Emotion::Excitement);
        assert_eq!(calm.pace(), 1.0);
        assert!(sad.pace() < 0.8 && excited.pace() > 1.1);
        let pauses = |of: Manner| (0..600).filter(|tick| of.pauses(ObjectId(3), *tick)).count();
        assert_eq!([calm, sad, excited].map(pauses), [0, 160, 0]);
        assert!(excited.patience() < calm.patience() && calm.patience() < sad.patience());
        assert_eq!(
            [sad, calm, excited].map(|of| of.plays()),
            [Emote::Shrug, Emote::Dance, Emote::Cheer]
        );
    }

    #[test]
    fn whoever_is_afraid_keeps_away_and_friends_come_near() {
        let traits = Traits::default();
        let calm = manner(0, 0, Emotion::Calm);
        let afraid = manner(-30, 40, Emotion::Fear);
        assert!(afraid.keeps_m(0, &traits) > calm.keeps_m(0, &traits) + 1.0);
        assert!(calm.keeps_m(80, &traits) < calm.keeps_m(0, &traits));
    }

    proptest::proptest! {
        #[test]
        fn nothing_leaves_its_bounds(valence: i8, arousal: i8, of in 0..8_usize, warmth: i8, out: u8) {
            let manner = manner(valence, arousal, Emotion::ALL[of]);
            let traits = Traits { extraversion: out, ..Traits::default() };
            let within = |value: f32, [least, most]: [f32; 2]| (least..=most).contains(&value);
            proptest::prop_assert!(within(manner.pace(), PACE));
            proptest::prop_assert!(within(manner.keeps_m(warmth, &traits), KEEPS_M));
            proptest::prop_assert!(within(manner.patience(), [0.5, 1.5]));
        }
    }
}
