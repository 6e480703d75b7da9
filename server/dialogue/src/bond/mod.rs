//! What a companion thinks of one person: five axes, which move slowly, and the stage that they make.
//!
//! Pure: the same events in the same order make the same tie. Axes are counted in hundredths, so that
//! small steps are not lost; the contract's [`Bond`] is what others are told.

use serde::{Deserialize, Serialize};
use vivarium_contract::companion::{Appraisal, Bond, Traits};
use vivarium_protocol::intent::Emote;

/// Most of each axis, in hundredths of a percent.
const AXIS_MAX: i32 = 10_000;
/// Most that one event moves an axis, in hundredths of a percent.
pub const STEP_HUNDREDTHS_MAX: i32 = 600;
/// Minutes together that count at once.
const TOGETHER_MIN_MAX: u32 = 60;
/// Days apart that count at once.
const APART_DAYS_MAX: u32 = 365;

/// How close two are. In this order: from enemies to close friends.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Wants nothing to do with them.
    Hostile,
    /// Is on its guard.
    Wary,
    /// Does not know them.
    #[default]
    Stranger,
    /// Has talked with them.
    Acquaintance,
    /// Likes them.
    Friend,
    /// Trusts them with everything.
    CloseFriend,
}

/// What happens between a companion and a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BondEvent {
    /// They said something that moved it.
    Words(Appraisal),
    /// They thanked it.
    Thanked,
    /// They praised it.
    Praised,
    /// They insulted it.
    Insulted,
    /// They said sorry.
    Apologised,
    /// They told something of themselves.
    Confided,
    /// They joked with it.
    Joked,
    /// They made a gesture to it.
    Gestured(Emote),
    /// Something of theirs struck it.
    Struck,
    /// They spent time together.
    Together {
        /// Minutes of it.
        minutes: u32,
    },
    /// They have not met for a while.
    Apart {
        /// Days of it.
        days: u32,
    },
    /// They did what they had said they would.
    PromiseKept,
    /// They did not.
    PromiseBroken,
    /// It could do what they had asked for.
    AskKept,
}

/// What a companion thinks of one person, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tie {
    /// Trust, respect, warmth, familiarity and playfulness, in hundredths of a percent.
    axes: [i16; 5],
    /// How close they are.
    stage: Stage,
}

/// How a companion behaves towards somebody.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conduct {
    /// How near it comes by itself, metres.
    pub polite_distance_m: f32,
    /// Whether it does what they ask for at all.
    pub does_favours: bool,
    /// Whether it follows them when asked.
    pub follows: bool,
    /// Whether it calls them by a nickname.
    pub uses_nicknames: bool,
    /// Whether it jokes with them.
    pub jokes: bool,
    /// How it speaks, in a word or two.
    pub tone: &'static str,
}

impl Tie {
    /// A tie as others were told of it, with the stage that it makes.
    pub fn from_bond(bond: Bond) -> Self {
        let axes = [bond.trust, bond.respect, bond.warmth, bond.familiarity, bond.playfulness]
            .map(|axis| i16::from(axis.clamp(-100, 100)) * 100);
        let mut tie = Self { axes, stage: Stage::Stranger };
        // A step leads to the next stage only, and there are six of them.
        for _ in 0..6 {
            tie.stage = tie.next_stage();
        }
        tie
    }

    /// What others are told of it.
    pub fn bond(&self) -> Bond {
        let [trust, respect, warmth, familiarity, playfulness] =
            self.axes.map(|axis| (axis / 100).clamp(-100, 100) as i8);
        Bond { trust, respect, warmth, familiarity, playfulness }
    }

    /// How close they are.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Something happened between them. Who is easily moved (`neuroticism`) takes bad things harder,
    /// who is kind (`agreeableness`) good ones more warmly.
    pub fn live(&mut self, event: BondEvent, traits: &Traits) {
        let deltas = deltas(event);
        let good = 75 + i32::from(traits.agreeableness.min(100)) / 2;
        let bad = 75 + i32::from(traits.neuroticism.min(100)) / 2;
        for (axis, delta) in self.axes.iter_mut().zip(deltas) {
            let before = i32::from(*axis).clamp(-AXIS_MAX, AXIS_MAX);
            let scaled = delta * if delta > 0 { good } else { bad } / 100;
            let scaled = scaled.clamp(-STEP_HUNDREDTHS_MAX, STEP_HUNDREDTHS_MAX);
            let outward = scaled.signum() == before.signum();
            let room = if outward { AXIS_MAX - before.abs() } else { AXIS_MAX };
            *axis = (before + scaled * room / AXIS_MAX).clamp(-AXIS_MAX, AXIS_MAX) as i16;
        }
        if let BondEvent::Apart { days } = event {
            self.cool(days.min(APART_DAYS_MAX));
        }
        self.stage = self.next_stage();
    }

