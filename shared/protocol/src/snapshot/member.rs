//! One member of a block: what changed, as the residual against a prediction.
//!
//! The same functions describe both directions: an encoder reads `now`, a decoder writes it.
//! Invariant: whatever a decoder reads, the fields it gives are within their components' ranges.

use super::{
    models::{
        CHANGED, CHANGED_CLASSES, COMER, FLAG_BITS, FLAG_CLASSES, FLAGS, HEADING, LARGEST, MOVE,
        NUMBER, Residuals, TURN, WALK, bit_length,
    },
    predict::{self, displacement, steps},
    priors::WEIGHTS,
    range::Coder,
    schema::{Coding, Component, FIELDS_MAX, Facet, LEVELS, Schema, coarse},
};

pub use super::models::{Models, Numbers};

/// When the states were that a block builds on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Ticks from the baseline to now; 0: there is none.
    pub age: u32,
    /// Ticks from the first earlier state to the baseline, and from the second to the first;
    /// meaningless where a member has no such state.
    pub gaps: [u32; 2],
    /// Level of detail of what is coded; the baseline may have another one.
    pub level: u8,
}

/// What both ends know of a member.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Its fields at the baseline.
    pub base: &'a [i32],
    /// Its fields at earlier ticks, newest first, as far as both ends have them.
    pub earlier: [Option<&'a [i32]>; 2],
}

/// A member that both ends know: whether it changed, and how.
pub fn code_change<C: Coder>(
    coder: &mut C,
    models: &mut Models,
    facet: Facet,
    times: Times,
    known: Known<'_>,
    now: &mut [i32],
) -> bool {
    code_change_of(coder, models, facet.schema(), facet.habits() as usize, times, known, now)
}

/// A member that the other end does not know. `like` is one that is probably similar.
pub fn code_comer<C: Coder>(
    coder: &mut C,
    models: &mut Models,
    facet: Facet,
    level: u8,
    like: Option<&[i32]>,
    now: &mut [i32],
) {
    code_comer_of(coder, models, facet.schema(), level, like, now);
}

/// [`code_change`] of any schema, with the models of the facet whose number is `habits`.
pub fn code_change_of<C: Coder>(
    coder: &mut C,
    models: &mut Models,
    schema: &Schema,
    habits: usize,
    times: Times,
    known: Known<'_>,
    now: &mut [i32],
) -> bool {
    let habits = habits.min(2);
    let class = usize::from(models.changed_before) * 8
        + match known.earlier {
            [None, _] => 6 + usize::from(known.base.last() == Some(&0)),
            [Some(first), second] => {
                let moved = differ(first, known.base);
                usize::from(moved) * 2
                    + usize::from(second.is_some_and(|second| differ(second, known.base)))
                    + usize::from(!moved && known.base.last() != Some(&0)) * 4
            }
        };
    debug_assert!(class < CHANGED_CLASSES);
    let place = CHANGED + habits * CHANGED_CLASSES + class;
    let changed = models.decide(coder, place, differ(now, known.base));
    models.changed_before = changed;
    if !changed {
        now.copy_from_slice(known.base);
        return false;
    }
    let mut change =
        Change { times, known, habits, surprise: 0, pace: 64, turned: false, steady: 0 };
    let mut at = 0;
    for component in schema.components {
        match component.coding {
            Coding::Position => change.position(coder, models, component, at, now),
            Coding::Rotation => change.rotation(coder, models, component, at, now),
            Coding::Heading => change.heading(coder, models, component, at, now),
            Coding::Number => change.number(coder, models, component, at, now),
            Coding::Flags => change.flags(coder, models, component, at, now),
        }
        at += component.coding.field_count();
    }
    true
}

/// Headings of walkers wrap around here.
const HEADING_MAX: i32 = 0xffff;

/// Whether states of one member are not the same: a few fields, so that a call to compare memory
/// would take longer than comparing.
#[inline]
fn differ(one: &[i32], other: &[i32]) -> bool {
    one.iter().zip(other).fold(0, |all, (one, other)| all | (one ^ other)) != 0
}

/// One change, component by component.
struct Change<'a> {
    times: Times,
    known: Known<'a>,
    habits: usize,
    /// The largest residual of the last position.
    surprise: u32,
    /// How far the last position went, in 1/64 of how far it was expected to go.
    pace: i32,
    /// Whether the heading changed.
    turned: bool,
    /// How far a walker's heading goes on turning.
    steady: i32,
}

