//! A KTX2 that is uploaded is either refused with a reason, or kept as something that stays what it
//! is. Panics of the decoder, which a server survives, show here.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use vivarium_assets::intake::take_in;

fuzz_target!(|bytes: &[u8]| {
    if !bytes.starts_with(b"\xabKTX 20\xbb\r\n\x1a\n") {
        return;
    }
    match take_in(&Bytes::copy_from_slice(bytes), None) {
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
        Ok(kept) => {
            let again = take_in(&kept.bytes, None).expect("what is kept is sound");
            assert_eq!(again.address, kept.address);
        }
    }
});
