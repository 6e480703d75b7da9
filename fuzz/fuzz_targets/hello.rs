//! The first message of a stranger, with and without a valid head.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vivarium_protocol::{PROTOCOL_VERSION, intent::MAGIC, wire};

fuzz_target!(|bytes: &[u8]| {
    let _ = wire::decode_hello(bytes);
    let framed = [&MAGIC[..], &PROTOCOL_VERSION.to_le_bytes(), bytes].concat();
    if let Ok(hello) = wire::decode_hello(&framed) {
        assert_eq!(wire::decode_hello(&wire::encode_hello(&hello)), Ok(hello));
    }
});
