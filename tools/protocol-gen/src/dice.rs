//! A seeded generator that Rust and TypeScript repeat bit by bit (mulberry32).

/// Throws numbers.
#[derive(Clone, Debug)]
pub struct Dice(u32);

impl Dice {
    /// The same seed, the same numbers.
    pub fn seeded(seed: u32) -> Self {
        Self(seed)
    }

    /// 32 bits.
    pub fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x6d2b_79f5);
        let mut mixed = (self.0 ^ (self.0 >> 15)).wrapping_mul(1 | self.0);
        mixed = mixed.wrapping_add((mixed ^ (mixed >> 7)).wrapping_mul(61 | mixed)) ^ mixed;
        mixed ^ (mixed >> 14)
    }

    /// From `least` to `most`, both included.
    pub fn from_to(&mut self, least: i32, most: i32) -> i32 {
        let span = most.wrapping_sub(least) as u32 + 1;
        least.wrapping_add((self.bits() % span) as i32)
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: u32) -> bool {
        self.bits().is_multiple_of(times)
    }
}
