//! What is learned within a block: probabilities that start from [`super::priors`].
//!
//! Owns the places of all of them in one flat table, and how a residual becomes decisions.

use super::{
    priors::PRIORS,
    range::{Bit, Coder},
};

/// Models of a signed number of any size up to 32 bits.
#[derive(Clone, Debug)]
pub struct Numbers {
    size: [Bit; 34],
    sign: Bit,
}

impl Numbers {
    /// Nothing is learned yet.
    pub fn fresh() -> Self {
        Self { size: [Bit::EVEN; 34], sign: Bit::EVEN }
    }

    /// One number: how many bits its magnitude has, then those bits, then the sign.
    pub fn code<C: Coder>(&mut self, coder: &mut C, value: i32) -> i32 {
        let magnitude = value.unsigned_abs();
        let wanted = bit_length(magnitude);
        let mut size = 0;
        while size < 32 && coder.bit(&mut self.size[size as usize], size < wanted) {
            size += 1;
        }
        if size == 0 {
            return 0;
        }
        let magnitude = code_low_bits(coder, magnitude, 1, size - 1);
        signed(magnitude, coder.bit(&mut self.sign, value < 0))
    }
}

/// Where the models of one kind of residuals are: `classes` rows of [`ROW`], then those that all
/// classes share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Residuals {
    first: usize,
    classes: usize,
}

/// Sizes of a residual that have a model of their own in each class; larger ones share the last.
const ROW: usize = 10;
/// Models of the second highest bit of a magnitude, by size, and of the sign, by its class.
const SHARED: usize = 16 + SIGN_CLASSES;
const SIGN_CLASSES: usize = 4;

impl Residuals {
    const fn after(end: usize, classes: usize) -> Self {
        Self { first: end, classes }
    }

    const fn end(self) -> usize {
        self.first + self.classes * ROW + SHARED
    }
}

/// A decision on its own, or a row of them.
pub(super) const CHANGED: usize = 0;
pub(super) const CHANGED_CLASSES: usize = 16;
pub(super) const FLAGS: usize = CHANGED + 3 * CHANGED_CLASSES;
/// Models of one bit of a set, by facet.
pub(super) const FLAG_CLASSES: usize = 8;
pub(super) const FLAG_BITS: usize = 3;
pub(super) const LARGEST: usize = FLAGS + 3 * FLAG_CLASSES * FLAG_BITS;
pub(super) const WALK: Residuals = Residuals::after(LARGEST + 5, 60);
pub(super) const MOVE: Residuals = Residuals::after(WALK.end(), 60);
pub(super) const TURN: Residuals = Residuals::after(MOVE.end(), 60);
pub(super) const HEADING: Residuals = Residuals::after(TURN.end(), 8);
pub(super) const NUMBER: Residuals = Residuals::after(HEADING.end(), 8);
/// Comers: near a comer before, far from it; positions, then others.
pub(super) const COMER: Residuals = Residuals::after(NUMBER.end(), 8);
pub(super) const MODELS: usize = COMER.end();

/// What was learned in this block so far; starts fresh in each.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Models {
    bits: [Bit; MODELS],
    /// Whether the member before changed.
    pub(super) changed_before: bool,
}

impl Models {
    /// Nothing is learned yet.
    pub fn fresh() -> Self {
        Self { bits: PRIORS, changed_before: false }
    }

    /// One decision by the model at a place.
    #[inline]
    pub(super) fn decide<C: Coder>(&mut self, coder: &mut C, place: usize, bit: bool) -> bool {
        coder.bit(&mut self.bits[place], bit)
    }

    /// A residual: how many bits its magnitude has, the second of them, the others, the sign.
    #[inline]
    pub(super) fn residual<C: Coder>(
        &mut self,
        coder: &mut C,
        kind: Residuals,
        class: usize,
        sign_class: usize,
        value: i32,
    ) -> i32 {
        let row = kind.first + class.min(kind.classes - 1) * ROW;
        let shared = kind.first + kind.classes * ROW;
        let magnitude = value.unsigned_abs();
        let wanted = bit_length(magnitude);
        let mut size = 0;
        while size < 32 && self.decide(coder, row + (size as usize).min(ROW - 1), size < wanted) {
            size += 1;
        }
        if size == 0 {
            return 0;
        }
        let mut decided = 1;
        let mut left = size - 1;
        if left > 0 {
            left -= 1;
            let place = shared + (size as usize).min(15);
            decided = 2 | u32::from(self.decide(coder, place, (magnitude >> left) & 1 == 1));
        }
        let magnitude = code_low_bits(coder, magnitude, decided, left);
        let place = shared + 16 + sign_class.min(SIGN_CLASSES - 1);
        signed(magnitude, self.decide(coder, place, value < 0))
    }
}

/// The `left` low bits of a magnitude whose others are `decided`.
#[inline]
pub(super) fn code_low_bits<C: Coder>(
    coder: &mut C,
    magnitude: u32,
    mut decided: u32,
    left: u32,
) -> u32 {
    if left > 16 {
        let high = left - 16;
        decided = (decided << high) | coder.even((magnitude >> 16) & ((1 << high) - 1), high);
    }
    let low = left.min(16);
    if low > 0 {
        decided = (decided << low) | coder.even(magnitude & ((1 << low) - 1), low);
    }
    decided
}

#[inline]
fn signed(magnitude: u32, negative: bool) -> i32 {
    if negative { (magnitude as i32).wrapping_neg() } else { magnitude as i32 }
}

/// Bits that a magnitude has.
#[inline]
pub(super) fn bit_length(magnitude: u32) -> u32 {
    32 - magnitude.leading_zeros()
}