    /// What is good fades to a half in 120 days and no further, ill will to nothing in 80: absence
    /// heals. A straight line instead of a power is the same on every machine.
    fn cool(&mut self, days: u32) {
        for axis in [0, 1, 2, 4] {
            let value = i32::from(self.axes[axis]);
            let (gone_after_days, days_max) = if value < 0 { (80, 80) } else { (240, 120) };
            let left = gone_after_days - days.min(days_max) as i32;
            self.axes[axis] = (value * left / gone_after_days) as i16;
        }
    }

    /// The stage after this one's axes: one step at most, and only past a margin.
    fn next_stage(&self) -> Stage {
        let [trust, respect, warmth, familiarity, _] = self.axes.map(i32::from);
        let liking = (2 * warmth + 2 * trust + respect) / 5 / 100;
        // Nobody is a friend after one compliment: what they know of each other counts as well.
        let close = (2 * liking + familiarity / 100) / 3;
        let up = match self.stage {
            Stage::Hostile => liking > -38,
            Stage::Wary => liking > -8,
            Stage::Stranger => close >= 6 || familiarity >= 1_000,
            Stage::Acquaintance => close >= 28 && liking >= 25,
            Stage::Friend => close >= 60 && liking >= 55,
            Stage::CloseFriend => false,
        };
        let down = match self.stage {
            Stage::Hostile => false,
            Stage::Wary => liking <= -50,
            Stage::Stranger => liking <= -12,
            Stage::Acquaintance => liking <= -12 || (close < 3 && familiarity < 600),
            Stage::Friend => close < 20,
            Stage::CloseFriend => close < 48,
        };
        match (self.stage, up, down) {
            (Stage::Hostile, true, _) => Stage::Wary,
            (Stage::Wary, true, _) => Stage::Stranger,
            (Stage::Stranger, true, false) => Stage::Acquaintance,
            (Stage::Acquaintance, true, _) => Stage::Friend,
            (Stage::Friend, true, _) => Stage::CloseFriend,
            (Stage::Wary, _, true) => Stage::Hostile,
            (Stage::Stranger, _, true) => Stage::Wary,
            (Stage::Acquaintance, _, true) if liking <= -12 => Stage::Wary,
            (Stage::Acquaintance, _, true) => Stage::Stranger,
            (Stage::Friend, _, true) => Stage::Acquaintance,
            (Stage::CloseFriend, _, true) => Stage::Friend,
            (stage, _, _) => stage,
        }
    }

    /// How somebody with these traits behaves at this stage.
    pub fn conduct(&self, traits: &Traits) -> Conduct {
        let is_playful = traits.playfulness >= 50 || self.bond().playfulness >= 40;
        match self.stage {
            Stage::Hostile => Conduct {
                polite_distance_m: 4.0,
                does_favours: false,
                follows: false,
                uses_nicknames: false,
                jokes: false,
                tone: "cold, curt",
            },
            Stage::Wary => Conduct {
                polite_distance_m: 3.0,
                does_favours: true,
                follows: traits.agreeableness >= 60,
                uses_nicknames: false,
                jokes: false,
                tone: "guarded, polite",
            },
            Stage::Stranger => Conduct {
                polite_distance_m: 2.0,
                does_favours: true,
                follows: true,
                uses_nicknames: false,
                jokes: traits.playfulness >= 60,
                tone: "polite, curious",
            },
            Stage::Acquaintance => Conduct {
                polite_distance_m: 1.8,
                does_favours: true,
                follows: true,
                uses_nicknames: false,
                jokes: is_playful,
                tone: "friendly",
            },
            Stage::Friend => Conduct {
                polite_distance_m: 1.4,
                does_favours: true,
                follows: true,
                uses_nicknames: is_playful,
                jokes: true,
                tone: "warm, familiar",
            },
            Stage::CloseFriend => Conduct {
                polite_distance_m: 1.1,
                does_favours: true,
                follows: true,
                uses_nicknames: true,
                jokes: true,
                tone: "affectionate, open",
            },
        }
    }
}

