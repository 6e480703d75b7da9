//! An adaptive binary range coder: each decision costs about as many bits as it surprises.
//!
//! Encoder and decoder share one description of what is coded by way of [`Coder`]. All of it is
//! 32-bit arithmetic; the only products are below 2^32. Invariant: a decoder gives some decision for
//! whatever bytes, and [`Decoder::overran`] when they were too few.

/// How likely a decision is to be 1: what was believed before, and learned from the decisions so
/// far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bit {
    /// Probability of a 1 in 1/65536.
    one: u16,
    /// As how many decisions the belief counts.
    seen: u8,
    /// Most that it comes to count: the higher, the slower it follows changes.
    limit: u8,
}

/// Nothing is more certain than this, in 1/65536.
const CERTAIN: i32 = 65_536 - 64;
const IMPOSSIBLE: i32 = 64;

/// By how much a decision moves a belief that counts as `index` decisions, in 1/32768:
/// `1 / (index + 1.5)`.
const RATES: [i32; 256] = {
    let mut rates = [0; 256];
    let mut seen = 0;
    while seen < 256 {
        rates[seen] = (65_536 / (2 * seen + 3)) as i32;
        seen += 1;
    }
    rates
};

impl Bit {
    /// Nothing is known: both are as likely.
    pub const EVEN: Self = Self::prior(1 << 15, 0, 60);

    /// A belief from before: the probability of a 1 in 1/65536, as how many decisions it counts,
    /// and the most that it may come to count.
    pub const fn prior(one: u16, seen: u8, limit: u8) -> Self {
        let one = if (one as i32) < IMPOSSIBLE {
            IMPOSSIBLE as u16
        } else if (one as i32) > CERTAIN {
            CERTAIN as u16
        } else {
            one
        };
        Self { one, seen, limit }
    }

    #[inline]
    fn learn(&mut self, bit: bool) {
        let target = if bit { CERTAIN } else { IMPOSSIBLE };
        let one = i32::from(self.one);
        // Towards the target but never beyond, so it stays between impossible and certain.
        self.one = (one + (((target - one) * RATES[usize::from(self.seen)]) >> 15)) as u16;
        self.seen += u8::from(self.seen < self.limit);
    }

    /// The part of a span that stands for a 1.
    #[inline]
    fn part(self, span: u32) -> u32 {
        (span >> 15) * u32::from(self.one >> 1)
    }
}

/// Either end of the range coder. An encoder takes the value that it is given, a decoder returns
/// the value that was encoded.
pub trait Coder {
    /// One decision.
    fn bit(&mut self, model: &mut Bit, bit: bool) -> bool;

    /// `bits` (at most 16) bits, all as likely.
    fn even(&mut self, value: u32, bits: u32) -> u32;
}

/// The span is kept at least this wide.
const SPAN_MIN: u32 = 1 << 24;

/// Writes decisions.
#[derive(Debug, Default)]
pub struct Encoder {
    low: u32,
    span: u32,
    bytes: Vec<u8>,
}

impl Encoder {
    /// Starts anew, with the memory of before.
    pub fn start(&mut self) {
        self.low = 0;
        self.span = u32::MAX;
        self.bytes.clear();
    }

    /// Bytes that ending now would give, at most.
    pub fn len_max(&self) -> usize {
        self.bytes.len() + 1
    }

    /// Ends, and gives what was written.
    pub fn finish(&mut self) -> &[u8] {
        // The span holds a number whose lower three bytes are zeros, and a decoder reads zeros
        // beyond the end. At most one byte that is zero itself is left out, so that a decoder can
        // tell a stream that was cut.
        self.raise(SPAN_MIN - 1);
        let last = (self.low >> 24) as u8;
        if last != 0 {
            self.bytes.push(last);
        }
        &self.bytes
    }

    #[inline]
    fn raise(&mut self, by: u32) {
        let (low, carried) = self.low.overflowing_add(by);
        self.low = low;
        if carried {
            for byte in self.bytes.iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
        }
    }

    #[inline]
    fn widen(&mut self) {
        while self.span < SPAN_MIN {
            self.bytes.push((self.low >> 24) as u8);
            self.low <<= 8;
            self.span <<= 8;
        }
    }
}

impl Coder for Encoder {
    #[inline]
    fn bit(&mut self, model: &mut Bit, bit: bool) -> bool {
        let part = model.part(self.span);
        if bit {
            self.span = part;
        } else {
            self.raise(part);
            self.span -= part;
        }
        self.widen();
        model.learn(bit);
        bit
    }

    #[inline]
    fn even(&mut self, value: u32, bits: u32) -> u32 {
        self.span >>= bits;
        self.raise(self.span * value);
        self.widen();
        value
    }
}

/// Reads decisions.
#[derive(Debug)]
pub struct Decoder<'a> {
    span: u32,
    /// How far into the span the number that was written lies.
    code: u32,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Decoder<'a> {
    /// Starts reading.
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self { span: u32::MAX, code: 0, bytes, at: 0 };
        for _ in 0..4 {
            decoder.shift();
        }
        decoder
    }

    /// Whether more was read than an encoder ever leaves out: the bytes were cut, or never came
    /// from an encoder.
    pub fn overran(&self) -> bool {
        self.at > self.bytes.len() + 4
    }

    #[inline]
    fn shift(&mut self) {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        self.code = (self.code << 8) | u32::from(byte);
    }

    #[inline]
    fn widen(&mut self) {
        while self.span < SPAN_MIN {
            self.span <<= 8;
            self.shift();
        }
    }
}

impl Coder for Decoder<'_> {
    #[inline]
    fn bit(&mut self, model: &mut Bit, _: bool) -> bool {
        let part = model.part(self.span);
        let bit = self.code < part;
        if bit {
            self.span = part;
        } else {
            self.code -= part;
            self.span -= part;
        }
        self.widen();
        model.learn(bit);
        bit
    }

    #[inline]
    fn even(&mut self, _: u32, bits: u32) -> u32 {
        self.span >>= bits;
        let value = (self.code / self.span).min((1 << bits) - 1);
        self.code -= value * self.span;
        self.widen();
        value
    }
}
