//! A frame that decodes encodes to bytes that decode again, and its deltas never panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vivarium_protocol::{frame::FIELD_COUNT, wire};

fuzz_target!(|bytes: &[u8]| {
    let Ok(frame) = wire::decode_frame(bytes) else { return };
    for delta in frame.come.iter().map(|c| &c.state).chain(frame.changed.iter().map(|c| &c.delta)) {
        let mut fields = [i32::MAX; FIELD_COUNT];
        let _ = delta.apply(&mut fields);
    }
    // Bytes, not values: a position may be NaN, which is unequal to itself.
    let encoded = wire::encode(&frame);
    let again = wire::decode_frame(&encoded).expect("our own bytes decode");
    assert_eq!(wire::encode(&again), encoded);
});
