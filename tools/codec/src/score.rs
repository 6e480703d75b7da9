//! How many bytes a trace takes, with the member coder that the server uses.
//!
//! One packet per frame, each with fresh models. Frame `t` builds on frame `t - lag` and on two
//! frames before it; a frame of the first `lag` builds on frame 0, and frame 0 is sent in full.
//! All of them count. Invariant: what is decoded builds on nothing but what was decoded before.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde::Serialize;
use vivarium_protocol::snapshot::{
    member::{Known, Models, Times, code_change_of, code_comer_of},
    range::{Coder, Decoder, Encoder},
    schema::{Coding, Component, Facet, LEVELS, Schema},
};

use crate::{
    order0::Order0,
    trace::{CUBES, Cube, FIELDS, POSITION_MAX, Trace},
};

/// Most frames that a baseline may lie back.
pub const LAG_MAX: usize = 64;
/// Frames from the first earlier state to the baseline, and from the second to the first.
const GAPS: [usize; 2] = [2, 4];
/// Times are those of the fastest of this many passes.
const PASSES: usize = 3;

/// A cube of the layout, with the components in the codec's order.
static CUBE: Schema = Schema {
    name: "cube",
    components: &[
        Component {
            name: "position",
            coding: Coding::Position,
            unit: "1/512 m",
            min: -POSITION_MAX,
            max: POSITION_MAX,
            bits: 27,
            coarse_bits: [0; LEVELS],
        },
        Component {
            name: "rotation",
            coding: Coding::Rotation,
            unit: "sqrt 2 / 511, from -1 / sqrt 2",
            min: 0,
            max: 511,
            bits: 9,
            coarse_bits: [0; LEVELS],
        },
        Component {
            name: "interacting",
            coding: Coding::Flags,
            unit: "bits: 0 touches the player",
            min: 0,
            max: 1,
            bits: 1,
            coarse_bits: [0; LEVELS],
        },
    ],
};

/// What a trace took.
#[derive(Clone, Debug, Serialize)]
pub struct Score {
    /// Frames of the trace; all count.
    pub frames: usize,
    /// Bytes of all packets by frames.
    pub bytes_per_frame: f64,
    /// The same at 60 frames per second, in 1,000 bit/s.
    pub kbps_at_60hz: f64,
    /// Bits of all packets by cubes that differ from their baseline; those of frame 0 all do.
    pub bits_per_changed: f64,
    /// Time to encode a frame, on average, µs.
    pub encode_us: f64,
    /// Time to decode a frame, on average, µs.
    pub decode_us: f64,
    /// Whether every field of every frame came back as it was.
    pub lossless: bool,
    /// Bytes per frame of the reference, see [`Order0`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order0_bytes_per_frame: Option<f64>,
    /// Our bytes by those of the reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
}

type Frame = Vec<Cube>;

/// Encodes, decodes and compares a whole trace.
pub fn score(trace: &Trace, lag: usize, reference: bool) -> Result<Score> {
    ensure!((1..=LAG_MAX).contains(&lag), "the lag must be 1 to {LAG_MAX} frames, not {lag}");
    let frames: Vec<Frame> = (0..trace.frame_count())
        .map(|it| trace.frame(it).iter().map(codec_order).collect())
        .collect();
    ensure!(!frames.is_empty(), "the trace has no frames");
    let count = frames.len() as f64;

    let mut fastest = [Duration::MAX; 2];
    let (mut bytes, mut lossless) = (0, true);
    for _ in 0..PASSES {
        let pass = pass(&frames, lag);
        bytes = pass.bytes;
        lossless &= pass.lossless;
        fastest = [fastest[0].min(pass.encode), fastest[1].min(pass.decode)];
    }
    let changed: usize = (0..frames.len())
        .map(|at| match base_of(at, lag) {
            None => CUBES,
            Some(base) => {
                frames[at].iter().zip(&frames[base]).filter(|(now, base)| now != base).count()
            }
        })
        .sum();
    let bytes_per_frame = bytes as f64 / count;
    let order0 = reference.then(|| order0_bytes(&frames, lag) as f64 / count);
    Ok(Score {
        frames: frames.len(),
        bytes_per_frame,
        kbps_at_60hz: bytes_per_frame * 8.0 * 60.0 / 1_000.0,
        bits_per_changed: bytes as f64 * 8.0 / changed.max(1) as f64,
        encode_us: fastest[0].as_secs_f64() * 1e6 / count,
        decode_us: fastest[1].as_secs_f64() * 1e6 / count,
        lossless,
        order0_bytes_per_frame: order0,
        ratio: order0.map(|order0| bytes_per_frame / order0.max(1.0)),
    })
}

