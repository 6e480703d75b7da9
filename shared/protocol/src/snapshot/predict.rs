//! Where things will be: what the member coder expects before it codes what is not as expected.
//!
//! Integers only. Invariant: values within the ranges of the schema give no overflow.

/// Parts of a step in which displacements are counted.
const PARTS: i32 = 16;
/// A position that jumps by more than this (steps) between two known states says nothing about
/// where it goes.
const JUMP: i32 = 1 << 13;
/// Largest displacement, in parts.
const DISPLACEMENT_MAX: i32 = 1 << 19;

/// How far a coordinate goes in `age` ticks, in 1/16 steps, if it goes on as it did for `gap` ticks.
#[inline]
pub(super) fn displacement(base: i32, earlier: i32, age: u32, gap: u32) -> i32 {
    let went = base.wrapping_sub(earlier);
    if went.wrapping_add(JUMP) as u32 > 2 * JUMP as u32 {
        return 0;
    }
    let (age, gap) = (age.min(64) as i32, gap.clamp(1, 1 << 20) as i32);
    (went * PARTS * age / gap).clamp(-DISPLACEMENT_MAX, DISPLACEMENT_MAX)
}

/// A displacement within what can be worked with.
#[inline]
pub(super) fn limited(displacement: i32) -> i32 {
    displacement.clamp(-DISPLACEMENT_MAX, DISPLACEMENT_MAX)
}

/// Whole steps of parts.
#[inline]
pub(super) fn steps(parts: i32) -> i32 {
    (parts + PARTS / 2) >> 4
}

/// How far a heading turns in `age` ticks when it turned at about the same rate before the first
/// earlier state and after it; 0 when it did not, since most turns are made at once.
pub(super) fn steady_turn(headings: [i32; 3], age: u32, gaps: [u32; 2], max: i32) -> i32 {
    let half = (max >> 1) + 1;
    let [base, first, second] = headings;
    // In 1/64 per tick, the shorter way around.
    let rate = |to: i32, from: i32, gap: u32| {
        let way = ((to.wrapping_sub(from) & max) ^ half) - half;
        way * 64 / gap.clamp(1, 64) as i32
    };
    let (now, before) = (rate(base, first, gaps[0]), rate(first, second, gaps[1]));
    let alike = now.abs() <= 2 * before.abs() && before.abs() <= 2 * now.abs();
    if now == 0 || (now < 0) != (before < 0) || !alike {
        return 0;
    }
    now * age.min(64) as i32 / 64
}

/// A unit quaternion times [`LENGTH`].
pub(super) type Quaternion = [i32; 4];

/// `16 * 511 * sqrt(2)`: fields of a rotation are in 1/16 of what they are scaled to.
const LENGTH: i32 = 11_563;
const LENGTH_SQUARED: i32 = 133_693_952;

/// From fields: the index of the largest, then the three others. Where `min` is 0, fields run from
/// 0 to `max` and stand for `2 * field - max`.
#[inline]
pub(super) fn quaternion(fields: &[i32], min: i32, max: i32) -> Quaternion {
    let largest = (fields[0] & 3) as usize;
    let mut parts = [0; 4];
    let mut squares = 0;
    let mut at = 1;
    for (index, part) in parts.iter_mut().enumerate() {
        if index != largest {
            let field = fields[at].clamp(min, max);
            let field = if min == 0 { 2 * field - max } else { field };
            *part = field.clamp(-511, 511) * 16;
            squares += *part * *part;
            at += 1;
        }
    }
    parts[largest] = ((LENGTH_SQUARED - squares).max(0) as u32).isqrt() as i32;
    parts
}

/// The fields of three components when that of index `largest` is left out.
#[inline]
pub(super) fn three(parts: Quaternion, largest: usize, min: i32, max: i32) -> [i32; 3] {
    let negative = parts[largest] < 0;
    let mut fields = [0; 3];
    let mut at = 0;
    for (index, part) in parts.into_iter().enumerate() {
        if index != largest {
            let part = if negative { -part } else { part };
            let field = if min == 0 { (part + max * 16 + 16) >> 5 } else { (part + 8) >> 4 };
            fields[at] = field.clamp(min, max);
            at += 1;
        }
    }
    fields
}

/// The index of the component with the largest magnitude.
#[inline]
pub(super) fn largest(parts: Quaternion) -> usize {
    let mut largest = 0;
    for index in 1..4 {
        if parts[index].abs() > parts[largest].abs() {
            largest = index;
        }
    }
    largest
}

/// A rotation that goes on as it went from `earlier` to `base`, for `times` (1/64) as long: along
/// the great circle through both.
pub(super) fn turn_on(base: Quaternion, earlier: Quaternion, times: i32) -> Quaternion {
    let mut dot = 0;
    for index in 0..4 {
        dot += base[index] * earlier[index];
    }
    let sign = if dot < 0 { -1 } else { 1 };
    // The cosine of half the angle between them, in 1/16384.
    let cosine = (dot * sign / (LENGTH_SQUARED >> 14)).min(16_384);
    // tan(times * half angle) / sin(half angle), in 1/64, by a series in the square of the angle.
    let sine_squared = (16_384 - cosine) * (16_384 + cosine) / 16_384;
    // At most 1 rad each way: 2^12 in 1/4096.
    let square = (sine_squared / 4 * times / 64 * times / 64).min(4_096);
    let factor = 4_096 + square / 3 + square * square / 4_096 * 2 / 15;
    let factor = times * factor / 4_096;
    let mut parts = [0; 4];
    let mut squares = 0_u64;
    for index in 0..4 {
        let across = ((base[index] * cosine) >> 14) - earlier[index] * sign;
        parts[index] = base[index] + (across * factor) / 64;
        squares += (i64::from(parts[index]) * i64::from(parts[index])) as u64;
    }
    // Below 2^53, so that a square root in double precision is exact.
    let length = squares.isqrt() as i32;
    if length == 0 {
        return base;
    }
    parts.map(|part| {
        (part.clamp(-length, length) as i64 * i64::from(LENGTH) / i64::from(length)) as i32
    })
}
