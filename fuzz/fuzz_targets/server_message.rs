//! What decodes comes back the same when it is encoded and decoded again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vivarium_protocol::wire;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = wire::decode_server_message(bytes) {
        assert_eq!(wire::decode_server_message(&wire::encode(&message)), Ok(message));
    }
});