fn codec_order(cube: &Cube) -> Cube {
    let [largest, a, b, c, x, y, z, interacting] = *cube;
    [x, y, z, largest, a, b, c, interacting]
}

/// The frame that a frame builds on.
fn base_of(at: usize, lag: usize) -> Option<usize> {
    (at > 0).then(|| at.saturating_sub(lag))
}

struct Pass {
    bytes: usize,
    encode: Duration,
    decode: Duration,
    lossless: bool,
}

fn pass(frames: &[Frame], lag: usize) -> Pass {
    let mut encoder = Encoder::default();
    let mut decoded: Vec<Frame> = Vec::with_capacity(frames.len());
    let mut pass =
        Pass { bytes: 0, encode: Duration::ZERO, decode: Duration::ZERO, lossless: true };
    for (at, frame) in frames.iter().enumerate() {
        let mut now = frame.clone();
        let begun = Instant::now();
        encoder.start();
        code_frame(&mut encoder, frames, lag, at, &mut now);
        let packet = encoder.finish();
        pass.encode += begun.elapsed();
        pass.bytes += packet.len();

        let mut got = vec![[0; FIELDS]; CUBES];
        let begun = Instant::now();
        let mut decoder = Decoder::new(packet);
        code_frame(&mut decoder, &decoded, lag, at, &mut got);
        pass.decode += begun.elapsed();
        pass.lossless &= got == *frame && !decoder.overran();
        decoded.push(got);
    }
    pass
}

/// Codes frame `at` by the frames before it: of the trace for an encoder, decoded for a decoder.
fn code_frame<C: Coder>(coder: &mut C, before: &[Frame], lag: usize, at: usize, now: &mut [Cube]) {
    let mut models = Models::fresh();
    let Some(base) = base_of(at, lag) else {
        let mut like: Option<Cube> = None;
        for cube in now {
            code_comer_of(coder, &mut models, &CUBE, 0, like.as_ref().map(|it| &it[..]), cube);
            like = Some(*cube);
        }
        return;
    };
    let first = base.checked_sub(GAPS[0]);
    let second = base.checked_sub(GAPS[0] + GAPS[1]);
    let times = Times { age: (at - base) as u32, gaps: GAPS.map(|gap| gap as u32), level: 0 };
    for (index, cube) in now.iter_mut().enumerate() {
        let known = Known {
            base: &before[base][index],
            earlier: [first, second].map(|it| it.map(|it| &before[it][index][..])),
        };
        code_change_of(coder, &mut models, &CUBE, Facet::Object as usize, times, known, cube);
    }
}

/// Bytes of the reference: the plain differences to the same baselines.
fn order0_bytes(frames: &[Frame], lag: usize) -> usize {
    let mut order0 = Order0::new(FIELDS);
    for (at, frame) in frames.iter().enumerate() {
        for (index, cube) in frame.iter().enumerate() {
            let base = match base_of(at, lag) {
                Some(base) => frames[base][index],
                None if index > 0 => frame[index - 1],
                None => [0; FIELDS],
            };
            for (field, (now, base)) in cube.iter().zip(base).enumerate() {
                order0.code(field, now - base);
            }
        }
    }
    order0.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::capture;

    #[test]
    fn a_captured_world_comes_back_and_is_smaller_than_the_reference() {
        let trace = capture(1, 200).unwrap();
        let score = score(&trace, 6, true).unwrap();
        assert!(score.lossless);
        assert_eq!(score.frames, 200);
        assert!(score.ratio.unwrap() < 0.8, "{score:?}");
    }

    #[test]
    fn one_frame_is_enough_and_a_lag_must_be_possible() {
        let trace = capture(2, 1).unwrap();
        assert!(score(&trace, 6, true).unwrap().lossless);
        assert!(score(&trace, 0, false).is_err());
        assert!(score(&trace, LAG_MAX + 1, false).is_err());
    }
}
