//! A world document is either refused with a path and a reason, or can be trusted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vivarium_scene::load::from_json;

fuzz_target!(|bytes: &[u8]| {
    match from_json(bytes) {
        Err(error) => assert!(!error.reason.is_empty()),
        Ok(document) => {
            for object in &document.objects {
                let _ = document.resolved(object);
            }
        }
    }
});