impl Change<'_> {
    /// How far the heading of a field goes on turning, if it turned steadily.
    fn steady_turn(&self, field: usize) -> i32 {
        let [Some(first), Some(second)] = self.known.earlier else { return 0 };
        let headings = [self.known.base[field], first[field], second[field]];
        predict::steady_turn(headings, self.times.age, self.times.gaps, HEADING_MAX)
    }

    fn position<C: Coder>(
        &mut self,
        coder: &mut C,
        models: &mut Models,
        component: &Component,
        at: usize,
        now: &mut [i32],
    ) {
        let grid = Grid::new(component, self.times.level);
        let base = &self.known.base[at..at + 3];
        let Times { age, gaps, .. } = self.times;
        let mut going = [0; 3];
        let mut bending = [0; 3];
        if let Some(first) = self.known.earlier[0] {
            for axis in 0..3 {
                going[axis] = displacement(base[axis], first[at + axis], age, gaps[0]);
            }
            if let Some(second) = self.known.earlier[1] {
                let gap = gaps[0].saturating_add(gaps[1]);
                for axis in 0..3 {
                    bending[axis] =
                        going[axis] - displacement(base[axis], second[at + axis], age, gap);
                }
            }
        }
        let speed = steps(going.iter().map(|it| it.abs()).sum());
        let bend = steps(bending.iter().map(|it| it.abs()).sum());
        let mut speed_class = bit_length(speed as u32).saturating_sub(1).min(5) as usize;
        let mut class = match self.known.earlier[1] {
            Some(_) => bit_length(bend as u32).min(4) as usize,
            None => 3,
        };
        let (kind, weights) = if self.habits == 0 {
            // How rough the rounded speed makes the expectation, and whether it turned since.
            if speed > 0 {
                speed_class = (1 + bit_length(4 * age.min(64) / gaps[0].max(1))).min(5) as usize;
            }
            let turned = |first: &[i32]| first[at + 3..] != self.known.base[at + 3..];
            class = usize::from(self.known.earlier[0].is_some_and(turned));
            self.steady = self.steady_turn(at + 3);
            if self.steady != 0 {
                // Who turns steadily walks along an arc.
                let (ahead, gap) = ((age.min(64) + gaps[0]) as i32, gaps[1].max(1) as i32);
                bending = bending.map(|bend| predict::limited(bend * ahead / gap));
            }
            (WALK, [64, if self.steady == 0 { 0 } else { 64 }])
        } else {
            (MOVE, WEIGHTS[speed_class * 5 + class])
        };
        let expected = std::array::from_fn::<i32, 3, _>(|axis| {
            (going[axis] * weights[0] + bending[axis] * weights[1] + (1 << 9)) >> 10
        });
        // The axis with the longest way comes first: how it went tells of the others.
        let mut axis = longest(expected);
        let (mut went, mut meant, mut surprise, mut pace) = (0, 0, 0, 64);
        let mut along = Along::default();
        for step in 0..3 {
            let index = at + axis;
            let paced = expected[axis] + ((expected[axis].clamp(-8_192, 8_192) * (pace - 64)) >> 6);
            let predicted = grid.round(base[axis].wrapping_add(paced));
            let residual = grid.residual(now[index], predicted);
            let row = speed_class * 10 + if step > 0 { 5 } else { 0 } + class;
            let residual = along.code(coder, models, kind, row, paced, residual);
            now[index] = grid.value(predicted, residual);
            surprise = residual.unsigned_abs().max(surprise);
            class = bit_length(surprise).min(4) as usize;
            went += now[index].wrapping_sub(base[axis]).unsigned_abs().min(8_192) as i32;
            meant += expected[axis].abs().min(8_192);
            if step == 0 && self.habits != 0 && meant > 3 {
                pace = 64 + ((went * 64 / meant).clamp(0, 96) - 64) / 2;
            }
            axis = (axis + 1) % 3;
        }
        self.surprise = surprise;
        self.pace = if meant > 3 { (went * 64 / meant).clamp(0, 96) } else { 64 };
    }

    fn rotation<C: Coder>(
        &mut self,
        coder: &mut C,
        models: &mut Models,
        component: &Component,
        at: usize,
        now: &mut [i32],
    ) {
        let grid = Grid::new(component, self.times.level);
        let (min, max) = (component.min, component.max);
        let fields = &self.known.base[at..at + 4];
        let base = predict::quaternion(fields, min, max);
        let mut predicted = base;
        let mut expected = (fields[0] & 3) as usize;
        let mut class = 0;
        if let Some(earlier) = self.known.earlier[0].map(|it| &it[at..at + 4])
            && earlier != fields
        {
            let (age, gap) =
                (self.times.age.min(64) as i32, self.times.gaps[0].clamp(1, 64) as i32);
            let pace = self.pace;
            let times = (age * pace / gap).min(2_048);
            predicted = predict::turn_on(base, predict::quaternion(earlier, min, max), times);
            expected = predict::largest(predicted);
            let mut way = 0;
            for index in 0..4 {
                way += (predicted[index] - base[index]).unsigned_abs();
            }
            class = bit_length(way >> 6).min(5) as usize;
        }
        let other = now[at] != expected as i32;
        let other = models.decide(coder, LARGEST + usize::from(class > 0), other);
        let mut largest = expected;
        if other {
            largest = coder.even(now[at] as u32 & 3, 2) as usize;
        }
        now[at] = largest as i32;
        let predicted = predict::three(predicted, largest, min, max);
        let base = predict::three(base, largest, min, max);
        let expected = std::array::from_fn::<i32, 3, _>(|part| predicted[part] - base[part]);
        let mut part = longest(expected);
        let mut surprise_class = bit_length(self.surprise).min(4) as usize;
        let (mut surprise, mut pace) = (0, 64);
        let mut along = Along::default();
        for step in 0..3 {
            let index = at + 1 + part;
            let paced = expected[part] + ((expected[part] * (pace - 64)) >> 6);
            let predicted = grid.round(base[part] + paced);
            let residual = grid.residual(now[index], predicted);
            let row = class * 10 + if step > 0 { 5 } else { 0 } + surprise_class;
            let residual = along.code(coder, models, TURN, row, paced, residual);
            now[index] = grid.value(predicted, residual);
            surprise = residual.unsigned_abs().max(surprise);
            surprise_class = bit_length(surprise).min(4) as usize;
            if step == 0 && expected[part].abs() > 3 {
                let went = now[index] - base[part];
                pace = 64 + ((went * 64 / expected[part]).clamp(0, 128) - 64) / 2;
            }
            part = (part + 1) % 3;
        }
    }

    fn heading<C: Coder>(
        &mut self,
        coder: &mut C,
        models: &mut Models,
        component: &Component,
        at: usize,
        now: &mut [i32],
    ) {
        let grid = Grid::new(component, self.times.level);
        let base = self.known.base[at];
        let turning = self.known.earlier[0].is_some_and(|earlier| earlier[at] != base);
        let steady = if self.habits == 0 { self.steady } else { 0 };
        let predicted = grid.round(base.wrapping_add(steady) & component.max);
        // The shorter way around.
        let half = 1 << (component.bits - 1);
        let turn = (now[at].wrapping_sub(predicted) & component.max) ^ half;
        let class = bit_length(self.surprise).min(3) as usize + if turning { 4 } else { 0 };
        let residual = models.residual(
            coder,
            HEADING,
            class,
            usize::from(turning),
            (turn - half) >> grid.bits,
        );
        now[at] = predicted.wrapping_add(grid.scaled(residual)) & component.max;
        self.turned = residual != 0;
    }

    fn number<C: Coder>(
        &mut self,
        coder: &mut C,
        models: &mut Models,
        component: &Component,
        at: usize,
        now: &mut [i32],
    ) {
        let grid = Grid::new(component, self.times.level);
        let base = self.known.base[at];
        let turning = self.known.earlier[0].is_some_and(|earlier| earlier[at] != base);
        let predicted = grid.round(base);
        let class = usize::from(self.turned) + if turning { 2 } else { 0 };
        let residual = grid.residual(now[at], predicted);
        now[at] = grid.value(predicted, models.residual(coder, NUMBER, class, 0, residual));
    }

    fn flags<C: Coder>(
        &mut self,
        coder: &mut C,
        models: &mut Models,
        component: &Component,
        at: usize,
        now: &mut [i32],
    ) {
        let base = self.known.base[at];
        let mut flags = 0;
        for bit in 0..u32::from(component.bits).min(FLAG_BITS as u32) {
            let was = (base >> bit) & 1;
            let class = was as usize * 4 + bit_length(self.surprise).div_ceil(2).min(3) as usize;
            let place = FLAGS + (self.habits * FLAG_CLASSES + class) * FLAG_BITS + bit as usize;
            flags |= i32::from(models.decide(coder, place, (now[at] >> bit) & 1 == 1)) << bit;
        }
        now[at] = flags;
    }
}

