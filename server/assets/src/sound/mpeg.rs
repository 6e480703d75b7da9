//! Frames of MPEG audio, layer III (ISO 11172-3, 2.4.1.3, and ISO 13818-3): only their lengths.

use std::ops::Range;

use crate::intake::Refusal;

/// Kilobits per second by the index in a frame's head, of MPEG-1 and of MPEG-2.
const KBIT_PER_S: [[u32; 14]; 2] = [
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
/// Samples per second of MPEG-1; half as many in MPEG-2, a quarter in 2.5.
const RATES_HZ: [u32; 3] = [44_100, 48_000, 32_000];
/// Frames that there must be: fewer may be an accident in something else.
const FRAMES_MIN: u32 = 3;

/// Where the frames are, one after the other, and how long they last in seconds. Before them may be
/// an ID3v2 tag, behind them an ID3v1 or APE tag, zeros, or a frame that was cut off.
pub(super) fn frames(bytes: &[u8]) -> Result<(Range<usize>, f64), Refusal> {
    let start = after_tag(bytes)?;
    let (mut at, mut seconds, mut count) = (start, 0.0, 0);
    while let Some((size, lasts_s)) = bytes.get(at..).and_then(frame) {
        if at + size > bytes.len() {
            break;
        }
        at += size;
        seconds += lasts_s;
        count += 1;
    }
    if count < FRAMES_MIN {
        return Err(Refusal::malformed("the file is no MP3 that can be read"));
    }
    let rest = &bytes[at..];
    let is_tag = rest.starts_with(b"TAG") && rest.len() == 128 || rest.starts_with(b"APETAGEX");
    let is_cut = frame(rest).is_some_and(|(size, _)| size > rest.len());
    if !is_tag && !is_cut && rest.iter().any(|byte| *byte != 0) {
        return Err(Refusal::malformed("there is something else than sound in the MP3"));
    }
    Ok((start..at, seconds))
}

/// Where an ID3v2 tag ends (id3v2.4.0, 3.1).
fn after_tag(bytes: &[u8]) -> Result<usize, Refusal> {
    let mut at = 0;
    while let Some([b'I', b'D', b'3', _, _, flags, a, b, c, d, ..]) = bytes.get(at..) {
        let size = [a, b, c, d].iter().fold(0, |sum, part| sum << 7 | usize::from(**part & 0x7f));
        at += 10 + size + if flags & 0x10 == 0 { 0 } else { 10 };
    }
    if at > bytes.len() {
        return Err(Refusal::malformed("the MP3 ends within its tag"));
    }
    // Some programs leave room there.
    Ok(at + bytes[at..].iter().take_while(|byte| **byte == 0).count())
}

/// Bytes and seconds of the frame that begins here.
fn frame(bytes: &[u8]) -> Option<(usize, f64)> {
    let &[0xff, second, third, ..] = bytes else { return None };
    // All bits of the mark, and layer III.
    if second & 0xe6 != 0xe2 {
        return None;
    }
    let (is_first, shift) = match second >> 3 & 3 {
        3 => (true, 0),
        2 => (false, 1),
        0 => (false, 2),
        _ => return None,
    };
    let kbit = KBIT_PER_S[usize::from(!is_first)].get(usize::from(third >> 4).checked_sub(1)?)?;
    let rate_hz = RATES_HZ.get(usize::from(third >> 2 & 3))? >> shift;
    let samples = if is_first { 1152 } else { 576 };
    let padding = u32::from(third >> 1 & 1);
    let size = samples / 8 * kbit * 1000 / rate_hz + padding;
    Some((size as usize, f64::from(samples) / f64::from(rate_hz)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 128 kbit/s at 44.1 kHz: 417 bytes, and 26 ms.
    fn sound(count: usize) -> Vec<u8> {
        let mut one = vec![0; 417];
        one[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
        one.repeat(count)
    }

    #[test]
    fn frames_are_found_between_tags() {
        let mut bytes = b"ID3\x04\0\0\0\0\0\x05hello".to_vec();
        bytes.extend(sound(10));
        let mut tag = [0; 128];
        tag[..3].copy_from_slice(b"TAG");
        bytes.extend(tag);
        let (range, seconds) = frames(&bytes).unwrap();
        assert_eq!(range, 15..15 + 4170);
        assert!((seconds - 0.2612).abs() < 1e-3, "{seconds}");
    }

    #[test]
    fn what_is_also_something_else_is_refused() {
        for other in [b"<html><script>".as_slice(), b"PK\x03\x04 and more", b"TAG too short"] {
            let mut bytes = sound(10);
            bytes.extend(other);
            assert!(frames(&bytes).is_err(), "{other:?}");
        }
        assert!(frames(&sound(2)).is_err(), "two frames may be an accident");
        assert!(frames(b"ID3\x04\0\0\x7f\x7f\x7f\x7f").is_err());
    }
}
