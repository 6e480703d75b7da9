//! What decodes comes back the same when it is encoded and decoded again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vivarium_protocol::wire;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = wire::decode_client_latest(bytes) {
        assert_eq!(wire::decode_client_latest(&wire::encode(&message)), Ok(message));
    }
});