/// [`code_comer`] of any schema.
pub fn code_comer_of<C: Coder>(
    coder: &mut C,
    models: &mut Models,
    schema: &Schema,
    level: u8,
    like: Option<&[i32]>,
    now: &mut [i32],
) {
    const NOTHING: [i32; FIELDS_MAX] = [0; FIELDS_MAX];
    let reference = like.unwrap_or(&NOTHING);
    let mut at = 0;
    for component in schema.components {
        let grid = Grid::new(component, level);
        let end = at + component.coding.field_count();
        let class = match component.coding {
            Coding::Position => 0,
            Coding::Rotation => {
                now[at] = coder.even(now[at] as u32 & 3, 2) as i32;
                at += 1;
                2
            }
            Coding::Heading => {
                // Any of them is as likely.
                let count = u32::from(component.bits - grid.bits);
                let value = coder.even((now[at] & component.max) as u32 >> grid.bits, count);
                now[at] = grid.scaled(value as i32);
                at += 1;
                4
            }
            Coding::Number => 5,
            Coding::Flags => 6,
        };
        for (step, index) in (at..end).enumerate() {
            // The middle one of a position is its height.
            let row = class + usize::from(class == 0 && step == 1);
            let predicted = grid.round(reference[index]);
            let residual = grid.residual(now[index], predicted);
            now[index] = grid.value(predicted, models.residual(coder, COMER, row, 0, residual));
        }
        at = end;
    }
}

