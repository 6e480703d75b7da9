//! Packets of a stranger, after good ones, never panic and leave a view within its limits.
//!
//! The first byte says how many good packets come before; then follow packets, each after its length
//! (`u16`, little-endian), as in the golden sequences.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vivarium_protocol::{limits::LEAVES_MAX, snapshot::view::View};

const GOOD: &[u8] = include_bytes!("../../tests/golden/packets/village.bin");

/// The first of a sequence of packets, and what follows it. The last one may be cut.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
    Some(rest.split_at(length))
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&good, mut bytes)) = bytes.split_first() else { return };
    let mut view = View::default();
    let mut before = GOOD;
    for _ in 0..good {
        let Some((packet, rest)) = split(before) else { break };
        view.apply(packet).expect("golden packets decode");
        before = rest;
    }
    while let Some((packet, rest)) = split(bytes) {
        let _ = view.apply(packet);
        bytes = rest;
    }
    assert!(view.leaves().count() <= LEAVES_MAX);
    assert!(view.members().len() <= LEAVES_MAX * 64);
});