/// What an event adds to trust, respect, warmth, familiarity and playfulness of somebody in the
/// middle, in hundredths of a percent.
fn deltas(event: BondEvent) -> [i32; 5] {
    match event {
        BondEvent::Words(appraisal) => {
            let valence = i32::from(appraisal.valence.clamp(-100, 100));
            [valence / 2, valence / 2, valence * 3 / 2, 30, valence / 4]
        }
        BondEvent::Thanked => [80, 60, 150, 20, 0],
        BondEvent::Praised => [60, 60, 220, 20, 40],
        BondEvent::Insulted => [-250, -300, -450, 10, -200],
        BondEvent::Apologised => [120, 120, 160, 10, 0],
        BondEvent::Confided => [140, 40, 120, 240, 20],
        BondEvent::Joked => [20, 0, 90, 40, 240],
        BondEvent::Gestured(emote) => match emote {
            Emote::Wave | Emote::Nod => [20, 20, 70, 20, 10],
            Emote::Clap | Emote::Cheer => [20, 40, 110, 20, 50],
            Emote::Dance => [10, 0, 90, 20, 150],
            Emote::Point | Emote::Shrug | Emote::Sit => [0, 0, 10, 10, 0],
        },
        BondEvent::Struck => [-200, -100, -200, 0, -50],
        BondEvent::Together { minutes } => {
            let minutes = minutes.min(TOGETHER_MIN_MAX) as i32;
            [minutes * 2, minutes, minutes * 2, minutes * 8, minutes]
        }
        BondEvent::Apart { .. } => [0; 5],
        BondEvent::PromiseKept => [350, 250, 120, 20, 0],
        BondEvent::PromiseBroken => [-400, -250, -120, 0, 0],
        BondEvent::AskKept => [40, 20, 40, 30, 10],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(tie: &mut Tie, event: BondEvent, count: usize) {
        for _ in 0..count {
            tie.live(event, &Traits::default());
        }
    }

    #[test]
    fn friends_are_made_slowly_and_lost_slowly() {
        let mut tie = Tie::default();
        times(&mut tie, BondEvent::Praised, 1);
        assert_eq!(tie.stage(), Stage::Stranger);
        times(&mut tie, BondEvent::Confided, 4);
        times(&mut tie, BondEvent::Praised, 2);
        assert_eq!(tie.stage(), Stage::Acquaintance);
        times(&mut tie, BondEvent::Confided, 25);
        assert_eq!(tie.stage(), Stage::Friend);
        times(&mut tie, BondEvent::Insulted, 1);
        assert_eq!(tie.stage(), Stage::Friend, "one word does not end a friendship");
        times(&mut tie, BondEvent::PromiseKept, 30);
        times(&mut tie, BondEvent::Confided, 60);
        assert_eq!(tie.stage(), Stage::CloseFriend);
        times(&mut tie, BondEvent::Insulted, 80);
        assert_eq!(tie.stage(), Stage::Hostile);
        times(&mut tie, BondEvent::Apologised, 60);
        assert!(tie.stage() >= Stage::Stranger);
    }

    #[test]
    fn a_stage_does_not_flicker() {
        let mut tie = Tie::default();
        while tie.stage() == Stage::Stranger {
            times(&mut tie, BondEvent::Confided, 1);
        }
        times(&mut tie, BondEvent::Words(Appraisal { valence: -30, ..Appraisal::default() }), 2);
        assert_eq!(tie.stage(), Stage::Acquaintance);
    }

    #[test]
    fn absence_cools_and_heals() {
        let mut liked = Tie::from_bond(Bond { warmth: 80, trust: 60, ..Bond::default() });
        liked.live(BondEvent::Apart { days: 400 }, &Traits::default());
        assert_eq!(liked.bond(), Bond { warmth: 40, trust: 30, ..Bond::default() });
        let mut hated = Tie::from_bond(Bond { warmth: -80, ..Bond::default() });
        hated.live(BondEvent::Apart { days: 40 }, &Traits::default());
        assert_eq!(hated.bond().warmth, -40);
    }

    #[test]
    fn a_stage_changes_conduct() {
        let traits = Traits::default();
        let stages = [
            (Bond { warmth: -90, trust: -90, respect: -90, ..Bond::default() }, Stage::Hostile),
            (Bond { warmth: -40, trust: -30, ..Bond::default() }, Stage::Wary),
            (Bond::default(), Stage::Stranger),
            (Bond { familiarity: 20, ..Bond::default() }, Stage::Acquaintance),
            (Bond { warmth: 50, trust: 50, familiarity: 30, ..Bond::default() }, Stage::Friend),
        ];
        let mut distance_m = f32::INFINITY;
        for (bond, stage) in stages {
            let tie = Tie::from_bond(bond);
            assert_eq!(tie.stage(), stage);
            let conduct = tie.conduct(&traits);
            assert!(conduct.polite_distance_m < distance_m);
            distance_m = conduct.polite_distance_m;
        }
    }

    proptest::proptest! {
        #[test]
        fn axes_stay_within_bounds(axes: [i8; 5], valence: i8, minutes: u32, days: u32) {
            let [trust, respect, warmth, familiarity, playfulness] = axes;
            let bond = Bond { trust, respect, warmth, familiarity, playfulness };
            let mut tie = Tie::from_bond(bond);
            let words = Appraisal { valence, arousal: 0, emotion: None };
            for event in [
                BondEvent::Words(words),
                BondEvent::Together { minutes },
                BondEvent::Apart { days },
                BondEvent::Insulted,
                BondEvent::Praised,
            ] {
                let before = tie.axes;
                tie.live(event, &Traits { neuroticism: 255, ..Traits::default() });
                for (now, before) in tie.axes.iter().zip(before) {
                    proptest::prop_assert!(i32::from(*now).abs() <= AXIS_MAX);
                    let step = (i32::from(*now) - i32::from(before)).abs();
                    let is_apart = matches!(event, BondEvent::Apart { .. });
                    proptest::prop_assert!(is_apart || step <= STEP_HUNDREDTHS_MAX);
                }
            }
        }
    }
}