/// The index of the one with the largest magnitude, the first of several.
fn longest(ways: [i32; 3]) -> usize {
    let mut longest = 0;
    for other in 1..3 {
        if ways[other].abs() > ways[longest].abs() {
            longest = other;
        }
    }
    longest
}

/// Codes residuals with their sign relative to the way that is expected, since what goes further
/// than expected along one axis probably does along the others too.
#[derive(Clone, Copy, Default)]
struct Along {
    /// Whether the residual before went further (1) or less far (-1); 0 when neither.
    before: i32,
}

impl Along {
    #[inline]
    fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        models: &mut Models,
        kind: Residuals,
        class: usize,
        way: i32,
        residual: i32,
    ) -> i32 {
        let sign_class = if way == 0 {
            1
        } else if self.before == 0 {
            0
        } else if self.before > 0 {
            2
        } else {
            3
        };
        let turned = if way < 0 { residual.wrapping_neg() } else { residual };
        let turned = models.residual(coder, kind, class, sign_class, turned);
        if way != 0 && turned != 0 {
            self.before = turned.signum();
        }
        if way < 0 { turned.wrapping_neg() } else { turned }
    }
}

/// The values that a field may have at a level of detail.
#[derive(Clone, Copy)]
struct Grid {
    bits: u8,
    min: i32,
    max: i32,
}

impl Grid {
    #[inline]
    fn new(component: &Component, level: u8) -> Self {
        let bits = component.coarse_bits[usize::from(level).min(LEVELS - 1)];
        Self { bits, min: coarse(component.min, bits), max: coarse(component.max, bits) }
    }

    #[inline]
    fn round(self, value: i32) -> i32 {
        coarse(value, self.bits).clamp(self.min, self.max)
    }

    #[inline]
    fn residual(self, now: i32, predicted: i32) -> i32 {
        now.wrapping_sub(predicted) >> self.bits
    }

    #[inline]
    fn scaled(self, residual: i32) -> i32 {
        residual.wrapping_shl(u32::from(self.bits))
    }

    #[inline]
    fn value(self, predicted: i32, residual: i32) -> i32 {
        predicted.wrapping_add(self.scaled(residual)).clamp(self.min, self.max)
    }
}
