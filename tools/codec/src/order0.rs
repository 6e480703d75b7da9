//! The reference: adaptive order-0 arithmetic coding.
//!
//! Every field has one adaptive distribution of its differences, without any context, as a binary
//! tree of decisions. It learns through the whole trace, which no packet that may get lost could
//! do: a stronger reference than one that starts fresh in each frame.

use vivarium_protocol::snapshot::range::{Bit, Coder, Encoder};

/// Levels of the tree: differences of less than half of `2^LEVELS` are its leaves.
const LEVELS: u32 = 13;
/// The leaf that says that the difference follows as it is.
const ESCAPE: u32 = (1 << LEVELS) - 1;

/// Codes differences, field by field.
pub struct Order0 {
    encoder: Encoder,
    trees: Vec<Vec<Bit>>,
}

impl Order0 {
    /// With as many distributions as fields.
    pub fn new(fields: usize) -> Self {
        let mut encoder = Encoder::default();
        encoder.start();
        // As slow to change as a model can be: what it learns stays.
        let tree = vec![Bit::prior(1 << 15, 0, 255); 1 << LEVELS];
        Self { encoder, trees: vec![tree; fields] }
    }

    /// One difference of a field.
    pub fn code(&mut self, field: usize, difference: i32) {
        let folded = ((difference << 1) ^ (difference >> 31)) as u32;
        let leaf = folded.min(ESCAPE);
        let mut node = 1;
        for level in (0..LEVELS).rev() {
            let bit = (leaf >> level) & 1;
            self.encoder.bit(&mut self.trees[field][node], bit == 1);
            node = node * 2 + bit as usize;
        }
        if leaf == ESCAPE {
            self.encoder.even(folded >> 16, 16);
            self.encoder.even(folded & 0xffff, 16);
        }
    }

    /// Ends, and gives the number of bytes.
    pub fn finish(mut self) -> usize {
        self.encoder.finish().len()
    }
}
